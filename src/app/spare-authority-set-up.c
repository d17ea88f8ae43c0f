/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making an authority: name, passphrase, policy; then what owners have to be given.
 *
 * Promise: the passphrase stays in the entries' own locked memory until it is copied into a SpareSecret; after a success
 * the entries are emptied. A failure leaves nothing half-made, and what was typed. */
#include "config.h"

#include "spare-authority-set-up.h"

#include "spare-display.h"
#include "spare-file-chooser.h"
#include "spare-names.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define LENGTH_MIN 12

struct _SpareAuthoritySetUp
{
  GtkBox parent_instance;

  SpareAuthoritySession *session;
  char *policy_path;

  GtkStack *stack;
  GtkEditable *name_row;
  GtkEditable *email_row;
  GtkEditable *first_row;
  GtkEditable *second_row;
  GtkLabel *hint_label;
  AdwActionRow *policy_row;
  GtkWidget *policy_button;
  GtkLabel *error_label;
  GtkWidget *create_button;
  GtkSpinner *spinner;
  GtkLabel *name_label;
  GtkLabel *fingerprint_label;
  GtkWidget *finish_button;
};

typedef struct
{
  char *name, *email, *policy_path;
  SpareSecret *passphrase;
} Wish;

enum
{
  CREATED,
  FINISHED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareAuthoritySetUp, spare_authority_set_up, GTK_TYPE_BOX)

static void
wish_free (gpointer data)
{
  Wish *wish = data;

  g_free (wish->name);
  g_free (wish->email);
  g_free (wish->policy_path);
  g_clear_pointer (&wish->passphrase, spare_secret_unref);
  g_free (wish);
}

/* Both empty: GnuPG's own window will ask. */
static gboolean
is_complete (SpareAuthoritySetUp *self)
{
  const char *first = gtk_editable_get_text (self->first_row);
  const char *second = gtk_editable_get_text (self->second_row);
  gboolean by_pinentry = *first == '\0' && *second == '\0';
  gboolean long_enough = g_utf8_strlen (first, -1) >= LENGTH_MIN;
  gboolean same = g_str_equal (first, second);
  const char *hint = "";

  if (by_pinentry)
    hint = _ ("Left empty, GnuPG’s own window asks for it when the key is made.");
  else if (!long_enough)
    hint = _ ("At least 12 characters: some words that do not belong together are best.");
  else
    hint = same ? _ ("Both are the same.") : _ ("The two are not the same yet.");
  gtk_label_set_text (self->hint_label, hint);
  return *gtk_editable_get_text (self->name_row) && *gtk_editable_get_text (self->email_row)
         && (by_pinentry || (long_enough && same));
}

static void
changed_cb (SpareAuthoritySetUp *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->error_label), FALSE);
  gtk_widget_set_sensitive (self->create_button, is_complete (self));
}

static void
set_working (SpareAuthoritySetUp *self, gboolean working)
{
  GtkWidget *const widgets[] = { GTK_WIDGET (self->name_row),  GTK_WIDGET (self->email_row),
                                 GTK_WIDGET (self->first_row), GTK_WIDGET (self->second_row),
                                 self->policy_button,          self->create_button };

  for (guint i = 0; i < G_N_ELEMENTS (widgets); i++)
    gtk_widget_set_sensitive (widgets[i], !working);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), working);
  gtk_spinner_set_spinning (self->spinner, working);
}

/* In a thread. */
static gpointer
create_work (SpareAuthority *authority,
             gpointer data,
             GCancellable *cancellable,
             GError **error)
{
  Wish *wish = data;
  g_autofree char *fingerprint = spare_authority_create_sync (authority, wish->name,
                                                              wish->email, wish->passphrase,
                                                              wish->policy_path, cancellable,
                                                              error);

  if (fingerprint == NULL || !spare_authority_open_sync (authority, cancellable, error))
    return NULL;
  return spare_authority_dup_key (authority);
}

