/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a bundle is: its type, its header, its file's name.
 *
 * A bundle is one OpenPGP message, signed and then encrypted, of JSON Lines:
 *
 *   {"sparekey":1,"type":…,"id":…,"created":…,"from":…,"to":…,"certificate":…, more by type}
 *   {record}
 *   …
 *   {"records":n}
 *
 * The signature carries the non-critical notation bundle@sparekey.org=1:<type>:<receiver's primary fingerprint>: without
 * it, any text that somebody once signed could pass for an approval, and any bundle for one to another receiver.
 *
 * Promise: a header that was parsed has all members of a header of this version, each in its one spelling. Whether its
 * words are true is for the reader of the bundle to prove. */
#include "config.h"

#include "spare-bundle.h"

#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Hexadecimal digits of the id in a file's name. */
#define NAME_DIGITS 16

static const char *const types[SPARE_BUNDLE_N_TYPES] = {
  "deposit", "receipt", "request", "case", "approval", "grant", "refusal", "transfer",
};

/* The members that every header has; the others are its fields. */
static const char *const common[] = { "sparekey", "type", "id",          "created",
                                      "from",     "to",   "certificate", NULL };

/**
 * spare_bundle_type_to_string:
 * @type: a type
 *
 * Returns: (transfer none): its word, as headers and file names have it
 */
const char *
spare_bundle_type_to_string (SpareBundleType type)
{
  g_return_val_if_fail ((guint) type < SPARE_BUNDLE_N_TYPES, NULL);

  return types[type];
}

/**
 * spare_bundle_type_from_string:
 * @text: a word
 * @type: (out): the type
 *
 * Returns: whether there is such a type
 */
gboolean
spare_bundle_type_from_string (const char *text, SpareBundleType *type)
{
  for (guint i = 0; i < SPARE_BUNDLE_N_TYPES; i++)
    if (g_str_equal (text, types[i]))
      {
        *type = (SpareBundleType) i;
        return TRUE;
      }
  return FALSE;
}

/**
 * spare_bundle_header_new:
 * @type: what the bundle is
 * @from: the sender's primary fingerprint
 * @to: the receiver's
 *
 * Makes the header of a new bundle, with a fresh id and the time of now.
 *
 * Returns: (transfer full): the header
 */
SpareBundleHeader *
spare_bundle_header_new (SpareBundleType type, const char *from, const char *to)
{
  SpareBundleHeader *self = g_new0 (SpareBundleHeader, 1);

  self->type = type;
  self->id = g_uuid_string_random ();
  self->created = g_get_real_time () / G_USEC_PER_SEC;
  self->from = g_strdup (from);
  self->to = g_strdup (to);
  self->fields = json_object_new ();
  return self;
}

/**
 * spare_bundle_header_free:
 * @self: (transfer full): a header
 */
void
spare_bundle_header_free (SpareBundleHeader *self)
{
  g_free (self->id);
  g_free (self->from);
  g_free (self->to);
  g_free (self->certificate);
  g_clear_pointer (&self->fields, json_object_unref);
  g_free (self);
}

static gboolean
check_version (JsonObject *line, GError **error)
{
  guint64 version;

  if (!spare_json_get_uint64 (line, "sparekey", G_MAXINT64, &version, error))
    return FALSE;
  if (version == SPARE_BUNDLE_VERSION)
    return TRUE;
  if (version > SPARE_BUNDLE_VERSION)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                         _ ("This was written by a newer version of Spare Key. Nothing was "
                            "changed. Update Spare Key, then open it again."));
  else
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                         _ ("A record is damaged or was not written by Spare Key."));
  return FALSE;
}

static gboolean
check_type (const char *word, SpareBundleType *type, GError **error)
{
  if (spare_bundle_type_from_string (word, type))
    return TRUE;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                       _ ("This version of Spare Key does not know what kind of bundle this "
                          "is. Nothing was changed. Update Spare Key, then open it again."));
  return FALSE;
}

static JsonObject *
dup_fields (JsonObject *line)
{
  JsonObject *fields = json_object_new ();
  g_autoptr (GList) names = json_object_get_members (line);

  for (GList *name = names; name != NULL; name = name->next)
    if (!g_strv_contains (common, name->data))
      json_object_set_member (fields, name->data, json_object_dup_member (line, name->data));
  return fields;
}

