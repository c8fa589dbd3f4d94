/* What an answered call does: one application, or the steps of an extension. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/queue.h"

/* Extensions of which the world says nothing. */
static const char *amd_steps[] = {
    "AMD()",
    "UserEvent(AmdResult,Status: ${AMDSTATUS},Cause: ${AMDCAUSE})",
    "Playback(hello-world)",
};
static const char *plain_steps[] = {"Park()"};
static const struct world_extension amd_extension = {.steps = amd_steps,
                                                     .count = ARRAY_LEN(amd_steps)};
static const struct world_extension plain_extension = {.steps = plain_steps, .count = 1};

/* ---- the applications ---- */

/* Waits in line; an unknown queue ends the step at once. */
static void step_run_queue(struct simcall *c) {
    if (simqueue_join(c, c->arg))
        return;
    simcall_set(c, "QUEUESTATUS", "UNKNOWN");
    simstep_next(c);
}

/* Listens for a while. */
static void step_run_amd(struct simcall *c) {
    c->doing = DOING_AMD;
    timer_set(&c->timer, SECONDS(c->fate.amd_time));
}

/* Its data is the cause. */
static void step_run_hangup(struct simcall *c) {
    int64_t cause = CAUSE_USUAL;
    if (!str_int(c->arg, 0, 127, &cause))
        cause = CAUSE_USUAL;
    simcall_end(c, ENDER_WE, (int)cause);
}

/* Ends by itself after as many seconds as it says, or as a talk lasts. */
static void step_run_wait(struct simcall *c) {
    double s = atof(c->arg);
    bool is_wait = strcasecmp(c->app, "Wait") == 0;
    c->doing = is_wait && s < c->fate.talk ? DOING_WAIT : DOING_TALK;
    if (!is_wait)
        c->doing = DOING_WAIT;
    timer_set(&c->timer, SECONDS(is_wait && s < c->fate.talk ? s : c->fate.talk));
}

/* Stays until the far end hangs up. */
static void step_run_talk(struct simcall *c) {
    c->doing = DOING_TALK;
    timer_set(&c->timer, SECONDS(c->fate.talk));
}

/* Adds text with ${NAME} replaced by the call's variables. */
static void step_expand(struct str *b, const struct simcall *c, const char *text, size_t n) {
    const char *end = text + n;
    while (text < end) {
        const char *close = str_has_prefix(text, "${") ? strchr(text, '}') : NULL;
        if (close == NULL || close >= end) {
            str_addc(b, *text++);
            continue;
        }
        char *name = xstrndup(text + 2, (size_t)(close - text - 2));
        const char *value = simcall_get(c, name);
        str_add(b, value ? value : "");
        free(name);
        text = close + 1;
    }
}

/* UserEvent(Name,Header: value,...): the channel's headers, then its own. */
static void step_user_event(struct simcall *c) {
    struct sim *sim = c->sim;
    if (!event_begin(sim, CLASS_USER, "UserEvent"))
        return;
    leg_print(&sim->out, &c->leg, LEG_PLAIN);
    str_add(&sim->out, "UserEvent: ");
    for (const char *p = c->arg;; p += *p == ',') {
        size_t n = strcspn(p, ",");
        step_expand(&sim->out, c, p, n);
        str_add(&sim->out, "\r\n");
        p += n;
        if (*p == '\0')
            break;
    }
    event_send(sim, CLASS_USER);
}

/* Tells and goes on. */
static void step_run_user_event(struct simcall *c) {
    step_user_event(c);
    simstep_next(c);
}

/* Nothing that is seen from outside. */
static void step_run_nothing(struct simcall *c) { simstep_next(c); }

/* Any application that is not here is one to stay in. */
static const struct {
    const char *name;
    void (*run)(struct simcall *c);
} apps[] = {
    {"Queue", step_run_queue},     {"UserEvent", step_run_user_event},
    {"AMD", step_run_amd},         {"Hangup", step_run_hangup},
    {"Wait", step_run_wait},       {"Playback", step_run_wait},
    {"Answer", step_run_nothing},  {"NoOp", step_run_nothing},
    {"Set", step_run_nothing},     {"Verbose", step_run_nothing},
    {"Ringing", step_run_nothing}, {"NoSuchApp", NULL},
};

/* Does the one who answered hear something, or somebody, from here on? */
static bool step_ends_greeting(void (*app)(struct simcall *c)) {
    return app != step_run_amd && app != step_run_nothing;
}

