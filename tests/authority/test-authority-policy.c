/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authority's policy: what is not clear is refused, with the line. */
#include "config.h"

#include "spare-authority-policy.h"
#include "spare-error.h"

#include <string.h>

#define SELF  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ANNA  "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define BERTA "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"
#define OTHER "DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD"

static SpareAuthorityPolicy *
parse (const char *text, GError **error)
{
  g_autoptr (GBytes) octets = g_bytes_new (text, strlen (text));

  return spare_authority_policy_parse (octets, SELF, error);
}

typedef struct
{
  const char *reason;
  const char *text;
  const char *words; /* in the message */
} Refusal;

static const Refusal refusals[] = {
  { "empty", "", "not text" },
  { "no group", "# nothing\n", "[Recovery]" },
  { "only officers", "[Officer Anna]\nFingerprints=self\n", "[Recovery]" },
  { "an unknown group", "[Recovery]\n[Recovry]\n", "Line 2" },
  { "an unknown key", "[Recovery]\nChecks=document\nAproovals=1\n", "Line 3" },
  { "a key of another group", "[Recovery]\nFrom=" OTHER "\n", "Line 2" },
  { "a key before any group", "Checks=document\n[Recovery]\n", "Line 1" },
  { "a line that is nothing", "[Recovery]\nChecks\n", "Line 2" },
  { "a group twice", "[Recovery]\n[Recovery]\n", "twice" },
  { "a key twice", "[Recovery]\nChecks=a\nChecks=b\n", "twice" },
  { "a check with capitals", "[Recovery]\nChecks=Document\n", "Document" },
  { "a check with a space", "[Recovery]\nChecks=a b\n", "a b" },
  { "a check twice", "[Recovery]\nChecks=a;a\n", "twice" },
  { "an empty check in the middle", "[Recovery]\nChecks=a;;b\n", "Line 2" },
  { "no approvals", "[Recovery]\nApprovalsMatched=0\n", "Line 2" },
  { "approvals below nothing", "[Recovery]\nApprovalsMatched=-1\n", "Line 2" },
  { "approvals with a plus", "[Recovery]\nApprovalsMatched=+1\n", "Line 2" },
  { "approvals in words", "[Recovery]\nApprovalsMatched=two\n", "Line 2" },
  { "approvals in hexadecimal", "[Recovery]\nApprovalsMatched=0x1\n", "Line 2" },
  { "approvals past all numbers", "[Recovery]\nApprovalsMatched=99999999999999999999\n",
    "Line 2" },
  { "more approvals than officers", "[Recovery]\nApprovalsMatched=2\n", "2 approvals" },
  { "more approvals of unmatched claims than officers", "[Recovery]\nApprovalsUnmatched=2\n",
    "2 approvals" },
  { "two keys of one person for two approvals",
    "[Recovery]\nApprovalsMatched=2\n[Officer Anna]\nFingerprints=" ANNA ";" BERTA "\n",
    "Persons" },
  { "unmatched neither allowed nor refused", "[Recovery]\nUnmatched=yes\n", "Line 2" },
  { "enrolled in another word", "[Recovery]\nEnrolled=1\n", "Line 2" },
  { "waiting longer than a case lives", "[Recovery]\nWaitingHours=24\nExpiryDays=1\n",
    "expire" },
  { "no days", "[Recovery]\nExpiryDays=0\n", "Line 2" },
  { "an officer without a name", "[Recovery]\n[Officer ]\nFingerprints=self\n", "Line 2" },
  { "an officer without a key", "[Recovery]\n[Officer Anna]\n", "Anna" },
  { "an officer with an empty list", "[Recovery]\n[Officer Anna]\nFingerprints=\n", "Line 3" },
  { "a fingerprint too short", "[Recovery]\n[Officer Anna]\nFingerprints=BBBB\n", "Line 3" },
  { "a fingerprint twice", "[Recovery]\n[Officer Anna]\nFingerprints=" ANNA ";" ANNA "\n",
    "twice" },
  { "a key of two officers",
    "[Recovery]\n[Officer Anna]\nFingerprints=" ANNA "\n[Officer Berta]\nFingerprints=" ANNA
    "\n",
    "two officers" },
  { "the authority's key by word and by digits",
    "[Recovery]\n[Officer Anna]\nFingerprints=self\n[Officer Berta]\nFingerprints=" SELF "\n",
    "two officers" },
  { "the same person in other letters",
    "[Recovery]\n[Officer Anna]\nFingerprints=" ANNA "\n[Officer ANNA]\nFingerprints=" BERTA
    "\n",
    "twice" },
  { "a name that hides something",
    "[Recovery]\n[Officer An\xe2\x80\xaena]\nFingerprints=" ANNA "\n", "Line 2" },
  { "self among other authorities", "[Recovery]\n[Transfer]\nFrom=self\n", "Line 3" },
  { "octets that are no text", "[Recovery]\nChecks=\xff\n", "not text" },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SpareAuthorityPolicy) policy = parse (refusals[i].text, &error);

      g_test_message ("%s: %s", refusals[i].reason,
                      error != NULL ? error->message : "accepted");
      g_assert_null (policy);
      g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
      g_assert_nonnull (strstr (error->message, refusals[i].words));
    }
}

