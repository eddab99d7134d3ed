// The limit: C, one prepared statement, values bound without copying, on the seed's schema.
// usage: insert DATABASE EVENTS.tsv SCHEMA.sql STEP...   where a step is SIZExTIMES: TIMES transactions of SIZE events
// (size 1: no transaction of our own). Prints {"version": …, "steps": {"100x50": [CPU µs per event, wall µs per event]}}.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sqlite3.h"

enum { COLUMNS = 13, BOUND = 12 };
// Which column of the file each ? takes; column 3 (integer time) is left out.
static const int source[BOUND] = {0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12};

typedef struct {
    char *text[COLUMNS];
    int length[COLUMNS];
    int line_number, auto_confirmable;
} Event;

static sqlite3 *db;
static sqlite3_stmt *statement;

static void must(int result) {
    if (result != SQLITE_OK && result != SQLITE_DONE) {
        fprintf(stderr, "sqlite: %d %s\n", result, sqlite3_errmsg(db));
        exit(1);
    }
}

static void execute(const char *sql) { must(sqlite3_exec(db, sql, NULL, NULL, NULL)); }

static double clock_us(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static char *whole_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) { perror(path); exit(1); }
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = malloc(size + 1);
    if (fread(text, 1, size, file) != (size_t)size) { perror(path); exit(1); }
    text[size] = 0;
    fclose(file);
    return text;
}

static Event *parse(char *text, long wanted) {
    Event *events = malloc(sizeof(Event) * wanted);
    for (long n = 0; n < wanted; n++) {
        if (!*text) { fprintf(stderr, "only %ld events in the file\n", n); exit(1); }
        Event *e = &events[n];
        for (int i = 0; i < COLUMNS; i++) {
            e->text[i] = text;
            while (*text != '\t' && *text != '\n') text++;
            e->length[i] = (int)(text - e->text[i]);
            *text++ = 0;
        }
        e->line_number = atoi(e->text[8]);
        e->auto_confirmable = e->text[12][0] == '1';
    }
    return events;
}

static void insert(const Event *e) {
    for (int i = 0; i < BOUND; i++) {
        int column = source[i];
        if (column == 8) sqlite3_bind_int(statement, i + 1, e->line_number);
        else if (column == 12) sqlite3_bind_int(statement, i + 1, e->auto_confirmable);
        else if (column == 10 && !e->length[10]) sqlite3_bind_null(statement, i + 1);
        else sqlite3_bind_text(statement, i + 1, e->text[column], e->length[column], SQLITE_STATIC);
    }
    must(sqlite3_step(statement));
    sqlite3_reset(statement);
}

int main(int count, char **args) {
    if (count < 5) return 2;
    long sizes[32], times[32], wanted = 0;
    for (int i = 4; i < count; i++) {
        sscanf(args[i], "%ldx%ld", &sizes[i - 4], &times[i - 4]);
        wanted += sizes[i - 4] * times[i - 4];
    }
    Event *next = parse(whole_file(args[2]), wanted);
    must(sqlite3_open(args[1], &db));
    execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
    execute(whole_file(args[3]));
    must(sqlite3_prepare_v3(db,
        "INSERT INTO extraction_events (agent_name, session_id, timestamp, event_type, pattern, matched_value,"
        " original_line, line_number, metadata_json, code_block_language, risk_level, auto_confirmable)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
    printf("{\"version\": \"SQLite %s\", \"steps\": {", sqlite3_libversion());
    for (int i = 4; i < count; i++) {
        long size = sizes[i - 4], repeat = times[i - 4];
        double cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID), wall = clock_us(CLOCK_MONOTONIC);
        for (long r = 0; r < repeat; r++) {
            if (size > 1) execute("BEGIN IMMEDIATE");
            for (long n = 0; n < size; n++) insert(next++);
            if (size > 1) execute("COMMIT");
        }
        cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        wall = clock_us(CLOCK_MONOTONIC) - wall;
        printf("%s\"%s\": [%.3f, %.3f]", i > 4 ? ", " : "", args[i], cpu / (size * repeat), wall / (size * repeat));
    }
    printf("}}\n");
    sqlite3_finalize(statement);
    return sqlite3_close(db);
}
