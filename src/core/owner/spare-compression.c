/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whether compressing is worth its time, told from a few samples instead of from the file's name: photographs, films
 * and archives don't gain, text and databases do. A wrong guess costs time or space, never content. */

#include "config.h"

#include "spare-compression.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <unistd.h>

#include "spare-folder-walk.h"

#define SAMPLE       (16 * 1024)
#define SAMPLES      3
#define FOLDER_FILES 12
/* Smaller files fill one block of the disk anyway. */
#define SIZE_MIN 4096
/* Of what was there, in percent, must be left at most. */
#define GAIN_PERCENT 60

static gsize
compressed_size (const guint8 *octets, gsize size)
{
  g_autoptr (GZlibCompressor)
      compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW, 1);
  guint8 out[SAMPLE];
  gsize total = 0;

  for (gsize done = 0;;)
    {
      gsize read = 0, written = 0;
      GConverterResult result = g_converter_convert (G_CONVERTER (compressor), octets + done,
                                                     size - done, out, sizeof out,
                                                     G_CONVERTER_INPUT_AT_END, &read, &written,
                                                     NULL);

      done += read;
      total += written;
      if (result == G_CONVERTER_FINISHED)
        return total;
      if (result == G_CONVERTER_ERROR)
        return size;
    }
}

static void
take_samples (int fd, guint64 size, gsize *before, gsize *after)
{
  guint8 sample[SAMPLE];

  for (guint i = 0; i < SAMPLES; i++)
    {
      guint64 offset = size <= SAMPLE ? 0 : (size - SAMPLE) / (SAMPLES - 1) * i;
      gssize got = pread (fd, sample, sizeof sample, (off_t) offset);

      if (got > 0)
        {
          *before += (gsize) got;
          *after += compressed_size (sample, (gsize) got);
        }
      if (size <= SAMPLE)
        return;
    }
}

static gboolean
is_gain (gsize before, gsize after)
{
  return before > 0 && after * 100 <= before * GAIN_PERCENT;
}

/**
 * spare_compression_gains:
 * @fd: the file, open for reading; its position stays
 * @size: its size in octets
 *
 * Returns: whether compressing it before encryption saves enough
 */
gboolean
spare_compression_gains (int fd, guint64 size)
{
  gsize before = 0, after = 0;

  if (size < SIZE_MIN || size > SPARE_COMPRESSION_SIZE_MAX)
    return FALSE;
  take_samples (fd, size, &before, &after);
  return is_gain (before, after);
}

/**
 * spare_compression_gains_for_folder:
 * @folder: the folder's path
 * @size: octets of all its files
 *
 * Returns: whether compressing its archive saves enough, judged by its first files
 */
gboolean
spare_compression_gains_for_folder (const char *folder, guint64 size)
{
  g_autoptr (SpareFolderWalk) walk = NULL;
  const SpareFolderEntry *entry;
  gsize before = 0, after = 0;

  if (size < SIZE_MIN || size > SPARE_COMPRESSION_SIZE_MAX)
    return FALSE;
  walk = spare_folder_walk_new (folder, NULL);
  for (guint taken = 0; walk != NULL && taken < FOLDER_FILES;)
    {
      int fd;

      if (!spare_folder_walk_next (walk, &entry, NULL) || entry == NULL)
        break;
      if (entry->kind != SPARE_FOLDER_ENTRY_FILE || entry->stat->st_size < SIZE_MIN)
        continue;
      fd = openat (entry->folder_fd, entry->name,
                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
      if (fd < 0)
        continue;
      take_samples (fd, (guint64) entry->stat->st_size, &before, &after);
      close (fd);
      taken++;
    }
  return is_gain (before, after);
}
