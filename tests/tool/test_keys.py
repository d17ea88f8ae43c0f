# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of one's own and of others, through the tool and held against stock gpg."""

import os
import shutil
import subprocess
import sys

import owner as people
import tap

ada, authority = people.begin(sys.argv[1])
WORK = people.folder('keys')
LETTER = b'Dear Ben\n'


def keys():
    """Fingerprint → entry of `key list`."""
    return {key['fingerprint']: key for key in ada.json('key', 'list')['keys']}


def in_use():
    """The key in use."""
    return next(fingerprint for fingerprint, key in keys().items() if key['default'])


def stock_key(name, passphrase):
    """A key made with stock gpg; its home, fingerprint and a file with its secret key."""
    gpg = people.Gpg(name)
    gpg.run('--pinentry-mode', 'loopback', '--passphrase', passphrase, '--quick-generate-key', f'{name} <{name}@example.org>',
            'ed25519', 'sign', 'never')
    listing = gpg.run('--with-colons', '--list-keys').stdout.decode()
    gpg.fingerprint = next(line.split(':')[9] for line in listing.splitlines() if line.startswith('fpr:'))
    gpg.run('--pinentry-mode', 'loopback', '--passphrase', passphrase, '--quick-add-key', gpg.fingerprint, 'cv25519', 'encrypt')
    path = os.path.join(people.SESSION, name + '.secret')
    gpg.run('--pinentry-mode', 'loopback', '--passphrase', passphrase, '--armor', '--output', path, '--export-secret-keys')
    return gpg, path


def opens(result):
    """Ada opens a file of hers."""
    back = people.folder(f'keys-back-{opens.count}')
    opens.count += 1
    return people.get(ada.result('decrypt', '--output-dir', back, result['output'])['output']) == LETTER


opens.count = 0


def create_twice():
    """A second key is a key of its own; the first one's files still open."""
    first = ada.result('encrypt', people.put(os.path.join(WORK, 'first'), LETTER))
    second = ada.create('Ada Again', 'ada@example.com')
    assert set(keys()) == {ada.fingerprint, second}
    assert opens(first)
    ada.run('key', 'use', ada.fingerprint)
    assert in_use() == ada.fingerprint
    # Deleted, it is gone; the other stays.
    ada.run('key', 'delete', second)
    assert set(keys()) == {ada.fingerprint}
    for words in (('key', 'delete', second), ('key', 'use', second), ('key', 'export', second), ('key', 'revoke', second),
                  ('key', 'extend', second, '--until', '2099-01-01')):
        done = ada.run('--json', *words, status=None)
        assert done.returncode in (1, 3, 5) and people.json.loads(done.stdout)['error']['message'], (words, done)
    assert opens(first)


def wrong_words():
    """Names, addresses, dates and algorithms that make no key are refused, and nothing is made."""
    before = keys()
    for words in (('--name', 'A'), ('--name', 'Ada', '--email', 'no address'),
                  ('--name', 'Ada\n<b@example.org>', '--email', 'a@example.org'),
                  ('--name', 'Ada', '--email', 'a@example.org', '--algorithm', 'rot13')):
        done = ada.run('key', 'create', *words, status=None)
        assert done.returncode in (1, 2), (words, done)
        people.readable(done)
    for until in 'tomorrow', '2020-01-01', '2099-02-30', '2099-01-01x', '':
        done = ada.run('key', 'extend', ada.fingerprint, '--until', until, status=2)
    ada.run('key', 'delete', 'ada', status=2)
    ada.run('key', 'export', '--secret', status=2)
    assert keys() == before


