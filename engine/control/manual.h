/* The reference of actions and events, made of the tables: for docs/ami.md, and for the
 * tests. */
#ifndef CONTROL_MANUAL_H
#define CONTROL_MANUAL_H

#include <jansson.h>
#include <stdio.h>

/* As Markdown. */
void manual_print(FILE *out);
/* {actions: [{name, help, success, failure, takes, answers, list: {message, entry,
 * complete}}], events: [{name, when, headers}], entries: [{name, headers}]}. A header that
 * is taken is {name, help, needed, alias}, one that is printed {name, help, once}. */
json_t *manual_json(void);

#endif
