/* The recording of a run: everything that comes into the process from outside (bytes,
 * clock readings, files, what the disk has taken), in the order in which it came, and what
 * the engine made of it (decisions, bytes sent). Replayed, the same object plays the
 * outside: inputs come from the file, and what the engine makes is compared with it. */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "record/reader.h"

struct record;

/* All functions take NULL for "nothing is recorded" unless they say otherwise. */

/* Begins a recording at path (0600); what is there is kept as path.old. size bounds it: the
 * first half is the beginning, which can be replayed; path.1 and path.2 take turns with
 * what follows. NULL with *err. */
struct record *record_create(const char *path, int64_t size, const struct log *log,
                             char **err) MUST_CHECK;
/* Opens one to be read; *starts says whether it begins with the run. NULL with *err. */
struct record *record_open(const char *path, bool *starts, char **err) MUST_CHECK;
/* The folder that files of the recording may be put into; those whose path begins with
 * except (NULL = none) are left as they are. Both borrowed. */
void record_set_folder(struct record *r, const char *folder, const char *except);
/* The run ends: marks that, and notes nothing any more. */
void record_end(struct record *r);
void record_close(struct record *r);
bool record_is_replayed(const struct record *r);
/* Of one that is replayed: how far it has come, why it ended, what was read. */
enum record_state record_state(const struct record *r);
const char *record_why(const struct record *r);
const struct record_count *record_counted(const struct record *r);

/* ---- what comes in ---- */

/* Something that inputs come from. It is numbered in the order of creation. */
struct source_port {
    uint64_t id;
    void (*play)(void *arg, const struct record_item *item);
    void *arg;
};

void record_add(struct record *r, struct source_port *s,
                void (*play)(void *arg, const struct record_item *item), void *arg);
void record_drop(struct record *r, struct source_port *s);
/* Notes an input; s may be NULL. Not while replayed. */
void record_input(struct record *r, enum record_kind kind, const struct source_port *s,
                  int64_t b, const void *bytes, size_t n);
/* Notes a reading of the clock. */
void record_clock(struct record *r, int64_t mono, int64_t wall);
/* The turn is done: what was noted goes into the file. */
void record_flush(struct record *r);
/* The next item of a replayed one; its bytes hold until the next call. False at the end, or
 * when it is broken or differs. */
bool record_next(struct record *r, struct record_item *item);
/* Looks through all of a replayed one, from its beginning, for items of that kind, without
 * moving in it. */
void record_ahead(struct record *r, enum record_kind kind,
                  void (*fn)(void *arg, const struct record_item *item), void *arg);
/* An input that nobody takes: the replay differs, since what it is for was not done. */
void record_stray(struct record *r, const struct record_item *item, const char *why);
/* The reading of the clock that was met last. */
void record_reading(const struct record *r, int64_t *mono, int64_t *wall);
/* Hands an input to its source. */
void record_play(struct record *r, const struct record_item *item);

/* ---- what the engine asks ---- */

/* v is noted and given back; replayed, the one noted is given back. */
int64_t record_value(struct record *r, enum record_value what, int64_t v);
/* The same for n bytes. */
void record_bytes(struct record *r, void *bytes, size_t n);
/* Call before a file is opened: notes it; replayed, puts it there as it was, within the
 * folder of record_set_folder. */
void record_file(struct record *r, const char *path);
/* Notes that something changed or is so. */
void record_note(struct record *r, enum record_kind kind, int64_t a, const char *text);
/* Replayed: is this what comes next? Then takes it. text may be NULL; free it. Of a
 * RECORD_PAUSE, *a says which. */
bool record_noted(struct record *r, enum record_kind kind, int64_t *a, char **text);

/* ---- what the engine does ---- */

void record_decision(struct record *r, const char *line);
/* whole: the text itself is kept, else its checksum. */
void record_sent(struct record *r, const struct source_port *s, bool whole, const void *bytes,
                 size_t n);

#endif
