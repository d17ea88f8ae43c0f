# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority's window, from an empty computer to a grant that opens the owner's file.

Ada works with the command line at another computer (own home, own bus, own keyring); the authority's officer works in the
window. They exchange nothing but files in one folder. The points build on each other.
"""

import os
import re
import shutil
import sys
import time

import owner as people
import tap
import uit
import window
from elsewhere import Elsewhere

SPAREKEY = sys.argv[1]
STICK = people.folder('stick')
ADA_FILES = people.folder('ada')
CERTIFICATE = os.path.join(STICK, 'acme.asc')
PASSPHRASE = 'correct horse battery'
LETTER = b'Dear Ben,\nthe spare key is under the third flower pot.\nAda\n'
SHOTS = os.environ.get('SHOTS')

ada = Elsewhere(sys.argv[2])
app = None


def look(name):
    """A picture for looking at, on demand: SHOTS=FOLDER."""
    if SHOTS:
        time.sleep(0.6)
        uit.screenshot(os.path.join(SHOTS, os.environ.get('SHOTS_NAME', 'a') + '-' + name + '.png'))


def start(title='^Backup Authority$'):
    """The program with --authority alone: no window of an owner's appears."""
    global app  # pylint: disable=global-statement
    app = window.Window(SPAREKEY, '--authority')
    uit.place(uit.window(title), 10, 10, int(os.environ.get('SHOTS_WIDTH', '900')), 700)


def on_stick(kind):
    return [os.path.join(STICK, name) for name in people.names(STICK) if name.startswith(kind + '-')]


def entry(words):
    return uit.eventually(lambda: next((node for node in window.there(app.root) if uit.role(node) in
                                        ('entry', 'text', 'password text') and words in uit.name(node)), None), f'the entry {words!r}')


def write(words, text):
    """What is typed into an entry."""
    uit.set_text(entry(words), text)


def unlock():
    """The passphrase, in the window's own dialog."""
    dialog = app.see('Unlock the Authority’s Key', 'dialog', 30)
    field = uit.eventually(lambda: next((node for node in uit.walk(dialog) if uit.role(node) in ('entry', 'text', 'password text')), None),
                           'the entry for it')
    assert uit.Atspi.EditableText.set_text_contents(field, PASSPHRASE)
    app.press('Unlock')
    app.closed('Unlock the Authority’s Key')


def tab(words):
    """One of the pages."""
    uit.click(uit.eventually(lambda: next((node for node in uit.walk(app.root) if uit.role(node) == 'page tab'
                                           and words in uit.name(node)), None), f'the page {words!r}'))


def bring(path):
    """Imports a file by the file chooser."""
    uit.activate('import', window_number=1)
    window.choose(path, title='Choose Bundles')


def first_row():
    """Opens the first row of the list of the page, by keyboard."""
    uit.xdotool('windowactivate', '--sync', uit.window('^Backup Authority$'))
    uit.activate('find', window_number=1)
    uit.eventually(lambda: (item := app.focused()) and 'Search' in item.name, 'the keyboard in the search')
    uit.keys('Tab', 'Return')


def place(accept, title):
    """Chooses the stick in the window that asks where to write, and writes."""
    dialog = app.see(title, seconds=20)
    while uit.role(dialog) not in ('frame', 'window', 'dialog', 'filler') or dialog.get_parent() != app.root:
        dialog = dialog.get_parent()
    uit.click(uit.find(dialog, 'button', 'Other Folder'))
    window.choose(STICK, title='Choose a Folder')
    button = uit.find(dialog, 'button', accept)
    uit.eventually(lambda: 'sensitive' in uit.states(button), 'the button to be ready')
    uit.click(button)


def set_up():
    """A new authority: name and passphrase twice; then the 40 characters, and the certificate to give away."""
    start()
    app.see('Set Up a Backup Authority')
    look('01-set-up')
    write('Name', 'ACME Backup Authority')
    write('Email', 'backup@acme.example')
    write('Passphrase', PASSPHRASE)
    create = app.see('Create Authority', 'button')
    assert 'sensitive' not in uit.states(create), 'the passphrase is wanted twice'
    write('Passphrase Again', PASSPHRASE)
    uit.eventually(lambda: 'sensitive' in uit.states(create), 'the button to be ready')
    uit.click(create)
    app.wait_focus('Begin', 60)
    look('02-ready')
    shown = (uit.name(node).replace(' ', '').replace('\n', '') for node in window.there(app.root) if uit.role(node) == 'label')
    people.fingerprint = next(text for text in shown if re.fullmatch('[0-9A-F]{40}', text))
    uit.activate('save-certificate', window_number=1)
    window.choose(CERTIFICATE, title='Save the Certificate')
    uit.eventually(lambda: os.path.exists(CERTIFICATE), 'the certificate')
    app.press('Begin')
    app.see('No Packets Yet')
    look('03-empty')


