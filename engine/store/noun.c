#include "store/noun.h"

#include <stdlib.h>
#include <string.h>

#include "ami/message.h"

#define SHOWN (FIELD_INPUT | FIELD_PRINT)
#define LATE (FIELD_INPUT | FIELD_LATE)
#define ANY_INT INT64_MIN, INT64_MAX
#define TRIES 0, 1000000

static const struct field campaign_fields[CAMPAIGN_FIELDS] = {
    [CAMPAIGN_UUID] = {"uuid", "Uuid", FIELD_TEXT, FIELD_PRINT, .help = "version 4 uuid"},
    [CAMPAIGN_NAME] = {"name", "Name", FIELD_TEXT, SHOWN, .help = "what people call it"},
    [CAMPAIGN_DETAIL] = {"detail", "Detail", FIELD_TEXT, SHOWN, .help = "more words"},
    [CAMPAIGN_STATUS] = {"status", "Status", FIELD_INT, FIELD_PRINT | FIELD_ASKED, "0", 0, 30,
                         "0 stop, 1 start, 2 pause, 10 stopping, 11 starting, 12 pausing"},
    [CAMPAIGN_PLAN] = {"plan", "Plan", FIELD_TEXT, SHOWN | FIELD_NEEDED,
                       .help = "uuid of the plan"},
    [CAMPAIGN_DLMA] = {"dlma", "Dlma", FIELD_TEXT, SHOWN | FIELD_NEEDED,
                       .help = "uuid of the dlma"},
    [CAMPAIGN_DEST] = {"dest", "Dest", FIELD_TEXT, SHOWN | FIELD_NEEDED,
                       .help = "uuid of the destination"},
    [CAMPAIGN_SC_MODE] = {"sc_mode", "ScMode", FIELD_INT, SHOWN, "0", 0, 1,
                          "1 = starts and stops by the schedule"},
    [CAMPAIGN_SC_TIME_START] = {"sc_time_start", "ScTimeStart", FIELD_TEXT, SHOWN,
                                .help = "HH:MM[:SS]"},
    [CAMPAIGN_SC_TIME_END] = {"sc_time_end", "ScTimeEnd", FIELD_TEXT, SHOWN,
                              .help = "HH:MM[:SS]; before the start = next day"},
    [CAMPAIGN_SC_DATE_START] = {"sc_date_start", "ScDateStart", FIELD_TEXT, SHOWN,
                                .help = "YYYY-MM-DD"},
    [CAMPAIGN_SC_DATE_END] = {"sc_date_end", "ScDateEnd", FIELD_TEXT, SHOWN,
                              .help = "YYYY-MM-DD, included"},
    [CAMPAIGN_SC_DATE_LIST] = {"sc_date_list", "ScDateList", FIELD_TEXT, SHOWN,
                               .help = "dates on which it runs whatever else is said"},
    [CAMPAIGN_SC_DATE_LIST_EXCEPT] = {"sc_date_list_except", "ScDateListExcept", FIELD_TEXT,
                                      SHOWN, .help = "dates on which it does not run"},
    [CAMPAIGN_SC_DAY_LIST] = {"sc_day_list", "ScDayList", FIELD_TEXT, SHOWN,
                              .help = "days of the week, 0 Sunday ... 6 Saturday"},
    [CAMPAIGN_TM_CREATE] = {"tm_create", "TmCreate", FIELD_TEXT, FIELD_PRINT},
    [CAMPAIGN_TM_DELETE] = {"tm_delete", "TmDelete", FIELD_TEXT, FIELD_PRINT},
    [CAMPAIGN_TM_UPDATE] = {"tm_update", "TmUpdate", FIELD_TEXT, FIELD_PRINT},
    [CAMPAIGN_VARIABLES] = {"variables", "Variable", FIELD_VARS, LATE,
                            .help = "channel variables of its calls"},
    [CAMPAIGN_NEXT_CAMPAIGN] = {"next_campaign", "NextCampaign", FIELD_TEXT, LATE,
                                .help = "uuid of the campaign that starts at its end"},
    [CAMPAIGN_CHANNELS] = {"channels", "Channels", FIELD_INT, LATE, "0", 0, 1000000,
                           "calls up at once; 0 = no limit of its own"},
    [CAMPAIGN_CPS] = {"cps", "Cps", FIELD_INT, LATE, "0", 0, 100000,
                      "calls begun per second; 0 = no limit of its own"},
    [CAMPAIGN_IN_USE] = {"in_use", NULL, FIELD_INT, 0, "1", 0, 1},
    [CAMPAIGN_SC_HOLD] = {"sc_hold", NULL, FIELD_INT, FIELD_STATE, "0", 0, 1,
                          "stopped by hand or list end: the open window does not start it"},
};

