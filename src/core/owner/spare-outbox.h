/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "spare-settings.h"

G_BEGIN_DECLS

typedef enum
{
  SPARE_OUTBOX_PENDING,
  SPARE_OUTBOX_EXPORTED,
  SPARE_OUTBOX_ACKNOWLEDGED,
} SpareOutboxState;

const char *spare_outbox_state_to_string (SpareOutboxState state);
gboolean spare_outbox_state_from_string (const char *text, SpareOutboxState *state);

/* What the authority's receipt says of a packet. */
typedef enum
{
  SPARE_OUTBOX_NO_VERDICT, /* there is no receipt */
  SPARE_OUTBOX_HELD, /* the authority holds it, but could not tell that its owner can open the file */
  SPARE_OUTBOX_PROVEN,
} SpareOutboxVerdict;

/* One escrow packet made here, as stored. Immutable. */
typedef struct
{
  char *serial; /* protocol.md 2.4 */
  SpareOutboxState state;
  char *file_id;     /* 32 hex digits */
  char *name;        /* the file's name in the file system's own octets */
  char *description; /* UTF-8, may be empty */
  guint64 size; /* octets of the plain file; 0 also: not known (made from the encrypted file) */
  gint64 created;  /* Unix seconds */
  char *owner;     /* primary fingerprint */
  char *authority; /* primary fingerprint */
  char *subkey;    /* the authority's escrow subkey; NULL: escrow pending, no packet yet */
  char *algorithm; /* of that subkey, gpg's word */
  char *cipher;    /* "AES256" */
  SpareEscrowMode mode;
  GBytes *packet;   /* the escrow packet; NULL: escrow pending */
  guint8 proof[32]; /* protocol.md 2.3 */
  gboolean
      has_proof;   /* FALSE: the key could not be asked then; made at deposit, from @own_esk */
  char *place;     /* where exported to, for display; NULL */
  GBytes *own_esk; /* the owner's own PKESK, kept until the proof can be made; NULL */
  gint64 exported; /* Unix seconds of the last export before the receipt; 0: none */
  SpareOutboxVerdict verdict;
} SpareOutboxEntry;

SpareOutboxEntry *spare_outbox_entry_copy (const SpareOutboxEntry *self);
void spare_outbox_entry_free (SpareOutboxEntry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareOutboxEntry, spare_outbox_entry_free)

/* The owner's packets in SQLite (TRUNCATE, EXTRA). Calls may come from any thread and from several processes; each is one
 * transaction, waiting up to 5 s for the others. */

#define SPARE_TYPE_OUTBOX (spare_outbox_get_type ())
G_DECLARE_FINAL_TYPE (SpareOutbox, spare_outbox, SPARE, OUTBOX, GObject)

/* Signal "changed": emitted in the main context after this process changed something. */
SpareOutbox *spare_outbox_new (const char *path);
const char *spare_outbox_get_path (SpareOutbox *self);
gboolean spare_outbox_open_sync (SpareOutbox *self, GCancellable *cancellable, GError **error);
/* Takes the next serial for this owner. It is used up even if no row follows. */
char *spare_outbox_reserve_serial_sync (SpareOutbox *self, const char *owner, GError **error);
gboolean spare_outbox_add_sync (SpareOutbox *self,
                                const SpareOutboxEntry *entry,
                                GError **error);
/* Takes back the row of an encryption whose output never appeared. Refuses any other state than pending. */
gboolean spare_outbox_withdraw_sync (SpareOutbox *self, const char *serial, GError **error);
/* Only forward: pending → exported → acknowledged. @place: where to, for display; NULL keeps what is stored. */
gboolean spare_outbox_set_state_sync (SpareOutbox *self,
                                      const char *serial,
                                      SpareOutboxState state,
                                      const char *place,
                                      GError **error);
/* @state: -1 for all; @limit: 0 for all. Newest first. */
GPtrArray *spare_outbox_list_sync (SpareOutbox *self,
                                   int state,
                                   guint limit,
                                   guint offset,
                                   GError **error);
/* The newest packet of a file; NULL without @error: there is none. */
SpareOutboxEntry *spare_outbox_find_sync (SpareOutbox *self,
                                          const char *file_id,
                                          GError **error);
gboolean spare_outbox_count_sync (SpareOutbox *self, guint counts[3], GError **error);

G_END_DECLS
