/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authority's window: set-up, then packets, owners, cases and the audit log.
 *
 * Promise: it opens authority mode itself and closes it when it is closed; while work runs it does not close without
 * asking. What came wrong is said in words; nothing else of the application is needed, no owner's key either. */
#include "config.h"

#include "spare-authority-window.h"

#include "spare-authority-import.h"
#include "spare-authority-lists.h"
#include "spare-authority-owner-dialog.h"
#include "spare-authority-packet-dialog.h"
#include "spare-authority-page.h"
#include "spare-authority-row-dialog.h"
#include "spare-authority-set-up.h"
#include "spare-authority-window-private.h"
#include "spare-case-window.h"
#include "spare-case.h"
#include "spare-narrow.h"
#include "spare-shortcuts.h"
#include "spare-toast.h"

#include <glib/gi18n-lib.h>

struct _SpareAuthorityWindow
{
  AdwApplicationWindow parent_instance;

  SpareAuthoritySession *session;

  AdwToastOverlay *toasts;
  GtkStack *root_stack;
  AdwStatusPage *trouble;
  GtkWidget *retry_button;
  SpareAuthoritySetUp *set_up;
  GtkWidget *main_box;
  AdwViewStack *pages;
  AdwViewSwitcherTitle *switcher_title;
  AdwViewSwitcherBar *switcher_bar;
  SpareAuthorityPage *packets_page;
  SpareAuthorityPage *cases_page;
  SpareAuthorityPage *owners_page;
  SpareAuthorityPage *audit_page;
  SpareAuthorityBar *bar;
  AdwToast *offer; /* weak: to open a case */
};

G_DEFINE_FINAL_TYPE (SpareAuthorityWindow, spare_authority_window, ADW_TYPE_APPLICATION_WINDOW)

/* NULL once the window is closed, which what still runs may outlive. */
SpareAuthoritySession *
spare_authority_window_get_session (SpareAuthorityWindow *self)
{
  return self->session;
}

SpareAuthorityBar *
spare_authority_window_get_bar (SpareAuthorityWindow *self)
{
  return self->bar;
}

static void
offer_dismissed_cb (SpareAuthorityWindow *self, AdwToast *toast)
{
  if (self->offer == toast)
    g_clear_weak_pointer (&self->offer);
}

/* One that stays would keep the next from being seen. */
static void
dismiss_offer (SpareAuthorityWindow *self)
{
  if (self->offer)
    adw_toast_dismiss (self->offer);
}

void
spare_authority_window_tell (SpareAuthorityWindow *self, const char *text)
{
  dismiss_offer (self);
  adw_toast_overlay_add_toast (self->toasts, spare_toast_new (GTK_WIDGET (self), text, NULL));
}

void
spare_authority_window_open_case (SpareAuthorityWindow *self, const char *case_id)
{
  adw_view_stack_set_visible_child_name (self->pages, "cases");
  gtk_window_present (GTK_WINDOW (spare_case_window_new (self, case_id)));
}

void
spare_authority_window_offer_case (SpareAuthorityWindow *self,
                                   const char *text,
                                   const char *case_id)
{
  AdwToast *toast = spare_toast_new (GTK_WIDGET (self), text, _ ("_Open Case"));

  /* It stays until it is used or closed, or there is something else to say: whoever reads slowly, or with a screen reader, is
   * to reach it too. */
  adw_toast_set_timeout (toast, 0);
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_toast_set_action_name (toast, "win.open-case");
  adw_toast_set_action_target (toast, "s", case_id);
  dismiss_offer (self);
  g_set_weak_pointer (&self->offer, toast);
  g_signal_connect_object (toast, "dismissed", G_CALLBACK (offer_dismissed_cb), self,
                           G_CONNECT_SWAPPED);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

void
spare_authority_window_close_by_escape (GtkWidget *window)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();

  gtk_shortcut_controller_add_shortcut (
      GTK_SHORTCUT_CONTROLLER (controller),
      gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Escape, 0),
                        gtk_named_action_new ("window.close")));
  gtk_widget_add_controller (window, controller);
}

