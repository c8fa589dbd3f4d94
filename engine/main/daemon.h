/* What `astout run` holds: the engine and its ways in. */
#ifndef MAIN_DAEMON_H
#define MAIN_DAEMON_H

#include "record/record.h"
#include "control/agi.h"
#include "console/console.h"
#include "control/relay.h"
#include "main/reload.h"

struct daemon {
    struct log log;
    struct clock clock;
    struct record *record; /* NULL: nothing is recorded */
    struct conf *conf;
    struct reload reload; /* has the users */
    struct loop *loop;
    struct engine *engine;
    struct server *server;
    struct console *console;
    struct agi *agi;
    struct tls *tls;     /* of the encrypted listener */
    struct str commands; /* our lines of ListCommands */
    struct relays *relays;
    struct timer alive; /* tells systemd's watchdog */
};

/* Reads the configuration at path, opens everything and takes the signals over. With a
 * record that is replayed (set before) it all comes from there, and reload.moved is the
 * folder for its files, where database.db is that of the start. False with *err (free it);
 * daemon_end in any case. */
bool daemon_start(struct daemon *d, const char *path, char **err) MUST_CHECK;
void daemon_end(struct daemon *d);

#endif
