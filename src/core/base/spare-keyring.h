/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-secret.h"

G_BEGIN_DECLS

#define SPARE_TYPE_KEYRING (spare_keyring_get_type ())

G_DECLARE_FINAL_TYPE (SpareKeyring, spare_keyring, SPARE, KEYRING, GObject)

/**
 * SpareKeyringKind:
 * @SPARE_KEYRING_PASSPHRASE: the passphrase of the key, as text
 * @SPARE_KEYRING_SECRET_KEY: the transferable secret key, armored, under that passphrase
 * @SPARE_KEYRING_REVOCATION: the revocation certificate, armored
 */
typedef enum
{
  SPARE_KEYRING_PASSPHRASE,
  SPARE_KEYRING_SECRET_KEY,
  SPARE_KEYRING_REVOCATION,
} SpareKeyringKind;

/**
 * SpareKeyringState:
 * @SPARE_KEYRING_AVAILABLE: there is a default keyring, and it is open
 * @SPARE_KEYRING_LOCKED: there is a default keyring, and it is locked
 * @SPARE_KEYRING_NO_COLLECTION: there is a service, but no default keyring
 * @SPARE_KEYRING_MISSING: there is no service
 */
typedef enum
{
  SPARE_KEYRING_AVAILABLE,
  SPARE_KEYRING_LOCKED,
  SPARE_KEYRING_NO_COLLECTION,
  SPARE_KEYRING_MISSING,
} SpareKeyringState;

/**
 * SpareKeyringFlags:
 * @SPARE_KEYRING_NO_PROMPT: a locked keyring is an error at once
 * @SPARE_KEYRING_PROMPT: a locked keyring may ask the person to unlock it
 */
typedef enum
{
  SPARE_KEYRING_NO_PROMPT = 0,
  SPARE_KEYRING_PROMPT = 1 << 0,
} SpareKeyringFlags;

/**
 * SpareKeyringItem:
 * @fingerprint: of the key, in upper-case hex
 * @kind: what of the key it is
 * @label: the caption that the keyring shows
 * @locked: whether its secret needs unlocking first
 *
 * One item as a search found it; never with its secret.
 */
typedef struct
{
  char *fingerprint;
  SpareKeyringKind kind;
  char *label;
  gboolean locked;
} SpareKeyringItem;

void spare_keyring_item_free (SpareKeyringItem *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareKeyringItem, spare_keyring_item_free)

SpareKeyring *spare_keyring_new (void);
SpareKeyring *spare_keyring_new_with_limits (guint answer_limit, guint prompt_limit);

void spare_keyring_probe_async (SpareKeyring *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean spare_keyring_probe_finish (SpareKeyring *self,
                                     GAsyncResult *result,
                                     SpareKeyringState *state,
                                     GError **error);
gboolean spare_keyring_probe_sync (SpareKeyring *self,
                                   GCancellable *cancellable,
                                   SpareKeyringState *state,
                                   GError **error);

void spare_keyring_unlock_async (SpareKeyring *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean spare_keyring_unlock_finish (SpareKeyring *self, GAsyncResult *result, GError **error);
gboolean spare_keyring_unlock_sync (SpareKeyring *self,
                                    GCancellable *cancellable,
                                    GError **error);

void spare_keyring_search_all_async (SpareKeyring *self,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
GPtrArray *spare_keyring_search_all_finish (SpareKeyring *self,
                                            GAsyncResult *result,
                                            GError **error);
GPtrArray *spare_keyring_search_all_sync (SpareKeyring *self,
                                          GCancellable *cancellable,
                                          GError **error);

void spare_keyring_lookup_async (SpareKeyring *self,
                                 const char *fingerprint,
                                 SpareKeyringKind kind,
                                 SpareKeyringFlags flags,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
SpareSecret *spare_keyring_lookup_finish (SpareKeyring *self,
                                          GAsyncResult *result,
                                          GError **error);
SpareSecret *spare_keyring_lookup_sync (SpareKeyring *self,
                                        const char *fingerprint,
                                        SpareKeyringKind kind,
                                        SpareKeyringFlags flags,
                                        GCancellable *cancellable,
                                        GError **error);

SpareSecret *spare_keyring_lookup_held_sync (SpareKeyring *self,
                                             const char *fingerprint,
                                             SpareKeyringKind kind,
                                             SpareKeyringFlags flags,
                                             GCancellable *cancellable,
                                             GError **error);
gboolean spare_keyring_forget_held (SpareKeyring *self);

void spare_keyring_store_async (SpareKeyring *self,
                                const char *fingerprint,
                                SpareKeyringKind kind,
                                const char *label,
                                SpareSecret *secret,
                                SpareKeyringFlags flags,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean spare_keyring_store_finish (SpareKeyring *self, GAsyncResult *result, GError **error);
gboolean spare_keyring_store_sync (SpareKeyring *self,
                                   const char *fingerprint,
                                   SpareKeyringKind kind,
                                   const char *label,
                                   SpareSecret *secret,
                                   SpareKeyringFlags flags,
                                   GCancellable *cancellable,
                                   GError **error);

void spare_keyring_remove_async (SpareKeyring *self,
                                 const char *fingerprint,
                                 SpareKeyringKind kind,
                                 SpareKeyringFlags flags,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean spare_keyring_remove_finish (SpareKeyring *self, GAsyncResult *result, GError **error);
gboolean spare_keyring_remove_sync (SpareKeyring *self,
                                    const char *fingerprint,
                                    SpareKeyringKind kind,
                                    SpareKeyringFlags flags,
                                    GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
