# SPDX-License-Identifier: GPL-3.0-or-later
"""Days go by at an authority: waiting hours, cases that expire, a clock that was set back."""

import glob
import os
import shutil
import sys

import attacker
import owner as people
import story
import tap

WORK = people.folder('work')
LIBRARY = glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1')
POLICY = """[Recovery]
Checks=document
ApprovalsMatched=2
WaitingHours=48
ExpiryDays=7

[Officer Ben]
Fingerprints=%s

[Officer Authority]
Fingerprints=self
"""
if not LIBRARY:
    print('1..0 # SKIP libfaketime is not installed')
    sys.exit(0)
acme = story.Backup(sys.argv[1])
alice, alice_new, letter = story.alice_and_her_file(acme)
ben = attacker.Person('ben', 'Ben <ben@example.org>', acme)
case = {}


def at(hours):
    """From now on the authority's clock is so many hours ahead. Its engine has the computer's clock: it need not agree."""
    for name in 'LD_PRELOAD', 'FAKETIME', 'FAKETIME_DONT_FAKE_MONOTONIC':
        acme.environment.pop(name, None)
    if hours:
        acme.environment |= {'LD_PRELOAD': LIBRARY[0], 'FAKETIME': f'{hours:+d}h', 'FAKETIME_DONT_FAKE_MONOTONIC': '1'}


def keep(name):
    """The registry as it is now."""
    shutil.copy(acme.where('registry.db'), os.path.join(people.SESSION, name))


def back_to(name, hours=0):
    """The registry as it was then, and the clock with it."""
    shutil.copy(os.path.join(people.SESSION, name), acme.where('registry.db'))
    at(hours)


def approve_elsewhere(name):
    """Ben's approval, as it comes from a stick."""
    shown = acme.case('show', case['id'])
    header = ben.header('approval', acme.fingerprint, case=case['id'], manifest=shown['manifest'])
    return ben.bundle(acme.on_stick(name), header, [])


def state():
    """Where the case stands."""
    return acme.case('show', case['id'])['state']


def waiting():
    """The waiting hours begin with the last approval that is needed; before they are over nothing is recovered"""
    acme.set_policy(POLICY % ben.fingerprint)
    record = attacker.proven_record(alice, letter, acme.fingerprint, acme.escrow, 'A-1')
    acme.take_in(alice.deposit(acme.on_stick('deposit'), acme.fingerprint, record))
    acme.enroll(alice)
    case['id'] = acme.take_case(alice_new.request(acme.on_stick('request'), acme.fingerprint, alice.fingerprint,
                                                  attacker.request_record(letter, letter.esk(acme.escrow))))
    acme.identify(case['id'], alice_new.fingerprint)
    acme.case('approve', case['id'])
    keep('one-approval')
    at(30)
    assert state() == 'approval'
    result, = acme.take_in(approve_elsewhere('ben'))
    assert result['case'] == case['id'] and state() == 'waiting', state()
    keep('approved')
    for hours in 31, 49, 77:
        at(hours)
        assert state() == 'waiting', hours
        error = story.refuse_recover(acme, case['id'])
        assert error['code'] == 'policy', error
    # No column is asked when the last approval came.
    keep('refused')
    for statement in ('UPDATE bundles SET received = 1', 'UPDATE cases SET opened = 1', "UPDATE audit SET time = '2020-01-01T00:00:00Z'"):
        back_to('refused', 77)
        acme.sql(statement)
        document = acme.json('authority', 'case', 'recover', case['id'], '--to', acme.stick, status=None)
        assert 'error' in document and not [row for row in acme.log() if row[0] == 'case.grant'], (statement, document)
    back_to('refused', 79)
    assert state() == 'ready'
    grant = acme.case('recover', case['id'], '--to', acme.stick)['grant']
    line = acme.grant_lines(alice_new, grant['path'])[1]
    got = people.put(os.path.join(WORK, 'back.gpg'), attacker.base64.b64decode(line['pkesk']) + letter.data)
    assert alice_new.decrypt(got) == b'Dear Ada\n'


def set_back():
    """With the clock set back, nothing is taken in and no case goes on; what is there can be looked at"""
    at(0)
    before = acme.rows()
    path = alice.deposit(acme.on_stick('late'), acme.fingerprint, attacker.proven_record(
        alice, letter, acme.fingerprint, acme.escrow, 'A-2'))
    for words in (('import', path), ('case', 'show', case['id']), ('case', 'recover', case['id'], '--to', acme.stick),
                  ('owner', 'enroll', alice.fingerprint, '--contact', 'c', '--evidence', 'e')):
        document = acme.json('authority', *words, status=1)
        error = document['error'] if 'error' in document else document['bundles'][0]['error']
        assert 'clock' in error['message'], (words, document)
    assert acme.rows() == before
    assert acme.json('authority', 'audit', '--verify')['valid'] and acme.json('authority', 'packets')['packets']
    at(80)
    assert acme.take_in(path)[0]['status'] == 'done'


def expired():
    """A case that has expired is not identified, approved or granted any more; its owner gets a signed refusal that says so"""
    for name, hours in ('one-approval', 7 * 24 + 1), ('approved', 7 * 24 + 1):
        back_to(name, hours - 2)
        assert state() in ('approval', 'ready')
        at(hours)
        assert state() == 'expired'
        answer = approve_elsewhere('late-' + name)
        story.refuse_import(acme, answer, status=4, codes=('policy',))
        for words in (('identity', case['id'], 'document', '--evidence', 'e'), ('approve', case['id'])):
            with story.Refused(acme, f'case.{words[0]}.denied'):
                assert acme.json('authority', 'case', *words, status=4)['error']['code'] == 'policy', words
        story.refuse_recover(acme, case['id'])
    document = acme.json('authority', 'case', 'refuse', case['id'], '--kind', 'expired', '--reason', 'It took too long', '--to',
                         acme.stick)
    refusal, = document['bundles']
    header = acme.grant_lines(alice_new, refusal['path'])[0]
    assert (header['type'], header['kind'], header['reason'], header['to']) == (
        'refusal', 'expired', 'It took too long', alice_new.fingerprint), header
    story.refuse_recover(acme, case['id'])
    assert acme.json('authority', 'audit', '--verify')['valid']


tap.run(waiting, set_back, expired)
