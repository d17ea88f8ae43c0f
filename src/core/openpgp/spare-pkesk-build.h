/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-esk.h"
#include "spare-secret.h"
#include "spare-wrap-key.h"

G_BEGIN_DECLS

SpareEsk *spare_pkesk_build (const SpareWrapKey *key,
                             guint cipher,
                             SpareSecret *session_key,
                             GError **error);

G_END_DECLS
