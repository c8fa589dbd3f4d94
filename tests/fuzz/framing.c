/* AMI framing with both limits: any bytes, cut anywhere, give the same messages as in
 * one piece, and bounded memory. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ami/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Adds what a message says to a text; looks at everything in it. */
static bool note_message(void *arg, struct message *m, enum framing_fault fault) {
    for (unsigned i = 0; i < m->count; i++)
        str_addf(arg, "%s: %s|", m->headers[i].name, m->headers[i].value);
    str_addf(arg, "%d %zu %s\n", (int)fault, m->raw.len, message_text(m, "ActionID"));
    return true;
}

static void feed_in_pieces(const struct framing_limits *limits, const char *bytes, size_t size,
                           size_t piece, struct str *out) {
    struct framing f;
    framing_init(&f, limits);
    for (size_t at = 0; at < size; at += piece)
        framing_feed(&f, bytes + at, size - at < piece ? size - at : piece, note_message, out);
    if (f.line.len > limits->line || f.message.raw.len > limits->message)
        abort();
    framing_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct framing_limits *const limits[] = {&framing_of_client, &framing_of_server};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        struct str whole = {0}, cut = {0};
        feed_in_pieces(limits[i], (const char *)data, size, size + 1, &whole);
        feed_in_pieces(limits[i], (const char *)data, size, 1 + size % 7, &cut);
        if (strcmp(str_get(&whole), str_get(&cut)))
            abort();
        str_free(&whole);
        str_free(&cut);
    }
    return 0;
}
