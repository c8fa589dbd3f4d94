/* The file of a recording while it is written: blocks of items, bounded by a size. */
#ifndef RECORD_WRITER_H
#define RECORD_WRITER_H

#include "base/log.h"
#include "record/item.h"

struct record_writer;

/* Begins a file at path (0600); what is there is kept as path.old. The first half of size
 * is the beginning; path.1 and path.2 take turns with what follows. NULL with *err. */
struct record_writer *record_writer_new(const char *path, int64_t size, const struct log *log,
                                        char **err) MUST_CHECK;
void record_writer_put(struct record_writer *w, const struct record_item *item);
/* Writes what was put as one block. An error is logged, and nothing is written any more. */
void record_writer_flush(struct record_writer *w);
/* Marks the end and closes the file; what is put afterwards is dropped. */
void record_writer_end(struct record_writer *w);
/* NULL is none. */
void record_writer_free(struct record_writer *w);

#endif
