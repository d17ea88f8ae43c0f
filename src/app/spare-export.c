/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handing the escrow packets over: where to, and what came of it.
 *
 * Promise: packets are said to be exported only after the core read them back and compared. */
#include "config.h"

#include "spare-export.h"

#include "spare-bundle.h"
#include "spare-delivery-dialog.h"
#include "spare-names.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  SpareOwner *owner;
  SpareDepositFlags flags;
  SpareExportedFunc exported;
  GObject *object;
} Export;

static void
export_free (gpointer data)
{
  Export *export = data;

  g_object_unref (export->owner);
  g_object_unref (export->object);
  g_free (export);
}

static char *
dup_authority_name (SpareOwner *owner)
{
  SparePin *pin = spare_owner_get_pin (owner);
  SpareKey *key = pin ? spare_pin_get_key (pin) : NULL;

  /* Translators: stands in place of a name within a sentence */
  return key ? spare_names_dup_for_key (key) : g_strdup (_ ("your backup authority"));
}

static void
show_done (SpareDeliveryDialog *dialog,
           SpareOwner *owner,
           GPtrArray *written,
           GPtrArray *left_out)
{
  g_autofree char *authority = dup_authority_name (owner);
  g_autofree char *heading = NULL;
  g_autofree char *text = NULL;
  guint n = 0;

  for (guint i = 0; i < written->len; i++)
    n += ((SpareWrittenBundle *) g_ptr_array_index (written, i))->n_records;
  if (n == 0)
    {
      spare_delivery_dialog_finish (dialog, _ ("Nothing Was Exported"),
                                    _ ("There was no packet that could be written now."),
                                    left_out, FALSE);
      return;
    }
  /* Translators: %s is the name of a USB stick or folder */
  heading = g_strdup_printf (ngettext ("%u Packet Is on %s", "%u Packets Are on %s", n), n,
                             spare_delivery_dialog_get_place_name (dialog));
  text = g_strdup_printf (
      /* Translators: how many files; the name of the authority, or “your backup authority” */
      ngettext ("In %u file that was read back and compared. Take it to %s and bring the "
                "receipt back: then the packets count as held.",
                "In %u files that were read back and compared. Take them to %s and bring the "
                "receipts back: then the packets count as held.",
                written->len),
      written->len, authority);
  spare_delivery_dialog_finish (dialog, heading, text, left_out, TRUE);
}

static void
exported_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareDeliveryDialog) dialog = user_data;
  Export *export = g_object_get_data (G_OBJECT (dialog), "export");
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      written = spare_deposit_export_finish (SPARE_OWNER (source), result, &left_out, &error);

  if (written)
    show_done (dialog, SPARE_OWNER (source), written, left_out);
  else
    spare_delivery_dialog_fail (dialog, error);
  /* Also after a failure: some of several files may have been written. */
  export->exported (export->object);
}

static void
start_cb (SpareDeliveryDialog *dialog,
          const char *place,
          SpareProgressMeter *meter,
          GCancellable *cancellable,
          gpointer user_data)
{
  Export *export = user_data;

  spare_deposit_export_async (export->owner, place, NULL, export->flags, meter, cancellable,
                              exported_cb, g_object_ref (dialog));
}

void
spare_export_show (GtkWindow *parent,
                   SpareOwner *owner,
                   guint n,
                   SpareDepositFlags flags,
                   SpareExportedFunc exported,
                   gpointer owner_object)
{
  Export *export = g_new0 (Export, 1);
  g_autofree char *authority = dup_authority_name (owner);
  g_autofree char *heading = NULL;
  g_autofree char *body = NULL;
  SpareDeliveryDialog *dialog;

  export->owner = g_object_ref (owner);
  export->flags = flags;
  export->exported = exported;
  export->object = g_object_ref (owner_object);
  dialog = spare_delivery_dialog_new (parent, _ ("Export Escrow Packets"), _ ("_Export"),
                                      start_cb, export, NULL);
  g_object_set_data_full (G_OBJECT (dialog), "export", export, export_free);
  heading = g_strdup_printf (ngettext ("Where Should %u Escrow Packet Go?",
                                       "Where Should %u Escrow Packets Go?", n),
                             n);
  body = g_strdup_printf (_ ("They are signed by you and readable only by %s. What is written "
                             "is read back and compared before the packets count as exported."),
                          authority);
  spare_delivery_dialog_set_question (dialog, heading, body);
  gtk_window_present (GTK_WINDOW (dialog));
}
