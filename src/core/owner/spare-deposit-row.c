/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packet of a file that a person names: from the outbox, or made anew from the file's own head, for a file that was
 * encrypted elsewhere, or whose outbox is lost.
 *
 * Promise: a row of the outbox is taken for a file only if the whole data head agrees, not just the file id. A packet is
 * made only of the PKESK for one of the pinned authority's keys for files, and only with a proof that one of the owner's
 * keys opens the same file; or, where that key can't be asked now, with what the proof will need.
 */
#include "config.h"

#include "spare-deposit-private.h"

#include "spare-display.h"
#include "spare-cipher.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-escrow-pkesk-private.h"
#include "spare-inspection.h"
#include "spare-proof.h"

#include <glib/gi18n-lib.h>

/* Is the packet one of this very file, for the authority that is trusted now? */
static gboolean
fits (const SpareDepositor *self, const SpareOutboxEntry *entry, const SpareHead *head)
{
  g_autoptr (SpareEsk) esk = NULL;
  g_autoptr (SpareHead) other = NULL;

  return entry->packet != NULL
         && g_strcmp0 (entry->authority, spare_key_get_fingerprint (self->authority)) == 0
         && spare_escrow_packet_parse (entry->packet, &esk, &other, NULL)
         && spare_head_get_container_tag (other) == spare_head_get_container_tag (head)
         && g_bytes_equal (spare_head_get_data_head (other), spare_head_get_data_head (head));
}

/* The name of what is inside: the name of the file without the suffix of encryption. */
static char *
dup_inner_name (const char *path)
{
  static const char *const suffixes[] = { ".gpg", ".pgp", ".asc" };
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  char *name = g_path_get_basename (absolute);

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (name, suffixes[i]) && strlen (name) > 4)
      {
        name[strlen (name) - 4] = '\0';
        break;
      }
  return name;
}

/* The PKESK that a key at hand opens; hidden ones last. */
static SpareEsk *
find_own_esk (const SpareDepositor *self, const SpareHead *head)
{
  SpareEsk *hidden = NULL;

  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      SpareEsk *esk = spare_head_get_esk (head, i);

      if (spare_own_keys_find_for_esk (self->keys, esk) == NULL)
        continue;
      if (!spare_esk_is_hidden (esk))
        return esk;
      if (hidden == NULL)
        hidden = esk;
    }
  return hidden;
}

static gboolean
prove (const SpareDepositor *self,
       const SpareHead *head,
       SpareOutboxEntry *entry,
       GError **error)
{
  g_autoptr (SpareSessionKey) key = NULL;
  g_autoptr (GError) reason = NULL;
  SpareEsk *esk = find_own_esk (self, head);

  if (esk == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("None of your keys opens this file, so its spare key can’t be "
                              "handed over as yours. To get the file back, ask the backup "
                              "authority for recovery."));
      return FALSE;
    }
  key = spare_own_keys_open_sync (self->keys, esk, head, self->cancellable, &reason);
  if (key != NULL)
    {
      entry->cipher = g_strdup (spare_cipher_get_name (key->cipher));
      entry->has_proof = spare_proof_compute (key->secret, entry->owner, entry->authority,
                                              entry->serial, head, entry->proof, error);
      return entry->has_proof;
    }
  /* Somebody made a packet that this key does not open: nothing will ever prove it. */
  if (g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_DAMAGED)
      || g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_NO_KEY)
      || g_cancellable_is_cancelled (self->cancellable))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  g_debug ("proof put off: %s", reason->message);
  entry->cipher = g_strdup (spare_cipher_get_name (spare_head_get_cipher (head)));
  entry->own_esk = g_bytes_ref (spare_esk_get_packet (esk));
  return TRUE;
}

static SpareOutboxEntry *
make_row (const SpareDepositor *self, const char *path, const SpareHead *head, GError **error)
{
  g_autoptr (SpareOutboxEntry) entry = NULL;
  g_autoptr (SpareKey) key = spare_owner_dup_key (self->owner);
  const SpareSubkey *subkey;
  SpareEsk *esk = spare_escrow_pkesk_find_private (self->authority, head, &subkey);

  if (esk == NULL || key == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("The backup authority can’t open this file, and its spare key is "
                              "not in the list. There is nothing to hand over."));
      return NULL;
    }
  entry = g_new0 (SpareOutboxEntry, 1);
  entry->state = SPARE_OUTBOX_PENDING;
  entry->mode = SPARE_ESCROW_EMBEDDED;
  entry->file_id = g_strdup (spare_head_get_file_id (head));
  entry->name = dup_inner_name (path);
  entry->description = g_strdup ("");
  entry->created = g_get_real_time () / G_USEC_PER_SEC;
  entry->owner = g_strdup (spare_key_get_fingerprint (key));
  entry->authority = g_strdup (spare_key_get_fingerprint (self->authority));
  entry->subkey = g_strdup (subkey->fingerprint);
  entry->algorithm = g_strdup (subkey->algorithm_nick);
  entry->packet = spare_escrow_packet_build (esk, head, error);
  if (entry->packet == NULL)
    return NULL;
  entry->serial = spare_outbox_reserve_serial_sync (self->outbox, entry->owner, error);
  if (entry->serial == NULL || !prove (self, head, entry, error)
      || !spare_outbox_add_sync (self->outbox, entry, error))
    return NULL;
  return g_steal_pointer (&entry);
}

SpareOutboxEntry *
spare_depositor_find_row (const SpareDepositor *self, const char *path, GError **error)
{
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (SpareOutboxEntry) entry = NULL;
  g_autoptr (GError) reason = NULL;

  if (!spare_head_read_sync (path, &head, error))
    return NULL;
  if (!spare_head_is_encrypted (head) || spare_head_get_file_id (head) == NULL)
    {
      g_autofree char *shown = spare_display_basename (path);

      g_set_error (error, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED,
                   _ ("“%s” is not an encrypted file."), shown);
      return NULL;
    }
  entry = spare_outbox_find_sync (self->outbox, spare_head_get_file_id (head), &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  if (entry != NULL && fits (self, entry, head))
    return g_steal_pointer (&entry);
  return make_row (self, path, head, error);
}
