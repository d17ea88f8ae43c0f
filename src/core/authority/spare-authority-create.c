/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes an authority.
 *
 * Promise: afterwards there is a whole one or none. The home has to be made in its place (its path goes into the name of the
 * agent's socket), so a file "creating" is there from before the first step until after the last; who finds it without the
 * marker authority.ini clears away what a dead process left. Without "creating" nothing is ever cleared away: a folder with
 * a registry but no marker is somebody's loss, not our litter.
 */
#include "config.h"

#include "spare-authority.h"

#include "spare-authority-private.h"
#include "spare-error.h"
#include "spare-output.h"
#include "spare-paths.h"
#include "spare-small-file.h"
#include "spare-tree.h"
#include "spare-user-id.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Of statfs(2): where neither locks nor sockets nor modes can be relied on. */
static const guint32 bad_file_systems[] = {
  0x4d44,     /* FAT */
  0x2011bab0, /* exFAT */
  0x6969,     /* NFS */
  0xff534d42, /* CIFS */
  0xfe534d42, /* SMB2 */
};

typedef struct
{
  SpareAuthority *self;
  SpareHome *home;
  SpareRegistry *registry;
  SpareAudit *audit;
  SpareAuthorityPolicy *policy;
  char *fingerprint;
} Making;

static void
making_clear (Making *making)
{
  if (making->registry != NULL)
    spare_registry_close (making->registry);
  if (making->home != NULL)
    {
      spare_home_lock (making->home);
      spare_home_shut_down (making->home);
    }
  g_clear_object (&making->audit);
  g_clear_object (&making->registry);
  g_clear_object (&making->home);
  g_clear_object (&making->policy);
  g_clear_pointer (&making->fingerprint, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Making, making_clear)

/* --- What a dead process left --- */

static gboolean
is_there (SpareAuthority *self, const char *name)
{
  g_autofree char *path = spare_authority_build_path (self, name);

  return g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_SYMLINK);
}

static void
clear_away (SpareAuthority *self)
{
  const char *const folders[] = { SPARE_AUTHORITY_HOME, SPARE_AUTHORITY_OFFICERS,
                                  SPARE_AUTHORITY_BUNDLES, SPARE_AUTHORITY_SPOOL };
  const char *const files[] = { SPARE_AUTHORITY_REGISTRY, SPARE_AUTHORITY_REGISTRY "-journal",
                                SPARE_AUTHORITY_POLICY_FILE, SPARE_AUTHORITY_REVOCATION,
                                SPARE_AUTHORITY_CREATING };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = spare_authority_build_path (self, folders[i]);

      if (is_there (self, folders[i]))
        spare_tree_remove (path);
    }
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = spare_authority_build_path (self, files[i]);

      unlink (path);
    }
}

static gboolean
check_empty (SpareAuthority *self, GError **error)
{
  const char *const parts[] = { SPARE_AUTHORITY_HOME, SPARE_AUTHORITY_REGISTRY };

  if (spare_authority_exists (self))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                   _ ("There is a backup authority on this computer already, in “%s”. It was "
                      "left "
                      "as it is."),
                   spare_authority_get_directory (self));
      return FALSE;
    }
  if (is_there (self, SPARE_AUTHORITY_CREATING))
    clear_away (self);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (is_there (self, parts[i]))
      {
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                     /* Translators: a folder, then a file’s name */
                     _ ("In “%s” are parts of a backup authority, but the file that says which "
                        "one it is, “%s”, is missing. Nothing was changed. Put that file back, "
                        "or "
                        "move the folder away to start a new authority."),
                     spare_authority_get_directory (self), SPARE_AUTHORITY_MARKER);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_file_system (SpareAuthority *self, GError **error)
{
  const char *directory = spare_authority_get_directory (self);
  struct statfs st;

  if (statfs (directory, &st) != 0)
    {
      int saved = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
                   _ ("“%s” can’t be used: %s. Nothing was changed."), directory,
                   g_strerror (saved));
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad_file_systems); i++)
    if ((guint32) st.f_type == bad_file_systems[i])
      {
        g_set_error (
            error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
            _ ("“%s” lies on a network or FAT file system, which can’t keep a registry "
               "safe. Nothing was changed. Choose a folder on a disk of this computer."),
            directory);
        return FALSE;
      }
  return TRUE;
}

/* --- Steps --- */

