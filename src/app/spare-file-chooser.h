/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* @files: of GFile, never empty; borrowed. Not called when the person cancels. */
typedef void (*SpareFilesChosenFunc) (GPtrArray *files, gpointer user_data);
/* @octets: NULL with @error. @name: for display. Not called when the person cancels. */
typedef void (*SpareFileReadFunc) (GBytes *octets,
                                   const char *name,
                                   const GError *error,
                                   gpointer user_data);

/* Each keeps @owner_object alive until done, and passes it on. */
void spare_file_chooser_open (GtkWindow *parent,
                              const char *title,
                              const char *accept,
                              gboolean folders,
                              SpareFilesChosenFunc func,
                              gpointer owner_object);
/* One folder, to write into. */
void spare_file_chooser_open_folder (GtkWindow *parent,
                                     const char *title,
                                     const char *accept,
                                     SpareFilesChosenFunc func,
                                     gpointer owner_object);
void spare_file_chooser_save (GtkWindow *parent,
                              const char *title,
                              const char *name,
                              SpareFilesChosenFunc func,
                              gpointer owner_object);
void spare_file_chooser_read (GtkWindow *parent,
                              const char *title,
                              const char *accept,
                              SpareFileReadFunc func,
                              gpointer owner_object);

G_END_DECLS
