# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery in the owner's window: packets out, receipt in, a lost key, a request, a refusal, a grant, the files back.

The authority is played by the command line in a home of its own; the two exchange nothing but files in one folder, which
stands for the stick that is carried between them. The points build on each other.
"""

import os
import shutil
import sys
import time

import owner as people
import tap
import uit
import window

PROGRAM, TOOL = sys.argv[1:3]
ada, acme = people.Owner(TOOL), people.AuthorityMode(TOOL)
STICK, FILES = people.folder('stick'), people.folder('files')
CONTENT = {'letter.txt': b'Dear Ben,\n' * 400, 'photo <b>&amp;.jpg': b'not really one', 'plan.ods': b'rows and columns'}
story = {}


def on_stick(kind):
    """Paths of the bundles of one type on the stick."""
    return [os.path.join(STICK, name) for name in people.names(STICK) if name.startswith(kind + '-')]


def children(app):
    """The windows of the program."""
    app.root.clear_cache()
    return [child for child in (app.root.get_child_at_index(i) for i in range(app.root.get_child_count())) if child]


def dialog(app, title):
    """The window of that title, once there is one."""
    return uit.eventually(lambda: next((child for child in children(app) if uit.name(child) == title), None),
                          f'the window {title!r}', 20)


def press(app, title, words):
    """Presses the button with these words in the window of that title: hidden pages of others have such buttons too."""
    window.press(dialog(app, title), words)


def step(app, number):
    """Waits for a step of the assistant: of a page that is not in front GTK 4.8 tells no difference."""
    app.see(f'Step {number} of 5')


def close(app, title):
    """Closes a window by its button."""
    press(app, title, 'Close')
    app.closed(title)


def answer(app):
    """Closes the message in front by keyboard."""
    time.sleep(0.3)  # it takes the keyboard when it is drawn, and that is told to nobody
    uit.keys('Escape')
    uit.eventually(lambda: not any(uit.role(node) in ('alert', 'dialog') and uit.find_all(node, 'button', 'Close')
                                   for node in children(app)), 'the end of the message')


def choose_stick(app, title):
    """Chooses the folder that stands for the stick in the window that asks where to write."""
    press(app, title, 'Other Folder')
    window.choose(STICK, title='Choose a Folder')
    window.see(dialog(app, title), 'stick')


def states():
    """States of the outbox, by name."""
    return {packet['name']: packet['state'] for packet in ada.json('escrow', 'list')['packets']}


def picture(name):
    """A picture for looking at, where somebody asked for pictures."""
    if os.environ.get('SHOTS'):
        time.sleep(0.8)
        uit.screenshot(os.path.join(os.environ['SHOTS'], name + '.png'))


def begin():
    """An authority that can be asked, an owner who trusts it, and files that are encrypted in the window."""
    acme.make()
    ada.fingerprint = ada.create()
    ada.run('escrow', 'trust', acme.certificate(), '--fingerprint', acme.fingerprint)
    paths = [people.put(os.path.join(FILES, name), content) for name, content in CONTENT.items()]
    story['app'] = app = window.Window(PROGRAM, *paths)
    app.row('plan.ods', 'Encrypted')
    app.row('letter.txt', 'Encrypted')
    for path in paths:
        uit.eventually(lambda path=path: os.path.exists(path + '.gpg'), path)


def export():
    """Export writes one deposit that the authority takes, and the packets count as exported."""
    app = story['app']
    window.to_page(app, 'Escrow')
    app.see('3 packets are not with your authority yet')
    picture('escrow')
    app.press('Export…')
    app.see('Where Should 3 Escrow Packets Go?')
    choose_stick(app, 'Export Escrow Packets')
    picture('export')
    press(app, 'Export Escrow Packets', 'Export')
    app.see('3 Packets Are on stick')
    picture('exported')
    assert set(states().values()) == {'exported'}, states()
    close(app, 'Export Escrow Packets')
    bundle, = on_stick('deposit')
    result, = acme.take_in(bundle)
    assert (result['status'], result['new']) == ('done', 3), result


def somebody_elses():
    """A deposit is not for the owner: it is said for whom it is, and nothing is done."""
    app = story['app']
    before = states()
    # Its name says that it is a receipt: nobody believes that.
    fake = os.path.join(STICK, 'receipt-0123456789abcdef.sparekey')
    shutil.copy(on_stick('deposit')[0], fake)
    app.hand_over(fake)
    app.see('This File Was Not Accepted')
    app.see('is for your backup authority, ACME Backup Authority')
    picture('not-for-me')
    answer(app)
    assert states() == before
    os.unlink(fake)
    bad = people.put(os.path.join(STICK, 'broken.sparekey'), people.get(on_stick('deposit')[0])[:200])
    app.hand_over(bad)
    app.see('This File Was Not Accepted')
    answer(app)
    os.unlink(bad)


def receipt():
    """A receipt that is opened moves the packets to held; opened again, it says that it is known."""
    app = story['app']
    acme.json('authority', 'owner', 'enroll', ada.fingerprint, '--contact', 'extension 12', '--evidence', 'by her card')
    acme.run('authority', 'receipt', '--to', STICK)
    path, = on_stick('receipt')
    app.hand_over(path)
    app.see('3 packets are held by ACME Backup Authority now')
    uit.eventually(lambda: set(states().values()) == {'acknowledged'}, 'packets that are held')
    app.see('Every packet is with your authority')
    picture('receipt')
    app.hand_over(path)
    app.see('This receipt was taken before')


def check():
    """The page counts what is covered, and Repair adds the authority where it is missing."""
    app = story['app']
    uncovered = people.put(os.path.join(FILES, 'alone.txt'), b'for me alone')
    certificate = os.path.join(people.SESSION, 'ada.asc')
    ada.run('key', 'export', '--to', certificate)
    people.Gpg('stock').run('--output', uncovered + '.gpg', '--recipient-file', certificate, '--encrypt', uncovered)
    people.put(os.path.join(FILES, 'damaged.gpg'), people.get(uncovered + '.gpg')[:105])
    window.to_page(app, 'Check')
    app.see('Can They Be Recovered?')
    picture('check-empty')
    app.press('Choose Folders')
    window.choose(FILES, title='Choose Folders to Check')
    app.see('3 of 5 files are covered')
    app.see('1 not covered')
    app.see('Not covered: if your key is lost')
    picture('check')
    app.press('Repair')
    app.see('4 of 5 files are covered')
    app.see('Repaired: the authority was added')
    picture('check-repaired')
    os.unlink(os.path.join(FILES, 'damaged.gpg'))
    assert ada.json('check', FILES)['counts']['covered'] == 4


def lose():
    """The key is gone; with a new one the files don't open, and nobody but the person knows why."""
    app = story['app']
    kept = [name + '.gpg' for name in CONTENT]
    for name in people.names(FILES):
        if name not in kept:
            os.unlink(os.path.join(FILES, name))
    story['old'] = ada.fingerprint
    ada.fingerprint = ada.json('key', 'create', '--name', 'Ada Owner', '--email', 'ada@new.example')['keys'][0]['fingerprint']
    ada.run('key', 'use', ada.fingerprint)
    ada.run('key', 'delete', story['old'])
    app.end()
    story['app'] = window.Window(PROGRAM)
    story['app'].see('(you)')
    assert ada.result('decrypt', os.path.join(FILES, 'plan.ods.gpg'), status=5)['error']['code'] == 'no-key'
    story['app'].hand_over(os.path.join(FILES, 'plan.ods.gpg'))
    story['app'].row('plan.ods.gpg')
    story['app'].press_in_row('plan.ods.gpg', 'I Lost My Key')
    dialog(story['app'], 'I Lost My Key')
    picture('lost-from-row')
    uit.keys('Escape')
    story['app'].closed('I Lost My Key')


