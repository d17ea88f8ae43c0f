/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates handed to gpg as files, for an encryption that must run in the home of a signing key.
 *
 * gpg takes a certificate from a file without storing it, but then picks the encryption subkey by itself. So each
 * file holds the primary key, its user ids and the one subkey that is meant, and nothing to choose from.
 *
 * The files lie in a folder of mode 0700 of their own, in the run-time folder where there is one, and are gone with
 * the object. They hold public keys only.
 */
#include "config.h"

#include "spare-recipient-files-private.h"

#include "spare-error.h"
#include "spare-packet.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

struct _SpareRecipientFiles
{
  char *folder;
  GPtrArray *paths; /* of char* */
};

/* RFC 9580 section 5.5.4.2: SHA-1 over 0x99, a two-octet length and the body. Version 4 alone. */
static gboolean
is_version_4_of (const guint8 *body, gsize length, const char *fingerprint)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 prefix[3] = { 0x99, (guint8) (length >> 8), (guint8) length };

  if (length < 6 || length > G_MAXUINT16 || body[0] != 4)
    return FALSE;
  g_checksum_update (checksum, prefix, sizeof prefix);
  g_checksum_update (checksum, body, (gssize) length);
  return g_ascii_strcasecmp (g_checksum_get_string (checksum), fingerprint) == 0;
}

/**
 * spare_certificate_keep_subkey:
 * @certificate: a certificate as exported, binary
 * @subkey: the fingerprint of the subkey to keep
 * @error: return location for an error
 *
 * Leaves the other subkeys out, with what is signed about them.
 *
 * Returns: (transfer full) (nullable): the certificate with this one subkey, or with none if @subkey is the primary
 *   key; %NULL with %SPARE_ERROR_DAMAGED if the certificate makes no sense or has no such key
 */
GBytes *
spare_certificate_keep_subkey (GBytes *certificate, const char *subkey, GError **error)
{
  g_autoptr (GByteArray) kept = g_byte_array_new ();
  gboolean keeping = TRUE, found = FALSE;
  gsize size, position = 0;
  const guint8 *octets = g_bytes_get_data (certificate, &size);

  while (position < size)
    {
      SparePacketHeader header;
      gsize left = size - position;
      gsize length;

      if (spare_packet_read_header (octets + position, left, &header) != SPARE_PACKET_OK
          || header.length_kind != SPARE_PACKET_LENGTH_DEFINITE
          || header.length > left - header.header_length)
        {
          found = FALSE;
          break;
        }
      length = header.header_length + (gsize) header.length;

      if (header.tag == SPARE_PACKET_TAG_PUBLIC_KEY
          || header.tag == SPARE_PACKET_TAG_PUBLIC_SUBKEY)
        {
          gboolean is_meant = is_version_4_of (octets + position + header.header_length,
                                               (gsize) header.length, subkey);

          found |= is_meant;
          keeping = is_meant || header.tag == SPARE_PACKET_TAG_PUBLIC_KEY;
        }
      if (keeping)
        g_byte_array_append (kept, octets + position, (guint) length);
      position += length;
    }

  if (found)
    return g_byte_array_free_to_bytes (g_steal_pointer (&kept));
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
               _ ("A recipient’s certificate could not be read. Nothing was encrypted."));
  return NULL;
}

static gboolean
make_folder (SpareRecipientFiles *self, GError **error)
{
  self->folder = g_build_filename (g_get_user_runtime_dir (), "sparekey-XXXXXX", NULL);
  if (g_mkdtemp (self->folder) != NULL)
    return TRUE;

  g_clear_pointer (&self->folder, g_free);
  self->folder = g_dir_make_tmp ("sparekey-XXXXXX", error);
  return self->folder != NULL;
}

static gboolean
add (SpareRecipientFiles *self,
     SpareHome *home,
     const SpareRecipient *recipient,
     GCancellable *cancellable,
     GError **error)
{
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (GBytes) kept = NULL;
  g_autofree char *path = NULL;
  gconstpointer octets;
  gsize size;

  whole = spare_home_export_sync (home, spare_key_get_fingerprint (recipient->key),
                                  SPARE_EXPORT_MINIMAL, cancellable, error);
  if (whole == NULL)
    return FALSE;
  kept = spare_certificate_keep_subkey (whole, recipient->subkey->fingerprint, error);
  if (kept == NULL)
    return FALSE;

  path = g_strdup_printf ("%s/%u", self->folder, self->paths->len);
  octets = g_bytes_get_data (kept, &size);
  if (!g_file_set_contents_full (path, octets, (gssize) size, G_FILE_SET_CONTENTS_NONE, 0600,
                                 error))
    return FALSE;
  g_ptr_array_add (self->paths, g_steal_pointer (&path));
  return TRUE;
}

/**
 * spare_recipient_files_new:
 * @home: the home that has the certificates
 * @request: names the recipients
 * @cancellable: (nullable): ends the export
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the files, which live as long as the object
 */
SpareRecipientFiles *
spare_recipient_files_new (SpareHome *home,
                           const SpareEncryptionRequest *request,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (SpareRecipientFiles) self = g_new0 (SpareRecipientFiles, 1);

  self->paths = g_ptr_array_new_with_free_func (g_free);
  if (!make_folder (self, error))
    return NULL;
  for (guint i = 0; i < request->n_recipients; i++)
    if (!add (self, home, &request->recipients[i], cancellable, error))
      return NULL;
  return g_steal_pointer (&self);
}

/**
 * spare_recipient_files_free:
 * @self: (transfer full): files
 *
 * Removes them.
 */
void
spare_recipient_files_free (SpareRecipientFiles *self)
{
  for (guint i = 0; i < self->paths->len; i++)
    g_unlink (g_ptr_array_index (self->paths, i));
  if (self->folder != NULL)
    g_rmdir (self->folder);
  g_ptr_array_unref (self->paths);
  g_free (self->folder);
  g_free (self);
}

/**
 * spare_recipient_files_dup_lines:
 * @self: files
 *
 * Returns: (transfer full): the recipients as GPGME takes them, one a line
 */
char *
spare_recipient_files_dup_lines (SpareRecipientFiles *self)
{
  g_autoptr (GString) lines = g_string_new ("--file\n--\n");

  for (guint i = 0; i < self->paths->len; i++)
    g_string_append_printf (lines, "%s\n", (const char *) g_ptr_array_index (self->paths, i));
  return g_string_free (g_steal_pointer (&lines), FALSE);
}
