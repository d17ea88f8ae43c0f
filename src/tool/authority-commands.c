/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool authority create, certificate, policy: the backup authority itself. */

#include "config.h"

#include <glib/gi18n.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-small-file.h"
#include "spare-tool-authority.h"

#define POLICY_MAX (64 * 1024)

/* --- create --- */

static int
show_created (SpareTool *tool, SpareAuthority *authority, const char *fingerprint)
{
  g_autofree char *revocation = spare_authority_dup_revocation_path (authority);
  g_autofree char *shown = spare_display_fingerprint (fingerprint);
  g_autofree char *place = spare_display_text (revocation, -1, 400);

  if (tool->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "fingerprint", fingerprint);
      spare_tool_json_name (builder, "revocation", "revocation-bytes", revocation);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
      return SPARE_TOOL_DONE;
    }
  spare_tool_print ("%s", shown);
  spare_tool_print (
      _ ("Give these 40 characters to the people who will trust this authority, on "
         "paper or by phone."));
  spare_tool_print (_ ("Print this file and put it away safely; with it the key can be "
                       "declared "
                       "invalid when all else is lost: %s"),
                    place);
  return SPARE_TOOL_DONE;
}

static int
run_create (SpareTool *tool, char **argv)
{
  g_autofree char *name = NULL;
  g_autofree char *email = NULL;
  g_autofree char *policy = NULL;
  g_autofree char *fingerprint = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (SpareSecret) passphrase = NULL;
  g_autoptr (SpareAuthority) authority = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "name", 0, 0, G_OPTION_ARG_STRING, &name, NULL, NULL },
    { "email", 0, 0, G_OPTION_ARG_STRING, &email, NULL, NULL },
    { "policy", 0, 0, G_OPTION_ARG_FILENAME, &policy, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (name == NULL || email == NULL || words[0] != NULL)
    return spare_tool_usage (tool, _ ("give --name and --email"));
  if (tool->passphrase_fd >= 0)
    {
      passphrase = spare_tool_read_passphrase (tool, &error);
      if (passphrase == NULL)
        return spare_tool_fail (tool, error);
      if (spare_secret_get_size (passphrase) == 0)
        return spare_tool_usage (tool, _ ("the authority’s key is not made without a "
                                          "passphrase. Nothing was done."));
    }
  authority = spare_authority_new ();
  fingerprint = spare_authority_create_sync (authority, name, email, passphrase, policy,
                                             tool->cancellable, &error);
  if (fingerprint == NULL)
    return spare_tool_fail (tool, error);
  return show_created (tool, authority, fingerprint);
}

/* --- certificate --- */

static int
run_certificate (SpareTool *tool, char **argv)
{
  g_autofree char *to = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GBytes) armored = NULL;
  const char *fingerprint;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &to, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (to == NULL || words[0] != NULL)
    return spare_tool_usage (tool, _ ("give --to and the file to write"));
  if (!spare_tool_open_authority (tool, &error)
      || (armored = spare_authority_export_certificate_sync (tool->authority, tool->cancellable,
                                                             &error))
             == NULL
      || !spare_tool_write_file (to, g_bytes_get_data (armored, NULL),
                                 g_bytes_get_size (armored), &error))
    return spare_tool_fail (tool, error);
  fingerprint = spare_authority_get_fingerprint (tool->authority);
  if (tool->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      spare_tool_json_name (builder, "output", "path-bytes", to);
      spare_tool_json_string (builder, "fingerprint", fingerprint);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
    }
  else
    {
      g_autofree char *shown = spare_display_fingerprint (fingerprint);

      spare_tool_print ("%s", shown);
    }
  return SPARE_TOOL_DONE;
}

/* --- policy --- */

static void
json_strings (JsonBuilder *builder, const char *member, char **strings)
{
  json_builder_set_member_name (builder, member);
  json_builder_begin_array (builder);
  for (char **string = strings; *string != NULL; string++)
    json_builder_add_string_value (builder, *string);
  json_builder_end_array (builder);
}

static void
json_policy (JsonBuilder *builder, SpareAuthorityPolicy *policy)
{
  const SpareAuthorityRules *rules = spare_authority_policy_get_rules (policy);

  json_builder_begin_object (builder);
  json_strings (builder, "checks", rules->checks);
  spare_tool_json_number (builder, "approvals-matched", rules->approvals_matched);
  spare_tool_json_number (builder, "approvals-unmatched", rules->approvals_unmatched);
  spare_tool_json_boolean (builder, "unmatched", rules->allow_unmatched);
  spare_tool_json_boolean (builder, "enrolled", rules->require_enrolled);
  spare_tool_json_number (builder, "waiting-hours", rules->waiting_hours);
  spare_tool_json_number (builder, "expiry-days", rules->expiry_days);
  json_builder_set_member_name (builder, "officers");
  json_builder_begin_array (builder);
  for (guint i = 0; i < rules->officers->len; i++)
    {
      const SpareOfficer *officer = g_ptr_array_index (rules->officers, i);

      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "name", officer->name);
      json_strings (builder, "fingerprints", officer->fingerprints);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_strings (builder, "transfer-from", rules->transfer_from);
  spare_tool_json_string (builder, "sha256", spare_authority_policy_get_sha256 (policy));
  json_builder_end_object (builder);
}

static int
show_policy (SpareTool *tool)
{
  GError *error = NULL;
  g_autoptr (SpareAuthorityPolicy)
      policy = spare_authority_dup_policy (tool->authority, &error);
  GBytes *octets;

  if (policy == NULL)
    return spare_tool_fail (tool, error);
  octets = spare_authority_policy_get_octets (policy);
  if (tool->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "policy");
      json_policy (builder, policy);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
    }
  else
    {
      g_autofree char *text = g_strndup (g_bytes_get_data (octets, NULL),
                                         g_bytes_get_size (octets));
      g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

      for (char **line = lines; *line != NULL && (line[0][0] != '\0' || line[1] != NULL);
           line++)
        {
          g_autofree char *shown = spare_display_text (*line, -1, 2000);

          spare_tool_print ("%s", shown);
        }
    }
  return SPARE_TOOL_DONE;
}

static int
run_policy (SpareTool *tool, char **argv)
{
  g_autofree char *set = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GBytes) octets = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "set", 0, 0, G_OPTION_ARG_FILENAME, &set, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] != NULL)
    return spare_tool_usage (tool, _ ("it takes no further words"));
  if (set != NULL && (octets = spare_small_file_read (set, POLICY_MAX, &error)) == NULL)
    return spare_tool_fail (tool, error);
  if (!spare_tool_open_authority (tool, &error)
      || (octets != NULL
          && !spare_authority_set_policy_sync (tool->authority, octets, tool->cancellable,
                                               &error)))
    return spare_tool_fail (tool, error);
  return show_policy (tool);
}

const SpareToolCommand spare_tool_authority_commands[] = {
  { "authority create", "--name NAME --email ADDRESS [--policy FILE] [--passphrase-fd N]",
    N_ ("Makes a backup authority on this computer."), run_create },
  { "authority certificate", "--to FILE",
    N_ ("Writes the authority’s public key, for the people who will trust it."),
    run_certificate },
  { "authority policy", "[--set FILE]",
    N_ ("Shows the rules for recovery, or sets them; each change is in the audit log."),
    run_policy },
  { NULL },
};
