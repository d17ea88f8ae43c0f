/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session keys out of PKESKs, one file after the other.
 *
 * Two ways. For ECDH the agent multiplies the ephemeral point with the secret key, and the key derivation and unwrapping
 * of RFC 6637 are done in openpgp/: no process for each file. For every other algorithm gpg decrypts the escrow
 * packet (the PKESK and a bare data head) and reports the session key although it finds no data.
 *
 * Promise: a key that comes out is one that the PKESK holds for the key at hand: ECDH's key wrap has an integrity
 * check and gpg has its checksum. That it is the key of the file is for the caller to prove.
 *
 * The key is never printed. Of gpg's way, a copy exists in GPGME's pageable memory for a moment and is wiped.
 */
#include "config.h"

#include "spare-session-key-private.h"

#include "spare-agent-session-private.h"
#include "spare-certificate.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-operation-private.h"
#include "spare-pkesk.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Seconds: for one packet through gpg. On a computer that is busy with other things a key derivation alone can take several. */
#define GPG_PATIENCE      30
#define GPG_CARD_PATIENCE 60

struct _SpareSessionKeyOpener
{
  GObject parent_instance;

  SpareHome *home;
  SpareKey *key;
  SpareAgentSession *agent;
  guint agent_patience; /* of the connection */
  GBytes *certificate;
  GHashTable *kdfs; /* fingerprint (the key's own string) → SpareKdf */

  gboolean by_gpg; /* even where the agent could */

  /* While a request runs. */
  GCancellable *cancellable;
  gboolean was_wrong;
};

G_DEFINE_FINAL_TYPE (SpareSessionKeyOpener, spare_session_key_opener, G_TYPE_OBJECT)

/**
 * spare_session_key_free:
 * @self: (transfer full): a session key
 *
 * Wipes it.
 */
void
spare_session_key_free (SpareSessionKey *self)
{
  g_clear_pointer (&self->secret, spare_secret_unref);
  g_free (self);
}

/**
 * spare_session_key_to_text_private:
 * @self: a session key
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the key as gpg writes and reads it, `9:0123…`
 */
SpareSecret *
spare_session_key_to_text_private (const SpareSessionKey *self, GError **error)
{
  static const char digits[] = "0123456789ABCDEF";
  char prefix[8];
  gsize n = (gsize) g_snprintf (prefix, sizeof prefix, "%u:", self->cipher);
  gsize size = spare_secret_get_size (self->secret);
  const guint8 *octets = spare_secret_get_data (self->secret);
  guint8 *text;
  SpareSecret *result = spare_secret_new_sized (n + 2 * size, &text, error);

  if (result == NULL)
    return NULL;
  memcpy (text, prefix, n);
  for (gsize i = 0; i < size; i++)
    {
      text[n + 2 * i] = (guint8) digits[octets[i] >> 4];
      text[n + 2 * i + 1] = (guint8) digits[octets[i] & 15];
    }
  return result;
}

static SpareSessionKey *
session_key_new (guint cipher, SpareSecret *secret)
{
  SpareSessionKey *self = g_new0 (SpareSessionKey, 1);

  self->cipher = (guint8) cipher;
  self->secret = secret;
  return self;
}

static void
set_no_key (GError **error)
{
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
               _ ("This key does not open the file. Nothing was changed."));
}

/* --- By the agent --- */

static const SpareKdf *
find_kdf (SpareSessionKeyOpener *self, const SpareSubkey *subkey, GError **error)
{
  SpareKdf *kdf = g_hash_table_lookup (self->kdfs, subkey->fingerprint);

  if (kdf != NULL)
    return kdf;
  /* All of it: what gpg calls minimal leaves out subkeys that have expired, and those are asked for, too. */
  if (self->certificate == NULL)
    self->certificate = spare_home_export_sync (self->home,
                                                spare_key_get_fingerprint (self->key), 0,
                                                self->cancellable, error);
  if (self->certificate != NULL && g_bytes_get_size (self->certificate) > SPARE_CERTIFICATE_MAX)
    {
      /* Flooded with what others signed: better some of the subkeys than none. */
      g_clear_pointer (&self->certificate, g_bytes_unref);
      self->certificate = spare_home_export_sync (self->home,
                                                  spare_key_get_fingerprint (self->key),
                                                  SPARE_EXPORT_MINIMAL, self->cancellable,
                                                  error);
    }
  if (self->certificate == NULL)
    return NULL;

  kdf = g_new0 (SpareKdf, 1);
  if (!spare_certificate_find_kdf (self->certificate, subkey->fingerprint, kdf, error))
    {
      g_free (kdf);
      return NULL;
    }
  g_hash_table_insert (self->kdfs, subkey->fingerprint, kdf);
  return kdf;
}

