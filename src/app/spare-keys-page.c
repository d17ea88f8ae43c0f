/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The person's keys: which one is in use, where each is kept, and what can be done with it.
 *
 * Promise: nothing that can't be taken back happens without a question that says what it means. */
#include "config.h"

#include "spare-keys-page.h"

#include "spare-fact-list.h"
#include "spare-file-chooser.h"
#include "spare-key-work.h"
#include "spare-names.h"
#include "spare-panel-window.h"
#include "spare-passphrase-dialog.h"
#include "spare-preferences.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct _SpareKeysPage
{
  AdwPreferencesPage parent_instance;

  SpareOwner *owner;
  GCancellable *cancellable;
  AdwPreferencesGroup *group;
  GPtrArray *rows; /* borrowed */
};

G_DEFINE_FINAL_TYPE (SpareKeysPage, spare_keys_page, ADW_TYPE_PREFERENCES_PAGE)

/* What the page and a chosen action on one key have in common. */
typedef struct
{
  SpareKeysPage *page; /* weak: rows die with the page */
  SpareKey *key;
} RowData;

static void reload (SpareKeysPage *self);

static void
tell (SpareKeysPage *self, const char *text)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (SPARE_IS_PREFERENCES (root))
    spare_preferences_tell (SPARE_PREFERENCES (root), text);
}

static GtkWindow *
get_window (SpareKeysPage *self)
{
  return GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
}

static void
worked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareKeysPage) self = user_data;
  g_autoptr (GError) error = NULL;
  static const char *const words[] = {
    [SPARE_KEY_WORK_EXPORT] = N_ ("The public key was saved"),
    [SPARE_KEY_WORK_EXPORT_SECRET] = N_ ("The secret key was saved. Keep it in a safe place"),
    [SPARE_KEY_WORK_EXTEND] = N_ ("The key is valid for longer now"),
    [SPARE_KEY_WORK_REVOKE] = N_ (
        "The key is invalid for good. Give its public key to those who have it"),
    [SPARE_KEY_WORK_DELETE] = N_ ("The key was deleted"),
  };

  if (spare_key_work_run_finish (result, &error))
    tell (self, _ (words[spare_key_work_get (result)->kind]));
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    tell (self, error->message);
}

static void
work (SpareKeysPage *self, SpareKeyWork *task)
{
  spare_key_work_run_async (self->owner, task, NULL, worked_cb, g_object_ref (self));
}

/* Exports: first the passphrase (of a secret one), then the place. */

static void
place_chosen_cb (GPtrArray *files, gpointer user_data)
{
  GObject *carrier = user_data;
  SpareKeyWork *task = g_object_steal_data (carrier, "work");
  SpareKeysPage *self = g_object_get_data (carrier, "page");
  const char *path = g_file_peek_path (g_ptr_array_index (files, 0));

  if (path == NULL)
    {
      tell (self, _ ("That place is not on this computer. Nothing was saved."));
      spare_key_work_free (task);
      return;
    }
  task->path = g_strdup (path);
  work (self, task);
}

static void
choose_place (SpareKeysPage *self, SpareKeyWork *task)
{
  g_autoptr (GObject) carrier = g_object_new (G_TYPE_OBJECT, NULL);
  gboolean secret = task->kind == SPARE_KEY_WORK_EXPORT_SECRET;
  g_autofree char *name = g_strdup_printf (secret ? "%s-secret.asc" : "%s.asc",
                                           task->fingerprint
                                               + MAX (0,
                                                      (int) strlen (task->fingerprint) - 16));

  g_object_set_data_full (carrier, "work", task, (GDestroyNotify) spare_key_work_free);
  g_object_set_data_full (carrier, "page", g_object_ref (self), g_object_unref);
  spare_file_chooser_save (get_window (self),
                           secret ? _ ("Save the Secret Key") : _ ("Save the Public Key"), name,
                           place_chosen_cb, carrier);
}

