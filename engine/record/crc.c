#include "record/crc.h"

void crc_init(struct crc *crc) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
        crc->table[0][i] = c;
    }
    for (int t = 1; t < 4; t++)
        for (int i = 0; i < 256; i++) {
            uint32_t c = crc->table[t - 1][i];
            crc->table[t][i] = crc->table[0][c & 0xff] ^ (c >> 8);
        }
}

uint32_t crc_of(const struct crc *crc, const void *bytes, size_t n) {
    const unsigned char *p = bytes;
    uint32_t c = 0xffffffffu;
    for (; n >= 4; n -= 4, p += 4) {
        c ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        c = crc->table[3][c & 0xff] ^ crc->table[2][c >> 8 & 0xff] ^
            crc->table[1][c >> 16 & 0xff] ^ crc->table[0][c >> 24];
    }
    for (; n; n--, p++)
        c = crc->table[0][(c ^ *p) & 0xff] ^ (c >> 8);
    return ~c;
}
