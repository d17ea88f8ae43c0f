/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate as the engine listed it.
 *
 * Promise: nothing changes after construction, so it may be read from any thread. Whether it can be used is decided
 * here, for a time that the caller names, and not by the engine: gpg encrypts to disabled keys and has one word for
 * expired, revoked, sign-only and not-yet-valid ones. */
#include "config.h"

#include "spare-gpgme-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct _SpareKey
{
  GObject parent_instance;

  GPtrArray *subkeys; /* of SpareSubkey, the primary key first */
  GStrv user_ids;
  gboolean revoked, expired, disabled, invalid;
};

G_DEFINE_FINAL_TYPE (SpareKey, spare_key, G_TYPE_OBJECT)

static void
subkey_free (gpointer data)
{
  SpareSubkey *self = data;

  g_free (self->fingerprint);
  g_free (self->algorithm_nick);
  g_free (self->keygrip);
  g_free (self);
}

static void
spare_key_finalize (GObject *object)
{
  SpareKey *self = SPARE_KEY (object);

  g_clear_pointer (&self->subkeys, g_ptr_array_unref);
  g_clear_pointer (&self->user_ids, g_strfreev);
  G_OBJECT_CLASS (spare_key_parent_class)->finalize (object);
}

static void
spare_key_class_init (SpareKeyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_key_finalize;
}

static void
spare_key_init (SpareKey *self)
{
  self->subkeys = g_ptr_array_new_with_free_func (subkey_free);
}

/* --- Out of GPGME --- */

/* GPGME numbers some algorithms its own way. */
static guint8
get_algorithm_number (gpgme_pubkey_algo_t algorithm)
{
  switch (algorithm)
    {
    case GPGME_PK_ECDH:
      return 18;
    case GPGME_PK_ECDSA:
      return 19;
    case GPGME_PK_EDDSA:
      return 22;
    default:
      return algorithm > 0 && algorithm < 256 ? (guint8) algorithm : 0;
    }
}

/* Low 64 bits of a v4 fingerprint, high ones of a v5 or v6 one (RFC 9580 5.5.4). */
static guint64
get_key_id (const char *fingerprint)
{
  gsize length = strlen (fingerprint);
  char text[17];

  if (length < 40)
    return 0;
  memcpy (text, length == 40 ? fingerprint + length - 16 : fingerprint, 16);
  text[16] = '\0';
  return g_ascii_strtoull (text, NULL, 16);
}

static SpareSubkey *
subkey_new (gpgme_subkey_t from)
{
  SpareSubkey *self = g_new0 (SpareSubkey, 1);
  char *nick = gpgme_pubkey_algo_string (from);

  self->fingerprint = g_ascii_strup (from->fpr ? from->fpr : "", -1);
  self->key_id = get_key_id (self->fingerprint);
  self->algorithm = get_algorithm_number (from->pubkey_algo);
  self->algorithm_nick = g_strdup (nick ? nick : "");
  self->keygrip = g_strdup (from->keygrip);
  self->created = from->timestamp > 0 ? from->timestamp : 0;
  self->expires = from->expires > 0 ? from->expires : 0;
  self->can_encrypt = from->can_encrypt;
  self->can_sign = from->can_sign;
  self->can_certify = from->can_certify;
  self->revoked = from->revoked;
  self->expired = from->expired;
  self->disabled = from->disabled;
  self->invalid = from->invalid;
  self->has_secret = from->secret;
  self->is_card = from->is_cardkey;
#ifdef HAVE_GPGME_CAN_RENC
  self->is_adsk = from->can_renc;
#endif
  gpgme_free (nick);
  return self;
}

/* Those that still hold first; all of them where none does. */
static GStrv
collect_user_ids (gpgme_key_t from)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean any = FALSE;

  for (gpgme_user_id_t uid = from->uids; uid != NULL; uid = uid->next)
    if (!uid->revoked && !uid->invalid && uid->uid != NULL)
      {
        g_strv_builder_add (builder, uid->uid);
        any = TRUE;
      }
  for (gpgme_user_id_t uid = from->uids; !any && uid != NULL; uid = uid->next)
    if (uid->uid != NULL)
      g_strv_builder_add (builder, uid->uid);
  return g_strv_builder_end (builder);
}

SpareKey *
spare_key_new_private (gpgme_key_t from)
{
  SpareKey *self = g_object_new (SPARE_TYPE_KEY, NULL);

  for (gpgme_subkey_t subkey = from->subkeys; subkey != NULL; subkey = subkey->next)
    g_ptr_array_add (self->subkeys, subkey_new (subkey));
  self->user_ids = collect_user_ids (from);
  self->revoked = from->revoked;
  self->expired = from->expired;
  self->disabled = from->disabled;
  self->invalid = from->invalid;
  return self;
}

