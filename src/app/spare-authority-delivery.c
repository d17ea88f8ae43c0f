/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What leaves the authority: receipts, packets, questions to officers, refusals, grants. One window asks where to, writes,
 * says what was written and what was not.
 *
 * Promise: "written" is said only of what the core wrote, read back and compared. */
#include "config.h"

#include "spare-authority-delivery.h"

#include "spare-authority-lists.h"
#include "spare-case-work.h"
#include "spare-delivery-dialog.h"
#include "spare-error.h"
#include "spare-left-out.h"
#include "spare-packet-export.h"
#include "spare-receipts.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  SpareAuthoritySession *session;
  SpareAuthorityDeliveryKind kind;
  char *about;
  GtkEditable *entry; /* the reason, or who receives the packets; NULL */
  SpareAuthorityDeliveredFunc delivered;
  GObject *object;
} Delivery;

typedef struct
{
  SpareAuthorityDeliveryKind kind;
  char *about, *typed, *place;
  SpareProgressMeter *meter;
  guint64 n_bundles, n_records;
  GPtrArray *left_out;
  Delivery *delivery;
} Wish;

static void
delivery_free (gpointer data)
{
  Delivery *delivery = data;

  g_object_unref (delivery->session);
  g_clear_object (&delivery->object);
  g_free (delivery->about);
  g_free (delivery);
}

static void
wish_free (gpointer data)
{
  Wish *wish = data;

  g_free (wish->about);
  g_free (wish->typed);
  g_free (wish->place);
  g_clear_pointer (&wish->left_out, g_ptr_array_unref);
  g_clear_pointer (&wish->meter, spare_progress_meter_unref);
  g_free (wish);
}

/* --- In the thread --- */

static gboolean
count_bundles (Wish *wish, GPtrArray *written)
{
  g_autoptr (GPtrArray) bundles = written;

  if (bundles == NULL)
    return FALSE;
  wish->n_bundles = bundles->len;
  for (guint i = 0; i < bundles->len; i++)
    wish->n_records += ((SpareWrittenBundle *) g_ptr_array_index (bundles, i))->n_records;
  return TRUE;
}

static gboolean
write_refusal (SpareAuthority *authority, Wish *wish, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareWrittenBundle) bundle = NULL;

  if (*wish->typed == '\0')
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("A reason is needed: it reaches the person who asks. Nothing was "
                              "changed."));
      return FALSE;
    }
  bundle = spare_case_refuse_sync (authority, wish->about, SPARE_REFUSAL_REFUSED, wish->typed,
                                   wish->place, cancellable, error);
  wish->n_bundles = bundle ? 1 : 0;
  return bundle != NULL;
}

static gboolean
write_grant (SpareAuthority *authority, Wish *wish, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpareGrantResult)
      grant = spare_case_recover_sync (authority, wish->about, wish->place, wish->meter,
                                       cancellable, error);

  if (grant == NULL)
    return FALSE;
  wish->n_bundles = 1;
  wish->n_records = grant->n_records;
  wish->left_out = spare_left_out_array_new ();
  for (guint i = 0; i < grant->left_out->len; i++)
    {
      const SpareGrantLeftOut *left = g_ptr_array_index (grant->left_out, i);

      g_ptr_array_add (wish->left_out,
                       spare_left_out_new (left->name,
                                           g_error_new_literal (SPARE_ERROR, SPARE_ERROR_POLICY,
                                                                left->why)));
    }
  return TRUE;
}