#define RETRY(n)                                                                     \
    [PLAN_MAX_RETRY_CNT_1 + n -                                                      \
        1] = {"max_retry_cnt_" #n,   "MaxRetryCnt" #n, FIELD_INT, SHOWN, "5", TRIES, \
              "tries of number " #n, "MaxRetry" #n}

static const struct field plan_fields[PLAN_FIELDS] = {
    [PLAN_UUID] = {"uuid", "Uuid", FIELD_TEXT, FIELD_PRINT, .help = "version 4 uuid"},
    [PLAN_NAME] = {"name", "Name", FIELD_TEXT, SHOWN, .help = "what people call it"},
    [PLAN_DETAIL] = {"detail", "Detail", FIELD_TEXT, SHOWN, .help = "more words"},
    [PLAN_DIAL_MODE] = {"dial_mode", "DialMode", FIELD_INT, SHOWN, "1", 0, 5,
                        "0 none, 1 predictive, 2 preview, 3 power, 4 robo, 5 redirect"},
    [PLAN_DIAL_TIMEOUT] = {"dial_timeout", "DialTimeout", FIELD_INT, SHOWN, "30000", 1, 3600000,
                           "ms a call may ring"},
    [PLAN_CALLER_ID] = {"caller_id", "CallerId", FIELD_TEXT, SHOWN,
                        .help = "shown to the called: \"Name\" <number>"},
    [PLAN_DL_END_HANDLE] = {"dl_end_handle", "DlEndHandle", FIELD_INT, SHOWN, "1", 0, 1,
                            "at the end of the list: 1 stops the campaign, 0 keeps it"},
    [PLAN_RETRY_DELAY] = {"retry_delay", "RetryDelay", FIELD_INT, SHOWN, "60", 0, 31536000,
                          "s between two calls of a lead"},
    [PLAN_TRUNK_NAME] = {"trunk_name", "TrunkName", FIELD_TEXT, SHOWN | FIELD_NUMBER,
                         .help = "trunk the calls leave through"},
    [PLAN_TECH_NAME] = {"tech_name", "TechName", FIELD_TEXT, SHOWN,
                        .help = "channel technology with its slash: sip/ PJSIP/ Local/"},
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
    [PLAN_TM_CREATE] = {"tm_create", "TmCreate", FIELD_TEXT, FIELD_PRINT},
    [PLAN_TM_DELETE] = {"tm_delete", "TmDelete", FIELD_TEXT, FIELD_PRINT},
    [PLAN_TM_UPDATE] = {"tm_update", "TmUpdate", FIELD_TEXT, FIELD_PRINT},
    [PLAN_SERVICE_LEVEL] = {"service_level", "ServiceLevel", FIELD_INT, LATE, "0", -100000,
                            100000, "calls beyond the free agents"},
    [PLAN_EARLY_MEDIA] = {"early_media", "EarlyMedia", FIELD_TEXT, LATE,
                          .help = "handed to Originate"},
    [PLAN_CODECS] = {"codecs", "Codecs", FIELD_TEXT, LATE, .help = "handed to Originate"},
    [PLAN_UUI_FIELD] = {"uui_field", NULL, FIELD_TEXT, 0, .help = "of old databases"},
    [PLAN_DIAL_SCRIPT] = {"dial_script", "DialScript", FIELD_TEXT, LATE,
                          .help = "a file of strategies/dial, wins over DialMode"},
    [PLAN_RETRY_SCRIPT] = {"retry_script", "RetryScript", FIELD_TEXT, LATE,
                           .help = "a file of strategies/retry"},
    [PLAN_ROUTE_SCRIPT] = {"route_script", "RouteScript", FIELD_TEXT, LATE,
                           .help = "a file of strategies/route"},
    [PLAN_RESULT_SCRIPT] = {"result_script", "ResultScript", FIELD_TEXT, LATE,
                            .help = "a file of strategies/result"},
    [PLAN_DIAL_PARAMS] = {"dial_params", "DialParams", FIELD_TEXT, LATE,
                          .help = "of the dial script: JSON, or name=value,name=value"},
    [PLAN_RETRY_PARAMS] = {"retry_params", "RetryParams", FIELD_TEXT, LATE,
                           .help = "of the retry script"},
    [PLAN_ROUTE_PARAMS] = {"route_params", "RouteParams", FIELD_TEXT, LATE,
                           .help = "of the route script"},
    [PLAN_RESULT_PARAMS] = {"result_params", "ResultParams", FIELD_TEXT, LATE,
                            .help = "of the result script"},
    [PLAN_SHADOW_SCRIPT] = {"shadow_script", "ShadowScript", FIELD_TEXT, LATE,
                            .help = "a second file of strategies/dial, only compared"},
    [PLAN_SHADOW_PARAMS] = {"shadow_params", "ShadowParams", FIELD_TEXT, LATE,
                            .help = "of the shadow script"},
    [PLAN_IN_USE] = {"in_use", NULL, FIELD_INT, 0, "1", 0, 1},
};

static const struct field dlma_fields[DLMA_FIELDS] = {
    [DLMA_UUID] = {"uuid", "Uuid", FIELD_TEXT, FIELD_PRINT, .help = "version 4 uuid"},
    [DLMA_NAME] = {"name", "Name", FIELD_TEXT, SHOWN, .help = "what people call it"},
    [DLMA_DETAIL] = {"detail", "Detail", FIELD_TEXT, SHOWN, .help = "more words"},
    [DLMA_DL_TABLE] = {"dl_table", "DlTable", FIELD_TEXT, FIELD_PRINT,
                       .help = "view of its leads in the database"},
    [DLMA_VARIABLES] = {"variables", "Variable", FIELD_VARS, SHOWN,
                        .help = "channel variables of its calls"},
    [DLMA_TM_CREATE] = {"tm_create", "TmCreate", FIELD_TEXT, FIELD_PRINT},
    [DLMA_TM_DELETE] = {"tm_delete", "TmDelete", FIELD_TEXT, FIELD_PRINT},
    [DLMA_TM_UPDATE] = {"tm_update", "TmUpdate", FIELD_TEXT, FIELD_PRINT},
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
                               "tries of number " #n " so far"}

static const struct field lead_fields[LEAD_FIELDS] = {
    [LEAD_UUID] = {"uuid", "Uuid", FIELD_TEXT, FIELD_PRINT, .help = "version 4 uuid"},
    [LEAD_DLMA_UUID] = {"dlma_uuid", "DlmaUuid", FIELD_TEXT, SHOWN | FIELD_NEEDED,
                        .help = "its list"},
    [LEAD_NAME] = {"name", "Name", FIELD_TEXT, SHOWN, .help = "of the customer"},
    [LEAD_DETAIL] = {"detail", "Detail", FIELD_TEXT, SHOWN, .help = "more words"},
    [LEAD_STATUS] = {"status", "Status", FIELD_INT, FIELD_PRINT, "0", 0, 2,
                     "0 idle, 1 dialing, 2 reserved"},
    [LEAD_UKEY] = {"ukey", "UKey", FIELD_TEXT, SHOWN, .help = "the user's own key"},
    [LEAD_VARIABLES] = {"variables", "Variable", FIELD_VARS, SHOWN,
                        .help = "channel variables of its calls"},
    [LEAD_DIALING_UUID] = {"dialing_uuid", "DialingUuid", FIELD_TEXT, FIELD_PRINT},
    [LEAD_DIALING_CAMP_UUID] = {"dialing_camp_uuid", "DialingCampUuid", FIELD_TEXT,
                                FIELD_PRINT},
    [LEAD_DIALING_PLAN_UUID] = {"dialing_plan_uuid", "DialingPlanUuid", FIELD_TEXT,
                                FIELD_PRINT},
    NUMBER(1),
    NUMBER(2),
    NUMBER(3),
    NUMBER(4),
    NUMBER(5),
    NUMBER(6),
    NUMBER(7),
    NUMBER(8),
    [LEAD_EMAIL] = {"email", "Email", FIELD_TEXT, SHOWN, .help = "for the dialplan"},
    TRYCNT(1),
    TRYCNT(2),
    TRYCNT(3),
    TRYCNT(4),
    TRYCNT(5),
    TRYCNT(6),
    TRYCNT(7),
    TRYCNT(8),
    [LEAD_RES_DIAL] = {"res_dial", "ResDial", FIELD_INT, FIELD_PRINT, "0", ANY_INT},
    [LEAD_RES_DIAL_DETAIL] = {"res_dial_detail", "ResDialDetail", FIELD_TEXT, FIELD_PRINT},
    [LEAD_RES_HANGUP] = {"res_hangup", "ResHangup", FIELD_INT, FIELD_PRINT, "0", ANY_INT},
    [LEAD_RES_HANGUP_DETAIL] = {"res_hangup_detail", "ResHangupDetail", FIELD_TEXT,
                                FIELD_PRINT},
    [LEAD_TM_CREATE] = {"tm_create", "TmCreate", FIELD_TEXT, FIELD_PRINT},
    [LEAD_TM_DELETE] = {"tm_delete", "TmDelete", FIELD_TEXT, FIELD_PRINT},
    [LEAD_TM_UPDATE] = {"tm_update", "TmUpdate", FIELD_TEXT, FIELD_PRINT},
    [LEAD_UDATA] = {"udata", "UData", FIELD_TEXT, LATE, .help = "of old databases"},
    [LEAD_RESV_TARGET] = {"resv_target", NULL, FIELD_TEXT, 0},
    [LEAD_TM_LAST_DIAL] = {"tm_last_dial", NULL, FIELD_TEXT, 0},
    [LEAD_TM_LAST_HANGUP] = {"tm_last_hangup", NULL, FIELD_TEXT, 0},
    [LEAD_IN_USE] = {"in_use", NULL, FIELD_INT, 0, "1", 0, 1},
    [LEAD_ID] = {"id", NULL, FIELD_INT, FIELD_STATE, "0", ANY_INT},
    [LEAD_FAULTS] = {"faults", NULL, FIELD_INT, FIELD_STATE, "0", ANY_INT},
    /* the number of the last call that left; older files kept it after faults only */
    [LEAD_LAST_INDEX] = {"fault_index", NULL, FIELD_INT, FIELD_STATE, "0", ANY_INT},
};

static const struct field destination_fields[DESTINATION_FIELDS] = {
    [DESTINATION_UUID] = {"uuid", "Uuid", FIELD_TEXT, FIELD_PRINT, .help = "version 4 uuid"},
    [DESTINATION_NAME] = {"name", "Name", FIELD_TEXT, SHOWN, .help = "what people call it"},
    [DESTINATION_DETAIL] = {"detail", "Detail", FIELD_TEXT, SHOWN, .help = "more words"},
    [DESTINATION_TYPE] = {"type", "Type", FIELD_INT, SHOWN, "0", 0, 1,
                          "0 extension, 1 application"},
    [DESTINATION_EXTEN] = {"exten", "Exten", FIELD_TEXT, SHOWN, .help = "of the dialplan"},
    [DESTINATION_CONTEXT] = {"context", "Context", FIELD_TEXT, SHOWN, .help = "of Exten"},
    [DESTINATION_PRIORITY] = {"priority", "Priority", FIELD_TEXT, SHOWN,
                              .help = "number or label"},
    [DESTINATION_VARIABLES] = {"variables", "Variable", FIELD_VARS, SHOWN,
                               .help = "channel variables of its calls"},
    [DESTINATION_APPLICATION] = {"application", "Application", FIELD_TEXT, SHOWN,
                                 .help = "of the dialplan: park, queue, Playback ..."},
    [DESTINATION_DATA] = {"data", "Data", FIELD_TEXT, SHOWN, .help = "of Application"},
    [DESTINATION_TM_CREATE] = {"tm_create", "TmCreate", FIELD_TEXT, FIELD_PRINT},
    [DESTINATION_TM_DELETE] = {"tm_delete", "TmDelete", FIELD_TEXT, FIELD_PRINT},
    [DESTINATION_TM_UPDATE] = {"tm_update", "TmUpdate", FIELD_TEXT, FIELD_PRINT},
    [DESTINATION_IN_USE] = {"in_use", NULL, FIELD_INT, 0, "1", 0, 1},
};

/* Kept for old scripts: a name to refer to, nothing dials by it. */
static const struct field queue_fields[QUEUE_FIELDS] = {
    [QUEUE_UUID] = {"uuid", "Uuid", FIELD_TEXT, FIELD_PRINT, .help = "version 4 uuid"},
    [QUEUE_NAME] = {"name", "Name", FIELD_TEXT, SHOWN, .help = "what people call it"},
    [QUEUE_DETAIL] = {"detail", "Detail", FIELD_TEXT, SHOWN, .help = "more words"},
    [QUEUE_TM_CREATE] = {"tm_create", "TmCreate", FIELD_TEXT, FIELD_PRINT},
    [QUEUE_TM_DELETE] = {"tm_delete", "TmDelete", FIELD_TEXT, FIELD_PRINT},
    [QUEUE_TM_UPDATE] = {"tm_update", "TmUpdate", FIELD_TEXT, FIELD_PRINT},
    [QUEUE_IN_USE] = {"in_use", NULL, FIELD_INT, 0, "1", 0, 1},
};

const struct noun noun_campaign = {NOUN_CAMPAIGN,      "campaign",         "Campaign",
                                   "Campaign",         campaign_fields,    CAMPAIGN_FIELDS,
                                   CAMPAIGN_TM_CREATE, CAMPAIGN_TM_UPDATE, CAMPAIGN_TM_DELETE,
                                   CAMPAIGN_IN_USE};
const struct noun noun_plan = {NOUN_PLAN,      "plan",      "Plan",         "Plan",
                               plan_fields,    PLAN_FIELDS, PLAN_TM_CREATE, PLAN_TM_UPDATE,
                               PLAN_TM_DELETE, PLAN_IN_USE};
const struct noun noun_dlma = {NOUN_DLMA,      "dl_list_ma", "Dlma",         "Dlma",
                               dlma_fields,    DLMA_FIELDS,  DLMA_TM_CREATE, DLMA_TM_UPDATE,
                               DLMA_TM_DELETE, DLMA_IN_USE};
const struct noun noun_lead = {NOUN_LEAD,      "dl_list",   "DlList",       "Dl list",
                               lead_fields,    LEAD_FIELDS, LEAD_TM_CREATE, LEAD_TM_UPDATE,
                               LEAD_TM_DELETE, LEAD_IN_USE};
const struct noun noun_destination = {NOUN_DESTINATION,      "destination",
                                      "Destination",         "Destination",
                                      destination_fields,    DESTINATION_FIELDS,
                                      DESTINATION_TM_CREATE, DESTINATION_TM_UPDATE,
                                      DESTINATION_TM_DELETE, DESTINATION_IN_USE};
const struct noun noun_queue = {NOUN_QUEUE,      "queue",      "Queue",         "Queue",
                                queue_fields,    QUEUE_FIELDS, QUEUE_TM_CREATE, QUEUE_TM_UPDATE,
                                QUEUE_TM_DELETE, QUEUE_IN_USE};

const struct noun *const nouns[NOUN_COUNT] = {
    [NOUN_CAMPAIGN] = &noun_campaign,
    [NOUN_PLAN] = &noun_plan,
    [NOUN_DLMA] = &noun_dlma,
    [NOUN_LEAD] = &noun_lead,
    [NOUN_DESTINATION] = &noun_destination,
    [NOUN_QUEUE] = &noun_queue,
};