/* --- What it holds --- */

/**
 * spare_key_get_fingerprint:
 * @self: a key
 *
 * Returns: the primary key's fingerprint: 40 (v4) or 64 upper-case hex digits
 */
const char *
spare_key_get_fingerprint (SpareKey *self)
{
  const SpareSubkey *primary = spare_key_get_subkey (self, 0);

  return primary ? primary->fingerprint : "";
}

/**
 * spare_key_get_user_ids:
 * @self: a key
 *
 * User ids as the key has them, the main one first, without revoked ones. Data from outside: for display they
 * go through the display rules, and they never decide anything.
 *
 * Returns: (transfer none): %NULL-terminated, perhaps empty
 */
const char *const *
spare_key_get_user_ids (SpareKey *self)
{
  return (const char *const *) self->user_ids;
}

/**
 * spare_key_get_user_id:
 * @self: a key
 *
 * Returns: the main user id, raw; "" if there is none
 */
const char *
spare_key_get_user_id (SpareKey *self)
{
  return self->user_ids[0] ? self->user_ids[0] : "";
}

/**
 * spare_key_get_n_subkeys:
 * @self: a key
 *
 * Returns: how many there are, the primary key counted
 */
guint
spare_key_get_n_subkeys (SpareKey *self)
{
  return self->subkeys->len;
}

/**
 * spare_key_get_subkey:
 * @self: a key
 * @position: 0 is the primary key
 *
 * Returns: (transfer none) (nullable): it, or %NULL behind the last
 */
const SpareSubkey *
spare_key_get_subkey (SpareKey *self, guint position)
{
  return position < self->subkeys->len ? g_ptr_array_index (self->subkeys, position) : NULL;
}

/**
 * spare_key_find_subkey:
 * @self: a key
 * @fingerprint: upper-case hex digits
 *
 * Returns: (transfer none) (nullable): the subkey (or the primary key) with exactly this fingerprint
 */
const SpareSubkey *
spare_key_find_subkey (SpareKey *self, const char *fingerprint)
{
  for (guint i = 0; i < self->subkeys->len; i++)
    {
      const SpareSubkey *subkey = g_ptr_array_index (self->subkeys, i);

      if (g_strcmp0 (subkey->fingerprint, fingerprint) == 0)
        return subkey;
    }
  return NULL;
}

/**
 * spare_key_find_key_id:
 * @self: a key
 * @key_id: as in a PKESK
 *
 * A key id is no proof of anything; see [method@Key.find_subkey].
 *
 * Returns: (transfer none) (nullable): the first with this key id
 */
const SpareSubkey *
spare_key_find_key_id (SpareKey *self, guint64 key_id)
{
  for (guint i = 0; i < self->subkeys->len; i++)
    {
      const SpareSubkey *subkey = g_ptr_array_index (self->subkeys, i);

      if (subkey->key_id == key_id)
        return subkey;
    }
  return NULL;
}

/**
 * spare_key_has_secret:
 * @self: a key
 *
 * Returns: whether some secret part of it, or a card stub, was there when it was listed with `secret`
 */
gboolean
spare_key_has_secret (SpareKey *self)
{
  for (guint i = 0; i < self->subkeys->len; i++)
    if (((SpareSubkey *) g_ptr_array_index (self->subkeys, i))->has_secret)
      return TRUE;
  return FALSE;
}

/* --- Whether it can be used --- */

static SpareKeyState
get_subkey_state (const SpareSubkey *subkey, gint64 now)
{
  if (subkey->revoked)
    return SPARE_KEY_REVOKED;
  if (subkey->disabled)
    return SPARE_KEY_DISABLED;
  /* The engine calls such a key invalid, which says nothing. */
  if (subkey->created > now)
    return SPARE_KEY_NOT_YET_VALID;
  if (subkey->expires != 0 ? subkey->expires <= now : subkey->expired)
    return SPARE_KEY_EXPIRED;
  return subkey->invalid ? SPARE_KEY_INVALID : SPARE_KEY_USABLE;
}

static SpareKeyState
get_state (SpareKey *self, gint64 now)
{
  const SpareSubkey *primary = spare_key_get_subkey (self, 0);

  if (primary == NULL)
    return SPARE_KEY_INVALID;
  if (self->revoked)
    return SPARE_KEY_REVOKED;
  if (self->disabled)
    return SPARE_KEY_DISABLED;
  if (get_subkey_state (primary, now) != SPARE_KEY_USABLE)
    return get_subkey_state (primary, now);
  /* Where the expiry is known, it was compared with @now above. */
  if (self->expired && primary->expires == 0)
    return SPARE_KEY_EXPIRED;
  return self->invalid ? SPARE_KEY_INVALID : SPARE_KEY_USABLE;
}

