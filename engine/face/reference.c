#include "face/reference.h"

#include <stdio.h>
#include <string.h>

#include "base/conf.h"

static const char head[] =
    "# astout.conf\n\n"
    "The engine's configuration: `astout run -c FILE`. Sections in brackets, `key = value`, `;` begins a\n"
    "comment. An unknown section or key, a value out of range or a file that is not there is an error that\n"
    "names file and line, and nothing starts. Relative paths begin at the folder of the file. The sample is\n"
    "[conf/astout.conf](../conf/astout.conf). This page is made by `astout reference config`.\n";

/* Sections that may stand more than once, each with a name of its own. */
static const struct {
    const char *section, *title, *about;
} titles[] = {
    {"general", "[general]", "Results, time, log."},
    {"database", "[database]", "Where everything is kept."},
    {"ami", "[ami]", "Our AMI port."},
    {"console", "[console]", "The Lua console's socket."},
    {"asterisk", "[asterisk:NAME]", "One for each Asterisk server; at least one."},
    {"trunk", "[trunk:NAME]",
     "One for each trunk with limits; a plan uses it by `TrunkName: NAME`."},
    {"agi", "[agi]", "FastAGI, for dialplans that add leads."},
    {"scripts", "[scripts]", "The strategies."},
    {"limits", "[limits]", "What no strategy can pass."},
};

static void print_title(const char *section) {
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        if (strcmp(titles[i].section, section) == 0)
            printf("\n## %s\n\n%s\n\n| key | value | default | |\n|---|---|---|---|\n",
                   titles[i].title, titles[i].about);
}

/* Words in a table cell: a bar would end it. */
static void print_words(const char *words) {
    for (; *words; words++)
        fputs(*words == '|' ? " or " : (char[]){*words, '\0'}, stdout);
}

static void print_option(void *arg, const struct conf_option *o) {
    const char **section = arg;
    if (*section == NULL || strcmp(*section, o->section))
        print_title(*section = o->section);
    printf("| `%s` | ", o->key);
    if (o->words)
        print_words(o->words);
    else if (o->type == CONF_INT || o->type == CONF_DECIMAL)
        printf("%s, %lld to %lld", confvalue_type(o->type), (long long)o->min,
               (long long)o->max);
    else
        fputs(confvalue_type(o->type), stdout);
    printf(" | %s%s%s | ", o->preset && *o->preset ? "`" : "",
           o->preset == NULL ? "needed" : o->preset, o->preset && *o->preset ? "`" : "");
    print_words(o->help);
    puts(" |");
}

int reference_main(int argc, char **argv) {
    const char *section = NULL;
    if (argc != 2 || strcmp(argv[1], "config")) {
        fputs("usage: astout reference config\n", stderr);
        return 2;
    }
    fputs(head, stdout);
    conf_each(print_option, &section);
    return 0;
}
