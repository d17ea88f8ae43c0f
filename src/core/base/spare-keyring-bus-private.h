/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-error.h"
#include "spare-keyring.h"

G_BEGIN_DECLS

/* One operation on the keyring as it goes: the bus, the service's presence, locks and prompts, and the
 * watchdog over all of it. Lives in one main context. No secrets pass here. */
typedef struct _SpareKeyringCall SpareKeyringCall;

typedef void (*SpareKeyringStep) (SpareKeyringCall *call);

struct _SpareKeyringCall
{
  int ref_count;
  GTask *task; /* NULL once it has returned: what comes then is thrown away */
  SpareKeyringFlags flags;
  guint answer_limit; /* milliseconds */
  guint prompt_limit;

  GDBusConnection *bus;
  GCancellable *inner; /* cancelled when the call is over */
  GSource *watchdog;
  GSource *cancelled;
  guint name_watch;
  char *owner;
  guint prompt_signal;
  char *prompt_path;

  char *collection; /* of the default keyring, NULL when there is none */
  gboolean collection_locked;
  char *unlocking;
  SpareKeyringStep next;

  gpointer data; /* of spare-keyring.c */
  GDestroyNotify destroy;
};

SpareKeyringCall *spare_keyring_call_new (guint answer_limit,
                                          guint prompt_limit,
                                          SpareKeyringFlags flags,
                                          gpointer data,
                                          GDestroyNotify destroy);
SpareKeyringCall *spare_keyring_call_ref (SpareKeyringCall *self);
void spare_keyring_call_unref (SpareKeyringCall *self);

void spare_keyring_call_start (SpareKeyringCall *self, GTask *task, SpareKeyringStep first);
gboolean spare_keyring_call_is_over (SpareKeyringCall *self);
void spare_keyring_call_expect_answer (SpareKeyringCall *self);
void spare_keyring_call_read_default (SpareKeyringCall *self, SpareKeyringStep next);
void spare_keyring_call_unlock (SpareKeyringCall *self,
                                const char *path,
                                SpareKeyringStep next);

void spare_keyring_call_return_boolean (SpareKeyringCall *self, gboolean value);
void spare_keyring_call_return_pointer (SpareKeyringCall *self,
                                        gpointer value,
                                        GDestroyNotify free);
void spare_keyring_call_fail (SpareKeyringCall *self, GError *error);
void spare_keyring_call_fail_with (SpareKeyringCall *self, SpareErrorCode code);
void spare_keyring_call_fail_no_collection (SpareKeyringCall *self);

G_END_DECLS
