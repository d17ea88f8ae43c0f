/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum
{
  GUARD_RELAY_STATUS,
  GUARD_RELAY_LISTING,
} GuardRelayKind;

/* Lines on their way from the engine (`source`) to GPGME (`target`). */
typedef struct
{
  GuardRelayKind kind;
  int source; /* non-blocking; -1 at its end */
  int target; /* -1 when its reader is gone, or where there is none */
  bool reader_gone;
  bool malformed;     /* a listing has a line that is none */
  bool key_not_found; /* the engine says that it looked, and that there is no such key */
  bool line_open;     /* the last line has no newline yet */

  char line[128]; /* the beginning of the current line */
  size_t line_length;

  char buffer[PIPE_BUF];
  size_t buffer_start;
  size_t buffer_end;
} GuardRelay;

void guard_relay_init (GuardRelay *relay, GuardRelayKind kind, int source, int target);
void guard_relay_prepare (const GuardRelay *relay, struct pollfd fds[2]);
void guard_relay_dispatch (GuardRelay *relay, const struct pollfd fds[2], bool engine_ended);
bool guard_relay_is_done (const GuardRelay *relay);
void guard_relay_close (GuardRelay *relay);
