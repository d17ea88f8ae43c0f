/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-secret.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* @passphrase: borrowed. Not called when the person cancels. */
typedef void (*SparePassphraseChosenFunc) (SpareSecret *passphrase, gpointer user_data);

void spare_passphrase_dialog_ask (GtkWindow *parent,
                                  SparePassphraseChosenFunc func,
                                  gpointer user_data,
                                  GDestroyNotify destroy);

G_END_DECLS
