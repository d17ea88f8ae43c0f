/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

#include "spare-packet.h"

G_BEGIN_DECLS

/* The longest body of a PKESK or SKESK that is read. */
#define SPARE_ESK_BODY_MAX 8192

#define SPARE_TYPE_ESK     (spare_esk_get_type ())

typedef struct _SpareEsk SpareEsk;

/**
 * SpareEskPredicate:
 * @esk: an encrypted session key
 * @user_data: what was given along
 *
 * Returns: whether @esk is one of those meant.
 */
typedef gboolean (*SpareEskPredicate) (const SpareEsk *esk, gpointer user_data);

GType spare_esk_get_type (void) G_GNUC_CONST;
SpareEsk *spare_esk_new_from_packet (const guint8 *packet, gsize length, GError **error);
SpareEsk *spare_esk_ref (SpareEsk *esk);
void spare_esk_unref (SpareEsk *esk);

GBytes *spare_esk_get_packet (const SpareEsk *esk);
guint spare_esk_get_tag (const SpareEsk *esk);
gboolean spare_esk_is_public_key (const SpareEsk *esk);
guint spare_esk_get_version (const SpareEsk *esk);
gboolean spare_esk_is_known (const SpareEsk *esk);
gboolean spare_esk_is_hidden (const SpareEsk *esk);
guint64 spare_esk_get_key_id (const SpareEsk *esk);
const char *spare_esk_get_fingerprint (const SpareEsk *esk);
gboolean spare_esk_matches_fingerprint (const SpareEsk *esk, const char *fingerprint);
guint spare_esk_get_algorithm (const SpareEsk *esk);
const guint8 *spare_esk_get_specific (const SpareEsk *esk, gsize *length);
char *spare_esk_dup_algorithm_nick (const SpareEsk *esk);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareEsk, spare_esk_unref)

G_END_DECLS
