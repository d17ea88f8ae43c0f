# SPDX-License-Identifier: GPL-3.0-or-later
"""F1 opens the help's page for what is on the screen; without a viewer it says so. A viewer of this test writes down what is asked.

The pages that there are, and their sections, are checked by tests/house/test_help.py.
"""

import os
import subprocess
import sys

import owner as people
import tap
import uit
import window

PROGRAM, TOOL = sys.argv[1:3]
OPENED = people.put(os.path.join(people.SESSION, 'opened'), b'')
story = {}


def begin():
    """Ada with a key and an authority, and a desktop without a help viewer."""
    story['ada'], story['authority'] = people.begin(TOOL)
    path = people.put(os.path.join(people.folder('files'), 'letter.txt'))
    story['ada'].run('encrypt', path)
    story['file'] = path + '.gpg'


def no_viewer():
    """Without a help viewer, F1 says so."""
    # The schemas come from the build folder; icons and what opens what come from nowhere.
    app = window.Window(PROGRAM, environment={'XDG_DATA_DIRS': people.folder('nothing')})
    app.see('(you)')
    app.front()
    uit.keys('F1')
    app.see('No Help Viewer')
    uit.keys('Escape')
    app.closed('No Help Viewer')
    app.process.terminate()
    app.process.wait(20)


def install_viewer():
    """The desktop's rule that this test's own viewer shows the help."""
    folder = os.path.join(os.environ['XDG_DATA_HOME'], 'applications')
    os.makedirs(folder)
    people.put(os.path.join(folder, 'viewer.desktop'),
               f'[Desktop Entry]\nType=Application\nName=Viewer\nExec=sh -c \'echo "$1" >>{OPENED}\' sh %u\n'
               'MimeType=x-scheme-handler/help;\n'.encode())
    people.put(os.path.join(folder, 'mimeapps.list'), b'[Default Applications]\nx-scheme-handler/help=viewer.desktop\n')


def asked(page, press=lambda: uit.keys('F1')):
    """Pressing F1 opens this page, once."""
    people.put(OPENED, b'')
    press()
    wanted = f'help:sparekey/{page}\n'
    try:
        uit.eventually(lambda: people.get(OPENED).decode() == wanted, f'{page} to be opened', 20)
    except AssertionError as error:
        raise AssertionError(f'{error}; opened: {people.get(OPENED)}') from None


def at_last(page):
    """Once the page that was chosen is in front, which GTK 4.8 doesn't tell, F1 opens this page."""
    def look():
        people.put(OPENED, b'')
        uit.keys('F1')
        return uit.eventually(lambda: people.get(OPENED).decode(), 'an answer') == f'help:sparekey/{page}\n'
    uit.eventually(look, f'{page} to be opened', 20)


def title_in_front(title):
    """Waits until the window of that title has the keyboard."""
    def look():
        answer = subprocess.run(['xdotool', 'getactivewindow', 'getwindowname'], capture_output=True, text=True, check=False)
        return answer.stdout.strip() == title
    uit.eventually(look, f'the window {title!r} in front', 20)


def pages():
    """On each page of the window F1 opens the page of the help for it, and the menu's Help does the same."""
    install_viewer()
    story['app'] = app = window.Window(PROGRAM)
    app.see('(you)')
    app.front()
    asked('first-steps#encrypt')
    for name, page in ('Escrow', 'escrow#hand-over'), ('Check', 'who-can-open#check'):
        window.to_page(app, name)
        asked(page)
    asked('who-can-open#check', lambda: uit.activate('help'))
    window.to_page(app, 'Files')


