/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file that a request asks for, and whether what was deposited speaks for it.
 *
 * Promise: a claim is matched only by a packet that the old key deposited, whose proof was verified, that was taken in
 * before the case was opened and before that key was reported lost, whose owner is known to the officers, and whose
 * data head is the file's own, whole. A file id alone finds, it doesn't prove: another file with the same head can be
 * made in no time. Where what is found doesn't agree the answer is "unsure", and unsure is treated as unmatched.
 */
#include "config.h"

#include "spare-claim-private.h"

#include <glib/gi18n-lib.h>

/* How much larger than an encrypted file the plain one may be (gpg's compression reaches a thousandfold), and how much
 * smaller: a folder's size is that of its files, and an armored file is a third larger than its octets. */
#define COMPRESSION_MAX 2000
#define GROWTH_MAX      4
#define GROWTH_FREE     (64 * 1024 * 1024)

SpareCandidate *
spare_candidate_new (void)
{
  return g_new0 (SpareCandidate, 1);
}

void
spare_candidate_free (SpareCandidate *self)
{
  g_free (self->owner);
  g_free (self->serial);
  g_free (self->sha256);
  g_clear_pointer (&self->data_head, g_bytes_unref);
  g_free (self->bundle);
  g_free (self);
}

/* Without a packet of its own, a claim is named by the data head it is for. */
static char *
hash_source (const SpareRequestRecord *record)
{
  g_autoptr (GBytes) packet = spare_request_record_dup_packet (record);

  return g_compute_checksum_for_bytes (G_CHECKSUM_SHA256,
                                       packet != NULL ? packet : record->data_head);
}

char *
spare_claim_name (const SpareRequestRecord *record)
{
  g_autofree char *source = hash_source (record);

  return g_strconcat (record->file_id, source, NULL);
}

/**
 * spare_claim_new:
 * @record: (transfer full): what the request says of the file
 *
 * Returns: (transfer full): a claim that nothing speaks for yet
 */
SpareClaim *
spare_claim_new (SpareRequestRecord *record)
{
  SpareClaim *self = g_new0 (SpareClaim, 1);

  self->record = record;
  self->verdict = SPARE_VERDICT_UNMATCHED;
  self->serial = g_strdup ("");
  self->sha256 = hash_source (record);
  return self;
}

void
spare_claim_free (SpareClaim *self)
{
  spare_request_record_free (self->record);
  g_free (self->serial);
  g_free (self->sha256);
  g_free (self->bundle);
  g_free (self->why);
  g_free (self);
}

static void
say (SpareClaim *self, SpareVerdict verdict, const char *why)
{
  self->verdict = verdict;
  g_free (self->why);
  self->why = g_strdup (why);
}

/* @plain as the owner said, @encrypted as the request says: words of two people, not evidence. */
static gboolean
sizes_agree (guint64 plain, guint64 encrypted)
{
  return plain / COMPRESSION_MAX <= encrypted && encrypted / GROWTH_MAX <= plain + GROWTH_FREE;
}

static gboolean
is_in_time (const SpareCandidate *candidate, const SpareClaimContext *context)
{
  return candidate->sequence < context->opened
         && (context->lost_sequence == 0 || candidate->sequence < context->lost_sequence)
         && (context->lost_time == 0 || candidate->time < context->lost_time);
}

/* What keeps a packet of the old key from matching; NULL: nothing. */
static const char *
find_fault (const SpareClaim *self,
            const SpareClaimContext *context,
            const SpareCandidate *candidate,
            gboolean *unsure)
{
  *unsure = FALSE;
  if (!candidate->proven)
    return _ ("It was deposited, but not proven: whoever deposited it did not show that the "
              "old key opens it.");
  if (!is_in_time (candidate, context))
    return _ ("It was deposited too late: after the old key was lost, or after this request.");

  *unsure = TRUE;
  if (candidate->tag != self->record->tag
      || !g_bytes_equal (candidate->data_head, self->record->data_head))
    return _ ("What was deposited is for another file that looks alike.");
  if (!sizes_agree (candidate->size, self->record->size))
    return _ ("The size of the file does not fit what was deposited.");
  if (candidate->conflict)
    return _ ("Two different spare keys were deposited under one serial.");

  *unsure = FALSE;
  return NULL;
}

static gboolean
others_claim_it (const SpareClaimContext *context, GPtrArray *candidates)
{
  for (guint i = 0; i < candidates->len; i++)
    {
      const SpareCandidate *candidate = g_ptr_array_index (candidates, i);

      if (!g_str_equal (candidate->owner, context->old) && candidate->proven)
        return TRUE;
    }
  return FALSE;
}

static void
match (SpareClaim *self, const SpareCandidate *candidate)
{
  say (self, SPARE_VERDICT_MATCHED,
       _ ("Deposited by the old key, proven, and before it was lost."));
  g_free (self->serial);
  g_free (self->sha256);
  g_free (self->bundle);
  self->serial = g_strdup (candidate->serial);
  self->sha256 = g_strdup (candidate->sha256);
  self->bundle = g_strdup (candidate->bundle);
}

static int
compare_candidates (gconstpointer a, gconstpointer b)
{
  const SpareCandidate *first = *(SpareCandidate *const *) a;
  const SpareCandidate *second = *(SpareCandidate *const *) b;

  if (first->sequence != second->sequence)
    return first->sequence < second->sequence ? -1 : 1;
  return g_strcmp0 (first->sha256, second->sha256);
}

/**
 * spare_claim_judge:
 * @self: a claim that was not judged before
 * @context: what is known of the case
 * @candidates: (element-type SpareCandidate): all packets with the file's id, whoever deposited them; gets sorted
 *
 * Decides, in the words of the exchange's rules, whether the claim is matched, unmatched or unsure, and by which packet.
 * Of several that match, the one that came first.
 */
void
spare_claim_judge (SpareClaim *self, const SpareClaimContext *context, GPtrArray *candidates)
{
  const SpareCandidate *best = NULL;
  const char *fault = NULL;
  gboolean unsure = FALSE;

  g_ptr_array_sort (candidates, compare_candidates);
  for (guint i = 0; i < candidates->len && best == NULL; i++)
    {
      const SpareCandidate *candidate = g_ptr_array_index (candidates, i);
      gboolean this_unsure = FALSE;
      const char *this_fault;

      if (!g_str_equal (candidate->owner, context->old))
        continue;
      this_fault = find_fault (self, context, candidate, &this_unsure);
      if (this_fault == NULL)
        best = candidate;
      else if (fault == NULL || (this_unsure && !unsure))
        {
          fault = this_fault;
          unsure = this_unsure;
        }
    }

  if (best == NULL)
    say (self, unsure ? SPARE_VERDICT_UNSURE : SPARE_VERDICT_UNMATCHED,
         fault != NULL ? fault : _ ("The old key never deposited a spare key for this file."));
  else if (others_claim_it (context, candidates))
    say (self, SPARE_VERDICT_UNSURE,
         _ ("Somebody else has deposited and proven a spare key for a file that looks alike."));
  else if (context->must_enrol && !context->enrolled)
    say (self, SPARE_VERDICT_UNMATCHED,
         _ ("The owner of the old key is not enrolled: nobody has confirmed who that is."));
  else
    match (self, best);
}
