/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A copy of a secret key in memory whose agent answers at once.
 *
 * A human passphrase is hashed for a tenth of a second and more at each use of the key: right for the key on the disk, an hour for ten
 * thousand packets. For a batch, the key's encryption subkeys are copied into a home in memory, under a random passphrase of 256 bits
 * that only this process knows, where long hashing would buy nothing.
 *
 * Promise: the key on the disk stays as it is, and nothing is ever protected by the human passphrase with less hashing. The copy is gone, with its agent, when its object is; if this process is
 * killed, what is left can be opened by nobody, and the next copy removes it. The primary key's secret part is never copied.
 */
#include "config.h"

#include "spare-home.h"

#include "spare-agent-private.h"
#include "spare-agent-session-private.h"
#include "spare-error.h"
#include "spare-perform-private.h"
#include "spare-tree.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX          "sparekey-quick-"
#define TRIES           3
#define PASSPHRASE_BITS 256
#define PATIENCE \
  60000 /* milliseconds for a part of the key: hashing takes seconds on a busy machine */
/* Younger ones may be on their way to their lock. */
#define LEFT_SECONDS 60

static SpareSecret *
ask (SpareHome *self,
     const char *fingerprint,
     gboolean was_wrong,
     GCancellable *cancellable,
     GError **error)
{
  if (spare_home_uses_loopback_private (self))
    return spare_home_ask_passphrase_private (self, fingerprint, was_wrong, cancellable, error);
  return spare_home_ask_passphrase_sync (
      self,
      was_wrong
          ? _ ("That passphrase is wrong. Type the passphrase of this key again, or cancel to "
               "go on slowly.")
          : _ ("There is a lot to open. Type the passphrase of this key once more to do it "
               "quickly, or cancel to go on slowly."),
      cancellable, error);
}

/* The subkeys, and the passphrase that protects them. */
static SpareSecret *
export_subkeys (SpareHome *self,
                const char *fingerprint,
                SpareSecret **passphrase,
                GCancellable *cancellable,
                GError **error)
{
  for (guint i = 0; i < TRIES; i++)
    {
      g_autoptr (SpareSecret) typed = ask (self, fingerprint, i > 0, cancellable, error);
      g_autoptr (GError) failure = NULL;
      SpareSecret *armored;

      if (typed == NULL)
        return NULL;
      armored = spare_home_export_secret_subkeys_private (self, fingerprint, typed, cancellable,
                                                          &failure);
      if (armored != NULL)
        {
          *passphrase = g_steal_pointer (&typed);
          return armored;
        }
      if (i + 1 == TRIES || !g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return NULL;
        }
    }
  g_assert_not_reached ();
}

/* --- What a killed process left --- */

