/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A GnuPG home and its agent.
 *
 * Promise: the application's own home is private (0700), its agent keeps no passphrase, and ends with the last process
 * that uses the home; the authority's home is kept in the same way, but for the passphrase, which its agent remembers for
 * ten minutes since its last use, an hour at most, until spare_home_lock(); a scratch home is gone with its object; the person's home is used as it is and never written
 * (gpg may start the person's agent, as any program that uses gpg would).
 *
 * The file `spare-key.lock` in the own home: each process that uses it holds a shared lock (flock, so it goes with the
 * process). Who can turn it into an exclusive one when leaving is the last, and ends the agent. */
#include "config.h"

#include "spare-home.h"

#include "spare-agent-private.h"
#include "spare-child-private.h"
#include "spare-engine.h"
#include "spare-error.h"
#include "spare-gpgme-private.h"
#include "spare-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONF_NAME     "gpg-agent.conf"
#define TRUST_SECONDS 10
#define AGENT_TRIES   5

/* No passphrase outlives its use, so a locked keyring locks the files; hashing a random 256-bit passphrase a million
 * times buys nothing; smartcards belong to the person's home. */
#define CONF_FIRST_LINE "# Written by Spare Key; changes are lost.\n"
#define CONF_COMMON           \
  CONF_FIRST_LINE             \
  "default-cache-ttl 0\n"     \
  "allow-loopback-pinentry\n" \
  "disable-scdaemon\n"
static const char own_conf[] = CONF_COMMON "max-cache-ttl 0\ns2k-count 65536\n";
/* What leaves a scratch home is protected by a human passphrase: the engine's full hashing. That takes seconds on a
 * busy machine, and a passphrase changed on several parts travels from one to the next in the agent's cache: when
 * that forgets at once, the engine asks again, without saying for which of the two. */
static const char scratch_conf[] = CONF_COMMON "max-cache-ttl 900\n";
/* A scratch home whose passphrase is random and never leaves this process. */
static const char quick_conf[] = CONF_COMMON "max-cache-ttl 900\ns2k-count 65536\n";
/* A human passphrase, so the engine's full hashing; typed once for a stretch of work, not once a file; or a card. */
static const char authority_conf[] = CONF_FIRST_LINE "default-cache-ttl 600\n"
                                                     "max-cache-ttl 3600\n"
                                                     "allow-loopback-pinentry\n";

struct _SpareHome
{
  GObject parent_instance;

  SpareHomeKind kind;
  gboolean is_quick; /* a scratch one with a random passphrase */
  char *path;
  char *guard_path; /* NULL: the program's own */

  GMutex lock; /* for what follows */
  gboolean prepared;
  int lock_fd;
  char *agent_socket;
  char *redirect_folder;
  SparePassphraseFunc passphrase_func;
  gpointer passphrase_data;
  GDestroyNotify passphrase_destroy;
};

G_DEFINE_FINAL_TYPE (SpareHome, spare_home, G_TYPE_OBJECT)

static void
spare_home_finalize (GObject *object)
{
  SpareHome *self = SPARE_HOME (object);

  spare_home_shut_down (self);
  if (self->kind == SPARE_HOME_SCRATCH)
    spare_tree_remove (self->path);
  if (self->passphrase_destroy)
    self->passphrase_destroy (self->passphrase_data);
  g_free (self->path);
  g_free (self->guard_path);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (spare_home_parent_class)->finalize (object);
}

static void
spare_home_class_init (SpareHomeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_home_finalize;
}

static void
spare_home_init (SpareHome *self)
{
  g_mutex_init (&self->lock);
  self->lock_fd = -1;
}

/**
 * spare_home_new_with_engine:
 * @kind: what sort of home
 * @path: absolute path of its folder
 * @guard_path: (nullable): the engine guard to run; %NULL: this program's own
 *
 * Returns: (transfer full): a home; nothing is touched yet
 */
SpareHome *
spare_home_new_with_engine (SpareHomeKind kind, const char *path, const char *guard_path)
{
  SpareHome *self = g_object_new (SPARE_TYPE_HOME, NULL);

  self->kind = kind;
  self->path = g_canonicalize_filename (path, NULL);
  self->guard_path = g_strdup (guard_path);
  return self;
}

/**
 * spare_home_new:
 * @kind: what sort of home
 * @path: absolute path of its folder
 *
 * Returns: (transfer full): a home; nothing is touched yet
 */
SpareHome *
spare_home_new (SpareHomeKind kind, const char *path)
{
  return spare_home_new_with_engine (kind, path, NULL);
}

/**
 * spare_home_new_personal:
 *
 * Returns: (transfer full): the person's own home: `$GNUPGHOME`, else `~/.gnupg`
 */
SpareHome *
spare_home_new_personal (void)
{
  const char *named = g_getenv ("GNUPGHOME");
  g_autofree char *usual = g_build_filename (g_get_home_dir (), ".gnupg", NULL);

  return spare_home_new (SPARE_HOME_PERSONAL, named != NULL && *named == '/' ? named : usual);
}

void
spare_home_hasten_private (SpareHome *self)
{
  self->is_quick = TRUE;
  spare_home_shut_down (self);
}

/**
 * spare_home_get_kind:
 * @self: a home
 *
 * Returns: what sort of home it is
 */
SpareHomeKind
spare_home_get_kind (SpareHome *self)
{
  return self->kind;
}

/**
 * spare_home_get_path:
 * @self: a home
 *
 * Returns: its folder's absolute path
 */
const char *
spare_home_get_path (SpareHome *self)
{
  return self->path;
}

const char *
spare_home_get_guard_path_private (SpareHome *self)
{
  return self->guard_path ? self->guard_path : spare_engine_get_guard_path ();
}

/**
 * spare_home_set_passphrase_func:
 * @self: a home
 * @func: (nullable): finds passphrases
 * @user_data: for @func
 * @destroy: (nullable): frees @user_data
 *
 * Set it before the home is used from several threads. Without one, what needs a passphrase fails with
 * %SPARE_ERROR_BAD_PASSPHRASE; but in the authority's home the agent's pinentry asks then. Not used in the person's home.
 */
void
spare_home_set_passphrase_func (SpareHome *self,
                                SparePassphraseFunc func,
                                gpointer user_data,
                                GDestroyNotify destroy)
{
  if (self->passphrase_destroy)
    self->passphrase_destroy (self->passphrase_data);
  self->passphrase_func = func;
  self->passphrase_data = user_data;
  self->passphrase_destroy = destroy;
}

gboolean
spare_home_uses_loopback_private (SpareHome *self)
{
  return self->kind != SPARE_HOME_PERSONAL
         && (self->kind != SPARE_HOME_AUTHORITY || self->passphrase_func != NULL);
}

SpareSecret *
spare_home_ask_passphrase_private (SpareHome *self,
                                   const char *fingerprint,
                                   gboolean was_wrong,
                                   GCancellable *cancellable,
                                   GError **error)
{
  if (self->passphrase_func)
    return self->passphrase_func (fingerprint, was_wrong, cancellable, self->passphrase_data,
                                  error);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE,
                       _ ("This key is protected by a passphrase, and there is no way to ask "
                          "for "
                          "it here. Nothing was changed."));
  return NULL;
}

