/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What approvals sign: all that a grant will rest on.
 *
 *   {"manifest":1,"case":…,"request-sha256":…,"old":…,"person":…,"key":…,"subkey":…,"policy-sha256":…,"expires":…}
 *   {"check":…,"sha256":…}                             one a check, by their ids
 *   {"file":…,"serial":…,"sha256":…,"verdict":…}       one a file, by file id, then packet
 *   {"records":n}
 *
 * Promise: the same manifest is always the same octets, whatever the order in which it was put together and whichever
 * version wrote it, so it is written here sign by sign. What parse takes is, octet for octet, what serialize makes of
 * it; nothing can be changed, added or left out without another hash.
 */
#include "config.h"

#include "spare-manifest.h"

#include "spare-deposit-record.h"
#include "spare-record-private.h"

#include <string.h>

#define CASE_MAX   64
#define PERSON_MAX 4096
#define CHECK_MAX  64

static const char *const verdict_names[] = {
  [SPARE_VERDICT_MATCHED] = "matched",
  [SPARE_VERDICT_UNMATCHED] = "unmatched",
  [SPARE_VERDICT_UNSURE] = "unsure",
};

/**
 * spare_verdict_to_string:
 * @verdict: a verdict
 *
 * Returns: (transfer none): its word in manifests and in JSON
 */
const char *
spare_verdict_to_string (SpareVerdict verdict)
{
  g_return_val_if_fail ((guint) verdict < G_N_ELEMENTS (verdict_names), "unsure");

  return verdict_names[verdict];
}

/**
 * spare_verdict_from_string:
 * @text: a word
 * @verdict: (out): the verdict; untouched if there is none of that name
 *
 * Returns: whether @text names a verdict
 */
gboolean
spare_verdict_from_string (const char *text, SpareVerdict *verdict)
{
  for (guint i = 0; i < G_N_ELEMENTS (verdict_names); i++)
    if (g_str_equal (text, verdict_names[i]))
      {
        *verdict = (SpareVerdict) i;
        return TRUE;
      }
  return FALSE;
}

static void
free_file (gpointer data)
{
  SpareManifestFile *file = data;

  g_free (file->file_id);
  g_free (file->serial);
  g_free (file->sha256);
  g_free (file);
}

static void
free_evidence (gpointer data)
{
  SpareManifestEvidence *evidence = data;

  g_free (evidence->check);
  g_free (evidence->sha256);
  g_free (evidence);
}

/**
 * spare_manifest_new:
 *
 * Returns: (transfer full): a manifest without anything in it; all its texts are to be set
 */
SpareManifest *
spare_manifest_new (void)
{
  SpareManifest *self = g_new0 (SpareManifest, 1);

  self->files = g_ptr_array_new_with_free_func (free_file);
  self->evidence = g_ptr_array_new_with_free_func (free_evidence);
  return self;
}

/**
 * spare_manifest_free:
 * @self: (nullable): a manifest
 */
void
spare_manifest_free (SpareManifest *self)
{
  if (self == NULL)
    return;

  g_free (self->case_id);
  g_free (self->request_sha256);
  g_free (self->old_fingerprint);
  g_free (self->person);
  g_free (self->key);
  g_free (self->subkey);
  g_free (self->policy_sha256);
  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->evidence);
  g_free (self);
}

/**
 * spare_manifest_add_file:
 * @self: a manifest
 * @file_id: the file's id
 * @serial: (nullable): of the source packet; %NULL or empty if it came with the request
 * @sha256: of the source packet
 * @verdict: what was found
 */
void
spare_manifest_add_file (SpareManifest *self,
                         const char *file_id,
                         const char *serial,
                         const char *sha256,
                         SpareVerdict verdict)
{
  SpareManifestFile *file = g_new0 (SpareManifestFile, 1);

  file->file_id = g_strdup (file_id);
  file->serial = g_strdup (serial != NULL ? serial : "");
  file->sha256 = g_strdup (sha256);
  file->verdict = verdict;
  g_ptr_array_add (self->files, file);
}

/**
 * spare_manifest_add_evidence:
 * @self: a manifest
 * @check: the id of an identity check
 * @sha256: of the evidence recorded for it
 */
void
spare_manifest_add_evidence (SpareManifest *self, const char *check, const char *sha256)
{
  SpareManifestEvidence *evidence = g_new0 (SpareManifestEvidence, 1);

  evidence->check = g_strdup (check);
  evidence->sha256 = g_strdup (sha256);
  g_ptr_array_add (self->evidence, evidence);
}

static int
compare_files (gconstpointer a, gconstpointer b)
{
  const SpareManifestFile *one = *(SpareManifestFile *const *) a;
  const SpareManifestFile *other = *(SpareManifestFile *const *) b;
  int order = strcmp (one->file_id, other->file_id);

  if (order == 0)
    order = strcmp (one->sha256, other->sha256);
  if (order == 0)
    order = strcmp (one->serial, other->serial);
  return order != 0 ? order : (int) one->verdict - (int) other->verdict;
}

