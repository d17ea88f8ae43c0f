/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes bundles.
 *
 *   header, records as the caller hands them out, count → lines → gpg signs and encrypts → walked → the caller's target
 *
 * Promise: what was written without an error is one whole message, signed by the sender with the notation that names
 * its type and its receiver, encrypted to one subkey of the receiver's and to nothing else, and within the limits that every
 * reader holds it to. Records pass one by one. After an error, what was written is to be thrown away. */
#include "config.h"

#include "spare-bundle-writer.h"

#include "spare-bundle-lines-private.h"
#include "spare-encryption.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-output.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#define PART 65536

typedef enum
{
  AT_HEADER,
  AT_RECORDS,
  AT_END,
} Place;

typedef struct
{
  SpareBundleHeader *header;
  SpareBundleNextFunc next;
  gpointer next_data;
  SpareWriteFunc write;
  gpointer write_data;
  GCancellable *cancellable;

  Place place;
  GString *pending; /* lines on their way to the engine */
  gsize n_taken;    /* of @pending, by the last reading */
  guint n_records;
  guint64 n_plain, n_written;
} Writing;

static gboolean
set_too_large (GError **error)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                       _ ("This is too much for one bundle. Nothing was written. Do it in "
                          "several parts."));
  return FALSE;
}

static gboolean
set_unwritable (GError **error)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("One of the records could not be written as it is. Nothing was "
                          "written."));
  return FALSE;
}

/* --- Lines --- */

/* What the reader would refuse isn't written in the first place. */
static gboolean
append_line (Writing *self, JsonObject *object, GError **error)
{
  g_autofree char *line = spare_json_line_write (object);
  gsize length = strlen (line);
  g_autoptr (JsonObject) again = NULL;

  if (length > SPARE_JSON_LINE_MAX)
    return set_too_large (error);
  again = spare_json_line_parse (line, length, NULL);
  if (again == NULL)
    return set_unwritable (error);
  self->n_plain += length + 1;
  if (self->n_plain > SPARE_BUNDLE_PLAIN_MAX)
    return set_too_large (error);
  g_string_append_len (self->pending, line, (gssize) length);
  g_string_append_c (self->pending, '\n');
  return TRUE;
}

static gboolean
append_end (Writing *self, GError **error)
{
  g_autoptr (JsonObject) end = json_object_new ();

  self->place = AT_END;
  spare_json_set_uint64 (end, SPARE_BUNDLE_LINE_END, self->n_records);
  return append_line (self, end, error);
}

static gboolean
append_record (Writing *self, GError **error)
{
  g_autoptr (JsonObject) record = NULL;
  g_autoptr (GError) failure = NULL;

  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (self->next != NULL)
    record = self->next (self->next_data, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (record == NULL)
    return append_end (self, error);
  if (spare_json_has (record, SPARE_BUNDLE_LINE_HEADER)
      || spare_json_has (record, SPARE_BUNDLE_LINE_END))
    return set_unwritable (error);
  self->n_records++;
  return append_line (self, record, error);
}

static gboolean
append_header (Writing *self, GError **error)
{
  g_autoptr (JsonObject) line = spare_bundle_header_to_json (self->header);

  self->place = AT_RECORDS;
  return append_line (self, line, error);
}

static gssize
read_cb (gpointer user_data, guint8 *buffer, gsize size, GError **error)
{
  Writing *self = user_data;

  /* What is left is less than what one record made. */
  g_string_erase (self->pending, 0, (gssize) self->n_taken);
  self->n_taken = 0;
  while (self->pending->len < size && self->place != AT_END)
    if (!(self->place == AT_HEADER ? append_header (self, error) : append_record (self, error)))
      return -1;

  size = MIN (size, self->pending->len);
  memcpy (buffer, self->pending->str, size);
  self->n_taken = size;
  return (gssize) size;
}

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  Writing *self = user_data;

  if (size > SPARE_BUNDLE_MAX - self->n_written)
    return set_too_large (error);
  self->n_written += size;
  return self->write (self->write_data, octets, size, error);
}

/* --- Parties --- */

static gboolean
fill_certificate (const SpareBundleParties *parties,
                  SpareBundleHeader *header,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (GBytes) octets = NULL;
  gsize size;
  const char *text;

  if (header->certificate != NULL)
    return TRUE;
  octets = spare_home_export_sync (parties->signing_home, parties->signer,
                                   SPARE_EXPORT_ARMOR | SPARE_EXPORT_MINIMAL, cancellable,
                                   error);
  if (octets == NULL)
    return FALSE;
  text = g_bytes_get_data (octets, &size);
  if (size > SPARE_JSON_LINE_MAX * 3 / 4)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                           _ ("Your key is too large to be sent along. Nothing was written. "
                              "Remove pictures from it, then try again."));
      return FALSE;
    }
  header->certificate = g_strndup (text, size);
  return TRUE;
}

