/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a session key belongs to a file, told from the first octets of its data.
 *
 *   SEIPD v1   the data head holds, encrypted, a block of random octets and its last two again (RFC 9580
 *              section 5.13.1): they must agree.
 *   OCB, EAX   LibrePGP section 5.16 and RFC 9580 section 5.13.2: the first chunk carries a tag of its own.
 *
 * Promise: no plaintext leaves; what is compared is compared in constant time; what can't be told is UNKNOWN, never
 * guessed. A quick YES is no proof: it is what keeps a wrong key from costing the decryption of a whole file.
 */
#include "config.h"

#include "spare-quick-check.h"

#include "spare-cipher.h"

#include <gcrypt.h>
#include <string.h>

#define TAG_LENGTH   16
#define SALT_LENGTH  32
#define HASH_LENGTH  32
#define NONCE_MAX    16
#define CHUNK_OF(c)  ((gsize) 1 << ((c) + 6))
#define PIECE        (16 * 1024)
#define PREFIX_MAX   18
#define BLOCK_MAX    16
#define PARAMETERS   5
#define INDEX_LENGTH 8

static const struct
{
  guint id;
  int algorithm;
} ciphers[] = {
  { 1, GCRY_CIPHER_IDEA },         { 2, GCRY_CIPHER_3DES },
  { 3, GCRY_CIPHER_CAST5 },        { 4, GCRY_CIPHER_BLOWFISH },
  { 7, GCRY_CIPHER_AES128 },       { 8, GCRY_CIPHER_AES192 },
  { 9, GCRY_CIPHER_AES256 },       { 10, GCRY_CIPHER_TWOFISH },
  { 11, GCRY_CIPHER_CAMELLIA128 }, { 12, GCRY_CIPHER_CAMELLIA192 },
  { 13, GCRY_CIPHER_CAMELLIA256 },
};

/* By the AEAD mode's id. */
static const struct
{
  int mode;
  gsize nonce;
} modes[] = {
  [SPARE_AEAD_EAX] = { GCRY_CIPHER_MODE_EAX, 16 },
  [SPARE_AEAD_OCB] = { GCRY_CIPHER_MODE_OCB, 15 },
  [SPARE_AEAD_GCM] = { GCRY_CIPHER_MODE_GCM, 12 },
};

/* libgcrypt's id of a cipher; 0 for one that is not known. */
static int
find_algorithm (guint cipher)
{
  for (guint i = 0; i < G_N_ELEMENTS (ciphers); i++)
    if (ciphers[i].id == cipher)
      return ciphers[i].algorithm;
  return 0;
}

/* What can be told before any decryption: UNKNOWN when it has to be tried. */
static SpareQuick
check_fit (const SpareHead *head, guint cipher, SpareSecret *key)
{
  guint stated = spare_head_get_cipher (head);
  gsize key_length = spare_cipher_get_key_length (cipher);

  if (stated != 0 && stated != cipher)
    return SPARE_QUICK_NO;
  if (key_length != 0 && key_length != spare_secret_get_size (key))
    return SPARE_QUICK_NO;
  return SPARE_QUICK_UNKNOWN;
}

/**
 * spare_quick_check:
 * @head: the head of an encrypted file, or of nothing but its data head
 * @cipher: the session key's cipher
 * @key: the session key
 *
 * Decrypts the 18 (10) octets that SEIPD v1 begins with and compares the repeated two. The other formats have no such
 * octets: there a cipher or a length that does not fit is NO, all else UNKNOWN. See spare_first_chunk_check().
 *
 * Returns: whether the key fits; by chance one wrong key in 65536 does
 */
