/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One GPGME data operation, run to its end in the calling thread.
 *
 * GPGME's own loop waits for POLLOUT alone and spins for ever when gpg goes away with the input pipe full; and its
 * gpgme_cancel_async never ends a hung engine, for the flag is looked at only when some descriptor becomes ready.
 * So the loop is here: poll(2) on GPGME's descriptors and the cancellable's, with a deadline.
 *
 * Promise: spare_operation_run() returns. Either the engine is through and every descriptor is closed, or the
 * operation was ended: by an error of a callback, by the cancellable (at once), or because the engine was silent for
 * longer than the patience. Ending it closes the status descriptor, on which the guard ends gpg.
 *
 * The loop holds a plain array of descriptors rather than a GMainContext: there are at most a handful, they change
 * only at the start and at the end of their streams, and a dispatch of GMainContext for each 64 KiB costs more than
 * the read itself.
 *
 * Not promised: that gpg succeeded. The facts that it told are counted here; what they must add up to is decided
 * in spare-encryption.c and spare-decryption.c.
 */
#include "config.h"

#include "spare-operation-private.h"

#include "spare-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_OCTETS 65536
/* The most that the system gives to anybody. */
#define PIPE_OCTETS     1048576

#define DESCRIPTORS_MAX 16

typedef struct
{
  SpareOperation *operation;
  int fd;
  gboolean outgoing; /* GPGME writes to it */
  gpgme_io_cb_t func;
  void *data;
  gboolean removed;
} Watch;

typedef struct
{
  SpareOperation *operation;
  SpareReadFunc read;
  SpareWriteFunc write;
  gpointer user_data;
  gpgme_data_t data;
  Watch *watch; /* of its pipe, once it showed */
  guint8 *buffer;
  gsize start, end; /* input: octets of the buffer that were read and not yet passed on */
  gsize used;       /* octets of the buffer that ever held something */
} Port;

struct _SpareOperation
{
  SpareContext *context;
  gint64 patience; /* microseconds */
  struct gpgme_io_cbs io_cbs;
  GPtrArray *watches; /* of Watch */
  Watch *current;     /* whose callback runs */
  gboolean started, done;
  gpgme_error_t result;
  gint64 stamp;              /* monotonic time of the last sign of life */
  gboolean pinentry_is_open; /* a person is asked: silence is no sign of a hang */
  Port input, output;
  SpareEngineFacts facts;
};

/* --- What GPGME asks of an event loop --- */

static gpgme_error_t
add_watch_cb (void *user_data,
              int fd,
              int incoming,
              gpgme_io_cb_t func,
              void *func_data,
              void **tag)
{
  SpareOperation *self = user_data;
  Watch *watch = g_new0 (Watch, 1);

  /* gpg writes 8 KiB at a time: in a large pipe it waits for us half as often. Refused, it works as well. */
  fcntl (fd, F_SETPIPE_SZ, PIPE_OCTETS);
  watch->operation = self;
  watch->fd = fd;
  watch->outgoing = !incoming;
  watch->func = func;
  watch->data = func_data;
  g_ptr_array_add (self->watches, watch);
  *tag = watch;
  return 0;
}

/* May come from within the watch's own callback: freed by sweep(), outside of any dispatch. */
static void
remove_watch_cb (void *tag)
{
  Watch *watch = tag;

  watch->removed = TRUE;
  if (watch->operation->output.watch == watch)
    watch->operation->output.watch = NULL;
}

static void
event_cb (void *user_data, gpgme_event_io_t type, void *type_data)
{
  SpareOperation *self = user_data;

  if (type == GPGME_EVENT_START)
    {
      self->started = TRUE;
    }
  else if (type == GPGME_EVENT_NEXT_KEY)
    {
      /* Ours from now on. */
      self->stamp = g_get_monotonic_time ();
      if (self->context->keys != NULL)
        g_ptr_array_add (self->context->keys, type_data);
      else
        gpgme_key_unref (type_data);
    }
  else if (type == GPGME_EVENT_DONE && !self->done)
    {
      gpgme_io_event_done_data_t done = type_data;

      self->done = TRUE;
      if (done != NULL)
        self->result = done->err != 0 ? done->err : done->op_err;
    }
}

static void
sweep (SpareOperation *self)
{
  for (guint i = self->watches->len; i > 0; i--)
    {
      Watch *watch = g_ptr_array_index (self->watches, i - 1);

      if (watch->removed)
        g_ptr_array_remove_index (self->watches, i - 1);
    }
}

