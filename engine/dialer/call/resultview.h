/* The view of the result hook: a call that is over. */
#ifndef DIALER_CALL_RESULTVIEW_H
#define DIALER_CALL_RESULTVIEW_H

#include "script/hook/view.h"

/* Made from a struct dialing that has its outcome. */
extern const struct view_field resultview_fields[];

#endif
