/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds for encryption: the administrator's policy.ini over the person's preferences.
 *
 * Promise: what the administrator wrote is either in force, word for word, or nothing is encrypted. A file
 * that is there but can't be read, a value that is not one of the words of design.md section 5, a
 * fingerprint one digit short: each is an error, never "no policy". Keys that this version does not know
 * are passed over, so that one file serves several versions.
 */
#include "config.h"

#include "spare-policy.h"

#include "spare-error.h"
#include "spare-key.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLICY_GROUP "Escrow"
#define POLICY_MAX   (64 * 1024) /* octets; the real ones have a few hundred */

struct _SparePolicy
{
  GObject parent_instance;

  gboolean managed;
  SpareEscrowMode mode;
  SpareUnusable when_unusable;
  gboolean required;
  gboolean mode_managed, when_unusable_managed, required_managed;
  char *authority;
  char *authority_key;
  char *deposit_to;
  gboolean deposit_to_managed;
};

G_DEFINE_FINAL_TYPE (SparePolicy, spare_policy, G_TYPE_OBJECT)

static void
spare_policy_finalize (GObject *object)
{
  SparePolicy *self = SPARE_POLICY (object);

  g_free (self->authority);
  g_free (self->authority_key);
  g_free (self->deposit_to);

  G_OBJECT_CLASS (spare_policy_parent_class)->finalize (object);
}

static void
spare_policy_class_init (SparePolicyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_policy_finalize;
}

static void
spare_policy_init (SparePolicy *self)
{
}

/* @detail is for the administrator's eyes: which key, which value. */
static gboolean
fail (GError **error, const char *path, const char *detail)
{
  g_debug ("policy %s: %s", path, detail);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_POLICY,
               /* Translators: the first %s is a path, the second says what is wrong there */
               _ ("Your organisation’s policy can’t be used, so nothing is encrypted. No file "
                  "was "
                  "changed. Ask your administrator to correct “%s”: %s."),
               path, detail);
  return FALSE;
}

static gboolean
fail_value (GError **error, const char *path, const char *key, const char *value)
{
  g_autofree char *shown = g_utf8_make_valid (value, MIN (strlen (value), 80));
  /* Translators: the first %s is a word such as “Mode”, the second is what was written there */
  g_autofree char *detail = g_strdup_printf (_ ("“%s” can’t be “%s”"), key, shown);

  return fail (error, path, detail);
}

/* The whole file, or an error; @contents stays %NULL only where there is no file at all. A dangling symbolic
 * link is a file that can't be read. */
static gboolean
read_policy (const char *path, char **contents, gsize *length, GError **error)
{
  g_autofree char *buffer = NULL;
  struct stat st;
  gsize got = 0;
  int fd;

  if (lstat (path, &st) != 0 && errno == ENOENT)
    return TRUE;

  fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return fail (error, path, g_strerror (errno));
  if (fstat (fd, &st) != 0 || !S_ISREG (st.st_mode))
    {
      close (fd);
      return fail (error, path, _ ("it is not a file"));
    }

  buffer = g_malloc (POLICY_MAX + 1);
  while (got <= POLICY_MAX)
    {
      gssize n = read (fd, buffer + got, POLICY_MAX + 1 - got);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          int saved = errno;

          close (fd);
          return fail (error, path, g_strerror (saved));
        }
      if (n == 0)
        break;
      got += (gsize) n;
    }
  close (fd);
  if (got > POLICY_MAX)
    return fail (error, path, _ ("it is too large"));

  buffer[MIN (got, POLICY_MAX)] = '\0';
  *contents = g_steal_pointer (&buffer);
  *length = got;
  return TRUE;
}

static gboolean
take_authority (SparePolicy *self, const char *path, const char *value, GError **error)
{
  g_autofree char *normal = spare_fingerprint_normalize (value);

  if (normal == NULL || !spare_fingerprint_is_valid (normal))
    return fail_value (error, path, "Authority", value);

  self->authority = g_steal_pointer (&normal);
  return TRUE;
}

