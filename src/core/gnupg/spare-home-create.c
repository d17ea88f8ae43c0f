/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes keys.
 *
 * Promise: a key that is returned is whole: a primary key that certifies and signs, and a subkey that encrypts (an
 * authority's: two of them), as the engine lists them afterwards. If a subkey fails, the primary key is removed again. */
#include "config.h"

#include "spare-home.h"

#include "spare-error.h"
#include "spare-perform-private.h"
#include "spare-user-id.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

/* What is made here: gpg's names. The engine's own "default" changed over time (rsa3072 in 2.2), so it is not asked. */
static const struct
{
  const char *name;
  const char *primary;
  const char *subkey;
} algorithms[] = {
  { "default", "ed25519", "cv25519" },
  { "ed25519", "ed25519", "cv25519" },
  { "cv25519", "ed25519", "cv25519" },
  { "rsa2048", "rsa2048", "rsa2048" },
  { "rsa3072", "rsa3072", "rsa3072" },
  { "rsa4096", "rsa4096", "rsa4096" },
  { "nistp256", "nistp256", "nistp256" },
  { "nistp384", "nistp384", "nistp384" },
  { "nistp521", "nistp521", "nistp521" },
  { "brainpoolp256r1", "brainpoolP256r1", "brainpoolP256r1" },
  { "brainpoolp384r1", "brainpoolP384r1", "brainpoolP384r1" },
  { "brainpoolp512r1", "brainpoolP512r1", "brainpoolP512r1" },
};

typedef struct
{
  const char *user_id;
  const char *primary;
  const char *subkey;
  const char *fingerprint;
  gint64 expires;
  SpareSecret *passphrase;
  gboolean
      ask; /* no passphrase is given, but the key has one: who is usually asked for it is asked */
} Making;

static unsigned int
get_flags (const Making *making)
{
  return (making->expires == 0 ? GPGME_CREATE_NOEXPIRE : 0)
         | (making->passphrase == NULL && !making->ask ? GPGME_CREATE_NOPASSWD : 0);
}

/* GPGME counts from now. */
static unsigned long
get_seconds (const Making *making)
{
  return making->expires == 0
             ? 0
             : (unsigned long) (making->expires - g_get_real_time () / G_USEC_PER_SEC);
}

static void
use_passphrase (SpareContext *context, const Making *making)
{
  context->fingerprint = g_strdup (making->fingerprint);
  if (making->passphrase == NULL)
    return;
  context->passphrase = spare_secret_ref (making->passphrase);
  spare_context_use_loopback (context);
}

static gpgme_error_t
start_primary (SpareContext *context, SpareOperation *operation, gpointer data, GError **error)
{
  const Making *making = data;

  use_passphrase (context, making);
  return gpgme_op_createkey_start (context->gpgme, making->user_id, making->primary, 0,
                                   get_seconds (making), NULL,
                                   GPGME_CREATE_SIGN | GPGME_CREATE_CERT | GPGME_CREATE_FORCE
                                       | get_flags (making));
}

static gpgme_error_t
start_subkey (SpareContext *context, SpareOperation *operation, gpointer data, GError **error)
{
  const Making *making = data;
  g_auto (gpgme_key_t) key = spare_context_get_key (context, making->fingerprint, TRUE, error);

  if (key == NULL)
    return gpgme_error (GPG_ERR_NO_SECKEY);
  use_passphrase (context, making);
  return gpgme_op_createsubkey_start (context->gpgme, key, making->subkey, 0,
                                      get_seconds (making),
                                      GPGME_CREATE_ENCR | get_flags (making));
}

static char *
make_primary (SpareHome *home, Making *making, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareContext)
      context = spare_home_perform_private (home, "create key", start_primary, making,
                                            cancellable, error);
  gpgme_genkey_result_t result = context ? gpgme_op_genkey_result (context->gpgme) : NULL;
  char *fingerprint = result ? spare_fingerprint_normalize (result->fpr) : NULL;

  if (context != NULL && fingerprint == NULL)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                         _ ("GnuPG made a key but did not say which. Please try again."));
  return fingerprint;
}

static gboolean
make_subkey (SpareHome *home, Making *making, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareContext)
      context = spare_home_perform_private (home, "create subkey", start_subkey, making,
                                            cancellable, error);
  g_autoptr (SpareKey) key = NULL;

  if (context == NULL)
    return FALSE;
  key = spare_home_get_key_sync (home, making->fingerprint, TRUE, cancellable, error);
  if (key == NULL)
    return FALSE;
  if (spare_key_get_encryption_state (key, G_MAXINT32) == SPARE_KEY_CANNOT_ENCRYPT)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                           _ ("GnuPG made only half of the key. It was removed again. Please "
                              "try again."));
      return FALSE;
    }
  return TRUE;
}

