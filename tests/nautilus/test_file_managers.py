# SPDX-License-Identifier: GPL-3.0-or-later
"""A click in the menu of a real file manager ends in an encrypted file. Runs inside tests/support/session --keyring.

The module lies where the file manager looks for it in a mount namespace of this test alone: nothing is installed. Without a build
folder it is the installed one that is tried (debian/tests/file-manager).
"""

import os
import shutil
import subprocess
import sys
import time

import owner as people
import tap
import uit

MANAGER, TOOL, PROGRAM, BUILD = [*sys.argv[1:5], None][:4]
LIBRARIES = '' if not BUILD else '/usr/lib/' + subprocess.run(['dpkg-architecture', '-qDEB_HOST_MULTIARCH'], capture_output=True,
                                                              text=True, check=False).stdout.strip()
# Where the module (or data) is in the build folder, and where the file manager looks for it. HOME: no namespace needed.
PLACES = {
    'nautilus': [('src/nautilus/libsparekey-nautilus.so', LIBRARIES + '/nautilus/extensions-4')],
    'thunar': [('src/thunar/libsparekey-thunar.so', LIBRARIES + '/thunarx-3')],
    'caja': [('src/caja/libsparekey-caja.so', LIBRARIES + '/caja/extensions-2.0'),
             ('../src/caja/libsparekey-caja.caja-extension', '/usr/share/caja/extensions')],
    'nemo': [],
    'pcmanfm': [],
    'dolphin': [],
}
INSIDE = 'SPAREKEY_TEST_NAMESPACE'
COMMANDS = {'nautilus': ['nautilus', '--new-window'], 'thunar': ['thunar'], 'caja': ['caja', '--no-desktop'],
            'nemo': ['nemo'], 'pcmanfm': ['pcmanfm', '--new-win'], 'dolphin': ['dolphin']}
# Their menus can't be read.
BLIND = 'pcmanfm', 'dolphin'
ITEMS = ENCRYPT, DECRYPT, INSPECT, RECOVER = 'Encrypt', 'Decrypt', 'Who Can Open This', 'Recover'
# Nemo can't be told which names an action is not for.
OFFERED_TO_ALL = {ENCRYPT} if MANAGER == 'nemo' else set()
story = {}


def enter():
    """Starts this test again in a namespace in which the modules lie in their places."""
    if not shutil.which(MANAGER) or not BUILD:
        return
    if INSIDE not in os.environ and PLACES[MANAGER]:
        done = subprocess.run(['unshare', '--mount', *([] if os.geteuid() == 0 else ['--map-root-user']), 'true'], check=False,
                              capture_output=True)
        if done.returncode == 0:
            os.environ[INSIDE] = '1'
            os.execvp('unshare', ['unshare', '--mount', *([] if os.geteuid() == 0 else ['--map-root-user']),
                                  sys.executable, *sys.argv])


def cover(number, source, folder):
    """Puts a file into a folder of the system, as this namespace alone sees it."""
    parent, missing = folder, []
    while not os.path.isdir(parent):
        parent, name = os.path.split(parent)
        missing.insert(0, name)
    top = os.path.join(people.SESSION, f'cover{number}')
    os.makedirs(top)
    subprocess.run(['mount', '-t', 'tmpfs', 'cover', top], check=True)
    upper, work = os.path.join(top, 'upper'), os.path.join(top, 'work')
    os.makedirs(os.path.join(upper, *missing))
    os.makedirs(work)
    shutil.copy(os.path.join(BUILD, source), os.path.join(upper, *missing))
    subprocess.run(['mount', '-t', 'overlay', 'cover', '-o', f'lowerdir={parent},upperdir={upper},workdir={work}', parent],
                   check=True)


def ready():
    """The file manager is there, and shows a folder."""
    if not shutil.which(MANAGER):
        raise tap.Skip(f'there is no {MANAGER} here')
    for number, (source, folder) in enumerate(PLACES[MANAGER] if BUILD else []):
        if not os.path.exists(os.path.join(BUILD, source)):
            raise tap.Skip(f'{source} was not built')
        if INSIDE not in os.environ:
            raise tap.Skip('a mount namespace can\'t be made here')
        cover(number, source, folder)
    if BUILD:
        install_data()
    if MANAGER == 'dolphin':
        os.environ['QT_LINUX_ACCESSIBILITY_ALWAYS_ON'] = '1'
        for build_index in 'kbuildsycoca5', 'kbuildsycoca6':
            if shutil.which(build_index):
                subprocess.run([build_index], check=False, capture_output=True)
    story['owner'], story['authority'] = people.begin(TOOL)
    story['folder'] = people.folder('letters')
    people.put(os.path.join(story['folder'], 'first letter.txt'), b'one\n')
    people.put(os.path.join(story['folder'], 'second & last.txt'), b'two\n')
    os.makedirs(os.path.join(story['folder'], 'more'))
    people.put(os.path.join(story['folder'], 'more', 'third.txt'), b'three\n')
    story['log'] = os.path.join(people.SESSION, 'manager.log')
    show('letters')


