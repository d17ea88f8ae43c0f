/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Throw-away GnuPG homes, with keys as stock gpg makes them: the oracle that the code under test is held against. Homes
 * are short (a socket must fit into 107 octets) and take their agent with them. */
#include "config.h"

#include "spare-test-gpg.h"

#include <fcntl.h>
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

SpareTestHome *
spare_test_home_new (void)
{
  static const char agent_conf[] = "allow-loopback-pinentry\n"
                                   "default-cache-ttl 0\n"
                                   "max-cache-ttl 0\n"
                                   "s2k-count 65536\n"
                                   "disable-scdaemon\n";
  SpareTestHome *self = g_new0 (SpareTestHome, 1);
  const char *folder = strlen (g_get_tmp_dir ()) < 40 ? g_get_tmp_dir () : "/tmp";
  g_autofree char *conf = NULL;
  g_autoptr (GError) error = NULL;

  self->path = g_build_filename (folder, "skt-XXXXXX", NULL);
  g_assert_nonnull (g_mkdtemp_full (self->path, 0700));
  conf = spare_test_home_build (self, "gpg-agent.conf");
  g_file_set_contents (conf, agent_conf, -1, &error);
  g_assert_no_error (error);
  return self;
}

char *
spare_test_home_build (SpareTestHome *self, const char *name)
{
  return g_build_filename (self->path, name, NULL);
}

void
spare_test_home_kill_agent (SpareTestHome *self)
{
  const char *argv[] = { GPGCONF_PATH, "--homedir", self->path, "--kill", "all", NULL };

  g_spawn_sync (NULL, (char **) argv, NULL,
                G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                NULL, NULL);
}

void
spare_test_remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      struct stat st;

      if (lstat (child, &st) == 0 && S_ISDIR (st.st_mode))
        {
          g_chmod (child, 0700);
          spare_test_remove_tree (child);
        }
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

void
spare_test_home_free (SpareTestHome *self)
{
  g_chmod (self->path, 0700);
  spare_test_home_kill_agent (self);
  spare_test_remove_tree (self->path);
  g_free (self->path);
  g_free (self);
}

typedef struct
{
  GBytes *input;
  int fd;
} Feed;

/* Writes the input through a pipe. A gpg that ends early leaves the rest of it unread: its exit status tells that story. */
static gpointer
feed_thread (gpointer data)
{
  Feed *feed = data;
  g_autoptr (GOutputStream) pipe = g_unix_output_stream_new (feed->fd, TRUE);
  g_autoptr (GError) error = NULL;
  gsize size;
  const void *octets = g_bytes_get_data (feed->input, &size);
  sigset_t signals;

  sigemptyset (&signals);
  sigaddset (&signals, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &signals, NULL); /* in this thread alone */
  if (!g_output_stream_write_all (pipe, octets, size, NULL, NULL, &error))
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  return NULL;
}

static int
run (SpareTestHome *self,
     GBytes *input,
     GBytes **output,
     char **error_text,
     GPtrArray *arguments)
{
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GBytes) out = NULL;
  g_autoptr (GBytes) err = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  Feed feed = { input, -1 };
  GThread *feeder;

  g_ptr_array_add (argv, (gpointer) GPG_PATH);
  g_ptr_array_add (argv, (gpointer) "--homedir");
  g_ptr_array_add (argv, self->path);
  for (const char *const *a = (const char *const[]){ "--batch", "--yes", "--no-tty", "--quiet",
                                                     "--pinentry-mode", "loopback", NULL };
       *a; a++)
    g_ptr_array_add (argv, (gpointer) *a);
  for (guint i = 0; i < arguments->len; i++)
    g_ptr_array_add (argv, arguments->pdata[i]);
  g_ptr_array_add (argv, NULL);

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                        | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  if (input)
    {
      int ends[2];

      g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, &error));
      g_subprocess_launcher_take_stdin_fd (launcher, ends[0]);
      feed.fd = ends[1];
    }
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C.UTF-8", TRUE);
  g_subprocess_launcher_unsetenv (launcher, "GNUPGHOME");
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, &error);
  g_assert_no_error (error);
  g_subprocess_launcher_close (launcher); /* or nobody notices that gpg no longer reads */
  feeder = input ? g_thread_new ("feed", feed_thread, &feed) : NULL;
  g_subprocess_communicate (process, NULL, NULL, &out, &err, &error);
  if (feeder)
    g_thread_join (feeder);
  g_assert_no_error (error);
  text = g_strndup (g_bytes_get_size (err) ? g_bytes_get_data (err, NULL) : "",
                    g_bytes_get_size (err));
  if (*text)
    g_test_message ("gpg: %s", text);
  if (output)
    *output = g_steal_pointer (&out);
  if (error_text)
    *error_text = g_steal_pointer (&text);
  return g_subprocess_get_if_exited (process) ? g_subprocess_get_exit_status (process) : -1;
}

