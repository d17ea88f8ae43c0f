/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deposits: what the owner hands over to the authority so that a lost key does not mean lost files.
 *
 * Promise: a deposit is signed at the end of each batch of files, as long as that asks nobody anything, and kept in the
 * outbox: a key that is lost the next day leaves its evidence behind (protocol.md 3.6). A keyring that is locked, a key of
 * the person's own GnuPG, a smartcard: then the signature waits for the export, where a person is there to answer.
 * Encryption never fails for it. How deposits leave: spare-deposit-export.c.
 */
#include "config.h"

#include "spare-deposit.h"

#include "spare-deposit-export-private.h"
#include "spare-error.h"

#include <glib/gi18n-lib.h>

#define DAY (24 * 60 * 60)

static void
written_free (gpointer data)
{
  spare_written_bundle_free (data);
}

static gboolean
open_depositor (SpareDepositor *self,
                SpareOwner *owner,
                gboolean quiet,
                GPtrArray *left_out,
                GCancellable *cancellable,
                GError **error)
{
  self->owner = owner;
  self->outbox = spare_owner_get_outbox (owner);
  self->left_out = left_out;
  self->cancellable = cancellable;
  self->authority = spare_depositor_find_authority (owner, error);
  if (self->authority == NULL)
    return FALSE;
  self->keys = spare_own_keys_new_sync (owner, quiet, cancellable, error);
  return self->keys != NULL;
}

/* What @key can sign for the authority. */
static GPtrArray *
pick (GPtrArray *entries, SpareKey *key, SpareKey *authority)
{
  GPtrArray *picked = g_ptr_array_new ();

  for (guint i = 0; i < entries->len; i++)
    {
      SpareOutboxEntry *entry = g_ptr_array_index (entries, i);

      if (strcmp (entry->owner, spare_key_get_fingerprint (key)) == 0
          && g_strcmp0 (entry->authority, spare_key_get_fingerprint (authority)) == 0)
        g_ptr_array_add (picked, entry);
    }
  return picked;
}

/* Reasons for a signature to wait. */
static gboolean
may_wait (const GError *error)
{
  return g_error_matches (error, SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_KEYRING_DISMISSED)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_KEYRING_MISSING)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_KEYRING_GONE)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_NO_KEY)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_AUTHORITY_UNUSABLE);
}

static gboolean
sign_quietly (const SpareDepositor *self, GError **error)
{
  g_autoptr (SpareKey) key = spare_owner_dup_key (self->owner);
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GPtrArray) picked = NULL;
  g_autoptr (GPtrArray)
      made = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_kept_deposit_free);
  SpareKey *signer = key != NULL
                         ? spare_own_keys_find (self->keys, spare_key_get_fingerprint (key))
                         : NULL;

  if (signer == NULL
      || spare_key_get_signing_state (signer, g_get_real_time () / G_USEC_PER_SEC)
             != SPARE_KEY_USABLE)
    return TRUE;
  entries = spare_outbox_choose_private (self->outbox, SPARE_OUTBOX_UNSIGNED, error);
  if (entries == NULL)
    return FALSE;
  picked = pick (entries, signer, self->authority);
  return picked->len == 0
         || (spare_depositor_prove (self, picked, error)
             && spare_depositor_sign (self, signer, picked, TRUE, made, error));
}

/**
 * spare_deposit_sign_sync:
 * @owner: the owner's side, opened
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Signs a deposit of all that is in none yet, and keeps it in the outbox. Asks nobody anything: only with a key that the
 * keyring keeps, and only while that is open. What can't be signed now is signed when it is exported.
 *
 * Returns: %TRUE also when nothing was to be signed, or it has to wait; %FALSE with [error@SpareError] `DATABASE`,
 *   `ENGINE` or a cancellation: nothing was kept
 */
