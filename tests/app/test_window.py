# SPDX-License-Identifier: GPL-3.0-or-later
"""The window as a person uses it: real keyring, real gpg, real drags. The points tell one story, in this order."""

import os
import shutil
import subprocess
import sys

PROGRAM, DRAG_SOURCE, CLIP_SOURCE, SUPPORT, HOUSE = sys.argv[1:6]
sys.path[:0] = [SUPPORT, HOUSE]

import desk  # noqa: E402
import tap  # noqa: E402
import uit  # noqa: E402

FINGERPRINT = desk.make_authority()
APP = desk.Application(PROGRAM)
STORY = {}
NAMES = ['two words.txt', '-r', '%s%n.txt', 'r&d <b>x.txt', 'line\nbreak.txt', 'evil\u202egpj.exe', b'bad\xff\xfe.bin', 'x' * 200]


def recipients(path):
    packets = desk.gpg('--list-packets', path, check=False).stdout.decode()
    return packets.count(':pubkey enc packet:')


def opened_by_authority(path, content):
    got = desk.gpg('--decrypt', path)
    assert got.stdout == content, got.stdout[:100]


def first_start():
    """The first start leads by keyboard to a key in the keyring and a trusted authority."""
    desk.set_up(APP)
    found = subprocess.run(['secret-tool', 'search', '--all', 'xdg:schema', 'org.sparekey.SpareKey.Key'],
                           capture_output=True, text=True, check=False)
    assert 'kind = secret-key' in found.stdout + found.stderr, found
    pin = desk.read(os.path.join(os.environ['XDG_DATA_HOME'], 'sparekey', 'authority.ini')).decode()
    assert FINGERPRINT in pin, pin
    APP.wait_for('Ada Owner (you)')
    STORY['begun'] = True


def chosen():
    """A chosen file becomes FILE.gpg, which stock gpg opens with the authority's key."""
    path = desk.write('report.txt', b'numbers\n' * 1000)
    uit.activate('choose-files', window_number=1)
    desk.choose_in_dialog(path)
    desk.wait_row(APP, 'report.txt', 'Encrypted')
    opened_by_authority(path + '.gpg', b'numbers\n' * 1000)
    assert recipients(path + '.gpg') == 2
    assert desk.read(path) == b'numbers\n' * 1000, 'the original is not what it was'


