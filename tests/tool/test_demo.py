# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo plays the whole story by itself, in a folder of its own."""

import os
import shutil
import sys
import tempfile

import owner as people
import tap

ada = people.Owner(sys.argv[1])
TEMPORARY = os.environ['TMPDIR']


def plays():
    """It plays the story to its end, with the real programs, leaves nothing, and touches nothing else."""
    before = set(os.listdir(TEMPORARY))
    with people.Unharmed(ada.environment['HOME']):
        done = ada.run('demo', timeout=280)
    said = done.stdout.decode()
    for part in ('acme$ sparekey-tool', 'ben$ gpg', 'recovery request', 'approved by Ben', 'case recover', 'recovery apply',
                 'the spare key is with the neighbours', 'audit --verify', 'The log is whole.'):
        assert part in said, f'{part!r} is not in {said}'
    assert said.index('key delete') < said.index('recovery apply') < said.index('the spare key is with'), said
    assert set(os.listdir(TEMPORARY)) == before
    assert people.our_processes() == [], people.our_processes()


def says_nothing_else():
    """With --json it says that it was done, and nothing else."""
    assert ada.json('demo', timeout=280) == {'demo': 'done'}


def what_is_missing():
    """Without the programs that it needs it says which, and begins nothing."""
    bare = tempfile.mkdtemp(dir=TEMPORARY)
    for name in 'gpg', 'gpgconf', 'gpg-agent':
        os.symlink(shutil.which(name), os.path.join(bare, name))
    before = set(os.listdir(TEMPORARY))
    try:
        done = ada.run('demo', environment={'PATH': bare}, status=7)
        assert 'dbus-daemon' in people.readable(done) and 'gnome-keyring-daemon' in people.readable(done), done
        assert ada.json('demo', environment={'PATH': bare}, status=7)['error']['code'] == 'engine'
    finally:
        assert set(os.listdir(TEMPORARY)) == before
        shutil.rmtree(bare)


tap.run(plays, says_nothing_else, what_is_missing)
