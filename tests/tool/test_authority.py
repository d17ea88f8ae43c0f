# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup authority is never skipped in silence: whatever is wrong with its key, it is refused or pending as policy says."""

import os
import subprocess
import sys
import time

import owner as people
import tap

ada = people.Owner(sys.argv[1])
ada.fingerprint = ada.create()
ETC = people.folder('etc')
WORK = people.folder('files')
LETTER = b'Dear Ben\n'


def faked(seconds):
    """That many seconds ago, as gpg's clock."""
    return time.strftime('%Y%m%dT%H%M%S', time.gmtime(time.time() - seconds))


def status(**more):
    """What `escrow status` says of the authority."""
    return ada.json('escrow', 'status', **more)['authority']


def trust(authority, *words, expect=0, certificate=None):
    """Trusts what an authority sends; returns the document."""
    return ada.json('escrow', 'trust', certificate or authority.certificate(), '--fingerprint', authority.fingerprint,
                    *words, status=expect)


def letter(name):
    """A file to encrypt."""
    return people.put(os.path.join(WORK, name), LETTER)


def under(policy, authority=None, key=None):
    """The environment of an administrator's policy.ini with POLICY in it."""
    where = people.folder(f'etc/{under.count}')
    under.count += 1
    os.mkdir(os.path.join(where, 'sparekey'))
    lines = ['[Escrow]', *policy]
    if authority:
        lines.append(f'Authority={authority.fingerprint}')
        lines.append(f'AuthorityKey={key or authority.certificate()}')
    people.put(os.path.join(where, 'sparekey', 'policy.ini'), '\n'.join(lines + ['']).encode())
    return {'XDG_CONFIG_DIRS': where}


under.count = 0


def refuse(name, code, expect, *words, **more):
    """Encryption is refused, nothing appears and no packet is kept."""
    path = letter(name)
    packets = len(ada.json('escrow', 'list')['packets'])
    with people.Unharmed(WORK):
        document = ada.json('encrypt', *words, path, status=expect, **more)
    error = document.get('error') or document['results'][0]['error']
    assert error['code'] == code, document
    assert len(error['message']) > 20
    assert len(ada.json('escrow', 'list')['packets']) == packets
    return error['message']


def unfit():
    """A key that is expired, only signs, or is no key at all is not trusted, and nothing is encrypted."""
    old = people.Authority('old', expires='2d', faked=faked(10 * 86400))
    signs = people.Authority('signs', subkeys=0)
    for authority in old, signs:
        error = trust(authority, expect=4)['error']
        assert error['code'] == 'authority-unusable', error
    for content in b'', b'no key', b'-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n':
        error = trust(old, certificate=people.put(os.path.join(people.SESSION, 'bad.asc'), content), expect=6)['error']
        assert error['code'] == 'damaged', error
    two = people.put(os.path.join(people.SESSION, 'two.asc'),
                     people.get(old.certificate()) + people.get(signs.certificate()))
    trust(old, certificate=two, expect=6)
    trust(old, certificate='/nonexistent', expect=1)
    assert status() is None
    assert 'uthority' in refuse('unfit', 'not-set-up', 3)


def wrong_fingerprint():
    """All 40 characters of the fingerprint must be there and right."""
    fit = wrong_fingerprint.authority = people.Authority('fit')
    for typed, expect in ((fit.fingerprint[:-1] + ('0' if fit.fingerprint[-1] != '0' else '1'), 6),
                          (fit.fingerprint[-16:], 1), ('', 1), ('x' * 40, 1)):
        words = ['escrow', 'trust', fit.certificate(), '--fingerprint', typed]
        done = subprocess.run([ada.tool, *words], env=ada.environment, capture_output=True, check=False)
        assert done.returncode in (expect, 2), (typed, done)
        assert status() is None
    ada.run('escrow', 'trust', fit.certificate(), status=2)


def one_subkey():
    """An authority with one key for files and messages alike is trusted with a warning."""
    one = people.Authority('one', subkeys=1)
    done = ada.run('--json', 'escrow', 'trust', one.certificate(), '--fingerprint', one.fingerprint)
    assert b'proof' in done.stderr, done.stderr
    assert people.json.loads(done.stdout)['authority']['state'] == 'usable'


def another_authority():
    """Another authority may be trusted instead; files then go to that one alone."""
    fit = wrong_fingerprint.authority
    state = trust(fit)['authority']
    assert state['fingerprint'] == fit.fingerprint and state['subkey'].endswith(fit.subkeys()[0])
    assert fit.decrypt(ada.result('encrypt', letter('another'))['output']) == LETTER


