#include "dialer/core/schedule.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400

/* HH:MM or HH:MM:SS in seconds since midnight (24:00 is the end of the day); else -1. */
static int schedule_time_of(const char *text) {
    int h = 0, m = 0, s = 0, used = 0;
    if (strspn(text, "0123456789:") != strlen(text) ||
        (sscanf(text, "%2d:%2d%n:%2d%n", &h, &m, &used, &s, &used) < 2) || text[used] ||
        h > 24 || m > 59 || s > 59 || h * 3600 + m * 60 + s > DAY)
        return -1;
    return h * 3600 + m * 60 + s;
}

/* YYYY-MM-DD as the number YYYYMMDD; 0 if it is not a date. */
static int schedule_date_of(const char *text) {
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y = 0, m = 0, d = 0, used = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, &used) != 3 || text[used] || m < 1 ||
        m > 12 || d < 1 || d > days[m - 1] || y < 1)
        return 0;
    if (m == 2 && d == 29 && (y % 4 || (y % 100 == 0 && y % 400)))
        return 0;
    return y * 10000 + m * 100 + d;
}

/* Calls fn for each word of a list separated by commas and blanks, until it returns false.
 * False if it has. */
static bool schedule_each_word(const char *list, bool (*fn)(const char *word, int want),
                               int want) {
    char *copy = xstrdup(list), *rest = copy, *word;
    bool go_on = true;
    while (go_on && (word = strtok_r(rest, ", \t", &rest)))
        go_on = fn(word, want);
    free(copy);
    return go_on;
}

static bool schedule_is_date(const char *word, int want) {
    (void)want;
    return schedule_date_of(word) != 0;
}

static bool schedule_is_day(const char *word, int want) {
    (void)want;
    return strlen(word) == 1 && *word >= '0' && *word <= '6';
}

static bool schedule_is_other_date(const char *word, int want) {
    return schedule_date_of(word) != want;
}

static bool schedule_is_other_day(const char *word, int want) { return atoi(word) != want; }

static bool schedule_good_time(const char *s) { return schedule_time_of(s) >= 0; }
static bool schedule_good_date(const char *s) { return schedule_date_of(s) != 0; }
static bool schedule_good_dates(const char *s) {
    return schedule_each_word(s, schedule_is_date, 0);
}
static bool schedule_good_days(const char *s) {
    return schedule_each_word(s, schedule_is_day, 0);
}

static const struct {
    int field;
    bool (*good)(const char *s);
    const char *form;
} checks[] = {
    {CAMPAIGN_SC_TIME_START, schedule_good_time, "HH:MM or HH:MM:SS"},
    {CAMPAIGN_SC_TIME_END, schedule_good_time, "HH:MM or HH:MM:SS"},
    {CAMPAIGN_SC_DATE_START, schedule_good_date, "YYYY-MM-DD"},
    {CAMPAIGN_SC_DATE_END, schedule_good_date, "YYYY-MM-DD"},
    {CAMPAIGN_SC_DATE_LIST, schedule_good_dates, "a list of dates, YYYY-MM-DD"},
    {CAMPAIGN_SC_DATE_LIST_EXCEPT, schedule_good_dates, "a list of dates, YYYY-MM-DD"},
    {CAMPAIGN_SC_DAY_LIST, schedule_good_days, "a list of days, 0 (Sunday) to 6 (Saturday)"},
};

const char *schedule_check(const struct row *c, const char **form) {
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        const char *text = row_text(c, checks[i].field);
        *form = checks[i].form;
        if (text && !checks[i].good(text))
            return c->noun->fields[checks[i].field].header;
    }
    return NULL;
}

static int schedule_bound(const struct row *c, int field, int otherwise) {
    const char *text = row_text(c, field);
    return text ? schedule_time_of(text) : otherwise;
}

static bool schedule_in_list(const struct row *c, int field, int date) {
    const char *list = row_text(c, field);
    return list && !schedule_each_word(list, schedule_is_other_date, date);
}

/* Is it a day on which the campaign runs? Regardless of the time. */
static bool schedule_day_counts(const struct row *c, int date, int weekday) {
    const char *first = row_text(c, CAMPAIGN_SC_DATE_START);
    const char *last = row_text(c, CAMPAIGN_SC_DATE_END);
    const char *days = row_text(c, CAMPAIGN_SC_DAY_LIST);
    if ((first && date < schedule_date_of(first)) || (last && date > schedule_date_of(last)))
        return false;
    return days == NULL || !schedule_each_word(days, schedule_is_other_day, weekday);
}

/* The date and the weekday a number of days later, as numbers. */
static int schedule_shifted(const struct tm *local, int days, int *weekday) {
    struct tm t = *local;
    t.tm_mday += days;
    t.tm_hour = 12; /* clocks never change at noon */
    t.tm_isdst = -1;
    mktime(&t);
    *weekday = t.tm_wday;
    return (t.tm_year + 1900) * 10000 + (t.tm_mon + 1) * 100 + t.tm_mday;
}

bool schedule_is_open(const struct row *c, const struct tm *local) {
    if (row_int(c, CAMPAIGN_SC_MODE) != 1)
        return true;
    int start = schedule_bound(c, CAMPAIGN_SC_TIME_START, 0),
        end = schedule_bound(c, CAMPAIGN_SC_TIME_END, DAY);
    int now = local->tm_hour * 3600 + local->tm_min * 60 + local->tm_sec;
    bool after_midnight = start > end && now <= end;
    int weekday, today = schedule_shifted(local, 0, &weekday);
    int date = schedule_shifted(local, after_midnight ? -1 : 0, &weekday);
    if (schedule_in_list(c, CAMPAIGN_SC_DATE_LIST_EXCEPT, date) ||
        schedule_in_list(c, CAMPAIGN_SC_DATE_LIST_EXCEPT, today))
        return false;
    if (schedule_in_list(c, CAMPAIGN_SC_DATE_LIST, date))
        return true;
    bool in_time = start <= end ? now >= start && now <= end : now >= start || now <= end;
    return in_time && schedule_day_counts(c, date, weekday);
}

int schedule_next(const struct row *c, const struct tm *local) {
    int now = local->tm_hour * 3600 + local->tm_min * 60 + local->tm_sec;
    const int edges[] = {schedule_bound(c, CAMPAIGN_SC_TIME_START, DAY),
                         schedule_bound(c, CAMPAIGN_SC_TIME_END, DAY) + 1, DAY};
    int next = DAY - now;
    for (size_t i = 0; i < ARRAY_LEN(edges); i++)
        if (edges[i] > now && edges[i] - now < next)
            next = edges[i] - now;
    /* on a day when the clocks change, mktime knows how much time really passes */
    struct tm from = *local, to = *local;
    to.tm_hour = (now + next) / 3600;
    to.tm_min = (now + next) / 60 % 60;
    to.tm_sec = (now + next) % 60;
    to.tm_isdst = -1;
    next = (int)(mktime(&to) - mktime(&from));
    return next > 0 ? next : 1;
}
