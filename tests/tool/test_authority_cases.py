# SPDX-License-Identifier: GPL-3.0-or-later
"""Authority mode on the command line: what comes in, what is held, cases, and what goes out. Every document and exit status."""

import fcntl
import os
import shutil
import subprocess
import sys

import owner as people
import tap

TOOL = sys.argv[1]
ada, acme, other = people.Owner(TOOL), people.AuthorityMode(TOOL), people.AuthorityMode(TOOL, 'o')
STICK, FILES = people.folder('stick'), people.folder('files')
officer = people.Gpg('officer')
POLICY = """[Recovery]
Checks=document
ApprovalsMatched=1

[Officer Carol]
Fingerprints=%s
"""
known = {}


def has(element, **fields):
    """The fields of an element of a document, and their types."""
    for name, kinds in fields.items():
        assert isinstance(element.get(name.replace('_', '-')), kinds), f'{name} of {element}'


def error_of(who, *words, status, **more):
    """The code of an error before anything was done."""
    document = who.json(*words, status=status, **more)
    assert 'error' in document and len(document['error']['message']) > 20, document
    return document['error']['code']


def not_set_up():
    """Without an authority every command says so."""
    for words in (('import', 'x'), ('receipt', '--to', STICK), ('packets',), ('export', '--to', STICK), ('case', 'list'),
                  ('case', 'show', 'a'), ('case', 'identity', 'a', 'document', '--evidence', 'e'), ('case', 'approve', 'a'),
                  ('case', 'refuse', 'a', '--reason', 'r'), ('case', 'ask', 'a', '--to', STICK), ('drill',),
                  ('case', 'recover', 'a', '--to', STICK), ('rotate', '--to', 'A' * 40)):
        assert error_of(acme, 'authority', *words, status=3) == 'not-set-up', words
    for words in ('export', '--to', STICK), ('receipt', 'x'):
        assert ada.run('escrow', *words, status=None).returncode != 0
    assert people.names(STICK) == []


def set_up():
    """An authority whose only officer has a key of stock gpg, Ada who trusts it, and another authority."""
    officer.run('--passphrase', '', '--quick-generate-key', 'Carol <carol@acme.example>', 'future-default', 'default', 'never')
    listing = officer.run('--with-colons', '--list-keys').stdout.decode()
    officer.fingerprint = next(line.split(':')[9] for line in listing.splitlines() if line.startswith('fpr:'))
    certificate = os.path.join(STICK, officer.fingerprint + '.asc')
    officer.run('--armor', '--output', certificate, '--export', officer.fingerprint)
    policy = people.put(os.path.join(STICK, 'policy.ini'), (POLICY % officer.fingerprint).encode())
    acme.make('--policy', policy)  # finds the certificate beside the policy
    other.make()
    acme.quicken()
    other.quicken()
    ada.fingerprint = ada.create()
    ada.trust(acme)


def usage():
    """What is typed wrong is told, with exit 2."""
    for words in (('import',), ('receipt',), ('receipt', '--to', STICK, 'x'), ('packets', '--owner', 'Ada'), ('export',),
                  ('export', '--to', STICK, '--raw', '--for', other.fingerprint), ('export', '--to', STICK, '--for', 'x'),
                  ('case',), ('case', 'list', 'x'), ('case', 'show'), ('case', 'show', 'a', 'b'), ('case', 'identity', 'a'),
                  ('case', 'identity', 'a', 'document'), ('case', 'approve'), ('case', 'approve', 'a', '--as', 'x'),
                  ('case', 'refuse', 'a'), ('case', 'refuse', 'a', '--reason', 'r', '--kind', 'never'), ('case', 'ask', 'a'),
                  ('case', 'recover', 'a'), ('approve',), ('approve', 'x'), ('rotate',), ('rotate', '--to', 'x'),
                  ('drill', '--sample', '-1'), ('drill', 'x')):
        acme.run('authority', *words, status=2)
    for words in (('escrow', 'export'), ('escrow', 'export', '--to', STICK, '--again', 'x'), ('escrow', 'receipt'),
                  ('recovery', 'request'), ('recovery', 'request', '--reason', 'r', '--to', STICK),
                  ('recovery', 'request', '--reason', 'r', '--to', STICK, '--old-key', 'x', FILES),
                  ('recovery', 'request', '--reason', 'r', '--to', STICK, '--since', 'x', FILES), ('recovery', 'apply'),
                  ('recovery', 'list', 'x')):
        ada.run(*words, status=2)


