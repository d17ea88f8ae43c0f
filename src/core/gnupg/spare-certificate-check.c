/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at certificates before the engine does.
 *
 * Promise: what passes is at most 1 MiB, whole packets, of the kinds that transferable keys are made of (RFC 9580
 * section 10), with at most 1000 signatures, and holds no secret key where none may be. Nothing inside of the packets
 * is judged: that is the engine's. */
#include "config.h"

#include "spare-certificate-check-private.h"

#include "spare-armor-reader.h"
#include "spare-certificate.h"
#include "spare-error.h"
#include "spare-packet-framer.h"
#include "spare-secret.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define ARMOR_BEGIN "-----BEGIN PGP "
#define ARMOR_END   "-----END PGP "

void
spare_certificate_free_packets (GByteArray *packets)
{
  spare_secret_wipe (packets->data, packets->len);
  g_byte_array_unref (packets);
}

static gboolean
refuse (GError **error, SpareErrorCode code, const char *message)
{
  g_set_error_literal (error, SPARE_ERROR, code, message);
  return FALSE;
}

static gboolean
refuse_no_key (GError **error)
{
  return refuse (error, SPARE_ERROR_DAMAGED,
                 _ ("There is no complete key in this. Nothing was imported. Get a fresh copy "
                    "of "
                    "the key and try again."));
}

static gboolean
check_tag (guint tag, gboolean first, SpareImportKind kind, guint *n_signatures, GError **error)
{
  switch (tag)
    {
    case SPARE_PACKET_TAG_SIGNATURE:
      if (++*n_signatures > SPARE_IMPORT_SIGNATURES_MAX)
        return refuse (error, SPARE_ERROR_TOO_LARGE,
                       _ ("This key carries far too many signatures: somebody may have flooded "
                          "it. Nothing was imported. Ask its owner for a clean copy."));
      return !first || kind == SPARE_IMPORT_SIGNATURE || refuse_no_key (error);
    case SPARE_PACKET_TAG_SECRET_KEY:
    case SPARE_PACKET_TAG_SECRET_SUBKEY:
      return kind == SPARE_IMPORT_SECRET_TOO
             || refuse (
                 error, SPARE_ERROR_POLICY,
                 _ ("This holds a secret key, where only a public one is wanted. Nothing "
                    "was imported. If somebody sent it to you, tell them: their secret key "
                    "is no longer secret."));
    case SPARE_PACKET_TAG_PUBLIC_KEY:
      return kind != SPARE_IMPORT_SIGNATURE || refuse_no_key (error);
    case SPARE_PACKET_TAG_PUBLIC_SUBKEY:
    case SPARE_PACKET_TAG_USER_ID:
    case SPARE_PACKET_TAG_USER_ATTRIBUTE:
    case SPARE_PACKET_TAG_TRUST:
      return (!first && kind != SPARE_IMPORT_SIGNATURE) || refuse_no_key (error);
    case SPARE_PACKET_TAG_MARKER:
    case SPARE_PACKET_TAG_PADDING:
      return TRUE;
    default:
      return refuse (error, SPARE_ERROR_DAMAGED,
                     _ ("This is not a key. Nothing was imported. Check that it is the right "
                        "file."));
    }
}

static gboolean
check_packets (const guint8 *octets, gsize size, SpareImportKind kind, GError **error)
{
  SparePacketFramer framer;
  gboolean first = TRUE;
  guint n_signatures = 0;

  spare_packet_framer_init (&framer);
  for (;;)
    {
      gsize consumed = 0;
      SpareFrame frame = spare_packet_framer_next (&framer, octets, size, &consumed);

      octets += consumed;
      size -= consumed;
      if (frame == SPARE_FRAME_HEADER)
        {
          /* Only data packets may be of unknown length. */
          if (framer.header.length_kind != SPARE_PACKET_LENGTH_DEFINITE)
            return refuse_no_key (error);
          if (!check_tag (framer.header.tag, first, kind, &n_signatures, error))
            return FALSE;
          first = framer.header.tag == SPARE_PACKET_TAG_MARKER && first;
        }
      else if (frame == SPARE_FRAME_DAMAGED)
        return refuse_no_key (error);
      else if (frame == SPARE_FRAME_NEED_MORE)
        return (spare_packet_framer_may_end (&framer) && !first) || refuse_no_key (error);
    }
}

/* The next line that begins an armor, or NULL. */
static const guint8 *
find_line (const guint8 *octets, const guint8 *end, const char *text)
{
  gsize length = strlen (text);
  const guint8 *at = octets;

  while ((at = memmem (at, (gsize) (end - at), text, length)) != NULL)
    {
      if (at == octets || at[-1] == '\n' || at[-1] == '\r')
        return at;
      at++;
    }
  return NULL;
}

/* One armor after the other, with any text between them, as mails and web pages have it. */
static gboolean
dearmor (const guint8 *octets, gsize size, GByteArray *packets, GError **error)
{
  const guint8 *end = octets + size;
  const guint8 *begin = find_line (octets, end, ARMOR_BEGIN);

  while (begin != NULL)
    {
      g_autoptr (SpareArmorReader) reader = spare_armor_reader_new ();
      const guint8 *footer = find_line (begin + 1, end, ARMOR_END);
      const guint8 *next = find_line (begin + 1, end, ARMOR_BEGIN);
      const guint8 *stop;

      if (footer == NULL || (next != NULL && next < footer))
        return refuse_no_key (error);
      stop = memchr (footer, '\n', (gsize) (end - footer));
      stop = stop ? stop + 1 : end;
      if (!spare_armor_reader_feed (reader, begin, (gsize) (stop - begin), packets, error)
          || !spare_armor_reader_finish (reader, error))
        {
          g_clear_error (error);
          return refuse_no_key (error);
        }
      begin = next;
    }
  return TRUE;
}

gboolean
spare_certificate_check (const guint8 *octets,
                         gsize size,
                         SpareImportKind kind,
                         GByteArray **packets,
                         GError **error)
{
  GByteArray *result;
  gboolean ok;

  if (size > SPARE_CERTIFICATE_MAX)
    return refuse (error, SPARE_ERROR_TOO_LARGE,
                   _ ("This is too large to be a key: at most 1 MiB is read. Nothing was "
                      "imported."));
  if (size == 0)
    return refuse_no_key (error);
  /* Never grows, so no unwiped copy is left behind. */
  result = g_byte_array_sized_new ((guint) size);
  if (octets[0] & 0x80 && octets[0] != 0xef)
    {
      g_byte_array_append (result, octets, (guint) size);
      ok = TRUE;
    }
  else
    ok = dearmor (octets, size, result, error);
  if (ok && check_packets (result->data, result->len, kind, error))
    {
      *packets = result;
      return TRUE;
    }
  spare_certificate_free_packets (result);
  return FALSE;
}
