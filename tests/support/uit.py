# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a GTK 4 application as a person would, inside tests/support/session.

By what a screen reader is told (AT-SPI): app, find, click, text, set_text, states, unnamed.
By mouse and keyboard (xdotool): window, move_window, drag, keys, type_text.
By the application's own actions on the bus: activate.

Works on what GTK 4.8 says and on what GTK 4.18 says: names of roles differ, so roles are named by the words of KINDS.
Everything is waited for, up to a deadline; nothing is asserted about a moment.
"""

import os
import subprocess
import time

import gi
gi.require_version('Atspi', '2.0')
gi.require_version('Gio', '2.0')
from gi.repository import Atspi, Gio, GLib  # noqa: E402

Atspi.init()
Atspi.set_timeout(2000, 5000)

# Our word for a kind of control: what the toolkits' versions call it.
KINDS = {
    'button': {'push button', 'button', 'toggle button'},
    'switch': {'check box', 'switch', 'toggle button'},
    'check': {'check box', 'radio button'},
    'entry': {'text', 'entry', 'password text'},
    'label': {'label', 'static', 'heading'},
    'menu item': {'menu item', 'check menu item', 'radio menu item'},
    'row': {'list item', 'row', 'table cell'},
    'dialog': {'dialog', 'alert', 'window', 'frame'},
    'window': {'frame', 'window'},
    'tab': {'page tab', 'tab', 'radio button', 'toggle button'},
    'progress': {'progress bar'},
}
INTERACTIVE = set().union(*(KINDS[kind] for kind in ('button', 'switch', 'check', 'entry', 'menu item', 'row', 'tab'))) | {
    'combo box', 'spin button', 'slider', 'link'}


# Deadlines are named as for a computer that does nothing else; a busy one gets this many times as long.
PATIENCE = 4


def eventually(condition, what='the condition', seconds=10):
    """What CONDITION returns once it is true; fails after the deadline. What vanishes while it is read counts as false."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        try:
            value = condition()
        except GLib.Error:
            value = None
        if value:
            return value
        assert time.monotonic() < deadline, f'{what} did not come about in {seconds} s'
        time.sleep(0.03)


def walk(node):
    """NODE and everything below it, as it is now."""
    yield node
    try:
        children = [node.get_child_at_index(i) for i in range(node.get_child_count())]
    except GLib.Error:
        return
    for child in children:
        if child is not None:
            yield from walk(child)


def role(node):
    return node.get_role_name()


def name(node):
    return (node.get_name() or '').strip()


def states(node):
    node.clear_cache()
    return {state.value_nick for state in node.get_state_set().get_states()}


def describe(node, depth=0):
    """The tree as text, for a message of failure."""
    try:
        lines = ['  ' * depth + f'{role(node)} {name(node)!r}']
        for i in range(node.get_child_count()):
            child = node.get_child_at_index(i)
            if child is not None:
                lines.append(describe(child, depth + 1))
    except GLib.Error:
        return '  ' * depth + '(gone)'
    return '\n'.join(lines)


def app(program, seconds=20, pid=None):
    """The application whose program is called PROGRAM (and which is that process), once it shows a window."""
    def look():
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            found = desktop.get_child_at_index(i)
            if found and found.get_name() == program and found.get_child_count() and pid in (None, found.get_process_id()):
                return found
        return None
    return eventually(look, f'a window of {program}', seconds)


def ways(words):
    """The ways in which the program says these words: a script for another language replaces this."""
    return [words]


def says(text, words):
    """Whether the program's text has these words in it."""
    return any(way in text for way in ways(words))


def matches(node, kind, words):
    return (kind is None or role(node) in KINDS.get(kind, {kind})) and says(name(node), words)


def find_all(root, kind=None, words=''):
    """All of that kind, with WORDS in their name."""
    root.clear_cache()
    found = []
    for node in walk(root):
        try:
            if matches(node, kind, words):
                found.append(node)
        except GLib.Error:
            pass
    return found


def find(root, kind=None, words='', seconds=10):
    """The first of that kind with WORDS in its name, once there is one."""
    try:
        return eventually(lambda: find_all(root, kind, words), f'{kind} {words!r}', seconds)[0]
    except AssertionError as error:
        raise AssertionError(f'{error}; there is:\n{describe(root)}') from None


def gone(root, kind=None, words='', seconds=10):
    """Waits until there is none any more."""
    eventually(lambda: not find_all(root, kind, words), f'the end of {kind} {words!r}', seconds)


def click(node, action=None):
    """Does what a click on it does, or the action of that name."""
    for i in range(node.get_n_actions()):
        if action is None or node.get_action_name(i) == action:
            assert node.do_action(i), f'{role(node)} {name(node)!r} refused'
            return
    raise AssertionError(f'{role(node)} {name(node)!r} can\'t be clicked')


