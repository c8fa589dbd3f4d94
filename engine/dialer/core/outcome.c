#include "dialer/core/outcome.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"

static const struct {
    const char *word;
    enum dial_end end;
} ends[] = {{"ANSWER", END_ANSWER},         {"BUSY", END_BUSY},
            {"CONGESTION", END_CONGESTION}, {"CHANUNAVAIL", END_CHANUNAVAIL},
            {"NOANSWER", END_NOANSWER},     {"CANCEL", END_CANCEL}};

/* Q.850 causes: their text in Asterisk and the ResDial that follows from them. */
static const struct {
    int cause, res_dial;
    const char *text;
} causes[] = {
    {1, RES_FAILED, "Unallocated (unassigned) number"},
    {2, RES_FAILED, "No route to specified transmit network"},
    {3, RES_FAILED, "No route to destination"},
    {16, RES_REFUSED, "Normal Clearing"},
    {17, RES_BUSY, "User busy"},
    {18, RES_NO_ANSWER, "No user responding"},
    {19, RES_NO_ANSWER, "User alerting, no answer"},
    {20, RES_FAILED, "Subscriber absent"},
    {21, RES_REFUSED, "Call Rejected"},
    {22, RES_FAILED, "Number changed"},
    {23, RES_REFUSED, "Redirected to new destination"},
    {26, RES_REFUSED, "Answered elsewhere"},
    {27, RES_CONGESTION, "Destination out of order"},
    {28, RES_FAILED, "Invalid number format"},
    {29, RES_REFUSED, "Facility rejected"},
    {31, RES_REFUSED, "Normal, unspecified"},
    {34, RES_CONGESTION, "Circuit/channel congestion"},
    {38, RES_CONGESTION, "Network out of order"},
    {41, RES_CONGESTION, "Temporary failure"},
    {42, RES_CONGESTION, "Switching equipment congestion"},
    {44, RES_CONGESTION, "Requested channel not available"},
    {47, RES_CONGESTION, "Resource unavailable, unspecified"},
    {58, RES_CONGESTION, "Bearer capability not available"},
    {127, RES_REFUSED, "Interworking, unspecified"},
};

/* SIP codes, which TechCause has if the channel driver gives no cause. */
static const struct {
    int from, to, res_dial;
} sip_codes[] = {
    {401, 403, RES_REFUSED},    {404, 404, RES_FAILED},    {408, 408, RES_NO_ANSWER},
    {410, 410, RES_FAILED},     {480, 480, RES_NO_ANSWER}, {484, 485, RES_FAILED},
    {486, 486, RES_BUSY},       {487, 487, RES_REFUSED},   {488, 488, RES_CONGESTION},
    {500, 599, RES_CONGESTION}, {600, 600, RES_BUSY},      {603, 603, RES_REFUSED},
    {604, 604, RES_FAILED},
};

static const char *const words[] = {
    [RES_FAILED] = "failed",     [RES_REFUSED] = "refused", [RES_NO_ANSWER] = "no answer",
    [RES_ANSWERED] = "answered", [RES_BUSY] = "busy",       [RES_CONGESTION] = "congestion",
};

/* Details that say more than ResDial. */
static const char *const details[] = {"machine", "abandoned", "local", "unknown"};

const char *outcome_word(int res_dial, const char *detail) {
    for (size_t i = 0; detail && i < ARRAY_LEN(details); i++)
        if (strcmp(detail, details[i]) == 0)
            return details[i];
    if (res_dial == RES_NO_ANSWER)
        return "no_answer";
    bool known = res_dial >= 0 && (size_t)res_dial < ARRAY_LEN(words) && words[res_dial];
    return known ? words[res_dial] : words[RES_FAILED];
}

enum dial_end dial_end_of(const char *status) {
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        if (strcmp(ends[i].word, status) == 0)
            return ends[i].end;
    return END_NOANSWER;
}

const char *cause_text(int cause) {
    for (size_t i = 0; i < ARRAY_LEN(causes); i++)
        if (causes[i].cause == cause)
            return causes[i].text;
    return "Unknown";
}

bool facts_answered(const struct facts *f) { return f->success || f->end == END_ANSWER; }

bool facts_complete(const struct facts *f) {
    if (f->lost)
        return true;
    if (!f->response)
        return false;
    if (!f->channel) /* after a success the channel's events are still on their way */
        return false;
    return f->hangup && (!f->channel2 || f->hangup2);
}

static int outcome_by_cause(int cause) {
    for (size_t i = 0; i < ARRAY_LEN(causes); i++)
        if (causes[i].cause == cause)
            return causes[i].res_dial;
    return RES_REFUSED; /* the customer or the network hung up for a reason not listed */
}

/* For a Hangup without a cause: the SIP code, then the status of DialEnd, then Reason. */
static int outcome_by_rest(const struct facts *f) {
    for (size_t i = 0; i < ARRAY_LEN(sip_codes); i++)
        if (f->tech_cause >= sip_codes[i].from && f->tech_cause <= sip_codes[i].to)
            return sip_codes[i].res_dial;
    switch (f->end) {
    case END_BUSY:
        return RES_BUSY;
    case END_CONGESTION:
        return RES_CONGESTION;
    case END_CHANUNAVAIL:
        return RES_FAILED;
    case END_NOANSWER:
    case END_CANCEL:
        return RES_REFUSED;
    case END_NONE:
    case END_ANSWER:
        break;
    }
    if (f->reason == RES_BUSY || f->reason == RES_CONGESTION)
        return f->reason;
    return f->begun ? RES_REFUSED : RES_FAILED;
}

static int outcome_hangup_of(const struct facts *f) {
    if (f->cause)
        return f->cause;
    if (f->channel2 && f->cause2)
        return f->cause2;
    if (facts_answered(f))
        return 16;
    if (f->timed_out)
        return 19;
    if (f->end == END_BUSY)
        return 17;
    return f->end == END_CONGESTION ? 34 : 0;
}

struct outcome outcome_of(const struct facts *f) {
    struct outcome o = {0};
    int cause = f->channel2 && f->hangup2 && f->cause2 ? f->cause2 : f->cause;
    if (facts_answered(f)) {
        o.res_dial = RES_ANSWERED;
    } else if (f->lost) {
        o = (struct outcome){RES_FAILED, 0, "unknown", "Unknown", false};
        return o;
    } else if (!f->channel) {
        return (struct outcome){RES_FAILED, 0, "local", "Unknown", true};
    } else if (f->timed_out) {
        o.res_dial = RES_NO_ANSWER;
    } else {
        o.res_dial = cause ? outcome_by_cause(cause) : outcome_by_rest(f);
    }
    o.res_dial_detail = words[o.res_dial];
    o.res_hangup = f->lost ? 0 : outcome_hangup_of(f);
    o.res_hangup_detail = cause_text(o.res_hangup);
    return o;
}