def nothing_there():
    """Where there is nothing, the documents are empty, and exit is 0."""
    assert acme.json('authority', 'packets') == {'packets': []}
    assert acme.json('authority', 'case', 'list') == {'cases': []}
    assert acme.json('authority', 'receipt', '--to', STICK) == {'bundles': []}
    assert ada.json('recovery', 'list') == {'requests': []}
    assert ada.json('escrow', 'export', '--to', STICK)['bundles'] == []
    assert acme.json('authority', 'drill') == {'tried': 0, 'opened': 0, 'failed': []}
    acme.run('authority', 'case', 'show', 'abcdef', status=None)


def deposit():
    """What was made for certain files is exported for them; what can't be is left out, and why."""
    for name in 'one', 'two':
        ada.result('encrypt', people.put(os.path.join(FILES, name), b'content of ' + name.encode()))
    document = ada.json('escrow', 'export', '--to', STICK, os.path.join(FILES, 'one.gpg'), os.path.join(FILES, 'one'), status=1)
    bundle, = document['bundles']
    has(bundle, path=str, type=str, id=str, to=str, records=int)
    assert bundle['records'] == 1 and bundle['to'] == acme.fingerprint and bundle['type'] == 'deposit', bundle
    left, = document['left-out']
    assert left['path'] == os.path.join(FILES, 'one') and left['error']['code'] == 'not-encrypted', left
    states = {packet['name']: packet['state'] for packet in ada.json('escrow', 'list')['packets']}
    assert states == {'one': 'exported', 'two': 'pending'}, states
    rest, = ada.json('escrow', 'export', '--to', STICK)['bundles']
    known['deposits'] = [bundle['path'], rest['path']]


def refused():
    """Forged, damaged, cut short and misdirected bundles are refused, each with its code, and logged; the rest comes in."""
    first, second = known['deposits']
    content = people.get(first)
    bad = people.put(os.path.join(STICK, 'bad.sparekey'), content[:200] + bytes([content[200] ^ 1]) + content[201:])
    cut = people.put(os.path.join(STICK, 'cut.sparekey'), content[:-40])
    text = people.put(os.path.join(STICK, 'text.sparekey'), b'{"sparekey":1}\n')
    before = len(acme.events())
    for path in bad, cut:
        bundle, = acme.json('authority', 'import', path, status=6)['bundles']
        assert bundle['status'] == 'refused' and bundle['error']['code'] == 'damaged' and bundle['new'] == 0, bundle
    assert acme.json('authority', 'import', text, status=None)['bundles'][0]['status'] == 'refused'
    assert error_of_result(other, first, status=5) == 'no-key'
    missing, = acme.json('authority', 'import', os.path.join(STICK, 'none'), status=1)['bundles']
    assert missing['error']['code'] == 'not-found', missing
    assert len(acme.events()) >= before + 3, 'refusals are in the log'
    assert acme.json('authority', 'packets') == {'packets': []}
    bundles = acme.json('authority', 'import', bad, first, second, status=1)['bundles']
    for bundle in bundles:
        has(bundle, path=str, status=str, new=int, known=int, refused=int)
    assert [bundle['status'] for bundle in bundles] == ['refused', 'done', 'done'], bundles


def error_of_result(who, path, status):
    """The code with which one bundle is refused."""
    bundle, = who.json('authority', 'import', path, status=status)['bundles']
    assert bundle['status'] == 'refused', bundle
    return bundle['error']['code']


