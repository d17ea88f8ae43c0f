/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose old key a case is about.
 *
 * Promise: an owner is enrolled only if the authority's key signed so, with just these words, when the newest enrolment in
 * the log was made; an earlier statement that somebody put back enrols nobody. The person to be identified is who was
 * enrolled, under the name that the officer saw then: a later deposit by a stolen key or an edited row names nobody else.
 * Where no officer saw a name, it is taken from the owner's own certificate before anything is granted.
 */
#include "config.h"

#include "spare-dossier-private.h"

#include "spare-attestation-private.h"
#include "spare-audit-private.h"
#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-registry-private.h"

#include <string.h>

/* Whether a row of the log is this owner's enrolment. Rows that make no sense are for the log's verification. */
static gboolean
is_enrolment_of (const char *text, const char *fingerprint)
{
  g_autoptr (JsonObject) row = spare_json_line_parse (text, strlen (text), NULL);
  JsonObject *detail;
  const char *stated;

  return row != NULL && spare_json_get_object (row, "detail", &detail, NULL)
         && spare_json_get_string (detail, "owner", 64, &stated, NULL)
         && g_str_equal (stated, fingerprint);
}

static gboolean
find_newest (SpareDossier *self, gint64 *newest, GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (self->authority);
  SpareDatabase *database = spare_registry_lock (registry, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;
  gboolean row = FALSE;
  gboolean done;

  *newest = 0;
  if (database == NULL)
    return FALSE;
  stmt = spare_database_prepare (database,
                                 "SELECT sequence, text FROM audit WHERE event = 'owner.enroll'"
                                 " AND instr (text, ?1) > 0 ORDER BY sequence DESC",
                                 error);
  done = stmt != NULL;
  if (done)
    spare_registry_bind_text (stmt, 1, self->row->old);
  while (done && *newest == 0 && (done = spare_database_step (database, stmt, &row, error))
         && row)
    if (is_enrolment_of ((const char *) sqlite3_column_text (stmt, 1), self->row->old))
      *newest = sqlite3_column_int64 (stmt, 0);
  g_clear_pointer (&stmt, sqlite3_finalize);
  spare_registry_unlock (registry);
  return done;
}

static gboolean
text_is (JsonObject *statement, const char *name, const char *text)
{
  const char *stated;

  return spare_json_get_string (statement, name, SPARE_JSON_LINE_MAX, &stated, NULL)
         && g_strcmp0 (stated, text) == 0;
}

/* Enrolled is who an officer has enrolled, with these words, signed, and last. @name: (out): as whom; untouched if that is
 * not known. */
static gboolean
check_enrolment (SpareDossier *self, char **name, GCancellable *cancellable, GError **error)
{
  g_autofree char *subject = g_strconcat ("owner/", self->row->old, NULL);
  g_autoptr (GError) failure = NULL;
  g_autoptr (JsonObject) statement = spare_attestation_find_sync (self->authority, subject,
                                                                  NULL, cancellable, &failure);
  const char *stated = NULL;
  guint64 sequence;
  gint64 newest;

  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (!find_newest (self, &newest, error))
    return FALSE;
  self->owner->enrolled = statement != NULL
                          && text_is (statement, "contact", self->owner->contact)
                          && text_is (statement, "evidence", self->owner->evidence)
                          && spare_json_get_uint64 (statement, "sequence", G_MAXINT64,
                                                    &sequence, NULL)
                          && (gint64) sequence == newest;
  if (self->owner->enrolled
      && spare_json_get_string (statement, "user-id", SPARE_JSON_LINE_MAX, &stated, NULL)
      && *stated != '\0')
    *name = g_strdup (stated);
  return TRUE;
}

/* @name is untouched if the certificate is not his: then nothing here says who he is. */
static gboolean
read_certificate (SpareDossier *self, char **name, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareHome) scratch = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (GError) failure = NULL;

  if (self->owner->certificate == NULL)
    return TRUE;
  scratch = spare_home_new_scratch (error);
  if (scratch == NULL)
    return FALSE;
  key = spare_home_import_certificate_sync (scratch, self->owner->certificate, self->row->old,
                                            cancellable, &failure);
  if (key != NULL)
    *name = g_utf8_make_valid (spare_key_get_user_id (key), -1);
  else if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED)
           || g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_ENGINE))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  return TRUE;
}

static gboolean
find_name (SpareDossier *self, char **name, GCancellable *cancellable, GError **error)
{
  if (self->owner == NULL)
    return TRUE;
  if (self->owner->enrolled && !check_enrolment (self, name, cancellable, error))
    return FALSE;
  if (*name != NULL)
    return TRUE;
  if (self->depth == SPARE_DOSSIER_VERIFIED)
    return read_certificate (self, name, cancellable, error);
  *name = g_strdup (self->owner->user_id);
  return TRUE;
}

gboolean
spare_dossier_load_owner_sync (SpareDossier *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) failure = NULL;

  if (*self->row->old != '\0')
    self->owner = spare_registry_get_owner (spare_authority_get_registry (self->authority),
                                            self->row->old, &failure);
  /* Anybody can name a key that never was here. */
  if (failure != NULL && !g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (!find_name (self, &name, cancellable, error))
    return FALSE;
  self->person = spare_user_id_to_text (name != NULL && *name != '\0' ? name
                                                                      : self->row->requester);
  return TRUE;
}