static void
append_atom (GByteArray *expression, const guint8 *octets, gsize length)
{
  char prefix[24];
  int n = g_snprintf (prefix, sizeof prefix, "%" G_GSIZE_FORMAT ":", length);

  g_byte_array_append (expression, (const guint8 *) prefix, (guint) n);
  g_byte_array_append (expression, octets, (guint) length);
}

static void
append_text (GByteArray *expression, const char *text)
{
  g_byte_array_append (expression, (const guint8 *) text, (guint) strlen (text));
}

/* (enc-val (ecdh (s WRAPPED) (e EPHEMERAL))), canonical. */
static GBytes *
build_ciphertext (const SparePkesk *pkesk)
{
  GByteArray *expression = g_byte_array_new ();
  gsize length;
  const guint8 *octets;

  append_text (expression, "(7:enc-val(4:ecdh(1:s");
  octets = spare_pkesk_get_wrapped (pkesk, &length);
  append_atom (expression, octets, length);
  append_text (expression, ")(1:e");
  octets = spare_pkesk_get_ephemeral (pkesk, &length);
  append_atom (expression, octets, length);
  append_text (expression, ")))");
  return g_byte_array_free_to_bytes (expression);
}

static SpareSecret *
find_passphrase_cb (gpointer user_data, GError **error)
{
  SpareSessionKeyOpener *self = user_data;

  return spare_home_ask_passphrase_private (self->home, spare_key_get_fingerprint (self->key),
                                            self->was_wrong, self->cancellable, error);
}

static gboolean
ensure_agent (SpareSessionKeyOpener *self, gboolean is_card, GError **error)
{
  guint patience = is_card ? SPARE_AGENT_SESSION_CARD_PATIENCE : SPARE_AGENT_SESSION_PATIENCE;
  g_autofree char *path = NULL;
  gboolean restarted;

  if (self->agent != NULL && !spare_agent_session_is_lost (self->agent)
      && self->agent_patience == patience)
    return TRUE;

  g_clear_pointer (&self->agent, spare_agent_session_free);
  if (!spare_home_ensure_agent_private (self->home, &restarted, error))
    return FALSE;
  path = spare_home_dup_agent_socket_private (self->home, error);
  if (path == NULL)
    return FALSE;
  self->agent = spare_agent_session_connect (path,
                                             spare_home_uses_loopback_private (self->home),
                                             patience, self->cancellable, error);
  if (self->agent == NULL)
    return FALSE;
  self->agent_patience = patience;
  spare_agent_session_set_passphrase_func (self->agent, find_passphrase_cb, self);
  return TRUE;
}

/* One try over the connection as it is. NULL with @refusal, or with @error. */
static SpareSecret *
multiply_once (SpareSessionKeyOpener *self,
               const SpareSubkey *subkey,
               GBytes *ciphertext,
               gpgme_error_t *refusal,
               GError **error)
{
  *refusal = 0;
  if (!ensure_agent (self, subkey->is_card, error))
    return NULL;
  return spare_agent_session_decrypt (self->agent, subkey->keygrip, ciphertext,
                                      self->cancellable, refusal, error);
}

/* The agent may have died since the last file, and a passphrase may be a better one when asked for again; a pinentry has
 * asked for it several times already. */
