# SPDX-License-Identifier: GPL-3.0-or-later
"""Twice as large letters, right to left, high contrast, no animations: every page still fits a phone, and works.

SHOTS=FOLDER takes pictures of every page in every form, 360 and 1000 pixels wide, for looking at.
"""

import collections
import os
import subprocess
import sys
import time

import owner as people
import tap
import uit
import window

PROGRAM, TOOL = sys.argv[1:3]
RIGHT_TO_LEFT = sys.argv[6]
SHOTS = os.environ.get('SHOTS')
NARROW = 360
# In the authority's header are six buttons, three of them a desktop's own, beside a title that is cut: a phone has one of the three.
WIDER = {'^Backup Authority$': 6}
# Name: what the desktop says of the letters' size (dots an inch) and of animations, and the environment.
FORMS = {
    'usual': (96, True, {}),
    'large': (192, True, {}),
    'right-to-left': (96, True, {'LD_PRELOAD': RIGHT_TO_LEFT}),
    'large-right-to-left': (192, True, {'LD_PRELOAD': RIGHT_TO_LEFT}),
    'contrast-still': (96, False, {'ADW_DEBUG_HIGH_CONTRAST': '1'}),
}
story = {'number': 0}


def begin():
    """Ada with a key and an authority, some files, and one that nobody can help with; at the authority a deposit and a case."""
    ada, acme = people.Owner(TOOL), people.AuthorityMode(TOOL)
    acme.environment = people.own_home('a', DBUS_SESSION_BUS_ADDRESS=os.environ['DBUS_SESSION_BUS_ADDRESS'])
    acme.make()
    acme.quicken()
    ada.fingerprint = ada.create()
    ada.trust(acme)
    files = people.folder('letters of a rather long name')
    for name in 'Contract with a rather long name that does not fit – final.pdf', 'notes.txt':
        people.put(os.path.join(files, name))
    ada.run('encrypt', *(os.path.join(files, name) for name in people.names(files)))
    ada.run('encrypt', '--recipient', ada.fingerprint, os.path.join(files, 'notes.txt'), '--on-conflict', 'rename')
    story['files'] = files
    basket = people.folder('basket')
    ada.run('escrow', 'export', '--to', basket)
    new = ada.create('Ada Owner', 'ada@new.example')
    ada.run('key', 'use', new)
    ada.run('recovery', 'request', '--reason', 'The disk of my computer broke on the way to the conference',
            '--old-key', ada.fingerprint, '--to', basket, files)
    ada.run('key', 'use', ada.fingerprint)
    acme.take_in(*(os.path.join(basket, name) for name in people.names(basket)))
    story['acme'], story['case'] = acme, acme.json('authority', 'case', 'list')['cases'][0]['id']


def narrowest(title):
    """How narrow the window of that title can be made."""
    identifier = uit.window(title)
    uit.place(identifier, 20, 20, 300, 600)
    return uit.geometry(identifier)[2]


def picture(form, name, title, widths=(NARROW, 1000)):
    """Pictures of the window for looking at, if they are wanted."""
    if not SHOTS:
        return
    identifier = uit.window(title)
    for width in widths:
        uit.place(identifier, 20, 20, width, 640)
        time.sleep(0.5)
        uit.screenshot(os.path.join(SHOTS, f'{form}-{width}-{name}.png'), identifier)


def fits(form, name, title, widths=(NARROW, 1000)):
    """The window can be as narrow as a phone's screen."""
    picture(form, name, title, widths)
    width = narrowest(title)
    story['bad'] += [f'{name}: {width}'] if width > NARROW + WIDER.get(title, 0) else []


def prepare(form, home=os.environ):
    """Sets the desktop up for a form; the environment for it, in which HOME has the folders."""
    dots, animations, environment = FORMS[form]
    subprocess.run(['xprop', '-root', '-format', 'RESOURCE_MANAGER', '8s', '-set', 'RESOURCE_MANAGER', f'Xft.dpi:\t{dots}\n'],
                   check=True)
    folder = os.path.join(home['XDG_CONFIG_HOME'], 'gtk-4.0')
    os.makedirs(folder, exist_ok=True)
    people.put(os.path.join(folder, 'settings.ini'), f'[Settings]\ngtk-enable-animations={int(animations)}\n'.encode())
    return environment


