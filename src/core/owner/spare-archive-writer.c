/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A folder turned into a tar stream while the engine reads it: nothing is stored in between. The format is GNU
 * tar's, which every tar reads. Of pax archives as libarchive makes them gpgtar 2.2 loses the modes, and it stumbles
 * over the first name that is not ASCII. The price: times are whole seconds and not before 1970, and gpgtar opens
 * no name beyond 100 octets.
 *
 *   engine asks for octets → buffer empty? → next entry or next part of a file → libarchive → buffer → engine
 *
 * Promises: every name lies under NAME/, the folder's own name; links are kept as links, never followed; a file that
 * changes its size while it is read ends the archive with an error, so no archive is believed that does not hold
 * what the folder held; pipes, devices and sockets are left out and counted, so the caller can say so. Whose files
 * they were on this machine (user and group) is not written. */

#include "config.h"

#include "spare-archive-writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-folder-walk.h"
#include "spare-source.h"

/* Octets taken from a file at a time. */
#define PART (256 * 1024)

struct _SpareArchiveWriter
{
  char *folder;
  char *name;
  SpareFolderWalk *walk;
  struct archive *archive;
  GByteArray *pending; /* what libarchive wrote and nobody took yet */
  gsize taken;
  guint8 *part;

  SpareSource *source; /* the file being copied */
  guint64 left;        /* octets of it still to come */
  guint64 read;
  guint n_left_out;
  gboolean begun, ended;
};

static la_ssize_t
write_cb (struct archive *archive, void *user_data, const void *octets, size_t size)
{
  SpareArchiveWriter *self = user_data;

  g_byte_array_append (self->pending, octets, (guint) size);
  return (la_ssize_t) size;
}

static gboolean
set_archive_error (SpareArchiveWriter *self, GError **error)
{
  g_debug ("archive: %s", archive_error_string (self->archive));
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("The folder could not be turned into an archive. Nothing was "
                          "changed."));
  return FALSE;
}

/**
 * spare_archive_writer_new:
 * @folder: the folder's path
 * @error: return location for an error
 *
 * Begins the archive of a folder.
 *
 * Returns: (transfer full): the writer, or %NULL with a [enum@Gio.IOErrorEnum]
 */
SpareArchiveWriter *
spare_archive_writer_new (const char *folder, GError **error)
{
  g_autoptr (SpareArchiveWriter) self = g_new0 (SpareArchiveWriter, 1);
  g_autofree char *absolute = g_canonicalize_filename (folder, NULL);

  self->folder = g_strdup (folder);
  self->name = g_path_get_basename (absolute);
  self->pending = g_byte_array_sized_new (2 * PART);
  self->part = g_malloc (PART);
  self->archive = archive_write_new ();
  if (archive_write_set_format_gnutar (self->archive) != ARCHIVE_OK
      || archive_write_set_bytes_per_block (self->archive, 0) != ARCHIVE_OK
      || archive_write_open (self->archive, self, NULL, write_cb, NULL) != ARCHIVE_OK)
    {
      set_archive_error (self, error);
      return NULL;
    }
  self->walk = spare_folder_walk_new (folder, error);
  if (self->walk == NULL)
    return NULL;
  return g_steal_pointer (&self);
}

void
spare_archive_writer_free (SpareArchiveWriter *self)
{
  g_clear_pointer (&self->source, spare_source_free);
  g_clear_pointer (&self->walk, spare_folder_walk_free);
  if (self->archive != NULL)
    archive_write_free (self->archive);
  g_byte_array_unref (self->pending);
  g_free (self->part);
  g_free (self->folder);
  g_free (self->name);
  g_free (self);
}

static gboolean
write_header (SpareArchiveWriter *self,
              const char *below,
              const struct stat *status,
              const char *link_target,
              GError **error)
{
  struct archive_entry *entry = archive_entry_new ();
  g_autofree char *path = below == NULL ? g_strdup (self->name)
                                        : g_strconcat (self->name, "/", below, NULL);
  int result;

  archive_entry_copy_pathname (entry, path);
  archive_entry_set_filetype (entry, status->st_mode & S_IFMT);
  archive_entry_set_perm (entry, status->st_mode & 0777);
  archive_entry_set_mtime (entry, status->st_mtim.tv_sec, status->st_mtim.tv_nsec);
  archive_entry_set_size (entry, S_ISREG (status->st_mode) ? status->st_size : 0);
  if (link_target != NULL)
    archive_entry_copy_symlink (entry, link_target);
  /* A name goes as the octets that it is; libarchive may warn of one that is no text in this locale. */
  result = archive_write_header (self->archive, entry);
  archive_entry_free (entry);
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
    return set_archive_error (self, error);
  return TRUE;
}

