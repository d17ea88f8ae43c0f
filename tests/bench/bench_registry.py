# SPDX-License-Identifier: GPL-3.0-or-later
"""How long an authority's registry of a million packets takes to open, to search, to list, to check and to copy.

    bench_registry.py TOOL [PACKETS]

The rows are made up and written straight into the registry of an authority that was made for this. Takes minutes and about a
gigabyte; on demand. A line for each measurement: what, seconds. What a window does in its own thread is not measured here: it
does none of this in it.
"""

import os
import sqlite3
import sys
import time

import owner as people

TOOL, COUNT = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
OWNERS = 1000
WORDS = ('report', 'invoice', 'photo', 'letter', 'contract', 'minutes', 'budget', 'résumé', 'draft', 'archive')


def digits(number, length):
    """A number as upper-case hex digits, spread out as hashes are."""
    spread = number * 0x9e3779b97f4a7c15 % (1 << 64)
    return f'{spread:016X}{number:0{length - 16}X}'[-length:] if length > 16 else f'{spread:016X}'[:length]


def fingerprint(number):
    """An owner's."""
    return digits(number, 16) + f'{number:024X}'


def packets():
    """Rows of the table, one after the other."""
    for n in range(COUNT):
        who = n % OWNERS
        name = f'{WORDS[n % 10]} {WORDS[n // 10 % 10]} {n}.pdf'
        hexed = (digits(n, 16) + f'{n:048x}').lower()
        yield (fingerprint(who), hexed, f'{fingerprint(who)[:8]}-7F3A-{n}', hexed[:32], 18, os.urandom(19), os.urandom(130),
               1_700_000_000 + n, f'made up, of {WORDS[n // 100 % 10]}', name, name.encode(), n, fingerprint(who), 'cv25519', 'AES256', 1,
               f'{who:064x}', 'deposit', 1_700_000_000 + n, 3)


def fill(path):
    """The made-up rows."""
    with sqlite3.connect(path) as database:
        database.execute('PRAGMA synchronous = OFF')
        database.executemany('INSERT INTO owners (fingerprint, user_id, first_seen, n_packets) VALUES (?, ?, 1700000000, ?)',
                             ((fingerprint(n), f'Owner {n} <owner{n}@example.org>', COUNT // OWNERS) for n in range(OWNERS)))
        database.executemany('INSERT INTO bundles VALUES (?, ?, ?, ?, ?, 1700000000, 3, 1000)',
                             ((f'{n:064x}', str(n), 'deposit', fingerprint(n), 'x') for n in range(OWNERS)))
        database.executemany('INSERT INTO packets (owner, sha256, serial, file_id, tag, data_head, packet, created, description, name, '
                             'name_octets, size, subkey, algorithm, cipher, proven, bundle, deposit, intake, sequence) VALUES '
                             '(' + ', '.join('?' * 20) + ')', packets())
        database.execute("INSERT INTO packets_fts (packets_fts) VALUES ('rebuild')")
    database.close()


def timed(what, function):
    """Says how long something took."""
    begin = time.monotonic()
    result = function()
    print(f'{what}: {time.monotonic() - begin:.2f} s', flush=True)
    return result


def main():
    """All of it."""
    acme = people.AuthorityMode(TOOL)
    acme.make()
    path = acme.where('registry.db')
    timed('command on an empty registry', lambda: acme.json('authority', 'owner', 'list', timeout=1200))
    timed(f'making up {COUNT} packets', lambda: fill(path))
    print(f'file: {os.path.getsize(path) / 1e6:.0f} MB', flush=True)
    timed('open, list owners', lambda: acme.json('authority', 'owner', 'list', timeout=1200))
    serial = f'{fingerprint(7)[:8]}-7F3A-{OWNERS + 7}'
    timed('open, find by serial', lambda: acme.json('authority', 'packets', '--serial', serial, timeout=1200))
    timed('open, search a rare word', lambda: acme.json('authority', 'packets', str(COUNT // 2), timeout=1200))
    with sqlite3.connect(path) as database:
        timed('newest page', lambda: database.execute('SELECT * FROM packets ORDER BY id DESC LIMIT 200').fetchall())
        timed('newest page of a common word', lambda: database.execute(
            "SELECT * FROM packets WHERE id IN (SELECT rowid FROM packets_fts WHERE packets_fts MATCH '\"report\" *' "
            'ORDER BY rowid DESC LIMIT 200) ORDER BY id DESC').fetchall())
        timed('count all', lambda: database.execute('SELECT count(*) FROM packets').fetchall())
        timed('count a common word', lambda: database.execute(
            "SELECT count(*) FROM packets_fts WHERE packets_fts MATCH '\"report\" *'").fetchall())
        timed('quick_check', lambda: database.execute('PRAGMA quick_check(1)').fetchall())
        timed('integrity_check', lambda: database.execute('PRAGMA integrity_check(1)').fetchall())
        timed('integrity of the words', lambda: database.execute(
            "INSERT INTO packets_fts (packets_fts, rank) VALUES ('integrity-check', 1)"))
        database.rollback()
        with sqlite3.connect(path + '.copy') as copy:
            timed('backup', lambda: database.backup(copy))


main()
