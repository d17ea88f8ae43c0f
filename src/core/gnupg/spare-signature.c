/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who signed a message, and whether that is who had to.
 *
 * Promise: each verdict is GPGME's own, which weighs all of gpg's lines about a signature, never a single line such as
 * VALIDSIG, which gpg also prints for an expired signer. gpg's words give names and kind alone; both come in the same
 * order, one for each NEWSIG.
 *
 * What spare_signature_check_private() lets pass was made by the one key that was expected, over the octets as they are,
 * with a hash that nobody makes collide, for the one purpose that the notation names: else any text that somebody once
 * signed could be brought in again as something else.
 */
#include "config.h"

#include "spare-signature-private.h"

#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* RFC 9580 section 9.5. */
#define HASH_MD5       1
#define HASH_SHA1      2
#define HASH_RIPEMD160 3

/**
 * spare_notation_free:
 * @self: (transfer full): a notation
 */
void
spare_notation_free (SpareNotation *self)
{
  g_free (self->name);
  g_free (self->value);
  g_free (self);
}

/**
 * spare_signature_free:
 * @self: (transfer full): a signature
 */
void
spare_signature_free (SpareSignature *self)
{
  g_free (self->fingerprint);
  g_free (self->subkey_fingerprint);
  g_free (self->user_id);
  g_clear_pointer (&self->notations, g_ptr_array_unref);
  g_free (self);
}

static SpareSignatureStatus
translate_status (const struct _gpgme_signature *signature)
{
  switch (gpgme_err_code (signature->status))
    {
    case GPG_ERR_NO_ERROR:
      return SPARE_SIGNATURE_GOOD;
    case GPG_ERR_SIG_EXPIRED:
      return SPARE_SIGNATURE_EXPIRED;
    case GPG_ERR_KEY_EXPIRED:
      return SPARE_SIGNATURE_EXPIRED_KEY;
    case GPG_ERR_CERT_REVOKED:
      return SPARE_SIGNATURE_REVOKED_KEY;
    case GPG_ERR_NO_PUBKEY:
      return SPARE_SIGNATURE_UNKNOWN_KEY;
    case GPG_ERR_BAD_SIGNATURE:
      return SPARE_SIGNATURE_BAD;
    default:
      return SPARE_SIGNATURE_ERROR;
    }
}

/* A policy URL comes in the same list, without a name. */
static GPtrArray *
collect_notations (gpgme_sig_notation_t from)
{
  GPtrArray *notations = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_notation_free);

  for (; from != NULL; from = from->next)
    {
      SpareNotation *notation;

      if (from->name == NULL)
        continue;
      notation = g_new0 (SpareNotation, 1);
      notation->name = g_strdup (from->name);
      notation->critical = from->critical;
      if (from->value != NULL && from->value_len > 0
          && g_utf8_validate_len (from->value, (gsize) from->value_len, NULL))
        notation->value = g_strndup (from->value, (gsize) from->value_len);
      g_ptr_array_add (notations, notation);
    }
  return notations;
}

/**
 * spare_signatures_collect_private:
 * @gpgme: the context of an operation that verified
 * @facts: what the engine said meanwhile
 *
 * Returns: (transfer full): the signatures, of SpareSignature
 */
GPtrArray *
spare_signatures_collect_private (gpgme_ctx_t gpgme, const SpareEngineFacts *facts)
{
  GPtrArray *signatures = g_ptr_array_new_with_free_func (
      (GDestroyNotify) spare_signature_free);
  gpgme_verify_result_t result = gpgme_op_verify_result (gpgme);
  guint i = 0;

  for (gpgme_signature_t s = result != NULL ? result->signatures : NULL; s != NULL; s = s->next)
    {
      const SpareSignerWords *words = i < facts->signers->len
                                          ? g_ptr_array_index (facts->signers, i)
                                          : NULL;
      SpareSignature *signature = g_new0 (SpareSignature, 1);

      signature->status = translate_status (s);
      signature->created = (gint64) s->timestamp;
      signature->type = words != NULL ? words->type : -1;
      signature->hash_algorithm = s->hash_algo > 0 && s->hash_algo < 256 ? (guint8) s->hash_algo
                                                                         : 0;
      signature->notations = collect_notations (s->notations);
      if (words != NULL)
        {
          signature->user_id = g_strdup (words->user_id);
          signature->fingerprint = g_strdup (words->fingerprint);
          signature->subkey_fingerprint = g_strdup (words->subkey);
        }
      if (signature->fingerprint == NULL)
        signature->fingerprint = g_strdup (s->fpr);
      g_ptr_array_add (signatures, signature);
      i++;
    }
  return signatures;
}

/**
 * spare_signatures_have_bad_private:
 * @signatures: of SpareSignature
 *
 * Returns: whether one of them is wrong, not merely unknown or out of date
 */
gboolean
spare_signatures_have_bad_private (GPtrArray *signatures)
{
  for (guint i = 0; i < signatures->len; i++)
    {
      const SpareSignature *signature = g_ptr_array_index (signatures, i);

      if (signature->status == SPARE_SIGNATURE_BAD)
        return TRUE;
    }
  return FALSE;
}

/* --- Whether it is the one that is wanted --- */

static gboolean
refuse (GError **error, const char *detail, const char *message)
{
  g_debug ("signature refused: %s", detail);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED, message);
  return FALSE;
}

