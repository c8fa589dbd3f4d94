/* The fuzz targets of tests/fuzz without a fuzzer: seeded mutations of good inputs, a
 * bounded number, the same in every run. A crash, an abort or a finding of a sanitizer
 * fails it. FUZZ_ROUNDS in the environment asks for more of them. */
#include "tool.h"

#define LLVMFuzzerTestOneInput fuzz_framing
#include "../fuzz/framing.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_users
#include "../fuzz/users.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_conf
#include "../fuzz/conf.c"
#undef LLVMFuzzerTestOneInput

#define SIZE_MAX_INPUT 8000

/* Words that matter to the parsers: put in at random. */
static const char *const words[] = {"\r\n",
                                    "\n\n",
                                    "\r\n\r\n",
                                    ":",
                                    ": ",
                                    "\0",
                                    "[",
                                    "]",
                                    "](!)\n",
                                    "](+)\n",
                                    "](a,b)",
                                    "=",
                                    "=>",
                                    "+=",
                                    ";",
                                    ";--",
                                    "--;",
                                    "\\;",
                                    "#include ",
                                    "#tryinclude ",
                                    "#exec x",
                                    "\"",
                                    "<",
                                    "secret = ",
                                    "permit = 1.2.3.4/33\n",
                                    "deny = ",
                                    "eventfilter(",
                                    "read = all,x\n",
                                    "\xff",
                                    "\xef\xbb\xbf",
                                    "Action: ",
                                    "ActionID: ",
                                    "999999999999999999999",
                                    "-1",
                                    "[asterisk:a]\n",
                                    "[trunk:"};

typedef int target(const uint8_t *data, size_t size);

static uint64_t below(struct chance *c, uint64_t n) { return chance_next(c) % n; }

/* One change of the n bytes at b (room for SIZE_MAX_INPUT); returns the new length. */
static size_t mutate(struct chance *c, uint8_t *b, size_t n) {
    size_t at = n ? below(c, n) : 0, len = n ? 1 + below(c, n - at) : 0;
    const char *word = words[below(c, ARRAY_LEN(words))];
    size_t wlen = *word ? strlen(word) : 1;
    switch (below(c, 6)) {
    case 0: /* a byte becomes another */
        if (n)
            b[at] = (uint8_t)chance_next(c);
        return n;
    case 1: /* a piece goes */
        memmove(b + at, b + at + len, n - at - len);
        return n - len;
    case 2: /* a piece comes twice */
        if (n + len > SIZE_MAX_INPUT)
            return n;
        memmove(b + at + len, b + at, n - at);
        return n + len;
    case 3: /* the rest goes */
        return at;
    case 4: /* one byte, very often */
        len = below(c, 2000);
        if (n + len > SIZE_MAX_INPUT)
            return n;
        memmove(b + at + len, b + at, n - at);
        memset(b + at, n ? b[at] : 'x', len);
        return n + len;
    default: /* a word comes in */
        if (n + wlen > SIZE_MAX_INPUT)
            return n;
        memmove(b + at + wlen, b + at, n - at);
        memcpy(b + at, word, wlen);
        return n + wlen;
    }
}

/* Inputs begin as one of the seeds and go on from one to the next for a while. */
static void run(target *fn, const char *const *seeds, size_t count, int rounds) {
    static uint8_t input[SIZE_MAX_INPUT];
    const char *more = getenv("FUZZ_ROUNDS");
    struct chance c;
    size_t n = 0;
    rounds = more ? atoi(more) : rounds;
    for (int i = 0; i < rounds; i++) {
        chance_seed_item(&c, 2016, (uint64_t)i);
        if (i % 20 == 0) {
            const char *seed = seeds[below(&c, count)];
            n = strlen(seed) < SIZE_MAX_INPUT ? strlen(seed) : SIZE_MAX_INPUT;
            memcpy(input, seed, n);
        }
        for (uint64_t k = 1 + below(&c, 4); k; k--)
            n = mutate(&c, input, n);
        uint8_t *exact = xmalloc(n + 1); /* so that a sanitizer sees its very end */
        memcpy(exact, input, n);
        fn(exact, n);
        free(exact);
    }
}

static void test_framing(void **state) {
    (void)state;
    char *busy = trace_load("16-sip-busy", NULL);
    char *local = trace_load("22-local-hc17", NULL);
    const char *const seeds[] = {
        busy, local,
        "Action: Login\r\nUsername: joe\r\nSecret: x\r\nActionID: 1\r\n\r\n"
        "Action: Ping\n\nAction: Originate\nVariable: a=b\nVariable: c=d\n\n"};
    run(fuzz_framing, seeds, ARRAY_LEN(seeds), 5000);
    free(busy);
    free(local);
}

static void test_users(void **state) {
    (void)state;
    static const char *const seeds[] = {
        "[general]\nenabled = yes\n[joe](!)\nsecret = x\nread = all\n[ann](joe)\n"
        "write += call\npermit => 10.0.0.0/255.0.0.0\ndeny = ::/0\n",
        "; comment\n;-- block\n--;\n[a]\nsecret = \"q\\;r\" ; c\n"
        "eventfilter = !Event: X\n"
        "eventfilter(action(include),name(Newchannel)) = y\nwritetimeout = 100\n"
        "[a](+)\nread = system,call\n"};
    run(fuzz_users, seeds, ARRAY_LEN(seeds), 4000);
}

static void test_conf(void **state) {
    (void)state;
    char *sample = read_file("conf/astout.conf");
    assert_non_null(sample);
    const char *const seeds[] = {
        sample, "[general]\ntimezone = UTC\nlog_level = debug\n[ami]\nenabled = no\n"
                "[asterisk:a]\nusername = u\nsecret = s\ncps = 2.5\n[trunk:t]\n"
                "asterisk = a\nchannels = 3\n[scripts]\nmemory = 1M\n"};
    run(fuzz_conf, seeds, ARRAY_LEN(seeds), 4000);
    free(sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_framing),
                                       cmocka_unit_test(test_users),
                                       cmocka_unit_test(test_conf)};
    return cmocka_run_group_tests_name("fuzz", tests, NULL, NULL);
}
