/* The nouns of the protocol as tables: the fields of campaigns, plans, dlmas, leads and
 * destinations, the names of their columns and headers, and what they may be set to. All code
 * that creates, changes, prints or stores a resource reads these tables. */
#ifndef STORE_NOUN_H
#define STORE_NOUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum field_type { FIELD_TEXT, FIELD_INT, FIELD_VARS };

enum field_flags {
    FIELD_INPUT = 1,   /* Create and Update take it */
    FIELD_PRINT = 2,   /* events and lists always show it, in this order */
    FIELD_LATE = 4,    /* they show it only if it is set, after the others */
    FIELD_NUMBER = 8,  /* may be part of a dial string: few characters are allowed */
    FIELD_STATE = 16,  /* internal: not in the result's frozen rows */
    FIELD_NEEDED = 32, /* a row without it is refused */
    FIELD_ASKED = 64,  /* Update may ask for a value; the engine decides what it becomes */
    FIELD_FIXED = 128, /* Create takes it, Update does not */
    FIELD_TIME = 256,  /* the text form of a time */
    FIELD_FEW = 512,   /* one of few texts that many rows have */
};

struct field {
    const char *column, *header;
    enum field_type type;
    unsigned flags;
    const char *init; /* its value in a new row; NULL = null */
    int64_t min, max; /* of FIELD_INT */
    const char *help;
    const char *alias; /* another name of the header; NULL = none */
};

enum campaign_field {
    CAMPAIGN_UUID,
    CAMPAIGN_NAME,
    CAMPAIGN_DETAIL,
    CAMPAIGN_STATUS,
    CAMPAIGN_PLAN,
    CAMPAIGN_DLMA,
    CAMPAIGN_DEST,
    CAMPAIGN_SC_MODE,
    CAMPAIGN_SC_TIME_START,
    CAMPAIGN_SC_TIME_END,
    CAMPAIGN_SC_DATE_START,
    CAMPAIGN_SC_DATE_END,
    CAMPAIGN_SC_DATE_LIST,
    CAMPAIGN_SC_DATE_LIST_EXCEPT,
    CAMPAIGN_SC_DAY_LIST,
    CAMPAIGN_TM_CREATE,
    CAMPAIGN_TM_DELETE,
    CAMPAIGN_TM_UPDATE,
    CAMPAIGN_VARIABLES,
    CAMPAIGN_NEXT_CAMPAIGN,
    CAMPAIGN_CHANNELS,
    CAMPAIGN_CPS,
    CAMPAIGN_IN_USE,
    CAMPAIGN_SC_HOLD,
    CAMPAIGN_FIELDS
};

enum plan_field {
    PLAN_UUID,
    PLAN_NAME,
    PLAN_DETAIL,
    PLAN_DIAL_MODE,
    PLAN_DIAL_TIMEOUT,
    PLAN_CALLER_ID,
    PLAN_DL_END_HANDLE,
    PLAN_RETRY_DELAY,
    PLAN_TRUNK_NAME,
    PLAN_TECH_NAME,
    PLAN_VARIABLES,
    PLAN_MAX_RETRY_CNT_1,
    PLAN_MAX_RETRY_CNT_8 = PLAN_MAX_RETRY_CNT_1 + 7,
    PLAN_TM_CREATE,
    PLAN_TM_DELETE,
    PLAN_TM_UPDATE,
    PLAN_SERVICE_LEVEL,
    PLAN_EARLY_MEDIA,
    PLAN_CODECS,
    PLAN_UUI_FIELD,
    PLAN_DIAL_SCRIPT,
    PLAN_RETRY_SCRIPT,
    PLAN_ROUTE_SCRIPT,
    PLAN_RESULT_SCRIPT,
    PLAN_DIAL_PARAMS,
    PLAN_RETRY_PARAMS,
    PLAN_ROUTE_PARAMS,
    PLAN_RESULT_PARAMS,
    PLAN_SHADOW_SCRIPT,
    PLAN_SHADOW_PARAMS,
    PLAN_IN_USE,
    PLAN_FIELDS
};

enum dlma_field {
    DLMA_UUID,
    DLMA_NAME,
    DLMA_DETAIL,
    DLMA_DL_TABLE,
    DLMA_VARIABLES,
    DLMA_TM_CREATE,
    DLMA_TM_DELETE,
    DLMA_TM_UPDATE,
    DLMA_IN_USE,
    DLMA_FIELDS
};

