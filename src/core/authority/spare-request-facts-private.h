/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-authority.h"
#include "spare-bundle-reader.h"
#include "spare-wrap-key.h"

G_BEGIN_DECLS

#define SPARE_REQUEST_REASON_MAX 4096

/**
 * SpareRequestFacts:
 * @old: the old key claimed; empty: none
 * @reason: what the requester wrote
 * @lost: "lost" or "stolen"
 * @since: since when, by the requester's word; 0: not said
 * @requester: the new key's first user id
 * @people: all its user ids, a line each
 * @subkey: fingerprint of the new key's newest usable encryption subkey
 * @wrap_key: that subkey, checked: session keys can be wrapped for it
 *
 * What a request says of itself, checked.
 */
typedef struct
{
  char *old;
  char *reason;
  char *lost;
  gint64 since;
  char *requester;
  char *people;
  char *subkey;
  SpareWrapKey *wrap_key;
} SpareRequestFacts;

SpareRequestFacts *spare_request_facts_new (SpareBundle *request,
                                            const char *authority,
                                            gint64 now,
                                            GError **error);
void spare_request_facts_free (SpareRequestFacts *self);
char *spare_user_id_to_text (const char *user_id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareRequestFacts, spare_request_facts_free)

G_END_DECLS
