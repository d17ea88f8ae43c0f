/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Session keys of files that are the person's own. Which keys there are is asked once a batch, and each key's way to its
 * agent is opened once, so that thousands of heads cost no process each.
 *
 * Promise: a session key that comes out was in the file's head for one of these keys, and where the format has a quick
 * check (the repeated octets of RFC 9580 section 5.13.1) it fits the data behind the head. */

#include "config.h"

#include "spare-file-keys.h"

#include <glib/gi18n-lib.h>

#include "spare-error.h"
#include "spare-quick-check.h"

typedef struct
{
  SpareHome *home;
  SpareKey *key;
  SpareSessionKeyOpener *opener; /* NULL until wanted */
} OwnKey;

struct _SpareFileKeys
{
  GArray *keys; /* of OwnKey, the key in use first */
};

static void
own_key_clear (gpointer data)
{
  OwnKey *own = data;

  g_clear_object (&own->opener);
  g_clear_object (&own->key);
  g_clear_object (&own->home);
}

static void
add (SpareFileKeys *self, SpareHome *home, SpareKey *key, gboolean first)
{
  OwnKey own = { g_object_ref (home), g_object_ref (key), NULL };

  if (first)
    g_array_prepend_val (self->keys, own);
  else
    g_array_append_val (self->keys, own);
}

/**
 * spare_file_keys_new_sync:
 * @owner: the owner's side, opened
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Lists the keys that are at hand.
 *
 * Returns: (transfer full): the keys, of which there may be none; %NULL with [enum@SpareErrorCode].ENGINE
 */
SpareFileKeys *
spare_file_keys_new_sync (SpareOwner *owner, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareFileKeys) self = g_new0 (SpareFileKeys, 1);
  g_autoptr (GPtrArray) homes = spare_owner_dup_decryption_homes (owner);
  g_autoptr (SpareKey) used = spare_owner_dup_key (owner);

  self->keys = g_array_new (FALSE, FALSE, sizeof (OwnKey));
  g_array_set_clear_func (self->keys, own_key_clear);
  for (guint i = 0; i < homes->len; i++)
    {
      SpareHome *home = g_ptr_array_index (homes, i);
      g_autoptr (GPtrArray) keys = NULL;

      if (!spare_home_exists (home))
        continue;
      keys = spare_home_list_keys_sync (home, TRUE, cancellable, error);
      if (keys == NULL)
        return NULL;
      for (guint j = 0; j < keys->len; j++)
        {
          SpareKey *key = g_ptr_array_index (keys, j);

          add (self, home, key,
               used != NULL
                   && g_str_equal (spare_key_get_fingerprint (key),
                                   spare_key_get_fingerprint (used)));
        }
    }
  return g_steal_pointer (&self);
}

/**
 * spare_file_keys_free:
 * @self: (transfer full): the keys
 */
void
spare_file_keys_free (SpareFileKeys *self)
{
  g_array_unref (self->keys);
  g_free (self);
}

static gboolean
fits (OwnKey *own, const SpareEsk *esk)
{
  return spare_esk_is_public_key (esk) && !spare_esk_is_hidden (esk)
         && spare_key_find_key_id (own->key, spare_esk_get_key_id (esk)) != NULL;
}

static OwnKey *
find (SpareFileKeys *self, const SpareHead *head, SpareEsk **esk)
{
  for (guint i = 0; i < self->keys->len; i++)
    for (guint j = 0; j < spare_head_get_n_esks (head); j++)
      {
        OwnKey *own = &g_array_index (self->keys, OwnKey, i);

        if (!fits (own, spare_head_get_esk (head, j)))
          continue;
        *esk = spare_head_get_esk (head, j);
        return own;
      }
  return NULL;
}

/**
 * spare_file_keys_find:
 * @self: the keys
 * @head: the head of an encrypted file
 * @esk: (out) (optional) (transfer none): the session key packet that is for it
 *
 * Looks for a named recipient among the keys; nothing is opened.
 *
 * Returns: (transfer none) (nullable): the key that opens the file
 */
