/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the switch of pages is: in the title of a wide window, at the foot of a narrow one.
 *
 * Promise: the foot takes no room while it is not shown. The title knows that it is too narrow in the middle of being laid out.
 * Without animations the foot would come or go in that very moment, and libadwaita 1.2 then keeps, or misses, the room for it: so it
 * is told when the layout is done. */
#include "config.h"

#include "spare-narrow.h"

typedef struct
{
  AdwViewSwitcherBar *bar;
  AdwViewSwitcherTitle *title;
  guint idle;
} Follower;

static gboolean
reveal_cb (gpointer user_data)
{
  Follower *self = user_data;

  self->idle = 0;
  adw_view_switcher_bar_set_reveal (self->bar,
                                    adw_view_switcher_title_get_title_visible (self->title));
  return G_SOURCE_REMOVE;
}

static void
title_visible_cb (Follower *self)
{
  if (self->idle == 0)
    self->idle = g_idle_add_full (G_PRIORITY_HIGH_IDLE + 30, reveal_cb, self, NULL);
}

static void
follower_free (gpointer data, GClosure *closure)
{
  Follower *self = data;

  if (self->idle != 0)
    g_source_remove (self->idle);
  g_object_unref (self->bar);
  g_free (self);
}

void
spare_narrow_follow (AdwViewSwitcherBar *bar, AdwViewSwitcherTitle *title)
{
  Follower *self = g_new0 (Follower, 1);

  self->bar = g_object_ref (bar);
  self->title = title; /* which has the closure, and with it this */
  g_signal_connect_data (title, "notify::title-visible", G_CALLBACK (title_visible_cb), self,
                         follower_free, G_CONNECT_SWAPPED);
  title_visible_cb (self);
}
