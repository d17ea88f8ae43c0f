#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Secret Service that misbehaves in one way, for what a real one can't be made to do.

It holds one item for fingerprint 00…00, in a default collection that is locked until a prompt is answered.
Modes:  hang-in-call     nothing is ever answered, beyond the name being there
        hang-in-prompt   the prompt never completes
        die-in-prompt    the service ends while it prompts
        wrong-type       the prompt completes with a string where the specification has a list
        wrong-signal     the prompt completes with nothing at all
        dismiss          the prompt is dismissed
        still-locked     the prompt says that all is well, and it is not
        hide             a locked collection shows nothing to a search (as KeePassXC does)
        forget           what was stored reads back as something else
        hang-in-session  OpenSession never answers
"""
import os
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

MODE = sys.argv[1]
NAME = "org.freedesktop.secrets"
ROOT = "/org/freedesktop/secrets"
COLLECTION = ROOT + "/collection/one"
SECRET = "org.freedesktop.Secret."
PROPERTIES = "org.freedesktop.DBus.Properties"
bus = None
locked = MODE not in ("forget", "hang-in-session")
items = {}


class Object(dbus.service.Object):
    interface = ""

    def properties(self):
        return {}

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return self.properties()[name]

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return dbus.Dictionary(self.properties(), signature="sv")


class Item(Object):
    def __init__(self, path, attributes, value):
        super().__init__(bus, path)
        self.path, self.attributes, self.value = path, attributes, value

    def properties(self):
        return {
            "Locked": dbus.Boolean(locked),
            "Attributes": dbus.Dictionary(self.attributes, signature="ss"),
            "Label": "an item",
            "Created": dbus.UInt64(1),
            "Modified": dbus.UInt64(1),
        }

    @dbus.service.method(SECRET + "Item", in_signature="o", out_signature="(oayays)")
    def GetSecret(self, session):
        value = b"something else" if MODE == "forget" else self.value
        return (session, dbus.ByteArray(b""), dbus.ByteArray(value), "text/plain")

    @dbus.service.method(SECRET + "Item", in_signature="", out_signature="o")
    def Delete(self):
        del items[self.path]
        self.remove_from_connection()
        return dbus.ObjectPath("/")


def add_item(attributes, value):
    path = COLLECTION + "/%d" % len(items)
    items[path] = Item(path, attributes, value)
    return path


class Collection(Object):
    def properties(self):
        return {
            "Locked": dbus.Boolean(locked),
            "Items": dbus.Array(list(items), signature="o"),
            "Label": "a collection",
            "Created": dbus.UInt64(1),
            "Modified": dbus.UInt64(1),
        }

    @dbus.service.method(SECRET + "Collection", in_signature="a{sv}(oayays)b", out_signature="oo")
    def CreateItem(self, properties, secret, replace):
        path = add_item(properties[SECRET + "Item.Attributes"], bytes(secret[2]))
        return (dbus.ObjectPath(path), dbus.ObjectPath("/"))


class Prompt(dbus.service.Object):
    @dbus.service.method(SECRET + "Prompt", in_signature="s", out_signature="")
    def Prompt(self, window):
        GLib.idle_add(self.go_on)

    def go_on(self):
        global locked
        if MODE == "die-in-prompt":
            os._exit(0)
        elif MODE == "wrong-type":
            locked = False
            self.Completed(False, dbus.String("not a list", variant_level=1))
        elif MODE == "wrong-signal":
            self.Broken()
        elif MODE == "dismiss":
            self.Completed(True, dbus.Array([], signature="o", variant_level=1))
        elif MODE in ("still-locked", "hide"):
            locked = MODE == "still-locked"
            self.Completed(False, dbus.Array([COLLECTION], signature="o", variant_level=1))

    @dbus.service.method(SECRET + "Prompt", in_signature="", out_signature="")
    def Dismiss(self):
        pass

    @dbus.service.signal(SECRET + "Prompt", signature="bv")
    def Completed(self, dismissed, result):
        pass

    def Broken(self):
        message = dbus.lowlevel.SignalMessage(ROOT + "/prompt/1", SECRET + "Prompt", "Completed")
        bus.send_message(message)


class Service(Object):
    def properties(self):
        return {"Collections": dbus.Array([COLLECTION], signature="o")}

    @dbus.service.method(SECRET + "Service", in_signature="sv", out_signature="vo",
                         async_callbacks=("answer", "fail"))
    def OpenSession(self, algorithm, value, answer, fail):
        if MODE in ("hang-in-session",):
            return
        if algorithm != "plain":
            fail(dbus.DBusException("only plain", name="org.freedesktop.DBus.Error.NotSupported"))
            return
        answer(dbus.String("", variant_level=1), dbus.ObjectPath(ROOT + "/session/1"))

    @dbus.service.method(SECRET + "Service", in_signature="a{ss}", out_signature="aoao",
                         async_callbacks=("answer", "fail"))
    def SearchItems(self, attributes, answer, fail):
        found = [path for path, item in items.items()
                 if all(item.attributes.get(k) == v for k, v in attributes.items())]
        if locked and MODE == "hide":
            found = []
        answer(*(([], found) if locked else (found, [])))

    @dbus.service.method(SECRET + "Service", in_signature="ao", out_signature="aoo")
    def Unlock(self, paths):
        if not locked:
            return (paths, dbus.ObjectPath("/"))
        return (dbus.Array([], signature="o"), dbus.ObjectPath(ROOT + "/prompt/1"))

    @dbus.service.method(SECRET + "Service", in_signature="s", out_signature="o",
                         async_callbacks=("answer", "fail"))
    def ReadAlias(self, name, answer, fail):
        if MODE != "hang-in-call":
            answer(dbus.ObjectPath(COLLECTION))

    @dbus.service.method(SECRET + "Service", in_signature="aoo", out_signature="a{o(oayays)}")
    def GetSecrets(self, paths, session):
        return {path: (session, dbus.ByteArray(b""), dbus.ByteArray(items[path].value), "text/plain")
                for path in paths}


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
service = Service(bus, ROOT)
collection = Collection(bus, COLLECTION)
prompt = Prompt(bus, ROOT + "/prompt/1")
if MODE != "forget":
    add_item({"xdg:schema": "org.sparekey.SpareKey.Key", "fingerprint": "0" * 40,
              "kind": "passphrase"}, b"found")
name = dbus.service.BusName(NAME, bus)
GLib.MainLoop().run()
