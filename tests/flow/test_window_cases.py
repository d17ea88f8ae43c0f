# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases in the authority's window that take more than one person, more than one day, and more than one run of the program.

The authority is made, and Ada's files are deposited, by the command line; everything after that is done in the window. Ben,
an officer, sits elsewhere and has the command line. They exchange nothing but files in one folder. The points build on each
other.
"""

import glob
import os
import sys
import time

import desks
import owner as people
import tap
import uit
import window
from elsewhere import Elsewhere

PROGRAM, TOOL, DRAG = sys.argv[1:4]
FAKETIME = glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1')
POLICY = """[Recovery]
Checks=document
ApprovalsMatched=2
WaitingHours=3

[Officer Authority]
Fingerprints=self

[Officer Ben]
Fingerprints=%s
"""
REASON = 'Come in person <i>please</i>'
LETTER = b'Dear Ben\n'
# What the header of an own window of libadwaita 1.2 has besides.
NAMELESS = ('GtkImage', 'GtkSearchEntry')
ada, ben, acme = people.Owner(TOOL), Elsewhere(TOOL), desks.Backup(TOOL)
work, basket = people.folder('work'), people.folder('basket')
letter = os.path.join(work, 'letter.txt')
story = {}


def carried(kind):
    """The newest bundle of a type in the folder, once there is one that was not taken before."""
    def look():
        return [path for name in people.names(basket) if name.startswith(kind + '-')
                and (path := os.path.join(basket, name)) not in story.setdefault('taken', [])]
    path = uit.eventually(look, f'a bundle of type {kind}', 60)[0]
    story['taken'].append(path)
    return path


def clock(hours):
    """From now on the authority's clock is so many hours ahead. Its engine has the computer's clock: it need not agree."""
    acme.environment |= {'LD_PRELOAD': FAKETIME[0], 'FAKETIME': f'+{hours}h', 'FAKETIME_DONT_FAKE_MONOTONIC': '1'}


def killed():
    """The authority's program is killed; it is started again."""
    story['desk'].process.kill()
    story['desk'].process.wait()
    story['desk'] = desk = desks.AuthoritysDesk(PROGRAM, acme)
    desk.see('letter.txt', 'list item', 60)
    return desk


def case_again(state):
    """The first case of the list, which says its state, opened anew."""
    desk = story['desk']
    desk.tab('Cases')
    desk.see(state, 'list item', 30)
    desk.first_row()
    desk.dialog('Recovery: Case ' + story['case'])


def ready(words):
    """Whether a button with these words is there and can be used."""
    return any(uit.matches(node, 'button', words) and 'sensitive' in uit.states(node) for node in window.there(story['desk'].root))


def ask(reason):
    """Ada asks for her file by the command line; the authority's window takes the request in and opens its case."""
    ada.run('recovery', 'request', '--reason', reason, '--old-key', ada.old, '--to', basket, letter + '.gpg')
    desk = story['desk']
    desk.front()
    story['request'] = carried('request')
    desk.drop(DRAG, story['request'])
    desk.press('Open Case', 60)
    desk.see(reason, seconds=30)
    story['case'] = uit.name(uit.find(desk.root, 'dialog', 'Recovery: Case')).split()[-1]


def begin():
    """An authority whose policy wants a second officer, elsewhere, and lets cases wait; a deposit; a key that is lost."""
    if not FAKETIME:
        raise tap.Skip('libfaketime is not installed')
    ben.fingerprint = ben.create('Ben Officer', 'ben@acme.example')
    acme.make('--policy', people.put(os.path.join(people.SESSION, 'policy.ini'), (POLICY % ben.fingerprint).encode()))
    ben.run('escrow', 'trust', acme.certificate(), '--fingerprint', acme.fingerprint)
    ben.run('key', 'export', '--to', os.path.join(basket, 'ben.asc'))
    ada.old = ada.create()
    ada.trust(acme)
    ada.result('encrypt', people.put(letter, LETTER))
    ada.run('escrow', 'export', '--to', basket)


def wrong_passphrase():
    """A deposit that is dropped is taken in once the passphrase is right; a wrong one is asked for again."""
    story['desk'] = desk = desks.AuthoritysDesk(PROGRAM, acme)
    desk.see('No Packets Yet', seconds=60)
    desk.activate('lock')
    desk.hear('Locked: the next use')
    desk.drop(DRAG, carried('deposit'))
    desk.unlock('not the passphrase', again=True)
    desk.unlock('nor this', again=True)
    desk.unlock()
    desk.see('letter.txt', 'list item', 60)
    desk.enrol('Ada Owner', 'extension 12', 'by her card')


