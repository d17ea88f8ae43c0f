/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way to a trusted backup authority: its certificate is chosen, its fingerprint is compared by the person, and only
 * "Matches" makes it trusted. Used by the first-start assistant and by the preferences.
 *
 * Promise: no button trusts by default: until the person answers, Return does nothing. Going on without an authority is
 * offered only where the policy leaves it to the person, and is told what it means. */
#include "config.h"

#include "spare-authority-panel.h"

#include "spare-file-chooser.h"
#include "spare-names.h"
#include "spare-wrap-layout.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>

struct _SpareAuthorityPanel
{
  GtkBox parent_instance;

  SpareOwner *owner;
  GCancellable *cancellable;
  SparePinOffer *offer;
  gboolean may_skip;

  GtkStack *stack;
  GtkSpinner *spinner;
  GtkWidget *choose_button;
  GtkLabel *choose_error;
  GtkWidget *skip_button;
  AdwStatusPage *compare_page;
  GtkLabel *name_label;
  GtkLabel *email_label;
  GtkLabel *fingerprint_label;
  GtkLabel *warning_label;
  GtkLabel *compare_error;
  GtkWidget *mismatch_button;
  GtkWidget *other_button;
  GtkLabel *managed_name;
  GtkLabel *managed_email;
  GtkLabel *managed_fingerprint;
  GtkLabel *managed_warning;
  GtkWidget *managed_button;
  GtkLabel *without_error;
  GtkWidget *back_button;
};

enum
{
  FINISHED,
  MOVED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareAuthorityPanel, spare_authority_panel, GTK_TYPE_BOX)

static void
show_text (GtkLabel *label, const char *text)
{
  gtk_label_set_text (label, text ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL);
}

static void
set_busy (SpareAuthorityPanel *self, gboolean busy)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->stack), !busy);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), busy);
  gtk_spinner_set_spinning (self->spinner, busy);
}

static void
go_to (SpareAuthorityPanel *self, const char *page, GtkWidget *focus)
{
  gtk_stack_set_visible_child_name (self->stack, page);
  gtk_widget_grab_focus (focus);
}

static void
page_changed_cb (SpareAuthorityPanel *self)
{
  g_signal_emit (self, signals[MOVED], 0);
}

gboolean
spare_authority_panel_can_go_back (SpareAuthorityPanel *self)
{
  const char *page = gtk_stack_get_visible_child_name (self->stack);

  return g_strcmp0 (page, "choose") != 0 && g_strcmp0 (page, "managed") != 0;
}

void
spare_authority_panel_go_back (SpareAuthorityPanel *self)
{
  g_clear_pointer (&self->offer, spare_pin_offer_free);
  go_to (self, "choose", self->choose_button);
}

static void
go_back_cb (SpareAuthorityPanel *self)
{
  spare_authority_panel_go_back (self);
}

static void
show_key (SpareKey *key, GtkLabel *name, GtkLabel *email, GtkLabel *fingerprint)
{
  g_autofree char *name_text = spare_names_dup_for_key (key);
  g_autofree char *email_text = spare_names_dup_email (key);
  g_autofree char *lines = spare_names_dup_two_lines (spare_key_get_fingerprint (key));

  gtk_label_set_text (name, name_text);
  show_text (email, email_text);
  gtk_label_set_text (fingerprint, lines);
}

static void
show_offer (SpareAuthorityPanel *self)
{
  show_key (self->offer->key, self->name_label, self->email_label, self->fingerprint_label);
  show_text (self->compare_error, NULL);
  show_text (self->warning_label, self->offer->warning);
  if (self->offer->new_escrow_subkey)
    {
      adw_status_page_set_title (self->compare_page, _ ("Use the New Key of Your Authority?"));
      adw_status_page_set_description (self->compare_page,
                                       _ ("The authority is the same, but what your files are "
                                          "encrypted to has changed. Compare "
                                          "these 40 characters, and ask your organisation "
                                          "whether it made a new key."));
    }
  else
    {
      adw_status_page_set_title (self->compare_page, _ ("Is This Your Backup Authority?"));
      adw_status_page_set_description (self->compare_page,
                                       _ ("It will be able to open every file that you "
                                          "encrypt, under its rules, if you lose "
                                          "your key. Compare these 40 characters with the ones "
                                          "that your organisation gave you, "
                                          "on paper or by phone."));
    }
  /* The harmless answer has the focus. */
  go_to (self, "compare", self->mismatch_button);
}

static void
examined_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareAuthorityPanel) self = user_data;
  g_autoptr (GError) error = NULL;
  SparePinOffer *offer = spare_owner_examine_authority_finish (SPARE_OWNER (source), result,
                                                               &error);

  if (self->owner == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_clear_pointer (&offer, spare_pin_offer_free);
      return;
    }
  set_busy (self, FALSE);
  g_clear_pointer (&self->offer, spare_pin_offer_free);
  self->offer = offer;
  if (offer)
    show_offer (self);
  else
    {
      show_text (self->choose_error, error->message);
      go_to (self, "choose", self->choose_button);
    }
}

static void
read_cb (GBytes *octets, const char *name, const GError *error, gpointer user_data)
{
  SpareAuthorityPanel *self = user_data;

  show_text (self->choose_error, error ? error->message : NULL);
  if (octets == NULL)
    {
      go_to (self, "choose", self->choose_button);
      return;
    }
  set_busy (self, TRUE);
  spare_owner_examine_authority_async (self->owner, octets, self->cancellable, examined_cb,
                                       g_object_ref (self));
}

