/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was deposited for the files of a case.
 *
 * Promise: when verified, a packet speaks for a claim only if it stands in a kept bundle of which the authority signed
 * that it came in, from whom, when, and where in the audit log, and if it opens and its proof fits now. Of the
 * registry's rows nothing is believed but where to look.
 */
#include "config.h"

#include "spare-dossier-private.h"

#include "spare-error.h"
#include "spare-json-line.h"
#include "spare-kept-bundle-private.h"
#include "spare-transfer-record.h"

#define STEP 50

/* So many packets with one file id are looked at. */
#define CANDIDATES_MAX 200

typedef GPtrArray Candidates; /* of SpareCandidate */

static gint64
earliest (gint64 a, gint64 b)
{
  if (a == 0 || b == 0)
    return MAX (a, b);
  return MIN (a, b);
}

static SpareClaimContext
make_context (const SpareDossier *self)
{
  const SpareAuthorityRules *rules = spare_authority_policy_get_rules (self->policy);
  SpareClaimContext context = {
    .old = self->row->old,
    .enrolled = self->owner != NULL && self->owner->enrolled,
    .must_enrol = rules->require_enrolled,
    .opened = self->sequence,
    .lost_time = self->row->since,
  };

  if (self->owner != NULL && self->owner->lost != SPARE_LOSS_NONE)
    {
      context.lost_sequence = self->owner->lost_sequence;
      context.lost_time = earliest (context.lost_time, self->owner->lost_since);
    }
  context.lost_sequence = earliest (context.lost_sequence, self->logged_loss);
  context.lost_time = earliest (context.lost_time, self->logged_since);
  return context;
}

static SpareCandidate *
candidate_from_row (const SpareDossier *self, const SpareRegistryPacket *packet)
{
  SpareCandidate *candidate = spare_candidate_new ();

  candidate->owner = g_strdup (packet->owner);
  candidate->serial = g_strdup (packet->serial);
  candidate->sha256 = g_strdup (packet->sha256);
  candidate->tag = packet->tag;
  candidate->data_head = g_bytes_ref (packet->data_head);
  candidate->size = packet->size;
  candidate->conflict = packet->conflict;
  candidate->time = packet->transfer_from != NULL ? packet->stated_intake : packet->intake;
  candidate->sequence = packet->sequence;
  candidate->bundle = g_strdup (packet->bundle);
  candidate->proven = packet->proven
                      && (packet->transfer_from == NULL
                          || spare_authority_policy_trusts_transfer (self->policy,
                                                                     packet->transfer_from));
  return candidate;
}

static gboolean
add_rows (const SpareDossier *self,
          const SpareRegistryQuery *query,
          gboolean of_old,
          GPtrArray *rows,
          GError **error)
{
  g_autoptr (GPtrArray)
      found = spare_registry_list_packets (spare_authority_get_registry (self->authority),
                                           query, error);

  if (found == NULL)
    return FALSE;
  while (found->len > 0)
    {
      SpareRegistryPacket *packet = g_ptr_array_steal_index (found, 0);

      if (g_str_equal (packet->owner, self->row->old) == of_old)
        g_ptr_array_add (rows, packet);
      else
        spare_registry_packet_free (packet);
    }
  return TRUE;
}

/* What the old key deposited, and of all others only what is proven: whoever can read a file can deposit as much for its
 * head as he likes, and must not hide the owner's packet behind it. */
static GPtrArray *
find_rows (const SpareDossier *self, const char *file_id, GError **error)
{
  const SpareRegistryQuery mine = {
    .file_id = file_id, .owner = self->row->old, .oldest_first = TRUE, .limit = CANDIDATES_MAX
  };
  const SpareRegistryQuery others = {
    .file_id = file_id, .proven = SPARE_ONLY, .oldest_first = TRUE, .limit = CANDIDATES_MAX
  };
  g_autoptr (GPtrArray)
      rows = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_registry_packet_free);

  if ((*self->row->old != '\0' && !add_rows (self, &mine, TRUE, rows, error))
      || !add_rows (self, &others, FALSE, rows, error))
    return NULL;
  return g_steal_pointer (&rows);
}

/* --- As the tables have it --- */