SpareQuick
spare_quick_check (const SpareHead *head, guint cipher, SpareSecret *key)
{
  static const guint8 zeros[BLOCK_MAX] = { 0 };
  SpareQuick answer = check_fit (head, cipher, key);
  GBytes *data_head = spare_head_get_data_head (head);
  int algorithm = find_algorithm (cipher);
  guint8 prefix[PREFIX_MAX];
  gcry_cipher_hd_t handle;
  gcry_error_t code;
  const guint8 *data;
  gsize block;

  if (answer == SPARE_QUICK_NO || algorithm == 0 || data_head == NULL
      || !g_str_equal (spare_head_get_format (head), "seipd1"))
    return answer;
  block = gcry_cipher_get_algo_blklen (algorithm);
  data = g_bytes_get_data (data_head, NULL);
  code = gcry_cipher_open (&handle, algorithm, GCRY_CIPHER_MODE_CFB, GCRY_CIPHER_SECURE);
  if (code != 0)
    return SPARE_QUICK_UNKNOWN;
  code = gcry_cipher_setkey (handle, spare_secret_get_data (key), spare_secret_get_size (key));
  if (code == 0)
    code = gcry_cipher_setiv (handle, zeros, block);
  /* After the version octet. */
  if (code == 0)
    code = gcry_cipher_decrypt (handle, prefix, block + 2, data + 1, block + 2);
  gcry_cipher_close (handle);
  if (code == 0)
    answer = ((prefix[block - 2] ^ prefix[block]) | (prefix[block - 1] ^ prefix[block + 1]))
                     == 0
                 ? SPARE_QUICK_YES
                 : SPARE_QUICK_NO;
  spare_secret_wipe (prefix, sizeof prefix);
  return answer;
}

static gboolean
is_chunked (const SpareHead *head)
{
  return spare_head_get_aead (head) != 0 && spare_head_get_data_head (head) != NULL
         && spare_head_get_aead (head) < G_N_ELEMENTS (modes)
         && spare_head_get_chunk_octet (head) <= 16;
}

/**
 * spare_first_chunk_get_need:
 * @head: the head of an encrypted file
 *
 * Returns: how many octets of the data packet's body after the data head spare_first_chunk_check() wants (all of them,
 *   where there are fewer); 0 when it can tell nothing of this file
 */
gsize
spare_first_chunk_get_need (const SpareHead *head)
{
  return is_chunked (head) ? CHUNK_OF (spare_head_get_chunk_octet (head)) + 2 * TAG_LENGTH : 0;
}

static gboolean
hmac (const guint8 *key,
      gsize key_length,
      const guint8 *message,
      gsize length,
      guint8 result[HASH_LENGTH])
{
  gcry_mac_hd_t mac;
  gsize n = HASH_LENGTH;
  gcry_error_t code = gcry_mac_open (&mac, GCRY_MAC_HMAC_SHA256, GCRY_MAC_FLAG_SECURE, NULL);

  if (code != 0)
    return FALSE;
  code = gcry_mac_setkey (mac, key, key_length);
  if (code == 0)
    code = gcry_mac_write (mac, message, length);
  if (code == 0)
    code = gcry_mac_read (mac, result, &n);
  gcry_mac_close (mac);
  return code == 0;
}

/* RFC 9580 section 5.13.2: HKDF (SHA-256, session key, salt, info) gives the key and all of the nonce but its last eight
 * octets, which are the chunk's number. RFC 5869 in two steps; @derived holds two hashes. */
static gboolean
derive (const guint8 *data_head,
        const guint8 info[PARAMETERS],
        SpareSecret *key,
        guint8 derived[2 * HASH_LENGTH])
{
  guint8 extracted[HASH_LENGTH];
  guint8 message[HASH_LENGTH + PARAMETERS + 1];
  gboolean done;

  done = hmac (data_head + 4, SALT_LENGTH, spare_secret_get_data (key),
               spare_secret_get_size (key), extracted);
  memcpy (message + HASH_LENGTH, info, PARAMETERS);
  message[HASH_LENGTH + PARAMETERS] = 1;
  done = done && hmac (extracted, HASH_LENGTH, message + HASH_LENGTH, PARAMETERS + 1, derived);
  memcpy (message, derived, HASH_LENGTH);
  message[HASH_LENGTH + PARAMETERS] = 2;
  done = done && hmac (extracted, HASH_LENGTH, message, sizeof message, derived + HASH_LENGTH);
  spare_secret_wipe (extracted, sizeof extracted);
  spare_secret_wipe (message, sizeof message);
  return done;
}

