# SPDX-License-Identifier: GPL-3.0-or-later
"""Authority mode on the command line: made once, whole or not at all; one at a time; every document as promised."""

import fcntl
import os
import sqlite3
import sys

import owner as people
import tap

acme = people.AuthorityMode(sys.argv[1])
SOMEBODY = '0123456789ABCDEF0123456789ABCDEF01234567'
OFFICERS = """[Recovery]
Checks=document
ApprovalsMatched=2

[Officer First]
Fingerprints=self

[Officer Second]
Fingerprints=%s
""" % SOMEBODY


def error_of(*words, status, **more):
    """The error of a command that fails before it does anything."""
    document = acme.json(*words, status=status, **more)
    assert list(document) == ['error'] and sorted(document['error']) == ['code', 'message'], document
    assert len(document['error']['message']) > 20, document
    return document['error']['code']


def not_set_up():
    """Without an authority every command says so, and makes nothing."""
    for words in (('certificate', '--to', os.path.join(people.SESSION, 'x.asc')), ('policy',), ('owner', 'list'),
                  ('owner', 'enroll', SOMEBODY, '--contact', 'c', '--evidence', 'e'),
                  ('owner', 'lost', SOMEBODY, '--kind', 'lost'), ('audit',), ('audit', '--verify')):
        assert error_of('authority', *words, status=3) == 'not-set-up', words
    assert not os.path.exists(acme.where())


def no_such_policy():
    """With a policy that can't be read, or that nobody could fulfil, no authority is made and nothing is left."""
    path = os.path.join(people.SESSION, 'policy.ini')
    for text in 'Nonsense', '[Recovery]\nChecks=A B\n', '[Recovery]\nApprovalsMatched=2\n', '[Recovery]\nSurprise=1\n':
        people.put(path, text.encode())
        acme.json('authority', 'create', '--name', 'ACME', '--email', 'a@acme.example', '--policy', path, status=4)
    acme.json('authority', 'create', '--name', 'ACME', '--email', 'a@acme.example', '--policy', path + '.not', status=4)
    assert acme.run('authority', 'create', '--name', 'ACME', '--email', 'a@acme.example', passphrase='', status=2)
    assert not os.path.exists(acme.where('authority.ini')) and not os.path.exists(acme.where('gnupg'))


def create():
    """It is made with a passphrase, two encryption subkeys, and a revocation certificate to print."""
    document = acme.json('authority', 'create', '--name', 'ACME Backup Authority', '--email', 'a@acme.example')
    acme.fingerprint = document['fingerprint']
    assert len(acme.fingerprint) == 40
    assert b'BEGIN PGP PUBLIC KEY BLOCK' in people.get(document['revocation'])
    listing = acme.gpg('--with-colons', '--list-secret-keys').stdout.decode()
    assert acme.fingerprint in listing and listing.count('\nssb:') == 2, listing
    # It protects the key: without it nothing is signed.
    assert acme.gpg('--pinentry-mode', 'error', '--sign', data=b'x', status=None).returncode != 0
    said = people.readable(acme.run('authority', 'create', '--name', 'Other', '--email', 'o@acme.example', status=1))
    assert 'already' in said, said
    assert acme.json('authority', 'create', '--name', 'O', '--email', 'o@a.example', status=1)['error']['code'] == 'exists'


def certificate():
    """Its public key is written to a new file, never over another one, and a stock gpg reads it."""
    path = acme.certificate()
    assert people.Gpg('reads').run('--import', path).returncode == 0
    before = people.get(path)
    assert error_of('authority', 'certificate', '--to', path, status=1) == 'exists'
    assert people.get(path) == before and b'PRIVATE' not in before
    other = os.path.join(people.SESSION, 'other.asc')
    document = acme.json('authority', 'certificate', '--to', other)
    assert document['output'] == other and document['fingerprint'] == acme.fingerprint


def usage():
    """What is typed wrong is told, with exit 2, and nothing happens."""
    before = acme.events()
    for words in (('create',), ('create', '--name', 'A'), ('certificate',), ('policy', 'more'), ('owner',),
                  ('owner', 'list', 'more'), ('owner', 'enroll', SOMEBODY), ('owner', 'enroll', SOMEBODY, '--contact', 'x'),
                  ('owner', 'enroll', 'Ada', '--contact', 'x', '--evidence', 'y'), ('owner', 'lost', SOMEBODY),
                  ('owner', 'lost', SOMEBODY, '--kind', 'none'), ('owner', 'lost', SOMEBODY, '--kind', 'gone'),
                  ('owner', 'lost', SOMEBODY, '--kind', 'lost', '--since', 'yesterday'),
                  ('owner', 'lost', SOMEBODY, '--kind', 'lost', '--since', '2999-01-01'),
                  ('audit', '--limit', '0'), ('audit', '--anchor', 'x'), ('audit', '--verify', 'x'), ('audit', '--surprise')):
        acme.run('authority', *words, status=2)
    assert acme.json('authority', 'owner', 'lost', 'x', status=2)['error']['code'] == 'usage'
    assert acme.events() == before


def options_anywhere():
    """Options and their values may stand before, between and behind the words of a command."""
    for words in (('--limit', '1', 'authority', 'audit'), ('authority', '--limit', '1', 'audit'),
                  ('authority', 'audit', '--limit', '1'), ('authority', 'audit', '--limit=1')):
        assert len(acme.json(*words)['events']) == 1, words


