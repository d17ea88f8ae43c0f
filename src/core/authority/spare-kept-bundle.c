/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bundle that was verified and taken in before, opened again from its kept octets.
 *
 * Promise: what is read is what was verified at intake. The octets have the SHA-256 under which they are kept, and the
 * authority's own signed statement says of that SHA-256 who signed the bundle, when it came in, and at which place of the
 * audit log. So the sender's key may have expired since, and no column of the database is believed.
 *
 * The octets are copied to a file without a name and hashed on the way; only that copy is read.
 */
#include "config.h"

#include "spare-kept-bundle-private.h"

#include "spare-attestation-private.h"
#include "spare-decryption.h"
#include "spare-error.h"
#include "spare-fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#define COPY_SIZE 65536

struct _SpareKeptBundle
{
  SpareIntakeFact *fact;
  GMappedFile *plain;
  gsize offset;    /* of the next line */
  gsize remaining; /* records to come */
};

/* --- What is attested --- */

void
spare_intake_fact_free (SpareIntakeFact *self)
{
  g_free (self->sender);
  g_free (self);
}

static char *
make_subject (const char *sha256)
{
  return g_strconcat ("bundle/", sha256, NULL);
}

gboolean
spare_intake_fact_make_sync (SpareAuthority *authority,
                             SpareBundle *bundle,
                             gint64 time,
                             gint64 sequence,
                             GCancellable *cancellable,
                             GError **error)
{
  const SpareBundleHeader *header = spare_bundle_get_header (bundle);
  g_autofree char *subject = make_subject (spare_bundle_get_sha256 (bundle));
  g_autoptr (JsonObject) statement = json_object_new ();

  json_object_set_string_member (statement, "type", spare_bundle_type_to_string (header->type));
  json_object_set_string_member (statement, "id", header->id);
  json_object_set_string_member (statement, "sender", header->from);
  spare_json_set_time (statement, "time", time);
  spare_json_set_uint64 (statement, "sequence", (guint64) sequence);
  return spare_attestation_make_sync (spare_authority_get_audit (authority), subject, statement,
                                      cancellable, error);
}

SpareIntakeFact *
spare_intake_fact_find_sync (SpareAuthority *authority,
                             const char *sha256,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autofree char *subject = make_subject (sha256);
  g_autoptr (JsonObject)
      statement = spare_attestation_find_sync (authority, subject, NULL, cancellable, error);
  g_autoptr (SpareIntakeFact) fact = g_new0 (SpareIntakeFact, 1);
  const char *type;
  const char *sender;
  guint64 sequence;

  if (statement == NULL || !spare_json_get_string (statement, "type", 32, &type, error)
      || !spare_bundle_type_from_string (type, &fact->type)
      || !spare_json_get_fingerprint (statement, "sender", &sender, error)
      || !spare_json_get_time (statement, "time", &fact->time, error)
      || !spare_json_get_uint64 (statement, "sequence", G_MAXINT64, &sequence, error))
    return NULL;
  fact->sender = g_strdup (sender);
  fact->sequence = (gint64) sequence;
  return g_steal_pointer (&fact);
}

/* --- Keeping --- */

static gboolean
fill_cb (SpareWriteFunc write, gpointer write_data, gpointer user_data, GError **error)
{
  return spare_bundle_copy_octets_sync (user_data, write, write_data, error);
}

gboolean
spare_kept_bundle_keep_sync (SpareAuthority *authority, SpareBundle *bundle, GError **error)
{
  return spare_authority_keep_bundle_sync (authority, spare_bundle_get_sha256 (bundle), fill_cb,
                                           bundle, error);
}

/* --- Opening again --- */

static gboolean
fail_io (GError **error)
{
  int saved = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
               _ ("A kept bundle could not be read: %s. Nothing was changed."),
               g_strerror (saved));
  return FALSE;
}

