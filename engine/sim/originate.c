/* The action Originate: every check that the real one makes before it says that the
 * call is queued. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/action.h"
#include "sim/call.h"

#define ID_MAX 149
#define CHANNEL_MAX 255
#define TIMEOUT_USUAL 30000 /* ms */

/* ---- headers ---- */

/* A copy of a header, NULL if it is missing or empty. */
static char *sim_originate_copy(const struct message *m, const char *name) {
    return xstrdup(message_get(m, name));
}

/* Reads one argument up to a comma: quotes and backslashes protect commas, and go. */
static const char *sim_originate_read_argument(const char *p, struct str *out) {
    bool quoted = false;
    for (; *p && (quoted || *p != ','); p++) {
        if (*p == '"') {
            quoted = !quoted;
            continue;
        }
        if (*p == '\\' && p[1])
            p++;
        str_addc(out, *p);
    }
    return *p ? p + 1 : p;
}

/* CALLERID(name)=Joe is a function, not a variable. True if it was one we know. */
static bool sim_originate_set_function(struct request *r, const char *name, const char *value) {
    if (strcasecmp(name, "CALLERID(name)") == 0)
        xreplace(&r->caller, value);
    else if (strcasecmp(name, "CALLERID(num)") == 0)
        xreplace(&r->num, value);
    else
        return false;
    return true;
}

/* One Variable header: name=value, and more of them behind commas. */
static void sim_originate_read_variables(struct request *r, const char *p) {
    struct str one = {0};
    while (*p) {
        str_reset(&one);
        p = sim_originate_read_argument(p, &one);
        char *equals = one.len ? strchr(one.s, '=') : NULL;
        if (equals == NULL || equals == one.s)
            continue;
        *equals = '\0';
        if (sim_originate_set_function(r, one.s, equals + 1))
            continue;
        r->vars = xrealloc(r->vars, (r->var_count + 1) * sizeof *r->vars);
        r->vars[r->var_count++] =
            (struct variable){.name = xstrdup(one.s), .value = xstrdup(equals + 1)};
    }
    str_free(&one);
}

/* "Name" <num>, Name <num>, or a number alone. */
static void sim_originate_read_callerid(struct request *r, const char *text) {
    if (text == NULL)
        return;
    const char *open = strchr(text, '<'), *close = open ? strchr(open, '>') : NULL;
    if (close == NULL) {
        bool is_number = strspn(text, "0123456789*#+") == strlen(text);
        *(is_number ? &r->num : &r->caller) = xstrdup(text);
        return;
    }
    char *name = xstrndup(text, (size_t)(open - text)), *trimmed = str_trim(name);
    size_t n = strlen(trimmed);
    if (n >= 2 && trimmed[0] == '"' && trimmed[n - 1] == '"') {
        trimmed[n - 1] = '\0';
        trimmed++;
    }
    if (*trimmed)
        r->caller = xstrdup(trimmed);
    if (close > open + 1)
        r->num = xstrndup(open + 1, (size_t)(close - open - 1));
    free(name);
}

/* ---- checks; each gives the error's text or NULL ---- */

/* The one header that is needed. */
static const char *sim_originate_check_channel(struct request *r, const struct message *m) {
    (void)m;
    return r->channel ? NULL : "Channel not specified";
}

/* A number; labels are not known here. */
static const char *sim_originate_check_priority(struct request *r, const struct message *m) {
    const char *text = message_get(m, "Priority");
    if (text && (sscanf(text, "%30d", &r->priority) != 1 || r->priority < 1))
        return "Invalid priority";
    return NULL;
}

/* Milliseconds; what follows the digits is ignored. */
static const char *sim_originate_check_timeout(struct request *r, const struct message *m) {
    const char *text = message_get(m, "Timeout");
    int ms = TIMEOUT_USUAL;
    if (text && sscanf(text, "%30d", &ms) != 1)
        return "Invalid timeout";
    r->timeout = ms > 0 ? ms * NS_PER_MS : 0;
    return NULL;
}

/* Both ids have the same bound. */
static const char *sim_originate_check_ids(struct request *r, const struct message *m) {
    (void)m;
    bool too_long =
        (r->id && strlen(r->id) > ID_MAX) || (r->other_id && strlen(r->other_id) > ID_MAX);
    return too_long ? "Uniqueid length exceeds maximum of 149" : NULL;
}