def dragged():
    """A file dragged onto the window comes out encrypted."""
    path = desk.write('dragged é.txt', b'by mouse')
    source = subprocess.Popen([DRAG_SOURCE, path], stdout=subprocess.PIPE, text=True)
    try:
        assert source.stdout.readline() == 'ready\n'
        here, there = uit.window('^Spare Key$'), uit.window('^Drag Source$')
        uit.place(here, 20, 20, 680, 560)
        uit.place(there, 800, 300)
        x, y, width, height = uit.geometry(there)
        uit.drag(x + width // 2, y + height // 2, 300, 300)
        desk.wait_row(APP, 'dragged é.txt', 'Encrypted')
        opened_by_authority(path + '.gpg', b'by mouse')
    finally:
        source.terminate()
        source.wait()


def from_file_manager():
    """A file dragged from the file manager comes out encrypted."""
    if not shutil.which('nautilus'):
        raise tap.Skip('no nautilus')
    folder = os.path.join(desk.SESSION, 'shelf')
    path = desk.write('from the shelf.txt', b'by nautilus', folder=folder)
    with open(os.devnull, 'w', encoding='utf-8') as nowhere:
        manager = subprocess.Popen(['nautilus', '--new-window', folder], stdout=nowhere, stderr=nowhere)
    try:
        there = uit.window('nautilus', '--class')
        uit.place(uit.window('^Spare Key$'), 10, 20, 560, 500)
        uit.place(there, 600, 60, 640, 500)
        uit.xdotool('windowactivate', '--sync', there)
        cell = uit.find(uit.app('org.gnome.Nautilus'), 'row', 'from the shelf.txt')

        def place():
            extents = cell.get_extents(uit.Atspi.CoordType.WINDOW)
            return extents.width > 0 and (extents.x + extents.width // 2, extents.y + extents.height // 2)
        within = uit.eventually(place, 'the place of the icon')
        x, y, _width, _height = uit.geometry(there)
        # Without a compositor GTK draws a border of five pixels that the extents don't count.
        uit.drag(x + 5 + within[0], y + 5 + within[1], 280, 280)
        desk.wait_row(APP, 'from the shelf.txt', 'Encrypted')
        opened_by_authority(path + '.gpg', b'by nautilus')
    finally:
        manager.terminate()
        manager.wait()


def pasted():
    """Copied files are pasted by Ctrl+V."""
    path = desk.write('pasted.txt', b'by keyboard')
    source = subprocess.Popen([CLIP_SOURCE, path], stdout=subprocess.PIPE, text=True)
    try:
        assert source.stdout.readline() == 'copied\n'
        uit.window('^Clip Source$')
        uit.xdotool('windowactivate', '--sync', uit.window('^Spare Key$'))
        uit.keys('ctrl+v')
        desk.wait_row(APP, 'pasted.txt', 'Encrypted')
        opened_by_authority(path + '.gpg', b'by keyboard')
    finally:
        source.terminate()
        source.wait()


def undone():
    """Undo takes back the newest result and leaves the original."""
    path = desk.write('regret.txt', b'oops')
    subprocess.run([PROGRAM, path], check=True)
    desk.wait_row(APP, 'regret.txt', 'Encrypted')
    assert os.path.exists(path + '.gpg')
    uit.activate('undo', window_number=1)
    uit.eventually(lambda: not os.path.exists(path + '.gpg'), 'the end of the output')
    assert desk.read(path) == b'oops'


def decrypted():
    """An encrypted file that is opened is decrypted beside it, and the original is not overwritten."""
    path = desk.write('letter.txt', b'dear all')
    subprocess.run([PROGRAM, path], check=True)
    desk.wait_row(APP, 'letter.txt', 'Encrypted')
    os.rename(path, path + '.before')
    subprocess.run([PROGRAM, path + '.gpg'], check=True)
    desk.wait_row(APP, 'letter.txt.gpg', 'Opened as')
    assert desk.read(path) == b'dear all'


def hostile():
    """Names that try to be markup, formats or options are shown and kept as they are."""
    uit.place(uit.window('^Spare Key$'), 20, 10, 680, 840)
    paths = [desk.write(name, b'content of it', folder=desk.DOCUMENTS + '/hostile') for name in NAMES]
    subprocess.run([PROGRAM, *paths], check=True)
    for path in paths:
        uit.eventually(lambda path=path: os.path.exists(path + '.gpg'), f'{path!r}.gpg', 60)
        opened_by_authority(path + '.gpg', b'content of it')
    desk.wait_row(APP, 'r&d <b>x.txt', 'Encrypted')
    assert not any('\n' in row or '\u202e' in row for row in desk.rows(APP)), desk.rows(APP)
    assert not desk.warnings(), desk.warnings()


def refused():
    """A file that is damaged says so, is left as it is, and nothing is released."""
    path = desk.write('letter2.txt', b'dear all' * 5000)
    subprocess.run([PROGRAM, path], check=True)
    desk.wait_row(APP, 'letter2.txt', 'Encrypted')
    octets = bytearray(desk.read(path + '.gpg'))
    octets[-100] ^= 1
    broken = desk.write('broken.txt.gpg', bytes(octets))
    subprocess.run([PROGRAM, broken], check=True)
    uit.eventually(lambda: any('broken.txt.gpg' in row and 'Opened' not in row and 'Waiting' not in row
                               for row in desk.rows(APP)), 'the refusal')
    uit.eventually(lambda: uit.find_all(APP.root, 'button', 'Try Again'), 'a way to try again')
    assert not os.path.exists(desk.DOCUMENTS + '/broken.txt')
    assert desk.read(broken) == bytes(octets)


def cancelled():
    """A cancelled file leaves nothing behind."""
    path = os.path.join(desk.DOCUMENTS, 'large.bin')
    with open(path, 'wb') as file:
        file.truncate(8 << 30)  # holes: long to encrypt, quick to make
    before = set(os.listdir(desk.DOCUMENTS))
    subprocess.run([PROGRAM, path], check=True)
    button = uit.find(APP.root, 'button', 'Cancel', 20)
    uit.click(button)
    desk.wait_row(APP, 'large.bin', 'ancelled')
    assert set(os.listdir(desk.DOCUMENTS)) == before, set(os.listdir(desk.DOCUMENTS)) - before
    os.unlink(path)


def escrow():
    """The escrow page lists a packet for each file, newest first."""
    uit.xdotool('windowactivate', '--sync', uit.window('^Spare Key$'))
    uit.click(uit.find(APP.root, 'tab', 'Escrow'))
    listed = uit.find(APP.root, 'list', 'Escrow packets')
    uit.eventually(lambda: [node for node in uit.find_all(listed, 'row', 'letter2.txt')], 'the newest packet')
    newest = uit.name(uit.find_all(listed, 'row', '')[0])
    assert 'Waiting' in newest, newest
    APP.wait_for('not with your authority yet')


def described():
    """Who can open a file is told, with fingerprints."""
    path = os.path.join(desk.DOCUMENTS, 'report.txt.gpg')
    uit.activate('inspect-path', uit.GLib.Variant('ay', os.fsencode(path) + b'\0'), window_number=1)
    grouped = ' '.join(FINGERPRINT[i:i + 4] for i in range(0, 20, 4))
    APP.wait_for(grouped)
    APP.wait_for('Backup Authority')
    uit.keys('Escape')


def named():
    """Every control of the window and of the preferences has a name."""
    uit.activate('preferences')
    root = APP.wait_for('Preferences', kind='dialog')
    for page, words in ('Keys', 'In Use'), ('Backup Authority', 'Require a Backup Authority'):
        uit.click(uit.find(root, 'tab', page))  # GTK 4.18 tells of a page only once it is in front
        APP.wait_for(words)
        bad = desk.nameless(APP.root)
        assert not bad, bad
    uit.keys('Tab')  # a page that was just brought to the front has no focus yet, and nothing hears Escape
    uit.keys('Escape')


def locked():
    """A locked keyring is said across the window."""
    subprocess.run(['gdbus', 'call', '--session', '-d', 'org.freedesktop.secrets', '-o', '/org/freedesktop/secrets', '-m',
                    'org.freedesktop.Secret.Service.Lock', "['/org/freedesktop/secrets/collection/login']"],
                   check=True, capture_output=True)
    source = subprocess.Popen([CLIP_SOURCE], stdout=subprocess.PIPE, text=True)
    try:
        uit.xdotool('windowactivate', '--sync', uit.window('^Clip Source$'))
        uit.xdotool('windowactivate', '--sync', uit.window('^Spare Key$'))
        APP.wait_for('The keyring is locked')
    finally:
        source.terminate()
        source.wait()


def quiet():
    """The toolkit complained about nothing."""
    APP.end()
    assert not desk.warnings(), desk.warnings()


def story(point):
    """A point of the story makes no sense, and takes long to fail, without its beginning."""
    def check():
        assert STORY or point is first_start, 'the set-up failed'
        if STORY:
            uit.activate('clear-finished', window_number=1)  # GTK 4.18 tells of the rows in sight only
        point()
    check.__doc__ = point.__doc__
    return check


tap.run(*map(story, (first_start, chosen, dragged, from_file_manager, pasted, undone, decrypted, hostile, refused, cancelled,
                     escrow, described, named, locked, quiet)))
