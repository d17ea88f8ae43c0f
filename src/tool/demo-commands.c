/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool demo: the whole story, played with the real programs in a temporary folder.
 *
 * Promises: every line that is shown as a command is really run; it ends with success only if the file came back octet by
 * octet, with a new key, and the authority's log is whole. */

#include "config.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "spare-error.h"
#include "spare-tool-stage.h"

#define LETTER     "Dear Ben,\nthe spare key is with the neighbours.\nAda\n"
#define PASSPHRASE "the passphrase of the authority\n"
#define POLICY \
  "[Recovery]\nChecks=document\nApprovalsMatched=2\n\n[Officer Acme]\nFingerprints=self\n\n"
#define ADA  SPARE_STAGE_OWNER
#define ACME SPARE_STAGE_AUTHORITY
#define BEN  SPARE_STAGE_OFFICER

/* What the people in the story know. */
typedef struct
{
  SpareStage *stage;
  char *authority; /* fingerprints */
  char *officer;
  char *old_key;
  char *new_key;
  char *case_id;
} Story;

static void
story_clear (Story *self)
{
  g_clear_pointer (&self->stage, spare_stage_free);
  g_free (self->authority);
  g_free (self->officer);
  g_free (self->old_key);
  g_free (self->new_key);
  g_free (self->case_id);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Story, story_clear)

#define PLAY(self, role, output, error, ...)                                                \
  spare_stage_play ((self)->stage, role, NULL, output, error, "sparekey-tool", __VA_ARGS__, \
                    NULL)

/* The authority's passphrase comes from stdin. */
#define AUTHORITY(self, output, error, ...)                                          \
  spare_stage_play ((self)->stage, ACME, PASSPHRASE, output, error, "sparekey-tool", \
                    "--passphrase-fd", "0", "authority", __VA_ARGS__, NULL)

/* The first 40 hexadecimal digits in a row, with or without spaces between them. */
static char *
find_fingerprint (const char *text, GError **error)
{
  g_autoptr (GString) digits = g_string_new (NULL);

  for (const char *at = text; *at != '\0' && digits->len < 40; at++)
    if (g_ascii_isxdigit (*at))
      g_string_append_c (digits, g_ascii_toupper (*at));
    else if (*at != ' ')
      g_string_truncate (digits, 0);
  if (digits->len == 40)
    return g_strdup (digits->str);
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("This step did not say which key it made."));
  return NULL;
}

/* The word after "case ". */
static char *
find_case (const char *text, GError **error)
{
  const char *at = strstr (text, "    ");

  for (; at != NULL; at = strstr (at + 1, "    "))
    {
      const char *word = strchr (at + 4, ' ');
      gsize length = word != NULL ? strcspn (word + 1, " \n") : 0;
      g_autofree char *id = g_strndup (length > 0 ? word + 1 : "", length);

      if (g_uuid_string_is_valid (id))
        return g_steal_pointer (&id);
    }
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("The request did not become a case."));
  return NULL;
}

/* --- The authority --- */

static gboolean
play_officer (Story *self, GError **error)
{
  g_autofree char *listing = NULL;

  spare_stage_say (self->stage,
                   _ ("Ben is an officer of a backup authority. He works elsewhere and has "
                      "nothing but GnuPG."));
  if (!spare_stage_play (self->stage, BEN, NULL, NULL, error, "gpg", "--batch", "--quiet",
                         "--passphrase", "", "--quick-generate-key",
                         "Ben Officer <ben@acme.example>", "future-default", "default", "never",
                         NULL)
      || !spare_stage_play (self->stage, BEN, NULL, NULL, error, "gpg", "--batch", "--armor",
                            "--output", "stick/ben.asc", "--export", "ben@acme.example", NULL)
      || !spare_stage_play (self->stage, BEN, NULL, &listing, error, "gpg", "--batch",
                            "--fingerprint", "ben@acme.example", NULL))
    return FALSE;
  /* Its line begins with words that have such digits too. */
  self->officer = find_fingerprint (strstr (listing, "= ") != NULL ? strstr (listing, "= ") + 2
                                                                   : listing,
                                    error);
  return self->officer != NULL;
}

