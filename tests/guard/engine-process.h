/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sys/resource.h>

/* A guard that was started the way GPGME does it: with pipes and nothing else. */
typedef struct
{
  GPid pid;
  int status_fd; /* read ends, non-blocking; -1 when closed */
  int output_fd;
  int logger_fd;
  int input_fd; /* write end; -1 when closed */
  GString *status;
  GString *output;
  GString *logger;
  int wait_status;
  struct rusage usage;
} EngineProcess;

EngineProcess *engine_process_start (const char *guard,
                                     const char *const *environment,
                                     ...) G_GNUC_NULL_TERMINATED;
void engine_process_free (EngineProcess *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EngineProcess, engine_process_free)

void engine_process_read_until (EngineProcess *self, const char *words);
void engine_process_close_input (EngineProcess *self);
void engine_process_stop_listening (EngineProcess *self);
void engine_process_finish (EngineProcess *self);
gboolean engine_process_said (EngineProcess *self, const char *words);
const char *engine_process_get_last_line (EngineProcess *self);
int engine_process_get_exit (EngineProcess *self);
