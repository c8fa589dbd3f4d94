#include "dialer/pace/limits.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "record/record.h"
#include "dialer/plan/plan.h"

#define NUMBER_DIGITS 32
#define HOUR (3600 * NS_PER_S)

/* ---- quiet hours ---- */

/* Reads "21:00-08:00" into minutes of the day. */
static bool limits_read_hours(const char *text, int *from, int *to) {
    int h1, m1, h2, m2, n = 0;
    if (*text == '\0') {
        *from = *to = 0;
        return true;
    }
    if (sscanf(text, "%2d:%2d-%2d:%2d%n", &h1, &m1, &h2, &m2, &n) != 4 || text[n] || h1 < 0 ||
        h1 > 23 || h2 < 0 || h2 > 24 || m1 < 0 || m1 > 59 || m2 < 0 || m2 > 59 ||
        h2 * 60 + m2 > 1440)
        return false;
    *from = h1 * 60 + m1;
    *to = h2 * 60 + m2;
    return true;
}

int64_t limits_quiet(const struct engine *e) {
    int from = e->limits.quiet_from, to = e->limits.quiet_to;
    if (from == to)
        return 0;
    int64_t wall = engine_wall(e);
    time_t now = (time_t)(wall / NS_PER_S);
    struct tm tm;
    localtime_r(&now, &tm); /* TZ is set to the configured zone */
    int minute = tm.tm_hour * 60 + tm.tm_min;
    bool quiet = from < to ? minute >= from && minute < to : minute >= from || minute < to;
    if (!quiet)
        return 0;
    int left = (to - minute + 1440) % 1440;
    /* if the clocks change before the end, mktime knows how much time really passes */
    tm.tm_min += left ? left : 1440;
    tm.tm_sec = 0;
    tm.tm_isdst = -1;
    int64_t end = mktime(&tm) * NS_PER_S;
    return end > wall ? end - wall : NS_PER_S;
}

/* ---- do not call ---- */

/* Only digits count: 0044 (20) 7946-0000 becomes 00442079460000. False if there are none, or
 * too many. */
static bool limits_digits_of(const char *number, char out[NUMBER_DIGITS + 1]) {
    size_t n = 0;
    for (; *number; number++) {
        if (!isdigit((unsigned char)*number))
            continue;
        if (n == NUMBER_DIGITS)
            return false;
        out[n++] = *number;
    }
    out[n] = '\0';
    return n > 0;
}

static bool limits_read_numbers(const char *path, struct map *into, char **err) {
    FILE *f = fopen(path, "r");
    char *line = NULL, digits[NUMBER_DIGITS + 1];
    size_t size = 0;
    if (f == NULL) {
        *err = xasprintf("[limits] do_not_call: %s: %s", path, strerror(errno));
        return false;
    }
    for (int n = 1; getline(&line, &size, f) >= 0 && *err == NULL; n++) {
        line[strcspn(line, ";\r\n")] = '\0';
        if (line[strspn(line, " \t")] == '\0')
            continue;
        if (limits_digits_of(line, digits))
            map_put(into, digits, into);
        else
            *err = xasprintf("%s:%d: must be a telephone number of 1 to %d digits", path, n,
                             NUMBER_DIGITS);
    }
    free(line);
    fclose(f);
    return *err == NULL;
}

/* ---- life ---- */

bool limits_open(struct engine *e, const struct conf *from_conf, char **err) {
    const char *path = from_conf->limits.do_not_call;
    struct map numbers = {0};
    int from, to;
    *err = NULL;
    if (!limits_read_hours(from_conf->limits.quiet, &from, &to)) {
        *err = xasprintf("[limits] quiet: '%s' must be HH:MM-HH:MM", from_conf->limits.quiet);
        return false;
    }
    if (*path)
        record_file(loop_record(e->loop), path);
    if (*path && !limits_read_numbers(path, &numbers, err)) {
        map_free(&numbers);
        return false;
    }
    limits_close(e);
    e->limits.quiet_from = from;
    e->limits.quiet_to = to;
    e->limits.do_not_call = numbers;
    return true;
}

void limits_close(struct engine *e) { map_free(&e->limits.do_not_call); }

/* ---- one lead ---- */

/* Attempts within attempts_hours, to be compared with a limit. */
struct recent {
    int64_t most, count; /* the limit; the attempts */
    int64_t times[64];   /* of the latest ones: as many as a limit can be */
};

static void limits_note(struct recent *a, int64_t at) {
    if (a->most > 0)
        a->times[a->count++ % a->most] = at;
}

/* 0 if another attempt is allowed, else when the oldest of the last `most` attempts is old
 * enough. */
static int64_t limits_full_until(const struct recent *a, int64_t window) {
    return a->most && a->count >= a->most ? a->times[a->count % a->most] + window : 0;
}

static const char *limits_check_attempts(struct engine *e, const struct lead *l, int number,
                                         int64_t *until) {
    struct recent all = {.most = e->conf->limits.attempts_lead};
    struct recent own = {.most = e->conf->limits.attempts_number};
    int64_t window = e->conf->limits.attempts_hours * HOUR;
    if (all.most == 0 && own.most == 0)
        return NULL;
    int64_t since = engine_wall(e) - window;
    for (int i = 0; i < l->attempts.count; i++) {
        const struct attempt *a = &l->attempts.list[i];
        if (a->at < since)
            continue;
        limits_note(&all, a->at);
        if (a->number == number)
            limits_note(&own, a->at);
    }
    int64_t by_lead = limits_full_until(&all, window),
            by_number = limits_full_until(&own, window);
    if (by_lead == 0 && by_number == 0)
        return NULL;
    *until = by_lead > by_number ? by_lead : by_number;
    return by_lead >= by_number ? "the limit of attempts per lead is reached"
                                : "the limit of attempts per number is reached";
}

const char *limits_number(struct engine *e, const struct lead *l, int number, int64_t *until) {
    char digits[NUMBER_DIGITS + 1];
    const char *text = row_text(l->row, LEAD_NUMBER_1 + number - 1);
    if (e->limits.do_not_call.count && text && limits_digits_of(text, digits) &&
        map_get(&e->limits.do_not_call, digits)) {
        *until = DUE_NEVER;
        return "on the do-not-call list";
    }
    return NULL;
}

const char *limits_lead(struct engine *e, const struct lead *l, int number, int64_t *until) {
    const char *forbidden = limits_number(e, l, number, until);
    return forbidden ? forbidden : limits_check_attempts(e, l, number, until);
}
