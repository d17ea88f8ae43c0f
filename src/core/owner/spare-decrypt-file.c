/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One encrypted file on its way back: intact or nothing.
 *
 *   source opened → engine → hidden temporary → the engine says that all of it was authentic → synced → published;
 *   or, for NAME.tar.gpg: the authentic archive is unpacked into a hidden folder → published as NAME
 *
 * No octet of it appears under a name before the engine vouched for the last one. The archive is not looked into
 * before that either, which costs its size on the disk for a while. The encrypted file is never touched. */

#include "config.h"

#include "spare-decrypt-file.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "spare-archive-reader.h"
#include "spare-decryption.h"
#include "spare-display.h"
#include "spare-error.h"
#include "spare-output-dir.h"
#include "spare-source.h"
#include "spare-target.h"

/* What comes out may be larger than what goes in, by so much. Beyond, it is a bomb rather than a document. */
#define EXPANSION_MAX 100
#define OUTPUT_MIN    (G_GUINT64_CONSTANT (1) << 30)

typedef struct
{
  SpareSource *source;
  SpareOutput *output;
  SpareOutputDir *folder;
  SpareProgressMeter *meter;
  guint64 size;
} Decrypting;

static void
decrypting_clear (Decrypting *self)
{
  g_clear_pointer (&self->source, spare_source_free);
  g_clear_pointer (&self->output, spare_output_free);
  g_clear_pointer (&self->folder, spare_output_dir_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Decrypting, decrypting_clear)

static gssize
read_cb (gpointer user_data, guint8 *buffer, gsize size, GError **error)
{
  Decrypting *self = user_data;
  gssize got = spare_source_read (self->source, buffer, size, error);

  if (got >= 0 && self->meter != NULL)
    spare_progress_meter_report (self->meter, SPARE_STAGE_DECRYPTING,
                                 lseek (spare_source_get_fd (self->source), 0, SEEK_CUR),
                                 (goffset) self->size);
  return got;
}

static gboolean
rewind_input_cb (gpointer user_data, GError **error)
{
  return spare_source_rewind (((Decrypting *) user_data)->source, error);
}

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  return spare_output_write (((Decrypting *) user_data)->output, octets, size, error);
}

static gboolean
rewind_output_cb (gpointer user_data, GError **error)
{
  return spare_output_reset (((Decrypting *) user_data)->output, error);
}

/* Tries the homes that hold secret keys, the likely one first. */
static SpareDecryption *
decrypt (Decrypting *self, SpareOwner *owner, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) homes = spare_owner_dup_decryption_homes (owner);
  g_autoptr (GError) reason = NULL;
  const SpareStream stream = {
    .read = read_cb,
    .rewind_input = rewind_input_cb,
    .input = self,
    .write = write_cb,
    .rewind_output = rewind_output_cb,
    .output = self,
  };

  for (guint i = 0; i < homes->len; i++)
    {
      g_autoptr (GError) second = NULL;
      SpareDecryption *decryption;

      if (i > 0
          && (!spare_source_rewind (self->source, error)
              || !spare_output_reset (self->output, error)))
        return NULL;
      decryption = spare_decrypt_sync (g_ptr_array_index (homes, i), &stream,
                                       MAX (OUTPUT_MIN, EXPANSION_MAX * self->size),
                                       cancellable, &second);
      if (decryption != NULL)
        return decryption;
      if (!g_error_matches (second, SPARE_ERROR, SPARE_ERROR_NO_KEY))
        {
          g_propagate_error (error, g_steal_pointer (&second));
          return NULL;
        }
      /* The first home's words are kept: it is the one in use. */
      if (reason == NULL)
        reason = g_steal_pointer (&second);
    }
  if (reason != NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  else
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP,
                         _ ("There is no key of yours yet, so nothing can be decrypted. "
                            "Nothing was "
                            "changed."));
  return NULL;
}

/* "Done", though a power cut now might still undo it, stays done. */
static gboolean
accept_unsure (SpareFileResult *result, const char *target, GError **reason, GError **error)
{
  if (*reason == NULL)
    return TRUE;
  if (!g_error_matches (*reason, SPARE_ERROR, SPARE_ERROR_OUTPUT_UNSURE))
    {
      g_propagate_error (error, g_steal_pointer (reason));
      return FALSE;
    }
  result->unsure = TRUE;
  result->note = g_strdup ((*reason)->message);
  if (result->output == NULL)
    result->output = g_strdup (target);
  return TRUE;
}

