/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes keys: passphrase, expiry, removal, revocation, additional decryption subkeys.
 *
 * Promise: after each change the key is listed again, and success is what the listing shows. Nothing here works on the
 * person's own home. */
#include "config.h"

#include "spare-home.h"

#include "spare-child-private.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-perform-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define ENGINE_SECONDS 60

typedef struct
{
  const char *fingerprint;
  SpareSecret *before, *after; /* passphrases */
  unsigned long seconds;       /* from now; 0: never */
  char *subkeys;               /* fingerprints, a line each; NULL: the primary key */
  gboolean secret;
} Change;

static gboolean
perform (SpareHome *home,
         const char *what,
         SpareStartFunc start,
         Change *change,
         GCancellable *cancellable,
         GError **error)
{
  g_autoptr (SpareContext) context = NULL;

  if (!spare_home_check_ours_private (home, error))
    return FALSE;
  context = spare_home_perform_private (home, what, start, change, cancellable, error);
  return context != NULL;
}

/* --- Passphrase --- */

static gpgme_error_t
start_passwd (SpareContext *context, SpareOperation *operation, gpointer data, GError **error)
{
  Change *change = data;
  g_auto (gpgme_key_t) key = spare_context_get_key (context, change->fingerprint, TRUE, error);

  if (key == NULL)
    return gpgme_error (GPG_ERR_NO_SECKEY);
  context->passphrase = spare_secret_ref (change->before);
  context->new_passphrase = spare_secret_ref (change->after);
  return gpgme_op_passwd_start (context->gpgme, key, 0);
}

/**
 * spare_home_change_passphrase_sync:
 * @self: a home, not the person's own
 * @fingerprint: of the primary key
 * @before: the passphrase now
 * @after: the passphrase from now on
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * For the primary key and all of its subkeys.
 *
 * Fails with %SPARE_ERROR_BAD_PASSPHRASE if @before is wrong: then nothing was changed.
 *
 * Returns: whether it was changed
 */
gboolean
spare_home_change_passphrase_sync (SpareHome *self,
                                   const char *fingerprint,
                                   SpareSecret *before,
                                   SpareSecret *after,
                                   GCancellable *cancellable,
                                   GError **error)
{
  Change change = { .fingerprint = fingerprint, .before = before, .after = after };

  return perform (self, "change passphrase", start_passwd, &change, cancellable, error);
}

/* --- Removal --- */

static gpgme_error_t
start_delete (SpareContext *context, SpareOperation *operation, gpointer data, GError **error)
{
  Change *change = data;
  g_auto (gpgme_key_t) key = spare_context_get_key (context, change->fingerprint, FALSE, error);

  if (key == NULL)
    return gpgme_error (GPG_ERR_NO_PUBKEY);
  return gpgme_op_delete_ext_start (context->gpgme, key,
                                    (change->secret ? GPGME_DELETE_ALLOW_SECRET : 0)
                                        | GPGME_DELETE_FORCE);
}

/**
 * spare_home_delete_key_sync:
 * @self: a home, not the person's own
 * @fingerprint: of the primary key
 * @secret: its secret part too; without it, a key that has one is not removed
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Returns: whether it is gone
 */
gboolean
spare_home_delete_key_sync (SpareHome *self,
                            const char *fingerprint,
                            gboolean secret,
                            GCancellable *cancellable,
                            GError **error)
{
  Change change = { .fingerprint = fingerprint, .secret = secret };
  g_autoptr (GError) absent = NULL;
  g_autoptr (SpareKey) left = NULL;

  if (!perform (self, "delete", start_delete, &change, cancellable, error))
    return FALSE;
  left = spare_home_get_key_sync (self, fingerprint, FALSE, cancellable, &absent);
  if (left == NULL && g_error_matches (absent, SPARE_ERROR, SPARE_ERROR_NO_KEY))
    return TRUE;
  if (left == NULL)
    g_propagate_error (error, g_steal_pointer (&absent));
  else
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                         _ ("GnuPG did not remove the key. Please try again."));
  return FALSE;
}

/* --- Expiry --- */

