/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets are kept, compared and wiped; processes and folders are private. */
#include "config.h"

#include "spare-error.h"
#include "spare-fd.h"
#include "spare-paths-private.h"
#include "spare-paths.h"
#include "spare-process.h"
#include "spare-secret.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
test_copy (void)
{
  static const gsize sizes[] = { 0, 1, 64, 1023, 1024, 4096, 12288, 65536, 1048576 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree guint8 *octets = g_malloc (sizes[i] + 1);
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareSecret) secret = NULL;

      for (gsize k = 0; k < sizes[i]; k++)
        octets[k] = (guint8) (k * 7 + 1);
      secret = spare_secret_new_copy (octets, sizes[i], &error);
      g_assert_no_error (error);
      g_assert_cmpmem (spare_secret_get_data (secret), spare_secret_get_size (secret), octets,
                       sizes[i]);
      g_assert_cmpint (spare_secret_get_text (secret)[sizes[i]], ==, '\0');
    }
}

/* Ten secret keys of RSA 4096 bits are far more than libgcrypt's pool of 64 KiB. */
static void
test_many (void)
{
  SpareSecret *secrets[600];
  g_autofree guint8 *octets = g_malloc (12288);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (secrets); i++)
    {
      gsize size = i < 20 ? 12288 : 512;

      memset (octets, (int) (i % 251), size);
      secrets[i] = spare_secret_new_copy (octets, size, &error);
      g_assert_no_error (error);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (secrets); i++)
    {
      g_assert_cmpuint (spare_secret_get_data (secrets[i])[0], ==, i % 251);
      g_assert_cmpuint (spare_secret_get_data (secrets[i])[511], ==, i % 251);
      spare_secret_unref (secrets[i]);
    }
}

static gsize
get_locked_kib (void)
{
  g_autofree char *status = NULL;
  const char *line;

  g_file_get_contents ("/proc/self/status", &status, NULL, NULL);
  line = strstr (status, "VmLck:");
  g_assert_nonnull (line);
  return (gsize) g_ascii_strtoull (line + 6, NULL, 10);
}

static void
test_locked (void)
{
  g_autofree guint8 *octets = g_malloc0 (65536);
  g_autoptr (SpareSecret) secret = NULL;
  gsize before;

  g_assert_true (spare_secret_init (NULL));
  if (!spare_secret_memory_is_locked ())
    {
      g_test_skip ("this system does not let memory be locked");
      return;
    }
  before = get_locked_kib ();
  g_assert_cmpuint (before, >=, 64);
  secret = spare_secret_new_copy (octets, 65536, NULL);
  g_assert_cmpuint (get_locked_kib (), >=, before + 64);
}

static void
test_too_large (void)
{
  g_autoptr (GError) error = NULL;
  guint8 *data = NULL;

  g_assert_null (spare_secret_new_sized (64 * 1024 * 1024, &data, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE);
  g_assert_null (data);
}

static void
test_equal (void)
{
  g_autoptr (SpareSecret) a = spare_secret_new_copy ("abc", 3, NULL);
  g_autoptr (SpareSecret) same = spare_secret_new_copy ("abc", 3, NULL);
  g_autoptr (SpareSecret) other = spare_secret_new_copy ("abd", 3, NULL);
  g_autoptr (SpareSecret) first = spare_secret_new_copy ("xbc", 3, NULL);
  g_autoptr (SpareSecret) longer = spare_secret_new_copy ("abcd", 4, NULL);

  g_assert_true (spare_secret_equal (a, a));
  g_assert_true (spare_secret_equal (a, same));
  g_assert_false (spare_secret_equal (a, other));
  g_assert_false (spare_secret_equal (a, first));
  g_assert_false (spare_secret_equal (a, longer));
}

static void
test_random (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint signs[256] = { 0 };

  for (int i = 0; i < 50; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareSecret) secret = spare_secret_new_random_text (256, &error);
      const char *text;

      g_assert_no_error (error);
      text = spare_secret_get_text (secret);
      g_assert_cmpuint (spare_secret_get_size (secret), ==, 52);
      g_assert_cmpuint (strlen (text), ==, 52);
      g_assert_cmpuint (strspn (text, "abcdefghijkmnpqrstuvwxyz23456789"), ==, 52);
      g_assert_true (g_hash_table_add (seen, g_strdup (text)));
      for (const char *p = text; *p != '\0'; p++)
        signs[(guchar) *p]++;
    }
  /* 2600 signs of 32: each about 81 times. None may be left out, or rule. */
  for (const char *p = "abcdefghijkmnpqrstuvwxyz23456789"; *p != '\0'; p++)
    {
      g_assert_cmpuint (signs[(guchar) *p], >, 30);
      g_assert_cmpuint (signs[(guchar) *p], <, 160);
    }
}

/* What was given back is zeroes, as far as it is still there to be looked at: the pool is. */
static void
test_wiped (void)
{
  SpareSecret *secret = spare_secret_new_copy ("canary canary canary canary", 27, NULL);
  SpareSecret *second = spare_secret_ref (secret);
  const guint8 *data = spare_secret_get_data (secret);
  char plain[] = "canary";

  spare_secret_unref (secret);
  g_assert_cmpmem (data, 27, "canary canary canary canary", 27);
  spare_secret_unref (second);
  g_assert_cmpint (memcmp (data + 16, "y canary ca", 11), !=, 0);
  spare_secret_wipe_string (plain);
  g_assert_cmpmem (plain, 7, "\0\0\0\0\0\0", 7);
  spare_secret_wipe_string (NULL);
}

