# SPDX-License-Identifier: GPL-3.0-or-later
"""The tour of tests/app/screenshots through authority mode, and through what the owner's window shows of its answers.

Ada, Ben (an officer) and the authority's own steps beside the window are played by the command line. Every text is looked for
in the language of the pictures.
"""

import contextlib
import glob
import os
import re
import shutil
import subprocess

import owner as people
import uit
import window
import words

CASE_POLICY = """[Recovery]
Checks=document;callback
ApprovalsMatched=2
ApprovalsUnmatched=2
WaitingHours=24

[Officer Authority]
Fingerprints=self

[Officer Ben Officer]
Fingerprints=%s
"""
FAKETIME = glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1')
AUTHORITY, OWNER = 'Backup Authority', 'Spare Key'
NAMES = 'Contract with a rather long name that does not fit – final.pdf', 'letter.txt', 'budget <2027>.ods'


class Tour:
    """The program as it is pictured, and the people around it."""

    def __init__(self, camera, build):
        self.camera, self.build = camera, build
        tool = os.path.join(build, 'src/tool/sparekey-tool')
        self.ada, self.ben, self.acme = people.Owner(tool), people.Owner(tool), people.AuthorityMode(tool)
        bus = os.environ['DBUS_SESSION_BUS_ADDRESS']
        self.ben.environment = people.own_home('b', DBUS_SESSION_BUS_ADDRESS=bus)
        self.acme.environment = people.own_home('a', DBUS_SESSION_BUS_ADDRESS=bus)
        self.files, self.basket = people.folder('files'), people.folder('basket')
        self.app = None

    # --- The program ---

    def start(self, *arguments, home=None, title=AUTHORITY):
        """Starts it at the authority's computer, or at another one."""
        environment = {name: value for name, value in (home or self.acme).environment.items()
                       if name.startswith(('HOME', 'XDG_', 'LD_PRELOAD', 'FAKETIME'))}
        self.app = window.Window(os.path.join(self.build, 'src/app/sparekey'), *arguments, environment=environment)
        self.camera.window = uit.window(pattern(title))
        uit.place(self.camera.window, 20, 20, self.camera.width, 640)

    def end(self):
        self.camera.complaints += self.app.complaints()
        self.app.process.terminate()
        self.app.process.wait(30)

    def see(self, text, kind=None, seconds=90):
        return self.app.see(text, kind, seconds)

    def shot(self, name):
        self.camera.shot(name)

    def press(self, text, seconds=90):
        self.app.press(text, seconds)

    def pressed_in(self, title, text):
        """Presses a button of the program's window of that title."""
        button = window.see(self.dialog(title), text, 'button')
        uit.eventually(lambda: 'sensitive' in uit.states(button), f'the button {text!r} to be ready')
        uit.click(button)

    def shown(self, title):
        """The program's window whose title has these words, if there is one."""
        root = self.app.root
        root.clear_cache()
        return next((child for child in (root.get_child_at_index(i) for i in range(root.get_child_count()))
                     if child and uit.says(uit.name(child), title)), None)

    def dialog(self, title, seconds=60):
        """The program's window whose title has these words, once there is one."""
        return uit.eventually(lambda: self.shown(title), f'the window {title!r}', seconds)

    def escape(self):
        """Closes the window in front by keyboard."""
        root = self.app.root
        before = root.get_child_count()

        def gone():
            uit.keys('Escape')
            root.clear_cache()
            return root.get_child_count() < before
        uit.eventually(gone, 'the end of the window in front')

    def write(self, label, text):
        """What is typed into an entry that is not hidden."""
        entry = uit.eventually(lambda: next((node for node in window.there(self.app.root) if uit.role(node) in
                                             uit.KINDS['entry'] and uit.says(uit.name(node), label)), None), f'the entry {label!r}', 30)
        uit.set_text(entry, text)

    def tab(self, text):
        """One of the pages."""
        uit.click(uit.eventually(lambda: next((node for node in uit.walk(self.app.root) if uit.role(node) == 'page tab'
                                               and uit.says(uit.name(node), text)), None), f'the page {text!r}'))

    def first_row(self):
        """Opens the first row of the list of the page, by keyboard."""
        self.app.front(pattern(AUTHORITY))
        uit.activate('find', window_number=1)
        uit.eventually(lambda: (item := self.app.focused()) and uit.says(item.name, 'Search'), 'the keyboard in the search')
        uit.keys('Tab', 'Return')

    @contextlib.contextmanager
    def pasted(self, *paths):
        """Files that were copied elsewhere, and stay there to be read while this lasts."""
        with subprocess.Popen([os.path.join(self.build, 'tests/app/clip-source'), *paths], stdout=subprocess.PIPE) as source:
            try:
                assert source.stdout.readline() == b'copied\n'
                self.app.front(pattern(AUTHORITY))
                uit.activate('paste', window_number=1)
                yield
            finally:
                source.terminate()

    def unlock(self, passphrase):
        """The answer to the question for the passphrase."""
        def look():
            dialog = self.shown('Unlock the Authority’s Key')
            return dialog and next((node for node in uit.walk(dialog) if uit.role(node) in uit.KINDS['entry']), None)
        assert uit.Atspi.EditableText.set_text_contents(uit.eventually(look, 'the question for the passphrase', 60), passphrase)
        self.press('Unlock')

    def write_to(self, title, accept, name):
        """Pictures the window that asks where to write, and what it says when it has written to the folder."""
        self.dialog(title)
        self.shot(name)
        self.pressed_in(title, 'Other Folder')
        self.choose(self.basket, 'Choose a Folder')
        self.pressed_in(title, accept)
        window.see(self.dialog(title), 'Written', 'label', 90)
        self.shot(name + '-done')
        self.escape()

    def choose(self, path, title):
        """Gives a path to the file chooser."""
        window.choose(path, title=pattern(title), root=self.app.root)

    def carried(self, kind):
        """The newest bundle of that type."""
        found = [os.path.join(self.basket, name) for name in people.names(self.basket) if name.startswith(kind + '-')]
        return max(found, key=os.path.getmtime)

    # --- The story ---

    def set_up(self):
        """A new authority, in a home that nothing else is done in."""
        first = people.Owner(self.acme.tool)
        first.environment = people.own_home('f')
        self.start('--authority', home=first)
        self.see('Set Up a Backup Authority')
        self.shot('set-up')
        self.write('Name', 'ACME Backup Authority')
        self.write('Email', 'backup@acme.example')
        self.write('Passphrase', 'correct horse')
        self.write('Passphrase Again', 'correct horse battery')
        self.shot('set-up-differ')
        self.write('Passphrase Again', 'correct horse')
        self.press('Create Authority')
        self.see('The Authority Is Ready')
        self.app.wait_focus(next(iter(uit.ways('Begin'))), 90)
        self.shot('set-up-ready')
        self.press('Begin')
        self.see('No Packets Yet')
        self.shot('packets-empty')
        for page in 'Cases', 'Owners', 'Audit':
            self.tab(page)
            self.shot(page.lower() + '-empty')
        self.end()

    def begin(self):
        """The authority that the rest is about, an officer, an owner with files."""
        self.acme.make()
        self.acme.quicken()
        self.ben.fingerprint = self.ben.create('Ben Officer', 'ben@acme.example')
        self.ben.run('escrow', 'trust', self.acme.certificate(), '--fingerprint', self.acme.fingerprint)
        self.ben.run('key', 'export', '--to', os.path.join(self.basket, 'ben.asc'))
        self.acme.json('authority', 'policy', '--set', people.put(os.path.join(people.SESSION, 'p.ini'),
                                                                  (CASE_POLICY % self.ben.fingerprint).encode()))
        self.acme.take_in(os.path.join(self.basket, 'ben.asc'))
        self.ada.old = self.ada.create()
        self.ada.trust(self.acme)
        self.ada.run('encrypt', *(people.put(os.path.join(self.files, name)) for name in NAMES))
        self.ada.run('escrow', 'export', '--to', self.basket)

    def intake(self):
        """Bundles come in; the passphrase is asked for, twice."""
        self.start('--authority')
        self.see('No Packets Yet')
        uit.activate('lock', window_number=1)
        self.app.hear('Locked: the next use')
        self.shot('locked')
        with self.pasted(self.carried('deposit')):
            self.see('Unlock the Authority’s Key')
        self.shot('passphrase')
        self.unlock('not this')
        self.see('That was not the passphrase')
        self.shot('passphrase-wrong')
        self.unlock(self.acme.PASSPHRASE)
        self.see('letter.txt', 'list item')
        broken = people.put(os.path.join(self.basket, 'broken.sparekey'), people.get(self.carried('deposit'))[:300])
        with self.pasted(os.path.join(self.files, NAMES[0] + '.gpg'), broken, os.path.join(self.basket, 'ben.asc')):
            self.dialog('What Was Imported')
        self.shot('imported')
        self.escape()
        os.unlink(broken)

    def packets_and_owners(self):
        """The lists, what they lead to, and what is written from them."""
        self.tab('Packets')
        self.shot('packets')
        self.first_row()
        self.see('Serial Number')
        self.shot('packet')
        self.escape()
        self.app.front(pattern(AUTHORITY))
        uit.activate('find', window_number=1)
        uit.eventually(lambda: (item := self.app.focused()) and uit.says(item.name, 'Search'), 'the keyboard in the search')
        uit.type_text('nowhere')
        self.see('Nothing Found')
        self.shot('packets-nothing-found')
        uit.keys('ctrl+a', 'BackSpace')
        self.see('letter.txt', 'list item')
        self.tab('Owners')
        self.shot('owners-seen')
        self.first_row()
        self.see('Enrol Owner', 'button')
        self.shot('owner')
        self.write('Contact', 'extension 12')
        self.write('Evidence', 'fingerprint read from her card')
        self.press('Enrol Owner')
        self.app.hear('The owner is enrolled')
        self.shot('owners')
        self.first_row()
        self.see('Report a Loss…', 'button')
        self.shot('owner-enrolled')
        self.press('Report a Loss…')
        self.see('Report the Loss of This Key?')
        self.shot('owner-loss')
        self.escape()
        self.escape()
        self.tab('Packets')
        uit.activate('receipts', window_number=1)
        self.write_to('Write Receipts', 'Write', 'receipts')
        uit.activate('export-packets', window_number=1)
        self.write_to('Export Packets', 'Export', 'export-packets')

    def menu(self):
        """What the menu leads to."""
        uit.keys('F10')
        self.shot('menu')
        uit.keys('Escape')
        uit.activate('fingerprint', window_number=1)
        self.see('Fingerprint, for Owners to Compare')
        self.shot('fingerprint')
        self.escape()
        uit.activate('policy', window_number=1)
        self.see('Enrolled Owners Only')
        self.shot('policy')
        uit.keys('Page_Down')
        self.app.tab_to(next(iter(uit.ways('Add an Officer'))), limit=40)
        self.shot('policy-officers')
        self.escape()
        self.tab('Audit')
        self.shot('audit')
        self.first_row()
        self.see('As It Is Written')
        self.shot('audit-row')
        self.escape()
        uit.activate('verify', window_number=1)
        self.see('The Log Is Whole')
        self.shot('verified')
        self.escape()

    def request(self, reason):
        """Ada asks; the case that it opens."""
        self.ada.run('recovery', 'request', '--reason', reason, '--old-key', self.ada.old, '--to', self.basket, self.files)
        with self.pasted(self.carried('request')):
            self.see('Open Case', 'button')
        self.shot('request-taken')
        self.press('Open Case')
        self.see('What Is Asked For?')

    def refused(self):
        """A case that is refused with a reason."""
        self.ada.new = self.ada.create('Ada Owner', 'ada@new.example')
        self.ada.run('key', 'use', self.ada.new)
        self.ada.run('key', 'delete', self.ada.old)
        self.request('The disk of my computer broke on the way to the conference; the backup of my key was on it')
        self.shot('case-request')
        self.press('Refuse…')
        self.write('Reason, as the Person Will Read It', 'Please come in person.')
        self.write_to('Refuse the Case', 'Refuse', 'refuse')
        self.see('This case was closed')
        self.shot('case-refused')
        self.escape()

    def case(self):
        """A case, a step a page, up to its waiting."""
        self.request('In person now')
        self.press('Continue')
        self.see('Who Is Asking?')
        self.shot('case-identity')
        for check in 'Official Document Seen', 'Called Back':
            text = uit.ways(check)[0]
            self.write(text + ': ', 'Passport, in person, at the counter')
            buttons = [node for node in window.there(self.app.root) if uit.role(node) in uit.KINDS['button'] and text in uit.name(node)]
            uit.click(buttons[0])
            uit.eventually(lambda text=text: not [node for node in window.there(self.app.root) if uit.role(node) in uit.KINDS['button']
                                                  and text in uit.name(node)], f'{check} to be done', 60)
        compare = uit.ways('New Key Read Back')[0]
        self.write(compare + ': ', self.ada.old)
        self.shot('case-identity-typed')
        for typed in self.ada.old, self.ada.new:
            self.write(compare + ': ', typed)
            uit.click([node for node in window.there(self.app.root) if uit.role(node) in uit.KINDS['button'] and compare in uit.name(node)][0])
            if typed == self.ada.old:
                uit.eventually(lambda: any(uit.role(node) == 'alert' and uit.name(node) for node in window.there(self.app.root)),
                               'the refusal', 60)
                self.shot('case-identity-wrong')
        uit.eventually(lambda: not [node for node in window.there(self.app.root) if uit.role(node) in uit.KINDS['button']
                                    and compare in uit.name(node)], 'the key to be compared', 60)
        self.shot('case-identity-done')
        self.press('Continue')
        self.see('Who Approves?')
        self.shot('case-approvals')
        self.press('Ask a Remote Officer')
        self.write_to('Ask a Remote Officer', 'Write', 'ask')
        self.ben.json('authority', 'approve', self.carried('case'), '--authority', self.acme.fingerprint, '--to', self.basket)
        self.press('Import an Approval')
        self.choose(self.carried('approval'), 'Choose Bundles or Certificates')
        self.see('Counts')
        self.shot('case-approved-once')
        uit.click([node for node in window.there(self.app.root) if uit.role(node) in uit.KINDS['button']
                   and uit.name(node).startswith(uit.ways('Approve as %s, With the Authority’s Key')[0].split('%s')[0])][0])
        self.see('Time to Object')
        # The file chooser gave the keyboard back to the main window.
        self.app.front('^' + re.escape(uit.name(self.dialog(uit.ways('Recovery: %s')[0].split('%s')[0]))) + '$')
        self.shot('case-waiting')
        self.escape()
        self.tab('Cases')
        self.shot('cases')
        self.end()

    def recovered(self):
        """The waiting is over."""
        if FAKETIME:
            self.acme.environment |= {'LD_PRELOAD': ':'.join([FAKETIME[0], *filter(None, [os.environ.get('LD_PRELOAD')])]), 'FAKETIME': '+25h', 'FAKETIME_DONT_FAKE_MONOTONIC': '1'}
        self.start('--authority')
        self.see('letter.txt', 'list item')
        self.tab('Cases')
        self.see('Ada Owner', 'list item')
        self.first_row()
        self.see('Recover', 'button')
        self.shot('case-recovery')
        self.press('Recover')
        self.see('Bring the Grant to Its Owner')
        self.shot('case-delivery')
        self.press('Write Grant…')
        self.write_to('Deliver the Grant', 'Write Grant', 'deliver')
        self.shot('case-delivered')
        self.end()

    def answers(self):
        """What the owner's window shows of it."""
        self.start(home=self.ada, title=OWNER)
        self.see('(you)' if words.messages == {} else 'ACME Backup Authority')
        self.app.hand_over(self.carried('deposit'))
        self.see('This File Was Not Accepted')
        self.shot('not-accepted')
        self.escape()
        self.app.hand_over(self.carried('refusal'))
        self.see('Refused Your Request')
        self.shot('refusal')
        self.escape()
        uit.activate('requests', window_number=1)
        self.dialog('Requests')
        self.shot('requests')
        self.escape()
        elsewhere = people.folder('elsewhere')
        shutil.move(os.path.join(self.files, NAMES[1] + '.gpg'), elsewhere)
        self.app.hand_over(self.carried('grant'))
        self.see('Your Authority Gives Files Back')
        self.shot('grant')
        self.press('Give the Files Back')
        self.see('Choose Folder', 'button')
        self.shot('grant-part')
        self.press('Choose Folder')
        self.choose(elsewhere, 'Where Are the Files Now?')
        self.see('3 of 3 files can be opened again')
        self.shot('grant-done')
        self.escape()
        self.end()


def pattern(title):
    """What finds the X window of that title, in any language."""
    return '^(' + '|'.join(way.replace('?', '[?]') for way in uit.ways(title)) + ')$'


def run(camera, build):
    """Takes all the pictures."""
    tour = Tour(camera, build)
    for part in (tour.set_up, tour.begin, tour.intake, tour.packets_and_owners, tour.menu, tour.refused, tour.case, tour.recovered,
                 tour.answers):
        try:
            part()
        except Exception:
            camera.shot('failed')
            raise