def owners():
    """Owners are enrolled with what was seen, and found again; a report of loss counts from the earliest day."""
    assert acme.json('authority', 'owner', 'list') == {'owners': []}
    owner, = acme.json('authority', 'owner', 'enroll', SOMEBODY.lower(), '--contact', 'extension 12', '--evidence',
                       'passport 7')['owners']
    assert owner['fingerprint'] == SOMEBODY and owner['state'] == 'enrolled' and owner['packets'] == 0, owner
    assert owner['contact'] == 'extension 12' and owner['evidence'] == 'passport 7', owner
    assert acme.json('authority', 'owner', 'list')['owners'] == [owner]
    assert 'loss' not in owner
    acme.run('authority', 'owner', 'enroll', SOMEBODY, '--contact', ' ', '--evidence', 'x', status=1)
    owner, = acme.json('authority', 'owner', 'lost', SOMEBODY, '--kind', 'stolen', '--since', '2026-01-02')['owners']
    assert owner['loss']['kind'] == 'stolen' and owner['loss']['since'].startswith('2026-01-0'), owner
    later, = acme.json('authority', 'owner', 'lost', SOMEBODY, '--kind', 'stolen')['owners']
    assert later['loss']['since'] == owner['loss']['since'], later
    assert acme.events()[-3:] == ['owner.enroll', 'owner.loss', 'owner.loss'], acme.events()
    log = str(acme.json('authority', 'audit')['events'])
    assert 'extension 12' not in log and 'passport 7' not in log, 'the log is shown around; it holds hashes'


def policy():
    """The policy is shown as text and as fields; one that makes no sense changes nothing; each change is logged."""
    rules = acme.json('authority', 'policy')['policy']
    assert rules['checks'] == ['document', 'callback', 'new-key'] and rules['approvals-matched'] == 1, rules
    assert rules['officers'][0]['fingerprints'] == [acme.fingerprint] and rules['unmatched'] is False, rules
    path = os.path.join(people.SESSION, 'rules.ini')
    people.put(path, b'[Recovery]\nApprovalsMatched=9\n')
    assert error_of('authority', 'policy', '--set', path, status=4) == 'policy'
    assert error_of('authority', 'policy', '--set', path + '.not', status=1) == 'not-found'
    assert acme.json('authority', 'policy')['policy'] == rules
    people.put(path, OFFICERS.encode())
    rules = acme.json('authority', 'policy', '--set', path)['policy']
    assert rules['checks'] == ['document', 'new-key'] and rules['approvals-matched'] == 2, rules
    assert [officer['name'] for officer in rules['officers']] == ['First', 'Second'], rules
    assert b'Officer Second' in acme.run('authority', 'policy').stdout
    assert acme.events()[-1] == 'policy.set'
    assert people.readable(acme.run('authority', 'policy')).startswith('[Recovery]\n')


def wrong_passphrase():
    """A wrong passphrase is said, and what needed it is not done."""
    path = os.path.join(people.SESSION, 'rules.ini')
    done = acme.run('authority', 'audit', '--export', os.path.join(people.SESSION, 'wrong.log'), passphrase='wrong', status=None)
    rows = acme.json('authority', 'audit', '--verify')
    assert rows['valid'], rows
    document = acme.json('authority', 'policy', '--set', path, passphrase='wrong', status=1)
    assert document['error']['code'] == 'bad-passphrase', (document, done)
    assert acme.json('authority', 'audit', '--verify')['valid']


def audit():
    """The log is listed newest first, searched, verified, and written to a new file with its signatures."""
    events = acme.json('authority', 'audit')['events']
    assert [row['sequence'] for row in events] == list(range(len(events), 0, -1)), events
    assert events[-1]['event'] == 'authority.create' and set(events[0]) >= {'time', 'actor', 'detail', 'hash'}, events
    found = acme.json('authority', 'audit', 'owner.loss')['events']
    assert {row['event'] for row in found} == {'owner.loss'} and len(found) == 2, found
    document = acme.json('authority', 'audit', '--verify')
    assert document['rows'] == len(events) and document['valid'] is True and document['first-bad'] is None, document
    path = os.path.join(people.SESSION, 'audit.log')
    document = acme.json('authority', 'audit', '--export', path)
    assert document['output'] == path and document['rows'] == len(events), document
    assert people.get(path).count(b'"signature"') > 1 and acme.fingerprint.encode() in people.get(path)
    assert error_of('authority', 'audit', '--export', path, status=1) == 'exists'


def one_at_a_time():
    """While authority mode is open elsewhere nothing is done: exit 7, in words."""
    with open(acme.where('lock'), 'rb') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for words in ('audit',), ('owner', 'list'), ('policy',), ('owner', 'lost', SOMEBODY, '--kind', 'lost'):
            document = acme.json('authority', *words, status=7)
            assert document['error']['code'] == 'database' and 'open elsewhere' in document['error']['message'], document
    acme.run('authority', 'owner', 'list')


def tampered():
    """A row of the log that was changed is named: exit 6."""
    rows = len(acme.events())
    with sqlite3.connect(acme.where('registry.db')) as database:
        database.execute('PRAGMA writable_schema = OFF')
        for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        text, = database.execute('SELECT text FROM audit WHERE sequence = 3').fetchone()
        changed = text.replace('owner.', 'loner.') if 'owner.' in text else text.replace(':', ' :', 1)
        assert changed != text
        database.execute('UPDATE audit SET text = ? WHERE sequence = 3', (changed,))
    database.close()
    document = acme.json('authority', 'audit', '--verify', status=6)
    assert document['rows'] == rows and document['valid'] is False and document['first-bad'] == 3, document
    assert acme.run('authority', 'audit', '--verify', status=6).stderr, 'and in words'


tap.run(not_set_up, no_such_policy, create, certificate, usage, options_anywhere, owners, policy, wrong_passphrase, audit,
        one_at_a_time, tampered)
