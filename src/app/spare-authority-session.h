/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "spare-authority.h"

G_BEGIN_DECLS

#define SPARE_TYPE_AUTHORITY_SESSION (spare_authority_session_get_type ())
G_DECLARE_FINAL_TYPE (SpareAuthoritySession,
                      spare_authority_session,
                      SPARE,
                      AUTHORITY_SESSION,
                      GObject)

/* Works in a thread; the result or an error. */
typedef gpointer (*SpareAuthorityWorkFunc) (SpareAuthority *authority,
                                            gpointer data,
                                            GCancellable *cancellable,
                                            GError **error);
/* In the main thread. @result: borrowed; NULL with @error. */
typedef void (*SpareAuthorityDoneFunc) (gpointer object,
                                        gpointer result,
                                        const GError *error,
                                        gpointer data);

/* Signals "opened", "changed" (what the authority holds), "locked" (the passphrase is forgotten). Construct property
 * "lock-after": seconds without a sign of life until then. */
SpareAuthoritySession *spare_authority_session_new (void);
SpareAuthority *spare_authority_session_get_authority (SpareAuthoritySession *self);
gboolean spare_authority_session_is_open (SpareAuthoritySession *self);
gboolean spare_authority_session_is_busy (SpareAuthoritySession *self);
void spare_authority_session_set_window (SpareAuthoritySession *self, GtkWindow *window);

/* @object is kept until @done was called; @data is freed then with @free_data. */
void spare_authority_session_run (SpareAuthoritySession *self,
                                  SpareAuthorityWorkFunc work,
                                  gpointer data,
                                  GDestroyNotify free_data,
                                  GDestroyNotify free_result,
                                  GCancellable *cancellable,
                                  SpareAuthorityDoneFunc done,
                                  gpointer object);

/* While the key is made without a passphrase that was typed here, GnuPG's own window asks. Not while work runs. */
void spare_authority_session_use_pinentry (SpareAuthoritySession *self, gboolean use);
void spare_authority_session_opened (SpareAuthoritySession *self);
void spare_authority_session_touch (SpareAuthoritySession *self);
void spare_authority_session_watch (SpareAuthoritySession *self, GtkWidget *window);
void spare_authority_session_lock (SpareAuthoritySession *self);
void spare_authority_session_close (SpareAuthoritySession *self);

G_END_DECLS
