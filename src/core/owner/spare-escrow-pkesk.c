/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of a file's PKESKs is the authority's.
 *
 * Promise: the newest key of the authority is for bundles and mail (protocol.md 1.1) and never counts, so that the packet
 * of a bundle is not taken for the packet of a file. An authority with one encryption key has no other choice.
 */
#include "config.h"

#include "spare-escrow-pkesk-private.h"

static guint
count_encryption_subkeys (SpareKey *key)
{
  guint n = 0;

  for (guint i = 0; i < spare_key_get_n_subkeys (key); i++)
    {
      const SpareSubkey *subkey = spare_key_get_subkey (key, i);

      n += !subkey->is_adsk && !subkey->can_sign && !subkey->can_certify;
    }
  return n;
}

SpareEsk *
spare_escrow_pkesk_find_private (SpareKey *authority,
                                 const SpareHead *head,
                                 const SpareSubkey **found)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const SpareSubkey *transport = spare_key_pick_newest_encryption_subkey (authority, now);
  gboolean several = count_encryption_subkeys (authority) > 1;

  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    {
      SpareEsk *esk = spare_head_get_esk (head, i);

      if (!spare_esk_is_public_key (esk) || spare_esk_is_hidden (esk))
        continue;
      for (guint j = 0; j < spare_key_get_n_subkeys (authority); j++)
        {
          const SpareSubkey *subkey = spare_key_get_subkey (authority, j);

          if (spare_esk_matches_fingerprint (esk, subkey->fingerprint) && !subkey->is_adsk
              && !(several && subkey == transport))
            {
              *found = subkey;
              return esk;
            }
        }
    }
  return NULL;
}
