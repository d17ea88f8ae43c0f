/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-esk.h"

G_BEGIN_DECLS

/* Limits on what may stand before the encrypted data. */
#define SPARE_HEAD_ESKS_MAX         1000
#define SPARE_HEAD_SKIPPED_MAX      64
#define SPARE_HEAD_SKIPPED_BODY_MAX (64 * 1024)
#define SPARE_HEAD_LENGTH_MAX       (16 * 1024 * 1024)

/* Octets of the data head (RFC 9580 sections 5.7, 5.13; LibrePGP section 5.16). */
#define SPARE_DATA_HEAD_SEIPD1 19
#define SPARE_DATA_HEAD_SEIPD2 36
#define SPARE_DATA_HEAD_OCB    19
#define SPARE_DATA_HEAD_EAX    20
#define SPARE_DATA_HEAD_SED    18

/* The algorithm id of GPG's and RFC 9580's AEAD modes. */
#define SPARE_AEAD_EAX  1
#define SPARE_AEAD_OCB  2
#define SPARE_AEAD_GCM  3

#define SPARE_TYPE_HEAD (spare_head_get_type ())

/**
 * SpareHeadKind:
 * @SPARE_HEAD_KIND_NOT_OPENPGP: not OpenPGP, as far as can be told: a plain file
 * @SPARE_HEAD_KIND_ENCRYPTED: encrypted, to at least one public key, or with no session key packet at all
 * @SPARE_HEAD_KIND_PASSWORD: encrypted with nothing but passwords
 * @SPARE_HEAD_KIND_LITERAL: not encrypted: literal data
 * @SPARE_HEAD_KIND_COMPRESSED: not encrypted: compressed data (signed, often)
 * @SPARE_HEAD_KIND_SIGNATURE: a signature, or signed text that is not encrypted
 * @SPARE_HEAD_KIND_PUBLIC_KEY: a certificate
 * @SPARE_HEAD_KIND_SECRET_KEY: a secret key
 *
 * What a file is, told from its first octets.
 */
typedef enum
{
  SPARE_HEAD_KIND_NOT_OPENPGP,
  SPARE_HEAD_KIND_ENCRYPTED,
  SPARE_HEAD_KIND_PASSWORD,
  SPARE_HEAD_KIND_LITERAL,
  SPARE_HEAD_KIND_COMPRESSED,
  SPARE_HEAD_KIND_SIGNATURE,
  SPARE_HEAD_KIND_PUBLIC_KEY,
  SPARE_HEAD_KIND_SECRET_KEY,
} SpareHeadKind;

/**
 * SpareHeadOddity:
 * @SPARE_HEAD_ODDITY_SHORT_CHUNK: the first partial length is below 512, which RFC 9580 forbids
 * @SPARE_HEAD_ODDITY_INDETERMINATE: the data packet runs to the end of the file: a cut is invisible
 * @SPARE_HEAD_ODDITY_CHECKSUM: the armor's checksum is wrong (only known once its end was read)
 *
 * What is tolerated but worth a word.
 */
typedef enum
{
  SPARE_HEAD_ODDITY_SHORT_CHUNK = 1 << 0,
  SPARE_HEAD_ODDITY_INDETERMINATE = 1 << 1,
  SPARE_HEAD_ODDITY_CHECKSUM = 1 << 2,
} SpareHeadOddity;

typedef struct _SpareHead SpareHead;

GType spare_head_get_type (void) G_GNUC_CONST;
SpareHead *spare_head_new_from_bytes (GBytes *bytes, GError **error);
SpareHead *spare_head_ref (SpareHead *head);
void spare_head_unref (SpareHead *head);

SpareHeadKind spare_head_get_kind (const SpareHead *head);
gboolean spare_head_is_encrypted (const SpareHead *head);
gboolean spare_head_is_armored (const SpareHead *head);
guint spare_head_get_oddities (const SpareHead *head);
const char *spare_head_get_format (const SpareHead *head);
guint spare_head_get_container_tag (const SpareHead *head);
guint spare_head_get_container_version (const SpareHead *head);
guint spare_head_get_cipher (const SpareHead *head);
guint spare_head_get_aead (const SpareHead *head);
guint spare_head_get_chunk_octet (const SpareHead *head);
GBytes *spare_head_get_data_head (const SpareHead *head);
const char *spare_head_get_file_id (const SpareHead *head);
gsize spare_head_get_data_offset (const SpareHead *head);
gsize spare_head_get_length (const SpareHead *head);
GBytes *spare_head_get_octets (const SpareHead *head);

guint spare_head_get_n_esks (const SpareHead *head);
SpareEsk *spare_head_get_esk (const SpareHead *head, guint index);
gboolean spare_head_has_password (const SpareHead *head);
gboolean spare_head_has_hidden (const SpareHead *head);

GBytes *spare_head_splice (const SpareHead *head,
                           SpareEsk *const *prepend,
                           guint n_prepend,
                           SpareEskPredicate remove,
                           gpointer user_data,
                           GError **error);

char *spare_file_id_compute (guint tag, const guint8 *data_head, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareHead, spare_head_unref)

G_END_DECLS
