/* A disk that can be told to fail, or to stand still: a file system for SQLite that lies
 * over the real one. */
#ifndef TESTS_BADVFS_H
#define TESTS_BADVFS_H

#include "tool.h"

#include <pthread.h>
#include <sqlite3.h>

struct bad_disk {
    sqlite3_vfs vfs, *real;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool reads_fail, writes_fail; /* of all files */
    bool hold;                    /* the first one that reads stands still */
    bool is_held;
    pthread_t held;
};

static struct bad_disk bad_disk = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                   .changed = PTHREAD_COND_INITIALIZER};

struct bad_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind it */
};

static sqlite3_file *bad_real(sqlite3_file *f) { return ((struct bad_file *)f)->real; }

/* Stands still as long as it is held; false if reading fails. */
static bool bad_may_read(void) {
    struct bad_disk *d = &bad_disk;
    pthread_mutex_lock(&d->lock);
    if (d->hold && !d->is_held) {
        d->is_held = true;
        d->held = pthread_self();
        pthread_cond_broadcast(&d->changed);
    }
    while (d->hold && d->is_held && pthread_equal(d->held, pthread_self()))
        pthread_cond_wait(&d->changed, &d->lock);
    bool ok = !d->reads_fail;
    pthread_mutex_unlock(&d->lock);
    return ok;
}

static bool bad_may_write(void) {
    pthread_mutex_lock(&bad_disk.lock);
    bool ok = !bad_disk.writes_fail;
    pthread_mutex_unlock(&bad_disk.lock);
    return ok;
}

static int bad_close(sqlite3_file *f) { return bad_real(f)->pMethods->xClose(bad_real(f)); }
static int bad_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at) {
    if (!bad_may_read())
        return SQLITE_IOERR_READ;
    return bad_real(f)->pMethods->xRead(bad_real(f), to, n, at);
}
static int bad_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at) {
    if (!bad_may_write())
        return SQLITE_FULL;
    return bad_real(f)->pMethods->xWrite(bad_real(f), from, n, at);
}
static int bad_truncate(sqlite3_file *f, sqlite3_int64 n) {
    return bad_real(f)->pMethods->xTruncate(bad_real(f), n);
}
static int bad_sync(sqlite3_file *f, int flags) {
    return bad_real(f)->pMethods->xSync(bad_real(f), flags);
}
static int bad_size(sqlite3_file *f, sqlite3_int64 *n) {
    return bad_real(f)->pMethods->xFileSize(bad_real(f), n);
}
static int bad_lock(sqlite3_file *f, int how) {
    return bad_real(f)->pMethods->xLock(bad_real(f), how);
}
static int bad_unlock(sqlite3_file *f, int how) {
    return bad_real(f)->pMethods->xUnlock(bad_real(f), how);
}
static int bad_check(sqlite3_file *f, int *out) {
    return bad_real(f)->pMethods->xCheckReservedLock(bad_real(f), out);
}
static int bad_control(sqlite3_file *f, int op, void *arg) {
    return bad_real(f)->pMethods->xFileControl(bad_real(f), op, arg);
}
static int bad_sector(sqlite3_file *f) {
    return bad_real(f)->pMethods->xSectorSize(bad_real(f));
}
static int bad_device(sqlite3_file *f) {
    return bad_real(f)->pMethods->xDeviceCharacteristics(bad_real(f));
}
static int bad_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out) {
    return bad_real(f)->pMethods->xShmMap(bad_real(f), page, size, extend, out);
}
static int bad_shm_lock(sqlite3_file *f, int at, int n, int flags) {
    return bad_real(f)->pMethods->xShmLock(bad_real(f), at, n, flags);
}
static void bad_shm_barrier(sqlite3_file *f) {
    bad_real(f)->pMethods->xShmBarrier(bad_real(f));
}
static int bad_shm_unmap(sqlite3_file *f, int del) {
    return bad_real(f)->pMethods->xShmUnmap(bad_real(f), del);
}

static const sqlite3_io_methods bad_methods = {.iVersion = 2,
                                               .xClose = bad_close,
                                               .xRead = bad_read,
                                               .xWrite = bad_write,
                                               .xTruncate = bad_truncate,
                                               .xSync = bad_sync,
                                               .xFileSize = bad_size,
                                               .xLock = bad_lock,
                                               .xUnlock = bad_unlock,
                                               .xCheckReservedLock = bad_check,
                                               .xFileControl = bad_control,
                                               .xSectorSize = bad_sector,
                                               .xDeviceCharacteristics = bad_device,
                                               .xShmMap = bad_shm_map,
                                               .xShmLock = bad_shm_lock,
                                               .xShmBarrier = bad_shm_barrier,
                                               .xShmUnmap = bad_shm_unmap};

static int bad_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
    struct bad_file *b = (struct bad_file *)f;
    (void)vfs;
    b->real = (sqlite3_file *)(b + 1);
    int rc = bad_disk.real->xOpen(bad_disk.real, name, b->real, flags, out);
    b->base.pMethods = b->real->pMethods ? &bad_methods : NULL;
    return rc;
}

/* From here on every database that is opened lies on it. */
TOOL void bad_disk_begin(void) {
    bad_disk.real = sqlite3_vfs_find(NULL);
    bad_disk.vfs = *bad_disk.real;
    bad_disk.vfs.zName = "bad";
    bad_disk.vfs.szOsFile += (int)sizeof(struct bad_file);
    bad_disk.vfs.xOpen = bad_open;
    assert_int_equal(sqlite3_vfs_register(&bad_disk.vfs, 1), SQLITE_OK);
}

TOOL void bad_disk_end(void) {
    sqlite3_vfs_register(bad_disk.real, 1);
    sqlite3_vfs_unregister(&bad_disk.vfs);
}

TOOL void bad_disk_set(bool *what, bool now) {
    pthread_mutex_lock(&bad_disk.lock);
    *what = now;
    if (what == &bad_disk.hold && !now)
        bad_disk.is_held = false;
    pthread_cond_broadcast(&bad_disk.changed);
    pthread_mutex_unlock(&bad_disk.lock);
}

/* Waits until somebody stands still. */
TOOL void bad_disk_wait(void) {
    pthread_mutex_lock(&bad_disk.lock);
    while (!bad_disk.is_held)
        pthread_cond_wait(&bad_disk.changed, &bad_disk.lock);
    pthread_mutex_unlock(&bad_disk.lock);
}

#endif
