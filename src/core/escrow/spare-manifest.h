/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* No manifest is longer: about 200,000 files. */
#define SPARE_MANIFEST_SIZE_MAX (64 * 1024 * 1024)

/**
 * SpareVerdict:
 * @SPARE_VERDICT_MATCHED: a proven deposit of the identified person is behind it
 * @SPARE_VERDICT_UNMATCHED: there is none
 * @SPARE_VERDICT_UNSURE: something was found, but it does not agree; counts as unmatched
 *
 * What was found for one file of a request.
 */
typedef enum
{
  SPARE_VERDICT_MATCHED,
  SPARE_VERDICT_UNMATCHED,
  SPARE_VERDICT_UNSURE,
} SpareVerdict;

const char *spare_verdict_to_string (SpareVerdict verdict);
gboolean spare_verdict_from_string (const char *text, SpareVerdict *verdict);

/* One file. @serial is empty when the packet came with the request. */
typedef struct
{
  char *file_id;
  char *serial;
  char *sha256; /* of the source packet */
  SpareVerdict verdict;
} SpareManifestFile;

/* The evidence of one identity check. */
typedef struct
{
  char *check;
  char *sha256;
} SpareManifestEvidence;

/**
 * SpareManifest:
 * @case_id: the case
 * @request_sha256: of the request's octets
 * @old_fingerprint: the old key claimed; empty if none is
 * @person: user id text of who asks, UTF-8
 * @key: primary fingerprint of the new key
 * @subkey: fingerprint of its encryption subkey
 * @files: (element-type SpareManifestFile): no file id and packet twice
 * @evidence: (element-type SpareManifestEvidence): no check twice
 * @policy_sha256: of the policy's octets
 * @expires: Unix seconds
 *
 * What approvals sign: all that a grant will rest on.
 */
typedef struct
{
  char *case_id;
  char *request_sha256;
  char *old_fingerprint;
  char *person;
  char *key;
  char *subkey;
  GPtrArray *files;
  GPtrArray *evidence;
  char *policy_sha256;
  gint64 expires;
} SpareManifest;

SpareManifest *spare_manifest_new (void);
void spare_manifest_add_file (SpareManifest *self,
                              const char *file_id,
                              const char *serial,
                              const char *sha256,
                              SpareVerdict verdict);
void spare_manifest_add_evidence (SpareManifest *self, const char *check, const char *sha256);
GBytes *spare_manifest_serialize (const SpareManifest *self);
char *spare_manifest_hash (GBytes *octets);
SpareManifest *spare_manifest_parse (GBytes *octets, GError **error);
void spare_manifest_free (SpareManifest *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareManifest, spare_manifest_free)

G_END_DECLS
