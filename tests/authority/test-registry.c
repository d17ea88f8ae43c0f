/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry: nothing acknowledged is lost, nothing taken in is overwritten, all of it is found. */
#include "config.h"

#include "authority-fixture.h"

#include "spare-error.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANNA  "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define BERTA "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"

static SpareRegistry *
get_registry (AuthorityFixture *f)
{
  return spare_authority_get_registry (f->authority);
}

static SpareAdded
add (AuthorityFixture *f, const SpareRegistryPacket *packet)
{
  g_autoptr (GError) error = NULL;
  SpareAdded added = SPARE_ADDED_KNOWN;

  spare_registry_begin (get_registry (f), &error);
  g_assert_no_error (error);
  spare_registry_add_packet (get_registry (f), packet, &added, NULL, &error);
  g_assert_no_error (error);
  spare_registry_commit (get_registry (f), &error);
  g_assert_no_error (error);
  return added;
}

static SpareAdded
add_number (AuthorityFixture *f, const char *owner, guint number)
{
  g_autoptr (SpareRegistryPacket) packet = authority_fixture_make_packet (owner, number);

  return add (f, packet);
}

static guint
count (AuthorityFixture *f, const SpareRegistryQuery *query)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) packets = spare_registry_list_packets (get_registry (f), query, &error);
  guint64 counted = 0;

  g_assert_no_error (error);
  g_assert_true (spare_registry_count_packets (get_registry (f), query, &counted, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (counted, ==, packets->len);
  return packets->len;
}

static guint
search (AuthorityFixture *f, const char *text)
{
  const SpareRegistryQuery query = { .text = text };

  return count (f, &query);
}

static void
test_duplicates (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareRegistryPacket) packet = authority_fixture_make_packet (ANNA, 1);
  g_autoptr (SpareRegistryPacket) other = authority_fixture_make_packet (ANNA, 2);
  g_autoptr (SpareRegistryPacket) berta = authority_fixture_make_packet (BERTA, 1);
  const SpareRegistryQuery flagged = { .conflict = SPARE_ONLY };
  const SpareRegistryQuery all = { 0 };

  authority_fixture_add_owner (f, ANNA, "Anna");
  authority_fixture_add_owner (f, BERTA, "Berta");
  g_assert_cmpint (add (f, packet), ==, SPARE_ADDED_NEW);
  g_assert_cmpint (add (f, packet), ==, SPARE_ADDED_KNOWN);

  /* The same serial under another key is no conflict, the same octets under another key are another row. */
  g_free (berta->serial);
  berta->serial = g_strdup (packet->serial);
  g_free (berta->sha256);
  berta->sha256 = g_strdup (packet->sha256);
  g_assert_cmpint (add (f, berta), ==, SPARE_ADDED_NEW);
  g_assert_cmpuint (count (f, &flagged), ==, 0);

  g_free (other->serial);
  other->serial = g_strdup (packet->serial);
  g_assert_cmpint (add (f, other), ==, SPARE_ADDED_CONFLICT);
  g_assert_cmpuint (count (f, &flagged), ==, 2);
  g_assert_cmpuint (count (f, &all), ==, 3);
}

static void
test_proven_later (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareRegistryPacket) packet = authority_fixture_make_packet (ANNA, 1);
  g_autoptr (GPtrArray) found = NULL;
  const SpareRegistryQuery all = { 0 };
  const SpareRegistryPacket *read;

  authority_fixture_add_owner (f, ANNA, "Anna");
  packet->proven = FALSE;
  packet->intake = 100;
  g_assert_cmpint (add (f, packet), ==, SPARE_ADDED_NEW);
  packet->proven = TRUE;
  packet->intake = 200;
  packet->sequence = 2;
  g_assert_cmpint (add (f, packet), ==, SPARE_ADDED_PROVEN);
  packet->proven = FALSE;
  packet->intake = 300;
  g_assert_cmpint (add (f, packet), ==, SPARE_ADDED_KNOWN);
  found = spare_registry_list_packets (get_registry (f), &all, NULL);
  read = g_ptr_array_index (found, 0);
  g_assert_true (read->proven);
  g_assert_cmpint (read->intake, ==, 200);
  g_assert_cmpint (read->sequence, ==, 2);
}

