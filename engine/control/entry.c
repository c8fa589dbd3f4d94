#include "control/entry.h"

#include <stdio.h>

#include "ami/message.h"

void entry_begin(struct answer *a, struct str *b, const char *event) {
    header_add(b, "Event", event);
    if (answer_id(a))
        header_add(b, "ActionID", answer_id(a));
}

void entry_end(struct answer *a, struct str *b) {
    message_end(b);
    answer_send(a, b->s, b->len);
    str_free(b);
}

void entry_row(struct answer *a, const struct row *row) {
    char event[48];
    struct str b = {0};
    snprintf(event, sizeof event, "Out%sEntry", row->noun->event);
    entry_begin(a, &b, event);
    row_print(row, &b);
    entry_end(a, &b);
}

void entry_refuse(struct answer *a, const char *text, const char *why) {
    struct str b = {0};
    answer_head(a, &b, "Error", text);
    if (why)
        header_add(&b, "Reason", why);
    message_end(&b);
    answer_send(a, b.s, b.len);
    str_free(&b);
    answer_end(a);
}
