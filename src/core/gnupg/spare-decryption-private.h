/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-decryption.h"

G_BEGIN_DECLS

/* FALSE with an error if no engine has to be asked to know that this won't be opened. @has_session_key: then it does not
 * matter to whom it was encrypted. */
gboolean spare_decryption_check_head_private (const SpareHead *head,
                                              gboolean has_session_key,
                                              GError **error);
void spare_decryption_set_damaged_private (GError **error, const char *detail);
/* Names the key ids that would open it. */
void spare_decryption_set_no_key_private (GError **error, const SpareHead *head);

G_END_DECLS
