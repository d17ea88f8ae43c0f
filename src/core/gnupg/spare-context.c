/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One operation's GPGME context.
 *
 * Promise: each context is bound to one engine and one home, both by name; it never goes to the network; and what a
 * callback (passphrase, data) fails with is what the operation fails with, not the engine's guess about it. */
#include "config.h"

#include "spare-gpgme-private.h"

#include "spare-engine.h"
#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* gpg reads one line: a longer one, or one with a line break in it, would not be the passphrase. */
#define PASSPHRASE_MAX 1024

/* A session key that was given: GPGME keeps a copy as long as the context and frees it as it is. */
static void
wipe_session_key (gpgme_ctx_t gpgme)
{
  const char *held = gpgme != NULL ? gpgme_get_ctx_flag (gpgme, "override-session-key") : NULL;

  if (held != NULL && *held != '\0')
    spare_secret_wipe_string ((char *) held);
}

void
spare_context_free (SpareContext *self)
{
  wipe_session_key (self->gpgme);
  g_clear_pointer (&self->gpgme, gpgme_release);
  g_clear_object (&self->home);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  g_clear_pointer (&self->passphrase, spare_secret_unref);
  g_clear_pointer (&self->new_passphrase, spare_secret_unref);
  g_clear_pointer (&self->keys, g_ptr_array_unref);
  g_free (self->fingerprint);
  g_free (self);
}

void
spare_context_take_error (SpareContext *self, GError *callback_error)
{
  if (self->error == NULL)
    self->error = callback_error;
  else
    g_error_free (callback_error);
}

gboolean
spare_context_check (SpareContext *self,
                     gpgme_error_t gpgme_error,
                     const char *what,
                     GError **error)
{
  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return FALSE;
    }
  if (gpgme_error == 0)
    return TRUE;
  if (g_cancellable_is_cancelled (self->cancellable))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Cancelled."));
  else
    spare_gpgme_set_error (error, gpgme_error, what);
  return FALSE;
}

static gpointer
copy_text_cb (gpointer text, gpointer user_data)
{
  return g_strdup (text);
}

/* Whose key it is takes a run of the engine to find out, and never changes: a batch of files asks once. Told that the
 * passphrase was bad, it is found out anew: ids can collide. */
static char *
find_owner_of_id (SpareContext *self, guint64 key_id, gboolean anew, GError **error)
{
  g_autofree char *name = g_strdup_printf ("sparekey-owner-of-%016" G_GINT64_MODIFIER "X",
                                           key_id);
  g_autoptr (SpareKey) key = NULL;
  char *fingerprint;

  fingerprint = anew ? NULL
                     : g_object_dup_data (G_OBJECT (self->home), name, copy_text_cb, NULL);
  if (fingerprint != NULL)
    return fingerprint;
  key = spare_home_find_key_by_id_sync (self->home, key_id, TRUE, self->cancellable, error);
  if (key == NULL)
    return NULL;
  g_object_set_data_full (G_OBJECT (self->home), name,
                          g_strdup (spare_key_get_fingerprint (key)), g_free);
  return g_strdup (spare_key_get_fingerprint (key));
}

/* @info: "<key id> <primary key id> <algorithm> <length>" (doc/DETAILS of GnuPG, NEED_PASSPHRASE). */
static char *
find_fingerprint (SpareContext *self, const char *info, gboolean was_bad, GError **error)
{
  g_auto (GStrv) words = g_strsplit (info ? info : "", " ", 3);
  guint64 key_id = 0;

  if (self->fingerprint != NULL)
    return g_strdup (self->fingerprint);
  if (g_strv_length (words) < 2
      || !g_ascii_string_to_unsigned (words[1], 16, 1, G_MAXUINT64, &key_id, NULL))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE,
                           _ ("This is protected by a passphrase that belongs to no key "
                              "here."));
      return NULL;
    }
  return find_owner_of_id (self, key_id, was_bad, error);
}

static SpareSecret *
find_passphrase (SpareContext *self, const char *info, gboolean was_bad, GError **error)
{
  g_autofree char *fingerprint = NULL;

  if (self->passphrase != NULL)
    {
      /* A change of the passphrase (gpg's --passwd): the one before, the one after, for each part whose
       * questions the agent does not answer by itself. gpg does not say which of the two it wants. */
      SpareSecret *secret = self->new_passphrase != NULL && self->n_asked % 2 == 0
                                ? self->new_passphrase
                                : self->passphrase;

      if (!was_bad)
        return spare_secret_ref (secret);
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE,
                           _ ("The passphrase is wrong. Nothing was changed. Please try "
                              "again."));
      return NULL;
    }
  fingerprint = find_fingerprint (self, info, was_bad, error);
  if (fingerprint == NULL)
    return NULL;
  return spare_home_ask_passphrase_private (self->home, fingerprint, was_bad, self->cancellable,
                                            error);
}

