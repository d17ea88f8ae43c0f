/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum
{
  SPARE_ESCROW_EMBEDDED,
  SPARE_ESCROW_DETACHED,
  SPARE_ESCROW_NONE,
} SpareEscrowMode;

typedef enum
{
  SPARE_UNUSABLE_REFUSE,
  SPARE_UNUSABLE_PENDING,
} SpareUnusable;

const char *spare_escrow_mode_to_string (SpareEscrowMode mode);
gboolean spare_escrow_mode_from_string (const char *text, SpareEscrowMode *mode);

/* Preferences: GSettings where the schema is installed, defaults (and memory) where it is not. The one place that names
 * the schema's keys. Main thread. */

#define SPARE_TYPE_SETTINGS (spare_settings_get_type ())
G_DECLARE_FINAL_TYPE (SpareSettings, spare_settings, SPARE, SETTINGS, GObject)

/* Properties, all read and write with notify: "mode" (SpareEscrowMode as int), "required" (boolean), "when-unusable" (int), "trash-original" (boolean),
 * "unpack-archives" (boolean), "folder-each" (boolean), "notify" (boolean), "window-width", "window-height" (int),
 * "window-maximized" (boolean), "deposit-to" (string: URI of the folder that deposits go to by themselves, empty: none). */
SpareSettings *spare_settings_new (void);

G_END_DECLS
