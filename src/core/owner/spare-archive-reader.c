/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A tar archive unpacked into a folder that nobody else sees yet. It was authenticated before, but whoever encrypted
 * it may still have made it to do harm.
 *
 * Promises: nothing is written outside the folder (names are split here, "." and empty parts dropped, ".." and
 * absolute names refused, and every folder on the way is opened without following links); nothing that is there is
 * overwritten, so an archive that names a thing twice is refused; links are made last, so nothing can be written
 * through them; set-user-id and the like are dropped; pipes and devices are not made but counted.
 *
 * An archive made here has one top folder. Its content goes straight into @folder_fd; an archive with several things
 * at the top is unpacked as it is. That needs two passes over the names, so the archive is a file that can seek. */

#include "config.h"

#include "spare-archive-reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spare-display.h"
#include "spare-error.h"

#define PART      (256 * 1024)
#define DEPTH_MAX 256

typedef struct
{
  char **parts;
  gint64 seconds;
  long nanoseconds;
  mode_t mode;
} LateFolder;

typedef struct
{
  char **parts;
  char *target;
  gboolean hard;
} LateLink;

typedef struct
{
  int archive_fd;
  int folder_fd;
  gboolean strip;     /* drop the one top folder */
  GPtrArray *folders; /* LateFolder: times and modes, set when all is in them */
  GPtrArray *links;   /* LateLink */
  guint8 *part;
  guint n_left_out;
  GCancellable *cancellable;
} Unpacking;

static void
late_folder_free (gpointer data)
{
  LateFolder *late = data;

  g_strfreev (late->parts);
  g_free (late);
}

static void
late_link_free (gpointer data)
{
  LateLink *late = data;

  g_strfreev (late->parts);
  g_free (late->target);
  g_free (late);
}

static gboolean
refuse (const char *name, GError **error)
{
  g_autofree char *shown = spare_display_text (name, -1, 120);

  g_set_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
               _ ("The archive holds the name “%s”, which does not belong into a folder. "
                  "Nothing "
                  "was unpacked."),
               shown);
  return FALSE;
}

static gboolean
fail_errno (const char *name, int code, GError **error)
{
  g_autofree char *shown = spare_display_text (name, -1, 120);

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _ ("“%s” can’t be unpacked: %s. The encrypted file is unharmed."), shown,
               g_strerror (code));
  return FALSE;
}

/* A name that this locale can't write comes as UTF-8. */

static const char *
entry_name (struct archive_entry *entry)
{
  const char *name = archive_entry_pathname (entry);

  return name != NULL ? name : archive_entry_pathname_utf8 (entry);
}

static const char *
entry_hard_link (struct archive_entry *entry)
{
  const char *name = archive_entry_hardlink (entry);

  return name != NULL ? name : archive_entry_hardlink_utf8 (entry);
}

static const char *
entry_link (struct archive_entry *entry)
{
  const char *name = archive_entry_symlink (entry);

  return name != NULL ? name : archive_entry_symlink_utf8 (entry);
}

/* Splits a name into its parts; NULL if it leads out of the folder. */
static char **
split_name (const char *name)
{
  g_auto (GStrv) raw = NULL;
  g_autoptr (GStrvBuilder) parts = g_strv_builder_new ();
  guint n = 0;

  if (name == NULL || name[0] == '/' || strlen (name) >= PATH_MAX)
    return NULL;
  raw = g_strsplit (name, "/", -1);
  for (char **part = raw; *part != NULL; part++)
    {
      if (**part == '\0' || strcmp (*part, ".") == 0)
        continue;
      if (strcmp (*part, "..") == 0 || strlen (*part) > NAME_MAX || ++n > DEPTH_MAX)
        return NULL;
      g_strv_builder_add (parts, *part);
    }
  return g_strv_builder_end (parts);
}

