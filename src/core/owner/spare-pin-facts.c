/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of the authority at one moment, how it is noted in authority.ini, and what follows from it.
 *
 * Promise: a note that is there but not whole is told from no note at all. The judgement takes the clock at
 * the moment of asking.
 */
#include "config.h"

#include "spare-pin-facts-private.h"

#include "spare-small-file.h"

#include <glib/gi18n-lib.h>

#define SECONDS_A_DAY (24 * 60 * 60)

void
spare_pin_facts_free (SparePinFacts *facts)
{
  g_free (facts->fingerprint);
  g_free (facts->escrow_subkey);
  g_free (facts->sha256);
  g_clear_object (&facts->key);
  g_free (facts);
}

SparePinFacts *
spare_pin_facts_copy (const SparePinFacts *facts)
{
  SparePinFacts *copy = g_memdup2 (facts, sizeof *facts);

  copy->fingerprint = g_strdup (facts->fingerprint);
  copy->escrow_subkey = g_strdup (facts->escrow_subkey);
  copy->sha256 = g_strdup (facts->sha256);
  if (copy->key != NULL)
    g_object_ref (copy->key);
  return copy;
}

gboolean
spare_pin_facts_write (const SparePinFacts *facts,
                       const char *path,
                       const char *group,
                       GError **error)
{
  g_autoptr (GKeyFile) file = spare_small_file_read_ini (path, NULL);

  if (file == NULL) /* none yet, or damaged: what is trusted now replaces it */
    file = g_key_file_new ();
  g_key_file_set_string (file, group, "Fingerprint", facts->fingerprint);
  g_key_file_set_string (file, group, "EscrowSubkey", facts->escrow_subkey);
  g_key_file_set_string (file, group, "CertificateSHA256", facts->sha256);
  return spare_small_file_write_ini (path, file, error);
}

/* Reads @group into @facts. FALSE: it is there, but not to be believed. */
gboolean
spare_pin_facts_read (SparePinFacts *facts, GKeyFile *file, const char *group)
{
  g_autofree char *fingerprint = NULL;
  g_autofree char *subkey = NULL;

  if (file == NULL || !g_key_file_has_group (file, group))
    return TRUE;

  fingerprint = g_key_file_get_string (file, group, "Fingerprint", NULL);
  subkey = g_key_file_get_string (file, group, "EscrowSubkey", NULL);
  if (fingerprint == NULL || !spare_fingerprint_is_valid (fingerprint) || subkey == NULL
      || !spare_fingerprint_is_valid (subkey))
    return FALSE;

  facts->fingerprint = g_steal_pointer (&fingerprint);
  facts->escrow_subkey = g_steal_pointer (&subkey);
  facts->sha256 = g_key_file_get_string (file, group, "CertificateSHA256", NULL);
  return TRUE;
}

SparePinReason
spare_pin_facts_judge (const SparePinFacts *facts)
{
  if (facts->trouble != SPARE_PIN_REASON_OK)
    return facts->trouble;
  if (facts->key == NULL)
    return SPARE_PIN_REASON_MISSING;

  return spare_pin_judge_private (facts->key, facts->escrow_subkey,
                                  g_get_real_time () / G_USEC_PER_SEC);
}

/* Whole days; -1: never. */
int
spare_pin_facts_get_days_left (const SparePinFacts *facts)
{
  gint64 expiry = facts->key != NULL
                      ? spare_pin_get_expiry_private (facts->key, facts->escrow_subkey)
                      : 0;
  gint64 left;

  if (expiry == 0)
    return -1;
  left = expiry - g_get_real_time () / G_USEC_PER_SEC;
  return left <= 0 ? 0 : (int) MIN (left / SECONDS_A_DAY, G_MAXINT);
}

char *
spare_pin_facts_describe_expiry (const SparePinFacts *facts)
{
  const int days = spare_pin_facts_get_days_left (facts);
  g_autoptr (GDateTime) at = g_date_time_new_from_unix_local (
      spare_pin_get_expiry_private (facts->key, facts->escrow_subkey));
  g_autofree char *date = g_date_time_format (at, "%x");

  if (days == 0)
    return g_strdup (
        _ ("The backup authority’s key expires today. Get its new certificate file "
           "now: after that it can’t be used."));
  if (days <= 7)
    return g_strdup_printf (
        g_dngettext (GETTEXT_PACKAGE,
                     /* Translators: how many days, then a date */
                     "The backup authority’s key expires in %d day, on %s. Get its new "
                     "certificate file now: after that it can’t be used.",
                     "The backup authority’s key expires in %d days, on %s. Get its new "
                     "certificate file now: after that it can’t be used.",
                     (gulong) days),
        days, date);
  if (days <= 30)
    return g_strdup_printf (_ ("The backup authority’s key expires in %d days, on %s. Ask the "
                               "authority for its new certificate file soon."),
                            days, date);
  return g_strdup_printf (_ ("The backup authority’s key expires in %d days, on %s."), days,
                          date);
}
