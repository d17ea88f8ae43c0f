/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is wrong with octets, as far as a person needs to know. */
typedef enum
{
  SPARE_DAMAGE_BROKEN,      /* not what the format allows */
  SPARE_DAMAGE_CUT,         /* ends too early */
  SPARE_DAMAGE_TRAILING,    /* goes on after its end */
  SPARE_DAMAGE_EXCESSIVE,   /* past a limit: nobody writes such a thing in earnest */
  SPARE_DAMAGE_UNSUPPORTED, /* well-formed, but of a kind that is not handled */
  SPARE_DAMAGE_PLAIN,       /* not an encrypted message */
  SPARE_DAMAGE_CERTIFICATE, /* not one certificate in the form that it must have */
  SPARE_DAMAGE_KEY_KIND,    /* a key of a kind that no session key is handed over to here */
  SPARE_DAMAGE_KEY_WEAK,    /* a key that is weaker than what it would protect */
  SPARE_DAMAGE_OTHER_KEY,   /* meant for another key than the one at hand */
} SpareDamage;

gboolean spare_damage_set (GError **error, SpareDamage damage, const char *detail, ...)
    G_GNUC_PRINTF (3, 4);

G_END_DECLS
