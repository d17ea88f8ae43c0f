/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the authority sent: bundles that were dropped, chosen, opened from the file manager, or lie on a stick.
 *
 * Promise: bundles on a stick are offered, never opened unasked; each that is opened is told by what it is, one after
 * the other, and its outcome is shown: a receipt in passing, a refusal and a grant in a window, a failure in words. */
#include "config.h"

#include "spare-window-private.h"

#include "spare-answer.h"
#include "spare-display.h"
#include "spare-grant-window.h"
#include "spare-names.h"

#include <glib/gi18n-lib.h>

static void open_next (SpareWindow *self);

static char *
dup_authority_name (SpareWindow *self)
{
  SparePin *pin = spare_owner_get_pin (self->owner);
  SpareKey *key = pin ? spare_pin_get_key (pin) : NULL;

  return key ? spare_names_dup_for_key (key) : g_strdup (_ ("your backup authority"));
}

static void
show_message (SpareWindow *self, const char *heading, const char *body)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), heading, body);

  adw_message_dialog_set_heading_use_markup (ADW_MESSAGE_DIALOG (dialog), FALSE);
  adw_message_dialog_set_body_use_markup (ADW_MESSAGE_DIALOG (dialog), FALSE);
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("C_lose"));
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "close");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "close");
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
show_receipt (SpareWindow *self, const SpareReceiptResult *receipt)
{
  g_autofree char *authority = dup_authority_name (self);
  g_autoptr (GString) text = g_string_new (NULL);

  if (receipt->n_moved > 0)
    g_string_append_printf (
        text,
        /* Translators: how many; the name of the authority, or “your backup authority” */
        ngettext ("%u packet is held by %s now.", "%u packets are held by %s now.",
                  receipt->n_moved),
        receipt->n_moved, authority);
  else if (receipt->n_known > 0)
    g_string_append (text, _ ("This receipt was taken before. Nothing is new in it."));
  else
    g_string_append (text, _ ("This receipt names no packet that waits here."));
  if (receipt->n_held > 0)
    {
      g_string_append_c (text, ' ');
      g_string_append_printf (
          text,
          ngettext ("%u of them could not be proven to be yours: check that "
                    "file, and export it again.",
                    "%u of them could not be proven to be yours: check those "
                    "files, and export them again.",
                    receipt->n_held),
          receipt->n_held);
    }
  if (receipt->n_unknown > 0)
    {
      g_string_append_c (text, ' ');
      g_string_append_printf (text,
                              ngettext ("%u entry fits nothing here and was left alone.",
                                        "%u entries fit nothing here and were left alone.",
                                        receipt->n_unknown),
                              receipt->n_unknown);
    }
  /* What needs to be thought about is not said in passing. */
  if (receipt->n_held > 0 || receipt->n_unknown > 0)
    show_message (self, _ ("Receipt Taken"), text->str);
  else
    spare_window_tell (self, text->str);
  spare_escrow_page_refresh (self->escrow_page);
  spare_window_show_page (self, "escrow");
}

static void
show_refusal (SpareWindow *self, const SpareRequest *request)
{
  g_autofree char *authority = dup_authority_name (self);
  g_autofree char *heading = g_strdup_printf (_ ("%s Refused Your Request"), authority);
  g_autofree char *reason = spare_display_text (request->answer_text ? request->answer_text
                                                                     : "",
                                                -1, 4000);
  g_autofree char
      *body = g_strdup_printf (_ ("“%s”\n\nYour files are as they were. You can ask "
                                  "again with a new request."),
                               reason);

  show_message (self, heading, body);
}

static void
show_answer (SpareWindow *self, SpareAnswer *answer)
{
  switch (answer->type)
    {
    case SPARE_BUNDLE_RECEIPT:
      show_receipt (self, &answer->receipt);
      break;
    case SPARE_BUNDLE_REFUSAL:
      show_refusal (self, answer->request);
      break;
    case SPARE_BUNDLE_GRANT:
    case SPARE_BUNDLE_DEPOSIT:
    case SPARE_BUNDLE_REQUEST:
    case SPARE_BUNDLE_CASE:
    case SPARE_BUNDLE_APPROVAL:
    case SPARE_BUNDLE_TRANSFER:
    default:
      gtk_window_present (
          GTK_WINDOW (spare_grant_window_new (GTK_WINDOW (self), self->owner, self->queue,
                                              g_steal_pointer (&answer->grant))));
      break;
    }
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareAnswer)
      answer = spare_answer_open_finish (SPARE_OWNER (source), result, &error);

  self->answering = FALSE;
  if (self->owner == NULL)
    return;
  spare_banner_hide (self->answers_banner);
  if (answer)
    show_answer (self, answer);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    show_message (self, _ ("This File Was Not Accepted"), error->message);
  open_next (self);
}

