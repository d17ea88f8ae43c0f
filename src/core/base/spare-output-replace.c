/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An output that takes the place of a file which is mostly kept: new octets in front, the rest as it was.
 *
 * Promise: the rest is copied inside the kernel, shared where the file system can (copy_file_range), so it costs no
 * memory and is never looked at; the new file has the old one's permissions, access list, owner and attributes, and
 * only the very file that was opened is replaced: one that took its name meanwhile stays.
 *
 * The modification time is not kept. A head of the same length may have changed, and backups that compare size and
 * time would never see it.
 */
#include "config.h"

#include "spare-output-replace.h"

#include "spare-display.h"
#include "spare-error.h"
#include "spare-fd.h"
#include "spare-output-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Octets that are copied between two looks at the cancellable. */
#define STEP           (16 * 1024 * 1024)
#define PART           (256 * 1024)
#define ATTRIBUTES_MAX (64 * 1024)

/**
 * spare_output_open_replacement:
 * @source: the file to be replaced, open
 * @size_hint: octets to come
 * @error: return location
 *
 * Begins an output that replaces the file behind @source, found by its real path, so a link to it keeps pointing to
 * it.
 *
 * Returns: (transfer full): the output; %NULL with %SPARE_ERROR_FAILED when the file has further names (hard
 *   links), which would keep the old octets, or with an error of spare_output_open()
 */
SpareOutput *
spare_output_open_replacement (SpareSource *source, goffset size_hint, GError **error)
{
  SpareOutput *self;
  struct stat st;

  if (spare_source_get_links (source) > 1)
    {
      g_autofree char *shown = spare_display_basename (spare_source_get_path (source));

      g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                   _ ("“%s” has more than one name on this disk (hard links). Changing it "
                      "under "
                      "one name would leave the others as they are, so it was left unchanged. "
                      "Copy it, then try again with the copy."),
                   shown);
      return NULL;
    }
  self = spare_output_open (spare_source_get_real_path (source), SPARE_CONFLICT_REPLACE,
                            size_hint, error);
  if (self == NULL)
    return NULL;
  if (fstat (spare_source_get_fd (source), &st) == 0)
    {
      self->expected_inode = st.st_ino;
      self->expected_device = st.st_dev;
    }
  return self;
}

static gboolean
fail (SpareOutput *self, int errsv, GError **error)
{
  self->failed = TRUE;
  spare_output_place_set_error (&self->place, errsv, error);
  return FALSE;
}

/* For file systems that can't copy inside the kernel. Returns the octets copied, 0 at the end, -1 with @error. */
static gssize
copy_part (SpareOutput *self, int fd, goffset offset, gsize length, GError **error)
{
  g_autofree guint8 *part = g_malloc (PART);
  gssize got;

  do
    got = pread (fd, part, MIN (length, PART), offset);
  while (got < 0 && errno == EINTR);
  if (got < 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                   _ ("The file could not be read to its end (%s). It is unchanged."),
                   g_strerror (errno));
      self->failed = TRUE;
      return -1;
    }
  return got == 0 || spare_output_write (self, part, (gsize) got, error) ? got : -1;
}

/**
 * spare_output_append_range:
 * @self: an output
 * @fd: a regular file
 * @offset: where to begin in it, in octets
 * @length: octets to take
 * @meter: (nullable): told the octets done, under %SPARE_STAGE_FINISHING
 * @cancellable: (nullable): looked at every 16 MiB
 * @error: return location
 *
 * Adds octets of another file at the end of the output. After an error the output can only be discarded.
 *
 * Returns: %FALSE with %SPARE_ERROR_CHANGED when the file ends before @length octets, or as spare_output_write()
 */
gboolean
spare_output_append_range (SpareOutput *self,
                           int fd,
                           goffset offset,
                           goffset length,
                           SpareProgressMeter *meter,
                           GCancellable *cancellable,
                           GError **error)
{
  goffset end = offset + length;
  gboolean in_kernel = TRUE;

  g_return_val_if_fail (self != NULL && !self->published, FALSE);

  self->synced = FALSE;
  while (offset < end)
    {
      off64_t from = offset, to = self->size;
      gssize got;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      got = in_kernel ? copy_file_range (fd, &from, self->fd, &to,
                                         (gsize) MIN (end - offset, STEP), 0)
                      : copy_part (self, fd, offset, (gsize) (end - offset), error);
      if (in_kernel && got < 0)
        {
          if (errno == EINTR)
            continue;
          if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
            return fail (self, errno, error);
          in_kernel = FALSE;
          continue;
        }
      if (got < 0)
        return FALSE;
      if (got == 0)
        {
          self->failed = TRUE;
          g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_CHANGED,
                               _ ("The file became shorter while it was copied. What was made "
                                  "was thrown away; try again when nothing writes to it."));
          return FALSE;
        }
      offset += got;
      if (in_kernel)
        self->size += got;
      if (meter != NULL)
        spare_progress_meter_report (meter, SPARE_STAGE_FINISHING, length - (end - offset),
                                     length);
    }
  return TRUE;
}

/* Extended attributes, the access list among them, as far as the target takes them. */
static void
copy_attributes (SpareOutput *self, int fd)
{
  g_autofree char *names = g_malloc (ATTRIBUTES_MAX);
  g_autofree char *value = g_malloc (ATTRIBUTES_MAX);
  ssize_t length = flistxattr (fd, names, ATTRIBUTES_MAX);

  for (ssize_t i = 0; i < length; i += (ssize_t) strlen (names + i) + 1)
    {
      ssize_t size = fgetxattr (fd, names + i, value, ATTRIBUTES_MAX);

      if (size >= 0 && fsetxattr (self->fd, names + i, value, (size_t) size, 0) != 0)
        g_debug ("attribute %s is not kept: %s", names + i, g_strerror (errno));
    }
}

/**
 * spare_output_keep_attributes:
 * @self: an output
 * @fd: the file that it replaces
 * @error: return location
 *
 * Gives the output the owner, group, permissions and attributes of the old file.
 *
 * Returns: %FALSE with %G_IO_ERROR_PERMISSION_DENIED when the file is another user's and would become one's own
 */
gboolean
spare_output_keep_attributes (SpareOutput *self, int fd, GError **error)
{
  struct stat old, ours;

  if (fstat (fd, &old) != 0 || fstat (self->fd, &ours) != 0)
    return fail (self, errno, error);
  if ((old.st_uid != ours.st_uid || old.st_gid != ours.st_gid)
      && fchown (self->fd, old.st_uid, old.st_gid) != 0 && old.st_uid != ours.st_uid)
    {
      self->failed = TRUE;
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                           _ ("The file belongs to another user of this computer and would "
                              "become yours. It is unchanged; its owner can do this."));
      return FALSE;
    }
  /* A group that could not be kept gets no permissions in its place. */
  if (fstat (self->fd, &ours) != 0)
    return fail (self, errno, error);
  if (fchmod (self->fd, old.st_mode & (ours.st_gid == old.st_gid ? 0777 : 0700)) != 0)
    g_debug ("permissions are not kept: %s", g_strerror (errno));
  copy_attributes (self, fd);
  return TRUE;
}
