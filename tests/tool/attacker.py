# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody can make who has stock gpg and an afternoon: packets, bundles, proofs, and heads that are not his."""

import base64
import ctypes
import hashlib
import hmac
import json
import os
import time
import uuid

import owner as people

SEIPD = 18
NOTATION = 'bundle@sparekey.org'


# --- Packets ---

def packet(tag, body):
    """A packet with a header of the new format."""
    if len(body) < 192:
        length = bytes([len(body)])
    elif len(body) < 8384:
        length = bytes([(len(body) - 192 >> 8) + 192, len(body) - 192 & 255])
    else:
        length = b'\xff' + len(body).to_bytes(4, 'big')
    return bytes([0xc0 | tag]) + length + body


def split(octets):
    """The packets before the encrypted data as (tag, body), and the data's tag, first octets of its body, and all of it."""
    found, at = [], 0
    while True:
        first = octets[at]
        assert first & 0x80, f'no packet at {at}'
        tag = first & 0x3f if first & 0x40 else first >> 2 & 15
        if first & 0x40:
            one = octets[at + 1]
            header, length = (2, one) if one < 192 else (3, (one - 192 << 8) + octets[at + 2] + 192) if one < 224 \
                else (6, int.from_bytes(octets[at + 2:at + 6], 'big')) if one == 255 else (2, 1 << (one & 31))
        else:
            size = (1, 2, 4, 0)[first & 3]
            header, length = 1 + size, int.from_bytes(octets[at + 1:at + 1 + size], 'big')
        body = octets[at + header:at + header + length]
        if tag not in (1, 3, 10):
            return found, tag, body, octets[at:]
        found.append((tag, body))
        at += header + length


def key_id(body):
    """The key id of a PKESK."""
    return body[1:9].hex().upper()


class File:
    """An encrypted file as anybody sees it who can read it."""

    def __init__(self, path):
        octets = people.get(path)
        esks, self.tag, body, self.data = split(octets)
        self.path, self.size = path, len(octets)
        self.esks = [esk for tag, esk in esks if tag == 1]
        self.head = body[:19]

    def esk(self, subkey):
        """The PKESK for one subkey."""
        found = [esk for esk in self.esks if key_id(esk) == subkey[-16:]]
        assert len(found) == 1, [key_id(esk) for esk in self.esks]
        return found[0]

    def file_id(self):
        """What the file is found by."""
        return hashlib.sha256(bytes([self.tag]) + self.head).hexdigest()[:32]

    def escrow(self, subkey):
        """Its escrow packet."""
        return packet(1, self.esk(subkey)) + packet(self.tag, self.head)

    def put_esks(self, path, esks):
        """Writes the file with other PKESKs."""
        return people.put(path, b''.join(packet(1, esk) for esk in esks) + self.data)


def proof(session_key, owner, authority, serial, tag, head):
    """What whoever knows the session key can make: protocol.md 2.3."""
    fields = (b'sparekey-proof-1', bytes.fromhex(owner), bytes.fromhex(authority), serial.encode(), bytes([tag]), head)
    text = b''.join(len(field).to_bytes(4, 'big') + field for field in fields)
    return hmac.new(session_key, text, hashlib.sha256).hexdigest()


# --- A session key for a head that is not his ---

def cipher(algorithm, mode):
    """libgcrypt, and a cipher of it."""
    gcrypt = ctypes.CDLL('libgcrypt.so.20')
    gcrypt.gcry_check_version(None)
    handle = ctypes.c_void_p()
    assert gcrypt.gcry_cipher_open(ctypes.byref(handle), algorithm, mode, 0) == 0
    return gcrypt, handle


def find_session_key(head):
    """An AES-256 key under which the repeated two octets of a version 1 head agree: one in 65536 does."""
    gcrypt, handle = cipher(9, 2)  # AES-256, CFB
    out = ctypes.create_string_buffer(18)
    for number in range(1 << 22):
        key = hashlib.sha256(number.to_bytes(4, 'big')).digest()
        gcrypt.gcry_cipher_setkey(handle, key, 32)
        gcrypt.gcry_cipher_setiv(handle, bytes(16), 16)
        gcrypt.gcry_cipher_decrypt(handle, out, 18, head[1:19], 18)
        if out.raw[14:16] == out.raw[16:18]:
            gcrypt.gcry_cipher_close(handle)
            return key
    raise AssertionError('no such key')


def x25519(scalar, point):
    """The ladder of RFC 7748."""
    prime = 2 ** 255 - 19
    number = int.from_bytes(scalar, 'little') & ~7 & (1 << 255) - 1 | 1 << 254
    x1 = int.from_bytes(point, 'little') & (1 << 255) - 1
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for bit in reversed(range(255)):
        if swap ^ (swap := number >> bit & 1):
            x2, x3, z2, z3 = x3, x2, z3, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        x3, z3 = (d * a + c * b) ** 2 % prime, x1 * (d * a - c * b) ** 2 % prime
        e = (a * a - b * b) % prime
        x2, z2 = a * a * b * b % prime, e * (a * a + 121665 * e) % prime
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, -1, prime) % prime).to_bytes(32, 'little')