static const SpareSubkey *
pick_subkey (SpareKey *receiver, gint64 now, GError **error)
{
  const SpareSubkey *subkey = spare_key_pick_newest_encryption_subkey (receiver, now);
  g_autofree char *reason = NULL;

  if (subkey != NULL)
    return subkey;
  reason = spare_key_state_describe (spare_key_get_encryption_state (receiver, now), receiver);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED, _ ("Nothing was written. %s"), reason);
  return NULL;
}

/* What gpg 2.4 adds by itself where the receiver's key asks for it. */
static void
collect_adsks (SpareKey *receiver, gint64 now, GArray *key_ids)
{
  g_autoptr (GPtrArray) adsks = NULL;

  if (!spare_engine_is_at_least (2, 4, 1))
    return;
  adsks = spare_key_pick_adsks (receiver, now);
  for (guint i = 0; adsks != NULL && i < adsks->len; i++)
    {
      const SpareSubkey *adsk = g_ptr_array_index (adsks, i);

      g_array_append_val (key_ids, adsk->key_id);
    }
}

static gboolean
encrypt (Writing *self, const SpareBundleParties *parties, GError **error)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *notation = spare_bundle_header_dup_notation (self->header);
  g_autoptr (GArray) adsks = g_array_new (FALSE, FALSE, sizeof (guint64));
  SpareRecipient recipient = { .key = parties->receiver };
  SpareEncryptionRequest request = {
    .recipients = &recipient,
    .n_recipients = 1,
    .signing_home = parties->signing_home,
    .signer = parties->signer,
    .notation_name = SPARE_BUNDLE_NOTATION,
    .notation_value = notation,
    .compress = TRUE,
    .size = G_MAXUINT64,
  };
  const SpareStream stream = {
    .read = read_cb, .input = self, .write = write_cb, .output = self
  };
  g_autoptr (SpareHead) head = NULL;

  recipient.subkey = pick_subkey (parties->receiver, now, error);
  if (recipient.subkey == NULL)
    return FALSE;
  collect_adsks (parties->receiver, now, adsks);
  request.extra_key_ids = (const guint64 *) (gpointer) adsks->data;
  request.n_extra_key_ids = adsks->len;
  head = spare_encrypt_sync (parties->home, &request, &stream, self->cancellable, error);
  if (head == NULL)
    return FALSE;
  if (self->n_plain
      > self->n_written * SPARE_BUNDLE_EXPANSION_MAX + SPARE_BUNDLE_EXPANSION_FREE)
    return set_too_large (error);
  return TRUE;
}

/**
 * spare_bundle_write_sync:
 * @parties: between whom
 * @header: what it is; its `from` and `to` are those of @parties; its certificate is filled in if there is none
 * @next: (nullable): hands out the records, one at each call; none has a member `sparekey` or `records`
 * @next_data: for @next
 * @write: takes the message's octets
 * @write_data: for @write
 * @n_records: (out) (optional): how many records it has
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Signs, encrypts and writes a bundle, in constant memory. The home's passphrase function may be asked.
 *
 * Fails with what @next, @write or the passphrase function set, with %SPARE_ERROR_TOO_LARGE (a line over 64 KiB, too
 * much for one bundle), with %SPARE_ERROR_FAILED (a receiver's key that can't be used), %SPARE_ERROR_NO_KEY (the
 * signer's secret key is not there), and as spare_encrypt_sync().
 *
 * Returns: whether it is whole; if not, what was written is worth nothing
 */
gboolean
spare_bundle_write_sync (const SpareBundleParties *parties,
                         SpareBundleHeader *header,
                         SpareBundleNextFunc next,
                         gpointer next_data,
                         SpareWriteFunc write,
                         gpointer write_data,
                         guint *n_records,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (GString) pending = g_string_new (NULL);
  Writing writing = {
    .header = header,
    .next = next,
    .next_data = next_data,
    .write = write,
    .write_data = write_data,
    .cancellable = cancellable,
    .pending = pending,
  };

  g_return_val_if_fail (g_strcmp0 (header->from, parties->signer) == 0, FALSE);
  g_return_val_if_fail (g_strcmp0 (header->to, spare_key_get_fingerprint (parties->receiver))
                            == 0,
                        FALSE);

  if (!fill_certificate (parties, header, cancellable, error)
      || !encrypt (&writing, parties, error))
    return FALSE;
  if (n_records != NULL)
    *n_records = writing.n_records;
  return TRUE;
}