SpareKey *
spare_file_keys_find (SpareFileKeys *self, const SpareHead *head, SpareEsk **esk)
{
  SpareEsk *found;
  OwnKey *own = find (self, head, &found);

  if (own != NULL && esk != NULL)
    *esk = found;
  return own != NULL ? own->key : NULL;
}

/**
 * spare_file_keys_is_own:
 * @self: the keys
 * @esk: a session key packet
 *
 * Returns: whether one of the keys is named in it
 */
gboolean
spare_file_keys_is_own (SpareFileKeys *self, const SpareEsk *esk)
{
  for (guint i = 0; i < self->keys->len; i++)
    if (fits (&g_array_index (self->keys, OwnKey, i), esk))
      return TRUE;
  return FALSE;
}

static SpareSessionKey *
open_with (OwnKey *own,
           const SpareEsk *esk,
           const SpareHead *head,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (SpareSessionKey) session_key = NULL;

  if (own->opener == NULL)
    own->opener = spare_session_key_opener_new (own->home, own->key);
  session_key = spare_session_key_opener_open_sync (own->opener, esk, head, cancellable, error);
  if (session_key == NULL)
    return NULL;
  if (spare_quick_check (head, session_key->cipher, session_key->secret) == SPARE_QUICK_NO)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                           _ ("The key in the file's head does not fit the data behind it: the "
                              "file is damaged or was tampered with. It is unchanged."));
      return NULL;
    }
  return g_steal_pointer (&session_key);
}

/**
 * spare_file_keys_lookup:
 * @self: the keys
 * @fingerprint: a primary fingerprint
 *
 * Returns: (transfer none) (nullable): the key of that fingerprint, if it is one's own
 */
SpareKey *
spare_file_keys_lookup (SpareFileKeys *self, const char *fingerprint)
{
  for (guint i = 0; i < self->keys->len; i++)
    {
      SpareKey *key = g_array_index (self->keys, OwnKey, i).key;

      if (g_ascii_strcasecmp (spare_key_get_fingerprint (key), fingerprint) == 0)
        return key;
    }
  return NULL;
}

/**
 * spare_file_keys_open_esk_sync:
 * @self: the keys
 * @key: one of them
 * @esk: a session key packet, from wherever
 * @head: the head of the file that it is said to belong to
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Takes the session key out of a packet that need not be in the file.
 *
 * Returns: (transfer full): the session key; %NULL as with spare_file_keys_open_sync()
 */
SpareSessionKey *
spare_file_keys_open_esk_sync (SpareFileKeys *self,
                               SpareKey *key,
                               const SpareEsk *esk,
                               const SpareHead *head,
                               GCancellable *cancellable,
                               GError **error)
{
  for (guint i = 0; i < self->keys->len; i++)
    {
      OwnKey *own = &g_array_index (self->keys, OwnKey, i);

      if (own->key == key)
        return open_with (own, esk, head, cancellable, error);
    }
  g_return_val_if_reached (NULL);
}

/**
 * spare_file_keys_open_sync:
 * @self: the keys
 * @head: the head of an encrypted file
 * @key: (out) (optional) (transfer none): the key that opened it
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Takes the file's session key out of its head.
 *
 * Returns: (transfer full): the session key; %NULL with [enum@SpareErrorCode].NO_KEY when none of the keys is named in
 *   the head, DAMAGED when the head's session key does not fit its data, or an error of
 *   spare_session_key_opener_open_sync()
 */
SpareSessionKey *
spare_file_keys_open_sync (SpareFileKeys *self,
                           const SpareHead *head,
                           SpareKey **key,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (SpareSessionKey) session_key = NULL;
  SpareEsk *esk;
  OwnKey *own = find (self, head, &esk);

  if (own == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("None of your keys opens this file. It is unchanged."));
      return NULL;
    }
  session_key = open_with (own, esk, head, cancellable, error);
  if (session_key == NULL)
    return NULL;
  if (key != NULL)
    *key = own->key;
  return g_steal_pointer (&session_key);
}