static GPtrArray *
collect (va_list ap)
{
  GPtrArray *arguments = g_ptr_array_new ();
  const char *argument;

  while ((argument = va_arg (ap, const char *)))
    g_ptr_array_add (arguments, (gpointer) argument);
  return arguments;
}

int
spare_test_gpg_full (SpareTestHome *self,
                     GBytes *input,
                     GBytes **output,
                     char **error_text,
                     ...)
{
  g_autoptr (GPtrArray) arguments = NULL;
  va_list ap;

  va_start (ap, error_text);
  arguments = collect (ap);
  va_end (ap);
  return run (self, input, output, error_text, arguments);
}

char *
spare_test_gpg (SpareTestHome *self, ...)
{
  g_autoptr (GPtrArray) arguments = NULL;
  g_autoptr (GBytes) output = NULL;
  va_list ap;

  va_start (ap, self);
  arguments = collect (ap);
  va_end (ap);
  g_assert_cmpint (run (self, NULL, &output, NULL, arguments), ==, 0);
  return g_strndup (g_bytes_get_size (output) ? g_bytes_get_data (output, NULL) : "",
                    g_bytes_get_size (output));
}

GBytes *
spare_test_gpg_filter (SpareTestHome *self, GBytes *input, ...)
{
  g_autoptr (GPtrArray) arguments = NULL;
  GBytes *output = NULL;
  va_list ap;

  va_start (ap, input);
  arguments = collect (ap);
  va_end (ap);
  g_assert_cmpint (run (self, input, &output, NULL, arguments), ==, 0);
  return output;
}

GStrv
spare_test_list_fingerprints (SpareTestHome *self, const char *fingerprint)
{
  g_autofree char *listing = spare_test_gpg (self, "--with-colons", "--list-keys", fingerprint,
                                             NULL);
  g_auto (GStrv) lines = g_strsplit (listing, "\n", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; lines[i]; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", -1);

      if (g_strv_length (fields) > 9 && g_str_equal (fields[0], "fpr"))
        g_strv_builder_add (builder, fields[9]);
    }
  return g_strv_builder_end (builder);
}

/* The fingerprint of the key made last: user ids may repeat, so the newest comes from what was not there before. */
static char *
find_new (SpareTestHome *self, GHashTable *before)
{
  g_autofree char *listing = spare_test_gpg (self, "--with-colons", "--list-secret-keys", NULL);
  g_auto (GStrv) lines = g_strsplit (listing, "\n", -1);
  gboolean primary = FALSE;
  char *found = NULL;

  for (guint i = 0; lines[i]; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", -1);

      if (!fields[0])
        continue;
      if (g_str_equal (fields[0], "sec"))
        primary = TRUE;
      else if (g_str_equal (fields[0], "fpr") && primary)
        {
          primary = FALSE;
          if (!before)
            return g_strdup (fields[9]);
          if (!g_hash_table_contains (before, fields[9]))
            {
              g_assert_null (found);
              found = g_strdup (fields[9]);
            }
        }
    }
  return found;
}

static GHashTable *
list_primaries (SpareTestHome *self)
{
  GHashTable *set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GBytes) output = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gboolean primary = FALSE;

  spare_test_gpg_full (self, NULL, &output, NULL, "--with-colons", "--list-secret-keys", NULL);
  text = g_strndup (g_bytes_get_size (output) ? g_bytes_get_data (output, NULL) : "",
                    g_bytes_get_size (output));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", -1);

      if (fields[0] && g_str_equal (fields[0], "sec"))
        primary = TRUE;
      else if (fields[0] && g_str_equal (fields[0], "fpr") && primary)
        {
          primary = FALSE;
          g_hash_table_add (set, g_strdup (fields[9]));
        }
    }
  return set;
}

