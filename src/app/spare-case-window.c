/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recovery, guided: one page a step, the steps at the side, Refuse always in reach.
 *
 * Promise: nothing is kept here but what is being typed. Each step is recorded by the core when it is done, so the window
 * can be closed at any time and goes on from there; Continue leads no further than the core says the case is. */
#include "config.h"

#include "spare-case-window.h"

#include "spare-authority-bar.h"
#include "spare-authority-delivery.h"
#include "spare-case-files.h"
#include "spare-case-loaded.h"
#include "spare-case-steps.h"
#include "spare-case-words.h"
#include "spare-case-work.h"
#include "spare-wrap-layout.h"

#include <glib/gi18n-lib.h>

struct _SpareCaseWindow
{
  AdwWindow parent_instance;

  SpareAuthorityWindow *window;
  SpareAuthoritySession *session;
  char *id;
  SpareCase *one; /* NULL until it is read */
  SpareAuthorityPolicy *policy;
  GPtrArray *officers; /* of SpareCaseOfficer */
  GPtrArray *left_out; /* of SpareGrantLeftOut */
  GHashTable *typed;
  SpareCaseStep step;
  gboolean working;
  gboolean changed; /* while it worked: to be read again */
  gboolean refocus; /* the keyboard was on the page that is made anew */
  gboolean recovered;
  GSimpleActionGroup *actions;

  AdwWindowTitle *title;
  AdwLeaflet *leaflet;
  GtkListBox *steps;
  GtkScrolledWindow *scroller;
  GtkLabel *step_label;
  GtkLabel *error_label;
  AdwBin *content;
  SpareAuthorityBar *bar;
  GtkWidget *footer;
  GtkSpinner *spinner;
  GtkWidget *continue_button;
};

G_DEFINE_FINAL_TYPE (SpareCaseWindow, spare_case_window, ADW_TYPE_WINDOW)

typedef struct
{
  char *id, *check, *evidence, *officer;
  gboolean own;
  SpareProgressMeter *meter;
} Wish;

static void
wish_free (gpointer data)
{
  Wish *wish = data;

  g_free (wish->id);
  g_free (wish->check);
  g_free (wish->evidence);
  g_free (wish->officer);
  g_clear_pointer (&wish->meter, spare_progress_meter_unref);
  g_free (wish);
}

static Wish *
wish_new (SpareCaseWindow *self)
{
  Wish *wish = g_new0 (Wish, 1);

  wish->id = g_strdup (self->id);
  return wish;
}

/* --- Showing --- */

static SpareCaseStep
next_step (SpareCaseWindow *self, int direction)
{
  SpareCaseView view = { .one = self->one,
                         .rules = self->policy ? spare_authority_policy_get_rules (self->policy)
                                               : NULL };
  int step = (int) self->step + direction;

  while (step > 0 && step < SPARE_CASE_N_STEPS - 1
         && !spare_case_steps_is_needed (&view, (SpareCaseStep) step))
    step += direction;
  return (SpareCaseStep) CLAMP (step, 0, SPARE_CASE_N_STEPS - 1);
}

static void
enable (SpareCaseWindow *self, const char *name, gboolean enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled && !self->working);
}

static void
update_actions (SpareCaseWindow *self)
{
  gboolean there = self->one != NULL;
  gboolean open = there && self->one->state < SPARE_CASE_GRANTED;

  enable (self, "refuse", open);
  enable (self, "refuse-again", there && self->one->state == SPARE_CASE_REFUSED);
  enable (self, "back", there && self->step > 0);
  enable (self, "continue", there && self->step < spare_case_steps_get_last (self->one));
  enable (self, "identify", there && self->one->state == SPARE_CASE_IDENTITY);
  enable (self, "approve", there && self->one->state == SPARE_CASE_APPROVAL);
  enable (self, "ask", there && self->one->state == SPARE_CASE_APPROVAL);
  enable (self, "recover", there && self->one->state == SPARE_CASE_READY);
  enable (self, "deliver", there && self->one->state == SPARE_CASE_GRANTED);
  enable (self, "files", there);
  gtk_widget_set_visible (self->continue_button,
                          there && self->step != SPARE_CASE_STEP_DELIVERY);
}

