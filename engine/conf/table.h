/* The table of sections and keys, for those who read, change or print a configuration. */
#ifndef CONF_TABLE_H
#define CONF_TABLE_H

#include "conf/value.h"

struct conf;

/* What only the whole file can tell of a section. */
struct conf_check {
    struct conf *conf;
    void *members;   /* the section's */
    bool is_moved;   /* conf_load_moved: the files need not be there */
    const char *key; /* set by the check: the key that is wrong */
};

struct conf_section {
    const char *name;
    const char *about; /* for the manual */
    const struct conf_option *options;
    size_t option_count;
    /* NULL, or a text after "KEY: ", to be freed. May be NULL. */
    char *(*check)(struct conf_check *check);
    /* Of [name:NAME], which may come often: the size of its struct, which begins with the
     * NAME, and where struct conf has their array and its length. 0: it comes once at
     * most, and its members lie in struct conf itself. */
    size_t size, array, count;
};

#define CONF_NAME_MAX 40 /* characters of NAME */

extern const struct conf_section conf_sections[];
extern const size_t conf_section_count;

/* How many there are of the section: 1 where it comes once at most. */
size_t conf_section_size(const struct conf *c, const struct conf_section *s);
/* The struct that the options of the i-th of them fill. */
void *conf_section_members(const struct conf *c, const struct conf_section *s, size_t i);
/* Its NAME; NULL where it has none. */
const char *conf_section_name(const struct conf *c, const struct conf_section *s, size_t i);
/* Adds one more [section:NAME], all zeros but for the name. */
void conf_section_add(struct conf *c, const struct conf_section *s, const char *name);

#endif