/* What the list of packets shows is what is exported. */
const char *
spare_authority_window_get_packet_query (SpareAuthorityWindow *self)
{
  return spare_authority_model_get_query (spare_authority_page_get_model (self->packets_page));
}

/* --- Pages --- */

static void
packet_activated_cb (SpareAuthorityWindow *self, SpareAuthorityItem *item)
{
  gtk_window_present (
      GTK_WINDOW (spare_authority_packet_dialog_new (GTK_WINDOW (self),
                                                     spare_authority_item_get_record (item))));
}

static void
case_activated_cb (SpareAuthorityWindow *self, SpareAuthorityItem *item)
{
  const SpareCase *one = spare_authority_item_get_record (item);

  spare_authority_window_open_case (self, one->id);
}

static void
owner_activated_cb (SpareAuthorityWindow *self, SpareAuthorityItem *item)
{
  gtk_window_present (GTK_WINDOW (
      spare_authority_owner_dialog_new (self, spare_authority_item_get_record (item))));
}

static void
audit_activated_cb (SpareAuthorityWindow *self, SpareAuthorityItem *item)
{
  gtk_window_present (
      GTK_WINDOW (spare_authority_row_dialog_new (GTK_WINDOW (self),
                                                  spare_authority_item_get_record (item))));
}

static void
count_page (SpareAuthorityModel *model, SpareAuthorityPage *page)
{
  guint64 total = spare_authority_model_get_total (model);
  const char *format = g_object_get_data (G_OBJECT (page), "one");
  g_autofree char *number = spare_authority_lists_dup_number (total);
  g_autofree char *head = NULL;

  if (g_str_equal (format, "packets"))
    head = g_strdup_printf (ngettext ("%s packet", "%s packets", (gulong) total), number);
  else if (g_str_equal (format, "cases"))
    head = g_strdup_printf (ngettext ("%s case", "%s cases", (gulong) total), number);
  else if (g_str_equal (format, "owners"))
    head = g_strdup_printf (ngettext ("%s owner", "%s owners", (gulong) total), number);
  else
    head = g_strdup_printf (ngettext ("%s row in the log", "%s rows in the log",
                                      (gulong) total),
                            number);
  spare_authority_page_set_head (page, head);
}

static void
start_page (SpareAuthorityWindow *self,
            SpareAuthorityPage *page,
            const char *kind,
            SpareAuthorityFetchFunc fetch)
{
  spare_authority_page_start (page, self->session, fetch);
  g_object_set_data (G_OBJECT (page), "one", (gpointer) kind);
  g_signal_connect_object (spare_authority_page_get_model (page), "loaded",
                           G_CALLBACK (count_page), page, 0);
}

/* --- Opening --- */

static void
show_main (SpareAuthorityWindow *self)
{
  spare_authority_window_enable_work (self, TRUE);
}

static void
created_cb (SpareAuthorityWindow *self)
{
  if (self->session == NULL)
    return;
  spare_authority_session_opened (self->session);
  show_main (self);
}

static void
set_up_finished_cb (SpareAuthorityWindow *self)
{
  gtk_stack_set_visible_child_name (self->root_stack, "main");
}

static void
show_trouble (SpareAuthorityWindow *self, const GError *error, gboolean retry)
{
  g_autofree char *escaped = g_markup_escape_text (error->message, -1);

  adw_status_page_set_description (self->trouble, escaped);
  gtk_widget_set_visible (self->retry_button, retry);
  gtk_stack_set_visible_child_name (self->root_stack, "trouble");
}

/* The one answer that is no trouble: there is none yet. */
static gpointer
open_work (SpareAuthority *authority, gpointer data, GCancellable *cancellable, GError **error)
{
  gboolean *exists = data;

  *exists = spare_authority_exists (authority);
  if (*exists && !spare_authority_open_sync (authority, cancellable, error))
    return NULL;
  return GINT_TO_POINTER (TRUE);
}

