#include "control/table.h"

#include "control/actions.h"
#include "control/leads.h"
#include "control/previews.h"
#include "control/stats.h"
#include "control/strategies.h"
#include "dialer/call/dialing.h"
#include "dialer/pace/preview.h"
#include "dialer/plan/plan.h"
#include "dialer/plan/shadow.h"

/* clang-format off */
#define HEADERS(...) (const struct about_header[]){__VA_ARGS__, {0}}
#define ABOUT(...) &(const struct about){__VA_ARGS__}
#define LIST(...) &(const struct about_list){__VA_ARGS__}
#define ONE_OR_ALL HEADERS({"Uuid", "only this one", false})

/* The actions that create, change and delete resources of a noun. Words: what the protocol
 * calls one; each Message of a failure has an ending of its own. */
#define CHANGES(Name, stored, words, Words, create_end, update_end, delete_end)            \
    {"Out" Name "Create", ACTIONS_NEED, action_change, "Creates a " words ".",             \
     ABOUT(.noun = &stored, .verb = CHANGE_CREATE, .success = Words " created successfully", \
           .failure = "Error encountered while creating " create_end)},                    \
    {"Out" Name "Update", ACTIONS_NEED, action_change, "Changes a " words ".",             \
     ABOUT(.noun = &stored, .verb = CHANGE_UPDATE, .success = Words " updated successfully", \
           .failure = "Error encountered while updating " update_end)},                    \
    {"Out" Name "Delete", ACTIONS_NEED, action_change, "Deletes a " words ".",             \
     ABOUT(.noun = &stored, .verb = CHANGE_DELETE, .success = Words " deleted successfully", \
           .failure = "Error encountered while deleting " delete_end)}

/* The action that lists them. */
#define SHOW(Name, stored, word, run, help, headers)                                       \
    {"Out" Name "Show", ACTIONS_NEED, run, help,                                           \
     ABOUT(.failure = "No such " word, .takes = headers,                                   \
           .list = LIST(Name " List will follow", "Out" Name "Entry",                      \
                        "Out" Name "ListComplete", &stored, NULL))}
#define ALL(Name, stored, word, words, Words)                                              \
    CHANGES(Name, stored, words, Words, word, word, word),                                 \
    SHOW(Name, stored, word, action_show, "Lists " words "s.", ONE_OR_ALL)

const struct action actions[] = {
    ALL("Campaign", noun_campaign, "campaign", "campaign", "Campaign"),
    {"OutCampaignStatShow", ACTIONS_NEED, action_show_stats,
     "Lists campaigns' counts of leads.",
     ABOUT(.failure = "No such campaign", .takes = ONE_OR_ALL,
           .list = LIST("Campaign Stat List will follow", "OutCampaignStatEntry",
                        "OutCampaignStatListComplete", NULL, stat_attrs))},
    ALL("Plan", noun_plan, "plan", "plan", "Plan"),
    ALL("Dlma", noun_dlma, "dlma", "dial list master", "Dlma"),
    CHANGES("DlList", noun_lead, "lead", "Dl list", "dl list.", "dl list.", "dl_list"),
    {"OutDlListShow", ACTIONS_NEED, action_show_leads, "Lists leads.",
     ABOUT(.failure = "No such dl_list",
           .takes = HEADERS({"Uuid", "only this one", false},
                            {"DlmaUuid", "only those of this list", false},
                            {"Count", "how many at most: 1 to 100000000, default 100", false},
                            {"After", "uuid of a lead: begin after it", false}),
           .list = LIST("Dl List will follow", "OutDlListEntry", "OutDlListComplete",
                        &noun_lead, NULL))},
    ALL("Destination", noun_destination, "destination", "destination", "Destination"),
    ALL("Queue", noun_queue, "queue", "queue", "Queue"),
    {"OutDialingShow", ACTIONS_NEED, action_show_dialings, "Lists calls in flight.",
     ABOUT(.failure = "No such dialing", .takes = ONE_OR_ALL,
           .list = LIST("Dialing List will follow", "OutDialingEntry", "OutDialingListComplete",
                        NULL, dialing_attrs))},
    {"OutDialingSummary", ACTIONS_NEED, action_count_dialings, "Counts calls in flight.",
     ABOUT(.list = LIST("Summary List will follow", "OutDialingSummary",
                        "OutSummaryListComplete", NULL, summary_attrs))},
    {"OutStrategyShow", ACTIONS_NEED, strategy_action_show,
     "Lists what runs in each hook of the plans.",
     ABOUT(.failure = "No such plan",
           .takes = HEADERS({"Plan", "only this plan", false}),
           .list = LIST("Strategy List will follow", "OutStrategyEntry",
                        "OutStrategyListComplete", NULL, strategy_attrs))},
    {"OutStrategyShadowShow", ACTIONS_NEED, strategy_action_shadows,
     "Lists what shadows would have done.",
     ABOUT(.failure = "No such plan",
           .takes = HEADERS({"Plan", "only this plan", false}),
           .list = LIST("Strategy Shadow List will follow", "OutStrategyShadowEntry",
                        "OutStrategyShadowListComplete", NULL, shadow_attrs))},
    {"OutStrategyReload", ACTIONS_NEED, strategy_action_reload,
     "Reads the strategies' files again.",
     ABOUT(.success = "Strategies reloaded", .failure = "No such plan",
           .takes = HEADERS({"Plan", "only this plan", false}),
           .answers = HEADERS({"Swapped", "hooks that another version is in charge of now",
                               true},
                              {"Refused", "hooks whose file cannot be put into service; they "
                                          "go on as before", true}))},
    {"OutPreviewAccept", ACTIONS_NEED, preview_action_accept,
     "Calls a lead that is offered to an agent.",
     ABOUT(.success = "Preview accepted successfully",
           .failure = "Error encountered while accepting preview",
           .takes = HEADERS({"Uuid", "uuid of the offer", true},
                            {"Index", "number of the lead to call, 1 to 8; default: the "
                                      "one offered", false}))},
    {"OutPreviewSkip", ACTIONS_NEED, preview_action_skip,
     "Gives back a lead that is offered to an agent.",
     ABOUT(.success = "Preview skipped successfully",
           .failure = "Error encountered while skipping preview",
           .takes = HEADERS({"Uuid", "uuid of the offer", true},
                            {"Reason", "any text; it comes back in OutPreviewDone", false}))},
    {"OutPreviewShow", ACTIONS_NEED, preview_action_show,
     "Lists leads that are offered to agents.",
     ABOUT(.failure = "No such preview", .takes = ONE_OR_ALL,
           .list = LIST("Preview List will follow", "OutPreviewEntry", "OutPreviewListComplete",
                        NULL, preview_attrs))},
    {0},
};
/* clang-format on */

void actions_print(struct str *b) {
    for (const struct action *a = actions; a->name; a++) {
        struct str classes = {0};
        class_text(&classes, a->need);
        str_addf(b, "%s: %s  (Priv: %s)\r\n", a->name, a->help, str_get(&classes));
        str_free(&classes);
    }
}
