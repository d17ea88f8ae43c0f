/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One escrow packet that the authority holds. Times in Unix seconds, by the authority's clock unless said otherwise. */
typedef struct
{
  gint64 id;        /* the row; 0 before it is stored. Newer packets have larger ones */
  char *owner;      /* primary fingerprint */
  char *owner_name; /* user id; only filled in by reading */
  char *sha256;     /* of the packet's octets */
  char *serial;
  char *file_id;
  guint tag; /* of the data packet: 18 or 20 */
  GBytes *data_head;
  GBytes *packet;
  gint64 created; /* by the owner's clock */
  char *description;
  char *name; /* file-system octets, as the owner gave them; show with spare_display */
  guint64 size;
  char *subkey, *algorithm, *cipher; /* as the owner stated them */
  gboolean
      proven; /* protocol.md 2.3, checked at intake; or stated by the authority in @transfer_from */
  char *bundle;       /* SHA-256 of the bundle that brought it */
  char *deposit;      /* id of that bundle */
  gint64 intake;      /* when it was taken in, as @proven says */
  gint64 sequence;    /* the audit row of that intake */
  gboolean conflict;  /* another packet of this owner has the same serial */
  gboolean receipted; /* a receipt that names it was written */
  /* From another authority, else NULL, 0: never passes as a deposit. */
  char *transfer_from;
  char *source_sha256;  /* of the owner's own packet */
  gint64 stated_intake; /* by the other authority's clock */
  /* After a rotation, else NULL. The packet above is kept. */
  GBytes *rewrapped;
  char *rewrapped_subkey;
} SpareRegistryPacket;

SpareRegistryPacket *spare_registry_packet_new (void);
SpareRegistryPacket *spare_registry_packet_copy (const SpareRegistryPacket *self);
void spare_registry_packet_free (SpareRegistryPacket *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareRegistryPacket, spare_registry_packet_free)

/* A packet in a deposit that no receipt has answered yet. The same packet may come in several deposits. */
typedef struct
{
  gint64 id;
  gint64 packet; /* the packet's row */
  char *owner;
  char *serial; /* as in that deposit */
  char *sha256;
  char *deposit; /* id of that deposit */
  gboolean proven;
} SpareRegistryAnswer;

void spare_registry_answer_free (SpareRegistryAnswer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareRegistryAnswer, spare_registry_answer_free)

G_END_DECLS
