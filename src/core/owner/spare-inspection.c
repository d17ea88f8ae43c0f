/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who can open a file. Told from its head and from the keys that are known here, so it holds for keys that are not
 * known too, only without a name. What a head claims is not evidence: a hidden recipient is said to be hidden, and a
 * file with a password can be opened by whoever knows it. */

#include "config.h"

#include "spare-inspection.h"

#include <glib/gi18n-lib.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-head-parser.h"
#include "spare-source.h"

const char *
spare_role_to_string (SpareRole role)
{
  static const char *const names[] = { "owner", "authority", "other", "hidden" };

  return names[role];
}

const char *
spare_cover_to_string (SpareCover cover)
{
  static const char *const names[] = { "embedded", "deposited", "pending", "none" };

  return names[cover];
}

static void
recipient_free (gpointer data)
{
  SpareInspectedRecipient *recipient = data;

  g_free (recipient->fingerprint);
  g_free (recipient->user_id);
  g_free (recipient->algorithm);
  g_free (recipient);
}

void
spare_inspection_free (SpareInspection *self)
{
  g_clear_pointer (&self->head, spare_head_unref);
  g_free (self->file_id);
  g_free (self->format);
  g_clear_pointer (&self->recipients, g_ptr_array_unref);
  g_free (self->serial);
  g_free (self);
}

static gboolean
set_not_encrypted (SpareHeadKind kind, const char *path, GError **error)
{
  g_autofree char *shown = spare_display_basename (path);
  const char *format;

  switch (kind)
    {
    case SPARE_HEAD_KIND_PUBLIC_KEY:
      format = _ ("“%s” is a public key, not an encrypted file.");
      break;
    case SPARE_HEAD_KIND_SECRET_KEY:
      format = _ ("“%s” is a secret key, not an encrypted file.");
      break;
    case SPARE_HEAD_KIND_SIGNATURE:
      format = _ ("“%s” is a signature, not an encrypted file.");
      break;
    case SPARE_HEAD_KIND_LITERAL:
    case SPARE_HEAD_KIND_COMPRESSED:
      format = _ ("“%s” is an OpenPGP file that is not encrypted.");
      break;
    case SPARE_HEAD_KIND_NOT_OPENPGP:
    case SPARE_HEAD_KIND_ENCRYPTED:
    case SPARE_HEAD_KIND_PASSWORD:
    default:
      format = _ ("“%s” is not an encrypted file.");
      break;
    }
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED, format, shown);
  return FALSE;
}

/**
 * spare_head_read_sync:
 * @path: a file
 * @head: (out) (transfer full): its head, of whatever kind
 * @error: return location for an error
 *
 * Reads the head of a file: a few KiB, whatever the file's size.
 *
 * Returns: %FALSE with a [enum@Gio.IOErrorEnum] or [enum@SpareErrorCode].DAMAGED
 */
gboolean
spare_head_read_sync (const char *path, SpareHead **head, GError **error)
{
  g_autoptr (SpareSource) source = spare_source_open (path, SPARE_SOURCE_FOLLOW, error);
  g_autoptr (SpareHeadParser) parser = spare_head_parser_new ();
  SpareHeadParserResult state = SPARE_HEAD_PARSER_MORE;
  guint8 part[4096];

  if (source == NULL)
    return FALSE;
  while (state == SPARE_HEAD_PARSER_MORE)
    {
      gssize got = spare_source_read (source, part, sizeof part, error);
      gsize consumed;

      if (got < 0)
        return FALSE;
      if (got == 0)
        {
          *head = spare_head_parser_finish (parser, error);
          return *head != NULL;
        }
      state = spare_head_parser_feed (parser, part, (gsize) got, &consumed, error);
    }
  if (state == SPARE_HEAD_PARSER_ERROR)
    return FALSE;
  *head = spare_head_ref (spare_head_parser_get_head (parser));
  return TRUE;
}

