#include "CFuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct fuse_session *cfuse_session_new(const char *options, const struct fuse_lowlevel_ops *ops, void *userdata) {
  struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
  struct fuse_session *session = NULL;
  if (fuse_opt_add_arg(&args, "circuitpyd") == 0 && fuse_opt_add_arg(&args, "-o") == 0 &&
      fuse_opt_add_arg(&args, options) == 0)
    session = fuse_session_new(&args, ops, sizeof *ops, userdata);
  fuse_opt_free_args(&args);
  return session;
}

int cfuse_session_loop_mt(struct fuse_session *session, unsigned maxThreads, unsigned maxIdleThreads) {
  struct fuse_loop_config *config = fuse_loop_cfg_create();
  if (config == NULL) return -ENOMEM;
  fuse_loop_cfg_set_clone_fd(config, 0);
  fuse_loop_cfg_set_max_threads(config, maxThreads);
  fuse_loop_cfg_set_idle_threads(config, maxIdleThreads);
  int result = fuse_session_loop_mt(session, config);
  fuse_loop_cfg_destroy(config);
  return result;
}

static _Atomic(cfuse_log_handler) logHandler;

/* Swift cannot take a va_list, so the line is formatted here. */
static void logLine(enum fuse_log_level level, const char *format, va_list arguments) {
  (void)level;
  char line[512];
  if (vsnprintf(line, sizeof line, format, arguments) < 0) return;
  line[strcspn(line, "\n")] = 0;
  cfuse_log_handler handler = atomic_load(&logHandler);
  if (handler != NULL && line[0] != 0) handler(line);
}

void cfuse_set_log_handler(cfuse_log_handler handler) {
  atomic_store(&logHandler, handler);
  fuse_set_log_func(logLine);
}
