#include "store/sqlite/sqlite.h"

#include "store/sqlite/inner.h"

const struct backend sqlite_backend = {
    .open = writer_open,
    .restore = writer_restore,
    .complete = writer_complete,
    .count = writer_count,
    .write = writer_write,
    .checkpoint = writer_checkpoint,
    .close = writer_close,
    .connect = reader_connect,
    .read = reader_read,
    .save = reader_save,
    .disconnect = reader_disconnect,
};
