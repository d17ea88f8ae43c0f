/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder and the name of an output.
 *
 * Promise: what can be known beforehand is said beforehand (a taken name, too little space, a file too large
 * for FAT, a name too long), while nothing has been written yet.
 */
#include "config.h"

#include "spare-output-place-private.h"

#include "spare-display.h"
#include "spare-errno-private.h"
#include "spare-error.h"
#include "spare-fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#define FAT_MAGIC    0x4d44
#define FAT_FILE_MAX ((goffset) G_MAXUINT32)
#define SPACE_MARGIN (1024 * 1024)

/* What failed, in words, with the folder's name where %s is. */
static const char *
get_sentence (int errsv)
{
  switch (errsv)
    {
    case ENOENT:
    case ENOTDIR:
      return _ ("There is no folder “%s”. Nothing was changed.");
    case EACCES:
    case EPERM:
      return _ ("You are not allowed to write in the folder “%s”. Nothing was changed; choose "
                "another folder.");
    case EROFS:
      return _ ("The folder “%s” can only be read, not written. Nothing was changed; choose "
                "another folder.");
    case ENOSPC:
    case EDQUOT:
      return _ (
          "There is no space left in the folder “%s”. Nothing was changed; the unfinished "
          "output is thrown away.");
    case EFBIG:
      return _ (
          "The output is too large for the folder “%s”. Nothing was changed; choose another "
          "folder.");
    case ENAMETOOLONG:
      return _ (
          "The name of the output would be too long for the folder “%s”. Nothing was changed; "
          "shorten the name of the original and try again.");
    case EINVAL:
    case EILSEQ:
      return _ (
          "The folder “%s” does not take this name. Nothing was changed; choose another folder "
          "or another name.");
    case EIO:
    case ENODEV:
    case ENXIO:
    case ENOTCONN:
    case ESHUTDOWN:
      return _ ("The device that holds “%s” fails or is gone. The output was not made; the "
                "original is "
                "unchanged.");
    default:
      return _ ("The output can’t be written in the folder “%s”. Nothing was changed.");
    }
}

/* The folder can't be used, or a step in it failed. */
void
spare_output_place_set_error (SpareOutputPlace *self, int errsv, GError **error)
{
  int code = errsv;

  if (errsv == EPERM)
    code = EACCES;
  else if (errsv == EILSEQ)
    code = EINVAL;
  spare_errno_set_error (error, code, get_sentence (errsv), self->shown);
}

void
spare_output_place_set_taken (SpareOutputPlace *self, const char *name, GError **error)
{
  g_autofree char *shown = spare_display_text (name, -1, 80);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
               _ ("There is already something named “%s” in the folder “%s”. It is untouched."),
               shown, self->shown);
}

/* spare_output_place_open:
 * @target: (type filename): folder and name of the output
 *
 * Opens the folder. Nothing is held open on failure. */
gboolean
spare_output_place_open (SpareOutputPlace *self, const char *target, GError **error)
{
  struct stat st;
  char *real;
  long name_max;

  memset (self, 0, sizeof *self);
  self->dirfd = -1;
  self->directory = g_path_get_dirname (target);
  self->shown = spare_display_text (self->directory, -1, 80);
  self->name = g_path_get_basename (target);
  self->bare = strchr (target, '/') == NULL;

  if (*target == '\0' || g_str_has_suffix (target, "/") || g_str_equal (self->name, ".")
      || g_str_equal (self->name, ".."))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME,
                           _ ("The output has no name. Nothing was changed."));
      spare_output_place_clear (self);
      return FALSE;
    }

  self->dirfd = open (self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->dirfd < 0 || fstat (self->dirfd, &st) != 0)
    {
      spare_output_place_set_error (self, errno, error);
      spare_output_place_clear (self);
      return FALSE;
    }
  self->dev = st.st_dev;
  self->ino = st.st_ino;
  real = realpath (self->directory, NULL);
  self->absolute = g_strdup (real != NULL ? real : self->directory);
  free (real);

  name_max = fpathconf (self->dirfd, _PC_NAME_MAX);
  if (name_max > 0 && strlen (self->name) > (gsize) name_max)
    {
      spare_output_place_set_error (self, ENAMETOOLONG, error);
      spare_output_place_clear (self);
      return FALSE;
    }

  return TRUE;
}

void
spare_output_place_clear (SpareOutputPlace *self)
{
  spare_fd_clear (&self->dirfd);
  g_clear_pointer (&self->directory, g_free);
  g_clear_pointer (&self->absolute, g_free);
  g_clear_pointer (&self->shown, g_free);
  g_clear_pointer (&self->name, g_free);
}

