/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Authority mode behind its window: the passphrase is forgotten when nobody is there, and nothing is touched that is gone
 * when work ends after its window. */
#include "config.h"

#include "spare-app-resources.h"
#include "spare-audit.h"
#include "spare-authority-session.h"
#include "spare-authority-window.h"
#include "spare-case-steps.h"
#include "spare-case.h"
#include "spare-engine.h"
#include "spare-help-button.h"
#include "spare-process.h"

#include <adwaita.h>
#include <string.h>

#define PASSPHRASE "correct horse battery"
#define DEADLINE   (120 * G_TIME_SPAN_SECOND)

typedef struct
{
  SpareAuthoritySession *session;
  GtkWindow *window;
  guint n_locked;
  gint64 touched; /* and the longest time between two signs of life */
  gint64 longest;
  guint n_done;
  gboolean succeeded;
} Fixture;

static gboolean
wake_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Runs the loop until it is so; @condition is looked at every 20 ms. */
static void
wait_for (gboolean (*condition) (gpointer data), gpointer data)
{
  guint source = g_timeout_add (20, wake_cb, NULL);
  gint64 end = g_get_monotonic_time () + DEADLINE;

  while (!condition (data))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (source);
}

static gpointer
create_work (SpareAuthority *authority,
             gpointer data,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (SpareSecret)
      passphrase = spare_secret_new_copy (PASSPHRASE, strlen (PASSPHRASE), error);
  g_autofree char *fingerprint = NULL;

  if (!spare_authority_exists (authority))
    fingerprint = spare_authority_create_sync (authority, "ACME", "acme@example.org",
                                               passphrase, NULL, cancellable, error);
  return GINT_TO_POINTER (*error == NULL
                          && spare_authority_open_sync (authority, cancellable, error));
}

/* Each needs the key: there is a row that is not signed yet. */
static gpointer
sign_work (SpareAuthority *authority, gpointer data, GCancellable *cancellable, GError **error)
{
  return GINT_TO_POINTER (
      spare_authority_enroll_sync (authority, "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
                                   "extension 12", "by card", cancellable, error)
      || spare_audit_checkpoint_sync (spare_authority_get_audit (authority), cancellable,
                                      error));
}

static void
done_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  Fixture *f = data;

  if (error)
    g_test_message ("%s", error->message);
  f->n_done++;
  f->succeeded = result != NULL;
}

static gboolean
is_done (gpointer data)
{
  return ((Fixture *) data)->n_done > 0;
}

static gboolean
is_locked (gpointer data)
{
  return ((Fixture *) data)->n_locked > 0;
}

static void
run (Fixture *f, SpareAuthorityWorkFunc work)
{
  f->n_done = 0;
  spare_authority_session_run (f->session, work, f, NULL, NULL, NULL, done_cb, NULL);
}

static void
locked_cb (Fixture *f)
{
  f->n_locked++;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->session = g_object_new (SPARE_TYPE_AUTHORITY_SESSION, "lock-after", 1, NULL);
  f->window = GTK_WINDOW (gtk_window_new ());
  gtk_window_present (f->window);
  gtk_test_widget_wait_for_draw (GTK_WIDGET (f->window));
  spare_authority_session_set_window (f->session, f->window);
  g_signal_connect_swapped (f->session, "locked", G_CALLBACK (locked_cb), f);
  run (f, create_work);
  wait_for (is_done, f);
  g_assert_true (f->succeeded);
  spare_authority_session_opened (f->session);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  gtk_window_destroy (f->window);
  spare_authority_session_close (f->session);
  g_clear_object (&f->session);
}

/* The dialog that asks for the passphrase. */
static GtkWindow *
find_question (void)
{
  GListModel *windows = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWindow) window = g_list_model_get_item (windows, i);

      if (ADW_IS_MESSAGE_DIALOG (window))
        return window;
    }
  return NULL;
}

static gboolean
is_asked (gpointer data)
{
  return find_question () != NULL;
}

static void
test_locks (Fixture *f, gconstpointer data)
{
  wait_for (is_locked, f);
  g_assert_null (find_question ());
  run (f, sign_work);
  wait_for (is_asked, f);
  adw_message_dialog_response (ADW_MESSAGE_DIALOG (find_question ()), "cancel");
  wait_for (is_done, f);
  g_assert_false (f->succeeded);
}

static GtkEntry *
find_entry (GtkWidget *widget)
{
  if (GTK_IS_ENTRY (widget))
    return GTK_ENTRY (widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkEntry *found = find_entry (child);

      if (found)
        return found;
    }
  return NULL;
}

static GtkWidget *find (GtkWidget *widget, const char *property, const char *text);

static gboolean
is_told_wrong (gpointer data)
{
  GtkWindow *question = find_question ();

  return question != NULL
         && find (GTK_WIDGET (question), "label",
                  "That was not the passphrase. Nothing was changed.");
}

static gboolean
is_asked_plainly (gpointer data)
{
  return find_question () != NULL && !is_told_wrong (data);
}