def new_escrow_subkey():
    """A certificate that brings a new key for files is taken only when that was confirmed."""
    fit = wrong_fingerprint.authority
    first, second = fit.subkeys()
    fit.run('--command-fd', '0', '--edit-key', fit.fingerprint, data=b'key 1\nrevkey\ny\n0\n\ny\nsave\n')
    error = trust(fit, expect=4)['error']
    assert error['code'] == 'policy' and '--accept-new-subkey' in error['message'], error
    # The revocation came with it: the old key is not used any more, and the new one not yet.
    refuse('unconfirmed', 'authority-unusable', 4)
    state = trust(fit, '--accept-new-subkey')['authority']
    assert state['subkey'].endswith(second), state
    listing = fit.packets(ada.result('encrypt', letter('confirmed'))['output'])
    assert second in listing and first not in listing, listing


def expires_soon():
    """It is said before the key expires, and afterwards nothing is encrypted; a new certificate mends it."""
    soon = people.Authority('soon', expires='5d')
    state = trust(soon)['authority']
    assert state['state'] == 'expiring' and state['expires'], state
    assert 'expire' in people.readable(ada.run('escrow', 'status'))
    assert soon.decrypt(ada.result('encrypt', letter('soon'))['output']) == LETTER

    # It has to be trusted before it expires, which takes a busy machine longer.
    for left in 15, 60, 240:
        gone = people.Authority(f'gone-{left}', expires=f'seconds={3600 + left}', faked=faked(3600))
        if ada.run('escrow', 'trust', gone.certificate(), '--fingerprint', gone.fingerprint, status=None).returncode == 0:
            break
    assert status()['fingerprint'] == gone.fingerprint, status()
    deadline = time.monotonic() + left + 90
    while status()['state'] != 'unusable':
        assert time.monotonic() < deadline, 'it never expired'
    message = refuse('gone', 'authority-unusable', 4)
    assert 'expired' in message, message
    gone.extend('1y')
    assert trust(gone)['authority']['state'] == 'usable', 'the same key with a later end needs no new comparison'
    assert gone.decrypt(ada.result('encrypt', letter('back'))['output']) == LETTER


def revoked():
    """A revoked key is not used, from the moment on that its revocation is seen."""
    fit = people.Authority('revoked')
    trust(fit)
    older = people.put(os.path.join(people.SESSION, 'older.asc'), people.get(fit.certificate()))
    certificate = os.path.join(fit.home, 'openpgp-revocs.d', fit.fingerprint + '.rev')
    fit.run('--import', data=people.get(certificate).replace(b':-----', b'-----'))
    error = trust(fit, expect=4)['error']
    assert error['code'] == 'authority-unusable' and 'revoked' in error['message'], error
    assert status()['state'] == 'unusable'
    assert 'revoked' in refuse('revoked', 'authority-unusable', 4)
    # Not even if the older certificate without the revocation is shown again.
    assert trust(fit, certificate=older, expect=4)['error']['code'] == 'authority-unusable'
    assert status()['state'] == 'unusable'


def policy_chooses():
    """An administrator's policy chooses the authority, the mode, and what may be changed."""
    boss = policy_chooses.authority = people.Authority('boss')
    managed = under(['Mode=detached', 'Required=true'], boss)
    state = status(environment=managed)
    assert state['fingerprint'] == boss.fingerprint and state['state'] == 'usable' and state['managed'], state
    assert ada.json('escrow', 'status', environment=managed)['mode'] == 'detached'
    result = ada.result('encrypt', letter('managed'), environment=managed)
    assert boss.packets(result['output']).count(':pubkey enc packet:') == 1
    packet = os.path.join(WORK, 'managed.packet')
    ada.run('escrow', 'packet', result['output'], '--output', packet, environment=managed)
    assert boss.session_key(packet)
    refuse('none', 'policy', 4, '--escrow', 'none', environment=managed)
    refuse('mode', 'policy', 4, '--escrow', 'embedded', environment=managed)
    other = people.Authority('other')
    document = ada.json('escrow', 'trust', other.certificate(), '--fingerprint', other.fingerprint, status=4,
                        environment=managed)
    assert document['error']['code'] == 'policy', document
    # Without the policy the person's own choice holds again.
    assert status()['fingerprint'] != boss.fingerprint