def walk_through(form):
    """Every page of the owner's window, and the windows that belong to it."""
    environment = prepare(form)
    story['bad'] = []
    app = window.Window(PROGRAM, environment=environment)
    try:
        app.see('(you)')
        fits(form, '01-empty', '^Spare Key$')
        file = os.path.join(story['files'], people.names(story['files'])[0])
        copies = people.folder(form)
        copy = os.path.join(copies, os.path.basename(file))
        with open(copy, 'wb') as target:
            target.write(people.get(file))
        damaged = people.put(os.path.join(copies, 'damaged.txt.gpg'), people.get(
            os.path.join(story['files'], 'notes.txt.gpg'))[:-40])
        app.hand_over(copy, damaged)
        app.row(os.path.basename(copy)[:8])
        app.row('damaged.txt', seconds=40)
        fits(form, '02-files', '^Spare Key$')
        for number, page in enumerate(('Escrow', 'Check'), 3):
            uit.click(uit.find(app.root, 'page tab', page))
            fits(form, f'0{number}-{page.lower()}', '^Spare Key$')
        for number, (title, start) in enumerate({
                'I Lost My Key': lambda: uit.activate('lost-key', window_number=1),
                os.path.basename(copy): lambda: uit.activate('inspect-path', uit.GLib.Variant(
                    'ay', os.fsencode(os.path.join(story['files'], 'notes.txt.gpg')) + b'\0'), window_number=1),
                'Export Escrow Packets': lambda: uit.activate('export', window_number=1),
                'Preferences': lambda: uit.activate('preferences')}.items(), 5):
            title = 'notes.txt.gpg' if 'Contract' in title else title
            app.front()
            start()
            uit.window(f'^{title}$')
            fits(form, f'0{number}-{title[:6].strip().lower()}', f'^{title}$', widths=(NARROW, 600))
            uit.xdotool('windowactivate', '--sync', uit.window(f'^{title}$'))
            uit.keys('Escape')
            app.closed(title)
    finally:
        app.end()
    assert not story['bad'], f'wider than {NARROW}: {story["bad"]}'


def walk_through_authority(form):
    """Every page of the authority's window, and the windows that belong to it."""
    home = {name: value for name, value in story['acme'].environment.items() if name.startswith(('HOME', 'XDG_'))}
    environment = home | prepare(form, home)
    story['bad'] = []
    main = '^Backup Authority$'
    app = window.Window(PROGRAM, '--authority', environment=environment)
    try:
        app.see('notes.txt', 'list item', 60)
        for number, (page, rows) in enumerate({'Packets': 'notes.txt', 'Cases': 'Ada Owner', 'Owners': 'Ada Owner',
                                               'Audit': 'Authority created'}.items(), 11):
            uit.click(uit.find(app.root, 'page tab', page))
            app.see(rows, 'list item')
            fits(form, f'{number}-{page.lower()}', main)
        for number, (title, action, *parameters) in enumerate((
                ('Recovery: Case .*', 'open-case', uit.GLib.Variant('s', story['case'])), ('Policy', 'policy'),
                ('Write Receipts', 'receipts'), ('Export Packets', 'export-packets')), 15):
            app.front(main)
            uit.activate(action, *parameters, window_number=1)
            identifier = uit.window(f'^{title}$')
            whole = uit.xdotool('getwindowname', identifier).strip()
            if 'Case' in title:
                app.see('What Is Asked For?')
                fits(form, f'{number}-request', f'^{title}$')
                app.press('Continue')
                app.see('Who Is Asking?')
            fits(form, f'{number}-{action}', f'^{title}$')
            uit.xdotool('windowactivate', '--sync', identifier)
            uit.keys('Escape')
            app.closed(whole)
    finally:
        app.end()
    assert not story['bad'], f'wider than {NARROW}: {story["bad"]}'


def authority_test(form):
    """A point for one form of the authority's window."""
    def run():
        walk_through_authority(form)
    run.__doc__ = f'Each page and window of authority mode is at most {NARROW} pixels wide if it must, and works: {form}.'
    return run


def form_test(form):
    """A point for one form."""
    def run():
        walk_through(form)
    run.__doc__ = f'Each page and window is at most {NARROW} pixels wide if it must, and works: {form}.'
    return run


def moves():
    """Without animations the pages and the assistant still lead on, and back."""
    app = window.Window(PROGRAM, environment=prepare('contrast-still'))
    app.see('(you)')
    app.front()
    uit.activate('lost-key', window_number=1)
    app.wait_focus('Continue')
    uit.keys('Return')
    app.see('Step 2 of 5')
    app.tab_to('Back')
    uit.keys('Return')
    app.see('Step 1 of 5')
    uit.keys('Escape')
    app.closed('I Lost My Key')
    app.end()


