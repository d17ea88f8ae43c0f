/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"
#include "spare-owner.h"

G_BEGIN_DECLS

/* Who can open a file, told from its head alone: a few KiB are read, whatever the file's size. */

typedef enum
{
  SPARE_ROLE_OWNER,
  SPARE_ROLE_AUTHORITY,
  SPARE_ROLE_OTHER,
  SPARE_ROLE_HIDDEN,
} SpareRole;

typedef enum
{
  SPARE_COVER_EMBEDDED,  /* the authority's PKESK is in the file */
  SPARE_COVER_DEPOSITED, /* its packet is in the outbox (any state), not in the file */
  SPARE_COVER_PENDING,   /* the authority is to be added later */
  SPARE_COVER_NONE,
} SpareCover;

const char *spare_role_to_string (SpareRole role);
const char *spare_cover_to_string (SpareCover cover);

typedef struct
{
  guint64 key_id;
  char *fingerprint; /* primary's; NULL if unknown here */
  char *user_id;     /* NULL if unknown */
  char *algorithm;
  SpareRole role;
} SpareInspectedRecipient;

typedef struct
{
  SpareHead *head;
  char *file_id;
  char *format;          /* "seipd1", "ocb", "seipd2", "sed" */
  gboolean has_password; /* a SKESK: whoever knows a password can open it */
  GPtrArray *recipients; /* of SpareInspectedRecipient */
  SpareCover cover;
  char *serial; /* of the packet in the outbox; NULL */
} SpareInspection;

gboolean spare_head_read_sync (const char *path, SpareHead **head, GError **error);

void spare_inspection_free (SpareInspection *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareInspection, spare_inspection_free)

SpareInspection *spare_inspect_sync (SpareOwner *owner,
                                     const char *path,
                                     GCancellable *cancellable,
                                     GError **error);
void spare_inspect_async (SpareOwner *owner,
                          const char *path,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
SpareInspection *spare_inspect_finish (GAsyncResult *result, GError **error);

G_END_DECLS