static void
opened_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  SpareAuthorityWindow *self = SPARE_AUTHORITY_WINDOW (object);
  gboolean *exists = data;

  if (self->session == NULL)
    return;
  if (error)
    show_trouble (self, error, TRUE);
  else if (!*exists)
    {
      gtk_stack_set_visible_child_name (self->root_stack, "set-up");
      spare_authority_set_up_start (self->set_up, self->session);
    }
  else
    {
      spare_authority_session_opened (self->session);
      show_main (self);
      set_up_finished_cb (self);
    }
}

static void
start_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareAuthorityWindow *self = user_data;

  gtk_stack_set_visible_child_name (self->root_stack, "starting");
  spare_authority_session_run (self->session, open_work, g_new0 (gboolean, 1), g_free, NULL,
                               NULL, opened_cb, self);
}

static void
lock_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareAuthorityWindow *self = user_data;

  spare_authority_session_lock (self->session);
}

static void
locked_cb (SpareAuthorityWindow *self)
{
  spare_authority_window_tell (self,
                               _ ("Locked: the next use of the key asks for its passphrase"));
}

static void
find_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareAuthorityWindow *self = user_data;
  GtkWidget *page = adw_view_stack_get_visible_child (self->pages);

  if (SPARE_IS_AUTHORITY_PAGE (page))
    spare_authority_page_search (SPARE_AUTHORITY_PAGE (page));
}

static void
open_case_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  spare_authority_window_open_case (user_data, g_variant_get_string (parameter, NULL));
}

static const GActionEntry actions[] = {
  { "open-case", open_case_action, "s" },
  { "start", start_action },
  { "lock", lock_action },
  { "find", find_action },
};

/* --- Closing --- */

static gboolean
is_below (GtkWindow *window, SpareAuthorityWindow *self)
{
  while (window && window != GTK_WINDOW (self))
    window = gtk_window_get_transient_for (window);
  return window != NULL;
}

/* Work that runs and windows of cases hold on to this window: they don't keep authority mode open. */
static void
leave (SpareAuthorityWindow *self)
{
  GListModel *windows = gtk_window_get_toplevels ();
  g_autoptr (GPtrArray) below = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWindow) window = g_list_model_get_item (windows, i);

      if (window != GTK_WINDOW (self) && is_below (window, self))
        g_ptr_array_add (below, g_steal_pointer (&window));
    }
  for (guint i = 0; i < below->len; i++)
    gtk_window_destroy (g_ptr_array_index (below, i));
  if (self->session)
    spare_authority_session_close (self->session);
  g_clear_object (&self->session);
}

static void
close_answered_cb (AdwMessageDialog *dialog, const char *response, SpareAuthorityWindow *self)
{
  if (!g_str_equal (response, "stop"))
    return;
  spare_authority_bar_cancel (self->bar);
  leave (self);
  gtk_window_destroy (GTK_WINDOW (self));
}

static gboolean
spare_authority_window_close_request (GtkWindow *window)
{
  SpareAuthorityWindow *self = SPARE_AUTHORITY_WINDOW (window);
  GtkWidget *dialog;

  if (!spare_authority_bar_is_busy (self->bar))
    {
      leave (self);
      return GTK_WINDOW_CLASS (spare_authority_window_parent_class)->close_request (window);
    }
  dialog = adw_message_dialog_new (window, _ ("Stop What Is Being Done?"),
                                   _ ("What is finished stays. The rest can be done again "
                                      "later, without harm."));
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "keep", _ ("_Keep Working"),
                                    "stop", _ ("_Stop and Close"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "stop",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "keep");
  g_signal_connect_object (dialog, "response", G_CALLBACK (close_answered_cb), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
  return TRUE;
}

/* --- Files that come by a drag, or by the clipboard --- */

static gboolean
take_file_list (SpareAuthorityWindow *self, const GValue *value)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  for (GSList *l = g_value_get_boxed (value); l; l = l->next)
    g_ptr_array_add (files, g_object_ref (l->data));
  if (files->len > 0)
    spare_authority_import_files (self, files);
  return files->len > 0;
}

