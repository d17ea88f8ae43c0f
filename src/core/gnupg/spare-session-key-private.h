/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-session-key.h"

G_BEGIN_DECLS

SpareSecret *spare_session_key_to_text_private (const SpareSessionKey *self, GError **error);

G_END_DECLS
