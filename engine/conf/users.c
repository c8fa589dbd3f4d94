#include "conf/users.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/astconf.h"

#define USERS_MAX 4096
#define NAME_LEN_MAX 80
#define RULES_MAX 1000   /* of one user */
#define FILTERS_MAX 1000 /* of one user */
#define NOTES_MAX 32
#define ADDRESS_TEXT 64 /* more than any address in figures */
#define WRITETIMEOUT 100

/* ---- classes ---- */

/* In the order in which Asterisk writes them. */
static const struct {
    uint32_t bits;
    const char *label;
} classes[] = {
    {CLASS_SYSTEM, "system"},
    {CLASS_CALL, "call"},
    {CLASS_LOG, "log"},
    {CLASS_VERBOSE, "verbose"},
    {CLASS_COMMAND, "command"},
    {CLASS_AGENT, "agent"},
    {CLASS_USER, "user"},
    {CLASS_CONFIG, "config"},
    {CLASS_DTMF, "dtmf"},
    {CLASS_REPORTING, "reporting"},
    {CLASS_CDR, "cdr"},
    {CLASS_DIALPLAN, "dialplan"},
    {CLASS_ORIGINATE, "originate"},
    {CLASS_AGI, "agi"},
    {CLASS_CC, "cc"},
    {CLASS_AOC, "aoc"},
    {CLASS_TEST, "test"},
    {CLASS_SECURITY, "security"},
    {CLASS_DIALER, "dialer"},
    {CLASS_MESSAGE, "message"},
    {CLASS_ALL, "all"},
    {CLASS_NONE, "none"},
};

/* Adds the bits of one label of n bytes. */
static bool users_class_add(const char *label, size_t n, uint32_t *mask) {
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        if (strlen(classes[i].label) == n && strncasecmp(classes[i].label, label, n) == 0) {
            *mask |= classes[i].bits;
            return true;
        }
    }
    return n == 0;
}

bool class_mask(const char *list, uint32_t *mask) {
    static const char blanks[] = " \t";
    bool known = true;
    *mask = 0;
    while (*list) {
        list += strspn(list, blanks);
        size_t whole = strcspn(list, ","), n = whole;
        while (n && strchr(blanks, list[n - 1]))
            n--;
        known = users_class_add(list, n, mask) && known;
        list += whole + (list[whole] == ',');
    }
    return known;
}

bool class_event_mask(const char *text, uint32_t *mask) {
    bool all;
    if (text == NULL || *text == '\0')
        return false;
    if (text[strspn(text, "0123456789")] == '\0')
        *mask = (uint32_t)strtoull(text, NULL, 10) & CLASS_ALL;
    else if (str_bool(text, &all))
        *mask = all ? CLASS_ALL : CLASS_NONE;
    else
        (void)class_mask(text, mask);
    return true;
}

void class_text(struct str *out, uint32_t mask) {
    const char *comma = "";
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        if (mask & classes[i].bits) {
            str_addf(out, "%s%s", comma, classes[i].label);
            comma = ",";
        }
    }
    if (!*comma)
        str_add(out, "<none>");
}

/* ---- addresses ---- */

/* Reads an address in figures; returns its length in bytes, 0 if it is none. */
static int users_address_read(const char *text, uint8_t out[16]) {
    memset(out, 0, 16);
    if (inet_pton(AF_INET, text, out) == 1)
        return 4;
    return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

/* Reads what follows the slash: a number of bits, or a mask in figures. */
static bool users_mask_read(const char *text, int length, uint8_t out[16]) {
    int64_t bits = 8 * length;
    if (text && strpbrk(text, ".:"))
        return users_address_read(text, out) == length;
    if (text && !str_int(text, 0, bits, &bits))
        return false;
    memset(out, 0, 16);
    for (int64_t i = 0; i < bits; i++)
        out[i / 8] |= (uint8_t)(0x80 >> (i % 8));
    return true;
}

/* Reads one net, "10.0.0.0/8", "!10.1.0.0/255.255.0.0" (the opposite), "::1". */
static bool users_rule_read(const char *text, bool permits, struct user_rule *rule) {
    char net[2 * ADDRESS_TEXT];
    if (*text == '!') {
        permits = !permits;
        text++;
    }
    size_t length = strlen(text);
    if (length >= sizeof(net))
        return false;
    memcpy(net, text, length + 1);
    char *mask = strchr(net, '/');
    if (mask)
        *mask++ = '\0';
    rule->permits = permits;
    rule->length = users_address_read(net, rule->net);
    return rule->length && users_mask_read(mask, rule->length, rule->mask);
}

/* Does the address lie in the rule's net? */
static bool users_rule_matches(const struct user_rule *rule, const uint8_t *address,
                               int length) {
    if (rule->length != length)
        return false;
    for (int i = 0; i < length; i++)
        if ((address[i] ^ rule->net[i]) & rule->mask[i])
            return false;
    return true;
}

bool user_may_connect(const struct user *u, const char *ip) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char text[ADDRESS_TEXT];
    uint8_t address[16];
    /* A link-local address may carry its interface behind a '%'. */
    snprintf(text, sizeof(text), "%.*s", (int)strcspn(ip, "%"), ip);
    int length = users_address_read(text, address);
    if (length == 0 || u->is_closed)
        return false;
    if (length == 16 && memcmp(address, mapped, sizeof(mapped)) == 0) {
        memmove(address, address + 12, 4);
        length = 4;
    }
    bool may = true;
    for (size_t i = 0; i < u->rule_count; i++)
        if (users_rule_matches(&u->rules[i], address, length))
            may = u->rules[i].permits;
    return may;
}

