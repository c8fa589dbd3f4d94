/* The file of a recording while it is written: blocks of items, bounded by a size. */
#ifndef RECORD_RECORDER_H
#define RECORD_RECORDER_H

#include "base/log.h"
#include "record/item.h"

struct recorder;

/* Begins a file at path (0600); what is there is kept as path.old. The first half of size
 * is the beginning; path.1 and path.2 take turns with what follows. NULL with *err. */
struct recorder *recorder_new(const char *path, int64_t size, const struct log *log,
                              char **err) MUST_CHECK;
void recorder_put(struct recorder *w, const struct record_item *item);
/* Writes what was put as one block. An error is logged, and nothing is written any more. */
void recorder_flush(struct recorder *w);
/* Marks the end and closes the file; what is put afterwards is dropped. */
void recorder_end(struct recorder *w);
/* NULL is none. */
void recorder_free(struct recorder *w);

#endif
