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
#include "spare-guard-status.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <string.h>

/* The default of 512 octets to 4 KiB halves the throughput; 1 MiB takes three times as long (page faults). */
#define BUFFER_SIZE     "65536"

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
} Port;

struct _SpareOperation
{
  SpareContext *context;
  gint64 patience; /* microseconds */
  struct gpgme_io_cbs io_cbs;
  GPtrArray *watches; /* of Watch */
  gboolean started, done;
  gpgme_error_t result;
  gint64 stamp;              /* monotonic time of the last sign of life */
  gboolean pinentry_is_open; /* a person is asked: silence is no sign of a hang */
  Port input, output;
  SpareEngineFacts facts;
};

static void
signer_words_free (gpointer data)
{
  SpareSignerWords *self = data;

  g_free (self->user_id);
  g_free (self->fingerprint);
  g_free (self);
}

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

/* --- What the engine says --- */

/* GOODSIG and relatives: key id or fingerprint, then the user id, percent-escaped. */
static void
note_signer (SpareOperation *self, const char *arguments)
{
  const char *space = strchr (arguments, ' ');
  SpareSignerWords *words;

  self->facts.signatures++;
  if (self->facts.signers->len == 0 || space == NULL)
    return;

  words = g_ptr_array_index (self->facts.signers, self->facts.signers->len - 1);
  g_free (words->user_id);
  words->user_id = g_uri_unescape_string (space + 1, NULL);
}

/* VALIDSIG: ten fields, the last is the fingerprint of the primary key. */
static void
note_valid_signature (SpareOperation *self, const char *arguments)
{
  g_auto (GStrv) fields = g_strsplit (arguments, " ", -1);
  SpareSignerWords *words;

  if (self->facts.signers->len == 0 || g_strv_length (fields) < 10)
    return;

  words = g_ptr_array_index (self->facts.signers, self->facts.signers->len - 1);
  g_free (words->fingerprint);
  words->fingerprint = spare_fingerprint_normalize (fields[9]);
}

/* The guard's last word: the exit status, then why. */
static void
note_exit (SpareOperation *self, const char *arguments)
{
  g_auto (GStrv) fields = g_strsplit (arguments, " ", 2);
  guint64 status;

  if (fields[0] != NULL && g_ascii_string_to_unsigned (fields[0], 10, 0, 255, &status, NULL))
    self->facts.exit_status = (int) status;
}

/* ERROR: where, then an error code, then anything. Decrypting with a given session key looks for no key and needs no
 * keyring, so that one is not about the message. */
static void
note_error (SpareOperation *self, const char *arguments)
{
  if (!g_str_has_prefix (arguments, "keydb_search "))
    self->facts.errors++;
  g_debug ("engine error: %s", arguments);
}

/* FAILURE: where, then an error code. That of the guard only repeats the exit status, and so does gpg's own of
 * "gpg-exit" (2.4). */
static void
note_failure (SpareOperation *self, const char *arguments)
{
  static const char guard[] = SPARE_GUARD_LOCATION " ";

  if (g_str_has_prefix (arguments, guard))
    self->facts.guard_code = (guint) g_ascii_strtoull (arguments + strlen (guard), NULL, 10);
  else if (!g_str_has_prefix (arguments, "gpg-exit "))
    self->facts.failures++;
}

