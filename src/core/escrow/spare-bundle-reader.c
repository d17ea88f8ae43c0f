/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads bundles: all of it is believed, or nothing.
 *
 *   file → private spool, walked and hashed as it goes in (a stick may give out other octets the next time)
 *        → session key, by my secret key
 *        → without a known sender: the first line, by an empty home; its certificate into that home
 *        → all of it again, with the sender's certificate alone, into a second spool; each line looked at
 *        → signed by the sender alone, for this type and for me
 *
 * Promise: a bundle that is returned was verified from its first octet to its last. Before that nothing of it is given
 * out and nothing is written but files without names. The same octets that were verified are the ones that are read
 * later, counted, hashed and copied. A bundle that is refused leaves nothing behind.
 *
 * Not promised: that the sender's key belongs to a person, or was not stolen. That is what registries are for. */
#include "config.h"

#include "spare-bundle-reader.h"

#include "spare-bundle-reader-private.h"
#include "spare-bundle-sender-private.h"
#include "spare-certificate.h"
#include "spare-decryption.h"
#include "spare-error.h"
#include "spare-session-key.h"
#include "spare-source.h"
#include "spare-walker.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define PART 65536
/* Session key packets of a bundle: one, and what additional decryption subkeys add. */
#define ESKS_MAX 16

/* A bundle while it is opened. */
typedef struct
{
  const SpareBundleExpectation *expectation;
  SpareProgressMeter *meter;
  GCancellable *cancellable;
  SpareBundle *bundle;
  SpareHead *head;
  SpareSessionKey *key;
  SpareBundleSender sender;
  guint64 n_read; /* of the spool, by the engine */

  GByteArray *first; /* the first line, as far as it is there */
  gboolean has_first;
} Opening;

static void
opening_clear (Opening *self)
{
  g_clear_pointer (&self->bundle, spare_bundle_free);
  g_clear_pointer (&self->head, spare_head_unref);
  g_clear_pointer (&self->key, spare_session_key_free);
  spare_bundle_sender_clear (&self->sender);
  g_clear_pointer (&self->first, g_byte_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Opening, opening_clear)

static gboolean
refuse (GError **error, const char *detail)
{
  spare_bundle_set_damaged_private (error, detail);
  return FALSE;
}

static gboolean
set_too_large (GError **error)
{
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                       _ ("This bundle is larger than Spare Key makes them, so it was not "
                          "opened. Nothing was changed here. Ask its sender for several "
                          "smaller ones."));
  return FALSE;
}

/* The engine's words are about files that are decrypted; these are about bundles. */
static gboolean
explain (GError **error, GError *failure)
{
  if (g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_TOO_LARGE))
    set_too_large (error);
  else if (g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_DAMAGED)
           || g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_NOT_ENCRYPTED)
           || g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_NO_KEY))
    refuse (error, failure->message);
  else
    {
      g_propagate_error (error, failure);
      return FALSE;
    }
  g_error_free (failure);
  return FALSE;
}

/* --- Into the spool --- */

typedef struct
{
  Opening *opening;
  SpareWalker *walker;
  GChecksum *checksum;
} Intake;

static gboolean
take_in (Intake *self, const guint8 *octets, gsize size, GError **error)
{
  SpareBundleSpool *spool = self->opening->bundle->octets;
  g_autoptr (GError) failure = NULL;

  if (size > SPARE_BUNDLE_MAX - spare_bundle_spool_get_size (spool))
    return set_too_large (error);
  if (!spare_walker_feed (self->walker, octets, size, &failure))
    return refuse (error, failure->message);
  g_checksum_update (self->checksum, octets, (gssize) size);
  return spare_bundle_spool_append (spool, octets, size, error);
}

static gboolean
finish_intake (Intake *self, GError **error)
{
  Opening *opening = self->opening;
  g_autoptr (GError) failure = NULL;

  if (!spare_walker_finish (self->walker, &failure))
    return refuse (error, failure->message);
  opening->head = spare_head_ref (spare_walker_get_head (self->walker));
  opening->bundle->sha256 = g_strdup (g_checksum_get_string (self->checksum));
  if (spare_head_get_n_esks (opening->head) > ESKS_MAX)
    return refuse (error, "too many session keys");
  return TRUE;
}

