/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "I lost my key": explains, settles which key is the new one, takes the files, the reason and the place, and writes the
 * request. At its end stands what is to be read out to the authority.
 *
 * Promise: no file is changed; nothing leaves but the one bundle; a failure leads back to where it can be put right, with
 * everything that was entered. */
#include "config.h"

#include "spare-request-window.h"

#include "spare-column-layout.h"
#include "spare-eject-box.h"
#include "spare-key-panel.h"
#include "spare-names.h"
#include "spare-place-chooser.h"
#include "spare-reason-list.h"
#include "spare-request-files.h"
#include "spare-request.h"

#include <glib/gi18n-lib.h>

struct _SpareRequestWindow
{
  AdwWindow parent_instance;

  SpareOwner *owner;
  GCancellable *cancellable; /* while it is written */
  SpareProgressMeter *meter;
  GDateTime *since; /* NULL: not known */
  gboolean closed;

  AdwWindowTitle *title;
  GtkStack *stack;
  GtkWidget *back_button;
  GtkWidget *next_button;
  AdwStatusPage *explain_page;
  GtkLabel *key_name;
  GtkLabel *key_fingerprint;
  SpareKeyPanel *key_panel;
  SpareRequestFiles *files;
  GtkTextView *reason_view;
  GtkCheckButton *lost_check;
  GtkCheckButton *stolen_check;
  AdwActionRow *since_row;
  GtkMenuButton *since_button;
  GtkCalendar *calendar;
  GtkEditable *old_row;
  GtkLabel *error_label;
  SparePlaceChooser *chooser;
  GtkLabel *busy_label;
  GtkProgressBar *progress;
  GtkWidget *done_box;
  GtkLabel *done_heading;
  GtkLabel *done_text;
  GtkLabel *done_fingerprint;
  SpareEjectBox *eject_box;
  GtkLabel *left_label;
  SpareReasonList *left_list;
  GtkWidget *close_button;
};

G_DEFINE_FINAL_TYPE (SpareRequestWindow, spare_request_window, ADW_TYPE_WINDOW)

static const char *const steps[] = { "explain", "key", "files", "why", "place" };

static void
show_text (GtkLabel *label, const char *text)
{
  gtk_label_set_text (label, text ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL);
}

static const char *
current_page (SpareRequestWindow *self)
{
  return gtk_stack_get_visible_child_name (self->stack);
}

static int
find_step (const char *page)
{
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (g_strcmp0 (steps[i], page) == 0)
      return (int) i;
  return -1;
}

static char *
dup_reason (SpareRequestWindow *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->reason_view);
  GtkTextIter start, end;
  char *text;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  return g_strstrip (text);
}

static void
sync_buttons (SpareRequestWindow *self)
{
  const char *page = current_page (self);
  int step = find_step (page);
  gboolean panel = g_strcmp0 (page, "panel") == 0;
  g_autofree char *reason = NULL;
  g_autofree char *subtitle = NULL;
  gboolean ready = TRUE;

  if (g_strcmp0 (page, "files") == 0)
    ready = spare_request_files_get_n (self->files) > 0;
  else if (g_strcmp0 (page, "why") == 0)
    {
      reason = dup_reason (self);
      ready = *reason != '\0';
    }
  else if (g_strcmp0 (page, "place") == 0)
    ready = spare_place_chooser_get_place (self->chooser) != NULL;
  if (step >= 0)
    subtitle = g_strdup_printf (_ ("Step %d of %d"), step + 1, (int) G_N_ELEMENTS (steps));
  adw_window_title_set_subtitle (self->title, subtitle ? subtitle : "");
  gtk_button_set_label (GTK_BUTTON (self->next_button), g_strcmp0 (page, "place") == 0
                                                            ? _ ("_Write Request")
                                                            : _ ("_Continue"));
  gtk_widget_set_visible (self->next_button, step >= 0);
  gtk_widget_set_sensitive (self->next_button, ready);
  gtk_widget_set_visible (self->back_button, step > 0 || panel);
}