static gboolean
play_authority (Story *self, GError **error)
{
  g_autofree char *path = spare_stage_path (self->stage, "policy.ini");
  g_autofree char *said = NULL;
  g_autofree char *policy = g_strdup_printf (POLICY "[Officer Ben]\nFingerprints=%s\n",
                                             self->officer);

  spare_stage_say (self->stage, _ ("The backup authority is made. By its policy, nothing is "
                                   "recovered before "
                                   "an official document was seen and two officers approved."));
  if (!g_file_set_contents (path, policy, -1, error)
      || !AUTHORITY (self, &said, error, "create", "--name", "ACME Backup Authority", "--email",
                     "backup@acme.example", "--policy", "policy.ini"))
    return FALSE;
  self->authority = find_fingerprint (said, error);
  return self->authority != NULL && AUTHORITY (self, NULL, error, "import", "stick/ben.asc")
         && AUTHORITY (self, NULL, error, "certificate", "--to", "stick/acme.asc");
}

/* --- The owner --- */

static char *
play_new_key (Story *self, GError **error)
{
  g_autofree char *said = NULL;

  if (!PLAY (self, ADA, &said, error, "key", "create", "--name", "Ada Owner", "--email",
             "ada@example.org"))
    return NULL;
  return find_fingerprint (said, error);
}

static gboolean
play_owner (Story *self, GError **error)
{
  g_autofree char *letter = spare_stage_path (self->stage, "letter.txt");

  spare_stage_say (self->stage, _ ("Ada makes a key. It lives in her desktop keyring."));
  self->old_key = play_new_key (self, error);
  if (self->old_key == NULL)
    return FALSE;
  spare_stage_say (self->stage,
                   _ ("She trusts the authority, whose 40 characters she was given on paper."));
  if (!PLAY (self, ADA, NULL, error, "escrow", "trust", "stick/acme.asc", "--fingerprint",
             self->authority))
    return FALSE;
  spare_stage_say (self->stage,
                   _ ("She encrypts a letter. It can be opened by her and by the authority."));
  if (!g_file_set_contents (letter, LETTER, -1, error)
      || !PLAY (self, ADA, NULL, error, "encrypt", "letter.txt")
      || !PLAY (self, ADA, NULL, error, "inspect", "letter.txt.gpg"))
    return FALSE;
  g_unlink (letter);
  spare_stage_say (self->stage,
                   _ ("The letter’s escrow packet, a few hundred octets, goes to the "
                      "authority. The letter itself never does."));
  return PLAY (self, ADA, NULL, error, "escrow", "export", "--to", "stick");
}

static gboolean
play_deposit (Story *self, GError **error)
{
  g_autofree char *deposit = spare_stage_find (self->stage, "stick", "deposit-", error);
  g_autofree char *receipt = NULL;

  if (deposit == NULL || !AUTHORITY (self, NULL, error, "import", deposit))
    return FALSE;
  spare_stage_say (self->stage,
                   _ ("An officer confirms Ada’s fingerprint with her, and notes how "
                      "to reach her. The authority answers what it holds."));
  if (!AUTHORITY (self, NULL, error, "owner", "enroll", self->old_key, "--contact",
                  "extension 12", "--evidence", "passport, and her card with the fingerprint")
      || !AUTHORITY (self, NULL, error, "receipt", "--to", "stick")
      || (receipt = spare_stage_find (self->stage, "stick", "receipt-", error)) == NULL)
    return FALSE;
  return PLAY (self, ADA, NULL, error, "escrow", "receipt", receipt);
}

static gboolean
play_lost_key (Story *self, GError **error)
{
  spare_stage_say (self->stage,
                   _ ("Ada loses her key. She makes a new one, which can’t open the "
                      "letter, and asks the authority for help."));
  self->new_key = play_new_key (self, error);
  return self->new_key != NULL && PLAY (self, ADA, NULL, error, "key", "use", self->new_key)
         && PLAY (self, ADA, NULL, error, "key", "delete", self->old_key)
         && PLAY (self, ADA, NULL, error, "recovery", "request", "--reason", "My key is lost",
                  "--old-key", self->old_key, "--to", "stick", "letter.txt.gpg");
}