/* Opens the folder that the last part lies in, making those on the way that are missing. */
static int
open_parent (Unpacking *self, char **parts, const char *name, GError **error)
{
  int fd = fcntl (self->folder_fd, F_DUPFD_CLOEXEC, 3);

  for (guint i = 0; fd >= 0 && parts[i] != NULL && parts[i + 1] != NULL; i++)
    {
      int next;

      if (mkdirat (fd, parts[i], 0700) < 0 && errno != EEXIST)
        {
          int code = errno;

          close (fd);
          fail_errno (name, code, error);
          return -1;
        }
      next = openat (fd, parts[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (next < 0)
        {
          int code = errno;

          close (fd);
          if (code == ENOTDIR || code == ELOOP)
            refuse (name, error);
          else
            fail_errno (name, code, error);
          return -1;
        }
      close (fd);
      fd = next;
    }
  if (fd < 0)
    fail_errno (name, errno, error);
  return fd;
}

static const char *
last_part (char **parts)
{
  return parts[g_strv_length (parts) - 1];
}

static gboolean
unpack_folder (Unpacking *self,
               struct archive_entry *entry,
               char **parts,
               const char *name,
               GError **error)
{
  LateFolder *late;
  int parent = open_parent (self, parts, name, error);

  if (parent < 0)
    return FALSE;
  if (mkdirat (parent, last_part (parts), 0700) < 0 && errno != EEXIST)
    {
      int code = errno;

      close (parent);
      return fail_errno (name, code, error);
    }
  close (parent);
  late = g_new0 (LateFolder, 1);
  late->parts = g_strdupv (parts);
  late->seconds = archive_entry_mtime (entry);
  late->nanoseconds = archive_entry_mtime_nsec (entry);
  late->mode = archive_entry_perm (entry) & 0777;
  g_ptr_array_add (self->folders, late);
  return TRUE;
}

static gboolean
copy_data (Unpacking *self, struct archive *archive, int fd, const char *name, GError **error)
{
  for (;;)
    {
      la_ssize_t got = archive_read_data (archive, self->part, PART);

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (got == 0)
        return TRUE;
      if (got < 0)
        return refuse (name, error);
      for (la_ssize_t done = 0; done < got;)
        {
          ssize_t written = write (fd, self->part + done, (size_t) (got - done));

          if (written < 0 && errno == EINTR)
            continue;
          if (written < 0)
            return fail_errno (name, errno, error);
          done += written;
        }
    }
}

static gboolean
unpack_file (Unpacking *self,
             struct archive *archive,
             struct archive_entry *entry,
             char **parts,
             const char *name,
             GError **error)
{
  const struct timespec times[2] = {
    { .tv_nsec = UTIME_OMIT },
    { .tv_sec = archive_entry_mtime (entry), .tv_nsec = archive_entry_mtime_nsec (entry) },
  };
  int parent = open_parent (self, parts, name, error);
  int fd, code;
  gboolean copied;

  if (parent < 0)
    return FALSE;
  fd = openat (parent, last_part (parts), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
               0600);
  code = errno;
  close (parent);
  if (fd < 0)
    return code == EEXIST ? refuse (name, error) : fail_errno (name, code, error);

  copied = copy_data (self, archive, fd, name, error);
  /* Times and modes are a convenience: a file system without them still gets the content. */
  if (copied
      && (fchmod (fd, archive_entry_perm (entry) & 0777) < 0 || futimens (fd, times) < 0))
    g_debug ("unpack: %s", g_strerror (errno));
  if (copied && fsync (fd) < 0)
    copied = fail_errno (name, errno, error);
  if (close (fd) < 0 && copied)
    copied = fail_errno (name, errno, error);
  return copied;
}

static void
keep_link (Unpacking *self, struct archive_entry *entry, char **parts)
{
  LateLink *late = g_new0 (LateLink, 1);

  late->hard = entry_hard_link (entry) != NULL;
  late->parts = g_strdupv (parts);
  late->target = g_strdup (late->hard ? entry_hard_link (entry) : entry_link (entry));
  g_ptr_array_add (self->links, late);
}

static gboolean
unpack_entry (Unpacking *self,
              struct archive *archive,
              struct archive_entry *entry,
              GError **error)
{
  const char *name = entry_name (entry);
  g_auto (GStrv) whole = split_name (name);
  char **parts = whole;

  if (parts == NULL)
    return refuse (name != NULL ? name : "", error);
  if (self->strip && parts[0] != NULL)
    parts++;
  if (parts[0] == NULL)
    return TRUE; /* the top folder itself */
  if (entry_hard_link (entry) != NULL || archive_entry_filetype (entry) == AE_IFLNK)
    {
      keep_link (self, entry, parts);
      return TRUE;
    }
  switch (archive_entry_filetype (entry))
    {
    case AE_IFDIR:
      return unpack_folder (self, entry, parts, name, error);
    case AE_IFREG:
      return unpack_file (self, archive, entry, parts, name, error);
    default:
      self->n_left_out++;
      return TRUE;
    }
}

static gboolean
make_hard_link (Unpacking *self, LateLink *late, int parent, const char *name, GError **error)
{
  g_auto (GStrv) whole = split_name (late->target);
  char **target = whole;
  int target_parent, result, code;

  if (target != NULL && self->strip && target[0] != NULL)
    target++;
  if (target == NULL || target[0] == NULL)
    return refuse (late->target, error);
  target_parent = open_parent (self, target, late->target, error);
  if (target_parent < 0)
    return FALSE;
  result = linkat (target_parent, last_part (target), parent, name, 0);
  code = errno;
  close (target_parent);
  return result == 0
         || (code == EEXIST ? refuse (name, error) : fail_errno (name, code, error));
}

/* Hard links first: a symbolic link made before could stand where one of their targets is looked for. */
static gboolean
make_links (Unpacking *self, gboolean hard, GError **error)
{
  for (guint i = 0; i < self->links->len; i++)
    {
      LateLink *late = g_ptr_array_index (self->links, i);
      const char *name = last_part (late->parts);
      int parent;
      gboolean made;

      if (late->hard != hard)
        continue;
      parent = open_parent (self, late->parts, name, error);
      if (parent < 0)
        return FALSE;
      if (hard)
        made = make_hard_link (self, late, parent, name, error);
      else if (late->target == NULL || symlinkat (late->target, parent, name) < 0)
        made = errno == EEXIST ? refuse (name, error) : fail_errno (name, errno, error);
      else
        made = TRUE;
      close (parent);
      if (!made)
        return FALSE;
    }
  return TRUE;
}

/* From the last to the first: what is deeper comes later, and a folder without write permission is closed last. */
static void
finish_folders (Unpacking *self)
{
  for (guint i = self->folders->len; i > 0; i--)
    {
      LateFolder *late = g_ptr_array_index (self->folders, i - 1);
      const struct timespec times[2] = {
        { .tv_nsec = UTIME_OMIT },
        { .tv_sec = late->seconds, .tv_nsec = late->nanoseconds },
      };
      int parent = open_parent (self, late->parts, "", NULL);
      int fd = parent < 0 ? -1
                          : openat (parent, last_part (late->parts),
                                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

      if (fd >= 0)
        {
          if (fsync (fd) < 0 || futimens (fd, times) < 0 || fchmod (fd, late->mode) < 0)
            g_debug ("unpack: %s", g_strerror (errno));
          close (fd);
        }
      if (parent >= 0)
        close (parent);
    }
}

/* The entries one after the other; @strip_out: only look whether all lie under one top folder. */
static gboolean
for_all_entries (Unpacking *self, gboolean *strip_out, GError **error)
{
  struct archive *archive = archive_read_new ();
  struct archive_entry *entry;
  g_autofree char *top = NULL;
  gboolean good = FALSE;
  int result = ARCHIVE_OK;

  if (lseek (self->archive_fd, 0, SEEK_SET) < 0
      || archive_read_support_format_tar (archive) != ARCHIVE_OK
      || archive_read_open_fd (archive, self->archive_fd, 64 * 1024) != ARCHIVE_OK)
    goto out;
  if (strip_out != NULL)
    *strip_out = TRUE;
  while ((result = archive_read_next_header (archive, &entry)) == ARCHIVE_OK
         || result == ARCHIVE_WARN)
    {
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        goto failed;
      if (strip_out == NULL)
        {
          if (!unpack_entry (self, archive, entry, error))
            goto failed;
          continue;
        }
      g_auto (GStrv) parts = split_name (entry_name (entry));
      if (parts == NULL || parts[0] == NULL)
        continue;
      if (top == NULL)
        top = g_strdup (parts[0]);
      if (strcmp (top, parts[0]) != 0
          || (parts[1] == NULL && archive_entry_filetype (entry) != AE_IFDIR))
        *strip_out = FALSE;
    }
  good = result == ARCHIVE_EOF;
  if (strip_out != NULL && top == NULL)
    *strip_out = FALSE;
out:
  if (!good)
    {
      g_debug ("unpack: %s", archive_error_string (archive));
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                           _ ("What was decrypted is not an archive that can be unpacked. The "
                              "encrypted file is unharmed; it can be decrypted without "
                              "unpacking."));
    }
failed:
  archive_read_free (archive);
  return good;
}

/**
 * spare_archive_unpack_sync:
 * @archive_fd: the archive, open for reading; it is read from its start
 * @folder_fd: an empty folder that nobody else knows
 * @n_left_out: (out): how many pipes and devices the archive named, which were not made
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Unpacks a tar archive. On failure the folder holds some part of it and is to be thrown away.
 *
 * Returns: %FALSE with [enum@SpareErrorCode].DAMAGED for what is no archive or would write elsewhere, else a
 *   [enum@Gio.IOErrorEnum]
 */
gboolean
spare_archive_unpack_sync (int archive_fd,
                           int folder_fd,
                           guint *n_left_out,
                           GCancellable *cancellable,
                           GError **error)
{
  Unpacking self = { .archive_fd = archive_fd,
                     .folder_fd = folder_fd,
                     .cancellable = cancellable };
  g_autofree guint8 *part = g_malloc (PART);
  g_autoptr (GPtrArray) folders = g_ptr_array_new_with_free_func (late_folder_free);
  g_autoptr (GPtrArray) links = g_ptr_array_new_with_free_func (late_link_free);

  self.part = part;
  self.folders = folders;
  self.links = links;
  if (!for_all_entries (&self, &self.strip, error) || !for_all_entries (&self, NULL, error)
      || !make_links (&self, TRUE, error) || !make_links (&self, FALSE, error))
    return FALSE;
  finish_folders (&self);
  *n_left_out = self.n_left_out;
  return TRUE;
}