static void
test_nul (void)
{
  const char text[] = "[Recovery]\nChecks=a\0Unmatched=allow\n";
  g_autoptr (GBytes) octets = g_bytes_new (text, sizeof text - 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (spare_authority_policy_parse (octets, SELF, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
}

static void
test_default (void)
{
  g_autoptr (SpareAuthorityRules) rules = spare_authority_rules_new_default (SELF);
  g_autoptr (GBytes) octets = spare_authority_rules_serialize (rules, SELF);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareAuthorityPolicy) policy = spare_authority_policy_parse (octets, SELF, &error);
  const SpareAuthorityRules *read;
  g_autofree char *checks = NULL;

  g_assert_no_error (error);
  read = spare_authority_policy_get_rules (policy);
  checks = g_strjoinv (";", read->checks);
  g_assert_cmpstr (checks, ==, "document;callback;new-key");
  g_assert_cmpuint (read->approvals_matched, ==, 1);
  g_assert_cmpuint (read->approvals_unmatched, ==, 1);
  g_assert_false (read->allow_unmatched);
  g_assert_true (read->require_enrolled);
  g_assert_cmpuint (read->waiting_hours, ==, 0);
  g_assert_cmpuint (read->expiry_days, ==, 30);
  g_assert_cmpuint (read->officers->len, ==, 1);
  g_assert_nonnull (spare_authority_policy_find_officer (policy, SELF));
  g_assert_null (spare_authority_policy_find_officer (policy, ANNA));
}

static void
test_whole (void)
{
  const char text[] =
      "# of the house\r\n[Recovery]\r\n Checks = new-key ; document ;\r\n"
      "ApprovalsMatched=2\nApprovalsUnmatched=2\nUnmatched=allow\nEnrolled=false\n"
      "WaitingHours=48\nExpiryDays=7\n"
      "[Officer Anna \xc3\x84rzte]\nFingerprints=" ANNA
      ";bbbb bbbb bbbb bbbb bbbb bbbb bbbb bbbb bbbb bbb0\n"
      "[Officer Berta]\nFingerprints=self\n[Transfer]\nFrom=" OTHER "\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareAuthorityPolicy) policy = parse (text, &error);
  g_autoptr (SpareAuthorityPolicy) again = NULL;
  g_autoptr (GBytes) octets = NULL;
  const SpareAuthorityRules *rules;
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  g_autofree char *checks = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (spare_authority_policy_get_sha256 (policy), ==, hash);
  rules = spare_authority_policy_get_rules (policy);
  checks = g_strjoinv (";", rules->checks);
  g_assert_cmpstr (checks, ==, "document;new-key");
  g_assert_true (spare_authority_policy_has_check (policy, SPARE_CHECK_NEW_KEY));
  g_assert_true (rules->allow_unmatched);
  g_assert_cmpuint (rules->waiting_hours, ==, 48);
  g_assert_cmpstr (spare_authority_policy_find_officer (policy, ANNA)->name, ==,
                   "Anna \xc3\x84rzte");
  g_assert_cmpstr (spare_authority_policy_find_officer (policy, SELF)->name, ==, "Berta");
  g_assert_true (spare_authority_policy_trusts_transfer (policy, OTHER));
  g_assert_false (spare_authority_policy_trusts_transfer (policy, ANNA));

  octets = spare_authority_rules_serialize (rules, SELF);
  again = spare_authority_policy_parse (octets, SELF, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (spare_authority_policy_get_rules (again)->officers->len, ==, 2);
  g_assert_cmpuint (spare_authority_policy_get_rules (again)->expiry_days, ==, 7);
  g_assert_nonnull (spare_authority_policy_find_officer (again, ANNA));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/authority policy/each mistake is refused in words", test_refused);
  g_test_add_func ("/authority policy/nothing hides behind a NUL", test_nul);
  g_test_add_func ("/authority policy/the default is what the design says", test_default);
  g_test_add_func ("/authority policy/a whole one is read as it stands", test_whole);
  return g_test_run ();
}
