# SPDX-License-Identifier: GPL-3.0-or-later
"""Decryption: intact or nothing; who signed; and in words what else a file is."""

import os
import sys

import owner as people
import tap

ada, authority = people.begin(sys.argv[1])
WORK = people.folder('damage')
LETTER = os.urandom(3000)
somebody = people.Gpg('somebody')
somebody.run('--import', data=ada.run('key', 'export').stdout)


def to_ada(name, *words, content=LETTER):
    """Somebody encrypts to Ada with stock gpg."""
    path = os.path.join(WORK, name)
    somebody.run('--passphrase', '', '--pinentry-mode', 'loopback', '--trust-model', 'always', '--recipient',
                 ada.fingerprint, *words, '--output', path, '--encrypt', data=content)
    return path


def refused(content, code, status, name='refused.gpg'):
    """What is refused releases nothing and changes nothing; returns the words."""
    path = people.put(os.path.join(WORK, name), content)
    with people.Unharmed(WORK):
        done = ada.run('--json', 'decrypt', path, status=status, timeout=60)
    people.readable(done)
    error = people.json.loads(done.stdout)['results'][0]['error']
    assert error['code'] == code, (name, error)
    assert len(error['message']) > 20
    return error['message']


def intact():
    """Files to several keys, whoever stands first, come back."""
    ours = people.get(ada.result('encrypt', people.put(os.path.join(WORK, 'ours'), LETTER))['output'])
    back = people.folder('back')
    ada.run('decrypt', '--output-dir', back, os.path.join(WORK, 'ours.gpg'), to_ada('theirs.gpg'),
            to_ada('armored.asc', '--armor'), to_ada('plain-name'), to_ada('compressed.pgp', '--compress-algo', 'zip'),
            to_ada('hidden.gpg', '--throw-keyids'))
    assert people.names(back) == ['armored', 'compressed', 'hidden', 'ours', 'plain-name.decrypted', 'theirs']
    for name in people.names(back):
        assert people.get(os.path.join(back, name)) == LETTER, name
    intact.ours, intact.theirs = ours, people.get(os.path.join(WORK, 'theirs.gpg'))


def damaged():
    """A flipped bit, a cut, garbage behind or a second message: nothing is released, and it is called damage."""
    ours, theirs = intact.ours, intact.theirs
    for content in ours, theirs:
        end = len(content)
        for changed in (content[:-1], content[:-20], content[:end // 2], content + b'x', content + b'\0' * 512,
                        content + content, content[:-1] + bytes([content[-1] ^ 1]),
                        content[:end // 2] + bytes([content[end // 2] ^ 0x40]) + content[end // 2 + 1:]):
            refused(changed, 'damaged', 6)


def armored():
    """A damaged armored file releases nothing either."""
    text = people.get(os.path.join(WORK, 'armored.asc'))
    lines = text.splitlines(keepends=True)
    middle = len(lines) // 2
    flipped = bytes([lines[middle][5] ^ 1 if bytes([lines[middle][5] ^ 1]).isalnum() else ord('A')])
    refused(b''.join(lines[:middle] + [lines[middle][:5] + flipped + lines[middle][6:]] + lines[middle + 1:]), 'damaged', 6,
            'refused.asc')
    refused(b''.join(lines[:middle]), 'damaged', 6, 'refused.asc')


def other_keys():
    """A file for other keys is not called damaged: it is said which keys open it."""
    stranger = people.Authority('stranger', subkeys=1)
    path = os.path.join(WORK, 'his.gpg')
    stranger.run('--trust-model', 'always', '--recipient', stranger.fingerprint, '--output', path, '--encrypt', data=LETTER)
    assert stranger.subkeys()[0] in refused(people.get(path), 'no-key', 5)
    stranger.run('--trust-model', 'always', '--throw-keyids', '--recipient', stranger.fingerprint, '--output', path,
                 '--encrypt', data=LETTER)
    refused(people.get(path), 'no-key', 5)


def other_things():
    """Files with a password, plain files, keys and signatures are named as what they are."""
    password = somebody.run('--passphrase', 'x', '--pinentry-mode', 'loopback', '--symmetric', data=LETTER).stdout
    assert 'password' in refused(password, 'unsupported', 1)
    refused(b'Dear Ben\n' * 20, 'not-encrypted', 1)
    refused(b'', 'not-encrypted', 1)
    certificate = people.get(authority.certificate())
    refused(certificate, 'not-encrypted', 1, 'refused.asc')
    signed = authority.run('--sign', data=LETTER).stdout
    refused(signed, 'not-encrypted', 1)
    for kind in b'\xff' * 100, b'\x00' * 100, b'\xc1', b'\xc1\xff\xff\xff\xff\xff':
        path = people.put(os.path.join(WORK, 'refused.gpg'), kind)
        with people.Unharmed(WORK):
            assert ada.result('decrypt', path, status=None)['status'] == 'failed'
            ada.run('inspect', path, status=None, timeout=20)


def signatures():
    """--sign is told to who opens it; a signature by an unknown key is told too, and the content is released."""
    back = people.folder('signed')
    path = people.put(os.path.join(back, 'mine'), LETTER)
    ada.run('encrypt', '--sign', path)
    os.unlink(path)
    result = ada.result('decrypt', path + '.gpg')
    assert [signature['status'] for signature in result['signatures']] == ['good'], result
    assert result['signatures'][0]['fingerprint'] == ada.fingerprint and 'Ada' in result['signatures'][0]['user-id']
    os.unlink(path)
    assert 'Ada Owner' in people.readable(ada.run('decrypt', path + '.gpg'))
    # Stock gpg verifies it too.
    authority.run('--import', data=ada.run('key', 'export').stdout)
    assert b'GOODSIG' in authority.run('--status-fd', '1', '--decrypt', path + '.gpg').stdout

    somebody.run('--passphrase', '', '--pinentry-mode', 'loopback', '--quick-generate-key', 'Some\u202eBody <s@example.org>',
                 'ed25519', 'sign', 'never')
    unknown = to_ada('unknown.gpg', '--sign')
    with people.Unharmed(WORK, new=['unknown']):
        result = ada.result('decrypt', unknown)
    assert [signature['status'] for signature in result['signatures']] == ['unknown-key'], result
    assert people.get(result['output']) == LETTER
    os.unlink(result['output'])
    people.readable(ada.run('decrypt', unknown))
    # And damaged it is damage, not an unknown signature.
    content = people.get(unknown)
    refused(content[:-30] + b'0' * 30, 'damaged', 6)
    # Not signed: no signature is claimed.
    assert ada.result('decrypt', '--on-conflict', 'rename', os.path.join(WORK, 'theirs.gpg'))['signatures'] == []


tap.run(intact, damaged, armored, other_keys, other_things, signatures)
