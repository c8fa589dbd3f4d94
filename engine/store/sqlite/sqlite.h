/* SQLite as a store's database: one file, one connection that writes. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/store.h"

extern const struct backend sqlite_backend;

/* Looks through the database at path, which an engine may be working on: is its structure
 * whole, and do its counters say what there is? Tells each fault as a line. False with *err
 * if it cannot be looked at. Takes long. */
bool sqlite_check(const char *path, void (*fault)(void *arg, const char *line), void *arg,
                  char **err) MUST_CHECK;

#endif
