/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The backup authority on this computer: its key, registry, log and policy, in one folder.
 *
 * Promise: while it is open, no other process has it open. It opens only as a whole: the key that the marker names, in a
 * home of its own, beside the registry that names the same key; a part that is missing is an error, never made anew.
 *
 *     authority.ini   which key; written last when it is made      lock       held (flock) while it is open
 *     gnupg/          the authority's GnuPG home                   spool/     bundles while they are read
 *     registry.db     packets, owners, cases, audit log            bundles/   octets of bundles, by their SHA-256
 *     policy.ini      see spare-authority-policy.c                 officers/  certificates, by fingerprint
 *     revocation.asc  to be printed and put away
 */
#include "config.h"

#include "spare-authority.h"

#include "spare-authority-private.h"
#include "spare-error.h"
#include "spare-paths.h"
#include "spare-small-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct _SpareAuthority
{
  GObject parent_instance;

  char *directory, *spool, *guard_path;
  SpareClockFunc clock;
  SparePassphraseFunc passphrase_func;
  gpointer passphrase_data;
  GDestroyNotify passphrase_destroy;

  /* While it is open. */
  int lock_fd;
  char *fingerprint;
  SpareHome *home;
  GMutex key_lock; /* it is replaced while others look at it */
  SpareKey *key;
  SpareRegistry *registry;
  SpareAudit *audit;
};

enum
{
  PROP_0,
  PROP_DATA_DIRECTORY,
  PROP_GUARD_PATH,
  PROP_CLOCK,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (SpareAuthority, spare_authority, G_TYPE_OBJECT)

/* Without a checkpoint: that may ask somebody. */
static void
drop_all (SpareAuthority *self)
{
  if (self->registry != NULL)
    spare_registry_close (self->registry);
  if (self->home != NULL)
    {
      spare_home_lock (self->home);
      spare_home_shut_down (self->home);
    }
  g_clear_object (&self->audit);
  g_clear_object (&self->registry);
  g_clear_object (&self->home);
  g_clear_object (&self->key);
  g_clear_pointer (&self->fingerprint, g_free);
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  self->lock_fd = -1;
}

static void
spare_authority_constructed (GObject *object)
{
  SpareAuthority *self = SPARE_AUTHORITY (object);

  G_OBJECT_CLASS (spare_authority_parent_class)->constructed (object);

  if (self->directory == NULL)
    {
      g_autofree char *data = spare_paths_dup_data_dir ();

      self->directory = g_build_filename (data, "authority", NULL);
    }
  self->spool = g_build_filename (self->directory, SPARE_AUTHORITY_SPOOL, NULL);
}

static void
spare_authority_finalize (GObject *object)
{
  SpareAuthority *self = SPARE_AUTHORITY (object);

  drop_all (self);
  if (self->passphrase_destroy != NULL)
    self->passphrase_destroy (self->passphrase_data);
  g_free (self->directory);
  g_free (self->spool);
  g_free (self->guard_path);
  g_mutex_clear (&self->key_lock);

  G_OBJECT_CLASS (spare_authority_parent_class)->finalize (object);
}

static void
spare_authority_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpareAuthority *self = SPARE_AUTHORITY (object);

