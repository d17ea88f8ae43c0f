# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts that are not like the first one: no keyring, an administrator's policy, no authority, started again halfway."""

import os
import subprocess
import sys

PROGRAM, SUPPORT, HOUSE = sys.argv[1:4]
sys.path[:0] = [SUPPORT, HOUSE]

import desk  # noqa: E402
import tap  # noqa: E402
import uit  # noqa: E402

CONFIG = os.path.join(desk.SESSION, 'etc')
os.environ['XDG_CONFIG_DIRS'] = CONFIG
FINGERPRINT = desk.make_authority()
KEYRING = []


def write_policy(text):
    os.makedirs(CONFIG + '/sparekey', exist_ok=True)
    with open(CONFIG + '/sparekey/policy.ini', 'w', encoding='utf-8') as file:
        file.write(text)


def keyring_missing():
    """Without a keyring it says so, leaves everything alone, and starts once there is one."""
    application = desk.Application(PROGRAM)
    desk.wait_focus(application.root, 'Try Again')
    assert not os.path.exists(os.path.join(os.environ['XDG_DATA_HOME'], 'sparekey', 'authority.ini'))
    daemon = subprocess.Popen(['gnome-keyring-daemon', '--unlock', '--foreground', '--components=secrets'],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    daemon.stdin.write(b'sesame')
    daemon.stdin.close()
    KEYRING.append(daemon)

    def owned():
        answer = subprocess.run(['gdbus', 'call', '--session', '-d', 'org.freedesktop.DBus', '-o', '/', '-m',
                                 'org.freedesktop.DBus.NameHasOwner', 'org.freedesktop.secrets'],
                                capture_output=True, text=True, check=False)
        return 'true' in answer.stdout
    uit.eventually(owned, 'the keyring', 20)
    uit.keys('Return')
    desk.wait_focus(application.root, 'Create a New Key')
    application.end()


def resumed():
    """Ended after the first step, the assistant goes on with the second."""
    application = desk.Application(PROGRAM)
    root = application.root
    desk.wait_focus(root, 'Create a New Key')
    uit.keys('Return')
    desk.type_into(root, 'Name', 'Ada Owner')
    uit.keys('Tab')
    desk.type_into(root, 'Email', 'ada@example.org')
    uit.keys('Return')
    application.wait_for('Step 2 of 3', 90)
    application.end()
    application = desk.Application(PROGRAM)
    application.wait_for('Step 2 of 3', 30)
    desk.wait_focus(application.root, 'Choose Certificate File')
    application.end()


def refused():
    """A fingerprint that does not match is not trusted."""
    application = desk.Application(PROGRAM)
    desk.wait_focus(application.root, 'Choose Certificate File')
    uit.keys('Return')
    desk.choose_in_dialog(desk.CERTIFICATE)
    desk.wait_focus(application.root, 'Does Not Match')
    uit.keys('Return')
    desk.wait_focus(application.root, 'Choose Another File')
    application.end()
    assert not os.path.exists(os.path.join(os.environ['XDG_DATA_HOME'], 'sparekey', 'authority.ini'))


def without():
    """Going on without an authority is told in words, and the line of who can open says it."""
    application = desk.Application(PROGRAM)
    desk.wait_focus(application.root, 'Choose Certificate File')
    uit.keys('Tab', 'Return')
    desk.wait_focus(application.root, 'Go Back')
    uit.keys('Tab', 'Return')
    desk.wait_focus(application.root, 'Start')
    uit.keys('Return')
    application.wait_for('and nobody else')
    path = desk.write('alone.txt', b'mine')
    subprocess.run([PROGRAM, path], check=True)
    desk.wait_row(application, 'alone.txt', 'without a backup authority')
    application.end()


def alone(point):
    """Each point has the application for itself: one that failed leaves none running."""
    def run():
        try:
            point()
        finally:
            for application in desk.Application.running[:]:
                application.end()
    run.__doc__ = point.__doc__
    return run


def managed():
    """What the administrator's policy sets is shown, said to be managed, and can't be changed."""
    write_policy(f'[Escrow]\nAuthority={FINGERPRINT}\nAuthorityKey={desk.CERTIFICATE}\nMode=embedded\nRequired=true\n')
    application = desk.Application(PROGRAM)
    application.wait_for('ACME Backup Authority')
    uit.activate('preferences')
    assert 'sensitive' in uit.states(application.wait_for('Unpack Archives', kind='row'))
    uit.click(application.wait_for('Backup Authority', kind='tab'))
    row = application.wait_for('Require a Backup Authority', kind='row')
    application.wait_for('Managed by your organisation')
    uit.eventually(lambda: 'sensitive' not in uit.states(row), 'a row that can\'t be changed')


def unreadable():
    """A policy that can't be understood stops encryption, in its own words."""
    write_policy('[Escrow]\nMode=sideways\n')
    application = desk.Application(PROGRAM)
    application.wait_for('The policy cannot be read')
    path = desk.write('stopped.txt', b'plain')
    subprocess.run([PROGRAM, path], check=True)
    desk.wait_row(application, 'stopped.txt')
    uit.eventually(lambda: uit.find_all(application.root, 'button', 'Try Again'), 'the refusal')
    assert not os.path.exists(path + '.gpg')
    application.end()


def quiet():
    """The toolkit complained about nothing."""
    for daemon in KEYRING:
        daemon.terminate()
        daemon.wait()
    assert not desk.warnings(), desk.warnings()


tap.run(*map(alone, (keyring_missing, resumed, refused, without, managed, unreadable, quiet)))
