/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  SPARE_LOSS_NONE,
  SPARE_LOSS_LOST,
  SPARE_LOSS_STOLEN,
  SPARE_LOSS_REVOKED,
} SpareLossKind;

const char *spare_loss_kind_to_string (SpareLossKind kind);
gboolean spare_loss_kind_from_string (const char *text, SpareLossKind *kind);

/* Somebody who deposits, under one primary key. Times in Unix seconds by the authority's clock. */
typedef struct
{
  char *fingerprint;
  char *user_id;       /* from the certificate: says nothing by itself (protocol.md 4.3) */
  GBytes *certificate; /* minimal; NULL before the first deposit */
  gint64 first_seen;
  gboolean enrolled; /* and the audit row of the enrolment bears out contact and evidence */
  char *contact, *evidence;
  gint64 enrolled_time; /* 0 if not */
  gint64 enrolled_sequence;
  SpareLossKind lost;
  gint64 lost_since; /* as reported */
  gint64 lost_time;  /* when the report was made */
  gint64 lost_sequence;
  guint64 n_packets;
} SpareRegistryOwner;

void spare_registry_owner_free (SpareRegistryOwner *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareRegistryOwner, spare_registry_owner_free)

/* A bundle whose octets are kept, one that came or one that was written here. */
typedef struct
{
  char *sha256;            /* of the octets; the file's name */
  char *id;                /* from the header */
  char *type;              /* "deposit", "request" … */
  char *sender, *receiver; /* primary fingerprints */
  gint64 received;         /* or written */
  gint64 sequence;         /* audit row */
  guint64 size;            /* octets */
} SpareRegistryBundle;

SpareRegistryBundle *spare_registry_bundle_new (void);
void spare_registry_bundle_free (SpareRegistryBundle *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareRegistryBundle, spare_registry_bundle_free)

G_END_DECLS
