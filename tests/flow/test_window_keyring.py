# SPDX-License-Identifier: GPL-3.0-or-later
"""A locked keyring and the desktop's real question for its password, answered by keyboard: right, wrong, and by Escape."""

import os
import subprocess
import sys

import owner as people
import tap
import uit
import window

PROGRAM, TOOL = sys.argv[1:3]
PASSWORD = 'sesame'  # of the session's login keyring
PROMPTERS = '/usr/libexec/gcr-prompter', '/usr/libexec/gcr4-prompter'
QUESTION = '[Kk]eyring'  # in the title of the question's window
ada, authority = people.begin(TOOL)
WORK = people.folder('docs')


def path_of(name):
    return os.path.join(WORK, name)


def encrypted(name):
    """An encrypted file whose original is gone."""
    path = people.put(path_of(name), f'in {name}\n'.encode())
    ada.run('encrypt', path)
    os.unlink(path)
    return path


class Prompter:
    """The program that asks for the keyring's password, as the desktop would start it."""

    def __enter__(self):
        program = next((path for path in PROMPTERS if os.path.exists(path)), None)
        if program is None:
            raise tap.Skip('THE PROMPTER OF GCR IS NOT INSTALLED: no real question was answered')
        self.process = subprocess.Popen([program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        uit.eventually(self.owned, 'the prompter', 20)
        return self

    def owned(self):
        answer = subprocess.run(['gdbus', 'call', '--session', '-d', 'org.freedesktop.DBus', '-o', '/org/freedesktop/DBus', '-m',
                                 'org.freedesktop.DBus.NameHasOwner', 'org.gnome.keyring.SystemPrompter'], capture_output=True,
                                text=True, check=True)
        return 'true' in answer.stdout

    def question(self):
        """The question's window, once it is there, with the keyboard."""
        found = uit.window(QUESTION, seconds=30)
        uit.xdotool('windowactivate', '--sync', found)
        return found

    def answer(self, *keys, words=None):
        """Types into the question and presses keys."""
        self.question()
        if words:
            uit.type_text(words)
        uit.keys(*keys)

    def gone(self):
        """Whether no question is on the screen."""
        return not subprocess.run(['xdotool', 'search', '--onlyvisible', '--name', QUESTION], check=False,
                                  capture_output=True).stdout.strip()

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def is_locked():
    answer = subprocess.run(['gdbus', 'call', '--session', '-d', 'org.freedesktop.secrets', '-o',
                             '/org/freedesktop/secrets/collection/login', '-m', 'org.freedesktop.DBus.Properties.Get',
                             'org.freedesktop.Secret.Collection', 'Locked'], capture_output=True, text=True, check=True)
    return 'true' in answer.stdout


def dismissed():
    """Escape in the question: the file's row says that the keyring is locked, nothing is made, the keyring stays locked."""
    path = encrypted('dismissed.txt')
    before = people.names(WORK)
    app = window.Window(PROGRAM)
    try:
        app.see('(you)')
        window.lock_keyring()
        with Prompter() as prompter:
            app.hand_over(path + '.gpg')
            prompter.answer('Escape')
            row = app.row('dismissed.txt.gpg', 'keyring', seconds=60)
            assert 'Opened' not in row, row
            uit.eventually(prompter.gone, 'the end of the question')
        assert people.names(WORK) == before and is_locked()
        app.see('keyring is locked')
    finally:
        app.end()


def unlocked():
    """The password typed into the question lets the file be opened; a wrong one is asked for again."""
    path = path_of('dismissed.txt')
    app = window.Window(PROGRAM)
    try:
        app.see('keyring is locked')
        with Prompter() as prompter:
            app.hand_over(path + '.gpg')
            prompter.answer('Return', words='not this one')
            assert is_locked() and not os.path.exists(path)
            prompter.answer('ctrl+a')
            prompter.answer('Return', words=PASSWORD)
            app.row('dismissed.txt.gpg', 'Opened', seconds=60)
            uit.eventually(prompter.gone, 'the end of the question')
        assert people.get(path) == b'in dismissed.txt\n' and not is_locked()
        uit.eventually(lambda: not app.sees('The keyring is locked'), 'the end of the line across the window')
    finally:
        app.end()


def by_button():
    """"Unlock" on the line across the window asks; Escape leaves it as it is, the password takes the line away."""
    app = window.Window(PROGRAM)
    try:
        app.see('(you)')
        window.lock_keyring()
        app.end()
        app = window.Window(PROGRAM)
        app.see('keyring is locked')
        with Prompter() as prompter:
            app.press('Unlock')
            prompter.answer('Escape')
            uit.eventually(prompter.gone, 'the end of the question')
            app.see('keyring is locked')
            assert is_locked()
            app.press('Unlock')
            prompter.answer('Return', words=PASSWORD)
            uit.eventually(lambda: not is_locked(), 'the keyring to be open', 30)
            uit.eventually(lambda: not app.sees('The keyring is locked'), 'the end of the line across the window')
    finally:
        app.end()


def key_of_lost_home():
    """With GnuPG's home lost and the keyring locked, the start asks; Escape is said and can be tried again, the password rebuilds it."""
    path = encrypted('lost.txt')
    subprocess.run(['gpgconf', '--homedir', ada.home(), '--kill', 'gpg-agent'], check=True, capture_output=True)
    for folder, folders, files in os.walk(ada.home(), topdown=False):
        for name in files:
            os.unlink(os.path.join(folder, name))
        for name in folders:
            os.rmdir(os.path.join(folder, name))
    os.rmdir(ada.home())
    window.lock_keyring()
    with Prompter() as prompter:
        app = window.Window(PROGRAM, path + '.gpg')
        try:
            prompter.answer('Escape')
            app.see('Spare Key Cannot Start')
            app.wait_focus('Try Again', 30)
            assert is_locked() and not os.path.exists(path)
            app.press('Try Again')
            prompter.answer('Return', words=PASSWORD)
            app.see('(you)', seconds=60)
            app.row('lost.txt.gpg', 'Opened', seconds=60)
            assert people.get(path) == b'in lost.txt\n'
        finally:
            app.end()


tap.run(dismissed, unlocked, by_button, key_of_lost_home)
