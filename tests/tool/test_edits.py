# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever can write to the registry sets what he wants to be true: recovery grants only what the evidence bears out."""

import os
import shutil
import sqlite3
import sys

import attacker
import owner as people
import story
import tap

os.makedirs(os.path.join(people.SESSION, 'work'))
acme = story.Backup(sys.argv[1])
alice, alice_new, letter = story.alice_and_her_file(acme)
mallory = attacker.Person('mallory', 'Mallory <mallory@example.org>', acme)
mallory_new = attacker.Person('mallory2', 'Mallory <mallory@example.org>', acme)


def take(person, *records):
    """A deposit."""
    take.count += 1
    assert acme.take_in(person.deposit(acme.on_stick(f'{take.count}.deposit'), acme.fingerprint, *records))[0]['status'] == 'done'


take.count = 0


def record(person, file, serial, proven=True):
    """What is deposited of a file."""
    return attacker.proven_record(person, file, acme.fingerprint, acme.escrow, serial) if proven else \
        attacker.deposit_record(file, acme.escrow, serial)


def opens(new, old, file):
    """A case."""
    take.count += 1
    return acme.take_case(new.request(acme.on_stick(f'{take.count}.request'), acme.fingerprint, old.fingerprint,
                                      attacker.request_record(file, file.esk(acme.escrow))))


def file_of(person, name):
    """Another file."""
    return person.encrypt(os.path.join(people.SESSION, 'work', name), person.fingerprint, acme.escrow + '!')


def begin():
    """Cases of every kind that must not be granted, and one that may: the registry they are edited in"""
    acme.enroll(alice)
    take(alice, record(alice, letter, 'A-1'))
    held, late, lost, strange, hers = (file_of(alice, name) for name in ('held', 'late', 'lost', 'strange', 'hers'))
    take(alice, record(alice, held, 'A-2', proven=False))
    take(mallory, record(mallory, file_of(mallory, 'm'), 'M-1'), record(mallory, strange, 'M-2', proven=False))
    bob, bob_new, his = story.alice_and_her_file(acme, 'bob')
    take(bob, record(bob, his, 'B-1'))
    cat, cat_new, kept = story.alice_and_her_file(acme, 'cat')
    acme.enroll(cat)
    acme.json('authority', 'owner', 'lost', cat.fingerprint, '--kind', 'stolen')
    take(cat, record(cat, kept, 'C-1'))
    cases = begin.cases = {
        'matched': (opens(alice_new, alice, letter), alice_new), 'held': (opens(alice_new, alice, held), alice_new),
        'late': (opens(alice_new, alice, late), alice_new), 'not-enrolled': (opens(bob_new, bob, his), bob_new),
        'lost': (opens(cat_new, cat, kept), cat_new), 'strange': (opens(mallory_new, mallory, strange), mallory_new),
        'other': (opens(mallory_new, alice, hers), mallory_new)}
    take(alice, record(alice, late, 'A-3'))
    for name, (case, new) in cases.items():
        assert acme.claim(case)['verdict'] == ('matched' if name == 'matched' else 'unmatched'), (name, acme.claim(case))
        if name != 'matched':
            acme.identify(case, new.fingerprint)
    assert lost.path
    shutil.copy(acme.where('registry.db'), os.path.join(people.SESSION, 'kept.db'))


def after(statement, *values):
    """The registry as it was, edited."""
    shutil.copy(os.path.join(people.SESSION, 'kept.db'), acme.where('registry.db'))
    acme.sql(statement, *values)


def not_granted(name, what):
    """However many approve what they are shown, nothing of this case is granted."""
    case = begin.cases[name][0]
    acme.run('--json', 'authority', 'case', 'approve', case, status=None)
    before = people.names(acme.stick)
    done = acme.run('--json', 'authority', 'case', 'recover', case, '--to', acme.stick, status=None)
    assert done.returncode in (1, 4, 6), f'{name}, {what}: exit {done.returncode} {done.stdout.decode()}'
    assert people.names(acme.stick) == before, what
    rows = acme.log()
    assert not [row for row in rows if row[0] == 'case.grant'], what
    assert [row for row in rows if row[0] in ('case.recover.denied', 'case.recover.nothing')], f'{what}: not logged {rows[-4:]}'


def as_they_are():
    """Unedited, none of them but the matched one is granted"""
    for name in list(begin.cases)[1:]:
        after('SELECT 1')
        not_granted(name, 'unedited')


