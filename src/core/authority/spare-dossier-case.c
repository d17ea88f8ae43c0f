/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of a dossier is shown: a copy that outlives it, for the window and the tool. Nothing is decided by it. */
#include "config.h"

#include "spare-dossier-private.h"

static SpareCaseFile *
file_new (const SpareClaim *claim)
{
  SpareCaseFile *file = g_new0 (SpareCaseFile, 1);

  file->file_id = g_strdup (claim->record->file_id);
  file->name = g_strdup (claim->record->name);
  file->size = claim->record->size;
  file->verdict = claim->verdict;
  file->serial = g_strdup (claim->serial);
  file->sha256 = g_strdup (claim->sha256);
  file->why = g_strdup (claim->why);
  return file;
}

static SpareCaseCheck *
check_copy (const SpareCaseCheck *check)
{
  SpareCaseCheck *copy = g_new0 (SpareCaseCheck, 1);

  copy->check = g_strdup (check->check);
  copy->done = check->done;
  copy->evidence = g_strdup (check->evidence);
  copy->time = check->time;
  return copy;
}

static SpareCaseApproval *
approval_copy (const SpareCaseApproval *approval)
{
  SpareCaseApproval *copy = g_new0 (SpareCaseApproval, 1);

  copy->officer = g_strdup (approval->officer);
  copy->fingerprint = g_strdup (approval->fingerprint);
  copy->time = approval->time;
  copy->counts = approval->counts;
  copy->why = g_strdup (approval->why);
  return copy;
}

static void
fill_lists (const SpareDossier *self, SpareCase *shown)
{
  for (guint i = 0; i < self->claims->len; i++)
    {
      const SpareClaim *claim = g_ptr_array_index (self->claims, i);

      g_ptr_array_add (shown->files, file_new (claim));
      if (claim->verdict == SPARE_VERDICT_MATCHED)
        shown->n_matched++;
      else
        shown->n_unmatched++;
    }
  for (guint i = 0; i < self->checks->len; i++)
    g_ptr_array_add (shown->identity, check_copy (g_ptr_array_index (self->checks, i)));
  for (guint i = 0; i < self->approvals->len; i++)
    g_ptr_array_add (shown->approvals, approval_copy (g_ptr_array_index (self->approvals, i)));
}

static void
fill_answer (const SpareDossier *self, SpareCase *shown)
{
  const SpareCaseRow *row = self->row;

  if (row->answer == NULL)
    return;
  shown->answer = g_strdup (row->answer_name);
  shown->answer_path = spare_authority_find_bundle_sync (self->authority, row->answer, NULL);
  shown->answer_reason = g_strdup (row->answer_reason);
}

/**
 * spare_dossier_to_case:
 *
 * Returns: (transfer full): what of it is shown
 */
SpareCase *
spare_dossier_to_case (const SpareDossier *self)
{
  const SpareAuthorityRules *rules = spare_authority_policy_get_rules (self->policy);
  const SpareCaseRow *row = self->row;
  SpareCase *shown = spare_case_new_private ();

  shown->id = g_strdup (row->id);
  shown->state = self->state;
  shown->request_id = g_strdup (row->request_id);
  shown->request_sha256 = g_strdup (row->request);
  shown->requester = g_strdup (row->requester);
  shown->old = g_strdup (row->old);
  shown->key = g_strdup (row->key);
  shown->subkey = g_strdup (row->subkey);
  shown->person = g_strdup (self->person);
  shown->owner_enrolled = self->owner != NULL && self->owner->enrolled;
  shown->contact = g_strdup (shown->owner_enrolled ? self->owner->contact : NULL);
  shown->reason = g_strdup (row->reason);
  shown->lost = g_strdup (row->lost);
  shown->opened = self->opened;
  shown->expires = self->expires;
  shown->waiting_until = self->waiting_until;
  shown->unmatched_allowed = rules->allow_unmatched;
  shown->n_approved = self->n_approved;
  shown->n_needed = self->n_needed;
  shown->manifest = g_strdup (self->manifest_sha256);
  fill_lists (self, shown);
  fill_answer (self, shown);
  return shown;
}