static Candidates *
find_indexed (const SpareDossier *self, const SpareClaim *claim, GError **error)
{
  g_autoptr (GPtrArray) rows = find_rows (self, claim->record->file_id, error);
  g_autoptr (GPtrArray)
      found = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_candidate_free);

  if (rows == NULL)
    return NULL;
  for (guint i = 0; i < rows->len; i++)
    g_ptr_array_add (found, candidate_from_row (self, g_ptr_array_index (rows, i)));
  return g_steal_pointer (&found);
}

/* --- As the kept bundles have it --- */

/* What is wanted of one kept bundle. */
typedef struct
{
  GHashTable *packets; /* SHA-256 of a packet → SpareRegistryPacket */
} Wanted;

static void
wanted_free (gpointer data)
{
  Wanted *wanted = data;

  g_hash_table_unref (wanted->packets);
  g_free (wanted);
}

static void
want (GHashTable *bundles, SpareRegistryPacket *packet)
{
  Wanted *wanted = g_hash_table_lookup (bundles, packet->bundle);

  if (wanted == NULL)
    {
      wanted = g_new0 (Wanted, 1);
      wanted->packets = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                               (GDestroyNotify) spare_registry_packet_free);
      g_hash_table_insert (bundles, g_strdup (packet->bundle), wanted);
    }
  g_hash_table_replace (wanted->packets, packet->sha256, packet);
}

static GHashTable *
find_wanted (const SpareDossier *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable)
      bundles = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, wanted_free);

  for (guint i = 0; i < self->claims->len; i++)
    {
      const SpareClaim *claim = g_ptr_array_index (self->claims, i);
      g_autoptr (GPtrArray) rows = NULL;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      rows = find_rows (self, claim->record->file_id, error);
      if (rows == NULL)
        return NULL;
      while (rows->len > 0)
        want (bundles, g_ptr_array_steal_index (rows, rows->len - 1));
    }
  return g_steal_pointer (&bundles);
}

typedef struct
{
  SpareDossier *dossier;
  SpareKeptBundle *kept;
  const char *sha256; /* of the bundle */
  GHashTable *found;  /* file id → Candidates */
  GCancellable *cancellable;
} Reading;

static void
add_found (Reading *reading, const SpareDepositRecord *record, SpareCandidate *candidate)
{
  Candidates *list = g_hash_table_lookup (reading->found, record->file_id);

  candidate->serial = g_strdup (record->serial);
  candidate->sha256 = g_strdup (record->sha256);
  candidate->tag = spare_head_get_container_tag (record->head);
  candidate->data_head = g_bytes_ref (spare_head_get_data_head (record->head));
  candidate->size = record->size;
  candidate->sequence = spare_kept_bundle_get_sequence (reading->kept);
  candidate->bundle = g_strdup (reading->sha256);
  if (list == NULL)
    {
      list = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_candidate_free);
      g_hash_table_insert (reading->found, g_strdup (record->file_id), list);
    }
  g_ptr_array_add (list, candidate);
}

static gboolean
read_deposit (Reading *reading,
              JsonObject *object,
              const SpareRegistryPacket *row,
              GError **error)
{
  const char *owner = spare_kept_bundle_get_sender (reading->kept);
  g_autoptr (SpareDepositRecord) record = spare_deposit_record_from_json (object, NULL);
  g_autoptr (SpareCandidate) candidate = spare_candidate_new ();

  if (record == NULL || !g_str_equal (record->sha256, row->sha256))
    return TRUE;
  if (!spare_packet_opener_prove_sync (reading->dossier->opener, owner, record,
                                       &candidate->proven, reading->cancellable, error))
    return FALSE;
  candidate->owner = g_strdup (owner);
  candidate->time = spare_kept_bundle_get_time (reading->kept);
  candidate->conflict = row->conflict;
  add_found (reading, record, g_steal_pointer (&candidate));
  g_hash_table_replace (reading->dossier->records, g_strconcat (owner, record->sha256, NULL),
                        record);
  record = NULL;
  return TRUE;
}

