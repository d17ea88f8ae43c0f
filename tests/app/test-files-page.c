/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of jobs as widgets, without a key and without an engine: every job fails at once, which is all that is needed to
 * see whether the window keeps up, and what it shows of names. */
#include "config.h"

#include "spare-app-resources.h"
#include "spare-display.h"
#include "spare-files-page.h"
#include "spare-intake.h"
#include "spare-job-row.h"

#include <adwaita.h>
#include <time.h>

#define N_FILES   10000
#define TICK_MSEC 5
#define BLOCKED   (50 * G_TIME_SPAN_MILLISECOND)
/* On a machine that is busy with other things, the time that a thread takes is stretched now and then by what shares its
 * core. A list that is not brought in piece by piece holds the loop for seconds. */
#define N_STRETCHED 5
#define BLOCKED_MAX (250 * G_TIME_SPAN_MILLISECOND)
/* The wall clock also counts what other processes take; it is only held against waiting for something. */
#define WALL_MAX (2 * G_TIME_SPAN_SECOND)
#define N_TRIES  4
#define DEADLINE (120 * G_TIME_SPAN_SECOND)

typedef struct
{
  SpareOwner *owner;
  SpareJobQueue *queue;
  SpareIntake *intake;
  GtkWindow *window;
  SpareFilesPage *page;
} Fixture;

typedef struct
{
  gint64 last_wall, last_cpu;
  gint64 max_wall, max_cpu;
  guint n_blocked;
} Gaps;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->owner = spare_owner_new ();
  fixture->queue = spare_job_queue_new (fixture->owner);
  fixture->intake = spare_intake_new (fixture->queue);
  fixture->page = g_object_new (SPARE_TYPE_FILES_PAGE, NULL);
  fixture->window = GTK_WINDOW (gtk_window_new ());
  gtk_window_set_default_size (fixture->window, 680, 560);
  gtk_window_set_child (fixture->window, GTK_WIDGET (fixture->page));
  spare_files_page_set_up (fixture->page, fixture->owner, fixture->queue);
  gtk_window_present (fixture->window);
  gtk_test_widget_wait_for_draw (GTK_WIDGET (fixture->window));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (fixture->window);
  g_clear_object (&fixture->intake);
  g_clear_object (&fixture->queue);
  g_clear_object (&fixture->owner);
}

static gint64
thread_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static gboolean
tick_cb (gpointer user_data)
{
  Gaps *gaps = user_data;
  gint64 wall = g_get_monotonic_time ();
  gint64 cpu = thread_time ();

  if (gaps->last_wall > 0)
    {
      gaps->max_wall = MAX (gaps->max_wall, wall - gaps->last_wall);
      gaps->max_cpu = MAX (gaps->max_cpu, cpu - gaps->last_cpu);
      gaps->n_blocked += cpu - gaps->last_cpu > BLOCKED ? 1 : 0;
    }
  gaps->last_wall = wall;
  gaps->last_cpu = cpu;
  return G_SOURCE_CONTINUE;
}

static GPtrArray *
make_files (const char *format, guint n)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf (format, i);

      g_ptr_array_add (files, g_file_new_for_path (path));
    }
  return files;
}