static gboolean
take_boolean (gboolean *to,
              const char *path,
              const char *key,
              const char *value,
              GError **error)
{
  if (strcmp (value, "true") == 0)
    *to = TRUE;
  else if (strcmp (value, "false") == 0)
    *to = FALSE;
  else
    return fail_value (error, path, key, value);

  return TRUE;
}

static gboolean
take_value (SparePolicy *self,
            const char *path,
            const char *key,
            const char *value,
            GError **error)
{
  if (strcmp (key, "Authority") == 0)
    return take_authority (self, path, value, error);

  if (strcmp (key, "AuthorityKey") == 0)
    {
      if (!g_path_is_absolute (value))
        return fail_value (error, path, key, value);
      self->authority_key = g_strdup (value);
    }
  else if (strcmp (key, "Mode") == 0)
    {
      /* "none" is what one encryption may ask for, not what a policy can demand. */
      if (!spare_escrow_mode_from_string (value, &self->mode)
          || self->mode == SPARE_ESCROW_NONE)
        return fail_value (error, path, key, value);
      self->mode_managed = TRUE;
    }
  else if (strcmp (key, "Required") == 0)
    {
      if (!take_boolean (&self->required, path, key, value, error))
        return FALSE;
      self->required_managed = TRUE;
    }
  else if (strcmp (key, "DepositTo") == 0)
    {
      if (!g_uri_is_valid (value, G_URI_FLAGS_NONE, NULL))
        return fail_value (error, path, key, value);
      g_free (self->deposit_to);
      self->deposit_to = g_strdup (value);
      self->deposit_to_managed = TRUE;
    }
  else if (strcmp (key, "WhenAuthorityUnusable") == 0)
    {
      if (strcmp (value, "refuse") == 0)
        self->when_unusable = SPARE_UNUSABLE_REFUSE;
      else if (strcmp (value, "pending") == 0)
        self->when_unusable = SPARE_UNUSABLE_PENDING;
      else
        return fail_value (error, path, key, value);
      self->when_unusable_managed = TRUE;
    }
  else
    g_debug ("policy %s: the key “%s” is not known here", path, key);

  return TRUE;
}

static gboolean
parse_policy (SparePolicy *self, const char *path, GKeyFile *file, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  g_auto (GStrv) names = NULL;

  for (guint i = 0; groups[i] != NULL; i++)
    if (strcmp (groups[i], POLICY_GROUP) != 0)
      g_debug ("policy %s: the group “%s” is not known here", path, groups[i]);
  /* A misspelt group would switch everything off in silence. */
  if (!g_key_file_has_group (file, POLICY_GROUP))
    return fail (error, path, _ ("the group [Escrow] is missing"));

  names = g_key_file_get_keys (file, POLICY_GROUP, NULL, NULL);
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autoptr (GError) local = NULL;
      g_autofree char *value = g_key_file_get_string (file, POLICY_GROUP, names[i], &local);

      if (value == NULL)
        return fail (error, path, local->message);
      g_strchomp (value);
      if (!take_value (self, path, names[i], value, error))
        return FALSE;
    }

  /* A certificate alone pins nothing: whoever can change that file would choose the authority. */
  if (self->authority_key != NULL && self->authority == NULL)
    return fail (error, path, _ ("“AuthorityKey” is there, but “Authority” is missing"));

  return TRUE;
}

/**
 * spare_policy_load:
 * @path: (nullable): the administrator's file; %NULL for none. It need not exist
 * @settings: the person's preferences, for what the file leaves open
 * @error: where to put an error
 *
 * What holds for encryption from now on. The result does not follow later changes.
 *
 * Returns: (transfer full): the policy, or %NULL with [error@SpareError] `POLICY` if the file is there but
 *   can't be read or understood: encryption must stop
 */
