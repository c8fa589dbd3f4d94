#include "control/entry.h"

#include "control/print.h"

void entries_begin(struct answer *a) { answer_list(a, about_of(a)->list->message); }

size_t entry_send(struct answer *a, const void *subject) {
    const struct about_list *list = about_of(a)->list;
    struct str b = {0};
    header_add(&b, "Event", list->entry);
    if (answer_id(a))
        header_add(&b, "ActionID", answer_id(a));
    if (list->stored)
        print_row(subject, &b);
    else
        print_attrs(list->attrs, subject, &b);
    message_end(&b);
    size_t bytes = b.len;
    answer_send(a, b.s, b.len);
    str_free(&b);
    return bytes;
}

void entries_end(struct answer *a, unsigned long items) {
    answer_complete(a, about_of(a)->list->complete, items);
}

void entry_refuse(struct answer *a, const char *why) {
    struct str b = {0};
    answer_head(a, &b, "Error", about_of(a)->failure);
    if (why)
        header_add(&b, "Reason", why);
    message_end(&b);
    answer_send(a, b.s, b.len);
    str_free(&b);
    answer_end(a);
}