def show(title):
    """Has the file manager show the folder in a window of its own."""
    with open(story['log'], 'ab') as log:
        process = subprocess.Popen([*COMMANDS[MANAGER], story['folder']], stdout=log, stderr=log,
                                   env=os.environ | {'G_DEBUG': '', 'XDG_CURRENT_DESKTOP': 'X-Test'})
    story.setdefault('process', process)
    story['window'] = uit.window(title, seconds=40)
    uit.place(story['window'], 300, 100, 760, 560)


def install_data():
    """Entries that are data lie in the home; their program is the one that was built."""
    bin_folder = os.path.join(people.SESSION, 'bin')
    os.makedirs(bin_folder)
    os.symlink(os.path.abspath(PROGRAM), os.path.join(bin_folder, 'sparekey'))
    os.environ['PATH'] = bin_folder + ':' + os.environ['PATH']
    home = os.environ['XDG_DATA_HOME']
    for source, target in (('nemo', 'nemo/actions'), ('file-manager', 'file-manager/actions'), ('kio', 'kio/servicemenus')):
        os.makedirs(os.path.join(home, target))
        built = os.path.join(BUILD, 'data', source)
        for name in os.listdir(built) if os.path.isdir(built) else []:
            if name.endswith(('.nemo_action', '.desktop')):
                shutil.copy(os.path.join(built, name), os.path.join(home, target))
                os.chmod(os.path.join(home, target, name), 0o755)  # Dolphin believes what can be run


def alive():
    assert story['process'].poll() is None, open(story['log'], encoding='utf-8', errors='replace').read()


def select_all():
    if MANAGER == 'nautilus':  # a window is there before what is in the folder
        root = uit.eventually(application, f'{MANAGER} for screen readers', 20)
        for name in os.listdir(story['folder']):
            uit.find(root, 'table cell', name, 20)
    uit.xdotool('windowactivate', '--sync', story['window'])
    x, y, width, height = uit.geometry(story['window'])
    if MANAGER != 'dolphin':  # it has the keyboard where it is wanted
        uit.xdotool('mousemove', x + width - 60, y + height - 80, 'click', 1)
    uit.keys('ctrl+a')


def application():
    """The file manager as a screen reader sees it."""
    desktop = uit.Atspi.get_desktop(0)
    names = {'nautilus': 'org.gnome.Nautilus'}
    found = [desktop.get_child_at_index(i) for i in range(desktop.get_child_count())]
    return next((one for one in found if one and one.get_name().lower() == names.get(MANAGER, MANAGER).lower()), None)


def in_menu_bar(node):
    """Some have the items in the menu bar too, and there still those of another window."""
    while node is not None and uit.role(node) not in ('application', 'menu bar'):
        node = node.get_parent()
    return node is not None and uit.role(node) == 'menu bar'


