#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A prompter for gnome-keyring whose person always says no."""
import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib


class Prompter(dbus.service.Object):
    interface = "org.gnome.keyring.internal.Prompter"

    def answer(self, sender, callback, reply):
        bus.call_async(sender, callback, self.interface + ".Callback", "PromptReady", "sa{sv}s",
                       (reply, dbus.Dictionary({}, signature="sv"), ""), None, None)

    @dbus.service.method(interface, in_signature="o", out_signature="", sender_keyword="sender")
    def BeginPrompting(self, callback, sender=None):
        # Only after the return of this call: the other side is not ready for it before.
        GLib.idle_add(self.answer, sender, callback, "")

    @dbus.service.method(interface, in_signature="osa{sv}s", out_signature="",
                         sender_keyword="sender")
    def PerformPrompt(self, callback, kind, properties, exchange, sender=None):
        GLib.idle_add(self.answer, sender, callback, "no")

    @dbus.service.method(interface, in_signature="o", out_signature="", sender_keyword="sender")
    def StopPrompting(self, callback, sender=None):
        bus.call_async(sender, callback, self.interface + ".Callback", "PromptDone", "", (),
                       None, None)


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
prompter = Prompter(bus, "/org/gnome/keyring/Prompter")
name = dbus.service.BusName("org.gnome.keyring.SystemPrompter", bus)
GLib.MainLoop().run()
