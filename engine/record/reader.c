#include "record/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "record/crc.h"

struct record_reader {
    FILE *file;
    struct crc crc;
    struct str block;
    size_t at;     /* within the block */
    int64_t left;  /* bytes of the file behind it */
    bool has_item; /* item was read and not taken */
    struct record_item item;
    struct record_count count;
    enum record_state state;
    char *why;
};

/* A first line that is not ours. */
static char *record_reader_explain_head(const char *path, const char *head) {
    size_t n = strlen(RECORD_HEAD_NAME);
    if (memcmp(head, RECORD_HEAD_NAME, n))
        return xasprintf("%s: not a recording", path);
    return xasprintf("%s: not a recording of this version of astout (its format is %.1s, this "
                     "program reads %c); replay it with the program that made it",
                     path, head + n, RECORD_HEAD_START[n]);
}

struct record_reader *record_reader_open(const char *path, bool *starts, char **err) {
    struct stat st;
    char head[RECORD_HEAD];
    FILE *f = fopen(path, "rbe");
    if (f == NULL || fstat(fileno(f), &st) || !S_ISREG(st.st_mode) ||
        fread(head, sizeof head, 1, f) != 1) {
        *err = xasprintf("%s: %s", path, f ? "not a recording" : strerror(errno));
    } else if (memcmp(head, RECORD_HEAD_START, RECORD_HEAD) &&
               memcmp(head, RECORD_HEAD_LATER, RECORD_HEAD)) {
        *err = record_reader_explain_head(path, head);
    } else {
        struct record_reader *r = xcalloc(1, sizeof *r);
        r->file = f;
        r->left = st.st_size - RECORD_HEAD;
        crc_init(&r->crc);
        *starts = memcmp(head, RECORD_HEAD_START, RECORD_HEAD) == 0;
        return r;
    }
    if (f)
        fclose(f);
    return NULL;
}

void record_reader_free(struct record_reader *r) {
    if (r == NULL)
        return;
    fclose(r->file);
    str_free(&r->block);
    free(r->why);
    free(r);
}

void record_reader_stop(struct record_reader *r, enum record_state state, char *why) {
    if (r->state != RECORD_GOES_ON) {
        free(why);
        return;
    }
    r->state = state;
    r->why = why;
}

static bool record_reader_broken(struct record_reader *r, const char *what) {
    record_reader_stop(r, RECORD_BROKEN,
                       xasprintf("%lld bytes before the end of the file: %s",
                                 (long long)(r->left + (int64_t)(r->block.len - r->at)), what));
    return false;
}

/* The next block. A part of one is what a crash or a full disk leaves: an end. */
static bool record_reader_read_block(struct record_reader *r) {
    char head[RECORD_BLOCK_HEAD];
    r->at = 0;
    str_reset(&r->block);
    if (r->left < RECORD_BLOCK_HEAD || fread(head, sizeof head, 1, r->file) != 1) {
        record_reader_stop(r, RECORD_CUT, NULL);
        return false;
    }
    r->left -= RECORD_BLOCK_HEAD;
    uint32_t n = record_number_read(head);
    if (n > r->left) {
        record_reader_stop(r, RECORD_CUT, NULL);
        return false;
    }
    char *bytes = xmalloc(n);
    bool ok = fread(bytes, 1, n, r->file) == n;
    r->left -= n;
    if (ok)
        str_addn(&r->block, bytes, n);
    free(bytes);
    if (!ok || crc_of(&r->crc, str_get(&r->block), n) != record_number_read(head + 4))
        return record_reader_broken(r, "the checksum of a block is wrong");
    return true;
}

static void record_reader_count(struct record_reader *r, const struct record_item *item) {
    struct record_count *c = &r->count;
    switch (item->kind) {
    case RECORD_CLOCK: /* sums of hostile numbers must not overflow */
        c->mono = (int64_t)((uint64_t)c->mono + (uint64_t)item->a);
        c->wall = (int64_t)((uint64_t)c->wall + (uint64_t)item->a + (uint64_t)item->b);
        break;
    case RECORD_TURN:
        c->turns++;
        break;
    case RECORD_DECISION:
        c->decisions++;
        break;
    case RECORD_SENT:
    case RECORD_SENT_SUM:
        c->sent++;
        break;
    default:
        c->inputs += item->kind < RECORD_FILE;
        break;
    }
}

const struct record_item *record_reader_peek(struct record_reader *r) {
    while (!r->has_item && r->state == RECORD_GOES_ON) {
        if (r->at == r->block.len && !record_reader_read_block(r))
            return NULL;
        if (r->at == r->block.len)
            continue; /* an empty block */
        r->has_item = record_item_read(&r->block, &r->at, &r->item);
        if (!r->has_item)
            record_reader_broken(r, "malformed item");
    }
    return r->state == RECORD_GOES_ON ? &r->item : NULL;
}

bool record_reader_next(struct record_reader *r, struct record_item *item) {
    const struct record_item *next = record_reader_peek(r);
    if (next == NULL)
        return false;
    r->has_item = false;
    *item = *next;
    if (item->kind == RECORD_END) {
        record_reader_stop(r, RECORD_ENDED, NULL);
        return false;
    }
    record_reader_count(r, item);
    return true;
}

enum record_state record_reader_state(const struct record_reader *r) { return r->state; }
const char *record_reader_why(const struct record_reader *r) { return r->why ? r->why : ""; }
const struct record_count *record_reader_counted(const struct record_reader *r) {
    return &r->count;
}
