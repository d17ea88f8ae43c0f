/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox against everything that could take a row: a second process, kill -9, a full disk, damage. */
#include "config.h"

#include "spare-outbox.h"

#include "spare-error.h"
#include "spare-outbox-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWNER     "8AD58320AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define AUTHORITY "0123456789ABCDEF0123456789ABCDEF01234567"
#define FILE_ID   "00112233445566778899aabbccddeeff"
#define CANNOT    77 /* a child's way to say: not possible on this machine */

static char *self_path;

typedef struct
{
  char *directory;
  char *path;
  SpareOutbox *outbox;
} Fixture;

static SpareOutbox *
open_outbox (const char *path)
{
  g_autoptr (GError) error = NULL;
  SpareOutbox *outbox = spare_outbox_new (path);

  spare_outbox_open_sync (outbox, NULL, &error);
  g_assert_no_error (error);
  return outbox;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->directory = g_dir_make_tmp ("sparekey-outbox-XXXXXX", NULL);
  f->path = g_build_filename (f->directory, "outbox.db", NULL);
  f->outbox = open_outbox (f->path);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *journal = g_strconcat (f->path, "-journal", NULL);

  g_clear_object (&f->outbox);
  g_unlink (f->path);
  g_unlink (journal);
  g_rmdir (f->directory);
  g_free (f->path);
  g_free (f->directory);
}

static SpareOutboxEntry *
make_entry (const char *serial)
{
  SpareOutboxEntry *entry = g_new0 (SpareOutboxEntry, 1);

  entry->serial = g_strdup (serial);
  entry->file_id = g_strdup (FILE_ID);
  entry->name = g_strdup ("Bericht \xff\n\xe2\x80\xae.pdf"); /* file names are octets */
  entry->description = g_strdup ("für 2026");
  entry->size = 123456;
  entry->created = 1795339800;
  entry->owner = g_strdup (OWNER);
  entry->authority = g_strdup (AUTHORITY);
  entry->subkey = g_strdup ("FEDCBA9876543210FEDCBA9876543210FEDCBA98");
  entry->algorithm = g_strdup ("cv25519");
  entry->cipher = g_strdup ("AES256");
  entry->mode = SPARE_ESCROW_DETACHED;
  entry->packet = g_bytes_new ("\x84\x00packet", 8);
  memset (entry->proof, 0x5a, sizeof entry->proof);
  entry->has_proof = TRUE;
  return entry;
}

static char *
add_one (SpareOutbox *outbox, GError **error)
{
  g_autofree char *serial = spare_outbox_reserve_serial_sync (outbox, OWNER, error);
  g_autoptr (SpareOutboxEntry) entry = NULL;

  if (serial == NULL)
    return NULL;
  entry = make_entry (serial);
  return spare_outbox_add_sync (outbox, entry, error) ? g_steal_pointer (&serial) : NULL;
}