/* Who holds the lock lives. */
static void
remove_if_left (const char *path)
{
  g_autofree char *lock_path = g_build_filename (path, SPARE_HOME_LOCK_NAME, NULL);
  g_autofree char *socket_path = NULL;
  struct stat info;
  int fd;

  if (lstat (path, &info) != 0 || !S_ISDIR (info.st_mode) || info.st_uid != geteuid ()
      || g_get_real_time () / G_USEC_PER_SEC - info.st_mtime < LEFT_SECONDS)
    return;
  fd = open (lock_path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return;
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    {
      socket_path = spare_agent_find_socket (path, NULL);
      if (socket_path != NULL)
        spare_agent_kill (socket_path);
      spare_tree_remove (path);
    }
  close (fd);
}

static void
remove_left (const char *folder)
{
  g_autoptr (GDir) listing = g_dir_open (folder, 0, NULL);
  const char *name;

  while (listing != NULL && (name = g_dir_read_name (listing)) != NULL)
    if (g_str_has_prefix (name, PREFIX))
      {
        g_autofree char *path = g_build_filename (folder, name, NULL);

        remove_if_left (path);
      }
}

static SpareHome *
make_home (SpareHome *self, GError **error)
{
  g_autofree char *path = NULL;

  for (guint i = 0; spare_home_get_temporary_private (i) != NULL; i++)
    remove_left (spare_home_get_temporary_private (i));
  path = spare_home_make_folder_private (PREFIX, error);
  if (path == NULL)
    return NULL;
  return spare_home_new_with_engine (SPARE_HOME_SCRATCH, path,
                                     spare_home_get_guard_path_private (self));
}

/* All subkeys, in the copy. */
static gboolean
protect (SpareHome *copy,
         SpareKey *key,
         SpareSecret *before,
         SpareSecret *after,
         GCancellable *cancellable,
         GError **error)
{
  g_autofree char *path = spare_home_dup_agent_socket_private (copy, error);
  g_autoptr (SpareAgentSession) agent = NULL;

  if (path == NULL)
    return FALSE;
  agent = spare_agent_session_connect (path, TRUE, PATIENCE, cancellable, error);
  if (agent == NULL)
    return FALSE;
  for (guint i = 1; i < spare_key_get_n_subkeys (key); i++)
    {
      const SpareSubkey *subkey = spare_key_get_subkey (key, i);
      gpgme_error_t refusal = 0;

      if (!subkey->has_secret || subkey->keygrip == NULL)
        continue;
      if (!spare_agent_session_change_passphrase (agent, subkey->keygrip, before, after,
                                                  cancellable, &refusal, error))
        {
          if (refusal != 0)
            spare_gpgme_set_error (error, refusal, "PASSWD");
          return FALSE;
        }
    }
  return TRUE;
}

/**
 * spare_home_copy_quick_sync:
 * @self: a home, not the person's own
 * @fingerprint: of the primary key
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Asks for the passphrase, by the passphrase function or else by pinentry. Takes a second or two; worth it for some twenty uses of the key.
 *
 * Fails with %SPARE_ERROR_UNSUPPORTED where the key is on a card, with %G_IO_ERROR_CANCELLED if the person does not want
 * to, with %SPARE_ERROR_BAD_PASSPHRASE, and as spare_home_prepare_sync() does. @self can be used all the same then.
 *
 * Returns: (transfer full) (nullable): a home, in memory (`XDG_RUNTIME_DIR`) where there is one, that holds the secret subkeys of @fingerprint, asks for nothing, and is
 *   removed with its object
 */
SpareHome *
spare_home_copy_quick_sync (SpareHome *self,
                            const char *fingerprint,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autoptr (SpareHome) copy = NULL;
  g_autoptr (SpareKey) key = NULL;
  g_autoptr (SpareSecret) armored = NULL;
  g_autoptr (SpareSecret) before = NULL;
  g_autoptr (SpareSecret) after = NULL;

  g_return_val_if_fail (SPARE_IS_HOME (self), NULL);
  g_return_val_if_fail (spare_fingerprint_is_valid (fingerprint), NULL);

  if (!spare_home_check_ours_private (self, error))
    return NULL;
  key = spare_home_get_key_sync (self, fingerprint, TRUE, cancellable, error);
  if (key == NULL)
    return NULL;
  for (guint i = 0; i < spare_key_get_n_subkeys (key); i++)
    if (spare_key_get_subkey (key, i)->is_card)
      {
        g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
                             _ ("The key is on a card and can’t be copied. Nothing was "
                                "changed."));
        return NULL;
      }
  after = spare_secret_new_random_text (PASSPHRASE_BITS, error);
  copy = after != NULL ? make_home (self, error) : NULL;
  if (copy == NULL)
    return NULL;
  armored = export_subkeys (self, fingerprint, &before, cancellable, error);
  if (armored == NULL || !spare_home_import_secret_sync (copy, armored, cancellable, error)
      || !protect (copy, key, before, after, cancellable, error))
    return NULL;
  /* Only now: the agent stores what it was given under the passphrase before, for a moment. */
  spare_home_hasten_private (copy);
  if (!protect (copy, key, after, after, cancellable, error))
    return NULL;
  spare_home_set_passphrase (copy, after);
  return g_steal_pointer (&copy);
}
