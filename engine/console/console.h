/* The console: a unix socket on which people and scripts talk to the engine in Lua, each
 * connection in a sandboxed state of its own. Frames both ways: four bytes of length,
 * the highest first, then a JSON object.
 *
 *   to the engine                        from the engine
 *   {do: "hello", json, width}           {hello: text, uid}
 *   {do: "line", code, width}            {out: text}*, then {end: "ok"|"more"}
 *                                        or {end: "error", text}
 *   {do: "stop"}                         ends the line that runs: {end: "error", ...}
 *   {do: "complete", text}               {words: [...], from: bytes of text they replace}
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "dialer/core/event.h"

#define CONSOLE_LINE_MAX 65536 /* bytes of a line of Lua */

struct console;

/* Listens on [console] socket. NULL with *err (free it). */
struct console *console_new(struct engine *e, char **err) MUST_CHECK;
void console_free(struct console *c);
/* An event of the engine, for those who asked to hear them. */
void console_event(struct console *c, const struct event *ev);
/* docs/console.md's reference to stdout: made by the prelude, without an engine. */
int console_reference(void);

#endif
