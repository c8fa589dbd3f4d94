/* The tables: made from the nouns, plus ledger, agendas and due dates. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <sqlite3.h>

#include "store/store.h"

/* Kept in the file (PRAGMA user_version); older files are brought up to it. */
#define SCHEMA_VERSION 4

/* Brings the file to SCHEMA_VERSION. 0, or -1 with *err. */
int schema_prepare(sqlite3 *db, char **err) MUST_CHECK;
/* The text of a statement, to be freed, and the letters of its arguments. */
char *statement_text(enum statement st);
const char *statement_args(enum statement st);
/* INSERT or replace of a whole row of that noun; to be freed. */
char *statement_upsert(const struct noun *n);

#endif
