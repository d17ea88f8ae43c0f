# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup authority whose registry is looked into, and the steps that every story of a recovery takes."""

import json
import os
import sqlite3

import attacker
import owner as people

POLICY = '[Recovery]\nChecks=document\n'
# All that an attack must leave as it is. The log and its signatures grow.
TABLES = ('bundles', 'owners', 'packets', 'answers', 'attestations', 'cases', 'case_files', 'case_approvals')


class Backup(people.AuthorityMode):
    """Authority mode, made with a policy of its own."""

    def __init__(self, tool, name='a', policy=POLICY, quick=True):
        super().__init__(tool, name)
        self.stick = people.folder('stick-' + name)
        self.make('--policy', people.put(os.path.join(people.SESSION, name + '.ini'), policy.encode()))
        if quick:
            self.quicken()
        listing = self.gpg('--with-colons', '--list-keys').stdout.decode().splitlines()
        prints = [line.split(':')[9] for line in listing if line.startswith('fpr:')]
        self.escrow, self.transport = prints[1], prints[2]

    def on_stick(self, name):
        """A path on the stick."""
        return os.path.join(self.stick, name)

    def sql(self, statement, *values):
        """Edits the database while authority mode is closed, or asks it something."""
        with sqlite3.connect(self.where('registry.db')) as database:
            rows = database.execute(statement, values).fetchall()
        database.close()
        return rows

    def rows(self):
        """All rows but the log's."""
        return {table: sorted(map(repr, self.sql(f'SELECT * FROM {table}'))) for table in TABLES}

    def log(self):
        """The log's rows, oldest first: (event, actor, detail)."""
        found = []
        for text, in self.sql('SELECT text FROM audit ORDER BY sequence'):
            row = json.loads(text)
            found.append((row['event'], row['actor'], row['detail']))
        return found

    def set_policy(self, text):
        """Puts another policy in force."""
        self.json('authority', 'policy', '--set', people.put(os.path.join(people.SESSION, 'set.ini'), text.encode()))

    def enroll(self, person):
        """An officer confirmed the fingerprint with the person."""
        self.json('authority', 'owner', 'enroll', person.fingerprint, '--contact', 'extension 12', '--evidence', 'passport seen')

    def take_case(self, path):
        """Imports a request; the case that it opened."""
        result, = self.take_in(path)
        assert result['status'] == 'done' and result['type'] == 'request', result
        return result['case']

    def identify(self, case, fingerprint):
        """All the checks of the policy; the fingerprint is what the person read out."""
        self.case('identity', case, 'document', '--evidence', 'passport 7')
        return self.case('identity', case, 'new-key', '--evidence', fingerprint)

    def claim(self, case):
        """The one file of a case."""
        claims = self.case('show', case)['claims']
        assert len(claims) == 1, claims
        return claims[0]

    def until_ready(self, case, fingerprint):
        """Identity and the authority's own approval."""
        self.identify(case, fingerprint)
        return self.case('approve', case)

    def grant_lines(self, person, path):
        """What a grant says, opened by its owner with stock gpg."""
        return [json.loads(line) for line in person.decrypt(path).splitlines()]


class Refused:
    """with Refused(BACKUP, EVENT, …): what happens inside adds rows with these events to the log, and changes nothing else."""

    def __init__(self, backup, *events):
        self.backup, self.events = backup, list(events)

    def __enter__(self):
        self.before, self.log = self.backup.rows(), len(self.backup.log())
        self.kept = people.names(self.backup.where('bundles'))
        self.stick = people.tree(self.backup.stick)

    def __exit__(self, kind, value, trace):
        if kind is not None:
            return
        new = [row[0] for row in self.backup.log()[self.log:] if row[0] != 'authority.close']
        assert new == self.events, f'in the log: {new}, not {self.events}'
        after = self.backup.rows()
        for table in TABLES:
            assert after[table] == self.before[table], f'{table} changed: {set(after[table]) ^ set(self.before[table])}'
        assert people.names(self.backup.where('bundles')) == self.kept, 'kept what was refused'
        assert people.names(self.backup.where('spool')) == [], 'left in the spool'
        gone = [name for name, what in self.stick.items() if people.tree(self.backup.stick).get(name) != what]
        assert not gone, f'changed on the stick: {gone}'


def refuse_import(backup, *paths, status=6, codes=('damaged',)):
    """None of these is taken in; each has a row in the log; nothing else is changed."""
    with Refused(backup, *['bundle.import.denied'] * len(paths)):
        document = backup.json('authority', 'import', *paths, status=status)
        assert 'bundles' in document, document
        results = document['bundles']
    for path, result in zip(paths, results):
        assert result['status'] == 'refused' and result['error']['code'] in codes, (path, result)
        assert len(result['error']['message']) > 20 and result['new'] == 0, result
    return results


def refuse_recover(backup, case, status=4, to=None, tried=False):
    """Nothing is granted; TRIED: all is there but a claim that policy allows."""
    with Refused(backup, *(['case.recover.intent', 'case.recover.nothing'] if tried else []), 'case.recover.denied'):
        document = backup.json('authority', 'case', 'recover', case, '--to', to or backup.stick, status=status)
    assert 'error' in document, document
    return document['error']


def alice_and_her_file(backup, name='alice'):
    """Alice, her new key, and a file of hers that stock gpg made for her and for the authority."""
    alice = attacker.Person(name, f'{name.title()} Owner <{name}@example.org>', backup)
    alice_new = attacker.Person(name + '2', f'{name.title()} Owner <{name}@example.org>', backup)
    file = alice.encrypt(os.path.join(people.SESSION, 'work', name + '.gpg'), alice.fingerprint, backup.escrow + '!')
    return alice, alice_new, file
