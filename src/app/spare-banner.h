/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SPARE_TYPE_BANNER (spare_banner_get_type ())
G_DECLARE_FINAL_TYPE (SpareBanner, spare_banner, SPARE, BANNER, GtkWidget)

typedef enum
{
  SPARE_BANNER_NOTE,
  SPARE_BANNER_WARNING,
  SPARE_BANNER_ERROR,
} SpareBannerLevel;

/* @button, @action: both NULL for none. */
void spare_banner_show (SpareBanner *self,
                        SpareBannerLevel level,
                        const char *text,
                        const char *button,
                        const char *action);
void spare_banner_hide (SpareBanner *self);

G_END_DECLS
