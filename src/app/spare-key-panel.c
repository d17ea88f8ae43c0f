/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ways to a key: make one, import one, use one of GnuPG. Used by the first-start assistant and by the preferences.
 *
 * Promise: "finished" is emitted only after the owner's side said that the key is stored, proven and in use. Whatever fails
 * is said in place, and can be tried again. */
#include "config.h"

#include "spare-key-panel.h"

#include "spare-display.h"
#include "spare-error.h"
#include "spare-file-chooser.h"
#include "spare-names.h"
#include "spare-wrap-layout.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>
#include <string.h>

struct _SpareKeyPanel
{
  GtkBox parent_instance;

  SpareOwner *owner;
  GCancellable *cancellable;
  GBytes *octets; /* the key file that was chosen */

  GtkStack *stack;
  GtkSpinner *spinner;
  AdwActionRow *create_row;
  AdwActionRow *import_row;
  AdwActionRow *gnupg_row;
  GtkLabel *choose_error;
  GtkEditable *name_row;
  GtkEditable *email_row;
  GtkLabel *create_error;
  GtkWidget *create_button;
  AdwStatusPage *import_page;
  GtkEditable *passphrase_row;
  GtkLabel *import_error;
  GtkWidget *import_button;
  GtkListBox *gnupg_list;
  GtkLabel *gnupg_error;
};

enum
{
  FINISHED,
  MOVED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareKeyPanel, spare_key_panel, GTK_TYPE_BOX)

static void
show_error (GtkLabel *label, const char *text)
{
  gtk_label_set_text (label, text ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL);
}

static void
set_busy (SpareKeyPanel *self, gboolean busy)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->stack), !busy);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), busy);
  gtk_spinner_set_spinning (self->spinner, busy);
}

/* Ends an operation; TRUE if the panel is still there to show what came of it. */
static gboolean
settle (SpareKeyPanel *self, const GError *error, GtkLabel *label)
{
  if (self->owner == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return FALSE;
  set_busy (self, FALSE);
  show_error (label, error ? error->message : NULL);
  return TRUE;
}

static void
go_to (SpareKeyPanel *self, const char *page, GtkWidget *focus)
{
  gtk_stack_set_visible_child_name (self->stack, page);
  gtk_widget_grab_focus (focus);
}

static void
page_changed_cb (SpareKeyPanel *self)
{
  g_signal_emit (self, signals[MOVED], 0);
}

gboolean
spare_key_panel_can_go_back (SpareKeyPanel *self)
{
  return g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "choose") != 0;
}

void
spare_key_panel_go_back (SpareKeyPanel *self)
{
  g_clear_pointer (&self->octets, g_bytes_unref);
  gtk_editable_set_text (self->passphrase_row, "");
  go_to (self, "choose", GTK_WIDGET (self->create_row));
}

/* Create */

static char *
trimmed (GtkEditable *editable)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (editable)));
}

static gboolean
entries_are_good (SpareKeyPanel *self)
{
  g_autofree char *name = trimmed (self->name_row);
  g_autofree char *email = trimmed (self->email_row);
  const char *at = strchr (email, '@');

  if (*name == '\0' || strpbrk (name, "<>"))
    return FALSE;
  return *email == '\0' || (at && at != email && at[1] != '\0' && !strpbrk (email, "<> "));
}

static void
entries_changed_cb (SpareKeyPanel *self)
{
  gtk_widget_set_sensitive (self->create_button, entries_are_good (self));
}

static void
created_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareKeyPanel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *fingerprint = spare_owner_create_key_finish (SPARE_OWNER (source), result,
                                                                &error);

  if (settle (self, error, self->create_error) && fingerprint)
    g_signal_emit (self, signals[FINISHED], 0);
}

static void
create_cb (SpareKeyPanel *self)
{
  g_autofree char *name = trimmed (self->name_row);
  g_autofree char *email = trimmed (self->email_row);

  if (!entries_are_good (self))
    return;
  show_error (self->create_error, NULL);
  set_busy (self, TRUE);
  spare_owner_create_key_async (self->owner, name, *email ? email : NULL, NULL,
                                self->cancellable, created_cb, g_object_ref (self));
}

