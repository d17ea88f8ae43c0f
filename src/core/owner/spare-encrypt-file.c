/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One file or folder on its way into an encrypted file. The order is the promise:
 *
 *   source opened → engine → hidden temporary, walked as it is written → synced → head read back and compared →
 *   escrow packet made, with its proof → outbox row committed → published under its name → folder synced →
 *   (asked for) read back whole → original to the trash
 *
 * At every instant, also in a power cut, the name holds nothing or the whole encrypted file, and a file that is there
 * has its row in the outbox: a packet that was split out of the file is never only in memory. The original is not
 * touched but by the last step. A row without a file, left by a crash between the two, does no harm. */

#include "config.h"

#include "spare-encrypt-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spare-archive-writer.h"
#include "spare-cipher.h"
#include "spare-compression.h"
#include "spare-display.h"
#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-folder-walk.h"
#include "spare-head-parser.h"
#include "spare-proof.h"
#include "spare-source.h"
#include "spare-target.h"
#include "spare-walker.h"

#define PART (256 * 1024)

G_STATIC_ASSERT (sizeof ((SpareOutboxEntry *) 0)->proof == SPARE_PROOF_LENGTH);

typedef struct
{
  const SpareEncryptFile *what;
  SpareEncryptionPlan *plan;
  SpareHome *home;
  SpareOutbox *outbox;
  SpareKeySource key_source;
  SpareProgressMeter *meter;
  GCancellable *cancellable;
  SpareSource *source;         /* a file … */
  SpareArchiveWriter *archive; /* … or a folder */
  guint64 size;                /* octets of the file, or of all files in the folder */
  SpareOutput *output;
  guint64 n_written;
} Encrypting;

static void
encrypting_clear (Encrypting *self)
{
  g_clear_pointer (&self->source, spare_source_free);
  g_clear_pointer (&self->archive, spare_archive_writer_free);
  /* Not published: gone. */
  g_clear_pointer (&self->output, spare_output_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Encrypting, encrypting_clear)

static gssize
read_cb (gpointer user_data, guint8 *buffer, gsize size, GError **error)
{
  Encrypting *self = user_data;
  gssize got;
  guint64 done;

  if (self->archive != NULL)
    {
      got = spare_archive_writer_read (self->archive, buffer, size, error);
      done = spare_archive_writer_get_read (self->archive);
    }
  else
    {
      got = spare_source_read (self->source, buffer, size, error);
      done = (guint64) lseek (spare_source_get_fd (self->source), 0, SEEK_CUR);
    }
  if (got >= 0 && self->meter != NULL)
    spare_progress_meter_report (self->meter, SPARE_STAGE_ENCRYPTING, (goffset) done,
                                 (goffset) self->size);
  return got;
}

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  Encrypting *self = user_data;

  self->n_written += size;
  return spare_output_write (self->output, octets, size, error);
}

static gboolean
rewind_input_cb (gpointer user_data, GError **error)
{
  return spare_source_rewind (((Encrypting *) user_data)->source, error);
}

static gboolean
rewind_output_cb (gpointer user_data, GError **error)
{
  Encrypting *self = user_data;

  self->n_written = 0;
  return spare_output_reset (self->output, error);
}

static gboolean
open_input (Encrypting *self, gboolean *compress, GError **error)
{
  struct stat status;
  const char *input = self->what->input;

  if (stat (input, &status) == 0 && S_ISDIR (status.st_mode))
    {
      guint n_files;

      if (!spare_folder_measure_sync (input, &n_files, &self->size, self->cancellable, error))
        return FALSE;
      *compress = spare_compression_gains_for_folder (input, self->size);
      self->archive = spare_archive_writer_new (input, error);
      return self->archive != NULL;
    }
  /* What is not there or not a file, the source says in words. */
  self->source = spare_source_open (input, SPARE_SOURCE_FOLLOW, error);
  if (self->source == NULL)
    return FALSE;
  self->size = (guint64) spare_source_get_size (self->source);
  *compress = spare_compression_gains (spare_source_get_fd (self->source), self->size);
  return TRUE;
}

static gboolean
fail_check (GError **error)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("What was written could not be read back as it should be, so it was "
                          "thrown "
                          "away. The original is unharmed; the disk may be failing."));
  return FALSE;
}

