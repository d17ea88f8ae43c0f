/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether all of an encrypted file opens with a session key: the engine decrypts it from its first octet to its last, and
 * what comes out goes nowhere.
 *
 * Promise: TRUE means that the engine vouched for every octet, and that the file was the same at the end as at the
 * beginning. It takes as long as a decryption, writes nothing, and shows the plain text to nobody. */
#include "config.h"

#include "spare-file-whole.h"

#include <glib/gi18n-lib.h>

#include "spare-decryption.h"
#include "spare-error.h"
#include "spare-source.h"

static gssize
read_cb (gpointer user_data, guint8 *buffer, gsize size, GError **error)
{
  return spare_source_read (user_data, buffer, size, error);
}

static gboolean
rewind_input_cb (gpointer user_data, GError **error)
{
  return spare_source_rewind (user_data, error);
}

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  return TRUE;
}

static gboolean
rewind_output_cb (gpointer user_data, GError **error)
{
  return TRUE;
}

/**
 * spare_file_whole_sync:
 * @owner: the owner's side, opened
 * @path: an encrypted file
 * @key: its session key
 * @cancellable: (nullable): ends it
 * @error: return location for an error
 *
 * Decrypts the whole file with a session key, for the sake of knowing that it can be done.
 *
 * Returns: %FALSE with [enum@SpareErrorCode].DAMAGED when it is cut short, changed or of another session key, CHANGED when it
 *   was written to meanwhile, ENGINE, or a [enum@Gio.IOErrorEnum]
 */
gboolean
spare_file_whole_sync (SpareOwner *owner,
                       const char *path,
                       const SpareSessionKey *key,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (SpareSource) source = spare_source_open (path, SPARE_SOURCE_FOLLOW, error);
  const SpareStream stream = {
    .read = read_cb,
    .rewind_input = rewind_input_cb,
    .input = source,
    .write = write_cb,
    .rewind_output = rewind_output_cb,
  };
  g_autoptr (SpareDecryption) decryption = NULL;
  g_autoptr (GError) reason = NULL;

  if (source == NULL)
    return FALSE;
  decryption = spare_decrypt_with_session_key_sync (spare_owner_get_home (owner), key, &stream,
                                                    G_MAXUINT64, cancellable, &reason);
  if (decryption != NULL)
    return spare_source_check_unchanged (source, error);
  if (!g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_DAMAGED)
      && !g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_NO_KEY))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  g_debug ("whole: %s", reason->message);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("The file was decrypted as a whole to test it, and it is damaged: it "
                          "was changed, or is cut short. It was left as it is. Look for an "
                          "undamaged copy of it; the grant stays good."));
  return FALSE;
}
