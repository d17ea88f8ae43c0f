/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "spare-head.h"

G_BEGIN_DECLS

/**
 * SpareGrantRecord:
 * @file_id: 32 lower-case hex digits, computed from @tag and @data_head
 * @tag: of the data packet: 18 or 20
 * @data_head: the data head
 * @serial: of the packet that the session key was taken from; empty if it came with the request
 * @sha256: of that packet (of spare_request_record_dup_packet() if it came with the request)
 * @matched: whether the claim was matched by a proven deposit
 * @esk: the new PKESK, for the owner's new key
 * @head: a head of nothing but @data_head, for spare_quick_check()
 *
 * One file's session key, wrapped for its owner's new key. Immutable.
 */
typedef struct
{
  char *file_id;
  guint tag;
  GBytes *data_head;
  char *serial;
  char *sha256;
  gboolean matched;
  SpareEsk *esk;
  SpareHead *head;
} SpareGrantRecord;

SpareGrantRecord *spare_grant_record_new (guint tag,
                                          GBytes *data_head,
                                          const char *serial,
                                          const char *sha256,
                                          gboolean matched,
                                          SpareEsk *esk,
                                          GError **error);
SpareGrantRecord *spare_grant_record_from_json (JsonObject *object, GError **error);
JsonObject *spare_grant_record_to_json (const SpareGrantRecord *self);
void spare_grant_record_free (SpareGrantRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareGrantRecord, spare_grant_record_free)

G_END_DECLS
