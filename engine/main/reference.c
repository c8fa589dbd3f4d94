#include "main/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "control/manual.h"
#include "dialer/dialer.h"
#include "script/hook/view.h"

static const char head[] =
    "# astout.conf\n\n"
    "The configuration of the engine: `astout run -c FILE`. A section begins with its name\n"
    "in brackets, a key is set by `key = value`, and `;` begins a comment. If the file has an\n"
    "unknown section or key, a value out of range, or the path of a file that does not exist,\n"
    "the engine reports file and line and does not start. Relative paths start at the folder\n"
    "of the file. [conf/astout.conf](../conf/astout.conf) is a sample. The\n"
    "[glossary](glossary.md) defines the terms. This page is the output of\n"
    "`astout reference config`.\n";

/* Words in a table cell: a bar would end it. */
static void reference_print_words(const char *words) {
    for (; *words; words++)
        fputs(*words == '|' ? " or " : (char[]){*words, '\0'}, stdout);
}

static void reference_print_option(const struct conf_option *o) {
    char *value = confvalue_describe(o);
    const char *tick = o->preset && *o->preset ? "`" : "";
    printf("| `%s` | %s | %s%s%s | ", o->key, value, tick, o->preset ? o->preset : "required",
           tick);
    reference_print_words(o->help);
    puts(" |");
    free(value);
}

static void reference_print_config(void) {
    fputs(head, stdout);
    for (size_t i = 0; i < conf_section_count; i++) {
        const struct conf_section *s = &conf_sections[i];
        printf("\n## [%s%s]\n\n%s\n\n| key | value | default | |\n|---|---|---|---|\n", s->name,
               s->size ? ":NAME" : "", s->about);
        for (size_t k = 0; k < s->option_count; k++)
            reference_print_option(&s->options[k]);
    }
}

/* ---- strategies ---- */

static const struct {
    const char *title, *returns;
} hook_words[HOOK_COUNT] = {
    [HOOK_DIAL] =
        {"`dial(view, memory)`: how many calls to begin now",
         "A number of calls, or `{calls = n, ask_in = seconds}` to be asked again "
         "after so many seconds at the latest. Fractions are rounded down; a negative "
         "number is none; the largest is a thousand million. The caps are applied "
         "afterwards. `{previews = n, timeout = seconds, again = seconds}` instead "
         "offers n leads to free agents, who have `timeout` (30) to decide; a lead "
         "that is not accepted is offered again after `again` (60)."},
    [HOOK_RETRY] =
        {"`retry(view)`: when a lead is called again, and at which number",
         "`{index = 1..8, at = seconds since 1970}`, with `at = 0` for at once, or "
         "`{reason = \"text\"}` for never again. The hook is called once after each "
         "result and has no memory: it must decide by its view alone. It also decides "
         "about leads that were answered: if it ignores the outcome, they are called "
         "again."},
    [HOOK_ROUTE] =
        {"`route(view, memory)`: the channel, and where the answered call goes",
         "A table of what differs from plan and destination: `channel`, `caller_id`, "
         "`timeout` (ms), `variables` `{name = value}`, and either `application` and "
         "`data` or `exten`, `context` and `priority`. `nil` or `{}`: nothing "
         "differs. `trunk` names a `[trunk:]` section of the same Asterisk: the call "
         "counts against its limits and, without a `channel`, goes through it. While "
         "it has no room, the lead stays the next one and the campaign waits. A name "
         "that does not exist is a local failure."},
    [HOOK_RESULT] =
        {"`result(view, memory)`: the line of the result file",
         "One line of text without its newline, or `nil` for none. `{line = text, "
         "file = name}` writes it to a file of that name in the folder of "
         "`result_filename`. The name may have letters, digits, `.`, `_` and `-`; it "
         "may not begin with a dot or be that of the database. With any other name, "
         "the line goes to `result_filename`."},
};

static void reference_print_view(const struct view_field *f) {
    puts("| field | unit | |\n|---|---|---|");
    for (; f->path; f++) {
        printf("| `%s` | ", f->path);
        reference_print_words(f->unit);
        fputs(" | ", stdout);
        reference_print_words(f->meaning);
        puts(" |");
    }
}

static void reference_print_functions(const struct script_function *f) {
    if (f == NULL || f->name == NULL)
        return;
    puts("\nHelper functions in this hook (numbers in, numbers out):\n\n| function | "
         "|\n|---|---|");
    for (; f->name; f++) {
        printf("| `learn.%s%s` | ", f->name, f->args);
        reference_print_words(f->help);
        puts(" |");
    }
}

static void reference_print_strategies(void) {
    struct script_env env = {0};
    dialer_lend(&env);
    for (int h = 0; h < HOOK_COUNT; h++) {
        printf("### %s\n\nReturns: %s\n\n", hook_words[h].title, hook_words[h].returns);
        reference_print_view(env.views[h]);
        reference_print_functions(env.functions[h]);
        puts("");
    }
}

/* ---- the pages ---- */

static void reference_print_ami(void) { manual_print(stdout); }

static void reference_print_json(void) {
    json_t *all = manual_json();
    json_dumpf(all, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(all);
}

static const struct {
    const char *name;
    void (*print)(void);
} pages[] = {{"ami", reference_print_ami},
             {"ami-json", reference_print_json},
             {"config", reference_print_config},
             {"strategies", reference_print_strategies}};

int reference_main(int argc, char **argv) {
    for (size_t i = 0; argc == 2 && i < ARRAY_LEN(pages); i++)
        if (strcmp(argv[1], pages[i].name) == 0) {
            pages[i].print();
            return 0;
        }
    fputs("usage: astout reference ami|ami-json|config|strategies\n", stderr);
    return 2;
}