def wrap(session_key, subkey):
    """A PKESK of a session key of one's choice for a Curve25519 subkey, given as the body of its packet: RFC 6637."""
    fingerprint = hashlib.sha1(b'\x99' + len(subkey).to_bytes(2, 'big') + subkey).digest()
    assert subkey[5] == 18 and subkey[-4:-2] == b'\3\1' and subkey[-2] == 8, subkey.hex()
    size, number = {7: (16, 7), 8: (24, 8), 9: (32, 9)}[subkey[-1]]
    secret = os.urandom(32)
    ephemeral, shared = x25519(secret, b'\t' + bytes(31)), x25519(secret, subkey[-36:-4])
    curve = subkey[6:7 + subkey[6]]
    kek = hashlib.sha256(b'\0\0\0\1' + shared + curve + b'\x12' + subkey[-4:] + b'Anonymous Sender    ' + fingerprint).digest()
    text = b'\t' + session_key + (sum(session_key) & 0xffff).to_bytes(2, 'big')
    text += bytes([8 - len(text) % 8]) * (8 - len(text) % 8)
    gcrypt, handle = cipher(number, 7)  # key wrap
    out = ctypes.create_string_buffer(len(text) + 8)
    assert gcrypt.gcry_cipher_setkey(handle, kek[:size], size) == 0
    assert gcrypt.gcry_cipher_encrypt(handle, out, len(out), text, len(text)) == 0
    gcrypt.gcry_cipher_close(handle)
    return b'\3' + fingerprint[-8:] + b'\x12\1\7\x40' + ephemeral + bytes([len(out)]) + out.raw


def seal_packets(packets, subkey):
    """An encrypted message with any packets inside, not only what gpg would put there: SEIPD version 1, RFC 4880 5.13."""
    session_key, start = os.urandom(32), os.urandom(16)
    text = start + start[14:] + packets + b'\xd3\x14'
    text += hashlib.sha1(text).digest()
    gcrypt, handle = cipher(9, 2)
    out = ctypes.create_string_buffer(len(text))
    gcrypt.gcry_cipher_setkey(handle, session_key, 32)
    gcrypt.gcry_cipher_setiv(handle, bytes(16), 16)
    assert gcrypt.gcry_cipher_encrypt(handle, out, len(out), text, len(text)) == 0
    gcrypt.gcry_cipher_close(handle)
    return packet(1, wrap(session_key, subkey)) + packet(SEIPD, b'\1' + out.raw)


def literal(text):
    """A literal data packet."""
    return packet(11, b'b\0' + bytes(4) + text)


# --- Bundles ---

def stamp(when=None):
    """A time as bundles have it."""
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(when if when is not None else time.time()))


def encode(octets):
    """Octets as bundles have them."""
    return base64.b64encode(octets).decode()


