/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Notes about hidden temporaries, and the clean-up of what crashes left behind.
 *
 * Promise: the clean-up removes nothing but what such a note names, in the form that Spare Key gives its
 * temporaries, of the kind noted and belonging to the person; and nothing of a process that lives.
 *
 * A note is a file `$XDG_STATE_HOME/sparekey/inflight/<16 hex>`, fields ended by NUL as names hold any octet
 * but that:
 *
 *   sparekey-inflight 1 | file or dir | folder | .NAME.<the same 16 hex>.part [| placeholder | its inode]
 *
 * Locks: the note's maker holds flock() on it for as long as it lives. Between making a note and locking it
 * the maker shares a lock on the folder, which the clean-up takes alone while it collects the notes that
 * nobody holds; so it never meets one that is not locked yet.
 */
#include "config.h"

#include "spare-inflight-private.h"

#include "spare-display.h"
#include "spare-errno-private.h"
#include "spare-fd.h"
#include "spare-output-dir.h"
#include "spare-paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gcrypt.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define MAGIC     "sparekey-inflight 1"
#define ID_LENGTH 16
/* The part of the target's name that a temporary shows; with the dots, the id and "part" it stays below 255. */
#define STEM_MAX 200
/* A note holds two paths at most. */
#define NOTE_MAX (2 * 4096 + 1024)
/* Notes looked at in one go, as each keeps a descriptor open; the rest waits for the next start. */
#define COLLECT_MAX 128

struct _SpareInflight
{
  int folder;
  int fd;
  char *id;
  char *temporary;
};

static int
open_folder (GError **error)
{
  g_autofree char *state = spare_paths_ensure_state_dir (error);
  g_autofree char *path = NULL;
  int fd;

  if (state == NULL)
    return -1;
  path = g_build_filename (state, "inflight", NULL);
  if (!spare_paths_ensure_dir (path, error))
    return -1;
  fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    spare_errno_set_error (error, errno, _ ("Spare Key’s own folder can’t be opened."));

  return fd;
}

