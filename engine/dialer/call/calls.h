/* Hands the events of an Asterisk to the calls that they are about. */
#ifndef DIALER_CALL_CALLS_H
#define DIALER_CALL_CALLS_H

#include "dialer/pbx/asterisk.h"

extern const struct asterisk_events calls_events;

#endif