static void
create_row_cb (SpareKeyPanel *self)
{
  entries_changed_cb (self);
  go_to (self, "create", GTK_WIDGET (self->name_row));
}

/* Import */

static void import_cb (SpareKeyPanel *self);

static void
imported_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareKeyPanel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *fingerprint = spare_owner_import_key_finish (SPARE_OWNER (source), result,
                                                                &error);
  gboolean asks = g_error_matches (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE);

  if (!settle (self, error, self->import_error))
    return;
  if (fingerprint)
    {
      spare_key_panel_go_back (self);
      g_signal_emit (self, signals[FINISHED], 0);
    }
  else if (asks)
    gtk_widget_grab_focus (GTK_WIDGET (self->passphrase_row));
}

static void
import_cb (SpareKeyPanel *self)
{
  g_autoptr (SpareSecret) secret = NULL;
  g_autoptr (GError) error = NULL;
  const char *text = gtk_editable_get_text (self->passphrase_row);

  if (self->octets == NULL)
    return;
  if (*text)
    {
      secret = spare_secret_new_copy (text, strlen (text), &error);
      if (secret == NULL)
        {
          show_error (self->import_error, error->message);
          return;
        }
    }
  show_error (self->import_error, NULL);
  set_busy (self, TRUE);
  spare_owner_import_key_async (self->owner, self->octets, secret, self->cancellable,
                                imported_cb, g_object_ref (self));
}

static void
read_cb (GBytes *octets, const char *name, const GError *error, gpointer user_data)
{
  SpareKeyPanel *self = user_data;
  g_autofree char *escaped = g_markup_escape_text (name, -1);

  if (octets == NULL)
    {
      show_error (self->choose_error, error->message);
      return;
    }
  show_error (self->choose_error, NULL);
  show_error (self->import_error, NULL);
  g_clear_pointer (&self->octets, g_bytes_unref);
  self->octets = g_bytes_ref (octets);
  adw_status_page_set_description (self->import_page, escaped);
  gtk_editable_set_text (self->passphrase_row, "");
  go_to (self, "import", GTK_WIDGET (self->passphrase_row));
}

static void
import_row_cb (SpareKeyPanel *self)
{
  spare_file_chooser_read (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                           _ ("Import a Key File"), _ ("_Open"), read_cb, self);
}

/* GnuPG */

static void
used_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareKeyPanel) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean used = spare_owner_use_key_finish (SPARE_OWNER (source), result, &error);

  if (settle (self, error, self->gnupg_error) && used)
    g_signal_emit (self, signals[FINISHED], 0);
}

static void
gnupg_activated_cb (AdwActionRow *row, SpareKeyPanel *self)
{
  show_error (self->gnupg_error, NULL);
  set_busy (self, TRUE);
  spare_owner_use_key_async (self->owner, g_object_get_data (G_OBJECT (row), "fingerprint"),
                             self->cancellable, used_cb, g_object_ref (self));
}

