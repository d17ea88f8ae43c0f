/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line that says who will be able to open what is dropped next.
 *
 * Promise: it tells the truth of this moment. It is made anew from the owner, the pin and the policy whenever one of
 * them changes; what it can't learn it says, rather than show the state of before. */
#include "config.h"

#include "spare-access-bar.h"

#include "spare-add-popover.h"
#include "spare-chip.h"
#include "spare-names.h"
#include "spare-wrap-layout.h"

#include <glib/gi18n-lib.h>

struct _SpareAccessBar
{
  GtkBox parent_instance;

  SpareOwner *owner;
  GListStore *added; /* of SpareKey */
  GtkWidget *chips;
  GtkWidget *caption;
  GtkWidget *add_button;
  SpareAddPopover *popover;
};

G_DEFINE_FINAL_TYPE (SpareAccessBar, spare_access_bar, GTK_TYPE_BOX)

static void
append_chip (SpareAccessBar *self,
             const char *icon,
             const char *text,
             const char *css_class,
             const char *tooltip)
{
  GtkWidget *chip = spare_chip_new (icon, text, FALSE);

  if (css_class)
    gtk_widget_add_css_class (chip, css_class);
  gtk_widget_set_tooltip_text (chip, tooltip);
  gtk_widget_insert_before (chip, self->chips, self->add_button);
}

static void
append_words (SpareAccessBar *self, const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_widget_add_css_class (label, "dim-label");
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_insert_before (label, self->chips, self->add_button);
}

static void
append_owner (SpareAccessBar *self)
{
  g_autoptr (SpareKey) key = spare_owner_dup_key (self->owner);

  if (key)
    {
      g_autofree char *name = spare_names_dup_for_key (key);
      /* Translators: the person who uses the program, as one of those who can open a file. */
      g_autofree char *text = g_strdup_printf (_ ("%s (you)"), name);
      g_autofree char *tip = spare_names_dup_tip (key);

      append_chip (self, "avatar-default-symbolic", text, NULL, tip);
    }
}

static void
append_usable_authority (SpareAccessBar *self, SpareKey *key, SparePolicy *policy)
{
  g_autofree char *name = spare_names_dup_for_key (key);
  g_autofree char *tip = spare_names_dup_tip (key);

  if (spare_policy_get_mode (policy) == SPARE_ESCROW_DETACHED)
    {
      /* Translators: the authority gets what it needs in a deposit; it is not named in the file. */
      g_autofree char *text = g_strdup_printf (_ ("%s, by deposit"), name);

      append_chip (self, "security-high-symbolic", text, "authority", tip);
    }
  else
    append_chip (self, "security-high-symbolic", name, "authority", tip);
}

static void
append_unusable_authority (SpareAccessBar *self, SparePin *pin, SparePolicy *policy)
{
  SpareKey *key = spare_pin_get_key (pin);
  g_autofree char *name = key ? spare_names_dup_for_key (key)
                              : g_strdup (_ ("Backup authority"));
  g_autofree char *why = spare_pin_describe (pin);
  g_autofree char *text = NULL;

  if (!spare_policy_get_required (policy)
      || spare_policy_get_when_unusable (policy) == SPARE_UNUSABLE_PENDING)
    {
      text = g_strdup_printf (_ ("%s, added later"), name);
      append_chip (self, "document-open-recent-symbolic", text, "pending", why);
    }
  else
    {
      text = g_strdup_printf (_ ("%s, cannot be used"), name);
      append_chip (self, "dialog-warning-symbolic", text, "unusable", why);
    }
}

static void
append_authority (SpareAccessBar *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SparePolicy) policy = spare_owner_dup_policy (self->owner, &error);
  SparePin *pin = spare_owner_get_pin (self->owner);

  if (policy == NULL)
    {
      append_chip (self, "dialog-warning-symbolic", _ ("The policy cannot be read"), "unusable",
                   error ? error->message : NULL);
      return;
    }
  if (pin == NULL || spare_pin_get_state (pin) == SPARE_PIN_NONE
      || spare_policy_get_mode (policy) == SPARE_ESCROW_NONE)
    {
      if (g_list_model_get_n_items (G_LIST_MODEL (self->added)) == 0)
        /* Translators: the end of the line that begins with “Can be opened by” */
        append_words (self, _ ("and nobody else"));
      else
        append_words (self, _ ("without a backup authority"));
      return;
    }
  if (spare_pin_get_state (pin) == SPARE_PIN_UNUSABLE)
    append_unusable_authority (self, pin, policy);
  else
    append_usable_authority (self, spare_pin_get_key (pin), policy);
}

static void
removed_cb (SpareChip *chip, SpareAccessBar *self)
{
  SpareKey *key = g_object_get_data (G_OBJECT (chip), "key");
  guint position;

  if (g_list_store_find (self->added, key, &position))
    g_list_store_remove (self->added, position);
  /* The chip is gone with its button: the focus goes where the next one would be. */
  gtk_widget_grab_focus (self->add_button);
}

