/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets that leave the authority: re-wrapped for another authority, or as they are for stock gpg.
 *
 * Promise: which packets leave, and for whom, is in the log, committed and under a checkpoint, before the first one is opened;
 * how it ended is there afterwards. A transfer names for each packet its owner, when it came in, and whether it was
 * proven: as the kept deposit shows it, not as the row has it; it never passes as a deposit. Session keys are in secure memory, one at a time. Raw packets are not opened.
 */
#include "config.h"

#include "spare-packet-export.h"

#include "spare-reply-private.h"
#include "spare-bundle-writer.h"
#include "spare-delivery.h"
#include "spare-display.h"
#include "spare-error.h"
#include "spare-packet-evidence-private.h"
#include "spare-packet-opener-private.h"
#include "spare-packet-target-private.h"
#include "spare-transfer-record.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#define PAGE 200

/* --- Which packets --- */

/* One after the other, a page in memory. */
typedef struct
{
  SpareAuthority *authority;
  const SparePacketSelection *selection;
  guint serial; /* the next of the selection's */
  gint64 after;
  GPtrArray *page;
  guint at;
  gboolean ended;
  guint64 n_done;
  SpareProgressMeter *progress;
  GCancellable *cancellable;
} Walk;

static void
walk_clear (Walk *self)
{
  g_clear_pointer (&self->page, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

static gboolean
list_page (Walk *self, const char *serial, GError **error)
{
  const SpareRegistryQuery query = {
    .owner = self->selection->owner,
    .text = self->selection->query,
    .serial = serial,
    .oldest_first = TRUE,
    .after = self->after,
    .limit = PAGE,
  };

  g_clear_pointer (&self->page, g_ptr_array_unref);
  self->at = 0;
  self->page = spare_registry_list_packets (spare_authority_get_registry (self->authority),
                                            &query, error);
  return self->page != NULL;
}

static gboolean
fail_unknown (const char *serial, GError **error)
{
  g_autofree char *shown = spare_display_text (serial, -1, SPARE_RECORD_SERIAL_MAX);

  g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
               _ ("There is no packet with the serial “%s”. Nothing was written."), shown);
  return FALSE;
}

static gboolean
next_page (Walk *self, GError **error)
{
  const char *const *serials = self->selection->serials;
  const char *serial = NULL;

  spare_progress_meter_report (self->progress, SPARE_STAGE_ENCRYPTING, (goffset) self->n_done,
                               0);
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (serials != NULL)
    {
      serial = serials[self->serial];
      self->after = 0;
      if (serial == NULL)
        {
          self->ended = TRUE;
          return TRUE;
        }
      self->serial++;
    }
  if (!list_page (self, serial, error))
    return FALSE;
  if (serials != NULL && self->page->len == 0)
    return fail_unknown (serial, error);
  self->ended = serials == NULL && self->page->len == 0;
  return TRUE;
}

/* FALSE without an error: there are no more. */
static const SpareRegistryPacket *
walk_next (Walk *self, GError **error)
{
  const SpareRegistryPacket *packet;

  while (!self->ended && (self->page == NULL || self->at == self->page->len))
    if (!next_page (self, error))
      return NULL;
  if (self->ended)
    return NULL;
  packet = g_ptr_array_index (self->page, self->at++);
  self->after = packet->id;
  self->n_done++;
  return packet;
}

/* --- For another authority --- */

typedef struct
{
  Walk *walk;
  SparePacketOpener *opener;
  SparePacketEvidence *evidence;
  SparePacketTarget *target;
  guint64 n_left_out;
} Transfer;

static JsonObject *
wrap_packet (Transfer *self, const SpareRegistryPacket *packet, gboolean *fatal, GError **error)
{
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (SpareSessionKey) key = NULL;
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (SpareDepositRecord) deposit = NULL;
  g_autoptr (SpareTransferRecord) record = NULL;
  const char *source = packet->source_sha256 != NULL ? packet->source_sha256 : packet->sha256;
  gint64 intake = packet->intake;
  gboolean proven = FALSE;

  *fatal = FALSE;
  key = spare_packet_opener_open_packet_sync (self->opener, packet, &head, fatal,
                                              self->walk->cancellable, error);
  octets = key != NULL ? spare_packet_target_wrap (self->target, key, head, error) : NULL;
  if (octets == NULL)
    return NULL;
  /* What a third authority had stated of it is not ours to confirm. */
  if (packet->transfer_from == NULL
      && !spare_packet_evidence_check_sync (self->evidence, packet, key, head, &proven, &intake,
                                            self->walk->cancellable, error))
    {
      *fatal = TRUE;
      return NULL;
    }
  deposit = spare_deposit_record_new (packet->serial, packet->created, packet->description,
                                      packet->name, packet->size,
                                      self->target->subkey->fingerprint,
                                      self->target->subkey->algorithm_nick, packet->cipher,
                                      octets, NULL, error);
  if (deposit == NULL)
    return NULL;
  record = spare_transfer_record_new (packet->owner, intake, proven, source, NULL,
                                      g_steal_pointer (&deposit), error);
  if (record == NULL)
    return NULL;
  return spare_transfer_record_to_json (record);
}

static JsonObject *
next_record_cb (gpointer user_data, GError **error)
{
  Transfer *self = user_data;

  for (;;)
    {
      g_autoptr (GError) failure = NULL;
      const SpareRegistryPacket *packet = walk_next (self->walk, error);
      gboolean fatal = FALSE;
      JsonObject *line;

      if (packet == NULL)
        return NULL;
      line = wrap_packet (self, packet, &fatal, &failure);
      if (line != NULL)
        return line;
      if (fatal || g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return NULL;
        }
      g_debug ("export: %s", failure->message);
      self->n_left_out++;
    }
}

static SpareWrittenBundle *
write_transfer (Transfer *self, const char *folder, GError **error)
{
  SpareAuthority *authority = self->walk->authority;
  const char *own = spare_authority_get_fingerprint (authority);
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (SPARE_BUNDLE_TRANSFER, own,
                                        spare_key_get_fingerprint (self->target->key));
  const SpareBundleParties parties = {
    .home = spare_authority_get_home (authority),
    .signing_home = spare_authority_get_home (authority),
    .signer = own,
    .receiver = self->target->key,
  };
  g_autofree char *sha256 = NULL;
  g_autofree char *name = NULL;
  g_autofree char *final = NULL;
  g_autofree char *path = NULL;
  g_autoptr (JsonObject) detail = json_object_new ();
  guint n_records = 0;

  path = spare_bundle_write_file_sync (&parties, header, next_record_cb, self,
                                       spare_authority_get_spool (authority), &n_records,
                                       &sha256, self->walk->cancellable, error);
  if (path == NULL)
    return NULL;
  if (n_records == 0)
    {
      g_unlink (path);
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("None of these packets could be opened and wrapped anew. Nothing "
                              "was written."));
      return NULL;
    }
  if (!spare_reply_keep_file_sync (authority, path, sha256, error))
    return NULL;
  json_object_set_string_member (detail, "id", header->id);
  json_object_set_string_member (detail, "sha256", sha256);
  json_object_set_string_member (detail, "to", header->to);
  json_object_set_int_member (detail, "records", n_records);
  json_object_set_int_member (detail, "left-out", (gint64) self->n_left_out);
  name = spare_bundle_header_dup_file_name (header);
  final = spare_reply_deliver_sync (authority, sha256, name, folder, self->walk->cancellable,
                                    error);
  if (final == NULL || !spare_packet_target_log (authority, "packets.export", detail, error))
    return NULL;
  return spare_written_bundle_new (final, header, n_records);
}

