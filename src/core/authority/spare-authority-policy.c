/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authority's policy: what a case needs before anything is recovered.
 *
 * Promise: a policy either says clearly what it says, or it is refused with a sentence that names the line: an unknown word,
 * a key given twice, a person with another's key, more approvals than there are people. Nothing is guessed, nothing is
 * passed over, so no slip of a pen lowers a bar. Its hash is over the octets of the file, and stands in each manifest.
 */
#include "config.h"

#include "spare-authority-policy.h"

#include "spare-error.h"
#include "spare-key.h"
#include "spare-small-file.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define POLICY_MAX        (64 * 1024) /* octets */
#define CHECKS_MAX        16
#define CHECK_LENGTH_MAX  32
#define OFFICERS_MAX      64
#define FINGERPRINTS_MAX  32
#define NAME_LENGTH_MAX   120 /* octets */
#define APPROVALS_MAX     OFFICERS_MAX
#define WAITING_HOURS_MAX (365 * 24)
#define EXPIRY_DAYS_MAX   3650

struct _SpareAuthorityPolicy
{
  GObject parent_instance;

  GBytes *octets;
  char *sha256;
  SpareAuthorityRules *rules;
};

G_DEFINE_FINAL_TYPE (SpareAuthorityPolicy, spare_authority_policy, G_TYPE_OBJECT)

/* Where reading has come to. */
typedef struct
{
  SpareAuthorityRules *rules;
  const char *authority;
  guint line;            /* from 1 */
  char *group;           /* NULL before the first */
  SpareOfficer *officer; /* the group's, borrowed from @rules */
  GHashTable *seen;      /* "group" and "group\nkey" */
} Reading;

static void
spare_authority_policy_finalize (GObject *object)
{
  SpareAuthorityPolicy *self = SPARE_AUTHORITY_POLICY (object);

  g_clear_pointer (&self->octets, g_bytes_unref);
  g_clear_pointer (&self->rules, spare_authority_rules_free);
  g_free (self->sha256);

  G_OBJECT_CLASS (spare_authority_policy_parent_class)->finalize (object);
}

static void
spare_authority_policy_class_init (SpareAuthorityPolicyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spare_authority_policy_finalize;
}

static void
spare_authority_policy_init (SpareAuthorityPolicy *self)
{
}

/* @why is a whole sentence, translated. */
static gboolean
fail (guint line, const char *why, GError **error)
{
  if (line > 0)
    g_set_error (
        error, SPARE_ERROR, SPARE_ERROR_POLICY,
        /* Translators: the number of a line, then a sentence that says what is wrong there */
        _ ("The policy can’t be used. Line %u: %s"), line, why);
  else
    g_set_error (error, SPARE_ERROR, SPARE_ERROR_POLICY,
                 /* Translators: a sentence that says what is wrong */
                 _ ("The policy can’t be used. %s"), why);
  return FALSE;
}

static gboolean
fail_word (const Reading *reading, const char *format, const char *word, GError **error)
{
  g_autofree char *shown = g_utf8_substring (word, 0, MIN (g_utf8_strlen (word, -1), 60));
  g_autofree char *why = g_strdup_printf (format, shown);

  return fail (reading->line, why, error);
}

/* --- Values --- */

static gboolean
take_number (const Reading *reading,
             const char *value,
             guint least,
             guint most,
             guint *to,
             GError **error)
{
  g_autofree char *why = NULL;
  guint64 number = 0;

  if (g_ascii_string_to_unsigned (value, 10, least, most, &number, NULL)
      && g_ascii_isdigit (value[0]))
    {
      *to = (guint) number;
      return TRUE;
    }
  why = g_strdup_printf (_ ("A whole number from %u to %u is wanted here."), least, most);
  return fail (reading->line, why, error);
}

