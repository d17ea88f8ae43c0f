/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-home.h"
#include "spare-keyring.h"
#include "spare-outbox.h"
#include "spare-pin.h"
#include "spare-policy.h"

G_BEGIN_DECLS

/* The owner's side as a whole: what is set up, and the parts that the operations use. One a process; opened once. */

typedef enum
{
  SPARE_OWNER_CLOSED,
  SPARE_OWNER_NEEDS_KEY,
  SPARE_OWNER_NEEDS_AUTHORITY, /* policy requires one and none is trusted */
  SPARE_OWNER_READY,
} SpareOwnerState;

typedef enum
{
  SPARE_KEY_SOURCE_KEYRING,
  SPARE_KEY_SOURCE_GNUPG,
  SPARE_KEY_SOURCE_CARD,
} SpareKeySource;

const char *spare_key_source_to_string (SpareKeySource source);

typedef struct
{
  SpareKey *key;
  SpareKeySource source;
  gboolean is_default;
} SpareOwnedKey;

void spare_owned_key_free (SpareOwnedKey *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareOwnedKey, spare_owned_key_free)

#define SPARE_TYPE_OWNER (spare_owner_get_type ())
G_DECLARE_FINAL_TYPE (SpareOwner, spare_owner, SPARE, OWNER, GObject)

/* Construct properties, for tests: "data-directory", "policy-path", "guard-path" (strings), "keyring" (SpareKeyring),
 * "personal-home" (path; default ~/.gnupg). Signal "changed": something below changed; main context. */
SpareOwner *spare_owner_new (void);