static void
passphrase_chosen_cb (SpareSecret *passphrase, gpointer user_data)
{
  RowData *data = user_data;
  SpareKeyWork *task = spare_key_work_new (SPARE_KEY_WORK_EXPORT_SECRET,
                                           spare_key_get_fingerprint (data->key));

  task->passphrase = spare_secret_ref (passphrase);
  choose_place (data->page, task);
}

static void
export_cb (AdwActionRow *row, RowData *data)
{
  choose_place (data->page, spare_key_work_new (SPARE_KEY_WORK_EXPORT,
                                                spare_key_get_fingerprint (data->key)));
}

static void
row_data_free (gpointer pointer, GClosure *closure)
{
  RowData *data = pointer;

  g_object_unref (data->key);
  g_free (data);
}

static RowData *
row_data_new (SpareKeysPage *self, SpareKey *key)
{
  RowData *data = g_new0 (RowData, 1);

  data->page = self;
  data->key = g_object_ref (key);
  return data;
}

static void
passphrase_data_free (gpointer pointer)
{
  row_data_free (pointer, NULL);
}

static void
export_secret_cb (AdwActionRow *row, RowData *data)
{
  spare_passphrase_dialog_ask (get_window (data->page), passphrase_chosen_cb,
                               row_data_new (data->page, data->key), passphrase_data_free);
}

/* Use, extend, revoke, delete */

static void
used_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareKeysPage) self = user_data;
  g_autoptr (GError) error = NULL;

  if (spare_owner_use_key_finish (SPARE_OWNER (source), result, &error))
    tell (self, _ ("Files are encrypted to this key from now on"));
  else
    tell (self, error->message);
}

static void
use_cb (AdwActionRow *row, RowData *data)
{
  spare_owner_use_key_async (data->page->owner, spare_key_get_fingerprint (data->key), NULL,
                             used_cb, g_object_ref (data->page));
}

static void
extend_answered_cb (AdwMessageDialog *dialog, const char *response, RowData *data)
{
  static const int years[] = { 1, 2, 5, 0 };
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  SpareKeyWork *task;
  guint selected;

  /* Any other response comes while the dialog closes, when the choice is gone. */
  if (!g_str_equal (response, "extend"))
    return;
  selected = gtk_drop_down_get_selected (
      GTK_DROP_DOWN (adw_message_dialog_get_extra_child (dialog)));
  if (selected >= G_N_ELEMENTS (years))
    return;
  task = spare_key_work_new (SPARE_KEY_WORK_EXTEND, spare_key_get_fingerprint (data->key));
  if (years[selected] > 0)
    {
      g_autoptr (GDateTime) until = g_date_time_add_years (now, years[selected]);

      task->until = g_date_time_to_unix (until);
    }
  work (data->page, task);
}