def packets():
    """Packets are found by owner, serial and words; the document has what was promised."""
    found = acme.json('authority', 'packets')['packets']
    assert len(found) == 2, found
    for packet in found:
        has(packet, serial=str, owner=str, name=str, description=str, created=str, file_id=str)
        assert packet['owner'] == ada.fingerprint and packet['verdict'] == 'proven', packet
    assert [packet['name'] for packet in acme.json('authority', 'packets', 'two')['packets']] == ['two']
    assert [packet['name'] for packet in acme.json('authority', 'packets', '--serial', found[0]['serial'])['packets']] \
        == [found[0]['name']]
    assert len(acme.json('authority', 'packets', '--owner', ada.fingerprint.lower())['packets']) == 2
    assert acme.json('authority', 'packets', '--owner', other.fingerprint) == {'packets': []}
    assert people.readable(acme.run('authority', 'packets')).count('proven') == 2
    assert acme.json('authority', 'drill', '--sample', '0') == {'tried': 2, 'opened': 2, 'failed': []}


def receipts():
    """A receipt is for its owner alone: others, forgers and the wrong command are told so."""
    path = acme.json('authority', 'receipt', '--to', STICK)['bundles'][0]['path']
    content = people.get(path)
    bad = people.put(os.path.join(STICK, 'bad-receipt.sparekey'), content[:300] + bytes([content[300] ^ 1]) + content[301:])
    assert error_of(ada, 'escrow', 'receipt', bad, status=6) == 'damaged'
    assert error_of(ada, 'escrow', 'receipt', known['deposits'][0], status=5) == 'no-key'
    ada.run('recovery', 'apply', path, status=None)
    assert {packet['state'] for packet in ada.json('escrow', 'list')['packets']} == {'exported'}
    assert ada.json('escrow', 'receipt', path) == {'acknowledged': 2, 'known': 0, 'unknown': 0, 'held': 0}
    assert ada.json('escrow', 'receipt', path)['known'] == 2
    assert {packet['state'] for packet in ada.json('escrow', 'list')['packets']} == {'acknowledged'}


def case():
    """An officer with a key of stock gpg approves; the case's document has what was promised."""
    old, new = ada.fingerprint, ada.create('Ada New')
    ada.run('key', 'use', new)
    ada.run('key', 'delete', old)
    ask = ('recovery', 'request', '--reason', 'lost', '--old-key', old, '--to', STICK, os.path.join(FILES, 'one.gpg'))
    # A loss before the deposit: who had the key then may have made it.
    early = acme.take_in(ada.json(*ask, '--stolen', '--since', '2026-01-01')['bundles'][0]['path'])[0]['case']
    document = ada.json(*ask)
    case_id = acme.take_in(document['bundles'][0]['path'])[0]['case']
    one = acme.case('show', case_id)
    has(one, id=str, state=str, requester=str, files=int, matched=int, unmatched=int, identity=list, approvals=list)
    assert one['id'] == case_id and one['matched'] == 0, 'the owner is not enrolled yet'
    acme.run('authority', 'owner', 'enroll', old, '--contact', 'extension 1', '--evidence', 'passport')
    acme.case('identity', case_id, 'document', '--evidence', 'passport')
    one = acme.case('identity', case_id, 'new-key', '--evidence', new)
    for check in one['identity']:
        has(check, check=str, done=bool, evidence=str)
    assert error_of(acme, 'authority', 'case', 'approve', case_id, '--as', officer.fingerprint, status=5) == 'no-key'
    assert acme.run('authority', 'case', 'approve', case_id, status=None).returncode in (0, 4)
    assert acme.case('show', case_id)['approved'] == 0, 'the authority itself is no officer here'
    for name in case_id, early:
        assert error_of(acme, 'authority', 'case', 'recover', name, '--to', STICK, status=4) == 'policy'
    assert not [name for name in people.names(STICK) if name.startswith('grant-')]
    # The officer's own GnuPG on the authority's computer.
    shutil.copytree(officer.home, os.path.join(acme.environment['HOME'], '.gnupg'),
                    ignore=lambda _, names: [name for name in names if name.startswith('S.')])
    one = acme.case('approve', case_id, '--as', officer.fingerprint)
    has(one['approvals'][-1], officer=str, time=str)
    assert one['approved'] == 1 and 'Carol' in [approval['officer'] for approval in one['approvals']], one
    assert one['matched'] == 1, one
    one_early = acme.case('show', early)
    assert (one_early['matched'], one_early['unmatched'], one_early['lost']) == (0, 1, 'stolen'), one_early
    known['case'], known['one'] = case_id, one


