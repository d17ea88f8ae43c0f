/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers of src/core/escrow on any octets: JSON lines, the records of each type, the manifest. What is taken is
 * written again and read again, and gives the same; file id and SHA-256 are those of the packet.
 *
 * Built and run by build-aux/fuzz, not by Meson. What it finds becomes a row of tests/escrow. */
#include "config.h"

#include "spare-grant-record.h"
#include "spare-json-line.h"
#include "spare-manifest.h"
#include "spare-receipt-record.h"
#include "spare-request-record.h"
#include "spare-transfer-record.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Reads, writes, reads and writes: the two written are one. */
#define CHECK(type)                                                    \
  static void check_##type (JsonObject *object)                        \
  {                                                                    \
    g_autoptr (GError) error = NULL;                                   \
    gpointer first = spare_##type##_record_from_json (object, &error); \
    gpointer second;                                                   \
    JsonObject *written, *again;                                       \
    g_autofree char *line = NULL;                                      \
    g_autofree char *other = NULL;                                     \
                                                                       \
    g_assert_cmpint (first == NULL, ==, error != NULL);                \
    if (first == NULL)                                                 \
      return;                                                          \
    written = spare_##type##_record_to_json (first);                   \
    line = spare_json_line_write (written);                            \
    json_object_unref (written);                                       \
    g_assert_cmpuint (strlen (line), <=, SPARE_JSON_LINE_MAX);         \
    written = spare_json_line_parse (line, strlen (line), &error);     \
    g_assert_no_error (error);                                         \
    second = spare_##type##_record_from_json (written, &error);        \
    g_assert_no_error (error);                                         \
    again = spare_##type##_record_to_json (second);                    \
    other = spare_json_line_write (again);                             \
    g_assert_cmpstr (other, ==, line);                                 \
    json_object_unref (written);                                       \
    json_object_unref (again);                                         \
    spare_##type##_record_free (first);                                \
    spare_##type##_record_free (second);                               \
  }

CHECK (deposit)
CHECK (receipt)
CHECK (request)
CHECK (grant)
CHECK (transfer)

static void
check_manifest (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) octets = g_bytes_new (data, size);
  g_autoptr (SpareManifest) manifest = spare_manifest_parse (octets, NULL);
  g_autoptr (GBytes) again = manifest != NULL ? spare_manifest_serialize (manifest) : NULL;

  g_assert_true (again == NULL || g_bytes_equal (again, octets));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (JsonObject) object = spare_json_line_parse ((const char *) data, size, NULL);

  check_manifest (data, size);
  if (object == NULL)
    return 0;
  check_deposit (object);
  check_receipt (object);
  check_request (object);
  check_grant (object);
  check_transfer (object);
  return 0;
}
