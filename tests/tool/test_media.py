# SPDX-License-Identifier: GPL-3.0-or-later
"""Media that are full, read-only, gone, or somebody else's: said, with the outbox and the registry as they were."""

import ctypes
import os
import subprocess
import sys

import attacker
import owner as people
import story
import tap

WORK = people.folder('work')
STICK = people.folder('medium')
acme = story.Backup(sys.argv[1])
ada = people.Owner(sys.argv[1])
ada.fingerprint = ada.create()
ada.trust(acme)


def mount(*words):
    """mount, in a name space of this test's own."""
    if not mount.own:
        if ctypes.CDLL(None, use_errno=True).unshare(0x00020000) != 0:
            raise tap.Skip('no mounts may be made here')
        subprocess.run(['mount', '--make-rprivate', '/'], check=True)
        mount.own = True
    subprocess.run(['mount', *words], check=True)


mount.own = False


def states():
    """What the outbox says."""
    return sorted(packet['state'] for packet in ada.json('escrow', 'list')['packets'])


def exports_nothing():
    """Nothing is exported, nothing half is there, and it is said what to do."""
    before, names = states(), people.names(STICK)
    error = ada.json('escrow', 'export', '--to', STICK, status=None)['error']
    assert len(error['message']) > 20 and states() == before and people.names(STICK) == names, (error, people.names(STICK))
    return error


def full():
    """A full medium keeps what it has, and the packets stay to be exported"""
    for number in range(3):
        ada.result('encrypt', people.put(os.path.join(WORK, f'report{number}'), b'figures\n'))
    mount('-t', 'tmpfs', '-o', 'size=16k', 'none', STICK)
    people.put(os.path.join(STICK, 'photo'), b'p' * 16384)
    exports_nothing()
    acme_error = acme.json('authority', 'audit', '--export', os.path.join(STICK, 'log'), status=None)
    assert 'error' in acme_error and people.names(STICK) == ['photo'], acme_error
    os.unlink(os.path.join(STICK, 'photo'))


def read_only():
    """A medium that can't be written to is told"""
    mount('-o', 'remount,ro', STICK)
    exports_nothing()
    mount('-o', 'remount,rw,size=10M', STICK)


def gone():
    """A folder that is not there is not made"""
    error = ada.json('escrow', 'export', '--to', os.path.join(STICK, 'not'), status=None)['error']
    assert len(error['message']) > 20 and not os.path.exists(os.path.join(STICK, 'not')) and set(states()) == {'pending'}


def somebody_elses():
    """Bundles for another authority that lie beside ours are refused, ours are taken; the names say nothing of who or what"""
    other = story.Backup(sys.argv[1], 'b')
    bob = attacker.Person('bob', 'Bob <bob@example.org>', other)
    bob.deposit(os.path.join(STICK, 'deposit-0123456789abcdef.sparekey'), other.fingerprint)
    bundle, = ada.json('escrow', 'export', '--to', STICK)['bundles']
    assert set(states()) == {'exported'}
    name = os.path.basename(bundle['path'])
    assert name.startswith('deposit-') and len(name) == len('deposit-0123456789abcdef.sparekey') and name.isascii(), name
    paths = [os.path.join(STICK, found) for found in people.names(STICK)]
    results = acme.take_in(*paths, status=None)
    assert sorted(result['status'] for result in results) == ['done', 'refused'], results
    refused, = [result for result in results if result['status'] == 'refused']
    assert refused['error']['code'] == 'no-key', refused
    mount('-o', 'remount,ro', STICK)
    error = acme.json('authority', 'receipt', '--to', STICK, status=None)
    assert 'error' in error, error
    mount('-o', 'remount,rw,size=10M', STICK)
    receipts = acme.json('authority', 'receipt', '--to', STICK)['bundles']
    assert [receipt['to'] for receipt in receipts] == [ada.fingerprint], receipts
    assert ada.json('escrow', 'receipt', receipts[0]['path'])['acknowledged'] == 3
    assert set(states()) == {'acknowledged'}


tap.run(full, read_only, gone, somebody_elses)