static void
import_revocation (SpareTestHome *self, const char *fingerprint)
{
  g_autofree char *name = g_strdup_printf ("openpgp-revocs.d/%s.rev", fingerprint);
  g_autofree char *path = spare_test_home_build (self, name);
  g_autofree char *text = NULL;
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (GBytes) output = NULL;
  g_autoptr (GError) error = NULL;
  char *begin;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  begin = strstr (text, "\n:-----BEGIN");
  g_assert_nonnull (begin);
  octets = g_bytes_new (begin + 2, strlen (begin + 2));
  output = spare_test_gpg_filter (self, octets, "--import", NULL);
}

static void
edit (SpareTestHome *self,
      const char *fingerprint,
      const char *passphrase,
      const char *commands)
{
  const char *argv[] = { GPG_PATH,   "--homedir",       self->path,  "--no-tty",
                         "--quiet",  "--pinentry-mode", "loopback",  "--passphrase",
                         passphrase, "--command-fd",    "0",         "--status-fd",
                         "2",        "--edit-key",      fingerprint, NULL };
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *err = NULL;

  process = g_subprocess_newv (argv,
                               G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                   | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                               &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, commands, NULL, NULL, &err, &error);
  g_assert_no_error (error);
  if (err)
    g_test_message ("gpg --edit-key: %s", err);
  g_assert_true (g_subprocess_get_successful (process));
}

static const struct
{
  SpareTestKeyKind kind;
  const char *primary; /* gpg's algorithm name */
  const char *subkey;  /* NULL: none, or "default" makes both at once */
  const char *when;    /* --faked-system-time, "-N" for N days ago, NULL for now */
  const char *expires;
  const char *subkey_expires;
} recipes[] = {
  { SPARE_TEST_KEY_DEFAULT, "ed25519", "cv25519", NULL, "0", "0" },
  { SPARE_TEST_KEY_RSA, "rsa2048", "rsa2048", NULL, "0", "0" },
  { SPARE_TEST_KEY_NISTP256, "nistp256", "nistp256", NULL, "0", "0" },
  { SPARE_TEST_KEY_NISTP384, "nistp384", "nistp384", NULL, "0", "0" },
  { SPARE_TEST_KEY_NISTP521, "nistp521", "nistp521", NULL, "0", "0" },
  { SPARE_TEST_KEY_BRAINPOOLP256, "brainpoolP256r1", "brainpoolP256r1", NULL, "0", "0" },
  { SPARE_TEST_KEY_SIGN_ONLY, "ed25519", NULL, NULL, "0", NULL },
  { SPARE_TEST_KEY_EXPIRED, "ed25519", "cv25519", "20200101T000000", "1y", "1y" },
  { SPARE_TEST_KEY_REVOKED, "ed25519", "cv25519", NULL, "0", "0" },
  { SPARE_TEST_KEY_DISABLED, "ed25519", "cv25519", NULL, "0", "0" },
  { SPARE_TEST_KEY_NOT_YET_VALID, "ed25519", "cv25519", "20400101T000000", "0", "0" },
  { SPARE_TEST_KEY_TWO_SUBKEYS, "ed25519", "cv25519", "-2", "0", "0" },
  { SPARE_TEST_KEY_EXPIRED_SUBKEY, "ed25519", "cv25519", "20200101T000000", "0", "1y" },
  { SPARE_TEST_KEY_REVOKED_SUBKEY, "ed25519", "cv25519", NULL, "0", "0" },
};

static char *
dup_time (const char *when)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) then = NULL;

  if (when && *when != '-')
    return g_strdup (when);
  /* Two minutes ago rather than now: a key of this very second can count as one of the future. */
  then = when ? g_date_time_add_days (now, atoi (when)) : g_date_time_add_minutes (now, -2);
  return g_date_time_format (then, "%Y%m%dT%H%M%S");
}

