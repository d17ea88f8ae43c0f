/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool recipient …: other people that files can be encrypted to. */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "spare-display.h"
#include "spare-tool.h"

#define CERTIFICATES_MAX (1024 * 1024)

static gboolean
is_named (GPtrArray *fingerprints, const char *fingerprint)
{
  for (guint i = 0; fingerprints != NULL && i < fingerprints->len; i++)
    if (strcmp (g_ptr_array_index (fingerprints, i), fingerprint) == 0)
      return TRUE;
  return fingerprints == NULL;
}

/* Shows all people, or those in @only. */
static int
show_recipients (SpareTool *tool, GPtrArray *only)
{
  GError *error = NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (GPtrArray)
      keys = spare_owner_list_recipients_sync (tool->owner, tool->cancellable, &error);

  if (keys == NULL)
    return spare_tool_fail (tool, error);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "recipients");
  json_builder_begin_array (builder);
  for (guint i = 0; i < keys->len; i++)
    {
      SpareKey *key = g_ptr_array_index (keys, i);
      const char *user_id = spare_key_get_user_id (key);

      if (!is_named (only, spare_key_get_fingerprint (key)))
        continue;
      if (!tool->json)
        {
          g_autofree char *name = spare_display_text (user_id != NULL ? user_id : "", -1, 80);
          g_autofree char *shown = spare_display_fingerprint (spare_key_get_fingerprint (key));

          spare_tool_print ("  %s  %s", shown, name);
        }
      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "fingerprint", spare_key_get_fingerprint (key));
      json_builder_set_member_name (builder, "user-ids");
      json_builder_begin_array (builder);
      for (const char *const *id = spare_key_get_user_ids (key); *id != NULL; id++)
        {
          g_autofree char *valid = g_utf8_make_valid (*id, -1);

          json_builder_add_string_value (builder, valid);
        }
      json_builder_end_array (builder);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  if (tool->json)
    spare_tool_print_json (builder);
  return SPARE_TOOL_DONE;
}

static int
run_import (SpareTool *tool, char **argv)
{
  g_auto (GStrv) words = NULL;
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (GPtrArray) fingerprints = NULL;
  GError *error = NULL;

  if (!spare_tool_parse (tool, argv, NULL, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL || words[1] != NULL)
    return spare_tool_usage (tool, _ ("give one file"));
  octets = spare_tool_read_file (words[0], CERTIFICATES_MAX, &error);
  if (octets == NULL || !spare_tool_open (tool, &error)
      || (fingerprints = spare_owner_import_recipients_sync (tool->owner, octets,
                                                             tool->cancellable, &error))
             == NULL)
    return spare_tool_fail (tool, error);
  return show_recipients (tool, fingerprints);
}

static int
run_list (SpareTool *tool, char **argv)
{
  GError *error = NULL;

  if (!spare_tool_take_nothing (tool, argv))
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open (tool, &error))
    return spare_tool_fail (tool, error);
  return show_recipients (tool, NULL);
}

static int
run_remove (SpareTool *tool, char **argv)
{
  g_auto (GStrv) words = NULL;
  g_autofree char *fingerprint = NULL;
  GError *error = NULL;

  if (!spare_tool_parse (tool, argv, NULL, &words))
    return SPARE_TOOL_USAGE;
  fingerprint = words[0] != NULL && words[1] == NULL ? spare_fingerprint_normalize (words[0])
                                                     : NULL;
  if (fingerprint == NULL)
    return spare_tool_usage (tool,
                             _ ("give one fingerprint: 40 characters, 0 to 9 and A to F"));
  if (!spare_tool_open (tool, &error)
      || !spare_owner_remove_recipient_sync (tool->owner, fingerprint, tool->cancellable,
                                             &error))
    return spare_tool_fail (tool, error);
  return show_recipients (tool, NULL);
}

const SpareToolCommand spare_tool_recipient_commands[] = {
  { "recipient import", "FILE", N_ ("Takes in the public keys of other people."), run_import },
  { "recipient list", "", N_ ("Lists the people whose keys are known here."), run_list },
  { "recipient remove", "FINGERPRINT", N_ ("Forgets a person’s public key."), run_remove },
  { NULL },
};
