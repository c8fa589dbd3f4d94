/* An engine in this process for tests of the dialer, beside a server that plays its
 * Asterisk. Real time; all files in a folder of its own. */
#ifndef TESTS_DIALER_H
#define TESTS_DIALER_H

#include "tool.h"

#include "ami/server.h"
#include "dialer/list/agenda.h"
#include "dialer/campaign/campaign.h"
#include "dialer/dialer.h"
#include "dialer/list/lead.h"
#include "control/form.h"
#include "dialer/noun/nouns.h"

struct office {
    struct house h;
    char folder[40];
    struct conf *conf;
    struct engine *engine;
    struct users *users;     /* of the server that plays Asterisk */
    struct server *asterisk; /* NULL: nobody is there */
};

TOOL const char *office_version(void *arg) { return (void)arg, "5.0.4"; }

/* Everything but the engine. With tables somebody listens who answers these actions. */
TOOL void office_begin(struct office *o, const struct action *const *tables) {
    char *err = NULL, *path;
    memset(o, 0, sizeof *o);
    strcpy(o->folder, "/tmp/astout-dialer-XXXXXX");
    assert_non_null(mkdtemp(o->folder));
    house_begin(&o->h, false);
    path = xasprintf("%s/manager.conf", o->folder);
    write_file(path, "[astout]\nsecret = s\nread = all\nwrite = all\n");
    o->users = users_load(path, &err);
    assert_non_null(o->users);
    free(path);
    int port = 1; /* nobody there */
    if (tables) {
        const struct server_config config = {.bindaddr = "127.0.0.1",
                                             .users = o->users,
                                             .limits = {10, 10, SECONDS(10), 1 << 24},
                                             .tables = tables,
                                             .arg = o,
                                             .version = office_version};
        o->asterisk = server_new(o->h.loop, &o->h.chance, &config, &err);
        assert_non_null(o->asterisk);
        port = server_port(o->asterisk);
    }
    path = xasprintf("%s/astout.conf", o->folder);
    char *here = realpath(".", NULL);
    char *text = xasprintf("[general]\nresult_filename = results\n"
                           "[database]\ndb_sqlite3_data = db\ndurability = normal\n"
                           "[ami]\nenabled = no\n[scripts]\npath = %s/strategies\n"
                           "[asterisk:main]\nport = %d\nusername = astout\n"
                           "secret = s\n",
                           here, port);
    write_file(path, text);
    o->conf = conf_load(path, &err);
    if (o->conf == NULL)
        fail_msg("%s", err);
    free(here);
    free(text);
    free(path);
}

TOOL void office_start(struct office *o) {
    char *err = NULL;
    o->engine = dialer_new(o->h.loop, &o->h.log, o->conf, &err);
    if (o->engine == NULL)
        fail_msg("%s", err);
}

TOOL void office_gone(void *arg) { ((struct house *)arg)->passed = true; }

TOOL void office_stop(struct office *o) {
    o->h.passed = false;
    dialer_leave(o->engine, office_gone, &o->h);
    while (!o->h.passed)
        loop_turn(o->h.loop, true);
    dialer_close(o->engine);
    o->engine = NULL;
    settle(&o->h);
}

TOOL void office_end(struct office *o) {
    if (o->engine)
        office_stop(o);
    server_free(o->asterisk);
    settle(&o->h);
    users_free(o->users);
    conf_free(o->conf);
    house_end(&o->h);
    remove_folder(o->folder);
}

/* ---- asking for resources, as AMI does ---- */

struct asked {
    bool done;
    char *error;
    char uuid[UUID_TEXT];
};

TOOL void on_asked(void *arg, const char *error, const struct row *row) {
    struct asked *a = arg;
    a->done = true;
    a->error = xstrdup(error);
    snprintf(a->uuid, sizeof a->uuid, "%s", row && !error ? row_uuid(row) : "");
}

/* Begins an action whose headers are lines "Name: value\n"; wait for a->done. */
TOOL void ask_begin(struct office *o, struct asked *a, const struct noun *n,
                    enum change_verb verb, const char *headers) {
    struct message m = {0};
    struct change ch;
    for (const char *p = headers; *p; p += *p == '\n') {
        message_line(&m, p, strcspn(p, "\n"));
        p += strcspn(p, "\n");
    }
    message_done(&m);
    *a = (struct asked){0};
    const char *why = form_read(&ch, verb, n, &m, "test");
    if (why)
        on_asked(a, why, NULL);
    else
        noun_change(o->engine, &ch, on_asked, a);
    change_end(&ch);
    message_free(&m);
}

/* The same, waited for; it must succeed. */
TOOL struct asked ask(struct office *o, const struct noun *n, enum change_verb verb,
                      const char *headers) {
    struct asked a;
    ask_begin(o, &a, n, verb, headers);
    UNTIL(&o->h, a.done);
    if (a.error)
        fail_msg("%s: %s", headers, a.error);
    return a;
}

/* A lead as it stands in the database, to be freed. */
TOOL struct row *lead_row(struct office *o, const char *uuid) {
    struct query q;
    query_begin(&q, o->engine->store, &read_lead_by_uuid, uuid, NULL);
    struct row *r = query_step(&q) ? query_row(&q, 0, &noun_lead) : NULL;
    query_end(&q);
    assert_non_null(r);
    return r;
}

#endif