static SpareSecret *
multiply (SpareSessionKeyOpener *self,
          const SpareSubkey *subkey,
          GBytes *ciphertext,
          GError **error)
{
  g_autoptr (GError) failure = NULL;
  gpgme_error_t refusal = 0;
  gboolean was_connected = self->agent != NULL;
  SpareSecret *point;

  self->was_wrong = FALSE;
  point = multiply_once (self, subkey, ciphertext, &refusal, &failure);
  if (point == NULL && refusal == 0 && was_connected
      && g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_ENGINE))
    {
      g_clear_error (&failure);
      point = multiply_once (self, subkey, ciphertext, &refusal, &failure);
    }
  if (point == NULL && gpgme_err_code (refusal) == GPG_ERR_BAD_PASSPHRASE
      && spare_home_uses_loopback_private (self->home))
    {
      self->was_wrong = TRUE;
      point = multiply_once (self, subkey, ciphertext, &refusal, &failure);
    }

  if (point == NULL && failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  /* gpg 2.4 looks for a card that might have the key, and says that cards are switched off. */
  else if (point == NULL
           && (gpgme_err_code (refusal) == GPG_ERR_NO_SECKEY
               || gpgme_err_code (refusal) == GPG_ERR_NO_SCDAEMON
               || gpgme_err_code (refusal) == GPG_ERR_NOT_SUPPORTED))
    set_no_key (error);
  else if (point == NULL)
    spare_gpgme_set_error (error, refusal, "PKDECRYPT");
  return point;
}

static SpareSessionKey *
open_by_agent (SpareSessionKeyOpener *self,
               const SpareEsk *esk,
               const SpareSubkey *subkey,
               GError **error)
{
  g_autoptr (SparePkesk) pkesk = spare_pkesk_new ((SpareEsk *) esk, error);
  g_autoptr (GBytes) ciphertext = NULL;
  g_autoptr (SpareSecret) point = NULL;
  SpareSecret *secret;
  const SpareKdf *kdf;
  guint cipher;

  if (pkesk == NULL)
    return NULL;
  kdf = find_kdf (self, subkey, error);
  if (kdf == NULL || !spare_pkesk_check_ephemeral (pkesk, kdf->curve, error))
    return NULL;
  ciphertext = build_ciphertext (pkesk);
  point = multiply (self, subkey, ciphertext, error);
  if (point == NULL)
    return NULL;
  secret = spare_pkesk_ecdh_unwrap (pkesk, kdf, point, &cipher, error);
  return secret != NULL ? session_key_new (cipher, secret) : NULL;
}

/* --- By gpg --- */

typedef struct
{
  const guint8 *octets;
  gsize left;
} Packet;

static gssize
read_packet_cb (gpointer user_data, guint8 *buffer, gsize size, GError **error)
{
  Packet *packet = user_data;

  size = MIN (size, packet->left);
  memcpy (buffer, packet->octets, size);
  packet->octets += size;
  packet->left -= size;
  return (gssize) size;
}

/* There is no data in the packet: what comes, if anything, is none. */
static gboolean
discard_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  return TRUE;
}

/* "9:0123…": the algorithm's number, then the key in hex; "9.2:0123…" for what is encrypted with AEAD (gpg 2.4, its
 * number second: the data packet says that itself). Wiped here, whatever it is. */
static SpareSessionKey *
take_text (char *text, GError **error)
{
  g_autoptr (SpareSecret) secret = NULL;
  char *end = NULL;
  guint64 cipher = g_ascii_strtoull (text, &end, 10);
  gsize length;
  guint8 *octets;

  if (*end == '.')
    g_ascii_strtoull (end + 1, &end, 10);
  length = *end == ':' ? strlen (end + 1) : 0;

  if (cipher > 0 && cipher < 256 && length > 0 && length <= 128 && length % 2 == 0)
    secret = spare_secret_new_sized (length / 2, &octets, error);
  for (gsize i = 0; secret != NULL && i < length / 2; i++)
    {
      int high = g_ascii_xdigit_value (end[1 + 2 * i]);
      int low = g_ascii_xdigit_value (end[2 + 2 * i]);

      if (high < 0 || low < 0)
        g_clear_pointer (&secret, spare_secret_unref);
      else
        octets[i] = (guint8) (high << 4 | low);
    }
  if (secret == NULL)
    g_debug ("session key: algorithm %" G_GUINT64_FORMAT ", %" G_GSIZE_FORMAT " digits", cipher,
             length);
  spare_secret_wipe_string (text);

  if (secret != NULL)
    return session_key_new ((guint) cipher, g_steal_pointer (&secret));
  if (error == NULL || *error == NULL)
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                 _ ("GnuPG gave an answer that makes no sense. Nothing was changed."));
  return NULL;
}

