# SPDX-License-Identifier: GPL-3.0-or-later
"""The application's window from the outside, for the tests of this folder. Runs inside tests/support/session --keyring.

What a person does (drag, paste, press keys) and what a screen reader is told; nothing of the program's inside.
"""

import collections
import os
import signal
import subprocess
import sys
import time

import uit
from gi.repository import Gio, GLib

SESSION = os.environ['TEST_SESSION']
# What the toolkit itself says without a fault of ours; each with its reason.
HARMLESS = (
    'did not receive a focus-out event', 'If you handle this event',  # GTK 4.8: an entry lost the window, not the focus
    'unable to send notifications',  # the session has no service that shows them
    'and height -1',  # libadwaita 1.2: its switcher of pages, where animations are off
    'default local file monitor',  # settings in a file, in a session without GVfs
)


def there(root):
    """ROOT and all below it that is not hidden. GTK 4.8 does not tell which page of a stack is in front: the focus does."""
    root.clear_cache()
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        try:
            children = [node.get_child_at_index(i) for i in range(node.get_child_count())]
            todo += [child for child in reversed(children) if child is not None
                     and (node == root or child.get_state_set().contains(uit.Atspi.StateType.VISIBLE))]
        except uit.GLib.Error:
            pass


Item = collections.namedtuple('Item', 'path name role states')
FOCUSED = 1 << 12
NO_CONTROLS = {23, 69, 75, 16, 2}  # frame, window, application, dialog, alert


def accessibility_bus():
    """The address of the bus on which programs of this session's screen tell what they show."""
    return Gio.bus_get_sync(Gio.BusType.SESSION).call_sync(
        'org.a11y.Bus', '/org/a11y/bus', 'org.a11y.Bus', 'GetAddress', None, None, Gio.DBusCallFlags.NONE, 5000,
        None).unpack()[0]


def connect(address):
    """A connection to the bus at that address."""
    return Gio.DBusConnection.new_for_address_sync(
        address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)


class Cache:
    """What the program has told screen readers already, in one call: a walk asks for each thing by itself."""

    def __init__(self, pid):
        self.bus = connect(accessibility_bus())
        names = self.ask('org.a11y.atspi.Registry', '/org/a11y/atspi/accessible/root', 'org.a11y.atspi.Accessible',
                         'GetChildren').unpack()
        self.program = next(name for name, _path in reversed(names) if self.process(name) == pid)

    def process(self, name):
        """Of which process a name on the bus is."""
        return self.bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                  'GetConnectionUnixProcessID', GLib.Variant('(s)', (name,)), None, Gio.DBusCallFlags.NONE,
                                  5000, None).unpack()[0]

    def ask(self, program, path, interface, method, parameters=None):
        return self.bus.call_sync(program, path, interface, method, parameters, None, Gio.DBusCallFlags.NONE, 10000,
                                  None).get_child_value(0)

    def ask_too_far(self):
        """Asks for a window of the program by a number that is too high: a screen reader does, when one was just closed."""
        try:
            self.ask(self.program, '/org/a11y/atspi/accessible/root', 'org.a11y.atspi.Accessible', 'GetChildAtIndex',
                     GLib.Variant('(i)', (9,)))
        except GLib.Error as error:
            assert not error.matches(Gio.dbus_error_quark(), Gio.DBusError.NO_REPLY), 'it ended'

    def items(self):
        """All that was told so far. There are hundreds: of each only what is wanted is taken out of the answer."""
        answer = self.ask(self.program, '/org/a11y/atspi/cache', 'org.a11y.atspi.Cache', 'GetItems')
        for item in (answer.get_child_value(i) for i in range(answer.n_children())):
            yield Item(item.get_child_value(0).get_child_value(1).get_string(), item.get_child_value(6).get_string(),
                       item.get_child_value(7).get_uint32(), item.get_child_value(9).get_child_value(0).get_uint32())


def names(root):
    """What there is, as text, for a message of failure."""
    return ' | '.join(f'{uit.role(node)} {uit.name(node)!r}' for node in there(root)
                      if uit.name(node) and not uit.name(node).startswith(('Gtk', 'Adw')))


def see(root, words, kind=None, seconds=20):
    """Waits for something that is not hidden and has these words in its name."""
    try:
        return uit.eventually(lambda: next((node for node in there(root) if uit.matches(node, kind, words)), None),
                              f'{kind or "something"} {words!r}', seconds)
    except AssertionError as error:
        raise AssertionError(f'{error}; there is: {names(root)}') from None


def press(root, words, seconds=20):
    """Presses the button with these words once it can be pressed. It is looked for anew each time: what is shown may be made anew."""
    def look():
        button = next((node for node in there(root) if uit.matches(node, 'button', words)), None)
        return button if button is not None and 'sensitive' in uit.states(button) else None
    try:
        button = uit.eventually(look, f'the button {words!r} to be ready', seconds)
    except AssertionError as error:
        raise AssertionError(f'{error}; there is: {names(root)}') from None
    uit.click(button)