static void
extend_cb (AdwActionRow *row, RowData *data)
{
  const char *const choices[] = { _ ("For One Year"), _ ("For Two Years"), _ ("For Five Years"),
                                  _ ("Without End"), NULL };
  GtkWidget
      *dialog = adw_message_dialog_new (get_window (data->page), _ ("Extend the Key?"),
                                        _ ("It stays the same key. Others need its public key "
                                           "again to see that it is valid for longer."));
  GtkWidget *choice = gtk_drop_down_new_from_strings (choices);

  gtk_accessible_update_property (GTK_ACCESSIBLE (choice), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("How long it is valid"), -1);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), choice);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"),
                                    "extend", _ ("_Extend"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "extend",
                                              ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "extend");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_data (dialog, "response", G_CALLBACK (extend_answered_cb),
                         row_data_new (data->page, data->key), row_data_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
revoke_answered_cb (AdwMessageDialog *dialog, const char *response, RowData *data)
{
  if (g_str_equal (response, "revoke"))
    work (data->page,
          spare_key_work_new (SPARE_KEY_WORK_REVOKE, spare_key_get_fingerprint (data->key)));
}

static void
revoke_cb (AdwActionRow *row, RowData *data)
{
  g_autofree char *name = spare_names_dup_for_key (data->key);
  g_autofree char *heading = g_strdup_printf (_ ("Revoke the Key of %s?"), name);
  GtkWidget *dialog = adw_message_dialog_new (
      get_window (data->page), heading,
      _ ("It says of itself that it must not be used any more: nothing can be encrypted to it "
         "again. What it opens now, it still opens. This cannot be undone."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"),
                                    "revoke", _ ("_Revoke Key"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "revoke",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_data (dialog, "response", G_CALLBACK (revoke_answered_cb),
                         row_data_new (data->page, data->key), row_data_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
delete_answered_cb (AdwMessageDialog *dialog, const char *response, RowData *data)
{
  if (g_str_equal (response, "delete"))
    work (data->page,
          spare_key_work_new (SPARE_KEY_WORK_DELETE, spare_key_get_fingerprint (data->key)));
}

static void
delete_cb (AdwActionRow *row, RowData *data)
{
  g_autofree char *name = spare_names_dup_for_key (data->key);
  g_autofree char *heading = g_strdup_printf (_ ("Delete the Key of %s?"), name);
  GtkWidget
      *dialog = adw_message_dialog_new (get_window (data->page), heading,
                                        _ ("Files that are encrypted to this key alone can "
                                           "never be opened again. This cannot be undone."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"),
                                    "delete", _ ("_Delete Key"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "delete",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_data (dialog, "response", G_CALLBACK (delete_answered_cb),
                         row_data_new (data->page, data->key), row_data_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* The list */

static void
add_action (SpareKeysPage *self,
            AdwExpanderRow *parent,
            SpareKey *key,
            const char *title,
            void (*callback) (AdwActionRow *, RowData *))
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_preferences_row_set_use_underline (ADW_PREFERENCES_ROW (row), TRUE);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  g_signal_connect_data (row, "activated", G_CALLBACK (callback), row_data_new (self, key),
                         row_data_free, 0);
  adw_expander_row_add_row (parent, row);
}

static const char *
source_words (SpareKeySource source)
{
  switch (source)
    {
    case SPARE_KEY_SOURCE_GNUPG:
      return _ ("kept by GnuPG");
    case SPARE_KEY_SOURCE_CARD:
      return _ ("kept on a smartcard");
    case SPARE_KEY_SOURCE_KEYRING:
    default:
      return _ ("kept in the keyring");
    }
}

static gboolean
is_revoked (SpareKey *key)
{
  return spare_key_get_encryption_state (key, g_get_real_time () / G_USEC_PER_SEC)
         == SPARE_KEY_REVOKED;
}

static char *
dup_expiry_words (SpareKey *key)
{
  gint64 expires = spare_key_get_expiry (key);
  g_autoptr (GDateTime) date = expires > 0 ? g_date_time_new_from_unix_local (expires) : NULL;
  g_autofree char *day = date ? g_date_time_format (date, _ ("%-d %B %Y")) : NULL;

  if (is_revoked (key))
    return g_strdup (_ ("revoked"));
  if (day == NULL)
    return g_strdup (_ ("valid without end"));
  return g_strdup_printf (expires < g_get_real_time () / G_USEC_PER_SEC ? _ ("expired on %s")
                                                                        : _ ("valid until %s"),
                          day);
}

static GtkWidget *
fingerprint_row (SpareKey *key)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *label;
  g_autofree char *lines = spare_names_dup_two_lines (spare_key_get_fingerprint (key));

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _ ("Fingerprint"));
  label = gtk_label_new (lines);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, "monospace");
  gtk_widget_add_css_class (label, "caption");
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), label);
  return row;
}

static void
add_key (SpareKeysPage *self, const SpareOwnedKey *owned)
{
  AdwExpanderRow *row = ADW_EXPANDER_ROW (adw_expander_row_new ());
  gboolean own = owned->source == SPARE_KEY_SOURCE_KEYRING;
  g_autofree char *name = spare_names_dup_whole (owned->key);
  g_autofree char *expiry = dup_expiry_words (owned->key);
  g_autofree char *subtitle = g_strdup_printf ("%s, %s", source_words (owned->source), expiry);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  adw_expander_row_set_subtitle (row, subtitle);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  -1);
  if (owned->is_default)
    {
      GtkWidget *label = gtk_label_new (_ ("In Use"));

      gtk_widget_add_css_class (label, "in-use");
      gtk_widget_set_valign (label, GTK_ALIGN_CENTER);
      adw_expander_row_add_action (row, label);
    }
  adw_expander_row_add_row (row, fingerprint_row (owned->key));
  if (!owned->is_default)
    add_action (self, row, owned->key, _ ("_Use This Key"), use_cb);
  add_action (self, row, owned->key, _ ("Export _Public Key…"), export_cb);
  /* ~/.gnupg is never written, and what is on a card stays there. */
  if (own)
    {
      add_action (self, row, owned->key, _ ("Export _Secret Key…"), export_secret_cb);
      if (!is_revoked (owned->key))
        {
          add_action (self, row, owned->key, _ ("_Extend…"), extend_cb);
          add_action (self, row, owned->key, _ ("_Revoke…"), revoke_cb);
        }
      if (!owned->is_default)
        add_action (self, row, owned->key, _ ("_Delete…"), delete_cb);
    }
  adw_preferences_group_add (self->group, GTK_WIDGET (row));
  g_ptr_array_add (self->rows, row);
}

static void
another_cb (AdwActionRow *row, SpareKeysPage *self)
{
  gtk_window_present (
      GTK_WINDOW (spare_panel_window_new_for_key (get_window (self), self->owner)));
}

static void
add_another_row (SpareKeysPage *self)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _ ("_Another Key…"));
  adw_preferences_row_set_use_underline (ADW_PREFERENCES_ROW (row), TRUE);
  adw_action_row_set_icon_name (ADW_ACTION_ROW (row), "list-add-symbolic");
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  g_signal_connect (row, "activated", G_CALLBACK (another_cb), self);
  adw_preferences_group_add (self->group, row);
  g_ptr_array_add (self->rows, row);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareKeysPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray)
      keys = spare_owner_list_keys_finish (SPARE_OWNER (source), result, &error);

  if (self->owner == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->group, g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);
  for (guint i = 0; keys && i < keys->len; i++)
    add_key (self, g_ptr_array_index (keys, i));
  if (keys == NULL)
    {
      g_autofree char *escaped = g_markup_escape_text (error->message, -1);

      adw_preferences_group_set_description (self->group, escaped);
    }
  else
    adw_preferences_group_set_description (self->group,
                                           _ ("Files are encrypted to the key in use. The "
                                              "others still open older files."));
  add_another_row (self);
}

static void
reload (SpareKeysPage *self)
{
  spare_owner_list_keys_async (self->owner, self->cancellable, listed_cb, g_object_ref (self));
}

void
spare_keys_page_set_up (SpareKeysPage *self, SpareOwner *owner)
{
  self->owner = g_object_ref (owner);
  g_signal_connect_object (owner, "changed", G_CALLBACK (reload), self, G_CONNECT_SWAPPED);
  reload (self);
}

static void
spare_keys_page_dispose (GObject *object)
{
  SpareKeysPage *self = SPARE_KEYS_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (spare_keys_page_parent_class)->dispose (object);
}

static void
spare_keys_page_finalize (GObject *object)
{
  SpareKeysPage *self = SPARE_KEYS_PAGE (object);

  g_clear_object (&self->cancellable);
  g_ptr_array_unref (self->rows);
  G_OBJECT_CLASS (spare_keys_page_parent_class)->finalize (object);
}

static void
spare_keys_page_class_init (SpareKeysPageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = spare_keys_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = spare_keys_page_finalize;
}

static void
spare_keys_page_init (SpareKeysPage *self)
{
  self->cancellable = g_cancellable_new ();
  self->rows = g_ptr_array_new ();
  self->group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  adw_preferences_group_set_title (self->group, _ ("My Keys"));
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (self), self->group);
}
