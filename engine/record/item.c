#include "record/item.h"

/* ---- bytes ---- */

void record_number_write(char *to, uint32_t n) {
    for (int i = 0; i < 4; i++)
        to[i] = (char)(n >> 8 * i);
}

uint32_t record_number_read(const char *from) {
    const unsigned char *p = (const unsigned char *)from;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void item_add_number(struct str *b, uint64_t n) {
    char out[10];
    size_t i = 0;
    for (; n >= 0x80; n >>= 7)
        out[i++] = (char)(n | 0x80);
    out[i++] = (char)n;
    str_addn(b, out, i);
}

static uint64_t item_zigzag(int64_t n) { return (uint64_t)n << 1 ^ (uint64_t)(n >> 63); }

static bool item_read_number(const struct str *block, size_t *at, uint64_t *out) {
    *out = 0;
    for (int shift = 0; shift < 64 && *at < block->len; shift += 7) {
        unsigned char c = (unsigned char)block->s[(*at)++];
        *out |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return true;
    }
    return false;
}

static int64_t item_unzigzag(uint64_t n) { return (int64_t)(n >> 1) ^ -(int64_t)(n & 1); }

void record_item_add(struct str *block, const struct record_item *item) {
    str_addc(block, (char)item->kind);
    item_add_number(block, item_zigzag(item->a));
    item_add_number(block, item_zigzag(item->b));
    item_add_number(block, item->n);
    if (item->n)
        str_addn(block, item->bytes, item->n);
}

bool record_item_read(const struct str *block, size_t *at, struct record_item *item) {
    uint64_t a, b, n;
    if (*at >= block->len)
        return false;
    unsigned char kind = (unsigned char)block->s[(*at)++];
    if (kind == 0 || kind >= RECORD_KINDS || !item_read_number(block, at, &a) ||
        !item_read_number(block, at, &b) || !item_read_number(block, at, &n) ||
        n > block->len - *at)
        return false;
    *item = (struct record_item){kind, item_unzigzag(a), item_unzigzag(b), block->s + *at,
                                 (size_t)n};
    *at += n;
    return true;
}

/* ---- lines for people ---- */

static const char *const words[RECORD_KINDS] = {
    [RECORD_CLOCK] = "clock",
    [RECORD_TURN] = "turn",
    [RECORD_END] = "end",
    [RECORD_SIGNAL] = "signal",
    [RECORD_WAKE] = "durable",
    [RECORD_READ] = "read",
    [RECORD_WATCH] = "files changed",
    [RECORD_ACCEPT] = "accepted",
    [RECORD_OPEN] = "open",
    [RECORD_DATA] = "got",
    [RECORD_TAKEN] = "taken",
    [RECORD_DRAINED] = "drained",
    [RECORD_LOST] = "lost",
    [RECORD_FILE] = "file",
    [RECORD_VALUE] = "value",
    [RECORD_BYTES] = "chance",
    [RECORD_VISIBLE] = "visible",
    [RECORD_FAILING] = "failing",
    [RECORD_PAUSE] = "pause",
    [RECORD_REFUSED] = "refused",
    [RECORD_DECISION] = "decided",
    [RECORD_SENT] = "sent",
    [RECORD_SENT_SUM] = "sent",
};

/* Text with its line ends and other control characters written as escapes. */
static void item_add_text(struct str *out, const char *s, size_t n) {
    str_addc(out, ' ');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '\r')
            str_add(out, "\\r");
        else if (c == '\n')
            str_add(out, "\\n");
        else if (c < ' ' || c == 0x7f)
            str_addf(out, "\\x%02x", c);
        else
            str_addc(out, (char)c);
    }
}

void record_item_say(const struct record_item *item, struct str *out) {
    str_add(out, words[item->kind]);
    switch (item->kind) {
    case RECORD_CLOCK:
        str_addf(out, " +%lld.%06lld s", (long long)(item->a / NS_PER_S),
                 (long long)(item->a % NS_PER_S / 1000));
        break;
    case RECORD_TURN:
    case RECORD_END:
    case RECORD_DECISION:
        break;
    case RECORD_BYTES: /* what chance begins with decides uuids and secrets of sessions */
        return;
    case RECORD_SENT_SUM:
        str_addf(out, " #%lld, %lld bytes, sum", (long long)item->a, (long long)item->b);
        for (size_t i = 0; i < item->n; i++)
            str_addf(out, "%s%02x", i ? "" : " ", (unsigned char)item->bytes[i]);
        return;
    case RECORD_VALUE:
    case RECORD_TAKEN:
    case RECORD_WAKE:
    case RECORD_READ:
        str_addf(out, " #%lld, %lld", (long long)item->a, (long long)item->b);
        break;
    default:
        str_addf(out, " #%lld", (long long)item->a);
    }
    if (item->n)
        item_add_text(out, item->bytes, item->n);
}