static gboolean
take_file (Opening *self, const char *path, GBytes *given, GError **error)
{
  g_autoptr (SpareWalker) walker = spare_walker_new (SPARE_WALKER_STRICT);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  Intake intake = { .opening = self, .walker = walker, .checksum = checksum };
  g_autoptr (SpareSource) source = NULL;
  g_autofree guint8 *part = NULL;
  gssize n;

  if (given != NULL)
    return take_in (&intake, g_bytes_get_data (given, NULL), g_bytes_get_size (given), error)
           && finish_intake (&intake, error);

  source = spare_source_open (path, SPARE_SOURCE_FOLLOW, error);
  if (source == NULL)
    return FALSE;
  if ((guint64) spare_source_get_size (source) > SPARE_BUNDLE_MAX)
    return set_too_large (error);
  part = g_malloc (PART);
  while ((n = spare_source_read (source, part, PART, error)) > 0)
    {
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error)
          || !take_in (&intake, part, (gsize) n, error))
        return FALSE;
      if (self->meter != NULL)
        spare_progress_meter_report (self->meter, SPARE_STAGE_PREPARING,
                                     (goffset) spare_bundle_spool_get_size (
                                         self->bundle->octets),
                                     spare_source_get_size (source));
    }
  return n == 0 && finish_intake (&intake, error);
}

/* --- The session key --- */

static gboolean
is_mine (const SpareEsk *esk, SpareKey *me)
{
  if (!spare_esk_is_public_key (esk) || spare_esk_is_hidden (esk))
    return FALSE;
  for (guint i = 0; i < spare_key_get_n_subkeys (me); i++)
    if (spare_esk_matches_fingerprint (esk, spare_key_get_subkey (me, i)->fingerprint))
      return TRUE;
  return FALSE;
}

static gboolean
open_session_key (Opening *self, GError **error)
{
  g_autoptr (SpareSessionKeyOpener)
      opener = spare_session_key_opener_new (self->expectation->home, self->expectation->me);
  gboolean is_damaged = FALSE;

  for (guint i = 0; i < spare_head_get_n_esks (self->head); i++)
    {
      const SpareEsk *esk = spare_head_get_esk (self->head, i);
      g_autoptr (GError) failure = NULL;

      if (!is_mine (esk, self->expectation->me))
        continue;
      self->key = spare_session_key_opener_open_sync (opener, esk, self->head,
                                                      self->cancellable, &failure);
      if (self->key != NULL)
        return TRUE;
      if (g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_DAMAGED)
          || g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED))
        is_damaged = TRUE;
      else if (!g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_NO_KEY))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
    }
  if (is_damaged)
    return refuse (error, "session key packet");
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NO_KEY,
                       _ ("This bundle was not made for your key. Nothing was changed here. "
                          "Ask its sender to make it for the key that you use now."));
  return FALSE;
}

/* --- Through the engine --- */

static gssize
read_cb (gpointer user_data, guint8 *buffer, gsize size, GError **error)
{
  Opening *self = user_data;
  gssize n = spare_bundle_spool_read (self->bundle->octets, self->n_read, buffer, size, error);

  if (n > 0)
    self->n_read += (guint64) n;
  if (n > 0 && self->meter != NULL)
    spare_progress_meter_report (self->meter, SPARE_STAGE_CHECKING, (goffset) self->n_read,
                                 (goffset) spare_bundle_spool_get_size (self->bundle->octets));
  return n;
}

static gboolean
rewind_input_cb (gpointer user_data, GError **error)
{
  Opening *self = user_data;

  self->n_read = 0;
  return TRUE;
}

static guint64
get_cap (Opening *self)
{
  guint64 size = spare_bundle_spool_get_size (self->bundle->octets);

  return MIN (SPARE_BUNDLE_PLAIN_MAX,
              size * SPARE_BUNDLE_EXPANSION_MAX + SPARE_BUNDLE_EXPANSION_FREE);
}

/* --- The first line, before anything is known --- */

static gboolean
write_first_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  Opening *self = user_data;
  const guint8 *feed = memchr (octets, '\n', size);
  gsize length = feed != NULL ? (gsize) (feed - octets) : size;

  if (self->first->len + length > SPARE_JSON_LINE_MAX)
    return refuse (error, "a first line that is too long");
  g_byte_array_append (self->first, octets, (guint) length);
  if (feed == NULL)
    return TRUE;
  /* Enough: the engine is ended here. */
  self->has_first = TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "enough");
  return FALSE;
}

static gboolean
rewind_first_cb (gpointer user_data, GError **error)
{
  Opening *self = user_data;

  g_byte_array_set_size (self->first, 0);
  return TRUE;
}

