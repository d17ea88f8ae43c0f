/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Cases, as the commands of authority mode show them, and the homes of officers' keys. */

#include "config.h"

#include "spare-tool-case.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdio.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-paths.h"
#include "spare-tool-bundles.h"

/* --- JSON --- */

static void
json_identity (JsonBuilder *builder, GPtrArray *checks)
{
  json_builder_set_member_name (builder, "identity");
  json_builder_begin_array (builder);
  for (guint i = 0; i < checks->len; i++)
    {
      const SpareCaseCheck *check = g_ptr_array_index (checks, i);

      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "check", check->check);
      spare_tool_json_boolean (builder, "done", check->done);
      spare_tool_json_string (builder, "evidence", check->evidence);
      spare_tool_json_time (builder, "time", check->time);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
json_approvals (JsonBuilder *builder, GPtrArray *approvals)
{
  json_builder_set_member_name (builder, "approvals");
  json_builder_begin_array (builder);
  for (guint i = 0; i < approvals->len; i++)
    {
      const SpareCaseApproval *approval = g_ptr_array_index (approvals, i);

      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "officer", approval->officer);
      spare_tool_json_time (builder, "time", approval->time);
      spare_tool_json_string (builder, "fingerprint", approval->fingerprint);
      spare_tool_json_boolean (builder, "counts", approval->counts);
      spare_tool_json_string (builder, "why", approval->why);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
json_claims (JsonBuilder *builder, GPtrArray *files)
{
  json_builder_set_member_name (builder, "claims");
  json_builder_begin_array (builder);
  for (guint i = 0; i < files->len; i++)
    {
      const SpareCaseFile *file = g_ptr_array_index (files, i);

      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "file-id", file->file_id);
      spare_tool_json_name (builder, "name", "name-bytes", file->name);
      spare_tool_json_number (builder, "size", (gint64) MIN (file->size, (guint64) G_MAXINT64));
      spare_tool_json_string (builder, "verdict", spare_verdict_to_string (file->verdict));
      spare_tool_json_string (builder, "serial", file->serial);
      spare_tool_json_string (builder, "why", file->why);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
json_grant (JsonBuilder *builder, const SpareGrantResult *grant)
{
  json_builder_set_member_name (builder, "grant");
  json_builder_begin_object (builder);
  spare_tool_json_name (builder, "path", "path-bytes", grant->path);
  spare_tool_json_number (builder, "records", (gint64) grant->n_records);
  spare_tool_json_string (builder, "id", grant->id);
  spare_tool_json_string (builder, "to", grant->to);
  spare_tool_json_boolean (builder, "again", grant->again);
  json_builder_set_member_name (builder, "left-out");
  json_builder_begin_array (builder);
  for (guint i = 0; i < grant->left_out->len; i++)
    {
      const SpareGrantLeftOut *left = g_ptr_array_index (grant->left_out, i);

      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "file-id", left->file_id);
      spare_tool_json_name (builder, "name", "name-bytes", left->name);
      spare_tool_json_string (builder, "why", left->why);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

/* @whole: what takes a line for each file too */
static void
json_case (JsonBuilder *builder, SpareCase *one, gboolean whole, const SpareGrantResult *grant)
{
  json_builder_begin_object (builder);
  spare_tool_json_string (builder, "id", one->id);
  spare_tool_json_string (builder, "state", spare_case_state_to_string (one->state));
  spare_tool_json_string (builder, "requester", one->requester);
  spare_tool_json_number (builder, "files", one->files->len);
  spare_tool_json_number (builder, "matched", one->n_matched);
  spare_tool_json_number (builder, "unmatched", one->n_unmatched);
  json_identity (builder, one->identity);
  json_approvals (builder, one->approvals);
  spare_tool_json_number (builder, "approved", one->n_approved);
  spare_tool_json_number (builder, "needed", one->n_needed);
  spare_tool_json_string (builder, "request", one->request_id);
  spare_tool_json_string (builder, "old", one->old);
  spare_tool_json_string (builder, "key", one->key);
  spare_tool_json_string (builder, "subkey", one->subkey);
  spare_tool_json_string (builder, "person", one->person);
  spare_tool_json_string (builder, "contact", one->contact);
  spare_tool_json_boolean (builder, "owner-enrolled", one->owner_enrolled);
  spare_tool_json_boolean (builder, "unmatched-allowed", one->unmatched_allowed);
  spare_tool_json_string (builder, "reason", one->reason);
  spare_tool_json_string (builder, "lost", one->lost);
  spare_tool_json_time (builder, "opened", one->opened);
  spare_tool_json_time (builder, "expires", one->expires);
  spare_tool_json_time (builder, "waiting-until", one->waiting_until);
  spare_tool_json_string (builder, "manifest", one->manifest);
  spare_tool_json_string (builder, "answer", one->answer);
  spare_tool_json_string (builder, "answer-reason", one->answer_reason);
  if (whole)
    json_claims (builder, one->files);
  if (grant != NULL)
    json_grant (builder, grant);
  json_builder_end_object (builder);
}

/* --- Words --- */

static const char *
describe_state (SpareCaseState state)
{
  switch (state)
    {
    case SPARE_CASE_IDENTITY:
      return _ ("identity checks are missing");
    case SPARE_CASE_APPROVAL:
      return _ ("approvals are missing");
    case SPARE_CASE_WAITING:
      return _ ("the waiting time is not over");
    case SPARE_CASE_READY:
      return _ ("ready to be recovered");
    case SPARE_CASE_GRANTED:
      return C_ ("case", "granted");
    case SPARE_CASE_REFUSED:
      return C_ ("case", "refused");
    case SPARE_CASE_EXPIRED:
      return _ ("expired");
    case SPARE_CASE_WITHDRAWN:
    default:
      return _ ("withdrawn");
    }
}

static void
print_pair (const char *what, const char *text)
{
  g_autofree char *shown = spare_display_text (text != NULL ? text : "", -1, 400);

  if (*shown != '\0')
    spare_tool_print ("  %-12s %s", what, shown);
}

static void
print_steps (SpareCase *one)
{
  for (guint i = 0; i < one->identity->len; i++)
    {
      const SpareCaseCheck *check = g_ptr_array_index (one->identity, i);
      g_autofree char *evidence = spare_display_text (check->evidence != NULL ? check->evidence
                                                                              : "",
                                                      -1, 200);

      spare_tool_print ("  [%c] %s  %s", check->done ? 'x' : ' ', check->check, evidence);
    }
  for (guint i = 0; i < one->approvals->len; i++)
    {
      const SpareCaseApproval *approval = g_ptr_array_index (one->approvals, i);
      g_autofree char *officer = spare_display_text (approval->officer, -1, 80);

      if (approval->counts)
        spare_tool_print (_ ("  approved by %s"), officer);
      else
        /* Translators: the name of a person, then the reason as a sentence */
        spare_tool_print (_ ("  approval by %s does not count: %s"), officer, approval->why);
    }
  spare_tool_print (_ ("  Approvals: %u of %u"), one->n_approved, one->n_needed);
}

static void
print_file (const SpareCaseFile *file)
{
  g_autofree char *name = spare_display_text (file->name != NULL ? file->name : "", -1, 120);
  g_autofree char *serial = spare_display_text (file->serial != NULL ? file->serial : "", -1,
                                                40);

  spare_tool_print ("  %-9s  %s  %s  %s", spare_verdict_to_string (file->verdict),
                    file->file_id, serial, name);
  if (file->why != NULL && *file->why != '\0')
    spare_tool_print ("             %s", file->why);
}

static void
print_person (SpareCase *one)
{
  print_pair (_ ("Person"), one->person);
  print_pair (_ ("Contact"), one->contact);
  print_pair (_ ("Reason"), one->reason);
  print_pair (_ ("Old key"), one->old);
  print_pair (_ ("New key"), one->key);
}

/* @whole: with who asks and each file */
static void
print_case (SpareCase *one, gboolean whole)
{
  g_autofree char *requester = spare_display_text (one->requester, -1, 80);

  spare_tool_print ("%s  %s  %s", one->id, describe_state (one->state), requester);
  spare_tool_print (_ ("  Files: %u, matched: %u, unmatched: %u"), one->files->len,
                    one->n_matched, one->n_unmatched);
  if (whole)
    print_person (one);
  print_steps (one);
  for (guint i = 0; whole && i < one->files->len; i++)
    print_file (g_ptr_array_index (one->files, i));
  print_pair (_ ("Answer"), one->answer_reason);
}

static void
print_grant (const SpareGrantResult *grant)
{
  g_autofree char *path = spare_display_text (grant->path != NULL ? grant->path : "", -1, 400);

  for (guint i = 0; i < grant->left_out->len; i++)
    {
      const SpareGrantLeftOut *left = g_ptr_array_index (grant->left_out, i);
      g_autofree char *name = spare_display_text (left->name != NULL ? left->name : "", -1,
                                                  120);

      fprintf (stderr, "%s: %s\n", name, left->why);
    }
  spare_tool_print (_ ("Files granted: %" PRIu64), grant->n_records);
  spare_tool_print ("%s", path);
}

/* --- Showing --- */

int
spare_tool_show_cases (SpareTool *self, GPtrArray *cases)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "cases");
  json_builder_begin_array (builder);
  for (guint i = 0; i < cases->len; i++)
    if (self->json)
      json_case (builder, g_ptr_array_index (cases, i), FALSE, NULL);
    else
      print_case (g_ptr_array_index (cases, i), FALSE);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  if (self->json)
    spare_tool_print_json (builder);
  return SPARE_TOOL_DONE;
}

/* What policy leaves out is no failure; a claim that it allows and that was not granted is one. */
static gboolean
is_all_granted (SpareCase *one, const SpareGrantResult *grant)
{
  return grant->n_records
         >= (guint64) one->n_matched + (one->unmatched_allowed ? one->n_unmatched : 0);
}

int
spare_tool_show_case (SpareTool *self,
                      SpareCase *one,
                      gboolean whole,
                      GPtrArray *bundles,
                      const SpareGrantResult *grant)
{
  if (self->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "cases");
      json_builder_begin_array (builder);
      json_case (builder, one, TRUE, grant);
      json_builder_end_array (builder);
      if (grant != NULL)
        json_grant (builder, grant);
      if (bundles != NULL)
        spare_tool_json_bundles (builder, bundles);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
    }
  else
    {
      print_case (one, whole);
      if (bundles != NULL)
        spare_tool_print_bundles (bundles);
      if (grant != NULL)
        print_grant (grant);
    }
  return grant == NULL || is_all_granted (one, grant) ? SPARE_TOOL_DONE : SPARE_TOOL_SOME;
}

/* --- Officers' keys --- */

static gboolean
has_key (SpareHome *home, const char *fingerprint, GCancellable *cancellable)
{
  g_autoptr (SpareKey)
      key = spare_home_get_key_sync (home, fingerprint, TRUE, cancellable, NULL);

  return key != NULL;
}

SpareHome *
spare_tool_find_officer_home (SpareTool *self, const char *fingerprint, GError **error)
{
  SpareHome *own = spare_authority_get_home (self->authority);
  g_autoptr (SpareHome) personal = spare_home_new_personal ();
  g_autofree char *data = spare_paths_dup_data_dir ();
  g_autofree char *keys = g_build_filename (data, "gnupg", NULL);

  if (has_key (own, fingerprint, self->cancellable))
    return g_object_ref (own);
  if (spare_home_exists (personal) && has_key (personal, fingerprint, self->cancellable))
    return g_steal_pointer (&personal);
  /* Nobody who has no keys in the keyring is asked about it. */
  if (g_file_test (keys, G_FILE_TEST_IS_DIR))
    {
      if (!spare_tool_open (self, error))
        return NULL;
      if (has_key (spare_owner_get_home (self->owner), fingerprint, self->cancellable))
        return g_object_ref (spare_owner_get_home (self->owner));
    }
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
               _ ("The secret key %s is not on this computer. Nothing was approved."),
               fingerprint);
  return NULL;
}

GPtrArray *
spare_tool_list_certificate_homes (SpareTool *self)
{
  GPtrArray *homes = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (SpareHome) personal = spare_home_new_personal ();
  g_autofree char *data = spare_paths_dup_data_dir ();
  g_autofree char *keys = g_build_filename (data, "gnupg", NULL);

  g_ptr_array_add (homes, g_object_ref (spare_authority_get_home (self->authority)));
  if (g_file_test (keys, G_FILE_TEST_IS_DIR))
    g_ptr_array_add (homes, spare_home_new (SPARE_HOME_OWN, keys));
  if (spare_home_exists (personal))
    g_ptr_array_add (homes, g_steal_pointer (&personal));
  return homes;
}
