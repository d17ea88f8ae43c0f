/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-audit.h"
#include "spare-authority-policy.h"
#include "spare-home.h"
#include "spare-key.h"
#include "spare-registry.h"
#include "spare-stream.h"

G_BEGIN_DECLS

/* Gives the octets to @write, in pieces. */
typedef gboolean (*SpareAuthorityFillFunc) (SpareWriteFunc write,
                                            gpointer write_data,
                                            gpointer user_data,
                                            GError **error);

#define SPARE_TYPE_AUTHORITY (spare_authority_get_type ())
G_DECLARE_FINAL_TYPE (SpareAuthority, spare_authority, SPARE, AUTHORITY, GObject)

SpareAuthority *spare_authority_new (void);
SpareAuthority *spare_authority_new_for (const char *data_directory,
                                         const char *guard_path,
                                         SpareClockFunc clock);
void spare_authority_set_passphrase_func (SpareAuthority *self,
                                          SparePassphraseFunc func,
                                          gpointer user_data,
                                          GDestroyNotify destroy);

gboolean spare_authority_exists (SpareAuthority *self);
char *spare_authority_create_sync (SpareAuthority *self,
                                   const char *name,
                                   const char *email,
                                   SpareSecret *passphrase,
                                   const char *policy_path,
                                   GCancellable *cancellable,
                                   GError **error);
gboolean spare_authority_open_sync (SpareAuthority *self,
                                    GCancellable *cancellable,
                                    GError **error);
gboolean spare_authority_is_open (SpareAuthority *self);
gboolean spare_authority_close_sync (SpareAuthority *self,
                                     GCancellable *cancellable,
                                     GError **error);
void spare_authority_lock (SpareAuthority *self);

/* While it is open. */
const char *spare_authority_get_fingerprint (SpareAuthority *self);
SpareHome *spare_authority_get_home (SpareAuthority *self);
SpareKey *spare_authority_dup_key (SpareAuthority *self);
SpareRegistry *spare_authority_get_registry (SpareAuthority *self);
SpareAudit *spare_authority_get_audit (SpareAuthority *self);
SpareAuthorityPolicy *spare_authority_dup_policy (SpareAuthority *self, GError **error);
const char *spare_authority_get_directory (SpareAuthority *self);
const char *spare_authority_get_spool (SpareAuthority *self);
gint64 spare_authority_get_now (SpareAuthority *self);

char *spare_authority_dup_revocation_path (SpareAuthority *self);
GBytes *spare_authority_export_certificate_sync (SpareAuthority *self,
                                                 GCancellable *cancellable,
                                                 GError **error);

/* Bundles are kept as they came, under the SHA-256 of their octets. */
gboolean spare_authority_keep_bundle_sync (SpareAuthority *self,
                                           const char *sha256,
                                           SpareAuthorityFillFunc fill,
                                           gpointer user_data,
                                           GError **error);
char *spare_authority_find_bundle_sync (SpareAuthority *self,
                                        const char *sha256,
                                        GError **error);

gboolean spare_authority_set_policy_sync (SpareAuthority *self,
                                          GBytes *ini,
                                          GCancellable *cancellable,
                                          GError **error);
/* Officers and other authorities. */
char *spare_authority_add_certificate_sync (SpareAuthority *self,
                                            GBytes *octets,
                                            GCancellable *cancellable,
                                            GError **error);
GBytes *spare_authority_dup_certificate (SpareAuthority *self,
                                         const char *fingerprint,
                                         GError **error);

gboolean spare_authority_log_denied_sync (SpareAuthority *self,
                                          const char *event,
                                          const char *actor,
                                          const char *reason);
gboolean spare_authority_enroll_sync (SpareAuthority *self,
                                      const char *fingerprint,
                                      const char *contact,
                                      const char *evidence,
                                      GCancellable *cancellable,
                                      GError **error);
gboolean spare_authority_report_loss_sync (SpareAuthority *self,
                                           const char *fingerprint,
                                           SpareLossKind kind,
                                           gint64 since,
                                           GCancellable *cancellable,
                                           GError **error);

G_END_DECLS