static void
show_key (SpareRequestWindow *self)
{
  g_autoptr (SpareKey) key = spare_owner_dup_key (self->owner);
  g_autofree char *name = key ? spare_names_dup_whole (key) : NULL;
  g_autofree char *lines = key ? spare_names_dup_two_lines (spare_key_get_fingerprint (key))
                               : NULL;

  gtk_label_set_text (self->key_name, name ? name : "");
  gtk_label_set_text (self->key_fingerprint, lines ? lines : "");
  gtk_label_set_text (self->done_fingerprint, lines ? lines : "");
}

static void
go_to (SpareRequestWindow *self, const char *page)
{
  gtk_stack_set_visible_child_name (self->stack, page);
  sync_buttons (self);
  if (g_str_equal (page, "files"))
    spare_request_files_focus_start (self->files);
  else if (g_str_equal (page, "why"))
    gtk_widget_grab_focus (GTK_WIDGET (self->reason_view));
  else if (g_str_equal (page, "place"))
    spare_place_chooser_focus_start (self->chooser);
  else if (gtk_widget_get_visible (self->next_button))
    gtk_widget_grab_focus (self->next_button);
}

static void
back_cb (SpareRequestWindow *self)
{
  int step = find_step (current_page (self));

  if (g_strcmp0 (current_page (self), "panel") == 0)
    {
      if (spare_key_panel_can_go_back (self->key_panel))
        spare_key_panel_go_back (self->key_panel);
      else
        go_to (self, "key");
    }
  else if (step > 0)
    go_to (self, steps[step - 1]);
}

static void
new_key_cb (SpareRequestWindow *self)
{
  go_to (self, "panel");
  spare_key_panel_start (self->key_panel, self->owner);
}

static void
key_finished_cb (SpareRequestWindow *self)
{
  show_key (self);
  go_to (self, "files");
}

/* Writing */

static gboolean
settle (SpareRequestWindow *self)
{
  if (self->meter)
    spare_progress_meter_stop (self->meter);
  g_clear_pointer (&self->meter, spare_progress_meter_unref);
  g_clear_object (&self->cancellable);
  return !self->closed;
}

static void
show_done (SpareRequestWindow *self, const SpareWrittenBundle *written, GPtrArray *left_out)
{
  SparePin *pin = spare_owner_get_pin (self->owner);
  SpareKey *authority = pin ? spare_pin_get_key (pin) : NULL;
  g_autofree char *name = authority ? spare_names_dup_for_key (authority)
                                    : g_strdup (_ ("your backup authority"));
  g_autofree char *place = spare_place_chooser_dup_name (self->chooser);
  g_autofree char *text = g_strdup_printf (
      ngettext (
          /* Translators: how many files; the name of a USB stick or folder; the name of the authority */
          "A request for %u file is on %s. Take it to %s. They check who you are, and ask "
          "you to read these 40 characters of your new key out:",
          "A request for %u files is on %s. Take it to %s. They check who you are, and ask "
          "you to read these 40 characters of your new key out:",
          written->n_records),
      written->n_records, place ? place : "", name);
  guint n = left_out ? left_out->len : 0;
  g_autofree char *left = NULL;

  show_text (self->done_heading, _ ("The Request Is Written"));
  show_text (self->done_text, text);
  gtk_widget_set_vexpand (self->done_box, n == 0);
  spare_eject_box_set_medium (self->eject_box, spare_place_chooser_get_medium (self->chooser));
  if (n > 0)
    left = g_strdup_printf (ngettext ("%u file is not asked for:",
                                      "%u files are not asked for:", n),
                            n);
  show_text (self->left_label, left);
  spare_reason_list_set_left_out (self->left_list, left_out);
  gtk_widget_set_visible (GTK_WIDGET (self->left_list), n > 0);
  go_to (self, "done");
  gtk_widget_grab_focus (self->close_button);
}

