/* The simulated Asterisk: an AMI server with customers, queues and agents behind it,
 * in the dialect of Asterisk 16 (chan_sip, also PJSIP) or 22 (PJSIP only). All time
 * comes from the loop's clock, all chance from the seed: it runs in real time behind a
 * socket (`astout sim`) as well as on a virtual clock over connections in memory.
 *
 * The world is a table with these keys, each a value or a list of {from, value} in
 * seconds since the start:
 *   answer_rate            chance that a dial is answered (0.30)
 *   ring {mean, cv, cut}   s until it is (11, 0.45, at most 30)
 *   busy congestion unknown nopeer fail_early
 *                          shares of the calls not answered (0, 0, 0, 0, 0.25): busy at
 *                          once; no circuit; no such number (404, Local: no such
 *                          extension); Originate fails without a channel; refused after
 *                          1 to 8 s of ringing. The rest rings out
 *   fail {mean, cv}        s until a refusal that is not at once (uniform, 1 to 8)
 *   talk {mean, cv}        s (180, 1.0); wrapup {mean, cv} s (30, 0.6)
 *   agents                 logged in (10), members agent-01 ... of the queues
 *   pickup, misses         s until an agent picks up (0); chance that they do not (0)
 *   patience               s that a caller waits for an agent (2)
 *   machines               share of the answered that are machines (0)
 *   machine_ring {mean, cv}  s until a machine answers (as anybody)
 *   amd {min, max, time, error, notsure}
 *                          s that AMD takes (2 to 5), chances of a wrong verdict (0.05)
 *                          and of none (0)
 *   trunk                  channels at once, 0 = any number (0); more are congestion
 * `shape = "exponential"` in any {mean, cv} makes that time memoryless. Further
 *   orders       false: OriginateResponse always follows DialEnd (true: it floats)
 *   queue        name or names of the queues; without it sales_1 and any that is asked
 *                for, but for those that begin with nosuch
 *   channelvars  list of variables told in every event (manager.conf's channelvars)
 *   numbers      {["4861"] = "busy", ["555*"] = "answer"}: outcome by dialled number
 *   dialplan     {["s@near"] = {"AMD", "machine:Hangup", "Queue(sales_1)"}}: what an
 *                extension does; a step that begins with human:, machine: or notsure:
 *                only runs after that verdict. Other extensions exist and run AMD first
 *                if they (or their context) are called amd, else they stay for the talk
 *                time; those whose name begins with nosuch do not exist
 *   users        {name = "secret"} (astout/astout and admin/admin, all classes)
 * and, for `astout simulate` only:
 *   start        when the shift begins, UTC ("2026-03-02T09:00:00")
 *   leads        length of the list; without it there is always another lead
 *   destination  headers of OutDestinationCreate, where the answered calls go
 *                (Application Queue with the first queue)
 *   plan         headers of OutPlanCreate, where the plan itself does not say
 *
 * Whatever chance says, these numbers always do the same; ? is one digit:
 *   30? answer   310 busy      311 ring out   312 reject (603)  313 not found (404)
 *   314 no service (503)       315 not available (480)          316 dead, no ringing
 *   317 no peer, no channel    318 human      319 machine       320 rings, then busy
 *   321 unknown number (Local: no such extension)
 * and, so that Local/busy@far speaks for itself: answer busy cong ring dead human
 * machine nosuch ringbusy, talkN (answers at once, hangs up after N s), lateN (rings N
 * s, then answers and stays), hcN (refuses with cause N). Outcomes for `numbers`:
 * answer human machine busy ringbusy congestion ring dead reject notfound noservice
 * unavailable nosuch nopeer chance. */
#ifndef SIM_H
#define SIM_H

#include <jansson.h>
#include <stdint.h>

#include "io/conn.h"
#include "io/loop.h"

struct sim;
struct tally;

struct sim_config {
    const char *host;    /* NULL: no listener, connections come by sim_accept */
    int port;            /* 0 takes a free one */
    const json_t *world; /* only read by sim_new; NULL: all defaults */
    uint64_t seed;
    int dialect;           /* 16 or 22 */
    const struct log *log; /* NULL: the loop's */
};

/* NULL with *err (free it) when the world is wrong or it cannot listen. */
struct sim *sim_new(struct loop *l, const struct sim_config *config, char **err) MUST_CHECK;
/* The far end of a connection in memory: a client comes in. */
void sim_accept(struct sim *sim, struct conn *c);
int sim_port(const struct sim *sim);
/* What really happened so far (tally.h); valid until sim_free. */
const struct tally *sim_tally(struct sim *sim);
/* Says Event: Shutdown to all and forgets; memory goes after the turn. */
void sim_free(struct sim *sim);

/* The command `astout sim`. */
int sim_main(int argc, char **argv);

#endif