class Window:
    """The application as a process, and its window."""

    def __init__(self, program, *files, environment=None, wait=True):
        self.program = program
        self.log = os.path.join(SESSION, f'app-{os.urandom(3).hex()}.log')
        self.environment = os.environ | {'G_DEBUG': ''} | (environment or {})
        with open(self.log, 'wb') as output:
            self.process = subprocess.Popen([program, *files], stdout=output, stderr=subprocess.STDOUT,
                                            env=self.environment)
        self.list = None
        if wait:
            self.root = uit.app('sparekey', pid=self.process.pid)
            self.cache = Cache(self.process.pid)

    def hand_over(self, *files):
        """What a second start of the program does with files; it ends by itself."""
        done = subprocess.run([self.program, *files], env=self.environment, capture_output=True, timeout=100, check=False)
        assert done.returncode == 0, done

    def see(self, words, kind=None, seconds=20):
        """Waits for something that is not hidden, with these words in its name."""
        return see(self.root, words, kind, seconds)

    def sees(self, words):
        """Whether something that is not hidden has these words at this moment."""
        return any(words in uit.name(node) for node in there(self.root))

    def hear(self, words, seconds=60):
        """Waits for what is said in passing. It is there for seconds, and a walk through all there is may take longer; it is not
        far below its window."""
        def look():
            self.root.clear_cache()
            level = [self.root]
            for _ in range(7):
                if any(uit.says(uit.name(node), words) for node in level):
                    return True
                below = [node.get_child_at_index(i) for node in level for i in range(min(node.get_child_count(), 12))]
                level = [node for node in below if node]
            return False
        uit.eventually(look, f'{words!r} to be said', seconds)

    def press(self, words, seconds=20):
        """Presses the button with these words once it can be pressed."""
        press(self.root, words, seconds)

    def rows(self):
        """What the list of jobs says, row by row, as it is read out."""
        if self.list is None:
            self.list = uit.find(self.root, 'list', 'Files')
        self.list.clear_cache()
        children = [self.list.get_child_at_index(i) for i in range(self.list.get_child_count())]
        return [uit.name(child) for child in children if child is not None]

    def row(self, *words, seconds=40):
        """Waits for a row that has all of these words."""
        try:
            return uit.eventually(lambda: [row for row in self.rows() if all(word in row for word in words)],
                                  f'a row with {words}', seconds)[0]
        except AssertionError as error:
            raise AssertionError(f'{error}; there are {self.rows()}; said: {self.complaints()}') from None

    def press_in_row(self, words, button, seconds=20):
        """Presses a button of the row with these words."""
        def look():
            self.rows()
            children = [self.list.get_child_at_index(i) for i in range(self.list.get_child_count())]
            return [found for child in children if words in uit.name(child) for found in uit.find_all(child, 'button', button)
                    if 'visible' in uit.states(found)]
        uit.click(uit.eventually(look, f'a button {button!r} in {words!r}', seconds)[0])

    def shown(self, title):
        """The program's window of that title, if there is one."""
        self.root.clear_cache()
        return next((child for child in (self.root.get_child_at_index(i) for i in range(self.root.get_child_count()))
                     if child and uit.name(child) == title), None)

    def dialog(self, title, seconds=20):
        """The program's window of that title, once there is one."""
        return uit.eventually(lambda: self.shown(title), f'the window {title!r}', seconds)

    def closed(self, words, seconds=10):
        """Waits until no window of the program has this title."""
        uit.eventually(lambda: not self.shown(words), f'the end of the window {words!r}', seconds)

    def clear(self):
        """Takes what is finished off the list."""
        uit.activate('clear-finished', window_number=1)

    def front(self, title='^Spare Key$'):
        """Brings the window to the front."""
        uit.xdotool('windowactivate', '--sync', uit.window(title))

    def complaints(self):
        """What the toolkit complained about so far, but for what is known to be harmless."""
        return uit.complaints(self.log, HARMLESS)

    def end(self, number=signal.SIGTERM):
        """Ends the program; nothing may have been complained about."""
        alive = self.process.poll()
        if alive is None:
            self.process.send_signal(number)
        status = self.process.wait(100)
        assert alive is None, f'it had ended with {status}: {open(self.log, errors="replace").read()}'
        assert not self.complaints(), '\n'.join(self.complaints())

    def focused(self):
        """The control that has the keyboard, or None while none has."""
        return next((item for item in self.cache.items() if item.states & FOCUSED and item.role not in NO_CONTROLS), None)

    def wait_focus(self, words, seconds=20):
        """Waits until the keyboard is on the control with these words."""
        try:
            return uit.eventually(lambda: (item := self.focused()) and words in item.name and item, f'the focus on {words!r}',
                                  seconds)
        except AssertionError as error:
            raise AssertionError(f'{error}; it is on {self.focused()}') from None

    def moved(self, before):
        """The control that has the keyboard after a key that moves it away from BEFORE.

        Of the text in an entry row nothing is told (GTK 4.8), so None is one too. Where there is nothing to wait for (from one
        such text to the next, or at the only control) it is waited for a while."""
        deadline = time.monotonic() + (5 if before else 1.5)
        while True:
            now = self.focused()
            if time.monotonic() > deadline or (now and now.path) != (before and before.path):
                return now
            time.sleep(0.02)

    def tab_to(self, words, limit=30, key='Tab'):
        """Presses Tab until the control with these words has the keyboard; what it passed."""
        passed = []
        for _ in range(limit):
            item = self.focused()
            if item and words in item.name:
                return passed
            passed.append(item)
            uit.keys(key)
            self.moved(item)
        raise AssertionError(f'{key} does not lead to {words!r}: {[item and item.name for item in passed]}')

    def tour(self, limit=60):
        """The names of all that Tab leads to, once round; of an entry's text nothing is told, and what has no name yet is "?"."""
        items, item = [], self.focused()
        for _ in range(limit):
            uit.keys('Tab')
            item = self.moved(item)
            if item and item.path in [known.path for known in items if known]:
                return [known.name if known else '?' for known in items]
            items.append(item)
        raise AssertionError(f'Tab does not come round: {items}')