/* Nothing to ask for, and why. */
static void
show_nothing (SpareRequestWindow *self, GPtrArray *left_out)
{
  guint n = left_out ? left_out->len : 0;

  show_text (self->done_text, NULL);
  show_text (self->left_label,
             n > 0
                 ? _ ("There is nothing to ask for. These were looked at:")
                 : _ ("There is nothing to ask for: no encrypted files are there that your key "
                      "doesn’t open."));
  spare_reason_list_set_left_out (self->left_list, left_out);
  gtk_widget_set_visible (GTK_WIDGET (self->left_list), n > 0);
  gtk_label_set_text (self->done_fingerprint, "");
  spare_eject_box_set_medium (self->eject_box, NULL);
  go_to (self, "done");
  gtk_widget_set_visible (self->back_button, FALSE);
  gtk_widget_grab_focus (self->close_button);
}

static void
made_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareRequestWindow) self = user_data;
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle)
      written = spare_request_make_finish (SPARE_OWNER (source), result, &left_out, &error);

  if (!settle (self))
    return;
  if (written)
    show_done (self, written, left_out);
  else if (error)
    {
      show_text (self->error_label, g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
                                        ? _ ("Stopped. No request was written.")
                                        : error->message);
      go_to (self, "place");
    }
  else
    show_nothing (self, left_out);
}

static void
progress_cb (const SpareProgress *progress, gpointer user_data)
{
  SpareRequestWindow *self = user_data;

  if (progress->total > 0)
    gtk_progress_bar_set_fraction (self->progress,
                                   CLAMP ((double) progress->done / (double) progress->total, 0,
                                          1));
  else
    gtk_progress_bar_pulse (self->progress);
}

static void
write_request (SpareRequestWindow *self)
{
  g_auto (GStrv) paths = spare_request_files_dup_paths (self->files);
  g_autofree char *reason = dup_reason (self);
  g_autofree char *old = g_ascii_strup (gtk_editable_get_text (self->old_row), -1);
  SpareRequestWishes wishes = {
    .reason = reason,
    .stolen = gtk_check_button_get_active (self->stolen_check),
    .since = self->since ? g_date_time_to_unix (self->since) : 0,
    .paths = (const char *const *) paths,
  };
  g_auto (GStrv) groups = g_strsplit_set (old, " \t\n", -1);
  g_autofree char *fingerprint = g_strjoinv ("", groups);

  if (*fingerprint)
    wishes.old_fingerprint = fingerprint;
  show_text (self->error_label, NULL);
  show_text (self->busy_label, _ ("Looking for encrypted files, and writing the request…"));
  gtk_progress_bar_set_fraction (self->progress, 0);
  go_to (self, "busy");
  self->cancellable = g_cancellable_new ();
  self->meter = spare_progress_meter_new (NULL, progress_cb, self, NULL);
  spare_request_make_async (self->owner, &wishes, spare_place_chooser_get_place (self->chooser),
                            self->meter, self->cancellable, made_cb, g_object_ref (self));
}

static void
next_cb (SpareRequestWindow *self)
{
  int step = find_step (current_page (self));

  if (self->cancellable || step < 0)
    return;
  if (step + 1 < (int) G_N_ELEMENTS (steps))
    go_to (self, steps[step + 1]);
  else
    write_request (self);
}

/* When it was lost. */

static void
show_since (SpareRequestWindow *self)
{
  /* Translators: a date format of strftime. */
  g_autofree char *text = self->since ? g_date_time_format (self->since, _ ("%-d %B %Y"))
                                      : g_strdup (_ ("Not known"));

  adw_action_row_set_subtitle (self->since_row, text);
}

static void
day_selected_cb (SpareRequestWindow *self)
{
  g_autoptr (GDateTime) date = gtk_calendar_get_date (self->calendar);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  g_clear_pointer (&self->since, g_date_time_unref);
  if (g_date_time_compare (date, now) <= 0)
    self->since = g_date_time_new_local (g_date_time_get_year (date),
                                         g_date_time_get_month (date),
                                         g_date_time_get_day_of_month (date), 0, 0, 0);
  show_since (self);
}