static gboolean
take_choice (const Reading *reading,
             const char *value,
             const char *yes,
             const char *no,
             gboolean *to,
             GError **error)
{
  g_autofree char *why = NULL;

  if (strcmp (value, yes) == 0 || strcmp (value, no) == 0)
    {
      *to = strcmp (value, yes) == 0;
      return TRUE;
    }
  why = g_strdup_printf (_ ("Either “%s” or “%s” is wanted here."), yes, no);
  return fail (reading->line, why, error);
}

/* The words between semicolons. One at the end is usual in such files. */
static GPtrArray *
split (const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, ";", -1);
  guint n = g_strv_length (parts);
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < n; i++)
    if (i + 1 < n || *g_strstrip (parts[i]) != '\0')
      g_ptr_array_add (words, g_strdup (g_strstrip (parts[i])));
  return words;
}

static gboolean
holds (GPtrArray *words, const char *word)
{
  for (guint i = 0; i < words->len; i++)
    if (strcmp (g_ptr_array_index (words, i), word) == 0)
      return TRUE;
  return FALSE;
}

static GStrv
to_strv (GPtrArray *words)
{
  g_auto (GStrv) copy = g_new0 (char *, words->len + 1);

  for (guint i = 0; i < words->len; i++)
    copy[i] = g_strdup (g_ptr_array_index (words, i));
  return g_steal_pointer (&copy);
}

static gboolean
is_check_id (const char *word)
{
  gsize length = strlen (word);

  return length > 0 && length <= CHECK_LENGTH_MAX
         && strspn (word, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static gboolean
take_checks (Reading *reading, const char *value, GError **error)
{
  g_autoptr (GPtrArray) words = split (value);
  g_autoptr (GPtrArray) checks = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < words->len; i++)
    {
      const char *word = g_ptr_array_index (words, i);

      if (!is_check_id (word))
        return fail_word (reading,
                          _ ("“%s” is not the name of a check: small letters a to z, digits "
                             "and "
                             "hyphens are allowed."),
                          word, error);
      if (holds (checks, word))
        return fail_word (reading, _ ("The check “%s” is there twice."), word, error);
      if (strcmp (word, SPARE_CHECK_NEW_KEY) != 0)
        g_ptr_array_add (checks, g_strdup (word));
    }
  if (checks->len > CHECKS_MAX)
    return fail (reading->line, _ ("There are too many checks."), error);

  g_ptr_array_add (checks, g_strdup (SPARE_CHECK_NEW_KEY));
  g_strfreev (reading->rules->checks);
  reading->rules->checks = to_strv (checks);
  return TRUE;
}

static gboolean
take_fingerprints (const Reading *reading,
                   const char *value,
                   gboolean with_self,
                   GStrv *to,
                   GError **error)
{
  g_autoptr (GPtrArray) words = split (value);
  g_autoptr (GPtrArray) fingerprints = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < words->len; i++)
    {
      const char *word = g_ptr_array_index (words, i);
      g_autofree char *normal = NULL;

      if (with_self && strcmp (word, SPARE_OFFICER_SELF) == 0)
        normal = g_strdup (reading->authority);
      else
        normal = spare_fingerprint_normalize (word);
      if (normal == NULL || strlen (normal) != 40 || !spare_fingerprint_is_valid (normal))
        return fail_word (reading,
                          _ ("“%s” is not the fingerprint of a key: 40 hexadecimal digits are "
                             "wanted."),
                          word, error);
      if (holds (fingerprints, normal))
        return fail_word (reading, _ ("The fingerprint “%s” is there twice."), word, error);
      g_ptr_array_add (fingerprints, g_steal_pointer (&normal));
    }
  if (fingerprints->len == 0)
    return fail (reading->line, _ ("At least one fingerprint is wanted here."), error);
  if (fingerprints->len > FINGERPRINTS_MAX)
    return fail (reading->line, _ ("There are too many fingerprints."), error);

  g_strfreev (*to);
  *to = to_strv (fingerprints);
  return TRUE;
}

