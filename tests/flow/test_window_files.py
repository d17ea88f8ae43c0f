# SPDX-License-Identifier: GPL-3.0-or-later
"""Files into the window in every way that there is, and what becomes of them. Stock gpg and stock Nautilus are the judges."""

import os
import shutil
import socket
import subprocess
import sys

import owner as people
import tap
import uit
import window

PROGRAM, TOOL, SOURCE = sys.argv[1:4]
ada = people.Owner(TOOL)
authority = people.Authority()
fingerprint = ada.create()
ada.trust(authority)
# Nothing can be moved to the trash from a file system that has none: the test's folder and the homes lie on one.
WORK = people.folder('docs')
app = window.Window(PROGRAM)
HOSTILE = ['a <b>bold<b>.txt', 'x&y.txt', 'evil\u202egpj.exe', 'line\nbreak.txt', os.fsdecode(b'bad\xff\xfe.bin'), 'n' * 200, '-r',
           '%s%n.txt', 'two  words.txt']


def path_of(name):
    return os.path.join(WORK, name)


def put(name, content=b'a letter\n'):
    return people.put(path_of(name), content)


def recipients(path):
    """Key ids that stock gpg finds at the head of a file."""
    return [line.rpartition('keyid ')[2] for line in authority.packets(path).splitlines() if ':pubkey enc packet:' in line]


def encrypted(path, content):
    """PATH.gpg opens with the authority's key and with the owner's, and PATH is as it was."""
    assert authority.decrypt(path + '.gpg') == content
    found = recipients(path + '.gpg')
    assert len(found) == 2 and authority.subkeys()[0] in found, found
    assert people.get(path) == content


def drag():
    """A file dragged onto the window becomes FILE.gpg, which stock gpg opens with the authority's key."""
    path = put('dragged é.txt', b'by hand\n')
    with window.DragSource(SOURCE, path) as source:
        source.drop_on_window()
        app.row('dragged é.txt', 'Encrypted')
    encrypted(path, b'by hand\n')


def owners_key():
    """Stock gpg opens it with the owner's key too."""
    secret = os.path.join(window.SESSION, 'ada.asc')
    people.with_passphrase(lambda *options, fds: ada.run('key', 'export', '--secret', '--to', secret, *options, fds=fds), 'word')
    stock = people.Gpg('owner')
    stock.run('--pinentry-mode', 'loopback', '--passphrase', 'word', '--import', secret)
    done = stock.run('--pinentry-mode', 'loopback', '--passphrase', 'word', '--decrypt', path_of('dragged é.txt.gpg'))
    assert done.stdout == b'by hand\n'


def need_nautilus():
    if shutil.which('nautilus') is None:
        raise tap.Skip('NAUTILUS IS NOT INSTALLED: nothing was dragged from a real file manager')


class Nautilus:
    """The desktop's real file manager, showing one folder in which everything is selected."""

    def __init__(self, folder):
        # What it complains about (no trash, no bookmarks, no tracker) is not ours, and is not to end it.
        log = os.path.join(window.SESSION, 'nautilus.log')
        with open(log, 'wb') as output:
            self.process = subprocess.Popen(['nautilus', '--new-window', folder], stdout=output, stderr=output,
                                            env=os.environ | {'G_DEBUG': ''})
        try:
            self.window = uit.window('nautilus', by='--class', seconds=40)
        except AssertionError as error:
            with open(log, encoding='utf-8', errors='replace') as output:
                raise AssertionError(f'{error}: status {self.process.poll()}: {output.read()}') from None
        uit.place(self.window, 740, 60, 530, 420)
        self.root = uit.app('org.gnome.Nautilus', 40)

    def icon(self, words):
        """Where a file is on the screen."""
        node = uit.find(self.root, 'table cell', words, 20)

        def box():
            area = node.get_extents(uit.Atspi.CoordType.WINDOW)
            return area if area.width > 0 and area.height > 0 else None
        area = uit.eventually(box, 'its place')
        x, y, _, _ = uit.geometry(self.window)
        # Five: the frame that GTK 4 draws round its windows where there is no compositor.
        return x + 5 + area.x + area.width // 2, y + 5 + area.y + min(area.height // 2, 50)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def drag_from_nautilus():
    """A file dragged from Nautilus onto the window becomes FILE.gpg, with both recipients."""
    need_nautilus()
    folder = people.folder('shown')
    path = people.put(os.path.join(folder, 'from files.txt'), b'from a real file manager\n')
    with Nautilus(folder) as files:
        here = uit.window('^Spare Key$')
        uit.place(here, 20, 20, 680, 600)
        uit.xdotool('windowactivate', '--sync', files.window)
        uit.drag(*files.icon('from files.txt'), 330, 300)
        app.row('from files.txt', 'Encrypted')
    encrypted(path, b'from a real file manager\n')


