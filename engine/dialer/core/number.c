#include "dialer/core/number.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ami/message.h"

#define ACTION_LINE_MAX 1020 /* Asterisk reads lines of 1,024 bytes, their end included */

static bool number_only(const char *s, size_t n, const char *others) {
    for (size_t i = 0; i < n; i++)
        if (!isascii((unsigned char)s[i]) ||
            !(isalnum((unsigned char)s[i]) || strchr(others, s[i])))
            return false;
    return n > 0;
}

bool number_is_dialable(const char *number, bool allow_uri) {
    size_t n = strlen(number);
    if (n > NUMBER_MAX)
        return false;
    const char *at = strchr(number, '@');
    if (at && allow_uri && str_has_prefix(number, "sip:"))
        return number_only(number + 4, (size_t)(at - number - 4), "+*#._-") &&
               number_only(at + 1, strlen(at + 1), ".-:");
    return number_only(number, n, "+*#._-");
}

bool number_is_tech(const char *tech) {
    size_t n = strlen(tech);
    return n > 1 && n <= NUMBER_MAX && tech[n - 1] == '/' && number_only(tech, n, "._-/") &&
           tech[0] != '/';
}

/* Scripts may return whole channel strings: exactly one channel, on one line. */
bool number_is_channel(const char *channel) {
    return strchr(channel, '/') && strlen(channel) <= 255 && !strpbrk(channel, "&\r\n,;\"\\");
}

static bool number_is_variable(const char *name) {
    for (const char *p = name; *p; p++)
        if (strchr("=,\\\"\r\n", *p) || (unsigned char)*p <= ' ')
            return false;
    return *name != '\0';
}

const char *variable_add(json_t *vars, const char *name, const char *value) {
    if (!number_is_variable(name))
        return "has a name that is empty or has characters that a variable's name cannot have";
    if (strlen(value) > VARIABLE_MAX)
        return "has a value of more than 900 bytes";
    struct str probe = {0};
    bool fits = variable_print(&probe, name, value);
    str_free(&probe);
    if (!fits)
        return "is too long for a line of AMI";
    json_t *text = json_string(value);
    if (text == NULL || json_object_set_new(vars, name, text))
        return "must be UTF-8";
    return json_object_size(vars) > VARIABLES_MAX ? "is one too many: at most 100 are allowed"
                                                  : NULL;
}

bool variable_print(struct str *action, const char *name, const char *value) {
    struct str v = {0};
    size_t line_ends = 0; /* header_add writes each as two characters */
    str_add(&v, name);
    str_addc(&v, '=');
    for (const char *p = value; *p; p++) {
        if (strchr(",\"\\", *p))
            str_addc(&v, '\\');
        str_addc(&v, *p);
        line_ends += *p == '\r' || *p == '\n';
    }
    bool fits = v.len + line_ends + strlen("Variable: \r\n") <= ACTION_LINE_MAX;
    if (fits)
        header_add(action, "Variable", v.s);
    str_free(&v);
    return fits;
}
