/* The outcome of a call: facts from its events go in, the protocol's numbers come out. Pure.
 * docs/ami.md, "The outcome of a call", has the order of the rules. */
#ifndef DIALER_CORE_OUTCOME_H
#define DIALER_CORE_OUTCOME_H

#include <stdbool.h>

enum dial_end {
    END_NONE,
    END_ANSWER,
    END_BUSY,
    END_CONGESTION,
    END_CHANUNAVAIL,
    END_NOANSWER,
    END_CANCEL
};

/* ResDial: the numbers of Asterisk's control frames. */
enum res_dial {
    RES_FAILED = 0,
    RES_REFUSED = 1,
    RES_NO_ANSWER = 3,
    RES_ANSWERED = 4,
    RES_BUSY = 5,
    RES_CONGESTION = 8
};

struct facts {
    bool channel, channel2; /* Newchannel seen; of the ;2 half of a Local channel */
    bool hangup, hangup2;   /* Hangup seen */
    bool begun;             /* DialBegin seen */
    bool response, success; /* OriginateResponse seen; it said Success */
    bool timed_out;         /* it said Reason 3, or the engine's own timer ran out */
    bool lost;              /* ended while Asterisk was disconnected */
    enum dial_end end;
    int reason, cause, cause2, tech_cause;
};

struct outcome {
    int res_dial, res_hangup;
    const char *res_dial_detail, *res_hangup_detail;
    bool ours; /* a local failure: its attempt is not counted */
};

/* By the DialStatus of a DialEnd. */
enum dial_end dial_end_of(const char *status);
bool facts_answered(const struct facts *f);
/* Is no event expected any more that could change the outcome? */
bool facts_complete(const struct facts *f);
struct outcome outcome_of(const struct facts *f);
/* One word for the outcome of a lead's last call: its detail if that says more than ResDial
 * (machine, abandoned, local, unknown), else failed, refused, no_answer, answered, busy or
 * congestion. detail may be NULL. */
const char *outcome_word(int res_dial, const char *detail);
/* The text of a Q.850 cause as Asterisk prints it. */
const char *cause_text(int cause);

#endif