static gboolean
export_transfer (Walk *walk,
                 const char *receiver,
                 const char *folder,
                 GPtrArray *written,
                 GError **error)
{
  g_autoptr (SparePacketOpener) opener = spare_packet_opener_new (walk->authority);
  g_autoptr (SparePacketEvidence) evidence = spare_packet_evidence_new (walk->authority);
  g_autoptr (SparePacketTarget)
      target = spare_packet_target_new_sync (walk->authority, receiver, FALSE,
                                             walk->cancellable, error);
  Transfer transfer = {
    .walk = walk, .opener = opener, .evidence = evidence, .target = target
  };
  SpareWrittenBundle *bundle;

  if (target == NULL)
    return FALSE;
  bundle = write_transfer (&transfer, folder, error);
  if (bundle == NULL)
    return FALSE;
  g_ptr_array_add (written, bundle);
  return TRUE;
}

/* --- As they are --- */

static gboolean
export_raw (Walk *walk, const char *folder, GPtrArray *written, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (JsonObject) detail = json_object_new ();
  const SpareRegistryPacket *packet;

  while ((packet = walk_next (walk, &failure)) != NULL)
    {
      g_autofree char *name = g_strdup_printf ("packet-%.16s.gpg", packet->sha256);
      char *final = NULL;
      SpareWrittenBundle *one;

      if (!spare_delivery_put_sync (folder, name, packet->packet, &final, walk->cancellable,
                                    error))
        return FALSE;
      one = g_new0 (SpareWrittenBundle, 1);
      one->path = final;
      one->type = SPARE_BUNDLE_TRANSFER;
      one->id = g_strdup (packet->serial);
      one->n_records = 1;
      g_ptr_array_add (written, one);
    }
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  json_object_set_int_member (detail, "raw", written->len);
  return spare_packet_target_log (walk->authority, "packets.export", detail, error);
}

