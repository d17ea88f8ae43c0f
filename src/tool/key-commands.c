/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool key …: the owner's keys. */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spare-display.h"
#include "spare-error.h"
#include "spare-tool.h"

#define KEY_FILE_MAX (1024 * 1024)

static void
json_keys (JsonBuilder *builder, GPtrArray *keys, const char *only)
{
  json_builder_set_member_name (builder, "keys");
  json_builder_begin_array (builder);
  for (guint i = 0; i < keys->len; i++)
    {
      const SpareOwnedKey *owned = g_ptr_array_index (keys, i);
      const char *fingerprint = spare_key_get_fingerprint (owned->key);

      if (only != NULL && strcmp (only, fingerprint) != 0)
        continue;
      json_builder_begin_object (builder);
      spare_tool_json_string (builder, "fingerprint", fingerprint);
      json_builder_set_member_name (builder, "user-ids");
      json_builder_begin_array (builder);
      for (const char *const *id = spare_key_get_user_ids (owned->key); *id != NULL; id++)
        {
          g_autofree char *valid = g_utf8_make_valid (*id, -1);

          json_builder_add_string_value (builder, valid);
        }
      json_builder_end_array (builder);
      spare_tool_json_string (builder, "source", spare_key_source_to_string (owned->source));
      json_builder_set_member_name (builder, "default");
      json_builder_add_boolean_value (builder, owned->is_default);
      if (spare_key_get_expiry (owned->key) > 0)
        spare_tool_json_time (builder, "expires", spare_key_get_expiry (owned->key));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

/* Shows all keys, or @only one. */
static int
show_keys (SpareTool *tool, const char *only)
{
  GError *error = NULL;
  g_autoptr (GPtrArray)
      keys = spare_owner_list_keys_sync (tool->owner, tool->cancellable, &error);

  if (keys == NULL)
    return spare_tool_fail (tool, error);
  if (tool->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      json_keys (builder, keys, only);
      json_builder_end_object (builder);
      spare_tool_print_json (builder);
      return SPARE_TOOL_DONE;
    }
  for (guint i = 0; i < keys->len; i++)
    {
      const SpareOwnedKey *owned = g_ptr_array_index (keys, i);
      const char *user_id = spare_key_get_user_id (owned->key);
      g_autofree char *name = spare_display_text (user_id != NULL ? user_id : "", -1, 80);
      g_autofree char *fingerprint = spare_display_fingerprint (
          spare_key_get_fingerprint (owned->key));

      if (only != NULL && strcmp (only, spare_key_get_fingerprint (owned->key)) != 0)
        continue;
      spare_tool_print ("%s %s  %s  (%s)", owned->is_default ? "*" : " ", fingerprint, name,
                        spare_key_source_to_string (owned->source));
    }
  return SPARE_TOOL_DONE;
}

static int
run_create (SpareTool *tool, char **argv)
{
  g_autofree char *name = NULL;
  g_autofree char *email = NULL;
  g_autofree char *algorithm = NULL;
  g_autofree char *fingerprint = NULL;
  g_auto (GStrv) words = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "name", 0, 0, G_OPTION_ARG_STRING, &name, NULL, NULL },
    { "email", 0, 0, G_OPTION_ARG_STRING, &email, NULL, NULL },
    { "algorithm", 0, 0, G_OPTION_ARG_STRING, &algorithm, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (name == NULL || email == NULL || words[0] != NULL)
    return spare_tool_usage (tool, _ ("give --name and --email"));
  if (!spare_tool_open (tool, &error))
    return spare_tool_fail (tool, error);
  fingerprint = spare_owner_create_key_sync (tool->owner, name, email, algorithm,
                                             tool->cancellable, &error);
  if (fingerprint == NULL)
    return spare_tool_fail (tool, error);
  return show_keys (tool, fingerprint);
}

static int
run_list (SpareTool *tool, char **argv)
{
  GError *error = NULL;

  if (!spare_tool_take_nothing (tool, argv))
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open (tool, &error))
    return spare_tool_fail (tool, error);
  return show_keys (tool, NULL);
}

/* The shape of most commands here: one word, open. */
static int
run_on_fingerprint (SpareTool *tool,
                    char **argv,
                    gboolean (*act) (SpareOwner *, const char *, GCancellable *, GError **),
                    gboolean show_all)
{
  g_auto (GStrv) words = NULL;
  g_autofree char *fingerprint = NULL;
  GError *error = NULL;

  if (!spare_tool_parse (tool, argv, NULL, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL || words[1] != NULL)
    return spare_tool_usage (tool, _ ("give one fingerprint"));
  fingerprint = spare_tool_take_fingerprint (tool, words[0]);
  if (fingerprint == NULL)
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open (tool, &error)
      || !act (tool->owner, fingerprint, tool->cancellable, &error))
    return spare_tool_fail (tool, error);
  return show_keys (tool, show_all ? NULL : fingerprint);
}

static int
run_use (SpareTool *tool, char **argv)
{
  return run_on_fingerprint (tool, argv, spare_owner_use_key_sync, FALSE);
}

static int
run_delete (SpareTool *tool, char **argv)
{
  return run_on_fingerprint (tool, argv, spare_owner_delete_key_sync, TRUE);
}

static int
run_revoke (SpareTool *tool, char **argv)
{
  return run_on_fingerprint (tool, argv, spare_owner_revoke_key_sync, FALSE);
}

static int
run_import (SpareTool *tool, char **argv)
{
  g_auto (GStrv) words = NULL;
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (SpareSecret) passphrase = NULL;
  g_autofree char *fingerprint = NULL;
  GError *error = NULL;

  if (!spare_tool_parse (tool, argv, NULL, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL || words[1] != NULL)
    return spare_tool_usage (tool, _ ("give one file"));
  octets = spare_tool_read_file (words[0], KEY_FILE_MAX, &error);
  if (octets == NULL || !spare_tool_open (tool, &error))
    return spare_tool_fail (tool, error);
  if (tool->passphrase_fd >= 0)
    {
      passphrase = spare_tool_ask_passphrase (tool, "", &error);
      if (passphrase == NULL)
        return spare_tool_fail (tool, error);
    }
  fingerprint = spare_owner_import_key_sync (tool->owner, octets, passphrase, tool->cancellable,
                                             &error);
  if (fingerprint == NULL && passphrase == NULL
      && g_error_matches (error, SPARE_ERROR, SPARE_ERROR_BAD_PASSPHRASE))
    {
      g_clear_error (&error);
      passphrase = spare_tool_ask_passphrase (tool, _ ("Passphrase of the key file:"), &error);
      if (passphrase != NULL)
        fingerprint = spare_owner_import_key_sync (tool->owner, octets, passphrase,
                                                   tool->cancellable, &error);
    }
  if (fingerprint == NULL)
    return spare_tool_fail (tool, error);
  return show_keys (tool, fingerprint);
}

static char *
default_fingerprint (SpareTool *tool, GError **error)
{
  g_autoptr (SpareKey) key = spare_owner_dup_key (tool->owner);

  if (key != NULL)
    return g_strdup (spare_key_get_fingerprint (key));
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_NOT_SET_UP,
                       _ ("There is no key of yours yet."));
  return NULL;
}

static int
export_secret (SpareTool *tool, const char *fingerprint, const char *to)
{
  g_autoptr (SpareSecret) passphrase = NULL;
  g_autoptr (SpareSecret) armored = NULL;
  GError *error = NULL;

  passphrase = spare_tool_ask_passphrase (tool, _ ("New passphrase for the exported key:"),
                                          &error);
  if (passphrase != NULL && spare_secret_get_size (passphrase) == 0)
    return spare_tool_usage (tool, _ ("a secret key is not exported without a passphrase"));
  if (passphrase != NULL)
    armored = spare_owner_export_secret_key_sync (tool->owner, fingerprint, passphrase,
                                                  tool->cancellable, &error);
  if (armored == NULL
      || !spare_tool_write_file (to, spare_secret_get_data (armored),
                                 spare_secret_get_size (armored), &error))
    return spare_tool_fail (tool, error);
  return show_keys (tool, fingerprint);
}

static int
run_export (SpareTool *tool, char **argv)
{
  gboolean secret = FALSE;
  g_autofree char *to = NULL;
  g_autofree char *fingerprint = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GBytes) armored = NULL;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "secret", 0, 0, G_OPTION_ARG_NONE, &secret, NULL, NULL },
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &to, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] != NULL && words[1] != NULL)
    return spare_tool_usage (tool, _ ("give one fingerprint, or none for the key in use"));
  if (secret && to == NULL)
    return spare_tool_usage (tool, _ ("a secret key is only written to a file: give --to"));
  if (words[0] != NULL && (fingerprint = spare_tool_take_fingerprint (tool, words[0])) == NULL)
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open (tool, &error)
      || (fingerprint == NULL && (fingerprint = default_fingerprint (tool, &error)) == NULL))
    return spare_tool_fail (tool, error);
  if (secret)
    return export_secret (tool, fingerprint, to);

  armored = spare_owner_export_key_sync (tool->owner, fingerprint, tool->cancellable, &error);
  if (armored == NULL
      || (to != NULL
          && !spare_tool_write_file (to, g_bytes_get_data (armored, NULL),
                                     g_bytes_get_size (armored), &error)))
    return spare_tool_fail (tool, error);
  if (to == NULL && !tool->json)
    {
      fwrite (g_bytes_get_data (armored, NULL), 1, g_bytes_get_size (armored), stdout);
      return SPARE_TOOL_DONE;
    }
  return show_keys (tool, fingerprint);
}

