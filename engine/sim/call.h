/* One dial of the simulated Asterisk, from Originate to the last event. */
#ifndef SIM_CALL_H
#define SIM_CALL_H

#include "sim/fate.h"
#include "sim/leg.h"
#include "sim/order.h"

struct variable {
    char *name, *value;
};

/* What Originate asked for. */
struct request {
    char *action_id, *channel, *app, *data, *context, *exten;
    int priority;
    char *num, *caller, *account, *id, *other_id;
    int64_t timeout; /* ns; 0: none */
    struct variable *vars;
    unsigned var_count;
};

enum tech { TECH_NONE, TECH_SIP, TECH_PJSIP, TECH_LOCAL };
enum stage { CALL_QUEUED, CALL_DIALING, CALL_UP, CALL_OVER };
/* What an answered call is at, and so what its timer means. */
enum doing { DOING_NOTHING, DOING_AMD, DOING_WAIT, DOING_TALK, DOING_QUEUE };
/* Who ends an answered call: we (the application is over), the far end, an action. */
enum ender { ENDER_WE, ENDER_FAR, ENDER_ACTION };

#define CAUSE_USUAL -1

struct simcall {
    LIST_ENTRY(simcall) link;
    struct sim *sim;
    struct request asked;
    struct answer *sync; /* of a synchronous Originate, until it is answered */
    struct fate fate;
    enum tech tech;
    const char *driver, *dialled; /* "SIP/", and what follows it */
    struct leg leg, half;         /* half: the ;2 of a Local channel */
    enum stage stage;
    bool times_out, announced, begun;
    enum slot slot;
    bool told, success;
    int reason;
    struct timer timer, late;
    /* once it is answered */
    const struct world_extension *plan;
    unsigned step;
    char *app, *arg; /* what it runs */
    bool in_dialplan;
    enum doing doing;
    /* in a queue */
    struct simqueue *queue;
    struct simagent *agent;
    TAILQ_ENTRY(simcall) in_line;
    bool is_in_line;
    int64_t joined, expires; /* expires: the queue's own timeout, 0 = none */
    unsigned first_position;
    int64_t greeted; /* when the greeting was over: the person waits from then on */
    bool is_live;    /* and was counted as a live answer */
    bool missed;     /* an agent did not pick up; the next one will */
};

/* A new dial; takes over what asked holds, and sync (NULL if asynchronous). */
struct simcall *simcall_new(struct sim *sim, struct request *asked, struct answer *sync);
void request_free(struct request *r);
/* Ends an answered call. cause: Q.850, or CAUSE_USUAL. */
void simcall_end(struct simcall *c, enum ender who, int cause);
/* As the action Hangup does, in whatever stage it is. */
void simcall_hangup(struct simcall *c, int cause);
/* A variable of the call's channel; NULL if it is not set. */
const char *simcall_get(const struct simcall *c, const char *name);
/* Sets one, with VarSet. */
void simcall_set(struct simcall *c, const char *name, const char *value);
/* Without any event, as the process ends. */
void simcall_free(struct simcall *c);

/* The events have come to this place: is it OriginateResponse's? */
void simcall_reached(struct simcall *c, enum slot slot);

/* ---- dial.c: how it begins ---- */

/* Technology and number out of the channel that was asked for. */
void simdial_read(struct simcall *c);
/* Makes the channel, both halves of a Local one; nothing is told. */
void simdial_open(struct simcall *c);
/* Newchannel to NewCallerid, unless they were told. */
void simdial_announce(struct simcall *c);
/* And DialBegin; the far end rings if it does. */
void simdial_begin(struct simcall *c);

/* ---- step.c: what an answered call does ---- */

void simstep_start(struct simcall *c);
/* On to the next step, or the end. */
void simstep_next(struct simcall *c);
/* The call's timer has run out. */
void simstep_due(struct simcall *c);

#endif
