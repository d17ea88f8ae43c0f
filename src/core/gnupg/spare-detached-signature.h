/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-home.h"
#include "spare-signature.h"

G_BEGIN_DECLS

/* Signatures that stand beside a few octets held in memory, such as a checkpoint of the audit log. */

GBytes *spare_sign_detached_sync (SpareHome *home,
                                  const char *signer,
                                  GBytes *octets,
                                  const char *notation_name,
                                  const char *notation_value,
                                  GCancellable *cancellable,
                                  GError **error);
gboolean spare_verify_detached_sync (SpareHome *home,
                                     GBytes *octets,
                                     GBytes *signature,
                                     const char *signer,
                                     const char *notation_name,
                                     const char *notation_value,
                                     gint64 *created,
                                     gboolean *expired_since,
                                     GCancellable *cancellable,
                                     GError **error);

G_END_DECLS
