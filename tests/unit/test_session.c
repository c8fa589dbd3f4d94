/* Sessions of our AMI port: who gets in, how, and how many. */
#include "sessionbench.h"

#include "ami/digest.h"

/* Plain login; FullyBooted follows a moment later, not in the same segment: there are
 * clients that lose what shares the answer's. */
static void test_login(void **state) {
    (void)state;
    struct peer p;
    arrive(&p);
    HEARD(&p, BANNER);
    say(&p, LOGIN);
    HEARD(&p, WELCOME);
    assert_int_equal(logins, 1);
    pass(&h, SECONDS(0.1));
    HEARD(&p, BOOTED);
    say(&p, LOGIN);
    HEARD(&p, "Response: Success\r\nActionID: in\r\n"
              "Message: Already authenticated\r\n\r\n");
    assert_int_equal(logins, 1);
    peer_end(&p);
    settle(&h);
    assert_int_equal(gones, 1);
}

/* MD5: the challenge stays the same within a session, the key must be right and in
 * lower case; without a challenge no key can be right. */
static void test_md5(void **state) {
    (void)state;
    struct peer p;
    arrive(&p);
    str_reset(&p.got);
    say(&p, "Action: Challenge\nAuthType: sha\n\n");
    HEARD(&p, "Response: Error\r\nMessage: Must specify AuthType\r\n\r\n");
    say(&p, "Action: Challenge\nAuthType: md5\n\n");
    char *first = xstrdup(p.got.s), challenge[16] = "";
    str_reset(&p.got);
    say(&p, "Action: Challenge\nAuthType: MD5\n\n");
    HEARD(&p, first);
    assert_int_equal(sscanf(first, "Response: Success\r\nChallenge: %15[0-9]", challenge), 1);
    free(first);
    char key[DIGEST_TEXT];
    digest_key(key, challenge, "s3cret");
    char *text =
        xasprintf("Action: Login\nActionID: in\nAuthType: MD5\nUsername: joe\nKey: %s\n\n",
                  key);
    say(&p, text);
    HEARD(&p, WELCOME);
    peer_end(&p);
    arrive(&p);
    str_reset(&p.got);
    say(&p, text); /* a key of another session, and no challenge asked for */
    pass(&h, SECONDS(1.1));
    HEARD(&p, FAILED);
    peer_end(&p);
    free(text);
    digest_key(key, "1234567", "s3cret");
    assert_string_equal(key, "68edf1b4eee7014d8ac38ff454c0b3d1");
}

/* Nobody may learn which part was wrong: the same words, after the same second, and
 * nothing that was pipelined behind is done. */
static void test_refusals(void **state) {
    (void)state;
    static const char *const logins_[] = {
        "Action: Login\nActionID: in\nUsername: joe\nSecret: wrong\n\n",
        "Action: Login\nActionID: in\nUsername: joe\nSecret: s3cretX\n\n",
        "Action: Login\nActionID: in\nUsername: nobody\nSecret: s3cret\n\n",
        "Action: Login\nActionID: in\nUsername: joe\n\n",
        "Action: Login\nActionID: in\nSecret: s3cret\n\n",
        "Action: Login\nActionID: in\n\n",
        "Action: Login\nActionID: in\nUsername: nosecret\nSecret: \n\n",
        "Action: Login\nActionID: in\nUsername: joe\nAuthType: MD5\nKey: \n\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(logins_); i++) {
        struct peer p;
        arrive(&p);
        str_reset(&p.got);
        say(&p, logins_[i]);
        say(&p, LOGIN "Action: Ping\n\n");
        pass(&h, SECONDS(0.999));
        HEARD(&p, "");
        assert_false(p.lost);
        pass(&h, SECONDS(0.002));
        HEARD(&p, FAILED);
        assert_true(p.lost);
        peer_end(&p);
    }
    assert_int_equal(logins, 0);
    assert_null(strstr(h.said.s, "s3cret")); /* no secret in the log */
}