static gpgme_error_t
start_expire (SpareContext *context, SpareOperation *operation, gpointer data, GError **error)
{
  Change *change = data;
  g_auto (gpgme_key_t) key = spare_context_get_key (context, change->fingerprint, TRUE, error);

  if (key == NULL)
    return gpgme_error (GPG_ERR_NO_SECKEY);
  context->fingerprint = g_strdup (change->fingerprint);
  return gpgme_op_setexpire_start (context->gpgme, key, change->seconds, change->subkeys, 0);
}

/* All of the key's own subkeys that still count: those already expired too, which "*" leaves out. */
static char *
list_subkeys (SpareKey *key)
{
  GString *lines = g_string_new (NULL);

  for (guint i = 1; i < spare_key_get_n_subkeys (key); i++)
    {
      const SpareSubkey *subkey = spare_key_get_subkey (key, i);

      if (!subkey->revoked && !subkey->is_adsk)
        g_string_append_printf (lines, "%s%s", lines->len ? "\n" : "", subkey->fingerprint);
    }
  return g_string_free (lines, FALSE);
}

/* gpg counts from its own now, which may be a few seconds later. */
static gboolean
expires_at (const SpareSubkey *subkey, gint64 expires)
{
  return expires == 0 ? subkey->expires == 0
                      : subkey->expires >= expires && subkey->expires <= expires + 60;
}

static gboolean
check_expiry (SpareHome *home,
              const char *fingerprint,
              gint64 expires,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (SpareKey)
      key = spare_home_get_key_sync (home, fingerprint, TRUE, cancellable, error);

  if (key == NULL)
    return FALSE;
  for (guint i = 0; i < spare_key_get_n_subkeys (key); i++)
    {
      const SpareSubkey *subkey = spare_key_get_subkey (key, i);

      if (subkey->revoked || subkey->is_adsk || expires_at (subkey, expires))
        continue;
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("GnuPG did not change the date on all parts of the key. Please "
                              "try "
                              "again."));
      return FALSE;
    }
  return TRUE;
}

/**
 * spare_home_extend_key_sync:
 * @self: a home, not the person's own
 * @fingerprint: of the primary key
 * @expires: Unix seconds; 0: never
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * For the primary key and all subkeys that were not revoked, expired ones too.
 *
 * Returns: whether all of them expire then (at most a minute later)
 */
gboolean
spare_home_extend_key_sync (SpareHome *self,
                            const char *fingerprint,
                            gint64 expires,
                            GCancellable *cancellable,
                            GError **error)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  Change change = { .fingerprint = fingerprint };
  g_autoptr (SpareKey) key = NULL;
  g_autofree char *subkeys = NULL;

  if (!spare_home_check_ours_private (self, error))
    return FALSE;
  if (expires < 0 || (expires != 0 && expires <= now))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("The key would have expired already. Choose a later date."));
      return FALSE;
    }
  key = spare_home_get_key_sync (self, fingerprint, TRUE, cancellable, error);
  if (key == NULL)
    return FALSE;
  change.seconds = expires == 0 ? 0 : (unsigned long) (expires - now);
  if (!perform (self, "extend", start_expire, &change, cancellable, error))
    return FALSE;
  change.subkeys = subkeys = list_subkeys (key);
  if (*subkeys != '\0'
      && !perform (self, "extend subkeys", start_expire, &change, cancellable, error))
    return FALSE;
  return check_expiry (self, fingerprint, expires, cancellable, error);
}

/* The second in which it ends has to be over: until then it counts as usable. */
static gboolean
check_retired (SpareHome *home,
               const char *fingerprint,
               const char *const *subkeys,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (SpareKey)
      key = spare_home_get_key_sync (home, fingerprint, TRUE, cancellable, error);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gint64 end = 0;

  if (key == NULL)
    return FALSE;
  for (guint i = 0; subkeys[i] != NULL; i++)
    {
      const SpareSubkey *subkey = spare_key_find_subkey (key, subkeys[i]);

      if (subkey == NULL || subkey->expires == 0 || subkey->expires > now + 2)
        {
          g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                               _ ("GnuPG did not change the date on all parts of the key. "
                                  "Please try again."));
          return FALSE;
        }
      end = MAX (end, subkey->expires);
    }
  return spare_home_wait_past_private (end, cancellable, error);
}

