/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of the files that were found are to be asked for, and in the name of which lost key.
 *
 * Promise: a file that the key in use opens is not asked for, nor one that was never encrypted to the lost key, where that
 * can be told: the authority learns no more names than it needs. Which key was lost is guessed only without doubt: the one
 * that the outbox names for most of the files, else the one known key that most of their heads name. Two of them alike, or
 * none: the person has to say.
 */
#include "config.h"

#include "spare-request-claim-private.h"

#include "spare-display.h"
#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  SpareOwner *owner;
  SpareKey *key;       /* in use */
  SpareKey *authority; /* NULL */
  SpareKey *lost;      /* its certificate; NULL: not known here */
  GPtrArray *left_out;
  GCancellable *cancellable;
} Claim;

static void
claim_clear (Claim *self)
{
  g_clear_object (&self->key);
  g_clear_object (&self->lost);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Claim, claim_clear)

static gboolean
key_has (SpareKey *key, const SpareEsk *esk)
{
  for (guint i = 0; key != NULL && i < spare_key_get_n_subkeys (key); i++)
    if (spare_esk_matches_fingerprint (esk, spare_key_get_subkey (key, i)->fingerprint))
      return TRUE;
  return FALSE;
}

static gboolean
head_names (const SpareHead *head, SpareKey *key)
{
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      SpareEsk *esk = spare_head_get_esk (head, i);

      if (spare_esk_is_public_key (esk) && !spare_esk_is_hidden (esk) && key_has (key, esk))
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_public_key (const SpareHead *head)
{
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    if (spare_esk_is_public_key (spare_head_get_esk (head, i)))
      return TRUE;
  return FALSE;
}

/* In the outbox, under another key than the one in use: its owner's fingerprint. */
static char *
find_deposited_owner (Claim *self, const SpareHead *head)
{
  g_autoptr (SpareOutboxEntry)
      entry = spare_outbox_find_sync (spare_owner_get_outbox (self->owner),
                                      spare_head_get_file_id (head), NULL);

  if (entry == NULL || strcmp (entry->owner, spare_key_get_fingerprint (self->key)) == 0)
    return NULL;
  return g_strdup (entry->owner);
}

/* NULL: it can be asked for, as far as can be told without knowing the lost key. */
static GError *
judge (Claim *self, const SpareFoundFile *file)
{
  g_autofree char *shown = spare_display_basename (file->path);

  if (head_names (file->head, self->key))
    return g_error_new (SPARE_ERROR, SPARE_ERROR_FAILED,
                        _ ("“%s” can be opened with your present key, so it needs no "
                           "recovery."),
                        shown);
  /* In detached mode a file may have lost every PKESK but its owner's; with none at all, only a password opens it. */
  if (!has_public_key (file->head))
    return g_error_new (SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                        _ ("“%s” is encrypted with a password, not with a key, so the backup "
                           "authority can’t help."),
                        shown);
  return NULL;
}

static GError *
judge_by_lost_key (Claim *self, const SpareFoundFile *file)
{
  g_autofree char *shown = NULL;

  if (self->lost == NULL || spare_head_has_hidden (file->head)
      || head_names (file->head, self->lost))
    return NULL;
  shown = spare_display_basename (file->path);
  return g_error_new (SPARE_ERROR, SPARE_ERROR_NO_KEY,
                      _ ("“%s” was not encrypted to your old key, so it is not asked for."),
                      shown);
}

/* What the present key opens is passed over in silence where it was not named: nothing is wrong with it. */
static void
filter (Claim *self, GPtrArray *found, GError *(*judging) (Claim *, const SpareFoundFile *) )
{
  g_autoptr (GPtrArray)
      kept = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_found_file_free);

  for (guint i = 0; i < found->len; i++)
    {
      SpareFoundFile *file = g_ptr_array_index (found, i);
      GError *reason = judging (self, file);

      if (reason == NULL)
        {
          g_ptr_array_add (kept, file);
          found->pdata[i] = NULL;
        }
      else if (file->named || !g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_FAILED))
        g_ptr_array_add (self->left_out, spare_left_out_new (file->path, reason));
      else
        g_error_free (reason);
    }
  g_ptr_array_set_size (found, 0);
  g_ptr_array_extend_and_steal (found, g_steal_pointer (&kept));
}

static void
count_one (GHashTable *votes, const char *fingerprint)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (votes, fingerprint));

  g_hash_table_insert (votes, g_strdup (fingerprint), GUINT_TO_POINTER (n + 1));
}

