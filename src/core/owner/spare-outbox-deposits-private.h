/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-outbox.h"

G_BEGIN_DECLS

/* One packet as a deposit names it. */
typedef struct
{
  char *serial;
  char *sha256; /* of the packet */
} SpareDepositRow;

/* A signed deposit as the outbox keeps it. */
typedef struct
{
  char *id;
  char *sha256; /* of its octets */
  char *owner;
  char *authority;
  gint64 created;
  GPtrArray *rows; /* of SpareDepositRow, by serial */
} SpareKeptDeposit;

SpareKeptDeposit *spare_kept_deposit_new (void);
void spare_kept_deposit_free (SpareKeptDeposit *self);
void spare_kept_deposit_add_row (SpareKeptDeposit *self,
                                 const char *serial,
                                 const char *sha256);
gboolean spare_kept_deposit_has_row (const SpareKeptDeposit *self, const char *serial);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareKeptDeposit, spare_kept_deposit_free)

/* Which packets to list, oldest first. */
typedef enum
{
  SPARE_OUTBOX_UNSIGNED, /* pending, and in no deposit that is kept */
  SPARE_OUTBOX_WAITING,  /* pending */
  SPARE_OUTBOX_UNPROVEN, /* all that the authority did not say is proven */
} SpareOutboxChoice;

GPtrArray *spare_outbox_choose_private (SpareOutbox *self,
                                        SpareOutboxChoice choice,
                                        GError **error);
/* Promised packets: pending, but escrow pending too. */
gboolean spare_outbox_count_promised_private (SpareOutbox *self, guint *count, GError **error);
gboolean spare_outbox_set_proofs_private (SpareOutbox *self,
                                          GPtrArray *entries,
                                          GError **error);
gboolean spare_outbox_keep_deposit_private (SpareOutbox *self,
                                            const SpareKeptDeposit *deposit,
                                            GBytes *octets,
                                            GError **error);
/* Those whose octets are there, newest first. */
GPtrArray *spare_outbox_list_kept_private (SpareOutbox *self,
                                           const char *owner,
                                           const char *authority,
                                           GError **error);
GBytes *spare_outbox_dup_kept_octets_private (SpareOutbox *self,
                                              const char *id,
                                              GError **error);
gboolean spare_outbox_mark_exported_private (SpareOutbox *self,
                                             const char *id,
                                             const char *place,
                                             GError **error);
gboolean spare_outbox_find_overdue_private (SpareOutbox *self,
                                            gint64 before,
                                            guint *count,
                                            gint64 *since,
                                            GError **error);

G_END_DECLS