def ask(reason):
    """Leads through "I lost my key", up to the request."""
    app = story['app']
    app.front()
    uit.activate('lost-key', window_number=1)
    step(app, 1)
    picture('lost-1')
    press(app, 'I Lost My Key', 'Continue')
    step(app, 2)
    lines = ada.fingerprint[:4], ada.fingerprint[-4:]
    uit.eventually(lambda: any(all(part in uit.name(node) for part in lines) for node in window.there(app.root)),
                   'the new key')
    picture('lost-2')
    press(app, 'I Lost My Key', 'Continue')
    step(app, 3)
    next_button = window.see(dialog(app, 'I Lost My Key'), 'Continue', 'button')
    uit.eventually(lambda: 'sensitive' not in uit.states(next_button), 'a button that waits for files')
    press(app, 'I Lost My Key', 'Add Folder')
    window.choose(FILES, title='Folders with Files to Get Back')
    app.see('Take off the List: files')
    picture('lost-3')
    press(app, 'I Lost My Key', 'Continue')
    step(app, 4)
    uit.eventually(lambda: 'focused' in uit.states(uit.find(app.root, 'entry', 'In your words')), 'the focus in the words')
    uit.type_text(reason)
    press(app, 'I Lost My Key', 'Continue')
    step(app, 5)
    choose_stick(app, 'I Lost My Key')
    picture('lost-5')
    press(app, 'I Lost My Key', 'Write Request')
    app.see('A request for 3 files is on stick')
    shown = [uit.name(node) for node in window.there(app.root) if ada.fingerprint[:4] in uit.name(node)]
    assert any(''.join(text.split()) == ada.fingerprint for text in shown), shown
    picture('lost-done')
    close(app, 'I Lost My Key')


