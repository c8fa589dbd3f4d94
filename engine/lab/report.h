/* What the shifts show, for people: a table with sparklines, and a page with plots that
 * loads nothing else. */
#ifndef LAB_REPORT_H
#define LAB_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/lab.h"

#define LEGAL_SHARE 0.03 /* of live answers that may be abandoned (FCC, TSR) */

/* What all shifts have in common. */
struct lab_setting {
    const char *world;     /* its file, NULL = the simulator's own */
    const json_t *table;   /* what it says */
    const json_t *learned; /* where the world came from, if it was learned */
    double hours;
    int64_t seed, runs;
};

/* One sentence on what was learned from a ledger; free it. NULL where nothing was. */
char *labreport_learned(const struct lab_setting *s);
/* The table on stdout. */
void labreport_print(const struct lab_setting *s, const struct lab_trial *trials, size_t count);
/* The page; false with *err. */
bool labreport_write(const char *path, const struct lab_setting *s,
                     const struct lab_trial *trials, size_t count, char **err) MUST_CHECK;

#endif