/* Ten thousand files come and fail; whether the loop was never held for long. */
static gboolean
keeps_up (Fixture *fixture)
{
  g_autoptr (GPtrArray) files = make_files ("/nonexistent/a folder/file %05u.pdf", N_FILES);
  g_autoptr (SpareJobOptions) options = spare_files_page_make_options (fixture->page);
  gint64 deadline = g_get_monotonic_time () + DEADLINE;
  Gaps gaps = { 0 };
  guint source = g_timeout_add_full (G_PRIORITY_HIGH, TICK_MSEC, tick_cb, &gaps, NULL);
  SpareJobCounts counts;

  spare_intake_add (fixture->intake, files, SPARE_JOB_AUTO, options);
  while (g_list_model_get_n_items (G_LIST_MODEL (fixture->queue)) < N_FILES
         || spare_job_queue_is_busy (fixture->queue))
    {
      g_main_context_iteration (NULL, TRUE);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  g_source_remove (source);
  spare_job_queue_get_counts (fixture->queue, &counts);
  g_assert_cmpuint (counts.failed, ==, N_FILES);
  g_test_message ("longest the main loop was held: %" G_GINT64_FORMAT
                  " us of work, %" G_GINT64_FORMAT " us by the clock",
                  gaps.max_cpu, gaps.max_wall);
  return gaps.n_blocked <= N_STRETCHED && gaps.max_cpu < BLOCKED_MAX
         && gaps.max_wall < WALL_MAX;
}

/* A busy machine spoils one run or another; a window that does not keep up fails in each. */
static void
test_ten_thousand (Fixture *fixture, gconstpointer data)
{
  gboolean kept = FALSE;

  for (guint i = 0; i < N_TRIES && !kept; i++)
    {
      kept = keeps_up (fixture);
      /* Once for what is done, and once for what failed. */
      spare_job_queue_clear_finished (fixture->queue);
      spare_job_queue_clear_finished (fixture->queue);
      g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->queue)), ==, 0);
    }
  g_assert_true (kept);
}

static guint
count_rows (GtkWidget *widget)
{
  guint n = SPARE_IS_JOB_ROW (widget) ? 1 : 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    n += count_rows (child);
  return n;
}

static void
test_recycles (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) files = make_files ("/nonexistent/%u", 2000);
  g_autoptr (SpareJobOptions) options = spare_files_page_make_options (fixture->page);

  spare_intake_add (fixture->intake, files, SPARE_JOB_AUTO, options);
  while (g_list_model_get_n_items (G_LIST_MODEL (fixture->queue)) < 2000
         || spare_job_queue_is_busy (fixture->queue))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (count_rows (GTK_WIDGET (fixture->page)), >, 3);
  g_assert_cmpuint (count_rows (GTK_WIDGET (fixture->page)), <, 500);
}

static void
refused_cb (SpareIntake *intake, guint n, const char *first, guint *count)
{
  g_assert_cmpstr (first, ==, "photo.jpg");
  *count = n;
}

static void
test_refuses_remote (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (SpareJobOptions) options = spare_files_page_make_options (fixture->page);
  guint count = 0;

  g_signal_connect (fixture->intake, "refused", G_CALLBACK (refused_cb), &count);
  g_ptr_array_add (files, g_file_new_for_uri ("mtp://phone/DCIM/photo.jpg"));
  g_ptr_array_add (files, g_file_new_for_uri ("mtp://phone/DCIM/photo2.jpg"));
  spare_intake_add (fixture->intake, files, SPARE_JOB_AUTO, options);
  while (count == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (count, ==, 2);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->queue)), ==, 0);
}

/* Looks for a label with this very text below @widget. */
static GtkWidget *
find_label (GtkWidget *widget, const char *text)
{
  if (GTK_IS_LABEL (widget) && g_str_equal (gtk_label_get_text (GTK_LABEL (widget)), text))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_label (child, text);

      if (found)
        return found;
    }
  return NULL;
}