/* Early word about a taken name; publishing decides again. Never replaced: a folder, a link, a device. */
gboolean
spare_output_place_check_name (SpareOutputPlace *self,
                               SpareConflict conflict,
                               gboolean is_dir,
                               GError **error)
{
  struct stat st;

  if (conflict == SPARE_CONFLICT_RENAME)
    return TRUE;
  if (fstatat (self->dirfd, self->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
    {
      if (errno == ENOENT)
        return TRUE;
      spare_output_place_set_error (self, errno, error);
      return FALSE;
    }
  if (conflict == SPARE_CONFLICT_REPLACE && !is_dir)
    {
      g_autofree char *shown = NULL;

      if (S_ISREG (st.st_mode))
        return TRUE;
      shown = spare_display_text (self->name, -1, 80);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                   _ ("“%s” is not a file but a folder, a link or a device, and is never "
                      "replaced. "
                      "It is untouched."),
                   shown);
      return FALSE;
    }

  spare_output_place_set_taken (self, self->name, error);
  return FALSE;
}

gboolean
spare_output_place_check_limits (const char *shown,
                                 guint64 fs_type,
                                 guint64 available,
                                 goffset size_hint,
                                 GError **error)
{
  guint64 needed = (guint64) size_hint + (guint64) size_hint / 50 + SPACE_MARGIN;

  if (fs_type == FAT_MAGIC && size_hint > FAT_FILE_MAX)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                   _ ("The folder “%s” is on a medium that takes no file of 4 GiB or more. "
                      "Nothing was "
                      "changed; choose another folder."),
                   shown);
      return FALSE;
    }
  if (available < needed)
    {
      g_autofree char *missing = g_format_size (needed - available);

      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                   /* Translators: %s is an amount such as “3.2 GB” */
                   _ ("There is not enough space in the folder “%s”: %s more are needed. "
                      "Nothing was "
                      "changed; make room or choose another folder."),
                   shown, missing);
      return FALSE;
    }

  return TRUE;
}

/* spare_output_place_check_space:
 * @size_hint: octets to come, or 0 or less when not known */
gboolean
spare_output_place_check_space (SpareOutputPlace *self, goffset size_hint, GError **error)
{
  struct statvfs space;
  struct statfs kind;

  if (size_hint <= 0 || fstatvfs (self->dirfd, &space) != 0
      || fstatfs (self->dirfd, &kind) != 0)
    return TRUE;
  /* File systems that can't tell report nothing at all. */
  if (space.f_blocks == 0)
    return TRUE;

  return spare_output_place_check_limits (self->shown, (guint64) kind.f_type,
                                          (guint64) space.f_bavail * space.f_frsize, size_hint,
                                          error);
}

/* Whether the folder is still the one under its path: a medium may have been pulled or replaced, and what was
 * written then lies elsewhere, or on the system's own disk. */
gboolean
spare_output_place_check_same (SpareOutputPlace *self, GError **error)
{
  struct stat st;

  if (stat (self->directory, &st) == 0 && st.st_dev == self->dev && st.st_ino == self->ino)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
               _ ("The folder “%s” was moved, removed or replaced meanwhile. The output was "
                  "not made; "
                  "the original is unchanged."),
               self->shown);
  return FALSE;
}

static int
sync_directory_fd (int fd)
{
  if (fsync (fd) == 0)
    return 0;
  /* Some file systems have nothing to sync in a folder. */
  if (errno == EINVAL || errno == EROFS || errno == EOPNOTSUPP || errno == ENOSYS
      || errno == EBADF)
    {
      g_debug ("This file system does not sync folders: %s", g_strerror (errno));
      return 0;
    }

  return errno;
}

gboolean
spare_output_place_sync (SpareOutputPlace *self, GError **error)
{
  int errsv = sync_directory_fd (self->dirfd);

  if (errsv == 0)
    return TRUE;

  g_set_error (error, SPARE_ERROR, SPARE_ERROR_OUTPUT_UNSURE,
               /* Translators: a folder, then the system’s own words for the error */
               _ ("The output is in the folder “%s”, but its device reports an error (%s), so "
                  "it may not "
                  "survive a power cut. Keep the original and check the device."),
               self->shown, g_strerror (errsv));
  return FALSE;
}

char *
spare_output_place_dup_path (SpareOutputPlace *self, const char *name)
{
  return self->bare ? g_strdup (name) : g_build_filename (self->directory, name, NULL);
}

static gboolean
is_one_of (const char *suffix, gsize length, const char *const *list)
{
  for (gsize i = 0; list[i] != NULL; i++)
    if (strlen (list[i]) == length && g_ascii_strncasecmp (suffix, list[i], length) == 0)
      return TRUE;

  return FALSE;
}

/* A suffix and not the end of a sentence or a version: one to eight letters and digits, not digits alone. */
static gboolean
is_suffix (const char *suffix, gsize length)
{
  gboolean letter = FALSE;

  if (length < 2 || length > 9)
    return FALSE;
  for (gsize i = 1; i < length; i++)
    {
      if (!g_ascii_isalnum (suffix[i]))
        return FALSE;
      letter = letter || g_ascii_isalpha (suffix[i]);
    }

  return letter;
}

/* spare_output_place_number_name:
 *
 * The name with a number before its suffixes: `notes.txt.gpg` becomes `notes (2).txt.gpg`, `x.tar.gz.gpg`
 * `x (2).tar.gz.gpg`. A name that begins with a dot keeps that. Any octets. */
char *
spare_output_place_number_name (const char *name, guint number)
{
  static const char *const crypt[] = { ".gpg", ".pgp", ".asc", NULL };
  static const char *const packed[] = { ".gz", ".xz", ".bz2", ".zst", ".lz", NULL };
  static const char *const tar[] = { ".tar", NULL };
  gsize end = strlen (name);

  for (int step = 0; step < 3; step++)
    {
      const char *dot = memrchr (name, '.', end);
      gsize length;

      if (dot == NULL || dot == name)
        break;
      length = end - (gsize) (dot - name);
      if (!is_suffix (dot, length))
        break;
      end = (gsize) (dot - name);
      /* After .gpg comes what the file is; after .gz only .tar belongs to it. */
      if (!is_one_of (dot, length, crypt))
        {
          if (is_one_of (dot, length, packed) && end > 4 && is_one_of (name + end - 4, 4, tar))
            end -= 4;
          break;
        }
    }

  return g_strdup_printf ("%.*s (%u)%s", (int) end, name, number, name + end);
}
