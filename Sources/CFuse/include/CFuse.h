/* libfuse3's low-level API for Swift: its own header, and C functions for the macros and inline functions of it that Swift
   cannot import. No _FILE_OFFSET_BITS here: on 64-bit Linux it changes nothing but makes `struct flock` differ from Glibc's. */
#ifndef CFUSE_H
#define CFUSE_H

/* Importers do not see the package's C settings, so the version stands here. */
#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>

/* Makes a session from `-o options`. NULL on wrong options (libfuse logs why). `ops` is copied. */
struct fuse_session *cfuse_session_new(const char *options, const struct fuse_lowlevel_ops *ops, void *userdata);

/* Serves requests until the session ends. 0 or a signal's number is a clean end, negative an errno. */
int cfuse_session_loop_mt(struct fuse_session *session, unsigned maxThreads, unsigned maxIdleThreads);

/* Takes libfuse's own messages, one formatted line each, without a line feed. Called on any thread. */
typedef void (*cfuse_log_handler)(const char *line);
void cfuse_set_log_handler(cfuse_log_handler handler);

#endif
