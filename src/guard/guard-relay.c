/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Carries lines from the engine to GPGME, unchanged, and looks at them on the way.
 *
 * Why between at all: a gpg that dies leaves half a status line, which would swallow the
 * guard's own; the one honest reason for a listing's exit status of 2, "no such key", is
 * told from a broken engine only by what the engine says; and a reader that went away is
 * noticed here at once, not when gpg next happens to write.
 *
 * Never blocks: what is taken from the engine is at most PIPE_BUF octets, and those are
 * written only when poll() says that a pipe has room for as many. */

#include "config.h"

#include "guard-relay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void
guard_relay_init (GuardRelay *relay, GuardRelayKind kind, int source, int target)
{
  *relay = (GuardRelay){ .kind = kind, .source = source, .target = target };

  if (source >= 0)
    fcntl (source, F_SETFL, fcntl (source, F_GETFL) | O_NONBLOCK);
}

/* A line of gpg's `--with-colons` (doc/DETAILS): a record type of lower-case letters and
 * digits ("pub", "fp2", "info"), a colon, fields. */
static bool
is_listing_line (const char *line, size_t length)
{
  size_t type = 0;

  if (length == 0)
    return true;
  while (
      type < length
      && ((line[type] >= 'a' && line[type] <= 'z') || (line[type] >= '0' && line[type] <= '9')))
    type++;

  return type >= 2 && type <= 8 && type < length && line[type] == ':';
}

static void
look_at_line (GuardRelay *relay)
{
  /* 9 is GPG_ERR_NO_PUBKEY, 17 GPG_ERR_NO_SECKEY: gpg writes the bare code here. */
  static const char *const not_found[] = {
    "[GNUPG:] ERROR keylist.getkey 9",
    "[GNUPG:] ERROR keylist.getkey 17",
  };

  if (relay->kind == GUARD_RELAY_LISTING)
    {
      if (!is_listing_line (relay->line, relay->line_length))
        relay->malformed = true;
      return;
    }

  for (size_t i = 0; i < sizeof not_found / sizeof not_found[0]; i++)
    if (relay->line_length == strlen (not_found[i])
        && memcmp (relay->line, not_found[i], relay->line_length) == 0)
      relay->key_not_found = true;
}

static void
look_at (GuardRelay *relay, const char *data, size_t length)
{
  for (size_t i = 0; i < length; i++)
    {
      if (data[i] == '\n')
        {
          look_at_line (relay);
          relay->line_length = 0;
          relay->line_open = false;
        }
      else
        {
          relay->line_open = true;
          if (relay->line_length < sizeof relay->line)
            relay->line[relay->line_length++] = data[i];
        }
    }
}

/* The source is waited for only when the buffer is empty. The target is always watched: a
 * poll() for nothing still tells of POLLERR, a pipe without a reader. */
void
guard_relay_prepare (const GuardRelay *relay, struct pollfd fds[2])
{
  bool pending = relay->buffer_start < relay->buffer_end;

  fds[0] = (struct pollfd){ .fd = pending ? -1 : relay->source, .events = POLLIN };
  fds[1] = (struct pollfd){ .fd = relay->target, .events = pending ? POLLOUT : 0 };
}

static void
lose_reader (GuardRelay *relay)
{
  close (relay->target);
  relay->target = -1;
  relay->reader_gone = true;
}

static void
end_source (GuardRelay *relay)
{
  if (relay->kind == GUARD_RELAY_LISTING && relay->line_open)
    relay->malformed = true;
  close (relay->source);
  relay->source = -1;
}

/* Once the engine ended, an empty pipe is the end: whoever else may hold its other side has
 * nothing to say here. */
static void
take (GuardRelay *relay, bool engine_ended)
{
  ssize_t n = read (relay->source, relay->buffer, sizeof relay->buffer);

  if (n > 0)
    {
      /* Without a reader there is nobody to hand it on to, and nothing that poll() would wait for. */
      relay->buffer_start = relay->target < 0 ? (size_t) n : 0;
      relay->buffer_end = (size_t) n;
      look_at (relay, relay->buffer, relay->buffer_end);
    }
  else if (n == 0 || (errno != EINTR && (errno != EAGAIN || engine_ended)))
    end_source (relay);
}

static void
give (GuardRelay *relay)
{
  ssize_t n = write (relay->target, relay->buffer + relay->buffer_start,
                     relay->buffer_end - relay->buffer_start);

  if (n >= 0)
    relay->buffer_start += (size_t) n;
  else if (errno != EINTR && errno != EAGAIN)
    lose_reader (relay);
}

void
guard_relay_dispatch (GuardRelay *relay, const struct pollfd fds[2], bool engine_ended)
{
  bool pending = relay->buffer_start < relay->buffer_end;

  if (relay->target >= 0 && fds[1].fd == relay->target)
    {
      if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL))
        lose_reader (relay);
      else if (pending && fds[1].revents & POLLOUT)
        give (relay);
    }
  /* Without a reader the engine is still listened to, so that it doesn't wait for us. */
  if (relay->target < 0)
    relay->buffer_start = relay->buffer_end;

  if (relay->source >= 0 && relay->buffer_start == relay->buffer_end
      && (engine_ended || (fds[0].fd >= 0 && fds[0].revents != 0)))
    take (relay, engine_ended);
}

/* Everything that the engine said has been handed on, or nobody is there to hear it. */
bool
guard_relay_is_done (const GuardRelay *relay)
{
  return relay->source < 0 && relay->buffer_start == relay->buffer_end;
}

void
guard_relay_close (GuardRelay *relay)
{
  if (relay->source >= 0)
    close (relay->source);
  if (relay->target >= 0)
    close (relay->target);
  relay->source = relay->target = -1;
}
