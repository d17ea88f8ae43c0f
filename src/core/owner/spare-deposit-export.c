/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deposits on their way out: to a folder, a stick, or any GIO location.
 *
 * Promise: a packet counts as exported only after a bundle with it lies at the destination, durably, read back and
 * compared. In between there are three moments, and a kill at any of them does no harm: the bundle is in the outbox first
 * (then nothing has left, and it is handed over next time), then at the destination (next time the very same octets go
 * there again, under the same name), then the packets are marked.
 *
 * What is written: one bundle of all that is to go, freshly signed, while the key can sign; of several owners' keys, one
 * each. Where a key can't sign, the deposits that were signed at the end of each job go out as they are. What is left over
 * is said, packet by packet or in sum, and stays in the list.
 */
#include "config.h"

#include "spare-deposit-export-private.h"

#include "spare-delivery.h"
#include "spare-display.h"
#include "spare-error.h"

#include <glib/gi18n-lib.h>

/* Seconds. A deposit that young is handed over as it is rather than signed again: the step before it was interrupted, or it
 * was made at the end of the job just now. */
#define FRESH (24 * 60 * 60)

static void
leave_out (SpareExport *self, GError *error /* transfer full */)
{
  if (self->depositor.left_out != NULL)
    g_ptr_array_add (self->depositor.left_out, spare_left_out_new (NULL, error));
  else
    {
      g_debug ("left out: %s", error->message);
      g_error_free (error);
    }
}

static char *
dup_place (const char *to)
{
  return spare_delivery_is_local (to) ? g_filename_display_name (to) : g_strdup (to);
}

/* Hands one kept deposit over. Its packets count as exported from then on. */
static gboolean
deliver (SpareExport *self, const SpareKeptDeposit *deposit, GError **error)
{
  SpareOutbox *outbox = self->depositor.outbox;
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (SPARE_BUNDLE_DEPOSIT, deposit->owner,
                                        deposit->authority);
  g_autoptr (GBytes) octets = spare_outbox_dup_kept_octets_private (outbox, deposit->id, error);
  g_autofree char *place = dup_place (self->to);
  g_autofree char *name = NULL;
  g_autofree char *final = NULL;

  if (octets == NULL)
    return FALSE;
  g_free (header->id);
  header->id = g_strdup (deposit->id);
  name = spare_bundle_header_dup_file_name (header);
  if (!spare_delivery_put_sync (self->to, name, octets, &final, self->depositor.cancellable,
                                error)
      || !spare_outbox_mark_exported_private (outbox, deposit->id, place, error))
    return FALSE;

  g_ptr_array_add (self->written, spare_written_bundle_new (final != NULL ? final : name,
                                                            header, deposit->rows->len));
  self->n_exported += deposit->rows->len;
  return TRUE;
}

static gboolean
can_sign (SpareKey *key)
{
  return spare_key_get_signing_state (key, g_get_real_time () / G_USEC_PER_SEC)
         == SPARE_KEY_USABLE;
}

static GHashTable *
make_set (GPtrArray *entries)
{
  GHashTable *set = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < entries->len; i++)
    g_hash_table_add (set, ((SpareOutboxEntry *) g_ptr_array_index (entries, i))->serial);
  return set;
}

static guint
count_in_set (const SpareKeptDeposit *deposit, GHashTable *set)
{
  guint n = 0;

  for (guint i = 0; i < deposit->rows->len; i++)
    n += g_hash_table_contains (set, ((SpareDepositRow *) g_ptr_array_index (deposit->rows, i))
                                         ->serial);
  return n;
}

/* The kept deposit that is just what is to go out; NULL: there is none. */
static const SpareKeptDeposit *
find_same (GPtrArray *kept, GHashTable *set)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  for (guint i = 0; i < kept->len; i++)
    {
      const SpareKeptDeposit *deposit = g_ptr_array_index (kept, i);

      if (deposit->rows->len == g_hash_table_size (set)
          && count_in_set (deposit, set) == deposit->rows->len && deposit->created <= now
          && now - deposit->created < FRESH)
        return deposit;
    }
  return NULL;
}

/* Deposits that were signed before, as they are: the newest that have something of what is wanted. What none of them has
 * stays in @set. */
static gboolean
deliver_kept (SpareExport *self, GPtrArray *kept, GHashTable *set, GError **error)
{
  for (guint i = 0; i < kept->len && g_hash_table_size (set) > 0; i++)
    {
      const SpareKeptDeposit *deposit = g_ptr_array_index (kept, i);

      if (count_in_set (deposit, set) == 0)
        continue;
      if (!deliver (self, deposit, error))
        return FALSE;
      for (guint j = 0; j < deposit->rows->len; j++)
        g_hash_table_remove (set, ((SpareDepositRow *) g_ptr_array_index (deposit->rows, j))
                                      ->serial);
    }
  return TRUE;
}

