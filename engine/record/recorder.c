#include "record/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/crc.h"

#define BLOCK_MAX (256 * 1024) /* a turn that notes more is written in several blocks */
#define PARTS 3

struct recorder {
    char *path;
    const struct log *log;
    FILE *file; /* NULL: it failed, or is over */
    struct crc crc;
    struct str block;             /* with room for its head, if not empty */
    int64_t size, written, limit; /* limit: of the file in hand */
    int part;                     /* 0 the beginning, then 1, 2, 1, 2, … */
};

/* ---- files ---- */

static void recorder_close(struct recorder *w) {
    if (w->file)
        fclose(w->file);
    w->file = NULL;
}

static bool recorder_open(struct recorder *w) {
    char *path = w->part ? xasprintf("%s.%d", w->path, w->part) : xstrdup(w->path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    w->file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    free(path);
    if (w->file == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    setvbuf(w->file, NULL, _IONBF, 0); /* a block is one write: what is whole is on its way */
    w->written = RECORD_HEAD;
    w->limit = w->part ? w->size / 4 : w->size / 2;
    return fwrite(w->part ? RECORD_HEAD_LATER : RECORD_HEAD_START, RECORD_HEAD, 1, w->file) ==
           1;
}

/* What an earlier run recorded may be what somebody wants to look at. */
static void recorder_keep_old(const char *path) {
    static const char *const ends[] = {"", ".1", ".2", ".db"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        char *from = xasprintf("%s%s", path, ends[i]),
             *to = xasprintf("%s.old%s", path, ends[i]);
        if (rename(from, to))
            unlink(to); /* of the run before: it does not belong to the others */
        free(from);
        free(to);
    }
}

struct recorder *recorder_new(const char *path, int64_t size, const struct log *log,
                              char **err) {
    struct recorder *w = xcalloc(1, sizeof *w);
    w->path = xstrdup(path);
    w->size = size;
    w->log = log;
    crc_init(&w->crc);
    recorder_keep_old(path);
    if (recorder_open(w))
        return w;
    *err = xasprintf("[general] record: %s: %s", path, strerror(errno));
    recorder_close(w);
    recorder_free(w);
    return NULL;
}

static void recorder_give_up(struct recorder *w) {
    log_error(w->log, "recording: %s: %s; the recording stops here", w->path, strerror(errno));
    recorder_close(w);
}

/* The file in hand is full: the next one, over what was in it before. */
static void recorder_turn_over(struct recorder *w) {
    recorder_close(w);
    if (w->part == 0)
        log_info(
            w->log,
            "recording: %s is full; it can be replayed. The rest of the run is recorded in "
            "%s.1 and %s.2 in turn",
            w->path, w->path, w->path);
    w->part = w->part % (PARTS - 1) + 1;
    if (!recorder_open(w))
        recorder_give_up(w);
}

/* ---- blocks ---- */

void recorder_put(struct recorder *w, const struct record_item *item) {
    if (w->file == NULL)
        return;
    if (w->block.len == 0)
        str_addn(&w->block, "\0\0\0\0\0\0\0", RECORD_BLOCK_HEAD);
    record_item_add(&w->block, item);
    if (w->block.len > BLOCK_MAX)
        recorder_flush(w);
}

void recorder_flush(struct recorder *w) {
    if (w->file == NULL || w->block.len <= RECORD_BLOCK_HEAD)
        return;
    if (w->written + (int64_t)w->block.len > w->limit)
        recorder_turn_over(w);
    size_t n = w->block.len - RECORD_BLOCK_HEAD;
    record_number_write(w->block.s, (uint32_t)n);
    record_number_write(w->block.s + 4, crc_of(&w->crc, w->block.s + RECORD_BLOCK_HEAD, n));
    if (w->file && fwrite(w->block.s, w->block.len, 1, w->file) != 1)
        recorder_give_up(w);
    w->written += (int64_t)w->block.len;
    str_reset(&w->block);
}

void recorder_end(struct recorder *w) {
    recorder_put(w, &(struct record_item){.kind = RECORD_END});
    recorder_flush(w);
    recorder_close(w);
}

void recorder_free(struct recorder *w) {
    if (w == NULL)
        return;
    recorder_end(w);
    str_free(&w->block);
    free(w->path);
    free(w);
}