static SpareInspectedRecipient *
inspect_esk (SpareOwner *owner, const SpareEsk *esk, GCancellable *cancellable)
{
  SpareInspectedRecipient *recipient = g_new0 (SpareInspectedRecipient, 1);
  SparePin *pin = spare_owner_get_pin (owner);
  g_autoptr (SpareKey) own = spare_owner_dup_key (owner);
  g_autoptr (SpareKey) key = NULL;

  recipient->key_id = spare_esk_get_key_id (esk);
  recipient->algorithm = spare_esk_dup_algorithm_nick (esk);
  if (spare_esk_is_hidden (esk))
    {
      recipient->role = SPARE_ROLE_HIDDEN;
      return recipient;
    }
  recipient->role = SPARE_ROLE_OTHER;
  if (spare_pin_get_key (pin) != NULL
      && spare_key_find_key_id (spare_pin_get_key (pin), recipient->key_id) != NULL)
    {
      recipient->role = SPARE_ROLE_AUTHORITY;
      key = g_object_ref (spare_pin_get_key (pin));
    }
  else if (own != NULL && spare_key_find_key_id (own, recipient->key_id) != NULL)
    {
      recipient->role = SPARE_ROLE_OWNER;
      key = g_object_ref (own);
    }
  else
    {
      key = spare_owner_find_key_by_id_sync (owner, recipient->key_id, cancellable);
      if (key != NULL && spare_key_has_secret (key))
        recipient->role = SPARE_ROLE_OWNER;
    }
  if (key != NULL)
    {
      const SpareSubkey *subkey = spare_key_find_key_id (key, recipient->key_id);

      recipient->fingerprint = g_strdup (spare_key_get_fingerprint (key));
      recipient->user_id = g_strdup (spare_key_get_user_id (key));
      if (subkey != NULL)
        {
          g_free (recipient->algorithm);
          recipient->algorithm = g_strdup (subkey->algorithm_nick);
        }
    }
  return recipient;
}

static gboolean
find_cover (SpareInspection *self, SpareOwner *owner, GError **error)
{
  g_autoptr (SpareOutboxEntry) entry = NULL;
  g_autoptr (GError) reason = NULL;

  entry = spare_outbox_find_sync (spare_owner_get_outbox (owner), self->file_id, &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  self->cover = SPARE_COVER_NONE;
  if (entry != NULL)
    {
      self->serial = g_strdup (entry->serial);
      self->cover = entry->packet != NULL ? SPARE_COVER_DEPOSITED : SPARE_COVER_PENDING;
    }
  for (guint i = 0; i < self->recipients->len; i++)
    {
      const SpareInspectedRecipient *recipient = g_ptr_array_index (self->recipients, i);

      if (recipient->role == SPARE_ROLE_AUTHORITY)
        self->cover = SPARE_COVER_EMBEDDED;
    }
  return TRUE;
}

/**
 * spare_inspect_sync:
 * @owner: the owner's side, opened
 * @path: a file
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Tells who can open a file.
 *
 * Returns: (transfer full): the inspection, or %NULL with [enum@SpareErrorCode].NOT_ENCRYPTED, .DAMAGED, .DATABASE,
 *   or a [enum@Gio.IOErrorEnum]
 */
SpareInspection *
spare_inspect_sync (SpareOwner *owner,
                    const char *path,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (SpareInspection) self = g_new0 (SpareInspection, 1);

  if (!spare_head_read_sync (path, &self->head, error))
    return NULL;
  if (!spare_head_is_encrypted (self->head))
    {
      set_not_encrypted (spare_head_get_kind (self->head), path, error);
      return NULL;
    }
  self->file_id = g_strdup (spare_head_get_file_id (self->head));
  self->format = g_strdup (spare_head_get_format (self->head));
  self->has_password = spare_head_has_password (self->head);
  self->recipients = g_ptr_array_new_with_free_func (recipient_free);
  for (guint i = 0; i < spare_head_get_n_esks (self->head); i++)
    {
      SpareEsk *esk = spare_head_get_esk (self->head, i);

      if (spare_esk_is_public_key (esk))
        g_ptr_array_add (self->recipients, inspect_esk (owner, esk, cancellable));
    }
  if (!find_cover (self, owner, error))
    return NULL;
  return g_steal_pointer (&self);
}

typedef struct
{
  SpareOwner *owner;
  char *path;
} Inspecting;

static void
inspecting_free (gpointer data)
{
  Inspecting *self = data;

  g_object_unref (self->owner);
  g_free (self->path);
  g_free (self);
}

static void
inspect_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Inspecting *self = task_data;
  GError *error = NULL;
  SpareInspection *inspection = spare_inspect_sync (self->owner, self->path, cancellable,
                                                    &error);

  if (inspection == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, inspection, (GDestroyNotify) spare_inspection_free);
}

/**
 * spare_inspect_async:
 * @owner: the owner's side, opened
 * @path: a file
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is known
 * @user_data: for @callback
 *
 * Tells who can open a file, without holding up the caller.
 */
void
spare_inspect_async (SpareOwner *owner,
                     const char *path,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Inspecting *inspecting = g_new0 (Inspecting, 1);

  inspecting->owner = g_object_ref (owner);
  inspecting->path = g_strdup (path);
  g_task_set_source_tag (task, spare_inspect_async);
  g_task_set_task_data (task, inspecting, inspecting_free);
  g_task_run_in_thread (task, inspect_thread);
}

SpareInspection *
spare_inspect_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