/**
 * spare_home_exists:
 * @self: a home
 *
 * Returns: whether its folder is there. A home that was prepared once and is gone now was lost
 */
gboolean
spare_home_exists (SpareHome *self)
{
  return g_file_test (self->path, G_FILE_TEST_IS_DIR);
}

/* --- Preparing --- */

static gboolean
set_folder_error (GError **error, int number)
{
  g_debug ("home: %s", g_strerror (number));
  if (number == EROFS || number == EACCES || number == EPERM)
    g_set_error_literal (error, G_IO_ERROR,
                         number == EROFS ? G_IO_ERROR_READ_ONLY : G_IO_ERROR_PERMISSION_DENIED,
                         _ ("The folder that holds Spare Key’s keys can’t be written to. Check "
                            "its permissions and try again."));
  else if (number == ENOSPC || number == EDQUOT)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                         _ ("There is no space left for Spare Key’s keys. Make room and try "
                            "again."));
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number),
                 _ ("The folder that holds Spare Key’s keys can’t be used (%s)."),
                 g_strerror (number));
  return FALSE;
}

/* Ours, a folder, and for nobody else's eyes. */
static gboolean
make_folder (SpareHome *self, GError **error)
{
  struct stat info;
  int fd;
  int number;

  if (g_mkdir_with_parents (self->path, 0700) != 0)
    return set_folder_error (error, errno);
  fd = open (self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return set_folder_error (error, errno);
  number = 0;
  if (fstat (fd, &info) != 0)
    number = errno;
  else if (info.st_uid != geteuid ())
    number = EPERM;
  else if ((info.st_mode & 07777) != 0700 && fchmod (fd, 0700) != 0)
    number = errno;
  close (fd);
  return number == 0 || set_folder_error (error, number);
}

static const char *
get_conf (SpareHome *self)
{
  switch (self->kind)
    {
    case SPARE_HOME_OWN:
      return own_conf;
    case SPARE_HOME_AUTHORITY:
      return authority_conf;
    case SPARE_HOME_SCRATCH:
      return self->is_quick ? quick_conf : scratch_conf;
    case SPARE_HOME_PERSONAL: /* never written */
    default:
      return scratch_conf;
    }
}

/* The agent reads its file when it starts: one that runs by another file is ended. */
static gboolean
write_conf (SpareHome *self, gboolean *changed, GError **error)
{
  const char *wanted = get_conf (self);
  g_autofree char *path = g_build_filename (self->path, CONF_NAME, NULL);
  g_autofree char *found = NULL;
  g_autoptr (GError) failure = NULL;

  *changed = FALSE;
  if (g_file_get_contents (path, &found, NULL, NULL) && g_str_equal (found, wanted))
    return TRUE;
  *changed = TRUE;
  if (g_file_set_contents_full (path, wanted, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                0600, &failure))
    return TRUE;
  g_debug ("%s", failure->message);
  g_set_error_literal (error, G_IO_ERROR,
                       g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NOSPC)
                           ? G_IO_ERROR_NO_SPACE
                           : G_IO_ERROR_PERMISSION_DENIED,
                       _ ("The folder that holds Spare Key’s keys can’t be written to. Check "
                          "its "
                          "permissions and try again."));
  return FALSE;
}

