/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A note in the state folder about one hidden temporary, on disk before the temporary is, so that the next
 * start finds what a crash left. While the note is open, it is locked: its process lives. */
typedef struct _SpareInflight SpareInflight;

typedef enum
{
  SPARE_INFLIGHT_FILE,
  SPARE_INFLIGHT_DIR,
} SpareInflightKind;

SpareInflight *spare_inflight_begin (const char *directory,
                                     const char *name,
                                     SpareInflightKind kind,
                                     GError **error);
const char *spare_inflight_get_temporary (SpareInflight *self);
gboolean spare_inflight_note_placeholder (SpareInflight *self, const char *name, guint64 inode);
void spare_inflight_end (SpareInflight *self);
void spare_inflight_leave (SpareInflight *self);

gboolean spare_inflight_clean_up (guint *n_removed, GError **error);

G_END_DECLS
