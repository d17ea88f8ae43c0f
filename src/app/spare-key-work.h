/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

G_BEGIN_DECLS

typedef enum
{
  SPARE_KEY_WORK_EXPORT,
  SPARE_KEY_WORK_EXPORT_SECRET,
  SPARE_KEY_WORK_EXTEND,
  SPARE_KEY_WORK_REVOKE,
  SPARE_KEY_WORK_DELETE,
} SpareKeyWorkKind;

/* Something done to one key, in a thread. */
typedef struct
{
  SpareKeyWorkKind kind;
  char *fingerprint;
  SpareSecret *passphrase; /* of a secret export */
  char *path;              /* of an export */
  gint64 until;            /* of an extension, Unix seconds; 0: never */
} SpareKeyWork;

SpareKeyWork *spare_key_work_new (SpareKeyWorkKind kind, const char *fingerprint);
void spare_key_work_free (SpareKeyWork *work);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareKeyWork, spare_key_work_free)

/* @work: transfer full. */
void spare_key_work_run_async (SpareOwner *owner,
                               SpareKeyWork *work,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
const SpareKeyWork *spare_key_work_get (GAsyncResult *result);
gboolean spare_key_work_run_finish (GAsyncResult *result, GError **error);

G_END_DECLS