/**
 * spare_bundle_header_parse:
 * @line: the first line of a bundle
 * @error: return location
 *
 * Fails with %SPARE_ERROR_UNSUPPORTED if the version is a higher one or the type is unknown, else with
 * %SPARE_ERROR_DAMAGED.
 *
 * Returns: (transfer full) (nullable): the header; its words are not proven yet
 */
SpareBundleHeader *
spare_bundle_header_parse (JsonObject *line, GError **error)
{
  g_autoptr (SpareBundleHeader) self = NULL;
  const char *word, *id, *from, *to, *certificate;
  SpareBundleType type;
  gint64 created;

  if (!check_version (line, error) || !spare_json_get_string (line, "type", 64, &word, error)
      || !check_type (word, &type, error) || !spare_json_get_uuid (line, "id", &id, error)
      || !spare_json_get_time (line, "created", &created, error)
      || !spare_json_get_fingerprint (line, "from", &from, error)
      || !spare_json_get_fingerprint (line, "to", &to, error)
      || !spare_json_get_string (line, "certificate", SPARE_JSON_LINE_MAX, &certificate, error))
    return NULL;
  self = g_new0 (SpareBundleHeader, 1);
  self->type = type;
  self->id = g_strdup (id);
  self->created = created;
  self->from = g_strdup (from);
  self->to = g_strdup (to);
  self->certificate = g_strdup (certificate);
  self->fields = dup_fields (line);
  return g_steal_pointer (&self);
}

/**
 * spare_bundle_header_to_json:
 * @self: a header, with its certificate
 *
 * Returns: (transfer full): the first line of the bundle
 */
JsonObject *
spare_bundle_header_to_json (const SpareBundleHeader *self)
{
  JsonObject *line = json_object_new ();
  g_autoptr (GList) names = json_object_get_members (self->fields);

  json_object_set_int_member (line, "sparekey", SPARE_BUNDLE_VERSION);
  json_object_set_string_member (line, "type", spare_bundle_type_to_string (self->type));
  json_object_set_string_member (line, "id", self->id);
  spare_json_set_time (line, "created", self->created);
  json_object_set_string_member (line, "from", self->from);
  json_object_set_string_member (line, "to", self->to);
  json_object_set_string_member (line, "certificate", self->certificate);
  for (GList *name = names; name != NULL; name = name->next)
    if (!g_strv_contains (common, name->data))
      json_object_set_member (line, name->data,
                              json_object_dup_member (self->fields, name->data));
  return line;
}

/**
 * spare_bundle_header_dup_file_name:
 * @self: a header
 *
 * Returns: (transfer full): the name of the bundle's file, `deposit-0123456789abcdef.sparekey`. A name is for people: no
 *   reader believes it
 */
char *
spare_bundle_header_dup_file_name (const SpareBundleHeader *self)
{
  char digits[NAME_DIGITS + 1];
  gsize n = 0;

  for (const char *at = self->id; *at != '\0' && n < NAME_DIGITS; at++)
    if (*at != '-')
      digits[n++] = *at;
  digits[n] = '\0';
  return g_strdup_printf ("%s-%s.sparekey", spare_bundle_type_to_string (self->type), digits);
}

/**
 * spare_bundle_header_dup_notation:
 * @self: a header
 *
 * Returns: (transfer full): what the notation %SPARE_BUNDLE_NOTATION of the signature says:
 *   `1:<type>:<receiver's fingerprint>`
 */
char *
spare_bundle_header_dup_notation (const SpareBundleHeader *self)
{
  return g_strdup_printf ("%d:%s:%s", SPARE_BUNDLE_VERSION,
                          spare_bundle_type_to_string (self->type), self->to);
}

/**
 * spare_written_bundle_new:
 * @path: where it lies now
 * @header: its header
 * @n_records: how many records it has
 *
 * Returns: (transfer full): what can be said of it
 */
SpareWrittenBundle *
spare_written_bundle_new (const char *path, const SpareBundleHeader *header, guint n_records)
{
  SpareWrittenBundle *self = g_new0 (SpareWrittenBundle, 1);

  self->path = g_strdup (path);
  self->type = header->type;
  self->id = g_strdup (header->id);
  self->to = g_strdup (header->to);
  self->n_records = n_records;
  return self;
}

/**
 * spare_written_bundle_free:
 * @self: (transfer full): what was said of a bundle
 */
void
spare_written_bundle_free (SpareWrittenBundle *self)
{
  g_free (self->path);
  g_free (self->id);
  g_free (self->to);
  g_free (self);
}
