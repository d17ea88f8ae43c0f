/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "spare-key.h"
#include "spare-secret.h"

G_BEGIN_DECLS

/* A GnuPG home: the application's own (keys unlocked by passphrases that the caller finds), the person's (~/.gnupg,
 * never written, gpg asks through pinentry), the authority's (ours; a human passphrase, asked for by pinentry or by a
 * passphrase function, remembered by the agent for minutes), or a scratch one that is gone with its object. All calls block: use them
 * in worker threads. Each call makes a GPGME context of its own, so one home serves many threads. */

typedef enum
{
  SPARE_HOME_OWN,
  SPARE_HOME_PERSONAL,
  SPARE_HOME_SCRATCH,
  SPARE_HOME_AUTHORITY,
} SpareHomeKind;

typedef enum
{
  SPARE_EXPORT_ARMOR = 1 << 0,
  SPARE_EXPORT_MINIMAL = 1 << 1,
} SpareExportFlags;

/* Finds the passphrase of the key with this primary fingerprint; called in the thread of the operation. Returning NULL
 * with an error set ends the operation with that very error (a locked keyring stays a locked keyring). */
typedef SpareSecret *(*SparePassphraseFunc) (const char *fingerprint,
                                             gboolean was_wrong,
                                             GCancellable *cancellable,
                                             gpointer user_data,
                                             GError **error);

#define SPARE_TYPE_HOME (spare_home_get_type ())
G_DECLARE_FINAL_TYPE (SpareHome, spare_home, SPARE, HOME, GObject)

SpareHome *spare_home_new (SpareHomeKind kind, const char *path);
SpareHome *spare_home_new_with_engine (SpareHomeKind kind,
                                       const char *path,
                                       const char *guard_path);
SpareHome *spare_home_new_scratch (GError **error);
SpareHome *spare_home_new_personal (void);

SpareHomeKind spare_home_get_kind (SpareHome *self);
const char *spare_home_get_path (SpareHome *self);
void spare_home_set_passphrase_func (SpareHome *self,
                                     SparePassphraseFunc func,
                                     gpointer user_data,
                                     GDestroyNotify destroy);

void spare_home_set_passphrase (SpareHome *self, SpareSecret *passphrase);

gboolean spare_home_exists (SpareHome *self);
gboolean spare_home_prepare_sync (SpareHome *self, GCancellable *cancellable, GError **error);
void spare_home_shut_down (SpareHome *self);
void spare_home_lock (SpareHome *self);

GPtrArray *spare_home_list_keys_sync (SpareHome *self,
                                      gboolean secret,
                                      GCancellable *cancellable,
                                      GError **error);
SpareKey *spare_home_get_key_sync (SpareHome *self,
                                   const char *fingerprint,
                                   gboolean secret,
                                   GCancellable *cancellable,
                                   GError **error);
SpareKey *spare_home_find_key_by_id_sync (SpareHome *self,
                                          guint64 key_id,
                                          gboolean secret,
                                          GCancellable *cancellable,
                                          GError **error);
char *spare_home_create_key_sync (SpareHome *self,
                                  const char *user_id,
                                  const char *algorithm,
                                  gint64 expires,
                                  SpareSecret *passphrase,
                                  GCancellable *cancellable,
                                  GError **error);
char *spare_home_create_authority_key_sync (SpareHome *self,
                                            const char *user_id,
                                            SpareSecret *passphrase,
                                            GCancellable *cancellable,
                                            GError **error);
char *spare_home_add_encryption_subkey_sync (SpareHome *self,
                                             const char *fingerprint,
                                             SpareSecret *passphrase,
                                             GCancellable *cancellable,
                                             GError **error);
SpareKey *spare_home_import_certificate_sync (SpareHome *self,
                                              GBytes *certificate,
                                              const char *fingerprint,
                                              GCancellable *cancellable,
                                              GError **error);
GPtrArray *spare_home_import_sync (SpareHome *self,
                                   GBytes *octets,
                                   gboolean allow_secret,
                                   GCancellable *cancellable,
                                   GError **error);
GBytes *spare_home_export_sync (SpareHome *self,
                                const char *fingerprint,
                                SpareExportFlags flags,
                                GCancellable *cancellable,
                                GError **error);
SpareSecret *spare_home_export_secret_sync (SpareHome *self,
                                            const char *fingerprint,
                                            GCancellable *cancellable,
                                            GError **error);
gboolean spare_home_import_secret_sync (SpareHome *self,
                                        SpareSecret *armored,
                                        GCancellable *cancellable,
                                        GError **error);
gboolean spare_home_change_passphrase_sync (SpareHome *self,
                                            const char *fingerprint,
                                            SpareSecret *before,
                                            SpareSecret *after,
                                            GCancellable *cancellable,
                                            GError **error);
SpareHome *spare_home_copy_quick_sync (SpareHome *self,
                                       const char *fingerprint,
                                       GCancellable *cancellable,
                                       GError **error);
gboolean spare_home_delete_key_sync (SpareHome *self,
                                     const char *fingerprint,
                                     gboolean secret,
                                     GCancellable *cancellable,
                                     GError **error);
gboolean spare_home_extend_key_sync (SpareHome *self,
                                     const char *fingerprint,
                                     gint64 expires,
                                     GCancellable *cancellable,
                                     GError **error);
gboolean spare_home_retire_subkeys_sync (SpareHome *self,
                                         const char *fingerprint,
                                         const char *const *subkeys,
                                         GCancellable *cancellable,
                                         GError **error);
GBytes *spare_home_dup_revocation_sync (SpareHome *self,
                                        const char *fingerprint,
                                        GCancellable *cancellable,
                                        GError **error);
gboolean spare_home_revoke_sync (SpareHome *self,
                                 const char *fingerprint,
                                 GBytes *revocation,
                                 GCancellable *cancellable,
                                 GError **error);
gboolean spare_home_add_adsk_sync (SpareHome *self,
                                   const char *fingerprint,
                                   const char *adsk_subkey,
                                   GCancellable *cancellable,
                                   GError **error);
SpareSecret *spare_home_ask_passphrase_sync (SpareHome *self,
                                             const char *description,
                                             GCancellable *cancellable,
                                             GError **error);
gboolean spare_home_check_passphrase_sync (SpareHome *self,
                                           SpareKey *key,
                                           SpareSecret *passphrase,
                                           GCancellable *cancellable,
                                           GError **error);

G_END_DECLS