static int
run_extend (SpareTool *tool, char **argv)
{
  g_autofree char *until = NULL;
  g_autofree char *fingerprint = NULL;
  g_auto (GStrv) words = NULL;
  gint64 time;
  GError *error = NULL;
  const GOptionEntry entries[] = {
    { "until", 0, 0, G_OPTION_ARG_STRING, &until, NULL, NULL },
    { NULL },
  };

  if (!spare_tool_parse (tool, argv, entries, &words))
    return SPARE_TOOL_USAGE;
  if (words[0] == NULL || words[1] != NULL || until == NULL)
    return spare_tool_usage (tool, _ ("give one fingerprint and --until YYYY-MM-DD"));
  time = spare_tool_parse_day (until, TRUE);
  if (time <= g_get_real_time () / G_USEC_PER_SEC)
    return spare_tool_usage (tool, _ ("--until takes a day to come: YYYY-MM-DD"));
  fingerprint = spare_tool_take_fingerprint (tool, words[0]);
  if (fingerprint == NULL)
    return SPARE_TOOL_USAGE;
  if (!spare_tool_open (tool, &error)
      || !spare_owner_extend_key_sync (tool->owner, fingerprint, time, tool->cancellable,
                                       &error))
    return spare_tool_fail (tool, error);
  return show_keys (tool, fingerprint);
}

const SpareToolCommand spare_tool_key_commands[] = {
  { "key create", "--name NAME --email ADDRESS [--algorithm A]",
    N_ ("Makes a key of your own and keeps it in the desktop keyring."), run_create },
  { "key list", "", N_ ("Lists your keys; * marks the one in use."), run_list },
  { "key use", "FINGERPRINT", N_ ("Takes another of your keys, also one of GnuPG, into use."),
    run_use },
  { "key import", "FILE [--passphrase-fd N]",
    N_ ("Takes a secret key from a file into the keyring."), run_import },
  { "key delete", "FINGERPRINT", N_ ("Deletes a key that is not in use."), run_delete },
  { "key export", "[FINGERPRINT] [--secret] [--to FILE] [--passphrase-fd N]",
    N_ ("Writes the public key, or the secret key under a new passphrase."), run_export },
  { "key extend", "FINGERPRINT --until YYYY-MM-DD", N_ ("Lets a key expire later."),
    run_extend },
  { "key revoke", "FINGERPRINT", N_ ("Declares a key invalid for good."), run_revoke },
  { NULL },
};
