/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-json-line.h"

G_BEGIN_DECLS

/* What a signature over a bundle says it is for; nothing else here ever signs with this notation. */
#define SPARE_BUNDLE_NOTATION "bundle@sparekey.org"
#define SPARE_BUNDLE_VERSION  1

/* Octets of a bundle and of what it holds; of the sender's certificate, binary; and how much smaller a bundle may be than
 * what it holds: %SPARE_BUNDLE_EXPANSION_MAX times, after the first %SPARE_BUNDLE_EXPANSION_FREE octets. */
#define SPARE_BUNDLE_MAX             (G_GUINT64_CONSTANT (512) * 1024 * 1024)
#define SPARE_BUNDLE_PLAIN_MAX       (G_GUINT64_CONSTANT (1024) * 1024 * 1024)
#define SPARE_BUNDLE_EXPANSION_MAX   100
#define SPARE_BUNDLE_EXPANSION_FREE  (1024 * 1024)
#define SPARE_BUNDLE_CERTIFICATE_MAX (64 * 1024)

/**
 * SpareBundleType:
 * @SPARE_BUNDLE_DEPOSIT: owner to authority: escrow packets
 * @SPARE_BUNDLE_RECEIPT: authority to owner: which of them it holds
 * @SPARE_BUNDLE_REQUEST: owner to authority: open these files again, for a new key
 * @SPARE_BUNDLE_CASE: authority to a remote officer: what is to be approved
 * @SPARE_BUNDLE_APPROVAL: officer to authority
 * @SPARE_BUNDLE_GRANT: authority to owner: the files' new packets
 * @SPARE_BUNDLE_REFUSAL: authority to owner: no, and why
 * @SPARE_BUNDLE_TRANSFER: authority to authority: what the first one holds
 */
typedef enum
{
  SPARE_BUNDLE_DEPOSIT,
  SPARE_BUNDLE_RECEIPT,
  SPARE_BUNDLE_REQUEST,
  SPARE_BUNDLE_CASE,
  SPARE_BUNDLE_APPROVAL,
  SPARE_BUNDLE_GRANT,
  SPARE_BUNDLE_REFUSAL,
  SPARE_BUNDLE_TRANSFER,
} SpareBundleType;

#define SPARE_BUNDLE_N_TYPES    8
#define SPARE_BUNDLE_MASK(type) (1u << (type))
#define SPARE_BUNDLE_ANY        ((1u << SPARE_BUNDLE_N_TYPES) - 1)

const char *spare_bundle_type_to_string (SpareBundleType type);
gboolean spare_bundle_type_from_string (const char *text, SpareBundleType *type);

typedef struct
{
  SpareBundleType type;
  char *id;           /* a UUID */
  gint64 created;     /* Unix seconds, by the sender's clock */
  char *from;         /* the sender's primary fingerprint */
  char *to;           /* the receiver's */
  char *certificate;  /* the sender's, armored; NULL: filled in by the writer */
  JsonObject *fields; /* the further members, in order; never NULL */
} SpareBundleHeader;

SpareBundleHeader *spare_bundle_header_new (SpareBundleType type,
                                            const char *from,
                                            const char *to);
SpareBundleHeader *spare_bundle_header_parse (JsonObject *line, GError **error);
JsonObject *spare_bundle_header_to_json (const SpareBundleHeader *self);
void spare_bundle_header_free (SpareBundleHeader *self);
char *spare_bundle_header_dup_file_name (const SpareBundleHeader *self);
char *spare_bundle_header_dup_notation (const SpareBundleHeader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareBundleHeader, spare_bundle_header_free)

/* A bundle that was written as a file, for showing. */
typedef struct
{
  char *path; /* or a URI */
  SpareBundleType type;
  char *id;
  char *to; /* the receiver's primary fingerprint */
  guint n_records;
} SpareWrittenBundle;

SpareWrittenBundle *spare_written_bundle_new (const char *path,
                                              const SpareBundleHeader *header,
                                              guint n_records);
void spare_written_bundle_free (SpareWrittenBundle *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareWrittenBundle, spare_written_bundle_free)

G_END_DECLS
