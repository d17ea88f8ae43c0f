/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "spare-authority.h"

G_BEGIN_DECLS

#define SPARE_ATTESTATION_NOTATION "statement@sparekey.org"

/* Inside the registry's open transaction: signs what the authority itself saw, and keeps it under @subject. */
gboolean spare_attestation_make_sync (SpareAudit *audit,
                                      const char *subject,
                                      JsonObject *statement,
                                      GCancellable *cancellable,
                                      GError **error);
/* Returns: (transfer full) (nullable): the statement, its signature verified; %NULL without an error if there is none or
 * it is not the authority's. @sha256 (out) (optional): of the statement's octets. */
JsonObject *spare_attestation_find_sync (SpareAuthority *authority,
                                         const char *subject,
                                         char **sha256,
                                         GCancellable *cancellable,
                                         GError **error);

/* As above, for who has the log. */
JsonObject *spare_attestation_find_in_sync (SpareAudit *audit,
                                            const char *subject,
                                            char **sha256,
                                            GCancellable *cancellable,
                                            GError **error);

G_END_DECLS