/* A large secret is not in a child's memory. */
static void
test_not_inherited (void)
{
  g_autofree guint8 *octets = g_malloc0 (65536);
  g_autoptr (SpareSecret) secret = spare_secret_new_copy (octets, 65536, NULL);
  const guint8 *data = spare_secret_get_data (secret);
  pid_t child = fork ();
  int status;

  if (child == 0)
    {
      struct rlimit none = { 0, 0 };

      setrlimit (RLIMIT_CORE, &none);
      signal (SIGSEGV, SIG_DFL);
      _exit (*(volatile const guint8 *) data == 0 ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (WTERMSIG (status), ==, SIGSEGV);
}

static void
test_hardened (void)
{
  pid_t child = fork ();
  int status;

  if (child == 0)
    {
      struct rlimit core;
      struct sigaction action;

      close (0);
      close (1);
      close (2);
      if (!spare_process_harden (NULL))
        _exit (1);
      if (getrlimit (RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
        _exit (2);
      if (prctl (PR_GET_DUMPABLE) != 0)
        _exit (3);
      if (umask (0) != 077)
        _exit (4);
      for (int fd = 0; fd <= 2; fd++)
        if (fcntl (fd, F_GETFD) == -1)
          _exit (5);
      if (open ("/dev/null", O_RDONLY) <= 2)
        _exit (6);
      if (sigaction (SIGPIPE, NULL, &action) != 0 || action.sa_handler != SIG_IGN)
        _exit (7);
      if (write (1, "x", 1) != 1)
        _exit (8);
      _exit (0);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

static void
test_private_folders (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *data = spare_paths_dup_data_dir ();
  g_autofree char *made = NULL;
  g_autofree char *state = NULL;
  g_autofree char *file = NULL;
  struct stat st;

  g_assert_false (g_file_test (data, G_FILE_TEST_EXISTS));
  made = spare_paths_ensure_data_dir (&error);
  g_assert_no_error (error);
  g_assert_cmpstr (made, ==, data);
  g_assert_true (g_str_has_prefix (data, g_get_user_data_dir ()));
  g_assert_cmpint (stat (data, &st), ==, 0);
  g_assert_cmpuint (st.st_mode & 07777, ==, 0700);
  /* One that others may read is made private. */
  g_assert_cmpint (chmod (data, 0755), ==, 0);
  g_free (g_steal_pointer (&made));
  made = spare_paths_ensure_data_dir (&error);
  g_assert_no_error (error);
  g_assert_cmpint (stat (data, &st), ==, 0);
  g_assert_cmpuint (st.st_mode & 07777, ==, 0700);

  state = spare_paths_ensure_state_dir (&error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (state, g_get_user_state_dir ()));
  file = g_build_filename (state, "file", NULL);
  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_assert_false (spare_paths_ensure_dir (file, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  if (geteuid () == 0)
    {
      g_assert_cmpint (chown (data, 65534, 65534), ==, 0);
      g_assert_false (spare_paths_ensure_dir (data, &error));
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_FAILED);
    }
}

static void
test_policy (void)
{
  g_autofree char *first = g_build_filename (g_get_user_data_dir (), "first", NULL);
  g_autofree char *second = g_build_filename (g_get_user_data_dir (), "second", NULL);
  g_autofree char *administrator = g_build_filename (g_get_user_data_dir (), "etc.ini", NULL);
  g_autofree char *in_first = g_build_filename (first, "sparekey", "policy.ini", NULL);
  g_autofree char *in_second = g_build_filename (second, "sparekey", "policy.ini", NULL);
  const char *const dirs[] = { first, second, NULL };
  const char *const paths[] = { in_second, in_first, administrator };

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autofree char *folder = g_path_get_dirname (paths[i]);
      g_autofree char *before = spare_paths_find_policy_in (administrator, dirs);
      g_autofree char *found = NULL;

      g_assert_cmpstr (before, ==, i == 0 ? NULL : paths[i - 1]);
      g_mkdir_with_parents (folder, 0700);
      g_assert_true (g_file_set_contents (paths[i], "", 0, NULL));
      found = spare_paths_find_policy_in (administrator, dirs);
      g_assert_cmpstr (found, ==, paths[i]);
    }
  /* One that can't be read is not passed over: a link that leads nowhere is there. */
  g_assert_cmpint (g_unlink (administrator), ==, 0);
  g_assert_cmpint (symlink ("nowhere", administrator), ==, 0);
  {
    g_autofree char *found = spare_paths_find_policy_in (administrator, dirs);

    g_assert_cmpstr (found, ==, administrator);
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/secret/holds-any-size-and-ends-with-nul", test_copy);
  g_test_add_func ("/secret/many-large-ones-fit", test_many);
  g_test_add_func ("/secret/is-locked-in-memory", test_locked);
  g_test_add_func ("/secret/has-a-limit", test_too_large);
  g_test_add_func ("/secret/equals-only-the-same-octets", test_equal);
  g_test_add_func ("/secret/random-text-is-random", test_random);
  g_test_add_func ("/secret/is-wiped-with-its-last-reference", test_wiped);
  g_test_add_func ("/secret/large-ones-are-not-inherited", test_not_inherited);
  g_test_add_func ("/process/hardened-has-no-cores-tracers-or-closed-descriptors",
                   test_hardened);
  g_test_add_func ("/paths/own-folders-are-private", test_private_folders);
  g_test_add_func ("/paths/the-administrators-policy-wins-and-none-is-passed-over",
                   test_policy);

  return g_test_run ();
}