/**
 * spare_home_retire_subkeys_sync:
 * @self: a home, not the person's own
 * @fingerprint: of the primary key, whose secret part is here
 * @subkeys: fingerprints of some of its subkeys
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Makes them expire now, all in the same second. What was encrypted to them can still be decrypted.
 *
 * Returns: whether they have expired
 */
gboolean
spare_home_retire_subkeys_sync (SpareHome *self,
                                const char *fingerprint,
                                const char *const *subkeys,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autofree char *lines = NULL;
  Change change = { .fingerprint = fingerprint, .seconds = 1 };

  g_return_val_if_fail (subkeys != NULL && subkeys[0] != NULL, FALSE);

  for (guint i = 0; subkeys[i] != NULL; i++)
    g_return_val_if_fail (spare_fingerprint_is_valid (subkeys[i]), FALSE);
  change.subkeys = lines = g_strjoinv ("\n", (char **) subkeys);
  return perform (self, "retire subkeys", start_expire, &change, cancellable, error)
         && check_retired (self, fingerprint, subkeys, cancellable, error);
}

/* --- Additional decryption subkey --- */

static GBytes *
run_engine (SpareHome *home,
            const char *fingerprint,
            const char *const *arguments,
            const char *input,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (SpareSecret) passphrase = NULL;
  SpareChild child = { .clean = TRUE, .seconds = ENGINE_SECONDS, .output_max = 64 * 1024 };
  const char *const common[] = { spare_home_get_guard_path_private (home),
                                 "--homedir",
                                 spare_home_get_path (home),
                                 "--no-tty",
                                 "--yes",
                                 NULL };
  const char *const loopback[] = { "--pinentry-mode", "loopback", "--passphrase-fd", "3",
                                   NULL };

  if (!spare_home_prepare_sync (home, cancellable, error))
    return NULL;
  for (const char *const *a = common; *a; a++)
    g_ptr_array_add (argv, (gpointer) *a);
  if (spare_home_uses_loopback_private (home))
    {
      passphrase = spare_home_ask_passphrase_private (home, fingerprint, FALSE, cancellable,
                                                      error);
      if (passphrase == NULL)
        return NULL;
      for (const char *const *a = loopback; *a; a++)
        g_ptr_array_add (argv, (gpointer) *a);
    }
  for (const char *const *a = arguments; *a; a++)
    g_ptr_array_add (argv, (gpointer) *a);
  g_ptr_array_add (argv, NULL);
  child.argv = (const char *const *) argv->pdata;
  child.input = input;
  child.secret = passphrase;
  return spare_child_run_sync (&child, NULL, cancellable, error);
}

/**
 * spare_home_add_adsk_sync:
 * @self: a home, not the person's own
 * @fingerprint: of the primary key that gets it
 * @adsk_subkey: fingerprint of the other key's encryption subkey; that key's certificate must be here
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * From then on every gpg that knows of such subkeys encrypts to it too.
 *
 * Fails with %SPARE_ERROR_UNSUPPORTED if gpg is older than 2.4.1.
 *
 * Returns: whether the key has it now
 */
gboolean
spare_home_add_adsk_sync (SpareHome *self,
                          const char *fingerprint,
                          const char *adsk_subkey,
                          GCancellable *cancellable,
                          GError **error)
{
  const char *const arguments[] = { "--batch", "--quick-add-adsk", fingerprint, adsk_subkey,
                                    NULL };
  g_autoptr (GBytes) output = NULL;
  g_autoptr (SpareKey) key = NULL;

  if (!spare_home_check_ours_private (self, error))
    return FALSE;
  if (!spare_engine_is_at_least (2, 4, 1))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                           _ ("The installed GnuPG can’t add the backup authority to your key "
                              "itself: version 2.4.1 is needed. Your own files are covered "
                              "nevertheless."));
      return FALSE;
    }
  if (!spare_fingerprint_is_valid (fingerprint) || !spare_fingerprint_is_valid (adsk_subkey))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("A key that is needed for this is not here. Import it and try "
                              "again."));
      return FALSE;
    }
  output = run_engine (self, fingerprint, arguments, NULL, cancellable, error);
  if (output == NULL)
    return FALSE;
  key = spare_home_get_key_sync (self, fingerprint, FALSE, cancellable, error);
  if (key == NULL)
    return FALSE;
  if (spare_key_find_subkey (key, adsk_subkey) != NULL)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("GnuPG did not add the backup authority to your key. Please try "
                          "again."));
  return FALSE;
}

