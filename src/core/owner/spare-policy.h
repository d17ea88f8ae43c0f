/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-settings.h"

G_BEGIN_DECLS

/* What holds for encryption: the administrator's policy.ini over the person's preferences. Immutable; made anew when
 * either changes. A policy file that is there but can't be read or understood is an error, never "no policy". */

#define SPARE_TYPE_POLICY (spare_policy_get_type ())
G_DECLARE_FINAL_TYPE (SparePolicy, spare_policy, SPARE, POLICY, GObject)

SparePolicy *spare_policy_load (const char *path, SpareSettings *settings, GError **error);

SpareEscrowMode spare_policy_get_mode (SparePolicy *self);
gboolean spare_policy_is_mode_managed (SparePolicy *self);
gboolean spare_policy_get_required (SparePolicy *self);
gboolean spare_policy_is_required_managed (SparePolicy *self);
SpareUnusable spare_policy_get_when_unusable (SparePolicy *self);
gboolean spare_policy_is_when_unusable_managed (SparePolicy *self);
const char *spare_policy_get_authority (SparePolicy *self);     /* fingerprint or NULL */
const char *spare_policy_get_authority_key (SparePolicy *self); /* path or NULL */
const char *spare_policy_get_deposit_to (SparePolicy *self);    /* URI or NULL */
gboolean spare_policy_is_deposit_to_managed (SparePolicy *self);
gboolean spare_policy_is_managed (SparePolicy *self); /* a policy.ini is in force */

G_END_DECLS