/* A key that did not get whole, with the revocation certificate that the engine made for it. */
static void
take_back (SpareHome *home, const char *fingerprint)
{
  g_autofree char *name = g_strconcat (fingerprint, ".rev", NULL);
  g_autofree char *revocation = g_build_filename (spare_home_get_path (home),
                                                  "openpgp-revocs.d", name, NULL);
  g_autoptr (GError) failure = NULL;

  if (!spare_home_delete_key_sync (home, fingerprint, TRUE, NULL, &failure))
    g_debug ("half a key is left: %s", failure->message);
  g_unlink (revocation);
}

static gboolean
choose (const char *algorithm, Making *making, GError **error)
{
  g_autofree char *name = g_ascii_strdown (algorithm ? algorithm : "default", -1);

  for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
    if (g_str_equal (name, algorithms[i].name))
      {
        making->primary = algorithms[i].primary;
        making->subkey = algorithms[i].subkey;
        return TRUE;
      }
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                       _ ("Keys of this kind can’t be made here. Leave the choice out to get "
                          "the "
                          "usual kind."));
  return FALSE;
}

/**
 * spare_home_create_key_sync:
 * @self: a home, not the person's own
 * @user_id: "Name <mail>": see spare_user_id_build()
 * @algorithm: (nullable): gpg's name of one (`ed25519`, `rsa3072`, `nistp256`, `brainpoolP256r1` …); %NULL or
 *   "default": ed25519 with a cv25519 subkey
 * @expires: Unix seconds; 0: never
 * @passphrase: (nullable): that protects it; %NULL: none
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Fails with %G_IO_ERROR_INVALID_ARGUMENT (user id, expiry), %SPARE_ERROR_UNSUPPORTED (algorithm), and as all that
 * runs the engine.
 *
 * Returns: (transfer full) (nullable): the new key's primary fingerprint
 */
char *
spare_home_create_key_sync (SpareHome *self,
                            const char *user_id,
                            const char *algorithm,
                            gint64 expires,
                            SpareSecret *passphrase,
                            GCancellable *cancellable,
                            GError **error)
{
  Making making = { .user_id = user_id, .expires = expires, .passphrase = passphrase };
  g_autofree char *fingerprint = NULL;

  if (!spare_home_check_ours_private (self, error) || !spare_user_id_check (user_id, error)
      || !choose (algorithm, &making, error))
    return NULL;
  if (expires < 0 || (expires != 0 && expires <= g_get_real_time () / G_USEC_PER_SEC))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("The key would have expired already. Choose a later date."));
      return NULL;
    }
  fingerprint = make_primary (self, &making, cancellable, error);
  if (fingerprint == NULL)
    return NULL;
  making.fingerprint = fingerprint;
  if (make_subkey (self, &making, cancellable, error))
    return g_steal_pointer (&fingerprint);
  take_back (self, fingerprint);
  return NULL;
}

/* --- The authority's --- */

/* The newest encryption subkey is found by its second. */
gboolean
spare_home_wait_past_private (gint64 since, GCancellable *cancellable, GError **error)
{
  GPollFD slot;
  gboolean has_slot = cancellable != NULL && g_cancellable_make_pollfd (cancellable, &slot);
  gint64 left;

  while ((left = (since + 1) * G_USEC_PER_SEC - g_get_real_time ()) > 0
         && !g_cancellable_is_cancelled (cancellable))
    g_poll (&slot, has_slot ? 1 : 0, (int) (MIN (left, G_USEC_PER_SEC) / 1000 + 1));
  if (has_slot)
    g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* Returns the fingerprint of the subkey that is there now and is the newest.
 *
 * The engine itself is not cancelled: that takes half a second, and what an engine that is ended half-way still writes
 * nobody knows. */
static char *
add_newest (SpareHome *home, Making *making, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareKey)
      before = spare_home_get_key_sync (home, making->fingerprint, TRUE, cancellable, error);
  g_autoptr (SpareKey) after = NULL;
  const SpareSubkey *newest;
  gint64 last = 0;

  for (guint i = 0; before != NULL && i < spare_key_get_n_subkeys (before); i++)
    if (spare_key_get_subkey (before, i)->can_encrypt)
      last = MAX (last, spare_key_get_subkey (before, i)->created);
  if (before == NULL || !spare_home_wait_past_private (last, cancellable, error)
      || !make_subkey (home, making, NULL, error))
    return NULL;
  after = spare_home_get_key_sync (home, making->fingerprint, TRUE, NULL, error);
  if (after == NULL)
    return NULL;
  newest = spare_key_pick_newest_encryption_subkey (after, G_MAXINT32);
  if (newest != NULL && newest->created > last
      && spare_key_get_n_subkeys (after) == spare_key_get_n_subkeys (before) + 1
      && spare_key_find_subkey (before, newest->fingerprint) == NULL)
    return g_strdup (newest->fingerprint);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                       _ ("GnuPG did not add what it was asked to. Check the computer’s clock "
                          "and try again."));
  return NULL;
}

