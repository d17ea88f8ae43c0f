# SPDX-License-Identifier: GPL-3.0-or-later
"""An exported audit log in the hands of somebody who edits it: the script of stock tools says which row does not fit."""

import hashlib
import json
import os
import re
import subprocess
import sys

import attacker
import owner as people
import story
import tap

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'data', 'verify-audit')
acme = story.Backup(sys.argv[1])
mallory = attacker.Person('mallory', 'Mallory <mallory@example.org>', acme)
log, anchor = [], []


def verify(lines, *anchored, certificate=None):
    """Exit status of the script, and what it says."""
    path = people.put(os.path.join(people.SESSION, 'edited.log'), b''.join(line + b'\n' for line in lines))
    done = subprocess.run(['sh', SCRIPT, acme.fingerprint, certificate or acme.certificate(), path, *anchored],
                          capture_output=True, check=False, env=people.ENVIRONMENT)
    return done.returncode, done.stdout.decode()


def is_named(row, lines, *anchored):
    """The log is not whole, and the row (one of ROW) is named."""
    status, said = verify(lines, *anchored)
    found = re.search(r'row (\d+)', said)
    assert status == 1 and found and int(found[1]) in (row if isinstance(row, tuple) else (row,)), (status, said, row)


def places(start):
    """Where in the log lines of a kind are."""
    return [number for number, line in enumerate(log) if line.startswith(start)]


def number_of(line):
    """The row's or checkpoint's number."""
    return json.loads(line)['sequence']


def chained(lines):
    """All rows with hashes that fit again, as whoever made the log anew would have them; checkpoints stay as they are."""
    previous, number, made = '0' * 64, 0, []
    for line in lines:
        if line.startswith(b'{"sequence":'):
            number += 1
            text = re.sub(rb',"hash":"[0-9a-f]*"}$', b'}', line)
            text = re.sub(rb'^{"sequence":\d+,"previous":"[0-9a-f]*"', b'{"sequence":%d,"previous":"%s"' % (
                number, previous.encode()), text)
            previous = hashlib.sha256(text).hexdigest()
            line = text[:-1] + b',"hash":"' + previous.encode() + b'"}'
        made.append(line)
    return made[:-1] + [b'{"rows":%d}' % number]


def begin():
    """A log of some rows and several checkpoints is whole, also by the checkpoint that an owner's receipt has"""
    letter = mallory.encrypt(os.path.join(people.SESSION, 'letter.gpg'), mallory.fingerprint, acme.escrow + '!')
    acme.take_in(mallory.deposit(acme.on_stick('deposit'), acme.fingerprint, attacker.deposit_record(letter, acme.escrow, 'M-1')))
    receipt, = acme.json('authority', 'receipt', '--to', acme.stick)['bundles']
    point = acme.grant_lines(mallory, receipt['path'])[0]['checkpoint']
    anchor.extend((str(point['sequence']), point['hash']))
    for number in range(3):
        acme.json('authority', 'owner', 'lost', f'{number}' * 40, '--kind', 'lost')
    path = os.path.join(people.SESSION, 'audit.log')
    acme.json('authority', 'audit', '--export', path)
    log.extend(people.get(path).splitlines())
    assert len(places(b'{"sequence":')) >= 6 and len(places(b'{"checkpoint":')) >= 4, log
    status, said = verify(log)
    assert status == 0 and said.startswith('whole: %d rows' % len(places(b'{"sequence":'))), said
    assert verify(log, *anchor)[0] == 0


def changed():
    """Each row that was changed is named, whatever was changed in it; with a hash that fits, the row after it or its checkpoint"""
    rows = places(b'{"sequence":')
    for place in rows:
        line, number = log[place], number_of(log[place])
        for edited in (line.replace(b'"actor":"', b'"actor":"0', 1), line.replace(b'"time":"20', b'"time":"19', 1),
                       line.replace(b'"detail":{', b'"detail":{"x":1,', 1), line.replace(b',"hash":"', b' ,"hash":"', 1),
                       line.replace(b'"hash":"', b'"hash":"0', 1))[slice(None) if place == rows[1] else slice(number % 5, number % 5 + 1)]:
            assert edited != line
            is_named(number, log[:place] + [edited] + log[place + 1:])
        edited = re.sub(rb',"hash":"[0-9a-f]*"}$', b'}', line.replace(b'"actor":"', b'"actor":"0', 1))
        edited = edited[:-1] + b',"hash":"' + hashlib.sha256(edited).hexdigest().encode() + b'"}'
        if place == rows[-1]:
            continue
        is_named((number, number + 1), log[:place] + [edited] + log[place + 1:])


def removed():
    """A row that was removed is named, with the count of rows set right too; so is a log that ends too early"""
    rows = places(b'{"sequence":')
    for place in rows[:-1]:
        number, rest = number_of(log[place]), log[:place] + log[place + 1:]
        is_named((number, number + 1), rest)
        is_named((number, number + 1), rest[:-1] + [b'{"rows":%d}' % (len(rows) - 1)])
    status, said = verify(log[:-1])
    assert status == 1 and 'end' in said, said
    status, said = verify(log[:-1] + [b'{"rows":%d}' % (len(rows) + 1)])
    assert status == 1, said
    # Cut cleanly at a checkpoint before the one that the owner has: only he can tell.
    first = [place for place in places(b'{"checkpoint":') if number_of(log[place]) < int(anchor[0])][0]
    cut = log[:first + 1] + [b'{"rows":%d}' % number_of(log[first])]
    assert verify(cut)[0] == 0
    is_named(int(anchor[0]), cut, *anchor)