class Person(people.Gpg):
    """Somebody with stock gpg, a key of his own, and the certificates of those that he writes to."""

    def __init__(self, name, user_id, *others, faked=None, expires='never', algorithm='ed25519', wrap='cv25519'):
        super().__init__(name)
        self.user_id = user_id
        people.put(os.path.join(self.home, 'gpg.conf'), b'trust-model always\nno-auto-key-locate\n')
        people.put(os.path.join(self.home, 'gpg-agent.conf'), b'max-cache-ttl 0\n')
        self.run('--passphrase', '', '--quick-generate-key', user_id, algorithm, 'sign', expires, faked=faked)
        self.fingerprint = self.list('fpr')[0]
        self.run('--passphrase', '', '--quick-add-key', self.fingerprint, wrap, 'encrypt', expires, faked=faked)
        self.subkey = self.list('fpr')[1]
        for other in others:
            self.learn(other)

    def list(self, kind, *words):
        """Field 10 of each line of one kind."""
        listing = self.run('--with-colons', '--list-keys', *words).stdout.decode()
        return [line.split(':')[9] for line in listing.splitlines() if line.startswith(kind + ':')]

    def learn(self, other):
        """Imports somebody's certificate."""
        self.run('--import', other if isinstance(other, str) else other.certificate())

    def certificate(self):
        """A file with the public key."""
        path = os.path.join(people.SESSION, os.path.basename(self.home) + '.asc')
        self.run('--armor', '--output', path, '--export', self.fingerprint)
        return path

    def armored(self, fingerprint=None):
        """The certificate as bundles bring it."""
        return self.run('--armor', '--export-options', 'export-minimal', '--export',
                        fingerprint or self.fingerprint).stdout.decode()

    def subkeys_of(self, fingerprint):
        """Fingerprints of somebody's encryption subkeys, oldest first."""
        return self.list('fpr', fingerprint)[1:]

    def subkey_packet(self, fingerprint):
        """The body of one subkey's packet in a certificate that this person has."""
        octets, at = self.run('--export', fingerprint).stdout, 0
        while at < len(octets):
            size = (1, 2, 4)[octets[at] & 3]
            length = int.from_bytes(octets[at + 1:at + 1 + size], 'big')
            body = octets[at + 1 + size:at + 1 + size + length]
            whole = b'\x99' + length.to_bytes(2, 'big') + body
            if octets[at] >> 2 & 15 == 14 and hashlib.sha1(whole).hexdigest().upper() == fingerprint:
                return body
            at += 1 + size + length
        raise AssertionError(fingerprint)

    def encrypt(self, path, *recipients, plain=b'Dear Ada\n'):
        """Stock gpg's file for these, AES-256 and not OCB."""
        words = [word for recipient in recipients for word in ('--recipient', recipient)]
        self.run('--cipher-algo', 'AES256', *words, '--output', path, '--encrypt', data=plain)
        return File(path)

    def key_of(self, path):
        """The session key of a file that this person can open."""
        return bytes.fromhex(self.session_key(path).split(':')[1])

    def header(self, kind, to, **more):
        """The first line of a bundle."""
        return {'sparekey': 1, 'type': kind, 'id': str(uuid.uuid4()), 'created': stamp(), 'from': self.fingerprint, 'to': to,
                'certificate': self.armored()} | more

    def seal(self, path, text, to, notations=(), receiver=None, signers=(), words=(), sign=True):
        """Signs and encrypts a text as a bundle; returns the path."""
        options = ['--sign'] if sign else []
        for signer in signers or (self.fingerprint,):
            options += ['--local-user', signer]
        for notation in notations:
            options += ['--sig-notation', notation]
        self.run('--cipher-algo', 'AES256', '--digest-algo', 'SHA512', '--compress-algo', 'none', *words, *options, '--recipient',
                 (receiver or self.subkeys_of(to)[-1]) + '!', '--output', path, '--encrypt', data=text)
        return path

    def bundle(self, path, header, records=(), claims=None, **more):
        """A bundle; what is wrong with it is what the caller says."""
        lines = [header, *records, {'records': len(records)}]
        text = b''.join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b'\n' for line in lines)
        to = header['to'] if claims is None else claims
        return self.seal(path, text, header['to'], (f'{NOTATION}=1:{header["type"]}:{to}',), **more)

    def long_ago(self, path, header, when):
        """A bundle without records that was signed by gpg with another clock, and sealed by hand."""
        text = b''.join(json.dumps(line).encode() + b'\n' for line in (header, {'records': 0}))
        signed = self.run('--compress-algo', 'none', '--digest-algo', 'SHA512', '--sig-notation',
                          f'{NOTATION}=1:{header["type"]}:{header["to"]}', '--sign', data=text, faked=when).stdout
        return people.put(path, seal_packets(signed, self.subkey_packet(self.subkeys_of(header['to'])[-1])))

    def deposit(self, path, to, *records, **more):
        """A deposit of records."""
        return self.bundle(path, self.header('deposit', to, **more), records)

    def request(self, path, to, old, *records, **more):
        """A request made with this key for what OLD could open."""
        header = self.header('request', to, old=old, reason='The lake has my laptop', lost='lost') | more
        return self.bundle(path, header, records)


class Thief(Person):
    """Somebody who got hold of a backup authority's key and passphrase, and uses them with stock gpg in a home of his own."""

    def __init__(self, backup, name='thief'):  # pylint: disable=super-init-not-called
        people.Gpg.__init__(self, name)
        phrase = people.put(os.path.join(self.home, 'phrase'), backup.PASSPHRASE.encode())
        people.put(os.path.join(self.home, 'gpg.conf'),
                   f'trust-model always\nno-auto-key-locate\npinentry-mode loopback\npassphrase-file {phrase}\n'.encode())
        secret = backup.gpg('--armor', '--export-secret-keys', backup.fingerprint).stdout
        self.run('--import', data=secret)
        self.fingerprint = backup.fingerprint
        self.user_id = 'ACME'


def deposit_record(file, subkey, serial, stated=None, whole=None, **more):
    """A record of a deposit; WHOLE: another packet than the file's own."""
    octets = whole if whole is not None else file.escrow(subkey)
    record = {'serial': serial, 'created': stamp(), 'description': '',
              'file': {'name': os.path.basename(file.path), 'size': file.size, 'id': file.file_id()},
              'key': {'subkey': subkey, 'algorithm': 'cv25519', 'cipher': 'AES256'}, 'packet': encode(octets),
              'sha256': hashlib.sha256(octets).hexdigest()} | more
    if stated:
        record['proof'] = stated
    return record


def proven_record(person, file, authority, subkey, serial, session_key=None, **more):
    """A record with the proof of somebody who knows the session key."""
    known = session_key or person.key_of(file.path)
    return deposit_record(file, subkey, serial, proof(known, person.fingerprint, authority, serial, file.tag, file.head), **more)


def request_record(file, esk=None, **more):
    """What a request says of a file; ESK: the packet for the authority, None: none."""
    record = {'file': {'id': file.file_id(), 'name': os.path.basename(file.path), 'size': file.size}, 'tag': file.tag,
              'head': encode(file.head), 'keys': [key_id(one) for one in file.esks]} | more
    if esk is not None:
        record['packet'] = encode(packet(1, esk))
    return record