def intake():
    """Ada's deposit is taken in; she is enrolled with contact and evidence; she gets her receipt."""
    ada.fingerprint = ada.create()
    ada.run('escrow', 'trust', CERTIFICATE, '--fingerprint', people.fingerprint)
    letter = people.put(os.path.join(ADA_FILES, 'letter.txt'), LETTER)
    assert ada.result('encrypt', letter)['status'] == 'done'
    ada.run('escrow', 'export', '--to', STICK)
    uit.activate('lock', window_number=1)
    bring(on_stick('deposit')[0])
    unlock()
    app.see('letter.txt', 'list item', 60)
    look('04-packets')
    tab('Owners')
    app.see(', Only Seen', 'list item')
    first_row()
    app.see('Enrol Owner', 'button')
    look('05-owner')
    write('Contact', 'extension 12')
    write('Evidence', 'fingerprint read from her card')
    app.press('Enrol Owner')
    app.closed('Ada Owner', 60)
    app.see(', Enrolled', 'list item', 60)
    look('06-owners')
    uit.activate('receipts', window_number=1)
    place('Write', 'One Receipt for Each Owner')
    uit.eventually(lambda: on_stick('receipt'), 'the receipt', 60)
    app.see('Bring it to its owner')
    look('07-receipts')
    uit.keys('Escape')
    app.closed('Write Receipts')
    ada.run('escrow', 'receipt', on_stick('receipt')[0])


def lose():
    """Her computer is gone; with a new key she asks for help."""
    path = os.path.join(ADA_FILES, 'letter.txt.gpg')
    ada.old = ada.fingerprint
    shutil.rmtree(ada.environment['XDG_DATA_HOME'])
    ada.move()
    os.unlink(os.path.join(ADA_FILES, 'letter.txt'))
    ada.fingerprint = ada.create()
    ada.run('escrow', 'trust', CERTIFICATE, '--fingerprint', people.fingerprint)
    ada.run('recovery', 'request', '--reason', 'Laptop <b>stolen</b> on Friday', '--old-key', ada.old, '--to', STICK, path)
    bring(on_stick('request')[0])
    app.press('Open Case', 60)


def request_page():
    """The case says who asks and why, as data, and that the file is matched; nothing can be skipped."""
    app.see('What Is Asked For?', seconds=30)
    look('08-request')
    app.see('Laptop <b>stolen</b> on Friday')
    app.see('letter.txt', 'list item')
    app.see('Matched')
    app.press('Continue')
    app.see('Who Is Asking?')
    look('09-identity')
    assert 'sensitive' not in uit.states(app.see('Continue', 'button'))


def identity():
    """Each check with its evidence; the new key's characters are compared, and others refused."""
    for check, evidence in ('Official Document Seen', 'Passport, in person'), ('Called Back', 'extension 12 at 10:05'):
        write(f'{check}: evidence', evidence)
        app.press(f'Record: {check}')
        app.see(f'{check}, done', seconds=30)
    write('New Key Read Back: characters as heard', ada.old)
    app.press('Compare: New Key Read Back')
    uit.eventually(lambda: any(uit.role(node) == 'alert' and uit.name(node) for node in window.there(app.root)), 'the refusal', 30)
    look('10-wrong')
    heard = ' '.join(ada.fingerprint[i:i + 4] for i in range(0, 40, 4)).lower()
    write('New Key Read Back: characters as heard', heard)
    app.press('Compare: New Key Read Back')
    app.see('New Key Read Back, done', seconds=30)
    look('11-identified')


def approvals():
    """One officer approves with the authority's key; the window says what k of n is worth."""
    app.press('Continue')
    app.see('Who Approves?')
    app.see('could work without it')
    look('12-approvals')
    app.press('Approve as Authority')
    app.press('Recover', 60)


def recovery():
    """Recovered, granted; the grant goes on the stick and opens her file."""
    app.see('Bring the Grant to Its Owner', seconds=60)
    look('13-delivery')
    app.press('Write Grant…')
    place('Write Grant', 'The Grant Opens the Files')
    uit.eventually(lambda: on_stick('grant'), 'the grant', 60)
    app.see('The grant opens 1 file')
    look('14-delivered')
    uit.keys('Escape')
    app.closed('Deliver the Grant')
    results = ada.json('recovery', 'apply', on_stick('grant')[0], ADA_FILES)['results']
    assert [result['status'] for result in results] == ['done'], results
    back = ada.result('decrypt', '--output', os.path.join(ADA_FILES, 'back.txt'), os.path.join(ADA_FILES, 'letter.txt.gpg'))
    assert people.get(back['output']) == LETTER


def audit():
    """The log has all of it, and verifies."""
    uit.keys('Escape')
    tab('Audit')
    app.see('Grant made', 'list item')
    app.see('Identity check refused', 'list item')
    look('15-audit')
    uit.activate('verify', window_number=1)
    app.see('The Log Is Whole', seconds=60)
    look('16-verified')
    uit.keys('Escape')
    app.closed('The Log Is Whole')


def policy():
    """The editor: a policy that asks for more officers than there are is refused, and the old one holds."""
    uit.activate('policy', window_number=1)
    app.see('Enrolled Owners Only')
    look('17-policy')
    write('Checks', 'document;callback;')
    dialog = app.see('Policy', 'frame')
    spins = [node for node in uit.walk(dialog) if uit.role(node) == 'spin button' and 'For Matched Files' in uit.name(node)]
    spins[0].set_current_value(3)
    uit.click(uit.find(dialog, 'button', 'Save'))
    uit.eventually(lambda: any(uit.role(node) == 'alert' and 'officer' in uit.name(node) for node in uit.walk(dialog)),
                   'the refusal', 30)
    look('18-refused')
    uit.keys('Escape')
    app.closed('Policy')


def named():
    """Every control has a name for those who can't see it."""
    assert not uit.unnamed(app.root), uit.unnamed(app.root)
    app.end()


tap.run(set_up, intake, lose, request_page, identity, approvals, recovery, audit, policy, named)
