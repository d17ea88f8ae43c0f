/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "spare-head.h"

G_BEGIN_DECLS

/**
 * SpareRequestRecord:
 * @file_id: 32 lower-case hex digits, computed from @tag and @data_head
 * @name: the file's base name, in the file system's own octets: 1 to 255, none of them a slash
 * @size: octets of the encrypted file, as the owner says
 * @tag: of the data packet: 18 or 20
 * @data_head: the data head
 * @key_ids: the key ids of the PKESKs in the file's head, 16 upper-case hex digits each; NULL-terminated
 * @esk: (nullable): the authority's PKESK, if the file has one
 * @head: a head of nothing but @data_head, for spare_quick_check() and spare_proof_verify()
 *
 * One file that the owner of a new key asks to be recovered. Immutable.
 */
typedef struct
{
  char *file_id;
  char *name;
  guint64 size;
  guint tag;
  GBytes *data_head;
  char **key_ids;
  SpareEsk *esk;
  SpareHead *head;
} SpareRequestRecord;

SpareRequestRecord *spare_request_record_new (const char *name,
                                              guint64 size,
                                              const SpareHead *head,
                                              SpareEsk *authority,
                                              GError **error);
SpareRequestRecord *spare_request_record_from_json (JsonObject *object, GError **error);
JsonObject *spare_request_record_to_json (const SpareRequestRecord *self);
GBytes *spare_request_record_dup_packet (const SpareRequestRecord *self);
void spare_request_record_free (SpareRequestRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareRequestRecord, spare_request_record_free)

G_END_DECLS