gboolean spare_owner_open_sync (SpareOwner *self, GCancellable *cancellable, GError **error);
void spare_owner_open_async (SpareOwner *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean spare_owner_open_finish (SpareOwner *self, GAsyncResult *result, GError **error);
/* Reads again what another process changed; cheap when nothing was. */
gboolean spare_owner_refresh_sync (SpareOwner *self, GCancellable *cancellable, GError **error);
void spare_owner_refresh_async (SpareOwner *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean spare_owner_refresh_finish (SpareOwner *self, GAsyncResult *result, GError **error);
void spare_owner_close (SpareOwner *self); /* ends the agent if no other process uses it */

SpareOwnerState spare_owner_get_state (SpareOwner *self);
SpareSettings *spare_owner_get_settings (SpareOwner *self);
SparePolicy *spare_owner_dup_policy (
    SpareOwner *self,
    GError **error); /* the error: a policy that can't be read */
SparePin *spare_owner_get_pin (SpareOwner *self);
SpareOutbox *spare_owner_get_outbox (SpareOwner *self);
SpareKeyring *spare_owner_get_keyring (SpareOwner *self);
SpareHome *spare_owner_get_home (
    SpareOwner *self); /* the application's own: encryption runs here */
SpareKey *spare_owner_dup_key (SpareOwner *self); /* the key in use; NULL */
SpareKeySource spare_owner_get_key_source (SpareOwner *self);
SpareHome *spare_owner_dup_key_home (
    SpareOwner *self); /* where its secret part is: signing, decrypting */
GPtrArray *spare_owner_dup_decryption_homes (
    SpareOwner *self); /* of SpareHome, the likely one first */

/* Keys. Each also has an _async/_finish pair (spare-owner-async.c) of the same name for the window. */
GPtrArray *spare_owner_list_keys_sync (SpareOwner *self,
                                       GCancellable *cancellable,
                                       GError **error); /* SpareOwnedKey */
char *spare_owner_create_key_sync (SpareOwner *self,
                                   const char *name,
                                   const char *email,
                                   const char *algorithm,
                                   GCancellable *cancellable,
                                   GError **error);
void spare_owner_create_key_async (SpareOwner *self,
                                   const char *name,
                                   const char *email,
                                   const char *algorithm,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
char *spare_owner_create_key_finish (SpareOwner *self, GAsyncResult *result, GError **error);
/* @passphrase: of the file; NULL: none needed or to be asked by a second call after SPARE_ERROR_BAD_PASSPHRASE. */
char *spare_owner_import_key_sync (SpareOwner *self,
                                   GBytes *octets,
                                   SpareSecret *passphrase,
                                   GCancellable *cancellable,
                                   GError **error);
void spare_owner_import_key_async (SpareOwner *self,
                                   GBytes *octets,
                                   SpareSecret *passphrase,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
char *spare_owner_import_key_finish (SpareOwner *self, GAsyncResult *result, GError **error);
gboolean spare_owner_use_key_sync (SpareOwner *self,
                                   const char *fingerprint,
                                   GCancellable *cancellable,
                                   GError **error);
void spare_owner_use_key_async (SpareOwner *self,
                                const char *fingerprint,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean spare_owner_use_key_finish (SpareOwner *self, GAsyncResult *result, GError **error);
void spare_owner_list_keys_async (SpareOwner *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
GPtrArray *spare_owner_list_keys_finish (SpareOwner *self,
                                         GAsyncResult *result,
                                         GError **error);
gboolean spare_owner_delete_key_sync (SpareOwner *self,
                                      const char *fingerprint,
                                      GCancellable *cancellable,
                                      GError **error);
GBytes *spare_owner_export_key_sync (SpareOwner *self,
                                     const char *fingerprint,
                                     GCancellable *cancellable,
                                     GError **error);
/* Through a temporary home with the engine's full hashing. @passphrase protects the export. */
SpareSecret *spare_owner_export_secret_key_sync (SpareOwner *self,
                                                 const char *fingerprint,
                                                 SpareSecret *passphrase,
                                                 GCancellable *cancellable,
                                                 GError **error);
gboolean spare_owner_extend_key_sync (SpareOwner *self,
                                      const char *fingerprint,
                                      gint64 until,
                                      GCancellable *cancellable,
                                      GError **error);
gboolean spare_owner_revoke_key_sync (SpareOwner *self,
                                      const char *fingerprint,
                                      GCancellable *cancellable,
                                      GError **error);

/* Authority. */
SparePinOffer *spare_owner_examine_authority_sync (SpareOwner *self,
                                                   GBytes *certificate,
                                                   GCancellable *cancellable,
                                                   GError **error);
void spare_owner_examine_authority_async (SpareOwner *self,
                                          GBytes *certificate,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
SparePinOffer *spare_owner_examine_authority_finish (SpareOwner *self,
                                                     GAsyncResult *result,
                                                     GError **error);
gboolean spare_owner_trust_authority_sync (SpareOwner *self,
                                           const SparePinOffer *offer,
                                           const char *fingerprint,
                                           GCancellable *cancellable,
                                           GError **error);
void spare_owner_trust_authority_async (SpareOwner *self,
                                        SparePinOffer *offer /* transfer full */,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
gboolean spare_owner_trust_authority_finish (SpareOwner *self,
                                             GAsyncResult *result,
                                             GError **error);
gboolean spare_owner_set_adsk_sync (SpareOwner *self,
                                    gboolean bound,
                                    GCancellable *cancellable,
                                    GError **error);

/* Other people: certificates that files can be encrypted to. */
GPtrArray *spare_owner_list_recipients_sync (SpareOwner *self,
                                             GCancellable *cancellable,
                                             GError **error); /* SpareKey */
void spare_owner_list_recipients_async (SpareOwner *self,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
GPtrArray *spare_owner_list_recipients_finish (SpareOwner *self,
                                               GAsyncResult *result,
                                               GError **error);
GPtrArray *spare_owner_import_recipients_sync (SpareOwner *self,
                                               GBytes *certificates,
                                               GCancellable *cancellable,
                                               GError **error); /* fingerprints */
void spare_owner_import_recipients_async (SpareOwner *self,
                                          GBytes *certificates,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
GPtrArray *spare_owner_import_recipients_finish (SpareOwner *self,
                                                 GAsyncResult *result,
                                                 GError **error);
gboolean spare_owner_remove_recipient_sync (SpareOwner *self,
                                            const char *fingerprint,
                                            GCancellable *cancellable,
                                            GError **error);

/* Twins of the above, for the window. */
void spare_owner_delete_key_async (SpareOwner *self,
                                   const char *fingerprint,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean spare_owner_delete_key_finish (SpareOwner *self, GAsyncResult *result, GError **error);
void spare_owner_export_key_async (SpareOwner *self,
                                   const char *fingerprint,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
GBytes *spare_owner_export_key_finish (SpareOwner *self, GAsyncResult *result, GError **error);
void spare_owner_export_secret_key_async (SpareOwner *self,
                                          const char *fingerprint,
                                          SpareSecret *passphrase,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
SpareSecret *spare_owner_export_secret_key_finish (SpareOwner *self,
                                                   GAsyncResult *result,
                                                   GError **error);
void spare_owner_extend_key_async (SpareOwner *self,
                                   const char *fingerprint,
                                   gint64 until,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean spare_owner_extend_key_finish (SpareOwner *self, GAsyncResult *result, GError **error);
void spare_owner_revoke_key_async (SpareOwner *self,
                                   const char *fingerprint,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean spare_owner_revoke_key_finish (SpareOwner *self, GAsyncResult *result, GError **error);
void spare_owner_set_adsk_async (SpareOwner *self,
                                 gboolean bound,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean spare_owner_set_adsk_finish (SpareOwner *self, GAsyncResult *result, GError **error);
void spare_owner_remove_recipient_async (SpareOwner *self,
                                         const char *fingerprint,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
gboolean spare_owner_remove_recipient_finish (SpareOwner *self,
                                              GAsyncResult *result,
                                              GError **error);

/* Names for key ids in a head: NULL if unknown. */
SpareKey *spare_owner_find_key_by_id_sync (SpareOwner *self,
                                           guint64 key_id,
                                           GCancellable *cancellable);

G_END_DECLS
