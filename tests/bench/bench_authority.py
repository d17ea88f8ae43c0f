# SPDX-License-Identifier: GPL-3.0-or-later
"""What the authority's side costs a record: taking in a deposit of many proven records, and recovering their files.

Beside it stock gpg, which opens one escrow packet after the other under the same passphrase, as a script would. Rows are
seconds per thousand records; stock's come from fewer, since each takes as long as the one before.

    bench_authority.py TOOL [RECORDS…]      1,000 and 10,000 unless told
"""

import os
import sys
import time

import attacker
import owner as people
import story

TOOL = sys.argv[1]
COUNTS = [int(word) for word in sys.argv[2:]] or [1000, 10000]
STOCK = 20


def records_of(person, file, backup, count, name):
    """As many records of one file, each with an escrow packet of its own."""
    key = person.key_of(file.path)
    subkey = person.subkey_packet(backup.escrow)
    found = []
    for number in range(count):
        serial = f'{name}-{number}'
        esk = attacker.wrap(key, subkey)
        octets = attacker.packet(1, esk) + attacker.packet(file.tag, file.head)
        found.append(attacker.deposit_record(file, backup.escrow, serial, attacker.proof(
            key, person.fingerprint, backup.fingerprint, serial, file.tag, file.head), octets))
    return found


def stock_seconds(backup, file):
    """For a thousand."""
    octets = file.escrow(backup.escrow)
    begin = time.monotonic()
    for _ in range(STOCK):
        done = backup.gpg('--show-session-key', '--decrypt', status=2, data=octets)
        assert b'session key' in done.stderr, done
    return (time.monotonic() - begin) / STOCK * 1000


def main():
    """Prints the rows."""
    people.folder('work')
    backup = story.Backup(TOOL, quick=False)
    person, _new, file = story.alice_and_her_file(backup)
    print(f'stock gpg, escrow packets: {stock_seconds(backup, file):.1f} s per 1,000', flush=True)
    for count in COUNTS:
        path = person.deposit(backup.on_stick(f'deposit-{count}'), backup.fingerprint,
                              *records_of(person, file, backup, count, f'N{count}'))
        begin = time.monotonic()
        result, = backup.take_in(path, timeout=3600)
        seconds = time.monotonic() - begin
        assert result['new'] == count and backup.sql(
            'SELECT count(*) FROM packets WHERE proven = 1')[0][0] >= count, result
        print(f'import of {count:,} proven records: {seconds:.1f} s, {seconds / count * 1000:.1f} s per 1,000', flush=True)


main()