gboolean
spare_deposit_sign_sync (SpareOwner *owner, GCancellable *cancellable, GError **error)
{
  SpareDepositor depositor = { 0 };
  g_autoptr (SpareOwnKeys) keys = NULL;
  g_autoptr (GError) reason = NULL;
  gboolean done;

  g_return_val_if_fail (SPARE_IS_OWNER (owner), FALSE);

  done = open_depositor (&depositor, owner, TRUE, NULL, cancellable, &reason);
  keys = depositor.keys;
  done = done && sign_quietly (&depositor, &reason);
  if (done)
    return TRUE;
  if (may_wait (reason))
    {
      g_debug ("a deposit waits to be signed: %s", reason->message);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

static gboolean
export_quietly (SpareOwner *owner,
                const char *to,
                guint *n_exported,
                GCancellable *cancellable,
                GError **error)
{
  g_autoptr (GPtrArray) written = g_ptr_array_new_with_free_func (written_free);
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (SpareOwnKeys) keys = NULL;
  SpareExport export = { .to = to, .written = written };
  gboolean done;

  entries = spare_outbox_choose_private (spare_owner_get_outbox (owner), SPARE_OUTBOX_WAITING,
                                         error);
  if (entries == NULL)
    return FALSE;
  if (entries->len == 0)
    return TRUE;
  done = open_depositor (&export.depositor, owner, TRUE, NULL, cancellable, error);
  keys = export.depositor.keys;
  done = done && spare_export_run (&export, entries, error);
  *n_exported = export.n_exported;
  return done;
}

/**
 * spare_deposit_after_batch_sync:
 * @owner: the owner's side, opened
 * @n_exported: (out): packets that were handed over to `DepositTo`
 * @cancellable: (nullable): ends the handing over; the signature, a moment, is made in any case
 * @error: where to put an error
 *
 * What the end of a batch of files does: signs, as spare_deposit_sign_sync(), and hands over to the place that the
 * administrator or the preferences name, if there is one. Asks nobody anything.
 *
 * Returns: %FALSE with an error if something is wrong that a person should hear of, above all a place that can't be
 *   written to; the packets then wait in the outbox
 */
gboolean
spare_deposit_after_batch_sync (SpareOwner *owner,
                                guint *n_exported,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (SparePolicy) policy = NULL;
  const char *to;

  g_return_val_if_fail (SPARE_IS_OWNER (owner), FALSE);

  *n_exported = 0;
  /* Files that are done before the rest is called off need their evidence too. */
  if (!spare_deposit_sign_sync (owner, NULL, error)
      || g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  policy = spare_owner_dup_policy (owner, error);
  if (policy == NULL)
    return FALSE;
  to = spare_policy_get_deposit_to (policy);
  return to == NULL || export_quietly (owner, to, n_exported, cancellable, error);
}

static gboolean
has_serial (GPtrArray *entries, const char *serial)
{
  for (guint i = 0; i < entries->len; i++)
    if (strcmp (((SpareOutboxEntry *) g_ptr_array_index (entries, i))->serial, serial) == 0)
      return TRUE;
  return FALSE;
}

/* The rows of the files that were named. What has none is left out, with the reason. */
static GPtrArray *
find_rows (const SpareDepositor *self,
           const char *const *files,
           SpareProgressMeter *meter,
           GError **error)
{
  g_autoptr (GPtrArray)
      entries = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_outbox_entry_free);
  guint n = g_strv_length ((char **) files);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) reason = NULL;
      g_autoptr (SpareOutboxEntry) entry = NULL;

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return NULL;
      if (meter != NULL)
        spare_progress_meter_report (meter, SPARE_STAGE_PREPARING, i, n);
      entry = spare_depositor_find_row (self, files[i], &reason);
      if (entry != NULL && !has_serial (entries, entry->serial))
        g_ptr_array_add (entries, g_steal_pointer (&entry));
      else if (reason != NULL
               && (g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_DATABASE)
                   || g_cancellable_is_cancelled (self->cancellable)))
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return NULL;
        }
      else if (reason != NULL)
        g_ptr_array_add (self->left_out,
                         spare_left_out_new (files[i], g_steal_pointer (&reason)));
    }
  return g_steal_pointer (&entries);
}

