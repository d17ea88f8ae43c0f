/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keeps files from being encrypted or opened, as the line across the window: the worst first. And what another process
 * changed meanwhile: another key, another authority, other people.
 *
 * Promise: looked at again whenever the owner's side changes and whenever the window comes to the front. What the command line
 * sets up beside this window holds here too, soon after. */
#include "config.h"

#include "spare-window-private.h"

#include "spare-home.h"
#include "spare-paths.h"

#include <glib/gi18n-lib.h>

#define URGENT_DAYS 30
#define LAST_DAYS   7

static void
show_pin_state (SpareWindow *self, SparePolicy *policy)
{
  SparePin *pin = spare_owner_get_pin (self->owner);
  SparePinState state = pin ? spare_pin_get_state (pin) : SPARE_PIN_NONE;
  g_autofree char *text = NULL;
  SpareBannerLevel level = SPARE_BANNER_NOTE;

  if ((state != SPARE_PIN_EXPIRING && state != SPARE_PIN_UNUSABLE)
      || spare_policy_get_mode (policy) == SPARE_ESCROW_NONE)
    {
      spare_banner_hide (self->banner);
      return;
    }
  text = spare_pin_describe (pin);
  if (state == SPARE_PIN_UNUSABLE)
    level = SPARE_BANNER_ERROR;
  else if (spare_pin_get_days_left (pin) <= LAST_DAYS)
    level = SPARE_BANNER_ERROR;
  else if (spare_pin_get_days_left (pin) <= URGENT_DAYS)
    level = SPARE_BANNER_WARNING;
  spare_banner_show (self->banner, level, text,
                     spare_pin_is_managed (pin) ? NULL : _ ("_Preferences"),
                     spare_pin_is_managed (pin) ? NULL : "app.preferences");
}

static void
show_policy_and_pin (SpareWindow *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SparePolicy) policy = spare_owner_dup_policy (self->owner, &error);

  if (policy)
    show_pin_state (self, policy);
  else
    spare_banner_show (self->banner, SPARE_BANNER_ERROR,
                       error
                           ? error->message
                           : _ (
                               "The policy cannot be read. Nothing is encrypted until it can."),
                       NULL, NULL);
}

static void
probed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  SpareKeyringState state;
  gboolean answered = spare_keyring_probe_finish (SPARE_KEYRING (source), result, &state,
                                                  &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->owner == NULL)
    return;
  if (!answered)
    spare_banner_show (self->banner, SPARE_BANNER_ERROR, error->message, NULL, NULL);
  else if (state == SPARE_KEYRING_LOCKED)
    spare_banner_show (self->banner, SPARE_BANNER_WARNING,
                       _ ("The keyring is locked. Files can be worked on when it is unlocked."),
                       _ ("_Unlock"), "win.unlock-keyring");
  else if (state != SPARE_KEYRING_AVAILABLE)
    spare_banner_show (self->banner, SPARE_BANNER_ERROR,
                       _ ("The desktop has no keyring at this time. The key of these files is "
                          "kept "
                          "there, so nothing can be opened."),
                       NULL, NULL);
  else
    show_policy_and_pin (self);
}

void
spare_window_check_state (SpareWindow *self)
{
  g_autoptr (SpareHome) home = NULL;

  if (self->owner == NULL || spare_owner_get_state (self->owner) != SPARE_OWNER_READY)
    return;
  home = spare_owner_dup_key_home (self->owner);
  /* A key of the person's own GnuPG has nothing to do with the keyring. */
  if (home && spare_home_get_kind (home) == SPARE_HOME_OWN)
    spare_keyring_probe_async (spare_owner_get_keyring (self->owner), self->cancellable,
                               probed_cb, g_object_ref (self));
  else
    show_policy_and_pin (self);
}

static void
unlocked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!spare_keyring_unlock_finish (SPARE_KEYRING (source), result, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    spare_window_tell (self, error->message);
  spare_window_check_state (self);
}

void
spare_window_unlock_keyring (SpareWindow *self)
{
  spare_keyring_unlock_async (spare_owner_get_keyring (self->owner), self->cancellable,
                              unlocked_cb, g_object_ref (self));
}

/* Changes from outside */

static void refresh (SpareWindow *self);

static void
refreshed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpareWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean done = spare_owner_refresh_finish (SPARE_OWNER (source), result, &error);

  self->refreshing = FALSE;
  if (self->owner == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (!done)
    spare_window_tell (self, error->message);
  if (self->refresh_again)
    refresh (self);
}

/* One at a time: a change comes as several events, and another operation may keep the owner's side busy. */
static void
refresh (SpareWindow *self)
{
  self->refresh_again = self->refreshing;
  if (self->refreshing)
    return;
  self->refreshing = TRUE;
  spare_owner_refresh_async (self->owner, self->cancellable, refreshed_cb, g_object_ref (self));
}

static void
file_changed_cb (SpareWindow *self)
{
  if (self->owner)
    refresh (self);
}

void
spare_window_watch_set_up (SpareWindow *self)
{
  static const char *const names[] = { "owner.ini", "authority.ini", "certificates" };
  const gsize folder_at = 2;
  g_autofree char *folder = spare_paths_dup_data_dir ();

  self->monitors = g_ptr_array_new_with_free_func (g_object_unref);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GFile) file = g_file_new_build_filename (folder, names[i], NULL);
      GFileMonitor *monitor = i == folder_at
                                  ? g_file_monitor_directory (file, G_FILE_MONITOR_NONE, NULL,
                                                              NULL)
                                  : g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);

      if (monitor
          == NULL) /* there is no such thing here: what is changed is seen when the window comes to the front */
        continue;
      g_signal_connect_object (monitor, "changed", G_CALLBACK (file_changed_cb), self,
                               G_CONNECT_SWAPPED);
      g_ptr_array_add (self->monitors, monitor);
    }
}

void
spare_window_came_to_front (SpareWindow *self)
{
  spare_window_check_state (self);
  file_changed_cb (self);
}