  switch (id)
    {
    case PROP_DATA_DIRECTORY:
      self->directory = g_value_dup_string (value);
      break;
    case PROP_GUARD_PATH:
      self->guard_path = g_value_dup_string (value);
      break;
    case PROP_CLOCK:
      self->clock = (SpareClockFunc) g_value_get_pointer (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
spare_authority_class_init (SpareAuthorityClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->constructed = spare_authority_constructed;
  object_class->finalize = spare_authority_finalize;
  object_class->set_property = spare_authority_set_property;

  /**
   * SpareAuthority:data-directory:
   *
   * The folder; %NULL for `authority` in the data folder.
   */
  props[PROP_DATA_DIRECTORY] = g_param_spec_string ("data-directory", NULL, NULL, NULL, flags);
  /**
   * SpareAuthority:guard-path:
   *
   * The engine guard; %NULL for this program's own.
   */
  props[PROP_GUARD_PATH] = g_param_spec_string ("guard-path", NULL, NULL, NULL, flags);
  /**
   * SpareAuthority:clock:
   *
   * A SpareClockFunc; %NULL for the computer's clock.
   */
  props[PROP_CLOCK] = g_param_spec_pointer ("clock", NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
spare_authority_init (SpareAuthority *self)
{
  self->lock_fd = -1;
  g_mutex_init (&self->key_lock);
}

/**
 * spare_authority_new:
 *
 * Returns: (transfer full): the authority of this person's data folder; nothing is touched yet
 */
SpareAuthority *
spare_authority_new (void)
{
  return g_object_new (SPARE_TYPE_AUTHORITY, NULL);
}

/**
 * spare_authority_new_for:
 * @data_directory: (nullable) (type filename): its folder
 * @guard_path: (nullable) (type filename): the engine guard
 * @clock: (nullable) (scope forever): the authority's clock
 *
 * Returns: (transfer full): an authority; nothing is touched yet
 */
SpareAuthority *
spare_authority_new_for (const char *data_directory,
                         const char *guard_path,
                         SpareClockFunc clock)
{
  return g_object_new (SPARE_TYPE_AUTHORITY, "data-directory", data_directory, "guard-path",
                       guard_path, "clock", clock, NULL);
}

/**
 * spare_authority_set_passphrase_func:
 * @func: (nullable): answers for the authority's passphrase; %NULL: pinentry asks
 *
 * Before it is made or opened.
 */
void
spare_authority_set_passphrase_func (SpareAuthority *self,
                                     SparePassphraseFunc func,
                                     gpointer user_data,
                                     GDestroyNotify destroy)
{
  g_return_if_fail (SPARE_IS_AUTHORITY (self));

  if (self->passphrase_destroy != NULL)
    self->passphrase_destroy (self->passphrase_data);
  self->passphrase_func = func;
  self->passphrase_data = user_data;
  self->passphrase_destroy = destroy;
  if (self->home != NULL)
    spare_home_set_passphrase_func (self->home, func, user_data, NULL);
}

char *
spare_authority_build_path (SpareAuthority *self, const char *name)
{
  return g_build_filename (self->directory, name, NULL);
}

SpareClockFunc
spare_authority_get_clock (SpareAuthority *self)
{
  return self->clock;
}

SpareHome *
spare_authority_make_home (SpareAuthority *self)
{
  g_autofree char *path = spare_authority_build_path (self, SPARE_AUTHORITY_HOME);
  SpareHome *home = spare_home_new_with_engine (SPARE_HOME_AUTHORITY, path, self->guard_path);

  spare_home_set_passphrase_func (home, self->passphrase_func, self->passphrase_data, NULL);
  return home;
}

int
spare_authority_take_lock (SpareAuthority *self, GError **error)
{
  g_autofree char *path = spare_authority_build_path (self, SPARE_AUTHORITY_LOCK);
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
  int saved;

  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  saved = errno;
  if (fd >= 0)
    close (fd);
  if (fd >= 0 && saved == EWOULDBLOCK)
    g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                         _ ("Authority mode is open elsewhere on this computer. Nothing was "
                            "changed. Close it there, or go on there."));
  else
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                 _ ("The folder of the authority, “%s”, can’t be locked: %s. Nothing was "
                    "changed."),
                 self->directory, g_strerror (saved));
  return -1;
}

/**
 * spare_authority_exists:
 *
 * Returns: whether an authority was made here, wholly
 */
gboolean
spare_authority_exists (SpareAuthority *self)
{
  g_autofree char *marker = NULL;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), FALSE);

  marker = spare_authority_build_path (self, SPARE_AUTHORITY_MARKER);
  return g_file_test (marker, G_FILE_TEST_EXISTS);
}

/* The fingerprint that the marker names. */
char *
spare_authority_read_marker (SpareAuthority *self, GError **error)
{
  g_autofree char *path = spare_authority_build_path (self, SPARE_AUTHORITY_MARKER);
  g_autoptr (GKeyFile) file = NULL;
  g_autofree char *value = NULL;

  if (!spare_authority_exists (self))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP,
                           _ ("There is no backup authority on this computer yet."));
      return NULL;
    }
  file = spare_small_file_read_ini (path, error);
  if (file == NULL)
    return NULL;
  value = g_key_file_get_string (file, "Authority", "Fingerprint", NULL);
  if (value == NULL || strlen (value) != 40 || !spare_fingerprint_is_valid (value))
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                   _ ("“%s” is damaged. It was left as it is, and nothing was changed. Put "
                      "back a "
                      "backup of it."),
                   path);
      return NULL;
    }
  return g_steal_pointer (&value);
}