/* Reads the head of what was written, from the disk's side, and compares it with what went out. */
static gboolean
check_head (Encrypting *self, const SpareHead *expected, GError **error)
{
  g_autoptr (SpareHeadParser) parser = spare_head_parser_new ();
  guint8 part[4096];
  SpareHeadParserResult state = SPARE_HEAD_PARSER_MORE;
  SpareHead *head;
  struct stat status;
  int fd = spare_output_get_fd (self->output);
  off_t offset = 0;
  guint n_expected = 0;
  SpareEncryptionRequest request = { 0 };

  if (fstat (fd, &status) < 0 || (guint64) status.st_size != self->n_written)
    return fail_check (error);
  while (state == SPARE_HEAD_PARSER_MORE)
    {
      gssize got = pread (fd, part, sizeof part, offset);
      gsize consumed;

      if (got <= 0)
        return fail_check (error);
      offset += got;
      state = spare_head_parser_feed (parser, part, (gsize) got, &consumed, NULL);
    }
  head = spare_head_parser_get_head (parser);
  if (state != SPARE_HEAD_PARSER_DONE || head == NULL
      || g_strcmp0 (spare_head_get_file_id (head), spare_head_get_file_id (expected)) != 0)
    return fail_check (error);

  /* The same PKESKs in the same order, without those that left the stream. */
  spare_encryption_plan_fill_request (self->plan, &request);
  for (guint i = 0; i < spare_head_get_n_esks (expected); i++)
    {
      SpareEsk *esk = spare_head_get_esk (expected, i);

      if (request.drop != NULL && request.drop (esk, request.drop_data))
        continue;
      if (n_expected >= spare_head_get_n_esks (head)
          || !g_bytes_equal (spare_esk_get_packet (esk),
                             spare_esk_get_packet (spare_head_get_esk (head, n_expected))))
        return fail_check (error);
      n_expected++;
    }
  return n_expected == spare_head_get_n_esks (head) || fail_check (error);
}

/* Reads all of it, before the original goes. */
static gboolean
check_whole (Encrypting *self, GError **error)
{
  g_autoptr (SpareWalker) walker = spare_walker_new (SPARE_WALKER_STRICT);
  g_autofree guint8 *part = g_malloc (PART);
  int fd = spare_output_get_fd (self->output);
  guint64 offset = 0;

  /* From the disk, not from memory, where the kernel agrees. */
  (void) posix_fadvise (fd, 0, 0, POSIX_FADV_DONTNEED);
  while (offset < self->n_written)
    {
      gssize got = pread (fd, part, PART, (off_t) offset);

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (got <= 0 || !spare_walker_feed (walker, part, (gsize) got, NULL))
        return fail_check (error);
      offset += (guint64) got;
      if (self->meter != NULL)
        spare_progress_meter_report (self->meter, SPARE_STAGE_CHECKING, (goffset) offset,
                                     (goffset) self->n_written);
    }
  return spare_walker_finish (walker, NULL) || fail_check (error);
}

static SpareEsk *
find_esk (const SpareHead *head, const SpareSubkey *subkey)
{
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      SpareEsk *esk = spare_head_get_esk (head, i);

      if (spare_esk_is_public_key (esk)
          && (spare_esk_get_key_id (esk) == subkey->key_id
              || spare_esk_matches_fingerprint (esk, subkey->fingerprint)))
        return esk;
    }
  return NULL;
}

/* Trouble with reaching the owner's key, not with the file: the proof can be made when the packet is deposited. A question
 * of the key's own program that was waved away is no wish to stop. */
static gboolean
may_prove_later (const GError *error, GCancellable *cancellable)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return !g_cancellable_is_cancelled (cancellable);
  return g_error_matches (error, SPARE_ERROR, SPARE_ERROR_KEYRING_LOCKED)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_KEYRING_DISMISSED)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_KEYRING_MISSING)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_KEYRING_GONE)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE)
         || g_error_matches (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED);
}

/* The owner's own PKESK is all that the proof will need. */
static void
prove_later (SpareOutboxEntry *entry, SpareEsk *esk, const SpareHead *head)
{
  entry->cipher = g_strdup (spare_cipher_get_name (spare_head_get_cipher (head)));
  entry->own_esk = g_bytes_ref (spare_esk_get_packet (esk));
}

/* Opens the new file's session key through the owner's own PKESK: that proves to the authority that the depositor can
 * open the file, and to us that the owner can. */
