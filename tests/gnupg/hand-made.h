/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-session-key.h"

G_BEGIN_DECLS

/* What an attacker makes with a few lines of code, where stock gpg would refuse. */

GBytes *hand_made_join (GBytes *first, ...) G_GNUC_NULL_TERMINATED;

/* The packets @inner encrypted (SEIPD v1) with the session key of @like, behind the PKESK of @like. */
GBytes *hand_made_seal (GBytes *like, const SpareSessionKey *key, GBytes *inner);

/* @packets in a compressed-data packet that does not compress. */
GBytes *hand_made_compressed (GBytes *packets);

/* @signature, one v4 signature packet, with a notation in the area that the signature does not cover. */
GBytes *hand_made_notation (GBytes *signature, const char *name, const char *value);

G_END_DECLS