/* Technology/number, cut in silence where it is too long. */
static const char *sim_originate_check_tech(struct request *r, const struct message *m) {
    (void)m;
    if (strlen(r->channel) > CHANNEL_MAX)
        r->channel[CHANNEL_MAX] = '\0';
    return strchr(r->channel, '/') ? NULL : "Invalid channel";
}

/* Only where all three parts are given. */
static const char *sim_originate_check_exten(struct request *r, const struct message *m) {
    (void)m;
    bool asked = !r->app && r->exten && r->context && r->priority;
    if (asked && (str_has_prefix(r->exten, "nosuch") || str_has_prefix(r->context, "nosuch")))
        return "Extension does not exist.";
    return NULL;
}

/* Applications that reach the system need the class of that name. */
static const char *sim_originate_check_app(const struct sim *sim, const struct request *r,
                                           const struct answer *a) {
    static const char *const guarded[] = {"system",  "trysystem",   "exec",      "agi",
                                          "eagi",    "mixmonitor",  "originate", "execif",
                                          "fastagi", "externalivr", "tryexec"};
    struct session *s = answer_session(a);
    bool trusted = s && (session_user(s)->write & CLASS_SYSTEM);
    for (size_t i = 0; r->app && !trusted && i < ARRAY_LEN(guarded); i++)
        if (strcasecmp(guarded[i], r->app) == 0)
            return sim->dialect == 22 ? "Originate Access Forbidden: app or data blacklisted"
                                      : "Originate Access Forbidden: Application";
    return NULL;
}

/* In the order in which Asterisk makes them. */
static const char *sim_originate_check(const struct sim *sim, struct request *r,
                                       const struct answer *a, const struct message *m) {
    static const char *(*const checks[])(struct request *, const struct message *) = {
        sim_originate_check_channel, sim_originate_check_priority, sim_originate_check_timeout,
        sim_originate_check_ids,     sim_originate_check_tech,
    };
    const char *wrong = NULL;
    for (size_t i = 0; i < ARRAY_LEN(checks) && wrong == NULL; i++)
        wrong = checks[i](r, m);
    if (wrong == NULL)
        wrong = sim_originate_check_app(sim, r, a);
    return wrong ? wrong : sim_originate_check_exten(r, m);
}

/* ---- the action ---- */

/* Every header that matters. */
static void sim_originate_read_request(struct request *r, const struct answer *a,
                                       const struct message *m) {
    *r = (struct request){
        .action_id = xstrdup(answer_id(a)),
        .channel = sim_originate_copy(m, "Channel"),
        .app = sim_originate_copy(m, "Application"),
        .data = sim_originate_copy(m, "Data"),
        .context = sim_originate_copy(m, "Context"),
        .exten = sim_originate_copy(m, "Exten"),
        .account = sim_originate_copy(m, "Account"),
        .id = sim_originate_copy(m, "ChannelId"),
        .other_id = sim_originate_copy(m, "OtherChannelId"),
    };
    if (r->app && r->data == NULL)
        r->data = xstrdup("");
    sim_originate_read_callerid(r, message_get(m, "CallerID"));
    for (unsigned i = 0; i < m->count; i++)
        if (strcasecmp(m->headers[i].name, "Variable") == 0)
            sim_originate_read_variables(r, m->headers[i].value);
}

void simaction_originate(void *arg, struct answer *a, const struct message *m) {
    struct sim *sim = arg;
    struct request r;
    sim_originate_read_request(&r, a, m);
    const char *wrong = sim_originate_check(sim, &r, a, m);
    bool async = false;
    if (!str_bool(message_get(m, "Async"), &async))
        async = false;
    if (wrong == NULL && !async && !r.app && !(r.exten && r.context && r.priority))
        wrong = "Originate with 'Exten' requires 'Context' and 'Priority'";
    if (wrong) {
        answer_error(a, wrong);
        request_free(&r);
        return;
    }
    if (async)
        answer_success(a, "Originate successfully queued");
    simcall_new(sim, &r, async ? NULL : a);
}
