#include "base/chance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <uuid/uuid.h>

static uint64_t chance_splitmix(uint64_t *x) {
    uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void chance_seed(struct chance *c, uint64_t seed) {
    for (int i = 0; i < 4; i++)
        c->s[i] = chance_splitmix(&seed);
}

void chance_seed_kernel(struct chance *c) {
    if (getrandom(c->s, sizeof c->s, 0) != sizeof c->s) {
        perror("getrandom");
        abort();
    }
}

void chance_seed_item(struct chance *c, uint64_t seed, uint64_t k) {
    uint64_t x = seed;
    chance_seed(c, chance_splitmix(&x) ^ (k * UINT64_C(0xd1342543de82ef95) + 1));
}

static uint64_t chance_rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

uint64_t chance_next(struct chance *c) {
    uint64_t *s = c->s, result = chance_rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = chance_rotl(s[3], 45);
    return result;
}

double chance_unit(struct chance *c) { return (double)(chance_next(c) >> 11) * 0x1.0p-53; }

bool chance_hit(struct chance *c, double probability) { return chance_unit(c) < probability; }

/* Standard normal by Box and Muller; the second value is not kept, so that the
 * number of draws per call is fixed. */
static double chance_normal(struct chance *c) {
    double u = 1.0 - chance_unit(c), v = chance_unit(c);
    return sqrt(-2.0 * log(u)) * cos(2.0 * 3.14159265358979323846 * v);
}

double chance_lognormal(struct chance *c, double mean, double cv) {
    double s2 = log(1.0 + cv * cv);
    return exp(log(mean) - s2 / 2 + sqrt(s2) * chance_normal(c));
}

void chance_uuid(struct chance *c, char out[UUID_TEXT]) {
    uint64_t bits[2] = {chance_next(c), chance_next(c)};
    uuid_t u;
    memcpy(u, bits, sizeof u);
    u[6] = (u[6] & 0x0f) | 0x40; /* version 4, RFC 4122 §4.4 */
    u[8] = (u[8] & 0x3f) | 0x80;
    uuid_unparse_lower(u, out);
}
