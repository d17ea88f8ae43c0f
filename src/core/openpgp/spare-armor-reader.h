/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Octets of one line, key-value lines, and octets of blank before the first line: more is refused. */
#define SPARE_ARMOR_LINE_MAX    (64 * 1024)
#define SPARE_ARMOR_HEADERS_MAX 64
#define SPARE_ARMOR_LEADING_MAX (64 * 1024)

typedef enum
{
  SPARE_ARMOR_NO,
  SPARE_ARMOR_YES,
  SPARE_ARMOR_NEED_MORE,
} SpareArmorVerdict;

/* What the armor's first line says is inside. */
typedef enum
{
  SPARE_ARMOR_TYPE_UNKNOWN,
  SPARE_ARMOR_TYPE_MESSAGE,
  SPARE_ARMOR_TYPE_PUBLIC_KEY,
  SPARE_ARMOR_TYPE_PRIVATE_KEY,
  SPARE_ARMOR_TYPE_SIGNATURE,
  SPARE_ARMOR_TYPE_CLEARTEXT, /* a cleartext signed message: never decoded */
} SpareArmorType;

typedef struct _SpareArmorReader SpareArmorReader;

/* Plain state of a detection octet by octet; begins as zeros. */
typedef struct
{
  guint64 n_leading;
  guint n_mark;    /* octets of a byte order mark seen */
  guint n_matched; /* octets of the first line seen */
  gboolean inside; /* the line has begun with a blank */
} SpareArmorDetector;

SpareArmorVerdict spare_armor_detector_push (SpareArmorDetector *detector, guint8 octet);
SpareArmorVerdict spare_armor_detect (const guint8 *data, gsize length);

SpareArmorReader *spare_armor_reader_new (void);
void spare_armor_reader_free (SpareArmorReader *reader);
gboolean spare_armor_reader_feed (SpareArmorReader *reader,
                                  const guint8 *data,
                                  gsize length,
                                  GByteArray *output,
                                  GError **error);
gboolean spare_armor_reader_finish (SpareArmorReader *reader, GError **error);
SpareArmorType spare_armor_reader_get_armor_type (const SpareArmorReader *reader);
gboolean spare_armor_reader_is_at_end (const SpareArmorReader *reader);
gboolean spare_armor_reader_get_checksum_wrong (const SpareArmorReader *reader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareArmorReader, spare_armor_reader_free)

G_END_DECLS
