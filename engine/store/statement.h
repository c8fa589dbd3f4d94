/* Statements: all that may be asked of a store beside the rows of nouns, or told it, by
 * name. Arguments and columns have names and types too; who binds or reads another one
 * has made a mistake in the program, and the process ends with the statement's name. What
 * a statement does is said in the language of the database (sqlite/statements.c). */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/noun.h"

/* clang-format off */
#define STATEMENTS(S)        \
    S(write_ledger_open)     \
    S(write_ledger_answer)   \
    S(write_ledger_join)     \
    S(write_ledger_connect)  \
    S(write_ledger_close)    \
    S(write_due)             \
    S(write_due_lead_delete) \
    S(write_due_purge)       \
    S(write_agenda)          \
    S(write_agenda_cursor)   \
    S(write_agenda_delete)   \
    S(write_memory)          \
    S(write_memory_delete)   \
    S(read_memory)           \
    S(read_memories)         \
    S(read_ledger_open)      \
    S(read_live)             \
    S(read_agendas)          \
    S(read_due_any)          \
    S(read_due_reasons)      \
    S(read_lead_by_uuid)     \
    S(read_window)           \
    S(read_levels)           \
    S(read_leads_to_place)   \
    S(read_leads_after)      \
    S(read_leads)            \
    S(read_lead_whys)        \
    S(read_due_of_lead)      \
    S(read_lead_stats)       \
    S(read_leads_dialing)    \
    S(read_leads_reserved)   \
    S(read_list_counts)      \
    S(read_agenda_counts)    \
    S(write_campaign_counts) \
    S(read_campaign_counts)  \
    S(read_count_faults)     \
    S(read_all_campaigns)    \
    S(read_all_plans)        \
    S(read_all_dlmas)        \
    S(read_all_destinations) \
    S(read_all_queues)
/* clang-format on */

#define STATEMENT_NUMBER(name) STATEMENT_##name,
enum { STATEMENTS(STATEMENT_NUMBER) STATEMENT_COUNT };
#undef STATEMENT_NUMBER

#define STATEMENT_NAMES 16 /* arguments, or columns, that one may have */

struct statement_name {
    const char *name;
    char type; /* i int64_t, t text */
};

struct statement {
    const char *name;
    int number;
    const struct noun *noun; /* its answer begins with all columns of that noun; or NULL */
    struct statement_name args[STATEMENT_NAMES + 1], columns[STATEMENT_NAMES + 1];
    const char *text; /* the database's; $row stands for the columns of the noun */
};

#define STATEMENT_DECLARE(name) extern const struct statement name;
STATEMENTS(STATEMENT_DECLARE)
#undef STATEMENT_DECLARE

/* All of them by number. */
extern const struct statement *const statements[STATEMENT_COUNT];

/* ---- arguments ---- */

/* What the caller binds: BIND(ARG_INT("agenda", a->id), ARG_TEXT("dlma", uuid)), in any
 * order. A text of NULL is null. The texts are copied. */
struct bind {
    const char *name;
    char type; /* i, t, or n for null */
    const char *text;
    int64_t num;
};

#define ARG_INT(n, v) \
    { .name = (n), .type = 'i', .num = (v) }
#define ARG_TEXT(n, v) \
    { .name = (n), .type = 't', .text = (v) }
#define ARG_NULL(n) \
    { .name = (n), .type = 'n' }
#define BIND(...) ((const struct bind[]){__VA_ARGS__, {0}})
#define BIND_NONE ((const struct bind[]){{0}})

#endif
