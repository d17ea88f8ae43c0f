/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All packets, wrapped for another escrow subkey; and the drill, which shows that they open.
 *
 * Promise: a packet as it was deposited is kept for ever; what a rotation makes stands beside it. Each page of packets is one
 * transaction, so a kill costs a page, and run again it goes on with what is not done. Nothing leaves the authority.
 */
#include "config.h"

#include "spare-rotation.h"

#include "spare-error.h"
#include "spare-escrow-packet.h"
#include "spare-packet-opener-private.h"
#include "spare-packet-target-private.h"
#include "spare-registry-private.h"

#include <glib/gi18n-lib.h>

#define PAGE         200
#define FAILED_NAMED 100

/**
 * spare_rotation_result_free:
 * @self: (transfer full): a result
 */
void
spare_rotation_result_free (SpareRotationResult *self)
{
  g_free (self->subkey);
  g_free (self);
}

/**
 * spare_drill_result_free:
 * @self: (transfer full): a result
 */
void
spare_drill_result_free (SpareDrillResult *self)
{
  g_ptr_array_unref (self->failed);
  g_free (self);
}

/* --- Rotation --- */

typedef struct
{
  SpareAuthority *authority;
  SparePacketOpener *opener;
  SparePacketTarget *target;
  SpareRotationResult *result;
  GCancellable *cancellable;
} Rotation;

static gboolean
is_for_target (const Rotation *self, GBytes *octets)
{
  g_autoptr (SpareEsk) esk = NULL;
  g_autoptr (SpareHead) head = NULL;

  return octets != NULL && spare_escrow_packet_parse (octets, &esk, &head, NULL)
         && spare_esk_matches_fingerprint (esk, self->target->subkey->fingerprint);
}

static gboolean
rotate_packet (Rotation *self, const SpareRegistryPacket *packet, GError **error)
{
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (SpareSessionKey) key = NULL;
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (GError) failure = NULL;
  gboolean fatal = FALSE;

  if (is_for_target (self, packet->rewrapped)
      || (packet->rewrapped == NULL && is_for_target (self, packet->packet)))
    {
      self->result->n_before++;
      return TRUE;
    }
  key = spare_packet_opener_open_packet_sync (self->opener, packet, &head, &fatal,
                                              self->cancellable, &failure);
  if (key == NULL && fatal)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (key == NULL)
    {
      self->result->n_failed++;
      return TRUE;
    }
  octets = spare_packet_target_wrap (self->target, key, head, error);
  self->result->n_done++;
  return octets != NULL
         && spare_registry_set_rewrapped (spare_authority_get_registry (self->authority),
                                          packet->id, octets, self->target->subkey->fingerprint,
                                          error);
}

static gboolean
rotate_page_locked (Rotation *self, GPtrArray *page, GError **error)
{
  g_autoptr (JsonObject) detail = json_object_new ();
  guint64 before = self->result->n_done;

  for (guint i = 0; i < page->len; i++)
    if (g_cancellable_set_error_if_cancelled (self->cancellable, error)
        || !rotate_packet (self, g_ptr_array_index (page, i), error))
      return FALSE;
  if (self->result->n_done == before)
    return TRUE;
  json_object_set_string_member (detail, "subkey", self->result->subkey);
  json_object_set_int_member (detail, "packets", (gint64) (self->result->n_done - before));
  return spare_audit_append (spare_authority_get_audit (self->authority), "packets.rotate",
                             spare_authority_get_fingerprint (self->authority), detail, NULL,
                             error);
}

static gboolean
rotate_page (Rotation *self, GPtrArray *page, GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (self->authority);

  if (!spare_registry_begin (registry, error))
    return FALSE;
  if (!rotate_page_locked (self, page, error))
    {
      spare_registry_rollback (registry);
      return FALSE;
    }
  return spare_registry_commit (registry, error)
         && spare_audit_checkpoint_if_due_sync (spare_authority_get_audit (self->authority),
                                                self->cancellable, error);
}

static gboolean
log_rotation (Rotation *self, const char *event, GError **error)
{
  g_autoptr (JsonObject) detail = json_object_new ();

  json_object_set_string_member (detail, "subkey", self->result->subkey);
  json_object_set_int_member (detail, "done", (gint64) self->result->n_done);
  json_object_set_int_member (detail, "failed", (gint64) self->result->n_failed);
  return spare_packet_target_log (self->authority, event, detail, error)
         && spare_audit_checkpoint_sync (spare_authority_get_audit (self->authority),
                                         self->cancellable, error);
}

typedef gboolean (*PageFunc) (gpointer data, GPtrArray *page, GError **error);

