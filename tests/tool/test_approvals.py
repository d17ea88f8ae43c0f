# SPDX-License-Identifier: GPL-3.0-or-later
"""Approvals that don't count: persons are counted, not keys, each for one case as it is now, and never the one who asks."""

import os
import sys

import attacker
import owner as people
import story
import tap

os.makedirs(os.path.join(people.SESSION, 'work'))
acme = story.Backup(sys.argv[1])
alice, alice_new, letter = story.alice_and_her_file(acme)
ben, ben_too, carol, eve = (attacker.Person(name, f'{name.title()} <{name}@example.org>', acme)
                            for name in ('ben', 'ben2', 'carol', 'eve'))
# An officer whose key was for some days only, long ago.
dan = attacker.Person('dan', 'Dan <dan@example.org>', acme, faked='20240101T000000', expires='30d')
fay = attacker.Person('fay', 'Fay <fay@example.org>', acme, faked='20240101T000000')
POLICY = f"""[Recovery]
Checks=document
ApprovalsMatched=2
ApprovalsUnmatched=2

[Officer Ben]
Fingerprints={ben.fingerprint};{ben_too.fingerprint}

[Officer Carol]
Fingerprints={carol.fingerprint}

[Officer Dan]
Fingerprints={dan.fingerprint}

[Officer Fay]
Fingerprints={fay.fingerprint}

[Officer Somebody]
Fingerprints={alice.fingerprint}
"""


def opens(reason='lost'):
    """A case of Alice's, with all its checks."""
    opens.count += 1
    case = acme.take_case(alice_new.request(acme.on_stick(f'{opens.count}.request'), acme.fingerprint, alice.fingerprint,
                                            attacker.request_record(letter, letter.esk(acme.escrow)), reason=reason))
    return acme.identify(case, alice_new.fingerprint)


opens.count = 0


def approval(person, case, manifest=None, **more):
    """What an officer elsewhere answers."""
    approval.count += 1
    header = person.header('approval', acme.fingerprint, case=case['id'], manifest=manifest or case['manifest'])
    return person.bundle(acme.on_stick(f'{approval.count}.approval'), header, [], **more)


approval.count = 0


def counted(case, n, state='approval'):
    """So many persons have approved it."""
    shown = acme.case('show', case['id'])
    assert (shown['approved'], shown['state']) == (n, state), shown


def begin():
    """A policy of two approvals by persons with several keys"""
    acme.set_policy(POLICY)
    record = attacker.proven_record(alice, letter, acme.fingerprint, acme.escrow, 'A-1')
    assert acme.take_in(alice.deposit(acme.on_stick('deposit'), acme.fingerprint, record))[0]['new'] == 1
    acme.enroll(alice)


def one_person():
    """One officer approving twice, by the same key and by another of his, counts once"""
    case = opens()
    assert acme.take_in(approval(ben, case))[0]['case'] == case['id']
    counted(case, 1)
    for person in ben, ben_too:
        acme.take_in(approval(person, case), status=None)
        counted(case, 1)
    # The authority's own key is no officer's here.
    with story.Refused(acme, 'case.approve.denied'):
        acme.json('authority', 'case', 'approve', case['id'], status=4)
    story.refuse_recover(acme, case['id'])
    one_person.case = case


def the_one_who_asks():
    """Who asks approves nothing: neither by the old key nor by the new one, nor by another key in the same name"""
    case = one_person.case
    story.refuse_import(acme, approval(alice, case), status=4, codes=('policy',))
    story.refuse_import(acme, approval(alice_new, case), status=4, codes=('policy',))
    same = attacker.Person('same', alice.user_id, acme)
    acme.set_policy(POLICY.replace(alice.fingerprint, same.fingerprint))
    case = opens('again')
    story.refuse_import(acme, approval(same, case), status=4, codes=('policy',))
    acme.set_policy(POLICY.replace(alice.fingerprint, alice_new.fingerprint))
    case = opens('and again')
    story.refuse_import(acme, approval(alice_new, case), status=4, codes=('policy',))
    acme.set_policy(POLICY)


def no_officer():
    """A stranger's approval is refused, one in an officer's name by another key is forged"""
    case = one_person.case
    story.refuse_import(acme, approval(eve, case), status=4, codes=('policy',))
    header = carol.header('approval', acme.fingerprint, case=case['id'], manifest=case['manifest'])
    story.refuse_import(acme, eve.bundle(acme.on_stick('eve'), header, []))
    story.refuse_import(acme, eve.bundle(acme.on_stick('eve2'), header | {'certificate': eve.armored()}, []))


def expired():
    """An officer's key that has expired counts no more, whatever its clock says"""
    case = one_person.case
    header = dan.header('approval', acme.fingerprint, case=case['id'], manifest=case['manifest'])
    story.refuse_import(acme, dan.long_ago(acme.on_stick('dan'), header, '20240110T000000'))


