# SPDX-License-Identifier: GPL-3.0-or-later
"""The first start, by what a screen reader is told: a key, a backup authority compared and trusted, done."""

import os
import signal
import subprocess
import sys

import owner as people
import tap
import uit
import window

PROGRAM = sys.argv[1]
authority = people.Authority()
stranger = people.Authority('stranger')
DATA = os.path.join(os.environ['XDG_DATA_HOME'], 'sparekey')
story = {}


def pin():
    """What is written down about the authority."""
    path = os.path.join(DATA, 'authority.ini')
    return people.get(path).decode() if os.path.exists(path) else ''


def keyring_items():
    """How many items the keyring holds for the application."""
    answer = subprocess.run(['gdbus', 'call', '--session', '-d', 'org.freedesktop.secrets', '-o', '/org/freedesktop/secrets',
                             '-m', 'org.freedesktop.Secret.Service.SearchItems',
                             "{'xdg:schema': 'org.sparekey.SpareKey.Key'}"], capture_output=True, text=True, check=True)
    return answer.stdout.count('/org/freedesktop/secrets/collection/')


def welcome():
    """The first start offers the ways to a key that there are: no GnuPG home, no key from it."""
    story['app'] = app = window.Window(PROGRAM)
    app.see('Step 1 of 3')
    for way in 'Create a New Key', 'Import a Key File':
        app.see(way, 'row')
    assert not uit.find_all(app.root, 'row', 'Use a Key from GnuPG')
    assert keyring_items() == 0


def killed_before():
    """Killed before anything was made, it starts with the same question."""
    story['app'].end(signal.SIGKILL)
    story['app'] = app = window.Window(PROGRAM)
    app.see('Step 1 of 3')
    assert keyring_items() == 0 and not pin()


def create():
    """A name and an address make a key, which is kept in the keyring."""
    app = story['app']
    app.wait_focus('Create a New Key')
    uit.keys('Return')
    uit.set_text(uit.find(app.root, 'entry', 'Name'), 'Ada Öwner')
    uit.set_text(uit.find(app.root, 'entry', 'Email'), 'ada@example.org')
    app.press('Create Key')
    app.see('Step 2 of 3', seconds=60)
    uit.eventually(lambda: keyring_items() == 3, 'three items in the keyring')


def resumed():
    """Killed after the key was made, it goes on with the authority, and with the same key."""
    story['app'].end(signal.SIGKILL)
    story['app'] = app = window.Window(PROGRAM)
    app.see('Step 2 of 3')
    app.wait_focus('Choose Certificate File')
    assert keyring_items() == 3 and not pin()


def shown_fingerprint(app):
    """The two lines of five groups that are shown."""
    def look():
        for node in window.there(app.root):
            lines = uit.name(node).split('\n')
            if len(lines) == 2 and all(len(line.split()) == 5 for line in lines):
                return lines
        return None
    return uit.eventually(look, 'a fingerprint in two lines of five groups')


def choose(certificate):
    """Presses the button and chooses this file."""
    app = story['app']
    app.wait_focus('Choose')
    app.press('Choose Certificate File')
    window.choose(certificate, title='Certificate of the Backup Authority')


def not_a_certificate():
    """A file that is no certificate is refused in words, and another can be chosen."""
    choose(people.put(os.path.join(window.SESSION, 'letter.txt'), b'Dear Ada\n'))
    app = story['app']

    app.see('This is not the certificate of a backup authority')
    assert not pin()


def mismatch():
    """A fingerprint that does not match is not trusted, and nothing is changed."""
    choose(stranger.certificate())
    app = story['app']
    assert ''.join(''.join(shown_fingerprint(app)).split()) == stranger.fingerprint
    app.wait_focus('Does Not Match')  # the harmless answer
    app.press('Does Not Match')
    app.wait_focus('Choose Another File')
    assert not pin()


def compare():
    """The fingerprint is shown in two lines of five groups of four, and is the real one."""
    app = story['app']
    app.press('Choose Another File')
    window.choose(authority.certificate(), title='Certificate of the Backup Authority')
    app.wait_focus('Does Not Match')
    lines = shown_fingerprint(app)
    groups = [group for line in lines for group in line.split()]
    assert [len(group) for group in groups] == [4] * 10, lines
    assert ''.join(groups) == authority.fingerprint, (lines, authority.fingerprint)
    app.see('ACME Backup Authority authority')
    assert not pin(), 'not trusted before the answer'


def resumed_again():
    """Killed while the fingerprint is compared, it trusts nobody and asks again."""
    story['app'].end(signal.SIGKILL)
    story['app'] = app = window.Window(PROGRAM)
    app.see('Step 2 of 3')
    assert not pin()
    choose(authority.certificate())
    app.wait_focus('Does Not Match')
    assert ''.join(''.join(shown_fingerprint(app)).split()) == authority.fingerprint


def matches():
    """"Matches" trusts it; the assistant says who can open files from now on, and is done."""
    app = story['app']
    app.press('Matches')
    app.see('Step 3 of 3')
    app.see('can be opened by you, and by ACME Backup Authority authority')
    assert authority.fingerprint in pin(), pin()
    app.wait_focus('Start')
    app.press('Start')
    app.wait_focus('Choose Files')
    app.see('Ada Öwner (you)')


def stock_gpg():
    """A file of this set-up opens with the authority's key in stock gpg, which sees two recipients."""
    path = people.put(os.path.join(people.folder('first'), 'first.txt'), b'first\n')
    story['app'].hand_over(path)
    story['app'].row('first.txt', 'Encrypted')
    assert authority.decrypt(path + '.gpg') == b'first\n'
    assert authority.packets(path + '.gpg').count(':pubkey enc packet:') == 2


def next_start():
    """The next start goes straight to the files, and opens what was made before."""
    story['app'].end()
    path = os.path.join(window.SESSION, 'work/first/first.txt')
    os.unlink(path)
    story['app'] = app = window.Window(PROGRAM, path + '.gpg')
    app.row('first.txt.gpg', 'Opened')
    assert people.get(path) == b'first\n'
    assert not app.sees('Step ')
    app.end()


tap.run(welcome, killed_before, create, resumed, not_a_certificate, mismatch, compare, resumed_again, matches, stock_gpg,
        next_start)