static gboolean
take_lock (SpareHome *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->path, SPARE_HOME_LOCK_NAME, NULL);
  int result;

  self->lock_fd = open (path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (self->lock_fd < 0)
    return set_folder_error (error, errno);
  /* Waits only while a leaving process ends the agent: two seconds at most. */
  do
    result = flock (self->lock_fd, LOCK_SH);
  while (result != 0 && errno == EINTR);
  if (result == 0)
    return TRUE;
  set_folder_error (error, errno);
  close (self->lock_fd);
  self->lock_fd = -1;
  return FALSE;
}

static gboolean
start_agent (SpareHome *self, gboolean restart, GCancellable *cancellable, GError **error)
{
  if (self->kind != SPARE_HOME_PERSONAL && self->redirect_folder == NULL
      && !spare_agent_redirect (self->path, &self->redirect_folder, error))
    return FALSE;
  g_clear_pointer (&self->agent_socket, g_free);
  self->agent_socket = spare_agent_find_socket (self->path, error);
  if (self->agent_socket == NULL)
    return FALSE;
  if (restart)
    spare_agent_kill (self->agent_socket);
  else if (spare_agent_is_answering (self->agent_socket))
    return TRUE;
  /* An agent on its way out can take the socket of the next one with it: that one is started again. */
  for (guint i = 0; i < AGENT_TRIES; i++)
    {
      if (!spare_agent_launch (self->path, "gpg-agent", self->kind != SPARE_HOME_PERSONAL,
                               cancellable, error))
        return FALSE;
      if (spare_agent_is_answering (self->agent_socket))
        return TRUE;
      g_debug ("the agent was started and does not answer");
    }
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                       _ ("The part of GnuPG that holds the keys does not answer. Your keys "
                          "and "
                          "files are unharmed. Please try again."));
  return FALSE;
}

/* gpg 2.4 can keep its keys in a daemon ("use-keyboxd" in common.conf, which `--no-options` doesn't turn off), and is
 * told not to start any daemon by itself. Without it the listing fails, and says so. */
static void
start_key_daemon (SpareHome *self, GCancellable *cancellable)
{
  g_autofree char *path = g_build_filename (self->path, "common.conf", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_equal (g_strstrip (lines[i]), "use-keyboxd"))
      {
        spare_agent_launch (self->path, "keyboxd", FALSE, cancellable, NULL);
        return;
      }
}

static gboolean
prepare_personal (SpareHome *self, GCancellable *cancellable, GError **error)
{
  if (!spare_home_exists (self))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                           _ ("You have no GnuPG keys of your own on this computer."));
      return FALSE;
    }
  start_key_daemon (self, cancellable);
  return start_agent (self, FALSE, cancellable, error);
}

/* gpg makes its trust database at the first need, but not under the guard's trust model; and a revocation that it
 * imports without one ends in a fatal error, after the key was revoked. */
