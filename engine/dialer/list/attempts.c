#include "dialer/list/attempts.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void attempts_add(struct attempts *a, int number, int64_t at) {
    a->list = xrealloc(a->list, ((size_t)a->count + 1) * sizeof a->list[0]);
    a->list[a->count++] = (struct attempt){number, at};
}

void attempts_read(struct attempts *a, const char *text) {
    while (text && *text) {
        char *end;
        long number = strtol(text, &end, 10);
        int64_t at = *end == ' ' ? time_read(end + 1) : 0;
        if (at)
            attempts_add(a, (int)number, at);
        text = strchr(text, ',');
        text = text ? text + 1 : NULL;
    }
}

void attempts_give_back(struct attempts *a) { a->count -= a->count > 0; }

void attempts_copy(struct attempts *to, const struct attempts *from) {
    *to = (struct attempts){0};
    for (int i = 0; i < from->count; i++)
        attempts_add(to, from->list[i].number, from->list[i].at);
}

void attempts_free(struct attempts *a) {
    free(a->list);
    *a = (struct attempts){0};
}