static void
test_hostile_names (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *name;
    const char *reason;
  } rows[] = {
    { "r&d <x>.txt", "an entity and a tag" },
    { "<b>bold.txt", "markup that would be obeyed" },
    { "<span foreground='red'>", "markup without an end" },
    { "a\nb.txt", "a line break" },
    { "evil\xe2\x80\xaegpj.exe", "a right-to-left override" },
    { "bad\xff\xfe.bin", "not UTF-8" },
    { "-r", "an option" },
    { "%s%n", "a format" },
    { "_under_score", "mnemonics" },
  };
  g_autoptr (SpareJobOptions) options = spare_files_page_make_options (fixture->page);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_build_filename ("/nonexistent", rows[i].name, NULL);
      g_autofree char *shown = spare_display_text (rows[i].name, -1, 0);
      const char *const paths[] = { path, NULL };
      GtkWidget *label;

      spare_job_queue_add (fixture->queue, paths, SPARE_JOB_AUTO, options);
      while (spare_job_queue_is_busy (fixture->queue))
        g_main_context_iteration (NULL, TRUE);
      gtk_test_widget_wait_for_draw (GTK_WIDGET (fixture->window));
      g_test_message ("%s", rows[i].reason);
      label = find_label (GTK_WIDGET (fixture->page), shown);
      g_assert_nonnull (label);
      g_assert_false (gtk_label_get_use_markup (GTK_LABEL (label)));
      g_assert_null (strpbrk (gtk_label_get_text (GTK_LABEL (label)), "\n\r"));
      g_assert_true (g_utf8_validate (gtk_label_get_text (GTK_LABEL (label)), -1, NULL));
    }
}

static void
test_counts (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareJobOptions) options = spare_files_page_make_options (fixture->page);
  const char *const paths[] = { "/nonexistent/a", "/nonexistent/b", "/nonexistent/a", NULL };

  g_assert_nonnull (find_label (GTK_WIDGET (fixture->page), "Drop Files to Encrypt"));
  spare_job_queue_add (fixture->queue, paths, SPARE_JOB_AUTO, options);
  while (spare_job_queue_is_busy (fixture->queue))
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (find_label (GTK_WIDGET (fixture->page), "2 items · 2 failed"));
  spare_job_queue_clear_finished (fixture->queue);
  g_assert_nonnull (find_label (GTK_WIDGET (fixture->page), "0 items"));
}

static void
wait_for_jobs (Fixture *fixture)
{
  while (spare_job_queue_is_busy (fixture->queue))
    g_main_context_iteration (NULL, TRUE);
}

static void
test_failures_stay (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SpareJobOptions) options = spare_files_page_make_options (fixture->page);
  const char *const paths[] = { "/nonexistent/a", "/nonexistent/b", NULL };
  /* More than start at once: the last one waits until the loop runs. */
  const char *const more[] = { "/nonexistent/c", "/nonexistent/d", "/nonexistent/e",
                               "/nonexistent/f", "/nonexistent/g", "/nonexistent/h",
                               "/nonexistent/i", "/nonexistent/j", NULL };
  g_autoptr (SpareJob) left = NULL;
  g_autoptr (SpareJob) cancelled = NULL;

  spare_job_queue_add (fixture->queue, paths, SPARE_JOB_AUTO, options);
  wait_for_jobs (fixture);
  spare_job_queue_add (fixture->queue, more, SPARE_JOB_AUTO, options);
  cancelled = g_list_model_get_item (G_LIST_MODEL (fixture->queue), 9);
  g_assert_cmpint (spare_job_get_state (cancelled), ==, SPARE_JOB_WAITING);
  spare_job_cancel (cancelled);
  wait_for_jobs (fixture);
  g_assert_cmpint (spare_job_get_state (cancelled), ==, SPARE_JOB_CANCELLED);

  spare_job_queue_clear_finished (fixture->queue);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->queue)), ==, 9);
  left = g_list_model_get_item (G_LIST_MODEL (fixture->queue), 0);
  g_assert_cmpint (spare_job_get_state (left), ==, SPARE_JOB_FAILED);
  spare_job_queue_clear_finished (fixture->queue);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->queue)), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  gtk_init ();
  adw_init ();
  g_resources_register (spare_app_get_resource ());

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)
  ADD ("/app/files/the window keeps up with ten thousand files", test_ten_thousand);
  ADD ("/app/files/rows are recycled", test_recycles);
  ADD ("/app/files/what is not on this computer is refused by name", test_refuses_remote);
  ADD ("/app/files/hostile names are shown as text", test_hostile_names);
  ADD ("/app/files/the line above counts", test_counts);
  ADD ("/app/files/failures stay when the rest is cleared", test_failures_stay);
  return g_test_run ();
}