static gboolean
encrypts (const SpareSubkey *subkey)
{
  return subkey->can_encrypt && !subkey->is_adsk;
}

static gboolean
signs (const SpareSubkey *subkey)
{
  return subkey->can_sign;
}

/* Usable if one that can is usable; else what is the matter with the one that is nearest to it. */
static SpareKeyState
get_purpose_state (SpareKey *self,
                   gint64 now,
                   gboolean (*can) (const SpareSubkey *),
                   SpareKeyState none)
{
  static const SpareKeyState nearness[] = { SPARE_KEY_USABLE,  SPARE_KEY_NOT_YET_VALID,
                                            SPARE_KEY_EXPIRED, SPARE_KEY_DISABLED,
                                            SPARE_KEY_INVALID, SPARE_KEY_REVOKED };
  SpareKeyState whole = get_state (self, now);

  if (whole != SPARE_KEY_USABLE)
    return whole;
  for (gsize n = 0; n < G_N_ELEMENTS (nearness); n++)
    for (guint i = 0; i < self->subkeys->len; i++)
      {
        const SpareSubkey *subkey = g_ptr_array_index (self->subkeys, i);

        if (can (subkey) && get_subkey_state (subkey, now) == nearness[n])
          return nearness[n] == SPARE_KEY_REVOKED ? none : nearness[n];
      }
  return none;
}

/**
 * spare_key_get_encryption_state:
 * @self: a key
 * @now: Unix seconds
 *
 * Whether files can be encrypted to it. Where the primary key is good and every encryption subkey is not, the
 * state is that of the nearest one; %SPARE_KEY_CANNOT_ENCRYPT when there is none or all are revoked.
 *
 * Returns: the state
 */
SpareKeyState
spare_key_get_encryption_state (SpareKey *self, gint64 now)
{
  return get_purpose_state (self, now, encrypts, SPARE_KEY_CANNOT_ENCRYPT);
}

/**
 * spare_key_get_signing_state:
 * @self: a key
 * @now: Unix seconds
 *
 * Returns: as [method@Key.get_encryption_state], for signing
 */
SpareKeyState
spare_key_get_signing_state (SpareKey *self, gint64 now)
{
  return get_purpose_state (self, now, signs, SPARE_KEY_CANNOT_SIGN);
}

static const SpareSubkey *
pick (SpareKey *self, gint64 now, gboolean newest)
{
  const SpareSubkey *best = NULL;

  if (get_state (self, now) != SPARE_KEY_USABLE)
    return NULL;
  for (guint i = 0; i < self->subkeys->len; i++)
    {
      const SpareSubkey *subkey = g_ptr_array_index (self->subkeys, i);

      if (!encrypts (subkey) || get_subkey_state (subkey, now) != SPARE_KEY_USABLE)
        continue;
      /* Of two of the same second, gpg takes the later one in the certificate. */
      if (best == NULL
          || (newest ? subkey->created >= best->created : subkey->created < best->created))
        best = subkey;
    }
  return best;
}

/**
 * spare_key_pick_newest_encryption_subkey:
 * @self: a key
 * @now: Unix seconds
 *
 * Returns: (transfer none) (nullable): the usable one made last: what one encrypts to
 */
const SpareSubkey *
spare_key_pick_newest_encryption_subkey (SpareKey *self, gint64 now)
{
  return pick (self, now, TRUE);
}

/**
 * spare_key_pick_oldest_encryption_subkey:
 * @self: a key
 * @now: Unix seconds
 *
 * Returns: (transfer none) (nullable): the usable one made first
 */
const SpareSubkey *
spare_key_pick_oldest_encryption_subkey (SpareKey *self, gint64 now)
{
  return pick (self, now, FALSE);
}

/**
 * spare_key_pick_adsks:
 * @self: a key
 * @now: Unix seconds
 *
 * Returns: (transfer container) (element-type SpareSubkey): the usable additional decryption subkeys, to which
 *   gpg ≥ 2.4.1 encrypts by itself; borrowed from @self
 */
GPtrArray *
spare_key_pick_adsks (SpareKey *self, gint64 now)
{
  GPtrArray *found = g_ptr_array_new ();

  for (guint i = 0; i < self->subkeys->len; i++)
    {
      SpareSubkey *subkey = g_ptr_array_index (self->subkeys, i);

      if (subkey->is_adsk && get_subkey_state (subkey, now) == SPARE_KEY_USABLE)
        g_ptr_array_add (found, subkey);
    }
  return found;
}

