/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-test-gpg.h"

#include <glib.h>
#include <gpgme.h>

#define LAST_LINE_OK "X_SPAREKEY_EXIT 0 exit"

typedef struct
{
  gpgme_ctx_t ctx;
  GPtrArray *status; /* lines that the status callback got */
  const char *passphrase;
} Engine;

Engine *engine_new (const char *guard, const char *home);
Engine *engine_new_real (SpareTestHome *home);
Engine *engine_new_fake (const char *kind);
void engine_free (Engine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Engine, engine_free)

const char *engine_get_last_status (Engine *self);
gpgme_key_t engine_get_key (Engine *self, const char *fingerprint, int secret);
gpgme_error_t engine_decrypt (Engine *self, GBytes *message, GBytes **plain);
gpgme_error_t engine_encrypt (Engine *self,
                              const char *fingerprint,
                              gpgme_data_t in,
                              gpgme_data_t out);

gpgme_data_t data_new (GBytes *octets);
GBytes *data_take (gpgme_data_t data);
