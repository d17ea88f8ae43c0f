/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "spare-head.h"
#include "spare-proof.h"

G_BEGIN_DECLS

/* Limits on what a record says about a file. */
#define SPARE_RECORD_SERIAL_MAX      64
#define SPARE_RECORD_DESCRIPTION_MAX 4096
#define SPARE_RECORD_NAME_MAX        255
#define SPARE_RECORD_WORD_MAX        32

/**
 * SpareDepositRecord:
 * @serial: the packet's serial: 1 to 64 of `0-9A-Za-z-`
 * @created: Unix seconds, as the owner says
 * @description: UTF-8, may be empty; at most 4 KiB
 * @name: the file's base name, in the file system's own octets: 1 to 255, none of them a slash
 * @size: octets of the plain file, as the owner says
 * @file_id: 32 lower-case hex digits, computed from @packet
 * @subkey: fingerprint of the authority's escrow subkey; its key id is that of @packet
 * @algorithm: of that subkey, gpg's word; a label
 * @cipher: "AES256"; a label, empty where it was not known
 * @packet: the escrow packet
 * @sha256: of @packet, computed: 64 lower-case hex digits
 * @has_proof: whether there is a proof
 * @proof: (array fixed-size=32): the proof, not verified here; zeros when there is none
 * @esk: the PKESK in @packet
 * @head: the head of the file in @packet
 *
 * One escrow packet with what its owner says about it. Immutable.
 */
typedef struct
{
  char *serial;
  gint64 created;
  char *description;
  char *name;
  guint64 size;
  char *file_id;
  char *subkey;
  char *algorithm;
  char *cipher;
  GBytes *packet;
  char *sha256;
  gboolean has_proof;
  guint8 proof[SPARE_PROOF_LENGTH];
  SpareEsk *esk;
  SpareHead *head;
} SpareDepositRecord;

SpareDepositRecord *spare_deposit_record_new (const char *serial,
                                              gint64 created,
                                              const char *description,
                                              const char *name,
                                              guint64 size,
                                              const char *subkey,
                                              const char *algorithm,
                                              const char *cipher,
                                              GBytes *packet,
                                              const guint8 *proof,
                                              GError **error);
SpareDepositRecord *spare_deposit_record_from_json (JsonObject *object, GError **error);
JsonObject *spare_deposit_record_to_json (const SpareDepositRecord *self);
void spare_deposit_record_free (SpareDepositRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareDepositRecord, spare_deposit_record_free)

G_END_DECLS