/**
 * spare_deposit_export_sync:
 * @owner: the owner's side, opened
 * @to: a folder's path in the file system's octets, or the URI of any GIO location
 * @files: (nullable) (array zero-terminated=1): encrypted files whose packets are to be handed over, in whatever state they
 *   are, made from the files' heads where the outbox has none; %NULL: all that was not handed over yet
 * @flags: which, when no files are named
 * @left_out: (out) (transfer full) (element-type SpareLeftOut): what was not handed over as it should, and why; set in any
 *   case
 * @meter: (nullable): gets the progress
 * @cancellable: (nullable): a cancellable
 * @error: where to put an error
 *
 * Hands deposits over. Packets count as exported only when the bundle with them lies at @to, read back and compared.
 * Interrupted at whatever point, it can be repeated: nothing is lost and nothing is claimed that isn't there.
 *
 * Returns: (transfer full) (element-type SpareWrittenBundle): what was written; empty if there was nothing to write. %NULL
 *   with [error@SpareError] `NOT_SET_UP`, `AUTHORITY_UNUSABLE`, `DATABASE`, or what the destination said; nothing counts
 *   as exported then
 */
GPtrArray *
spare_deposit_export_sync (SpareOwner *owner,
                           const char *to,
                           const char *const *files,
                           SpareDepositFlags flags,
                           GPtrArray **left_out,
                           SpareProgressMeter *meter,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (GPtrArray) written = g_ptr_array_new_with_free_func (written_free);
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (SpareOwnKeys) keys = NULL;
  SpareExport export = { .to = to, .written = written };
  gboolean done;

  g_return_val_if_fail (SPARE_IS_OWNER (owner) && to != NULL && left_out != NULL, NULL);

  *left_out = spare_left_out_array_new ();
  done = open_depositor (&export.depositor, owner, FALSE, *left_out, cancellable, error);
  keys = export.depositor.keys;
  if (!done)
    return NULL;
  if (files != NULL)
    entries = find_rows (&export.depositor, files, meter, error);
  else
    entries = spare_outbox_choose_private (export.depositor.outbox,
                                           (flags & SPARE_DEPOSIT_AGAIN) != 0
                                               ? SPARE_OUTBOX_UNPROVEN
                                               : SPARE_OUTBOX_WAITING,
                                           error);
  if (entries == NULL)
    return NULL;
  if (meter != NULL)
    spare_progress_meter_report (meter, SPARE_STAGE_FINISHING, 0, 0);
  return spare_export_run (&export, entries, error) ? g_steal_pointer (&written) : NULL;
}

void
spare_overdue_free (SpareOverdue *self)
{
  if (self == NULL)
    return;

  g_free (self->sentence);
  g_free (self);
}

/**
 * spare_deposit_find_overdue_sync:
 * @owner: the owner's side, opened
 * @error: where to put an error
 *
 * Packets that were exported %SPARE_DEPOSIT_OVERDUE_DAYS days ago or earlier, and for which no receipt came: perhaps
 * they never arrived.
 *
 * Returns: (transfer full): how many, and the sentence for the window; %NULL with [error@SpareError] `DATABASE`
 */
SpareOverdue *
spare_deposit_find_overdue_sync (SpareOwner *owner, GError **error)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (SpareOverdue) overdue = g_new0 (SpareOverdue, 1);

  g_return_val_if_fail (SPARE_IS_OWNER (owner), NULL);

  if (!spare_outbox_find_overdue_private (spare_owner_get_outbox (owner),
                                          now - SPARE_DEPOSIT_OVERDUE_DAYS * DAY,
                                          &overdue->n_packets, &overdue->since, error))
    return NULL;
  if (overdue->n_packets > 0)
    {
      gint64 days = (now - overdue->since) / DAY;

      overdue->sentence = g_strdup_printf (
          ngettext ("%u spare key was exported %d days ago, and no receipt has come. Ask the "
                    "backup authority whether it arrived, or export it again.",
                    "%u spare keys were exported up to %d days ago, and no receipt has come. "
                    "Ask the backup authority whether they arrived, or export them again.",
                    overdue->n_packets),
          overdue->n_packets, (int) days);
    }
  return g_steal_pointer (&overdue);
}