/* --- Recovery --- */

static gboolean
play_case (Story *self, GError **error)
{
  g_autofree char *request = spare_stage_find (self->stage, "stick", "request-", error);
  g_autofree char *said = NULL;

  spare_stage_say (self->stage,
                   _ ("The request becomes a case. The authority knows the letter from "
                      "Ada’s signed deposit. Her identity is established; she reads "
                      "out her new key’s fingerprint."));
  if (request == NULL || !AUTHORITY (self, &said, error, "import", request)
      || (self->case_id = find_case (said, error)) == NULL
      || !AUTHORITY (self, NULL, error, "case", "show", self->case_id))
    return FALSE;
  return AUTHORITY (self, NULL, error, "case", "identity", self->case_id, "document",
                    "--evidence", "passport C01X0006H")
         && AUTHORITY (self, NULL, error, "case", "identity", self->case_id, "new-key",
                       "--evidence", self->new_key);
}

static gboolean
play_approvals (Story *self, GError **error)
{
  g_autofree char *question = NULL;
  g_autofree char *approval = NULL;

  spare_stage_say (self->stage,
                   _ ("Two officers approve: one here, and Ben, by a bundle that is "
                      "carried to him and back."));
  if (!AUTHORITY (self, NULL, error, "case", "approve", self->case_id)
      || !AUTHORITY (self, NULL, error, "case", "ask", self->case_id, "--to", "stick")
      || (question = spare_stage_find (self->stage, "stick", "case-", error)) == NULL
      || !PLAY (self, BEN, NULL, error, "authority", "approve", question, "--authority",
                self->authority, "--to", "stick")
      || (approval = spare_stage_find (self->stage, "stick", "approval-", error)) == NULL)
    return FALSE;
  return AUTHORITY (self, NULL, error, "import", approval);
}

static gboolean
play_return (Story *self, GError **error)
{
  g_autofree char *letter = spare_stage_path (self->stage, "letter.txt");
  g_autofree char *grant = NULL;
  g_autofree char *text = NULL;

  spare_stage_say (self->stage,
                   _ ("The session key is wrapped for Ada’s new key. She applies the "
                      "grant, and the letter opens."));
  if (!AUTHORITY (self, NULL, error, "case", "recover", self->case_id, "--to", "stick")
      || (grant = spare_stage_find (self->stage, "stick", "grant-", error)) == NULL
      || !PLAY (self, ADA, NULL, error, "recovery", "apply", grant)
      || !PLAY (self, ADA, NULL, error, "decrypt", "letter.txt.gpg")
      || !g_file_get_contents (letter, &text, NULL, error))
    return FALSE;
  if (strcmp (text, LETTER) != 0)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("What came back is not the letter."));
      return FALSE;
    }
  spare_stage_say (self->stage, text);
  spare_stage_say (self->stage, _ ("All of this is in the authority’s log, row by row:"));
  return AUTHORITY (self, NULL, error, "audit", "--verify");
}

static gboolean
play_story (Story *self, GError **error)
{
  return play_officer (self, error) && play_authority (self, error) && play_owner (self, error)
         && play_deposit (self, error) && play_lost_key (self, error) && play_case (self, error)
         && play_approvals (self, error) && play_return (self, error);
}

static int
run_demo (SpareTool *tool, char **argv)
{
  g_auto (Story) story = { NULL };
  GError *error = NULL;
  gboolean good;

  if (!spare_tool_take_nothing (tool, argv))
    return SPARE_TOOL_USAGE;
  story.stage = spare_stage_new (tool, &error);
  good = story.stage != NULL && play_story (&story, &error);
  g_clear_pointer (&story.stage, spare_stage_free);
  if (!good)
    return spare_tool_fail (tool, error);
  if (tool->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "demo", "done");
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
    }
  else
    spare_tool_print (_ ("\nDone. Nothing is left of the demo."));
  return SPARE_TOOL_DONE;
}

const SpareToolCommand spare_tool_demo_commands[] = {
  { "demo", "", N_ ("Plays the whole story in a temporary folder; touches nothing else."),
    run_demo },
  { NULL },
};
