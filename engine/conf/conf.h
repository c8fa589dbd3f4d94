/* astout.conf: the settings the engine starts with. One table (table.c) names every
 * option, its range, its default and its help; the others see plain members. */
#ifndef CONF_H
#define CONF_H

#include "conf/table.h"

enum conf_durability { CONF_FULL, CONF_NORMAL };

struct conf_asterisk {
    char *name;
    char *host;
    int64_t port;
    char *username, *secret;
    int64_t originates;   /* unanswered at once */
    int64_t channels;     /* 0: no cap */
    double cps;           /* 0: no cap */
    int64_t queue_wrapup; /* seconds */
    int64_t timeout;      /* seconds */
    bool tls;
    char *tlscafile; /* "": its certificate is not checked */
};

struct conf_trunk {
    char *name;
    char *asterisk;
    size_t server;    /* the same as a place in conf.asterisks */
    int64_t channels; /* 0: no cap */
    double cps;       /* 0: no cap */
    char *callerid;   /* "": none */
};

struct conf {
    char *path; /* as given to conf_load */
    struct {
        int64_t result_type; /* 1: JSON */
        char *result_filename;
        bool result_info_enable, result_history_events_enable, history_events_enable;
        int64_t event_time_fast, event_time_slow; /* accepted, unused */
        char *timezone;
        int log_level; /* enum log_level */
        bool allow_uri;
        char *record; /* "": nothing is recorded */
        int64_t record_size;
    } general;
    struct {
        int64_t db_type; /* 1: sqlite3 */
        char *db_sqlite3_data;
        int durability; /* enum conf_durability */
    } database;
    struct {
        bool enabled;
        char *bindaddr;
        int64_t port; /* 0: any free port */
        char *users;
        int64_t max_sessions, authtimeout, authlimit; /* authtimeout in seconds */
        int64_t writebuffer;                          /* bytes a slow session may owe */
        bool tlsenable;
        char *tlsbindaddr;
        int64_t tlsport;
        char *tlscertfile, *tlsprivatekey; /* "": the key stands in the certificate's file */
    } ami;
    struct {
        char *socket;
        int64_t mode;
    } console;
    struct {
        bool enabled;
        char *bindaddr;
        int64_t port;
    } agi;
    struct {
        char *path;
        int64_t memory, instructions; /* bytes per plan, instructions per call */
        int64_t overrun;              /* ms of processor time per call */
    } scripts;
    struct {
        double abandon_limit;                                   /* per cent; 0: none */
        int64_t abandon_window, abandon_after;                  /* hours, answers */
        double abandon_within;                                  /* seconds */
        int64_t attempts_number, attempts_lead, attempts_hours; /* 0: none */
        char *quiet, *do_not_call;                              /* "": none */
    } limits;
    struct conf_asterisk *asterisks; /* at least one */
    size_t asterisk_count;
    struct conf_trunk *trunks;
    size_t trunk_count;
};

/* Reads the file. NULL and a text "FILE:LINE: …" in *err (the caller frees it) when
 * anything in it is wrong; *err is NULL otherwise. */
struct conf *conf_load(const char *path, char **err) MUST_CHECK;
/* The same, but every path in it is one below folder, named section.key: the file was
 * another machine's or another time's. folder NULL: as the file says. */
struct conf *conf_load_moved(const char *path, const char *folder, char **err) MUST_CHECK;
void conf_free(struct conf *c);

#endif