PROVEN = 'UPDATE packets SET proven = 1'
EDITS = {
    'held': [PROVEN, PROVEN + ", serial = 'A-1'",
             # The packet of a proven one under the name of a held one, and the other way.
             "UPDATE packets SET bundle = (SELECT bundle FROM packets WHERE serial = 'A-1'), proven = 1 WHERE serial = 'A-2'",
             "UPDATE packets SET file_id = (SELECT file_id FROM packets WHERE serial = 'A-2'), data_head = "
             "(SELECT data_head FROM packets WHERE serial = 'A-2') WHERE serial = 'A-1'"],
    'late': ['UPDATE packets SET intake = 1, sequence = 1', 'UPDATE bundles SET received = 1, sequence = 1',
             'UPDATE cases SET opened = 4000000000, sequence = 100000'],
    'not-enrolled': ["UPDATE owners SET contact = 'x', evidence = 'y', enrolled_time = 1, enrolled_sequence = 2",
                     'UPDATE owners SET (contact, evidence, enrolled_time, enrolled_sequence) = '
                     '(SELECT contact, evidence, enrolled_time, enrolled_sequence FROM owners WHERE enrolled_time > 0 LIMIT 1)',
                     "UPDATE OR REPLACE attestations SET subject = 'owner/' || (SELECT fingerprint FROM owners WHERE "
                     "enrolled_time = 0 AND user_id LIKE 'Bob%') WHERE subject LIKE 'owner/%'",
                     "UPDATE meta SET value = replace (value, 'Checks=document', 'Checks=document\nEnrolled=false')"],
    'lost': ["UPDATE owners SET lost = 'none', lost_since = 0, lost_time = 0, lost_sequence = 0",
             'UPDATE owners SET lost_since = 4000000000, lost_time = 4000000000, lost_sequence = 100000'],
    'strange': [PROVEN, PROVEN + ", owner = (SELECT owner FROM packets WHERE serial = 'M-2')"],
    'other': ["UPDATE case_files SET record = (SELECT record FROM case_files WHERE case_id = ?1)",
              "UPDATE cases SET request = (SELECT request FROM cases WHERE id = ?1) || '' WHERE id = ?2",
              "UPDATE cases SET old = key", "UPDATE cases SET answer_kind = 'grant', answer = (SELECT request FROM cases WHERE id = ?1)"],
}


def claims():
    """No edit of packets, owners, bundles, cases or files makes a claim that is not matched one that is granted"""
    for name, statements in EDITS.items():
        for statement in statements:
            values = [begin.cases['matched'][0], begin.cases[name][0]][:2 if '?2' in statement else 1 if '?1' in statement else 0]
            try:
                after(statement, *values)
            except sqlite3.IntegrityError as error:
                assert 'constraint' in str(error).lower(), (statement, error)
                continue
            not_granted(name, statement)


def identity():
    """Identity that nobody signed, or that was signed for another case or check, is none"""
    case = begin.cases['matched'][0]
    other = begin.cases['held'][0]
    for statement, values in (
            ("UPDATE OR REPLACE attestations SET subject = replace (subject, ?1, ?2)", (other, case)),
            ("UPDATE OR REPLACE attestations SET subject = replace (subject, ?1, ?2), statement = CAST (replace (CAST (statement AS "
             "TEXT), ?1, ?2) AS BLOB)", (other, case)),
            ("INSERT OR REPLACE INTO attestations SELECT 'identity/' || ?1 || '/document', CAST ('{\"sparekey\":1,\"subject\":"
             "\"identity/' || ?1 || '/document\",\"evidence\":\"x\",\"time\":\"2026-01-01T00:00:00Z\"}' AS BLOB), signature FROM "
             "attestations LIMIT 1", (case,))):
        after(statement, *values)
        not_granted('matched', statement)
        assert acme.case('show', case)['state'] == 'identity'


def approvals():
    """Approvals that nobody signed, another bundle called one, a state in a column: none of it counts"""
    after('SELECT 1')
    case, new = begin.cases['matched']
    acme.identify(case, new.fingerprint)
    shutil.copy(acme.where('registry.db'), os.path.join(people.SESSION, 'identified.db'))
    for statement in ("INSERT INTO case_approvals SELECT ?1, 'ab' || substr (request, 3), key FROM cases LIMIT 1",
                      f"INSERT INTO case_approvals SELECT ?1, request, '{acme.fingerprint}' FROM cases WHERE id = ?1",
                      f"INSERT INTO case_approvals SELECT ?1, sha256, '{acme.fingerprint}' FROM bundles WHERE type = 'deposit' LIMIT 1",
                      "UPDATE bundles SET type = 'approval' WHERE ?1 = ?1",
                      "UPDATE cases SET answer_kind = 'approved' WHERE id = ?1"):
        shutil.copy(os.path.join(people.SESSION, 'identified.db'), acme.where('registry.db'))
        acme.sql(statement, case)
        error = acme.json('authority', 'case', 'recover', case, '--to', acme.stick, status=None)
        assert 'error' in error and not [row for row in acme.log() if row[0] == 'case.grant'], (statement, error)