/* The registry that belongs to this key: an empty or another one must not take its place in silence. */
static gboolean
open_registry (SpareAuthority *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *path = spare_authority_build_path (self, SPARE_AUTHORITY_REGISTRY);
  g_autofree char *named = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
                   _ ("The registry of the authority, “%s”, is missing. Nothing was changed. "
                      "Put "
                      "back a backup of it."),
                   path);
      return FALSE;
    }
  self->registry = spare_registry_new (path);
  if (!spare_registry_open_sync (self->registry, cancellable, error)
      || !spare_registry_get_meta (self->registry, "authority", &named, error))
    return FALSE;
  if (g_strcmp0 (named, self->fingerprint) == 0)
    return TRUE;

  g_set_error (error, SPARE_ERROR, SPARE_ERROR_DATABASE,
               _ ("The registry “%s” belongs to another authority, or is empty. Nothing was "
                  "changed. Put back a backup of the right one."),
               path);
  return FALSE;
}

static gboolean
open_parts (SpareAuthority *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *bundles = spare_authority_build_path (self, SPARE_AUTHORITY_BUNDLES);
  g_autofree char *officers = spare_authority_build_path (self, SPARE_AUTHORITY_OFFICERS);

  self->lock_fd = spare_authority_take_lock (self, error);
  if (self->lock_fd < 0)
    return FALSE;
  self->fingerprint = spare_authority_read_marker (self, error);
  if (self->fingerprint == NULL || !spare_paths_ensure_dir (self->spool, error)
      || !spare_paths_ensure_dir (bundles, error) || !spare_paths_ensure_dir (officers, error))
    return FALSE;

  self->home = spare_authority_make_home (self);
  if (!spare_home_prepare_sync (self->home, cancellable, error))
    return FALSE;
  self->key = spare_home_get_key_sync (self->home, self->fingerprint, TRUE, cancellable, error);
  if (self->key == NULL || !open_registry (self, cancellable, error))
    return FALSE;
  self->audit = spare_audit_new (self->registry, self->home, self->fingerprint, self->clock);
  return TRUE;
}

/**
 * spare_authority_open_sync:
 * @cancellable: (nullable): ends it
 * @error: where to put an error
 *
 * Opens authority mode. Nobody is asked for a passphrase yet.
 *
 * Returns: %FALSE with [error@SpareError] `NOT_SET_UP` if there is no authority, `DATABASE` if it is open elsewhere or a
 *   part is damaged or missing, `NO_KEY`, `ENGINE`. Nothing is changed then
 */
gboolean
spare_authority_open_sync (SpareAuthority *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), FALSE);

  if (self->audit != NULL)
    return TRUE;
  if (!spare_authority_exists (self))
    {
      g_free (spare_authority_read_marker (self, error));
      return FALSE;
    }
  if (open_parts (self, cancellable, error))
    return TRUE;
  drop_all (self);
  return FALSE;
}

/**
 * spare_authority_is_open:
 */
gboolean
spare_authority_is_open (SpareAuthority *self)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), FALSE);

  return self->audit != NULL;
}

/**
 * spare_authority_close_sync:
 * @cancellable: (nullable): ends the signing
 * @error: where to put an error
 *
 * Signs a checkpoint if rows were added, which may ask for the passphrase; forgets the passphrase; closes. No operation
 * may be running.
 *
 * Returns: %FALSE if the checkpoint could not be made. It is closed all the same, and the rows are protected with the next
 *   checkpoint
 */