def elsewhere():
    """What belongs elsewhere is refused, each by its name: another authority's deposit, an encrypted file, a letter; a certificate is not."""
    other = people.Authority('other')
    carol = Elsewhere(TOOL)
    carol.create('Carol Owner', 'carol@example.org')
    carol.trust(other)
    carol.result('encrypt', people.put(os.path.join(work, 'plan.txt')))
    carol.run('escrow', 'export', '--to', work)
    bundle = os.path.join(work, next(name for name in people.names(work) if name.startswith('deposit-')))
    plain = people.put(os.path.join(work, 'letter <b>2.txt'), LETTER)
    desk = story['desk']
    desk.front()
    desk.tab('Packets')
    desk.see('1 packet')
    desk.drop(DRAG, bundle, letter + '.gpg', plain, os.path.join(basket, 'ben.asc'))
    root = desk.dialog('What Was Imported', 60)
    desk.picture('imported')
    told = {uit.name(node).split(': ')[0]: uit.name(node) for node in uit.walk(root) if uit.role(node) == 'list item'}
    desk.escape('What Was Imported')
    assert 'was not made for your key' in told[os.path.basename(bundle)], told
    for path in letter + '.gpg', plain:
        assert 'is no bundle' in told[os.path.basename(path)], told
    assert 'A certificate. It can be used for officers' in told['ben.asc'], told
    assert desk.sees('1 packet'), 'nothing else was taken in'
    # One alone is told in the same way.
    desk.drop(DRAG, letter + '.gpg')
    desk.dialog('What Was Imported', 60)
    desk.see('is no bundle')
    desk.escape('What Was Imported')
    assert people.get(letter + '.gpg')


def lost():
    """The owner's window, too, says what a file is that belongs to the authority: her own request."""
    ada.fingerprint = ada.create('Ada Owner', 'ada@new.example')
    ada.run('key', 'use', ada.fingerprint)
    ada.run('key', 'delete', ada.old)
    ask('The disk broke')
    story['owner'] = desk = desks.OwnersDesk(PROGRAM, ada)
    desk.see('(you)', seconds=60)
    desk.front()
    desk.drop(DRAG, story['request'])
    desk.see('This File Was Not Accepted', seconds=60)
    try:
        desk.see('is for your backup authority, ACME Backup Authority')
    finally:
        dismiss(desk)
    assert ada.json('recovery', 'list')['requests'][0]['state'] == 'open'


def dismiss(desk):
    """Closes the message in front by keyboard."""
    def gone():
        uit.keys('Escape')
        desk.root.clear_cache()
        return desk.root.get_child_count() == 1
    desk.front()
    uit.eventually(gone, 'the end of the message')


def refused():
    """A case is refused with a reason, which reaches the owner's window."""
    desk = story['desk']
    desk.front()
    desk.press('Refuse…')
    title = 'Refuse the Case'
    desk.dialog(title)
    desk.write('Reason', REASON)
    desk.to_folder(title, 'Refuse', basket)
    desk.see('Bring the refusal to the person who asked', seconds=60)
    desk.close(title)
    desk.see(f'This case was closed: “{REASON}”', seconds=30)
    desk.escape('Recovery: Case ' + story['case'])
    owner = story['owner']
    owner.front()
    owner.drop(DRAG, carried('refusal'))
    owner.see('ACME Backup Authority Refused Your Request', seconds=60)
    owner.see(REASON)
    owner.picture('refused')
    dismiss(owner)
    assert ada.json('recovery', 'list')['requests'][0]['state'] == 'refused'
    owner.end()


def resumed():
    """Killed in the middle of the identity checks, the program comes back to them with the evidence that was recorded."""
    desk = story['desk']
    desk.front()
    ask('In person now')
    desk.press('Continue')
    desk.check('Official Document Seen', 'Passport, in person')
    desk.write('New Key Read Back: characters as heard', 'not recorded')
    killed()
    case_again('Identity')
    desk = story['desk']
    desk.see('Who Is Asking?', seconds=30)
    desk.see('Official Document Seen, done')
    desk.see('Passport, in person')
    desk.see('New Key Read Back, not done yet')
    assert not ready('Continue'), 'a check was not done'
    desk.picture('resumed')
    desk.write('New Key Read Back: characters as heard', ada.old)
    desk.press('Compare: New Key Read Back')
    # The log's new row has the case read again: what was wrong stays to be read.
    uit.eventually(lambda: [node for node in window.there(desk.root) if uit.role(node) == 'alert' and uit.name(node)], 'the refusal', 60)
    desk.picture('refused-check')
    heard = ' '.join(ada.fingerprint[i:i + 4] for i in range(0, 40, 4)).lower()
    desk.activate('lock')
    desk.hear('Locked: the next use')
    desk.write('New Key Read Back: characters as heard', heard)
    desk.press('Compare: New Key Read Back')
    desk.unlock('not the passphrase', again=True)
    desk.unlock()
    desk.see('New Key Read Back, done', seconds=90)
    desk.press('Continue')
    desk.see('Who Approves?')