static gboolean
log_intent (Walk *walk, const char *receiver, GError **error)
{
  g_autoptr (JsonObject) detail = json_object_new ();
  const SparePacketSelection *selection = walk->selection;

  json_object_set_string_member (detail, "to", receiver != NULL ? receiver : "raw");
  if (selection->owner != NULL)
    json_object_set_string_member (detail, "owner", selection->owner);
  if (selection->query != NULL)
    json_object_set_string_member (detail, "query", selection->query);
  if (selection->serials != NULL)
    {
      g_autofree char *all = g_strjoinv (" ", (char **) selection->serials);
      g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, all, -1);

      json_object_set_int_member (detail, "serials",
                                  g_strv_length ((char **) selection->serials));
      json_object_set_string_member (detail, "serials-sha256", hash);
    }
  return spare_packet_target_log (walk->authority, "packets.export.intent", detail, error)
         && spare_audit_checkpoint_sync (spare_authority_get_audit (walk->authority),
                                         walk->cancellable, error);
}

/**
 * spare_authority_export_sync:
 * @self: an open authority
 * @selection: which packets
 * @receiver: (nullable): primary fingerprint of another authority whose certificate was imported; %NULL: raw
 * @folder: where to put it, a path or a URI
 * @progress: (nullable): told of the packets that are done
 * @cancellable: (nullable): ends it; raw packets that are written by then stay
 * @error: return location for an error
 *
 * Packets that don't open are left out of a transfer.
 *
 * Returns: (transfer full) (element-type SpareWrittenBundle) (nullable): one transfer; or one entry for each raw packet,
 *   whose id is its serial and whose receiver is %NULL
 */
GPtrArray *
spare_authority_export_sync (SpareAuthority *self,
                             const SparePacketSelection *selection,
                             const char *receiver,
                             const char *folder,
                             SpareProgressMeter *progress,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (GPtrArray)
      written = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_written_bundle_free);
  g_auto (Walk) walk = {
    .authority = self,
    .selection = selection,
    .progress = progress,
    .cancellable = cancellable,
  };

  if (!spare_audit_check_clock (spare_authority_get_audit (self), error)
      || !log_intent (&walk, receiver, error)
      || !(receiver != NULL ? export_transfer (&walk, receiver, folder, written, error)
                            : export_raw (&walk, folder, written, error))
      || !spare_audit_checkpoint_sync (spare_authority_get_audit (self), cancellable, error))
    return NULL;
  return g_steal_pointer (&written);
}

/* --- Async --- */

typedef struct
{
  SparePacketSelection selection;
  GStrv serials;
  char *receiver;
  char *folder;
  SpareProgressMeter *progress;
} ExportWork;

static void
export_work_free (gpointer data)
{
  ExportWork *work = data;

  g_strfreev (work->serials);
  g_free ((char *) work->selection.owner);
  g_free ((char *) work->selection.query);
  g_free (work->receiver);
  g_free (work->folder);
  g_clear_pointer (&work->progress, spare_progress_meter_unref);
  g_free (work);
}

static void
export_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  ExportWork *work = data;
  GError *error = NULL;
  GPtrArray *written = spare_authority_export_sync (source, &work->selection, work->receiver,
                                                    work->folder, work->progress, cancellable,
                                                    &error);

  if (written != NULL)
    g_task_return_pointer (task, written, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

/**
 * spare_authority_export_async:
 *
 * See spare_authority_export_sync().
 */
void
spare_authority_export_async (SpareAuthority *self,
                              const SparePacketSelection *selection,
                              const char *receiver,
                              const char *folder,
                              SpareProgressMeter *progress,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  ExportWork *work = g_new0 (ExportWork, 1);

  work->serials = g_strdupv ((char **) selection->serials);
  work->selection.serials = (const char *const *) work->serials;
  work->selection.owner = g_strdup (selection->owner);
  work->selection.query = g_strdup (selection->query);
  work->receiver = g_strdup (receiver);
  work->folder = g_strdup (folder);
  work->progress = progress != NULL ? spare_progress_meter_ref (progress) : NULL;
  g_task_set_source_tag (task, spare_authority_export_async);
  g_task_set_task_data (task, work, export_work_free);
  g_task_run_in_thread (task, export_thread);
}

/**
 * spare_authority_export_finish:
 *
 * Returns: (transfer full) (element-type SpareWrittenBundle) (nullable): see spare_authority_export_sync()
 */
GPtrArray *
spare_authority_export_finish (SpareAuthority *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