static void
add_step_row (SpareCaseWindow *self, const SpareCaseView *view, SpareCaseStep step, int number)
{
  SpareCaseStep last = spare_case_steps_get_last (self->one);
  gboolean done = step < last || self->one->state == SPARE_CASE_GRANTED;
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  g_autofree char *count = g_strdup_printf ("%d", number);
  GtkWidget *sign = done ? gtk_image_new_from_icon_name ("object-select-symbolic")
                         : gtk_label_new (count);
  g_autofree char *label = done
                               ? g_strdup_printf (_ ("%s, done"), spare_case_steps_title (step))
                               : g_strdup (spare_case_steps_title (step));

  gtk_widget_set_size_request (sign, 16, -1);
  gtk_box_append (GTK_BOX (line), sign);
  gtk_box_append (GTK_BOX (line), gtk_label_new (spare_case_steps_title (step)));
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), line);
  gtk_widget_set_sensitive (row, step <= last);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  g_object_set_data (G_OBJECT (row), "step", GINT_TO_POINTER (step));
  gtk_list_box_append (self->steps, row);
  if (step == self->step)
    gtk_list_box_select_row (self->steps, GTK_LIST_BOX_ROW (row));
}

static void
show_steps (SpareCaseWindow *self, const SpareCaseView *view)
{
  GtkWidget *child;
  int number = 0;
  int shown = 0;
  g_autofree char *text = NULL;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->steps))))
    gtk_list_box_remove (self->steps, child);
  for (int step = 0; step < SPARE_CASE_N_STEPS; step++)
    {
      if (!spare_case_steps_is_needed (view, (SpareCaseStep) step))
        continue;
      add_step_row (self, view, (SpareCaseStep) step, ++number);
      if (step == (int) self->step)
        shown = number;
    }
  /* Translators: the last %s is the name of the step, such as “Identity” */
  text = g_strdup_printf (_ ("Step %d of %d: %s"), shown, number,
                          spare_case_steps_title (self->step));
  gtk_label_set_text (self->step_label, text);
}

/* The page is made anew at each step, and what can't be pressed for a while loses the keyboard to anything. */
static void
note_focus (SpareCaseWindow *self)
{
  GtkWidget *focus = gtk_root_get_focus (GTK_ROOT (self));

  if (focus == NULL || focus == self->continue_button
      || gtk_widget_is_ancestor (focus, GTK_WIDGET (self->content)))
    self->refocus = TRUE;
}

static void
focus_step (SpareCaseWindow *self)
{
  GtkWidget *control = spare_case_steps_find_control (GTK_WIDGET (self->content));

  if (!self->refocus)
    return;
  self->refocus = FALSE;
  if (control == NULL && gtk_widget_is_sensitive (self->continue_button))
    control = self->continue_button;
  if (control == NULL)
    control = GTK_WIDGET (gtk_list_box_get_selected_row (self->steps));
  if (control)
    gtk_widget_grab_focus (control);
}

static void
show_step (SpareCaseWindow *self)
{
  SpareCaseView view = {
    .one = self->one,
    .rules = self->policy ? spare_authority_policy_get_rules (self->policy) : NULL,
    .typed = self->typed,
    .officers = self->officers,
    .left_out = self->left_out,
    .recovered = self->recovered,
  };
  g_autofree char *title = NULL;
  g_autofree char *sentence = NULL;
  g_autofree char *whole = NULL;

  if (self->one == NULL)
    return;
  title = spare_case_words_dup_title (self->one);
  sentence = spare_case_words_dup_sentence (self->one);
  note_focus (self);
  /* Translators: the window's title, such as "Recovery: Case 1F0C77A2". */
  whole = g_strdup_printf (_ ("Recovery: %s"), title);
  adw_window_title_set_title (self->title, whole);
  adw_window_title_set_subtitle (self->title, sentence);
  gtk_window_set_title (GTK_WINDOW (self), whole);
  show_steps (self, &view);
  adw_bin_set_child (self->content, spare_case_steps_build (&view, self->step));
  update_actions (self);
  focus_step (self);
}

