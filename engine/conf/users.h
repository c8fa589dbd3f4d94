/* Who may use our AMI port: users as manager.conf has them, classes of actions and
 * events, and the addresses a user may come from. */
#ifndef CONF_USERS_H
#define CONF_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

/* The classes, with Asterisk's bits: a client may send an EventMask as a number. */
enum class {
    CLASS_NONE = 0,
    CLASS_SYSTEM = 1 << 0,
    CLASS_CALL = 1 << 1,
    CLASS_LOG = 1 << 2,
    CLASS_VERBOSE = 1 << 3,
    CLASS_COMMAND = 1 << 4,
    CLASS_AGENT = 1 << 5,
    CLASS_USER = 1 << 6,
    CLASS_CONFIG = 1 << 7,
    CLASS_DTMF = 1 << 8,
    CLASS_REPORTING = 1 << 9,
    CLASS_CDR = 1 << 10,
    CLASS_DIALPLAN = 1 << 11,
    CLASS_ORIGINATE = 1 << 12,
    CLASS_AGI = 1 << 13,
    CLASS_CC = 1 << 15,
    CLASS_AOC = 1 << 16,
    CLASS_TEST = 1 << 17,
    CLASS_SECURITY = 1 << 18,
    CLASS_DIALER = 1 << 29, /* ours: the Out* actions; Asterisk does not know it */
    CLASS_MESSAGE = 1 << 30,
    CLASS_ALL = 0x7fffffff,
};

/* "system,call" -> a mask. False if a word is no class; the others still count. */
bool class_mask(const char *list, uint32_t *mask);
/* The Events header of Login, the EventMask of Events: on, off, yes …, a number, or
 * classes; unknown words count as none. False if text is NULL or empty. */
bool class_event_mask(const char *text, uint32_t *mask);
/* Adds the classes of a mask as Asterisk writes them: "system,call,all", "<none>". */
void class_text(struct str *out, uint32_t mask);

/* One permit or deny: an address matches if it is `net` where `mask` has ones. */
struct user_rule {
    bool permits;
    int length; /* of an address: 4 or 16 bytes */
    uint8_t net[16], mask[16];
};

/* One eventfilter, unread: `criteria` is what stands in the parentheses of the newer
 * kind, NULL in the plain one. */
struct user_filter {
    char *criteria, *text;
};

struct user {
    char *name;
    char *secret;         /* NULL: nobody may log in as this user */
    uint32_t read, write; /* masks of classes */
    bool displayconnects, allowmultiplelogin;
    int64_t writetimeout;    /* ms */
    struct user_rule *rules; /* in the order of the file */
    size_t rule_count;
    /* Names an acl of Asterisk's acl.conf, which we do not read: nobody may connect. */
    bool is_closed;
    struct user_filter *filters; /* in the order of the file */
    size_t filter_count;
    const char *file; /* where the section begins, for messages; kept by users */
    int line;
};

struct users {
    struct user *list;
    size_t count;
    struct astconf *source;
    char **notes; /* "FILE:LINE: …": what is ignored, for the log */
    size_t note_count;
};

/* Reads a file in the format of manager.conf. NULL and "FILE:LINE: …" in *err (the
 * caller frees it) if it is wrong; *err is NULL otherwise. */
struct users *users_load(const char *path, char **err) MUST_CHECK;
void users_free(struct users *u);
/* The user of that name, in any case of letters as in Asterisk; or NULL. */
const struct user *users_find(const struct users *u, const char *name);
/* The last value of a key of [general], or NULL. */
const char *users_general(const struct users *u, const char *key);
/* May the user connect from this address (IPv4 or IPv6, in figures)? As in Asterisk the
 * last rule that matches decides, and without one they may; a rule for IPv4 never matches
 * an IPv6 address, so `deny = 0.0.0.0/0` alone leaves IPv6 open. */
bool user_may_connect(const struct user *u, const char *ip);

#endif
