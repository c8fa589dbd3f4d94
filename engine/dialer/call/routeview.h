/* The view of the route hook: a call that is about to begin. */
#ifndef DIALER_CALL_ROUTEVIEW_H
#define DIALER_CALL_ROUTEVIEW_H

#include "script/hook/view.h"

/* Made from a struct dialing that has its merged variables. */
extern const struct view_field routeview_fields[];

#endif