static gpgme_error_t
status_cb (void *user_data, const char *keyword, const char *arguments)
{
  SpareOperation *self = user_data;

  if (keyword == NULL)
    return 0;
  self->stamp = g_get_monotonic_time ();
  self->pinentry_is_open = g_str_equal (keyword, "PINENTRY_LAUNCHED");
  spare_engine_facts_note (&self->facts, keyword, arguments != NULL ? arguments : "");
  return 0;
}

/* Ends it with @reason, or with the error that a callback left. */
static void
end (SpareOperation *self, GError *reason)
{
  if (reason != NULL)
    spare_context_take_error (self->context, reason);
  gpgme_cancel (self->context->gpgme);
  self->done = TRUE;
}

/* --- Data --- */

/* GPGME 1.18 formats each octet that it moves for a debug log that nobody reads: half of all time went there. So the
 * octets go past it, through the very descriptors that it made.
 *
 * Out to gpg: GPGME asks read_cb for octets only when it holds none itself. At that moment what was read is written
 * straight into the pipe, but for one last octet, which GPGME gets; and at the end it gets nothing and closes the
 * pipe. Whatever GPGME does with its octet comes before it asks again, so the order can't suffer.
 *
 * In from gpg: GPGME keeps nothing back. Once a call of write_cb has shown which pipe the output's is, it is read here;
 * only its end and its errors are left to GPGME. */

static gssize
pull (Port *port, void *buffer, gsize size)
{
  SpareOperation *self = port->operation;
  GError *error = NULL;
  gssize n = -1;

  if (self->context->error == NULL
      && !g_cancellable_set_error_if_cancelled (self->context->cancellable, &error))
    n = port->read (port->user_data, buffer, size, &error);

  self->stamp = g_get_monotonic_time ();
  if (n < 0 && error != NULL)
    spare_context_take_error (self->context, error);
  return n;
}

static gboolean
push (Port *port, const void *buffer, gsize size)
{
  SpareOperation *self = port->operation;
  GError *error = NULL;
  gboolean taken = FALSE;

  if (self->context->error == NULL
      && !g_cancellable_set_error_if_cancelled (self->context->cancellable, &error))
    taken = port->write (port->user_data, buffer, size, &error);

  self->stamp = g_get_monotonic_time ();
  self->pinentry_is_open = FALSE;
  if (!taken && error != NULL)
    spare_context_take_error (self->context, error);
  return taken;
}

static gssize
read_cb (void *handle, void *buffer, size_t size)
{
  Port *port = handle;
  const Watch *watch = port->operation->current;
  gboolean direct = watch != NULL && watch->outgoing
                    && (fcntl (watch->fd, F_GETFL) & O_NONBLOCK);

  if (port->start == port->end)
    {
      gssize n = pull (port, port->buffer, BUFFER_OCTETS);

      if (n < 0)
        errno = EIO;
      if (n <= 0)
        return n;
      port->start = 0;
      port->end = (gsize) n;
      port->used = MAX (port->used, port->end);
    }

  while (direct && port->end - port->start > 1)
    {
      gssize n = write (watch->fd, port->buffer + port->start, port->end - port->start - 1);

      if (n > 0)
        port->start += (gsize) n;
      else if (errno != EINTR)
        break; /* full; or broken, which GPGME is about to see */
    }

  size = direct ? 1 : MIN (size, port->end - port->start);
  memcpy (buffer, port->buffer + port->start, size);
  port->start += size;
  return (gssize) size;
}

static gssize
write_cb (void *handle, const void *buffer, size_t size)
{
  Port *port = handle;

  if (port->operation->current != NULL && !port->operation->current->outgoing)
    port->watch = port->operation->current;
  if (push (port, buffer, size))
    return (gssize) size;
  errno = EIO;
  return -1;
}