static void
append_added (SpareAccessBar *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->added));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SpareKey) key = g_list_model_get_item (G_LIST_MODEL (self->added), i);
      g_autofree char *name = spare_names_dup_for_key (key);
      g_autofree char *tip = spare_names_dup_tip (key);
      GtkWidget *chip = spare_chip_new ("avatar-default-symbolic", name, TRUE);

      gtk_widget_set_tooltip_text (chip, tip);
      g_object_set_data_full (G_OBJECT (chip), "key", g_object_ref (key), g_object_unref);
      g_signal_connect (chip, "removed", G_CALLBACK (removed_cb), self);
      gtk_widget_insert_before (chip, self->chips, self->add_button);
    }
}

void
spare_access_bar_refresh (SpareAccessBar *self)
{
  GtkWidget *child = gtk_widget_get_first_child (self->chips);

  while (child)
    {
      GtkWidget *next = gtk_widget_get_next_sibling (child);

      if (child != self->add_button && child != self->caption)
        gtk_widget_unparent (child);
      child = next;
    }
  if (self->owner == NULL || spare_owner_get_state (self->owner) == SPARE_OWNER_CLOSED)
    return;
  append_owner (self);
  append_authority (self);
  append_added (self);
}

void
spare_access_bar_set_owner (SpareAccessBar *self, SpareOwner *owner)
{
  g_return_if_fail (self->owner == NULL);

  self->owner = g_object_ref (owner);
  spare_add_popover_set_owner (self->popover, owner);
  g_signal_connect_object (owner, "changed", G_CALLBACK (spare_access_bar_refresh), self,
                           G_CONNECT_SWAPPED);
  spare_access_bar_refresh (self);
}

static gboolean
same_key (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (spare_key_get_fingerprint ((SpareKey *) a),
                    spare_key_get_fingerprint ((SpareKey *) b))
         == 0;
}

void
spare_access_bar_add (SpareAccessBar *self, SpareKey *key)
{
  g_autoptr (SpareKey) own = spare_owner_dup_key (self->owner);

  if (own && same_key (own, key))
    return;
  if (!g_list_store_find_with_equal_func (self->added, key, same_key, NULL))
    g_list_store_append (self->added, key);
}

static void
chosen_cb (SpareAddPopover *popover, SpareKey *key, SpareAccessBar *self)
{
  spare_access_bar_add (self, key);
}

char **
spare_access_bar_dup_recipients (SpareAccessBar *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->added));
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (n == 0)
    return NULL;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SpareKey) key = g_list_model_get_item (G_LIST_MODEL (self->added), i);

      g_strv_builder_add (builder, spare_key_get_fingerprint (key));
    }
  return g_strv_builder_end (builder);
}

static void
spare_access_bar_dispose (GObject *object)
{
  SpareAccessBar *self = SPARE_ACCESS_BAR (object);

  g_clear_object (&self->owner);
  g_clear_object (&self->added);
  G_OBJECT_CLASS (spare_access_bar_parent_class)->dispose (object);
}

static void
spare_access_bar_class_init (SpareAccessBarClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = spare_access_bar_dispose;
  gtk_widget_class_set_css_name (GTK_WIDGET_CLASS (klass), "accessbar");
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
spare_access_bar_init (SpareAccessBar *self)
{
  GtkWidget *content = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  self->added = g_list_store_new (SPARE_TYPE_KEY);
  g_signal_connect_object (self->added, "items-changed", G_CALLBACK (spare_access_bar_refresh),
                           self, G_CONNECT_SWAPPED);

  self->chips = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_set_layout_manager (self->chips, spare_wrap_layout_new ());
  gtk_widget_set_hexpand (self->chips, TRUE);
  gtk_box_append (GTK_BOX (self), self->chips);

  self->caption = gtk_label_new (_ ("Can be opened by"));
  gtk_widget_add_css_class (self->caption, "dim-label");
  gtk_box_append (GTK_BOX (self->chips), self->caption);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Can be opened by"), -1);

  self->popover = g_object_new (SPARE_TYPE_ADD_POPOVER, NULL);
  g_signal_connect_object (self->popover, "chosen", G_CALLBACK (chosen_cb), self, 0);

  self->add_button = gtk_menu_button_new ();
  gtk_box_append (GTK_BOX (content), gtk_image_new_from_icon_name ("list-add-symbolic"));
  gtk_box_append (GTK_BOX (content), gtk_label_new_with_mnemonic (_ ("_Add")));
  gtk_menu_button_set_child (GTK_MENU_BUTTON (self->add_button), content);
  gtk_menu_button_set_popover (GTK_MENU_BUTTON (self->add_button), GTK_WIDGET (self->popover));
  gtk_menu_button_set_direction (GTK_MENU_BUTTON (self->add_button), GTK_ARROW_UP);
  gtk_widget_set_tooltip_text (self->add_button, _ ("Add Somebody Who Can Open the Files"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->add_button),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Add Somebody Who Can Open the Files"), -1);
  gtk_widget_add_css_class (self->add_button, "chip-button");
  gtk_box_append (GTK_BOX (self->chips), self->add_button);
}
