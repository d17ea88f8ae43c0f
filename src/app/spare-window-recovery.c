/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window's actions around the authority: packets out, answers in, and a lost key. */
#include "config.h"

#include "spare-window-private.h"

#include "spare-export.h"
#include "spare-file-chooser.h"
#include "spare-request-window.h"
#include "spare-requests-dialog.h"

#include <glib/gi18n-lib.h>

static gboolean
is_ready (SpareWindow *self)
{
  return self->owner && spare_owner_get_state (self->owner) == SPARE_OWNER_READY;
}

static void
exported_cb (gpointer user_data)
{
  SpareWindow *self = user_data;

  if (self->owner)
    spare_escrow_page_refresh (self->escrow_page);
}

static void
export_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareWindow *self = user_data;
  gboolean again = g_str_equal (g_action_get_name (G_ACTION (action)), "export-again");
  guint n;

  if (!is_ready (self))
    return;
  n = spare_escrow_page_get_n_waiting (self->escrow_page);
  if (again)
    n += spare_escrow_page_get_n_exported (self->escrow_page);
  if (n == 0)
    {
      spare_window_tell (self, _ ("No packet waits to be exported."));
      return;
    }
  spare_export_show (GTK_WINDOW (self), self->owner, n,
                     again ? SPARE_DEPOSIT_AGAIN : SPARE_DEPOSIT_NONE, exported_cb, self);
}

static void
answers_chosen_cb (GPtrArray *files, gpointer user_data)
{
  SpareWindow *self = user_data;

  for (guint i = 0; i < files->len; i++)
    {
      const char *path = g_file_peek_path (g_ptr_array_index (files, i));

      if (path)
        spare_window_open_answer (self, path);
      else
        spare_window_tell (self,
                           _ ("A file that is not on this computer cannot be opened. Copy "
                              "it to a folder here first."));
    }
}

static void
open_answer_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareWindow *self = user_data;

  if (is_ready (self))
    spare_file_chooser_open (user_data, _ ("Open What the Authority Sent"), _ ("_Open"), FALSE,
                             answers_chosen_cb, self);
}

static void
open_found_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  spare_window_open_found (user_data);
}

static void
lost_key_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareWindow *self = user_data;

  if (is_ready (self))
    gtk_window_present (GTK_WINDOW (spare_request_window_new (GTK_WINDOW (self), self->owner)));
}

static void
requests_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SpareWindow *self = user_data;

  if (is_ready (self))
    gtk_window_present (
        GTK_WINDOW (spare_requests_dialog_new (GTK_WINDOW (self), self->owner)));
}

static const GActionEntry recovery_actions[] = {
  { "export", export_action },           { "export-again", export_action },
  { "open-answer", open_answer_action }, { "open-found", open_found_action },
  { "lost-key", lost_key_action },       { "requests", requests_action },
};

void
spare_window_add_recovery_actions (SpareWindow *self)
{
  g_action_map_add_action_entries (G_ACTION_MAP (self), recovery_actions,
                                   G_N_ELEMENTS (recovery_actions), self);
}
