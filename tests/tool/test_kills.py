# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL at any moment of an import, of a case's steps, of an export, of an apply: done again, with nothing lost or doubled."""

import os
import shutil
import subprocess
import sys
import time

import attacker
import owner as people
import story
import tap

WORK = people.folder('work')
RECORDS = 10000
# So many of them are opened at intake: enough for the key to be copied into memory on the way.
PROVEN = 24
KILLS = 6
acme = story.Backup(sys.argv[1])
old, friend, letter = story.alice_and_her_file(acme, 'old')
ada = people.Owner(sys.argv[1])
ada.fingerprint = ada.create()
ada.trust(acme)


def killed(who, words, seconds):
    """Runs the tool and kills it after so long; whether it had not ended before."""
    def start(*option, fds=()):
        with subprocess.Popen([who.tool, *option, *words], env=who.environment, pass_fds=fds, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(seconds)
                return False
            except subprocess.TimeoutExpired:
                process.kill()
                return True
    return people.with_passphrase(start, acme.PASSPHRASE) if who is acme else start()


def spread(who, words, check, again=None):
    """Kills the command at moments spread over how long it takes; CHECK is called after each. Returns how often it was killed."""
    begin = time.monotonic()
    who.run(*words)
    whole = time.monotonic() - begin
    count = 0
    for number in range(KILLS):
        if again:
            again(number)
        count += killed(who, words, whole * (number + 0.5) / KILLS)
        check()
    return count


def whole():
    """The log is whole, and the database too."""
    document = acme.json('authority', 'audit', '--verify')
    assert document['valid'] and document['first-bad'] is None, document
    assert acme.sql('PRAGMA integrity_check') == [('ok',)]
    assert acme.sql('SELECT count(*) FROM answers WHERE packet NOT IN (SELECT id FROM packets)') == [(0,)]


def importing():
    """An import of ten thousand records is there whole or not at all"""
    esk, secret = letter.esk(acme.escrow), old.key_of(letter.path)
    subkey, records = old.subkey_packet(acme.escrow), []
    for number in range(PROVEN):
        octets = attacker.packet(1, attacker.wrap(secret, subkey)) + attacker.packet(letter.tag, letter.head)
        records.append(attacker.deposit_record(letter, acme.escrow, f'PROVEN-{number}', attacker.proof(
            secret, old.fingerprint, acme.fingerprint, f'PROVEN-{number}', letter.tag, letter.head), octets))
    for number in range(RECORDS - PROVEN):
        octets = attacker.packet(1, esk[:-2] + number.to_bytes(2, 'big')) + attacker.packet(letter.tag, letter.head)
        records.append(attacker.deposit_record(letter, acme.escrow, f'OLD-{number}', None, octets))
    path = old.deposit(acme.on_stick('many'), acme.fingerprint, *records)
    empty = os.path.join(people.SESSION, 'empty.db')
    shutil.copy(acme.where('registry.db'), empty)

    def back(_number):
        shutil.copy(empty, acme.where('registry.db'))

    def check():
        count, = acme.sql('SELECT count(*) FROM packets')[0]
        assert count in (0, RECORDS), count
        rows = [row for row in acme.log() if row[0] == 'bundle.import']
        assert len(rows) == (1 if count else 0), rows
        whole()
        result, = acme.take_in(path)
        assert (result['new'], result['known']) == ((0, RECORDS) if count else (RECORDS, 0)), result
        assert acme.sql('SELECT count(*), sum(proven) FROM packets') == [(RECORDS, PROVEN)]
        assert people.names(acme.where('spool')) == []
        assert len(people.names(acme.where('bundles'))) == 1
    assert spread(acme, ('authority', 'import', path), check, back) >= 2
    back(0)


def exporting():
    """A deposit is exported once it is on the stick, and never before"""
    entries = [ada.result('encrypt', people.put(os.path.join(WORK, f'report{number}'), b'figures\n')) for number in range(3)]
    stick = people.folder('stick-ada')

    def state():
        return {packet['state'] for packet in ada.json('escrow', 'list')['packets']}
    assert state() == {'pending'}
    data = os.path.join(ada.environment['XDG_DATA_HOME'], 'sparekey', 'outbox.db')
    kept = os.path.join(people.SESSION, 'outbox.db')
    shutil.copy(data, kept)

    def back(_number):
        shutil.copy(kept, data)
        for name in people.names(stick):
            os.unlink(os.path.join(stick, name))

    def check():
        there = [name for name in people.names(stick) if not name.startswith('.')]
        assert state() == {'pending'} or (state() == {'exported'} and there), (state(), there)
        for name in there:
            result, = acme.take_in(os.path.join(stick, name))
            assert result['status'] == 'done' and result['new'] + result['known'] == len(entries), result
        ada.json('escrow', 'export', '--to', stick)
        assert state() == {'exported'}
    assert spread(ada, ('escrow', 'export', '--to', stick), check, back) >= 2
    for name in people.names(stick):
        acme.take_in(os.path.join(stick, name))
    count, = acme.sql('SELECT count(*) FROM packets WHERE owner = ?', ada.fingerprint)[0]
    assert count == len(entries), f'{count}: doubled or lost'


def case_and_apply():
    """Each step of a case is done or not done, one grant comes of it, and its files are whole before, during and after"""
    acme.enroll(old)
    lost = old.encrypt(os.path.join(WORK, 'lost.gpg'), old.fingerprint, acme.escrow + '!', plain=b'x' * (1 << 20))
    acme.take_in(old.deposit(acme.on_stick('lost'), acme.fingerprint, attacker.proven_record(
        old, lost, acme.fingerprint, acme.escrow, 'LOST-1')))
    request, = ada.json('recovery', 'request', '--reason', 'lost', '--old-key', old.fingerprint, '--to', acme.stick,
                        lost.path)['bundles']
    steps = [('import', request['path'])]
    case = None
    registry, before = acme.where('registry.db'), os.path.join(people.SESSION, 'before.db')
    names = ('import', 'identity', 'new-key', 'approve', 'recover')

    def grants():
        return [name for name in people.names(acme.stick) if name.startswith('grant-')]
    for name in names:
        words = {'import': ('authority', *steps[0]), 'identity': ('authority', 'case', 'identity', case, 'document', '--evidence', 'e'),
                 'new-key': ('authority', 'case', 'identity', case, 'new-key', '--evidence', ada.fingerprint),
                 'approve': ('authority', 'case', 'approve', case),
                 'recover': ('authority', 'case', 'recover', case, '--to', acme.stick)}[name]
        shutil.copy(registry, before)

        def check():
            whole()
            assert acme.run(*words, status=None).returncode == 0 or name in ('identity', 'new-key', 'approve'), words
        def back(_number):
            shutil.copy(before, registry)
            for grant in grants():
                os.unlink(acme.on_stick(grant))
        spread(acme, words, check, back)
        case = case or acme.json('authority', 'case', 'list')['cases'][0]['id']
    shown = acme.case('show', case)
    assert shown['state'] == 'granted' and [one['counts'] for one in shown['approvals']].count(True) == 1, shown
    assert len([row for row in acme.log() if row[0] == 'case.grant']) == 1
    assert len(grants()) == 1, grants()
    grant = acme.on_stick(grants()[0])

    data = os.path.join(ada.environment['XDG_DATA_HOME'], 'sparekey', 'outbox.db')
    kept, octets = os.path.join(people.SESSION, 'asked.db'), people.get(lost.path)
    shutil.copy(data, kept)

    def as_asked(_number):
        shutil.copy(kept, data)
        people.put(lost.path, octets)

    def opens():
        file = attacker.File(lost.path)
        assert file.data == lost.data and acme.escrow[-16:] in [attacker.key_id(esk) for esk in file.esks]
        ada.json('recovery', 'apply', grant, WORK, status=None)
        out = people.folder(f'out{time.monotonic_ns()}')
        assert people.get(ada.result('decrypt', '--output-dir', out, lost.path)['output']) == b'x' * (1 << 20)
        assert [name for name in people.names(WORK) if name.startswith('.')] == []
    spread(ada, ('recovery', 'apply', grant, WORK), opens, as_asked)


tap.run(importing, exporting, case_and_apply)
