#include "record/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/map.h"
#include "record/crc.h"
#include "record/recorder.h"

#define FILE_MAX (64 << 20)
#define SAY_MAX 4000 /* bytes of each side of a difference */

/* One of two: recorder is set for one that is made, reader for one that is replayed. */
struct record {
    struct recorder *recorder;
    struct record_reader *reader;
    uint64_t ids; /* sources so far */
    /* writing */
    int64_t mono, wall; /* of the last reading */
    struct map files;   /* path -> checksum of what was noted of it */
    struct crc crc;
    /* replaying */
    char *path;
    const char *folder, *except;
    struct source_port **ports; /* by id */
    size_t port_cap;
};

struct record *record_create(const char *path, int64_t size, const struct log *log,
                             char **err) {
    struct recorder *w = recorder_new(path, size, log, err);
    if (w == NULL)
        return NULL;
    struct record *r = xcalloc(1, sizeof *r);
    r->recorder = w;
    crc_init(&r->crc);
    return r;
}

struct record *record_open(const char *path, bool *starts, char **err) {
    struct record_reader *reader = record_reader_open(path, starts, err);
    if (reader == NULL)
        return NULL;
    struct record *r = xcalloc(1, sizeof *r);
    r->reader = reader;
    r->path = xstrdup(path);
    crc_init(&r->crc);
    return r;
}

void record_set_folder(struct record *r, const char *folder, const char *except) {
    r->folder = folder;
    r->except = except;
}

void record_end(struct record *r) {
    if (r && r->recorder)
        recorder_end(r->recorder);
}

void record_close(struct record *r) {
    if (r == NULL)
        return;
    recorder_free(r->recorder);
    record_reader_free(r->reader);
    for (struct map_entry *e = r->files.first; e; e = e->next)
        free(e->value);
    map_free(&r->files);
    free(r->ports);
    free(r->path);
    free(r);
}

bool record_is_replayed(const struct record *r) { return r && r->reader; }

enum record_state record_state(const struct record *r) {
    return record_reader_state(r->reader);
}

const char *record_why(const struct record *r) { return record_reader_why(r->reader); }

const struct record_count *record_counted(const struct record *r) {
    return record_reader_counted(r->reader);
}

/* Notes an item of a recording that is made. */
static void record_put(struct record *r, enum record_kind kind, int64_t a, int64_t b,
                       const void *bytes, size_t n) {
    if (r && r->recorder)
        recorder_put(r->recorder, &(struct record_item){kind, a, b, bytes, n});
}

/* ---- comparing ---- */

/* The two sides of a difference. */
static void record_differ(struct record *r, const struct record_item *recorded,
                          const struct str *made) {
    struct str then = {0};
    record_item_say(recorded, &then);
    record_reader_stop(r->reader, RECORD_DIFFERS,
                       xasprintf("  recorded: %.*s\n  replayed: %.*s", SAY_MAX, str_get(&then),
                                 SAY_MAX, str_get(made)));
    str_free(&then);
}

/* Something else comes next (NULL: nothing) than what the engine does or asks: the end of
 * the run, or a difference. */
static void record_miss(struct record *r, const struct record_item *next,
                        const struct record_item *made) {
    if (next && next->kind == RECORD_END) {
        record_reader_stop(r->reader, RECORD_ENDED, NULL);
    } else if (next) {
        struct str now = {0};
        record_item_say(made, &now);
        record_differ(r, next, &now);
        str_free(&now);
    }
}

/* Takes the next item, which must be of that kind and a; false if it is not. */
static bool record_expect(struct record *r, enum record_kind kind, int64_t a,
                          struct record_item *item) {
    const struct record_item *next = record_reader_peek(r->reader);
    if (next && next->kind == kind && next->a == a)
        return record_reader_next(r->reader, item);
    record_miss(r, next, &(struct record_item){.kind = kind, .a = a});
    return false;
}

/* Compares an output with what comes next. */
static void record_compare(struct record *r, const struct record_item *made) {
    const struct record_item *next = record_reader_peek(r->reader);
    struct record_item taken;
    if (next && next->kind == made->kind && next->a == made->a && next->b == made->b &&
        next->n == made->n && memcmp(next->bytes, made->bytes, made->n) == 0)
        record_reader_next(r->reader, &taken);
    else
        record_miss(r, next, made);
}

/* ---- what comes in ---- */

void record_add(struct record *r, struct source_port *s,
                void (*play)(void *arg, const struct record_item *item), void *arg) {
    if (r == NULL)
        return;
    *s = (struct source_port){++r->ids, play, arg};
    if (r->reader == NULL)
        return;
    if (s->id >= r->port_cap) {
        size_t cap = r->port_cap ? 2 * r->port_cap : 64;
        r->ports = xrealloc(r->ports, cap * sizeof *r->ports);
        memset(r->ports + r->port_cap, 0, (cap - r->port_cap) * sizeof *r->ports);
        r->port_cap = cap;
    }
    r->ports[s->id] = s;
}

void record_drop(struct record *r, struct source_port *s) {
    if (record_is_replayed(r) && s->id && s->id < r->port_cap)
        r->ports[s->id] = NULL;
}

void record_input(struct record *r, enum record_kind kind, const struct source_port *s,
                  int64_t b, const void *bytes, size_t n) {
    record_put(r, kind, s ? (int64_t)s->id : b, s ? b : 0, bytes, n);
}

