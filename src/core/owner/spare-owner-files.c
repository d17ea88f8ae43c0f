/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What SpareOwner keeps beside its home: owner.ini and certificates/FPR.asc.
 *
 * Promise: written durably, and enough to fill a lost home again together with the keyring. A certificate
 * file is believed only for the fingerprint in its name.
 */
#include "config.h"

#include "spare-owner-private.h"

#include "spare-error.h"
#include "spare-paths.h"
#include "spare-small-file.h"

#include <glib/gi18n-lib.h>

#define CERTIFICATE_MAX (1024 * 1024) /* octets */
#define SUFFIX          ".asc"

static const char *const source_names[] = {
  [SPARE_KEY_SOURCE_KEYRING] = "keyring",
  [SPARE_KEY_SOURCE_GNUPG] = "gnupg",
  [SPARE_KEY_SOURCE_CARD] = "card",
};

/**
 * spare_key_source_to_string:
 * @source: where a secret key is
 *
 * Returns: (transfer none): its word in JSON and in owner.ini
 */
const char *
spare_key_source_to_string (SpareKeySource source)
{
  g_return_val_if_fail ((guint) source < G_N_ELEMENTS (source_names), "keyring");

  return source_names[source];
}

static gboolean
source_from_string (const char *text, SpareKeySource *source)
{
  for (guint i = 0; i < G_N_ELEMENTS (source_names); i++)
    if (g_strcmp0 (text, source_names[i]) == 0)
      {
        *source = (SpareKeySource) i;
        return TRUE;
      }

  return FALSE;
}

/*
 * spare_owner_read_choice_private:
 *
 * Returns: %TRUE with @fingerprint %NULL if no key was ever chosen; %FALSE if the note is there but can't be
 *   read
 */
gboolean
spare_owner_read_choice_private (SpareOwner *self,
                                 char **fingerprint,
                                 SpareKeySource *source,
                                 GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GKeyFile) file = spare_small_file_read_ini (self->ini_path, &local);
  g_autofree char *found = NULL;
  g_autofree char *where = NULL;

  *fingerprint = NULL;
  if (file == NULL && g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;

  if (file != NULL)
    {
      if (!g_key_file_has_group (file, "Owner"))
        return TRUE;
      found = g_key_file_get_string (file, "Owner", "Fingerprint", NULL);
      where = g_key_file_get_string (file, "Owner", "Source", NULL);
    }
  if (found == NULL || !spare_fingerprint_is_valid (found)
      || !source_from_string (where, source))
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("The note of which key is yours is damaged. Your keys and files "
                              "are "
                              "unharmed. Choose your key again."));
      return FALSE;
    }

  *fingerprint = g_steal_pointer (&found);
  return TRUE;
}

gboolean
spare_owner_write_choice_private (SpareOwner *self,
                                  const char *fingerprint,
                                  SpareKeySource source,
                                  GError **error)
{
  g_autoptr (GKeyFile) file = spare_small_file_read_ini (self->ini_path, NULL);

  if (file == NULL)
    file = g_key_file_new ();
  g_key_file_set_string (file, "Owner", "Fingerprint", fingerprint);
  g_key_file_set_string (file, "Owner", "Source", spare_key_source_to_string (source));
  /* Certificates of one's own keys are no other people's, for good. */
  g_key_file_set_string (file, "Used", fingerprint, spare_key_source_to_string (source));
  return spare_small_file_write_ini (self->ini_path, file, error);
}

gboolean
spare_owner_was_used_private (SpareOwner *self, const char *fingerprint)
{
  g_autoptr (GKeyFile) file = spare_small_file_read_ini (self->ini_path, NULL);

  return file != NULL && g_key_file_has_key (file, "Used", fingerprint, NULL);
}

static char *
certificate_path (SpareOwner *self, const char *fingerprint)
{
  g_autofree char *name = g_strconcat (fingerprint, SUFFIX, NULL);

  return g_build_filename (self->certificates, name, NULL);
}

/*
 * spare_owner_save_certificate_private:
 *
 * Writes the certificate as the application's home knows it.
 */
