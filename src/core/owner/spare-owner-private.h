/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"

G_BEGIN_DECLS

/* What the files of SpareOwner share. */
struct _SpareOwner
{
  GObject parent_instance;

  /* Set at construction, never changed. */
  char *data_directory;
  char *policy_path; /* NULL: wherever the system has one */
  char *guard_path;  /* NULL: this program's own */
  SpareKeyring *keyring;
  SpareSettings *settings;
  SpareHome *home;
  SpareHome *personal;
  SparePin *pin;
  SpareOutbox *outbox;
  char *certificates; /* folder */
  char *ini_path;
  GMainContext *context; /* where "changed" is emitted */

  /* One change of keys, authority or recipients at a time. */
  GMutex operation;

  GMutex lock; /* guards what follows */
  SpareOwnerState state;
  SpareKey *key; /* as the application's home lists it */
  SpareKeySource source;
  char *pinned_by; /* what the policy said when the pin was loaded */
  char *stamp;     /* of the files, when they were read last; see spare-owner-refresh.c */
  gboolean announcing;
};

/* Ends the operation's thread of thought in one place: what is known now, and "changed". */
void spare_owner_update_state_private (SpareOwner *self);
void spare_owner_announce_private (SpareOwner *self);
/* The parts are there, though there may be no key. */
gboolean spare_owner_check_prepared_private (SpareOwner *self,
                                             GCancellable *cancellable,
                                             GError **error);
void spare_owner_set_key_private (SpareOwner *self, SpareKey *key, SpareKeySource source);
SparePolicy *spare_owner_load_policy_private (SpareOwner *self, GError **error);
/* The authority and the key in use, from the files. */
gboolean spare_owner_reload_private (SpareOwner *self,
                                     GCancellable *cancellable,
                                     GError **error);
char *spare_owner_dup_stamp_private (SpareOwner *self);
void spare_owner_set_stamp_private (SpareOwner *self, char *stamp /* transfer full */);

/* owner.ini: which key is in use, and which keys of the person's own GnuPG ever were. */
gboolean spare_owner_read_choice_private (SpareOwner *self,
                                          char **fingerprint,
                                          SpareKeySource *source,
                                          GError **error);
gboolean spare_owner_write_choice_private (SpareOwner *self,
                                           const char *fingerprint,
                                           SpareKeySource source,
                                           GError **error);
gboolean spare_owner_was_used_private (SpareOwner *self, const char *fingerprint);

/* certificates/FPR.asc */
gboolean spare_owner_save_certificate_private (SpareOwner *self,
                                               const char *fingerprint,
                                               GCancellable *cancellable,
                                               GError **error);
gboolean spare_owner_remove_certificate_private (SpareOwner *self,
                                                 const char *fingerprint,
                                                 GError **error);
GPtrArray *spare_owner_list_certificates_private (SpareOwner *self);
gboolean spare_owner_restore_certificates_private (SpareOwner *self,
                                                   GCancellable *cancellable,
                                                   GError **error);

/* Keys as items of the keyring. */
typedef struct
{
  char *fingerprint;
  SpareSecret *passphrase;
  SpareSecret *secret_key; /* armored, under @passphrase */
  SpareSecret *revocation; /* NULL: there is none */
  char *user_id;
} SpareStoredKey;

void spare_stored_key_free (SpareStoredKey *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareStoredKey, spare_stored_key_free)

gboolean spare_stored_key_store (const SpareStoredKey *self,
                                 SpareKeyring *keyring,
                                 GCancellable *cancellable,
                                 GError **error);
gboolean spare_stored_key_update (const SpareStoredKey *self,
                                  SpareKeyring *keyring,
                                  GCancellable *cancellable,
                                  GError **error);
gboolean spare_stored_key_remove (const char *fingerprint,
                                  SpareKeyring *keyring,
                                  GError **error);
/* Fingerprints that the keyring has whole: passphrase and secret key. */
GPtrArray *spare_stored_key_list (SpareKeyring *keyring,
                                  GCancellable *cancellable,
                                  GError **error);

SpareSecret *spare_owner_find_passphrase_private (const char *fingerprint,
                                                  gboolean was_wrong,
                                                  GCancellable *cancellable,
                                                  gpointer keyring,
                                                  GError **error);
/* There is a keyring, and it is open: asked for if need be. */
gboolean spare_owner_ensure_keyring_private (SpareOwner *self,
                                             GCancellable *cancellable,
                                             GError **error);
/* From the keyring into the application's home. */
SpareKey *spare_owner_restore_key_private (SpareOwner *self,
                                           const char *fingerprint,
                                           SpareKeyringFlags flags,
                                           GCancellable *cancellable,
                                           GError **error);
/* That what was encrypted to the key can be opened with what the keyring holds. */
gboolean spare_owner_prove_key_private (SpareOwner *self,
                                        SpareKey *key,
                                        GCancellable *cancellable,
                                        GError **error);
/* Puts the refreshed secret key into the keyring and the certificate beside the home. */
gboolean spare_owner_save_key_private (SpareOwner *self,
                                       const char *fingerprint,
                                       GCancellable *cancellable,
                                       GError **error);
gboolean spare_owner_is_stored_private (SpareOwner *self,
                                        const char *fingerprint,
                                        gboolean *stored,
                                        GCancellable *cancellable,
                                        GError **error);
/* Puts the outcome of a change in order: the key is listed anew, the state judged, "changed" told. */
gboolean spare_owner_refresh_key_private (SpareOwner *self,
                                          GCancellable *cancellable,
                                          GError **error);

G_END_DECLS