SparePolicy *
spare_policy_load (const char *path, SpareSettings *settings, GError **error)
{
  g_autoptr (SparePolicy) self = NULL;
  g_autoptr (GKeyFile) file = NULL;
  g_autoptr (GError) local = NULL;
  g_autofree char *contents = NULL;
  gsize length = 0;
  int mode, when_unusable;

  g_return_val_if_fail (SPARE_IS_SETTINGS (settings), NULL);

  self = g_object_new (SPARE_TYPE_POLICY, NULL);
  g_object_get (settings, "mode", &mode, "required", &self->required, "when-unusable",
                &when_unusable, "deposit-to", &self->deposit_to, NULL);
  if (*self->deposit_to == '\0')
    g_clear_pointer (&self->deposit_to, g_free);
  self->mode = (SpareEscrowMode) mode;
  self->when_unusable = (SpareUnusable) when_unusable;

  if (path == NULL)
    return g_steal_pointer (&self);
  if (!read_policy (path, &contents, &length, error))
    return NULL;
  if (contents == NULL)
    return g_steal_pointer (&self);

  self->managed = TRUE;
  file = g_key_file_new ();
  if (!g_key_file_load_from_data (file, contents, length, G_KEY_FILE_NONE, &local))
    {
      fail (error, path, local->message);
      return NULL;
    }
  if (!parse_policy (self, path, file, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * spare_policy_get_mode:
 *
 * Returns: where the escrow packet goes unless one encryption asks otherwise; never %SPARE_ESCROW_NONE
 */
SpareEscrowMode
spare_policy_get_mode (SparePolicy *self)
{
  g_return_val_if_fail (SPARE_IS_POLICY (self), SPARE_ESCROW_EMBEDDED);

  return self->mode;
}

gboolean
spare_policy_is_mode_managed (SparePolicy *self)
{
  g_return_val_if_fail (SPARE_IS_POLICY (self), TRUE);

  return self->mode_managed;
}

/**
 * spare_policy_get_required:
 *
 * Returns: whether nothing may be encrypted without an escrow packet, or the promise of one
 */
gboolean
spare_policy_get_required (SparePolicy *self)
{
  g_return_val_if_fail (SPARE_IS_POLICY (self), TRUE);

  return self->required;
}

gboolean
spare_policy_is_required_managed (SparePolicy *self)
{
  g_return_val_if_fail (SPARE_IS_POLICY (self), TRUE);

  return self->required_managed;
}

SpareUnusable
spare_policy_get_when_unusable (SparePolicy *self)
{
  g_return_val_if_fail (SPARE_IS_POLICY (self), SPARE_UNUSABLE_REFUSE);

  return self->when_unusable;
}

gboolean
spare_policy_is_when_unusable_managed (SparePolicy *self)
{
  g_return_val_if_fail (SPARE_IS_POLICY (self), TRUE);

  return self->when_unusable_managed;
}

/**
 * spare_policy_get_authority:
 *
 * Returns: (nullable): the primary fingerprint that the administrator pinned
 */
const char *
spare_policy_get_authority (SparePolicy *self)
{
  g_return_val_if_fail (SPARE_IS_POLICY (self), NULL);

  return self->authority;
}

const char *
spare_policy_get_authority_key (SparePolicy *self)
{
  g_return_val_if_fail (SPARE_IS_POLICY (self), NULL);

  return self->authority_key;
}

/**
 * spare_policy_get_deposit_to:
 *
 * Returns: (nullable): the URI that deposits go to by themselves
 */
const char *
spare_policy_get_deposit_to (SparePolicy *self)
{
  g_return_val_if_fail (SPARE_IS_POLICY (self), NULL);

  return self->deposit_to;
}

gboolean
spare_policy_is_deposit_to_managed (SparePolicy *self)
{
  g_return_val_if_fail (SPARE_IS_POLICY (self), TRUE);

  return self->deposit_to_managed;
}

gboolean
spare_policy_is_managed (SparePolicy *self)
{
  g_return_val_if_fail (SPARE_IS_POLICY (self), FALSE);

  return self->managed;
}
