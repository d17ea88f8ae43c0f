/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-keyring-bus-private.h"
#include "spare-keyring-held-private.h"

#include <libsecret/secret.h>

G_BEGIN_DECLS

/* The inside of the door to libsecret: included by the files of the keyring alone. */

struct _SpareKeyring
{
  GObject parent_instance;
  guint answer_limit;
  guint prompt_limit;
  SpareKeyringHeld *held;
};

/* What an operation carries from step to step; each step is called when the one before is through. */
typedef struct
{
  char *fingerprint; /* NULL for all */
  SpareKeyringKind kind;
  char *label;
  SpareSecret *secret; /* to store */

  SecretService *service;
  GList *items;      /* of SecretItem: what the search found */
  SecretItem *item;  /* the one that is loaded */
  gboolean unlocked; /* the default keyring was unlocked for this already */
  SpareKeyringStep found;
  gboolean hold; /* the secret may be held */
} SpareKeyringOperation;

#define SPARE_KEYRING_N_KINDS (SPARE_KEYRING_REVOCATION + 1)

extern const SecretSchema spare_keyring_schema;
/* As the attribute has it. */
extern const char *const spare_keyring_kinds[SPARE_KEYRING_N_KINDS];

void spare_keyring_operation_free (gpointer data);
/* Whether the item is what the search asked for: the service's word is checked. */
gboolean spare_keyring_operation_matches (SecretItem *item, SpareKeyringOperation *op);
/* Copies the secret of a loaded item; libsecret wipes its own. */
SpareSecret *spare_keyring_copy_secret (SecretItem *item, GError **error);

/* Searches without unlocking or loading anything. */
void spare_keyring_step_search (SpareKeyringCall *call, SpareKeyringStep found);
/* Opens a session, then searches. */
void spare_keyring_step_open (SpareKeyringCall *call, SpareKeyringStep found);
/* Nothing was found: unlocks the default keyring once and searches again, or fails. */
void spare_keyring_step_none (SpareKeyringCall *call);

/* The first steps of operations. */
void spare_keyring_step_search_all (SpareKeyringCall *call);
void spare_keyring_step_lookup (SpareKeyringCall *call);
void spare_keyring_step_remove (SpareKeyringCall *call);
void spare_keyring_step_store (SpareKeyringCall *call);

void spare_keyring_step_probe (SpareKeyringCall *call);
void spare_keyring_step_unlock (SpareKeyringCall *call);

/* A call that carries an operation. @fingerprint: NULL for all. */
SpareKeyringCall *spare_keyring_operation_new (SpareKeyring *self,
                                               const char *fingerprint,
                                               SpareKeyringKind kind,
                                               SpareKeyringFlags flags);
SpareKeyringCall *spare_keyring_operation_new_store (SpareKeyring *self,
                                                     const char *fingerprint,
                                                     SpareKeyringKind kind,
                                                     const char *label,
                                                     SpareSecret *secret,
                                                     SpareKeyringFlags flags);
void spare_keyring_run_async (SpareKeyring *self,
                              SpareKeyringCall *call,
                              SpareKeyringStep first,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean spare_keyring_take_probe (GTask *task, SpareKeyringState *state, GError **error);

G_END_DECLS
