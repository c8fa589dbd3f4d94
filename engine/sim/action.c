#include "sim/action.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "sim/agent.h"

/* The Asterisk that it claims to be. */
static const char *action_version_text(const struct sim *sim) {
    return sim->dialect == 22 ? "22.10.1" : "16.28.0";
}

/* Sends what is in b as the whole answer, and the end. */
static void action_answer_with(struct answer *a, struct str *b) {
    message_end(b);
    answer_send(a, b->s, b->len);
    str_free(b);
    answer_end(a);
}

/* ---- channels ---- */

/* By name or Uniqueid; the ;2 half of a Local channel is the far end. */
static void action_hangup(void *arg, struct answer *a, const struct message *m) {
    struct sim *sim = arg;
    const char *which = message_get(m, "Channel");
    int64_t cause = CAUSE_USUAL;
    if (!str_int(message_get(m, "Cause"), 0, 127, &cause))
        cause = CAUSE_USUAL;
    struct leg *l = which ? leg_find(sim, which) : NULL;
    if (l == NULL) {
        answer_error(a, which ? "No such channel" : "No channel specified");
        return;
    }
    answer_success(a, "Channel Hungup");
    if (l->agent)
        simagent_hangup(l->agent);
    else if (l == &l->call->half && l->call->stage == CALL_UP)
        simcall_end(l->call, ENDER_FAR, (int)cause);
    else
        simcall_hangup(l->call, (int)cause);
}

/* Has its Newchannel been told? Before that nobody can know of it. */
static bool action_is_known(const struct leg *l) { return l->agent || l->call->announced; }

/* What a channel runs; its data goes by different names. */
static void action_print_application(struct str *b, const struct leg *l, const char *data) {
    header_add(b, "Application", l->app);
    header_add(b, data, l->data);
}

/* ActionID, where there was one. */
static void action_add_action_id(struct str *b, const struct answer *a) {
    if (answer_id(a))
        header_add(b, "ActionID", answer_id(a));
}

