/* The fate of one dial: what the customer does, drawn from (seed, number of the dial)
 * alone, so that it is the same whatever other calls are made. */
#ifndef SIM_FATE_H
#define SIM_FATE_H

#include "base/chance.h"
#include "sim/world.h"

enum outcome {
    OUTCOME_ANSWER,
    OUTCOME_BUSY,       /* 486; Local: Busy() */
    OUTCOME_CONGESTION, /* 503; Local: Congestion() */
    OUTCOME_NO_ANSWER,  /* rings until the caller gives up */
    OUTCOME_DEAD,       /* nothing is ever heard */
    OUTCOME_REFUSED,    /* another SIP code; Local: Hangup(cause) */
    OUTCOME_UNKNOWN,    /* 404; Local: no such extension */
    OUTCOME_NO_PEER,    /* Originate fails without a channel */
};

/* How a far end refuses: the SIP code and what the channel drivers make of it. */
struct refusal {
    int sip, cause;
    int reason_sip;         /* OriginateResponse Reason with chan_sip; 0 with pjsip */
    const char *status_sip; /* DialStatus */
    const char *status_pjsip;
};

struct fate {
    enum outcome outcome;
    const struct refusal *refusal; /* of BUSY, CONGESTION, REFUSED, UNKNOWN */
    bool rings;
    double delay; /* s from the dial to the answer or the refusal */
    bool machine;
    const char *amd_status, *amd_cause;
    double amd_time, talk, wrapup;
    bool agent_misses, agent_ends; /* of the agent who gets it */
    double order, late;            /* chance for the place of OriginateResponse */
    bool swap;                     /* chance for whatever else has no order */
};

/* What the world does with dial k, t seconds after the start. */
void fate_draw(struct fate *f, const struct world *w, uint64_t seed, uint64_t k, double t,
               const char *number);
/* Is it the word of an outcome? (or `chance`: leaves a number to chance) */
bool fate_is_word(const char *word);
/* The same call refused for want of a channel. */
void fate_congest(struct fate *f);

#endif