static gboolean
make_key (Making *making,
          const char *user_id,
          SpareSecret *passphrase,
          GCancellable *cancellable,
          GError **error)
{
  g_autofree char *path = spare_authority_dup_revocation_path (making->self);
  g_autoptr (GBytes) revocation = NULL;
  gconstpointer data;
  gsize size;

  making->home = spare_authority_make_home (making->self);
  if (passphrase != NULL)
    /* Only while the key is made. */
    spare_home_set_passphrase (making->home, passphrase);
  if (!spare_home_prepare_sync (making->home, cancellable, error))
    return FALSE;
  making->fingerprint = spare_home_create_authority_key_sync (making->home, user_id, passphrase,
                                                              cancellable, error);
  if (making->fingerprint == NULL)
    return FALSE;
  revocation = spare_home_dup_revocation_sync (making->home, making->fingerprint, cancellable,
                                               error);
  if (revocation == NULL)
    return FALSE;
  data = g_bytes_get_data (revocation, &size);
  return spare_small_file_write (path, data, size, error);
}

/* Read before anything is made, with a fingerprint that stands for the one to come. */
static gboolean
check_policy (const char *policy_path, GError **error)
{
  g_autofree char *some = g_strnfill (40, 'A');
  g_autoptr (SpareAuthorityPolicy)
      policy = policy_path != NULL ? spare_authority_policy_load (policy_path, some, error)
                                   : NULL;

  return policy_path == NULL || policy != NULL;
}

/* FPR.asc beside the policy file. One that is not there comes later, by import. */
static gboolean
import_beside (Making *making,
               const char *policy_path,
               const char *fingerprint,
               GCancellable *cancellable,
               GError **error)
{
  g_autofree char *folder = g_path_get_dirname (policy_path);
  g_autofree char *name = g_strconcat (fingerprint, ".asc", NULL);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (SpareKey) key = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  octets = spare_small_file_read (path, 1024 * 1024, error);
  if (octets == NULL)
    return FALSE;
  key = spare_authority_install_certificate (making->self, making->home, octets, cancellable,
                                             error);
  if (key == NULL)
    return FALSE;
  if (strcmp (spare_key_get_fingerprint (key), fingerprint) == 0)
    return TRUE;

  g_set_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
               _ ("“%s” holds another key than its name says. The authority was not made."),
               path);
  return FALSE;
}

static gboolean
take_policy (Making *making, const char *policy_path, GCancellable *cancellable, GError **error)
{
  const SpareAuthorityRules *rules;

  if (policy_path == NULL)
    {
      g_autoptr (SpareAuthorityRules)
          defaults = spare_authority_rules_new_default (making->fingerprint);
      g_autoptr (GBytes)
          octets = spare_authority_rules_serialize (defaults, making->fingerprint);

      making->policy = spare_authority_policy_parse (octets, making->fingerprint, error);
      return making->policy != NULL;
    }

  making->policy = spare_authority_policy_load (policy_path, making->fingerprint, error);
  if (making->policy == NULL)
    return FALSE;
  rules = spare_authority_policy_get_rules (making->policy);
  for (guint i = 0; i < rules->officers->len; i++)
    {
      const SpareOfficer *officer = g_ptr_array_index (rules->officers, i);

      for (guint j = 0; officer->fingerprints[j] != NULL; j++)
        if (!import_beside (making, policy_path, officer->fingerprints[j], cancellable, error))
          return FALSE;
    }
  for (guint i = 0; rules->transfer_from[i] != NULL; i++)
    if (!import_beside (making, policy_path, rules->transfer_from[i], cancellable, error))
      return FALSE;
  return TRUE;
}

static gboolean
log_creation (Making *making, const char *user_id, GError **error)
{
  g_autoptr (JsonObject) detail = json_object_new ();

  json_object_set_string_member (detail, "authority", making->fingerprint);
  json_object_set_string_member (detail, "user-id", user_id);
  if (!spare_registry_begin (making->registry, error))
    return FALSE;
  if (spare_registry_set_meta (making->registry, "authority", making->fingerprint, error)
      && spare_audit_append (making->audit, "authority.create", making->fingerprint, detail,
                             NULL, error)
      && spare_authority_log_policy (making->registry, making->audit, making->policy, error))
    return spare_registry_commit (making->registry, error);
  spare_registry_rollback (making->registry);
  return FALSE;
}

