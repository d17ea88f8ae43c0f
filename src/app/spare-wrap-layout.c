/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lays children out like words: one after the other, each as wide as it wants, on as many lines as the width asks for.
 * (GtkFlowBox lines its children up in columns, which tears short chips apart.)
 *
 * Promise: every visible child is shown whole when it fits the width, and squeezed to the width when it does not. One that
 * expands takes what its line leaves over. */
#include "config.h"

#include "spare-wrap-layout.h"

#define SPACING 6

struct _SpareWrapLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (SpareWrapLayout, spare_wrap_layout, GTK_TYPE_LAYOUT_MANAGER)

static int
measure_width (GtkWidget *child, int width)
{
  int minimum, natural;

  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, &natural, NULL, NULL);
  return width < 0 ? natural : MAX (minimum, MIN (natural, width));
}

/* Places the children from @first that fit one line of @width; returns the first one of the next line. */
static GtkWidget *
lay_line (GtkWidget *first, int width, int y, gboolean rtl, gboolean place, int *height)
{
  GtkWidget *child, *next;
  int x = 0, left, n_expand = 0;

  *height = 0;
  for (child = first; child; child = gtk_widget_get_next_sibling (child))
    {
      int child_width, child_height;

      if (!gtk_widget_should_layout (child))
        continue;
      child_width = measure_width (child, width);
      if (x > 0 && x + SPACING + child_width > width)
        break;
      x += (x > 0 ? SPACING : 0) + child_width;
      n_expand += gtk_widget_compute_expand (child, GTK_ORIENTATION_HORIZONTAL);
      gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, child_width, NULL, &child_height,
                          NULL, NULL);
      *height = MAX (*height, child_height);
    }
  next = child;

  left = n_expand > 0 ? MAX (0, width - x) / n_expand : 0;
  x = 0;
  for (child = first; place && child != next; child = gtk_widget_get_next_sibling (child))
    {
      int child_width;

      if (!gtk_widget_should_layout (child))
        continue;
      child_width = measure_width (child, width);
      if (gtk_widget_compute_expand (child, GTK_ORIENTATION_HORIZONTAL))
        child_width += left;
      gtk_widget_size_allocate (child,
                                &(GtkAllocation){ rtl ? width - x - child_width : x, y,
                                                  child_width, *height },
                                -1);
      x += child_width + SPACING;
    }
  return next;
}

static int
lay_out (GtkWidget *widget, int width, gboolean place)
{
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  GtkWidget *child = gtk_widget_get_first_child (widget);
  int y = 0;

  while (child)
    {
      int height;

      child = lay_line (child, width, y + (y > 0 ? SPACING : 0), rtl, place, &height);
      if (height > 0)
        y += (y > 0 ? SPACING : 0) + height;
    }
  return y;
}

static GtkSizeRequestMode
spare_wrap_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
spare_wrap_layout_measure (GtkLayoutManager *manager,
                           GtkWidget *widget,
                           GtkOrientation orientation,
                           int for_size,
                           int *minimum,
                           int *natural,
                           int *minimum_baseline,
                           int *natural_baseline)
{
  int widest = 0, sum = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    {
      int child_minimum, child_natural;

      if (!gtk_widget_should_layout (child))
        continue;
      gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &child_minimum, &child_natural,
                          NULL, NULL);
      widest = MAX (widest, child_minimum);
      sum += (sum > 0 ? SPACING : 0) + child_natural;
    }

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = widest;
      *natural = sum;
    }
  else
    *minimum = *natural = lay_out (widget, for_size < 0 ? sum : MAX (for_size, widest), FALSE);
}

static void
spare_wrap_layout_allocate (GtkLayoutManager *manager,
                            GtkWidget *widget,
                            int width,
                            int height,
                            int baseline)
{
  lay_out (widget, width, TRUE);
}

static void
spare_wrap_layout_class_init (SpareWrapLayoutClass *klass)
{
  GtkLayoutManagerClass *manager_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  manager_class->get_request_mode = spare_wrap_layout_get_request_mode;
  manager_class->measure = spare_wrap_layout_measure;
  manager_class->allocate = spare_wrap_layout_allocate;
}

static void
spare_wrap_layout_init (SpareWrapLayout *self)
{
}

GtkLayoutManager *
spare_wrap_layout_new (void)
{
  return g_object_new (SPARE_TYPE_WRAP_LAYOUT, NULL);
}

/* Lets the labels of the buttons in @widget break into lines of their own, where twice as large letters would make the window
 * wider than a phone. For buttons that stand alone in their lines: beside others they would break too soon. */
void
spare_wrap_layout_wrap_buttons (GtkWidget *widget)
{
  GtkWidget *label = GTK_IS_BUTTON (widget) ? gtk_button_get_child (GTK_BUTTON (widget)) : NULL;

  if (GTK_IS_LABEL (label))
    {
      gtk_label_set_wrap (GTK_LABEL (label), TRUE);
      gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child;
       child = gtk_widget_get_next_sibling (child))
    spare_wrap_layout_wrap_buttons (child);
}