/* Signs what is to go out as one deposit (or several, if it is much) and hands it over. */
static gboolean
deliver_fresh (SpareExport *self,
               SpareKey *signer,
               GPtrArray *entries,
               gboolean as_is,
               GError **error)
{
  g_autoptr (GPtrArray)
      made = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_kept_deposit_free);

  if (!spare_depositor_sign (&self->depositor, signer, entries, as_is, made, error))
    return FALSE;
  self->signed_now = TRUE;
  for (guint i = 0; i < made->len; i++)
    if (!deliver (self, g_ptr_array_index (made, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
lacks_proofs_to_be_made (GPtrArray *entries)
{
  for (guint i = 0; i < entries->len; i++)
    {
      const SpareOutboxEntry *entry = g_ptr_array_index (entries, i);

      if (!entry->has_proof && entry->own_esk != NULL)
        return TRUE;
    }
  return FALSE;
}

/* TRUE: all that @entries name was handed over. FALSE without an error can't be. */
static gboolean
deliver_by_key (SpareExport *self,
                SpareKey *signer,
                GPtrArray *entries,
                GPtrArray *kept,
                GHashTable *set,
                GError **error)
{
  const SpareKeptDeposit *same = find_same (kept, set);

  /* A proof that was put off is worth a new signature. */
  if (same != NULL && !lacks_proofs_to_be_made (entries))
    return deliver (self, same, error);
  return spare_depositor_prove (&self->depositor, entries, error)
         && deliver_fresh (self, signer, entries, TRUE, error);
}

static void
say_unsigned (SpareExport *self, const char *owner, guint n, const GError *reason)
{
  g_autofree char *shown = spare_display_fingerprint (owner);

  if (reason != NULL)
    leave_out (self, g_error_new (reason->domain, reason->code,
                                  /* Translators: %s is a whole sentence */
                                  ngettext ("%u spare key could not be signed: %s It stays in "
                                            "the list.",
                                            "%u spare keys could not be signed: %s They stay "
                                            "in the list.",
                                            n),
                                  n, reason->message));
  else
    leave_out (self, g_error_new (SPARE_ERROR, SPARE_ERROR_NO_KEY,
                                  ngettext ("%u spare key was made for your key %s, which "
                                            "can’t sign now. It stays in the list.",
                                            "%u spare keys were made for your key %s, which "
                                            "can’t sign now. They stay in the list.",
                                            n),
                                  n, shown));
}

/* What is left of @entries: to be adopted by the present key if theirs is gone, else said. */
static void
sort_rest (SpareExport *self,
           const char *owner,
           GPtrArray *entries,
           GHashTable *set,
           const GError *reason)
{
  gboolean gone = spare_own_keys_is_gone (self->depositor.keys, owner);

  if (g_hash_table_size (set) == 0)
    return;
  if (!gone)
    {
      say_unsigned (self, owner, g_hash_table_size (set), reason);
      return;
    }
  for (guint i = 0; i < entries->len; i++)
    {
      const SpareOutboxEntry *entry = g_ptr_array_index (entries, i);

      if (g_hash_table_contains (set, entry->serial))
        g_ptr_array_add (self->orphans, spare_outbox_entry_copy (entry));
    }
}

/* The packets of one owner. FALSE: the destination, the database, a cancellation; nothing more can be done. */
static gboolean
export_owner (SpareExport *self, const char *owner, GPtrArray *entries, GError **error)
{
  SpareKey *signer = spare_own_keys_find (self->depositor.keys, owner);
  g_autoptr (GHashTable) set = make_set (entries);
  g_autoptr (GPtrArray) kept = NULL;
  g_autoptr (GError) reason = NULL;

  kept = spare_outbox_list_kept_private (self->depositor.outbox, owner,
                                         spare_key_get_fingerprint (self->depositor.authority),
                                         error);
  if (kept == NULL)
    return FALSE;
  if (signer != NULL && can_sign (signer))
    {
      self->signed_now = FALSE;
      if (deliver_by_key (self, signer, entries, kept, set, &reason))
        return TRUE;
      /* It was not the signature that failed, or nobody wants to go on. */
      if (self->signed_now || !spare_export_may_go_on (self, reason))
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return FALSE;
        }
      g_debug ("not signed: %s", reason->message);
    }
  if (!deliver_kept (self, kept, set, error))
    return FALSE;
  sort_rest (self, owner, entries, set, reason);
  return TRUE;
}

/* A signature that can't be had now: the keyring, the card, the passphrase, the key itself. */
gboolean
spare_export_may_go_on (const SpareExport *self, const GError *reason)
{
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return !g_cancellable_is_cancelled (self->depositor.cancellable);
  return reason->domain == SPARE_ERROR && reason->code != SPARE_ERROR_DATABASE;
}

/* Packets whose owner's key is gone and that no signed deposit has: the last resort, see spare-deposit-sign.c. */
static gboolean
export_orphans (SpareExport *self, GError **error)
{
  g_autoptr (SpareKey) present = spare_owner_dup_key (self->depositor.owner);
  SpareKey *signer = present != NULL ? spare_own_keys_find (self->depositor.keys,
                                                            spare_key_get_fingerprint (present))
                                     : NULL;
  guint n = self->orphans->len;

  if (n == 0)
    return TRUE;
  if (signer == NULL || !can_sign (signer))
    {
      leave_out (
          self, g_error_new (SPARE_ERROR, SPARE_ERROR_NO_KEY,
                             ngettext ("%u spare key belongs to a key of yours that is gone, "
                                       "and your present key can’t sign. It stays in the list.",
                                       "%u spare keys belong to keys of yours that are gone, "
                                       "and your present key can’t sign. They stay in the "
                                       "list.",
                                       n),
                             n));
      return TRUE;
    }
  if (!deliver_fresh (self, signer, self->orphans, FALSE, error))
    return FALSE;
  leave_out (self,
             g_error_new (SPARE_ERROR, SPARE_ERROR_NO_KEY,
                          ngettext ("%u spare key was made for a key of yours that is gone. It "
                                    "was handed over under your present key, without a proof: "
                                    "the authority keeps it, but can’t tell by itself that "
                                    "the file is yours.",
                                    "%u spare keys were made for keys of yours that are gone. "
                                    "They were handed over under your present key, without a "
                                    "proof: the authority keeps them, but can’t tell by itself "
                                    "that the files are yours.",
                                    n),
                          n));
  return TRUE;
}

static void
say_other_authority (SpareExport *self, const char *authority, guint n)
{
  g_autofree char *shown = spare_display_fingerprint (authority);

  leave_out (self, g_error_new (SPARE_ERROR, SPARE_ERROR_POLICY,
                                ngettext ("%u spare key was made for another backup authority, "
                                          "%s, which is not trusted here now. It stays in the "
                                          "list.",
                                          "%u spare keys were made for another backup "
                                          "authority, %s, which is not trusted here now. They "
                                          "stay in the list.",
                                          n),
                                n, shown));
}

/* @entries by a string of theirs, in the order of their first. */
static GPtrArray *
group_by (GPtrArray *entries, gsize offset, GHashTable **groups)
{
  GPtrArray *names = g_ptr_array_new ();

  *groups = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                   (GDestroyNotify) g_ptr_array_unref);
  for (guint i = 0; i < entries->len; i++)
    {
      SpareOutboxEntry *entry = g_ptr_array_index (entries, i);
      char *name = G_STRUCT_MEMBER (char *, entry, offset);
      GPtrArray *group;

      name = name != NULL ? name : (char *) "";
      group = g_hash_table_lookup (*groups, name);
      if (group == NULL)
        {
          group = g_ptr_array_new ();
          g_hash_table_insert (*groups, name, group);
          g_ptr_array_add (names, name);
        }
      g_ptr_array_add (group, entry);
    }
  return names;
}

static gboolean
export_all (SpareExport *self, GPtrArray *entries, GError **error)
{
  g_autoptr (GHashTable) authorities = NULL;
  g_autoptr (GPtrArray)
      names = group_by (entries, G_STRUCT_OFFSET (SpareOutboxEntry, authority), &authorities);
  const char *trusted = spare_key_get_fingerprint (self->depositor.authority);

  for (guint i = 0; i < names->len; i++)
    {
      const char *authority = g_ptr_array_index (names, i);
      GPtrArray *group = g_hash_table_lookup (authorities, authority);
      g_autoptr (GHashTable) owners = NULL;
      g_autoptr (GPtrArray) fingerprints = NULL;

      if (strcmp (authority, trusted) != 0)
        {
          say_other_authority (self, authority, group->len);
          continue;
        }
      fingerprints = group_by (group, G_STRUCT_OFFSET (SpareOutboxEntry, owner), &owners);
      for (guint j = 0; j < fingerprints->len; j++)
        {
          const char *owner = g_ptr_array_index (fingerprints, j);

          if (g_cancellable_set_error_if_cancelled (self->depositor.cancellable, error)
              || !export_owner (self, owner, g_hash_table_lookup (owners, owner), error))
            return FALSE;
        }
    }
  return export_orphans (self, error);
}

/*
 * spare_export_run:
 * @self: what to export with; @self->written gets the bundles
 * @entries: (element-type SpareOutboxEntry): what is to go; none twice
 *
 * Returns: FALSE with an error if nothing more could be done. If something was written before, that is kept, the error is
 *   noted beside it, and TRUE comes back
 */
gboolean
spare_export_run (SpareExport *self, GPtrArray *entries, GError **error)
{
  g_autoptr (GError) reason = NULL;
  gboolean done;

  self->orphans = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_outbox_entry_free);
  done = export_all (self, entries, &reason);
  g_clear_pointer (&self->orphans, g_ptr_array_unref);
  if (done)
    return TRUE;
  if (self->written->len > 0 && self->depositor.left_out != NULL
      && !g_cancellable_is_cancelled (self->depositor.cancellable))
    {
      leave_out (self, g_steal_pointer (&reason));
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}