def another_case():
    """An approval for another case, or for an older manifest of this one, doesn't count"""
    first, second = opens('first'), opens('second')
    assert first['manifest'] != second['manifest']
    for manifest in first['manifest'], '0' * 64, alice.fingerprint:
        story.refuse_import(acme, approval(carol, second, manifest=manifest), status=None, codes=('policy', 'damaged'))
    unknown = dict(second, id='00000000-0000-0000-0000-000000000000')
    story.refuse_import(acme, approval(carol, unknown), status=None, codes=('policy', 'damaged', 'failed', 'not-found'))
    assert acme.take_in(approval(carol, second), approval(ben, second))[1]['status'] == 'done'
    counted(second, 2, 'ready')
    # One check is done anew, on other evidence: nobody has approved that, and who approved what was before has not either.
    again = acme.case('identity', second['id'], 'document', '--evidence', 'another passport')
    assert again['manifest'] != second['manifest']
    counted(second, 0)
    story.refuse_recover(acme, second['id'])
    for person in carol, ben:
        story.refuse_import(acme, approval(person, second), status=4, codes=('policy',))
    counted(second, 0)
    acme.take_in(approval(carol, again), approval(ben, again))
    counted(second, 2, 'ready')
    # The rules change: nobody has approved it by these.
    third = opens('third')
    acme.take_in(approval(carol, third), approval(ben, third))
    counted(third, 2, 'ready')
    acme.set_policy(POLICY.replace('ApprovalsMatched=2', 'ApprovalsMatched=1'))
    counted(third, 0)
    story.refuse_recover(acme, third['id'])
    acme.set_policy(POLICY)
    counted(third, 2, 'ready')
    another_case.ready = third


def note():
    """What an officer once signed does not become an approval: not a note, not his deposit, not his approval elsewhere"""
    case = opens('note')
    header = carol.header('approval', acme.fingerprint, case=case['id'], manifest=case['manifest'])
    text = b''.join(attacker.json.dumps(line).encode() + b'\n' for line in (header, {'records': 0}))
    subkey = eve.subkey_packet(acme.transport)
    signed = ['--compress-algo', 'none', '--sign']
    for notation in ([], ['--sig-notation', f'note@example.org=1:approval:{acme.fingerprint}'],
                     ['--sig-notation', f'{attacker.NOTATION}=1:deposit:{acme.fingerprint}'],
                     ['--sig-notation', f'{attacker.NOTATION}=1:approval:{eve.fingerprint}'],
                     ['--sig-notation', f'!{attacker.NOTATION}=1:approval:{acme.fingerprint}']):
        packets = carol.run(*notation, *signed, data=text).stdout
        path = people.put(acme.on_stick('note'), attacker.seal_packets(packets, subkey))
        story.refuse_import(acme, path)
    # Made by the same hands, but meant: it counts.
    packets = carol.run('--digest-algo', 'SHA512', '--sig-notation', f'{attacker.NOTATION}=1:approval:{acme.fingerprint}', *signed,
                        data=text).stdout
    result, = acme.take_in(people.put(acme.on_stick('meant'), attacker.seal_packets(packets, subkey)))
    assert result['case'] == case['id']
    counted(case, 1)


def expired_since():
    """An officer's key that has expired since its approval came counts no more, and an older certificate doesn't help"""
    case = opens('fay')
    before = people.put(os.path.join(people.SESSION, 'before.asc'), fay.armored().encode())
    acme.take_in(before, approval(fay, case), approval(ben, case))
    counted(case, 2, 'ready')
    fay.run('--passphrase', '', '--quick-set-expire', fay.fingerprint, '10d', faked='20240110T000000')
    acme.take_in(people.put(os.path.join(people.SESSION, 'expired.asc'), fay.armored().encode()))
    counted(case, 1)
    story.refuse_recover(acme, case['id'])
    acme.take_in(before)
    counted(case, 1)
    story.refuse_recover(acme, case['id'])


def revoked_since():
    """An officer's key that was revoked since its approval came counts no more"""
    case = another_case.ready
    counted(case, 2, 'ready')
    text = people.get(os.path.join(carol.home, 'openpgp-revocs.d', carol.fingerprint + '.rev')).decode().replace(':-----', '-----')
    other = attacker.Person('finds', 'Finds <finds@example.org>')
    other.learn(carol)
    other.run('--import', data=text[text.index('-----BEGIN'):].encode())
    revoked = people.put(os.path.join(people.SESSION, 'revoked.asc'), other.armored(carol.fingerprint).encode())
    before = people.put(os.path.join(people.SESSION, 'not-revoked.asc'), carol.armored().encode())
    acme.take_in(revoked)
    counted(case, 1)
    story.refuse_recover(acme, case['id'])
    # Nor does the certificate of before help, or an approval that brings it along.
    acme.take_in(before)
    counted(case, 1)
    fresh = opens('fresh')
    story.refuse_import(acme, approval(carol, fresh))
    counted(fresh, 0)


tap.run(begin, one_person, the_one_who_asks, no_officer, expired, another_case, note, expired_since, revoked_since)
