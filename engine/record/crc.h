/* CRC-32 (ISO 3309), four bytes at a time. */
#ifndef RECORD_CRC_H
#define RECORD_CRC_H

#include <stddef.h>
#include <stdint.h>

struct crc {
    uint32_t table[4][256];
};

void crc_init(struct crc *crc);
uint32_t crc_of(const struct crc *crc, const void *bytes, size_t n);

#endif
