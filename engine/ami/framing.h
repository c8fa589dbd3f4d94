/* Bytes into messages, whatever way they were cut, within limits. One type for both
 * directions: a server's view of its clients (Asterisk's own strict limits) and a
 * client's view of its server (long lines, many headers). */
#ifndef AMI_FRAMING_H
#define AMI_FRAMING_H

#include "ami/message.h"

struct framing_limits {
    size_t line;      /* longest line, line end included */
    unsigned headers; /* most lines in a message */
    size_t message;   /* most bytes in a message */
};

/* Input from AMI clients: 1,024 bytes a line, 128 lines (measured, Asterisk 16 and 22). */
extern const struct framing_limits framing_of_client;
/* Input from Asterisk: lines of 8,200 bytes were seen, Command output has no bound. */
extern const struct framing_limits framing_of_server;

enum framing_fault { FRAMING_OK, FRAMING_LINE_TOO_LONG, FRAMING_TOO_MANY_LINES };

struct framing {
    const struct framing_limits *limits;
    struct str line; /* the unfinished one */
    struct message message;
    unsigned lines;
    enum framing_fault fault; /* of the message in work; it is swallowed to its end */
    bool in_discard;          /* the rest of this line is thrown away */
    bool stopped;
};

void framing_init(struct framing *f, const struct framing_limits *limits);
void framing_free(struct framing *f);
/* Takes all n bytes and calls got for each complete message, empty ones included; a
 * faulty one comes with the headers read before the fault. got returns false to stop:
 * the rest of the bytes is dropped (its owner is going away). */
void framing_feed(struct framing *f, const char *bytes, size_t n,
                  bool (*got)(void *arg, struct message *m, enum framing_fault fault),
                  void *arg);

#endif
