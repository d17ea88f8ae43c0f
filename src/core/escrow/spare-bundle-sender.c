/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who says that he sent a bundle.
 *
 * Promise: the scratch home ends up with one certificate, the one of the fingerprint asked for, and nothing else, so
 * that a signature found good there is that key's. The certificate is walked octet by octet before gpg sees it: one
 * public primary key, no secret part. No other home is touched. */
#include "config.h"

#include "spare-bundle-sender-private.h"

#include "spare-armor-reader.h"
#include "spare-bundle-lines-private.h"
#include "spare-certificate.h"
#include "spare-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

void
spare_bundle_sender_clear (SpareBundleSender *self)
{
  g_clear_object (&self->key);
  g_clear_object (&self->home);
  g_clear_pointer (&self->certificate, g_bytes_unref);
}

/* What is looked at is what is imported: the octets inside of the armor. */
static GBytes *
dearmor (GBytes *certificate, gsize max)
{
  gsize size;
  const guint8 *octets = g_bytes_get_data (certificate, &size);
  g_autoptr (SpareArmorReader) reader = NULL;
  g_autoptr (GByteArray) binary = NULL;

  if (size / 2 > max)
    return NULL;
  if (spare_armor_detect (octets, size) != SPARE_ARMOR_YES)
    return g_bytes_ref (certificate);
  reader = spare_armor_reader_new ();
  binary = g_byte_array_new ();
  if (!spare_armor_reader_feed (reader, octets, size, binary, NULL)
      || !spare_armor_reader_finish (reader, NULL)
      || spare_armor_reader_get_armor_type (reader) != SPARE_ARMOR_TYPE_PUBLIC_KEY)
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&binary));
}

static gboolean
refuse (GError **error, const char *detail)
{
  g_debug ("bundle: sender: %s", detail);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                       _ ("The sender’s key in this bundle is damaged, or is not the key that "
                          "the bundle says it comes from. Nothing was changed here. Ask the "
                          "sender for a new bundle."));
  return FALSE;
}

static gboolean
import (SpareBundleSender *self,
        GBytes *binary,
        const char *fingerprint,
        GCancellable *cancellable,
        GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GPtrArray)
      found = spare_home_import_sync (self->home, binary, FALSE, cancellable, &failure);

  if (found == NULL)
    {
      if (failure->domain == SPARE_ERROR && failure->code != SPARE_ERROR_ENGINE)
        return refuse (error, failure->message);
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (found->len != 1 || g_strcmp0 (g_ptr_array_index (found, 0), fingerprint) != 0)
    return refuse (error, "gpg found another key");
  self->key = spare_home_get_key_sync (self->home, fingerprint, FALSE, cancellable, error);
  if (self->key == NULL)
    return FALSE;
  self->certificate = spare_home_export_sync (self->home, fingerprint, SPARE_EXPORT_MINIMAL,
                                              cancellable, error);
  return self->certificate != NULL;
}

/* @self has an empty scratch home. @max: octets of the certificate without its armor; @fingerprint: whose it must be. */
gboolean
spare_bundle_sender_load (SpareBundleSender *self,
                          GBytes *certificate,
                          gsize max,
                          const char *fingerprint,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (GBytes) binary = dearmor (certificate, max);
  g_autofree char *found = NULL;
  g_autoptr (GError) failure = NULL;

  if (binary == NULL)
    return refuse (error, "no certificate");
  if (!spare_certificate_check_single (binary, max, &found, &failure))
    return refuse (error, failure->message);
  if (!g_str_equal (found, fingerprint))
    return refuse (error, "another key");
  return import (self, binary, fingerprint, cancellable, error);
}
