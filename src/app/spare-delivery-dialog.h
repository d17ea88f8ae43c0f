/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-progress.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define SPARE_TYPE_DELIVERY_DIALOG (spare_delivery_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SpareDeliveryDialog,
                      spare_delivery_dialog,
                      SPARE,
                      DELIVERY_DIALOG,
                      AdwWindow)

/* Starts the writing to @place, a path or a URI; it ends with _finish() or _fail(), while the caller keeps a reference. */
typedef void (*SpareDeliveryStartFunc) (SpareDeliveryDialog *self,
                                        const char *place,
                                        SpareProgressMeter *meter,
                                        GCancellable *cancellable,
                                        gpointer user_data);

/* @accept: the label of the button that starts, with mnemonic. */
SpareDeliveryDialog *spare_delivery_dialog_new (GtkWindow *parent,
                                                const char *title,
                                                const char *accept,
                                                SpareDeliveryStartFunc start,
                                                gpointer user_data,
                                                GDestroyNotify destroy);
/* Texts are text, not markup. */
void spare_delivery_dialog_set_question (SpareDeliveryDialog *self,
                                         const char *heading,
                                         const char *body);
/* What can be chosen beside the place. */
void spare_delivery_dialog_add_option (SpareDeliveryDialog *self, GtkWidget *widget);
/* For showing: the name of the chosen medium or folder. */
const char *spare_delivery_dialog_get_place_name (SpareDeliveryDialog *self);
/* @left_out: of SpareLeftOut (owner/); NULL: nothing was. @eject: something was written, so ejecting is offered. */
void spare_delivery_dialog_finish (SpareDeliveryDialog *self,
                                   const char *heading,
                                   const char *text,
                                   GPtrArray *left_out,
                                   gboolean eject);
void spare_delivery_dialog_fail (SpareDeliveryDialog *self, const GError *error);

G_END_DECLS
