/* Inside of a recording: its file, shared by the writing and the reading half.
 *
 * A first line, then blocks: length and CRC-32 of what follows (both 32 bits, little
 * endian), then items: kind (a byte), a, b (zigzag), length, as base-128 numbers, and the
 * bytes. A block is what one turn of the loop noted. */
#ifndef RECORD_INNER_H
#define RECORD_INNER_H

#include "base/map.h"
#include "record/record.h"

#define RECORD_HEAD 24 /* bytes of the first line */
#define RECORD_HEAD_NAME "astout recording "
#define RECORD_HEAD_START "astout recording 2 start"
#define RECORD_HEAD_LATER "astout recording 2 later"
#define RECORD_BLOCK_HEAD 8

struct record {
    bool is_replayed;
    char *path;
    const struct log *log;
    FILE *file; /* NULL: a writer that failed, or is over */
    uint32_t crc[4][256];
    int64_t mono, wall; /* of the last reading */
    uint64_t ids;       /* sources so far */
    struct str block;
    /* writing */
    int64_t size, written, limit; /* limit: of the file in hand */
    int part;                     /* 0 the beginning, then 1, 2, 1, 2, … */
    struct map files;             /* path -> checksum of what was noted of it */
    /* reading */
    const char *folder, *except;
    size_t at;     /* within the block */
    int64_t left;  /* bytes of the file behind it */
    bool has_item; /* item was read and not taken */
    struct record_item item;
    struct source_port **ports; /* by id */
    size_t port_cap;
    enum record_state state;
    char *why;
    struct record_count count;
};

void record_crc_begin(struct record *r);
uint32_t record_crc(const struct record *r, const void *bytes, size_t n);
void record_put(struct record *r, enum record_kind kind, int64_t a, int64_t b,
                const void *bytes, size_t n);
/* The whole file at path; false with errno. */
bool record_read_file(const char *path, struct str *out);
/* ---- recordread.c ---- */
/* Takes the next item, which must be of that kind and a; false if it is not. */
bool record_expect(struct record *r, enum record_kind kind, int64_t a,
                   struct record_item *item);
/* Compares an output with what comes next. */
void record_compare(struct record *r, const struct record_item *made);
void record_put_file(struct record *r, const char *path);
void record_reader_free(struct record *r);

#endif
