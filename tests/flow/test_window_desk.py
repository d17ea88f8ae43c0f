# SPDX-License-Identifier: GPL-3.0-or-later
"""A good citizen of the desktop: started and asked by it, quiet while it is looked at, heard when it is not, nothing cut off.

What the desktop offers (notifications, the session manager) are services of this test that write down each call.
"""

import ctypes
import json
import os
import signal
import shutil
import subprocess
import sys

import owner as people
import tap
import uit
import window

PROGRAM, TOOL, SOURCE = sys.argv[1:4]
DATA, SUPPORT = sys.argv[5:7]
NAME = 'org.sparekey.SpareKey'
CALLS = os.path.join(people.SESSION, 'calls')
FILES = people.folder('files')
SETTINGS = {'GSETTINGS_BACKEND': 'keyfile'}  # kept from one start to the next
# As large as it takes to look away before it is done.
MANY_OCTETS = 600 << 20
story = {}


def calls(method):
    """What the desktop was asked so far."""
    with open(CALLS, encoding='utf-8') as file:
        return [call for call in map(json.loads, file) if call['method'] == method]


def notified(*words, seconds=60):
    """The notification with these words, once it was sent."""
    def look():
        return [call for call in calls('Notify') if all(word in ' '.join(map(str, call['words'])) for word in words)]
    try:
        return uit.eventually(look, f'a notification {words}', seconds)[-1]
    except AssertionError as error:
        raise AssertionError(f'{error}; there are {calls("Notify")}') from None


def look_away():
    """Another window is in front now."""
    if 'other' not in story:
        story['other'] = window.DragSource(SOURCE, people.put(os.path.join(people.folder('other'), 'x')))
    other = uit.window('^Drag Source$')
    uit.xdotool('windowactivate', '--sync', other)


def put_large(name):
    """A file that takes its time."""
    path = os.path.join(FILES, name)
    with open(path, 'wb') as file:
        block = os.urandom(1 << 20)
        for _ in range(MANY_OCTETS >> 20):
            file.write(block)
    return path


def action(name):
    """What a desktop does for an action of the desktop entry; starts the program if there is none."""
    subprocess.run(['gdbus', 'call', '--session', '-d', NAME, '-o', '/org/sparekey/SpareKey', '-m',
                    'org.freedesktop.Application.ActivateAction', name, '[]', '{}'], check=True, capture_output=True)