def imported():
    """A secret key of stock gpg is imported with its passphrase, opens its old files, and a wrong one changes nothing."""
    for name, passphrase in ('ben', 'correct horse'), ('eve', ''):
        gpg, path = stock_key(name, passphrase)
        old = os.path.join(WORK, name + '.gpg')
        gpg.run('--trust-model', 'always', '--recipient', gpg.fingerprint, '--output', old, '--encrypt', data=LETTER)
        before = keys()
        if passphrase:
            for wrong in 'wrong', '':
                done = people.with_passphrase(lambda *words, fds, path=path: ada.run('--json', 'key', 'import', path, *words,
                                                                                   fds=fds, status=None), wrong)
                assert done.returncode != 0, done
                assert people.json.loads(done.stdout)['error']['code'] == 'bad-passphrase', done
                assert keys() == before
        done = people.with_passphrase(lambda *words, fds, path=path: ada.run('--json', 'key', 'import', path, *words,
                                                                           fds=fds), passphrase)
        assert people.json.loads(done.stdout)['keys'][0]['fingerprint'] == gpg.fingerprint
        assert keys()[gpg.fingerprint]['source'] == 'keyring'
        assert opens({'output': old}), name
        # The file that it came from is as it was, and once more is no harm.
        ada.run('key', 'delete', gpg.fingerprint)
    if in_use_or_none() != ada.fingerprint:
        ada.run('key', 'use', ada.fingerprint)
    for content in b'', b'no key', people.get(authority.certificate()):
        before = keys()
        path = people.put(os.path.join(WORK, 'no-secret'), content)
        done = ada.run('--json', 'key', 'import', path, '--passphrase-fd', '0', data=b'x\n', status=None)
        assert done.returncode != 0 and keys() == before, done


def in_use_or_none():
    """The key in use, if there is one."""
    return next((fingerprint for fingerprint, key in keys().items() if key['default']), None)


def extend_and_revoke():
    """A key gets an end, and a later one; revoked, it encrypts nothing any more but still opens what it did."""
    other = ada.create('Ada Short', 'short@example.org')
    ada.run('key', 'use', other)
    # gpg is told how long from now, so the time that it takes to say so is added.
    expires = ada.json('key', 'extend', other, '--until', '2090-05-06')['keys'][0]['expires']
    assert '2090-05-06T23:59:59Z' <= expires < '2090-05-07T00:02:00Z', expires
    result = ada.result('encrypt', people.put(os.path.join(WORK, 'short'), LETTER))
    look = people.Gpg('look')
    look.run('--import', data=ada.run('key', 'export', other).stdout)
    fields = look.run('--with-colons', '--list-keys', other).stdout.decode()
    assert all(line.split(':')[6] for line in fields.splitlines() if line.startswith(('pub:', 'sub:'))), fields
    ada.run('key', 'revoke', other)
    look.run('--import', data=ada.run('key', 'export', other).stdout)
    assert 'pub:r:' in look.run('--with-colons', '--list-keys', other).stdout.decode()
    with people.Unharmed(WORK):
        error = ada.result('encrypt', '--on-conflict', 'rename', os.path.join(WORK, 'short'), status=None)['error']
    assert 'revoked' in error['message'], error
    assert opens(result), 'what a revoked key encrypted is still the owner’s'
    ada.run('key', 'use', ada.fingerprint)


def personal():
    """A key of the person's own GnuPG is used where it is; that home is not changed by it."""
    home = os.path.join(ada.environment['HOME'], '.gnupg')
    gpg, _ = stock_key('gina', '')
    shutil.copytree(gpg.home, home, ignore=lambda folder, names: [name for name in names if name.startswith('S.')])
    os.chmod(home, 0o700)
    # A hostile configuration of that person changes nothing of what is written.
    people.put(os.path.join(home, 'gpg.conf'), f'group {authority.fingerprint}={gpg.fingerprint}\ncomment hi\n'.encode())

    def content():
        return {name: entry for name, entry in people.tree(home).items()
                if not os.path.basename(name).startswith((b'S.', b'.#')) and not name.endswith(b'.lock')
                and name != b'random_seed'}
    subprocess.run(['gpgconf', '--kill', 'all'], env=ada.environment | {'GNUPGHOME': home}, check=False)
    before = content()
    try:
        assert keys()[gpg.fingerprint]['source'] == 'gnupg', keys()
        ada.run('key', 'use', gpg.fingerprint)
        result = ada.result('encrypt', '--sign', people.put(os.path.join(WORK, 'personal'), LETTER))
        for reader in gpg, authority:
            # The authority does not know the signer, which is another matter.
            assert reader.run('--decrypt', result['output'], status=None).stdout == LETTER
        assert opens(result)
        assert content() == before, {name for name in set(before) ^ set(content())} | {
            name for name in before if content().get(name) != before[name]}
        # It is not Spare Key's to delete.
        done = ada.run('key', 'delete', gpg.fingerprint, status=None)
        assert content() == before, done
        assert gpg.fingerprint in keys()
    finally:
        subprocess.run(['gpgconf', '--homedir', home, '--kill', 'all'], env=ada.environment, check=False)
        ada.run('key', 'use', ada.fingerprint)
        shutil.rmtree(home)