static gboolean
make_registry (Making *making, const char *user_id, GCancellable *cancellable, GError **error)
{
  g_autofree char *path = spare_authority_build_path (making->self, SPARE_AUTHORITY_REGISTRY);

  making->registry = spare_registry_new (path);
  if (!spare_registry_open_sync (making->registry, cancellable, error))
    return FALSE;
  making->audit = spare_audit_new (making->registry, making->home, making->fingerprint,
                                   spare_authority_get_clock (making->self));
  return log_creation (making, user_id, error)
         && spare_authority_write_policy (making->self, making->policy, error)
         && spare_audit_checkpoint_sync (making->audit, cancellable, error);
}

static gboolean
write_marker (Making *making, GError **error)
{
  g_autofree char *path = spare_authority_build_path (making->self, SPARE_AUTHORITY_MARKER);
  g_autoptr (GKeyFile) file = g_key_file_new ();

  g_key_file_set_string (file, "Authority", "Fingerprint", making->fingerprint);
  return spare_small_file_write_ini (path, file, error);
}

static gboolean
make_all (Making *making,
          const char *user_id,
          SpareSecret *passphrase,
          const char *policy_path,
          GCancellable *cancellable,
          GError **error)
{
  const char *const folders[] = { SPARE_AUTHORITY_OFFICERS, SPARE_AUTHORITY_BUNDLES,
                                  SPARE_AUTHORITY_SPOOL };
  g_autofree char *creating = spare_authority_build_path (making->self,
                                                          SPARE_AUTHORITY_CREATING);

  if (!spare_small_file_write (creating, "", 0, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = spare_authority_build_path (making->self, folders[i]);

      if (!spare_paths_ensure_dir (path, error))
        return FALSE;
    }
  return make_key (making, user_id, passphrase, cancellable, error)
         && take_policy (making, policy_path, cancellable, error)
         && make_registry (making, user_id, cancellable, error)
         && !g_cancellable_set_error_if_cancelled (cancellable, error)
         && write_marker (making, error);
}

/**
 * spare_authority_create_sync:
 * @name: of the authority, for people
 * @email: its address
 * @passphrase: (nullable): that protects its key; %NULL: pinentry asks
 * @policy_path: (nullable) (type filename): a policy file, with certificates of officers beside it as `FPR.asc`; %NULL: the
 *   default policy
 * @cancellable: (nullable): ends it
 * @error: where to put an error
 *
 * Makes the key (with an escrow and a transport subkey, and a revocation certificate to print), the registry, the policy
 * and the first rows of the log. It is not open afterwards.
 *
 * Returns: (transfer full): the primary fingerprint; %NULL with `G_IO_ERROR_EXISTS` if there is one already,
 *   [error@SpareError] `POLICY`, `DATABASE` (open elsewhere), `UNSUPPORTED` (file system), `BAD_PASSPHRASE`, `ENGINE`. Then
 *   nothing of it is left
 */
char *
spare_authority_create_sync (SpareAuthority *self,
                             const char *name,
                             const char *email,
                             SpareSecret *passphrase,
                             const char *policy_path,
                             GCancellable *cancellable,
                             GError **error)
{
  g_auto (Making) making = { .self = self };
  g_autofree char *user_id = NULL;
  g_autofree char *creating = NULL;
  gboolean done;
  int lock;

  g_return_val_if_fail (SPARE_IS_AUTHORITY (self) && !spare_authority_is_open (self), NULL);

  user_id = spare_user_id_build (name, email, error);
  if (user_id == NULL || !check_policy (policy_path, error)
      || !spare_paths_ensure_dir (spare_authority_get_directory (self), error)
      || !check_file_system (self, error))
    return NULL;
  lock = spare_authority_take_lock (self, error);
  if (lock < 0)
    return NULL;

  done = check_empty (self, error);
  if (done)
    {
      done = make_all (&making, user_id, passphrase, policy_path, cancellable, error);
      creating = spare_authority_build_path (self, SPARE_AUTHORITY_CREATING);
      if (done)
        unlink (creating);
      else
        {
          g_autofree char *marker = spare_authority_build_path (self, SPARE_AUTHORITY_MARKER);

          making_clear (&making);
          unlink (marker);
          clear_away (self);
        }
    }
  close (lock);
  return done ? g_steal_pointer (&making.fingerprint) : NULL;
}