static void
make_trust_database (SpareHome *self, GCancellable *cancellable)
{
  g_autofree char *path = g_build_filename (self->path, "trustdb.gpg", NULL);
  const char *const argv[] = { GPG_PATH,    "--no-options", "--no-autostart",  "--batch",
                               "--homedir", self->path,     "--check-trustdb", NULL };
  const SpareChild child = {
    .argv = argv, .clean = TRUE, .seconds = TRUST_SECONDS, .output_max = 4096
  };
  g_autoptr (GBytes) output = NULL;
  g_autoptr (GError) failure = NULL;

  if (self->kind == SPARE_HOME_SCRATCH || g_file_test (path, G_FILE_TEST_EXISTS))
    return;
  output = spare_child_run_sync (&child, NULL, cancellable, &failure);
  if (output == NULL)
    g_debug ("trust database: %s", failure->message);
}

static gboolean
prepare_private (SpareHome *self, GCancellable *cancellable, GError **error)
{
  gboolean changed;

  if (!(make_folder (self, error) && take_lock (self, error)
        && write_conf (self, &changed, error)
        && start_agent (self, changed, cancellable, error)))
    return FALSE;
  make_trust_database (self, cancellable);
  return TRUE;
}

/**
 * spare_home_prepare_sync:
 * @self: a home
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Makes the folder (not in the person's home), writes the agent's settings and starts the agent. The first time;
 * later calls look whether the agent still answers, and start it again if not. Every other call does this first.
 *
 * Fails with %SPARE_ERROR_ENGINE (no guard, no agent), with %SPARE_ERROR_NO_KEY if a person has no home, and with
 * %G_IO_ERROR codes of the folder (read-only, no permission, no space).
 *
 * Returns: whether the home can be used
 */
gboolean
spare_home_prepare_sync (SpareHome *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  gboolean ready;

  if (!spare_engine_init (error) || g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  locker = g_mutex_locker_new (&self->lock);
  if (self->prepared && spare_home_exists (self))
    return spare_agent_is_answering (self->agent_socket)
           || start_agent (self, FALSE, cancellable, error);
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  self->lock_fd = -1;
  ready = self->kind == SPARE_HOME_PERSONAL ? prepare_personal (self, cancellable, error)
                                            : prepare_private (self, cancellable, error);
  self->prepared = ready;
  return ready;
}

gboolean
spare_home_prepare_public_private (SpareHome *self, GCancellable *cancellable, GError **error)
{
  gboolean ready;

  g_mutex_lock (&self->lock);
  ready = self->prepared && spare_home_exists (self);
  g_mutex_unlock (&self->lock);
  if (!ready)
    return spare_home_prepare_sync (self, cancellable, error);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

gboolean
spare_home_ensure_agent_private (SpareHome *self, gboolean *restarted, GError **error)
{
  gboolean answering;

  g_mutex_lock (&self->lock);
  answering = self->agent_socket != NULL && spare_agent_is_answering (self->agent_socket);
  g_mutex_unlock (&self->lock);
  if (restarted != NULL)
    *restarted = !answering;
  return answering || spare_home_prepare_sync (self, NULL, error);
}

char *
spare_home_dup_agent_socket_private (SpareHome *self, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;

  if (!spare_home_prepare_sync (self, NULL, error))
    return NULL;
  locker = g_mutex_locker_new (&self->lock);
  return g_strdup (self->agent_socket);
}

/**
 * spare_home_lock:
 * @self: a home
 *
 * Makes the agent forget every passphrase that it remembers: the next use of a secret key asks again. If it does not
 * say that it did, it is ended, which comes to the same. Nothing happens in the person's home, and where no agent runs.
 */
void
spare_home_lock (SpareHome *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->kind == SPARE_HOME_PERSONAL || self->agent_socket == NULL)
    return;
  if (!spare_agent_forget (self->agent_socket))
    spare_agent_kill (self->agent_socket);
}

/**
 * spare_home_shut_down:
 * @self: a home
 *
 * Ends the agent of a scratch home, and that of the own or the authority's home if no other process uses it. The person's agent is left
 * alone. The home may be used again afterwards. Happens by itself with the object's end.
 */
void
spare_home_shut_down (SpareHome *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gboolean last = self->lock_fd >= 0 && flock (self->lock_fd, LOCK_EX | LOCK_NB) == 0;

  if (last && self->agent_socket != NULL)
    {
      spare_agent_kill (self->agent_socket);
      if (self->redirect_folder != NULL)
        spare_agent_remove_redirect (self->path, self->redirect_folder);
    }
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  self->lock_fd = -1;
  self->prepared = FALSE;
  g_clear_pointer (&self->agent_socket, g_free);
  g_clear_pointer (&self->redirect_folder, g_free);
}