def paste_from_nautilus():
    """Files copied in Nautilus are pasted with Ctrl+V."""
    need_nautilus()
    folder = people.folder('copied')
    paths = [people.put(os.path.join(folder, f'copied {number}.txt'), b'copied\n') for number in (1, 2)]
    with Nautilus(folder) as files:
        x, y = files.icon('copied 1.txt')
        uit.xdotool('windowactivate', '--sync', files.window)
        uit.xdotool('mousemove', x, y, 'click', 1)
        uit.keys('ctrl+a')
        uit.keys('ctrl+c')
        app.front()
        uit.keys('ctrl+v')
        for path in paths:
            app.row(os.path.basename(path), 'Encrypted')
    for path in paths:
        encrypted(path, b'copied\n')


def nothing_to_paste():
    """With nothing to paste, that is said."""
    # What Nautilus had copied went with it: a word is on the clipboard at most.
    app.front()
    uit.keys('ctrl+v')
    app.see('There are no copied files to paste')


def chosen():
    """Ctrl+O lets a file be chosen."""
    path = put('chosen.txt')
    app.front()
    uit.keys('ctrl+o')
    window.choose(path)
    app.row('chosen.txt', 'Encrypted')
    encrypted(path, b'a letter\n')


def second_start():
    """A second start hands its files to the window that is there, and ends."""
    path = put('handed over.txt')
    app.hand_over(path)
    app.row('handed over.txt', 'Encrypted')
    encrypted(path, b'a letter\n')
    assert app.process.poll() is None


def drop_encrypted():
    """A dropped FILE.gpg is opened; what is there already is not overwritten."""
    path = put('letter.txt', b'of today\n')
    app.hand_over(path)
    app.row('letter.txt', 'Encrypted')
    people.put(path, b'changed since\n')
    app.clear()
    with window.DragSource(SOURCE, path + '.gpg') as source:
        source.drop_on_window()
        row = app.row('letter.txt.gpg', 'Opened')
    assert people.get(path) == b'changed since\n'
    others = [name for name in people.names(WORK) if name.startswith('letter') and name not in ('letter.txt', 'letter.txt.gpg')]
    assert len(others) == 1 and people.get(path_of(others[0])) == b'of today\n', (others, row)


def hostile_names():
    """Names that try to be markup, formats, options or to be read backwards are shown as they are, and kept."""
    app.clear()
    folder = people.folder('hostile')
    paths = [people.put(os.path.join(folder, name), b'whatever its name\n') for name in HOSTILE]
    with window.DragSource(SOURCE, *paths) as source:
        source.drop_on_window()
        for path in paths:
            uit.eventually(lambda path=path: os.path.exists(path + '.gpg'), repr(path + '.gpg'), 60)
    uit.place(uit.window('^Spare Key$'), 20, 10, 680, 840)  # GTK 4.18 tells of the rows in sight only
    uit.eventually(lambda: sum('Encrypted' in row for row in app.rows()) == len(HOSTILE), f'all rows: {app.rows()}', 60)
    rows = app.rows()
    for path in paths:
        encrypted(path, b'whatever its name\n')
    for shown in 'a <b>bold<b>.txt, ', 'x&y.txt, ', '%s%n.txt, ', '-r, ', 'two  words.txt, ', 'n' * 200 + ', ':
        assert any(row.startswith(shown) for row in rows), (shown, rows)
    for name in 'evil', 'line', 'bad':
        row = next(row for row in rows if row.startswith(name))
        assert row.isprintable() and len(row.partition(',')[0]) > len(name) + 4, ascii(row)
    assert not any(character in row for row in rows for character in '\n\u202e\ufffd'), rows
    assert not app.complaints(), app.complaints()


def told_in_row():
    """A FIFO, a socket and a device say so in their rows; nothing is made of them."""
    app.clear()
    fifo, listening = path_of('pipe'), path_of('plug')
    os.mkfifo(fifo)
    plug = socket.socket(socket.AF_UNIX)
    plug.bind(listening)
    before = people.names(WORK)
    app.hand_over(fifo, listening, '/dev/zero')
    for name in 'pipe', 'plug', 'zero':
        row = app.row(name + ', ', 'not')
        assert 'Encrypted' not in row, row
    assert people.names(WORK) == before
    plug.close()


def try_again():
    """A file that is not there is told in its row, and Try Again works once it is."""
    app.clear()
    path = path_of('later.txt')
    app.hand_over(path)
    uit.eventually(lambda: any('later.txt' in row and 'Waiting' not in row for row in app.rows()), 'the refusal')
    assert not os.path.exists(path + '.gpg')
    people.put(path, b'here now\n')
    app.press_in_row('later.txt', 'Try Again')
    app.row('later.txt', 'Encrypted')
    encrypted(path, b'here now\n')


