/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A GPGME context whose engine is a guard, with a record of all that the engine said. */

#include "config.h"

#include "gpgme-engine.h"

static gpgme_error_t
status_cb (void *user_data, const char *keyword, const char *arguments)
{
  Engine *self = user_data;

  if (*keyword != '\0')
    g_ptr_array_add (self->status, g_strdup_printf ("%s %s", keyword, arguments));
  return 0;
}

/* `guard` NULL: stock gpg, for comparison. */
Engine *
engine_new (const char *guard, const char *home)
{
  Engine *self = g_new0 (Engine, 1);

  self->status = g_ptr_array_new_with_free_func (g_free);
  g_assert_cmpint (gpgme_new (&self->ctx), ==, 0);
  g_assert_cmpint (gpgme_ctx_set_engine_info (self->ctx, GPGME_PROTOCOL_OpenPGP, guard, home),
                   ==, 0);
  g_assert_cmpint (gpgme_set_ctx_flag (self->ctx, "full-status", "1"), ==, 0);
  gpgme_set_status_cb (self->ctx, status_cb, self);
  gpgme_set_pinentry_mode (self->ctx, GPGME_PINENTRY_MODE_LOOPBACK);
  return self;
}

Engine *
engine_new_real (SpareTestHome *home)
{
  return engine_new (g_getenv ("GUARD"), home->path);
}

Engine *
engine_new_fake (const char *kind)
{
  g_autofree char *guard = g_build_filename (g_getenv ("FAKE_GUARDS"), kind, "sparekey-gpg",
                                             NULL);

  return engine_new (guard, "/nonexistent");
}

void
engine_free (Engine *self)
{
  gpgme_release (self->ctx);
  g_ptr_array_unref (self->status);
  g_free (self);
}

const char *
engine_get_last_status (Engine *self)
{
  return self->status->len > 0 ? g_ptr_array_index (self->status, self->status->len - 1) : "";
}

gpgme_data_t
data_new (GBytes *octets)
{
  gpgme_data_t data = NULL;
  gsize length = 0;
  const char *start = octets != NULL ? g_bytes_get_data (octets, &length) : NULL;

  if (start != NULL)
    g_assert_cmpint (gpgme_data_new_from_mem (&data, start, length, 1), ==, 0);
  else
    g_assert_cmpint (gpgme_data_new (&data), ==, 0);
  return data;
}

GBytes *
data_take (gpgme_data_t data)
{
  size_t length = 0;
  char *octets = gpgme_data_release_and_get_mem (data, &length);
  GBytes *bytes = g_bytes_new (octets, length);

  gpgme_free (octets);
  return bytes;
}

gpgme_error_t
engine_decrypt (Engine *self, GBytes *message, GBytes **plain)
{
  gpgme_data_t in = data_new (message);
  gpgme_data_t out = data_new (NULL);
  gpgme_error_t error = gpgme_op_decrypt (self->ctx, in, out);

  gpgme_data_release (in);
  *plain = data_take (out);
  return error;
}

gpgme_key_t
engine_get_key (Engine *self, const char *fingerprint, int secret)
{
  gpgme_key_t key = NULL;

  g_assert_cmpint (gpgme_get_key (self->ctx, fingerprint, &key, secret), ==, 0);
  g_assert_cmpstr (key->fpr, ==, fingerprint);
  return key;
}

gpgme_error_t
engine_encrypt (Engine *self, const char *fingerprint, gpgme_data_t in, gpgme_data_t out)
{
  gpgme_key_t keys[2] = { engine_get_key (self, fingerprint, 0), NULL };
  gpgme_error_t error;

  g_ptr_array_set_size (self->status, 0);
  error = gpgme_op_encrypt (self->ctx, keys,
                            GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_COMPRESS, in, out);
  gpgme_key_unref (keys[0]);
  return error;
}