static gboolean
read_transfer (Reading *reading,
               JsonObject *object,
               const SpareRegistryPacket *row,
               GError **error)
{
  const char *sender = spare_kept_bundle_get_sender (reading->kept);
  g_autoptr (SpareTransferRecord) record = spare_transfer_record_from_json (object, NULL);
  g_autoptr (SpareCandidate) candidate = spare_candidate_new ();
  char *name;

  if (record == NULL || !g_str_equal (record->deposit->sha256, row->sha256))
    return TRUE;
  candidate->owner = g_strdup (record->owner);
  candidate->time = record->intake;
  candidate->conflict = row->conflict;
  candidate->proven = record->proven
                      && spare_authority_policy_trusts_transfer (reading->dossier->policy,
                                                                 sender);
  add_found (reading, record->deposit, g_steal_pointer (&candidate));
  /* In two steps: which argument of a call is worked out first is the compiler's choice. */
  name = g_strconcat (record->owner, record->deposit->sha256, NULL);
  g_hash_table_replace (reading->dossier->records, name, g_steal_pointer (&record->deposit));
  return TRUE;
}

static gboolean
read_records (Reading *reading, Wanted *wanted, GError **error)
{
  SpareBundleType type = spare_kept_bundle_get_type (reading->kept);

  for (;;)
    {
      g_autoptr (JsonObject) object = NULL;
      const char *sha256;
      const SpareRegistryPacket *row;

      if (g_cancellable_set_error_if_cancelled (reading->cancellable, error)
          || !spare_kept_bundle_next (reading->kept, &object, error))
        return FALSE;
      if (object == NULL)
        return TRUE;
      /* As stated: only to pass over the others quickly. It is computed again when the record is read. */
      if (!spare_json_get_hex (object, "sha256", SPARE_JSON_SHA256_DIGITS, &sha256, NULL))
        continue;
      row = g_hash_table_lookup (wanted->packets, sha256);
      if (row == NULL)
        continue;
      if (!(type == SPARE_BUNDLE_DEPOSIT    ? read_deposit (reading, object, row, error)
            : type == SPARE_BUNDLE_TRANSFER ? read_transfer (reading, object, row, error)
                                            : TRUE))
        return FALSE;
    }
}

/* A bundle that is gone or changed speaks for nothing; it doesn't stop the others. */
static gboolean
read_bundle (SpareDossier *self,
             const char *sha256,
             Wanted *wanted,
             GHashTable *found,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (SpareKeptBundle)
      kept = spare_kept_bundle_open_sync (self->authority, sha256, cancellable, &failure);
  Reading reading = { self, kept, sha256, found, cancellable };

  if (kept != NULL)
    return read_records (&reading, wanted, error);
  if (g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_DAMAGED))
    {
      g_debug ("kept bundle %s: %s", sha256, failure->message);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* Returns: file id → Candidates, of all claims. */
static GHashTable *
find_verified (SpareDossier *self,
               SpareProgressMeter *progress,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (GHashTable) bundles = find_wanted (self, cancellable, error);
  g_autoptr (GHashTable) found = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                                        (GDestroyNotify) g_ptr_array_unref);
  GHashTableIter iter;
  gpointer sha256;
  gpointer wanted;
  guint n = 0;

  if (bundles == NULL)
    return NULL;
  g_hash_table_iter_init (&iter, bundles);
  while (g_hash_table_iter_next (&iter, &sha256, &wanted))
    {
      spare_progress_meter_report (progress, SPARE_STAGE_CHECKING, n++,
                                   g_hash_table_size (bundles));
      if (!read_bundle (self, sha256, wanted, found, cancellable, error))
        return NULL;
    }
  return g_steal_pointer (&found);
}

/* --- Judging --- */

gboolean
spare_dossier_judge_claims_sync (SpareDossier *self,
                                 SpareProgressMeter *progress,
                                 GCancellable *cancellable,
                                 GError **error)
{
  const SpareClaimContext context = make_context (self);
  g_autoptr (GHashTable) verified = NULL;

  if (self->depth == SPARE_DOSSIER_VERIFIED)
    {
      verified = find_verified (self, progress, cancellable, error);
      if (verified == NULL)
        return FALSE;
    }
  for (guint i = 0; i < self->claims->len; i++)
    {
      SpareClaim *claim = g_ptr_array_index (self->claims, i);
      g_autoptr (GPtrArray) candidates = NULL;

      if (i % STEP == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (verified == NULL)
        candidates = find_indexed (self, claim, error);
      else
        {
          candidates = g_hash_table_lookup (verified, claim->record->file_id);
          candidates = candidates != NULL ? g_ptr_array_ref (candidates) : g_ptr_array_new ();
        }
      if (candidates == NULL)
        return FALSE;
      spare_claim_judge (claim, &context, candidates);
    }
  return TRUE;
}