/**
 * spare_key_get_expiry:
 * @self: a key
 *
 * When files can no longer be encrypted to it: the earlier of the primary key's end and the latest end among its
 * encryption subkeys (those not revoked).
 *
 * Returns: Unix seconds, 0 for never
 */
gint64
spare_key_get_expiry (SpareKey *self)
{
  const SpareSubkey *primary = spare_key_get_subkey (self, 0);
  gint64 first = primary && primary->expires != 0 ? primary->expires : G_MAXINT64;
  gint64 last = 0;

  for (guint i = 0; i < self->subkeys->len; i++)
    {
      const SpareSubkey *subkey = g_ptr_array_index (self->subkeys, i);

      if (encrypts (subkey) && !subkey->revoked)
        last = MAX (last, subkey->expires != 0 ? subkey->expires : G_MAXINT64);
    }
  if (last != 0)
    first = MIN (first, last);
  return first == G_MAXINT64 ? 0 : first;
}

/* --- In words --- */

static char *
dup_date (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (seconds);

  /* Translators: a date in the middle of a sentence; see g_date_time_format() */
  return time ? g_date_time_format (time, _ ("%-d %B %Y")) : g_strdup ("?");
}

/* When the newest key made in the future was made. */
static gint64
get_creation (SpareKey *key)
{
  gint64 latest = 0;

  for (guint i = 0; i < key->subkeys->len; i++)
    latest = MAX (latest, ((SpareSubkey *) g_ptr_array_index (key->subkeys, i))->created);
  return latest;
}

/**
 * spare_key_state_describe:
 * @state: what is the matter
 * @key: (nullable): with which key; dates are taken from it
 *
 * Returns: (transfer full): a sentence in the person's language
 */
char *
spare_key_state_describe (SpareKeyState state, SpareKey *key)
{
  g_autofree char *date = NULL;

  switch (state)
    {
    case SPARE_KEY_USABLE:
      return g_strdup (_ ("This key can be used."));
    case SPARE_KEY_EXPIRED:
      if (key == NULL || spare_key_get_expiry (key) == 0)
        return g_strdup (_ ("This key has expired."));
      date = dup_date (spare_key_get_expiry (key));
      return g_strdup_printf (_ ("This key expired on %s."), date);
    case SPARE_KEY_REVOKED:
      return g_strdup (_ ("This key was revoked: its owner no longer wants it used."));
    case SPARE_KEY_DISABLED:
      return g_strdup (_ ("This key is switched off on this computer."));
    case SPARE_KEY_NOT_YET_VALID:
      if (key == NULL)
        return g_strdup (
            _ ("This key was made in the future. The clock of this computer looks wrong."));
      date = dup_date (get_creation (key));
      return g_strdup_printf (_ ("This key was made on %s, which is in the future. The clock "
                                 "of "
                                 "this computer looks wrong."),
                              date);
    case SPARE_KEY_CANNOT_ENCRYPT:
      return g_strdup (
          _ ("Nothing can be encrypted to this key: it is for signing only, or the part that "
             "encrypts was revoked."));
    case SPARE_KEY_CANNOT_SIGN:
      return g_strdup (_ ("This key can’t sign."));
    case SPARE_KEY_INVALID:
    default:
      return g_strdup (_ ("This key is damaged or incomplete."));
    }
}

/* --- Fingerprints --- */

/**
 * spare_fingerprint_is_valid:
 * @text: (nullable): anything
 *
 * Returns: whether it is a whole fingerprint in the one form that is compared: 40 or 64 upper-case hex digits
 */
gboolean
spare_fingerprint_is_valid (const char *text)
{
  gsize length = text ? strspn (text, "0123456789ABCDEF") : 0;

  return (length == 40 || length == 64) && text[length] == '\0';
}

/**
 * spare_fingerprint_normalize:
 * @text: (nullable): as a person or a file has it: any case, spaces or colons between groups, `0x` in front
 *
 * Returns: (transfer full) (nullable): the one form that is compared; %NULL if it is no whole fingerprint
 */
char *
spare_fingerprint_normalize (const char *text)
{
  g_autoptr (GString) digits = g_string_new (NULL);

  if (text == NULL)
    return NULL;
  while (g_ascii_isspace (*text))
    text++;
  if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
    text += 2;
  for (; *text != '\0'; text++)
    {
      if (g_ascii_isxdigit (*text) && digits->len < 64)
        g_string_append_c (digits, g_ascii_toupper (*text));
      else if (g_str_has_prefix (text, "\302\240"))
        text++; /* a no-break space, as copied from a page */
      else if (!g_ascii_isspace (*text) && *text != ':' && *text != '-')
        return NULL;
    }
  return spare_fingerprint_is_valid (digits->str)
             ? g_string_free (g_steal_pointer (&digits), FALSE)
             : NULL;
}