static SpareBundleHeader *
read_first_header (Opening *self, GError **error)
{
  const SpareStream stream = {
    .read = read_cb,
    .rewind_input = rewind_input_cb,
    .input = self,
    .write = write_first_cb,
    .rewind_output = rewind_first_cb,
    .output = self,
  };
  g_autoptr (GError) failure = NULL;
  g_autoptr (SpareDecryption) whole = NULL;
  g_autoptr (JsonObject) line = NULL;
  SpareBundleHeader *header;

  self->first = g_byte_array_new ();
  whole = spare_decrypt_with_session_key_sync (self->sender.home, self->key, &stream,
                                               get_cap (self), self->cancellable, &failure);
  if (!self->has_first)
    {
      if (whole == NULL)
        explain (error, g_steal_pointer (&failure));
      else
        refuse (error, "no line at all");
      return NULL;
    }
  g_clear_error (&failure);
  line = spare_json_line_parse ((const char *) self->first->data, self->first->len, NULL);
  if (line == NULL)
    {
      refuse (error, "first line");
      return NULL;
    }
  header = spare_bundle_header_parse (line, &failure);
  if (header == NULL && !g_error_matches (failure, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED))
    refuse (error, "header");
  else if (header == NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return header;
}

/* --- What is expected --- */

static gboolean
check_type (guint types, SpareBundleType type, GError **error)
{
  if ((types & SPARE_BUNDLE_MASK (type)) != 0)
    return TRUE;
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_UNSUPPORTED,
               _ ("This is a bundle of another kind (“%s”) than the one that is wanted here. "
                  "Nothing was changed. Open it where such bundles are taken in."),
               spare_bundle_type_to_string (type));
  return FALSE;
}

static gboolean
check_header (Opening *self, const SpareBundleHeader *header, GError **error)
{
  const SpareBundleExpectation *expectation = self->expectation;

  if (g_strcmp0 (header->to, spare_key_get_fingerprint (expectation->me)) != 0)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                           _ ("This bundle was made for somebody else and then sent to you. It "
                              "was not accepted, and nothing was changed here. Ask the sender "
                              "for one that is made for you."));
      return FALSE;
    }
  if (expectation->sender != NULL && g_strcmp0 (header->from, expectation->sender) != 0)
    {
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED,
                   _ ("This bundle says it comes from the key %s, which is not the key that "
                      "such "
                      "bundles are accepted from. Nothing was changed here. Ask the right "
                      "sender for one."),
                   header->from);
      return FALSE;
    }
  return check_type (expectation->types, header->type, error);
}

static gboolean
load_sender (Opening *self, GError **error)
{
  const SpareBundleExpectation *expectation = self->expectation;
  g_autoptr (SpareBundleHeader) header = NULL;
  g_autoptr (GBytes) certificate = NULL;

  self->sender.home = spare_home_new_scratch (error);
  if (self->sender.home == NULL)
    return FALSE;
  if (expectation->sender_certificate != NULL)
    return spare_bundle_sender_load (&self->sender, expectation->sender_certificate,
                                     SPARE_CERTIFICATE_MAX, expectation->sender,
                                     self->cancellable, error);
  header = read_first_header (self, error);
  if (header == NULL || !check_header (self, header, error))
    return FALSE;
  certificate = g_bytes_new (header->certificate, strlen (header->certificate));
  return spare_bundle_sender_load (&self->sender, certificate, SPARE_BUNDLE_CERTIFICATE_MAX,
                                   header->from, self->cancellable, error);
}

/* --- All of it --- */

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  Opening *self = user_data;

  return spare_bundle_lines_feed (&self->bundle->lines, octets, size, error)
         && spare_bundle_spool_append (self->bundle->plain, octets, size, error);
}

static gboolean
rewind_cb (gpointer user_data, GError **error)
{
  Opening *self = user_data;

  spare_bundle_lines_clear (&self->bundle->lines);
  return spare_bundle_spool_clear (self->bundle->plain, error);
}

