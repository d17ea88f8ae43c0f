/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "spare-secret.h"

G_BEGIN_DECLS

/* Not for the main thread: waits there for what the person types. @parent: looked at in the main thread. */
SpareSecret *spare_authority_passphrase_ask_sync (GtkWindow **parent,
                                                  gboolean was_wrong,
                                                  GCancellable *cancellable,
                                                  GError **error);

G_END_DECLS
