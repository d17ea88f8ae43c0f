/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sys/stat.h>

G_BEGIN_DECLS

/* How deep a folder may be nested: each level holds a file descriptor while it is walked. */
#define SPARE_FOLDER_DEPTH_MAX 256

typedef enum
{
  SPARE_FOLDER_ENTRY_FOLDER,
  SPARE_FOLDER_ENTRY_FILE,
  SPARE_FOLDER_ENTRY_LINK,
  SPARE_FOLDER_ENTRY_SPECIAL, /* pipe, device, socket: never opened */
} SpareFolderEntryKind;

/* Valid until the next call. */
typedef struct
{
  SpareFolderEntryKind kind;
  const char *path; /* below the folder, in the file system's octets */
  const char *name; /* its last part */
  int folder_fd;    /* the folder that it lies in; not to be closed */
  const struct stat *stat;
} SpareFolderEntry;

typedef struct _SpareFolderWalk SpareFolderWalk;

SpareFolderWalk *spare_folder_walk_new (const char *folder, GError **error);
void spare_folder_walk_free (SpareFolderWalk *self);
gboolean spare_folder_walk_next (SpareFolderWalk *self,
                                 const SpareFolderEntry **entry,
                                 GError **error);
const struct stat *spare_folder_walk_get_stat (SpareFolderWalk *self);

gboolean spare_folder_measure_sync (const char *folder,
                                    guint *n_files,
                                    guint64 *octets,
                                    GCancellable *cancellable,
                                    GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareFolderWalk, spare_folder_walk_free)

G_END_DECLS