static gboolean
take_recovery (Reading *reading, const char *key, const char *value, GError **error)
{
  SpareAuthorityRules *rules = reading->rules;

  if (strcmp (key, "Checks") == 0)
    return take_checks (reading, value, error);
  if (strcmp (key, "ApprovalsMatched") == 0)
    return take_number (reading, value, 1, APPROVALS_MAX, &rules->approvals_matched, error);
  if (strcmp (key, "ApprovalsUnmatched") == 0)
    return take_number (reading, value, 1, APPROVALS_MAX, &rules->approvals_unmatched, error);
  if (strcmp (key, "Unmatched") == 0)
    return take_choice (reading, value, "allow", "refuse", &rules->allow_unmatched, error);
  if (strcmp (key, "Enrolled") == 0)
    return take_choice (reading, value, "true", "false", &rules->require_enrolled, error);
  if (strcmp (key, "WaitingHours") == 0)
    return take_number (reading, value, 0, WAITING_HOURS_MAX, &rules->waiting_hours, error);
  if (strcmp (key, "ExpiryDays") == 0)
    return take_number (reading, value, 1, EXPIRY_DAYS_MAX, &rules->expiry_days, error);
  return fail_word (reading, _ ("“%s” is not known in this group."), key, error);
}

static gboolean
take_value (Reading *reading, const char *key, const char *value, GError **error)
{
  if (strcmp (reading->group, "Recovery") == 0)
    return take_recovery (reading, key, value, error);
  if (reading->officer != NULL && strcmp (key, "Fingerprints") == 0)
    return take_fingerprints (reading, value, TRUE, &reading->officer->fingerprints, error);
  if (strcmp (reading->group, "Transfer") == 0 && strcmp (key, "From") == 0)
    return take_fingerprints (reading, value, FALSE, &reading->rules->transfer_from, error);
  return fail_word (reading, _ ("“%s” is not known in this group."), key, error);
}

/* --- Lines --- */

static gboolean
start_officer (Reading *reading, const char *name, GError **error)
{
  const char *const none[] = { NULL };

  if (*name == '\0' || strlen (name) > NAME_LENGTH_MAX)
    return fail (reading->line, _ ("The officer’s name is missing or too long."), error);
  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    if (!g_unichar_isprint (g_utf8_get_char (p)))
      return fail (reading->line, _ ("The officer’s name has characters that can’t be seen."),
                   error);
  if (reading->rules->officers->len >= OFFICERS_MAX)
    return fail (reading->line, _ ("There are too many officers."), error);

  reading->officer = spare_officer_new (name, none);
  g_ptr_array_add (reading->rules->officers, reading->officer);
  return TRUE;
}

static gboolean
start_group (Reading *reading, char *line, GError **error)
{
  gsize length = strlen (line);

  if (length < 3 || line[length - 1] != ']')
    return fail (reading->line, _ ("This is not the head of a group."), error);
  line[length - 1] = '\0';
  g_free (reading->group);
  reading->group = g_strdup (g_strstrip (line + 1));
  reading->officer = NULL;
  if (!g_hash_table_add (reading->seen, g_strdup (reading->group)))
    return fail_word (reading, _ ("The group “%s” is there twice."), reading->group, error);

  if (g_str_has_prefix (reading->group, "Officer "))
    return start_officer (reading, g_strstrip (reading->group + strlen ("Officer ")), error);
  if (strcmp (reading->group, "Recovery") == 0 || strcmp (reading->group, "Transfer") == 0)
    return TRUE;
  return fail_word (reading, _ ("The group “%s” is not known."), reading->group, error);
}