/* The engine failed without a word about what it had made by then. The home is the authority's alone, so what is new
 * is that. */
static void
take_back_new (SpareHome *home, GPtrArray *before)
{
  g_autoptr (GPtrArray) after = spare_home_list_keys_sync (home, TRUE, NULL, NULL);

  for (guint i = 0; after != NULL && i < after->len; i++)
    {
      const char *fingerprint = spare_key_get_fingerprint (g_ptr_array_index (after, i));
      gboolean is_new = TRUE;

      for (guint j = 0; is_new && j < before->len; j++)
        is_new = !g_str_equal (fingerprint,
                               spare_key_get_fingerprint (g_ptr_array_index (before, j)));
      if (is_new)
        take_back (home, fingerprint);
    }
}

static SpareSecret *
ask_for_new_passphrase (SpareHome *home, GCancellable *cancellable, GError **error)
{
  return spare_home_ask_new_passphrase_private (
      home,
      _ ("Choose a passphrase for the backup authority’s key. Without it nobody can recover "
         "anything, and nobody can tell it to you later: write it down and keep it in a safe "
         "place."),
      cancellable, error);
}

static gboolean
check_passphrase (SpareSecret *passphrase, GError **error)
{
  if (spare_secret_get_size (passphrase) > 0)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE,
                       _ ("The backup authority’s key needs a passphrase. Nothing was made. "
                          "Choose one and try again."));
  return FALSE;
}

/**
 * spare_home_create_authority_key_sync:
 * @self: the authority's home
 * @user_id: "Name <mail>": see spare_user_id_build()
 * @passphrase: (nullable): that protects it; %NULL: the home's pinentry asks for one, once
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Makes a key of ed25519 with two encryption subkeys of cv25519, without expiry: escrow first, and transport at least a
 * second later, so that every OpenPGP program takes transport by itself. The engine makes a revocation certificate with
 * it: spare_home_dup_revocation_sync().
 *
 * Fails as spare_home_create_key_sync(), and with %SPARE_ERROR_BAD_PASSPHRASE if @passphrase is empty; then no part of
 * the key is left. A cancellation is heeded between the parts, within a second.
 *
 * Returns: (transfer full) (nullable): the new key's primary fingerprint
 */
char *
spare_home_create_authority_key_sync (SpareHome *self,
                                      const char *user_id,
                                      SpareSecret *passphrase,
                                      GCancellable *cancellable,
                                      GError **error)
{
  g_autoptr (SpareSecret) chosen = passphrase ? spare_secret_ref (passphrase) : NULL;
  Making making = { .user_id = user_id };
  g_autoptr (GPtrArray) before = NULL;
  g_autofree char *fingerprint = NULL;

  if (!spare_home_check_ours_private (self, error) || !spare_user_id_check (user_id, error)
      || !choose ("default", &making, error))
    return NULL;
  if (chosen == NULL)
    chosen = ask_for_new_passphrase (self, cancellable, error);
  if (chosen == NULL || !check_passphrase (chosen, error))
    return NULL;
  before = spare_home_list_keys_sync (self, TRUE, cancellable, error);
  if (before == NULL)
    return NULL;
  making.passphrase = chosen;
  fingerprint = make_primary (self, &making, NULL, error);
  if (fingerprint == NULL)
    {
      take_back_new (self, before);
      return NULL;
    }
  making.fingerprint = fingerprint;
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *subkey = add_newest (self, &making, cancellable, error);

      if (subkey == NULL)
        {
          take_back (self, fingerprint);
          return NULL;
        }
    }
  return g_steal_pointer (&fingerprint);
}

/**
 * spare_home_add_encryption_subkey_sync:
 * @self: a home, not the person's own
 * @fingerprint: of the primary key, whose secret part is here
 * @passphrase: (nullable): the key's; %NULL: the home's passphrase function or pinentry is asked
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Adds an encryption subkey (cv25519, no expiry) that is newer than all others by a second at least. A new pair
 * of escrow and transport subkeys is two calls.
 *
 * Fails with what the passphrase function set; %SPARE_ERROR_BAD_PASSPHRASE; %SPARE_ERROR_FAILED if gpg did not want to:
 * 2.2 does not say why, so there a wrong passphrase is that, too.
 *
 * Returns: (transfer full) (nullable): the new subkey's fingerprint
 */
char *
spare_home_add_encryption_subkey_sync (SpareHome *self,
                                       const char *fingerprint,
                                       SpareSecret *passphrase,
                                       GCancellable *cancellable,
                                       GError **error)
{
  Making making = { .fingerprint = fingerprint, .passphrase = passphrase, .ask = TRUE };

  if (!spare_home_check_ours_private (self, error) || !choose ("default", &making, error))
    return NULL;
  return add_newest (self, &making, cancellable, error);
}
