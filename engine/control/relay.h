/* The relay: each session of ours has a session of its own with Asterisk, logged in as
 * the same user. What is not ours goes there byte for byte; its answers take their place
 * in the session's order, its events are passed on between messages. */
#ifndef CONTROL_RELAY_H
#define CONTROL_RELAY_H

#include "ami/server.h"
#include "conf/conf.h"

struct relay;
struct relays; /* what all relays share */

/* commands: lines that ListCommands shows besides Asterisk's own, to those who may use
 * them; it must outlive the relays. */
struct relays *relays_new(struct loop *l, const struct str *commands);
/* After the last relay. */
void relays_free(struct relays *rs);

/* For a session that has just logged in. tls: of the way to Asterisk, NULL = plain. */
struct relay *relay_new(struct relays *rs, const struct conf_asterisk *conf, struct tls *tls,
                        struct session *s);
void relay_free(struct relay *r);
/* Sends an action on; its answer comes through a, an Error if Asterisk is away. */
void relay_action(struct relay *r, struct answer *a, const struct message *m);
/* The session has changed its event mask. True: packet is sent through a once Asterisk has
 * changed it too. False: Asterisk is away. */
bool relay_mask(struct relay *r, struct answer *a, const struct str *packet);

#endif
