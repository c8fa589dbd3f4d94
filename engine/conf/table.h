/* The table of options, for those who read, change or print a configuration. */
#ifndef CONF_TABLE_H
#define CONF_TABLE_H

#include "conf/value.h"

#define CONF_NAME_MAX 40 /* inih cuts sections at 49, "asterisk:" included */
#define CONF_OPTIONS_MAX 128

extern const struct conf_option conf_table[];
extern const size_t conf_table_count;

#endif
