/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a bundle is to be written: one of the removable media that are mounted, by its name, or another folder.
 *
 * Promise: media that can't be written to can't be chosen, and one that is pulled out is no longer chosen. Nothing is
 * written here. */
#include "config.h"

#include "spare-place-chooser.h"

#include "spare-display.h"
#include "spare-file-chooser.h"
#include "spare-medium-list.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>

struct _SparePlaceChooser
{
  GtkBox parent_instance;

  SpareMediumList *media;
  SpareMedium *medium; /* one of the two */
  GFile *folder;       /* is chosen */
  char *place;
  gboolean touched; /* the person chose something */

  GtkListBox *list;
  GtkLabel *empty_label;
  GtkListBox *folder_list;
  AdwActionRow *folder_row;
  GtkCheckButton *folder_check;
  GtkCheckButton *anchor; /* of the radio group; never shown */
  GtkWidget *folder_button;
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SparePlaceChooser, spare_place_chooser, GTK_TYPE_BOX)

const char *
spare_place_chooser_get_place (SparePlaceChooser *self)
{
  return self->medium ? spare_medium_get_path (self->medium) : self->place;
}

SpareMedium *
spare_place_chooser_get_medium (SparePlaceChooser *self)
{
  return self->medium;
}

static char *
dup_folder_name (GFile *folder)
{
  g_autofree char *base = g_file_get_basename (folder);

  return spare_display_text (base ? base : "", -1, 60);
}

char *
spare_place_chooser_dup_name (SparePlaceChooser *self)
{
  if (self->medium)
    return g_strdup (spare_medium_get_name (self->medium));
  return self->folder ? dup_folder_name (self->folder) : NULL;
}

static void
choose (SparePlaceChooser *self, SpareMedium *medium, GFile *folder)
{
  g_set_object (&self->medium, medium);
  g_clear_pointer (&self->place, g_free);
  if (folder)
    {
      g_set_object (&self->folder, folder);
      self->place = g_file_get_path (folder);
      if (self->place == NULL)
        self->place = g_file_get_uri (folder);
    }
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
medium_toggled_cb (GtkCheckButton *check, SparePlaceChooser *self)
{
  SpareMedium *medium = g_object_get_data (G_OBJECT (check), "medium");

  if (gtk_check_button_get_active (check))
    choose (self, medium, NULL);
  else if (self->medium == medium)
    choose (self, NULL, NULL);
}

static void
folder_toggled_cb (SparePlaceChooser *self)
{
  if (gtk_check_button_get_active (self->folder_check))
    choose (self, NULL, self->folder);
}

static void
row_touched_cb (SparePlaceChooser *self)
{
  self->touched = TRUE;
}

/* What a row says of its medium; again whenever that becomes known or changes. */
static void
update_row (SpareMedium *medium, GParamSpec *pspec, AdwActionRow *row)
{
  GtkWidget *check = adw_action_row_get_activatable_widget (row);
  gboolean read_only = spare_medium_get_read_only (medium);
  guint64 free = spare_medium_get_free (medium);

  if (read_only)
    adw_action_row_set_subtitle (row, _ ("Write-protected"));
  else if (free != SPARE_MEDIUM_FREE_UNKNOWN)
    {
      g_autofree char *size = g_format_size (free);
      /* Translators: "14.2 GB free", of a USB stick. */
      g_autofree char *text = g_strdup_printf (_ ("%s free"), size);

      adw_action_row_set_subtitle (row, text);
    }
  gtk_widget_set_sensitive (GTK_WIDGET (row), !read_only);
  if (read_only && gtk_check_button_get_active (GTK_CHECK_BUTTON (check)))
    gtk_check_button_set_active (GTK_CHECK_BUTTON (check), FALSE);
}

static GtkWidget *
make_check (SparePlaceChooser *self, const char *name)
{
  GtkWidget *check = gtk_check_button_new ();

  gtk_check_button_set_group (GTK_CHECK_BUTTON (check), self->anchor);
  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (check), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  -1);
  return check;
}

