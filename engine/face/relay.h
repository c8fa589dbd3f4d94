/* The relay: each session of ours has a session of its own with Asterisk, logged in as
 * the same user. What is not ours goes there byte for byte; its answers take their place
 * in the session's order, its events are passed on between messages. */
#ifndef FACE_RELAY_H
#define FACE_RELAY_H

#include "ami/server.h"
#include "base/conf.h"

struct relay;

/* For a session that has just logged in. tls: of the way to Asterisk, NULL = plain.
 * commands: lines that ListCommands shows besides
 * Asterisk's own; it must outlive the relay. */
struct relay *relay_new(struct loop *l, const struct conf_asterisk *conf, struct tls *tls,
                        struct session *s, const struct str *commands);
void relay_free(struct relay *r);
/* Sends an action on; its answer comes through a, an Error if Asterisk is away. */
void relay_action(struct relay *r, struct answer *a, const struct message *m);
/* The session wants other events now. */
void relay_mask(struct relay *r);

#endif
