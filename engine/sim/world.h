/* The world around a simulated Asterisk: how customers answer, how long agents talk.
 * Read once from a table of plain values (script_data) into plain C, since it is
 * asked several times a call. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <jansson.h>
#include <stdbool.h>

#include "base/mem.h"

/* A value that may change with time: steps[i].value holds from steps[i].from seconds
 * after the start on. */
struct schedule {
    struct {
        double from, value;
    } * steps;
    unsigned count;
};

/* A random time in seconds: log-normal, or exponential (memoryless). */
struct duration {
    struct schedule mean, cv;
    bool is_exponential;
};

/* One special number: its outcome whatever chance says. A trailing * means any number
 * that begins so. */
struct world_number {
    char *pattern, *word;
};

/* What an extension does once a call is there: "Application(data)", one a step. */
struct world_extension {
    char *name; /* exten@context */
    const char **steps;
    unsigned count;
};

struct world_user {
    char *name, *secret;
};

struct world {
    struct schedule answer_rate;
    struct duration ring, talk, wrapup;
    struct schedule ring_cut;
    /* Of a machine that answers; of a refusal that comes late. Mean 0: as described. */
    struct duration machine_ring, fail;
    /* Shares of the calls that are not answered; what is left rings out. */
    struct schedule busy, congestion, unknown, nopeer, fail_early;
    struct schedule machines; /* share of the answered */
    struct schedule amd_min, amd_max, amd_error, amd_notsure;
    struct schedule agents, pickup, misses, patience;
    struct schedule trunk; /* channels; 0 = no limit */
    bool orders;           /* OriginateResponse floats */
    const char **queues;   /* NULL: any queue exists that is asked for */
    unsigned queue_count;
    const char **channelvars;
    unsigned channelvar_count;
    struct world_number *numbers;
    unsigned number_count;
    struct world_extension *extensions;
    unsigned extension_count;
    struct world_user *users;
    unsigned user_count;
};

/* Takes a table of the keys that sim.h describes (NULL: all defaults). NULL with *err
 * (free it) that names the key. */
struct world *world_new(const json_t *table, char **err) MUST_CHECK;
void world_free(struct world *w);
/* The value at t seconds after the start. */
double schedule_at(const struct schedule *s, double t);
/* The word a number is listed under, or NULL. */
const char *world_word(const struct world *w, const char *number);
/* The steps of an extension, or NULL. */
const struct world_extension *world_extension(const struct world *w, const char *exten,
                                              const char *context);

#endif