static SpareSessionKey *
judge (SpareContext *context, SpareOperation *operation, GError **error)
{
  const SpareEngineFacts *facts = spare_operation_get_facts (operation);
  gpgme_decrypt_result_t result = gpgme_op_decrypt_result (context->gpgme);

  /* gpg finds no data after the key and says so: its exit status means nothing here. */
  if (result != NULL && result->session_key != NULL)
    return take_text (result->session_key, error);

  if (facts->bad_passphrases > 0
      || gpgme_err_code (spare_operation_get_result (operation)) == GPG_ERR_BAD_PASSPHRASE)
    spare_gpgme_set_error (error, gpgme_error (GPG_ERR_BAD_PASSPHRASE), "session key");
  else if (facts->missing_secret_keys > 0)
    set_no_key (error);
  else if (facts->exit_status < 0 || facts->exit_status > 2)
    spare_gpgme_set_error (error, gpgme_error (GPG_ERR_INTERNAL), "session key");
  else
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                 _ ("The file’s key is damaged, or was made for another key. Nothing was "
                    "changed."));
  return NULL;
}

static SpareSessionKey *
open_by_gpg (SpareSessionKeyOpener *self,
             const SpareEsk *esk,
             const SpareHead *head,
             gboolean is_card,
             GError **error)
{
  g_autoptr (GBytes) packet = spare_escrow_packet_build (esk, head, error);
  g_autoptr (SpareContext) context = NULL;
  g_autoptr (SpareOperation) operation = NULL;
  gpgme_data_t input, output;
  Packet unread;

  if (packet == NULL)
    return NULL;
  unread.octets = g_bytes_get_data (packet, &unread.left);
  context = spare_home_new_context_private (self->home, SPARE_CONTEXT_SKIP_VERIFY,
                                            self->cancellable, error);
  if (context == NULL)
    return NULL;
  if (gpgme_set_ctx_flag (context->gpgme, "export-session-key", "1") != 0)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                   _ ("The installed GnuPG can’t do this."));
      return NULL;
    }
  context->fingerprint = g_strdup (spare_key_get_fingerprint (self->key));

  operation = spare_operation_new (context, is_card ? GPG_CARD_PATIENCE : GPG_PATIENCE);
  input = spare_operation_add_input (operation, read_packet_cb, &unread, unread.left, error);
  if (input == NULL)
    return NULL;
  output = spare_operation_add_output (operation, discard_cb, NULL, error);
  if (output == NULL
      || !spare_operation_run (operation,
                               gpgme_op_decrypt_start (context->gpgme, input, output), error))
    return NULL;
  return judge (context, operation, error);
}

/* --- Which way --- */

/* One PKESK, one subkey. */
static SpareSessionKey *
open_with (SpareSessionKeyOpener *self,
           const SpareEsk *esk,
           const SpareHead *head,
           const SpareSubkey *subkey,
           GError **error)
{
  if (!self->by_gpg && spare_esk_get_version (esk) == 3
      && subkey->algorithm == SPARE_ALGORITHM_ECDH
      && spare_esk_get_algorithm (esk) == SPARE_ALGORITHM_ECDH && subkey->keygrip != NULL)
    return open_by_agent (self, esk, subkey, error);
  return open_by_gpg (self, esk, head, subkey->is_card, error);
}

static gboolean
fits (const SpareEsk *esk, const SpareSubkey *subkey)
{
  if (spare_esk_get_algorithm (esk) != subkey->algorithm)
    return FALSE;
  /* A hidden recipient: any key that could be it is tried. */
  return spare_esk_is_hidden (esk) ? subkey->can_encrypt
                                   : spare_esk_matches_fingerprint (esk, subkey->fingerprint);
}

/* Errors after which another subkey may still fit a hidden recipient. */
static gboolean
is_mismatch (const GError *error)
{
  return g_error_matches (error, SPARE_ERROR, SPARE_ERROR_DAMAGED)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_NO_KEY);
}

