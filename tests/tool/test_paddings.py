# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority with an RSA key: whatever is wrong inside of a packet, the answer is the same, so that no answers open others."""

import os
import sys

import attacker
import owner as people
import story
import tap

os.makedirs(os.path.join(people.SESSION, 'work'))
acme = story.Backup(sys.argv[1])
SERIAL = 'RSA-%s'


def rsa_for_files():
    """An authority's escrow subkey may be RSA: an honest deposit for it is proven"""
    # As somebody does it who brings his own keys: new subkeys by stock gpg, the first ones taken out.
    acme.gpg('--quick-add-key', acme.fingerprint, 'rsa2048', 'encrypt', 'never')
    acme.gpg('--quick-add-key', acme.fingerprint, 'cv25519', 'encrypt', 'never')
    acme.gpg('--command-fd', '0', '--edit-key', acme.fingerprint, data=b'key 1\nkey 2\ndelkey\ny\nsave\n')
    acme.quicken()
    listing = acme.gpg('--with-colons', '--list-keys').stdout.decode().splitlines()
    prints = [line.split(':')[9] for line in listing if line.startswith('fpr:')]
    assert len(prints) == 3, listing
    acme.escrow, acme.transport = prints[1:]
    mallory = rsa_for_files.mallory = attacker.Person('mallory', 'Mallory <mallory@example.org>', acme)
    file = rsa_for_files.file = mallory.encrypt(os.path.join(people.SESSION, 'work', 'm.gpg'), mallory.fingerprint, acme.escrow + '!')
    assert file.esk(acme.escrow)[9] == 1, 'RSA'
    record = attacker.proven_record(mallory, file, acme.fingerprint, acme.escrow, 'RSA-0', key={
        'subkey': acme.escrow, 'algorithm': 'rsa2048', 'cipher': 'AES256'})
    result, = acme.take_in(mallory.deposit(acme.on_stick('good'), acme.fingerprint, record))
    assert (result['status'], result['new'], result['held']) == ('done', 1, 0), result


def numbers(body):
    """Modulus and exponent of an RSA key's packet."""
    size = (int.from_bytes(body[6:8], 'big') + 7) // 8
    return int.from_bytes(body[8:8 + size], 'big'), int.from_bytes(body[10 + size:], 'big')