/* ---- settings of a user: NULL, or what is wrong with the value ---- */

/* One value of a user's section, on its way into the user. */
struct entry {
    struct users *users;
    struct user *user;
    const struct astconf_value *value;
};

typedef char *(*setter)(const struct entry *e);

/* Notes something that was left aside. */
static void users_note(const struct entry *e, const char *what) {
    struct users *us = e->users;
    const struct astconf_value *v = e->value;
    if (us->note_count == NOTES_MAX)
        return;
    if (us->note_count == NOTES_MAX - 1)
        what = "and maybe others: further notes are omitted";
    us->notes[us->note_count++] = xasprintf("%s:%d: %s %s", v->file, v->line, v->key, what);
}

/* secret = … */
static char *users_set_secret(const struct entry *e) {
    xreplace(&e->user->secret, *e->value->text ? e->value->text : NULL);
    return NULL;
}

/* Reads classes; a word we do not know may be a class of a newer Asterisk. */
static char *users_set_classes(const struct entry *e, uint32_t *mask) {
    if (!class_mask(e->value->text, mask))
        users_note(e, "contains an unknown class");
    return NULL;
}

/* read = classes */
static char *users_set_read(const struct entry *e) {
    return users_set_classes(e, &e->user->read);
}

/* write = classes */
static char *users_set_write(const struct entry *e) {
    return users_set_classes(e, &e->user->write);
}

/* Adds the nets of one permit or deny, separated by commas. */
static char *users_add_rules(const struct entry *e, bool permits) {
    struct user *u = e->user;
    char *copy = xstrdup(e->value->text), *rest = copy, *word, *wrong = NULL;
    while (!wrong && (word = strsep(&rest, ",")) != NULL) {
        struct user_rule rule;
        if (!users_rule_read(str_trim(word), permits, &rule))
            wrong = xstrdup("must be networks such as 192.168.0.0/255.255.0.0 or 10.0.0.0/8");
        else if (u->rule_count == RULES_MAX)
            wrong = xasprintf("exceeds %d networks", RULES_MAX);
        if (wrong)
            break;
        u->rules = xrealloc(u->rules, (u->rule_count + 1) * sizeof(rule));
        u->rules[u->rule_count++] = rule;
    }
    free(copy);
    return wrong;
}

/* permit = nets */
static char *users_set_permit(const struct entry *e) { return users_add_rules(e, true); }

/* deny = nets */
static char *users_set_deny(const struct entry *e) { return users_add_rules(e, false); }

/* acl = name of a section of acl.conf. To ignore it would admit those it keeps out. */
static char *users_set_acl(const struct entry *e) {
    e->user->is_closed = true;
    users_note(e, "names an ACL of acl.conf, which is not read: nobody can connect as this "
                  "user; use permit and deny");
    return NULL;
}

/* A setting that is yes or no. */
static char *users_set_bool(const struct entry *e, bool *slot) {
    return str_bool(e->value->text, slot) ? NULL : xstrdup("must be yes or no");
}

/* displayconnects = yes or no */
static char *users_set_displayconnects(const struct entry *e) {
    return users_set_bool(e, &e->user->displayconnects);
}

/* allowmultiplelogin = yes or no */
static char *users_set_allowmultiplelogin(const struct entry *e) {
    return users_set_bool(e, &e->user->allowmultiplelogin);
}

/* writetimeout = milliseconds */
static char *users_set_writetimeout(const struct entry *e) {
    if (str_int(e->value->text, WRITETIMEOUT, 3600000, &e->user->writetimeout))
        return NULL;
    return xasprintf("must be a whole number of milliseconds, %d to 3600000", WRITETIMEOUT);
}

/* eventfilter = regex, eventfilter(criteria) = text */
static char *users_set_eventfilter(const struct entry *e) {
    struct user *u = e->user;
    const char *open = strchr(e->value->key, '(');
    size_t n = open ? strlen(open) : 0;
    if (open && (n < 2 || open[n - 1] != ')'))
        return xstrdup("needs a closing parenthesis");
    if (u->filter_count == FILTERS_MAX)
        return xasprintf("exceeds %d filters", FILTERS_MAX);
    u->filters = xrealloc(u->filters, (u->filter_count + 1) * sizeof(*u->filters));
    struct user_filter *f = &u->filters[u->filter_count++];
    f->criteria = open ? xstrndup(open + 1, n - 2) : NULL;
    f->text = xstrdup(e->value->text);
    return NULL;
}