static gpointer
deliver_work (SpareAuthority *authority,
              gpointer data,
              GCancellable *cancellable,
              GError **error)
{
  Wish *wish = data;
  SparePacketSelection selection = { .query = wish->about };
  gboolean done = FALSE;

  switch (wish->kind)
    {
    case SPARE_AUTHORITY_DELIVER_RECEIPTS:
      done = count_bundles (wish, spare_authority_write_receipts_sync (authority, wish->place,
                                                                       wish->meter, cancellable,
                                                                       error));
      break;
    case SPARE_AUTHORITY_DELIVER_PACKETS:
      done = count_bundles (wish,
                            spare_authority_export_sync (authority, &selection,
                                                         *wish->typed ? wish->typed : NULL,
                                                         wish->place, wish->meter, cancellable,
                                                         error));
      break;
    case SPARE_AUTHORITY_DELIVER_QUESTION:
      done = count_bundles (wish, spare_case_ask_sync (authority, wish->about, wish->place,
                                                       NULL, cancellable, error));
      break;
    case SPARE_AUTHORITY_DELIVER_REFUSAL:
      done = write_refusal (authority, wish, cancellable, error);
      break;
    case SPARE_AUTHORITY_DELIVER_GRANT:
    default:
      done = write_grant (authority, wish, cancellable, error);
      break;
    }
  return GINT_TO_POINTER (done);
}

/* --- In words --- */

static char *
describe (const Wish *wish)
{
  g_autofree char *bundles = spare_authority_lists_dup_number (wish->n_bundles);
  g_autofree char *records = spare_authority_lists_dup_number (wish->n_records);

  switch (wish->kind)
    {
    case SPARE_AUTHORITY_DELIVER_RECEIPTS:
      if (wish->n_bundles == 0)
        return g_strdup (_ ("Every packet that can be answered has its receipt already."));
      return g_strdup_printf (ngettext ("A receipt for %s packet was written. Bring it to its "
                                        "owner.",
                                        "Receipts for %s packets were written. Bring them to "
                                        "their owners.",
                                        (gulong) wish->n_records),
                              records);
    case SPARE_AUTHORITY_DELIVER_PACKETS:
      if (wish->n_bundles == 0)
        return g_strdup (_ ("No packet fits what was searched for."));
      if (*wish->typed)
        return g_strdup_printf (ngettext ("%s packet was written for the other authority.",
                                          "%s packets were written for the other authority.",
                                          (gulong) wish->n_records),
                                records);
      return g_strdup_printf (ngettext ("%s packet was written as a file for stock GnuPG.",
                                        "%s packets were written as files for stock GnuPG.",
                                        (gulong) wish->n_bundles),
                              bundles);
    case SPARE_AUTHORITY_DELIVER_QUESTION:
      if (wish->n_bundles == 0)
        return g_strdup (
            _ ("There is no officer to ask: import their certificates first, or all of them "
               "have answered."));
      return g_strdup_printf (
          ngettext ("%s question was written. The officer answers with an approval, which is "
                    "imported here.",
                    "%s questions were written, one for each key. The officers answer with "
                    "approvals, which are imported here.",
                    (gulong) wish->n_bundles),
          bundles);
    case SPARE_AUTHORITY_DELIVER_REFUSAL:
      return g_strdup (_ ("The case is closed. Bring the refusal to the person who asked."));
    case SPARE_AUTHORITY_DELIVER_GRANT:
    default:
      return g_strdup_printf (ngettext ("The grant opens %s file, for the new key alone. Bring "
                                        "it to the person who "
                                        "asked.",
                                        "The grant opens %s files, for the new key alone. "
                                        "Bring it to the person "
                                        "who asked.",
                                        (gulong) wish->n_records),
                              records);
    }
}

static void
delivered_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  SpareDeliveryDialog *dialog = SPARE_DELIVERY_DIALOG (object);
  Wish *wish = data;
  g_autofree char *text = NULL;

  if (error)
    {
      spare_delivery_dialog_fail (dialog, error);
      return;
    }
  text = describe (wish);
  spare_delivery_dialog_finish (dialog,
                                wish->n_bundles > 0 ? C_ ("bundles", "Written")
                                                    : _ ("Nothing to Write"),
                                text, wish->left_out, wish->n_bundles > 0);
  if (wish->delivery->delivered)
    wish->delivery->delivered (wish->delivery->object);
}