static void
forget_since_cb (SpareRequestWindow *self)
{
  g_clear_pointer (&self->since, g_date_time_unref);
  show_since (self);
  gtk_menu_button_popdown (self->since_button);
}

static gboolean
spare_request_window_close_request (GtkWindow *window)
{
  SpareRequestWindow *self = SPARE_REQUEST_WINDOW (window);

  if (self->cancellable)
    {
      g_cancellable_cancel (self->cancellable);
      show_text (self->busy_label, _ ("Stopping…"));
      return TRUE;
    }
  return GTK_WINDOW_CLASS (spare_request_window_parent_class)->close_request (window);
}

static void
spare_request_window_dispose (GObject *object)
{
  SpareRequestWindow *self = SPARE_REQUEST_WINDOW (object);

  self->closed = TRUE;
  g_cancellable_cancel (self->cancellable);
  settle (self);
  g_clear_pointer (&self->since, g_date_time_unref);
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (spare_request_window_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, title);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, back_button);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, next_button);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, explain_page);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, key_name);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, key_fingerprint);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, key_panel);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, files);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, reason_view);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, lost_check);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, stolen_check);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, since_row);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, since_button);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, calendar);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, old_row);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, error_label);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, chooser);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, busy_label);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, progress);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, done_box);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, done_heading);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, done_text);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, done_fingerprint);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, eject_box);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, left_label);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, left_list);
  gtk_widget_class_bind_template_child (widget_class, SpareRequestWindow, close_button);
  gtk_widget_class_bind_template_callback (widget_class, back_cb);
  gtk_widget_class_bind_template_callback (widget_class, next_cb);
  gtk_widget_class_bind_template_callback (widget_class, new_key_cb);
  gtk_widget_class_bind_template_callback (widget_class, key_finished_cb);
  gtk_widget_class_bind_template_callback (widget_class, sync_buttons);
  gtk_widget_class_bind_template_callback (widget_class, day_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, forget_since_cb);
}

static void
spare_request_window_class_init (SpareRequestWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_request_window_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = spare_request_window_close_request;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_DIALOG);
  g_type_ensure (SPARE_TYPE_KEY_PANEL);
  g_type_ensure (SPARE_TYPE_REQUEST_FILES);
  g_type_ensure (SPARE_TYPE_PLACE_CHOOSER);
  g_type_ensure (SPARE_TYPE_EJECT_BOX);
  g_type_ensure (SPARE_TYPE_REASON_LIST);
  g_type_ensure (SPARE_TYPE_COLUMN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sparekey/SpareKey/ui/"
                                                             "spare-request-window.ui");
  bind_template (widget_class);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
spare_request_window_init (SpareRequestWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (gtk_text_view_get_buffer (self->reason_view), "changed",
                           G_CALLBACK (sync_buttons), self, G_CONNECT_SWAPPED);
  show_since (self);
}

SpareRequestWindow *
spare_request_window_new (GtkWindow *parent, SpareOwner *owner)
{
  SpareRequestWindow *self = g_object_new (SPARE_TYPE_REQUEST_WINDOW, "transient-for", parent,
                                           NULL);
  SparePin *pin = spare_owner_get_pin (owner);

  self->owner = g_object_ref (owner);
  show_key (self);
  sync_buttons (self);
  if (pin == NULL || spare_pin_get_key (pin) == NULL)
    {
      adw_status_page_set_description (self->explain_page,
                                       _ ("Only a backup authority can help with a lost key, "
                                          "and none is trusted here. Set up "
                                          "the authority that your files were encrypted to in "
                                          "the preferences first, then "
                                          "come back."));
      gtk_widget_set_visible (self->next_button, FALSE);
    }
  else
    gtk_widget_grab_focus (self->next_button);
  return self;
}

void
spare_request_window_add_files (SpareRequestWindow *self, GPtrArray *files)
{
  spare_request_files_add (self->files, files);
}
