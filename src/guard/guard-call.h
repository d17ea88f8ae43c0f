/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define GUARD_MAX_INPUTS 4

/* What GPGME asks for, as far as the guard must know it. Descriptors are -1 where absent. */
typedef struct
{
  bool version;  /* `--version` and nothing else */
  bool listing;  /* keys are read from the engine's standard output, line by line */
  bool export_;  /* keys are exported */
  bool delete_;  /* keys are deleted */
  bool decrypt;  /* a message is decrypted */
  bool has_home; /* `--homedir` is given */
  int status_fd;
  int logger_fd;
  int inputs[GUARD_MAX_INPUTS]; /* pipes that the engine reads data from: `-&N` */
  size_t n_inputs;
} GuardCall;

void guard_call_parse (GuardCall *call, int argc, char **argv);

char **guard_call_build_engine_argv (const GuardCall *call,
                                     const char *engine,
                                     bool skip_verify,
                                     int argc,
                                     char **argv);
