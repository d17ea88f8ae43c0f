/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"

G_BEGIN_DECLS

/**
 * SpareWalkerFlags:
 * @SPARE_WALKER_READ: for messages made elsewhere: armor, an indeterminate length, a short first chunk and
 *   password packets are let pass
 * @SPARE_WALKER_STRICT: for what this program just wrote: binary, every length definite in the end, first
 *   partial chunk of 512 octets or more, integrity-protected, of a format with a file id
 */
typedef enum
{
  SPARE_WALKER_READ,
  SPARE_WALKER_STRICT,
} SpareWalkerFlags;

typedef struct _SpareWalker SpareWalker;

SpareWalker *spare_walker_new (SpareWalkerFlags flags);
void spare_walker_free (SpareWalker *walker);
gboolean spare_walker_feed (SpareWalker *walker,
                            const guint8 *data,
                            gsize length,
                            GError **error);
gboolean spare_walker_finish (SpareWalker *walker, GError **error);
SpareHead *spare_walker_get_head (const SpareWalker *walker);
guint64 spare_walker_get_length (const SpareWalker *walker);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareWalker, spare_walker_free)

G_END_DECLS
