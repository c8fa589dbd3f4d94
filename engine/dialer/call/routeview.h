/* What the route hook sees of a call that is about to begin. */
#ifndef DIALER_CALL_ROUTEVIEW_H
#define DIALER_CALL_ROUTEVIEW_H

#include "script/hook/view.h"

/* Filled from a struct dialing with its merged variables. */
extern const struct view_field routeview_fields[];

#endif
