/* Files in the format of manager.conf: the reader of that format, and the users. */
#include "files.h"

#include "conf/astconf.h"
#include "conf/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *path = fuzz_file(data, size);
    char *err;
    struct astconf *a = astconf_load(path, ASTCONF_FULL, &err);
    fuzz_judge(a, err);
    astconf_free(a);
    struct users *u = users_load(path, &err);
    fuzz_judge(u, err);
    for (size_t i = 0; u && i < u->count; i++) {
        if (users_find(u, u->list[i].name) == NULL)
            abort();
        (void)user_may_connect(&u->list[i], "127.0.0.1");
        (void)user_may_connect(&u->list[i], "::1");
    }
    users_free(u);
    return 0;
}