static gboolean
for_each_page (SpareAuthority *authority,
               PageFunc func,
               gpointer data,
               SpareProgressMeter *progress,
               GCancellable *cancellable,
               GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (authority);
  SpareRegistryQuery query = { .oldest_first = TRUE, .limit = PAGE };
  guint64 total = 0;
  guint64 done = 0;

  if (!spare_registry_count_packets (registry, &query, &total, error))
    return FALSE;
  for (;;)
    {
      g_autoptr (GPtrArray) page = spare_registry_list_packets (registry, &query, error);

      if (page == NULL || g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (page->len == 0)
        return TRUE;
      if (!func (data, page, error))
        return FALSE;
      query.after = ((SpareRegistryPacket *) g_ptr_array_index (page, page->len - 1))->id;
      done += page->len;
      spare_progress_meter_report (progress, SPARE_STAGE_ENCRYPTING, (goffset) done,
                                   (goffset) total);
    }
}

/**
 * spare_authority_rotate_sync:
 * @self: an open authority
 * @fingerprint: of one of the authority's own encryption subkeys, or the primary one of another authority in its home
 * @progress: (nullable): told of the packets that are done
 * @cancellable: (nullable): ends it; what is done stays done
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): how many were wrapped anew
 */
SpareRotationResult *
spare_authority_rotate_sync (SpareAuthority *self,
                             const char *fingerprint,
                             SpareProgressMeter *progress,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (SparePacketTarget) target = NULL;
  g_autoptr (SparePacketOpener) opener = NULL;
  g_autoptr (SpareRotationResult) result = g_new0 (SpareRotationResult, 1);
  Rotation rotation;

  if (!spare_audit_check_clock (spare_authority_get_audit (self), error))
    return NULL;
  target = spare_packet_target_new_sync (self, fingerprint, TRUE, cancellable, error);
  if (target == NULL)
    return NULL;
  opener = spare_packet_opener_new (self);
  result->subkey = g_strdup (target->subkey->fingerprint);
  rotation = (Rotation){ self, opener, target, result, cancellable };
  if (!log_rotation (&rotation, "packets.rotate.intent", error)
      || !for_each_page (self, (PageFunc) rotate_page, &rotation, progress, cancellable, error)
      || !log_rotation (&rotation, "packets.rotate.done", error))
    return NULL;
  return g_steal_pointer (&result);
}

/* --- Drill --- */

typedef struct
{
  SparePacketOpener *opener;
  SpareDrillResult *result;
  GCancellable *cancellable;
} Drill;

static gboolean
drill_page (gpointer data, GPtrArray *page, GError **error)
{
  Drill *self = data;

  for (guint i = 0; i < page->len; i++)
    {
      const SpareRegistryPacket *packet = g_ptr_array_index (page, i);
      g_autoptr (SpareHead) head = NULL;
      g_autoptr (GError) failure = NULL;
      g_autoptr (SpareSessionKey) key = NULL;
      gboolean fatal = FALSE;

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      key = spare_packet_opener_open_packet_sync (self->opener, packet, &head, &fatal,
                                                  self->cancellable, &failure);
      if (key == NULL && fatal)
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      self->result->n_tried++;
      self->result->n_opened += key != NULL;
      if (key == NULL && self->result->failed->len < FAILED_NAMED)
        g_ptr_array_add (self->result->failed, g_strdup (packet->serial));
    }
  return TRUE;
}

static gboolean
select_ids (SpareDatabase *database, guint64 sample, GArray *ids, GError **error)
{
  g_autoptr (sqlite3_stmt)
      stmt = spare_database_prepare (database,
                                     "SELECT id FROM packets ORDER BY random () LIMIT ?1",
                                     error);
  gboolean row = FALSE;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, (gint64) MIN (sample, G_MAXINT64));
  for (;;)
    {
      gint64 id;

      if (!spare_database_step (database, stmt, &row, error))
        return FALSE;
      if (!row)
        return TRUE;
      id = sqlite3_column_int64 (stmt, 0);
      g_array_append_val (ids, id);
    }
}

static gboolean
drill_sample (SpareAuthority *authority,
              Drill *drill,
              guint64 sample,
              SpareProgressMeter *progress,
              GError **error)
{
  SpareRegistry *registry = spare_authority_get_registry (authority);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  SpareDatabase *database = spare_registry_lock (registry, error);
  gboolean done;

  if (database == NULL)
    return FALSE;
  done = select_ids (database, sample, ids, error);
  spare_registry_unlock (registry);
  for (guint i = 0; done && i < ids->len; i++)
    {
      g_autoptr (GPtrArray)
          page = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_registry_packet_free);
      SpareRegistryPacket *packet = spare_registry_get_packet (registry,
                                                               g_array_index (ids, gint64, i),
                                                               error);

      if (packet == NULL)
        return FALSE;
      g_ptr_array_add (page, packet);
      done = drill_page (drill, page, error);
      spare_progress_meter_report (progress, SPARE_STAGE_DECRYPTING, i + 1, ids->len);
    }
  return done;
}

/**
 * spare_authority_drill_sync:
 * @self: an open authority
 * @sample: how many packets, taken by chance; 0 for all
 * @progress: (nullable): told of the packets that are done
 * @cancellable: (nullable): ends it
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): how many of them open
 */
SpareDrillResult *
spare_authority_drill_sync (SpareAuthority *self,
                            guint64 sample,
                            SpareProgressMeter *progress,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autoptr (SparePacketOpener) opener = NULL;
  g_autoptr (SpareDrillResult) result = g_new0 (SpareDrillResult, 1);
  g_autoptr (JsonObject) detail = json_object_new ();
  Drill drill;

  result->failed = g_ptr_array_new_with_free_func (g_free);
  if (!spare_audit_check_clock (spare_authority_get_audit (self), error))
    return NULL;
  opener = spare_packet_opener_new (self);
  drill = (Drill){ opener, result, cancellable };
  if (!(sample > 0 ? drill_sample (self, &drill, sample, progress, error)
                   : for_each_page (self, drill_page, &drill, progress, cancellable, error)))
    return NULL;
  json_object_set_int_member (detail, "tried", (gint64) result->n_tried);
  json_object_set_int_member (detail, "opened", (gint64) result->n_opened);
  return spare_packet_target_log (self, "packets.drill", detail, error)
             ? g_steal_pointer (&result)
             : NULL;
}