static SpareSessionKey *
open_any (SpareSessionKeyOpener *self,
          const SpareEsk *esk,
          const SpareHead *head,
          GError **error)
{
  for (guint i = 0; i < spare_key_get_n_subkeys (self->key); i++)
    {
      const SpareSubkey *subkey = spare_key_get_subkey (self->key, i);
      g_autoptr (GError) failure = NULL;
      SpareSessionKey *session_key;

      if (!fits (esk, subkey))
        continue;
      session_key = open_with (self, esk, head, subkey, &failure);
      if (session_key != NULL)
        return session_key;
      if (!spare_esk_is_hidden (esk) || !is_mismatch (failure))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return NULL;
        }
    }
  set_no_key (error);
  return NULL;
}

/**
 * spare_session_key_opener_open_sync:
 * @self: an opener
 * @esk: a public-key encrypted session key
 * @head: the head of the file that it belongs to
 * @cancellable: (nullable): ends the request
 * @error: return location for an error
 *
 * Takes the session key out of @esk. A PKESK of a hidden recipient is tried with each subkey that could be meant.
 *
 * Each request takes 5 s at the longest, 60 s with a smartcard, not counting the time that a person is asked.
 *
 * Errors: what the home's passphrase function set; %G_IO_ERROR_CANCELLED; %SPARE_ERROR_NO_KEY if the key does not open
 * it; %SPARE_ERROR_BAD_PASSPHRASE; %SPARE_ERROR_DAMAGED; %SPARE_ERROR_UNSUPPORTED for a packet that can't be read;
 * %SPARE_ERROR_ENGINE if gpg or its agent does not answer.
 *
 * Returns: (transfer full) (nullable): the session key
 */
SpareSessionKey *
spare_session_key_opener_open_sync (SpareSessionKeyOpener *self,
                                    const SpareEsk *esk,
                                    const SpareHead *head,
                                    GCancellable *cancellable,
                                    GError **error)
{
  SpareSessionKey *session_key;

  g_return_val_if_fail (SPARE_IS_SESSION_KEY_OPENER (self), NULL);
  g_return_val_if_fail (esk != NULL && head != NULL, NULL);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (!spare_esk_is_public_key (esk))
    {
      set_no_key (error);
      return NULL;
    }
  self->cancellable = cancellable;
  session_key = open_any (self, esk, head, error);
  self->cancellable = NULL;
  return session_key;
}

/**
 * spare_session_key_opener_set_by_gpg:
 * @self: an opener
 * @by_gpg: whether gpg opens everything from now on, also what the agent could
 *
 * For proving a sample of what the quick way gave by the other way.
 */
void
spare_session_key_opener_set_by_gpg (SpareSessionKeyOpener *self, gboolean by_gpg)
{
  g_return_if_fail (SPARE_IS_SESSION_KEY_OPENER (self));

  self->by_gpg = by_gpg;
}

static void
spare_session_key_opener_finalize (GObject *object)
{
  SpareSessionKeyOpener *self = SPARE_SESSION_KEY_OPENER (object);

  g_clear_pointer (&self->agent, spare_agent_session_free);
  g_clear_pointer (&self->certificate, g_bytes_unref);
  g_clear_pointer (&self->kdfs, g_hash_table_unref);
  g_clear_object (&self->key);
  g_clear_object (&self->home);

  G_OBJECT_CLASS (spare_session_key_opener_parent_class)->finalize (object);
}

static void
spare_session_key_opener_class_init (SpareSessionKeyOpenerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_session_key_opener_finalize;
}

static void
spare_session_key_opener_init (SpareSessionKeyOpener *self)
{
  self->kdfs = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
}

/**
 * spare_session_key_opener_new:
 * @home: the home of the secret key
 * @key: the key, as listed there
 *
 * Returns: (transfer full): an opener for any number of files, one after the other
 */
SpareSessionKeyOpener *
spare_session_key_opener_new (SpareHome *home, SpareKey *key)
{
  SpareSessionKeyOpener *self = g_object_new (SPARE_TYPE_SESSION_KEY_OPENER, NULL);

  self->home = g_object_ref (home);
  self->key = g_object_ref (key);
  return self;
}
