#include "io/unixsock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

#define BACKLOG 16

/* The address of a path; conf.c has seen to its length. */
static struct sockaddr_un unixsock_address(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strncpy(a.sun_path, path, sizeof a.sun_path - 1);
    return a;
}

static int unixsock_connect_to(const char *path) {
    struct sockaddr_un a = unixsock_address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return -1;
}

int unixsock_connect(const char *path, char **err) {
    int fd = unixsock_connect_to(path);
    if (fd < 0)
        *err = xasprintf("%s: %s", path, strerror(errno));
    return fd;
}

/* Takes away what a dead process left. NULL, or what stands in the way. */
static const char *unixsock_clear_path(const char *path) {
    struct stat st;
    if (lstat(path, &st))
        return errno == ENOENT ? NULL : strerror(errno);
    if (!S_ISSOCK(st.st_mode))
        return "the file exists and is not a socket";
    int fd = unixsock_connect_to(path);
    if (fd >= 0) {
        close(fd);
        return "another engine is listening there";
    }
    return errno == ECONNREFUSED && unlink(path) == 0 ? NULL : strerror(errno);
}

/* Makes the folder of the path, not those above it. */
static void unixsock_make_folder(const char *path) {
    char *folder = xstrdup(path), *slash = strrchr(folder, '/');
    if (slash && slash > folder) {
        *slash = '\0';
        mkdir(folder, 0755); /* if it fails, bind will say why */
    }
    free(folder);
}

/* Binds with no more permissions than mode from the first moment on. */
static const char *unixsock_bind_to(int fd, const char *path, int mode) {
    struct sockaddr_un a = unixsock_address(path);
    mode_t old = umask((mode_t)(~mode & 0777));
    int rc = bind(fd, (struct sockaddr *)&a, sizeof a), why = errno;
    umask(old);
    if (rc == 0 && chmod(path, (mode_t)mode) == 0 && listen(fd, BACKLOG) == 0)
        return NULL;
    return strerror(rc ? why : errno);
}

int unixsock_listen(const char *path, int mode, char **err) {
    unixsock_make_folder(path);
    const char *why = unixsock_clear_path(path);
    int fd = why ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (why == NULL)
        why = fd < 0 ? strerror(errno) : unixsock_bind_to(fd, path, mode);
    if (why == NULL)
        return fd;
    *err = xasprintf("cannot listen on %s: %s", path, why);
    if (fd >= 0)
        close(fd);
    return -1;
}

bool unixsock_uid(int fd, uid_t *uid) {
    struct ucred who;
    socklen_t len = sizeof who;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len))
        return false;
    *uid = who.uid;
    return true;
}

bool unixsock_in_group(int fd, gid_t group) {
    struct ucred who;
    socklen_t len = sizeof who;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len))
        return false;
    if (who.gid == group)
        return true;
    len = 0; /* asks for the size */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 || errno != ERANGE)
        return false;
    gid_t *groups = xmalloc(len);
    bool found = false;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0)
        for (size_t i = 0; i < len / sizeof *groups; i++)
            found |= groups[i] == group;
    free(groups);
    return found;
}