/* --- Revocation --- */

/* gpg puts a text and a colon in front of the armor, so that it is not imported by accident. */
static GBytes *
strip_guard_text (const char *text)
{
  const char *begin = strstr (text, "-----BEGIN PGP PUBLIC KEY BLOCK-----");
  const char *end = begin ? strstr (begin, "-----END PGP PUBLIC KEY BLOCK-----") : NULL;
  g_autofree char *armor = NULL;

  if (end == NULL)
    return NULL;
  armor = g_strndup (begin,
                     (gsize) (end - begin) + strlen ("-----END PGP PUBLIC KEY BLOCK-----"));
  return g_bytes_new_take (g_strconcat (armor, "\n", NULL), strlen (armor) + 1);
}

static GBytes *
read_revocation (SpareHome *home, const char *fingerprint)
{
  g_autofree char *name = g_strconcat (fingerprint, ".rev", NULL);
  g_autofree char *path = g_build_filename (spare_home_get_path (home), "openpgp-revocs.d",
                                            name, NULL);
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? strip_guard_text (text) : NULL;
}

/* The answers to gpg's questions, in their order: really; no reason; no text; really. */
static GBytes *
generate_revocation (SpareHome *home,
                     const char *fingerprint,
                     GCancellable *cancellable,
                     GError **error)
{
  const char *const arguments[] = { "--command-fd", "0",         "--armor",
                                    "--gen-revoke", fingerprint, NULL };
  g_autoptr (GBytes)
      output = run_engine (home, fingerprint, arguments, "y\n0\n\ny\n", cancellable, error);
  g_autofree char *text = NULL;
  GBytes *revocation;

  if (output == NULL)
    return NULL;
  text = g_strndup (g_bytes_get_size (output) ? g_bytes_get_data (output, NULL) : "",
                    g_bytes_get_size (output));
  revocation = strip_guard_text (text);
  if (revocation == NULL)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                         _ ("GnuPG made no revocation certificate. The key is unharmed. Please "
                            "try again."));
  return revocation;
}

/**
 * spare_home_dup_revocation_sync:
 * @self: a home
 * @fingerprint: of the primary key, whose secret part is here
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * The revocation certificate that the engine made with the key; for a key that came from elsewhere, a new one,
 * for which the passphrase is asked. Whoever has it can make the key unusable, nothing else.
 *
 * Returns: (transfer full) (nullable): it, armored
 */
GBytes *
spare_home_dup_revocation_sync (SpareHome *self,
                                const char *fingerprint,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (SpareKey)
      key = spare_home_get_key_sync (self, fingerprint, TRUE, cancellable, error);
  GBytes *revocation;

  if (key == NULL)
    return NULL;
  revocation = read_revocation (self, fingerprint);
  return revocation ? revocation : generate_revocation (self, fingerprint, cancellable, error);
}

/**
 * spare_home_revoke_sync:
 * @self: a home, not the person's own
 * @fingerprint: of the primary key
 * @revocation: (nullable): its revocation certificate; %NULL: as from spare_home_dup_revocation_sync()
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * There is no way back. What was encrypted to the key can still be decrypted.
 *
 * Returns: whether the key counts as revoked now
 */
gboolean
spare_home_revoke_sync (SpareHome *self,
                        const char *fingerprint,
                        GBytes *revocation,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (GBytes) made = NULL;
  g_autoptr (SpareKey) key = NULL;

  if (!spare_home_check_ours_private (self, error))
    return FALSE;
  if (revocation == NULL)
    revocation = made = spare_home_dup_revocation_sync (self, fingerprint, cancellable, error);
  if (revocation == NULL
      || !spare_home_import_revocation_private (self, revocation, cancellable, error))
    return FALSE;
  key = spare_home_get_key_sync (self, fingerprint, FALSE, cancellable, error);
  if (key == NULL)
    return FALSE;
  if (spare_key_get_signing_state (key, g_get_real_time () / G_USEC_PER_SEC)
      == SPARE_KEY_REVOKED)
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("The key is not revoked: the revocation certificate is not that of "
                          "this key."));
  return FALSE;
}
