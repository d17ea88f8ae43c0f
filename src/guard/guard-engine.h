/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "guard-call.h"

#include <stdbool.h>

typedef enum
{
  GUARD_END_EXIT,
  GUARD_END_SIGNAL,
  GUARD_END_NOT_STARTED,
  GUARD_END_GARBAGE,
  GUARD_END_REFUSED,
  GUARD_END_CANCELLED,
} GuardEndKind;

/* How the engine ended, as far as it was seen from outside. */
typedef struct
{
  GuardEndKind kind;
  int status;         /* exit status, 128 + n for signal n */
  bool key_not_found; /* a listing that honestly found nothing */
  bool line_open;     /* the status descriptor stands inside a line */
} GuardEnd;

GuardEnd guard_engine_run (const GuardCall *call, const char *path, char **argv, char **envp);

void guard_engine_limit (void);