/* --- To memory --- */

static gboolean
append_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  GByteArray *array = user_data;

  if (size > SPARE_BUNDLE_BYTES_MAX - array->len)
    return set_too_large (error);
  g_byte_array_append (array, octets, (guint) size);
  return TRUE;
}

/**
 * spare_bundle_write_bytes_sync:
 * @parties: between whom
 * @header: as for spare_bundle_write_sync()
 * @next: (nullable): likewise
 * @next_data: for @next
 * @n_records: (out) (optional): how many records it has
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Writes a bundle of at most %SPARE_BUNDLE_BYTES_MAX octets to memory.
 *
 * Returns: (transfer full) (nullable): its octets; fails as spare_bundle_write_sync()
 */
GBytes *
spare_bundle_write_bytes_sync (const SpareBundleParties *parties,
                               SpareBundleHeader *header,
                               SpareBundleNextFunc next,
                               gpointer next_data,
                               guint *n_records,
                               GCancellable *cancellable,
                               GError **error)
{
  g_autoptr (GByteArray) octets = g_byte_array_new ();

  if (!spare_bundle_write_sync (parties, header, next, next_data, append_cb, octets, n_records,
                                cancellable, error))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
}

/* --- To a file --- */

typedef struct
{
  SpareOutput *output;
  GChecksum *checksum;
} Target;

static gboolean
output_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  Target *target = user_data;

  g_checksum_update (target->checksum, octets, (gssize) size);
  return spare_output_write (target->output, octets, size, error);
}

/* From the disk, not from memory, where the kernel agrees. */
static gboolean
read_back (Target *target, GCancellable *cancellable, GError **error)
{
  int fd = spare_output_get_fd (target->output);
  goffset size = spare_output_get_size (target->output), offset = 0;
  g_autofree guint8 *part = g_malloc (PART);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  (void) posix_fadvise (fd, 0, 0, POSIX_FADV_DONTNEED);
  while (offset < size)
    {
      ssize_t got = pread (fd, part, PART, offset);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (got <= 0)
        break;
      g_checksum_update (checksum, part, got);
      offset += got;
    }
  if (offset == size
      && g_str_equal (g_checksum_get_string (checksum),
                      g_checksum_get_string (target->checksum)))
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("What was written could not be read back as it should be, so it was "
                          "thrown away. Nothing is lost here; the disk or the stick may be "
                          "failing. Try another one."));
  return FALSE;
}

/**
 * spare_bundle_write_file_sync:
 * @parties: between whom
 * @header: as for spare_bundle_write_sync(); it names the file
 * @next: (nullable): likewise
 * @next_data: for @next
 * @folder: a local folder
 * @n_records: (out) (optional): how many records it has
 * @sha256: (out) (optional) (transfer full): over the file's octets, 64 lower-case hexadecimal digits
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Writes a bundle as a new file, which appears under its name only when it is whole, on disk, read back and compared.
 *
 * Returns: (transfer full) (nullable): the file's path; fails as spare_bundle_write_sync(), and with what
 *   spare_output_open(), spare_output_write() and spare_output_publish() fail with
 */
char *
spare_bundle_write_file_sync (const SpareBundleParties *parties,
                              SpareBundleHeader *header,
                              SpareBundleNextFunc next,
                              gpointer next_data,
                              const char *folder,
                              guint *n_records,
                              char **sha256,
                              GCancellable *cancellable,
                              GError **error)
{
  g_autofree char *name = spare_bundle_header_dup_file_name (header);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *final_path = NULL;
  g_autoptr (SpareOutput) output = spare_output_open (path, SPARE_CONFLICT_RENAME, 0, error);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  Target target = { .output = output, .checksum = checksum };
  guint n;

  if (output == NULL
      || !spare_bundle_write_sync (parties, header, next, next_data, output_cb, &target, &n,
                                   cancellable, error)
      || !spare_output_sync (output, error) || !read_back (&target, cancellable, error)
      || !spare_output_publish (output, SPARE_PUBLISH_NONE, &final_path, error))
    return NULL;
  if (n_records != NULL)
    *n_records = n;
  if (sha256 != NULL)
    *sha256 = g_strdup (g_checksum_get_string (checksum));
  return g_steal_pointer (&final_path);
}