/* The known key behind a key id, asked of the engine once for each. "": none that could have been lost. */
static const char *
name_key_id (Claim *self, GHashTable *known, guint64 key_id)
{
  g_autofree char *digits = g_strdup_printf ("%016" G_GINT64_MODIFIER "X", key_id);
  g_autoptr (SpareKey) key = NULL;
  const char *found = g_hash_table_lookup (known, digits);
  char *name;

  if (found != NULL)
    return found;
  key = spare_owner_find_key_by_id_sync (self->owner, key_id, self->cancellable);
  name = g_strdup (key != NULL ? spare_key_get_fingerprint (key) : "");
  if (self->authority != NULL
      && strcmp (name, spare_key_get_fingerprint (self->authority)) == 0)
    *name = '\0';
  g_hash_table_insert (known, g_steal_pointer (&digits), name);
  return name;
}

static void
count_head (Claim *self, const SpareHead *head, GHashTable *known, GHashTable *votes)
{
  g_autoptr (GHashTable) mine = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      SpareEsk *esk = spare_head_get_esk (head, i);
      const char *name;

      if (!spare_esk_is_public_key (esk) || spare_esk_is_hidden (esk))
        continue;
      name = name_key_id (self, known, spare_esk_get_key_id (esk));
      if (*name != '\0' && g_hash_table_add (mine, (gpointer) name))
        count_one (votes, name);
    }
}

/* The one with most votes; NULL: none, or several. */
static char *
pick_winner (GHashTable *votes)
{
  GHashTableIter iter;
  gpointer name, n;
  const char *winner = NULL;
  guint most = 0;

  g_hash_table_iter_init (&iter, votes);
  while (g_hash_table_iter_next (&iter, &name, &n))
    if (GPOINTER_TO_UINT (n) > most)
      {
        most = GPOINTER_TO_UINT (n);
        winner = name;
      }
    else if (GPOINTER_TO_UINT (n) == most)
      winner = NULL;
  return g_strdup (winner);
}

static char *
guess (Claim *self, GPtrArray *found)
{
  g_autoptr (GHashTable)
      deposited = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) votes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable)
      known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < found->len; i++)
    {
      const SpareFoundFile *file = g_ptr_array_index (found, i);
      g_autofree char *owner = find_deposited_owner (self, file->head);

      if (owner != NULL)
        count_one (deposited, owner);
    }
  if (g_hash_table_size (deposited) > 0)
    return pick_winner (deposited);

  for (guint i = 0; i < found->len; i++)
    count_head (self, ((SpareFoundFile *) g_ptr_array_index (found, i))->head, known, votes);
  return pick_winner (votes);
}

/* The fingerprint of the lost key, from the person or from the files. */
static char *
find_old (Claim *self, GPtrArray *found, const char *wanted, GError **error)
{
  g_autofree char *old = NULL;

  if (wanted != NULL)
    {
      old = spare_fingerprint_normalize (wanted);
      if (old == NULL || !spare_fingerprint_is_valid (old))
        {
          g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                               _ ("That is not a whole fingerprint: it has 40 digits and "
                                  "letters from A to F. Nothing was written."));
          return NULL;
        }
      if (strcmp (old, spare_key_get_fingerprint (self->key)) == 0)
        {
          g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                               _ ("That is the key in use. To ask for recovery, make a new key "
                                  "first, and name the one that was lost. Nothing was "
                                  "written."));
          return NULL;
        }
      return g_steal_pointer (&old);
    }
  old = guess (self, found);
  if (old == NULL)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                         _ ("It can’t be told from these files which key was lost. Give its "
                            "fingerprint. Nothing was written."));
  return g_steal_pointer (&old);
}

gboolean
spare_request_claim_sync (SpareOwner *owner,
                          GPtrArray *found,
                          const char *wanted,
                          char **old,
                          GPtrArray *left_out,
                          GCancellable *cancellable,
                          GError **error)
{
  g_auto (Claim) self = {
    .owner = owner,
    .key = spare_owner_dup_key (owner),
    .authority = spare_pin_get_key (spare_owner_get_pin (owner)),
    .left_out = left_out,
    .cancellable = cancellable,
  };
  g_autofree char *fingerprint = NULL;

  filter (&self, found, judge);
  if (found->len == 0)
    return TRUE;
  fingerprint = find_old (&self, found, wanted, error);
  if (fingerprint == NULL)
    return FALSE;
  self.lost = spare_home_get_key_sync (spare_owner_get_home (owner), fingerprint, FALSE,
                                       cancellable, NULL);
  filter (&self, found, judge_by_lost_key);
  if (found->len > 0)
    *old = g_steal_pointer (&fingerprint);
  return TRUE;
}
