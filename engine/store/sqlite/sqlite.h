/* SQLite as a store's database: one file, one connection that writes. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/store.h"

extern const struct backend sqlite_backend;

#endif