static void
choose_cb (SpareAuthorityPanel *self)
{
  spare_file_chooser_read (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                           _ ("Certificate of the Backup Authority"), _ ("_Open"), read_cb,
                           self);
}

static void
trusted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareAuthorityPanel) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean trusted = spare_owner_trust_authority_finish (SPARE_OWNER (source), result, &error);

  if (self->owner == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  set_busy (self, FALSE);
  if (trusted)
    g_signal_emit (self, signals[FINISHED], 0);
  else
    {
      /* The offer went with the attempt: the certificate is chosen anew. */
      show_text (self->choose_error, error->message);
      go_to (self, "choose", self->choose_button);
    }
}

static void
match_cb (SpareAuthorityPanel *self)
{
  if (self->offer == NULL)
    return;
  set_busy (self, TRUE);
  spare_owner_trust_authority_async (self->owner, g_steal_pointer (&self->offer),
                                     self->cancellable, trusted_cb, g_object_ref (self));
}

static void
mismatch_cb (SpareAuthorityPanel *self)
{
  g_clear_pointer (&self->offer, spare_pin_offer_free);
  go_to (self, "mismatch", self->other_button);
}

static void
managed_cb (SpareAuthorityPanel *self)
{
  g_signal_emit (self, signals[FINISHED], 0);
}

static void
skip_cb (SpareAuthorityPanel *self)
{
  show_text (self->without_error, NULL);
  go_to (self, "without", self->back_button);
}

static void
without_cb (SpareAuthorityPanel *self)
{
  g_object_set (spare_owner_get_settings (self->owner), "required", FALSE, NULL);
  g_signal_emit (self, signals[FINISHED], 0);
}

static void
show_managed (SpareAuthorityPanel *self, SparePin *pin)
{
  g_autofree char *text = spare_pin_describe (pin);
  SpareKey *key = spare_pin_get_key (pin);

  if (key)
    show_key (key, self->managed_name, self->managed_email, self->managed_fingerprint);
  else
    {
      g_autofree char *lines = spare_names_dup_two_lines (spare_pin_get_fingerprint (pin));

      gtk_label_set_text (self->managed_name, _ ("Backup Authority"));
      show_text (self->managed_email, NULL);
      gtk_label_set_text (self->managed_fingerprint, lines);
    }
  show_text (self->managed_warning,
             spare_pin_get_state (pin) == SPARE_PIN_USABLE ? NULL : text);
  go_to (self, "managed", self->managed_button);
}

void
spare_authority_panel_start (SpareAuthorityPanel *self, SpareOwner *owner, gboolean may_skip)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SparePolicy) policy = NULL;
  SparePin *pin;

  g_set_object (&self->owner, owner);
  policy = spare_owner_dup_policy (owner, &error);
  pin = spare_owner_get_pin (owner);
  self->may_skip = may_skip && policy && !spare_policy_is_required_managed (policy);
  gtk_widget_set_visible (self->skip_button, self->may_skip);
  show_text (self->choose_error, error ? error->message : NULL);
  if (pin && spare_pin_is_managed (pin) && spare_pin_get_fingerprint (pin))
    show_managed (self, pin);
  else
    go_to (self, "choose", self->choose_button);
}

static void
spare_authority_panel_dispose (GObject *object)
{
  SpareAuthorityPanel *self = SPARE_AUTHORITY_PANEL (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->offer, spare_pin_offer_free);
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (spare_authority_panel_parent_class)->dispose (object);
}

static void
spare_authority_panel_finalize (GObject *object)
{
  g_clear_object (&SPARE_AUTHORITY_PANEL (object)->cancellable);
  G_OBJECT_CLASS (spare_authority_panel_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, stack);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, spinner);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, choose_button);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, choose_error);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, skip_button);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, compare_page);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, name_label);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, email_label);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, fingerprint_label);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, warning_label);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, compare_error);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, mismatch_button);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, other_button);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, managed_name);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, managed_email);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, managed_fingerprint);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, managed_warning);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, managed_button);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, without_error);
  gtk_widget_class_bind_template_child (widget_class, SpareAuthorityPanel, back_button);
}

static void
spare_authority_panel_class_init (SpareAuthorityPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_authority_panel_dispose;
  G_OBJECT_CLASS (klass)->finalize = spare_authority_panel_finalize;
  signals[FINISHED] = g_signal_new ("finished", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[MOVED] = g_signal_new ("moved", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (SPARE_TYPE_WRAP_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sparekey/SpareKey/ui/"
                                                             "spare-authority-panel.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, page_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_cb);
  gtk_widget_class_bind_template_callback (widget_class, skip_cb);
  gtk_widget_class_bind_template_callback (widget_class, match_cb);
  gtk_widget_class_bind_template_callback (widget_class, mismatch_cb);
  gtk_widget_class_bind_template_callback (widget_class, managed_cb);
  gtk_widget_class_bind_template_callback (widget_class, go_back_cb);
  gtk_widget_class_bind_template_callback (widget_class, without_cb);
}

static void
spare_authority_panel_init (SpareAuthorityPanel *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  spare_wrap_layout_wrap_buttons (GTK_WIDGET (self));
}