/* A moment after the primary key was made, however long that took: gpg makes no subkey for a key of the future. */
static char *
dup_later_time (const char *when)
{
  char *time;

  if (!when)
    {
      g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
      g_autoptr (GDateTime) then = g_date_time_add_minutes (now, -1);

      return g_date_time_format (then, "%Y%m%dT%H%M%S");
    }
  time = dup_time (when);
  if (*when != '-')
    time[strlen (time) - 3] = '1'; /* a minute past midnight */
  return time;
}

char *
spare_test_create_key (SpareTestHome *self,
                       SpareTestKeyKind kind,
                       const char *user_id,
                       const char *passphrase)
{
  g_autoptr (GHashTable) before = list_primaries (self);
  g_autofree char *when = NULL;
  g_autofree char *log = NULL;
  g_autofree char *log2 = NULL;
  char *fingerprint;
  guint row = 0;

  while (row < G_N_ELEMENTS (recipes) && recipes[row].kind != kind)
    row++;
  g_assert_cmpuint (row, <, G_N_ELEMENTS (recipes));
  if (!passphrase)
    passphrase = "";
  when = dup_time (recipes[row].when);

  log = spare_test_gpg (self, "--passphrase", passphrase, "--faked-system-time", when,
                        "--quick-generate-key", user_id, recipes[row].primary, "sign,cert",
                        recipes[row].expires, NULL);
  fingerprint = find_new (self, before);
  g_assert_nonnull (fingerprint);
  g_free (when);
  when = dup_later_time (recipes[row].when);
  if (recipes[row].subkey)
    log2 = spare_test_gpg (self, "--passphrase", passphrase, "--faked-system-time", when,
                           "--quick-add-key", fingerprint, recipes[row].subkey, "encr",
                           recipes[row].subkey_expires, NULL);
  if (kind == SPARE_TEST_KEY_REVOKED)
    import_revocation (self, fingerprint);
  else if (kind == SPARE_TEST_KEY_DISABLED)
    edit (self, fingerprint, passphrase, "disable\nsave\n");
  else if (kind == SPARE_TEST_KEY_REVOKED_SUBKEY)
    edit (self, fingerprint, passphrase, "key 1\nrevkey\ny\n0\n\ny\nsave\n");
  else if (kind == SPARE_TEST_KEY_TWO_SUBKEYS)
    {
      g_autofree char *yesterday = dup_time ("-1");

      g_free (spare_test_gpg (self, "--passphrase", passphrase, "--faked-system-time",
                              yesterday, "--quick-add-key", fingerprint, "cv25519", "encr", "0",
                              NULL));
    }
  return fingerprint;
}

GBytes *
spare_test_export (SpareTestHome *self, const char *fingerprint)
{
  return spare_test_gpg_filter (self, NULL, "--armor", "--export", fingerprint, NULL);
}

GBytes *
spare_test_export_secret (SpareTestHome *self, const char *fingerprint, const char *passphrase)
{
  return spare_test_gpg_filter (self, NULL, "--passphrase", passphrase ? passphrase : "",
                                "--armor", "--export-secret-keys", fingerprint, NULL);
}

void
spare_test_import (SpareTestHome *self, GBytes *octets)
{
  g_autoptr (GBytes) output = spare_test_gpg_filter (self, octets, "--import", NULL);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
hash_folder (GChecksum *sum, const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *child = g_build_filename (path, names->pdata[i], NULL);
      g_autofree char *line = NULL;
      g_autofree char *content = NULL;
      gsize length = 0;
      struct stat st;

      g_assert_cmpint (lstat (child, &st), ==, 0);
      if (S_ISSOCK (st.st_mode))
        continue;
      line = g_strdup_printf ("%s %o %" G_GINT64_FORMAT "\n", child, st.st_mode,
                              S_ISREG (st.st_mode) ? (gint64) st.st_size : 0);
      g_checksum_update (sum, (const guchar *) line, -1);
      if (S_ISDIR (st.st_mode))
        hash_folder (sum, child);
      else if (S_ISREG (st.st_mode) && g_file_get_contents (child, &content, &length, NULL))
        g_checksum_update (sum, (const guchar *) content, length);
    }
}

char *
spare_test_hash_tree (const char *path)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  hash_folder (sum, path);
  return g_strdup (g_checksum_get_string (sum));
}