def dialogs():
    """The same in each window that belongs to it."""
    app = story['app']

    def lost_key():
        uit.activate('lost-key', window_number=1)

    def inspect():
        uit.activate('inspect-path', uit.GLib.Variant('ay', os.fsencode(story['file']) + b'\0'), window_number=1)
    for start, title, page in (
            (lost_key, 'I Lost My Key', 'lost-key#ask'),
            (inspect, 'letter.txt.gpg', 'who-can-open'),
            (lambda: uit.activate('requests', window_number=1), 'Requests', 'lost-key#answer'),
            (lambda: uit.activate('export', window_number=1), 'Export Escrow Packets', 'escrow#hand-over'),
            (lambda: uit.activate('preferences'), 'Preferences', 'preferences')):
        app.front()
        start()
        title_in_front(title)
        asked(page)
        uit.keys('Escape')
        app.closed(title)


def button():
    """The Help button of a window of several steps opens the same page."""
    app = story['app']
    app.front()
    uit.activate('lost-key', window_number=1)
    title_in_front('I Lost My Key')
    dialog = uit.eventually(lambda: next((child for child in (app.root.get_child_at_index(i) for i in range(
        app.root.get_child_count())) if child and uit.name(child) == 'I Lost My Key'), None), 'the window')
    asked('lost-key#ask', lambda: uit.click(uit.find(dialog, 'button', 'Help')))
    uit.xdotool('windowactivate', '--sync', uit.window('^I Lost My Key$'))
    uit.keys('Escape')
    app.closed('I Lost My Key')
    app.end()


def authority():
    """In the authority's window too: at its set-up, and on each of its pages."""
    home = people.folder('officer')
    app = window.Window(PROGRAM, '--authority', environment={'HOME': home, 'XDG_DATA_HOME': os.path.join(home, 'data'),
                                                             'XDG_DATA_DIRS': os.environ['XDG_DATA_HOME'] + ':/usr/share'})
    app.see('Set Up a Backup Authority')
    uit.xdotool('windowactivate', '--sync', uit.window('^Backup Authority$'))
    asked('authority#set-up')
    app.end()
    acme = people.AuthorityMode(TOOL)
    acme.make()
    app = window.Window(PROGRAM, '--authority', environment={
        'XDG_DATA_HOME': acme.environment['XDG_DATA_HOME'], 'XDG_DATA_DIRS': os.environ['XDG_DATA_HOME'] + ':/usr/share'})
    app.see('No Packets Yet')
    uit.xdotool('windowactivate', '--sync', uit.window('^Backup Authority$'))
    asked('authority#packets')
    for name, page in ('Cases', 'recovery'), ('Owners', 'enrol'), ('Audit', 'audit'):
        uit.click(uit.find(app.root, 'page tab', name))
        at_last('authority#' + page)
    uit.activate('policy', window_number=1)
    title_in_front('Policy')
    asked('authority#policy')
    uit.keys('Escape')
    app.closed('Policy')
    app.end()


def set_up():
    """At the first start F1 explains the set-up."""
    home = people.folder('newcomer')
    app = window.Window(PROGRAM, environment={'XDG_DATA_HOME': os.path.join(home, 'data'),
                                              'XDG_DATA_DIRS': os.environ['XDG_DATA_HOME'] + ':/usr/share'})
    app.wait_focus('Choose Certificate File')  # the keyring has her key
    app.front()
    asked('first-steps#set-up')
    app.end()


def command_line():
    """--help, --version and mistakes are answered on the terminal, without a window and without a screen."""
    bare = {name: value for name, value in os.environ.items() if name not in ('DISPLAY', 'DBUS_SESSION_BUS_ADDRESS')}

    def run(*words):
        return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=20, check=False, env=bare)
    done = run('--version')
    assert (done.returncode, done.stderr) == (0, '') and done.stdout.startswith('sparekey '), done
    done = run('--help')
    assert done.returncode == 0 and '--authority' in done.stdout and '[FILE…]' in done.stdout, done
    done = run('--authority', OPENED)
    assert done.returncode == 2 and 'takes no files' in done.stderr, done
    done = run('--nonsense')
    assert done.returncode == 1 and '--nonsense' in done.stderr, done


tap.run(begin, no_viewer, pages, dialogs, button, authority, set_up, command_line)
