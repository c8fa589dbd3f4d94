/* One item of a recording: what it may be, its bytes in the file, and its line for people.
 *
 * The file is a first line, then blocks: length and CRC-32 of what follows (both 32 bits,
 * little endian), then items. A block is what one turn of the loop noted. */
#ifndef RECORD_ITEM_H
#define RECORD_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define RECORD_HEAD 24 /* bytes of the first line */
#define RECORD_HEAD_NAME "astout recording "
#define RECORD_HEAD_START "astout recording 2 start"
#define RECORD_HEAD_LATER "astout recording 2 later"
#define RECORD_BLOCK_HEAD 8

/* Inputs come between two turns' work; a is the source's number if it has one. The rest
 * stand where the engine's own code asked (answers) or spoke (outputs). */
enum record_kind {
    RECORD_CLOCK =
        1,       /* a: monotonic ns since the last reading, b: what the wall clock went more */
    RECORD_TURN, /* inputs are over: timers and tasks run */
    RECORD_END,  /* the run ended in order */
    RECORD_SIGNAL, /* a: its number */
    RECORD_WAKE,   /* b: batches that are durable and told, in all */
    RECORD_READ,   /* a read came back; b: its number, text: what it saw */
    RECORD_WATCH,  /* files changed */
    RECORD_ACCEPT, /* text: who */
    RECORD_OPEN,
    RECORD_DATA,
    RECORD_TAKEN, /* b: bytes that the kernel took */
    RECORD_DRAINED,
    RECORD_LOST,     /* text: why */
    RECORD_FILE,     /* answer; a: enum record_file, text: what is in it */
    RECORD_VALUE,    /* answer; a: enum record_value, b: the value */
    RECORD_BYTES,    /* answer */
    RECORD_VISIBLE,  /* answer, where it changed; a: batches that queries see */
    RECORD_FAILING,  /* answer, where it changed; a: 1 = the disk takes nothing */
    RECORD_PAUSE,    /* answer, where it is so; a: instructions left of a slow line */
    RECORD_REFUSED,  /* answer, where it is so; text: why a connection fails at once */
    RECORD_DECISION, /* output */
    RECORD_SENT,     /* output; a: the connection, which we opened */
    RECORD_SENT_SUM, /* output; a: the connection, b: bytes, text: checksum of them */
    RECORD_KINDS
};

enum record_file { RECORD_FILE_MISSING, RECORD_FILE_TEXT, RECORD_FILE_AS_BEFORE };
enum record_value {
    RECORD_PEER_UID,
    RECORD_PEER_IS_FRIEND,
    RECORD_WALL_TIME, /* ns that a strategy took */
    RECORD_CPU_TIME
};

struct record_item {
    enum record_kind kind;
    int64_t a, b;
    const char *bytes;
    size_t n;
};

/* 32 bits, little endian. */
void record_number_write(char *to, uint32_t n);
uint32_t record_number_read(const char *from);

/* Adds its bytes: kind (one byte), a, b (zigzag) and length as base-128 numbers, and the
 * text. */
void record_item_add(struct str *block, const struct record_item *item);
/* Reads the item at *at and moves behind it; its text points into the block. False if the
 * bytes are no item. */
bool record_item_read(const struct str *block, size_t *at, struct record_item *item);
/* One line about it. */
void record_item_say(const struct record_item *item, struct str *out);

#endif
