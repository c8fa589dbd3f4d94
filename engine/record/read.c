/* A recording read again: its items in order, and what the engine makes compared with
 * them. Every length is checked; nothing of a block is believed before its checksum is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "record/inner.h"

#define SAY_MAX 4000 /* bytes of each side of a difference */

/* ---- blocks ---- */

/* A first line that is not ours. */
static char *read_explain_head(const char *path, const char *head) {
    size_t n = strlen(RECORD_HEAD_NAME);
    if (memcmp(head, RECORD_HEAD_NAME, n))
        return xasprintf("%s: not a recording", path);
    return xasprintf("%s: not a recording of this version of astout (its format is %.*s, this "
                     "program reads %c); replay it with the program that made it",
                     path, (int)strcspn(head + n, " \n"), head + n, RECORD_HEAD_START[n]);
}

struct record *record_open(const char *path, bool *starts, char **err) {
    struct stat st;
    char head[RECORD_HEAD];
    FILE *f = fopen(path, "rbe");
    if (f == NULL || fstat(fileno(f), &st) || !S_ISREG(st.st_mode) ||
        fread(head, sizeof head, 1, f) != 1) {
        *err = xasprintf("%s: %s", path, f ? "not a recording" : strerror(errno));
    } else if (memcmp(head, RECORD_HEAD_START, RECORD_HEAD) &&
               memcmp(head, RECORD_HEAD_LATER, RECORD_HEAD)) {
        *err = read_explain_head(path, head);
    } else {
        struct record *r = xcalloc(1, sizeof *r);
        r->is_replayed = true;
        r->path = xstrdup(path);
        r->file = f;
        r->left = st.st_size - RECORD_HEAD;
        record_crc_begin(r);
        *starts = memcmp(head, RECORD_HEAD_START, RECORD_HEAD) == 0;
        return r;
    }
    if (f)
        fclose(f);
    return NULL;
}

void record_set_folder(struct record *r, const char *folder, const char *except) {
    r->folder = folder;
    r->except = except;
}

static void read_end(struct record *r, enum record_state state, char *why) {
    if (r->state != RECORD_GOES_ON) {
        free(why);
        return;
    }
    r->state = state;
    r->why = why;
}