static gboolean
fail_evidence (GError **error)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("A bundle that was taken in before is missing or was changed. "
                          "Nothing "
                          "was done. Put back a copy of the authority’s folder."));
  return FALSE;
}

static int
open_nameless (SpareAuthority *authority, GError **error)
{
  int fd = open (spare_authority_get_spool (authority), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

  if (fd < 0)
    fail_io (error);
  return fd;
}

static gboolean
write_all (int fd, const guint8 *octets, gsize size, GError **error)
{
  while (size > 0)
    {
      gssize n = write (fd, octets, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return fail_io (error);
      octets += n;
      size -= (gsize) n;
    }
  return TRUE;
}

static gboolean
copy_hashed (int from, int to, const char *sha256, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *buffer = g_malloc (COPY_SIZE);
  guint64 total = 0;

  for (;;)
    {
      gssize n = read (from, buffer, COPY_SIZE);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fail_io (error);
      if (n == 0)
        break;
      total += (guint64) n;
      if (total > SPARE_BUNDLE_MAX)
        return fail_evidence (error);
      g_checksum_update (checksum, buffer, n);
      if (!write_all (to, buffer, (gsize) n, error))
        return FALSE;
    }
  return g_str_equal (g_checksum_get_string (checksum), sha256) || fail_evidence (error);
}

static gssize
read_fd_cb (gpointer user_data, guint8 *buffer, gsize size, GError **error)
{
  int fd = GPOINTER_TO_INT (user_data);
  gssize n;

  do
    n = read (fd, buffer, size);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    fail_io (error);
  return n;
}

static gboolean
rewind_input_cb (gpointer user_data, GError **error)
{
  return lseek (GPOINTER_TO_INT (user_data), 0, SEEK_SET) == 0 || fail_io (error);
}

static gboolean
write_fd_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  return write_all (GPOINTER_TO_INT (user_data), octets, size, error);
}

static gboolean
rewind_output_cb (gpointer user_data, GError **error)
{
  int fd = GPOINTER_TO_INT (user_data);

  return (ftruncate (fd, 0) == 0 && lseek (fd, 0, SEEK_SET) == 0) || fail_io (error);
}

static gboolean
decrypt (SpareAuthority *authority, int from, int to, GCancellable *cancellable, GError **error)
{
  const SpareStream stream = {
    .read = read_fd_cb,
    .rewind_input = rewind_input_cb,
    .input = GINT_TO_POINTER (from),
    .write = write_fd_cb,
    .rewind_output = rewind_output_cb,
    .output = GINT_TO_POINTER (to),
  };
  g_autoptr (SpareDecryption) decryption = NULL;

  if (!rewind_input_cb (GINT_TO_POINTER (from), error))
    return FALSE;
  decryption = spare_decrypt_sync (spare_authority_get_home (authority), &stream,
                                   SPARE_BUNDLE_PLAIN_MAX, cancellable, error);
  return decryption != NULL;
}

/* The kept octets' copy is decrypted into another file without a name, and that one is mapped. */
static GMappedFile *
open_plain (SpareAuthority *authority,
            const char *sha256,
            GCancellable *cancellable,
            GError **error)
{
  g_autofree char *path = spare_authority_find_bundle_sync (authority, sha256, NULL);
  spare_autofd int kept = path != NULL ? open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
  spare_autofd int copy = -1;
  spare_autofd int plain = -1;

  if (kept < 0)
    {
      fail_evidence (error);
      return NULL;
    }
  copy = open_nameless (authority, error);
  if (copy < 0)
    return NULL;
  plain = open_nameless (authority, error);
  if (plain < 0 || !copy_hashed (kept, copy, sha256, error)
      || !decrypt (authority, copy, plain, cancellable, error))
    return NULL;
  return g_mapped_file_new_from_fd (plain, FALSE, error);
}

/* Returns: the next line, its length without the line feed; NULL at the end. */
static const char *
next_line (SpareKeptBundle *self, gsize *length)
{
  const char *start = g_mapped_file_get_contents (self->plain);
  gsize left = g_mapped_file_get_length (self->plain) - self->offset;
  const char *line;
  const char *end;

  if (start == NULL || left == 0)
    return NULL;
  line = start + self->offset;
  end = memchr (line, '\n', left);
  *length = end != NULL ? (gsize) (end - line) : left;
  self->offset += *length + (end != NULL ? 1 : 0);
  return line;
}

static gsize
count_lines (GMappedFile *file)
{
  const char *contents = g_mapped_file_get_contents (file);
  gsize length = g_mapped_file_get_length (file);
  gsize n = 0;

  for (gsize i = 0; i < length; i++)
    n += contents[i] == '\n';
  return length > 0 && contents[length - 1] != '\n' ? n + 1 : n;
}

static gboolean
check_header (SpareKeptBundle *self, GError **error)
{
  gsize length;
  const char *line = next_line (self, &length);
  g_autoptr (JsonObject) object = line != NULL ? spare_json_line_parse (line, length, error)
                                               : NULL;
  g_autoptr (SpareBundleHeader)
      header = object != NULL ? spare_bundle_header_parse (object, error) : NULL;

  if (header == NULL)
    return line != NULL ? FALSE : fail_evidence (error);
  return (header->type == self->fact->type && g_str_equal (header->from, self->fact->sender))
         || fail_evidence (error);
}

/**
 * spare_kept_bundle_open_sync:
 * @authority: an open authority
 * @sha256: of the octets, as it was at intake
 *
 * Returns: (transfer full) (nullable): the bundle; %NULL with %SPARE_ERROR_DAMAGED if the octets are gone or are not the
 *   ones of which the authority stated that they came in
 */
SpareKeptBundle *
spare_kept_bundle_open_sync (SpareAuthority *authority,
                             const char *sha256,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (SpareKeptBundle) self = g_new0 (SpareKeptBundle, 1);
  g_autoptr (GError) failure = NULL;
  gsize n_lines;

  self->fact = spare_intake_fact_find_sync (authority, sha256, cancellable, &failure);
  if (self->fact == NULL)
    {
      if (failure != NULL)
        g_propagate_error (error, g_steal_pointer (&failure));
      else
        fail_evidence (error);
      return NULL;
    }
  self->plain = open_plain (authority, sha256, cancellable, error);
  if (self->plain == NULL || !check_header (self, error))
    return NULL;
  n_lines = count_lines (self->plain);
  if (n_lines < 2)
    {
      fail_evidence (error);
      return NULL;
    }
  self->remaining = n_lines - 2; /* without header and count */
  return g_steal_pointer (&self);
}

void
spare_kept_bundle_free (SpareKeptBundle *self)
{
  g_clear_pointer (&self->fact, spare_intake_fact_free);
  g_clear_pointer (&self->plain, g_mapped_file_unref);
  g_free (self);
}

SpareBundleType
spare_kept_bundle_get_type (SpareKeptBundle *self)
{
  return self->fact->type;
}

const char *
spare_kept_bundle_get_sender (SpareKeptBundle *self)
{
  return self->fact->sender;
}

gint64
spare_kept_bundle_get_time (SpareKeptBundle *self)
{
  return self->fact->time;
}

gint64
spare_kept_bundle_get_sequence (SpareKeptBundle *self)
{
  return self->fact->sequence;
}

/**
 * spare_kept_bundle_next:
 * @record: (out) (transfer full): the next record; %NULL at the end
 */
gboolean
spare_kept_bundle_next (SpareKeptBundle *self, JsonObject **record, GError **error)
{
  gsize length;
  const char *line;
  JsonObject *object = NULL;

  if (self->remaining > 0)
    {
      line = next_line (self, &length);
      object = line != NULL ? spare_json_line_parse (line, length, error) : NULL;
      if (object == NULL)
        return FALSE;
      self->remaining--;
    }
  *record = object;
  return TRUE;
}
