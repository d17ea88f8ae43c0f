/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One escrow packet as a row: of which file, when, and where it is on its way to the authority. */
#include "config.h"

#include "spare-packet-row.h"

#include "spare-chip.h"
#include "spare-display.h"

#include <glib/gi18n-lib.h>

struct _SparePacketRow
{
  GtkBox parent_instance;

  SpareOutboxItem *item;
  GtkWidget *icon;
  GtkWidget *name_label;
  GtkWidget *detail_label;
  SpareChip *chip;
};

G_DEFINE_FINAL_TYPE (SparePacketRow, spare_packet_row, GTK_TYPE_BOX)

char *
spare_packet_row_describe_state (const SpareOutboxEntry *entry, const char **icon)
{
  switch (entry->state)
    {
    case SPARE_OUTBOX_EXPORTED:
      *icon = "drive-removable-media-symbolic";
      if (entry->place && *entry->place)
        {
          /* A folder that is no medium is known by its whole path. */
          g_autofree char *whole = g_path_is_absolute (entry->place)
                                       ? spare_display_basename (entry->place)
                                       : g_strdup (entry->place);
          g_autofree char *place = spare_display_text (whole, -1, 24);

          /* Translators: the packet was written to this medium, such as a USB stick. */
          return g_strdup_printf (_ ("On %s"), place);
        }
      return g_strdup (_ ("Exported"));
    case SPARE_OUTBOX_ACKNOWLEDGED:
      *icon = "object-select-symbolic";
      return g_strdup (C_ ("packet", "Held"));
    case SPARE_OUTBOX_PENDING:
    default:
      *icon = "document-send-symbolic";
      return g_strdup (entry->packet ? C_ ("packet", "Waiting") : _ ("Authority Missing"));
    }
}

/* "today 10:12", "yesterday", "18 November", "18 November 2025". */
char *
spare_packet_row_describe_time (gint64 created)
{
  g_autoptr (GDateTime) then = g_date_time_new_from_unix_local (created);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) yesterday = g_date_time_add_days (now, -1);

  if (then == NULL)
    return g_strdup (_ ("at an unknown time"));
  if (g_date_time_get_year (then) == g_date_time_get_year (now)
      && g_date_time_get_day_of_year (then) == g_date_time_get_day_of_year (now))
    /* Translators: a time format of strftime, for a time of this day. */
    return g_date_time_format (then, _ ("today %H:%M"));
  if (g_date_time_get_year (then) == g_date_time_get_year (yesterday)
      && g_date_time_get_day_of_year (then) == g_date_time_get_day_of_year (yesterday))
    return g_strdup (_ ("yesterday"));
  if (g_date_time_get_year (then) == g_date_time_get_year (now))
    /* Translators: a date format of strftime, for a day of this year. */
    return g_date_time_format (then, _ ("%-d %B"));
  /* Translators: a date format of strftime. */
  return g_date_time_format (then, _ ("%-d %B %Y"));
}

static void
update (SparePacketRow *self)
{
  const SpareOutboxEntry *entry = spare_outbox_item_get_entry (self->item);
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self));
  g_autofree char *name = NULL;
  g_autofree char *when = NULL;
  g_autofree char *detail = NULL;
  g_autofree char *state = NULL;
  g_autofree char *label = NULL;
  g_autofree char *type = NULL;
  g_autoptr (GIcon) icon = NULL;
  const char *state_icon;

  gtk_widget_set_visible (GTK_WIDGET (self->chip), entry != NULL);
  if (entry == NULL)
    {
      gtk_label_set_text (GTK_LABEL (self->name_label), "…");
      gtk_label_set_text (GTK_LABEL (self->detail_label), "");
      gtk_image_clear (GTK_IMAGE (self->icon));
      return;
    }
  name = spare_display_basename (entry->name);
  when = spare_packet_row_describe_time (entry->created);
  detail = g_strconcat (entry->serial, " · ", when, NULL);
  state = spare_packet_row_describe_state (entry, &state_icon);
  type = g_content_type_guess (entry->name, NULL, 0, NULL);
  icon = g_content_type_get_icon (type);

  gtk_image_set_from_gicon (GTK_IMAGE (self->icon), icon);
  gtk_label_set_text (GTK_LABEL (self->name_label), name);
  gtk_label_set_text (GTK_LABEL (self->detail_label), detail);
  spare_chip_set (self->chip, state_icon, state);
  label = g_strdup_printf ("%s, %s, %s", name, detail, state);
  if (parent)
    gtk_accessible_update_property (GTK_ACCESSIBLE (parent), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                    label, -1);
}

void
spare_packet_row_set_item (SparePacketRow *self, SpareOutboxItem *item)
{
  if (self->item)
    g_signal_handlers_disconnect_by_data (self->item, self);
  g_set_object (&self->item, item);
  if (item == NULL)
    return;
  g_signal_connect_swapped (item, "loaded", G_CALLBACK (update), self);
  update (self);
}

static void
spare_packet_row_root (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (spare_packet_row_parent_class)->root (widget);
  if (SPARE_PACKET_ROW (widget)->item)
    update (SPARE_PACKET_ROW (widget));
}

static void
spare_packet_row_dispose (GObject *object)
{
  spare_packet_row_set_item (SPARE_PACKET_ROW (object), NULL);
  G_OBJECT_CLASS (spare_packet_row_parent_class)->dispose (object);
}

static void
spare_packet_row_class_init (SparePacketRowClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = spare_packet_row_dispose;
  GTK_WIDGET_CLASS (klass)->root = spare_packet_row_root;
}

static GtkWidget *
row_label (GtkBox *box)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_box_append (box, label);
  return label;
}

static void
spare_packet_row_init (SparePacketRow *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);

  gtk_box_set_spacing (GTK_BOX (self), 12);
  gtk_widget_add_css_class (GTK_WIDGET (self), "job-row");
  self->icon = g_object_new (GTK_TYPE_IMAGE, "pixel-size", 32, "accessible-role",
                             GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  gtk_box_append (GTK_BOX (self), self->icon);
  gtk_widget_set_hexpand (box, TRUE);
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  self->name_label = row_label (GTK_BOX (box));
  self->detail_label = row_label (GTK_BOX (box));
  gtk_label_set_ellipsize (GTK_LABEL (self->detail_label), PANGO_ELLIPSIZE_NONE);
  gtk_label_set_wrap (GTK_LABEL (self->detail_label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (self->detail_label), PANGO_WRAP_WORD_CHAR);
  gtk_widget_add_css_class (self->detail_label, "caption");
  gtk_widget_add_css_class (self->detail_label, "dim-label");
  gtk_box_append (GTK_BOX (self), box);
  self->chip = SPARE_CHIP (spare_chip_new ("document-send-symbolic", "", FALSE));
  gtk_widget_set_valign (GTK_WIDGET (self->chip), GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->chip));
}

GtkWidget *
spare_packet_row_new (void)
{
  return g_object_new (SPARE_TYPE_PACKET_ROW, NULL);
}