static void
test_round_trip (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *serial = add_one (f->outbox, &error);
  g_autoptr (SpareOutboxEntry) wanted = make_entry (serial);
  g_autoptr (SpareOutboxEntry) found = NULL;
  g_autoptr (SpareOutboxEntry) copy = NULL;
  struct stat st;

  g_assert_no_error (error);
  g_assert_true (g_regex_match_simple ("^8AD58320-[0-9A-F]{4}-1$", serial, G_REGEX_DEFAULT, 0));
  g_assert_cmpint (stat (f->path, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);

  /* By another connection, so from the file. */
  g_clear_object (&f->outbox);
  f->outbox = open_outbox (f->path);
  found = spare_outbox_find_sync (f->outbox, FILE_ID, &error);
  g_assert_no_error (error);
  copy = spare_outbox_entry_copy (found);

  g_assert_cmpstr (copy->serial, ==, serial);
  g_assert_cmpint (copy->state, ==, SPARE_OUTBOX_PENDING);
  g_assert_cmpstr (copy->file_id, ==, wanted->file_id);
  g_assert_cmpstr (copy->name, ==, wanted->name);
  g_assert_cmpstr (copy->description, ==, wanted->description);
  g_assert_cmpuint (copy->size, ==, wanted->size);
  g_assert_cmpint (copy->created, ==, wanted->created);
  g_assert_cmpstr (copy->owner, ==, OWNER);
  g_assert_cmpstr (copy->authority, ==, AUTHORITY);
  g_assert_cmpstr (copy->subkey, ==, wanted->subkey);
  g_assert_cmpstr (copy->algorithm, ==, "cv25519");
  g_assert_cmpstr (copy->cipher, ==, "AES256");
  g_assert_cmpint (copy->mode, ==, SPARE_ESCROW_DETACHED);
  g_assert_true (g_bytes_equal (copy->packet, wanted->packet));
  g_assert_true (copy->has_proof);
  g_assert_cmpmem (copy->proof, 32, wanted->proof, 32);
  g_assert_null (copy->place);

  g_assert_null (
      spare_outbox_find_sync (f->outbox, "ffffffffffffffffffffffffffffffff", &error));
  g_assert_no_error (error);
}

static void
test_pending_escrow (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareOutboxEntry) entry = make_entry ("8AD58320-0000-1");
  g_autoptr (SpareOutboxEntry) found = NULL;

  g_clear_pointer (&entry->packet, g_bytes_unref);
  g_clear_pointer (&entry->subkey, g_free);
  entry->has_proof = FALSE;
  g_assert_true (spare_outbox_add_sync (f->outbox, entry, &error));
  g_assert_no_error (error);
  found = spare_outbox_find_sync (f->outbox, FILE_ID, &error);
  g_assert_null (found->packet);
  g_assert_null (found->subkey);
  g_assert_false (found->has_proof);

  /* There is nothing that could be exported. */
  g_assert_false (spare_outbox_set_state_sync (f->outbox, entry->serial, SPARE_OUTBOX_EXPORTED,
                                               "stick", &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
}

static void
test_states (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *serial = add_one (f->outbox, &error);
  g_autoptr (SpareOutboxEntry) found = NULL;
  guint counts[3];

  g_assert_true (spare_outbox_set_state_sync (f->outbox, serial, SPARE_OUTBOX_EXPORTED,
                                              "USB stick", &error));
  g_assert_no_error (error);
  g_assert_false (spare_outbox_withdraw_sync (f->outbox, serial, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_true (
      spare_outbox_set_state_sync (f->outbox, serial, SPARE_OUTBOX_ACKNOWLEDGED, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (
      spare_outbox_set_state_sync (f->outbox, serial, SPARE_OUTBOX_PENDING, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
  g_clear_error (&error);

  found = spare_outbox_find_sync (f->outbox, FILE_ID, &error);
  g_assert_cmpint (found->state, ==, SPARE_OUTBOX_ACKNOWLEDGED);
  g_assert_cmpstr (found->place, ==, "USB stick");
  g_assert_true (spare_outbox_count_sync (f->outbox, counts, &error));
  g_assert_cmpuint (counts[SPARE_OUTBOX_PENDING], ==, 0);
  g_assert_cmpuint (counts[SPARE_OUTBOX_ACKNOWLEDGED], ==, 1);
}

static void
test_withdraw (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *serial = add_one (f->outbox, &error);
  g_autofree char *next = NULL;

  g_assert_true (spare_outbox_withdraw_sync (f->outbox, serial, &error));
  g_assert_no_error (error);
  g_assert_null (spare_outbox_find_sync (f->outbox, FILE_ID, &error));
  g_assert_no_error (error);
  g_assert_false (spare_outbox_withdraw_sync (f->outbox, serial, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);

  /* A serial is never given out twice, though its row is gone. */
  next = spare_outbox_reserve_serial_sync (f->outbox, OWNER, &error);
  g_assert_cmpstr (next, !=, serial);
  g_assert_true (g_str_has_suffix (next, "-2"));
}

static void
test_same_serial (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareOutboxEntry) entry = make_entry ("8AD58320-0000-1");
  guint counts[3];

  g_assert_true (spare_outbox_add_sync (f->outbox, entry, &error));
  g_assert_false (spare_outbox_add_sync (f->outbox, entry, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE);
  g_clear_error (&error);
  g_assert_true (spare_outbox_count_sync (f->outbox, counts, &error));
  g_assert_cmpuint (counts[0], ==, 1);
}

static void
count_cb (SpareOutbox *outbox, guint *told)
{
  (*told)++;
}

static gpointer
add_thread (gpointer data)
{
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *serial = add_one (data, &error);

      g_assert_no_error (error);
    }
  return NULL;
}

static void
test_threads (Fixture *f, gconstpointer data)
{
  GThread *threads[4];
  guint counts[3];
  guint told = 0;

  g_signal_connect (f->outbox, "changed", G_CALLBACK (count_cb), &told);
  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new ("add", add_thread, f->outbox);
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (told, ==, 0); /* only ever in the main context */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (told, ==, 1);
  g_assert_true (spare_outbox_count_sync (f->outbox, counts, NULL));
  g_assert_cmpuint (counts[0], ==, 80);
}

static GHashTable *list_serials (const char *path);

/* How many transactions ever changed the file: its header counts them. */
static guint32
count_transactions (const char *path)
{
  g_autofree char *octets = NULL;
  g_autoptr (GError) error = NULL;
  guint32 n;
  gsize size;

  g_file_get_contents (path, &octets, &size, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (size, >, 28);
  memcpy (&n, octets + 24, sizeof n);
  return GUINT32_FROM_BE (n);
}

typedef struct
{
  SpareOutbox *outbox;
  char *serial;
  gboolean added;
  GError *error;
} Adding;

static gpointer
add_given_thread (gpointer data)
{
  Adding *adding = data;
  g_autoptr (SpareOutboxEntry) entry = make_entry (adding->serial);

  adding->added = spare_outbox_add_sync (adding->outbox, entry, &adding->error);
  return NULL;
}

/* Lets @n threads queue up with their rows before the first of them gets the lock. */
static void
add_together (SpareOutbox *outbox, Adding *adding, guint n)
{
  g_autofree GThread **threads = g_new0 (GThread *, n);
  SpareOutboxQueue *queue = spare_outbox_get_queue_private (outbox);
  g_autoptr (GError) error = NULL;
  guint queued = 0;

  g_assert_nonnull (spare_outbox_lock_private (outbox, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    threads[i] = g_thread_new ("add", add_given_thread, &adding[i]);
  while (queued < n)
    {
      g_mutex_lock (&queue->lock);
      queued = queue->rows.length;
      g_mutex_unlock (&queue->lock);
      g_thread_yield ();
    }
  spare_outbox_unlock_private (outbox, FALSE);
  for (guint i = 0; i < n; i++)
    g_thread_join (threads[i]);
}

static void
test_together (Fixture *f, gconstpointer data)
{
  Adding adding[6] = { 0 };
  g_autoptr (GHashTable) serials = NULL;
  guint32 before;

  for (guint i = 0; i < G_N_ELEMENTS (adding); i++)
    {
      adding[i].outbox = f->outbox;
      adding[i].serial = g_strdup_printf ("8AD58320-0000-%u", i);
    }
  before = count_transactions (f->path);
  add_together (f->outbox, adding, G_N_ELEMENTS (adding));
  g_assert_cmpuint (count_transactions (f->path), ==, before + 1);

  serials = list_serials (f->path);
  for (guint i = 0; i < G_N_ELEMENTS (adding); i++)
    {
      g_assert_no_error (adding[i].error);
      g_assert_true (adding[i].added);
      g_assert_true (g_hash_table_contains (serials, adding[i].serial));
      g_free (adding[i].serial);
    }
}

static void
test_together_but_one (Fixture *f, gconstpointer data)
{
  Adding adding[5] = { 0 };
  g_autoptr (GHashTable) serials = NULL;
  guint failed = 0;

  /* Two of them have the same serial: one is stored, whichever. */
  for (guint i = 0; i < G_N_ELEMENTS (adding); i++)
    {
      adding[i].outbox = f->outbox;
      adding[i].serial = g_strdup_printf ("8AD58320-0000-%u", i == 3 ? 1 : i);
    }
  add_together (f->outbox, adding, G_N_ELEMENTS (adding));

  serials = list_serials (f->path);
  g_assert_cmpuint (g_hash_table_size (serials), ==, 4);
  for (guint i = 0; i < G_N_ELEMENTS (adding); i++)
    {
      g_assert_true (g_hash_table_contains (serials, adding[i].serial));
      g_assert_true (adding[i].added == (adding[i].error == NULL));
      if (adding[i].error != NULL)
        {
          g_assert_true (i == 1 || i == 3);
          g_assert_error (adding[i].error, SPARE_ERROR, SPARE_ERROR_DATABASE);
          g_clear_error (&adding[i].error);
          failed++;
        }
      g_free (adding[i].serial);
    }
  g_assert_cmpuint (failed, ==, 1);
}

/* Adds rows for ever, or @n of them, and says each serial only once it is acknowledged. */
static int
child_add (const char *path, int n)
{
  g_autoptr (SpareOutbox) outbox = open_outbox (path);

  for (int i = 0; n == 0 || i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *serial = add_one (outbox, &error);

      g_assert_no_error (error);
      printf ("%s\n", serial);
      fflush (stdout);
    }
  return 0;
}

static GSubprocess *
start_child (const char *what, const char *path, const char *n)
{
  g_autoptr (GError) error = NULL;
  GSubprocess *child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, self_path,
                                         "--child", what, path, n, NULL);

  g_assert_no_error (error);
  return child;
}

static GHashTable *
list_serials (const char *path)
{
  g_autoptr (SpareOutbox) outbox = open_outbox (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = spare_outbox_list_sync (outbox, -1, 0, 0, &error);
  GHashTable *serials = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < entries->len; i++)
    g_hash_table_add (serials, g_strdup (((SpareOutboxEntry *) entries->pdata[i])->serial));
  g_assert_cmpuint (g_hash_table_size (serials), ==, entries->len);
  return serials;
}

static void
test_processes (Fixture *f, gconstpointer data)
{
  g_autoptr (GSubprocess) one = NULL;
  g_autoptr (GSubprocess) two = NULL;
  g_autoptr (GHashTable) serials = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *said[2] = { NULL, NULL };

  /* Not even made yet: both race to make it. */
  g_clear_object (&f->outbox);
  g_unlink (f->path);
  one = start_child ("add", f->path, "100");
  two = start_child ("add", f->path, "100");
  g_assert_true (g_subprocess_communicate_utf8 (one, NULL, NULL, &said[0], NULL, &error));
  g_assert_true (g_subprocess_communicate_utf8 (two, NULL, NULL, &said[1], NULL, &error));
  g_assert_true (g_subprocess_get_successful (one));
  g_assert_true (g_subprocess_get_successful (two));

  serials = list_serials (f->path);
  g_assert_cmpuint (g_hash_table_size (serials), ==, 200);
  for (int i = 0; i < 2; i++)
    {
      g_auto (GStrv) lines = g_strsplit (g_strchomp (said[i]), "\n", -1);

      g_assert_cmpuint (g_strv_length (lines), ==, 100);
      for (guint j = 0; lines[j] != NULL; j++)
        g_assert_true (g_hash_table_contains (serials, lines[j]));
    }
  g_free (said[1]);
  said[1] = NULL;
}

static void
test_kill (Fixture *f, gconstpointer data)
{
  g_autoptr (GHashTable)
      acknowledged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) found = NULL;
  GHashTableIter iter;
  gpointer serial;

  for (guint round = 1; round <= 12; round++)
    {
      g_autoptr (GSubprocess) child = start_child ("add", f->path, "0");
      g_autoptr (GDataInputStream)
          lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (child));
      char *line;
      guint n = 0;

      while ((line = g_data_input_stream_read_line (lines, NULL, NULL, NULL)) != NULL)
        {
          g_hash_table_add (acknowledged, line);
          if (++n == round * 3)
            g_subprocess_force_exit (child);
        }
      g_assert_cmpuint (n, >=, round * 3);
      g_subprocess_wait (child, NULL, NULL);
    }

  found = list_serials (f->path);
  g_hash_table_iter_init (&iter, acknowledged);
  while (g_hash_table_iter_next (&iter, &serial, NULL))
    g_assert_true (g_hash_table_contains (found, serial));
}

/* In a mount namespace of its own, on 512 KiB of tmpfs. */
static int
child_full (const char *directory)
{
  g_autofree char *path = g_build_filename (directory, "outbox.db", NULL);
  g_autoptr (SpareOutbox) outbox = NULL;
  g_autoptr (GError) error = NULL;
  guint counts[3];
  guint n = 0;

  if ((unshare (CLONE_NEWNS) != 0 && unshare (CLONE_NEWUSER | CLONE_NEWNS) != 0)
      || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
      || mount ("tmpfs", directory, "tmpfs", 0, "size=512k") != 0)
    return CANNOT;

  outbox = open_outbox (path);
  for (;;)
    {
      g_autofree char *serial = add_one (outbox, &error);

      if (serial == NULL)
        break;
      n++;
    }
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_assert_cmpuint (n, >, 20);
  g_assert_true (spare_outbox_count_sync (outbox, counts, NULL));
  g_assert_cmpuint (counts[0], ==, n);
  g_clear_object (&outbox);
  outbox = open_outbox (path);
  g_assert_true (spare_outbox_count_sync (outbox, counts, NULL));
  g_assert_cmpuint (counts[0], ==, n);
  return 0;
}

static void
test_full_disk (Fixture *f, gconstpointer data)
{
  g_autoptr (GSubprocess) child = start_child ("full", f->directory, "0");

  g_subprocess_wait (child, NULL, NULL);
  g_assert_true (g_subprocess_get_if_exited (child));
  if (g_subprocess_get_exit_status (child) == CANNOT)
    g_test_skip ("no mount namespace here");
  else
    g_assert_cmpint (g_subprocess_get_exit_status (child), ==, 0);
}

/* Writes @octets in place of the file; opening must fail and change none of them. */
static void
check_untouched (Fixture *f, GBytes *octets)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareOutbox) outbox = spare_outbox_new (f->path);
  g_autofree char *after = NULL;
  gsize length;

  g_assert_true (g_file_set_contents (f->path, g_bytes_get_data (octets, NULL),
                                      (gssize) g_bytes_get_size (octets), NULL));
  g_assert_false (spare_outbox_open_sync (outbox, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE);
  g_assert_true (g_file_get_contents (f->path, &after, &length, NULL));
  g_assert_cmpmem (after, length, g_bytes_get_data (octets, NULL), g_bytes_get_size (octets));

  /* And it stays closed: nothing can be added to what could not be read. */
  g_clear_error (&error);
  g_assert_null (add_one (outbox, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE);
}

static void
test_damaged (Fixture *f, gconstpointer data)
{
  g_autofree char *good = NULL;
  g_autofree char *garbage = g_strnfill (8192, 'x');
  g_autoptr (GBytes) octets = NULL;
  gsize length;

  for (int i = 0; i < 60; i++)
    g_free (add_one (f->outbox, NULL));
  g_clear_object (&f->outbox);
  g_assert_true (g_file_get_contents (f->path, &good, &length, NULL));

  octets = g_bytes_new (garbage, 8192);
  check_untouched (f, octets);
  g_bytes_unref (octets);

  octets = g_bytes_new (good, length / 2); /* cut short */
  check_untouched (f, octets);
  g_bytes_unref (octets);

  memset (good + length - 3 * 4096, 0xa5, 2 * 4096); /* two pages of noise */
  octets = g_bytes_new (good, length);
  check_untouched (f, octets);
}

static void
check_foreign (Fixture *f, const char *sql)
{
  sqlite3 *handle;
  g_autofree char *text = NULL;
  g_autoptr (GBytes) octets = NULL;
  gsize length;

  g_assert_cmpint (sqlite3_open (f->path, &handle), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (handle, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (handle);
  g_assert_true (g_file_get_contents (f->path, &text, &length, NULL));
  octets = g_bytes_new (text, length);
  check_untouched (f, octets);
}

static void
test_newer (Fixture *f, gconstpointer data)
{
  check_foreign (f, "PRAGMA user_version = 99");
}

static void
test_foreign (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->outbox);
  g_unlink (f->path);
  check_foreign (f, "CREATE TABLE bookmarks (a); PRAGMA user_version = 1");
  g_unlink (f->path);
  check_foreign (f, "PRAGMA application_id = 4711; CREATE TABLE packets (serial)");
}

/* The first version's tables as they were, word for word: what is out there must be read for ever. */
static const char version_1[] =
    "CREATE TABLE series (id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  tag TEXT NOT NULL CHECK (length (tag) = 4),"
    "  counter INTEGER NOT NULL CHECK (counter >= 0)) STRICT;"
    "CREATE TABLE packets (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  serial TEXT NOT NULL UNIQUE,"
    "  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),"
    "  file_id TEXT NOT NULL CHECK (length (file_id) = 32), name BLOB NOT NULL,"
    "  description TEXT NOT NULL, size INTEGER NOT NULL CHECK (size >= 0),"
    "  created INTEGER NOT NULL, owner TEXT NOT NULL, authority TEXT, subkey TEXT,"
    "  algorithm TEXT, cipher TEXT,"
    "  mode INTEGER NOT NULL CHECK (mode BETWEEN 0 AND 2), packet BLOB,"
    "  proof BLOB CHECK (proof IS NULL OR length (proof) = 32), place TEXT,"
    "  CHECK (packet IS NOT NULL OR state = 0)) STRICT;"
    "CREATE INDEX packets_by_file ON packets (file_id);"
    "CREATE INDEX packets_by_state ON packets (state, id);"
    "INSERT INTO series VALUES (1, 'AB12', 41);"
    "INSERT INTO packets VALUES (7, '8AD58320-AB12-40', 0, '00112233445566778899aabbccddeeff',"
    "  x'6EFF', 'd', 5, 1795339800, '" OWNER "', '" AUTHORITY "', 'S', 'cv25519', 'AES256',"
    "  1, x'8400', zeroblob (32), NULL);"
    "INSERT INTO packets VALUES (8, '8AD58320-AB12-41', 1, '00112233445566778899aabbccddeeff',"
    "  x'6E', '', 5, 1795339801, '" OWNER "', '" AUTHORITY "', 'S', 'cv25519', 'AES256', 0,"
    "  x'8401', NULL, 'stick');"
    "PRAGMA application_id = 0x53704b4f; PRAGMA user_version = 1";

static void
test_version_1 (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autofree char *serial = NULL;
  const SpareOutboxEntry *exported, *pending;
  sqlite3 *handle;

  g_clear_object (&f->outbox);
  g_unlink (f->path);
  g_assert_cmpint (sqlite3_open (f->path, &handle), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (handle, version_1, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (handle);

  f->outbox = open_outbox (f->path);
  entries = spare_outbox_list_sync (f->outbox, -1, 0, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (entries->len, ==, 2);
  exported = g_ptr_array_index (entries, 0);
  pending = g_ptr_array_index (entries, 1);
  g_assert_cmpstr (pending->serial, ==, "8AD58320-AB12-40");
  g_assert_cmpstr (pending->name, ==, "n\xff");
  g_assert_cmpint (pending->state, ==, SPARE_OUTBOX_PENDING);
  g_assert_true (pending->has_proof);
  g_assert_cmpint (pending->exported, ==, 0);
  g_assert_null (pending->own_esk);
  g_assert_cmpint (exported->state, ==, SPARE_OUTBOX_EXPORTED);
  g_assert_cmpstr (exported->place, ==, "stick");
  g_assert_cmpint (exported->exported, ==, 1795339801);
  g_assert_cmpint (exported->verdict, ==, SPARE_OUTBOX_NO_VERDICT);
  g_assert_cmpuint (g_bytes_get_size (exported->packet), ==, 2);

  /* The series goes on where it was. */
  serial = add_one (f->outbox, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (serial, ==, "8AD58320-AB12-42");
}

static void
test_locked (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  sqlite3 *handle;

  g_assert_cmpint (sqlite3_open (f->path, &handle), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (handle, "BEGIN EXCLUSIVE", NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_null (add_one (f->outbox, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE);
  g_clear_error (&error);
  sqlite3_exec (handle, "ROLLBACK", NULL, NULL, NULL);
  sqlite3_close (handle);

  g_free (add_one (f->outbox, &error));
  g_assert_no_error (error);
}

static void
test_not_writable (Fixture *f, gconstpointer data)
{
  g_autoptr (SpareOutbox) outbox = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (f->directory, "no", "such", "folder.db", NULL);

  outbox = spare_outbox_new (path);
  g_assert_false (spare_outbox_open_sync (outbox, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE);
  g_clear_error (&error);
  g_clear_object (&outbox);

  outbox = spare_outbox_new (f->directory);
  g_assert_false (spare_outbox_open_sync (outbox, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE);
}

/* 10^5 rows, put in by one statement of stock SQLite; then paged as a window would. */
static void
test_many (Fixture *f, gconstpointer data)
{
  sqlite3 *handle;
  gint64 start;
  guint seen = 0;
  guint counts[3];

  g_assert_cmpint (sqlite3_open (f->path, &handle), ==, SQLITE_OK);
  g_assert_cmpint (
      sqlite3_exec (handle,
                    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                    "LIMIT 100000) INSERT INTO packets (serial, state, file_id, name, "
                    "description, size, created, owner, mode, packet) SELECT 's' || i, i % 3, "
                    "printf ('%032x', i), CAST ('n' || i AS BLOB), '', i, i, 'o', 0, "
                    "zeroblob (120) FROM n",
                    NULL, NULL, NULL),
      ==, SQLITE_OK);
  sqlite3_close (handle);

  start = g_get_monotonic_time ();
  for (guint offset = 0;; offset += 10000)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray)
          page = spare_outbox_list_sync (f->outbox, -1, 10000, offset, &error);

      g_assert_no_error (error);
      if (page->len == 0)
        break;
      if (offset == 0)
        g_assert_cmpstr (((SpareOutboxEntry *) page->pdata[0])->serial, ==, "s100000");
      seen += page->len;
    }
  g_test_message ("listed in %" G_GINT64_FORMAT " ms",
                  (g_get_monotonic_time () - start) / 1000);
  g_assert_cmpuint (seen, ==, 100000);
  if (g_test_perf ())
    g_assert_cmpint (g_get_monotonic_time () - start, <=, G_USEC_PER_SEC);

  g_assert_true (spare_outbox_count_sync (f->outbox, counts, NULL));
  g_assert_cmpuint (counts[1], ==, 33334);
}

static void
test_state_words (void)
{
  SpareOutboxState state = SPARE_OUTBOX_EXPORTED;

  g_assert_cmpstr (spare_outbox_state_to_string (SPARE_OUTBOX_ACKNOWLEDGED), ==,
                   "acknowledged");
  g_assert_true (spare_outbox_state_from_string ("pending", &state));
  g_assert_cmpint (state, ==, SPARE_OUTBOX_PENDING);
  g_assert_false (spare_outbox_state_from_string ("Pending", &state));
}

static int
run_child (char **argv)
{
  if (strcmp (argv[2], "full") == 0)
    return child_full (argv[3]);
  return child_add (argv[3], atoi (argv[4]));
}

#define ADD(path, test) g_test_add ("/outbox/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  if (argc == 5 && strcmp (argv[1], "--child") == 0)
    return run_child (argv);

  self_path = g_canonicalize_filename (argv[0], NULL);
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("gives-back-what-was-put-in", test_round_trip);
  ADD ("holds-a-promise-without-a-packet", test_pending_escrow);
  ADD ("states-only-move-forward", test_states);
  ADD ("withdraws-only-what-is-pending", test_withdraw);
  ADD ("refuses-the-same-serial-twice", test_same_serial);
  ADD ("serves-several-threads-and-tells-in-the-main-one", test_threads);
  ADD ("commits-together-what-waits-together", test_together);
  ADD ("fails-only-the-row-that-can-not-be-stored", test_together_but_one);
  ADD ("serves-two-processes-that-both-make-it", test_processes);
  ADD ("loses-no-acknowledged-row-to-kill-9", test_kill);
  ADD ("says-no-space-on-a-full-disk-and-keeps-the-rest", test_full_disk);
  ADD ("leaves-a-damaged-file-alone", test_damaged);
  ADD ("leaves-a-newer-file-alone", test_newer);
  ADD ("leaves-a-foreign-file-alone", test_foreign);
  ADD ("brings-the-first-version-up-to-date", test_version_1);
  ADD ("waits-five-seconds-then-says-who", test_locked);
  ADD ("says-when-it-can-not-be-made", test_not_writable);
  ADD ("pages-through-a-hundred-thousand-rows", test_many);
  g_test_add_func ("/outbox/state-words-are-exact", test_state_words);
  return g_test_run ();
}
