/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Where an operation's octets come from and go to. Both run in the operation's thread and may block. An error set by
 * either ends the operation with that error. */

/* Returns the octets read, 0 at the end, -1 with @error. */
typedef gssize (*SpareReadFunc) (gpointer user_data,
                                 guint8 *buffer,
                                 gsize size,
                                 GError **error);
typedef gboolean (*SpareWriteFunc) (gpointer user_data,
                                    const guint8 *octets,
                                    gsize size,
                                    GError **error);
/* Back to the start: the input is read again, what was written is dropped (the second pass of a decryption). */
typedef gboolean (*SpareRewindFunc) (gpointer user_data, GError **error);

typedef struct
{
  SpareReadFunc read;
  SpareRewindFunc rewind_input;
  gpointer input;
  SpareWriteFunc write;
  SpareRewindFunc rewind_output;
  gpointer output;
  /* Seconds of silence (no octet, no word, no question open) after which the engine counts as hung; 0: two minutes. */
  guint patience;
} SpareStream;

G_END_DECLS
