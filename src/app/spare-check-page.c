/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The coverage of files and folders: with which of them the authority can help, what stands in the way with the others,
 * and adding it.
 *
 * Promise: looking changes nothing; only Repair changes files, and only those that it names. The numbers are of the last
 * run that ended, never of one that was stopped. */
#include "config.h"

#include "spare-check-page.h"

#include "spare-check.h"
#include "spare-column-layout.h"
#include "spare-file-chooser.h"
#include "spare-reason-list.h"
#include "spare-wrap-layout.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>

struct _SpareCheckPage
{
  GtkBox parent_instance;

  SpareOwner *owner;
  GCancellable *cancellable; /* while it runs */
  SpareProgressMeter *meter;
  char **paths;
  gboolean repairing;
  guint n_repairable;

  GtkStack *stack;
  GtkWidget *choose_button;
  GtkLabel *busy_label;
  GtkProgressBar *progress;
  GtkWidget *cancel_button;
  GtkLabel *head_label;
  GtkLabel *sub_label;
  GtkLabel *error_label;
  GtkWidget *repair_button;
  GtkWidget *lost_button;
  GtkWidget *again_button;
  SpareReasonList *list;
  GtkWidget *well_page;
};

G_DEFINE_FINAL_TYPE (SpareCheckPage, spare_check_page, GTK_TYPE_BOX)

static const char *
state_words (SpareCoverage state)
{
  static const char *const words[SPARE_N_COVERAGES] = {
    [SPARE_COVERAGE_COVERED] = N_ ("Covered: the authority can help with it"),
    [SPARE_COVERAGE_UNCOVERED] = N_ (
        "Not covered: if your key is lost, nobody can help with it"),
    [SPARE_COVERAGE_OLD_AUTHORITY] = N_ (
        "Covered by an older authority, or an older key of it"),
    [SPARE_COVERAGE_PENDING] = N_ (
        "Not with the authority yet: export its packet; repair it if none was made"),
    [SPARE_COVERAGE_HIDDEN] = N_ ("It does not say who can open it"),
    [SPARE_COVERAGE_PASSWORD] = N_ ("Opened by a password alone"),
    [SPARE_COVERAGE_FOREIGN] = N_ ("None of your keys opens it"),
    [SPARE_COVERAGE_DAMAGED] = N_ ("Damaged: its beginning cannot be read"),
    [SPARE_COVERAGE_NOT_OPENPGP] = N_ ("Not encrypted"),
  };

  return _ (words[state]);
}

/* For the line of counts. */
static char *
count_words (SpareCoverage state, guint n)
{
  switch (state)
    {
    case SPARE_COVERAGE_UNCOVERED:
      return g_strdup_printf (ngettext ("%u not covered", "%u not covered", n), n);
    case SPARE_COVERAGE_OLD_AUTHORITY:
      return g_strdup_printf (ngettext ("%u with an older authority",
                                        "%u with an older authority", n),
                              n);
    case SPARE_COVERAGE_PENDING:
      return g_strdup_printf (ngettext ("%u not handed over", "%u not handed over", n), n);
    case SPARE_COVERAGE_HIDDEN:
      return g_strdup_printf (ngettext ("%u without names", "%u without names", n), n);
    case SPARE_COVERAGE_PASSWORD:
      return g_strdup_printf (ngettext ("%u with a password", "%u with a password", n), n);
    case SPARE_COVERAGE_FOREIGN:
      return g_strdup_printf (ngettext ("%u for other keys", "%u for other keys", n), n);
    case SPARE_COVERAGE_DAMAGED:
      return g_strdup_printf (ngettext ("%u damaged", "%u damaged", n), n);
    case SPARE_COVERAGE_NOT_OPENPGP:
      return g_strdup_printf (ngettext ("%u not encrypted", "%u not encrypted", n), n);
    case SPARE_COVERAGE_COVERED:
    default:
      return g_strdup_printf (ngettext ("%u covered", "%u covered", n), n);
    }
}

static const char *
state_icon (const SpareCheckedFile *file)
{
  if (spare_check_is_well (file) && file->error == NULL)
    return "object-select-symbolic";
  return file->state == SPARE_COVERAGE_PENDING ? "document-send-symbolic"
                                               : "dialog-warning-symbolic";
}