gboolean
spare_owner_save_certificate_private (SpareOwner *self,
                                      const char *fingerprint,
                                      GCancellable *cancellable,
                                      GError **error)
{
  g_autofree char *path = certificate_path (self, fingerprint);
  g_autoptr (GBytes) octets = spare_home_export_sync (self->home, fingerprint,
                                                      SPARE_EXPORT_ARMOR | SPARE_EXPORT_MINIMAL,
                                                      cancellable, error);

  return octets != NULL && spare_paths_ensure_dir (self->certificates, error)
         && spare_small_file_write (path, g_bytes_get_data (octets, NULL),
                                    g_bytes_get_size (octets), error);
}

gboolean
spare_owner_remove_certificate_private (SpareOwner *self,
                                        const char *fingerprint,
                                        GError **error)
{
  g_autofree char *path = certificate_path (self, fingerprint);

  return spare_small_file_remove (path, error);
}

/*
 * spare_owner_list_certificates_private:
 *
 * Returns: (transfer full) (element-type utf8): the fingerprints that there are certificate files for
 */
GPtrArray *
spare_owner_list_certificates_private (SpareOwner *self)
{
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) folder = g_dir_open (self->certificates, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *fingerprint = NULL;

      if (!g_str_has_suffix (name, SUFFIX))
        continue;
      fingerprint = g_strndup (name, strlen (name) - strlen (SUFFIX));
      if (spare_fingerprint_is_valid (fingerprint))
        g_ptr_array_add (found, g_steal_pointer (&fingerprint));
    }
  return found;
}

/* A file that holds anything beside the key of its name is left alone. */
static gboolean
restore_one (SpareOwner *self,
             const char *fingerprint,
             GCancellable *cancellable,
             GError **error)
{
  g_autofree char *path = certificate_path (self, fingerprint);
  g_autoptr (GError) local = NULL;
  g_autoptr (GBytes) octets = spare_small_file_read (path, CERTIFICATE_MAX, &local);
  g_autoptr (GPtrArray) looked = NULL;
  g_autoptr (GPtrArray) imported = NULL;
  g_autoptr (SpareHome) scratch = NULL;

  if (octets == NULL)
    {
      g_debug ("%s: %s", path, local->message);
      return TRUE;
    }

  scratch = spare_home_new_scratch (error);
  if (scratch == NULL)
    return FALSE;
  looked = spare_home_import_sync (scratch, octets, FALSE, cancellable, &local);
  if (looked == NULL || looked->len != 1
      || strcmp (g_ptr_array_index (looked, 0), fingerprint) != 0)
    {
      if (g_error_matches (local, SPARE_ERROR, SPARE_ERROR_ENGINE)
          || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      g_debug ("%s does not hold the key of its name", path);
      return TRUE;
    }

  imported = spare_home_import_sync (self->home, octets, FALSE, cancellable, error);
  return imported != NULL;
}

/*
 * spare_owner_restore_certificates_private:
 *
 * Puts the certificates that the home has lost back into it.
 *
 * Returns: %FALSE if the engine does not answer
 */
gboolean
spare_owner_restore_certificates_private (SpareOwner *self,
                                          GCancellable *cancellable,
                                          GError **error)
{
  g_autoptr (GPtrArray) wanted = spare_owner_list_certificates_private (self);
  g_autoptr (GPtrArray) keys = NULL;

  if (wanted->len == 0)
    return TRUE;
  keys = spare_home_list_keys_sync (self->home, FALSE, cancellable, error);
  if (keys == NULL)
    return FALSE;

  for (guint i = 0; i < wanted->len; i++)
    {
      const char *fingerprint = g_ptr_array_index (wanted, i);
      gboolean there = FALSE;

      for (guint j = 0; j < keys->len && !there; j++)
        there = strcmp (spare_key_get_fingerprint (g_ptr_array_index (keys, j)), fingerprint)
                == 0;
      if (!there && !restore_one (self, fingerprint, cancellable, error))
        return FALSE;
    }
  return TRUE;
}
