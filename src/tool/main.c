/* SPDX-License-Identifier: GPL-3.0-or-later */

/* sparekey-tool: finds the command and runs it. */

#include "config.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "spare-engine.h"
#include "spare-error.h"
#include "spare-locale.h"
#include "spare-process.h"
#include "spare-tool-authority.h"
#include "spare-tool.h"

/* "authority owner list" */
#define COMMAND_WORDS_MAX 3

static const SpareToolCommand *const groups[] = {
  spare_tool_key_commands,
  spare_tool_recipient_commands,
  spare_tool_escrow_commands,
  spare_tool_deposit_commands,
  spare_tool_file_commands,
  spare_tool_inspect_commands,
  spare_tool_check_commands,
  spare_tool_recovery_commands,
  spare_tool_grant_commands,
  spare_tool_authority_commands,
  spare_tool_authority_owner_commands,
  spare_tool_authority_packet_commands,
  spare_tool_authority_export_commands,
  spare_tool_authority_case_commands,
  spare_tool_approval_commands,
  spare_tool_authority_audit_commands,
  spare_tool_authority_rotation_commands,
  spare_tool_demo_commands,
};

static void
print_help (FILE *stream)
{
  fprintf (stream, _ ("Usage: sparekey-tool COMMAND [OPTION…] [--json]\n\n"));
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    {
      for (const SpareToolCommand *command = groups[i]; command->name != NULL; command++)
        fprintf (stream, "  %s %s\n      %s\n", command->name, command->usage,
                 _ (command->summary));
      fputc ('\n', stream);
    }
  fprintf (stream,
           _ ("Exit status: 0 done, 1 something failed and the rest was done, 2 wrong use, 3 "
              "not "
              "set up,\n4 refused by policy, 5 no key for this, 6 damaged or forged input,\n7 "
              "keyring, gpg or database not available, 130 cancelled.\n"));
}

/* Whether some command's usage names a word after this option: "--to FILE", not "[--sign]" nor "[--raw]". */
static gboolean
takes_value (const char *option)
{
  gsize length = strlen (option);

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    for (const SpareToolCommand *command = groups[i]; command->name != NULL; command++)
      for (const char *at = strstr (command->usage, option); at != NULL;
           at = strstr (at + 1, option))
        if (at[length] == ' ' && strchr ("[-|", at[length + 1]) == NULL)
          return TRUE;
  return FALSE;
}

/* Options may stand anywhere, with their values, so the command's words are the first ones that are neither. @at: where
 * they are. */
static guint
find_words (char **argv, guint *at)
{
  guint n = 0;

  for (guint i = 1; argv[i] != NULL && n < COMMAND_WORDS_MAX && strcmp (argv[i], "--") != 0;
       i++)
    if (argv[i][0] != '-')
      at[n++] = i;
    else if (takes_value (argv[i]) && argv[i + 1] != NULL)
      i++;
  return n;
}

/* How many words of the command line are the command's name; 0 if it is another one. */
static guint
match_command (const SpareToolCommand *command, char **argv, const guint *at, guint n)
{
  g_auto (GStrv) words = g_strsplit (command->name, " ", -1);
  guint length = g_strv_length (words);

  if (length > n)
    return 0;
  for (guint i = 0; i < length; i++)
    if (strcmp (words[i], argv[at[i]]) != 0)
      return 0;
  return length;
}

/* The longest name that fits; @n_words: how many words of @at it takes. */
static const SpareToolCommand *
find_command (char **argv, guint *at, guint *n_words)
{
  guint n = find_words (argv, at);
  const SpareToolCommand *found = NULL;

  *n_words = 0;
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    for (const SpareToolCommand *command = groups[i]; command->name != NULL; command++)
      {
        guint length = match_command (command, argv, at, n);

        if (length <= *n_words)
          continue;
        *n_words = length;
        found = command;
      }
  return found;
}

static gboolean
cancel_cb (gpointer user_data)
{
  g_cancellable_cancel (user_data);
  return G_SOURCE_CONTINUE;
}

/* Signals are heard in a thread of their own: most commands block this one. */
static gpointer
signal_thread (gpointer user_data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  const int numbers[] = { SIGINT, SIGTERM };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autoptr (GSource) source = g_unix_signal_source_new (numbers[i]);

      g_source_set_callback (source, cancel_cb, g_object_ref (user_data), g_object_unref);
      g_source_attach (source, context);
    }
  g_main_loop_run (loop);
  return NULL;
}

/* The words behind the command's name. */
static char **
take_rest (char **argv, const guint *at, guint n_words)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  guint next = 0;

  for (guint i = 1; argv[i] != NULL; i++)
    if (next < n_words && i == at[next])
      next++;
    else
      g_strv_builder_add (builder, argv[i]);
  return g_strv_builder_end (builder);
}

static int
run (SpareTool *tool, const SpareToolCommand *command, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  tool->command = command->name;
  for (guint i = 0; argv[i] != NULL && strcmp (argv[i], "--") != 0; i++)
    tool->json = tool->json || strcmp (argv[i], "--json") == 0;

  if (!spare_process_harden (&error) || !spare_engine_init (&error))
    return spare_tool_fail (tool, g_steal_pointer (&error));
  status = command->run (tool, argv);
  spare_tool_close_authority (tool);
  if (tool->owner != NULL)
    spare_owner_close (tool->owner);
  g_clear_object (&tool->owner);
  return status;
}

int
main (int argc, char **argv)
{
  SpareTool tool = { .passphrase_fd = -1 };
  const SpareToolCommand *command;
  g_auto (GStrv) words = NULL;
  guint at[COMMAND_WORDS_MAX];
  guint n_words;
  int status;

  spare_locale_init ();
  g_set_prgname ("sparekey-tool");

  if (argc == 2 && (strcmp (argv[1], "help") == 0 || strcmp (argv[1], "--help") == 0))
    {
      print_help (stdout);
      return SPARE_TOOL_DONE;
    }
  if (argc == 2 && strcmp (argv[1], "--version") == 0)
    {
      printf ("sparekey-tool %s\n", PACKAGE_VERSION);
      return SPARE_TOOL_DONE;
    }
  command = find_command (argv, at, &n_words);
  if (command == NULL)
    {
      print_help (stderr);
      return SPARE_TOOL_USAGE;
    }
  tool.cancellable = g_cancellable_new ();
  g_thread_unref (g_thread_new ("signals", signal_thread, tool.cancellable));
  words = take_rest (argv, at, n_words);
  status = run (&tool, command, words);
  if (fflush (stdout) != 0 && status == SPARE_TOOL_DONE)
    {
      fprintf (stderr, _ ("sparekey-tool: the results could not be written\n"));
      status = SPARE_TOOL_SOME;
    }
  g_object_unref (tool.cancellable);
  return status;
}
