/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a policy says, as a value, and as the text of a policy file. Promise: what is serialized is read back the same. */
#include "config.h"

#include "spare-authority-policy.h"

#include <string.h>

/**
 * spare_officer_new:
 * @name: the person
 * @fingerprints: (array zero-terminated=1): of his keys
 *
 * Returns: (transfer full): an officer
 */
SpareOfficer *
spare_officer_new (const char *name, const char *const *fingerprints)
{
  SpareOfficer *self = g_new0 (SpareOfficer, 1);

  self->name = g_strdup (name);
  self->fingerprints = g_strdupv ((char **) fingerprints);
  return self;
}

/**
 * spare_officer_free:
 * @self: (nullable): an officer
 */
void
spare_officer_free (SpareOfficer *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_strfreev (self->fingerprints);
  g_free (self);
}

/**
 * spare_authority_rules_new_default:
 * @authority: the authority's primary fingerprint
 *
 * Returns: (transfer full): what holds where nothing else was set (design.md section 8)
 */
SpareAuthorityRules *
spare_authority_rules_new_default (const char *authority)
{
  const char *const checks[] = { "document", "callback", SPARE_CHECK_NEW_KEY, NULL };
  const char *const own[] = { authority, NULL };
  const char *const none[] = { NULL };
  SpareAuthorityRules *self = g_new0 (SpareAuthorityRules, 1);

  self->checks = g_strdupv ((char **) checks);
  self->approvals_matched = 1;
  self->approvals_unmatched = 1;
  self->allow_unmatched = FALSE;
  self->require_enrolled = TRUE;
  self->waiting_hours = 0;
  self->expiry_days = 30;
  self->officers = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_officer_free);
  g_ptr_array_add (self->officers, spare_officer_new ("Authority", own));
  self->transfer_from = g_strdupv ((char **) none);
  return self;
}

/**
 * spare_authority_rules_copy:
 *
 * Returns: (transfer full): another one, to be changed
 */
SpareAuthorityRules *
spare_authority_rules_copy (const SpareAuthorityRules *self)
{
  SpareAuthorityRules *copy = g_new0 (SpareAuthorityRules, 1);

  *copy = *self;
  copy->checks = g_strdupv (self->checks);
  copy->transfer_from = g_strdupv (self->transfer_from);
  copy->officers = g_ptr_array_new_with_free_func ((GDestroyNotify) spare_officer_free);
  for (guint i = 0; i < self->officers->len; i++)
    {
      const SpareOfficer *officer = g_ptr_array_index (self->officers, i);

      g_ptr_array_add (copy->officers,
                       spare_officer_new (officer->name,
                                          (const char *const *) officer->fingerprints));
    }
  return copy;
}

/**
 * spare_authority_rules_free:
 * @self: (nullable): rules
 */
void
spare_authority_rules_free (SpareAuthorityRules *self)
{
  if (self == NULL)
    return;

  g_strfreev (self->checks);
  g_strfreev (self->transfer_from);
  g_clear_pointer (&self->officers, g_ptr_array_unref);
  g_free (self);
}

static void
append_list (GString *text, char **words, const char *without, const char *authority)
{
  gboolean first = TRUE;

  for (guint i = 0; words[i] != NULL; i++)
    {
      if (without != NULL && strcmp (words[i], without) == 0)
        continue;
      if (!first)
        g_string_append_c (text, ';');
      g_string_append (text,
                       g_strcmp0 (words[i], authority) == 0 ? SPARE_OFFICER_SELF : words[i]);
      first = FALSE;
    }
  g_string_append_c (text, '\n');
}

/**
 * spare_authority_rules_serialize:
 * @authority: the authority's primary fingerprint, written as `self`
 *
 * Says nothing about whether the rules make sense: spare_authority_policy_parse() does.
 *
 * Returns: (transfer full): the octets of a policy file, the same for the same rules
 */
GBytes *
spare_authority_rules_serialize (const SpareAuthorityRules *self, const char *authority)
{
  g_autoptr (GString)
      text = g_string_new ("# Policy of the backup authority. Changed by hand, it is not in "
                           "force until it is set again in\n"
                           "# Spare Key: each change belongs in the audit log.\n"
                           "[Recovery]\nChecks=");
  gsize length;

  append_list (text, self->checks, SPARE_CHECK_NEW_KEY, NULL);
  g_string_append_printf (text,
                          "ApprovalsMatched=%u\nApprovalsUnmatched=%u\nUnmatched=%s\n"
                          "Enrolled=%s\nWaitingHours=%u\nExpiryDays=%u\n",
                          self->approvals_matched, self->approvals_unmatched,
                          self->allow_unmatched ? "allow" : "refuse",
                          self->require_enrolled ? "true" : "false", self->waiting_hours,
                          self->expiry_days);
  for (guint i = 0; i < self->officers->len; i++)
    {
      const SpareOfficer *officer = g_ptr_array_index (self->officers, i);

      g_string_append_printf (text, "\n[Officer %s]\nFingerprints=", officer->name);
      append_list (text, officer->fingerprints, NULL, authority);
    }
  if (self->transfer_from != NULL && self->transfer_from[0] != NULL)
    {
      g_string_append (text, "\n[Transfer]\nFrom=");
      append_list (text, self->transfer_from, NULL, NULL);
    }

  length = text->len;
  return g_bytes_new_take (g_string_free (g_steal_pointer (&text), FALSE), length);
}