static gboolean
read_line (Reading *reading, char *line, GError **error)
{
  char *equals;
  char *key;

  g_strstrip (line);
  if (*line == '\0' || *line == '#')
    return TRUE;
  if (*line == '[')
    return start_group (reading, line, error);

  equals = strchr (line, '=');
  if (equals == NULL || equals == line)
    return fail (reading->line, _ ("A word, an equals sign and a value are wanted here."),
                 error);
  if (reading->group == NULL)
    return fail (reading->line, _ ("This stands before the first group."), error);
  *equals = '\0';
  key = g_strchomp (line);
  if (!g_hash_table_add (reading->seen, g_strconcat (reading->group, "\n", key, NULL)))
    return fail_word (reading, _ ("“%s” is there twice in this group."), key, error);
  return take_value (reading, key, g_strstrip (equals + 1), error);
}

/* --- The whole --- */

static gboolean
check_officers (const SpareAuthorityRules *rules, GError **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) keys = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < rules->officers->len; i++)
    {
      const SpareOfficer *officer = g_ptr_array_index (rules->officers, i);
      g_autofree char *why = NULL;

      if (officer->fingerprints[0] == NULL)
        {
          why = g_strdup_printf (_ ("The officer “%s” has no fingerprint."), officer->name);
          return fail (0, why, error);
        }
      /* Names that only differ in case would look like two people to nobody. */
      if (!g_hash_table_add (names, g_utf8_casefold (officer->name, -1)))
        {
          why = g_strdup_printf (_ ("The officer “%s” is there twice."), officer->name);
          return fail (0, why, error);
        }
      for (guint j = 0; officer->fingerprints[j] != NULL; j++)
        if (!g_hash_table_add (keys, officer->fingerprints[j]))
          {
            why = g_strdup_printf (_ ("The key %s belongs to two officers. Each key is one "
                                      "person’s."),
                                   officer->fingerprints[j]);
            return fail (0, why, error);
          }
    }
  return TRUE;
}

static gboolean
check_whole (Reading *reading, GError **error)
{
  SpareAuthorityRules *rules = reading->rules;
  const char *const own[] = { reading->authority, NULL };
  guint most = MAX (rules->approvals_matched, rules->approvals_unmatched);

  if (!g_hash_table_contains (reading->seen, "Recovery"))
    return fail (0, _ ("The group [Recovery] is missing."), error);
  if (rules->officers->len == 0)
    g_ptr_array_add (rules->officers, spare_officer_new ("Authority", own));
  if (!check_officers (rules, error))
    return FALSE;
  if (most > rules->officers->len)
    {
      g_autofree char *why = g_strdup_printf (_ ("%u approvals are asked for, but only %u "
                                                 "officers are named. Persons are counted, "
                                                 "not keys."),
                                              most, rules->officers->len);

      return fail (0, why, error);
    }
  if (rules->waiting_hours >= rules->expiry_days * 24)
    return fail (0, _ ("Cases would expire before the waiting hours are over."), error);
  return TRUE;
}

static void
reading_clear (Reading *reading)
{
  g_clear_pointer (&reading->rules, spare_authority_rules_free);
  g_clear_pointer (&reading->seen, g_hash_table_unref);
  g_clear_pointer (&reading->group, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reading, reading_clear)

/**
 * spare_authority_policy_parse:
 * @octets: of a policy file
 * @authority: the authority's primary fingerprint, for which `self` stands
 * @error: where to put an error
 *
 * Groups and keys: see spare_authority_rules_serialize(). What is left out has its default; an unknown group or key is an
 * error. Without any officer, the authority's own key is the one officer.
 *
 * Returns: (transfer full): the policy, or %NULL with [error@SpareError] `POLICY` and a sentence that names what is wrong
 */
SpareAuthorityPolicy *
spare_authority_policy_parse (GBytes *octets, const char *authority, GError **error)
{
  g_auto (Reading) reading = { .authority = authority };
  g_auto (GStrv) lines = NULL;
  g_autofree char *text = NULL;
  SpareAuthorityPolicy *self;
  gconstpointer data;
  gsize size;

  g_return_val_if_fail (octets != NULL && authority != NULL, NULL);

  data = g_bytes_get_data (octets, &size);
  if (size > POLICY_MAX)
    {
      fail (0, _ ("It is too large."), error);
      return NULL;
    }
  if (size == 0 || !g_utf8_validate_len (data, size, NULL))
    {
      fail (0, _ ("It is not text."), error);
      return NULL;
    }

  text = g_strndup (data, size);
  lines = g_strsplit (text, "\n", -1);
  reading.rules = spare_authority_rules_new_default (authority);
  g_ptr_array_set_size (reading.rules->officers, 0);
  reading.seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      reading.line = i + 1;
      if (!read_line (&reading, lines[i], error))
        return NULL;
    }
  if (!check_whole (&reading, error))
    return NULL;

  self = g_object_new (SPARE_TYPE_AUTHORITY_POLICY, NULL);
  self->octets = g_bytes_ref (octets);
  self->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, octets);
  self->rules = g_steal_pointer (&reading.rules);
  return self;
}

