#include "store/statement.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/backend.h"

void store_misuse(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fputs("astout: a fault of the program: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    abort();
}

int statement_count(const struct statement_name *names) {
    int n = 0;
    while (names[n].name)
        n++;
    return n;
}

/* Where the argument stands; the guess is right where the caller keeps the order. */
static int statement_place(const struct statement *st, const char *name, int guess) {
    if (guess < STATEMENT_NAMES && st->args[guess].name &&
        strcmp(st->args[guess].name, name) == 0)
        return guess;
    for (int i = 0; st->args[i].name; i++)
        if (strcmp(st->args[i].name, name) == 0)
            return i;
    store_misuse("%s: there is no argument \"%s\"", st->name, name);
}

void statement_bind(const struct statement *st, const struct bind *args, struct arg *out) {
    uint32_t bound = 0;
    int count = statement_count(st->args), given = 0;
    for (const struct bind *a = args; a->name; a++) {
        int i = statement_place(st, a->name, given++);
        if (bound >> i & 1)
            store_misuse("%s: argument \"%s\" twice", st->name, a->name);
        if (a->type != 'n' && a->type != st->args[i].type)
            store_misuse("%s: argument \"%s\" is of the other type", st->name, a->name);
        bound |= UINT32_C(1) << i;
        out[i] = (struct arg){a->text, a->num, a->type == 'i'};
    }
    for (int i = 0; i < count; i++)
        if (!(bound >> i & 1))
            store_misuse("%s: argument \"%s\" is missing", st->name, st->args[i].name);
}
