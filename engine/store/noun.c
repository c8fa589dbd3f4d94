#include "store/noun.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN (FIELD_INPUT | FIELD_PRINT)
#define LATE (FIELD_INPUT | FIELD_LATE)
#define ANY_INT INT64_MIN, INT64_MAX
#define TRIES 0, 1000000

static const struct field campaign_fields[CAMPAIGN_FIELDS] = {
    [CAMPAIGN_UUID] = {"uuid", "Uuid", FIELD_TEXT, FIELD_PRINT, .help = "version 4 uuid"},
    [CAMPAIGN_NAME] = {"name", "Name", FIELD_TEXT, SHOWN, .help = "name, for people"},
    [CAMPAIGN_DETAIL] = {"detail", "Detail", FIELD_TEXT, SHOWN, .help = "free text"},
    [CAMPAIGN_STATUS] = {"status", "Status", FIELD_INT, FIELD_PRINT | FIELD_ASKED, "0", 0, 30,
                         "0 stop, 1 start, 2 pause, 10 stopping, 11 starting, 12 pausing"},
    [CAMPAIGN_PLAN] = {"plan", "Plan", FIELD_TEXT, SHOWN | FIELD_NEEDED,
                       .help = "uuid of the plan"},
    [CAMPAIGN_DLMA] = {"dlma", "Dlma", FIELD_TEXT, SHOWN | FIELD_NEEDED,
                       .help = "uuid of the dlma"},
    [CAMPAIGN_DEST] = {"dest", "Dest", FIELD_TEXT, SHOWN | FIELD_NEEDED,
                       .help = "uuid of the destination"},
    [CAMPAIGN_SC_MODE] = {"sc_mode", "ScMode", FIELD_INT, SHOWN, "0", 0, 1,
                          "1 = it starts and stops by its schedule"},
    [CAMPAIGN_SC_TIME_START] = {"sc_time_start", "ScTimeStart", FIELD_TEXT, SHOWN,
                                .help = "HH:MM or HH:MM:SS"},
    [CAMPAIGN_SC_TIME_END] = {"sc_time_end", "ScTimeEnd", FIELD_TEXT, SHOWN,
                              .help = "HH:MM or HH:MM:SS; before ScTimeStart: on the next day"},
    [CAMPAIGN_SC_DATE_START] = {"sc_date_start", "ScDateStart", FIELD_TEXT, SHOWN,
                                .help = "YYYY-MM-DD"},
    [CAMPAIGN_SC_DATE_END] = {"sc_date_end", "ScDateEnd", FIELD_TEXT, SHOWN,
                              .help = "YYYY-MM-DD, the last day"},
    [CAMPAIGN_SC_DATE_LIST] = {"sc_date_list", "ScDateList", FIELD_TEXT, SHOWN,
                               .help =
                                   "dates on which it runs, whatever the other headers say"},
    [CAMPAIGN_SC_DATE_LIST_EXCEPT] = {"sc_date_list_except", "ScDateListExcept", FIELD_TEXT,
                                      SHOWN, .help = "dates on which it does not run"},
    [CAMPAIGN_SC_DAY_LIST] = {"sc_day_list", "ScDayList", FIELD_TEXT, SHOWN,
                              .help = "days of the week, 0 Sunday ... 6 Saturday"},
    [CAMPAIGN_TM_CREATE] = {"tm_create", "TmCreate", FIELD_TEXT, FIELD_PRINT,
                            .help = "when it was created"},
    [CAMPAIGN_TM_DELETE] = {"tm_delete", "TmDelete", FIELD_TEXT, FIELD_PRINT,
                            .help = "when it was deleted"},
    [CAMPAIGN_TM_UPDATE] = {"tm_update", "TmUpdate", FIELD_TEXT, FIELD_PRINT,
                            .help = "when it was last changed"},
    [CAMPAIGN_VARIABLES] = {"variables", "Variable", FIELD_VARS, LATE,
                            .help = "channel variables of its calls"},
    [CAMPAIGN_NEXT_CAMPAIGN] = {"next_campaign", "NextCampaign", FIELD_TEXT, LATE,
                                .help = "uuid of the campaign that starts when its list ends"},
    [CAMPAIGN_CHANNELS] = {"channels", "Channels", FIELD_INT, LATE, "0", 0, 1000000,
                           "calls at once; 0 = no limit of its own"},
    [CAMPAIGN_CPS] = {"cps", "Cps", FIELD_INT, LATE, "0", 0, 100000,
                      "calls begun per second; 0 = no limit of its own"},
    [CAMPAIGN_IN_USE] = {"in_use", NULL, FIELD_INT, 0, "1", 0, 1},
    [CAMPAIGN_SC_HOLD] = {"sc_hold", NULL, FIELD_INT, FIELD_STATE, "0", 0, 1,
                          "1 = stopped by hand or at the list's end: the open schedule does "
                          "not start it"},
};

