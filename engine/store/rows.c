/* The answer to a read: made by whoever carries it out, read on the loop. */
#include <stdlib.h>
#include <string.h>

#include "store/backend.h"

#define SLOTS 16 /* of the table from names to columns; a power of two */

enum cell_type { CELL_NULL, CELL_INT, CELL_TEXT };

struct cell {
    int64_t num; /* or where the text begins */
    enum cell_type type;
};

struct rows {
    const struct statement *statement;
    int count, width, noun_width;
    struct cell *cells;
    size_t used, room;
    struct str text;
    bool stale;
    char *error;
    int8_t *slots; /* column + 1 by name, as asked for last */
};

/* ---- making them ---- */

struct rows *rows_new(const struct statement *st) {
    struct rows *r = xcalloc(1, sizeof *r);
    r->statement = st;
    r->slots = xcalloc(SLOTS, sizeof r->slots[0]);
    r->noun_width = st->noun ? st->noun->count : 0;
    r->width = r->noun_width + statement_count(st->columns);
    return r;
}

void rows_free(struct rows *rows) {
    if (rows == NULL)
        return;
    free(rows->cells);
    free(rows->slots);
    str_free(&rows->text);
    free(rows->error);
    free(rows);
}

void rows_fail(struct rows *rows, const char *why) {
    free(rows->error);
    rows->error = xstrdup(why);
}

void rows_set_stale(struct rows *rows) { rows->stale = true; }

bool rows_add(struct rows *rows) {
    char why[160];
    size_t bytes = rows->used * sizeof rows->cells[0] + rows->text.len;
    const char *what = rows->count == ROWS_MAX ? "rows" : "bytes";
    if (rows->count < ROWS_MAX && bytes <= ROWS_BYTES) {
        rows->count++;
        return true;
    }
    snprintf(why, sizeof why, "%s: more than %d %s: it has to be asked for in pieces",
             rows->statement->name, rows->count == ROWS_MAX ? ROWS_MAX : ROWS_BYTES, what);
    rows_fail(rows, why);
    return false;
}

static struct cell *rows_cell(struct rows *rows) {
    if (rows->used == rows->room) {
        rows->room = rows->room ? 2 * rows->room : (size_t)rows->width;
        rows->cells = xrealloc(rows->cells, rows->room * sizeof rows->cells[0]);
    }
    return &rows->cells[rows->used++];
}

void rows_add_null(struct rows *rows) { *rows_cell(rows) = (struct cell){0, CELL_NULL}; }

void rows_add_int(struct rows *rows, int64_t num) {
    *rows_cell(rows) = (struct cell){num, CELL_INT};
}

void rows_add_text(struct rows *rows, const char *text, size_t n) {
    *rows_cell(rows) = (struct cell){(int64_t)rows->text.len, CELL_TEXT};
    str_addn(&rows->text, text, n);
    str_addc(&rows->text, '\0');
}

/* ---- reading them ---- */

const char *read_error(const struct rows *rows) { return rows->error; }
bool rows_are_stale(const struct rows *rows) { return rows->stale; }

static void rows_need(const struct rows *rows) {
    if (rows->error)
        store_misuse("%s: its rows are asked for, though it failed: %s", rows->statement->name,
                     rows->error);
}

int rows_count(const struct rows *rows) {
    rows_need(rows);
    return rows->count;
}

static const char *rows_name(const struct rows *rows, int column, char *type) {
    if (column < rows->noun_width) {
        const struct field *f = &rows->statement->noun->fields[column];
        *type = f->type == FIELD_INT ? 'i' : 't';
        return f->column;
    }
    const struct statement_name *n = &rows->statement->columns[column - rows->noun_width];
    *type = n->type;
    return n->name;
}

static int rows_find(const struct rows *rows, const char *name) {
    char type;
    for (int i = 0; i < rows->width; i++)
        if (strcmp(rows_name(rows, i, &type), name) == 0)
            return i;
    store_misuse("%s: there is no column \"%s\"", rows->statement->name, name);
}

/* Which column is it? Names are nearly always the same few literals: what was found is kept
 * by address, and looked at again before it is believed. */
static int rows_column(const struct rows *rows, const char *name, char type) {
    int8_t *slot = &rows->slots[(uintptr_t)name / 4 & (SLOTS - 1)];
    char is;
    if (*slot == 0 || strcmp(rows_name(rows, *slot - 1, &is), name))
        *slot = (int8_t)(rows_find(rows, name) + 1);
    rows_name(rows, *slot - 1, &is);
    if (type && is != type)
        store_misuse("%s: column \"%s\" is of the other type", rows->statement->name, name);
    return *slot - 1;
}

static const struct cell *rows_at(const struct rows *rows, int row, int column) {
    rows_need(rows);
    if (row < 0 || row >= rows->count)
        store_misuse("%s: there is no row %d", rows->statement->name, row);
    return &rows->cells[(size_t)row * (size_t)rows->width + (size_t)column];
}

static const char *rows_cell_text(const struct rows *rows, const struct cell *c) {
    return c->type == CELL_TEXT ? rows->text.s + c->num : NULL;
}

int64_t rows_int(const struct rows *rows, int row, const char *column) {
    const struct cell *c = rows_at(rows, row, rows_column(rows, column, 'i'));
    return c->type == CELL_INT ? c->num : 0;
}

const char *rows_text(const struct rows *rows, int row, const char *column) {
    return rows_cell_text(rows, rows_at(rows, row, rows_column(rows, column, 't')));
}

bool rows_is_null(const struct rows *rows, int row, const char *column) {
    return rows_at(rows, row, rows_column(rows, column, 0))->type == CELL_NULL;
}

struct row *rows_row(const struct rows *rows, int row) {
    if (rows->statement->noun == NULL)
        store_misuse("%s: its rows are no noun's", rows->statement->name);
    struct row *r = row_of_store(rows->statement->noun);
    const struct cell *c = rows_at(rows, row, 0);
    for (int i = 0; i < rows->noun_width; i++)
        row_load(r, i, rows_cell_text(rows, &c[i]), c[i].num, c[i].type == CELL_NULL);
    return r;
}
