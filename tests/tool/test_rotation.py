# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority takes a new escrow key: its owners go on with the old one until they confirm the new, and nothing is lost."""

import os
import sys

import owner as people
import story
import tap

os.makedirs(os.path.join(people.SESSION, 'work'))
acme = story.Backup(sys.argv[1])
ada = people.Owner(sys.argv[1])
stock = people.Gpg('stock')
FILES = people.folder('files')


def encrypt(name, **more):
    """A file of Ada's; its key ids as stock gpg names them."""
    done = ada.result('encrypt', people.put(os.path.join(FILES, name)), **more)
    return stock.packets(done['output']) if done['output'] else done


def deposit(new):
    """All that is in the outbox; the authority's answer."""
    path, = [bundle['path'] for bundle in ada.json('escrow', 'export', '--to', acme.stick)['bundles']]
    result, = acme.take_in(path)
    assert result['status'] == 'done' and result['new'] == new, result
    proven = acme.sql('SELECT proven FROM packets ORDER BY id DESC LIMIT ?', new)
    assert proven == [(1,)] * new, proven


def drill(count):
    """All packets open."""
    document = acme.json('authority', 'drill', '--sample', '100')
    assert (document['tried'], document['opened'], document['failed']) == (count, count, []), document


def usage():
    """Either a new pair or somebody else's key, not both and not neither"""
    for words in ((), ('--new-subkey', '--to', 'A' * 40), ('--new-subkey', 'x')):
        acme.run('authority', 'rotate', *words, status=2)


def rotated():
    """A new pair, the packets re-wrapped for it, the old ones kept; all of it in the log"""
    ada.fingerprint = ada.create()
    ada.trust(acme)
    assert acme.escrow[-16:] in encrypt('a.txt')
    deposit(1)
    document = acme.json('authority', 'rotate', '--new-subkey')
    assert document['done'] == 1 and document['failed'] == 0 and document['subkey'] not in (acme.escrow, acme.transport), document
    assert sorted(document['retired']) == sorted([acme.escrow, acme.transport]), document
    rotated.escrow = document['subkey']
    assert 'authority.subkeys' in acme.events() and acme.json('authority', 'audit', '--verify')['valid'] is True
    drill(1)
    # Not again within the hour: nothing is made.
    assert acme.json('authority', 'rotate', '--new-subkey', status=4)['error']['code'] == 'policy'


def as_before():
    """Who does not have the new certificate goes on as before, and what comes of it opens"""
    assert acme.escrow[-16:] in encrypt('b.txt')
    deposit(1)
    drill(2)


def confirmed():
    """The new certificate is taken when the new key was confirmed, and not before; then files are for the new key"""
    certificate = os.path.join(people.SESSION, 'new.asc')
    acme.run('authority', 'certificate', '--to', certificate)
    error = ada.json('escrow', 'trust', certificate, '--fingerprint', acme.fingerprint, status=4)['error']
    assert error['code'] == 'policy' and '--accept-new-subkey' in error['message'], error
    state = ada.json('escrow', 'trust', certificate, '--fingerprint', acme.fingerprint, '--accept-new-subkey')['authority']
    assert state['subkey'] == rotated.escrow and state['state'] == 'usable', state
    listing = encrypt('c.txt')
    assert rotated.escrow[-16:] in listing and acme.escrow[-16:] not in listing, listing
    deposit(1)
    drill(3)


def still_covered():
    """Files of before are still known as the authority's"""
    states = {os.path.basename(file['path']): file['state'] for file in ada.json('check', FILES, status=None)['files']}
    assert states['c.txt.gpg'] == 'covered', states
    assert states['a.txt.gpg'] in ('covered', 'old-authority'), states


tap.run(usage, rotated, as_before, confirmed, still_covered)