static void
show_text (GtkLabel *label, const char *text)
{
  gtk_label_set_text (label, text ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL);
}

static gboolean
can_be_repaired (const SpareCheckedFile *file)
{
  return file->state == SPARE_COVERAGE_UNCOVERED || file->state == SPARE_COVERAGE_OLD_AUTHORITY
         || file->state == SPARE_COVERAGE_PENDING;
}

static void
show_counts (SpareCheckPage *self, GPtrArray *files)
{
  guint counts[SPARE_N_COVERAGES];
  guint n_own;
  g_autofree char *head = NULL;
  g_autoptr (GString) sub = g_string_new (NULL);

  spare_check_count (files, counts);
  n_own = files->len - counts[SPARE_COVERAGE_NOT_OPENPGP];
  if (n_own == 0)
    head = g_strdup (_ ("No encrypted files were found"));
  else
    head = g_strdup_printf (ngettext ("%u of %u file is covered", "%u of %u files are covered",
                                      n_own),
                            counts[SPARE_COVERAGE_COVERED], n_own);
  for (guint i = SPARE_COVERAGE_UNCOVERED; i < SPARE_N_COVERAGES; i++)
    {
      g_autofree char *words = counts[i] > 0 ? count_words (i, counts[i]) : NULL;

      if (words)
        g_string_append_printf (sub, "%s%s", sub->len > 0 ? " · " : "", words);
    }
  gtk_label_set_text (self->head_label, head);
  show_text (self->sub_label, sub->len > 0 ? sub->str : NULL);
  gtk_widget_set_visible (self->lost_button, counts[SPARE_COVERAGE_FOREIGN] > 0);
}

/* The files that need something; after a repair also those that it changed. */
static void
show_files (SpareCheckPage *self, GPtrArray *files)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);

  self->n_repairable = 0;
  for (guint i = 0; i < files->len; i++)
    {
      SpareCheckedFile *file = g_ptr_array_index (files, i);
      const char *text = file->error ? file->error->message : state_words (file->state);

      if (can_be_repaired (file))
        self->n_repairable++;
      if (file->repaired && file->error == NULL)
        text = _ ("Repaired: the authority was added");
      if (!spare_check_is_well (file) || file->error || file->repaired)
        g_ptr_array_add (items, spare_reason_item_new (file->path, text, state_icon (file)));
    }
  spare_reason_list_set_items (self->list, items);
  gtk_widget_set_visible (GTK_WIDGET (self->list), items->len > 0);
  gtk_widget_set_visible (self->well_page, items->len == 0);
  gtk_widget_set_visible (self->repair_button, self->n_repairable > 0 && !self->repairing);
}

static void
checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareCheckPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) files = spare_check_finish (SPARE_OWNER (source), result, &error);
  gboolean stopped = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  if (self->owner == NULL)
    return;
  spare_progress_meter_stop (self->meter);
  g_clear_pointer (&self->meter, spare_progress_meter_unref);
  g_clear_object (&self->cancellable);
  if (files)
    {
      show_counts (self, files);
      show_files (self, files);
      show_text (self->error_label, NULL);
    }
  else
    {
      gtk_label_set_text (self->head_label, stopped ? _ ("The check was stopped")
                                                    : _ ("The check could not be done"));
      show_text (self->sub_label, NULL);
      if (stopped)
        show_text (self->error_label,
                   self->repairing
                       ? _ ("Files that were repaired until then stay so; the others "
                            "are as they were.")
                       : NULL);
      else
        show_text (self->error_label, error->message);
      spare_reason_list_set_items (self->list, NULL);
      gtk_widget_set_visible (self->repair_button, FALSE);
      gtk_widget_set_visible (self->lost_button, FALSE);
      gtk_widget_set_visible (GTK_WIDGET (self->list), FALSE);
      gtk_widget_set_visible (self->well_page, FALSE);
    }
  gtk_stack_set_visible_child_name (self->stack, "result");
  gtk_widget_grab_focus (gtk_widget_get_visible (self->repair_button) ? self->repair_button
                                                                      : self->again_button);
}

static void
progress_cb (const SpareProgress *progress, gpointer user_data)
{
  SpareCheckPage *self = user_data;

  if (progress->total > 0)
    gtk_progress_bar_set_fraction (self->progress,
                                   CLAMP ((double) progress->done / (double) progress->total, 0,
                                          1));
  else
    gtk_progress_bar_pulse (self->progress);
}

