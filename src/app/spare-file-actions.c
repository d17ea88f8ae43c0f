/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What file managers ask for: four actions of the application, by D-Bus or as "sparekey --encrypt FILE…".
 *
 * Promise: however many files come with one call, it is one window, and the call is answered before any of them is looked at.
 * What comes before the set-up is done or the keyring is open waits for it. */
#include "config.h"

#include "spare-file-actions.h"

#include "spare-request-window.h"

#include <glib/gi18n-lib.h>

/* A file looked into is a window of its own: more at once would bury the desktop. */
#define MAX_LOOKS 5

static const struct
{
  const char *name, *option, *help;
} file_actions[] = {
  { "encrypt", "--encrypt", N_ ("Encrypt these files and folders") },
  { "decrypt", "--decrypt", N_ ("Decrypt these files") },
  { "inspect", "--inspect", N_ ("Show who can open these files") },
  { "recover", "--recover", N_ ("Ask the backup authority to help with these files") },
};

/* A look into files that waits until the owner is there. */
typedef struct
{
  SpareOwner *owner;
  SpareWindow *window;
  GPtrArray *files;
  gboolean recover;
  gulong handler;
} Look;

static GPtrArray *
dup_files (GVariant *addresses)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree const char **strings = g_variant_get_strv (addresses, NULL);

  for (guint i = 0; strings[i]; i++)
    g_ptr_array_add (files, g_file_new_for_commandline_arg (strings[i]));
  return g_steal_pointer (&files);
}

static void
job_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_autoptr (GPtrArray) files = dup_files (parameter);
  gboolean decrypt = g_str_equal (g_action_get_name (G_ACTION (action)), "decrypt");
  SpareWindow *window = spare_application_present (user_data);

  if (files->len > 0)
    spare_window_take_files (window, files, decrypt ? SPARE_JOB_DECRYPT : SPARE_JOB_ENCRYPT);
}

/* From the desktop's menu of the application: it has no files to give. */
static void
choose_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_action_group_activate_action (G_ACTION_GROUP (spare_application_present (user_data)),
                                  "choose-files", NULL);
}

static void
look_free (gpointer data, GClosure *closure)
{
  Look *look = data;

  g_object_unref (look->owner);
  g_clear_weak_pointer (&look->window);
  g_ptr_array_unref (look->files);
  g_free (look);
}

static void
look_into (SpareWindow *window, GPtrArray *files)
{
  guint n_refused = 0;

  for (guint i = 0; i < MIN (files->len, MAX_LOOKS); i++)
    {
      const char *path = g_file_peek_path (g_ptr_array_index (files, i));

      if (path)
        g_action_group_activate_action (G_ACTION_GROUP (window), "inspect-path",
                                        g_variant_new_bytestring (path));
      else
        n_refused++;
    }
  if (n_refused > 0)
    spare_window_tell (window,
                       _ ("A file that is not on this computer can’t be looked into. Copy it "
                          "to a folder here first."));
  else if (files->len > MAX_LOOKS)
    spare_window_tell (window, _ ("Too many files at once: only the first ones are shown."));
}

static void
ask_for (SpareWindow *window, SpareOwner *owner, GPtrArray *files)
{
  SpareRequestWindow *request = spare_request_window_new (GTK_WINDOW (window), owner);

  spare_request_window_add_files (request, files);
  gtk_window_present (GTK_WINDOW (request));
}

static void
owner_changed_cb (SpareOwner *owner, Look *waiting)
{
  if (waiting->window && spare_owner_get_state (owner) != SPARE_OWNER_READY)
    return;
  if (waiting->window && waiting->recover)
    ask_for (waiting->window, owner, waiting->files);
  else if (waiting->window)
    look_into (waiting->window, waiting->files);
  g_signal_handler_disconnect (owner, waiting->handler);
}

static void
look_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareOwner *owner = g_object_get_data (G_OBJECT (action), "owner");
  Look *waiting;

  if (g_variant_n_children (parameter) == 0)
    return;
  waiting = g_new0 (Look, 1);
  waiting->owner = g_object_ref (owner);
  waiting->files = dup_files (parameter);
  waiting->recover = g_str_equal (g_action_get_name (G_ACTION (action)), "recover");
  g_set_weak_pointer (&waiting->window, spare_application_present (user_data));
  waiting->handler = g_signal_connect_data (owner, "changed", G_CALLBACK (owner_changed_cb),
                                            waiting, look_free, 0);
  owner_changed_cb (owner, waiting);
}

void
spare_file_actions_add (SpareApplication *application, SpareOwner *owner)
{
  static const GActionEntry choose[] = { { "choose-files", choose_action } };

  g_action_map_add_action_entries (G_ACTION_MAP (application), choose, 1, application);
  for (guint i = 0; i < G_N_ELEMENTS (file_actions); i++)
    {
      g_autoptr (GSimpleAction)
          action = g_simple_action_new (file_actions[i].name, G_VARIANT_TYPE ("as"));

      g_object_set_data_full (G_OBJECT (action), "owner", g_object_ref (owner), g_object_unref);
      g_signal_connect_object (action, "activate",
                               i < 2 ? G_CALLBACK (job_action) : G_CALLBACK (look_action),
                               application, 0);
      g_action_map_add_action (G_ACTION_MAP (application), G_ACTION (action));
    }
}

void
spare_file_actions_add_options (GApplication *application)
{
  for (guint i = 0; i < G_N_ELEMENTS (file_actions); i++)
    g_application_add_main_option (application, file_actions[i].name, 0, 0, G_OPTION_ARG_NONE,
                                   _ (file_actions[i].help), NULL);
}

gboolean
spare_file_actions_run (GApplication *application, char **arguments, int *status)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  const char *name = NULL;
  guint first = 2;

  for (guint i = 0; arguments[0] && arguments[1] && i < G_N_ELEMENTS (file_actions); i++)
    if (g_str_equal (arguments[1], file_actions[i].option))
      name = file_actions[i].name;
  if (name == NULL)
    return FALSE;

  if (g_strcmp0 (arguments[first], "--") == 0)
    first++;
  for (guint i = first; arguments[i]; i++)
    {
      g_autoptr (GFile) file = g_file_new_for_commandline_arg (arguments[i]);

      g_ptr_array_add (addresses, g_file_get_uri (file));
    }
  g_ptr_array_add (addresses, NULL);
  *status = 0;
  if (g_application_register (application, NULL, &error))
    g_action_group_activate_action (G_ACTION_GROUP (application), name,
                                    g_variant_new_strv ((const char *const *) addresses->pdata,
                                                        addresses->len - 1));
  else
    {
      g_printerr ("%s\n", error->message);
      *status = 1;
    }
  return TRUE;
}
