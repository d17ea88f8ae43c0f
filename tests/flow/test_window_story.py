# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole story through both windows: set-up, deposit, receipt, a stolen key, a refusal, a grant, the files back.

The owner and the authority sit at computers of their own (home, session bus, keyring), and the owner's second computer is a
third. They exchange nothing but files on a mounted medium. The points build on each other.
"""

import os
import shutil
import subprocess
import sys

import desks
import owner as people
import tap
import uit
from elsewhere import Elsewhere

PROGRAM, TOOL, DRAG, _WATCH, CLIP = sys.argv[1:6]
CONTENT = {'letter.txt': b'Dear Ben,\nthe spare key is under the third flower pot.\nAda\n' * 40,
           'photo <b>&amp;.jpg': b'not really one', 'plan.ods': b'rows and columns'}
NEEDLE = b'under the third flower pot'
ada, acme = people.Owner(TOOL), desks.Backup(TOOL)
stock = people.Gpg('stock')
stick = desks.Stick()
story = {}


def documents(computer):
    """Where the owner keeps the files."""
    path = os.path.join(computer.environment['HOME'], 'documents')
    os.makedirs(path, exist_ok=True)
    return path


def set_up_authority():
    """An authority is made in its window; its certificate goes on the stick."""
    story['acme'] = desk = desks.AuthoritysDesk(PROGRAM, acme)
    acme.fingerprint = desk.set_up(os.path.join(stick.path, 'acme.asc'))


def set_up_owner():
    """The owner makes a key, and trusts the certificate on the stick by the 40 characters that the other window shows."""
    story['ada'] = desk = desks.OwnersDesk(PROGRAM, ada)
    desk.set_up('Ada Owner', 'ada@example.org', os.path.join(stick.path, 'acme.asc'), acme.fingerprint)
    ada.fingerprint = ada.json('key', 'list')['keys'][0]['fingerprint']


def encrypt():
    """Files that are dropped on the owner's window are encrypted."""
    paths = [people.put(os.path.join(documents(ada), name), content) for name, content in CONTENT.items()]
    desk = story['ada']
    desk.drop(DRAG, *paths)
    for path in paths:
        desk.row(os.path.basename(path), 'Encrypted', seconds=90)
        os.unlink(path)


def deposit():
    """The owner's window exports the packets onto the medium, by its name."""
    desk = story['ada']
    desk.activate('export')
    desk.see('Where Should 3 Escrow Packets Go?')
    desk.picture('export')
    desk.to_stick('Export Escrow Packets', 'Export', stick)
    desk.see(f'3 Packets Are on {stick.name}', seconds=60)
    desk.close('Export Escrow Packets')


def intake():
    """The deposit is dropped on the authority's window; its owner is enrolled; a receipt is written."""
    desk = story['acme']
    desk.activate('lock')
    desk.see('Locked: the next use')
    desk.drop(DRAG, stick.take('deposit'))
    desk.unlock()
    desk.see('letter.txt', 'list item', 60)
    desk.enrol('Ada Owner', 'extension 12', 'fingerprint read from her card')
    desk.activate('receipts')
    desk.to_stick('Write Receipts', 'Write', stick)
    desk.see('Bring them to their owners', seconds=60)
    desk.close('Write Receipts')


def receipt():
    """The receipt is dropped on the owner's window: the packets are held."""
    desk = story['ada']
    desk.front()
    desk.drop(DRAG, stick.take('receipt'))
    desk.see('3 packets are held by ACME Backup Authority now', seconds=60)
    uit.eventually(lambda: {packet['state'] for packet in ada.json('escrow', 'list')['packets']} == {'acknowledged'},
                   'packets that are held')


def stolen():
    """The computer is stolen; at a new one, with a new key, the files from the backup don't open."""
    story['ada'].end()
    subprocess.run(['gpgconf', '--homedir', ada.home(), '--kill', 'all'], check=True)
    new = Elsewhere(TOOL)
    shutil.copytree(documents(ada), documents(new), dirs_exist_ok=True)
    for name in 'XDG_DATA_HOME', 'XDG_CONFIG_HOME':
        shutil.rmtree(ada.environment[name], ignore_errors=True)
    shutil.rmtree(documents(ada))
    story['old'], story['new'] = ada.fingerprint, new
    story['ada'] = desk = desks.OwnersDesk(PROGRAM, new)
    desk.set_up('Ada Owner', 'ada@new.example', os.path.join(stick.path, 'acme.asc'), acme.fingerprint)
    new.fingerprint = new.json('key', 'list')['keys'][0]['fingerprint']
    assert new.fingerprint != story['old']
    assert new.result('decrypt', os.path.join(documents(new), 'plan.ods.gpg'), status=5)['error']['code'] == 'no-key'