def where_it_goes():
    """A case that is approved goes to the key of its request, or nowhere, whatever the row says"""
    shutil.copy(os.path.join(people.SESSION, 'identified.db'), acme.where('registry.db'))
    case, new = begin.cases['matched']
    acme.case('approve', case)
    shutil.copy(acme.where('registry.db'), os.path.join(people.SESSION, 'ready.db'))
    granted = 0
    for statement in (f"UPDATE cases SET key = '{mallory_new.fingerprint}', subkey = '{mallory_new.subkey}'",
                      f"UPDATE cases SET subkey = '{mallory_new.subkey}'", f"UPDATE cases SET old = '{mallory.fingerprint}'",
                      "UPDATE case_files SET record = (SELECT record FROM case_files WHERE case_id != ?1 LIMIT 1) WHERE case_id = ?1",
                      "UPDATE packets SET packet = (SELECT packet FROM packets WHERE serial = 'M-1')",
                      "UPDATE packets SET rewrapped = (SELECT packet FROM packets WHERE serial = 'M-1'), rewrapped_subkey = subkey"):
        shutil.copy(os.path.join(people.SESSION, 'ready.db'), acme.where('registry.db'))
        acme.sql(statement, *([case] if '?1' in statement else []))
        document = acme.json('authority', 'case', 'recover', case, '--to', acme.stick, status=None)
        if 'error' in document:
            continue
        granted += 1
        grant = document['cases'][0]['grant']
        assert grant['to'] == new.fingerprint, (statement, grant)
        line = acme.grant_lines(new, grant['path'])[1]
        path = people.put(os.path.join(people.SESSION, 'back.gpg'), attacker.base64.b64decode(line['pkesk']) + letter.data)
        assert new.decrypt(path) == b'Dear Ada\n', statement
    assert granted < 6
    # A bundle that was changed where it is kept speaks for nothing.
    for what in 'deposit', 'request':
        shutil.copy(os.path.join(people.SESSION, 'ready.db'), acme.where('registry.db'))
        sha256, = acme.sql('SELECT sha256 FROM bundles WHERE sha256 = ' + ("(SELECT bundle FROM packets WHERE serial = 'A-1')" if
                           what == 'deposit' else '(SELECT request FROM cases WHERE id = ?1)'), *([case] if what == 'request' else []))[0]
        path = acme.where('bundles', sha256 + '.sparekey')
        octets = people.get(path)
        os.chmod(path, 0o600)
        people.put(path, octets[:-30] + bytes([octets[-30] ^ 1]) + octets[-29:])
        assert 'error' in acme.json('authority', 'case', 'recover', case, '--to', acme.stick, status=None), what
        people.put(path, octets)
    shutil.copy(os.path.join(people.SESSION, 'ready.db'), acme.where('registry.db'))
    assert acme.case('recover', case, '--to', acme.stick)['grant']['records'] == 1, 'as it is, it is granted'


def the_log():
    """A log that doesn't fit stops recovery"""
    case = begin.cases['matched'][0]
    for statement in ("UPDATE audit SET text = replace (text, 'passport', 'passwort') WHERE sequence = 3", 'DELETE FROM audit WHERE sequence = 4',
                      "UPDATE audit SET hash = upper (hash) WHERE sequence = 2",
                      "UPDATE audit SET text = CASE sequence WHEN 3 THEN (SELECT text FROM audit WHERE sequence = 4) ELSE (SELECT text FROM "
                      "audit WHERE sequence = 3) END WHERE sequence IN (3, 4)"):
        shutil.copy(os.path.join(people.SESSION, 'ready.db'), acme.where('registry.db'))
        acme.sql(statement)
        bad = acme.json('authority', 'audit', '--verify', status=None)
        if bad.get('valid', False):
            assert 'replace' in statement, statement
            continue
        assert bad['first-bad'] in (2, 3, 4), (statement, bad)
        assert 'error' in acme.json('authority', 'case', 'recover', case, '--to', acme.stick, status=None), statement


tap.run(begin, as_they_are, claims, identity, approvals, where_it_goes, the_log)
