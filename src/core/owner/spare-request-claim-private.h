/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-request-scan-private.h"

G_BEGIN_DECLS

/* Takes out of @found (of SpareFoundFile) what needs no recovery or can have none, and tells which key was lost. @wanted:
 * its fingerprint as the person gave it; NULL: told from the files. @old stays NULL if nothing is left to ask for. */
gboolean spare_request_claim_sync (SpareOwner *owner,
                                   GPtrArray *found,
                                   const char *wanted,
                                   char **old,
                                   GPtrArray *left_out,
                                   GCancellable *cancellable,
                                   GError **error);

G_END_DECLS
