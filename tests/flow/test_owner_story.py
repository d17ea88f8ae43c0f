# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner's story, told with the command line and stock gpg. Read this first.

Ada makes a key, trusts the backup authority, encrypts a letter, and whoever should be able to open it can: she, the
authority, and nobody else. Each point below is one promise.
"""

import os
import shutil
import subprocess
import sys

import owner as people
import tap

ada = people.Owner(sys.argv[1])
authority = people.Authority()
stock = people.Gpg('stock')
LETTER = b'Dear Ben,\nthe spare key is with the neighbours.\nAda\n'


def make_a_key():
    """Ada makes a key, which lives in her keyring and is in use."""
    ada.fingerprint = ada.create()
    keys = ada.json('key', 'list')['keys']
    assert keys == [{'fingerprint': ada.fingerprint, 'user-ids': ['Ada Owner <ada@example.org>'], 'source': 'keyring',
                     'default': True}], keys


def without_authority():
    """Without an authority nothing is encrypted, and it is said why."""
    work = people.folder('without')
    letter = people.put(os.path.join(work, 'letter.txt'))
    result = ada.result('encrypt', letter, status=3)
    assert result['status'] == 'failed' and result['error']['code'] == 'not-set-up', result
    assert people.names(work) == ['letter.txt']


def trust():
    """She trusts the authority only with all 40 characters right."""
    wrong = authority.fingerprint[:-1] + ('0' if authority.fingerprint[-1] != '0' else '1')
    ada.run('escrow', 'trust', authority.certificate(), '--fingerprint', wrong, status=6)
    assert ada.json('escrow', 'status')['authority'] is None
    status = ada.trust(authority)
    assert status['authority']['fingerprint'] == authority.fingerprint
    assert status['authority']['state'] == 'usable'
    assert status['authority']['subkey'].endswith(authority.subkeys()[0]), 'files go to the oldest encryption subkey'
    assert status['mode'] == 'embedded'


def encrypt():
    """She encrypts a letter; the original stays; the packet waits in the outbox."""
    work = people.folder('story')
    letter = people.put(os.path.join(work, 'letter.txt'), LETTER)
    result = ada.result('encrypt', letter)
    assert result['status'] == 'done' and result['output'] == letter + '.gpg', result
    assert people.get(letter) == LETTER
    packets = ada.json('escrow', 'list')['packets']
    assert [packet['serial'] for packet in packets] == [result['serial']]
    assert packets[0]['state'] == 'pending' and packets[0]['name'] == 'letter.txt'
    assert packets[0]['file-id'] == result['file-id'] and packets[0]['proven']
    assert os.stat(letter + '.gpg').st_mode & 0o777 == 0o600


def two_recipients():
    """Stock gpg sees two recipients: her and the authority."""
    path = os.path.join(people.SESSION, 'work/story/letter.txt.gpg')
    listing = stock.packets(path)
    assert listing.count(':pubkey enc packet:') == 2, listing
    assert authority.subkeys()[0] in listing, listing
    file = ada.json('inspect', path)['files'][0]
    assert sorted(recipient['role'] for recipient in file['recipients']) == ['authority', 'owner'], file
    assert file['escrow'] == 'embedded' and file['format'] in ('seipd1', 'ocb')


def authority_opens():
    """Stock gpg opens it with the authority's key."""
    assert authority.decrypt(os.path.join(people.SESSION, 'work/story/letter.txt.gpg')) == LETTER


def owner_opens_with_stock_gpg():
    """Stock gpg opens it with her exported key."""
    exported = os.path.join(people.SESSION, 'ada-secret.asc')
    people.with_passphrase(lambda *words, fds: ada.run('key', 'export', '--secret', '--to', exported, *words, fds=fds),
                           'correct horse')
    gpg = people.Gpg('ada')
    gpg.run('--pinentry-mode', 'loopback', '--passphrase', 'correct horse', '--import', exported)
    opened = gpg.run('--pinentry-mode', 'loopback', '--passphrase', 'correct horse', '--decrypt',
                     os.path.join(people.SESSION, 'work/story/letter.txt.gpg'))
    assert opened.stdout == LETTER


def decrypt():
    """She decrypts it, and it is the letter."""
    work = people.folder('back')
    result = ada.result('decrypt', '--output-dir', work, os.path.join(people.SESSION, 'work/story/letter.txt.gpg'))
    assert result['output'] == os.path.join(work, 'letter.txt'), result
    assert people.get(result['output']) == LETTER


def packet_gives_session_key():
    """The escrow packet alone gives the session key to stock gpg, and that opens the letter."""
    path = os.path.join(people.SESSION, 'work/story/letter.txt.gpg')
    packet = os.path.join(people.SESSION, 'work/story/packet')
    ada.run('escrow', 'packet', path, '--output', packet)
    assert os.path.getsize(packet) < 200
    key = authority.session_key(packet)
    assert stock.run('--override-session-key', key, '--decrypt', path).stdout == LETTER


def detached():
    """Detached: the authority is no recipient of the file, but its packet opens it."""
    work = people.folder('detached')
    letter = people.put(os.path.join(work, 'letter.txt'), LETTER)
    result = ada.result('encrypt', '--escrow', 'detached', letter)
    listing = stock.packets(result['output'])
    assert listing.count(':pubkey enc packet:') == 1, listing
    assert authority.subkeys()[0] not in listing
    assert authority.run('--decrypt', result['output'], status=None).returncode != 0
    assert ada.json('inspect', result['output'])['files'][0]['escrow'] == 'deposited'
    packet = os.path.join(work, 'packet')
    ada.run('escrow', 'packet', result['output'], '--output', packet)
    assert stock.run('--override-session-key', authority.session_key(packet), '--decrypt',
                     result['output']).stdout == LETTER
    back = ada.result('decrypt', '--output', os.path.join(work, 'back'), result['output'])
    assert people.get(back['output']) == LETTER


def home_lost():
    """Her GnuPG home is deleted; the next start decrypts as before."""
    subprocess.run(['gpgconf', '--homedir', ada.home(), '--kill', 'all'], check=True)
    shutil.rmtree(ada.home())
    work = people.folder('home-lost')
    result = ada.result('decrypt', '--output-dir', work, os.path.join(people.SESSION, 'work/story/letter.txt.gpg'))
    assert people.get(result['output']) == LETTER
    # And what is encrypted then still goes to both.
    letter = people.put(os.path.join(work, 'second.txt'), LETTER)
    assert authority.decrypt(ada.result('encrypt', letter)['output']) == LETTER


def lock_keyring():
    """The keyring is locked and nobody can unlock it: a message, and nothing changed."""
    work = people.folder('locked')
    subprocess.run(['gdbus', 'call', '--session', '-d', 'org.freedesktop.secrets', '-o', '/org/freedesktop/secrets', '-m',
                    'org.freedesktop.Secret.Service.Lock', "['/org/freedesktop/secrets/collection/login']"],
                   check=True, capture_output=True)
    result = ada.result('decrypt', '--output-dir', work, os.path.join(people.SESSION, 'work/story/letter.txt.gpg'),
                        status=7)
    assert result['error']['code'] in ('keyring-locked', 'keyring-dismissed'), result
    assert people.names(work) == []
    assert len(ada.json('key', 'list')['keys']) == 1, 'a locked keyring is not a missing key'


tap.run(make_a_key, without_authority, trust, encrypt, two_recipients, authority_opens, owner_opens_with_stock_gpg, decrypt,
        packet_gives_session_key, detached, home_lost, lock_keyring)
