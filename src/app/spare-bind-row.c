/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The switch that binds the backup authority to the owner's own key, so that other people's GnuPG encrypts to it too
 * (an additional decryption subkey, gpg 2.4.1).
 *
 * Promise: off unless somebody switched it on after being told, in these words, that it concerns what others send; it
 * shows what holds for the key in use. It is not there where the engine or the kind of key can't do it. What is bound
 * stays bound: that is said before, and then the switch can't be moved any more. */
#include "config.h"

#include "spare-bind-row.h"

#include "spare-engine.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  SparePreferences *preferences; /* borrowed: the row lives in it */
  SpareOwner *owner;
  AdwActionRow *row;
  GtkSwitch *toggle;
  gboolean updating;
} BindRow;

static void
bind_row_free (gpointer data)
{
  BindRow *self = data;

  g_object_unref (self->owner);
  g_free (self);
}

static gboolean
is_bound (SpareKey *key)
{
  g_autoptr (GPtrArray) adsks = spare_key_pick_adsks (key, g_get_real_time () / G_USEC_PER_SEC);

  return adsks != NULL && adsks->len > 0;
}

static void
update (BindRow *self)
{
  g_autoptr (SpareKey) key = spare_owner_dup_key (self->owner);
  g_autoptr (SpareHome) home = spare_owner_dup_key_home (self->owner);
  SparePinState state = spare_pin_get_state (spare_owner_get_pin (self->owner));
  gboolean possible = spare_engine_is_at_least (2, 4, 1) && key != NULL
                      && home == spare_owner_get_home (self->owner);
  gboolean bound = possible && is_bound (key);

  self->updating = TRUE;
  gtk_widget_set_visible (GTK_WIDGET (self->row), possible);
  gtk_switch_set_active (self->toggle, bound);
  gtk_widget_set_sensitive (GTK_WIDGET (self->row),
                            !bound
                                && (state == SPARE_PIN_USABLE || state == SPARE_PIN_EXPIRING));
  adw_action_row_set_subtitle (
      self->row, bound
                     ? _ ("Other people’s GnuPG encrypts to the authority what it encrypts to "
                          "you. Only a new key takes that back.")
                     : _ ("Other people’s GnuPG then encrypts to the authority, too, what it "
                          "encrypts to you, mail included"));
  self->updating = FALSE;
}

static void
bound_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AdwActionRow) row = user_data;
  BindRow *self = g_object_get_data (G_OBJECT (row), "bind-row");
  g_autoptr (GError) error = NULL;

  if (!spare_owner_set_adsk_finish (SPARE_OWNER (source), result, &error)
      && gtk_widget_get_root (GTK_WIDGET (row)) != NULL)
    spare_preferences_tell (self->preferences, error->message);
  update (self);
}

static void
response_cb (AdwMessageDialog *dialog, const char *response, AdwActionRow *row)
{
  BindRow *self = g_object_get_data (G_OBJECT (row), "bind-row");

  if (g_strcmp0 (response, "bind") != 0)
    {
      update (self);
      return;
    }
  gtk_widget_set_sensitive (GTK_WIDGET (row), FALSE);
  spare_owner_set_adsk_async (self->owner, TRUE, NULL, bound_cb, g_object_ref (row));
}

static void
toggled_cb (GtkSwitch *toggle, GParamSpec *pspec, AdwActionRow *row)
{
  BindRow *self = g_object_get_data (G_OBJECT (row), "bind-row");
  GtkWidget *dialog;

  if (self->updating || !gtk_switch_get_active (toggle))
    return;
  dialog = adw_message_dialog_new (GTK_WINDOW (self->preferences),
                                   _ ("Let the Authority Open What Others Send You?"), NULL);
  adw_message_dialog_set_body (
      ADW_MESSAGE_DIALOG (dialog),
      _ ("GnuPG of other people, from version 2.4.1 on, will encrypt to the backup authority "
         "whatever it encrypts to you, mail included. For this key that can’t be taken back."));
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"),
                                    "bind", _ ("_Add the Authority"), NULL);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (response_cb), row, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

/**
 * spare_bind_row_new:
 * @preferences: the window that the row will be in
 * @owner: the owner's side
 *
 * Returns: (transfer floating): the row
 */
GtkWidget *
spare_bind_row_new (SparePreferences *preferences, SpareOwner *owner)
{
  BindRow *self = g_new0 (BindRow, 1);

  self->preferences = preferences;
  self->owner = g_object_ref (owner);
  self->row = ADW_ACTION_ROW (adw_action_row_new ());
  self->toggle = GTK_SWITCH (gtk_switch_new ());
  g_object_set_data_full (G_OBJECT (self->row), "bind-row", self, bind_row_free);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self->row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->row),
                                 _ ("_Include What Others Send"));
  adw_preferences_row_set_use_underline (ADW_PREFERENCES_ROW (self->row), TRUE);
  gtk_widget_set_valign (GTK_WIDGET (self->toggle), GTK_ALIGN_CENTER);
  adw_action_row_add_suffix (self->row, GTK_WIDGET (self->toggle));
  adw_action_row_set_activatable_widget (self->row, GTK_WIDGET (self->toggle));
  update (self);
  g_signal_connect (self->toggle, "notify::active", G_CALLBACK (toggled_cb), self->row);
  return GTK_WIDGET (self->row);
}
