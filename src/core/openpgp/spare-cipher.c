/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenPGP's ciphers and how long their keys are (RFC 9580 section 9.3). */
#include "config.h"

#include "spare-cipher.h"

static const struct
{
  guint8 id;
  guint8 length;
} ciphers[] = {
  { 1, 16 }, { 2, 24 },  { 3, 16 },  { 4, 16 },  { 7, 16 },  { 8, 24 },
  { 9, 32 }, { 10, 32 }, { 11, 16 }, { 12, 24 }, { 13, 32 },
};

/**
 * spare_cipher_get_key_length:
 * @cipher: OpenPGP's id of a cipher
 *
 * How many octets a key of the cipher has. The time that it takes does not depend on @cipher, which may have come out
 * of a ciphertext.
 *
 * Returns: 16, 24 or 32; 0 when there is no such cipher
 */
guint32
spare_cipher_get_key_length (guint32 cipher)
{
  guint32 length = 0;

  for (guint i = 0; i < G_N_ELEMENTS (ciphers); i++)
    {
      guint32 difference = cipher ^ ciphers[i].id;
      guint32 equal = ((difference | (0u - difference)) >> 31) - 1u;

      length |= equal & ciphers[i].length;
    }
  return length;
}