static gboolean
verify (Opening *self, GError **error)
{
  const SpareStream stream = {
    .read = read_cb,
    .rewind_input = rewind_input_cb,
    .input = self,
    .write = write_cb,
    .rewind_output = rewind_cb,
    .output = self,
  };
  const SpareBundleHeader *header;
  g_autoptr (GError) failure = NULL;
  g_autofree char *notation = NULL;
  g_autoptr (SpareDecryption) decryption = NULL;

  self->n_read = 0;
  decryption = spare_decrypt_with_session_key_sync (self->sender.home, self->key, &stream,
                                                    get_cap (self), self->cancellable,
                                                    &failure);
  if (decryption == NULL)
    return explain (error, g_steal_pointer (&failure));
  if (!spare_bundle_lines_finish (&self->bundle->lines, error))
    return FALSE;
  header = self->bundle->lines.header;
  if (!check_header (self, header, error))
    return FALSE;
  if (g_strcmp0 (header->from, spare_key_get_fingerprint (self->sender.key)) != 0)
    return refuse (error, "another sender than the one that was looked up");
  notation = spare_bundle_header_dup_notation (header);
  return spare_decryption_is_signed_only_by (decryption, header->from, SPARE_BUNDLE_NOTATION,
                                             notation, error);
}

static void
note_revoked (Opening *self)
{
  SpareKey **revoked = self->expectation->revoked;

  if (revoked != NULL && *revoked == NULL
      && spare_key_get_subkey (self->sender.key, 0)->revoked)
    *revoked = g_object_ref (self->sender.key);
}

static SpareBundle *
open_bundle (const char *path,
             GBytes *octets,
             const SpareBundleExpectation *expectation,
             SpareProgressMeter *meter,
             GCancellable *cancellable,
             GError **error)
{
  g_auto (Opening)
      opening = { .expectation = expectation, .meter = meter, .cancellable = cancellable };
  SpareBundle *bundle = g_new0 (SpareBundle, 1);

  opening.bundle = bundle;
  bundle->octets = spare_bundle_spool_new (expectation->spool, error);
  if (bundle->octets == NULL)
    return NULL;
  bundle->plain = spare_bundle_spool_new (expectation->spool, error);
  if (bundle->plain == NULL || !take_file (&opening, path, octets, error)
      || !open_session_key (&opening, error) || !load_sender (&opening, error))
    return NULL;
  note_revoked (&opening);
  if (!verify (&opening, error))
    return NULL;

  bundle->sender = g_object_ref (opening.sender.key);
  bundle->sender_certificate = g_bytes_ref (opening.sender.certificate);
  bundle->position = bundle->lines.records_at;
  return g_steal_pointer (&opening.bundle);
}

/**
 * spare_bundle_open_sync:
 * @path: (type filename): a file
 * @expectation: which bundle is accepted; a certificate of the sender's goes with his fingerprint
 * @meter: (nullable): takes reports
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * Opens and verifies a bundle, from its first to its last octet. The home's passphrase function may be asked. Temporary
 * files have no names.
 *
 * Fails with %SPARE_ERROR_DAMAGED (no bundle, damaged, forged, not signed by its sender for this purpose and for me, from
 * another sender, an expired or revoked sender), %SPARE_ERROR_NO_KEY (not encrypted to @me), %SPARE_ERROR_UNSUPPORTED (a
 * higher version, another type), %SPARE_ERROR_TOO_LARGE, what the home's passphrase function set, %SPARE_ERROR_ENGINE,
 * and with a %G_IO_ERROR. Each message says that nothing was changed.
 *
 * Returns: (transfer full) (nullable): the bundle
 */
SpareBundle *
spare_bundle_open_sync (const char *path,
                        const SpareBundleExpectation *expectation,
                        SpareProgressMeter *meter,
                        GCancellable *cancellable,
                        GError **error)
{
  g_return_val_if_fail (path != NULL && expectation->me != NULL, NULL);
  g_return_val_if_fail (expectation->sender_certificate == NULL || expectation->sender != NULL,
                        NULL);

  return open_bundle (path, NULL, expectation, meter, cancellable, error);
}

/**
 * spare_bundle_open_bytes_sync:
 * @octets: a bundle that was kept
 * @expectation: which bundle is accepted
 * @meter: (nullable): takes reports
 * @cancellable: (nullable): ends it
 * @error: return location
 *
 * As spare_bundle_open_sync(), for octets in memory.
 *
 * Returns: (transfer full) (nullable): the bundle
 */
SpareBundle *
spare_bundle_open_bytes_sync (GBytes *octets,
                              const SpareBundleExpectation *expectation,
                              SpareProgressMeter *meter,
                              GCancellable *cancellable,
                              GError **error)
{
  g_return_val_if_fail (octets != NULL && expectation->me != NULL, NULL);
  g_return_val_if_fail (expectation->sender_certificate == NULL || expectation->sender != NULL,
                        NULL);

  return open_bundle (NULL, octets, expectation, meter, cancellable, error);
}
