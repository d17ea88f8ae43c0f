# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are covered, how one that is not becomes so, and files from an old key to a new one: nothing is decrypted
for it, stock gpg opens what comes out, and what is not touched stays as it is."""

import os
import sys

import owner as people
import tap

ada, authority = people.begin(sys.argv[1])
ben = people.Gpg('ben')
LETTER = b'Dear Ben, 1815.\n' * 5000

ben.run('--passphrase', '', '--quick-generate-key', 'Ben <ben@example.org>', 'default', 'default', 'never')


def encrypted(where, name, *words):
    """A file that Ada encrypted, the plain one gone."""
    path = people.put(os.path.join(where, name), LETTER)
    output = ada.result('encrypt', *words, path)['output']
    os.unlink(path)
    return output


def certificate(home, name):
    """A public key, as a file."""
    path = os.path.join(people.SESSION, name + '.asc')
    home.run('--armor', '--output', path, '--export')
    return path


def with_ada_key():
    """Stock gpg with Ada's certificate."""
    gpg = people.Gpg(f'with-ada-{with_ada_key.count}')
    with_ada_key.count += 1
    path = os.path.join(gpg.home, 'ada.asc')
    people.put(path, ada.run('key', 'export', ada.fingerprint).stdout)
    gpg.run('--import', path)
    return gpg


with_ada_key.count = 0


def by_stock_gpg(path, *words, recipient=None):
    """A file that somebody's gpg encrypted to Ada alone."""
    gpg = with_ada_key()
    gpg.run('--trust-model', 'always', '--output', path, *words, '--recipient', recipient or ada.fingerprint, '--encrypt',
            people.put(path + '.plain', LETTER))
    os.unlink(path + '.plain')
    return path


def state(path, **more):
    """The one file's state."""
    files = ada.json('check', path, **more)['files']
    assert len(files) == 1, files
    return files[0]['state']


def opens(path):
    """Whether Ada's tool gives the letter back."""
    back = path + '.back'
    done = ada.run('decrypt', '--output', back, path, status=None)
    if done.returncode != 0:
        return False
    content = people.get(back)
    os.unlink(back)
    return content == LETTER


def states():
    """Each kind of file is told by its state, and the exit status by whether all is well"""
    work = people.folder('states')
    covered = encrypted(work, 'covered')
    detached = encrypted(work, 'detached', '--escrow', 'detached')
    mine = by_stock_gpg(os.path.join(work, 'mine.gpg'))
    hidden = by_stock_gpg(os.path.join(work, 'hidden.gpg'), '--throw-keyids')
    foreign = os.path.join(work, 'foreign.gpg')
    ben.run('--trust-model', 'always', '--output', foreign, '--recipient', 'ben@example.org', '--encrypt',
            people.put(os.path.join(work, 'note.txt')))
    password = os.path.join(work, 'password.gpg')
    ben.run('--pinentry-mode', 'loopback', '--passphrase', 'x', '--output', password, '--symmetric',
            os.path.join(work, 'note.txt'))
    damaged = people.put(os.path.join(work, 'damaged.gpg'), people.get(covered)[:130])
    document = ada.json('check', work, status=1)
    found = {os.path.basename(file['path']): file['state'] for file in document['files']}
    assert found == {'covered.gpg': 'covered', 'detached.gpg': 'pending', 'mine.gpg': 'uncovered', 'hidden.gpg': 'hidden',
                     'foreign.gpg': 'foreign', 'password.gpg': 'password', 'damaged.gpg': 'damaged',
                     'note.txt': 'not-openpgp'}, found
    counts = document['counts']
    assert sum(counts.values()) == 8 and counts['covered'] == 1 and counts['old-authority'] == 0, counts
    for path in detached, mine, hidden, foreign, password, damaged:
        ada.json('check', path, status=1)
    assert state(covered) == 'covered'
    assert state(os.path.join(work, 'note.txt')) == 'not-openpgp'


def only_heads():
    """A check changes nothing and reads no more than heads"""
    work = people.folder('only-heads')
    path = encrypted(work, 'large')
    with open(path, 'r+b') as stream:
        stream.truncate(100 << 30)  # a hole: reading it all would take minutes
    with people.Unharmed(people.folder('only-heads-none')):
        assert ada.json('check', path)['counts']['covered'] == 1
    os.unlink(path)


def repair():
    """A file that is not covered gets the authority, and both open it with stock gpg"""
    work = people.folder('repair')
    path = by_stock_gpg(os.path.join(work, 'mine.gpg'))
    packets = len(ada.json('escrow', 'list')['packets'])
    file = ada.json('check', '--repair', path)['files'][0]
    assert file['state'] == 'covered' and file['repaired'] and file['serial'], file
    assert len(ada.json('escrow', 'list')['packets']) == packets + 1
    assert authority.decrypt(path) == LETTER
    assert opens(path)
    inspected = ada.json('inspect', path)['files'][0]
    assert inspected['escrow'] == 'embedded' and inspected['serial'] == file['serial'], inspected
    with people.Unharmed(work):
        assert not ada.json('check', '--repair', path)['files'][0]['repaired']


def repair_armored():
    """An armored file is repaired too, and stays armored"""
    path = by_stock_gpg(os.path.join(people.folder('repair-armored'), 'mine.asc'), '--armor')
    assert ada.json('check', '--repair', path)['files'][0]['state'] == 'covered'
    assert people.get(path).startswith(b'-----BEGIN PGP MESSAGE-----')
    assert authority.decrypt(path) == LETTER


