/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who signed a message that was decrypted.
 *
 * Promise: each verdict is GPGME's own, which weighs all of gpg's lines about a signature, never a single line such as
 * VALIDSIG. gpg's words give the names alone; both come in the same order, one for each NEWSIG.
 */
#include "config.h"

#include "spare-signature-private.h"

/**
 * spare_signature_free:
 * @self: (transfer full): a signature
 */
void
spare_signature_free (SpareSignature *self)
{
  g_free (self->fingerprint);
  g_free (self->user_id);
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
      if (words != NULL)
        {
          signature->user_id = g_strdup (words->user_id);
          signature->fingerprint = g_strdup (words->fingerprint);
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