static void
append_gnupg_key (SpareKeyPanel *self, const SpareOwnedKey *owned)
{
  g_autofree char *name = spare_names_dup_whole (owned->key);
  g_autofree char *fingerprint = spare_display_fingerprint (
      spare_key_get_fingerprint (owned->key));
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), fingerprint);
  if (owned->source == SPARE_KEY_SOURCE_CARD)
    adw_action_row_set_icon_name (ADW_ACTION_ROW (row), "auth-smartcard-symbolic");
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  g_object_set_data_full (G_OBJECT (row), "fingerprint",
                          g_strdup (spare_key_get_fingerprint (owned->key)), g_free);
  g_signal_connect (row, "activated", G_CALLBACK (gnupg_activated_cb), self);
  gtk_list_box_append (self->gnupg_list, row);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareKeyPanel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      keys = spare_owner_list_keys_finish (SPARE_OWNER (source), result, &error);
  g_autofree char *text = NULL;
  GtkListBoxRow *row;
  guint n = 0;

  /* A GnuPG that can't be asked is no reason to stop: the other two ways are there. */
  if (keys == NULL)
    {
      g_debug ("keys cannot be listed: %s", error->message);
      return;
    }
  while ((row = gtk_list_box_get_row_at_index (self->gnupg_list, 0)))
    gtk_list_box_remove (self->gnupg_list, GTK_WIDGET (row));
  for (guint i = 0; i < keys->len; i++)
    {
      const SpareOwnedKey *owned = g_ptr_array_index (keys, i);

      if (owned->source == SPARE_KEY_SOURCE_KEYRING)
        continue;
      append_gnupg_key (self, owned);
      n++;
    }
  text = g_strdup_printf (ngettext ("%u key was found on this computer",
                                    "%u keys were found on this computer", n),
                          n);
  adw_action_row_set_subtitle (self->gnupg_row, text);
  gtk_widget_set_visible (GTK_WIDGET (self->gnupg_row), n > 0);
}

static void
gnupg_row_cb (SpareKeyPanel *self)
{
  gtk_stack_set_visible_child_name (self->stack, "gnupg");
  gtk_widget_child_focus (GTK_WIDGET (self->gnupg_list), GTK_DIR_TAB_FORWARD);
}

/* The name of the account's person, where there is one: "root" and "Unknown" are nobody's. */
static char *
dup_real_name (void)
{
  const char *name = g_get_real_name ();

  if (g_str_equal (name, "Unknown") || g_str_equal (name, g_get_user_name ()))
    return NULL;
  return g_locale_to_utf8 (name, -1, NULL, NULL, NULL);
}

void
spare_key_panel_start (SpareKeyPanel *self, SpareOwner *owner)
{
  g_autofree char *name = dup_real_name ();

  g_set_object (&self->owner, owner);
  gtk_stack_set_visible_child_name (self->stack, "choose");
  if (*gtk_editable_get_text (self->name_row) == '\0' && name)
    gtk_editable_set_text (self->name_row, name);
  spare_owner_list_keys_async (owner, self->cancellable, listed_cb, g_object_ref (self));
  gtk_widget_grab_focus (GTK_WIDGET (self->create_row));
}

static void
spare_key_panel_dispose (GObject *object)
{
  SpareKeyPanel *self = SPARE_KEY_PANEL (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->octets, g_bytes_unref);
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (spare_key_panel_parent_class)->dispose (object);
}

static void
spare_key_panel_finalize (GObject *object)
{
  g_clear_object (&SPARE_KEY_PANEL (object)->cancellable);
  G_OBJECT_CLASS (spare_key_panel_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, stack);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, spinner);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, create_row);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, import_row);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, gnupg_row);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, choose_error);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, name_row);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, email_row);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, create_error);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, create_button);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, import_page);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, passphrase_row);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, import_error);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, import_button);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, gnupg_list);
  gtk_widget_class_bind_template_child (widget_class, SpareKeyPanel, gnupg_error);
}

static void
spare_key_panel_class_init (SpareKeyPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_key_panel_dispose;
  G_OBJECT_CLASS (klass)->finalize = spare_key_panel_finalize;
  signals[FINISHED] = g_signal_new ("finished", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[MOVED] = g_signal_new ("moved", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/sparekey/SpareKey/ui/spare-key-panel.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, page_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, create_row_cb);
  gtk_widget_class_bind_template_callback (widget_class, import_row_cb);
  gtk_widget_class_bind_template_callback (widget_class, gnupg_row_cb);
  gtk_widget_class_bind_template_callback (widget_class, entries_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, create_cb);
  gtk_widget_class_bind_template_callback (widget_class, import_cb);
}

static void
spare_key_panel_init (SpareKeyPanel *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  spare_wrap_layout_wrap_buttons (GTK_WIDGET (self));
}
