/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much slower than stock gpg without compression the engine's door is, measured side by side in one run:
 *
 *     bench-stream [MIB [FILES]]
 *
 * One large file on tmpfs is encrypted and decrypted, then many small ones in two threads, with the session key of
 * each taken out as the outbox wants it. Rounds alternate and the best of each side counts, for the machine may
 * have other work. The numbers are printed, not judged: a busy machine is no failure. */
#include "config.h"

#include "spare-decryption.h"
#include "spare-encryption.h"
#include "spare-engine.h"
#include "spare-gpgme-private.h"
#include "spare-session-key.h"
#include "spare-test-gpg.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROUNDS 3

typedef struct
{
  SpareTestHome *files;
  SpareHome *home;
  char *fingerprints[2];
  SpareKey *keys[2];
  SpareRecipient recipients[2];
  char *folder, *plain, *message;
  char *data; /* stands for the person's data folder */
} Bench;

static gssize
read_cb (gpointer user_data, guint8 *buffer, gsize size, GError **error)
{
  return read (GPOINTER_TO_INT (user_data), buffer, size);
}

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  return write (GPOINTER_TO_INT (user_data), octets, size) == (gssize) size;
}

static gboolean
rewind_cb (gpointer user_data, GError **error)
{
  return lseek (GPOINTER_TO_INT (user_data), 0, SEEK_SET) == 0;
}

static SpareStream
open_stream (const char *from, const char *to)
{
  int input = open (from, O_RDONLY | O_CLOEXEC);
  int output = open (to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (input, >=, 0);
  g_assert_cmpint (output, >=, 0);
  return (SpareStream){
    .read = read_cb,
    .rewind_input = rewind_cb,
    .input = GINT_TO_POINTER (input),
    .write = write_cb,
    .rewind_output = rewind_cb,
    .output = GINT_TO_POINTER (output),
  };
}

static void
close_stream (SpareStream *stream)
{
  close (GPOINTER_TO_INT (stream->input));
  close (GPOINTER_TO_INT (stream->output));
}

static SpareHead *
encrypt (Bench *self, const char *from, const char *to)
{
  SpareEncryptionRequest request = { .recipients = self->recipients,
                                     .n_recipients = 2,
                                     .size = G_MAXUINT64 };
  SpareStream stream = open_stream (from, to);
  g_autoptr (GError) error = NULL;
  SpareHead *head = spare_encrypt_sync (self->home, &request, &stream, NULL, &error);

  g_assert_no_error (error);
  close_stream (&stream);
  return head;
}

static void
encrypt_large (Bench *self)
{
  spare_head_unref (encrypt (self, self->plain, self->message));
}

static void
decrypt_large (Bench *self)
{
  g_autofree char *opened = g_build_filename (self->folder, "opened", NULL);
  SpareStream stream = open_stream (self->message, opened);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareDecryption)
      decryption = spare_decrypt_sync (self->home, &stream, G_MAXUINT64, NULL, &error);

  g_assert_no_error (error);
  close_stream (&stream);
  g_unlink (opened);
}

static void
stock_encrypt (Bench *self, const char *from, const char *to)
{
  g_free (spare_test_gpg (self->files, "--trust-model", "always", "--compress-algo", "none",
                          "--encrypt", "--recipient", self->fingerprints[0], "--recipient",
                          self->fingerprints[1], "--output", to, from, NULL));
}

static void
stock_encrypt_large (Bench *self)
{
  g_autofree char *to = g_build_filename (self->folder, "stock", NULL);

  stock_encrypt (self, self->plain, to);
  g_unlink (to);
}

static void
stock_decrypt_large (Bench *self)
{
  g_autofree char *to = g_build_filename (self->folder, "stock", NULL);

  g_free (spare_test_gpg (self->files, "--decrypt", "--output", to, self->message, NULL));
  g_unlink (to);
}

/* --- Many small files --- */

typedef struct
{
  Bench *bench;
  guint first, step, n;
} Share;

static gpointer
share_thread (gpointer data)
{
  Share *share = data;
  Bench *self = share->bench;
  g_autoptr (SpareSessionKeyOpener)
      opener = spare_session_key_opener_new (self->home, self->keys[0]);

  for (guint i = share->first; i < share->n; i += share->step)
    {
      g_autofree char *from = g_strdup_printf ("%s/small", self->folder);
      g_autofree char *to = g_strdup_printf ("%s/small-%u", self->folder, i);
      g_autoptr (SpareHead) head = encrypt (self, from, to);
      gboolean opened = FALSE;

      for (guint j = 0; j < spare_head_get_n_esks (head) && !opened; j++)
        {
          const SpareEsk *esk = spare_head_get_esk (head, j);
          g_autoptr (SpareSessionKey) key = NULL;

          if (spare_esk_matches_fingerprint (esk, self->recipients[0].subkey->fingerprint))
            key = spare_session_key_opener_open_sync (opener, esk, head, NULL, NULL);
          opened = key != NULL;
        }
      g_assert_true (opened);
      g_unlink (to);
    }
  return NULL;
}

static void
encrypt_small (Bench *self, guint n)
{
  Share shares[2] = { { self, 0, 2, n }, { self, 1, 2, n } };
  GThread *other = g_thread_new ("small", share_thread, &shares[1]);

  share_thread (&shares[0]);
  g_thread_join (other);
}