void record_clock(struct record *r, int64_t mono, int64_t wall) {
    if (r == NULL || r->recorder == NULL)
        return;
    record_put(r, RECORD_CLOCK, mono - r->mono, (wall - r->wall) - (mono - r->mono), NULL, 0);
    r->mono = mono;
    r->wall = wall;
}

void record_flush(struct record *r) {
    if (r && r->recorder)
        recorder_flush(r->recorder);
}

bool record_next(struct record *r, struct record_item *item) {
    return record_reader_next(r->reader, item);
}

void record_reading(const struct record *r, int64_t *mono, int64_t *wall) {
    *mono = record_counted(r)->mono;
    *wall = record_counted(r)->wall;
}

void record_play(struct record *r, const struct record_item *item) {
    uint64_t id = (uint64_t)item->a;
    struct source_port *s = id < r->port_cap ? r->ports[id] : NULL;
    if (s) {
        s->play(s->arg, item);
        return;
    }
    record_stray(r, item, "nothing with that number is open, or the engine did not do this");
}

void record_stray(struct record *r, const struct record_item *item, const char *why) {
    struct str text = {0};
    str_add(&text, why);
    record_differ(r, item, &text);
    str_free(&text);
}

void record_ahead(struct record *r, enum record_kind kind,
                  void (*fn)(void *arg, const struct record_item *item), void *arg) {
    bool starts;
    char *err = NULL;
    struct record_item item;
    struct record *ahead = record_is_replayed(r) ? record_open(r->path, &starts, &err) : NULL;
    while (ahead && record_next(ahead, &item))
        if (item.kind == kind)
            fn(arg, &item);
    record_close(ahead);
    free(err);
}

/* ---- what the engine asks ---- */

int64_t record_value(struct record *r, enum record_value what, int64_t v) {
    struct record_item item;
    if (record_is_replayed(r))
        return record_expect(r, RECORD_VALUE, what, &item) ? item.b : 0;
    record_put(r, RECORD_VALUE, what, v, NULL, 0);
    return v;
}

void record_bytes(struct record *r, void *bytes, size_t n) {
    struct record_item item;
    if (!record_is_replayed(r))
        record_put(r, RECORD_BYTES, 0, 0, bytes, n);
    else if (record_expect(r, RECORD_BYTES, 0, &item) && item.n == n)
        memcpy(bytes, item.bytes, n);
}

void record_note(struct record *r, enum record_kind kind, int64_t a, const char *text) {
    record_put(r, kind, a, 0, text, text ? strlen(text) : 0);
}

bool record_noted(struct record *r, enum record_kind kind, int64_t *a, char **text) {
    if (!record_is_replayed(r))
        return false;
    const struct record_item *next = record_reader_peek(r->reader);
    struct record_item item;
    if (next == NULL || next->kind != kind || (kind == RECORD_PAUSE && next->a != *a) ||
        !record_next(r, &item))
        return false;
    *a = item.a;
    if (text)
        *text = xstrndup(item.bytes, item.n);
    return true;
}

/* ---- files ---- */

/* The whole file; false with errno. */
static bool record_read_file(const char *path, struct str *out) {
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
static void record_note_file(struct record *r, const char *path) {
    struct str text = {0};
    if (!record_read_file(path, &text)) {
        record_put(r, RECORD_FILE, RECORD_FILE_MISSING, 0, NULL, 0);
        free(map_take(&r->files, path));
    } else {
        uint64_t sum = (uint64_t)text.len << 32 | crc_of(&r->crc, str_get(&text), text.len);
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

/* Makes the folders above it. */
static void record_make_folders(const char *path) {
    char *copy = xstrdup(path);
    for (char *p = copy + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(copy, 0700); /* if it fails, opening the file will */
        *p = '/';
    }
    free(copy);
}

/* Puts the file there as it was. */
static void record_restore_file(struct record *r, const char *path) {
    const struct record_item *next = record_reader_peek(r->reader);
    struct record_item item;
    if (!record_expect(r, RECORD_FILE, next ? next->a : 0, &item) || r->folder == NULL ||
        !str_has_prefix(path, r->folder) || (r->except && str_has_prefix(path, r->except)) ||
        item.a == RECORD_FILE_AS_BEFORE)
        return;
    if (item.a == RECORD_FILE_MISSING) {
        remove(path);
        return;
    }
    record_make_folders(path);
    FILE *f = fopen(path, "wbe");
    bool ok = f && fwrite(item.bytes, 1, item.n, f) == item.n;
    if (f && fclose(f))
        ok = false;
    if (!ok)
        record_reader_stop(r->reader, RECORD_BROKEN,
                           xasprintf("%s: %s", path, strerror(errno)));
}

void record_file(struct record *r, const char *path) {
    if (record_is_replayed(r))
        record_restore_file(r, path);
    else if (r)
        record_note_file(r, path);
}

/* ---- what the engine does ---- */

static void record_output(struct record *r, const struct record_item *made) {
    if (r->reader)
        record_compare(r, made);
    else
        recorder_put(r->recorder, made);
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
    char sum[4];
    if (!whole) {
        record_number_write(sum, crc_of(&r->crc, bytes, n));
        made.kind = RECORD_SENT_SUM;
        made.b = (int64_t)n;
        made.bytes = sum;
        made.n = sizeof sum;
    }
    record_output(r, &made);
}
