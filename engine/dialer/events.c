#include "dialer/events.h"

#include "dialer/call/dialing.h"
#include "dialer/pace/preview.h"
#include "dialer/plan/strategy.h"

/* The three events of a noun of the store. */
/* clang-format off */
#define STORED(ID, Name, word, stored, a_label, updated)                                  \
    [EVENT_##ID##_CREATE] = {"Out" Name "Create", word, "create", &stored, NULL,          \
                             a_label " was created and is on the disk"},                  \
    [EVENT_##ID##_UPDATE] = {"Out" Name "Update", word, "update", &stored, NULL,          \
                             a_label updated},                                            \
    [EVENT_##ID##_DELETE] = {"Out" Name "Delete", word, "delete", &stored, NULL,          \
                             a_label " was deleted; the change is on the disk"}
/* clang-format on */

#define CHANGED " was changed; the change is on the disk"

const struct event_type event_types[] = {
    STORED(CAMPAIGN, "Campaign", "campaign", noun_campaign, "a campaign",
           " was changed, also by a step of its Status; the change is on the disk"),
    STORED(PLAN, "Plan", "plan", noun_plan, "a plan", CHANGED),
    STORED(DLMA, "Dlma", "dlma", noun_dlma, "a list (dlma)", CHANGED),
    STORED(LEAD, "DlList", "dl", noun_lead, "a lead",
           " was changed, reserved, called or released; the change is on the disk"),
    STORED(DESTINATION, "Destination", "destination", noun_destination, "a destination",
           CHANGED),
    STORED(QUEUE, "Queue", NULL, noun_queue, "a queue", CHANGED),
    [EVENT_DIALING_CREATE] = {"OutDialingCreate", "dialing", "create", NULL, dialing_attrs,
                              "a call begins; its lead is reserved on the disk"},
    [EVENT_DIALING_UPDATE] =
        {"OutDialingUpdate", "dialing", "update", NULL, dialing_attrs,
         "Status of a call has risen, or another of its headers has changed"},
    [EVENT_DIALING_DELETE] = {"OutDialingDelete", "dialing", "delete", NULL, dialing_attrs,
                              "a call is over; its result is on the disk"},
    [EVENT_PREVIEW] = {"OutPreview", NULL, NULL, NULL, preview_attrs,
                       "a lead is offered to an agent, who has to decide"},
    [EVENT_PREVIEW_DONE] = {"OutPreviewDone", NULL, NULL, NULL, preview_done_attrs,
                            "an offer has ended; there is one for each OutPreview"},
    [EVENT_STRATEGY_ERROR] = {"OutStrategyError", NULL, NULL, NULL, strategy_error_attrs,
                              "a strategy failed, or its file cannot be put into service"},
    [EVENT_STRATEGY_SWAP] = {"OutStrategySwap", NULL, NULL, NULL, strategy_swap_attrs,
                             "another version of a strategy is in charge of a hook"},
};
_Static_assert(ARRAY_LEN(event_types) == EVENT_COUNT, "an event without its row");
