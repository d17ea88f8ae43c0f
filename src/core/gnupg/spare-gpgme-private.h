/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gpgme.h>

#include "spare-home.h"

G_BEGIN_DECLS

/* What the files of this folder share about GPGME. Not for other folders: gpgme.h stops here. */

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gpgme_ctx_t, gpgme_release, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gpgme_data_t, gpgme_data_release, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gpgme_key_t, gpgme_key_unref, NULL)

/* Says what @gpgme_error means for a person. @what is for the log only ("create key"): never shown, never secret. */
void spare_gpgme_set_error (GError **error, gpgme_error_t gpgme_error, const char *what);

typedef enum
{
  SPARE_CONTEXT_DEFAULT = 0,
  SPARE_CONTEXT_SKIP_VERIFY = 1 << 0, /* the guard's second name: signatures aren't looked at */
  SPARE_CONTEXT_NO_AGENT =
      1 << 1, /* no secret key is used: the agent isn't asked whether it answers */
} SpareContextFlags;

/* One operation's GPGME context: protocol, engine and home set, no armor, full status, no network. In the
 * application's own and in scratch homes passphrases come from the home's SparePassphraseFunc (loopback); in the
 * person's home pinentry asks, and in the authority's where it has no function. For one thread, for one operation. */
typedef struct
{
  gpgme_ctx_t gpgme;
  SpareHome *home;
  GCancellable *cancellable;
  GError *error; /* the first error of a callback: *the* error of the operation */

  /* What the passphrase callback answers, in place of asking the home's function. */
  SpareSecret *passphrase;
  SpareSecret *new_passphrase; /* for the question after a change of the passphrase */
  char *fingerprint; /* primary, where the operation knows whose passphrase it will be */
  guint n_asked;

  GPtrArray *keys; /* of gpgme_key_t: what a listing found; NULL: none was started */
} SpareContext;

SpareContext *spare_home_new_context_private (SpareHome *self,
                                              SpareContextFlags flags,
                                              GCancellable *cancellable,
                                              GError **error);
void spare_context_free (SpareContext *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareContext, spare_context_free)

/* Passphrases come from the context or from the home's function, not from pinentry: for an operation that got its
 * passphrase from its caller, in a home where pinentry would ask. */
gpgme_error_t spare_context_use_loopback (SpareContext *self);

/* Keeps the first one: call it from data callbacks. Takes @callback_error. */
void spare_context_take_error (SpareContext *self, GError *callback_error);

/* Turns the result of an operation into TRUE or an error: that of a callback, else a cancellation, else @gpgme_error. */
gboolean spare_context_check (SpareContext *self,
                              gpgme_error_t gpgme_error,
                              const char *what,
                              GError **error);

/* Fetches the key's frozen GPGME twin for an operation in @self's home, by full fingerprint, compared byte-wise. */
gpgme_key_t spare_context_get_key (SpareContext *self,
                                   const char *fingerprint,
                                   gboolean secret,
                                   GError **error);

SpareKey *spare_key_new_private (gpgme_key_t key);

/* Where the home's gpg-agent listens: the path that connects (never longer than a socket address takes). */
char *spare_home_dup_agent_socket_private (SpareHome *self, GError **error);
/* Makes sure that the agent answers; starts it again if it died. TRUE in @restarted: a failure before may be its fault. */
gboolean spare_home_ensure_agent_private (SpareHome *self, gboolean *restarted, GError **error);

/* As spare_home_prepare_sync(), for what needs no agent. */
gboolean spare_home_prepare_public_private (SpareHome *self,
                                            GCancellable *cancellable,
                                            GError **error);

const char *spare_home_get_guard_path_private (SpareHome *self);

/* In a private home: held (flock) by each process that uses it. */
#define SPARE_HOME_LOCK_NAME "spare-key.lock"
/* The folders that temporary homes are made in, the best one first; NULL after the last. */
const char *spare_home_get_temporary_private (guint i);
/* A new one whose name begins with @prefix: a short path. */
char *spare_home_make_folder_private (const char *prefix, GError **error);
/* From now on a scratch home hashes passphrases briefly: all of them are random now. */
void spare_home_hasten_private (SpareHome *self);
/* The home that GPGME knows globally, so that no context of it costs a --version. */
const char *spare_engine_get_home_private (void);

/* Whether passphrases come from the home's function rather than from the agent's pinentry. */
gboolean spare_home_uses_loopback_private (SpareHome *self);
/* The home's passphrase function, or an error that says that there is none. */
SpareSecret *spare_home_ask_passphrase_private (SpareHome *self,
                                                const char *fingerprint,
                                                gboolean was_wrong,
                                                GCancellable *cancellable,
                                                GError **error);
/* Has pinentry ask for a passphrase that is new, twice. */
SpareSecret *spare_home_ask_new_passphrase_private (SpareHome *self,
                                                    const char *description,
                                                    GCancellable *cancellable,
                                                    GError **error);
gpgme_key_t spare_home_fetch_key_private (SpareHome *self,
                                          const char *fingerprint,
                                          gboolean secret,
                                          GCancellable *cancellable,
                                          GError **error);

G_END_DECLS