/* What another authority says neither becomes nor hides a deposit. */
static void
test_transfer (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareRegistryPacket) packet = authority_fixture_make_packet (ANNA, 1);
  const SpareRegistryQuery transfers = { .transfer = SPARE_ONLY };
  const SpareRegistryQuery deposits = { .transfer = SPARE_WITHOUT };
  g_autoptr (GPtrArray) answers = NULL;

  authority_fixture_add_owner (f, ANNA, "Anna");
  packet->transfer_from = g_strdup (BERTA);
  g_assert_cmpint (add (f, packet), ==, SPARE_ADDED_NEW);
  g_clear_pointer (&packet->transfer_from, g_free);
  g_assert_cmpint (add (f, packet), ==, SPARE_ADDED_NEW);
  g_assert_cmpuint (count (f, &transfers), ==, 1);
  g_assert_cmpuint (count (f, &deposits), ==, 1);
  answers = spare_registry_list_answers (get_registry (f), ANNA, 0, 10, NULL);
  g_assert_cmpuint (answers->len, ==, 1);
}

static void
test_answers (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareRegistryPacket) packet = authority_fixture_make_packet (ANNA, 1);
  g_autoptr (GPtrArray) answers = NULL;
  g_autoptr (GPtrArray) owners = NULL;
  g_autoptr (GError) error = NULL;
  const SpareRegistryQuery receipted = { .receipted = SPARE_ONLY };

  authority_fixture_add_owner (f, ANNA, "Anna");
  add (f, packet);
  g_free (packet->deposit);
  packet->deposit = g_strdup ("99999999-2222-4333-8444-555555555555");
  g_assert_cmpint (add (f, packet), ==, SPARE_ADDED_KNOWN);
  g_assert_cmpint (add (f, packet), ==, SPARE_ADDED_KNOWN);
  answers = spare_registry_list_answers (get_registry (f), ANNA, 0, 10, NULL);
  g_assert_cmpuint (answers->len, ==, 2);
  spare_registry_begin (get_registry (f), &error);
  for (guint i = 0; i < 2; i++)
    {
      const SpareRegistryAnswer *answer = g_ptr_array_index (answers, i);

      g_assert_true (spare_registry_mark_answered (get_registry (f), answer->id, "r", &error));
    }
  g_assert_true (spare_registry_commit (get_registry (f), &error));
  g_assert_no_error (error);
  owners = spare_registry_list_owners_to_answer (get_registry (f), NULL);
  g_assert_cmpuint (owners->len, ==, 0);
  g_assert_cmpuint (count (f, &receipted), ==, 1);
}

static void
test_search (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareRegistryPacket) odd = authority_fixture_make_packet (ANNA, 3);
  g_autoptr (GError) error = NULL;

  authority_fixture_add_owner (f, ANNA, "\xc3\x84nna M\xc3\xbcller <anna@example.org>");
  authority_fixture_add_owner (f, BERTA, "Berta <berta@example.org>");
  add_number (f, ANNA, 1);
  add_number (f, BERTA, 2);
  g_free (odd->name);
  odd->name = g_strdup ("Jahres_\xff\xfe"
                        "bericht \"2026\".odt");
  add (f, odd);

  g_assert_cmpuint (search (f, "report"), ==, 2);
  g_assert_cmpuint (search (f, "rep"), ==, 2);
  g_assert_cmpuint (search (f, "REPORT-1.pdf"), ==, 1);
  g_assert_cmpuint (search (f, "anna mull"), ==, 2);
  g_assert_cmpuint (search (f, "anna report"), ==, 1);
  g_assert_cmpuint (search (f, "berta@example"), ==, 1);
  g_assert_cmpuint (search (f, BERTA), ==, 1);
  g_assert_cmpuint (search (f, "CCCCCCCC-7F3A-2"), ==, 1);
  g_assert_cmpuint (search (f, "draft number 3"), ==, 1);
  g_assert_cmpuint (search (f, "jahres 2026"), ==, 1);
  g_assert_cmpuint (search (f, odd->file_id), ==, 1);
  g_assert_cmpuint (search (f, "report - 1"), ==, 1);
  g_assert_cmpuint (search (f, "nobody"), ==, 0);

  /* A new name is found, the old one no longer. */
  spare_registry_begin (get_registry (f), &error);
  g_assert_true (
      spare_registry_note_owner (get_registry (f), BERTA, "Clara", NULL, 5, NULL, &error));
  g_assert_true (spare_registry_commit (get_registry (f), &error));
  g_assert_no_error (error);
  g_assert_cmpuint (search (f, "berta"), ==, 0);
  g_assert_cmpuint (search (f, "clara"), ==, 1);
  g_assert_true (spare_registry_check_sync (get_registry (f), NULL, &error));
  g_assert_no_error (error);
}

