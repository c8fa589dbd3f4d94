#include "main/reference.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "dialer/dialer.h"
#include "script/hook/view.h"

static const char head[] =
    "# astout.conf\n\n"
    "The configuration of the engine: `astout run -c FILE`. A section begins with its name in\n"
    "brackets, a key is set by `key = value`, and `;` begins a comment. If the file has an\n"
    "unknown section or key, a value out of range, or the path of a file that does not exist,\n"
    "the engine reports file and line and does not start. Relative paths start at the folder of\n"
    "the file. [conf/astout.conf](../conf/astout.conf) is a sample. The\n"
    "[glossary](glossary.md) defines the terms. This page is the output of\n"
    "`astout reference config`.\n";

/* The sections in order; [a:NAME] may be given more than once. */
static const struct {
    const char *section, *title, *about;
} titles[] = {
    {"general", "[general]", "Results, time zone, log, recording."},
    {"database", "[database]", "The database."},
    {"ami", "[ami]", "The port for AMI clients."},
    {"console", "[console]", "The socket of the Lua console."},
    {"asterisk", "[asterisk:NAME]",
     "One section for each Asterisk server; at least one is required."},
    {"trunk", "[trunk:NAME]",
     "One section for each trunk with limits. A plan uses the trunk by `TrunkName: NAME`."},
    {"agi", "[agi]", "FastAGI, with which dialplans add leads."},
    {"scripts", "[scripts]", "The strategies."},
    {"limits", "[limits]", "Limits that no strategy can exceed."},
};

static void reference_print_title(const char *section) {
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        if (strcmp(titles[i].section, section) == 0)
            printf("\n## %s\n\n%s\n\n| key | value | default | |\n|---|---|---|---|\n",
                   titles[i].title, titles[i].about);
}

/* Words in a table cell: a bar would end it. */
static void reference_print_words(const char *words) {
    for (; *words; words++)
        fputs(*words == '|' ? " or " : (char[]){*words, '\0'}, stdout);
}

static void reference_print_option(void *arg, const struct conf_option *o) {
    const char **section = arg;
    if (*section == NULL || strcmp(*section, o->section))
        reference_print_title(*section = o->section);
    printf("| `%s` | ", o->key);
    if (o->words)
        reference_print_words(o->words);
    else if (o->type == CONF_INT || o->type == CONF_DECIMAL)
        printf("%s, %lld to %lld", confvalue_type(o->type), (long long)o->min,
               (long long)o->max);
    else
        fputs(confvalue_type(o->type), stdout);
    printf(" | %s%s%s | ", o->preset && *o->preset ? "`" : "",
           o->preset == NULL ? "required" : o->preset, o->preset && *o->preset ? "`" : "");
    reference_print_words(o->help);
    puts(" |");
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

int reference_main(int argc, char **argv) {
    const char *section = NULL;
    if (argc == 2 && strcmp(argv[1], "strategies") == 0) {
        reference_print_strategies();
        return 0;
    }
    if (argc != 2 || strcmp(argv[1], "config")) {
        fputs("usage: astout reference config|strategies\n", stderr);
        return 2;
    }
    fputs(head, stdout);
    conf_each(reference_print_option, &section);
    return 0;
}
