#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/inner.h"

#define BLOCK_MAX (256 * 1024) /* a turn that notes more is written in several blocks */
#define FILE_MAX (64 << 20)
#define PARTS 3

/* ---- checksums ---- */

/* CRC-32 (ISO 3309), four bytes at a time. */
void record_crc_begin(struct record *r) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
        r->crc[0][i] = c;
    }
    for (int t = 1; t < 4; t++)
        for (int i = 0; i < 256; i++)
            r->crc[t][i] = r->crc[0][r->crc[t - 1][i] & 0xff] ^ (r->crc[t - 1][i] >> 8);
}

uint32_t record_crc(const struct record *r, const void *bytes, size_t n) {
    const unsigned char *p = bytes;
    uint32_t c = 0xffffffffu;
    for (; n >= 4; n -= 4, p += 4) {
        c ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        c = r->crc[3][c & 0xff] ^ r->crc[2][c >> 8 & 0xff] ^ r->crc[1][c >> 16 & 0xff] ^
            r->crc[0][c >> 24];
    }
    for (; n; n--, p++)
        c = r->crc[0][(c ^ *p) & 0xff] ^ (c >> 8);
    return ~c;
}

/* ---- files ---- */

static char *record_part_path(const char *path, int part) {
    return part ? xasprintf("%s.%d", path, part) : xstrdup(path);
}

