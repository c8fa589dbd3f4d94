/* The file of a recording while it is read. Every length is checked; nothing of a block is
 * believed before its checksum is. */
#ifndef RECORD_READER_H
#define RECORD_READER_H

#include "record/item.h"

/* What was read so far: at the end of the run, or that of a whole part? */
enum record_state {
    RECORD_GOES_ON,
    RECORD_ENDED,   /* in order */
    RECORD_CUT,     /* the file ends before the run */
    RECORD_DIFFERS, /* record_why */
    RECORD_BROKEN   /* record_why */
};

struct record_count {
    uint64_t turns, decisions, sent, inputs;
    int64_t mono, wall; /* ns, of the last reading of the clock */
};

struct record_reader;

/* *starts says whether the file begins with the run. NULL with *err. */
struct record_reader *record_reader_open(const char *path, bool *starts, char **err) MUST_CHECK;
/* NULL is none. */
void record_reader_free(struct record_reader *r);
/* What comes next, without taking it; NULL at the end. It holds until the next call. */
const struct record_item *record_reader_peek(struct record_reader *r);
/* The same, and takes it; false at the end. */
bool record_reader_next(struct record_reader *r, struct record_item *item);
/* Nothing comes any more; the first reason counts. why (may be NULL) is taken over. */
void record_reader_stop(struct record_reader *r, enum record_state state, char *why);
enum record_state record_reader_state(const struct record_reader *r);
/* "" if there is nothing to say. */
const char *record_reader_why(const struct record_reader *r);
/* Of the items that were taken. */
const struct record_count *record_reader_counted(const struct record_reader *r);

#endif