static void
go_to (SpareCaseWindow *self, SpareCaseStep step)
{
  self->step = step;
  gtk_widget_set_visible (GTK_WIDGET (self->error_label), FALSE);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroller), 0);
  show_step (self);
}

static void
step_activated_cb (SpareCaseWindow *self, GtkListBoxRow *row)
{
  go_to (self, (SpareCaseStep) GPOINTER_TO_INT (g_object_get_data (G_OBJECT (row), "step")));
}

/* Folded, the steps at the side make way for a line above the page. */
static void
folded_cb (SpareCaseWindow *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->step_label),
                          adw_leaflet_get_folded (self->leaflet));
}

static void
set_working (SpareCaseWindow *self, gboolean working)
{
  note_focus (self);
  self->working = working;
  gtk_spinner_set_spinning (self->spinner, working);
  update_actions (self);
}

static void
show_error (SpareCaseWindow *self, const GError *error)
{
  gtk_label_set_text (self->error_label, error->message);
  gtk_widget_set_visible (GTK_WIDGET (self->error_label), TRUE);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroller), 0);
}

/* --- Reading --- */

static gpointer
load_work (SpareAuthority *authority, gpointer data, GCancellable *cancellable, GError **error)
{
  Wish *wish = data;

  return spare_case_loaded_new (authority,
                                spare_case_get_sync (authority, wish->id, cancellable, error),
                                error);
}

static gpointer
identify_work (SpareAuthority *authority,
               gpointer data,
               GCancellable *cancellable,
               GError **error)
{
  Wish *wish = data;

  return spare_case_loaded_new (authority,
                                spare_case_identify_sync (authority, wish->id, wish->check,
                                                          wish->evidence, cancellable, error),
                                error);
}

static gpointer
approve_work (SpareAuthority *authority,
              gpointer data,
              GCancellable *cancellable,
              GError **error)
{
  Wish *wish = data;
  g_autoptr (SpareHome) home = wish->own ? g_object_ref (spare_authority_get_home (authority))
                                         : spare_home_new_personal ();

  return spare_case_loaded_new (authority,
                                spare_case_approve_sync (authority, wish->id, home,
                                                         wish->officer, cancellable, error),
                                error);
}

static gpointer
recover_work (SpareAuthority *authority,
              gpointer data,
              GCancellable *cancellable,
              GError **error)
{
  Wish *wish = data;

  return spare_case_recover_sync (authority, wish->id, NULL, wish->meter, cancellable, error);
}

/* Where it stands now; the page moves on with the case if it was the newest one. */
static void
take (SpareCaseWindow *self, SpareCaseLoaded *loaded)
{
  gboolean first = self->one == NULL;
  SpareCaseStep before = first ? 0 : spare_case_steps_get_last (self->one);
  SpareCaseStep now = spare_case_steps_get_last (loaded->one);

  g_clear_pointer (&self->one, spare_case_unref);
  g_clear_object (&self->policy);
  g_clear_pointer (&self->officers, g_ptr_array_unref);
  self->one = g_steal_pointer (&loaded->one);
  self->policy = g_steal_pointer (&loaded->policy);
  self->officers = g_steal_pointer (&loaded->officers);
  if (first)
    self->step = spare_case_steps_get_first (self->one);
  else if (self->step > now)
    self->step = now;
  else if (self->step == before && now > before && before != SPARE_CASE_STEP_IDENTITY)
    self->step = now;
}

static void reload (SpareCaseWindow *self);