def repair_leaves_foreign():
    """What is not Ada's is left alone by a repair"""
    work = people.folder('repair-foreign')
    path = os.path.join(work, 'foreign.gpg')
    ben.run('--trust-model', 'always', '--output', path, '--recipient', 'ben@example.org', '--encrypt',
            people.put(os.path.join(work, 'note.txt')))
    with people.Unharmed(work):
        file = ada.json('check', '--repair', path, status=1)['files'][0]
        assert file['state'] == 'foreign' and not file['repaired'], file


def repair_wrong_key():
    """A session key that does not fit the data is not handed to the authority"""
    work = people.folder('repair-wrong')
    first = by_stock_gpg(os.path.join(work, 'first.gpg'))
    second = by_stock_gpg(os.path.join(work, 'second.gpg'))
    one, two = people.get(first), people.get(second)

    # Both heads have one packet of the old format and two length octets, or one.
    def head(octets):
        return 3 + int.from_bytes(octets[1:3], 'big') if octets[0] & 3 == 1 else 2 + octets[1]

    people.put(first, two[:head(two)] + one[head(one):])
    packets = len(ada.json('escrow', 'list')['packets'])
    with people.Unharmed(work):
        file = ada.json('check', '--repair', first, status=1)['files'][0]
        assert file['error']['code'] == 'damaged' and not file['repaired'], file
    assert len(ada.json('escrow', 'list')['packets']) == packets


def repair_deposits():
    """What a repair made is handed over at once where the policy names a place"""
    work = people.folder('repair-deposits')
    path = by_stock_gpg(os.path.join(work, 'mine.gpg'))
    place, etc = people.folder('repair-place'), people.folder('repair-etc')
    os.mkdir(os.path.join(etc, 'sparekey'))
    people.put(os.path.join(etc, 'sparekey', 'policy.ini'), f'[Escrow]\nDepositTo=file://{place}\n'.encode())
    environment = {'XDG_CONFIG_DIRS': etc}
    serial = ada.json('check', '--repair', path, environment=environment)['files'][0]['serial']
    states = {packet['serial']: packet['state'] for packet in ada.json('escrow', 'list')['packets']}
    assert states[serial] == 'exported', states
    assert any(name.startswith('deposit-') for name in people.names(place)), people.names(place)


def rekey():
    """Files go from the old key to a new one without being decrypted, and stay covered"""
    work = people.folder('rekey')
    path = encrypted(work, 'letter')
    detached = encrypted(work, 'detached', '--escrow', 'detached')
    foreign = os.path.join(work, 'foreign.gpg')
    ben.run('--trust-model', 'always', '--output', foreign, '--recipient', 'ben@example.org', '--encrypt',
            people.put(os.path.join(work, 'note.txt')))
    before = people.get(foreign)
    file_id = ada.json('inspect', path)['files'][0]['file-id']
    new = ada.create('Ada New', 'new@example.org')
    results = {os.path.basename(result['input']): result for result in ada.json('rekey', '--to', new, work)['results']}
    assert results['letter.gpg']['status'] == 'done' and results['letter.gpg']['file-id'] == file_id, results
    assert results['detached.gpg']['status'] == 'done', results
    assert results['foreign.gpg']['status'] == 'skipped' and people.get(foreign) == before, results
    inspected = ada.json('inspect', path)['files'][0]
    assert {(who['role'], who['fingerprint']) for who in inspected['recipients']} == \
        {('owner', new), ('authority', authority.fingerprint)}, inspected
    assert inspected['serial'].startswith(new[:8]), inspected
    assert state(path) == 'covered'
    assert len(ada.json('inspect', detached)['files'][0]['recipients']) == 1
    assert opens(path) and opens(detached)
    assert authority.decrypt(path) == LETTER
    with people.Unharmed(work):
        again = ada.json('rekey', '--to', new, path)['results'][0]
        assert again['status'] == 'skipped', again


def rekey_stranger():
    """Files are not handed over to a key that is not one's own"""
    work = people.folder('rekey-stranger')
    path = encrypted(work, 'letter')
    ada.run('recipient', 'import', certificate(ben, 'ben'))
    fingerprint = next(line.split(':')[9] for line in ben.run('--with-colons', '--list-keys', 'ben@example.org')
                       .stdout.decode().splitlines() if line.startswith('fpr:'))
    with people.Unharmed(work):
        ada.run('rekey', '--to', fingerprint, path, status=5)
        ada.run('rekey', '--to', 'ben@example.org', path, status=2)


def new_authority():
    """A file of a former authority is told and brought to the new one"""
    work = people.folder('new-authority')
    path = encrypted(work, 'letter')
    late = people.Authority('late')
    ada.trust(late)
    try:
        assert state(path, status=1) == 'old-authority'
        assert ada.json('check', '--repair', path)['files'][0]['state'] == 'covered'
        assert late.decrypt(path) == LETTER
        assert authority.decrypt(path) == LETTER
    finally:
        ada.trust(authority)


tap.run(states, only_heads, repair, repair_armored, repair_leaves_foreign, repair_wrong_key, repair_deposits, rekey, rekey_stranger,
        new_authority)