static void
test_hostile_search (AuthorityFixture *f, gconstpointer data)
{
  const char *const texts[] = { "\"",
                                "\"\"",
                                "'",
                                "*",
                                "report*",
                                "AND",
                                "report AND",
                                "NOT report",
                                "NEAR(a b)",
                                "owner:berta",
                                "{owner name}:x",
                                "^report",
                                "(",
                                ")",
                                "a OR",
                                "- -",
                                "\\",
                                "%",
                                "_",
                                "a\"b\"c",
                                "report\" OR \"x",
                                ";DROP TABLE packets",
                                "\xff\xfe",
                                "\xe2\x80\xae",
                                "col : x",
                                "+",
                                "a + b",
                                "\t\n",
                                "\x01" };
  g_autoptr (GString) lots = g_string_new (NULL);

  authority_fixture_add_owner (f, BERTA, "Berta");
  add_number (f, BERTA, 2);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_test_message ("%s", texts[i]);
      search (f, texts[i]);
    }
  for (guint i = 0; i < 20000; i++)
    g_string_append (lots, "report ");
  g_assert_cmpuint (search (f, lots->str), ==, 1);
  g_assert_cmpuint (search (f, "report*"), ==, 1);
  g_assert_cmpuint (search (f, "report AND"), ==, 0);
  g_assert_cmpuint (search (f, "***"), ==, 0);
}

static void
test_pages (AuthorityFixture *f, gconstpointer data)
{
  SpareRegistryQuery query = { .text = "report", .limit = 4 };
  guint seen = 0;

  authority_fixture_add_owner (f, ANNA, "Anna");
  for (guint i = 1; i <= 10; i++)
    add_number (f, ANNA, i);
  for (guint round = 0; round < 2; round++)
    {
      gint64 last = query.oldest_first ? 0 : G_MAXINT64;

      seen = 0;
      query.after = 0;
      while (TRUE)
        {
          g_autoptr (GPtrArray)
              page = spare_registry_list_packets (get_registry (f), &query, NULL);

          for (guint i = 0; i < page->len; i++)
            {
              const SpareRegistryPacket *packet = g_ptr_array_index (page, i);

              g_assert_true (query.oldest_first ? packet->id > last : packet->id < last);
              last = packet->id;
              seen++;
            }
          if (page->len < query.limit)
            break;
          query.after = last;
        }
      g_assert_cmpuint (seen, ==, 10);
      query.oldest_first = TRUE;
      query.text = NULL;
    }
}

static void
test_octets (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareRegistryPacket) packet = authority_fixture_make_packet (ANNA, 1);
  g_autoptr (GPtrArray) found = NULL;
  const SpareRegistryQuery all = { 0 };
  const SpareRegistryPacket *read;

  authority_fixture_add_owner (f, ANNA, "Anna");
  g_free (packet->name);
  packet->name = g_strdup ("odd \xff name");
  add (f, packet);
  found = spare_registry_list_packets (get_registry (f), &all, NULL);
  read = g_ptr_array_index (found, 0);
  g_assert_cmpstr (read->name, ==, "odd \xff name");
  g_assert_cmpstr (read->owner_name, ==, "Anna");
  g_assert_cmpstr (read->serial, ==, packet->serial);
  g_assert_true (g_bytes_equal (read->packet, packet->packet));
  g_assert_true (g_bytes_equal (read->data_head, packet->data_head));
  g_assert_cmpuint (read->size, ==, packet->size);
  g_assert_null (read->transfer_from);
}

