/* The only source of chance: a seeded generator (xoshiro256**, Blackman and Vigna,
 * https://prng.di.unimi.it/, public domain; seeded through splitmix64 as they advise). */
#ifndef BASE_CHANCE_H
#define BASE_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_TEXT 37

struct chance {
    uint64_t s[4];
};

void chance_seed(struct chance *c, uint64_t seed);
/* Seeds from the kernel; what `run` does, so that uuids never repeat. */
void chance_seed_kernel(struct chance *c);
/* A stream of its own for item k of seed: the same whatever else was drawn. */
void chance_seed_item(struct chance *c, uint64_t seed, uint64_t k);
uint64_t chance_next(struct chance *c);
/* Uniform in [0, 1). */
double chance_unit(struct chance *c);
bool chance_hit(struct chance *c, double probability);
/* Log-normal with the given mean and coefficient of variation (sd / mean). */
double chance_lognormal(struct chance *c, double mean, double cv);
/* A version 4 uuid in lower case. */
void chance_uuid(struct chance *c, char out[UUID_TEXT]);

#endif
