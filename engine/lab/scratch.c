#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lab/lab.h"

#define DESCRIPTORS 16

char *lab_scratch_new(char **err) {
    const char *tmp = getenv("TMPDIR");
    char *path = xasprintf("%s/astout-simulate-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (mkdtemp(path))
        return path;
    *err = xasprintf("%s: %s", path, strerror(errno));
    free(path);
    return NULL;
}

static int scratch_on_entry(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    remove(path); /* what is left is in a folder for such things */
    return 0;
}

void lab_scratch_free(char *path) {
    if (path)
        nftw(path, scratch_on_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
    free(path);
}