static void
run (SpareCheckPage *self, gboolean repair)
{
  if (self->cancellable || self->paths == NULL || self->owner == NULL)
    return;
  self->repairing = repair;
  self->cancellable = g_cancellable_new ();
  self->meter = spare_progress_meter_new (NULL, progress_cb, self, NULL);
  gtk_label_set_text (self->busy_label, repair ? _ ("Adding the authority to the files…")
                                               : _ ("Looking at the files…"));
  gtk_progress_bar_set_fraction (self->progress, 0);
  gtk_stack_set_visible_child_name (self->stack, "busy");
  gtk_widget_grab_focus (self->cancel_button);
  spare_check_async (self->owner, (const char *const *) self->paths, repair, self->meter,
                     self->cancellable, checked_cb, g_object_ref (self));
}

static void
take (SpareCheckPage *self, GPtrArray *files)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  guint n = 0;

  if (self->cancellable)
    return;
  for (guint i = 0; i < files->len; i++)
    {
      const char *path = g_file_peek_path (g_ptr_array_index (files, i));

      if (path)
        {
          g_strv_builder_add (builder, path);
          n++;
        }
    }
  if (n == 0)
    {
      gtk_widget_activate_action (GTK_WIDGET (self), "win.tell", "s",
                                  _ ("Only files on this computer can be checked."));
      return;
    }
  g_strfreev (self->paths);
  self->paths = g_strv_builder_end (builder);
  run (self, FALSE);
}

static void
chosen_cb (GPtrArray *files, gpointer user_data)
{
  take (user_data, files);
}

static void
choose_cb (SpareCheckPage *self)
{
  spare_file_chooser_open (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                           _ ("Choose Folders to Check"), C_ ("button", "_Check"), TRUE,
                           chosen_cb, self);
}

static void
cancel_cb (SpareCheckPage *self)
{
  g_cancellable_cancel (self->cancellable);
  gtk_label_set_text (self->busy_label, _ ("Stopping…"));
}

static void
again_cb (SpareCheckPage *self)
{
  run (self, FALSE);
}

static void
repair_cb (SpareCheckPage *self)
{
  run (self, TRUE);
}

static gboolean
drop_cb (SpareCheckPage *self, const GValue *value)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  if (!G_VALUE_HOLDS (value, GDK_TYPE_FILE_LIST))
    return FALSE;
  for (GSList *l = g_value_get_boxed (value); l; l = l->next)
    g_ptr_array_add (files, g_object_ref (l->data));
  take (self, files);
  return TRUE;
}

void
spare_check_page_set_up (SpareCheckPage *self, SpareOwner *owner)
{
  self->owner = g_object_ref (owner);
}

static void
spare_check_page_dispose (GObject *object)
{
  SpareCheckPage *self = SPARE_CHECK_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->meter)
    spare_progress_meter_stop (self->meter);
  g_clear_pointer (&self->meter, spare_progress_meter_unref);
  g_clear_pointer (&self->paths, g_strfreev);
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (spare_check_page_parent_class)->dispose (object);
}

static void
spare_check_page_class_init (SpareCheckPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_check_page_dispose;
  g_type_ensure (SPARE_TYPE_REASON_LIST);
  g_type_ensure (SPARE_TYPE_WRAP_LAYOUT);
  g_type_ensure (SPARE_TYPE_COLUMN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/sparekey/SpareKey/ui/spare-check-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, choose_button);
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, busy_label);
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, progress);
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, head_label);
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, sub_label);
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, error_label);
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, repair_button);
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, lost_button);
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, again_button);
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, list);
  gtk_widget_class_bind_template_child (widget_class, SpareCheckPage, well_page);
  gtk_widget_class_bind_template_callback (widget_class, choose_cb);
  gtk_widget_class_bind_template_callback (widget_class, cancel_cb);
  gtk_widget_class_bind_template_callback (widget_class, again_cb);
  gtk_widget_class_bind_template_callback (widget_class, repair_cb);
}

static void
spare_check_page_init (SpareCheckPage *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));
  spare_reason_list_set_label (self->list, _ ("Files that need something"));
  g_signal_connect_swapped (target, "drop", G_CALLBACK (drop_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}