static gboolean
write_all (int fd, const char *data, gsize size)
{
  while (size > 0)
    {
      ssize_t n = write (fd, data, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      data += n;
      size -= (gsize) n;
    }

  return TRUE;
}

static char *
make_id (void)
{
  guint64 random;

  gcry_create_nonce (&random, sizeof random);
  return g_strdup_printf ("%016" G_GINT64_MODIFIER "x", random);
}

/* Cut at a character where the name is UTF-8, as FAT takes nothing else. */
static gsize
stem_length (const char *name)
{
  gsize length = strlen (name);

  if (length <= STEM_MAX)
    return length;
  length = STEM_MAX;
  while (length > STEM_MAX - 4 && (name[length] & 0xc0) == 0x80)
    length--;

  return length;
}

static gboolean
write_note (SpareInflight *self, const char *directory, SpareInflightKind kind)
{
  g_autoptr (GString) note = g_string_new (MAGIC);

  g_string_append_c (note, '\0');
  g_string_append (note, kind == SPARE_INFLIGHT_DIR ? "dir" : "file");
  g_string_append_c (note, '\0');
  g_string_append (note, directory);
  g_string_append_c (note, '\0');
  g_string_append (note, self->temporary);
  g_string_append_c (note, '\0');

  return write_all (self->fd, note->str, note->len) && fsync (self->fd) == 0
         && fsync (self->folder) == 0;
}

/* spare_inflight_begin:
 * @directory: absolute path of the folder that will hold the temporary
 * @name: the target's name
 *
 * Makes the note durable. The temporary itself may be made after that, not before. */
SpareInflight *
spare_inflight_begin (const char *directory,
                      const char *name,
                      SpareInflightKind kind,
                      GError **error)
{
  SpareInflight *self = g_new0 (SpareInflight, 1);

  self->fd = -1;
  self->folder = open_folder (error);
  if (self->folder < 0)
    {
      spare_inflight_leave (self);
      return NULL;
    }

  self->id = make_id ();
  self->temporary = g_strdup_printf (".%.*s.%s.part", (int) stem_length (name), name, self->id);
  if (flock (self->folder, LOCK_SH) == 0)
    {
      self->fd = openat (self->folder, self->id,
                         O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
      if (self->fd >= 0 && flock (self->fd, LOCK_EX | LOCK_NB) == 0
          && write_note (self, directory, kind))
        {
          flock (self->folder, LOCK_UN);
          return self;
        }
    }

  spare_errno_set_error (error, errno,
                         _ ("Spare Key can’t write in its own folder. Nothing was changed."));
  if (self->fd >= 0)
    unlinkat (self->folder, self->id, 0);
  spare_inflight_leave (self);
  return NULL;
}

/* The name of the temporary, without a folder. */
const char *
spare_inflight_get_temporary (SpareInflight *self)
{
  return self->temporary;
}

/* Adds that an empty file holds the target's name until the temporary takes its place. The inode says which
 * one it is, so that nobody else's empty file is ever taken for it. Returns FALSE with errno set. */
gboolean
spare_inflight_note_placeholder (SpareInflight *self, const char *name, guint64 inode)
{
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, inode);

  return write_all (self->fd, name, strlen (name) + 1)
         && write_all (self->fd, number, strlen (number) + 1) && fsync (self->fd) == 0;
}

/* The temporary is gone: so is the note. Frees @self. */
void
spare_inflight_end (SpareInflight *self)
{
  if (self == NULL)
    return;

  unlinkat (self->folder, self->id, 0);
  spare_inflight_leave (self);
}

/* The temporary could not be removed: the next start tries again. Frees @self. */
void
spare_inflight_leave (SpareInflight *self)
{
  if (self == NULL)
    return;

  spare_fd_clear (&self->fd);
  spare_fd_clear (&self->folder);
  g_free (self->id);
  g_free (self->temporary);
  g_free (self);
}

typedef struct
{
  char id[ID_LENGTH + 1];
  int fd;
} Note;

static gboolean
is_id (const char *name)
{
  return strlen (name) == ID_LENGTH && strspn (name, "0123456789abcdef") == ID_LENGTH;
}

/* Takes the locks of all notes that nobody holds. */
static GArray *
collect (int folder, GError **error)
{
  g_autoptr (GArray) notes = g_array_new (FALSE, TRUE, sizeof (Note));
  struct dirent *entry;
  DIR *dir;
  int fd;

  if (flock (folder, LOCK_EX) != 0
      || (fd = openat (folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
    {
      spare_errno_set_error (error, errno, _ ("Spare Key’s own folder can’t be read."));
      return NULL;
    }
  dir = fdopendir (fd);
  while (dir != NULL && notes->len < COLLECT_MAX && (entry = readdir (dir)) != NULL)
    {
      Note note = { 0 };

      if (!is_id (entry->d_name))
        continue;
      note.fd = openat (folder, entry->d_name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
      if (note.fd < 0)
        continue;
      if (flock (note.fd, LOCK_EX | LOCK_NB) != 0)
        {
          close (note.fd);
          continue;
        }
      memcpy (note.id, entry->d_name, ID_LENGTH);
      g_array_append_val (notes, note);
    }
  if (dir != NULL)
    closedir (dir);
  flock (folder, LOCK_UN);

  return g_steal_pointer (&notes);
}

/* Removes what the note names. Returns FALSE when the note must stay, as its folder or device is away. */
static gboolean
settle (const Note *note, char **fields, guint n_fields, guint *n_removed)
{
  g_autofree char *ending = g_strconcat (".", note->id, ".part", NULL);
  const char *temporary;
  spare_autofd int dirfd = -1;
  gboolean is_dir, removed;
  struct stat st;

  if (n_fields < 4 || strcmp (fields[0], MAGIC) != 0)
    return TRUE; /* cut by a power loss: the temporary was not made yet */
  is_dir = strcmp (fields[1], "dir") == 0;
  temporary = fields[3];
  if (temporary[0] != '.' || strchr (temporary, '/') != NULL
      || !g_str_has_suffix (temporary, ending))
    return TRUE;

  dirfd = open (fields[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dirfd < 0)
    return FALSE;
  if (fstatat (dirfd, temporary, &st, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT;
  if (st.st_uid != geteuid () || !(is_dir ? S_ISDIR (st.st_mode) : S_ISREG (st.st_mode)))
    return TRUE;

  /* The temporary is still here, so an empty file under the target's name is the placeholder for it. */
  if (n_fields > 5 && strchr (fields[4], '/') == NULL
      && fstatat (dirfd, fields[4], &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG (st.st_mode)
      && st.st_size == 0 && st.st_ino == g_ascii_strtoull (fields[5], NULL, 10))
    unlinkat (dirfd, fields[4], 0);

  if (is_dir)
    removed = spare_output_dir_remove_tree (dirfd, temporary, NULL);
  else
    removed = unlinkat (dirfd, temporary, 0) == 0;
  if (removed)
    {
      fsync (dirfd);
      *n_removed += 1;
    }

  return removed;
}

/* spare_inflight_clean_up:
 * @n_removed: (out): how many temporaries were removed
 *
 * See spare_output_clean_up(). */
gboolean
spare_inflight_clean_up (guint *n_removed, GError **error)
{
  g_autoptr (GArray) notes = NULL;
  spare_autofd int folder = open_folder (error);
  guint removed = 0;

  if (folder < 0)
    return FALSE;
  notes = collect (folder, error);
  if (notes == NULL)
    return FALSE;

  for (guint i = 0; i < notes->len; i++)
    {
      Note *note = &g_array_index (notes, Note, i);
      g_autofree char *text = g_malloc (NOTE_MAX + 1);
      char *fields[6] = { NULL };
      guint n_fields = 0;
      ssize_t length = pread (note->fd, text, NOTE_MAX, 0);

      /* Only fields that are ended count. */
      for (ssize_t at = 0; at < length && n_fields < G_N_ELEMENTS (fields);)
        {
          char *end = memchr (text + at, '\0', (gsize) (length - at));

          if (end == NULL)
            break;
          fields[n_fields++] = text + at;
          at = end - text + 1;
        }
      if (length >= 0 && settle (note, fields, n_fields, &removed))
        unlinkat (folder, note->id, 0);
      close (note->fd);
    }

  if (n_removed != NULL)
    *n_removed = removed;
  return TRUE;
}