def to_page(app, words, pages=('Files', 'Escrow', 'Check')):
    """Goes to a page of the window by keyboard: Tab leads to their buttons, and (libadwaita 1.7) arrows from one to the next."""
    for _ in range(30):
        item = app.focused()
        if item and item.name in pages:
            break
        uit.keys('Tab')
        app.moved(item)
    else:
        raise AssertionError('Tab does not lead to the pages')
    for _ in pages:
        item = app.focused()
        if item.name == words:
            break
        uit.keys('Right' if pages.index(words) > pages.index(item.name) else 'Left')
        app.moved(item)
    app.wait_focus(words)
    uit.keys('space')


def menu_item(app, words, place):
    """An item of the menu that is open. GTK 4.18 tells no names of a menu's items, of any program: there it is found by place."""
    def look():
        items = [node for node in there(app.root) if uit.matches(node, 'menu item', '')]
        named = [node for node in items if words in uit.name(node)]
        return named or (not any(uit.name(node) for node in items) and items[place:place + 1])
    return uit.eventually(look, f'the menu item {words!r}', 20)[0]


def on_screen(title):
    """Whether there is a window with this title."""
    return bool(subprocess.run(['xdotool', 'search', '--onlyvisible', '--name', title], check=False,
                               capture_output=True).stdout.strip())


def choose(path, *, title='Choose', root=None):
    """Gives a path to the desktop's file chooser, whose window is there by now or soon."""
    chooser = uit.window(title)
    uit.xdotool('windowactivate', '--sync', chooser)
    uit.fill_file_chooser(root or uit.app('sparekey'), path)
    uit.eventually(lambda: not on_screen(title), 'the end of the file chooser')


class DragSource:
    """A window that files are dragged from."""

    def __init__(self, program, *paths):
        self.process = subprocess.Popen([program, *paths], stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b'ready\n'
        os.set_blocking(self.process.stdout.fileno(), False)

    def drop_on_window(self, title='^Spare Key$', tries=5):
        """Drags the files onto the application's window, which has them then. On a busy computer the window may answer too late,
        and the button is let go over what takes nothing: a person tries again, and so do we."""
        for _ in range(tries):
            if b'cancel' not in self.drag(title):
                return
        raise AssertionError(f'the window takes nothing that is dragged onto it: {tries} tries')

    def drag(self, title):
        """Drags once; what the source said of it."""
        here, there = uit.window(title), uit.window('^Drag Source$')
        uit.place(here, 20, 20, 680, 600)
        uit.place(there, 900, 300)
        x, y, width, height = uit.geometry(there)
        uit.xdotool('windowactivate', '--sync', here)
        uit.drag(x + width // 2, y + height // 2, 330, 300)
        said = b''

        def ended():
            nonlocal said
            said += self.process.stdout.read() or b''
            return b'end\n' in said
        uit.eventually(ended, 'the end of the drag', 60)
        return said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def lock_keyring():
    """Locks the keyring, as a desktop does."""
    subprocess.run(['gdbus', 'call', '--session', '-d', 'org.freedesktop.secrets', '-o', '/org/freedesktop/secrets', '-m',
                    'org.freedesktop.Secret.Service.Lock', "['/org/freedesktop/secrets/collection/login']"],
                   check=True, capture_output=True)


def escaped(path):
    """A path that can be part of an AssertionError, whatever octets are in it."""
    return path.encode(sys.getfilesystemencoding(), 'surrogateescape')