def choose(words):
    """Opens the menu of what is selected, and clicks an item; what else of ours was in the menu."""
    if MANAGER == 'pcmanfm':  # of a toolkit that tells screen readers nothing: the actions are above the last item
        uit.keys('shift+F10')
        time.sleep(1)
        uit.keys('Up', 'Up', 'Return')
        return {ENCRYPT}
    root = uit.eventually(application, f'{MANAGER} for screen readers', 20)
    if MANAGER == 'dolphin':  # it opens its menu by the mouse alone, and tells no places of what is in it: E is Encrypt
        cell = next(node for node in uit.walk(root) if uit.name(node) == 'first letter.txt')
        time.sleep(1)  # what is selected by the keyboard is told to nobody
        place = uit.Atspi.Component.get_extents(cell, uit.Atspi.CoordType.SCREEN)
        uit.xdotool('mousemove', place.x + place.width // 2, place.y + place.height - 11, 'click', 3)
        time.sleep(2)
        uit.keys('e')
        return {ENCRYPT}

    def items():
        return [node for node in uit.find_all(root, 'menu item') if not in_menu_bar(node)
                and (MANAGER != 'nemo' or 'visible' in uit.states(node))]  # it hides what is not for these files

    def look():
        return {uit.name(node): node for node in items() if uit.name(node) in ITEMS} or nameless(items())

    for more in 3, 2, 1, 0:
        uit.keys('shift+F10')
        try:
            ours = uit.eventually(lambda: (found := look()) and words in found and found, f'{words!r} in the menu', 5)
            break
        except AssertionError as error:
            if not more:
                raise AssertionError(f'{error}; there are {[uit.name(node) for node in items()]}') from None
            # A key that came before the file manager was ready for it is lost.
            uit.keys('Escape')
            select_all()
    uit.click(ours[words])
    return set(ours)


def nameless(items):
    """GTK 4.18 tells screen readers no names of a menu's items. In Files (48) ours are the group before the last, in our order."""
    if MANAGER != 'nautilus' or not items or any(map(uit.name, items)):
        return {}
    groups, below = [], None
    places = [(uit.Atspi.Component.get_extents(node, uit.Atspi.CoordType.WINDOW), node) for node in items]
    for place, node in sorted(places, key=lambda pair: pair[0].y):
        if below != place.y:
            groups.append([])
        groups[-1].append(node)
        below = place.y + place.height
    names = {1: ITEMS[:1], 3: ITEMS[1:]}.get(len(groups[-2]) if len(groups) > 1 else 0, ())
    return dict(zip(names, groups[-2])) if names else {}


def encrypted(*names):
    """Waits until these are there, encrypted, and the authority can read each."""
    for name, content in names:
        path = os.path.join(story['folder'], name)
        uit.eventually(lambda path=path: os.path.exists(path), f'{name} (there are {os.listdir(story["folder"])})', 60)
        if content is not None:
            assert story['authority'].decrypt(path) == content, name


def encrypt():
    """All that is selected, files and a folder, is encrypted by one click, in one window."""
    if 'window' not in story:
        raise tap.Skip('it did not start')
    select_all()
    ours = choose(ENCRYPT)
    assert ours == {ENCRYPT}, f'for plain files there is Encrypt alone: {ours}'
    encrypted(('first letter.txt.gpg', b'one\n'), ('second & last.txt.gpg', b'two\n'), ('more.tar.gpg', None))
    windows = subprocess.run(['xdotool', 'search', '--onlyvisible', '--name', '^Spare Key$'], capture_output=True, text=True,
                             check=True).stdout.split()
    assert len(windows) == 1, windows
    alive()


def encrypted_file(words):
    """Clicks that item in the menu of a folder with one encrypted file; what else of ours was in the menu."""
    if 'window' not in story:
        raise tap.Skip('it did not start')
    if MANAGER in BLIND:
        raise tap.Skip('its menu can\'t be read, and the order of several actions is not known')
    if 'sealed' not in story:
        story['sealed'] = story['folder'] = people.folder('sealed')
        people.put(os.path.join(story['sealed'], 'letter.txt'), b'four\n')
        story['owner'].run('encrypt', os.path.join(story['sealed'], 'letter.txt'))
        os.unlink(os.path.join(story['sealed'], 'letter.txt'))
        show('sealed')
    select_all()
    return choose(words)


def shut(title):
    """Closes a window of ours that a click opened, and waits until it is gone."""
    uit.xdotool('windowactivate', '--sync', uit.window(title, seconds=60))
    uit.keys('Escape')
    uit.eventually(lambda: not subprocess.run(['xdotool', 'search', '--onlyvisible', '--name', title], check=False,
                                              capture_output=True).stdout.strip(), f'the end of {title}')


LOOK = """import sys, uit
sys.exit(not any(sys.argv[1] in uit.name(node) for node in uit.walk(uit.app('sparekey'))))"""


def told(words, seconds=60):
    """Waits until our program tells screen readers these words. Asked by a process of its own: what this one knows of windows
    that came and went with two programs makes the library stumble."""
    uit.eventually(lambda: subprocess.run([sys.executable, '-c', LOOK, words], check=False).returncode == 0, f'the words {words!r}',
                   seconds)


def lead_on(title, words):
    """By keyboard to the next page, which says these words. The button that leads there has the keyboard soon."""
    for last in False, False, True:
        uit.xdotool('windowactivate', '--sync', uit.window(title))
        uit.keys('Return')
        try:
            return told(words, 60 if last else 10)
        except AssertionError:
            if last:
                raise
    return None


def inspect():
    """A click on Who Can Open This shows who can."""
    encrypted_file(INSPECT)
    uit.window('^letter.txt.gpg$', seconds=60)
    told('Can Be Opened By')
    shut('^letter.txt.gpg$')
    alive()


def recover():
    """A click on Recover leads to the request, with the file in it."""
    encrypted_file(RECOVER)
    uit.window('^I Lost My Key$', seconds=60)
    told('Step 1 of 5')
    # What is on a page is told once it is in front.
    lead_on('^I Lost My Key$', 'Step 2 of 5')
    lead_on('^I Lost My Key$', 'Step 3 of 5')
    told('letter.txt.gpg')
    shut('^I Lost My Key$')
    alive()


def decrypt():
    """An encrypted file offers to be decrypted, looked into and recovered; a click decrypts it."""
    ours = encrypted_file(DECRYPT)
    assert ours - OFFERED_TO_ALL == {DECRYPT, INSPECT, RECOVER}, ours
    encrypted(('letter.txt', None))
    assert people.get(os.path.join(story['sealed'], 'letter.txt')) == b'four\n'
    alive()


def quiet():
    """The file manager said nothing about us."""
    if 'process' not in story:
        raise tap.Skip('it did not start')
    said = open(story['log'], encoding='utf-8', errors='replace').read()
    story['process'].terminate()
    story['process'].wait(20)
    # Some start our program as a child, which finds no service for notifications in this session.
    bad = [line for line in said.splitlines() if 'spare' in line.lower() and 'unable to send notifications' not in line]
    assert not bad, '\n'.join(bad)


enter()
tap.run(ready, encrypt, inspect, recover, decrypt, quiet)