def swapped():
    """Two rows that were swapped are named, with hashes made anew too"""
    rows = places(b'{"sequence":')
    for one, two in zip(rows, rows[1:]):
        lines = list(log)
        lines[one], lines[two] = lines[two], lines[one]
        number = number_of(log[one])
        is_named((number, number + 1), lines)
        again = chained(lines)
        if two < places(b'{"checkpoint":')[-1]:
            is_named(tuple(range(number, len(rows) + 1)), again)


def made_anew():
    """A log with another history, all hashes of which fit, doesn't fit its checkpoints, nor what an owner has"""
    place = places(b'{"sequence":')[1]
    lines = chained(log[:place] + [log[place].replace(b'"actor":"', b'"actor":"0', 1)] + log[place + 1:])
    is_named(tuple(range(2, len(lines))), lines)
    bare = [line for line in lines if not line.startswith(b'{"checkpoint":')]
    status, said = verify(bare)
    assert status == 0 and f'checkpoint: {number_of(bare[-2])} rows' in said, 'none of it is protected, and that is said'
    is_named(int(anchor[0]), bare, *anchor)


def forged_checkpoints():
    """A checkpoint by another key, for another purpose, of another row, with another text, or left out is found"""
    points = places(b'{"checkpoint":')
    for place in points:
        line, number = log[place], number_of(log[place])
        whole = json.loads(line)
        text = re.sub(rb',"signature":"[^"]*"}$', b'}', line)

        def signed(octets, *words):
            signature = mallory.run('--digest-algo', 'SHA512', '--armor', *words, '--detach-sign', data=octets).stdout
            return octets[:-1] + b',"signature":' + json.dumps(signature.decode()).encode() + b'}'
        for name, edited in (
                ('by another key', signed(text, '--sig-notation', f'checkpoint@sparekey.org=1:{acme.fingerprint}')),
                ('without a signature', text),
                ('with an empty one', text[:-1] + b',"signature":""}'),
                ('of another time', re.sub(rb'"time":"\d', b'"time":"1', line) if b'"time":"' in line else line + b' '),
                ('of another row', line.replace(b'"sequence":%d' % number, b'"sequence":%d' % (number + 1), 1)),
                ('of another authority', line.replace(acme.fingerprint.encode(), mallory.fingerprint.encode(), 1)),
                ('with another hash', line.replace(whole['hash'].encode(), b'0' * 64, 1))):
            assert edited != line, name
            is_named((number, number + 1), log[:place] + [edited] + log[place + 1:])
        if place != points[-1]:
            later = log[points[points.index(place) + 1]]
            is_named(number_of(later), log[:place] + log[place + 1:])
    # The authority's own key, but not as a checkpoint: what it signs for people becomes none.
    place = points[-1]
    text = re.sub(rb',"signature":"[^"]*"}$', b'}', log[place])
    for words in ((), ('--sig-notation', f'statement@sparekey.org=1:{acme.fingerprint}'),
                  ('--sig-notation', f'checkpoint@sparekey.org=1:{mallory.fingerprint}')):
        signature = acme.gpg('--digest-algo', 'SHA512', '--armor', *words, '--detach-sign', data=text).stdout.decode()
        edited = text[:-1] + b',"signature":' + json.dumps(signature).encode() + b'}'
        is_named(number_of(log[place]), log[:place] + [edited] + log[place + 1:])
    # With the right words it is one: so the signatures above failed for what they say.
    signature = acme.gpg('--digest-algo', 'SHA512', '--armor', '--sig-notation', f'checkpoint@sparekey.org=1:{acme.fingerprint}',
                         '--detach-sign', data=text).stdout.decode()
    edited = text[:-1] + b',"signature":' + json.dumps(signature).encode() + b'}'
    status, said = verify(log[:place] + [edited] + log[place + 1:])
    assert status == 0, said


def others():
    """The log of another authority, another certificate, lines that are no rows, and what comes behind the end"""
    assert verify([log[0].replace(acme.fingerprint.encode(), mallory.fingerprint.encode())] + log[1:])[0] == 1
    assert verify(log, certificate=mallory.certificate())[0] == 1
    place = places(b'{"sequence":')[2]
    for line in b'', b'{}', b'{"rows":0}', b'{"rows":2}', log[0], b'\0':
        assert verify(log[:place] + [line] + log[place:])[0] == 1, line
    assert verify(log[1:])[0] == verify(log + log[-1:])[0] == verify(log + [b''])[0] == 1
    # What was slipped in at the end is told: no checkpoint covers it.
    last = json.loads(log[places(b'{"sequence":')[-1]])
    text = b'{"sequence":%d,"previous":"%s","time":"2026-01-01T00:00:00Z","event":"x","actor":"y","detail":{}}' % (
        last['sequence'] + 1, last['hash'].encode())
    row = text[:-1] + b',"hash":"' + hashlib.sha256(text).hexdigest().encode() + b'"}'
    assert verify(log + [row])[0] == 1
    status, said = verify(log[:-1] + [row, b'{"rows":%d}' % (last['sequence'] + 1)])
    assert status == 0 and said.endswith('checkpoint: 1 rows\n'), said


tap.run(begin, changed, removed, swapped, made_anew, forged_checkpoints, others)