/* Over a socket the address counts, and its refusal looks like any other. */
static void test_address(void **state) {
    (void)state;
    struct house real;
    house_begin(&real, false);
    char *err = NULL;
    const struct server_config config = {.bindaddr = "127.0.0.1",
                                         .users = users,
                                         .limits = {5, 3, SECONDS(30), 20000},
                                         .version = version};
    struct server *open = server_new(real.loop, &real.chance, &config, &err);
    assert_non_null(open);
    struct peer far, joe;
    int port = server_port(open);
    peer_dial(&far, real.loop, port);
    peer_dial(&joe, real.loop, port);
    peer_say(&far, "Action: Login\nActionID: in\nUsername: far\nSecret: s3cret\n\n");
    peer_say(&joe, LOGIN);
    int64_t began = real.clock.mono;
    UNTIL(&real, far.lost && joe.got.len >= strlen(BANNER WELCOME BOOTED));
    assert_true(real.clock.mono - began >= SECONDS(1));
    HEARD(&far, BANNER FAILED);
    HEARD(&joe, BANNER WELCOME BOOTED);
    peer_end(&far);
    peer_end(&joe);
    server_free(open);
    settle(&real);
    house_end(&real);
}

/* Before the login there are three actions; all others say the same. */
static void test_before_login(void **state) {
    (void)state;
    struct peer p;
    arrive(&p);
    str_reset(&p.got);
    static const char *const actions[] = {"Ping",    "Events", "Ok",
                                          "Command", "Wait",   "Nonsense"};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        char *text = xasprintf("Action: %s\nActionID: %zu\n\n", actions[i], i);
        say(&p, text);
        free(text);
        text =
            xasprintf("Response: Error\r\nActionID: %zu\r\nMessage: Permission denied\r\n\r\n",
                      i);
        HEARD(&p, text);
        free(text);
    }
    assert_int_equal(waits, 0);
    event(0, EVENT("ForNobody"));
    settle(&h);
    HEARD(&p, "");
    say(&p, "Action: Logoff\n\n");
    HEARD(&p, "Response: Goodbye\r\nMessage: Thanks for all the fish.\r\n\r\n");
    assert_true(p.lost);
    peer_end(&p);
}

/* Who never logs in does not stay. */
static void test_login_timeout(void **state) {
    (void)state;
    struct peer slow, quick;
    arrive(&slow);
    log_in(&quick);
    pass(&h, SECONDS(29));
    assert_false(slow.lost);
    pass(&h, SECONDS(2));
    assert_true(slow.lost);
    HEARD(&slow, BANNER);
    assert_false(quick.lost);
    peer_end(&slow);
    peer_end(&quick);
}

/* A crowd before the login cannot lock the door for good; logged in one does not count
 * as unauthenticated any more, nor does one that has gone. */
static void test_limits(void **state) {
    (void)state;
    struct peer p[7];
    for (int i = 0; i < 4; i++)
        arrive(&p[i]);
    assert_false(p[2].lost);
    assert_true(p[3].lost);
    HEARD(&p[3], "");
    peer_end(&p[3]);
    peer_end(&p[2]);
    settle(&h);
    log_in(&p[2]);
    arrive(&p[3]);
    assert_false(p[3].lost);
    say(&p[0], LOGIN);
    say(&p[1], LOGIN);
    log_in(&p[4]);
    arrive(&p[5]); /* the sixth session in all */
    assert_true(p[5].lost);
    peer_end(&p[4]);
    settle(&h);
    arrive(&p[6]);
    assert_false(p[6].lost);
    for (int i = 0; i < 7; i++)
        if (i != 4)
            peer_end(&p[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_login),   TEST(test_md5),          TEST(test_refusals),
        TEST(test_address), TEST(test_before_login), TEST(test_login_timeout),
        TEST(test_limits),
    };
    return cmocka_run_group_tests_name("session", tests, begin, end);
}