/* CoreShowChannels: all legs, those of the agents included. */
static void action_show_channels(void *arg, struct answer *a, const struct message *m) {
    (void)m;
    struct sim *sim = arg;
    struct str b = {0};
    unsigned long n = 0;
    answer_list(a, "Channels will follow");
    for (struct map_entry *e = sim->legs.first; e; e = e->next) {
        const struct leg *l = e->value;
        if (!action_is_known(l))
            continue;
        long long s = (sim->clock->mono - l->since) / NS_PER_S;
        header_add(&b, "Event", "CoreShowChannel");
        action_add_action_id(&b, a);
        leg_print(&b, l, LEG_PLAIN);
        header_add(&b, "BridgeId", "");
        action_print_application(&b, l, "ApplicationData");
        header_addf(&b, "Duration", "%02lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
        message_end(&b);
        n++;
    }
    answer_send(a, str_get(&b), b.len);
    str_free(&b);
    answer_complete(a, "CoreShowChannelsComplete", n);
}

/* The variables that Status was asked for, comma separated. */
static void action_print_asked(struct str *b, const struct leg *l, const char *names) {
    char *list = xstrdup(names ? names : ""), *save = NULL;
    for (char *n = strtok_r(list, ",", &save); n; n = strtok_r(NULL, ",", &save)) {
        const char *value = l->agent ? NULL : simcall_get(l->call, n);
        header_addf(b, "Variable", "%s=%s", n, value ? value : "(null)");
    }
    free(list);
}

/* One item of the Status list. */
static void action_print_status(struct str *b, const struct leg *l, const struct answer *a,
                                const char *names) {
    header_add(b, "Event", "Status");
    header_add(b, "Privilege", "Call");
    leg_print(b, l, LEG_PLAIN);
    char *type = xstrndup(l->name, strcspn(l->name, "/"));
    header_add(b, "Type", type);
    free(type);
    header_add(b, "DNID", "");
    header_int(b, "TimeToHangup", 0);
    header_add(b, "BridgeID", "");
    action_print_application(b, l, "Data");
    header_int(b, "Seconds", (l->sim->clock->mono - l->since) / NS_PER_S);
    action_print_asked(b, l, names);
    action_add_action_id(b, a);
    message_end(b);
}

/* Status of one channel or all. */
static void action_status(void *arg, struct answer *a, const struct message *m) {
    struct sim *sim = arg;
    const char *which = message_get(m, "Channel"), *names = message_get(m, "Variables");
    struct leg *only = which ? leg_find(sim, which) : NULL;
    if (which && (only == NULL || !action_is_known(only))) {
        answer_error(a, "No such channel");
        return;
    }
    struct str b = {0};
    unsigned long n = 0;
    answer_list(a, "Channel status will follow");
    for (struct map_entry *e = sim->legs.first; e; e = e->next) {
        const struct leg *l = e->value;
        if ((only && l != only) || !action_is_known(l))
            continue;
        action_print_status(&b, l, a, names);
        n++;
    }
    header_add(&b, "Event", "StatusComplete");
    action_add_action_id(&b, a);
    header_add(&b, "EventList", "Complete");
    header_int(&b, "ListItems", (long long)n);
    header_int(&b, "Items", (long long)n);
    action_answer_with(a, &b);
}

/* Of a channel; a global variable is always empty. */
static void action_getvar(void *arg, struct answer *a, const struct message *m) {
    struct sim *sim = arg;
    const char *which = message_get(m, "Channel"), *name = message_get(m, "Variable");
    struct leg *l = which ? leg_find(sim, which) : NULL;
    if (name == NULL || (which && l == NULL)) {
        answer_error(a, name ? "No such channel" : "No variable specified");
        return;
    }
    const char *value = l && !l->agent ? simcall_get(l->call, name) : NULL;
    if (l && strcasecmp(name, "CALLERID(num)") == 0)
        value = l->num;
    if (l && strcasecmp(name, "CALLERID(name)") == 0)
        value = l->caller;
    struct str b = {0};
    answer_head(a, &b, "Success", NULL);
    header_add(&b, "Variable", name);
    header_add(&b, "Value", value ? value : "");
    action_answer_with(a, &b);
}

/* ---- the server itself ---- */

/* What clients ask for at login. */
static void action_core_settings(void *arg, struct answer *a, const struct message *m) {
    (void)m;
    const struct sim *sim = arg;
    struct str b = {0};
    answer_head(a, &b, "Success", NULL);
    header_add(&b, "AMIversion", sim->dialect == 22 ? "11.0.0" : "5.0.4");
    header_add(&b, "AsteriskVersion", action_version_text(sim));
    header_add(&b, "SystemName", "");
    header_int(&b, "CoreMaxCalls", 0);
    header_add(&b, "CoreMaxLoadAvg", "0.000000");
    header_add(&b, "CoreRunUser", "");
    header_add(&b, "CoreRunGroup", "");
    header_int(&b, "CoreMaxFilehandles", 0);
    header_add(&b, "CoreRealTimeEnabled", "No");
    header_add(&b, "CoreCDRenabled", "Yes");
    header_add(&b, "CoreHTTPenabled", "No");
    if (sim->dialect == 22)
        header_add(&b, "SoundsSearchCustomDir", "No");
    action_answer_with(a, &b);
}

/* Since when it runs, and how many calls. */
static void action_core_status(void *arg, struct answer *a, const struct message *m) {
    (void)m;
    const struct sim *sim = arg;
    time_t started = (time_t)(sim->start_wall / NS_PER_S);
    struct tm tm;
    char date[16], time_of_day[16];
    gmtime_r(&started, &tm);
    strftime(date, sizeof date, "%Y-%m-%d", &tm);
    strftime(time_of_day, sizeof time_of_day, "%H:%M:%S", &tm);
    struct str b = {0};
    answer_head(a, &b, "Success", NULL);
    header_add(&b, "CoreStartupDate", date);
    header_add(&b, "CoreStartupTime", time_of_day);
    header_add(&b, "CoreReloadDate", date);
    header_add(&b, "CoreReloadTime", time_of_day);
    header_int(&b, "CoreCurrentCalls", sim->channels);
    header_int(&b, "CoreProcessedCalls", (long long)sim->processed);
    action_answer_with(a, &b);
}

/* The CLI knows one command. */
static void action_command(void *arg, struct answer *a, const struct message *m) {
    const struct sim *sim = arg;
    const char *line = message_get(m, "Command");
    if (line == NULL) {
        answer_error(a, "No command provided");
        return;
    }
    struct str b = {0};
    bool known = strcasecmp(line, "core show version") == 0;
    answer_head(a, &b, known ? "Success" : "Error", "Command output follows");
    if (known)
        header_addf(&b, "Output", "Asterisk %s, simulated by astout", action_version_text(sim));
    else
        header_addf(&b, "Output",
                    "No such command '%s' (type 'core show help %s' for other possible "
                    "commands)",
                    line, line);
    action_answer_with(a, &b);
}

/* Told to all, with all its headers, the sender's ActionID included. */
static void action_user_event(void *arg, struct answer *a, const struct message *m) {
    struct sim *sim = arg;
    const char *name = message_get(m, "UserEvent");
    answer_success(a, "Event Sent");
    if (!event_begin(sim, CLASS_USER, "UserEvent"))
        return;
    header_add(&sim->out, "UserEvent", name ? name : "");
    for (unsigned i = 0; i < m->count; i++)
        if (strcasecmp(m->headers[i].name, "Action") &&
            strcasecmp(m->headers[i].name, "UserEvent"))
            header_add(&sim->out, m->headers[i].name, m->headers[i].value);
    event_send(sim, CLASS_USER);
}

/* One packet with a header per action. */
static void action_list_commands(void *arg, struct answer *a, const struct message *m) {
    (void)arg, (void)m;
    static const char *const built_in[] = {"Challenge", "Events", "Login", "Logoff", "Ping"};
    struct str b = {0};
    answer_head(a, &b, "Success", NULL);
    for (size_t i = 0; i < ARRAY_LEN(built_in); i++)
        header_add(&b, built_in[i], "As every AMI server has it  (Priv: <none>)");
    for (const struct action *const *t = simaction_tables; *t; t++) {
        for (const struct action *x = *t; x->name; x++) {
            struct str classes = {0};
            class_text(&classes, x->need);
            header_addf(&b, x->name, "%s  (Priv: %s)", x->help, str_get(&classes));
            str_free(&classes);
        }
    }
    action_answer_with(a, &b);
}

static const struct action table[] = {
    {"Originate", CLASS_ORIGINATE, simaction_originate, "Originate a call.", NULL},
    {"Hangup", CLASS_SYSTEM | CLASS_CALL, action_hangup, "Hangup channel.", NULL},
    {"Status", CLASS_SYSTEM | CLASS_CALL | CLASS_REPORTING, action_status,
     "List channel status.", NULL},
    {"Getvar", CLASS_CALL | CLASS_REPORTING, action_getvar, "Gets a channel variable.", NULL},
    {"CoreShowChannels", CLASS_SYSTEM | CLASS_REPORTING, action_show_channels,
     "List currently active channels.", NULL},
    {"CoreSettings", CLASS_SYSTEM | CLASS_REPORTING, action_core_settings,
     "Show PBX core settings (version etc).", NULL},
    {"CoreStatus", CLASS_SYSTEM | CLASS_REPORTING, action_core_status,
     "Show PBX core status variables.", NULL},
    {"Command", CLASS_COMMAND, action_command, "Execute Asterisk CLI Command.", NULL},
    {"UserEvent", CLASS_USER, action_user_event, "Send an arbitrary event.", NULL},
    {"ListCommands", 0, action_list_commands, "List available manager commands.", NULL},
    {0},
};

const struct action *const simaction_tables[] = {table, simaction_queue_table, NULL};
