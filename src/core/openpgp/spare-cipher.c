/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenPGP's ciphers: how long their keys are (RFC 9580 section 9.3), and what gpg calls them. */
#include "config.h"

#include "spare-cipher.h"

static const struct
{
  guint8 id;
  guint8 length;
  const char *name;
} ciphers[] = {
  { 1, 16, "IDEA" },         { 2, 24, "3DES" },         { 3, 16, "CAST5" },
  { 4, 16, "BLOWFISH" },     { 7, 16, "AES" },          { 8, 24, "AES192" },
  { 9, 32, "AES256" },       { 10, 32, "TWOFISH" },     { 11, 16, "CAMELLIA128" },
  { 12, 24, "CAMELLIA192" }, { 13, 32, "CAMELLIA256" },
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

/**
 * spare_cipher_get_name:
 * @cipher: OpenPGP's id of a cipher
 *
 * Returns: its name, or an empty text if there is no such cipher
 */
const char *
spare_cipher_get_name (guint cipher)
{
  for (guint i = 0; i < G_N_ELEMENTS (ciphers); i++)
    if (ciphers[i].id == cipher)
      return ciphers[i].name;
  return "";
}
