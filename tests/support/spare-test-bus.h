/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A private session bus with nothing on it, and a real gnome-keyring on that, for every folder's tests.
 *
 * Make one for the whole program, before anything connects to a session bus, and keep it: GLib holds on to the
 * first session bus that it meets. Keyrings come and go on it. Everything ends with the program, even when
 * that is killed. */
typedef struct _SpareTestBus SpareTestBus;

/* Starts dbus-daemon without service folders (nothing is started by itself), points DBUS_SESSION_BUS_ADDRESS
 * at it and takes DISPLAY and WAYLAND_DISPLAY away. */
SpareTestBus *spare_test_bus_new (void);
void spare_test_bus_free (SpareTestBus *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareTestBus, spare_test_bus_free)

/* A new gnome-keyring with an empty, open default keyring. */
void spare_test_bus_start_keyring (SpareTestBus *self);
/* A new gnome-keyring that has no default keyring. */
void spare_test_bus_start_bare_keyring (SpareTestBus *self);
/* Locks the default keyring. There is no prompter on this bus, unless the test brings one. */
void spare_test_bus_lock_keyring (SpareTestBus *self);
/* Opens it again, by starting gnome-keyring anew on what it has stored. */
void spare_test_bus_unlock_keyring (SpareTestBus *self);
/* As after a new start of the session: gnome-keyring is started anew on what it has stored, locked. */
void spare_test_bus_restart_locked_keyring (SpareTestBus *self);
/* Ends gnome-keyring, or the service that stands in for it; its name is free then. */
void spare_test_bus_stop_keyring (SpareTestBus *self);

/* Starts another program on this bus and waits until it owns @name. What owns org.freedesktop.secrets counts
 * as the keyring and is stopped as it is. Programs die with the test. */
GPid spare_test_bus_spawn (SpareTestBus *self, const char *name, const char *const *argv);
void spare_test_bus_kill (SpareTestBus *self, GPid pid);

/* Waits until @name has an owner, or has none. */
void spare_test_bus_wait_name (SpareTestBus *self, const char *name, gboolean owned);

const char *spare_test_bus_get_address (SpareTestBus *self);
/* A short private folder that goes with the bus. */
const char *spare_test_bus_get_dir (SpareTestBus *self);

G_END_DECLS