static int
compare_evidence (gconstpointer a, gconstpointer b)
{
  const SpareManifestEvidence *one = *(SpareManifestEvidence *const *) a;
  const SpareManifestEvidence *other = *(SpareManifestEvidence *const *) b;
  int order = strcmp (one->check, other->check);

  return order != 0 ? order : strcmp (one->sha256, other->sha256);
}

static GPtrArray *
dup_sorted (GPtrArray *array, GCompareFunc compare)
{
  GPtrArray *sorted = g_ptr_array_sized_new (array->len);

  for (guint i = 0; i < array->len; i++)
    g_ptr_array_add (sorted, g_ptr_array_index (array, i));
  g_ptr_array_sort (sorted, compare);
  return sorted;
}

/* The one way to write a string: quotes, backslashes and control signs escaped, all else as it is. */
static void
append_string (GString *octets, const char *separator, const char *member, const char *value)
{
  g_string_append_printf (octets, "%s\"%s\":\"", separator, member);
  for (const char *sign = value != NULL ? value : ""; *sign != '\0'; sign++)
    if (*sign == '"' || *sign == '\\')
      g_string_append_printf (octets, "\\%c", *sign);
    else if ((guchar) *sign < 0x20)
      g_string_append_printf (octets, "\\u%04x", (guint) (guchar) *sign);
    else
      g_string_append_c (octets, *sign);
  g_string_append_c (octets, '"');
}

static void
append_time (GString *octets, const char *member, gint64 time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (time);
  g_autofree char *text = date != NULL ? g_date_time_format (date, "%Y-%m-%dT%H:%M:%SZ") : NULL;

  append_string (octets, ",", member, text);
}

/**
 * spare_manifest_serialize:
 * @self: a manifest, all its texts set
 *
 * The octets whose SHA-256 is signed (protocol.md section 5). What could not be read back (a text that is missing or not
 * as it must be) is written all the same; spare_manifest_parse() refuses it.
 *
 * Returns: (transfer full): JSON Lines
 */
GBytes *
spare_manifest_serialize (const SpareManifest *self)
{
  GString *octets = g_string_new ("{\"manifest\":1");
  g_autoptr (GPtrArray) files = dup_sorted (self->files, compare_files);
  g_autoptr (GPtrArray) evidence = dup_sorted (self->evidence, compare_evidence);

  append_string (octets, ",", "case", self->case_id);
  append_string (octets, ",", "request-sha256", self->request_sha256);
  append_string (octets, ",", "old", self->old_fingerprint);
  append_string (octets, ",", "person", self->person);
  append_string (octets, ",", "key", self->key);
  append_string (octets, ",", "subkey", self->subkey);
  append_string (octets, ",", "policy-sha256", self->policy_sha256);
  append_time (octets, "expires", self->expires);
  g_string_append (octets, "}\n");
  for (guint i = 0; i < evidence->len; i++)
    {
      const SpareManifestEvidence *one = g_ptr_array_index (evidence, i);

      append_string (octets, "{", "check", one->check);
      append_string (octets, ",", "sha256", one->sha256);
      g_string_append (octets, "}\n");
    }
  for (guint i = 0; i < files->len; i++)
    {
      const SpareManifestFile *file = g_ptr_array_index (files, i);

      append_string (octets, "{", "file", file->file_id);
      append_string (octets, ",", "serial", file->serial);
      append_string (octets, ",", "sha256", file->sha256);
      append_string (octets, ",", "verdict", spare_verdict_to_string (file->verdict));
      g_string_append (octets, "}\n");
    }
  g_string_append_printf (octets, "{\"records\":%u}\n", evidence->len + files->len);
  return g_string_free_to_bytes (octets);
}

/**
 * spare_manifest_hash:
 * @octets: a manifest's octets
 *
 * Returns: (transfer full): their SHA-256, 64 lower-case hex digits: what approvals sign
 */
char *
spare_manifest_hash (GBytes *octets)
{
  return g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, octets);
}

static gboolean
get_text (JsonObject *object, const char *member, gsize max, char **text, GError **error)
{
  const char *value;

  if (!spare_json_get_string (object, member, max, &value, error))
    return FALSE;
  *text = g_strdup (value);
  return TRUE;
}