gboolean
spare_authority_close_sync (SpareAuthority *self, GCancellable *cancellable, GError **error)
{
  gboolean done = TRUE;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), FALSE);

  if (self->audit != NULL)
    done = spare_audit_checkpoint_sync (self->audit, cancellable, error);
  drop_all (self);
  return done;
}

/**
 * spare_authority_lock:
 *
 * Forgets the passphrase: the next use of the key asks for it.
 */
void
spare_authority_lock (SpareAuthority *self)
{
  g_return_if_fail (SPARE_IS_AUTHORITY (self));

  if (self->home != NULL)
    spare_home_lock (self->home);
}

/**
 * spare_authority_get_fingerprint:
 *
 * Returns: (nullable): the primary key's; %NULL while it is closed
 */
const char *
spare_authority_get_fingerprint (SpareAuthority *self)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), NULL);

  return self->fingerprint;
}

/**
 * spare_authority_get_home:
 *
 * Returns: (transfer none) (nullable): the home of its key, in which no other secret key lives
 */
SpareHome *
spare_authority_get_home (SpareAuthority *self)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), NULL);

  return self->home;
}

/**
 * spare_authority_dup_key:
 *
 * Returns: (transfer full) (nullable): its key as it was when it was opened or got new subkeys
 */
SpareKey *
spare_authority_dup_key (SpareAuthority *self)
{
  SpareKey *key;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), NULL);

  g_mutex_lock (&self->key_lock);
  key = self->key != NULL ? g_object_ref (self->key) : NULL;
  g_mutex_unlock (&self->key_lock);
  return key;
}

void
spare_authority_take_key (SpareAuthority *self, SpareKey *key)
{
  g_mutex_lock (&self->key_lock);
  g_set_object (&self->key, key);
  g_mutex_unlock (&self->key_lock);
}

/**
 * spare_authority_get_registry:
 *
 * Returns: (transfer none) (nullable): what it holds
 */
SpareRegistry *
spare_authority_get_registry (SpareAuthority *self)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), NULL);

  return self->registry;
}

/**
 * spare_authority_get_audit:
 *
 * Returns: (transfer none) (nullable): what happened
 */
SpareAudit *
spare_authority_get_audit (SpareAuthority *self)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), NULL);

  return self->audit;
}

/**
 * spare_authority_get_directory:
 *
 * Returns: (type filename): the folder, open or not
 */
const char *
spare_authority_get_directory (SpareAuthority *self)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), NULL);

  return self->directory;
}

/**
 * spare_authority_get_spool:
 *
 * Returns: (type filename): a private folder for bundles that are being read
 */
const char *
spare_authority_get_spool (SpareAuthority *self)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), NULL);

  return self->spool;
}

/**
 * spare_authority_get_now:
 *
 * Returns: Unix seconds by the authority's clock
 */
gint64
spare_authority_get_now (SpareAuthority *self)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), 0);

  return self->clock != NULL ? self->clock () : g_get_real_time () / G_USEC_PER_SEC;
}

/**
 * spare_authority_dup_revocation_path:
 *
 * Returns: (transfer full) (type filename): the revocation certificate, to be printed and put away
 */
char *
spare_authority_dup_revocation_path (SpareAuthority *self)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY (self), NULL);

  return spare_authority_build_path (self, SPARE_AUTHORITY_REVOCATION);
}

/**
 * spare_authority_export_certificate_sync:
 *
 * Returns: (transfer full): what owners trust, armored
 */
GBytes *
spare_authority_export_certificate_sync (SpareAuthority *self,
                                         GCancellable *cancellable,
                                         GError **error)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY (self) && self->home != NULL, NULL);

  /* With subkeys that were retired: whoever had them before has to learn of it. */
  return spare_home_export_sync (self->home, self->fingerprint, SPARE_EXPORT_ARMOR, cancellable,
                                 error);
}