static gpgme_error_t
status_cb (void *user_data, const char *keyword, const char *arguments)
{
  static const struct
  {
    const char *keyword;
    gsize offset;
  } counted[] = {
    { "BEGIN_ENCRYPTION", G_STRUCT_OFFSET (SpareEngineFacts, begin_encryption) },
    { "END_ENCRYPTION", G_STRUCT_OFFSET (SpareEngineFacts, end_encryption) },
    { "BEGIN_DECRYPTION", G_STRUCT_OFFSET (SpareEngineFacts, begin_decryption) },
    { "DECRYPTION_INFO", G_STRUCT_OFFSET (SpareEngineFacts, decryption_info) },
    { "DECRYPTION_OKAY", G_STRUCT_OFFSET (SpareEngineFacts, decryption_okay) },
    { "DECRYPTION_FAILED", G_STRUCT_OFFSET (SpareEngineFacts, decryption_failed) },
    { "END_DECRYPTION", G_STRUCT_OFFSET (SpareEngineFacts, end_decryption) },
    { "BADMDC", G_STRUCT_OFFSET (SpareEngineFacts, bad_mdc) },
    { "NODATA", G_STRUCT_OFFSET (SpareEngineFacts, no_data) },
    { "UNEXPECTED", G_STRUCT_OFFSET (SpareEngineFacts, unexpected) },
    { "INV_RECP", G_STRUCT_OFFSET (SpareEngineFacts, invalid_recipients) },
    { "NO_RECP", G_STRUCT_OFFSET (SpareEngineFacts, invalid_recipients) },
    { "NO_SECKEY", G_STRUCT_OFFSET (SpareEngineFacts, missing_secret_keys) },
    { "BAD_PASSPHRASE", G_STRUCT_OFFSET (SpareEngineFacts, bad_passphrases) },
    { "NEED_PASSPHRASE_SYM", G_STRUCT_OFFSET (SpareEngineFacts, password_questions) },
  };
  static const struct
  {
    const char *keyword;
    void (*note) (SpareOperation *self, const char *arguments);
  } noted[] = {
    { "GOODSIG", note_signer },
    { "EXPSIG", note_signer },
    { "EXPKEYSIG", note_signer },
    { "REVKEYSIG", note_signer },
    { "BADSIG", note_signer },
    { "VALIDSIG", note_valid_signature },
    { SPARE_GUARD_EXIT_KEYWORD, note_exit },
    { "ERROR", note_error },
    { "FAILURE", note_failure },
  };
  SpareOperation *self = user_data;

  if (keyword == NULL)
    return 0;
  if (arguments == NULL)
    arguments = "";

  self->stamp = g_get_monotonic_time ();
  self->pinentry_is_open = g_str_equal (keyword, "PINENTRY_LAUNCHED");

  for (gsize i = 0; i < G_N_ELEMENTS (counted); i++)
    if (g_str_equal (keyword, counted[i].keyword))
      G_STRUCT_MEMBER (guint, &self->facts, counted[i].offset)++;
  for (gsize i = 0; i < G_N_ELEMENTS (noted); i++)
    if (g_str_equal (keyword, noted[i].keyword))
      noted[i].note (self, arguments);

  if (g_str_equal (keyword, "ERRSIG"))
    self->facts.signatures++;
  else if (g_str_equal (keyword, "NEWSIG"))
    g_ptr_array_add (self->facts.signers, g_new0 (SpareSignerWords, 1));

  return 0;
}

/* --- Data --- */

static gssize
read_cb (void *handle, void *buffer, size_t size)
{
  Port *port = handle;
  SpareOperation *self = port->operation;
  GError *error = NULL;
  gssize n;

  if (self->context->error != NULL
      || g_cancellable_set_error_if_cancelled (self->context->cancellable, &error))
    n = -1;
  else
    n = port->read (port->user_data, buffer, size, &error);

  self->stamp = g_get_monotonic_time ();
  if (n >= 0)
    return n;
  if (error != NULL)
    spare_context_take_error (self->context, error);
  errno = EIO;
  return -1;
}

static gssize
write_cb (void *handle, const void *buffer, size_t size)
{
  Port *port = handle;
  SpareOperation *self = port->operation;
  GError *error = NULL;
  gboolean taken = FALSE;

  if (self->context->error == NULL
      && !g_cancellable_set_error_if_cancelled (self->context->cancellable, &error))
    taken = port->write (port->user_data, buffer, size, &error);

  self->stamp = g_get_monotonic_time ();
  self->pinentry_is_open = FALSE;
  if (taken)
    return (gssize) size;
  if (error != NULL)
    spare_context_take_error (self->context, error);
  errno = EIO;
  return -1;
}

static gboolean
open_port (Port *port, struct gpgme_data_cbs *cbs, GError **error)
{
  gpgme_error_t failure = gpgme_data_new_from_cbs (&port->data, cbs, port);

  if (failure == 0)
    failure = gpgme_data_set_flag (port->data, "io-buffer-size", BUFFER_SIZE);
  /* Plaintext passes here: the buffer is overwritten when it is freed. */
  if (failure == 0)
    failure = gpgme_data_set_flag (port->data, "sensitive", "1");
  if (failure == 0)
    return TRUE;

  spare_gpgme_set_error (error, failure, "data");
  return FALSE;
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

      if (slots[i].revents != 0 && !watch->removed)
        watch->func (watch->data, watch->fd);
    }
  sweep (self);
}

static void
end (SpareOperation *self, GError *reason)
{
  spare_context_take_error (self->context, reason);
  gpgme_cancel (self->context->gpgme);
  self->done = TRUE;
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
  self->facts.exit_status = -1;
  self->facts.signers = g_ptr_array_new_with_free_func (signer_words_free);
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
  g_clear_pointer (&self->input.data, gpgme_data_release);
  g_clear_pointer (&self->output.data, gpgme_data_release);
  g_ptr_array_unref (self->watches);
  g_ptr_array_unref (self->facts.signers);
  g_free (self);
}