def text(node):
    """What is written in an entry."""
    node.clear_cache()
    return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))


def set_text(node, value):
    assert Atspi.EditableText.set_text_contents(node, value), f'{name(node)!r} can\'t be written to'
    eventually(lambda: text(node) == value, f'the text {value!r}')


def unnamed(root):
    """Controls that can be reached but have no name to be read out. libadwaita 1.2 forgot the close button of its toasts."""
    return [f'{role(node)} {name(node)!r}' for node in walk(root)
            if role(node) in INTERACTIVE and 'focusable' in states(node)
            and (not name(node) or (name(node).startswith('Gtk') and name(node) != 'GtkImage'))]


# --- mouse, keyboard, windows --------------------------------------------------------------------------------------

def xdotool(*arguments):
    return subprocess.run(['xdotool', *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def window(pattern, by='--name', seconds=20):
    """The X window whose title (or class, with by='--class') fits the pattern, once it is on the screen."""
    def look():
        answer = subprocess.run(['xdotool', 'search', '--onlyvisible', by, pattern], capture_output=True, text=True,
                                check=False)
        return answer.stdout.split()
    return eventually(look, f'a window {pattern!r}', seconds)[-1]


def geometry(identifier):
    """(x, y, width, height) of an X window on the screen."""
    values = dict(line.split('=') for line in xdotool('getwindowgeometry', '--shell', identifier).split() if '=' in line)
    return tuple(int(values[key]) for key in ('X', 'Y', 'WIDTH', 'HEIGHT'))


def place(identifier, x, y, width=None, height=None):
    """Moves (and resizes) a window, and waits until it stays where it is."""
    if width:
        xdotool('windowsize', identifier, width, height)
    xdotool('windowmove', identifier, x, y)
    last = []

    def settled():
        last.append(geometry(identifier))
        return len(last) > 5 and len(set(last[-5:])) == 1
    eventually(settled, 'a window at rest')


def keys(*names):
    xdotool('key', '--delay', 30, *names)


def type_text(value):
    xdotool('type', '--delay', 10, '--', value)


def drag(from_x, from_y, to_x, to_y):
    """Drags with the mouse; a jump would start no drag, so it is the script's many small steps."""
    subprocess.run([os.path.join(os.path.dirname(os.path.abspath(__file__)), 'drag'),
                    *map(str, (from_x, from_y, to_x, to_y))], check=True)


def fill_file_chooser(application, path):
    """Gives a path to the desktop's file chooser that has the keyboard, and confirms it.

    The first "/" opens the field for it. The rest is put there at once: the field completes what is typed, and mixes it up on
    GTK 4.18 when it is typed faster than a folder is read. What is typed before the file chooser is ready for it is lost.
    """
    def field():
        return next((entry for entry in find_all(application, 'entry') if text(entry).startswith('/')), None)
    for more in 4, 3, 2, 1, 0:
        type_text('/')
        try:
            found = eventually(field, 'the field of the file chooser', 4)
            break
        except AssertionError:
            if not more:
                raise
    set_text(found, path)
    keys('Return')


def screenshot(path, identifier='root'):
    subprocess.run(['import', '-window', identifier, path], check=True)


# What libcloudproviders (the file chooser's, Debian 13) says when it is closed soon: it calls something on nothing, in two lines.
CLOSED_SOON = 'invalid (NULL) pointer instance', 'g_signal_connect_data: assertion \'G_TYPE_CHECK_INSTANCE (instance)\' failed'


def complaints(log, harmless=()):
    """What the toolkit complained about in a log, but for what has one of the harmless words."""
    with open(log, encoding='utf-8', errors='replace') as file:
        lines = [line.strip() for line in file if line.strip()]
    found = []
    for before, line in zip([''] + lines, lines):
        complaint = any(word in line for word in ('WARNING', 'CRITICAL', 'ERROR')) and '-DEBUG' not in line
        second = CLOSED_SOON[0] in before and CLOSED_SOON[1] in line
        if complaint and not second and not any(known in line for known in (CLOSED_SOON[0], *harmless)):
            found.append(line)
    return found


# --- actions on the bus --------------------------------------------------------------------------------------------

def activate(action, *parameters, application='org.sparekey.SpareKey', window_number=None, bus=None):
    """Activates an action of the application, or of one of its windows. Parameters are GLib.Variants. BUS: not the session's."""
    path = '/' + application.replace('.', '/') + (f'/window/{window_number}' if window_number else '')
    (bus or Gio.bus_get_sync(Gio.BusType.SESSION)).call_sync(
        application, path, 'org.gtk.Actions', 'Activate', GLib.Variant('(sava{sv})', (action, list(parameters), {})),
        None, Gio.DBusCallFlags.NONE, 10000, None)