static gboolean
read_header (SpareManifest *self, JsonObject *object, GError **error)
{
  guint64 version;

  return spare_json_get_uint64 (object, "manifest", G_MAXINT64, &version, error)
         && (version == 1 || spare_record_refuse (error, "manifest"))
         && get_text (object, "case", CASE_MAX, &self->case_id, error)
         && (self->case_id[0] != '\0' || spare_record_refuse (error, "case"))
         && get_text (object, "request-sha256", 64, &self->request_sha256, error)
         && spare_record_check_sha256 (self->request_sha256, "request-sha256", error)
         && get_text (object, "old", 40, &self->old_fingerprint, error)
         && (self->old_fingerprint[0] == '\0'
             || spare_record_check_fingerprint (self->old_fingerprint, "old", error))
         && get_text (object, "person", PERSON_MAX, &self->person, error)
         && get_text (object, "key", 40, &self->key, error)
         && spare_record_check_fingerprint (self->key, "key", error)
         && get_text (object, "subkey", 40, &self->subkey, error)
         && spare_record_check_fingerprint (self->subkey, "subkey", error)
         && get_text (object, "policy-sha256", 64, &self->policy_sha256, error)
         && spare_record_check_sha256 (self->policy_sha256, "policy-sha256", error)
         && spare_json_get_time (object, "expires", &self->expires, error);
}

static gboolean
read_evidence (SpareManifest *self, JsonObject *object, GError **error)
{
  const char *check, *sha256;

  if (!spare_json_get_string (object, "check", CHECK_MAX, &check, error)
      || !spare_json_get_hex (object, "sha256", SPARE_JSON_SHA256_DIGITS, &sha256, error))
    return FALSE;
  if (*check == '\0'
      || strspn (check, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen (check))
    return spare_record_refuse (error, "check");
  if (self->evidence->len > 0)
    {
      SpareManifestEvidence *last = g_ptr_array_index (self->evidence, self->evidence->len - 1);

      if (g_str_equal (last->check, check))
        return spare_record_refuse (error, "check");
    }
  spare_manifest_add_evidence (self, check, sha256);
  return TRUE;
}

static gboolean
read_file (SpareManifest *self, JsonObject *object, GError **error)
{
  const char *id, *serial, *sha256, *word;
  SpareVerdict verdict;

  if (!spare_json_get_hex (object, "file", 32, &id, error)
      || !spare_json_get_string (object, "serial", SPARE_RECORD_SERIAL_MAX, &serial, error)
      || !spare_json_get_hex (object, "sha256", SPARE_JSON_SHA256_DIGITS, &sha256, error)
      || !spare_json_get_string (object, "verdict", SPARE_RECORD_WORD_MAX, &word, error))
    return FALSE;
  if (!spare_verdict_from_string (word, &verdict))
    return spare_record_refuse (error, "verdict");
  if (*serial == '\0' ? verdict == SPARE_VERDICT_MATCHED
                      : !spare_record_check_serial (serial, NULL))
    return spare_record_refuse (error, "serial");
  if (self->files->len > 0)
    {
      SpareManifestFile *last = g_ptr_array_index (self->files, self->files->len - 1);

      if (g_str_equal (last->file_id, id) && g_str_equal (last->sha256, sha256))
        return spare_record_refuse (error, "file");
    }
  spare_manifest_add_file (self, id, serial, sha256, verdict);
  return TRUE;
}

static gboolean
read_line (SpareManifest *self, const char *line, gsize length, gboolean first, GError **error)
{
  g_autoptr (JsonObject) object = spare_json_line_parse (line, length, error);

  if (object == NULL)
    return FALSE;
  if (first)
    return read_header (self, object, error);
  if (spare_json_has (object, "check"))
    return read_evidence (self, object, error);
  if (spare_json_has (object, "file"))
    return read_file (self, object, error);
  /* That the count is right, last and the only one is seen when all is written again. */
  return spare_json_has (object, "records") || spare_record_refuse (error, "records");
}

/**
 * spare_manifest_parse:
 * @octets: what is said to be a manifest
 * @error: return location for an error
 *
 * Returns: (transfer full): the manifest; %NULL with SPARE_ERROR_DAMAGED for anything but what spare_manifest_serialize()
 *   makes of it
 */
SpareManifest *
spare_manifest_parse (GBytes *octets, GError **error)
{
  g_autoptr (SpareManifest) self = spare_manifest_new ();
  g_autoptr (GBytes) again = NULL;
  gsize length;
  const char *data = g_bytes_get_data (octets, &length);

  if (length == 0 || length > SPARE_MANIFEST_SIZE_MAX)
    {
      spare_record_refuse (error, "manifest");
      return NULL;
    }
  for (gsize start = 0; start < length;)
    {
      const char *end = memchr (data + start, '\n', length - start);
      gsize line = end != NULL ? (gsize) (end - data) - start : length - start;

      if (!read_line (self, data + start, line, start == 0, error))
        return NULL;
      start += line + 1;
    }
  again = spare_manifest_serialize (self);
  if (!g_bytes_equal (again, octets))
    {
      spare_record_refuse (error, "manifest");
      return NULL;
    }
  return g_steal_pointer (&self);
}