/* Writes the line that gpg reads; from secure memory straight into the pipe. */
static gboolean
write_passphrase (int fd, SpareSecret *secret, GError **error)
{
  const guint8 *text = spare_secret_get_data (secret);
  gsize size = spare_secret_get_size (secret);

  if (size > PASSPHRASE_MAX || memchr (text, '\n', size) || memchr (text, '\0', size))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE,
                           _ ("GnuPG can’t take this passphrase: it is too long, or has a line "
                              "break in it. Nothing was changed."));
      return FALSE;
    }
  return (size == 0 || gpgme_io_writen (fd, text, size) == 0)
         && gpgme_io_writen (fd, "\n", 1) == 0;
}

static gpgme_error_t
passphrase_cb (void *hook, const char *uid_hint, const char *info, int was_bad, int fd)
{
  SpareContext *self = hook;
  g_autoptr (SpareSecret) secret = NULL;
  GError *failure = NULL;

  self->n_asked++;
  g_debug ("passphrase wanted: %s", info ? info : "a new one");
  if (self->error == NULL)
    secret = find_passphrase (self, info, was_bad, &failure);
  if (secret != NULL && write_passphrase (fd, secret, &failure))
    return 0;
  if (failure != NULL)
    spare_context_take_error (self, failure);
  gpgme_io_writen (fd, "\n", 1);
  return gpgme_error (GPG_ERR_CANCELED);
}

gpgme_error_t
spare_context_use_loopback (SpareContext *self)
{
  gpgme_set_passphrase_cb (self->gpgme, passphrase_cb, self);
  return gpgme_set_pinentry_mode (self->gpgme, GPGME_PINENTRY_MODE_LOOPBACK);
}

static gpgme_error_t
configure (SpareContext *self, SpareContextFlags flags)
{
  const char *guard = spare_home_get_guard_path_private (self->home);
  const char *path = spare_home_get_path (self->home);
  g_autofree char *noverify = NULL;
  gpgme_error_t failure;

  failure = gpgme_new (&self->gpgme);
  if (failure != 0)
    return failure;
  if (flags & SPARE_CONTEXT_SKIP_VERIFY)
    guard = noverify = g_strconcat (guard, "-noverify", NULL);
  if (g_strcmp0 (guard, spare_engine_get_guard_path ()) != 0
      || g_strcmp0 (path, spare_engine_get_home_private ()) != 0)
    failure = gpgme_ctx_set_engine_info (self->gpgme, GPGME_PROTOCOL_OpenPGP, guard, path);
  if (failure == 0)
    failure = gpgme_set_protocol (self->gpgme, GPGME_PROTOCOL_OpenPGP);
  if (failure == 0)
    failure = gpgme_set_ctx_flag (self->gpgme, "full-status", "1");
  if (failure == 0 && spare_home_uses_loopback_private (self->home))
    failure = spare_context_use_loopback (self);
  gpgme_set_offline (self->gpgme, 1);
  gpgme_set_armor (self->gpgme, 0);
  return failure;
}

SpareContext *
spare_home_new_context_private (SpareHome *self,
                                SpareContextFlags flags,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (SpareContext) context = NULL;
  gpgme_error_t failure;

  /* Health first: GPGME asks a new engine for its version, and would wait for a hanging one for ever. */
  if (!spare_engine_init (error)
      || !spare_engine_check_health (spare_home_get_guard_path_private (self), error)
      || !(flags & SPARE_CONTEXT_NO_AGENT
               ? spare_home_prepare_public_private (self, cancellable, error)
               : spare_home_prepare_sync (self, cancellable, error)))
    return NULL;
  context = g_new0 (SpareContext, 1);
  context->home = g_object_ref (self);
  context->cancellable = cancellable ? g_object_ref (cancellable) : NULL;
  failure = configure (context, flags);
  if (failure == 0)
    return g_steal_pointer (&context);
  spare_gpgme_set_error (error, failure, "new context");
  return NULL;
}

gpgme_key_t
spare_context_get_key (SpareContext *self,
                       const char *fingerprint,
                       gboolean secret,
                       GError **error)
{
  return spare_home_fetch_key_private (self->home, fingerprint, secret, self->cancellable,
                                       error);
}
