/* What became of a call: facts gathered from events in, protocol numbers out. Pure.
 * The order of the rules: docs/ami.md, "The outcome of a call". */
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

/* ResDial: Asterisk's control-frame numbers. */
enum res_dial {
    RES_FAILED = 0,
    RES_REFUSED = 1,
    RES_NO_ANSWER = 3,
    RES_ANSWERED = 4,
    RES_BUSY = 5,
    RES_CONGESTION = 8
};

struct facts {
    bool channel, channel2; /* Newchannel seen; the ;2 half of a Local too */
    bool hangup, hangup2;   /* Hangup seen */
    bool begun;             /* DialBegin seen */
    bool response, success; /* OriginateResponse */
    bool timed_out;         /* its Reason 3, or our own count */
    bool lost;              /* ended while nobody watched */
    enum dial_end end;
    int reason, cause, cause2, tech_cause;
};

struct outcome {
    int res_dial, res_hangup;
    const char *res_dial_detail, *res_hangup_detail;
    bool ours; /* failed on our side: costs the lead no try */
};

enum dial_end dial_end_of(const char *status);
bool facts_answered(const struct facts *f);
/* Nothing more is expected that could change the outcome. */
bool facts_complete(const struct facts *f);
struct outcome outcome_of(const struct facts *f);
/* One word for what is kept of a lead's last call: its detail where that says more than
 * ResDial (machine, abandoned, local, unknown), else failed, refused, no_answer, answered,
 * busy or congestion. detail may be NULL. */
const char *outcome_word(int res_dial, const char *detail);
/* Text of a Q.850 cause as Asterisk prints it. */
const char *cause_text(int cause);

#endif
