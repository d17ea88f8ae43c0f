/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which subkeys of an authority files are, or were, encrypted to.
 *
 * An authority has two encryption subkeys at a time: escrow, for files, the oldest usable one; and transport, for
 * bundles and mail, the newest. Nothing in a certificate says which is which, so it is told by time: a file was only
 * ever encrypted to what was the oldest one alive.
 *
 *     E1 ═══════════════════╡                   expired: escrow until then, and its files are still there
 *      T1 ══════════════════╡                   never the oldest: transport, never opened in a recovery
 *                        E2 ═════════════…      escrow from E1's end on
 *                         T2 ════════════…
 *
 * Promise: a transport subkey, retired or not, is not among them, so what somebody mailed to the authority is never
 * opened as if it were escrowed; except where it was also escrow, for there was no other.
 */
#include "config.h"

#include "spare-key.h"

/* Subkeys that are to end together end some seconds apart, for they are changed one after the other. */
#define SECONDS_APART 3600

static gint64
get_end (const SpareSubkey *subkey)
{
  return subkey->expires != 0 ? subkey->expires : G_MAXINT64;
}

/* GPGME does not say when a subkey was revoked: it is taken once as if it had lived on, once as if it had never been.
 *
 * The subkey is the oldest alive from its own beginning or from the last end of all that are older, until its @end. One
 * that came after an older one's end was that for a while at least; one that had nothing older before it was it at once. */
static gboolean
was_oldest (SpareKey *key, guint position, gboolean count_revoked, gint64 end, gint64 now)
{
  const SpareSubkey *subkey = spare_key_get_subkey (key, position);
  gint64 begin = subkey->created;

  if (subkey->revoked && !count_revoked)
    return FALSE;
  for (guint i = 0; i < spare_key_get_n_subkeys (key); i++)
    {
      const SpareSubkey *other = spare_key_get_subkey (key, i);
      gboolean is_older = other->created < subkey->created
                          || (other->created == subkey->created && i < position);

      if (i != position && is_older && other->can_encrypt && !other->is_adsk
          && (!other->revoked || count_revoked))
        begin = MAX (begin, get_end (other));
    }
  return begin <= now && begin < end
         && (begin == subkey->created || end > now || end - begin >= SECONDS_APART);
}

/**
 * spare_key_list_escrow_subkeys:
 * @self: an authority's key
 *
 * The subkeys whose PKESKs a recovery may open: the escrow subkey, and those that were it once, expired and revoked
 * ones included. A key with one encryption subkey has that one, which is escrow and transport at once.
 *
 * Returns: (transfer container) (element-type SpareSubkey): borrowed from @self; empty if it can't encrypt
 */
GPtrArray *
spare_key_list_escrow_subkeys (SpareKey *self)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const SpareSubkey *escrow = spare_key_pick_oldest_encryption_subkey (self, now);
  GPtrArray *found = g_ptr_array_new ();

  for (guint i = 0; i < spare_key_get_n_subkeys (self); i++)
    {
      const SpareSubkey *subkey = spare_key_get_subkey (self, i);

      if (!subkey->can_encrypt || subkey->is_adsk)
        continue;
      if (subkey == escrow || was_oldest (self, i, TRUE, get_end (subkey), now)
          || was_oldest (self, i, FALSE, get_end (subkey), now))
        g_ptr_array_add (found, (gpointer) subkey);
    }
  return found;
}

/**
 * spare_key_stays_escrow:
 * @self: an authority's key
 * @subkey: its escrow subkey
 * @end: when it is to expire, Unix seconds; not in the past
 *
 * Returns: whether spare_key_list_escrow_subkeys() names it afterwards, too. Not if it has been the escrow subkey for less
 *   than an hour, and another one before it
 */
gboolean
spare_key_stays_escrow (SpareKey *self, const SpareSubkey *subkey, gint64 end)
{
  for (guint i = 0; i < spare_key_get_n_subkeys (self); i++)
    if (spare_key_get_subkey (self, i) == subkey)
      return was_oldest (self, i, TRUE, end, end);
  return FALSE;
}
