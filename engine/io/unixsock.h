/* Unix sockets: a listening one with its permissions, a connected one, and who is at the
 * far end. */
#ifndef IO_UNIXSOCK_H
#define IO_UNIXSOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/mem.h"

/* Listens at path, which nobody may use before it has its mode. A socket that a dead
 * process left is replaced, a missing last folder is made. A descriptor, or -1 with *err
 * (free it). */
int unixsock_listen(const char *path, int mode, char **err) MUST_CHECK;
/* Connects, and waits for it: for commands, not for the loop. */
int unixsock_connect(const char *path, char **err) MUST_CHECK;
/* The uid of the process that connected; false if the kernel does not say. */
bool unixsock_uid(int fd, uid_t *uid) MUST_CHECK;
/* Is that process in the group, by its own or one of its further groups? */
bool unixsock_in_group(int fd, gid_t group);

#endif