#define RETRY(n)                                                         \
    [PLAN_MAX_RETRY_CNT_1 + n - 1] = {"max_retry_cnt_" #n,               \
                                      "MaxRetryCnt" #n,                  \
                                      FIELD_INT,                         \
                                      SHOWN,                             \
                                      "5",                               \
                                      TRIES,                             \
                                      "attempts allowed for number " #n, \
                                      "MaxRetry" #n}

static const struct field plan_fields[PLAN_FIELDS] = {
    [PLAN_UUID] = {"uuid", "Uuid", FIELD_TEXT, FIELD_PRINT, .help = "version 4 uuid"},
    [PLAN_NAME] = {"name", "Name", FIELD_TEXT, SHOWN, .help = "name, for people"},
    [PLAN_DETAIL] = {"detail", "Detail", FIELD_TEXT, SHOWN, .help = "free text"},
    [PLAN_DIAL_MODE] = {"dial_mode", "DialMode", FIELD_INT, SHOWN, "1", 0, 5,
                        "0 none, 1 predictive, 2 preview, 3 power, 4 robo, 5 redirect"},
    [PLAN_DIAL_TIMEOUT] = {"dial_timeout", "DialTimeout", FIELD_INT, SHOWN, "30000", 1, 3600000,
                           "milliseconds that a call may ring"},
    [PLAN_CALLER_ID] = {"caller_id", "CallerId", FIELD_TEXT, SHOWN,
                        .help = "caller id of its calls: \"Name\" <number>"},
    [PLAN_DL_END_HANDLE] = {"dl_end_handle", "DlEndHandle", FIELD_INT, SHOWN, "1", 0, 1,
                            "at the end of the list: 1 stops the campaign, 0 keeps it"},
    [PLAN_RETRY_DELAY] = {"retry_delay", "RetryDelay", FIELD_INT, SHOWN, "60", 0, 31536000,
                          "seconds between two calls of a lead"},
    [PLAN_TRUNK_NAME] = {"trunk_name", "TrunkName", FIELD_TEXT, SHOWN | FIELD_NUMBER,
                         .help = "trunk that the calls leave through"},
    [PLAN_TECH_NAME] = {"tech_name", "TechName", FIELD_TEXT, SHOWN,
                        .help = "channel technology followed by a slash: sip/, PJSIP/, Local/"},
    [PLAN_VARIABLES] = {"variables", "Variable", FIELD_VARS, SHOWN,
                        .help = "channel variables of its calls"},
    RETRY(1),
    RETRY(2),
    RETRY(3),
    RETRY(4),
    RETRY(5),
    RETRY(6),
    RETRY(7),
    RETRY(8),
    [PLAN_TM_CREATE] = {"tm_create", "TmCreate", FIELD_TEXT, FIELD_PRINT,
                        .help = "when it was created"},
    [PLAN_TM_DELETE] = {"tm_delete", "TmDelete", FIELD_TEXT, FIELD_PRINT,
                        .help = "when it was deleted"},
    [PLAN_TM_UPDATE] = {"tm_update", "TmUpdate", FIELD_TEXT, FIELD_PRINT,
                        .help = "when it was last changed"},
    [PLAN_SERVICE_LEVEL] = {"service_level", "ServiceLevel", FIELD_INT, LATE, "0", -100000,
                            100000, "calls wanted beyond the free agents; may be negative"},
    [PLAN_EARLY_MEDIA] = {"early_media", "EarlyMedia", FIELD_TEXT, LATE,
                          .help = "EarlyMedia of the Originate"},
    [PLAN_CODECS] = {"codecs", "Codecs", FIELD_TEXT, LATE, .help = "Codecs of the Originate"},
    [PLAN_UUI_FIELD] = {"uui_field", NULL, FIELD_TEXT, 0, .help = "kept for old databases"},
    [PLAN_DIAL_SCRIPT] = {"dial_script", "DialScript", FIELD_TEXT, LATE,
                          .help = "script in strategies/dial; overrides DialMode"},
    [PLAN_RETRY_SCRIPT] = {"retry_script", "RetryScript", FIELD_TEXT, LATE,
                           .help = "script in strategies/retry"},
    [PLAN_ROUTE_SCRIPT] = {"route_script", "RouteScript", FIELD_TEXT, LATE,
                           .help = "script in strategies/route"},
    [PLAN_RESULT_SCRIPT] = {"result_script", "ResultScript", FIELD_TEXT, LATE,
                            .help = "script in strategies/result"},
    [PLAN_DIAL_PARAMS] = {"dial_params", "DialParams", FIELD_TEXT, LATE,
                          .help =
                              "parameters of the dial script: JSON, or name=value,name=value"},
    [PLAN_RETRY_PARAMS] = {"retry_params", "RetryParams", FIELD_TEXT, LATE,
                           .help = "parameters of the retry script"},
    [PLAN_ROUTE_PARAMS] = {"route_params", "RouteParams", FIELD_TEXT, LATE,
                           .help = "parameters of the route script"},
    [PLAN_RESULT_PARAMS] = {"result_params", "ResultParams", FIELD_TEXT, LATE,
                            .help = "parameters of the result script"},
    [PLAN_SHADOW_SCRIPT] = {"shadow_script", "ShadowScript", FIELD_TEXT, LATE,
                            .help = "second script in strategies/dial, only compared"},
    [PLAN_SHADOW_PARAMS] = {"shadow_params", "ShadowParams", FIELD_TEXT, LATE,
                            .help = "parameters of the shadow script"},
    [PLAN_IN_USE] = {"in_use", NULL, FIELD_INT, 0, "1", 0, 1},
};

static const struct field dlma_fields[DLMA_FIELDS] = {
    [DLMA_UUID] = {"uuid", "Uuid", FIELD_TEXT, FIELD_PRINT, .help = "version 4 uuid"},
    [DLMA_NAME] = {"name", "Name", FIELD_TEXT, SHOWN, .help = "name, for people"},
    [DLMA_DETAIL] = {"detail", "Detail", FIELD_TEXT, SHOWN, .help = "free text"},
    [DLMA_DL_TABLE] = {"dl_table", "DlTable", FIELD_TEXT, FIELD_PRINT,
                       .help = "view of its leads in the database"},
    [DLMA_VARIABLES] = {"variables", "Variable", FIELD_VARS, SHOWN,
                        .help = "channel variables of its calls"},
    [DLMA_TM_CREATE] = {"tm_create", "TmCreate", FIELD_TEXT, FIELD_PRINT,
                        .help = "when it was created"},
    [DLMA_TM_DELETE] = {"tm_delete", "TmDelete", FIELD_TEXT, FIELD_PRINT,
                        .help = "when it was deleted"},
    [DLMA_TM_UPDATE] = {"tm_update", "TmUpdate", FIELD_TEXT, FIELD_PRINT,
                        .help = "when it was last changed"},
    [DLMA_IN_USE] = {"in_use", NULL, FIELD_INT, 0, "1", 0, 1},
};

#define NUMBER(n)                                                                           \
    [LEAD_NUMBER_1 + n - 1] = {"number_" #n, "Number" #n, FIELD_TEXT, SHOWN | FIELD_NUMBER, \
                               .help = "telephone number " #n}
#define TRYCNT(n)                            \
    [LEAD_TRYCNT_1 + n - 1] = {"trycnt_" #n, \
                               "TryCnt" #n,  \
                               FIELD_INT,    \
                               FIELD_PRINT,  \
                               "0",          \
                               TRIES,        \
                               "attempts at number " #n " so far"}

static const struct field lead_fields[LEAD_FIELDS] = {
    [LEAD_UUID] = {"uuid", "Uuid", FIELD_TEXT, FIELD_PRINT, .help = "version 4 uuid"},
    [LEAD_DLMA_UUID] = {"dlma_uuid", "DlmaUuid", FIELD_TEXT, SHOWN | FIELD_NEEDED | FIELD_FIXED,
                        .help = "uuid of its list (dlma)"},
    [LEAD_NAME] = {"name", "Name", FIELD_TEXT, SHOWN, .help = "name of the customer"},
    [LEAD_DETAIL] = {"detail", "Detail", FIELD_TEXT, SHOWN, .help = "free text"},
    [LEAD_STATUS] = {"status", "Status", FIELD_INT, FIELD_PRINT, "0", 0, 2,
                     "0 idle, 1 dialing, 2 reserved"},
    [LEAD_UKEY] = {"ukey", "UKey", FIELD_TEXT, SHOWN, .help = "the user's own key"},
    [LEAD_VARIABLES] = {"variables", "Variable", FIELD_VARS, SHOWN,
                        .help = "channel variables of its calls"},
    [LEAD_DIALING_UUID] = {"dialing_uuid", "DialingUuid", FIELD_TEXT, FIELD_PRINT,
                           .help = "uuid of the call in progress"},
    [LEAD_DIALING_CAMP_UUID] = {"dialing_camp_uuid", "DialingCampUuid", FIELD_TEXT,
                                FIELD_PRINT | FIELD_FEW, .help = "campaign of that call"},
    [LEAD_DIALING_PLAN_UUID] = {"dialing_plan_uuid", "DialingPlanUuid", FIELD_TEXT,
                                FIELD_PRINT | FIELD_FEW, .help = "plan of that call"},
    NUMBER(1),
    NUMBER(2),
    NUMBER(3),
    NUMBER(4),
    NUMBER(5),
    NUMBER(6),
    NUMBER(7),
    NUMBER(8),
    [LEAD_EMAIL] = {"email", "Email", FIELD_TEXT, SHOWN,
                    .help = "e-mail address, for the dialplan"},
    TRYCNT(1),
    TRYCNT(2),
    TRYCNT(3),
    TRYCNT(4),
    TRYCNT(5),
    TRYCNT(6),
    TRYCNT(7),
    TRYCNT(8),
    [LEAD_RES_DIAL] =
        {"res_dial", "ResDial", FIELD_INT, FIELD_PRINT, "0", ANY_INT,
         "outcome of the last call: 1 refused, 3 no answer, 4 answered, 5 busy, 8 "
         "congestion; 0 failed, or never called (ResDialDetail tells which)"},
    [LEAD_RES_DIAL_DETAIL] = {"res_dial_detail", "ResDialDetail", FIELD_TEXT,
                              FIELD_PRINT | FIELD_FEW, .help = "more about that outcome"},
    [LEAD_RES_HANGUP] = {"res_hangup", "ResHangup", FIELD_INT, FIELD_PRINT, "0", ANY_INT,
                         "Q.850 cause of the end of the last call"},
    [LEAD_RES_HANGUP_DETAIL] = {"res_hangup_detail", "ResHangupDetail", FIELD_TEXT,
                                FIELD_PRINT | FIELD_FEW, .help = "text of that cause"},
    [LEAD_TM_CREATE] = {"tm_create", "TmCreate", FIELD_TEXT, FIELD_PRINT,
                        .help = "when it was created"},
    [LEAD_TM_DELETE] = {"tm_delete", "TmDelete", FIELD_TEXT, FIELD_PRINT,
                        .help = "when it was deleted"},
    [LEAD_TM_UPDATE] = {"tm_update", "TmUpdate", FIELD_TEXT, FIELD_PRINT | FIELD_TIME,
                        .help = "when it was last changed"},
    [LEAD_UDATA] = {"udata", "UData", FIELD_TEXT, LATE, .help = "kept for old databases"},
    [LEAD_RESV_TARGET] = {"resv_target", NULL, FIELD_TEXT, 0},
    [LEAD_TM_LAST_DIAL] = {"tm_last_dial", NULL, FIELD_TEXT, FIELD_TIME},
    [LEAD_TM_LAST_HANGUP] = {"tm_last_hangup", NULL, FIELD_TEXT, FIELD_TIME},
    [LEAD_IN_USE] = {"in_use", NULL, FIELD_INT, 0, "1", 0, 1},
    [LEAD_ID] = {"id", NULL, FIELD_INT, FIELD_STATE, "0", ANY_INT},
    [LEAD_FAULTS] = {"faults", NULL, FIELD_INT, FIELD_STATE, "0", ANY_INT},
    /* the number of the last call; the column's name is that of older files, which had it only
     * after local failures */
    [LEAD_LAST_INDEX] = {"fault_index", NULL, FIELD_INT, FIELD_STATE, "0", ANY_INT},
    [LEAD_VERSION] = {"version", NULL, FIELD_INT, FIELD_STATE, "0", ANY_INT},
};

static const struct field destination_fields[DESTINATION_FIELDS] = {
    [DESTINATION_UUID] = {"uuid", "Uuid", FIELD_TEXT, FIELD_PRINT, .help = "version 4 uuid"},
    [DESTINATION_NAME] = {"name", "Name", FIELD_TEXT, SHOWN, .help = "name, for people"},
    [DESTINATION_DETAIL] = {"detail", "Detail", FIELD_TEXT, SHOWN, .help = "free text"},
    [DESTINATION_TYPE] = {"type", "Type", FIELD_INT, SHOWN, "0", 0, 1,
                          "0 extension, 1 application"},
    [DESTINATION_EXTEN] = {"exten", "Exten", FIELD_TEXT, SHOWN,
                           .help = "extension of the dialplan"},
    [DESTINATION_CONTEXT] = {"context", "Context", FIELD_TEXT, SHOWN,
                             .help = "context of Exten"},
    [DESTINATION_PRIORITY] = {"priority", "Priority", FIELD_TEXT, SHOWN,
                              .help = "priority of Exten: number or label"},
    [DESTINATION_VARIABLES] = {"variables", "Variable", FIELD_VARS, SHOWN,
                               .help = "channel variables of its calls"},
    [DESTINATION_APPLICATION] = {"application", "Application", FIELD_TEXT, SHOWN,
                                 .help =
                                     "application of the dialplan: park, queue, Playback ..."},
    [DESTINATION_DATA] = {"data", "Data", FIELD_TEXT, SHOWN,
                          .help = "arguments of Application"},
    [DESTINATION_TM_CREATE] = {"tm_create", "TmCreate", FIELD_TEXT, FIELD_PRINT,
                               .help = "when it was created"},
    [DESTINATION_TM_DELETE] = {"tm_delete", "TmDelete", FIELD_TEXT, FIELD_PRINT,
                               .help = "when it was deleted"},
    [DESTINATION_TM_UPDATE] = {"tm_update", "TmUpdate", FIELD_TEXT, FIELD_PRINT,
                               .help = "when it was last changed"},
    [DESTINATION_IN_USE] = {"in_use", NULL, FIELD_INT, 0, "1", 0, 1},
};

/* Kept for old scripts; the dialer does not use it. */
static const struct field queue_fields[QUEUE_FIELDS] = {
    [QUEUE_UUID] = {"uuid", "Uuid", FIELD_TEXT, FIELD_PRINT, .help = "version 4 uuid"},
    [QUEUE_NAME] = {"name", "Name", FIELD_TEXT, SHOWN, .help = "name, for people"},
    [QUEUE_DETAIL] = {"detail", "Detail", FIELD_TEXT, SHOWN, .help = "free text"},
    [QUEUE_TM_CREATE] = {"tm_create", "TmCreate", FIELD_TEXT, FIELD_PRINT,
                         .help = "when it was created"},
    [QUEUE_TM_DELETE] = {"tm_delete", "TmDelete", FIELD_TEXT, FIELD_PRINT,
                         .help = "when it was deleted"},
    [QUEUE_TM_UPDATE] = {"tm_update", "TmUpdate", FIELD_TEXT, FIELD_PRINT,
                         .help = "when it was last changed"},
    [QUEUE_IN_USE] = {"in_use", NULL, FIELD_INT, 0, "1", 0, 1},
};

const struct noun noun_campaign = {.id = NOUN_CAMPAIGN,
                                   .table = "campaign",
                                   .event = "Campaign",
                                   .words = "Campaign",
                                   .fields = campaign_fields,
                                   .count = CAMPAIGN_FIELDS,
                                   .tm_create = CAMPAIGN_TM_CREATE,
                                   .tm_update = CAMPAIGN_TM_UPDATE,
                                   .tm_delete = CAMPAIGN_TM_DELETE,
                                   .in_use = CAMPAIGN_IN_USE};
const struct noun noun_plan = {.id = NOUN_PLAN,
                               .table = "plan",
                               .event = "Plan",
                               .words = "Plan",
                               .fields = plan_fields,
                               .count = PLAN_FIELDS,
                               .tm_create = PLAN_TM_CREATE,
                               .tm_update = PLAN_TM_UPDATE,
                               .tm_delete = PLAN_TM_DELETE,
                               .in_use = PLAN_IN_USE};
const struct noun noun_dlma = {.id = NOUN_DLMA,
                               .table = "dl_list_ma",
                               .event = "Dlma",
                               .words = "Dlma",
                               .fields = dlma_fields,
                               .count = DLMA_FIELDS,
                               .tm_create = DLMA_TM_CREATE,
                               .tm_update = DLMA_TM_UPDATE,
                               .tm_delete = DLMA_TM_DELETE,
                               .in_use = DLMA_IN_USE};
const struct noun noun_lead = {.id = NOUN_LEAD,
                               .table = "dl_list",
                               .event = "DlList",
                               .words = "Dl list",
                               .fields = lead_fields,
                               .count = LEAD_FIELDS,
                               .tm_create = LEAD_TM_CREATE,
                               .tm_update = LEAD_TM_UPDATE,
                               .tm_delete = LEAD_TM_DELETE,
                               .in_use = LEAD_IN_USE,
                               .key = LEAD_ID,
                               .version = LEAD_VERSION};
const struct noun noun_destination = {.id = NOUN_DESTINATION,
                                      .table = "destination",
                                      .event = "Destination",
                                      .words = "Destination",
                                      .fields = destination_fields,
                                      .count = DESTINATION_FIELDS,
                                      .tm_create = DESTINATION_TM_CREATE,
                                      .tm_update = DESTINATION_TM_UPDATE,
                                      .tm_delete = DESTINATION_TM_DELETE,
                                      .in_use = DESTINATION_IN_USE};
const struct noun noun_queue = {.id = NOUN_QUEUE,
                                .table = "queue",
                                .event = "Queue",
                                .words = "Queue",
                                .fields = queue_fields,
                                .count = QUEUE_FIELDS,
                                .tm_create = QUEUE_TM_CREATE,
                                .tm_update = QUEUE_TM_UPDATE,
                                .tm_delete = QUEUE_TM_DELETE,
                                .in_use = QUEUE_IN_USE};

const struct noun *const nouns[NOUN_COUNT] = {
    [NOUN_CAMPAIGN] = &noun_campaign,
    [NOUN_PLAN] = &noun_plan,
    [NOUN_DLMA] = &noun_dlma,
    [NOUN_LEAD] = &noun_lead,
    [NOUN_DESTINATION] = &noun_destination,
    [NOUN_QUEUE] = &noun_queue,
};
