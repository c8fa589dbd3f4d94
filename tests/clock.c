/* Preloaded into a program under test: its clocks run as many nanoseconds ahead of the
 * machine's as the file $ASTOUT_CLOCK says: two numbers of 8 bytes, for the wall clock and for
 * the monotonic one. The test may change them while the program runs. Without the file the
 * clocks are the machine's. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

struct ahead {
    int64_t wall, mono;
};

static const struct ahead *map_file(void) {
    static const struct ahead none;
    const char *path = getenv("ASTOUT_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *p = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    return p == MAP_FAILED ? &none : p;
}

/* Mapped by the first reading, which may come before any constructor. Two threads may both
 * map it: either is right. */
static int64_t ahead(bool wall) {
    static const struct ahead *file;
    const struct ahead *f = __atomic_load_n(&file, __ATOMIC_ACQUIRE);
    if (f == NULL) {
        int kept = errno;
        f = map_file();
        __atomic_store_n(&file, f, __ATOMIC_RELEASE);
        errno = kept;
    }
    return __atomic_load_n(wall ? &f->wall : &f->mono, __ATOMIC_RELAXED);
}

static void add(struct timespec *t, int64_t ns) {
    ns += t->tv_nsec;
    t->tv_sec += ns / NS_PER_S;
    t->tv_nsec = ns % NS_PER_S;
    if (t->tv_nsec < 0) {
        t->tv_nsec += NS_PER_S;
        t->tv_sec--;
    }
}

int clock_gettime(clockid_t id, struct timespec *t) {
    if (syscall(SYS_clock_gettime, id, t) != 0)
        return -1;
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
        add(t, ahead(true));
    else if (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE || id == CLOCK_BOOTTIME)
        add(t, ahead(false));
    return 0;
}

time_t time(time_t *out) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (out)
        *out = t.tv_sec;
    return t.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec t;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    *out = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
    return 0;
}

int timespec_get(struct timespec *t, int base) {
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, t) == 0 ? base : 0;
}