/* Key and nonce set, the parameters authenticated: the chunk can follow. */
static gcry_error_t
begin_chunk (gcry_cipher_hd_t handle, const SpareHead *head, SpareSecret *key, gsize key_length)
{
  const guint8 *data = g_bytes_get_data (spare_head_get_data_head (head), NULL);
  guint8 parameters[PARAMETERS + INDEX_LENGTH] = { 0 };
  guint8 derived[2 * HASH_LENGTH] = { 0 };
  guint8 nonce[NONCE_MAX] = { 0 };
  gsize n_nonce = modes[spare_head_get_aead (head)].nonce;
  gboolean salted = spare_head_get_container_tag (head) == SPARE_PACKET_TAG_SEIPD;
  gcry_error_t code;

  parameters[0] = (guint8) (0xc0 | spare_head_get_container_tag (head));
  memcpy (parameters + 1, data, PARAMETERS - 1);
  if (salted)
    {
      if (!derive (data, parameters, key, derived))
        return gcry_error (GPG_ERR_GENERAL);
      memcpy (nonce, derived + key_length, n_nonce - INDEX_LENGTH);
      code = gcry_cipher_setkey (handle, derived, key_length);
    }
  else
    {
      memcpy (nonce, data + PARAMETERS - 1, n_nonce);
      code = gcry_cipher_setkey (handle, spare_secret_get_data (key), key_length);
    }
  spare_secret_wipe (derived, sizeof derived);
  if (code == 0)
    code = gcry_cipher_setiv (handle, nonce, n_nonce);
  /* LibrePGP authenticates the chunk's number too. */
  if (code == 0)
    code = gcry_cipher_authenticate (handle, parameters,
                                     salted ? PARAMETERS : PARAMETERS + INDEX_LENGTH);
  return code;
}

/* The plaintext goes nowhere. */
static gcry_error_t
read_chunk (gcry_cipher_hd_t handle, const guint8 *octets, gsize length)
{
  g_autofree guint8 *piece = g_malloc (PIECE);
  gcry_error_t code = 0;

  for (gsize done = 0; done < length && code == 0;)
    {
      gsize n = MIN (length - done, PIECE);

      if (done + n == length)
        code = gcry_cipher_final (handle);
      if (code == 0)
        code = gcry_cipher_decrypt (handle, piece, n, octets + done, n);
      done += n;
    }
  spare_secret_wipe (piece, PIECE);
  return code;
}

/**
 * spare_first_chunk_check:
 * @head: the head of an encrypted file
 * @cipher: the session key's cipher
 * @key: the session key
 * @octets: (array length=length): the body of the data packet after the data head, partial lengths taken out
 * @length: spare_first_chunk_get_need() octets, or all there are, if those are fewer
 *
 * Verifies the tag of the first chunk of OCB, EAX and SEIPD v2 (LibrePGP section 5.16, RFC 9580 section 5.13.2). NO is
 * said of a file that is damaged there, too.
 *
 * Returns: whether the key fits: YES is certain; UNKNOWN for other formats and where there are too few octets
 */
SpareQuick
spare_first_chunk_check (const SpareHead *head,
                         guint cipher,
                         SpareSecret *key,
                         const guint8 *octets,
                         gsize length)
{
  SpareQuick answer = check_fit (head, cipher, key);
  gsize key_length = spare_cipher_get_key_length (cipher);
  gcry_cipher_hd_t handle;
  gcry_error_t code;
  gsize chunk;

  if (answer == SPARE_QUICK_NO || key_length == 0 || key_length > SPARE_CIPHER_KEY_MAX
      || !is_chunked (head) || length <= 2 * TAG_LENGTH)
    return answer;
  chunk = MIN (CHUNK_OF (spare_head_get_chunk_octet (head)), length - 2 * TAG_LENGTH);
  code = gcry_cipher_open (&handle, find_algorithm (cipher),
                           modes[spare_head_get_aead (head)].mode, GCRY_CIPHER_SECURE);
  if (code != 0)
    return SPARE_QUICK_UNKNOWN;
  code = begin_chunk (handle, head, key, key_length);
  if (code == 0)
    code = read_chunk (handle, octets, chunk);
  if (code == 0)
    {
      code = gcry_cipher_checktag (handle, octets + chunk, TAG_LENGTH);
      if (code == 0)
        answer = SPARE_QUICK_YES;
      else if (gcry_err_code (code) == GPG_ERR_CHECKSUM)
        answer = SPARE_QUICK_NO;
    }
  gcry_cipher_close (handle);
  return answer;
}