def officer():
    """A remote officer is asked by a bundle; the approval that comes back counts, and a second one of the same officer does not."""
    desk = story['desk']
    desk.see('0 of 2 approvals')
    desk.press('Ask a Remote Officer')
    title = 'Ask a Remote Officer'
    desk.to_folder(title, 'Write', basket)
    desk.see('The officer answers with an approval', seconds=60)
    desk.picture('asked')
    desk.close(title)
    question = carried('case')
    approve(question)
    desk.see('1 of 2 approvals', seconds=90)
    desk.see('Ben', 'list item')
    approve(question)
    desk.dialog('What Was Imported', 90)
    desk.see('This person has approved already, and is counted once')
    desk.picture('twice')
    desk.escape('What Was Imported')
    assert desk.sees('1 of 2 approvals') and not ready('Recover'), 'one person is counted once'


def approve(question):
    """Ben approves elsewhere; his answer is imported."""
    answer = ben.json('authority', 'approve', question, '--authority', acme.fingerprint, '--to', basket)
    assert answer['question']['key'] == ada.fingerprint, answer
    story['desk'].press('Import an Approval')
    story['desk'].choose(carried('approval'), 'Choose Bundles')


def waiting():
    """The last approval begins the waiting hours: the page says until when, and there is no way on."""
    desk = story['desk']
    before = time.time()
    desk.press('Approve as Authority')
    desk.see('Time to Object', seconds=90)
    still_waiting(before, time.time())
    clock(2)
    killed()
    case_again('Waiting')
    story['desk'].see('Time to Object', seconds=30)
    still_waiting(before, before + 600)
    story['desk'].picture('waiting')


def still_waiting(first, last):
    """The page names the time, three hours after the approval, and nothing leads to recovery."""
    times = {time.strftime('%-d %B %Y, %H:%M', time.localtime(at + 3 * 3600)) for at in range(int(first), int(last) + 60)}
    uit.eventually(lambda: any(story['desk'].sees(f'Recovery is possible from {at}') for at in times), f'one of {times}', 20)
    assert not ready('Recover') and not ready('Continue'), 'a way on'
    row = next(node for node in window.there(story['desk'].root) if uit.role(node) == 'list item' and uit.name(node) == 'Recovery')
    assert 'sensitive' not in uit.states(row), 'a step that can be gone to'


def over():
    """When the time is over the case is recovered; the grant opens the owner's file."""
    clock(4)
    desk = killed()
    case_again('Ready')
    desk = story['desk']
    desk.press('Recover', 30)
    desk.deliver(basket)
    desk.picture('delivered')
    os.unlink(letter)
    results = ada.json('recovery', 'apply', carried('grant'), work)['results']
    assert [result['status'] for result in results] == ['done'], results
    back = ada.result('decrypt', letter + '.gpg')
    assert people.get(back['output']) == LETTER


def by_keyboard():
    """All of the authority's window is reached by Tab, and each control has a name."""
    desk = story['desk']
    desk.escape('Recovery: Case ' + story['case'])
    for page, wanted in {'Packets': ('Import', 'Write Receipts', 'Export', 'Search', 'letter.txt'),
                         'Owners': ('Search', 'Ada Owner'), 'Cases': ('Search', 'Granted'),
                         'Audit': ('Verify', 'Export', 'Search')}.items():
        desk.front()
        desk.tab(page)
        names = desk.tour()
        for words in (*wanted, 'Main Menu', 'Lock', 'Import Bundles'):
            assert any(words in name for name in names), f'{page}: {words!r} is not reached by Tab: {names}'
        bad = [name for name in names if not name or name.startswith(('Gtk', 'Adw')) and name not in NAMELESS]
        assert not bad, f'{page}: something nameless has the focus: {names}'
    assert not uit.unnamed(desk.root), uit.unnamed(desk.root)


def quits():
    """Ctrl+Q closes authority mode as closing the window does: the log is whole, and its last row signed."""
    desk = story['desk']
    desk.front()
    uit.keys('ctrl+q')
    assert desk.process.wait(60) == 0
    assert not desk.complaints(), desk.complaints()
    document = acme.json('authority', 'audit', '--verify')
    assert document['valid'] is True, document


tap.run(begin, wrong_passphrase, elsewhere, lost, refused, resumed, officer, waiting, over, by_keyboard, quits)