enum lead_field {
    LEAD_UUID,
    LEAD_DLMA_UUID,
    LEAD_NAME,
    LEAD_DETAIL,
    LEAD_STATUS,
    LEAD_UKEY,
    LEAD_VARIABLES,
    LEAD_DIALING_UUID,
    LEAD_DIALING_CAMP_UUID,
    LEAD_DIALING_PLAN_UUID,
    LEAD_NUMBER_1,
    LEAD_NUMBER_8 = LEAD_NUMBER_1 + 7,
    LEAD_EMAIL,
    LEAD_TRYCNT_1,
    LEAD_TRYCNT_8 = LEAD_TRYCNT_1 + 7,
    LEAD_RES_DIAL,
    LEAD_RES_DIAL_DETAIL,
    LEAD_RES_HANGUP,
    LEAD_RES_HANGUP_DETAIL,
    LEAD_TM_CREATE,
    LEAD_TM_DELETE,
    LEAD_TM_UPDATE,
    LEAD_UDATA,
    LEAD_RESV_TARGET,
    LEAD_TM_LAST_DIAL,
    LEAD_TM_LAST_HANGUP,
    LEAD_IN_USE,
    LEAD_ID,
    LEAD_FAULTS,
    LEAD_LAST_INDEX,
    LEAD_VERSION, /* raised by each write */
    LEAD_FIELDS
};

enum destination_field {
    DESTINATION_UUID,
    DESTINATION_NAME,
    DESTINATION_DETAIL,
    DESTINATION_TYPE,
    DESTINATION_EXTEN,
    DESTINATION_CONTEXT,
    DESTINATION_PRIORITY,
    DESTINATION_VARIABLES,
    DESTINATION_APPLICATION,
    DESTINATION_DATA,
    DESTINATION_TM_CREATE,
    DESTINATION_TM_DELETE,
    DESTINATION_TM_UPDATE,
    DESTINATION_IN_USE,
    DESTINATION_FIELDS
};

enum queue_field {
    QUEUE_UUID,
    QUEUE_NAME,
    QUEUE_DETAIL,
    QUEUE_TM_CREATE,
    QUEUE_TM_DELETE,
    QUEUE_TM_UPDATE,
    QUEUE_IN_USE,
    QUEUE_FIELDS
};

#define LEAD_NUMBERS 8

/* Indexes of tables that have a row for each noun. */
enum noun_id {
    NOUN_CAMPAIGN,
    NOUN_PLAN,
    NOUN_DLMA,
    NOUN_LEAD,
    NOUN_DESTINATION,
    NOUN_QUEUE,
    NOUN_COUNT
};

struct noun {
    enum noun_id id;
    const char *table;
    const char *event; /* Campaign, Plan, Dlma, DlList, Destination: OutXCreate */
    const char *words; /* in messages: "Campaign created successfully" */
    const struct field *fields;
    int count;
    int tm_create, tm_update, tm_delete, in_use; /* numbers of these fields */
    int key;                                     /* the field by which the store finds a row */
    int version; /* the field that each write raises; 0 = none */
};

extern const struct noun noun_campaign, noun_plan, noun_dlma, noun_lead, noun_destination,
    noun_queue;
extern const struct noun *const nouns[NOUN_COUNT];

/* The value of one field, in the member for its type. */
struct value {
    char *text;   /* NULL = null */
    json_t *vars; /* FIELD_VARS: an object of strings in the order given, NULL = null */
    int64_t num;
    bool null; /* FIELD_INT: the value is null */
};

/* One resource. Field 0 is always the uuid. */
struct row {
    const struct noun *noun;
    bool is_new;      /* the store does not have the row */
    uint64_t changed; /* a bit for each field that differs from what the store has */
    struct value v[];
};

/* A new row with initial values. Free with row_free. */
struct row *row_new(const struct noun *n);
/* A row to be filled with what the store has (row_load). */
struct row *row_of_store(const struct noun *n);
/* A copy, which has the same changed fields. */
struct row *row_copy(const struct row *r);
void row_free(struct row *r);
const char *row_uuid(const struct row *r);
const char *row_text(const struct row *r, int field);
int64_t row_int(const struct row *r, int field);
const json_t *row_vars(const struct row *r, int field);
/* "" is stored as null, since AMI cannot tell the two apart. */
void row_set_text(struct row *r, int field, const char *text);
void row_set_int(struct row *r, int field, int64_t num);
void row_set_vars(struct row *r, int field, json_t *vars);
/* Sets a value that the store has; the field does not count as changed. num is for a FIELD_INT
 * that is not null. */
void row_load(struct row *r, int field, const char *text, int64_t num, bool null);
/* All columns but those of FIELD_STATE, with nulls; variables as JSON text. New reference. */
json_t *row_json(const struct row *r);

#endif
