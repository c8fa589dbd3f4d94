/* astout.conf. */
#include "files.h"

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *err;
    struct conf *c = conf_load(fuzz_file(data, size), &err);
    fuzz_judge(c, err);
    if (c && c->asterisk_count == 0)
        abort();
    conf_free(c);
    return 0;
}