static bool record_open_part(struct record *r) {
    char *path = record_part_path(r->path, r->part);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    r->file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    free(path);
    if (r->file == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    setvbuf(r->file, NULL, _IONBF, 0); /* a block is one write: what is whole is on its way */
    r->written = RECORD_HEAD;
    r->limit = r->part ? r->size / 4 : r->size / 2;
    return fwrite(r->part ? RECORD_HEAD_LATER : RECORD_HEAD_START, RECORD_HEAD, 1, r->file) ==
           1;
}

/* What an earlier run recorded may be what somebody wants to look at. */
static void record_keep_old(const char *path) {
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

struct record *record_create(const char *path, int64_t size, const struct log *log,
                             char **err) {
    struct record *r = xcalloc(1, sizeof *r);
    r->path = xstrdup(path);
    r->size = size;
    r->log = log;
    record_crc_begin(r);
    record_keep_old(path);
    if (record_open_part(r))
        return r;
    *err = xasprintf("[general] record: %s: %s", path, strerror(errno));
    if (r->file)
        fclose(r->file);
    r->file = NULL;
    record_close(r);
    return NULL;
}

void record_end(struct record *r) {
    if (r == NULL || r->is_replayed || r->file == NULL)
        return;
    record_put(r, RECORD_END, 0, 0, NULL, 0);
    record_flush(r);
    if (r->file) /* the last words may have filled the disk */
        fclose(r->file);
    r->file = NULL;
}

void record_close(struct record *r) {
    if (r == NULL)
        return;
    record_end(r);
    if (r->file)
        fclose(r->file);
    record_reader_free(r);
    for (struct map_entry *e = r->files.first; e; e = e->next)
        free(e->value);
    map_free(&r->files);
    str_free(&r->block);
    free(r->path);
    free(r);
}

/* ---- blocks and items ---- */

static void record_give_up(struct record *r) {
    log_error(r->log, "recording: %s: %s; nothing is recorded from here on", r->path,
              strerror(errno));
    if (r->file)
        fclose(r->file);
    r->file = NULL;
}

/* The file in hand is full: the next one, over what was in it before. */
static void record_turn_over(struct record *r) {
    fclose(r->file);
    r->file = NULL;
    if (r->part == 0)
        log_info(r->log,
                 "recording: %s is full and can be replayed; what follows goes to %s.1 "
                 "and %s.2 in turn",
                 r->path, r->path, r->path);
    r->part = r->part % (PARTS - 1) + 1;
    if (!record_open_part(r))
        record_give_up(r);
}

static void record_write_number(unsigned char *to, uint32_t n) {
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(n >> 8 * i);
}

void record_flush(struct record *r) {
    if (r == NULL || r->is_replayed || r->file == NULL || r->block.len <= RECORD_BLOCK_HEAD)
        return;
    if (r->written + (int64_t)r->block.len > r->limit)
        record_turn_over(r);
    size_t n = r->block.len - RECORD_BLOCK_HEAD;
    unsigned char *head = (unsigned char *)r->block.s;
    record_write_number(head, (uint32_t)n);
    record_write_number(head + 4, record_crc(r, r->block.s + RECORD_BLOCK_HEAD, n));
    if (r->file && fwrite(r->block.s, r->block.len, 1, r->file) != 1)
        record_give_up(r);
    r->written += (int64_t)r->block.len;
    str_reset(&r->block);
}

static void record_put_number(struct str *b, uint64_t n) {
    char out[10];
    size_t i = 0;
    for (; n >= 0x80; n >>= 7)
        out[i++] = (char)(n | 0x80);
    out[i++] = (char)n;
    str_addn(b, out, i);
}

static uint64_t record_zigzag(int64_t n) { return (uint64_t)n << 1 ^ (uint64_t)(n >> 63); }

void record_put(struct record *r, enum record_kind kind, int64_t a, int64_t b,
                const void *bytes, size_t n) {
    if (r->file == NULL)
        return;
    if (r->block.len == 0)
        str_addn(&r->block, "\0\0\0\0\0\0\0", RECORD_BLOCK_HEAD);
    str_addc(&r->block, (char)kind);
    record_put_number(&r->block, record_zigzag(a));
    record_put_number(&r->block, record_zigzag(b));
    record_put_number(&r->block, n);
    if (n)
        str_addn(&r->block, bytes, n);
    if (r->block.len > BLOCK_MAX)
        record_flush(r);
}

/* ---- what is noted ---- */

bool record_is_replayed(const struct record *r) { return r && r->is_replayed; }

void record_input(struct record *r, enum record_kind kind, const struct source_port *s,
                  int64_t b, const void *bytes, size_t n) {
    if (r && !r->is_replayed)
        record_put(r, kind, s ? (int64_t)s->id : b, s ? b : 0, bytes, n);
}

void record_clock(struct record *r, int64_t mono, int64_t wall) {
    if (r == NULL || r->is_replayed)
        return;
    record_put(r, RECORD_CLOCK, mono - r->mono, (wall - r->wall) - (mono - r->mono), NULL, 0);
    r->mono = mono;
    r->wall = wall;
}

int64_t record_value(struct record *r, enum record_value what, int64_t v) {
    struct record_item item;
    if (r && r->is_replayed)
        return record_expect(r, RECORD_VALUE, what, &item) ? item.b : 0;
    if (r)
        record_put(r, RECORD_VALUE, what, v, NULL, 0);
    return v;
}

void record_bytes(struct record *r, void *bytes, size_t n) {
    struct record_item item;
    if (r && r->is_replayed) {
        if (record_expect(r, RECORD_BYTES, 0, &item) && item.n == n)
            memcpy(bytes, item.bytes, n);
    } else if (r) {
        record_put(r, RECORD_BYTES, 0, 0, bytes, n);
    }
}

void record_note(struct record *r, enum record_kind kind, int64_t a, const char *text) {
    if (r && !r->is_replayed)
        record_put(r, kind, a, 0, text, text ? strlen(text) : 0);
}

bool record_read_file(const char *path, struct str *out) {
    FILE *f = fopen(path, "rbe");
    char part[65536];
    if (f == NULL)
        return false;
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0 && out->len < FILE_MAX;)
        str_addn(out, part, n);
    bool ok = !ferror(f) && feof(f);
    fclose(f);
    return ok;
}

/* Once noted, a file that has not changed is not noted again. */
void record_file(struct record *r, const char *path) {
    if (r && r->is_replayed)
        record_put_file(r, path);
    if (r == NULL || r->is_replayed)
        return;
    struct str text = {0};
    if (!record_read_file(path, &text)) {
        record_put(r, RECORD_FILE, RECORD_FILE_MISSING, 0, NULL, 0);
        free(map_take(&r->files, path));
    } else {
        uint64_t sum = (uint64_t)text.len << 32 | record_crc(r, str_get(&text), text.len);
        uint64_t *known = map_get(&r->files, path);
        bool same = known && *known == sum;
        record_put(r, RECORD_FILE, same ? RECORD_FILE_AS_BEFORE : RECORD_FILE_TEXT, 0,
                   str_get(&text), same ? 0 : text.len);
        if (known == NULL)
            map_put(&r->files, path, known = xmalloc(sizeof *known));
        *known = sum;
    }
    str_free(&text);
}

/* ---- what the engine does ---- */

static void record_output(struct record *r, const struct record_item *made) {
    if (r->is_replayed)
        record_compare(r, made);
    else
        record_put(r, made->kind, made->a, made->b, made->bytes, made->n);
}

void record_decision(struct record *r, const char *line) {
    if (r)
        record_output(r, &(struct record_item){.kind = RECORD_DECISION,
                                               .bytes = line,
                                               .n = strlen(line)});
}

void record_sent(struct record *r, const struct source_port *s, bool whole, const void *bytes,
                 size_t n) {
    if (r == NULL)
        return;
    struct record_item made = {.kind = RECORD_SENT,
                               .a = (int64_t)s->id,
                               .bytes = bytes,
                               .n = n};
    unsigned char sum[4];
    if (!whole) {
        record_write_number(sum, record_crc(r, bytes, n));
        made.kind = RECORD_SENT_SUM;
        made.b = (int64_t)n;
        made.bytes = (const char *)sum;
        made.n = sizeof sum;
    }
    record_output(r, &made);
}