def begin():
    """Ada with a key and an authority; the program installed for her alone, and a desktop."""
    story['acme'] = people.AuthorityMode(TOOL)
    story['ada'] = people.Owner(TOOL)
    story['acme'].make()
    story['ada'].fingerprint = story['ada'].create()
    story['ada'].trust(story['acme'])
    home = os.environ['XDG_DATA_HOME']
    binaries = people.folder('bin')
    os.symlink(os.path.abspath(PROGRAM), os.path.join(binaries, 'sparekey'))
    os.environ['PATH'] = binaries + ':' + os.environ['PATH']
    for source, place in ((NAME + '.desktop', 'applications'), (NAME + '.xml', 'mime/packages')):
        os.makedirs(os.path.join(home, place), exist_ok=True)
        shutil.copy(os.path.join(DATA, source), os.path.join(home, place))
    subprocess.run(['update-mime-database', os.path.join(home, 'mime')], check=True)
    subprocess.run(['update-desktop-database', os.path.join(home, 'applications')], check=True)
    desktop = subprocess.Popen([os.path.join(SUPPORT, 'desktop-services'), CALLS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert desktop.stdout.readline() == b'ready\n'
    story['desktop'] = desktop


def sealed(name, *words):
    """A small file of Ada's, encrypted; the plain one is gone."""
    path = people.put(os.path.join(FILES, name), b'of ' + name.encode())
    story['ada'].run('encrypt', *words, path)
    os.unlink(path)
    return path + '.gpg'


def handlers():
    """Encrypted files and bundles are the program's to open, by the desktop's own rules, whatever their ending."""
    story['gpg'] = sealed('one.txt')
    story['pgp'] = os.path.join(FILES, 'two.txt.pgp')
    os.rename(sealed('two.txt'), story['pgp'])
    with open(sealed('three.txt'), 'rb') as file:
        armored = subprocess.run(['gpg', '--batch', '--enarmor'], input=file.read(), capture_output=True, check=True).stdout
    story['asc'] = people.put(os.path.join(FILES, 'three.txt.asc'),
                              armored.replace(b'ARMORED FILE', b'MESSAGE').replace(b'Comment: Use "gpg --dearmor" for unpacking\n', b''))
    exported = story['ada'].json('escrow', 'export', '--to', people.folder('out'))['bundles']
    story['acme'].take_in(exported[0]['path'])
    story['receipt'] = story['acme'].json('authority', 'receipt', '--to', people.folder('back'))['bundles'][0]['path']
    for kind in 'gpg', 'pgp', 'asc', 'receipt':
        info = subprocess.run(['gio', 'info', '-a', 'standard::content-type', story[kind]], capture_output=True, text=True,
                              check=True).stdout
        content_type = info.split('standard::content-type:')[1].split()[0]
        default = subprocess.run(['gio', 'mime', content_type], capture_output=True, text=True, check=True).stdout
        assert default.splitlines()[0].endswith(NAME + '.desktop'), f'{kind} is {content_type}: {default}'


def opened():
    """A double click starts the program by the bus and opens the file; three more come into the same window."""
    for kind in 'gpg', 'pgp', 'asc':
        subprocess.run(['gio', 'open', story[kind]], check=True)
    uit.app('sparekey')
    for name in 'one.txt', 'two.txt', 'three.txt':
        path = os.path.join(FILES, name)
        uit.eventually(lambda path=path: os.path.exists(path), name, 60)
        assert people.get(path) == b'of ' + name.encode()
    subprocess.run(['gio', 'open', story['receipt']], check=True)
    window.see(uit.app('sparekey'), '3 packets are held by ACME Backup Authority', seconds=40)
    windows = subprocess.run(['xdotool', 'search', '--onlyvisible', '--name', '^Spare Key$'], capture_output=True, text=True,
                             check=True).stdout.split()
    assert len(windows) == 1, windows


def desktop_actions():
    """The actions of the desktop entry: choose files, and the authority's window."""
    with open(os.path.join(DATA, NAME + '.desktop'), encoding='utf-8') as file:
        assert '\nActions=choose-files;authority;\n' in file.read()
    action('choose-files')
    chooser = uit.window('^Choose Files$')
    uit.xdotool('windowactivate', '--sync', chooser)
    uit.keys('Escape')
    action('authority')
    uit.xdotool('windowactivate', '--sync', uit.window('^Backup Authority$'))
    uit.keys('ctrl+q')

    def gone():
        names = subprocess.run(['gdbus', 'call', '--session', '-d', 'org.freedesktop.DBus', '-o', '/', '-m',
                                'org.freedesktop.DBus.NameHasOwner', NAME], capture_output=True, text=True, check=True).stdout
        return 'false' in names
    uit.eventually(gone, 'the end of the program', 20)
    action('authority')
    uit.xdotool('windowactivate', '--sync', uit.window('^Backup Authority$'))
    uit.keys('ctrl+q')
    uit.eventually(gone, 'the end of the program', 20)


def looked_away():
    """What gets done or fails while another window is in front is told by one notification; a click on it leads back."""
    damaged = sealed('damaged.txt')
    people.put(damaged, people.get(damaged)[:-40])
    large = put_large('large.bin')
    story['app'] = app = window.Window(PROGRAM, environment=SETTINGS)
    app.see('(you)')
    app.hand_over(large, damaged)
    app.front()
    look_away()
    app.row('large.bin', 'Encrypted', seconds=120)
    call = notified('1 file is done', '1 file was left as it was')
    assert call['words'][3] == 'Spare Key Needs a Look', call
    assert 'large' not in str(call['words']) and FILES not in str(call['words']), 'names of files are nobody else\'s'
    story['desktop'].stdin.write(b'click %d\n' % call['answer'][0])
    story['desktop'].stdin.flush()

    def in_front():
        answer = subprocess.run(['xdotool', 'getactivewindow', 'getwindowname'], capture_output=True, text=True, check=False)
        return answer.stdout.strip() == 'Spare Key'
    uit.eventually(in_front, 'the window in front', 20)
    story['sender'] = call['sender']


def inhibited():
    """While it worked, and only then, the session was asked not to suspend and not to log out."""
    asked = [call for call in calls('Inhibit') if call['sender'] == story['sender']]
    assert len(asked) == 1 and asked[0]['words'][3] == 1 | 4, asked
    assert asked[0]['words'][0] == NAME and 'encrypted' in asked[0]['words'][2], asked
    uit.eventually(lambda: [call['words'] for call in calls('Uninhibit') if call['sender'] == story['sender']] == [asked[0]['answer']],
                   'the end of the request')


def looked_at():
    """Who looks at the window is told nothing by notifications, and so is who has switched them off."""
    app = story['app']
    before = len(calls('Notify'))
    app.front()
    app.hand_over(people.put(os.path.join(FILES, 'seen.txt')))
    app.row('seen.txt', 'Encrypted')
    app.end()
    os.unlink(os.path.join(FILES, 'large.bin.gpg'))
    settings = os.path.join(os.environ['XDG_CONFIG_HOME'], 'glib-2.0/settings')
    os.makedirs(settings, exist_ok=True)
    with open(os.path.join(settings, 'keyfile'), 'a', encoding='utf-8') as file:
        file.write('\n[org/sparekey/SpareKey]\nnotify=false\n')
    story['app'] = app = window.Window(PROGRAM, environment=SETTINGS)
    app.see('(you)')
    app.hand_over(os.path.join(FILES, 'large.bin'))
    app.front()
    look_away()
    app.row('large.bin', 'Encrypted', seconds=120)
    uit.eventually(lambda: len(calls('Inhibit')) == len(calls('Uninhibit')) > 1, 'the end of the work')
    assert len(calls('Notify')) == before, calls('Notify')[before:]
    os.unlink(os.path.join(FILES, 'large.bin'))
    os.unlink(os.path.join(FILES, 'large.bin.gpg'))


def quit_asks():
    """Ctrl+Q, and the button that closes, ask while files are worked on; stopped, nothing is left of the result."""
    app = story['app']
    app.front()
    app.clear()
    with open(os.path.join(FILES, 'large.bin'), 'wb') as file:
        file.truncate(8 << 30)  # nothing in it: no room on the disk, and much to do
    app.hand_over(os.path.join(FILES, 'large.bin'))
    for key in 'ctrl+q', 'ctrl+w':
        app.front()
        uit.keys(key)
        app.see('Stop Working on Files?')
        if key == 'ctrl+q':
            uit.keys('Escape')
            app.closed('Stop Working on Files?')
    assert app.process.poll() is None
    app.press('Stop and Quit')
    assert app.process.wait(20) == 0
    assert not app.complaints(), app.complaints()
    left = [name for name in os.listdir(FILES) if 'large.bin' in name]
    assert left == ['large.bin'], left
    os.unlink(os.path.join(FILES, 'large.bin'))


def size_kept():
    """The window comes back as large as it was left, by Ctrl+Q and by its button, and maximized if it was."""
    story['app'] = app = window.Window(PROGRAM, environment=SETTINGS)
    app.see('(you)')
    uit.place(uit.window('^Spare Key$'), 40, 40, 820, 577)
    app.front()
    uit.keys('ctrl+q')
    assert app.process.wait(20) == 0
    app = window.Window(PROGRAM, environment=SETTINGS)
    app.see('(you)')
    uit.eventually(lambda: uit.geometry(uit.window('^Spare Key$'))[2:] == (820, 577),
                   f'the size ({uit.geometry(uit.window("^Spare Key$"))})')
    app.front()
    maximize()
    uit.eventually(lambda: uit.geometry(uit.window('^Spare Key$'))[2] > 1200, 'the window to be maximized')
    uit.keys('ctrl+w')
    assert app.process.wait(30) == 0
    story['app'] = app = window.Window(PROGRAM, environment=SETTINGS)
    app.see('(you)')
    uit.eventually(lambda: uit.geometry(uit.window('^Spare Key$'))[2] > 1200, 'the window to come back maximized')


def maximize():
    """A double click on the header bar."""
    x, y, width, _height = uit.geometry(uit.window('^Spare Key$'))
    uit.xdotool('mousemove', x + width // 4, y + 20, 'click', '--repeat', 2, '--delay', 80, 1)


def stick():
    """A stick with answers is offered, by a notification too while another window is in front; nothing is opened unasked."""
    app = story['app']
    libc = ctypes.CDLL(None, use_errno=True)
    image = os.path.join(people.SESSION, 'stick.img')
    app.end()
    if libc.unshare(0x00020000) != 0:
        raise tap.Skip('no mounts may be made here')
    subprocess.run(['mount', '--make-rprivate', '/'], check=True)
    subprocess.run(['mount', '-t', 'tmpfs', 'media', '/media'], check=True)
    os.mkdir('/media/STICK')
    with open(image, 'wb') as file:
        file.truncate(8 << 20)
    subprocess.run(['/sbin/mkfs.ext4', '-q', image], check=True)
    if subprocess.run(['mount', '-o', 'loop', image, '/media/STICK'], check=False).returncode != 0:
        raise tap.Skip('there is no loop device here')
    try:
        shutil.copy(story['receipt'], '/media/STICK')
        subprocess.run(['umount', '/media/STICK'], check=True)
        os.unlink(os.path.join(os.environ['XDG_CONFIG_HOME'], 'glib-2.0/settings/keyfile'))
        story['app'] = app = window.Window(PROGRAM, environment=SETTINGS)
        app.see('(you)')
        look_away()
        subprocess.run(['mount', '-o', 'loop', image, '/media/STICK'], check=True)
        call = notified('There Is an Answer for You')
        assert '1 answer for you is on STICK.' in call['words'], call
        app.see('1 answer for you is on STICK.')
        app.front()
        uit.eventually(lambda: call['answer'] in [one['words'] for one in calls('CloseNotification')], 'the notification\'s end')
        assert not app.sees('This receipt was taken before')
        app.press('Open')
        app.see('This receipt was taken before')
    finally:
        app.end()
        subprocess.run(['umount', '/media/STICK'], check=False)


def close():
    """What helped is ended."""
    story['other'].__exit__()
    story['desktop'].send_signal(signal.SIGTERM)
    story['desktop'].wait(10)


tap.run(begin, handlers, opened, desktop_actions, looked_away, inhibited, looked_at, quit_asks, size_kept, stick, close)