def recover():
    """What matched is granted, and opens; before, nothing was written and exit was 4."""
    document = acme.json('authority', 'case', 'recover', known['case'], '--to', STICK)
    has(document['grant'], path=str, records=int)
    assert [name for name in people.names(STICK) if name.startswith('grant-')] \
        == [os.path.basename(document['grant']['path'])] and document['grant']['records'] == 1, document
    assert ada.json('recovery', 'apply', document['grant']['path'])['results'][0]['status'] == 'done'
    ada.result('decrypt', '--output', os.path.join(FILES, 'one.back'), os.path.join(FILES, 'one.gpg'))
    assert people.get(os.path.join(FILES, 'one.back')) == b'content of one'


def export():
    """Packets leave raw, for stock gpg, or re-wrapped for another authority, which takes the transfer in."""
    raw = people.folder('raw')
    bundles = acme.json('authority', 'export', '--to', raw, '--raw')['bundles']
    assert len(bundles) == 2 and {bundle['type'] for bundle in bundles} == {'packet'}, bundles
    for bundle in bundles:
        said = acme.gpg('--show-session-key', '--decrypt', bundle['path'], status=None).stderr.decode(errors='replace')
        assert "session key: '" in said, said
    serial = acme.json('authority', 'packets')['packets'][0]['serial']
    assert error_of(acme, 'authority', 'export', '--to', raw, '--for', other.fingerprint, serial, status=None)
    acme.take_in(other.certificate())
    bundle, = acme.json('authority', 'export', '--to', STICK, '--for', other.fingerprint, serial)['bundles']
    assert bundle['type'] == 'transfer' and bundle['to'] == other.fingerprint and bundle['records'] == 1, bundle
    result, = other.take_in(bundle['path'])
    assert result['type'] == 'transfer' and result['new'] == 1, result
    packet, = other.json('authority', 'packets')['packets']
    assert packet['transfer-from'] == acme.fingerprint and packet['owner'] == known['one']['old'], packet
    assert error_of(acme, 'authority', 'export', '--to', raw, 'NO-SUCH-1', status=None)


def rotate():
    """Every packet is re-wrapped for the key of the next authority, once; what was deposited is kept and opens here."""
    assert error_of(acme, 'authority', 'rotate', '--to', 'A' * 40, status=4) == 'authority-unusable'
    document = acme.json('authority', 'rotate', '--to', other.fingerprint)
    assert (document['done'], document['before'], document['failed']) == (2, 0, 0) and len(document['subkey']) == 40, document
    document = acme.json('authority', 'rotate', '--to', other.fingerprint)
    assert (document['done'], document['before'], document['failed']) == (0, 2, 0), document
    assert all(packet['re-wrapped'] for packet in acme.json('authority', 'packets')['packets'])
    assert acme.json('authority', 'drill', '--sample', '0')['opened'] == 2


def locked():
    """While authority mode is open elsewhere: exit 7, in words, and nothing is done."""
    with open(acme.where('lock'), 'rb') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for words in ('import', known['deposits'][0]), ('receipt', '--to', STICK), ('packets',), ('case', 'list'), ('drill',):
            assert error_of(acme, 'authority', *words, status=7) == 'database', words
    assert acme.json('authority', 'audit', '--verify')['valid'] is True


def no_agent_left():
    """No agent of the authority is left running."""
    socket = os.path.join(acme.where('gnupg'), 'S.gpg-agent')
    said = subprocess.run(['gpg-connect-agent', '--no-autostart', '-S', socket, '/bye'], capture_output=True, check=False,
                          env=acme.environment)
    assert said.returncode != 0 or not os.path.exists(socket), said


tap.run(not_set_up, set_up, usage, nothing_there, deposit, refused, packets, receipts, case, recover, export, rotate, locked,
        no_agent_left)
