# SPDX-License-Identifier: GPL-3.0-or-later
"""A person's desk for the tests of the window: an authority made with stock gpg, a folder of documents, the application."""

import os
import signal
import subprocess

import uit

SESSION = os.environ['TEST_SESSION']
os.environ['G_DEBUG'] = ''
DOCUMENTS = os.path.join(SESSION, 'docs')
AUTHORITY_HOME = os.path.join(SESSION, 'ag')
CERTIFICATE = os.path.join(SESSION, 'authority.asc')
LOG = os.path.join(SESSION, 'app.log')
# What GTK 4.8 itself complains about when a window loses the focus to another one in the middle of a text entry, and GLib where
# nobody shows notifications. Complaints don't end the program, they are read from its log.
KNOWN_WARNINGS = ('org.freedesktop.Notifications', 'did not receive a focus-out event', 'If you handle this event', 'GDK_EVENT_PROPAGATE', 'gets the event')


def gpg(*arguments, home=AUTHORITY_HOME, data=None, check=True):
    return subprocess.run(['gpg', '--homedir', home, '--batch', '--yes', '--pinentry-mode', 'loopback', '--passphrase', '',
                           *arguments], input=data, capture_output=True, check=check)


def make_key(user_id, home=AUTHORITY_HOME):
    """A key of stock gpg; its fingerprint."""
    os.makedirs(home, mode=0o700, exist_ok=True)
    gpg('--quick-gen-key', user_id, 'ed25519', 'sign,cert', 'never', home=home)
    listed = gpg('--with-colons', '--list-keys', user_id, home=home).stdout.decode()
    fingerprint = next(line.split(':')[9] for line in listed.splitlines() if line.startswith('fpr'))
    gpg('--quick-add-key', fingerprint, 'cv25519', 'encr', 'never', home=home)
    return fingerprint


def make_authority(user_id='ACME Backup Authority <backup@acme.example>'):
    fingerprint = make_key(user_id)
    with open(CERTIFICATE, 'wb') as file:
        file.write(gpg('--armor', '--export', fingerprint).stdout)
    return fingerprint


def write(name, content, folder=DOCUMENTS):
    """A document; its path. NAME may be bytes."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(os.fsencode(folder), os.fsencode(name))
    with open(path, 'wb') as file:
        file.write(content)
    return os.fsdecode(path)


def read(path):
    with open(path, 'rb') as file:
        return file.read()


class Application:
    """The application under test, as a process."""

    running = []

    def __init__(self, program, *files):
        self.output = open(LOG, 'ab')
        self.process = subprocess.Popen([program, *files], stdout=self.output, stderr=subprocess.STDOUT)
        self.running.append(self)
        self.root = uit.app('sparekey')

    def wait_for(self, words, seconds=30, kind=None):
        return uit.find(self.root, kind, words, seconds)

    def end(self):
        self.running.remove(self)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.output.close()


def focused(root):
    """The control that has the keyboard."""
    root.clear_cache()
    for node in uit.walk(root):
        if 'focused' in uit.states(node) and uit.role(node) not in ('frame', 'window', 'application'):
            return node
    return None


def wait_focus(root, words, seconds=30):
    """Waits until the control with these words has the keyboard."""
    def look():
        node = focused(root)
        return node is not None and uit.says(uit.name(node), words) and node
    try:
        return uit.eventually(look, f'the focus on {words!r}', seconds)
    except AssertionError as error:
        node = focused(root)
        raise AssertionError(f'{error}; it is on {node and (uit.role(node), uit.name(node))}') from None


def type_into(root, words, value):
    """Types into the entry of that name, which has the keyboard: GTK 4.8 does not tell which part of a row has it."""
    entry = uit.find(root, 'entry', words)

    def takes():
        uit.type_text(value[0])
        return uit.text(entry)
    uit.eventually(takes, f'the keyboard in {words!r}')
    uit.keys('ctrl+a')
    uit.type_text(value)
    uit.eventually(lambda: uit.text(entry) == value, f'{value!r} in {words!r}')


def choose_in_dialog(path):
    """Gives a path to the desktop's file chooser, which is there by now or soon."""
    def dialog():
        answer = subprocess.run(['xdotool', 'getactivewindow', 'getwindowname'], capture_output=True, text=True, check=False)
        return answer.stdout.strip() not in ('', 'Spare Key', *uit.ways('Preferences'))
    uit.eventually(dialog, 'the file chooser', 20)
    uit.fill_file_chooser(uit.app('sparekey'), path)


def set_up(application, name='Ada Owner', email='ada@example.org'):
    """The first-start assistant by keyboard alone."""
    root = application.root
    wait_focus(root, 'Create a New Key')
    uit.keys('Return')
    type_into(root, 'Name', name)
    uit.keys('Tab')
    type_into(root, 'Email', email)
    uit.keys('Return')
    application.wait_for('Step 2 of 3', 90)
    wait_focus(root, 'Choose Certificate File')
    uit.keys('Return')
    choose_in_dialog(CERTIFICATE)
    wait_focus(root, 'Does Not Match')
    uit.keys('Tab')
    wait_focus(root, 'Matches')
    uit.keys('Return')
    wait_focus(root, 'Start')
    uit.keys('Return')
    application.wait_for('ACME Backup Authority')


def warnings():
    """What the toolkit complained about so far."""
    return uit.complaints(LOG, KNOWN_WARNINGS)


def place_of(node):
    """Where a control is, in words: the names above it."""
    names = []
    while node is not None and uit.role(node) != 'application':
        names.append(f'{uit.role(node)} {uit.name(node)!r}')
        node = node.get_parent()
    return ' < '.join(name for name in names if not name.endswith("''") or name is names[0])


def nameless(root):
    """Controls without a name, beside those that libadwaita 1.2 itself makes without one."""
    return [place_of(node) for node in uit.walk(root)
            if uit.role(node) in uit.INTERACTIVE and 'focusable' in uit.states(node)
            and (not uit.name(node) or uit.name(node).startswith('Gtk')) and not made_by_toolkit(node)]


def made_by_toolkit(node):
    """The close button of a toast, what is in an entry's row, the search of the preferences, what a combo row offers."""
    place = place_of(node)
    if uit.name(node) == 'GtkImage':
        return 'AdwToastWidget' in place or "< text '" in place or ("'AdwGizmo'" in place and "frame 'Preferences'" in place)
    return uit.name(node) == 'GtkSearchEntry' or 'combo box' in place


def rows(application):
    """What the list of jobs says, row by row."""
    lists = uit.find_all(application.root, 'list', 'Files')
    return [uit.name(node) for node in uit.find_all(lists[0], 'row', '')] if lists else []


def wait_row(application, *words, seconds=40):
    """Waits for a row that has all of these words."""
    try:
        return uit.eventually(lambda: [row for row in rows(application) if all(uit.says(row, word) for word in words)],
                              f'a row with {words}', seconds)[0]
    except AssertionError as error:
        raise AssertionError(f'{error}; there are {rows(application)}; log: {warnings()}') from None