static gboolean
drop_cb (GtkDropTarget *target,
         const GValue *value,
         double x,
         double y,
         SpareAuthorityWindow *self)
{
  return take_file_list (self, value);
}

static void
pasted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareAuthorityWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  const GValue *value = gdk_clipboard_read_value_finish (GDK_CLIPBOARD (source), result,
                                                         &error);

  if (self->session == NULL)
    return;
  if (value == NULL || !take_file_list (self, value))
    {
      g_debug ("nothing to paste: %s", error ? error->message : "empty list");
      spare_authority_window_tell (self, _ ("There are no copied files to paste."));
    }
}

static void
paste_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  gdk_clipboard_read_value_async (gtk_widget_get_clipboard (user_data), GDK_TYPE_FILE_LIST,
                                  G_PRIORITY_DEFAULT, NULL, pasted_cb,
                                  g_object_ref (user_data));
}

static const GActionEntry paste_actions[] = {
  { "paste", paste_action },
};

static void
spare_authority_window_dispose (GObject *object)
{
  leave (SPARE_AUTHORITY_WINDOW (object));
  g_clear_weak_pointer (&SPARE_AUTHORITY_WINDOW (object)->offer);
  G_OBJECT_CLASS (spare_authority_window_parent_class)->dispose (object);
}

static void
spare_authority_window_class_init (SpareAuthorityWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_authority_window_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = spare_authority_window_close_request;
  g_type_ensure (SPARE_TYPE_AUTHORITY_SET_UP);
  g_type_ensure (SPARE_TYPE_AUTHORITY_PAGE);
  g_type_ensure (SPARE_TYPE_AUTHORITY_BAR);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_v, GDK_CONTROL_MASK, "win.paste",
                                       NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_o, GDK_CONTROL_MASK, "win.import",
                                       NULL);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sparekey/SpareKey/ui/"
                                                             "spare-authority-window.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, root_stack);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, trouble);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, retry_button);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, set_up);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, main_box);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, switcher_title);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, switcher_bar);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, packets_page);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, cases_page);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, owners_page);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, audit_page);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityWindow, bar);
  gtk_widget_class_bind_template_callback (widget_class, created_cb);
  gtk_widget_class_bind_template_callback (widget_class, set_up_finished_cb);
  gtk_widget_class_bind_template_callback (widget_class, packet_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, owner_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, case_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, audit_activated_cb);
}

static void
spare_authority_window_init (SpareAuthorityWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  self->session = spare_authority_session_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  spare_narrow_follow (self->switcher_bar, self->switcher_title);
  spare_authority_session_set_window (self->session, GTK_WINDOW (self));
  spare_authority_session_watch (self->session, GTK_WIDGET (self));
  g_signal_connect_object (self->session, "locked", G_CALLBACK (locked_cb), self,
                           G_CONNECT_SWAPPED);
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  g_action_map_add_action_entries (G_ACTION_MAP (self), paste_actions,
                                   G_N_ELEMENTS (paste_actions), self);
  spare_authority_window_add_work (self);
  spare_shortcuts_add (GTK_APPLICATION_WINDOW (self));
  spare_authority_window_enable_work (self, FALSE);
  g_signal_connect (target, "drop", G_CALLBACK (drop_cb), self);
  gtk_widget_add_controller (self->main_box, GTK_EVENT_CONTROLLER (target));
  start_page (self, self->packets_page, "packets", spare_authority_lists_packets);
  start_page (self, self->cases_page, "cases", spare_authority_lists_cases);
  start_page (self, self->owners_page, "owners", spare_authority_lists_owners);
  start_page (self, self->audit_page, "audit", spare_authority_lists_audit);
}

SpareAuthorityWindow *
spare_authority_window_new (GtkApplication *application, const GError *start_error)
{
  SpareAuthorityWindow *self = g_object_new (SPARE_TYPE_AUTHORITY_WINDOW, "application",
                                             application, NULL);

  if (start_error)
    show_trouble (self, start_error, FALSE);
  else
    g_action_group_activate_action (G_ACTION_GROUP (self), "start", NULL);
  return self;
}