static uint32_t read_number(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool read_broken(struct record *r, const char *what) {
    read_end(r, RECORD_BROKEN,
             xasprintf("%lld bytes before the end of the file: %s",
                       (long long)(r->left + (int64_t)(r->block.len - r->at)), what));
    return false;
}

/* The next block. A part of one is what a crash or a full disk leaves: an end. */
static bool read_block(struct record *r) {
    unsigned char head[RECORD_BLOCK_HEAD];
    r->at = 0;
    str_reset(&r->block);
    if (r->left < RECORD_BLOCK_HEAD || fread(head, sizeof head, 1, r->file) != 1) {
        read_end(r, RECORD_CUT, NULL);
        return false;
    }
    r->left -= RECORD_BLOCK_HEAD;
    uint32_t n = read_number(head);
    if (n > r->left) {
        read_end(r, RECORD_CUT, NULL);
        return false;
    }
    char *bytes = xmalloc(n ? n : 1);
    bool ok = fread(bytes, 1, n, r->file) == n;
    r->left -= n;
    if (ok)
        str_addn(&r->block, bytes, n);
    free(bytes);
    if (!ok || record_crc(r, str_get(&r->block), n) != read_number(head + 4))
        return read_broken(r, "a block is not what was written");
    return true;
}

/* ---- items ---- */

static bool read_take_number(struct record *r, uint64_t *out) {
    *out = 0;
    for (int shift = 0; shift < 64 && r->at < r->block.len; shift += 7) {
        unsigned char c = (unsigned char)r->block.s[r->at++];
        *out |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return true;
    }
    return false;
}

static int64_t read_unzigzag(uint64_t n) { return (int64_t)(n >> 1) ^ -(int64_t)(n & 1); }

static bool read_parse_item(struct record *r, struct record_item *item) {
    uint64_t a, b, n;
    unsigned char kind = (unsigned char)r->block.s[r->at++];
    if (kind == 0 || kind >= RECORD_KINDS || !read_take_number(r, &a) ||
        !read_take_number(r, &b) || !read_take_number(r, &n) || n > r->block.len - r->at)
        return read_broken(r, "an item is none");
    *item = (struct record_item){kind, read_unzigzag(a), read_unzigzag(b), r->block.s + r->at,
                                 (size_t)n};
    r->at += n;
    return true;
}

static void read_count(struct record *r, const struct record_item *item) {
    struct record_count *c = &r->count;
    switch (item->kind) {
    case RECORD_CLOCK: /* sums of hostile numbers must not overflow */
        r->mono = (int64_t)((uint64_t)r->mono + (uint64_t)item->a);
        r->wall = (int64_t)((uint64_t)r->wall + (uint64_t)item->a + (uint64_t)item->b);
        c->wall = r->wall;
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

/* What comes next, without taking it; NULL at the end. */
static const struct record_item *read_peek(struct record *r) {
    while (!r->has_item && r->state == RECORD_GOES_ON) {
        if (r->at == r->block.len && !read_block(r))
            return NULL;
        r->has_item = r->at < r->block.len && read_parse_item(r, &r->item);
    }
    return r->state == RECORD_GOES_ON ? &r->item : NULL;
}

bool record_next(struct record *r, struct record_item *item) {
    const struct record_item *next = read_peek(r);
    if (next == NULL)
        return false;
    r->has_item = false;
    *item = *next;
    if (item->kind == RECORD_END) {
        read_end(r, RECORD_ENDED, NULL);
        return false;
    }
    read_count(r, item);
    return true;
}

void record_ahead(struct record *r, enum record_kind kind,
                  void (*fn)(void *arg, const struct record_item *item), void *arg) {
    bool starts;
    char *err = NULL;
    struct record_item item;
    struct record *ahead = r ? record_open(r->path, &starts, &err) : NULL;
    while (ahead && record_next(ahead, &item))
        if (item.kind == kind)
            fn(arg, &item);
    record_close(ahead);
    free(err);
}

/* ---- comparing ---- */

/* The two sides of a difference; recorded NULL: the recording has an input there. */
static void read_differ(struct record *r, const struct record_item *recorded,
                        const struct str *made) {
    struct str then = {0};
    record_say(recorded, &then);
    read_end(r, RECORD_DIFFERS,
             xasprintf("  recorded: %.*s\n  replayed: %.*s", SAY_MAX, str_get(&then), SAY_MAX,
                       str_get(made)));
    str_free(&then);
}

bool record_expect(struct record *r, enum record_kind kind, int64_t a,
                   struct record_item *item) {
    const struct record_item *next = read_peek(r);
    if (next && next->kind == kind && next->a == a)
        return record_next(r, item);
    if (next && next->kind == RECORD_END) {
        read_end(r, RECORD_ENDED, NULL);
    } else if (next) {
        struct str asked = {0};
        record_say(&(struct record_item){.kind = kind, .a = a}, &asked);
        read_differ(r, next, &asked);
        str_free(&asked);
    }
    return false;
}

void record_compare(struct record *r, const struct record_item *made) {
    const struct record_item *next = read_peek(r);
    struct record_item taken;
    if (next && next->kind == made->kind && next->a == made->a && next->b == made->b &&
        next->n == made->n && memcmp(next->bytes, made->bytes, made->n) == 0) {
        record_next(r, &taken);
    } else if (next && next->kind == RECORD_END) {
        read_end(r, RECORD_ENDED, NULL);
    } else if (next) {
        struct str now = {0};
        record_say(made, &now);
        read_differ(r, next, &now);
        str_free(&now);
    }
}

bool record_noted(struct record *r, enum record_kind kind, int64_t *a, char **text) {
    if (r == NULL || !r->is_replayed)
        return false;
    const struct record_item *next = read_peek(r);
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

/* Makes the folders above it. */
static void read_make_folders(const char *path) {
    char *copy = xstrdup(path);
    for (char *p = copy + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(copy, 0700); /* if it fails, opening the file will */
        *p = '/';
    }
    free(copy);
}

void record_put_file(struct record *r, const char *path) {
    struct record_item item;
    struct record_item any = {0};
    const struct record_item *next = read_peek(r);
    any.a = next ? next->a : 0;
    if (!record_expect(r, RECORD_FILE, any.a, &item) || r->folder == NULL ||
        !str_has_prefix(path, r->folder) || (r->except && str_has_prefix(path, r->except)) ||
        item.a == RECORD_FILE_AS_BEFORE)
        return;
    if (item.a == RECORD_FILE_MISSING) {
        remove(path);
        return;
    }
    read_make_folders(path);
    FILE *f = fopen(path, "wbe");
    bool ok = f && fwrite(item.bytes, 1, item.n, f) == item.n;
    if (f && fclose(f))
        ok = false;
    if (!ok)
        read_end(r, RECORD_BROKEN, xasprintf("%s: %s", path, strerror(errno)));
}

/* ---- sources ---- */

void record_add(struct record *r, struct source_port *s,
                void (*play)(void *arg, const struct record_item *item), void *arg) {
    if (r == NULL)
        return;
    *s = (struct source_port){++r->ids, play, arg};
    if (!r->is_replayed)
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
    if (r && r->is_replayed && s->id && s->id < r->port_cap)
        r->ports[s->id] = NULL;
}

void record_play(struct record *r, const struct record_item *item) {
    uint64_t id = (uint64_t)item->a;
    struct source_port *s = id < r->port_cap ? r->ports[id] : NULL;
    if (s) {
        s->play(s->arg, item);
        return;
    }
    record_stray(r, item, "nothing of that number is open, or the engine did not do that");
}

void record_stray(struct record *r, const struct record_item *item, const char *why) {
    struct str text = {0};
    str_add(&text, why);
    read_differ(r, item, &text);
    str_free(&text);
}

void record_reading(const struct record *r, int64_t *mono, int64_t *wall) {
    *mono = r->mono;
    *wall = r->wall;
}

void record_reader_free(struct record *r) {
    free(r->ports);
    free(r->why);
}

enum record_state record_state(const struct record *r) { return r->state; }
const char *record_why(const struct record *r) { return r->why ? r->why : ""; }
const struct record_count *record_counted(const struct record *r) { return &r->count; }
