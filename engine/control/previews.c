#include "control/previews.h"

#include <stdlib.h>

#include "ami/message.h"
#include "dialer/pace/preview.h"
#include "control/actions.h"
#include "control/entry.h"
#include "control/print.h"

/* Who asked, and the protocol's words. */
struct decision {
    struct answer *answer;
    const char *success, *failure;
};

static void previews_on_decided(void *arg, const char *error) {
    struct decision *d = arg;
    if (error)
        entry_refuse(d->answer, d->failure, error);
    else
        answer_success(d->answer, d->success);
    free(d);
}

static struct decision *previews_decision_new(struct answer *a, const char *success,
                                              const char *failure) {
    struct decision *d = xcalloc(1, sizeof *d);
    *d = (struct decision){a, success, failure};
    return d;
}

static void previews_run_accept(void *arg, struct answer *a, const struct message *m) {
    preview_accept(arg, message_get(m, "Uuid"), message_get(m, "Index"), previews_on_decided,
                   previews_decision_new(a, "Preview accepted successfully",
                                         "Error encountered while accepting preview"));
}

static void previews_run_skip(void *arg, struct answer *a, const struct message *m) {
    preview_skip(arg, message_get(m, "Uuid"), message_get(m, "Reason"), previews_on_decided,
                 previews_decision_new(a, "Preview skipped successfully",
                                       "Error encountered while skipping preview"));
}

static void previews_run_show(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    const char *uuid = message_get(m, "Uuid");
    const struct preview *one = uuid ? map_get(&e->previews, uuid) : NULL;
    unsigned long items = 0;
    if (uuid && (one == NULL || !one->told)) {
        entry_refuse(a, "No such preview", NULL);
        return;
    }
    answer_list(a, "Preview List will follow");
    for (struct map_entry *i = e->previews.first; i; i = i->next) {
        const struct preview *p = i->value;
        if (!p->told || (one && p != one))
            continue;
        struct str b = {0};
        entry_begin(a, &b, "OutPreviewEntry");
        print_attrs(preview_attrs, p, &b);
        entry_end(a, &b);
        items++;
    }
    answer_complete(a, "OutPreviewListComplete", items);
}

const struct action preview_actions[] = {
    {"OutPreviewAccept", ACTIONS_NEED, previews_run_accept,
     "Calls a lead that is offered to an agent."},
    {"OutPreviewSkip", ACTIONS_NEED, previews_run_skip,
     "Gives back a lead that is offered to an agent."},
    {"OutPreviewShow", ACTIONS_NEED, previews_run_show,
     "Lists leads that are offered to agents."},
    {0},
};