static gboolean
write_link (SpareArchiveWriter *self, const SpareFolderEntry *entry, GError **error)
{
  char target[PATH_MAX];
  gssize length = readlinkat (entry->folder_fd, entry->name, target, sizeof target - 1);

  if (length < 0)
    {
      g_autofree char *shown = spare_display_text (entry->path, -1, 120);

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   _ ("The link “%s” can’t be read: %s. Nothing was changed."), shown,
                   g_strerror (errno));
      return FALSE;
    }
  target[length] = '\0';
  return write_header (self, entry->path, entry->stat, target, error);
}

static gboolean
begin_file (SpareArchiveWriter *self, const SpareFolderEntry *entry, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, entry->path, NULL);
  struct stat status;

  self->source = spare_source_open_at (entry->folder_fd, entry->name, path, error);
  if (self->source == NULL)
    return FALSE;
  /* The size that is promised in the header is that of the file which was opened. */
  status = *entry->stat;
  status.st_size = spare_source_get_size (self->source);
  self->left = (guint64) status.st_size;
  return write_header (self, entry->path, &status, NULL, error);
}

static gboolean
copy_part (SpareArchiveWriter *self, GError **error)
{
  gssize got = spare_source_read (self->source, self->part, MIN (self->left, PART), error);

  if (got < 0)
    return FALSE;
  if (got > 0)
    {
      if (archive_write_data (self->archive, self->part, (size_t) got) != got)
        return set_archive_error (self, error);
      self->left -= (guint64) got;
      self->read += (guint64) got;
    }
  if (got == 0 || self->left == 0)
    {
      /* Also tells a file that became shorter: its size is another one then. */
      if (!spare_source_check_unchanged (self->source, error))
        return FALSE;
      if (self->left > 0)
        {
          g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_CHANGED,
                               _ ("A file in the folder changed while it was read. Nothing was "
                                  "changed here; try again when it is at rest."));
          return FALSE;
        }
      g_clear_pointer (&self->source, spare_source_free);
    }
  return TRUE;
}

static gboolean
advance (SpareArchiveWriter *self, GError **error)
{
  const SpareFolderEntry *entry;

  if (self->source != NULL)
    return copy_part (self, error);
  if (!self->begun)
    {
      self->begun = TRUE;
      return write_header (self, NULL, spare_folder_walk_get_stat (self->walk), NULL, error);
    }
  if (!spare_folder_walk_next (self->walk, &entry, error))
    return FALSE;
  if (entry == NULL)
    {
      self->ended = TRUE;
      return archive_write_close (self->archive) == ARCHIVE_OK
             || set_archive_error (self, error);
    }
  switch (entry->kind)
    {
    case SPARE_FOLDER_ENTRY_FOLDER:
      return write_header (self, entry->path, entry->stat, NULL, error);
    case SPARE_FOLDER_ENTRY_LINK:
      return write_link (self, entry, error);
    case SPARE_FOLDER_ENTRY_FILE:
      return begin_file (self, entry, error);
    case SPARE_FOLDER_ENTRY_SPECIAL:
      self->n_left_out++;
      return TRUE;
    default:
      g_assert_not_reached ();
    }
}

/**
 * spare_archive_writer_read:
 * @self: the writer
 * @buffer: (array length=size): where the octets go
 * @size: how many fit
 * @error: return location for an error
 *
 * Makes as much of the archive as is needed and hands out the next octets of it.
 *
 * Returns: the number of octets, 0 at the end, -1 with a [enum@Gio.IOErrorEnum] or
 *   [enum@SpareErrorCode].CHANGED
 */
gssize
spare_archive_writer_read (SpareArchiveWriter *self, guint8 *buffer, gsize size, GError **error)
{
  gsize count;

  while (self->taken == self->pending->len && !self->ended)
    {
      g_byte_array_set_size (self->pending, 0);
      self->taken = 0;
      if (!advance (self, error))
        return -1;
    }
  count = MIN (size, self->pending->len - self->taken);
  memcpy (buffer, self->pending->data + self->taken, count);
  self->taken += count;
  return (gssize) count;
}

/**
 * spare_archive_writer_get_read:
 * @self: the writer
 *
 * Returns: octets of files read so far, for progress against [func@folder_measure_sync]
 */
guint64
spare_archive_writer_get_read (SpareArchiveWriter *self)
{
  return self->read;
}

/**
 * spare_archive_writer_get_n_left_out:
 * @self: the writer
 *
 * Returns: how many pipes, devices and sockets were left out so far
 */
guint
spare_archive_writer_get_n_left_out (SpareArchiveWriter *self)
{
  return self->n_left_out;
}