def mpi(number, bits=None):
    """A number as packets have it."""
    return (number.bit_length() if bits is None else bits).to_bytes(2, 'big') + number.to_bytes((number.bit_length() + 7) // 8, 'big')


def sealed(encoded, modulus, exponent):
    """The body of a PKESK for octets that stand in for a padded session key."""
    return b'\3' + bytes.fromhex(acme.escrow[-16:]) + b'\1' + mpi(pow(int.from_bytes(encoded, 'big'), exponent, modulus))


def paddings():
    """Bad paddings, bad checksums, other algorithms, other lengths, numbers too large: all of them held, no difference told"""
    mallory, file = rsa_for_files.mallory, rsa_for_files.file
    modulus, exponent = numbers(mallory.subkey_packet(acme.escrow))
    assert modulus.bit_length() == 2048 and exponent == 65537
    secret = mallory.key_of(file.path)
    inside = b'\t' + secret + (sum(secret) & 0xffff).to_bytes(2, 'big')
    size = 256
    pad = bytes(octet % 255 + 1 for octet in os.urandom(size - 3 - len(inside)))
    good = b'\0\2' + pad + b'\0' + inside

    def padded(text):
        return b'\0\2' + bytes(octet % 255 + 1 for octet in os.urandom(size - 3 - len(text))) + b'\0' + text
    checked = (sum(secret) & 0xffff).to_bytes(2, 'big')
    other = bytes([secret[0] ^ 1]) + secret[1:]
    short = secret[:16] + (sum(secret[:16]) & 0xffff).to_bytes(2, 'big')
    bodies = {
        'type-1': sealed(b'\0\1' + b'\xff' * len(pad) + b'\0' + inside, modulus, exponent),
        'type-0': sealed(b'\0\0' + pad + b'\0' + inside, modulus, exponent),
        'first-octet': sealed(b'\1\2' + pad + b'\0' + inside, modulus, exponent),
        'no-separator': sealed(b'\0\2' + pad + b'\x55' + inside, modulus, exponent),
        'all-padding': sealed(b'\0\2' + b'\xaa' * (size - 2), modulus, exponent),
        'early-zero': sealed(b'\0\2\1\2\3\0' + pad[4:] + b'\0' + inside, modulus, exponent),
        'no-padding': sealed(b'\0\2\0' + bytes(size - 3 - len(inside)) + inside, modulus, exponent),
        'nothing-inside': sealed(b'\0\2' + b'\xaa' * (size - 3) + b'\0', modulus, exponent),
        'one-octet': sealed(padded(b'\t'), modulus, exponent),
        'checksum': sealed(padded(b'\t' + secret + bytes([checked[0], checked[1] ^ 1])), modulus, exponent),
        'no-checksum': sealed(padded(b'\t' + secret), modulus, exponent),
        'algorithm-0': sealed(padded(b'\0' + inside[1:]), modulus, exponent),
        'algorithm-99': sealed(padded(b'\x63' + inside[1:]), modulus, exponent),
        'another-algorithm': sealed(padded(b'\x0a' + inside[1:]), modulus, exponent),
        'short-for-it': sealed(padded(b'\t' + short), modulus, exponent),
        'short': sealed(padded(b'\7' + short), modulus, exponent),
        'long': sealed(padded(b'\t' + secret + bytes(32) + checked), modulus, exponent),
        'another-key': sealed(padded(b'\t' + other + (sum(other) & 0xffff).to_bytes(2, 'big')), modulus, exponent),
        'zero': file.esk(acme.escrow)[:10] + mpi(0),
        'one': file.esk(acme.escrow)[:10] + mpi(1),
        'modulus': file.esk(acme.escrow)[:10] + mpi(modulus),
        'modulus-1': file.esk(acme.escrow)[:10] + mpi(modulus - 1),
        'larger': file.esk(acme.escrow)[:10] + mpi((1 << 4096) - 1),
        'random': file.esk(acme.escrow)[:10] + mpi(int.from_bytes(os.urandom(250), 'big')),
    }
    # The same way of making it, with nothing wrong, opens: what is held below is held for what is wrong with it.
    bodies['nothing-wrong'] = sealed(good, modulus, exponent)
    # Nor is this wrong to who can prove it: beyond the modulus RSA counts from zero, so it is the same number.
    bodies['beyond'] = file.esk(acme.escrow)[:10] + mpi(pow(int.from_bytes(good, 'big'), exponent, modulus) + modulus)
    records = []
    for name, body in bodies.items():
        records.append(attacker.deposit_record(file, acme.escrow, SERIAL % name, attacker.proof(
            secret, mallory.fingerprint, acme.fingerprint, SERIAL % name, file.tag, file.head),
            attacker.packet(1, body) + attacker.packet(file.tag, file.head)))
    result, = acme.take_in(mallory.deposit(acme.on_stick('bad'), acme.fingerprint, *records))
    assert result['status'] == 'done' and result['new'] + result['refused'] == len(bodies), result
    found = {packet['serial']: packet['verdict'] for packet in acme.json('authority', 'packets')['packets']}
    assert found.pop(SERIAL % 'nothing-wrong') == 'proven' and found.pop('RSA-0') == 'proven', found
    found.pop(SERIAL % 'beyond')
    assert set(found.values()) == {'held'}, found
    # All that need not be opened to be told apart is no packet: it has numbers that no RSA key makes.
    missing = {name for name in bodies if SERIAL % name not in found} - {'nothing-wrong', 'beyond'}
    assert missing <= {'zero', 'larger', 'modulus'}, missing

    receipts = acme.json('authority', 'receipt', '--to', acme.stick)['bundles']
    lines = [line for one in receipts for line in acme.grant_lines(mallory, one['path'])[1:-1]]
    held = [line for line in lines if line['verdict'] == 'held']
    assert {line['serial'] for line in held} == set(found) and all(set(line) == {'serial', 'sha256', 'deposit', 'verdict'} for line in lines), lines
    row, = [row for row in acme.log() if row[0] == 'bundle.import' and row[2].get('held')]
    assert not [name for name in bodies if name in str(row)], 'the log tells how many, and nothing of each'
    assert acme.json('authority', 'audit', '--verify')['valid']


def oracle_in_requests():
    """A request with such packets is a case like others, and what it is told does not depend on what is inside"""
    mallory, file = rsa_for_files.mallory, rsa_for_files.file
    modulus, exponent = numbers(mallory.subkey_packet(acme.escrow))
    acme.set_policy(story.POLICY + 'Unmatched=allow\n')
    said = set()
    inside = b'\t' + bytes(32) + bytes(2)
    for name, encoded in (('type', b'\0\1' + b'\xff' * (253 - len(inside)) + b'\0' + inside),
                          ('key', b'\0\2' + b'\xaa' * (253 - len(inside)) + b'\0' + inside),
                          ('checksum', b'\0\2' + b'\xaa' * (253 - len(inside)) + b'\0' + inside[:-1] + b'\1')):
        new = attacker.Person('new-' + name, f'New {name} <{name}@example.org>', acme)
        case = acme.take_case(new.request(acme.on_stick(name), acme.fingerprint, mallory.fingerprint,
                                          attacker.request_record(file, sealed(encoded, modulus, exponent))))
        # Deposited by the old key, but nobody knows who that is: unmatched, which policy allows here.
        assert acme.claim(case)['verdict'] == 'unmatched', acme.claim(case)
        acme.until_ready(case, new.fingerprint)
        said.add(story.refuse_recover(acme, case, tried=True)['message'])
    assert len(said) == 1, said


tap.run(rsa_for_files, paddings, oracle_in_requests)