static void
start_cb (SpareDeliveryDialog *dialog,
          const char *place,
          SpareProgressMeter *meter,
          GCancellable *cancellable,
          gpointer user_data)
{
  Delivery *delivery = user_data;
  Wish *wish = g_new0 (Wish, 1);

  wish->kind = delivery->kind;
  wish->delivery = delivery;
  wish->about = g_strdup (delivery->about);
  wish->typed = g_strstrip (
      g_strdup (delivery->entry ? gtk_editable_get_text (delivery->entry) : ""));
  wish->place = g_strdup (place);
  wish->meter = spare_progress_meter_ref (meter);
  spare_authority_session_run (delivery->session, deliver_work, wish, wish_free, NULL,
                               cancellable, delivered_cb, dialog);
}

static const struct
{
  const char *title, *accept, *heading, *body, *entry;
} words[] = {
  [SPARE_AUTHORITY_DELIVER_RECEIPTS] = { N_ ("Write Receipts"), N_ ("_Write"),
                                         N_ ("One Receipt for Each Owner"),
                                         N_ ("Each names the packets that are held here, "
                                             "signed and encrypted to its owner."),
                                         NULL },
  [SPARE_AUTHORITY_DELIVER_PACKETS] = { N_ ("Export Packets"), N_ ("_Export"),
                                        N_ ("Take Packets Elsewhere"),
                                        N_ ("For another authority they are wrapped for its "
                                            "key; its certificate has to be imported "
                                            "first. Without one they are written as files that "
                                            "stock GnuPG reads with the "
                                            "authority’s key."),
                                        N_ ("Other Authority: 40 Characters, or Empty") },
  [SPARE_AUTHORITY_DELIVER_QUESTION] = { N_ ("Ask a Remote Officer"), N_ ("_Write"),
                                         N_ ("One Question for Each Officer’s Key"),
                                         N_ ("It says what is asked for and by whom, encrypted "
                                             "to the officer. No packet is in it."),
                                         NULL },
  [SPARE_AUTHORITY_DELIVER_REFUSAL] = { N_ ("Refuse the Case"), N_ ("_Refuse"),
                                        N_ ("Refuse This Case?"),
                                        N_ ("That can’t be taken back. The person who asked "
                                            "gets the reason, signed by the "
                                            "authority, and can ask again."),
                                        N_ ("Reason, as the Person Will Read It") },
  [SPARE_AUTHORITY_DELIVER_GRANT] = { N_ ("Deliver the Grant"), N_ ("_Write Grant"),
                                      N_ ("The Grant Opens the Files for the New Key"),
                                      N_ ("Nobody else can use it. It can be written again as "
                                          "often as needed."),
                                      NULL },
};

GtkWidget *
spare_authority_delivery_new (GtkWindow *parent,
                              SpareAuthoritySession *session,
                              SpareAuthorityDeliveryKind kind,
                              const char *about,
                              SpareAuthorityDeliveredFunc delivered,
                              gpointer object)
{
  Delivery *delivery = g_new0 (Delivery, 1);
  SpareDeliveryDialog *dialog;

  delivery->session = g_object_ref (session);
  delivery->kind = kind;
  delivery->about = g_strdup (about);
  delivery->delivered = delivered;
  delivery->object = object ? g_object_ref (object) : NULL;
  dialog = spare_delivery_dialog_new (parent, _ (words[kind].title), _ (words[kind].accept),
                                      start_cb, delivery, NULL);
  /* Not the dialog's own way of freeing: what is written may outlive the window. */
  g_object_set_data_full (G_OBJECT (dialog), "delivery", delivery, delivery_free);
  gtk_window_set_destroy_with_parent (GTK_WINDOW (dialog), TRUE);
  spare_authority_session_watch (session, GTK_WIDGET (dialog));
  spare_delivery_dialog_set_question (dialog, _ (words[kind].heading), _ (words[kind].body));
  if (words[kind].entry)
    {
      GtkWidget *list = gtk_list_box_new ();
      GtkWidget *row = adw_entry_row_new ();

      gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
      gtk_widget_add_css_class (list, "boxed-list");
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _ (words[kind].entry));
      gtk_list_box_append (GTK_LIST_BOX (list), row);
      spare_delivery_dialog_add_option (dialog, list);
      delivery->entry = GTK_EDITABLE (row);
      gtk_widget_grab_focus (row);
    }
  return GTK_WIDGET (dialog);
}
