/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-registry-owner.h"
#include "spare-registry-packet.h"

G_BEGIN_DECLS

/* What spare_registry_add_packet() did with a packet. */
typedef enum
{
  SPARE_ADDED_NEW,
  SPARE_ADDED_KNOWN,  /* it was there, nothing changed */
  SPARE_ADDED_PROVEN, /* it was there, held; now it is proven, taken in now */
  SPARE_ADDED_CONFLICT, /* new, but its serial is that of another packet of the same owner: both are flagged */
} SpareAdded;

typedef enum
{
  SPARE_ANY,
  SPARE_ONLY,
  SPARE_WITHOUT,
} SpareOnly;

/* Which packets. Zeroes: all of them, newest first. */
typedef struct
{
  const char *
      text; /* words, each the start of a word in user id, fingerprint, name, description or serial; or a
                           whole file id. Any octets: nothing in it is syntax */
  const char *owner; /* fingerprint */
  const char *serial;
  const char *file_id;
  const char *sha256;
  SpareOnly proven, receipted, conflict, transfer;
  gboolean oldest_first;
  gint64 after; /* the id of the last packet of the page before; 0 for the first page */
  guint limit;  /* 0 for 200 */
} SpareRegistryQuery;

#define SPARE_TYPE_REGISTRY (spare_registry_get_type ())
G_DECLARE_FINAL_TYPE (SpareRegistry, spare_registry, SPARE, REGISTRY, GObject)

SpareRegistry *spare_registry_new (const char *path);
gboolean spare_registry_open_sync (SpareRegistry *self,
                                   GCancellable *cancellable,
                                   GError **error);
void spare_registry_close (SpareRegistry *self);

/* A transaction belongs to the thread that began it; calls of other threads wait for its end. */
gboolean spare_registry_begin (SpareRegistry *self, GError **error);
gboolean spare_registry_commit (SpareRegistry *self, GError **error);
void spare_registry_rollback (SpareRegistry *self);

gboolean spare_registry_check_sync (SpareRegistry *self,
                                    GCancellable *cancellable,
                                    GError **error);
char *spare_registry_back_up_sync (SpareRegistry *self,
                                   const char *path,
                                   GCancellable *cancellable,
                                   GError **error);

gboolean spare_registry_get_meta (SpareRegistry *self,
                                  const char *name,
                                  char **value,
                                  GError **error);
gboolean spare_registry_set_meta (SpareRegistry *self,
                                  const char *name,
                                  const char *value,
                                  GError **error);

/* Packets. What changes something needs a transaction. */
gboolean spare_registry_add_packet (SpareRegistry *self,
                                    const SpareRegistryPacket *packet,
                                    SpareAdded *added,
                                    gint64 *id,
                                    GError **error);
SpareRegistryPacket *spare_registry_get_packet (SpareRegistry *self, gint64 id, GError **error);
GPtrArray *spare_registry_list_packets (SpareRegistry *self,
                                        const SpareRegistryQuery *query,
                                        GError **error);
gboolean spare_registry_count_packets (SpareRegistry *self,
                                       const SpareRegistryQuery *query,
                                       guint64 *count,
                                       GError **error);
gboolean spare_registry_set_rewrapped (SpareRegistry *self,
                                       gint64 id,
                                       GBytes *packet,
                                       const char *subkey,
                                       GError **error);

/* Receipts. */
GPtrArray *spare_registry_list_owners_to_answer (SpareRegistry *self, GError **error);
GPtrArray *spare_registry_list_answers (SpareRegistry *self,
                                        const char *owner,
                                        gint64 after,
                                        guint limit,
                                        GError **error);
gboolean spare_registry_mark_answered (SpareRegistry *self,
                                       gint64 answer,
                                       const char *receipt,
                                       GError **error);

/* Owners. */
gboolean spare_registry_note_owner (SpareRegistry *self,
                                    const char *fingerprint,
                                    const char *user_id,
                                    GBytes *certificate,
                                    gint64 now,
                                    gboolean *is_new,
                                    GError **error);
SpareRegistryOwner *spare_registry_get_owner (SpareRegistry *self,
                                              const char *fingerprint,
                                              GError **error);
GPtrArray *spare_registry_list_owners (SpareRegistry *self, GError **error);

/* Bundles. */
gboolean spare_registry_add_bundle (SpareRegistry *self,
                                    const SpareRegistryBundle *bundle,
                                    GError **error);
SpareRegistryBundle *spare_registry_get_bundle (SpareRegistry *self,
                                                const char *sha256,
                                                GError **error);
GPtrArray *spare_registry_list_bundles (SpareRegistry *self,
                                        const char *type,
                                        const char *id,
                                        const char *sender,
                                        GError **error);

G_END_DECLS
