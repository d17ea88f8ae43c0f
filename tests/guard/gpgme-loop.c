/* SPDX-License-Identifier: GPL-3.0-or-later */

/* poll() over what GPGME wants watched; an error on a descriptor counts as ready, which
 * GPGME's own loop gets wrong. */

#include "config.h"

#include "gpgme-loop.h"

#include <poll.h>

#define MAX_WATCHES 16

typedef struct
{
  int fd;
  int for_reading;
  gpgme_io_cb_t callback;
  void *user_data;
  gboolean used;
} Watch;

struct _GpgmeLoop
{
  gpgme_ctx_t ctx;
  Watch watches[MAX_WATCHES];
  gboolean done;
  gpgme_error_t error;
};

static gpgme_error_t
add_watch (void *user_data,
           int fd,
           int for_reading,
           gpgme_io_cb_t callback,
           void *callback_data,
           void **tag)
{
  GpgmeLoop *self = user_data;

  for (int i = 0; i < MAX_WATCHES; i++)
    if (!self->watches[i].used)
      {
        self->watches[i] = (Watch){ fd, for_reading, callback, callback_data, TRUE };
        *tag = &self->watches[i];
        return 0;
      }
  return gpgme_error (GPG_ERR_GENERAL);
}

static void
remove_watch (void *tag)
{
  Watch *watch = tag;

  watch->used = FALSE;
}

static void
handle_event (void *user_data, gpgme_event_io_t type, void *type_data)
{
  GpgmeLoop *self = user_data;
  gpgme_io_event_done_data_t done = type_data;

  if (type != GPGME_EVENT_DONE)
    return;
  self->done = TRUE;
  self->error = done->err ? done->err : done->op_err;
}

GpgmeLoop *
gpgme_loop_new (gpgme_ctx_t ctx)
{
  GpgmeLoop *self = g_new0 (GpgmeLoop, 1);

  self->ctx = ctx;
  return self;
}

/* From here on operations of the context run in this loop. */
void
gpgme_loop_attach (GpgmeLoop *self)
{
  struct gpgme_io_cbs callbacks = { .add = add_watch,
                                    .add_priv = self,
                                    .remove = remove_watch,
                                    .event = handle_event,
                                    .event_priv = self };

  gpgme_set_io_cbs (self->ctx, &callbacks);
}

void
gpgme_loop_iterate (GpgmeLoop *self)
{
  struct pollfd fds[MAX_WATCHES];

  for (int i = 0; i < MAX_WATCHES; i++)
    fds[i] = (struct pollfd){ .fd = self->watches[i].used ? self->watches[i].fd : -1,
                              .events = self->watches[i].for_reading ? POLLIN : POLLOUT };
  g_assert_cmpint (poll (fds, MAX_WATCHES, 20000), >, 0);
  for (int i = 0; i < MAX_WATCHES; i++)
    if (fds[i].fd >= 0 && fds[i].revents != 0 && self->watches[i].used
        && self->watches[i].fd == fds[i].fd)
      self->watches[i].callback (self->watches[i].user_data, fds[i].fd);
}

void
gpgme_loop_run (GpgmeLoop *self)
{
  while (!self->done)
    gpgme_loop_iterate (self);
}

gpgme_error_t
gpgme_loop_get_error (GpgmeLoop *self)
{
  g_assert_true (self->done);
  return self->error;
}

void
gpgme_loop_free (GpgmeLoop *self)
{
  g_free (self);
}
