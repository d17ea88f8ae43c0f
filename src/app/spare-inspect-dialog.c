/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Who can open this": told from the file's head alone.
 *
 * Promise: only what the file says is shown as fact; a key that is not known here is shown by its id, never by a guess. */
#include "config.h"

#include "spare-inspect-dialog.h"

#include "spare-details-window.h"
#include "spare-display.h"
#include "spare-fact-list.h"
#include "spare-help.h"
#include "spare-inspection.h"
#include "spare-names.h"

#include <glib/gi18n-lib.h>

static const char *
role_words (SpareRole role)
{
  switch (role)
    {
    case SPARE_ROLE_OWNER:
      return _ ("You");
    case SPARE_ROLE_AUTHORITY:
      return _ ("Backup Authority");
    case SPARE_ROLE_HIDDEN:
      return _ ("Somebody Hidden");
    case SPARE_ROLE_OTHER:
    default:
      return _ ("Somebody Else");
    }
}

static const char *
cover_words (SpareCover cover)
{
  switch (cover)
    {
    case SPARE_COVER_EMBEDDED:
      return _ ("The authority is named in the file");
    case SPARE_COVER_DEPOSITED:
      return _ ("The authority’s packet is kept in the outbox, not in the file");
    case SPARE_COVER_PENDING:
      return _ ("The authority is to be added later");
    case SPARE_COVER_NONE:
    default:
      return _ ("No backup authority can help with this file");
    }
}

static const char *
format_words (const char *format)
{
  if (g_strcmp0 (format, "seipd1") == 0)
    return _ ("OpenPGP, protected against changes");
  if (g_strcmp0 (format, "ocb") == 0)
    return _ ("LibrePGP with OCB, protected against changes");
  if (g_strcmp0 (format, "seipd2") == 0)
    return _ ("OpenPGP version 2, protected against changes");
  if (g_strcmp0 (format, "sed") == 0)
    return _ ("Old OpenPGP, not protected against changes");
  return format ? format : C_ ("format", "Unknown");
}

static void
add_recipient (AdwPreferencesGroup *group, const SpareInspectedRecipient *recipient)
{
  g_autofree char *name = recipient->user_id ? spare_display_text (recipient->user_id, -1, 160)
                                             : NULL;
  g_autofree char *key = NULL;
  g_autofree char *text = NULL;

  if (recipient->fingerprint)
    key = spare_names_dup_two_lines (recipient->fingerprint);
  else if (recipient->role != SPARE_ROLE_HIDDEN)
    key = g_strdup_printf ("%016" G_GINT64_MODIFIER "X", recipient->key_id);

  if (name == NULL && recipient->role == SPARE_ROLE_HIDDEN)
    text = g_strdup (_ ("The file does not say who"));
  else
    text = g_strdup_printf ("%s\n%s", name ? name : _ ("Not known here"), key ? key : "");
  spare_fact_list_add (group, role_words (recipient->role), text, FALSE, FALSE);
}

static void
show (SpareDetailsWindow *window, const SpareInspection *inspection)
{
  AdwPreferencesGroup *who = spare_details_window_add_group (window, _ ("Can Be Opened By"));
  AdwPreferencesGroup *what = spare_details_window_add_group (window, _ ("The File"));

  for (guint i = 0; i < inspection->recipients->len; i++)
    add_recipient (who, g_ptr_array_index (inspection->recipients, i));
  if (inspection->has_password)
    spare_fact_list_add (who, _ ("Password"), _ ("Whoever knows the password"), FALSE, FALSE);
  if (inspection->recipients->len == 0 && !inspection->has_password)
    spare_fact_list_add (who, _ ("Nobody"), _ ("The file names no key and no password"), FALSE,
                         FALSE);

  spare_fact_list_add (what, _ ("Escrow"), cover_words (inspection->cover), FALSE, FALSE);
  if (inspection->serial)
    spare_fact_list_add (what, _ ("Serial Number"), inspection->serial, TRUE, TRUE);
  if (inspection->file_id)
    spare_fact_list_add (what, _ ("File Id"), inspection->file_id, TRUE, TRUE);
  spare_fact_list_add (what, _ ("Format"), format_words (inspection->format), FALSE, FALSE);
  spare_details_window_show_details (window);
}

static void
inspected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareDetailsWindow) window = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareInspection) inspection = spare_inspect_finish (result, &error);

  if (inspection)
    show (window, inspection);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    spare_details_window_show_error (window, error->message);
}

GtkWidget *
spare_inspect_dialog_new (GtkWindow *parent, SpareOwner *owner, const char *path)
{
  g_autofree char *name = spare_display_basename (path);
  SpareDetailsWindow *window = spare_details_window_new (parent, name);

  spare_help_set_page (GTK_WIDGET (window), "who-can-open");
  spare_inspect_async (owner, path, NULL, inspected_cb, g_object_ref (window));
  return GTK_WIDGET (window);
}