static gboolean
unpack (Decrypting *self,
        const char *target,
        SpareConflict conflict,
        SpareFileResult *result,
        GCancellable *cancellable,
        GError **error)
{
  g_autoptr (GError) reason = NULL;

  self->folder = spare_output_dir_open (target, conflict, spare_output_get_size (self->output),
                                        error);
  if (self->folder == NULL)
    return FALSE;
  if (!spare_archive_unpack_sync (spare_output_get_fd (self->output),
                                  spare_output_dir_get_fd (self->folder), &result->n_left_out,
                                  cancellable, error))
    return FALSE;
  result->is_folder = TRUE;
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  (void) spare_output_dir_publish (self->folder, SPARE_PUBLISH_NONE, &result->output, &reason);
  return accept_unsure (result, target, &reason, error);
}

/* A folder's name that is taken is told before ten gigabytes are decrypted. */
static gboolean
check_free (const char *target, SpareConflict conflict, GError **error)
{
  g_autofree char *shown = NULL;

  if (conflict != SPARE_CONFLICT_FAIL || !g_file_test (target, G_FILE_TEST_EXISTS))
    return TRUE;
  shown = spare_display_basename (target);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
               _ ("“%s” is there already. It was not touched."), shown);
  return FALSE;
}

/**
 * spare_decrypt_file_sync:
 * @owner: the owner's side, opened
 * @what: the input and where its result goes
 * @meter: (nullable): gets the progress, in octets of the input
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Decrypts one file; NAME.tar.gpg is unpacked to the folder NAME unless that is not wanted. In whatever way it ends, there
 * is either the whole result or nothing new, and the encrypted file is as it was.
 *
 * Returns: (transfer full): the result, or %NULL with a [enum@Gio.IOErrorEnum] or a [enum@SpareErrorCode]
 */
SpareFileResult *
spare_decrypt_file_sync (SpareOwner *owner,
                         const SpareDecryptFile *what,
                         SpareProgressMeter *meter,
                         GCancellable *cancellable,
                         GError **error)
{
  g_auto (Decrypting) self = { .meter = meter };
  g_autoptr (SpareFileResult) result = g_new0 (SpareFileResult, 1);
  g_autoptr (SpareDecryption) decryption = NULL;
  g_autoptr (GError) reason = NULL;
  gboolean is_archive = !what->no_unpack && spare_target_names_archive (what->input);
  g_autofree char *target = spare_target_for_decryption (what->input, is_archive, what->output,
                                                         what->output_directory);
  g_autofree char *temporary = NULL;

  self.source = spare_source_open (what->input, SPARE_SOURCE_FOLLOW, error);
  if (self.source == NULL || (is_archive && !check_free (target, what->conflict, error))
      || !spare_target_check_other (target, what->conflict, spare_source_get_fd (self.source),
                                    error))
    return NULL;
  self.size = (guint64) spare_source_get_size (self.source);
  /* An archive's temporary is never published: any free name will do for it. */
  temporary = is_archive ? g_strconcat (target, ".tar", NULL) : NULL;
  self.output = spare_output_open (is_archive ? temporary : target,
                                   is_archive ? SPARE_CONFLICT_RENAME : what->conflict,
                                   (goffset) self.size, error);
  if (self.output == NULL)
    return NULL;
  decryption = decrypt (&self, owner, cancellable, error);
  if (decryption == NULL || !spare_source_check_unchanged (self.source, error))
    return NULL;

  if (meter != NULL)
    spare_progress_meter_report (meter, SPARE_STAGE_FINISHING, 0, 0);
  result->decrypted = TRUE;
  result->file_id = g_strdup (spare_head_get_file_id (decryption->head));
  result->signatures = g_ptr_array_ref (decryption->signatures);
  result->octets = (guint64) spare_output_get_size (self.output);
  if (is_archive)
    {
      if (!unpack (&self, target, what->conflict, result, cancellable, error))
        return NULL;
      return g_steal_pointer (&result);
    }
  if (!spare_output_sync (self.output, error)
      || g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  (void) spare_output_publish (self.output, SPARE_PUBLISH_NONE, &result->output, &reason);
  if (!accept_unsure (result, target, &reason, error))
    return NULL;
  return g_steal_pointer (&result);
}