static void
created_cb (gpointer object, gpointer result, const GError *error, gpointer data)
{
  SpareAuthoritySetUp *self = SPARE_AUTHORITY_SET_UP (object);
  g_autofree char *name = NULL;
  g_autofree char *lines = NULL;

  if (self->session == NULL)
    return;
  set_working (self, FALSE);
  spare_authority_session_use_pinentry (self->session, FALSE);
  if (result == NULL)
    {
      gtk_label_set_text (self->error_label, error->message);
      gtk_widget_set_visible (GTK_WIDGET (self->error_label), TRUE);
      gtk_widget_grab_focus (GTK_WIDGET (self->first_row));
      return;
    }
  gtk_editable_set_text (self->first_row, "");
  gtk_editable_set_text (self->second_row, "");
  name = spare_names_dup_whole (result);
  lines = spare_names_dup_two_lines (spare_key_get_fingerprint (result));
  gtk_label_set_text (self->name_label, name);
  gtk_label_set_text (self->fingerprint_label, lines);
  gtk_stack_set_visible_child_name (self->stack, "done");
  gtk_widget_grab_focus (self->finish_button);
  g_signal_emit (self, signals[CREATED], 0);
}

static void
create_cb (SpareAuthoritySetUp *self)
{
  const char *passphrase = gtk_editable_get_text (self->first_row);
  g_autoptr (GError) error = NULL;
  Wish *wish;

  if (!is_complete (self))
    return;
  wish = g_new0 (Wish, 1);
  wish->name = g_strdup (gtk_editable_get_text (self->name_row));
  wish->email = g_strdup (gtk_editable_get_text (self->email_row));
  wish->policy_path = g_strdup (self->policy_path);
  if (*passphrase)
    wish->passphrase = spare_secret_new_copy (passphrase, strlen (passphrase), &error);
  if (error)
    {
      gtk_label_set_text (self->error_label, error->message);
      gtk_widget_set_visible (GTK_WIDGET (self->error_label), TRUE);
      wish_free (wish);
      return;
    }
  gtk_widget_set_visible (GTK_WIDGET (self->error_label), FALSE);
  set_working (self, TRUE);
  spare_authority_session_use_pinentry (self->session, wish->passphrase == NULL);
  spare_authority_session_run (self->session, create_work, wish, wish_free, g_object_unref,
                               NULL, created_cb, self);
}

static void
policy_chosen_cb (GPtrArray *files, gpointer user_data)
{
  SpareAuthoritySetUp *self = SPARE_AUTHORITY_SET_UP (user_data);
  const char *path = g_file_peek_path (g_ptr_array_index (files, 0));
  g_autofree char *name = path ? spare_display_basename (path) : NULL;

  if (path == NULL)
    return;
  g_free (self->policy_path);
  self->policy_path = g_strdup (path);
  adw_action_row_set_subtitle (self->policy_row, name);
}

static void
policy_cb (SpareAuthoritySetUp *self)
{
  spare_file_chooser_open (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                           _ ("Choose a Policy File"), _ ("_Choose"), FALSE, policy_chosen_cb,
                           self);
}

static void
finish_cb (SpareAuthoritySetUp *self)
{
  g_signal_emit (self, signals[FINISHED], 0);
}

void
spare_authority_set_up_start (SpareAuthoritySetUp *self, SpareAuthoritySession *session)
{
  g_set_object (&self->session, session);
  changed_cb (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->name_row));
}

static void
spare_authority_set_up_dispose (GObject *object)
{
  SpareAuthoritySetUp *self = SPARE_AUTHORITY_SET_UP (object);

  g_clear_object (&self->session);
  g_clear_pointer (&self->policy_path, g_free);
  G_OBJECT_CLASS (spare_authority_set_up_parent_class)->dispose (object);
}

static void
spare_authority_set_up_class_init (SpareAuthoritySetUpClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_authority_set_up_dispose;
  signals[CREATED] = g_signal_new ("created", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FINISHED] = g_signal_new ("finished", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sparekey/SpareKey/ui/"
                                                             "spare-authority-set-up.ui");
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, stack);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, name_row);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, email_row);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, first_row);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, second_row);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, hint_label);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, policy_row);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, policy_button);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, error_label);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, create_button);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, spinner);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, name_label);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, fingerprint_label);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthoritySetUp, finish_button);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, create_cb);
  gtk_widget_class_bind_template_callback (widget_class, policy_cb);
  gtk_widget_class_bind_template_callback (widget_class, finish_cb);
}

static void
spare_authority_set_up_init (SpareAuthoritySetUp *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