/* A person waits from now on: a live answer. */
static void step_greet(struct simcall *c) {
    if (c->is_live || c->fate.machine)
        return;
    const char *status = simcall_get(c, "AMDSTATUS");
    if (status && strcmp(status, "MACHINE") == 0)
        return;
    c->is_live = true;
    c->greeted = c->sim->clock->mono;
    tally_event(&c->sim->tally, EVENT_ANSWER);
}

/* Runs an application; false if there is none of that name. */
static bool step_run(struct simcall *c) {
    c->leg.app = c->app;
    c->leg.data = c->arg;
    if (c->in_dialplan)
        leg_newexten(&c->leg, c->leg.exten, c->app, c->arg);
    for (size_t i = 0; i < ARRAY_LEN(apps); i++) {
        if (strcasecmp(apps[i].name, c->app))
            continue;
        if (step_ends_greeting(apps[i].run))
            step_greet(c);
        if (apps[i].run)
            apps[i].run(c);
        return apps[i].run != NULL;
    }
    step_greet(c);
    step_run_talk(c);
    return true;
}

/* ---- from step to step ---- */

/* "human:Queue(sales)": is the step for this call? Gives what is behind the colon. */
static const char *step_condition(const struct simcall *c, const char *step) {
    static const char *const verdicts[] = {"human:", "machine:", "notsure:"};
    for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
        size_t n = strlen(verdicts[i]);
        if (strncasecmp(step, verdicts[i], n))
            continue;
        const char *status = simcall_get(c, "AMDSTATUS");
        bool fits = status && strlen(status) == n - 1 && !strncasecmp(status, step, n - 1);
        return fits ? step + n : NULL;
    }
    return step;
}

/* Application(data) into its two parts. */
static void step_read(struct simcall *c, const char *text) {
    size_t n = strcspn(text, "(");
    const char *open = text + n, *close = strrchr(text, ')');
    free(c->app);
    free(c->arg);
    c->app = xstrndup(text, n);
    c->arg =
        *open && close > open ? xstrndup(open + 1, (size_t)(close - open - 1)) : xstrdup("");
}

void simstep_next(struct simcall *c) {
    c->doing = DOING_NOTHING;
    while (c->plan && c->step < c->plan->count) {
        const char *text = step_condition(c, c->plan->steps[c->step++]);
        if (text == NULL)
            continue;
        step_read(c, text);
        c->leg.priority = (int)c->step;
        if (step_run(c))
            return;
        break;
    }
    simcall_end(c, ENDER_WE, CAUSE_USUAL);
}

/* The extension's steps. One that is called amd begins with it. */
static const struct world_extension *step_find_plan(const struct simcall *c) {
    const struct request *r = &c->asked;
    const struct world_extension *x = world_extension(c->sim->world, r->exten, r->context);
    if (x)
        return x;
    bool is_amd = strcasecmp(r->exten, "amd") == 0 || strcasecmp(r->context, "amd") == 0;
    return is_amd ? &amd_extension : &plain_extension;
}

void simstep_start(struct simcall *c) {
    const struct request *r = &c->asked;
    if (r->app) {
        c->app = xstrdup(r->app);
        c->arg = xstrdup(r->data ? r->data : "");
        if (!step_run(c))
            simcall_end(c, ENDER_WE, CAUSE_USUAL);
        return;
    }
    if (r->exten == NULL || r->context == NULL) { /* it runs where it stands */
        step_greet(c);
        step_run_talk(c);
        return;
    }
    c->in_dialplan = true;
    c->plan = step_find_plan(c);
    xreplace(&c->leg.context, r->context);
    xreplace(&c->leg.exten, r->exten);
    simstep_next(c);
}

void simstep_due(struct simcall *c) {
    switch (c->doing) {
    case DOING_AMD:
        c->doing = DOING_NOTHING;
        simcall_set(c, "AMDSTATUS", c->fate.amd_status);
        simcall_set(c, "AMDCAUSE", c->fate.amd_cause);
        if (!c->fate.machine && strcmp(c->fate.amd_status, "MACHINE") == 0)
            tally_event(&c->sim->tally, EVENT_MISTAKEN);
        simstep_next(c);
        break;
    case DOING_WAIT:
        simstep_next(c);
        break;
    case DOING_TALK:
        simcall_end(c, ENDER_FAR, CAUSE_USUAL);
        break;
    case DOING_QUEUE:
        simqueue_due(c);
        break;
    case DOING_NOTHING:
        break;
    }
}