static GtkWidget *
make_row_cb (gpointer item, gpointer user_data)
{
  SparePlaceChooser *self = user_data;
  SpareMedium *medium = item;
  const char *name = spare_medium_get_name (medium);
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *image = gtk_image_new_from_gicon (spare_medium_get_icon (medium));
  GtkWidget *check = make_check (self, name);

  gtk_image_set_pixel_size (GTK_IMAGE (image), 32);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), image);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), check);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), check);
  g_object_set_data_full (G_OBJECT (check), "medium", g_object_ref (medium), g_object_unref);
  g_signal_connect_object (check, "toggled", G_CALLBACK (medium_toggled_cb), self, 0);
  g_signal_connect_object (row, "activated", G_CALLBACK (row_touched_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (medium, "notify", G_CALLBACK (update_row), row, 0);
  update_row (medium, NULL, ADW_ACTION_ROW (row));
  if (self->medium == medium)
    gtk_check_button_set_active (GTK_CHECK_BUTTON (check), TRUE);
  return row;
}

/* The first that can be written to, as long as nobody chose anything. */
static void
choose_first (SparePlaceChooser *self)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)); i++)
    if (gtk_widget_is_sensitive (GTK_WIDGET (row)))
      {
        gtk_check_button_set_active (GTK_CHECK_BUTTON (adw_action_row_get_activatable_widget (
                                         ADW_ACTION_ROW (row))),
                                     TRUE);
        return;
      }
}

static void
media_changed_cb (SparePlaceChooser *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->media));
  gboolean there = self->medium == NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SpareMedium) medium = g_list_model_get_item (G_LIST_MODEL (self->media), i);

      there = there || medium == self->medium;
    }
  gtk_widget_set_visible (GTK_WIDGET (self->list), n > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->empty_label), n == 0);
  if (!there)
    choose (self, NULL, NULL);
  if (spare_place_chooser_get_place (self) == NULL && !self->touched)
    choose_first (self);
}

static void
folder_chosen_cb (GPtrArray *files, gpointer user_data)
{
  SparePlaceChooser *self = user_data;
  GFile *folder = g_ptr_array_index (files, 0);
  g_autofree char *name = dup_folder_name (folder);
  g_autofree char *whole = g_file_get_parse_name (folder);
  g_autofree char *shown = spare_display_text (whole, -1, 200);

  self->touched = TRUE;
  g_set_object (&self->folder, folder);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->folder_row), name);
  adw_action_row_set_subtitle (self->folder_row, shown);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->folder_check),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_widget_set_visible (GTK_WIDGET (self->folder_list), TRUE);
  if (gtk_check_button_get_active (self->folder_check))
    choose (self, NULL, folder);
  else
    gtk_check_button_set_active (self->folder_check, TRUE);
}

static void
choose_folder_cb (SparePlaceChooser *self)
{
  spare_file_chooser_open_folder (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                  _ ("Choose a Folder"), _ ("_Choose"), folder_chosen_cb, self);
}

void
spare_place_chooser_focus_start (SparePlaceChooser *self)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, 0);

  gtk_widget_grab_focus (row && gtk_widget_is_sensitive (GTK_WIDGET (row))
                             ? GTK_WIDGET (row)
                             : self->folder_button);
}

static void
spare_place_chooser_dispose (GObject *object)
{
  SparePlaceChooser *self = SPARE_PLACE_CHOOSER (object);

  g_clear_object (&self->medium);
  g_clear_object (&self->folder);
  g_clear_pointer (&self->place, g_free);
  g_clear_object (&self->media);
  g_clear_object (&self->anchor);
  G_OBJECT_CLASS (spare_place_chooser_parent_class)->dispose (object);
}

static void
spare_place_chooser_class_init (SparePlaceChooserClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_place_chooser_dispose;
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sparekey/SpareKey/ui/"
                                                             "spare-place-chooser.ui");
  gtk_widget_class_bind_template_child (widget_class, SparePlaceChooser, list);
  gtk_widget_class_bind_template_child (widget_class, SparePlaceChooser, empty_label);
  gtk_widget_class_bind_template_child (widget_class, SparePlaceChooser, folder_list);
  gtk_widget_class_bind_template_child (widget_class, SparePlaceChooser, folder_row);
  gtk_widget_class_bind_template_child (widget_class, SparePlaceChooser, folder_check);
  gtk_widget_class_bind_template_child (widget_class, SparePlaceChooser, folder_button);
  gtk_widget_class_bind_template_callback (widget_class, folder_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_folder_cb);
}

static void
spare_place_chooser_init (SparePlaceChooser *self)
{
  self->anchor = g_object_ref_sink (GTK_CHECK_BUTTON (gtk_check_button_new ()));
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_check_button_set_group (self->folder_check, self->anchor);
  self->media = spare_medium_list_new ();
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (self->media), make_row_cb, self, NULL);
  g_signal_connect_object (self->media, "items-changed", G_CALLBACK (media_changed_cb), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  media_changed_cb (self);
}
