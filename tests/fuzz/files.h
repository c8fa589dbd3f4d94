/* Parsers read files: the bytes go into one of this process, in a folder of its own. */
#ifndef TESTS_FUZZ_FILES_H
#define TESTS_FUZZ_FILES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Writes the bytes and gives the file's name; removed at exit. */
static char fuzz_folder[] = "/tmp/astout-fuzz-XXXXXX", fuzz_path[64];

static void fuzz_remove(void) {
    unlink(fuzz_path);
    rmdir(fuzz_folder);
}

static const char *fuzz_file(const uint8_t *data, size_t size) {
    if (fuzz_path[0] == '\0') {
        if (mkdtemp(fuzz_folder) == NULL)
            abort();
        snprintf(fuzz_path, sizeof fuzz_path, "%s/x.conf", fuzz_folder);
        atexit(fuzz_remove);
    }
    FILE *f = fopen(fuzz_path, "wb");
    if (f == NULL || fwrite(data, 1, size, f) != size || fclose(f))
        abort();
    return fuzz_path;
}

/* A parser says what it read or why not, one of the two. */
static void fuzz_judge(const void *read, char *err) {
    if ((read == NULL) == (err == NULL) || (err && *err == '\0'))
        abort();
    free(err);
}

#endif
