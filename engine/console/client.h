/* The command `astout console`: the near end of the console. */
#ifndef CONSOLE_CLIENT_H
#define CONSOLE_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/str.h"

int console_main(int argc, char **argv);

/* ---- for the prompt (consoleprompt.c) ---- */

/* The connection to the engine. */
struct link {
    int fd;
    struct str in;
    bool json, gone;
    bool interrupted; /* Ctrl-C since it was last looked at */
};

enum line_end { LINE_OK, LINE_ERROR, LINE_MORE, LINE_GONE };

/* Sends a frame and drops it. */
void link_send(struct link *l, json_t *frame);
/* Reads what has come; waits for it. False when the engine is gone. */
bool link_read(struct link *l);
/* The next whole frame, NULL if there is none yet. */
json_t *link_next(struct link *l);
/* Runs a line to its end: what it prints goes to stdout, an error to *error (free it).
 * Ctrl-C stops it, a second one gives the connection up. */
enum line_end link_line(struct link *l, const char *code, char **error);
/* Columns of the terminal, 0 without one. */
int link_width(void);
/* Ctrl-C and changes of the terminal's size interrupt what waits. */
bool link_was_interrupted(struct link *l);
bool link_was_resized(void);
/* Lines from a terminal, with history and completion. The exit status. */
int prompt_run(struct link *l, const char *greeting);

#endif