/* A bundle that no row names makes the whole transaction fail, and nothing of it stays. */
static void
test_without_bundle (AuthorityFixture *f, gconstpointer data)
{
  g_autoptr (SpareRegistryPacket) packet = authority_fixture_make_packet (ANNA, 1);
  const SpareRegistryQuery all = { 0 };
  SpareAdded added;
  g_autoptr (GError) error = NULL;

  authority_fixture_add_owner (f, ANNA, "Anna");
  g_free (packet->bundle);
  packet->bundle = g_strnfill (64, 'a');
  g_assert_true (spare_registry_begin (get_registry (f), &error));
  g_assert_true (spare_registry_add_packet (get_registry (f), packet, &added, NULL, &error));
  g_assert_false (spare_registry_commit (get_registry (f), &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (count (f, &all), ==, 0);
}

static void
test_backup (AuthorityFixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->folder, "backup.db", NULL);
  g_autofree char *hash = NULL;
  g_autofree char *again = NULL;
  g_autofree char *contents = NULL;
  g_autofree char *value = NULL;
  g_autoptr (SpareRegistry) copy = NULL;
  g_autoptr (GError) error = NULL;
  gsize size = 0;

  authority_fixture_add_owner (f, ANNA, "Anna");
  add_number (f, ANNA, 1);
  hash = spare_registry_back_up_sync (get_registry (f), path, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
  again = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) contents, size);
  g_assert_cmpstr (hash, ==, again);
  g_assert_null (spare_registry_back_up_sync (get_registry (f), path, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  copy = spare_registry_new (path);
  g_assert_true (spare_registry_open_sync (copy, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (spare_registry_get_meta (copy, "authority", &value, &error));
  g_assert_cmpstr (value, ==, f->fingerprint);
}

/* Killed in the middle of a transaction: what was acknowledged stays, what was not is gone. */
static void
test_killed (AuthorityFixture *f, gconstpointer data)
{
  g_autofree char *path = authority_fixture_path (f, "registry.db");
  const SpareRegistryQuery all = { .limit = 1000 };
  guint acknowledged = 0;
  int fds[2];
  char octet;
  pid_t child;
  int status;

  authority_fixture_add_owner (f, ANNA, "Anna");
  authority_fixture_drop (f);
  g_assert_cmpint (pipe (fds), ==, 0);
  child = fork ();
  if (child == 0)
    {
      SpareRegistry *registry = spare_registry_new (path);
      SpareAdded added;

      close (fds[0]);
      if (!spare_registry_open_sync (registry, NULL, NULL))
        _exit (1);
      for (guint i = 1; TRUE; i++)
        {
          SpareRegistryPacket *packet = authority_fixture_make_packet (ANNA, i);

          if (!spare_registry_begin (registry, NULL)
              || !spare_registry_add_packet (registry, packet, &added, NULL, NULL)
              || !spare_registry_commit (registry, NULL) || write (fds[1], "x", 1) != 1)
            _exit (1);
        }
    }
  close (fds[1]);
  while (acknowledged < 20 && read (fds[0], &octet, 1) == 1)
    acknowledged++;
  kill (child, SIGKILL);
  while (read (fds[0], &octet, 1) == 1)
    acknowledged++;
  close (fds[0]);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpuint (acknowledged, >=, 20);

  authority_fixture_open (f);
  g_assert_cmpuint (count (f, &all), >=, acknowledged);
  g_assert_cmpuint (count (f, &all), <=, acknowledged + 1);
  g_assert_true (spare_registry_check_sync (get_registry (f), NULL, NULL));
}

/* As with a full disk: the file may not grow past what it has. SQLite sees the same error from the system. */
static void
test_full (AuthorityFixture *f, gconstpointer data)
{
  SpareRegistry *registry = get_registry (f);
  const SpareRegistryQuery all = { .limit = 10000 };
  g_autofree char *path = authority_fixture_path (f, "registry.db");
  g_autoptr (GError) error = NULL;
  struct rlimit before;
  struct rlimit small;
  GStatBuf st;
  gboolean failed = FALSE;

  authority_fixture_add_owner (f, ANNA, "Anna");
  g_assert_cmpint (add_number (f, ANNA, 1), ==, SPARE_ADDED_NEW);
  g_assert_cmpint (g_stat (path, &st), ==, 0);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  small = before;
  small.rlim_cur = (rlim_t) st.st_size;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  g_assert_true (spare_registry_begin (registry, &error));
  for (guint i = 2; i < 5000 && !failed; i++)
    {
      g_autoptr (SpareRegistryPacket) packet = authority_fixture_make_packet (ANNA, i);
      SpareAdded added;

      failed = !spare_registry_add_packet (registry, packet, &added, NULL, &error);
    }
  if (failed)
    spare_registry_rollback (registry);
  else
    failed = !spare_registry_commit (registry, &error);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_true (failed);
  g_test_message ("%s", error->message);

  /* Nothing of it stays; opened again all is well. */
  authority_fixture_drop (f);
  authority_fixture_open (f);
  g_assert_cmpuint (count (f, &all), ==, 1);
  g_assert_true (spare_registry_check_sync (get_registry (f), NULL, NULL));
  g_assert_cmpint (add_number (f, ANNA, 2), ==, SPARE_ADDED_NEW);
}

static void
test_many (AuthorityFixture *f, gconstpointer data)
{
  const guint n = 100000;
  const SpareRegistryQuery page = { .text = "report 77", .limit = 50 };
  const SpareRegistryQuery deep = { .after = 50000, .limit = 50 };
  g_autoptr (GTimer) timer = g_timer_new ();
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) error = NULL;
  SpareAdded added;

  if (!g_test_slow ())
    {
      g_test_skip ("takes long");
      return;
    }
  authority_fixture_add_owner (f, ANNA, "Anna");
  for (guint i = 1; i <= n; i++)
    {
      g_autoptr (SpareRegistryPacket) packet = authority_fixture_make_packet (ANNA, i);

      if (i % 1000 == 1)
        g_assert_true (spare_registry_begin (get_registry (f), &error));
      g_assert_true (
          spare_registry_add_packet (get_registry (f), packet, &added, NULL, &error));
      if (i % 1000 == 0)
        g_assert_true (spare_registry_commit (get_registry (f), &error));
    }
  g_test_minimized_result (g_timer_elapsed (timer, NULL), "insert: %f s",
                           g_timer_elapsed (timer, NULL));
  g_timer_start (timer);
  found = spare_registry_list_packets (get_registry (f), &page, &error);
  g_assert_cmpuint (found->len, ==, 50);
  g_test_minimized_result (g_timer_elapsed (timer, NULL), "search: %f s",
                           g_timer_elapsed (timer, NULL));
  g_assert_cmpfloat (g_timer_elapsed (timer, NULL), <, 1.0);
  g_clear_pointer (&found, g_ptr_array_unref);
  g_timer_start (timer);
  found = spare_registry_list_packets (get_registry (f), &deep, &error);
  g_assert_cmpuint (found->len, ==, 50);
  g_assert_cmpfloat (g_timer_elapsed (timer, NULL), <, 1.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

#define ADD(path, func)                                                     \
  g_test_add (path, AuthorityFixture, NULL, authority_fixture_set_up, func, \
              authority_fixture_tear_down)
  ADD ("/registry/a killed process loses nothing that was acknowledged", test_killed);
  ADD ("/registry/a packet without its bundle is taken back with all else",
       test_without_bundle);
  ADD ("/registry/a full disk takes all of a transaction back", test_full);
  ADD ("/registry/no text is syntax", test_hostile_search);
  ADD ("/registry/duplicates are harmless and conflicts are flagged", test_duplicates);
  ADD ("/registry/a held packet that comes again with a proof counts from then",
       test_proven_later);
  ADD ("/registry/a transfer neither becomes nor hides a deposit", test_transfer);
  ADD ("/registry/each deposit of a packet is answered", test_answers);
  ADD ("/registry/words are found by their beginnings", test_search);
  ADD ("/registry/pages follow each other without gaps", test_pages);
  ADD ("/registry/names keep their octets", test_octets);
  ADD ("/registry/a backup is whole and has its hash", test_backup);
  ADD ("/registry/a hundred thousand packets are listed and found at once", test_many);
  return g_test_run ();
}
