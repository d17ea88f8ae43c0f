/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The proof that goes with an escrow packet: only who can open the file can make it, and it fits one owner, one
 * authority, one serial and one data head. Without it, whoever can read somebody's ciphertext could deposit its packet
 * under his own name first.
 *
 *   HMAC-SHA256 (session key, message), where the message is six fields, each after its length as four octets,
 *   most significant first:
 *
 *     "sparekey-proof-1"       16 octets of ASCII
 *     owner's fingerprint      the fingerprint's own octets: 20 (v4) or 32 (v6)
 *     authority's fingerprint  likewise
 *     serial                   UTF-8, as it stands in the deposit
 *     tag                      one octet: 18 or 20
 *     data head                19 or 36 octets
 */

#include "config.h"

#include "spare-proof.h"

#include <gcrypt.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "spare-error.h"

#define LABEL "sparekey-proof-1"

static void
append_field (GByteArray *message, gconstpointer octets, gsize size)
{
  const guint8 length[4] = { (guint8) (size >> 24), (guint8) (size >> 16), (guint8) (size >> 8),
                             (guint8) size };

  g_byte_array_append (message, length, sizeof length);
  g_byte_array_append (message, octets, (guint) size);
}

static gboolean
append_fingerprint (GByteArray *message, const char *fingerprint)
{
  guint8 octets[32];
  gsize digits = strlen (fingerprint);

  if (digits != 40 && digits != 64)
    return FALSE;
  for (gsize i = 0; i < digits / 2; i++)
    {
      int high = g_ascii_xdigit_value (fingerprint[2 * i]);
      int low = g_ascii_xdigit_value (fingerprint[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      octets[i] = (guint8) (high << 4 | low);
    }
  append_field (message, octets, digits / 2);
  return TRUE;
}

/**
 * spare_proof_compute:
 * @session_key: the file's session key
 * @owner: the owner's primary fingerprint, 40 or 64 hex digits
 * @authority: the authority's primary fingerprint, likewise
 * @serial: the packet's serial
 * @head: the head of the encrypted file
 * @proof: (out): the proof, 32 octets; untouched on failure
 * @error: return location for an error
 *
 * Makes the proof of one escrow packet. The message that is authenticated is drawn at the top of this file.
 *
 * Returns: %FALSE with [enum@SpareErrorCode].FAILED if a fingerprint is malformed or libgcrypt refuses
 */
gboolean
spare_proof_compute (SpareSecret *session_key,
                     const char *owner,
                     const char *authority,
                     const char *serial,
                     const SpareHead *head,
                     guint8 proof[SPARE_PROOF_LENGTH],
                     GError **error)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();
  GBytes *data_head = spare_head_get_data_head (head);
  guint8 tag = (guint8) spare_head_get_container_tag (head);
  gcry_mac_hd_t mac;
  gsize length = SPARE_PROOF_LENGTH;
  gcry_error_t code;
  guint8 result[SPARE_PROOF_LENGTH];
  gconstpointer octets;
  gsize size;

  append_field (message, LABEL, strlen (LABEL));
  if (!append_fingerprint (message, owner) || !append_fingerprint (message, authority))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("A key is named by something that is not a fingerprint."));
      return FALSE;
    }
  append_field (message, serial, strlen (serial));
  append_field (message, &tag, 1);
  octets = g_bytes_get_data (data_head, &size);
  append_field (message, octets, size);

  code = gcry_mac_open (&mac, GCRY_MAC_HMAC_SHA256, GCRY_MAC_FLAG_SECURE, NULL);
  if (code == 0)
    {
      code = gcry_mac_setkey (mac, spare_secret_get_data (session_key),
                              spare_secret_get_size (session_key));
      if (code == 0)
        code = gcry_mac_write (mac, message->data, message->len);
      if (code == 0)
        code = gcry_mac_read (mac, result, &length);
      gcry_mac_close (mac);
    }
  if (code != 0 || length != SPARE_PROOF_LENGTH)
    {
      g_debug ("proof: %s", gcry_strerror (code));
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("The proof for the escrow packet could not be computed."));
      return FALSE;
    }
  memcpy (proof, result, sizeof result);
  return TRUE;
}

/**
 * spare_proof_verify:
 * @session_key: the file's session key, as the authority found it in the packet
 * @owner: the primary fingerprint of who deposited it
 * @authority: the authority's primary fingerprint
 * @serial: the packet's serial
 * @head: the head in the packet
 * @proof: the proof that came with it
 *
 * Whether the proof is the one that only somebody who can open the file could have made. Compares in constant
 * time.
 *
 * Returns: whether it is; %FALSE too where it can't be computed
 */
gboolean
spare_proof_verify (SpareSecret *session_key,
                    const char *owner,
                    const char *authority,
                    const char *serial,
                    const SpareHead *head,
                    const guint8 proof[SPARE_PROOF_LENGTH])
{
  guint8 expected[SPARE_PROOF_LENGTH];
  guint8 difference = 0;

  if (!spare_proof_compute (session_key, owner, authority, serial, head, expected, NULL))
    return FALSE;
  for (guint i = 0; i < SPARE_PROOF_LENGTH; i++)
    difference |= expected[i] ^ proof[i];
  spare_secret_wipe (expected, sizeof expected);

  return difference == 0;
}
