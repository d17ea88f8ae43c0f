# SPDX-License-Identifier: GPL-3.0-or-later
"""What others write into bundles is shown as text: it steers no terminal, names no path, and is no word of the program's."""

import json
import os
import sys

import attacker
import owner as people
import story
import tap

os.makedirs(os.path.join(people.SESSION, 'work'))
EVIL = '\x1b[2J\x1b]0;owned\x07\u202egpg.\u2028\x9b31m\r\b'
acme = story.Backup(sys.argv[1])
alice, alice_new, letter = story.alice_and_her_file(acme)
mallory = attacker.Person('mallory', 'Ma\u202ellory\u2066 <mallory@example.org>', acme)
other = story.Backup(sys.argv[1], 'b')
known = {}


def opens(file, **more):
    """A case of Mallory's."""
    record = attacker.request_record(file, file.esk(acme.escrow))
    record['file'] |= more
    return acme.take_case(mallory.request(acme.on_stick('evil.request'), acme.fingerprint, alice.fingerprint, record,
                                          reason='please' + EVIL))


def shown():
    """Names, descriptions, reasons and user ids with signs that steer a terminal are shown without them"""
    record = attacker.proven_record(mallory, mallory.encrypt(os.path.join(people.SESSION, 'work', 'm.gpg'), mallory.fingerprint,
                                                             acme.escrow + '!'), acme.fingerprint, acme.escrow, 'M-1',
                                    description='from' + EVIL)
    record['file']['name'] = 'report' + EVIL
    result, = acme.take_in(mallory.deposit(acme.on_stick('evil.deposit'), acme.fingerprint, record))
    assert result['new'] == 1, result
    case = known['case'] = opens(letter, name='letter' + EVIL)
    for words in (('packets',), ('packets', 'report'), ('case', 'list'), ('case', 'show', case), ('owner', 'list'), ('audit',),
                  ('import', acme.on_stick('evil.deposit')), ('receipt', '--to', acme.stick)):
        assert people.readable(acme.run('authority', *words)), words
        said = acme.run('--json', 'authority', *words).stdout
        assert b'\x1b' not in said and b'\x9b' not in said.replace('\u202e'.encode(), b''), words
        json.loads(said)
    for words in (('case', 'refuse', case, '--reason', 'no' + EVIL, '--to', acme.stick), ('case', 'show', EVIL), ('packets', EVIL),
                  ('import', os.path.join(acme.stick, EVIL))):
        people.readable(acme.run('authority', *words, status=None))


def no_paths():
    """Serials, ids and names that look like paths are refused or are labels: nothing is written but where it was asked for"""
    file = mallory.encrypt(os.path.join(people.SESSION, 'work', 'p.gpg'), mallory.fingerprint, acme.escrow + '!')
    records = [attacker.deposit_record(file, acme.escrow, serial) for serial in ('../../x', '/tmp/x', 'a/b', '', '.', 'x' * 500)]
    named = attacker.proven_record(mallory, file, acme.fingerprint, acme.escrow, 'M-2')
    for name in '../up', '/etc/passwd', '..', 'a/b':
        again = json.loads(json.dumps(named))
        again['file']['name'] = name
        records.append(again)
    result, = acme.take_in(mallory.deposit(acme.on_stick('paths.deposit'), acme.fingerprint, *records))
    assert (result['new'], result['refused']) == (0, len(records)), result
    for field, value in (('id', '../../../x'), ('id', 'x' * 36), ('created', '../x'), ('type', '../deposit'), ('from', '../' + 'A' * 37)):
        header = mallory.header('deposit', acme.fingerprint) | {field: value}
        story.refuse_import(acme, mallory.bundle(acme.on_stick('header'), header, [named]), codes=('damaged', 'unsupported'),
                            status=None)
    acme.take_in(mallory.deposit(acme.on_stick('named.deposit'), acme.fingerprint, named))
    raw = people.folder('raw')
    with people.Unharmed(people.SESSION + '/work', acme.stick, new=['raw']):
        bundles = acme.json('authority', 'export', '--to', raw, '--raw')['bundles']
    assert len(bundles) == len(people.names(raw)) == 2, bundles


def sizes():
    """A file whose size can't be that of what was deposited is unsure, and not granted"""
    record = attacker.proven_record(alice, letter, acme.fingerprint, acme.escrow, 'A-1')
    record['file']['size'] = 1 << 40
    acme.take_in(alice.deposit(acme.on_stick('alice.deposit'), acme.fingerprint, record))
    acme.enroll(alice)
    case = acme.take_case(alice_new.request(acme.on_stick('alice.request'), acme.fingerprint, alice.fingerprint,
                                            attacker.request_record(letter, letter.esk(acme.escrow))))
    assert acme.claim(case)['verdict'] == 'unsure', acme.claim(case)
    acme.until_ready(case, alice_new.fingerprint)
    story.refuse_recover(acme, case, tried=True)


def transfers():
    """A transfer from an authority that the policy doesn't name speaks for nothing, and is never taken for a deposit"""
    bob, bob_new, his = story.alice_and_her_file(other, 'bob')
    other.take_in(bob.deposit(other.on_stick('bob.deposit'), other.fingerprint, attacker.proven_record(
        bob, his, other.fingerprint, other.escrow, 'B-1')), acme.certificate())
    bundle, = other.json('authority', 'export', '--to', other.stick, '--for', acme.fingerprint)['bundles']
    result, = acme.take_in(bundle['path'])
    assert (result['type'], result['new']) == ('transfer', 1), result
    bob_new.learn(acme)
    # Who he is was confirmed here too: only the sender of the packet is in question.
    acme.json('authority', 'owner', 'enroll', bob.fingerprint, '--contact', 'c', '--evidence', 'e')
    request = bob_new.request(acme.on_stick('bob.request'), acme.fingerprint, bob.fingerprint, attacker.request_record(his))
    case = acme.take_case(request)
    assert acme.claim(case)['verdict'] == 'unmatched', acme.claim(case)
    acme.until_ready(case, bob_new.fingerprint)
    story.refuse_recover(acme, case, tried=True)
    # No owner is told that it came in: he deposited nothing here.
    assert [one for one in acme.json('authority', 'receipt', '--to', acme.stick)['bundles'] if one['to'] == bob.fingerprint] == []
    # The same octets called a deposit, by the other authority or by Mallory, are none of Bob's.
    lines = [json.loads(line) for line in acme.gpg('--decrypt', bundle['path'], status=None).stdout.splitlines()]
    mallory.deposit(acme.on_stick('as-deposit'), acme.fingerprint, *lines[1:-1])
    result, = acme.take_in(acme.on_stick('as-deposit'))
    assert result['held'] == result['new'], result
    # With the policy naming it, it matches: that alone kept it from it.
    acme.set_policy(story.POLICY + f'[Transfer]\nFrom={other.fingerprint}\n')
    assert acme.claim(case)['verdict'] == 'matched', acme.claim(case)


tap.run(shown, no_paths, sizes, transfers)
