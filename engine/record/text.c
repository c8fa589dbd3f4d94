/* Items of a recording as lines for people. */
#include <string.h>

#include "record/inner.h"

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

/* Text with its line ends and whatever is no text written as escapes. */
static void text_add(struct str *out, const char *s, size_t n) {
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

void record_say(const struct record_item *item, struct str *out) {
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
        text_add(out, item->bytes, item->n);
}
