/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes keys.
 *
 * Promise: a key that is returned is whole: a primary key that certifies and signs, and a subkey that encrypts, as the
 * engine lists them afterwards. If the subkey fails, the primary key is removed again. */
#include "config.h"

#include "spare-home.h"

#include "spare-error.h"
#include "spare-perform-private.h"
#include "spare-user-id.h"

#include <glib/gi18n-lib.h>

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
} Making;

static unsigned int
get_flags (const Making *making)
{
  return (making->expires == 0 ? GPGME_CREATE_NOEXPIRE : 0)
         | (making->passphrase == NULL ? GPGME_CREATE_NOPASSWD : 0);
}

/* GPGME counts from now. */
static unsigned long
get_seconds (const Making *making)
{
  return making->expires == 0
             ? 0
             : (unsigned long) (making->expires - g_get_real_time () / G_USEC_PER_SEC);
}

static gpgme_error_t
start_primary (SpareContext *context, SpareOperation *operation, gpointer data, GError **error)
{
  const Making *making = data;

  context->passphrase = making->passphrase ? spare_secret_ref (making->passphrase) : NULL;
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
  context->passphrase = making->passphrase ? spare_secret_ref (making->passphrase) : NULL;
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
  spare_home_delete_key_sync (self, fingerprint, TRUE, NULL, NULL);
  return NULL;
}
