/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records to be read, and to be forged. */
#include "config.h"

#include "record-sample.h"

#include "spare-data-head.h"
#include "spare-escrow-packet.h"
#include "spare-json-line.h"

#include <string.h>

SpareEsk *
sample_esk (void)
{
  /* Version 3, key id, ECDH, a point of 33 octets, a wrapped key of 48. */
  guint8 packet[2 + 94] = { 0xc1, 94, 3, 0xde, 0xad, 0xbe, 0xef, 0x00, 0xc0, 0xff, 0xee, 18 };
  g_autoptr (GError) error = NULL;
  SpareEsk *esk;

  packet[12] = 0x01;
  packet[13] = 0x07;
  packet[14] = 0x40;
  for (guint i = 15; i < sizeof packet; i++)
    packet[i] = (guint8) (i * 7);
  packet[47] = 48;
  esk = spare_esk_new_from_packet (packet, sizeof packet, &error);
  g_assert_no_error (error);
  return esk;
}

GBytes *
sample_data_head (guint tag)
{
  guint8 seipd1[SPARE_DATA_HEAD_SEIPD1] = { 1 };
  guint8 ocb[SPARE_DATA_HEAD_OCB] = { 1, 9, SPARE_AEAD_OCB, 16 };
  guint8 *data = tag == SPARE_PACKET_TAG_OCB ? ocb : seipd1;

  for (guint i = tag == SPARE_PACKET_TAG_OCB ? 4 : 1; i < SPARE_DATA_HEAD_SEIPD1; i++)
    data[i] = (guint8) (i * 11);
  return g_bytes_new (data, SPARE_DATA_HEAD_SEIPD1);
}

SpareHead *
sample_head (guint tag)
{
  g_autoptr (GBytes) data_head = sample_data_head (tag);
  g_autoptr (GError) error = NULL;
  SpareHead *head = spare_head_new_from_data_head (tag, data_head, &error);

  g_assert_no_error (error);
  return head;
}

GBytes *
sample_packet (guint tag)
{
  g_autoptr (SpareEsk) esk = sample_esk ();
  g_autoptr (SpareHead) head = sample_head (tag);
  g_autoptr (GError) error = NULL;
  GBytes *packet = spare_escrow_packet_build (esk, head, &error);

  g_assert_no_error (error);
  return packet;
}

SpareDepositRecord *
sample_deposit (const char *name, gboolean has_proof)
{
  g_autoptr (GBytes) packet = sample_packet (SPARE_PACKET_TAG_SEIPD);
  g_autoptr (GError) error = NULL;
  guint8 proof[SPARE_PROOF_LENGTH];
  SpareDepositRecord *record;

  memset (proof, 0xa5, sizeof proof);
  record = spare_deposit_record_new (SAMPLE_SERIAL, 1795000000, "for the tax office", name,
                                     123456, SAMPLE_SUBKEY, "cv25519", "AES256", packet,
                                     has_proof ? proof : NULL, &error);
  g_assert_no_error (error);
  return record;
}

char *
sample_forge (JsonObject *object, const char *find, const char *replacement)
{
  g_autofree char *line = spare_json_line_write (object);
  const char *place = strstr (line, find);

  g_assert_nonnull (place);
  return g_strdup_printf ("%.*s%s%s", (int) (place - line), line, replacement,
                          place + strlen (find));
}

JsonObject *
sample_parse (const char *line)
{
  g_autoptr (GError) error = NULL;
  JsonObject *object = spare_json_line_parse (line, strlen (line), &error);

  g_assert_no_error (error);
  return object;
}