/* FALSE: GPGME has to see what is up. */
static gboolean
read_output (Port *port)
{
  gssize n = read (port->watch->fd, port->buffer, BUFFER_OCTETS);

  if (n > 0)
    port->used = MAX (port->used, (gsize) n);
  if (n > 0 && !push (port, port->buffer, (gsize) n))
    end (port->operation, NULL);
  return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static gboolean
open_port (Port *port, struct gpgme_data_cbs *cbs, GError **error)
{
  gpgme_error_t failure = gpgme_data_new_from_cbs (&port->data, cbs, port);

  port->buffer = g_malloc (BUFFER_OCTETS);
  if (failure == 0)
    return TRUE;

  spare_gpgme_set_error (error, failure, "data");
  return FALSE;
}

/* Plaintext passed here. What was never written to is not touched: for a small file that would be most of the work. */
static void
close_port (Port *port)
{
  if (port->buffer != NULL)
    spare_secret_wipe (port->buffer, port->used);
  g_clear_pointer (&port->buffer, g_free);
  g_clear_pointer (&port->data, gpgme_data_release);
}

/**
 * spare_operation_add_input:
 * @self: an operation
 * @read: gives the octets
 * @user_data: for @read
 * @size_hint: how many octets will come, %G_MAXUINT64 if unknown; gpg only tunes itself by it
 * @error: return location for an error
 *
 * Returns: (transfer none) (nullable): what GPGME reads from; it lives as long as @self
 */
gpgme_data_t
spare_operation_add_input (SpareOperation *self,
                           SpareReadFunc read,
                           gpointer user_data,
                           guint64 size_hint,
                           GError **error)
{
  static struct gpgme_data_cbs cbs = { .read = read_cb };

  self->input = (Port){ .operation = self, .read = read, .user_data = user_data };
  if (!open_port (&self->input, &cbs, error))
    return NULL;

  if (size_hint != G_MAXUINT64 && size_hint > 0)
    {
      g_autofree char *hint = g_strdup_printf ("%" G_GUINT64_FORMAT, size_hint);

      gpgme_data_set_flag (self->input.data, "size-hint", hint);
    }
  return self->input.data;
}

/**
 * spare_operation_add_output:
 * @self: an operation
 * @write: takes the octets
 * @user_data: for @write
 * @error: return location for an error
 *
 * Returns: (transfer none) (nullable): what GPGME writes to; it lives as long as @self
 */
gpgme_data_t
spare_operation_add_output (SpareOperation *self,
                            SpareWriteFunc write,
                            gpointer user_data,
                            GError **error)
{
  static struct gpgme_data_cbs cbs = { .write = write_cb };

  self->output = (Port){ .operation = self, .write = write, .user_data = user_data };
  return open_port (&self->output, &cbs, error) ? self->output.data : NULL;
}

/* --- The loop --- */

/* Milliseconds until the patience is over; -1: for ever. */
static int
get_remaining (SpareOperation *self)
{
  gint64 left;

  if (self->pinentry_is_open)
    return -1;
  left = self->stamp + self->patience - g_get_monotonic_time ();
  return left <= 0 ? 0 : (int) MIN (left / 1000 + 1, G_MAXINT);
}

static gsize
fill (SpareOperation *self, struct pollfd *slots)
{
  gsize n = 0;

  for (guint i = 0; i < self->watches->len && n < DESCRIPTORS_MAX; i++)
    {
      Watch *watch = g_ptr_array_index (self->watches, i);

      slots[n++] = (struct pollfd){ .fd = watch->fd,
                                    .events = watch->outgoing ? POLLOUT : POLLIN };
    }
  return n;
}

/* Any event is "ready", errors above all: that is how GPGME's callback gets to see EPIPE or the end. */
static void
dispatch (SpareOperation *self, const struct pollfd *slots, gsize n)
{
  for (gsize i = 0; i < n && !self->done; i++)
    {
      Watch *watch = g_ptr_array_index (self->watches, i);

      if (slots[i].revents == 0 || watch->removed
          || (watch == self->output.watch && read_output (&self->output)))
        continue;
      self->current = watch;
      watch->func (watch->data, watch->fd);
      self->current = NULL;
    }
  sweep (self);
}

static void
loop (SpareOperation *self, const GPollFD *cancel)
{
  struct pollfd slots[DESCRIPTORS_MAX + 1];
  GError *reason = NULL;

  self->stamp = g_get_monotonic_time ();
  while (!self->done)
    {
      gsize n = fill (self, slots);
      gsize n_polled = n;
      int ready;

      if (cancel != NULL)
        slots[n_polled++] = (struct pollfd){ .fd = cancel->fd, .events = POLLIN };

      ready = poll (slots, n_polled, get_remaining (self));
      if (g_cancellable_set_error_if_cancelled (self->context->cancellable, &reason))
        {
          end (self, reason);
        }
      else if (ready > 0)
        {
          dispatch (self, slots, n);
        }
      else if (ready == 0 && get_remaining (self) == 0)
        {
          g_debug ("engine silent for %" G_GINT64_FORMAT " s: ended",
                   self->patience / G_USEC_PER_SEC);
          g_set_error (&reason, SPARE_ERROR, SPARE_ERROR_ENGINE,
                       _ ("GnuPG stopped answering and was ended. Nothing was changed. Please "
                          "try again."));
          end (self, reason);
        }
    }
}

/**
 * spare_operation_run:
 * @self: an operation
 * @start_error: what GPGME's `…_start` function returned
 * @error: return location for an error
 *
 * Runs the operation that was just started in the operation's context.
 *
 * Fails with the error of a callback, with %G_IO_ERROR_CANCELLED, with %SPARE_ERROR_ENGINE when the engine is
 * silent, and with whatever starting failed of.
 *
 * Returns: whether the engine came to an end by itself. That it succeeded is another matter: see
 *   spare_operation_get_result() and spare_operation_get_facts()
 */
gboolean
spare_operation_run (SpareOperation *self, gpgme_error_t start_error, GError **error)
{
  GPollFD cancel;
  gboolean cancellable = FALSE;

  if (start_error != 0)
    return spare_context_check (self->context, start_error, "start", error);

  if (self->context->cancellable != NULL)
    cancellable = g_cancellable_make_pollfd (self->context->cancellable, &cancel);
  loop (self, cancellable ? &cancel : NULL);
  if (cancellable)
    g_cancellable_release_fd (self->context->cancellable);

  if (self->context->error == NULL)
    return TRUE;
  return spare_context_check (self->context, self->result, "run", error);
}

/**
 * spare_operation_get_result:
 * @self: an operation that was run
 *
 * Returns: GPGME's own verdict: never enough to believe in success
 */
gpgme_error_t
spare_operation_get_result (SpareOperation *self)
{
  return self->result;
}

/**
 * spare_operation_get_reason:
 * @self: an operation that was run
 *
 * Returns: the result, or what gpg itself said about a failure that GPGME has no better word for than "general error"
 */
gpgme_error_t
spare_operation_get_reason (SpareOperation *self)
{
  return gpgme_err_code (self->result) == GPG_ERR_GENERAL && self->facts.failure_code != 0
             ? self->facts.failure_code
             : self->result;
}

/**
 * spare_operation_get_facts:
 * @self: an operation
 *
 * Returns: (transfer none): what the engine has said so far
 */
const SpareEngineFacts *
spare_operation_get_facts (SpareOperation *self)
{
  return &self->facts;
}

/**
 * spare_operation_new:
 * @context: (transfer none): a fresh context; must outlive the operation
 * @patience: seconds of silence until the engine counts as hung; 0 for %SPARE_OPERATION_PATIENCE
 *
 * Returns: (transfer full): an operation, to be started with GPGME and run
 */
SpareOperation *
spare_operation_new (SpareContext *context, guint patience)
{
  SpareOperation *self = g_new0 (SpareOperation, 1);

  self->context = context;
  self->patience = (gint64) (patience != 0 ? patience : SPARE_OPERATION_PATIENCE)
                   * G_USEC_PER_SEC;
  self->watches = g_ptr_array_new_with_free_func (g_free);
  spare_engine_facts_init (&self->facts);
  self->io_cbs = (struct gpgme_io_cbs){
    .add = add_watch_cb,
    .add_priv = self,
    .remove = remove_watch_cb,
    .event = event_cb,
    .event_priv = self,
  };
  gpgme_set_io_cbs (context->gpgme, &self->io_cbs);
  gpgme_set_status_cb (context->gpgme, status_cb, self);
  return self;
}

/**
 * spare_operation_free:
 * @self: (transfer full): an operation
 *
 * Ends it if it still runs. The context stays usable for asking for results, not for another operation.
 */
void
spare_operation_free (SpareOperation *self)
{
  if (self->watches->len > 0)
    gpgme_cancel (self->context->gpgme);
  gpgme_set_status_cb (self->context->gpgme, NULL, NULL);
  close_port (&self->input);
  close_port (&self->output);
  g_ptr_array_unref (self->watches);
  spare_engine_facts_clear (&self->facts);
  g_free (self);
}