static void
open_next (SpareWindow *self)
{
  g_autofree char *path = NULL;
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;

  if (self->answering || (path = g_queue_pop_head (&self->answers)) == NULL)
    return;
  self->answering = TRUE;
  name = spare_display_basename (path);
  text = g_strdup_printf (_ ("Opening “%s”…"), name);
  spare_banner_show (self->answers_banner, SPARE_BANNER_NOTE, text, NULL, NULL);
  spare_answer_open_async (self->owner, path, NULL, self->cancellable, opened_cb,
                           g_object_ref (self));
}

void
spare_window_open_answer (SpareWindow *self, const char *path)
{
  g_queue_push_tail (&self->answers, g_strdup (path));
  open_next (self);
}

/* By the suffix alone it is decided that a file is a bundle at all; what it is, when it is opened. */
GPtrArray *
spare_window_take_answers (SpareWindow *self, GPtrArray *files)
{
  g_autoptr (GPtrArray) others = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < files->len; i++)
    {
      GFile *file = g_ptr_array_index (files, i);
      const char *path = g_file_peek_path (file);

      if (path && g_str_has_suffix (path, ".sparekey"))
        spare_window_open_answer (self, path);
      else
        g_ptr_array_add (others, g_object_ref (file));
    }
  return g_steal_pointer (&others);
}

/* Sticks */

void
spare_window_open_found (SpareWindow *self)
{
  g_autoptr (GPtrArray) found = g_steal_pointer (&self->found);

  spare_banner_hide (self->answers_banner);
  for (guint i = 0; found && i < found->len; i++)
    spare_window_open_answer (self, g_ptr_array_index (found, i));
}

typedef struct
{
  SpareWindow *window;
  SpareMedium *medium;
} Look;

static void
look_free (Look *look)
{
  g_object_unref (look->window);
  g_object_unref (look->medium);
  g_free (look);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Look, look_free)

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Look) look = user_data;
  SpareWindow *self = look->window;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = spare_answer_find_finish (SPARE_OWNER (source), result, &error);
  g_autofree char *text = NULL;

  if (self->owner == NULL)
    return;
  if (found == NULL)
    {
      g_debug ("a medium cannot be looked at: %s", error->message);
      return;
    }
  if (found->len == 0 || self->answering)
    return;
  /* Translators: %s is the name of a USB stick */
  text = g_strdup_printf (ngettext ("%u answer for you is on %s.",
                                    "%u answers for you are on %s.", found->len),
                          found->len, spare_medium_get_name (look->medium));
  g_clear_pointer (&self->found, g_ptr_array_unref);
  self->found = g_steal_pointer (&found);
  g_set_object (&self->found_on, look->medium);
  spare_banner_show (self->answers_banner, SPARE_BANNER_NOTE, text, _ ("_Open"),
                     "win.open-found");
  g_signal_emit_by_name (self, "answers-found", text);
}

static void
media_changed_cb (SpareWindow *self, guint position, guint removed, guint added)
{
  gboolean there = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->media)); i++)
    {
      g_autoptr (SpareMedium) medium = g_list_model_get_item (G_LIST_MODEL (self->media), i);

      there = there || medium == self->found_on;
      if (i >= position && i < position + added)
        {
          Look *look = g_new0 (Look, 1);

          look->window = g_object_ref (self);
          look->medium = g_object_ref (medium);
          spare_answer_find_async (self->owner, spare_medium_get_path (medium),
                                   self->cancellable, found_cb, look);
        }
    }
  if (!there && self->found_on)
    {
      g_clear_object (&self->found_on);
      g_clear_pointer (&self->found, g_ptr_array_unref);
      if (!self->answering)
        spare_banner_hide (self->answers_banner);
    }
}

/* Once the owner's side is ready: before, nothing is known that could be for somebody. */
void
spare_window_watch_media (SpareWindow *self)
{
  if (self->media)
    return;
  self->media = spare_medium_list_new ();
  g_signal_connect_object (self->media, "items-changed", G_CALLBACK (media_changed_cb), self,
                           G_CONNECT_SWAPPED);
  media_changed_cb (self, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (self->media)));
}