static gboolean
prove (Encrypting *self, const SpareHead *head, SpareOutboxEntry *entry, GError **error)
{
  SpareSessionKeyOpener *opener;
  g_autoptr (SpareSessionKey) key = NULL;
  g_autoptr (GError) reason = NULL;
  SpareEsk *esk = find_esk (head, spare_encryption_plan_get_owner_subkey (self->plan));

  if (esk == NULL)
    return fail_check (error);
  /* A card may not be there, or want to be touched for each file: once for the batch, when it is deposited. */
  if (self->key_source == SPARE_KEY_SOURCE_CARD)
    {
      prove_later (entry, esk, head);
      return TRUE;
    }
  opener = spare_encryption_plan_take_opener (self->plan);
  key = spare_session_key_opener_open_sync (opener, esk, head, self->cancellable, &reason);
  spare_encryption_plan_give_opener (self->plan, opener);
  if (key == NULL && may_prove_later (reason, self->cancellable))
    {
      g_debug ("proof put off: %s", reason->message);
      prove_later (entry, esk, head);
      return TRUE;
    }
  if (key == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  entry->cipher = g_strdup (spare_cipher_get_name (key->cipher));
  entry->has_proof = spare_proof_compute (key->secret, entry->owner, entry->authority,
                                          entry->serial, head, entry->proof, error);
  return entry->has_proof;
}

static char *
dup_input_name (Encrypting *self)
{
  g_autofree char *absolute = g_canonicalize_filename (self->what->input, NULL);

  return g_path_get_basename (absolute);
}

/* The outbox row, complete but not yet stored; NULL without an error when nothing is escrowed. */
static SpareOutboxEntry *
make_entry (Encrypting *self, const SpareHead *head, GError **error)
{
  g_autoptr (SpareOutboxEntry) entry = NULL;
  const SpareSubkey *subkey = spare_encryption_plan_get_escrow_subkey (self->plan);
  SpareEsk *esk;

  if (subkey == NULL && !spare_encryption_plan_is_pending (self->plan))
    return NULL;
  entry = g_new0 (SpareOutboxEntry, 1);
  entry->state = SPARE_OUTBOX_PENDING;
  entry->file_id = g_strdup (spare_head_get_file_id (head));
  entry->name = dup_input_name (self);
  entry->description = g_strdup (self->archive != NULL ? _ ("Folder") : "");
  entry->size = self->size;
  entry->created = g_get_real_time () / G_USEC_PER_SEC;
  entry->owner = g_strdup (
      spare_key_get_fingerprint (spare_encryption_plan_get_owner_key (self->plan)));
  entry->mode = spare_encryption_plan_get_mode (self->plan);
  entry->serial = spare_outbox_reserve_serial_sync (self->outbox, entry->owner, error);
  if (entry->serial == NULL)
    return NULL;
  if (subkey == NULL)
    return g_steal_pointer (&entry);

  entry->authority = g_strdup (
      spare_key_get_fingerprint (spare_encryption_plan_get_authority (self->plan)));
  entry->subkey = g_strdup (subkey->fingerprint);
  entry->algorithm = g_strdup (subkey->algorithm_nick);
  esk = find_esk (head, subkey);
  if (esk == NULL)
    {
      fail_check (error);
      return NULL;
    }
  entry->packet = spare_escrow_packet_build (esk, head, error);
  if (entry->packet == NULL || !prove (self, head, entry, error))
    return NULL;
  return g_steal_pointer (&entry);
}

static gboolean
publish (Encrypting *self,
         const SpareOutboxEntry *entry,
         SpareFileResult *result,
         GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (entry != NULL && !spare_outbox_add_sync (self->outbox, entry, error))
    return FALSE;
  if (spare_output_publish (self->output, SPARE_PUBLISH_NONE, &result->output, &reason))
    return TRUE;
  if (g_error_matches (reason, SPARE_ERROR, SPARE_ERROR_OUTPUT_UNSURE))
    {
      result->unsure = TRUE;
      result->note = g_strdup (reason->message);
      if (result->output == NULL)
        result->output = g_strdup (spare_output_get_target (self->output));
      return TRUE;
    }
  if (entry != NULL)
    {
      g_autoptr (GError) second = NULL;

      if (!spare_outbox_withdraw_sync (self->outbox, entry->serial, &second))
        g_debug ("a row stays without its file: %s", second->message);
    }
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* Success stays success: what can't be moved away is said beside it. */
static void
trash_original (Encrypting *self, SpareFileResult *result, SpareTrashed **trashed)
{
  g_autoptr (GError) reason = NULL;

  if (result->unsure)
    return;
  if (result->n_left_out > 0)
    {
      result->note = g_strdup (
          _ ("The original folder stays, because not all that is in it could be "
             "encrypted."));
      return;
    }
  if (self->source != NULL && !spare_source_check_unchanged (self->source, &reason))
    {
      result->note = g_strdup (reason->message);
      return;
    }
  *trashed = spare_trash_file (self->what->input, self->cancellable, &reason);
  result->trashed = *trashed != NULL;
  if (!result->trashed)
    result->note = g_strdup_printf (_ ("The original stays where it is: %s"), reason->message);
}

static gboolean
encrypt (Encrypting *self, gboolean compress, SpareHead **head, GError **error)
{
  SpareEncryptionRequest request = { 0 };
  const SpareStream stream = {
    .read = read_cb,
    /* A folder is packed only once. */
    .rewind_input = self->source != NULL ? rewind_input_cb : NULL,
    .input = self,
    .write = write_cb,
    .rewind_output = rewind_output_cb,
    .output = self,
  };

  spare_encryption_plan_fill_request (self->plan, &request);
  request.compress = compress;
  request.size = self->source != NULL ? self->size : G_MAXUINT64;
  *head = spare_encrypt_sync (self->home, &request, &stream, self->cancellable, error);
  return *head != NULL
         && (self->source == NULL || spare_source_check_unchanged (self->source, error))
         && spare_output_sync (self->output, error) && check_head (self, *head, error)
         && (!self->what->trash_original || check_whole (self, error));
}

/**
 * spare_encrypt_file_sync:
 * @owner: the owner's side, opened
 * @plan: who will be able to open the result
 * @what: the input and where its result goes
 * @meter: (nullable): gets the progress, in octets of the input
 * @cancellable: (nullable): a cancellable
 * @trashed: (out) (transfer full) (nullable): the original in the trash, if it was moved there
 * @error: return location for an error
 *
 * Encrypts one file, or a folder as one archive. In whatever way it ends, there is either the whole result or nothing new,
 * and the original is as it was (or in the trash, if that was asked for and the result was read back).
 *
 * Returns: (transfer full): the result, or %NULL with a [enum@Gio.IOErrorEnum] or a [enum@SpareErrorCode]
 */
SpareFileResult *
spare_encrypt_file_sync (SpareOwner *owner,
                         SpareEncryptionPlan *plan,
                         const SpareEncryptFile *what,
                         SpareProgressMeter *meter,
                         GCancellable *cancellable,
                         SpareTrashed **trashed,
                         GError **error)
{
  g_auto (Encrypting) self = {
    .what = what,
    .plan = plan,
    .home = spare_owner_get_home (owner),
    .outbox = spare_owner_get_outbox (owner),
    .key_source = spare_owner_get_key_source (owner),
    .meter = meter,
    .cancellable = cancellable,
  };
  g_autoptr (SpareFileResult) result = g_new0 (SpareFileResult, 1);
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (SpareOutboxEntry) entry = NULL;
  g_autoptr (GError) reason = NULL;
  g_autofree char *target = NULL;
  gboolean compress;

  if (!open_input (&self, &compress, error))
    return NULL;
  target = spare_target_for_encryption (what->input, self.archive != NULL, what->output,
                                        what->output_directory);
  if (self.source != NULL
      && !spare_target_check_other (target, what->conflict, spare_source_get_fd (self.source),
                                    error))
    return NULL;
  self.output = spare_output_open (target, what->conflict, (goffset) self.size, error);
  if (self.output == NULL || !encrypt (&self, compress, &head, error))
    return NULL;
  if (meter != NULL)
    spare_progress_meter_report (meter, SPARE_STAGE_FINISHING, 0, 0);
  entry = make_entry (&self, head, &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  if (!publish (&self, entry, result, error))
    return NULL;

  result->file_id = g_strdup (spare_head_get_file_id (head));
  result->serial = entry != NULL ? g_strdup (entry->serial) : NULL;
  result->pending = spare_encryption_plan_is_pending (plan);
  result->mode = spare_encryption_plan_get_mode (plan);
  result->octets = self.size;
  if (self.archive != NULL)
    result->n_left_out = spare_archive_writer_get_n_left_out (self.archive);
  if (what->trash_original)
    trash_original (&self, result, trashed);
  return g_steal_pointer (&result);
}
