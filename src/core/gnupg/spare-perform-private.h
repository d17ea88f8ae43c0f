/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-operation-private.h"

G_BEGIN_DECLS

/* Starts the engine on a key operation. Sets @error for what it found itself, else returns what GPGME's `…_start`
 * returned. Called a second time, with a fresh context, if the agent had died. */
typedef gpgme_error_t (*SpareStartFunc) (SpareContext *context,
                                         SpareOperation *operation,
                                         gpointer data,
                                         GError **error);

/* Runs a key operation to its end. What comes back has succeeded by GPGME's word and by the guard's: exit status 0;
 * its results are still to be asked for. */
SpareContext *spare_home_perform_private (SpareHome *self,
                                          const char *what,
                                          SpareStartFunc start,
                                          gpointer data,
                                          GCancellable *cancellable,
                                          GError **error);

/* FALSE with an error in the person's own home, which is never written. */
gboolean spare_home_check_ours_private (SpareHome *self, GError **error);

/* Until the second @since is over. FALSE: cancelled. */
gboolean spare_home_wait_past_private (gint64 since, GCancellable *cancellable, GError **error);

/* Imports one bare signature packet; whether it fitted a key here has to be looked at. */
gboolean spare_home_import_revocation_private (SpareHome *self,
                                               GBytes *revocation,
                                               GCancellable *cancellable,
                                               GError **error);

/* As spare_home_export_secret_sync(), but without the primary key's secret part, and nobody is asked. */
SpareSecret *spare_home_export_secret_subkeys_private (SpareHome *self,
                                                       const char *fingerprint,
                                                       SpareSecret *passphrase,
                                                       GCancellable *cancellable,
                                                       GError **error);

G_END_DECLS
