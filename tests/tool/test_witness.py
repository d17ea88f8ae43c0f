# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners are witnesses of the authority's log: who rewrites it is found by what they keep."""

import json
import os
import shutil
import sys

import owner as people
import story
import tap

os.makedirs(os.path.join(people.SESSION, 'work'))
acme = story.Backup(sys.argv[1])
ada = people.Owner(sys.argv[1])
FILES = people.folder('files')
KEPT = os.path.join(people.SESSION, 'kept.db')


def encrypt(name):
    """A file of Ada's."""
    assert ada.result('encrypt', people.put(os.path.join(FILES, name)))['status'] == 'done'


def deposit_and_receipt():
    """A deposit there, and the receipt back."""
    path, = [bundle['path'] for bundle in ada.json('escrow', 'export', '--to', acme.stick)['bundles']]
    assert acme.take_in(path)[0]['status'] == 'done'
    path, = [bundle['path'] for bundle in acme.json('authority', 'receipt', '--to', acme.stick)['bundles']]
    ada.json('escrow', 'receipt', path)


def verify(anchor, status=0):
    """The log against what somebody kept."""
    return acme.json('authority', 'audit', '--verify', '--anchor', anchor, status=status)


def witness(name):
    """What Ada hands to whoever looks into the log."""
    path = os.path.join(people.SESSION, name)
    document = ada.json('escrow', 'witness', '--output', path)
    lines = people.get(path).splitlines()
    assert [json.loads(line) for line in lines] == [point['checkpoint'] for point in document['checkpoints']], document
    return path, document['checkpoints']


def nothing_yet():
    """Who has no answer of the authority's has nothing to bear witness of"""
    ada.fingerprint = ada.create()
    ada.trust(acme)
    assert ada.json('escrow', 'witness')['checkpoints'] == []
    assert ada.run('escrow', 'witness').stdout == b''


def kept():
    """What came with a receipt and with a refusal is kept, and the log fits it"""
    encrypt('a.txt')
    deposit_and_receipt()
    shutil.copy(acme.where('registry.db'), KEPT)
    encrypt('b.txt')
    old = ada.fingerprint
    ada.run('key', 'delete', old, '--yes', status=None)
    new = ada.create('Ada Again', 'ada@example.org')
    ada.run('key', 'use', new)
    document = ada.json('recovery', 'request', '--reason', 'lost', '--old-key', old, '--to', acme.stick,
                        os.path.join(FILES, 'a.txt.gpg'), status=None)
    kept.kinds = ['receipt']
    if document.get('bundles'):
        case = acme.take_case(document['bundles'][0]['path'])
        answer = acme.json('authority', 'case', 'refuse', case, '--reason', 'You have it', '--to', acme.stick)
        ada.json('recovery', 'apply', answer['bundles'][0]['path'], status=4)
        kept.kinds.append('refusal')
    else:
        deposit_and_receipt()
        kept.kinds.append('receipt')
    path, points = witness('first')
    assert [point['from'] for point in points] == kept.kinds, points
    assert all(point['authority'] == acme.fingerprint for point in points), points
    assert points[0]['sequence'] < points[1]['sequence'], points
    document = verify(path)
    assert document['valid'] is True and document['anchor-ok'] is True and document['anchors'] == 2, document
    kept.sequence = points[1]['sequence']


def put_back():
    """An older registry that was put back is whole in itself; what the owner keeps names the row that is gone"""
    shutil.copy(acme.where('registry.db'), KEPT + '.now')
    shutil.copy(KEPT, acme.where('registry.db'))
    assert acme.json('authority', 'audit', '--verify')['valid'] is True
    document = verify(os.path.join(people.SESSION, 'first'), status=6)
    assert document['valid'] is False and document['anchor-ok'] is False, document
    assert document['first-bad'] <= kept.sequence and 'missing' in document['why'], document


def rewritten():
    """Told anew, signed anew, longer than before: the first row that was promised and is another one is named"""
    for number in range(12):
        acme.json('authority', 'owner', 'enroll', ada.fingerprint, '--contact', f'{number}', '--evidence', 'told anew')
    assert acme.json('authority', 'audit', '--verify')['valid'] is True
    document = verify(os.path.join(people.SESSION, 'first'), status=6)
    assert document['valid'] is False and document['anchor-ok'] is False, document
    assert document['first-bad'] == kept.sequence and 'rewritten' in document['why'], document


def not_signed():
    """What the authority never signed is no witness against it, and is not passed over either"""
    lines = people.get(os.path.join(people.SESSION, 'first')).splitlines()
    forged = json.loads(lines[0])
    forged['hash'] = '0' * 64
    path = people.put(os.path.join(people.SESSION, 'forged'), json.dumps(forged).encode() + b'\n')
    document = verify(path, status=6)
    assert document['anchor-ok'] is False and document['anchors'] == 0 and document['first-bad'] is None, document
    people.put(path, b'no json\n')
    acme.json('authority', 'audit', '--verify', '--anchor', path, status=6)


tap.run(nothing_yet, kept, put_back, rewritten, not_signed)
