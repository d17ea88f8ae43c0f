# SPDX-License-Identifier: GPL-3.0-or-later
"""KeePassXC as the desktop's keyring, where it is installed: the same promises as with GNOME's. Runs inside
tests/support/session, without its keyring."""

import base64
import os
import re
import shutil
import subprocess
import sys
import time
import uuid

import owner as people
import tap

TOOL = sys.argv[1]
PASSWORD = 'sesame'
NAME = 'org.freedesktop.secrets'
SETTINGS = """[General]
ConfigVersion=2
[GUI]
CheckForUpdates=false
[FdoSecrets]
Enabled=true
ShowNotification=false
ConfirmAccessItem=false
ConfirmDeleteItem=false
"""
DATABASE = os.path.join(people.SESSION, 'k.kdbx')
story = {}


def cli(*words, answers=1):
    done = subprocess.run(['keepassxc-cli', *words], input=(PASSWORD + '\n').encode() * answers, capture_output=True, check=False)
    assert done.returncode == 0, done
    return done.stdout


def make_database():
    """A database that shows one of its groups to the desktop. There is no command for that: it is written into its XML."""
    cli('db-create', '-p', DATABASE, answers=2)
    cli('mkdir', DATABASE, 'Secrets')
    xml = cli('export', '-f', 'xml', DATABASE).decode()
    group = re.findall(r'<UUID>([^<]*)</UUID>', xml[:xml.index('<Name>Secrets</Name>')])[-1]
    shown = f'<Item><Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{{{uuid.UUID(bytes=base64.b64decode(group))}}}</Value></Item>'
    assert '<CustomData' in xml or '</Meta>' in xml
    if '<CustomData>' in xml:
        xml = xml.replace('<CustomData>', '<CustomData>' + shown, 1)
    else:
        xml = xml.replace('</Meta>', f'<CustomData>{shown}</CustomData></Meta>', 1)
    source = people.put(DATABASE + '.xml', xml.encode())
    os.unlink(DATABASE)
    cli('import', '-p', source, DATABASE, answers=2)


def bus(path, method, *arguments):
    done = subprocess.run(['gdbus', 'call', '--session', '-d', NAME, '-o', path, '-m', method, *arguments], capture_output=True,
                          text=True, check=False)
    return done.stdout


def default():
    """Path of the default collection; empty while there is none."""
    found = re.search(r"objectpath '(/org/freedesktop/secrets/collection/[^']+)'",
                      bus('/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.ReadAlias', 'default'))
    return found.group(1) if found else ''


def eventually(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f'{what} did not come about in {seconds} s'
        time.sleep(0.1)


def begin():
    """A key made with KeePassXC as the keyring is stored there, whole: passphrase, secret key and revocation."""
    if not shutil.which('keepassxc') or not shutil.which('keepassxc-cli'):
        raise tap.Skip('KEEPASSXC IS NOT INSTALLED')
    make_database()
    folder = os.path.join(os.environ['XDG_CONFIG_HOME'], 'keepassxc')
    os.makedirs(folder, exist_ok=True)
    people.put(os.path.join(folder, 'keepassxc.ini'), SETTINGS.encode())
    with open(os.path.join(people.SESSION, 'keepassxc.log'), 'wb') as log:
        program = subprocess.Popen(['keepassxc', '--pw-stdin', DATABASE], stdin=subprocess.PIPE, stdout=log, stderr=log)
    program.stdin.write((PASSWORD + '\n').encode())
    program.stdin.close()
    eventually(default, 'KeePassXC with a default collection', 60)
    story['ada'], story['authority'] = people.begin(TOOL)
    found = bus('/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.SearchItems',
                "{'xdg:schema': 'org.sparekey.SpareKey.Key'}")
    assert found.count('/collection/') == 3, found


def needs_beginning():
    if not story:
        raise tap.Skip('KEEPASSXC IS NOT INSTALLED, OR DID NOT START')


def both_ways():
    """A file is encrypted and opened; stock gpg opens it with the authority's key."""
    needs_beginning()
    path = people.put(os.path.join(people.folder('docs'), 'letter.txt'), b'dear all\n')
    story['ada'].run('encrypt', path)
    assert story['authority'].decrypt(path + '.gpg') == b'dear all\n'
    os.unlink(path)
    story['ada'].run('decrypt', path + '.gpg')
    assert people.get(path) == b'dear all\n'
    story['path'] = path


def home_lost():
    """GnuPG's home is rebuilt from KeePassXC."""
    needs_beginning()
    ada, path = story['ada'], story['path']
    subprocess.run(['gpgconf', '--homedir', ada.home(), '--kill', 'gpg-agent'], check=True, capture_output=True)
    shutil.rmtree(ada.home(), ignore_errors=True)
    os.unlink(path)
    ada.run('decrypt', path + '.gpg')
    assert people.get(path) == b'dear all\n'


def gone():
    """With KeePassXC ended, that is said, and nothing is changed."""
    needs_beginning()
    ada, path = story['ada'], story['path']
    pid = re.search(r'uint32 (\d+)', subprocess.run(
        ['gdbus', 'call', '--session', '-d', 'org.freedesktop.DBus', '-o', '/org/freedesktop/DBus', '-m',
         'org.freedesktop.DBus.GetConnectionUnixProcessID', NAME], capture_output=True, text=True, check=True).stdout).group(1)
    os.kill(int(pid), 15)
    eventually(lambda: not default(), 'the end of KeePassXC')
    os.unlink(path)
    before = people.names(os.path.dirname(path))
    done = ada.run('decrypt', path + '.gpg', status=7)
    assert b'keyring' in done.stderr, done.stderr
    assert people.names(os.path.dirname(path)) == before


tap.run(begin, both_ways, home_lost, gone)
