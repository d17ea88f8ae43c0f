/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The preferences: files, keys, the backup authority.
 *
 * Promise: a row shows what holds. What the administrator's policy sets can be seen and not changed, and says who set it. */
#include "config.h"

#include "spare-preferences.h"

#include "spare-bind-row.h"
#include "spare-fact-list.h"
#include "spare-keys-page.h"
#include "spare-names.h"
#include "spare-panel-window.h"
#include "spare-toast.h"

#include <glib/gi18n-lib.h>

struct _SparePreferences
{
  AdwPreferencesWindow parent_instance;

  SpareOwner *owner;
  GPtrArray *authority_rows; /* borrowed */
  gboolean updating;

  GtkSwitch *trash_switch;
  GtkSwitch *each_switch;
  GtkSwitch *unpack_switch;
  GtkSwitch *notify_switch;
  SpareKeysPage *keys_page;
  AdwPreferencesGroup *authority_group;
  AdwActionRow *required_row;
  GtkSwitch *required_switch;
  AdwComboRow *mode_row;
  GtkStringList *mode_list;
  AdwComboRow *unusable_row;
};

G_DEFINE_FINAL_TYPE (SparePreferences, spare_preferences, ADW_TYPE_PREFERENCES_WINDOW)

void
spare_preferences_tell (SparePreferences *self, const char *text)
{
  adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (self),
                                    spare_toast_new (GTK_WIDGET (self), text, NULL));
}

static void
set_managed (AdwActionRow *row, gboolean managed, const char *subtitle)
{
  gtk_widget_set_sensitive (GTK_WIDGET (row), !managed);
  adw_action_row_set_subtitle (row, managed ? _ ("Managed by your organisation") : subtitle);
}

static const char *
mode_subtitle (SpareEscrowMode mode)
{
  switch (mode)
    {
    case SPARE_ESCROW_DETACHED:
      return _ ("The authority can help only with files whose packet it was given");
    case SPARE_ESCROW_NONE:
      return _ ("The authority is left out");
    case SPARE_ESCROW_EMBEDDED:
    default:
      return _ ("The authority can help with each file that it is shown");
    }
}

static void
update_rules (SparePreferences *self)
{
  g_autoptr (SparePolicy) policy = spare_owner_dup_policy (self->owner, NULL);
  gboolean known = policy != NULL;
  SpareEscrowMode mode = known ? spare_policy_get_mode (policy) : SPARE_ESCROW_EMBEDDED;

  gtk_widget_set_sensitive (GTK_WIDGET (self->required_row), known);
  gtk_widget_set_sensitive (GTK_WIDGET (self->mode_row), known);
  gtk_widget_set_sensitive (GTK_WIDGET (self->unusable_row), known);
  if (!known)
    return;
  self->updating = TRUE;
  gtk_switch_set_active (self->required_switch, spare_policy_get_required (policy));
  set_managed (self->required_row, spare_policy_is_required_managed (policy),
               _ ("Files that it could not help with are not encrypted"));
  if (mode == SPARE_ESCROW_NONE
      && g_list_model_get_n_items (G_LIST_MODEL (self->mode_list)) == 2)
    gtk_string_list_append (self->mode_list, _ ("Left Out"));
  adw_combo_row_set_selected (self->mode_row, mode);
  set_managed (ADW_ACTION_ROW (self->mode_row), spare_policy_is_mode_managed (policy),
               mode_subtitle (mode));
  adw_combo_row_set_selected (self->unusable_row, spare_policy_get_when_unusable (policy));
  set_managed (ADW_ACTION_ROW (self->unusable_row),
               spare_policy_is_when_unusable_managed (policy),
               _ ("Expired, revoked or missing"));
  self->updating = FALSE;
}

static void
rule_changed_cb (SparePreferences *self)
{
  if (self->updating)
    return;
  g_object_set (spare_owner_get_settings (self->owner), "required",
                gtk_switch_get_active (self->required_switch), "mode",
                (int) adw_combo_row_get_selected (self->mode_row), "when-unusable",
                (int) adw_combo_row_get_selected (self->unusable_row), NULL);
  update_rules (self);
}

static void
add_authority_row (SparePreferences *self, GtkWidget *row)
{
  g_ptr_array_add (self->authority_rows, row);
}

static void
replaced_cb (SparePanelWindow *window, SparePreferences *self)
{
  spare_preferences_tell (self, _ ("The backup authority is trusted"));
}

static void
replace_cb (AdwActionRow *row, SparePreferences *self)
{
  GtkWidget *window = spare_panel_window_new_for_authority (GTK_WINDOW (self), self->owner);

  g_signal_connect_object (window, "finished", G_CALLBACK (replaced_cb), self, 0);
  gtk_window_present (GTK_WINDOW (window));
}

static void
add_replace_row (SparePreferences *self, gboolean trusted)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row),
                                 trusted ? _ ("_Update or Replace…")
                                         : _ ("_Choose a Backup Authority…"));
  adw_preferences_row_set_use_underline (ADW_PREFERENCES_ROW (row), TRUE);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row),
                             gtk_image_new_from_icon_name ("go-next-symbolic"));
  g_signal_connect (row, "activated", G_CALLBACK (replace_cb), self);
  adw_preferences_group_add (self->authority_group, row);
  add_authority_row (self, row);
}

static void
add_bind_row (SparePreferences *self)
{
  GtkWidget *row = spare_bind_row_new (self, self->owner);

  adw_preferences_group_add (self->authority_group, row);
  add_authority_row (self, row);
}