static void
loaded_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  SpareCaseWindow *self = SPARE_CASE_WINDOW (object);
  Wish *wish = data;

  if (self->session == NULL)
    return;
  set_working (self, FALSE);
  if (result)
    {
      if (wish->check)
        g_hash_table_remove (self->typed, wish->check);
      take (self, result);
    }
  show_step (self);
  if (error)
    show_error (self, error);
  if (self->changed)
    reload (self);
}

static void
run (SpareCaseWindow *self, SpareAuthorityWorkFunc work, Wish *wish)
{
  /* What was wrong stays to be read while the case is only read again: the log has a new row of it. */
  if (wish->check || wish->officer)
    gtk_widget_set_visible (GTK_WIDGET (self->error_label), FALSE);
  set_working (self, TRUE);
  spare_authority_session_run (self->session, work, wish, wish_free, spare_case_loaded_free,
                               NULL, loaded_cb, self);
}

static void
reload (SpareCaseWindow *self)
{
  self->changed = self->working;
  if (!self->working)
    run (self, load_work, wish_new (self));
}

/* --- Actions --- */

static void
recovered_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  SpareCaseWindow *self = SPARE_CASE_WINDOW (object);
  SpareGrantResult *grant = result;

  if (self->session == NULL)
    return;
  spare_authority_bar_end (self->bar);
  set_working (self, FALSE);
  if (error)
    {
      show_error (self, error);
      return;
    }
  self->recovered = TRUE;
  g_clear_pointer (&self->left_out, g_ptr_array_unref);
  self->left_out = g_ptr_array_ref (grant->left_out);
  reload (self);
}

static void
recover_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareCaseWindow *self = user_data;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Wish *wish = wish_new (self);

  gtk_widget_set_visible (GTK_WIDGET (self->error_label), FALSE);
  set_working (self, TRUE);
  wish->meter = spare_authority_bar_begin (self->bar, _ ("Verifying and wrapping…"),
                                           cancellable);
  spare_authority_session_run (self->session, recover_work, wish, wish_free,
                               (GDestroyNotify) spare_grant_result_free, cancellable,
                               recovered_cb, self);
}

static void
identify_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareCaseWindow *self = user_data;
  const char *check = g_variant_get_string (parameter, NULL);
  const char *typed = g_hash_table_lookup (self->typed, check);
  Wish *wish;

  if (typed == NULL || *typed == '\0')
    return;
  wish = wish_new (self);
  wish->check = g_strdup (check);
  wish->evidence = g_strdup (typed);
  run (self, identify_work, wish);
}

static void
approve_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareCaseWindow *self = user_data;
  Wish *wish = wish_new (self);

  wish->officer = g_variant_dup_string (parameter, NULL);
  wish->own = g_str_equal (wish->officer,
                           spare_authority_get_fingerprint (
                               spare_authority_session_get_authority (self->session)));
  run (self, approve_work, wish);
}

static void
delivered_cb (gpointer object)
{
  SpareCaseWindow *self = SPARE_CASE_WINDOW (object);

  if (self->session)
    reload (self);
}

static void
deliver_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareCaseWindow *self = user_data;
  const char *name = g_action_get_name (G_ACTION (action));
  SpareAuthorityDeliveryKind kind = SPARE_AUTHORITY_DELIVER_GRANT;

  if (g_str_has_prefix (name, "refuse"))
    kind = SPARE_AUTHORITY_DELIVER_REFUSAL;
  else if (g_str_equal (name, "ask"))
    kind = SPARE_AUTHORITY_DELIVER_QUESTION;
  gtk_window_present (
      GTK_WINDOW (spare_authority_delivery_new (GTK_WINDOW (self), self->session, kind,
                                                self->id, delivered_cb, self)));
}

static void
import_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareCaseWindow *self = user_data;

  g_action_group_activate_action (G_ACTION_GROUP (self->window), "import", NULL);
}