def refused():
    """The request is pasted into the authority's window; the case is refused with a reason, which the owner's window shows."""
    desk = story['ada']
    heard = desk.ask(stick, documents(story['new']), story['old'], 'Somebody took my laptop', stolen=True)
    assert heard == story['new'].fingerprint, heard
    path = stick.take('request')
    desk = story['acme']
    desk.front()
    with subprocess.Popen([CLIP, path], stdout=subprocess.PIPE) as source:
        assert source.stdout.readline() == b'copied\n'
        desk.front()
        uit.keys('ctrl+v')
        desk.press('Open Case', 60)
        source.terminate()
    os.unlink(path)
    desk.see('Somebody took my laptop')
    desk.see('Stolen, by the Claim')
    desk.picture('case-stolen')
    desk.press('Refuse…')
    desk.dialog('Refuse the Case')
    desk.press_in('Refuse the Case', 'Refuse')
    desk.see('A reason is needed', seconds=60)
    desk.write('Reason', 'Come in person <i>please</i>')
    desk.picture('refuse')
    desk.to_stick('Refuse the Case', 'Refuse', stick)
    desk.see('Bring the refusal to the person who asked', seconds=60)
    desk.close('Refuse the Case')
    desk.see('This case was closed: “Come in person <i>please</i>”', seconds=30)
    title = uit.name(uit.find(desk.root, 'dialog', 'Recovery: Case'))
    desk.escape(title)
    desk = story['ada']
    desk.front()
    path = stick.take('refusal')
    desk.drop(DRAG, path)
    desk.see('ACME Backup Authority Refused Your Request', seconds=60)
    desk.see('Come in person <i>please</i>')
    os.unlink(path)
    uit.keys('Escape')
    assert story['new'].json('recovery', 'list')['requests'][0]['state'] == 'refused'


def granted():
    """A second request leads through every step of its case to a grant on the stick."""
    heard = story['ada'].ask(stick, documents(story['new']), story['old'], 'In person now', stolen=True)
    desk = story['acme']
    desk.front()
    desk.drop(DRAG, stick.take('request'))
    desk.press('Open Case', 60)
    desk.see('In person now', seconds=30)
    desk.see('3 files are matched')
    desk.identify(' '.join(heard[i:i + 4] for i in range(0, 40, 4)).lower())
    desk.press('Approve as Authority')
    desk.press('Recover', 90)
    desk.deliver(stick)


def files_back():
    """The grant is dropped on the owner's window; given back, each file opens, and equals what it was."""
    desk, new = story['ada'], story['new']
    before = people.tree(documents(new))
    desk.front()
    desk.drop(DRAG, stick.take('grant'))
    desk.see('Your Authority Gives Files Back', seconds=60)
    desk.see('3 of 3 that you asked for')
    desk.see('The old key was stolen')
    assert people.tree(documents(new)) == before
    desk.press_in('Files Back', 'Give the Files Back')
    desk.see('3 of 3 files can be opened again', seconds=90)
    desk.see('Whoever has it can still open older copies')
    desk.picture('back-stolen')
    for name, content in CONTENT.items():
        back = new.result('decrypt', '--output', os.path.join(people.SESSION, 'back'),
                          os.path.join(documents(new), name + '.gpg'))
        assert people.get(back['output']) == content, name
        os.unlink(back['output'])


def anew():
    """"Encrypt Them Anew" gives each file a new session key; what was decrypted for it is in the trash, nothing else changes."""
    desk, new = story['ada'], story['new']
    folder = documents(new)
    before = {name: people.get(os.path.join(folder, name)) for name in people.names(folder)}
    assert sorted(before) == sorted(name + '.gpg' for name in CONTENT), before.keys()
    # A file that lies where the decrypted one would go is nobody's to touch.
    people.put(os.path.join(folder, 'letter.txt'), b'another letter')
    desk.press_in('Files Back', 'Encrypt Them Anew')
    desk.closed('Files Back')
    for name in before:
        uit.eventually(lambda name=name: people.get(os.path.join(folder, name)) != before[name], f'{name} anew', 90)
    trash = os.path.join(new.environment['XDG_DATA_HOME'], 'Trash', 'files')
    uit.eventually(lambda: sorted(people.names(folder)) == sorted([*before, 'letter.txt']), 'the decrypted ones to be gone', 60)
    assert len(people.names(trash)) == 3, people.names(trash)
    assert people.get(os.path.join(folder, 'letter.txt')) == b'another letter'
    for name, content in CONTENT.items():
        path = os.path.join(folder, name + '.gpg')
        back = new.result('decrypt', '--output', os.path.join(people.SESSION, 'back'), path)
        assert people.get(back['output']) == content, name
        os.unlink(back['output'])
        assert stock.packets(path).count(':pubkey enc packet:') == 2, 'her new key and the authority’s'
        tail = before[name + '.gpg'][-20:]
        assert tail not in people.get(path), 'the same session key'
    desk.picture('anew')


def stock_gpg():
    """Stock gpg opens the files with the owner's new key, and with the authority's."""
    new = story['new']
    exported = os.path.join(people.SESSION, 'ada-new.asc')
    people.with_passphrase(lambda *words, fds: new.run('key', 'export', '--secret', '--to', exported, *words, fds=fds), 'pony')
    stock.run('--pinentry-mode', 'loopback', '--passphrase', 'pony', '--import', exported)
    for name, content in CONTENT.items():
        path = os.path.join(documents(new), name + '.gpg')
        assert stock.run('--pinentry-mode', 'loopback', '--passphrase', 'pony', '--decrypt', path).stdout == content
        assert acme.gpg('--decrypt', path).stdout == content


def nothing_else():
    """Nothing of the files was ever at the authority; its log is whole; neither window complained, each control has a name."""
    found = []
    for folder, _folders, names in os.walk(acme.environment['HOME']):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and NEEDLE in people.get(path):
                found.append(path)
    assert not found, found
    desk = story['acme']
    assert not uit.unnamed(desk.root), uit.unnamed(desk.root)
    desk.end()
    story['ada'].end()
    document = acme.json('authority', 'audit', '--verify')
    assert document['valid'] is True, document


try:
    with stick:
        tap.run(set_up_authority, set_up_owner, encrypt, deposit, intake, receipt, stolen, refused, granted, files_back, anew,
                stock_gpg, nothing_else)
except tap.Skip as reason:
    print(f'1..0 # SKIP {reason}')