static void
update_authority (SparePreferences *self)
{
  SparePin *pin = spare_owner_get_pin (self->owner);
  SpareKey *key = pin ? spare_pin_get_key (pin) : NULL;
  const char *fingerprint = pin ? spare_pin_get_fingerprint (pin) : NULL;

  for (guint i = 0; i < self->authority_rows->len; i++)
    adw_preferences_group_remove (self->authority_group,
                                  g_ptr_array_index (self->authority_rows, i));
  g_ptr_array_set_size (self->authority_rows, 0);

  if (fingerprint)
    {
      g_autofree char *name = key ? spare_names_dup_whole (key)
                                  : g_strdup (C_ ("name", "Unknown"));
      g_autofree char *lines = spare_names_dup_two_lines (fingerprint);
      g_autofree char *state = spare_pin_describe (pin);

      add_authority_row (self, spare_fact_list_add (self->authority_group, _ ("Name"), name,
                                                    FALSE, FALSE));
      add_authority_row (self, spare_fact_list_add (self->authority_group, _ ("Fingerprint"),
                                                    lines, TRUE, TRUE));
      if (state)
        add_authority_row (self, spare_fact_list_add (self->authority_group, _ ("State"), state,
                                                      FALSE, FALSE));
      add_bind_row (self);
    }
  if (pin && spare_pin_is_managed (pin))
    adw_preferences_group_set_description (self->authority_group,
                                           _ ("Managed by your organisation"));
  else
    {
      adw_preferences_group_set_description (self->authority_group,
                                             fingerprint
                                                 ? NULL
                                                 : _ ("No backup authority is trusted. If your "
                                                      "key is lost, nobody can help."));
      add_replace_row (self, fingerprint != NULL);
    }
}

static void
owner_changed_cb (SparePreferences *self)
{
  update_rules (self);
  update_authority (self);
}

static void
bind_switch (SparePreferences *self, const char *property, GtkSwitch *widget)
{
  g_object_bind_property (spare_owner_get_settings (self->owner), property, widget, "active",
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
}

static void
spare_preferences_dispose (GObject *object)
{
  SparePreferences *self = SPARE_PREFERENCES (object);

  g_clear_object (&self->owner);
  G_OBJECT_CLASS (spare_preferences_parent_class)->dispose (object);
}

static void
spare_preferences_finalize (GObject *object)
{
  g_ptr_array_unref (SPARE_PREFERENCES (object)->authority_rows);
  G_OBJECT_CLASS (spare_preferences_parent_class)->finalize (object);
}

static void
spare_preferences_class_init (SparePreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = spare_preferences_dispose;
  G_OBJECT_CLASS (klass)->finalize = spare_preferences_finalize;
  g_type_ensure (SPARE_TYPE_KEYS_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/sparekey/SpareKey/ui/"
                                                             "spare-preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, SparePreferences, trash_switch);
  gtk_widget_class_bind_template_child (widget_class, SparePreferences, each_switch);
  gtk_widget_class_bind_template_child (widget_class, SparePreferences, unpack_switch);
  gtk_widget_class_bind_template_child (widget_class, SparePreferences, notify_switch);
  gtk_widget_class_bind_template_child (widget_class, SparePreferences, keys_page);
  gtk_widget_class_bind_template_child (widget_class, SparePreferences, authority_group);
  gtk_widget_class_bind_template_child (widget_class, SparePreferences, required_row);
  gtk_widget_class_bind_template_child (widget_class, SparePreferences, required_switch);
  gtk_widget_class_bind_template_child (widget_class, SparePreferences, mode_row);
  gtk_widget_class_bind_template_child (widget_class, SparePreferences, mode_list);
  gtk_widget_class_bind_template_child (widget_class, SparePreferences, unusable_row);
}

/* libadwaita wants 360 pixels for what is inside this window. With the frame that is more than the screen of a phone. */
static void
allow_narrow (GtkWidget *widget)
{
  int width;
  int height;

  gtk_widget_get_size_request (widget, &width, &height);
  if (width > 340)
    gtk_widget_set_size_request (widget, 340, height);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    allow_narrow (child);
}

static void
spare_preferences_init (SparePreferences *self)
{
  self->authority_rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  allow_narrow (GTK_WIDGET (self));
}

SparePreferences *
spare_preferences_new (GtkWindow *parent, SpareOwner *owner)
{
  SparePreferences *self = g_object_new (SPARE_TYPE_PREFERENCES, "transient-for", parent,
                                         "modal", TRUE, "title", _ ("Preferences"), NULL);

  self->owner = g_object_ref (owner);
  bind_switch (self, "trash-original", self->trash_switch);
  bind_switch (self, "folder-each", self->each_switch);
  bind_switch (self, "unpack-archives", self->unpack_switch);
  bind_switch (self, "notify", self->notify_switch);
  owner_changed_cb (self);
  g_signal_connect_swapped (self->required_switch, "notify::active",
                            G_CALLBACK (rule_changed_cb), self);
  g_signal_connect_swapped (self->mode_row, "notify::selected", G_CALLBACK (rule_changed_cb),
                            self);
  g_signal_connect_swapped (self->unusable_row, "notify::selected",
                            G_CALLBACK (rule_changed_cb), self);
  g_signal_connect_object (owner, "changed", G_CALLBACK (owner_changed_cb), self,
                           G_CONNECT_SWAPPED);
  spare_keys_page_set_up (self->keys_page, owner);
  return self;
}