static void
stock_encrypt_small (Bench *self, guint n)
{
  g_autofree char *from = g_strdup_printf ("%s/small", self->folder);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *to = g_strdup_printf ("%s/small-%u", self->folder, i);

      stock_encrypt (self, from, to);
      g_unlink (to);
    }
}

/* --- Measuring --- */

static double
measure (void (*work) (Bench *self), Bench *self)
{
  gint64 began = g_get_monotonic_time ();

  work (self);
  return (double) (g_get_monotonic_time () - began) / G_USEC_PER_SEC;
}

static void
compare (const char *name,
         void (*ours) (Bench *self),
         void (*stock) (Bench *self),
         Bench *self,
         double goal)
{
  double best_ours = G_MAXDOUBLE, best_stock = G_MAXDOUBLE;

  for (guint i = 0; i < ROUNDS; i++)
    {
      best_ours = MIN (best_ours, measure (ours, self));
      best_stock = MIN (best_stock, measure (stock, self));
    }
  g_print ("%-24s %7.2f s   stock gpg %7.2f s   ratio %.2f   (goal %.2f)\n", name, best_ours,
           best_stock, best_ours / best_stock, goal);
}

static guint n_small;

static void
small (Bench *self)
{
  encrypt_small (self, n_small);
}

static void
stock_small (Bench *self)
{
  stock_encrypt_small (self, n_small);
}

static void
fill (const char *path, gsize size)
{
  g_autofree guint8 *block = g_malloc (1024 * 1024);
  int source = open ("/dev/urandom", O_RDONLY | O_CLOEXEC);
  int target = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  for (gsize done = 0; done < size;)
    {
      gsize step = MIN (size - done, (gsize) 1024 * 1024);
      gssize n = read (source, block, step);

      g_assert_cmpint (n, >, 0);
      g_assert_cmpint (write (target, block, (gsize) n), ==, n);
      done += (gsize) n;
    }
  close (source);
  close (target);
}

static void
set_up (Bench *self, gsize size)
{
  const char *place = g_file_test ("/dev/shm", G_FILE_TEST_IS_DIR) ? "/dev/shm"
                                                                   : g_get_tmp_dir ();
  g_autofree char *small_file = NULL;

  g_autofree char *parent = g_path_get_dirname (spare_engine_get_home_private ());

  /* In the application's own home, as in life: GPGME knows it, and asks no engine for its version again. */
  self->files = spare_test_home_new ();
  spare_test_home_kill_agent (self->files);
  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_cmpint (g_rename (self->files->path, spare_engine_get_home_private ()), ==, 0);
  g_free (self->files->path);
  self->files->path = g_strdup (spare_engine_get_home_private ());
  self->home = spare_home_new_with_engine (SPARE_HOME_OWN, self->files->path, TEST_GUARD);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *name = g_strdup_printf ("key %u <key%u@example.org>", i, i);
      g_autoptr (GError) error = NULL;

      self->fingerprints[i] = spare_test_create_key (self->files, SPARE_TEST_KEY_DEFAULT, name,
                                                     NULL);
      self->keys[i] = spare_home_get_key_sync (self->home, self->fingerprints[i], TRUE, NULL,
                                               &error);
      g_assert_no_error (error);
      self->recipients[i] = (SpareRecipient){
        self->keys[i],
        spare_key_pick_newest_encryption_subkey (self->keys[i],
                                                 g_get_real_time () / G_USEC_PER_SEC),
      };
    }
  self->folder = g_build_filename (place, "sparekey-bench-XXXXXX", NULL);
  g_assert_nonnull (g_mkdtemp (self->folder));
  self->plain = g_build_filename (self->folder, "plain", NULL);
  self->message = g_build_filename (self->folder, "message", NULL);
  fill (self->plain, size);
  small_file = g_build_filename (self->folder, "small", NULL);
  fill (small_file, 4096);
}

static void
tear_down (Bench *self)
{
  spare_test_remove_tree (self->folder);
  for (guint i = 0; i < 2; i++)
    {
      g_free (self->fingerprints[i]);
      g_object_unref (self->keys[i]);
    }
  g_free (self->folder);
  g_free (self->plain);
  g_free (self->message);
  g_object_unref (self->home);
  spare_test_home_free (self->files);
  spare_test_remove_tree (self->data);
  g_free (self->data);
}

int
main (int argc, char *argv[])
{
  gsize mib = argc > 1 ? (gsize) atoi (argv[1]) : 1024;
  g_autoptr (GError) error = NULL;
  Bench bench = { NULL };

  bench.data = g_dir_make_tmp ("skb-XXXXXX", &error);
  g_assert_no_error (error);
  g_setenv ("XDG_DATA_HOME", bench.data, TRUE);
  n_small = argc > 2 ? (guint) atoi (argv[2]) : 1000;
  spare_secret_init (&error);
  g_assert_no_error (error);
  spare_engine_init_with_guard (TEST_GUARD, &error);
  g_assert_no_error (error);

  set_up (&bench, mib * 1024 * 1024);
  if (mib > 0)
    {
      compare ("encrypt, one large file", encrypt_large, stock_encrypt_large, &bench, 1.25);
      compare ("decrypt, one large file", decrypt_large, stock_decrypt_large, &bench, 1.35);
    }
  if (n_small > 0)
    compare ("encrypt, small files", small, stock_small, &bench, 0.7);
  tear_down (&bench);
  return 0;
}