static void
files_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareCaseWindow *self = user_data;

  gtk_window_present (GTK_WINDOW (spare_case_files_new (GTK_WINDOW (self), self->one)));
}

static void
move_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareCaseWindow *self = user_data;
  gboolean back = g_str_equal (g_action_get_name (G_ACTION (action)), "back");

  go_to (self, next_step (self, back ? -1 : 1));
}

static const GActionEntry actions[] = {
  { "identify", identify_action, "s" },
  { "approve", approve_action, "s" },
  { "recover", recover_action },
  { "deliver", deliver_action },
  { "ask", deliver_action },
  { "refuse", deliver_action },
  { "refuse-again", deliver_action },
  { "import", import_action },
  { "files", files_action },
  { "back", move_action },
  { "continue", move_action },
};

/* --- The window --- */

static void
spare_case_window_dispose (GObject *object)
{
  SpareCaseWindow *self = SPARE_CASE_WINDOW (object);

  g_clear_object (&self->window);
  g_clear_object (&self->session);
  g_clear_object (&self->policy);
  g_clear_object (&self->actions);
  g_clear_pointer (&self->one, spare_case_unref);
  g_clear_pointer (&self->officers, g_ptr_array_unref);
  g_clear_pointer (&self->left_out, g_ptr_array_unref);
  g_clear_pointer (&self->typed, g_hash_table_unref);
  g_clear_pointer (&self->id, g_free);
  G_OBJECT_CLASS (spare_case_window_parent_class)->dispose (object);
}

static void
spare_case_window_class_init (SpareCaseWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_case_window_dispose;
  g_type_ensure (SPARE_TYPE_AUTHORITY_BAR);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sparekey/SpareKey/ui/"
                                                             "spare-case-window.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareCaseWindow, title);
  gtk_widget_class_bind_template_child (widget_class, SpareCaseWindow, leaflet);
  gtk_widget_class_bind_template_child (widget_class, SpareCaseWindow, steps);
  gtk_widget_class_bind_template_child (widget_class, SpareCaseWindow, scroller);
  gtk_widget_class_bind_template_child (widget_class, SpareCaseWindow, step_label);
  gtk_widget_class_bind_template_child (widget_class, SpareCaseWindow, error_label);
  gtk_widget_class_bind_template_child (widget_class, SpareCaseWindow, content);
  gtk_widget_class_bind_template_child (widget_class, SpareCaseWindow, bar);
  gtk_widget_class_bind_template_child (widget_class, SpareCaseWindow, footer);
  gtk_widget_class_bind_template_child (widget_class, SpareCaseWindow, spinner);
  gtk_widget_class_bind_template_child (widget_class, SpareCaseWindow, continue_button);
  gtk_widget_class_bind_template_callback (widget_class, step_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, folded_cb);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
spare_case_window_init (SpareCaseWindow *self)
{
  self->typed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), actions,
                                   G_N_ELEMENTS (actions), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "case", G_ACTION_GROUP (self->actions));
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_layout_manager (self->footer, spare_wrap_layout_new ());
  adw_leaflet_set_visible_child (self->leaflet, GTK_WIDGET (self->scroller));
  folded_cb (self);
}

SpareCaseWindow *
spare_case_window_new (SpareAuthorityWindow *parent, const char *case_id)
{
  SpareCaseWindow *self = g_object_new (SPARE_TYPE_CASE_WINDOW, "transient-for", parent,
                                        "destroy-with-parent", TRUE, NULL);

  self->window = g_object_ref (parent);
  self->session = g_object_ref (spare_authority_window_get_session (parent));
  self->id = g_strdup (case_id);
  /* An approval that is imported meanwhile shows here. */
  g_signal_connect_object (self->session, "changed", G_CALLBACK (reload), self,
                           G_CONNECT_SWAPPED);
  spare_authority_session_watch (self->session, GTK_WIDGET (self));
  reload (self);
  return self;
}