/* The window of the answered question closes by itself; the next one comes after it. */
static void
answer_question (const char *passphrase)
{
  GtkWindow *question = find_question ();

  gtk_editable_set_text (GTK_EDITABLE (find_entry (GTK_WIDGET (question))), passphrase);
  adw_message_dialog_response (ADW_MESSAGE_DIALOG (question), "unlock");
  gtk_window_destroy (question);
}

static void
test_asks_again (Fixture *f, gconstpointer data)
{
  wait_for (is_locked, f);
  run (f, sign_work);
  wait_for (is_asked_plainly, f);
  answer_question ("wrong");
  wait_for (is_told_wrong, f);
  answer_question ("wrong again");
  wait_for (is_told_wrong, f);
  g_assert_cmpuint (f->n_done, ==, 0);
  answer_question (PASSPHRASE);
  wait_for (is_done, f);
  g_assert_true (f->succeeded);

  f->n_locked = 0;
  wait_for (is_locked, f);
  run (f, sign_work);
  wait_for (is_asked_plainly, f);
  answer_question ("wrong");
  wait_for (is_told_wrong, f);
  adw_message_dialog_response (ADW_MESSAGE_DIALOG (find_question ()), "cancel");
  wait_for (is_done, f);
  g_assert_false (f->succeeded);
}

/* The question is on its way from the thread, and the window is closed before it comes up. */
static void
test_closed_before_asked (Fixture *f, gconstpointer data)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  wait_for (is_locked, f);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  run (f, sign_work);
  while (!g_main_context_pending (NULL) && g_get_monotonic_time () < end)
    g_thread_yield ();
  spare_authority_session_close (f->session);
  wait_for (is_done, f);
  g_assert_false (f->succeeded);
  g_assert_null (find_question ());
}

static gboolean
touch_cb (gpointer user_data)
{
  Fixture *f = user_data;
  gint64 now = g_get_monotonic_time ();

  f->longest = MAX (f->longest, now - f->touched);
  f->touched = now;
  spare_authority_session_touch (f->session);
  return G_SOURCE_CONTINUE;
}

static gboolean
is_past (gpointer data)
{
  return g_get_monotonic_time () > *(gint64 *) data;
}

static gboolean
is_idle (gpointer data)
{
  return !spare_authority_session_is_busy (data);
}

/* Three times the length of the lock, with signs of life; and then none. A computer that is so busy that the signs are late
 * locks as it has to: then it is tried again. */
static void
test_stays (Fixture *f, gconstpointer data)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE;
  guint source = g_timeout_add (100, touch_cb, f);

  do
    {
      gint64 end = g_get_monotonic_time () + 3 * G_TIME_SPAN_SECOND;

      g_assert_cmpint (end, <, deadline);
      wait_for (is_idle, f->session);
      f->n_locked = 0;
      f->touched = g_get_monotonic_time ();
      f->longest = 0;
      spare_authority_session_touch (f->session);
      wait_for (is_past, &end);
      touch_cb (f);
    }
  while (f->longest >= G_TIME_SPAN_SECOND);
  g_source_remove (source);
  g_assert_cmpuint (f->n_locked, ==, 0);
  wait_for (is_locked, f);
}

/* --- Windows that are closed too early --- */

static gint release; /* atomic */

static gpointer
slow_work (SpareAuthority *authority, gpointer data, GCancellable *cancellable, GError **error)
{
  while (g_atomic_int_get (&release) == 0)
    g_thread_yield ();
  return GINT_TO_POINTER (TRUE);
}

static gboolean
is_closed (gpointer data)
{
  return !spare_authority_session_is_open (((Fixture *) data)->session);
}

static void
test_closed_after (Fixture *f, gconstpointer data)
{
  g_atomic_int_set (&release, 0);
  run (f, slow_work);
  spare_authority_session_close (f->session);
  g_assert_true (spare_authority_session_is_open (f->session));
  g_atomic_int_set (&release, 1);
  wait_for (is_closed, f);
  g_assert_cmpuint (f->n_done, ==, 1);
}

static void
close_and_wait (SpareAuthorityWindow *window)
{
  /* GTK may let go of it at once. */
  g_autoptr (SpareAuthorityWindow) kept = g_object_ref (window);
  g_autoptr (SpareAuthoritySession)
      session = g_object_ref (spare_authority_window_get_session (window));

  g_assert_true (spare_authority_session_is_busy (session));
  gtk_window_close (GTK_WINDOW (window));
  g_assert_null (spare_authority_window_get_session (window));
  wait_for (is_idle, session);
  g_assert_false (spare_authority_session_is_open (session));
}

static void
test_closed_while_opening (void)
{
  SpareAuthorityWindow *window = spare_authority_window_new (NULL, NULL);

  gtk_window_present (GTK_WINDOW (window));
  close_and_wait (window);
}

/* What of that type is shown, with these words as its "label" or "title". */
static GtkWidget *
find (GtkWidget *widget, const char *property, const char *text)
{
  g_autofree char *value = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (widget), property))
    g_object_get (widget, property, &value, NULL);
  if (g_strcmp0 (value, text) == 0)
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find (child, property, text);

      if (found)
        return found;
    }
  return NULL;
}