def policy_unusable():
    """An authority of the policy that can't be used: refused, or pending, which inspect and the outbox say."""
    old = people.Authority('old-boss', expires='2d', faked=faked(10 * 86400))
    message = refuse('refused', 'authority-unusable', 4, environment=under(['WhenAuthorityUnusable=refuse'], old))
    assert 'expired' in message, message
    refuse('default', 'authority-unusable', 4, environment=under([], old))
    missing = under(['WhenAuthorityUnusable=refuse'], old, key='/nonexistent/authority.asc')
    refuse('missing', 'authority-unusable', 4, environment=missing)
    swapped = under([], old, key=policy_chooses.authority.certificate())
    refuse('swapped', 'authority-unusable', 4, environment=swapped)

    pending = under(['WhenAuthorityUnusable=pending'], old)
    done = ada.run('encrypt', letter('pending'), environment=pending)
    assert 'authority' in people.readable(done).lower(), 'it is said that the authority can not open it yet'
    result = ada.result('encrypt', '--on-conflict', 'rename', os.path.join(WORK, 'pending'), environment=pending)
    assert result['escrow-pending'] and result['serial'], result
    assert old.packets(result['output']).count(':pubkey enc packet:') == 1
    assert ada.json('inspect', result['output'], environment=pending)['files'][0]['escrow'] == 'pending'
    packets = {packet['serial']: packet for packet in ada.json('escrow', 'list')['packets']}
    assert packets[result['serial']]['escrow-pending'], packets[result['serial']]
    # There is no packet to write yet, and that is said.
    ada.run('escrow', 'packet', result['output'], '--output', os.path.join(WORK, 'no.packet'), status=5)
    assert not os.path.exists(os.path.join(WORK, 'no.packet'))


def policy_unreadable():
    """A policy that can't be read or understood stops encryption, and decrypts all the same what is there."""
    before = ada.result('encrypt', '--on-conflict', 'rename', letter('before'),
                        environment=under([], policy_chooses.authority))['output']
    for policy in (['Mode=other'], ['Required=perhaps'], ['Authority=12345'], ['[broken'],
                   ['WhenAuthorityUnusable=skip'], ['\xff\xfe']):
        refuse('broken', 'policy', 4, environment=under(policy))
    unreadable = under([])
    os.unlink(os.path.join(unreadable['XDG_CONFIG_DIRS'], 'sparekey', 'policy.ini'))
    os.mkdir(os.path.join(unreadable['XDG_CONFIG_DIRS'], 'sparekey', 'policy.ini'))
    refuse('unreadable', 'policy', 4, environment=unreadable)
    back = people.folder('policy-back')
    assert people.get(ada.result('decrypt', '--output-dir', back, before, environment=unreadable)['output']) == LETTER


def household():
    """A household that requires no authority encrypts without one, to its own key alone, and is told."""
    ben = people.Owner(sys.argv[1])
    home = people.folder('household')
    for name in 'XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME':
        ben.environment[name] = os.path.join(home, name)
    alone = under(['Required=false'])
    ben.environment |= alone
    try:
        # Ada's keys are in the same keyring, so this home knows them.
        ben.create('Ben', 'ben@example.org')
        work = people.folder('household-files')
        path = people.put(os.path.join(work, 'letter'), LETTER)
        result = ben.result('encrypt', path)
        assert result['status'] == 'done' and result['serial'] is None and not result['escrow-pending'], result
        assert people.Gpg('looker').packets(result['output']).count(':pubkey enc packet:') == 1
        assert ben.json('inspect', result['output'])['files'][0]['escrow'] == 'none'
        assert ben.json('escrow', 'list')['packets'] == []
        # Asked for an authority that isn't there, it is an error.
        with people.Unharmed(work):
            ben.result('encrypt', '--escrow', 'embedded', '--on-conflict', 'rename', path, status=3)
        # One is trusted: it is used.
        trusted = people.Authority('late')
        ben.trust(trusted)
        assert trusted.decrypt(ben.result('encrypt', '--on-conflict', 'rename', path)['output']) == LETTER
        result = ben.result('encrypt', '--on-conflict', 'rename', '--escrow', 'none', path)
        assert trusted.run('--decrypt', result['output'], status=None).returncode != 0
    finally:
        subprocess.run(['gpgconf', '--homedir', ben.home(), '--kill', 'all'], check=False)


tap.run(unfit, wrong_fingerprint, one_subkey, another_authority, new_escrow_subkey, expires_soon, revoked, policy_chooses,
        policy_unusable, policy_unreadable, household)
