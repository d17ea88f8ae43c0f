/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-gpgme-private.h"

G_BEGIN_DECLS

/* Milliseconds for one request that asks nobody anything; its passphrase is hashed on the way, which takes several seconds on
 * a computer that is busy with other things. */
#define SPARE_AGENT_SESSION_PATIENCE 30000
/* With a card in the reader. */
#define SPARE_AGENT_SESSION_CARD_PATIENCE 60000

typedef struct _SpareAgentSession SpareAgentSession;

typedef SpareSecret *(*SpareAgentSessionPassphraseFunc) (gpointer user_data, GError **error);

SpareAgentSession *spare_agent_session_connect (const char *socket_path,
                                                gboolean loopback,
                                                guint patience,
                                                GCancellable *cancellable,
                                                GError **error);
void spare_agent_session_free (SpareAgentSession *self);
void spare_agent_session_set_passphrase_func (SpareAgentSession *self,
                                              SpareAgentSessionPassphraseFunc func,
                                              gpointer user_data);
SpareSecret *spare_agent_session_decrypt (SpareAgentSession *self,
                                          const char *keygrip,
                                          GBytes *ciphertext,
                                          GCancellable *cancellable,
                                          gpgme_error_t *refusal,
                                          GError **error);
gboolean spare_agent_session_change_passphrase (SpareAgentSession *self,
                                                const char *keygrip,
                                                SpareSecret *before,
                                                SpareSecret *after,
                                                GCancellable *cancellable,
                                                gpgme_error_t *refusal,
                                                GError **error);
SpareSecret *spare_agent_session_ask (SpareAgentSession *self,
                                      const char *prompt,
                                      const char *description,
                                      gboolean is_new,
                                      GCancellable *cancellable,
                                      gpgme_error_t *refusal,
                                      GError **error);
gboolean spare_agent_session_is_lost (SpareAgentSession *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareAgentSession, spare_agent_session_free)

G_END_DECLS