def widened():
    """A window that was narrow and is made wide has its foot at its bottom, with animations and without."""
    title = '^Spare Key$'
    for form in 'usual', 'contrast-still':
        app = window.Window(PROGRAM, environment=prepare(form))
        foot = app.see('Can be opened by', 'label')
        for width in 1000, NARROW, 1000:
            uit.place(uit.window(title), 20, 20, width, 640)

            def below():
                place = uit.Atspi.Component.get_extents(foot, uit.Atspi.CoordType.WINDOW)
                return 640 - place.y - place.height

            def settled(width=width):
                return below() > 60 if width == NARROW else below() < 40
            try:
                uit.eventually(settled, f'{form}: the foot of a window {width} pixels wide')
            except AssertionError as error:
                raise AssertionError(f'{error}, but it is {below()} pixels above the bottom') from None
        app.end()


def luminance(colour):
    """Of three octets, as WCAG 2 has it."""
    parts = [octet / 255 for octet in colour]
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(node, title):
    """How much what is drawn in a label stands out from what is behind it: 1 is not at all, 21 is black on white."""
    place = uit.Atspi.Component.get_extents(node, uit.Atspi.CoordType.WINDOW)
    path = os.path.join(window.SESSION, 'label.png')
    uit.screenshot(path, uit.window(title))
    octets = subprocess.run(['convert', path, '-crop', f'{place.width}x{place.height}+{place.x}+{place.y}', '-depth', '8', 'rgb:-'],
                            capture_output=True, check=True).stdout
    colours = collections.Counter(octets[begin:begin + 3] for begin in range(0, len(octets), 3))
    behind = luminance(colours.most_common(1)[0][0])
    return max((max(behind, other) + 0.05) / (min(behind, other) + 0.05) for other in map(luminance, colours))


def stands_out():
    """With high contrast, light or dark, the small text of rows and chips stands out by 7 to 1 at least; it does more than without."""
    title, seen, bad = '^Spare Key$', {}, []
    wanted = {'Files': ('Encrypted ·', 'Can be opened by', '(you)', 'ACME'), 'Escrow': ('Waiting', '· today')}
    for scheme in 'prefer-light', 'prefer-dark':
        for high in '1', '0':
            app = window.Window(PROGRAM, environment=prepare('usual') | {'ADW_DEBUG_COLOR_SCHEME': scheme,
                                                                         'ADW_DEBUG_HIGH_CONTRAST': high})
            app.see('(you)')
            uit.place(uit.window(title), 20, 20, 1000, 640)
            copy = os.path.join(people.folder(f'{scheme}-{high}'), 'notes.txt')
            people.put(copy)
            app.hand_over(copy)
            app.row('notes.txt', 'Encrypted')
            for page, labels in wanted.items():
                uit.click(uit.find(app.root, 'page tab', page))
                for words in labels:
                    node = app.see(words, 'label')
                    # What is drawn last is waited for: animations, and the list of packets.
                    wish = 7 if high == '1' else 2

                    def enough(node=node, wish=wish, key=(words, scheme, high)):
                        seen[key] = contrast(node, title)
                        return seen[key] >= wish
                    try:
                        uit.eventually(enough, f'{words!r}, {scheme}, high contrast {high}: {wish} to 1')
                    except AssertionError as error:
                        bad.append(f'{error}, but {seen[words, scheme, high]:.1f}')
            app.end()
    print('# ' + ', '.join(f'{" ".join(key)}: {value:.1f}' for key, value in seen.items()), flush=True)
    assert not bad, bad
    assert seen['ACME', 'prefer-light', '1'] > 1.5 * seen['ACME', 'prefer-light', '0'], seen


def mirrored():
    """Right to left, what begins a row is at the right: the direction really is another."""
    places = []
    for more in prepare('usual'), prepare('right-to-left'):
        app = window.Window(PROGRAM, environment=more)
        app.see('(you)')
        identifier = uit.window('^Spare Key$')
        uit.place(identifier, 20, 20, 800, 600)
        menu = app.see('Main Menu')
        extents = uit.Atspi.Component.get_extents(menu, uit.Atspi.CoordType.WINDOW)
        places.append(extents.x)
        app.end()
    assert places[1] < 400 < places[0], places


if SHOTS:
    os.makedirs(SHOTS, exist_ok=True)
wanted = os.environ.get('FORMS', ' '.join(FORMS)).split()
tap.run(begin, *(authority_test(form) for form in wanted), *(form_test(form) for form in wanted), moves, widened, stands_out, mirrored)