def recipients():
    """Another person's certificate is imported, encrypted to, and removed."""
    gpg, _ = stock_key('bob', '')
    certificate = os.path.join(people.SESSION, 'bob.asc')
    gpg.run('--armor', '--output', certificate, '--export')
    path = people.put(os.path.join(WORK, 'for-bob'), LETTER)
    with people.Unharmed(WORK):
        ada.result('encrypt', '--recipient', gpg.fingerprint, path, status=None)
        ada.result('encrypt', '--recipient', 'bob', path, status=None)
    ada.run('recipient', 'import', certificate)
    assert gpg.fingerprint in ada.run('--json', 'recipient', 'list').stdout.decode()
    result = ada.result('encrypt', '--recipient', gpg.fingerprint, path)
    assert gpg.decrypt(result['output']) == LETTER and authority.decrypt(result['output']) == LETTER and opens(result)
    roles = [recipient['role'] for recipient in ada.json('inspect', result['output'])['files'][0]['recipients']]
    assert sorted(roles) == ['authority', 'other', 'owner'], roles
    ada.run('recipient', 'remove', gpg.fingerprint)
    assert gpg.fingerprint not in ada.run('--json', 'recipient', 'list').stdout.decode()
    assert gpg.fingerprint not in keys(), 'a recipient is no key of one’s own'
    ada.run('recipient', 'remove', gpg.fingerprint, status=None)
    # Neither the authority nor the own key leaves by this door.
    for fingerprint in authority.fingerprint, ada.fingerprint:
        ada.run('recipient', 'remove', fingerprint, status=None)
    assert ada.json('escrow', 'status')['authority']['state'] == 'usable'
    assert ada.fingerprint in keys()
    assert authority.decrypt(ada.result('encrypt', '--on-conflict', 'rename', path)['output']) == LETTER


def locked():
    """Locked, or without a service: said so, exit 7, and nothing is changed."""
    encrypted = ada.result('encrypt', people.put(os.path.join(WORK, 'locked'), LETTER))['output']
    os.unlink(os.path.join(WORK, 'locked'))
    subprocess.run(['gdbus', 'call', '--session', '-d', 'org.freedesktop.secrets', '-o', '/org/freedesktop/secrets', '-m',
                    'org.freedesktop.Secret.Service.Lock', "['/org/freedesktop/secrets/collection/login']"],
                   check=True, capture_output=True, env=ada.environment)
    before = set(keys())
    nowhere = {'DBUS_SESSION_BUS_ADDRESS': 'unix:path=/nonexistent'}
    for environment, codes in (({}, ('keyring-locked', 'keyring-dismissed')), (nowhere, ('keyring-missing',))):
        with people.Unharmed(WORK):
            result = ada.result('decrypt', encrypted, status=7, environment=environment, timeout=60)
            assert result['error']['code'] in codes, result
            error = ada.json('key', 'create', '--name', 'Ada', '--email', 'x@example.org', status=7, environment=environment,
                             timeout=60)['error']
            assert error['code'] in codes, error
    assert set(keys()) == before


tap.run(create_twice, wrong_words, imported, extend_and_revoke, personal, recipients, locked)
