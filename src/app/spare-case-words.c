/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cases in words. */
#include "config.h"

#include "spare-case-words.h"

#include "spare-authority-events.h"
#include "spare-case-work.h"
#include "spare-display.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* A case's id is a UUID; its first eight digits are enough to speak of it. */
char *
spare_case_words_dup_title (const SpareCase *one)
{
  g_autofree char *shown = spare_display_text (one->id, MIN (8, (gssize) strlen (one->id)), 8);
  g_autofree char *upper = g_utf8_strup (shown, -1);

  /* Translators: a case's number, such as "Case 1F0C77A2". */
  return g_strdup_printf (_ ("Case %s"), upper);
}

const char *
spare_case_words_state (SpareCaseState state)
{
  switch (state)
    {
    case SPARE_CASE_IDENTITY:
      return _ ("Identity");
    case SPARE_CASE_APPROVAL:
      return _ ("Approvals");
    case SPARE_CASE_WAITING:
      return C_ ("case", "Waiting");
    case SPARE_CASE_READY:
      return C_ ("case", "Ready");
    case SPARE_CASE_GRANTED:
      return C_ ("case", "Granted");
    case SPARE_CASE_REFUSED:
      return C_ ("case", "Refused");
    case SPARE_CASE_EXPIRED:
      return _ ("Expired");
    case SPARE_CASE_WITHDRAWN:
    default:
      return _ ("Withdrawn");
    }
}

char *
spare_case_words_dup_sentence (const SpareCase *one)
{
  g_autofree char *until = NULL;

  switch (one->state)
    {
    case SPARE_CASE_IDENTITY:
      return g_strdup (_ ("Saved · identity not yet established"));
    case SPARE_CASE_APPROVAL:
      /* Translators: how many there are, and how many are needed */
      return g_strdup_printf (_ ("Saved · %u of %u approvals"), one->n_approved, one->n_needed);
    case SPARE_CASE_WAITING:
      until = spare_authority_events_describe_time (one->waiting_until);
      /* Translators: a date and time */
      return g_strdup_printf (_ ("Saved · waiting until %s"), until);
    case SPARE_CASE_READY:
      return g_strdup (_ ("Saved · ready for recovery"));
    case SPARE_CASE_GRANTED:
      return g_strdup (C_ ("case", "Granted"));
    case SPARE_CASE_REFUSED:
      return g_strdup (C_ ("case", "Refused"));
    case SPARE_CASE_EXPIRED:
      return g_strdup (_ ("Expired: the person can ask again"));
    case SPARE_CASE_WITHDRAWN:
    default:
      return g_strdup (_ ("Withdrawn by the person who asked"));
    }
}

const char *
spare_case_words_check (const char *check)
{
  if (g_str_equal (check, "document"))
    return _ ("Official Document Seen");
  if (g_str_equal (check, "callback"))
    return _ ("Called Back");
  if (g_str_equal (check, SPARE_CHECK_NEW_KEY))
    return _ ("New Key Read Back");
  return check; /* [a-z0-9-]+ */
}

char *
spare_case_words_dup_check_hint (const SpareCase *one, const char *check)
{
  if (g_str_equal (check, "document"))
    return g_strdup (
        _ ("Passport or identity card, in person. Note its kind, never its number."));
  if (g_str_equal (check, "callback"))
    {
      g_autofree char *contact = one->contact ? spare_display_text (one->contact, -1, 200)
                                              : NULL;

      if (contact)
        return g_strdup_printf (_ ("On the contact noted at enrolment: %s"), contact);
      return g_strdup (_ ("On a number known before this request, and never one from it."));
    }
  if (g_str_equal (check, SPARE_CHECK_NEW_KEY))
    return g_strdup (
        _ ("The person reads the 40 characters of the new key aloud. Type what you "
           "hear: it is compared here, so it is not shown."));
  return g_strdup (_ ("As your own rules describe it."));
}

const char *
spare_case_words_verdict (SpareVerdict verdict)
{
  switch (verdict)
    {
    case SPARE_VERDICT_MATCHED:
      return _ ("Matched");
    case SPARE_VERDICT_UNSURE:
      return _ ("Unsure");
    case SPARE_VERDICT_UNMATCHED:
    default:
      return _ ("Not Matched");
    }
}

const char *
spare_case_words_verdict_icon (SpareVerdict verdict)
{
  if (verdict == SPARE_VERDICT_MATCHED)
    return "object-select-symbolic";
  return verdict == SPARE_VERDICT_UNSURE ? "dialog-question-symbolic"
                                         : "dialog-warning-symbolic";
}

const char *
spare_case_words_verdict_style (SpareVerdict verdict)
{
  if (verdict == SPARE_VERDICT_MATCHED)
    return "authority";
  return verdict == SPARE_VERDICT_UNSURE ? "pending" : "unusable";
}