/**
 * spare_authority_policy_load:
 * @path: (type filename): a policy file
 * @authority: the authority's primary fingerprint
 * @error: where to put an error
 *
 * Returns: (transfer full): the policy; %NULL with [error@SpareError] `POLICY`, also if there is no such file
 */
SpareAuthorityPolicy *
spare_authority_policy_load (const char *path, const char *authority, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GBytes) octets = spare_small_file_read (path, POLICY_MAX, &local);

  if (octets == NULL)
    {
      fail (0, local->message, error);
      return NULL;
    }
  return spare_authority_policy_parse (octets, authority, error);
}

/**
 * spare_authority_policy_get_octets:
 *
 * Returns: (transfer none): the file as it was read
 */
GBytes *
spare_authority_policy_get_octets (SpareAuthorityPolicy *self)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY_POLICY (self), NULL);

  return self->octets;
}

/**
 * spare_authority_policy_get_sha256:
 *
 * Returns: SHA-256 of the file's octets, lower-case hex
 */
const char *
spare_authority_policy_get_sha256 (SpareAuthorityPolicy *self)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY_POLICY (self), NULL);

  return self->sha256;
}

/**
 * spare_authority_policy_get_rules:
 *
 * Returns: (transfer none): what it says
 */
const SpareAuthorityRules *
spare_authority_policy_get_rules (SpareAuthorityPolicy *self)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY_POLICY (self), NULL);

  return self->rules;
}

/**
 * spare_authority_policy_find_officer:
 * @fingerprint: a primary fingerprint
 *
 * Returns: (transfer none) (nullable): the person whose key that is
 */
const SpareOfficer *
spare_authority_policy_find_officer (SpareAuthorityPolicy *self, const char *fingerprint)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY_POLICY (self) && fingerprint != NULL, NULL);

  for (guint i = 0; i < self->rules->officers->len; i++)
    {
      const SpareOfficer *officer = g_ptr_array_index (self->rules->officers, i);

      if (g_strv_contains ((const char *const *) officer->fingerprints, fingerprint))
        return officer;
    }
  return NULL;
}

/**
 * spare_authority_policy_has_check:
 *
 * Returns: whether a case needs this identity check; always so for `new-key`
 */
gboolean
spare_authority_policy_has_check (SpareAuthorityPolicy *self, const char *check)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY_POLICY (self) && check != NULL, FALSE);

  return g_strv_contains ((const char *const *) self->rules->checks, check);
}

/**
 * spare_authority_policy_trusts_transfer:
 *
 * Returns: whether what this authority says about owner, time and proof counts
 */
gboolean
spare_authority_policy_trusts_transfer (SpareAuthorityPolicy *self, const char *fingerprint)
{
  g_return_val_if_fail (SPARE_IS_AUTHORITY_POLICY (self) && fingerprint != NULL, FALSE);

  return g_strv_contains ((const char *const *) self->rules->transfer_from, fingerprint);
}
