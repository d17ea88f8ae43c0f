/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A case as it was when somebody asked for it.
 *
 * Promise: it never changes, and nothing is decided by it: what a grant rests on is computed again from the kept
 * bundles when the grant is made.
 */
#include "config.h"

#include "spare-case-private.h"

static const char *const state_words[] = {
  [SPARE_CASE_IDENTITY] = "identity", [SPARE_CASE_APPROVAL] = "approval",
  [SPARE_CASE_WAITING] = "waiting",   [SPARE_CASE_READY] = "ready",
  [SPARE_CASE_GRANTED] = "granted",   [SPARE_CASE_REFUSED] = "refused",
  [SPARE_CASE_EXPIRED] = "expired",   [SPARE_CASE_WITHDRAWN] = "withdrawn",
};

G_DEFINE_BOXED_TYPE (SpareCase, spare_case, spare_case_ref, spare_case_unref)

/**
 * spare_case_state_to_string:
 * @state: a state
 *
 * Returns: its word in the tool's JSON; not translated
 */
const char *
spare_case_state_to_string (SpareCaseState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (state_words), "");

  return state_words[state];
}

void
spare_case_file_free (SpareCaseFile *self)
{
  g_free (self->file_id);
  g_free (self->name);
  g_free (self->serial);
  g_free (self->sha256);
  g_free (self->why);
  g_free (self);
}

void
spare_case_check_free (SpareCaseCheck *self)
{
  g_free (self->check);
  g_free (self->evidence);
  g_free (self);
}

void
spare_case_approval_free (SpareCaseApproval *self)
{
  g_free (self->officer);
  g_free (self->fingerprint);
  g_free (self->why);
  g_free (self);
}

SpareCase *
spare_case_new_private (void)
{
  SpareCase *self = g_new0 (SpareCase, 1);

  self->ref_count = 1;
  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_case_file_free);
  self->identity = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_case_check_free);
  self->approvals = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_case_approval_free);
  return self;
}

/**
 * spare_case_ref:
 * @self: a case
 *
 * Returns: (transfer full): @self
 */
SpareCase *
spare_case_ref (SpareCase *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * spare_case_unref:
 * @self: (transfer full): a case
 */
void
spare_case_unref (SpareCase *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_free (self->id);
  g_free (self->request_id);
  g_free (self->request_sha256);
  g_free (self->requester);
  g_free (self->old);
  g_free (self->key);
  g_free (self->subkey);
  g_free (self->person);
  g_free (self->contact);
  g_free (self->reason);
  g_free (self->lost);
  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->identity);
  g_ptr_array_unref (self->approvals);
  g_free (self->manifest);
  g_free (self->answer);
  g_free (self->answer_path);
  g_free (self->answer_reason);
  g_free (self);
}
