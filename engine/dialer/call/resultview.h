/* What the result hook sees of a call that is over. */
#ifndef DIALER_CALL_RESULTVIEW_H
#define DIALER_CALL_RESULTVIEW_H

#include "script/hook/view.h"

/* Filled from a struct dialing with its outcome. */
extern const struct view_field resultview_fields[];

#endif