static void
write_entry (SpareAuthorityWindow *window, const char *title, const char *text)
{
  GtkWidget *row = find (GTK_WIDGET (window), "title", title);

  g_assert_true (GTK_IS_EDITABLE (row));
  gtk_editable_set_text (GTK_EDITABLE (row), text);
}

static void
test_closed_while_made (void)
{
  SpareAuthorityWindow *window = spare_authority_window_new (NULL, NULL);
  GtkWidget *button;

  gtk_window_present (GTK_WINDOW (window));
  wait_for (is_idle, spare_authority_window_get_session (window));
  write_entry (window, "Name", "ACME");
  write_entry (window, "Email", "acme@example.org");
  write_entry (window, "Passphrase", PASSPHRASE);
  write_entry (window, "Passphrase Again", PASSPHRASE);
  button = find (GTK_WIDGET (window), "label", "_Create Authority");
  g_assert_true (gtk_widget_is_sensitive (button));
  g_signal_emit_by_name (button, "clicked");
  close_and_wait (window);
}

static gboolean
has_two_windows (gpointer data)
{
  return g_list_model_get_n_items (gtk_window_get_toplevels ()) == 2;
}

static void
test_closed_with_all (void)
{
  SpareAuthorityWindow *window = spare_authority_window_new (NULL, NULL);
  g_autoptr (SpareAuthoritySession)
      session = g_object_ref (spare_authority_window_get_session (window));

  gtk_window_present (GTK_WINDOW (window));
  wait_for (is_idle, session);
  g_assert_true (spare_authority_session_is_open (session));
  g_action_group_activate_action (G_ACTION_GROUP (window), "policy", NULL);
  wait_for (has_two_windows, NULL);
  gtk_window_close (GTK_WINDOW (window));
  g_assert_cmpuint (g_list_model_get_n_items (gtk_window_get_toplevels ()), ==, 0);
  wait_for (is_idle, session);
  g_assert_false (spare_authority_session_is_open (session));
}

/* --- What was typed --- */

/* The table of what was typed is that of the window: making the page anew neither changes nor frees what is in it. */
static void
test_typed_stays (void)
{
  static const char *const texts[] = { "Passport, in person", "" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GHashTable)
          typed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      g_autoptr (GPtrArray) identity = g_ptr_array_new ();
      g_autoptr (GPtrArray) files = g_ptr_array_new ();
      SpareCaseCheck check = { .check = (char *) "document" };
      const SpareCase one = { .state = SPARE_CASE_IDENTITY,
                              .requester = (char *) "Ada",
                              .person = (char *) "Ada",
                              .reason = (char *) "lost",
                              .key = (char *) "0123456789",
                              .files = files,
                              .identity = identity };
      const SpareCaseView view = { .one = &one, .typed = typed };
      char *text = g_strdup (texts[i]);
      g_autoptr (GtkWidget) page = NULL;
      GtkEntry *entry;

      g_ptr_array_add (identity, &check);
      g_hash_table_insert (typed, g_strdup ("document"), text);
      page = g_object_ref_sink (spare_case_identity_build (&view));
      g_assert_true (g_hash_table_lookup (typed, "document") == text);
      entry = find_entry (page);
      g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (entry)), ==, texts[i]);
      g_assert_cmpint (gtk_widget_get_sensitive (find (page, "label", "_Record")), ==,
                       *texts[i] != '\0');
      gtk_editable_set_text (GTK_EDITABLE (entry), "Identity card");
      g_assert_cmpstr (g_hash_table_lookup (typed, "document"), ==, "Identity card");
    }
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, NULL);
  spare_process_harden (&error);
  g_assert_no_error (error);
  spare_engine_init_with_guard (TEST_GUARD, &error);
  g_assert_no_error (error);
  gtk_init ();
  adw_init ();
  g_resources_register (spare_app_get_resource ());
  g_type_ensure (SPARE_TYPE_HELP_BUTTON);

  /* The first makes the authority that the others open; a home of its own is the session's. */
  g_test_add_func ("/app/authority/a window may be closed while its authority is made",
                   test_closed_while_made);
  g_test_add_func ("/app/authority/a window may be closed while it opens",
                   test_closed_while_opening);
  g_test_add_func ("/app/authority/with the window all of its windows are closed",
                   test_closed_with_all);
  g_test_add_func ("/app/authority/what was typed stays when the page is made anew",
                   test_typed_stays);
#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)
  ADD ("/app/authority/the passphrase is forgotten when nobody is there", test_locks);
  ADD ("/app/authority/a wrong passphrase is asked for again, until it is right or dismissed",
       test_asks_again);
  ADD ("/app/authority/nobody is asked after the window was closed", test_closed_before_asked);
  ADD ("/app/authority/signs of life keep the passphrase", test_stays);
  ADD ("/app/authority/work that runs is waited for, and authority mode closed after it",
       test_closed_after);
  return g_test_run ();
}
