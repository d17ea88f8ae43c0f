/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Children one below the other, for what a stack holds. A stack asks how wide its page must be for a given height, and a box
 * answers with the width at which every text in it fits one line: with large letters in a narrow window the page is then wider
 * than the window and is cut off on both sides. This one does not make the width depend on the height.
 *
 * Promise: no child is wider than what it was given, unless it can't be narrower; those that expand share what height is left. */
#include "config.h"

#include "spare-column-layout.h"

struct _SpareColumnLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (SpareColumnLayout, spare_column_layout, GTK_TYPE_LAYOUT_MANAGER)

static GtkSizeRequestMode
spare_column_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
spare_column_layout_measure (GtkLayoutManager *manager,
                             GtkWidget *widget,
                             GtkOrientation orientation,
                             int for_size,
                             int *minimum,
                             int *natural,
                             int *minimum_baseline,
                             int *natural_baseline)
{
  gboolean across = orientation == GTK_ORIENTATION_HORIZONTAL;

  *minimum = *natural = 0;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    {
      int child_minimum, child_natural;

      if (!gtk_widget_should_layout (child))
        continue;
      gtk_widget_measure (child, orientation, across ? -1 : for_size, &child_minimum,
                          &child_natural, NULL, NULL);
      *minimum = across ? MAX (*minimum, child_minimum) : *minimum + child_minimum;
      *natural = across ? MAX (*natural, child_natural) : *natural + child_natural;
    }
}

static void
spare_column_layout_allocate (GtkLayoutManager *manager,
                              GtkWidget *widget,
                              int width,
                              int height,
                              int baseline)
{
  g_autoptr (GArray) sizes = g_array_new (FALSE, TRUE, sizeof (GtkRequestedSize));
  int left = height, y = 0;
  guint n_expand = 0, i = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkRequestedSize size = { child, 0, 0 };

      if (!gtk_widget_should_layout (child))
        continue;
      gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, width, &size.minimum_size,
                          &size.natural_size, NULL, NULL);
      left -= size.minimum_size;
      n_expand += gtk_widget_compute_expand (child, GTK_ORIENTATION_VERTICAL);
      g_array_append_val (sizes, size);
    }
  left = gtk_distribute_natural_allocation (MAX (left, 0), sizes->len,
                                            (GtkRequestedSize *) sizes->data);

  for (i = 0; i < sizes->len; i++)
    {
      const GtkRequestedSize *size = &g_array_index (sizes, GtkRequestedSize, i);
      GtkWidget *child = size->data;
      int its = size->minimum_size;

      if (gtk_widget_compute_expand (child, GTK_ORIENTATION_VERTICAL))
        {
          its += left / (int) n_expand;
          left -= left / (int) n_expand;
          n_expand--;
        }
      gtk_widget_size_allocate (child, &(GtkAllocation){ 0, y, width, its }, -1);
      y += its;
    }
}

static void
spare_column_layout_class_init (SpareColumnLayoutClass *klass)
{
  GtkLayoutManagerClass *manager_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  manager_class->get_request_mode = spare_column_layout_get_request_mode;
  manager_class->measure = spare_column_layout_measure;
  manager_class->allocate = spare_column_layout_allocate;
}

static void
spare_column_layout_init (SpareColumnLayout *self)
{
}