static const struct {
    const char *key;
    setter set;
} settings[] = {
    {"secret", users_set_secret},
    {"read", users_set_read},
    {"write", users_set_write},
    {"permit", users_set_permit},
    {"deny", users_set_deny},
    {"acl", users_set_acl},
    {"displayconnects", users_set_displayconnects},
    {"allowmultiplelogin", users_set_allowmultiplelogin},
    {"writetimeout", users_set_writetimeout},
    {"eventfilter", users_set_eventfilter},
};

/* Is it the key of this setting? `eventfilter` may have parentheses behind it. */
static bool users_is_key(const char *key, const char *setting) {
    size_t n = strlen(setting);
    if (strncasecmp(key, setting, n) != 0)
        return false;
    return !key[n] || (key[n] == '(' && strcmp(setting, "eventfilter") == 0);
}

/* Takes one value of a user's section. */
static char *users_user_set(const struct entry *e) {
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        if (users_is_key(e->value->key, settings[i].key))
            return settings[i].set(e);
    users_note(e, "is not supported and is ignored");
    return NULL;
}

/* ---- the file ---- */

/* Is it the section [general]? It may come more than once. */
static bool users_is_general(const struct astconf_section *s) {
    return strcasecmp(s->name, "general") == 0 && !s->is_template;
}

const char *users_general(const struct users *u, const char *key) {
    const char *text = NULL;
    for (size_t i = 0; i < u->source->count; i++) {
        const struct astconf_section *s = &u->source->sections[i];
        for (size_t j = 0; users_is_general(s) && j < s->count; j++)
            if (strcasecmp(s->values[j].key, key) == 0)
                text = s->values[j].text;
    }
    return text;
}

/* A yes or no of [general], yes where it says nothing. */
static bool users_general_bool(const struct users *us, const char *key) {
    const char *text = users_general(us, key);
    bool value = true;
    if (text && !str_bool(text, &value))
        value = false; /* to Asterisk what is not true is false */
    return value;
}

/* Fills a user from its section. Returns the text of an error, or NULL. */
static char *users_user_fill(struct users *us, struct user *u,
                             const struct astconf_section *s) {
    u->displayconnects = users_general_bool(us, "displayconnects");
    u->allowmultiplelogin = users_general_bool(us, "allowmultiplelogin");
    u->writetimeout = WRITETIMEOUT;
    for (size_t i = 0; i < s->count; i++) {
        const struct astconf_value *v = &s->values[i];
        char *wrong = users_user_set(&(struct entry){us, u, v});
        if (wrong == NULL)
            continue;
        char *err =
            xasprintf("%s:%d: %s of user %s %s", v->file, v->line, v->key, u->name, wrong);
        free(wrong);
        return err;
    }
    return NULL;
}

/* Makes a user of a section. Returns the text of an error, or NULL. */
static char *users_user_add(struct users *us, const struct astconf_section *s) {
    const struct user *twin = users_find(us, s->name);
    if (twin)
        return xasprintf("%s:%d: user %s is already defined in %s:%d; use (+) to add to it",
                         s->file, s->line, s->name, twin->file, twin->line);
    if (us->count == USERS_MAX)
        return xasprintf("%s:%d: more than %d users", s->file, s->line, USERS_MAX);
    if (strlen(s->name) > NAME_LEN_MAX)
        return xasprintf("%s:%d: the name of a user must be at most %d characters long",
                         s->file, s->line, NAME_LEN_MAX);
    struct user *u = &us->list[us->count++];
    *u = (struct user){.name = xstrdup(s->name), .file = s->file, .line = s->line};
    return users_user_fill(us, u, s);
}

struct users *users_load(const char *path, char **err) {
    struct astconf *source = astconf_load(path, ASTCONF_FULL, err);
    if (source == NULL)
        return NULL;
    struct users *us = xcalloc(1, sizeof(*us));
    us->source = source;
    us->list = xcalloc(source->count + 1, sizeof(*us->list));
    us->notes = xcalloc(NOTES_MAX, sizeof(*us->notes));
    for (size_t i = 0; i < source->count && !*err; i++)
        if (!source->sections[i].is_template && !users_is_general(&source->sections[i]))
            *err = users_user_add(us, &source->sections[i]);
    if (*err == NULL)
        return us;
    users_free(us);
    return NULL;
}

/* Frees what a user holds. */
static void users_user_clear(struct user *u) {
    for (size_t i = 0; i < u->filter_count; i++) {
        free(u->filters[i].criteria);
        free(u->filters[i].text);
    }
    free(u->filters);
    free(u->rules);
    free(u->secret);
    free(u->name);
}

void users_free(struct users *u) {
    if (u == NULL)
        return;
    for (size_t i = 0; i < u->count; i++)
        users_user_clear(&u->list[i]);
    for (size_t i = 0; i < u->note_count; i++)
        free(u->notes[i]);
    astconf_free(u->source);
    free(u->list);
    free(u->notes);
    free(u);
}

const struct user *users_find(const struct users *u, const char *name) {
    for (size_t i = 0; i < u->count; i++)
        if (strcasecmp(u->list[i].name, name) == 0)
            return &u->list[i];
    return NULL;
}