static gboolean
check_status (const SpareSignature *signature, gboolean allow_expired_key, GError **error)
{
  switch (signature->status)
    {
    case SPARE_SIGNATURE_GOOD:
      return TRUE;
    case SPARE_SIGNATURE_EXPIRED_KEY:
      return allow_expired_key
             || refuse (error, "expired key",
                        _ ("The key that signed this has expired. It was not accepted, and "
                           "nothing was changed. Ask the sender to extend the key and to send "
                           "it again."));
    case SPARE_SIGNATURE_REVOKED_KEY:
      return refuse (error, "revoked key",
                     _ ("The key that signed this was revoked by its owner. It was not "
                        "accepted, and nothing was changed."));
    case SPARE_SIGNATURE_EXPIRED:
      return refuse (error, "expired signature",
                     _ ("The signature on this is no longer valid. It was not accepted, and "
                        "nothing was changed. Ask the sender for a new one."));
    case SPARE_SIGNATURE_UNKNOWN_KEY:
      return refuse (error, "unknown key",
                     _ ("This was signed by somebody else than the expected sender. It was not "
                        "accepted, and nothing was changed."));
    case SPARE_SIGNATURE_BAD:
    case SPARE_SIGNATURE_ERROR:
    default:
      return refuse (error, "bad or unclear",
                     _ ("The signature on this is wrong: it is damaged or was forged. It was "
                        "not accepted, and nothing was changed."));
    }
}

static gboolean
check_notation (const SpareSignature *signature,
                const char *name,
                const char *value,
                GError **error)
{
  const SpareNotation *found = NULL;
  guint n = 0;

  for (guint i = 0; i < signature->notations->len; i++)
    {
      const SpareNotation *notation = g_ptr_array_index (signature->notations, i);

      if (strcmp (notation->name, name) != 0)
        continue;
      found = notation;
      n++;
    }
  if (n == 1 && g_strcmp0 (found->value, value) == 0)
    return TRUE;
  return refuse (error, n == 0 ? "no notation" : "another notation",
                 _ ("This was signed for another purpose or for somebody else. It was not "
                    "accepted, and nothing was changed."));
}

/**
 * spare_signature_check_private:
 * @signature: a signature
 * @fingerprint: the primary fingerprint of who must have made it
 * @notation_name: the notation that must be there, once
 * @notation_value: its value
 * @allow_expired_key: whether a key that is out of date counts: then its dates are the caller's to look at
 * @error: return location for an error
 *
 * Errors: %SPARE_ERROR_DAMAGED
 *
 * Returns: whether all of it is so
 */
gboolean
spare_signature_check_private (const SpareSignature *signature,
                               const char *fingerprint,
                               const char *notation_name,
                               const char *notation_value,
                               gboolean allow_expired_key,
                               GError **error)
{
  if (!check_status (signature, allow_expired_key, error))
    return FALSE;
  if (!spare_fingerprint_is_valid (fingerprint) || signature->subkey_fingerprint == NULL
      || g_strcmp0 (signature->fingerprint, fingerprint) != 0)
    return refuse (error, "another signer",
                   _ ("This was signed by somebody else than the expected sender. It was not "
                      "accepted, and nothing was changed."));
  if (signature->type != 0)
    return refuse (error, "signature type",
                   _ ("This was signed in a way that leaves open what was signed. It was not "
                      "accepted, and nothing was changed."));
  if (signature->hash_algorithm == 0 || signature->hash_algorithm == HASH_MD5
      || signature->hash_algorithm == HASH_SHA1 || signature->hash_algorithm == HASH_RIPEMD160)
    return refuse (error, "weak hash",
                   _ ("This was signed in an outdated way that can be forged. It was not "
                      "accepted, and nothing was changed. The sender needs a newer key."));
  return check_notation (signature, notation_name, notation_value, error);
}

/* gpg expands "%" in a value, and splits name and value at the first "=". */
static gboolean
is_plain (const char *text, gboolean is_name)
{
  for (const char *at = text; *at != '\0'; at++)
    if (!g_ascii_isprint (*at) || *at == '%' || (is_name && (*at == '=' || *at == ' ')))
      return FALSE;
  return *text != '\0' && (!is_name || strchr (text, '@') != NULL);
}

/**
 * spare_signature_add_notation_private:
 * @context: a context that is going to sign
 * @name: (nullable): `word@domain`; %NULL: there is no notation
 * @value: (nullable): printable ASCII without `%`; given with @name
 * @error: return location for an error
 *
 * Not critical: to stock gpg a signature with a critical notation that it does not know is bad.
 *
 * Returns: whether the context has the notation, and no other
 */
gboolean
spare_signature_add_notation_private (SpareContext *context,
                                      const char *name,
                                      const char *value,
                                      GError **error)
{
  gpgme_error_t failure;

  gpgme_sig_notation_clear (context->gpgme);
  if (name == NULL)
    return TRUE;
  if (value == NULL || !is_plain (name, TRUE) || !is_plain (value, FALSE))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("This can’t be put under a signature. Nothing was changed."));
      return FALSE;
    }
  failure = gpgme_sig_notation_add (context->gpgme, name, value,
                                    GPGME_SIG_NOTATION_HUMAN_READABLE);
  if (failure != 0)
    spare_gpgme_set_error (error, failure, "notation");
  return failure == 0;
}