def request():
    """The assistant leads to a request that becomes a case, with the new key to be read out."""
    ask('My computer was lost on the train')
    path, = on_stick('request')
    result, = acme.take_in(path)
    assert result['type'] == 'request' and result['case'], result
    story['case'] = result['case']
    one = acme.case('show', result['case'])
    assert one['files'] == 3 and one['matched'] == 3, one
    app = story['app']
    app.front()
    uit.activate('requests', window_number=1)
    app.see('Waiting for an answer')
    app.see('My computer was lost on the train')
    picture('requests')
    uit.keys('Escape')
    app.closed('Requests')
    os.unlink(path)


def refusal():
    """A refusal is shown with its reason, and the request is closed."""
    app = story['app']
    acme.run('authority', 'case', 'refuse', story['case'], '--reason', 'Come in person <i>please</i>', '--to', STICK)
    path, = on_stick('refusal')
    app.hand_over(path)
    app.see('ACME Backup Authority Refused Your Request')
    app.see('Come in person <i>please</i>')
    picture('refused')
    answer(app)
    assert ada.json('recovery', 'list')['requests'][0]['state'] == 'refused'
    os.unlink(path)


def grant():
    """A grant is shown before anything is changed; given back, the files open; what was moved is found where one says."""
    app = story['app']
    ask('Now in person')
    path, = on_stick('request')
    case = acme.take_in(path)[0]['case']
    for check_id, evidence in ('document', 'passport'), ('callback', 'extension 12'), ('new-key', ada.fingerprint):
        acme.case('identity', case, check_id, '--evidence', evidence)
    acme.case('approve', case)
    acme.json('authority', 'case', 'recover', case, '--to', STICK)
    elsewhere = people.folder('elsewhere')
    home = os.environ['HOME']
    assert not elsewhere.startswith(home + '/'), 'a search of the home folder would find it'
    moved = os.path.join(elsewhere, 'renamed.gpg')
    os.rename(os.path.join(FILES, 'plan.ods.gpg'), moved)
    before = people.tree(FILES)
    app.hand_over(on_stick('grant')[0])
    app.see('Your Authority Gives Files Back')
    app.see('3 of 3 that you asked for')
    picture('grant')
    assert people.tree(FILES) == before
    press(app, 'Files Back', 'Give the Files Back')
    app.see('2 of 3 files can be opened again')
    picture('grant-part')
    press(app, 'Files Back', 'Choose Folder')
    window.choose(elsewhere, title='Where Are the Files Now?')
    app.see('3 of 3 files can be opened again')
    picture('grant-done')
    close(app, 'Files Back')
    for name in 'letter.txt', 'photo <b>&amp;.jpg':
        done = ada.result('decrypt', os.path.join(FILES, name + '.gpg'))
        assert people.get(done['output']) == CONTENT[name], done
    assert people.get(ada.result('decrypt', moved)['output']) == CONTENT['plan.ods']
    assert ada.json('recovery', 'list')['requests'][0]['state'] == 'granted'


def named():
    """Every control of the pages and windows of recovery has a name; nothing was complained about."""
    story['app'].end()


tap.run(begin, export, somebody_elses, receipt, check, lose, request, refusal, grant, named)