def damaged():
    """A damaged file releases nothing and says so."""
    app.clear()
    path = put('whole.bin', os.urandom(100000))
    app.hand_over(path)
    app.row('whole.bin', 'Encrypted')
    octets = bytearray(people.get(path + '.gpg'))
    octets[-100] ^= 1
    before = people.names(WORK)
    broken = put('broken.bin.gpg', bytes(octets))
    app.hand_over(broken)
    row = app.row('broken.bin.gpg', 'damaged')
    assert 'Opened' not in row, row
    assert people.names(WORK) == sorted(before + ['broken.bin.gpg'])


def undo():
    """Ctrl+Z takes the newest result back; the original was never touched."""
    app.clear()
    path = put('regret.txt', b'oops\n')
    app.hand_over(path)
    app.row('regret.txt', 'Encrypted')
    app.front()
    uit.keys('ctrl+z')
    uit.eventually(lambda: not os.path.exists(path + '.gpg'), 'the end of the output')
    assert people.get(path) == b'oops\n'


def undo_trash():
    """With "Move Originals to Trash", Undo brings the original back."""
    app.clear()
    uit.activate('preferences')
    uit.window('^Preferences$')
    switch = app.see('Originals to the Trash', 'switch')
    uit.click(switch)
    uit.eventually(lambda: 'checked' in uit.states(switch), 'the switch to be on')
    uit.keys('Escape')
    home = os.path.join(os.environ['HOME'], 'Documents')
    os.makedirs(home)
    path = people.put(os.path.join(home, 'binned.txt'), b'precious\n')
    app.front()
    app.hand_over(path)
    app.row('binned.txt', 'Encrypted')
    assert people.names(home) == ['binned.txt.gpg'], people.names(home)
    assert authority.decrypt(path + '.gpg') == b'precious\n'
    app.press_in_row('binned.txt', 'Undo')
    uit.eventually(lambda: people.names(home) == ['binned.txt'], f'the way back: {people.names(home)}')
    assert people.get(path) == b'precious\n'
    uit.activate('preferences')
    uit.window('^Preferences$')
    uit.click(app.see('Originals to the Trash', 'switch'))
    uit.keys('Escape')


def cancel():
    """A large file cancelled half-way leaves nothing behind."""
    app.clear()
    path = path_of('large.bin')
    with open(path, 'wb') as file:
        file.truncate(4 << 30)
    before = people.names(WORK)
    app.hand_over(path)
    uit.eventually(lambda: any('large.bin' in row and 'Waiting' not in row for row in app.rows()), 'its start')
    app.press_in_row('large.bin', 'Cancel')
    app.row('large.bin', 'ancelled')
    assert people.names(WORK) == before, set(people.names(WORK)) - set(before)
    os.unlink(path)


def detached():
    """By deposit only: one recipient in the file, the authority's packet in the outbox."""
    app.end()
    folder = os.path.join(window.SESSION, 'xdg/sparekey')
    os.makedirs(folder)
    people.put(os.path.join(folder, 'policy.ini'), b'[Escrow]\nMode=detached\n')
    other = window.Window(PROGRAM, environment={'XDG_CONFIG_DIRS': os.path.dirname(folder)})
    try:
        other.see('by deposit')
        path = put('deposit.txt')
        other.hand_over(path)
        other.row('deposit.txt', 'Encrypted')
        found = recipients(path + '.gpg')
        assert len(found) == 1 and found[0] not in authority.subkeys(), found
    finally:
        other.end()


def beside_the_tool():
    """What the command line makes beside an open window is in its list of packets."""
    path = put('beside.txt')
    beside = window.Window(PROGRAM)
    try:
        uit.click(uit.find(beside.root, 'tab', 'Escrow'))
        packets = uit.find(beside.root, 'list', 'Escrow packets', 20)
        people.Owner(TOOL).run('encrypt', path)
        uit.eventually(lambda: uit.find_all(packets, 'row', 'beside.txt'), 'the packet of the tool', 20)
    finally:
        beside.end()


def locked():
    """With the keyring locked the window says so, and a file is left as it was."""
    path = put('locked.txt')
    people.Owner(TOOL).run('encrypt', path)
    os.unlink(path)
    before = people.names(WORK)
    locking = window.Window(PROGRAM)
    try:
        locking.see('(you)')
        window.lock_keyring()
        locking.hand_over(path + '.gpg')
        row = uit.eventually(lambda: [row for row in locking.rows() if 'locked.txt.gpg' in row and 'keyring' in row],
                             'the row to say so')[0]
        assert 'Opened' not in row, row
        assert people.names(WORK) == before
    finally:
        locking.end()


def locked_start():
    """Started with the keyring locked, the window says so."""
    starting = window.Window(PROGRAM)
    try:
        starting.see('keyring is locked')
    finally:
        starting.end()


tap.run(drag, owners_key, drag_from_nautilus, paste_from_nautilus, nothing_to_paste, chosen, second_start, drop_encrypted,
        hostile_names, told_in_row, try_again, damaged, undo, undo_trash, cancel, detached, beside_the_tool, locked,
        locked_start)
