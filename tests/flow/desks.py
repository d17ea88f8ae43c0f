# SPDX-License-Identifier: GPL-3.0-or-later
"""Two desks in front of one screen: the owner's window and the authority's, each a program with a home, a session bus and a
keyring of its own, and a stick that is carried between them. For tests of this folder.

What is done here is what a person does; what is waited for is what a person, or a screen reader, is told.
"""

import ctypes
import os
import re
import subprocess
import time

import owner as people
import tap
import uit
import window
from elsewhere import Elsewhere

PASSPHRASE = people.AuthorityMode.PASSPHRASE
ENTRIES = 'entry', 'text', 'password text'


class Stick:
    """A file system on a medium, mounted where a desktop mounts it, in a name space of this test's own."""

    def __init__(self):
        self.name = 'STICK-' + os.path.basename(people.SESSION)
        self.path = '/media/' + self.name

    def __enter__(self):
        if os.geteuid() != 0 or ctypes.CDLL(None, use_errno=True).unshare(0x00020000) != 0:
            raise tap.Skip('no file system can be mounted here')
        subprocess.run(['mount', '--make-rprivate', '/'], check=True)
        image = os.path.join(people.SESSION, 'stick.img')
        with open(image, 'wb') as stream:
            stream.truncate(16 << 20)
        subprocess.run(['mkfs.ext4', '-q', '-F', image], check=True)
        os.makedirs(self.path)
        if subprocess.run(['mount', '-o', 'loop', image, self.path], check=False).returncode:
            os.rmdir(self.path)
            raise tap.Skip('no file system can be mounted here')
        os.rmdir(os.path.join(self.path, 'lost+found'))
        return self

    def __exit__(self, *_):
        subprocess.run(['umount', '--lazy', self.path], check=False)
        os.rmdir(self.path)

    def find(self, kind):
        """Paths of the bundles of one type."""
        return [os.path.join(self.path, name) for name in people.names(self.path) if name.startswith(kind + '-')]

    def take(self, kind):
        """The one bundle of a type, once there is one."""
        return uit.eventually(lambda: self.find(kind), f'a bundle of type {kind}', 60)[0]


class Desk(window.Window):
    """A window of the program, at a computer: an Owner of tests/tool/owner.py, here or elsewhere."""

    TITLE = '^Spare Key$'

    def __init__(self, program, computer, *words):
        environment = {name: computer.environment[name] for name in computer.environment
                       if name.startswith(('HOME', 'XDG_', 'TMPDIR', 'DBUS_SESSION', 'LD_PRELOAD', 'FAKETIME'))}
        environment |= {'DISPLAY': os.environ['DISPLAY'], 'AT_SPI_BUS_ADDRESS': window.accessibility_bus(),
                        'GNUPGHOME': '', 'G_DEBUG': ''}
        self.computer = computer
        self.bus = window.connect(computer.environment['DBUS_SESSION_BUS_ADDRESS'])
        super().__init__(program, *words, environment={name: value for name, value in environment.items()})
        self.place()

    def place(self):
        """Where it does not cover what is dragged from."""
        uit.place(uit.window(self.TITLE), 10, 10, int(os.environ.get('SHOTS_WIDTH', '860')), 700)

    def front(self, title=None):
        super().front(title or self.TITLE)

    def activate(self, action, *parameters, of_window=True):
        """One of the actions of the program, or of its window."""
        uit.activate(action, *parameters, window_number=1 if of_window else None, bus=self.bus)

    def choose(self, path, title):
        """Gives a path to the file chooser."""
        window.choose(path, title=title, root=self.root)

    def press_in(self, title, words):
        """Presses the button with these words in the window of that title: hidden pages of others have such buttons too."""
        window.press(self.dialog(title), words)

    def close(self, title):
        """Closes a window by its button."""
        self.press_in(title, 'Close')
        self.closed(title)

    def escape(self, title):
        """Closes a window by keyboard."""
        def look():
            uit.keys('Escape')
            self.root.clear_cache()
            return not any(child and uit.name(child) == title for child in
                           (self.root.get_child_at_index(i) for i in range(self.root.get_child_count())))
        uit.eventually(look, f'the end of the window {title!r}')

    def entry(self, words, seconds=20):
        """An entry that is not hidden."""
        return uit.eventually(lambda: next((node for node in window.there(self.root)
                                            if uit.role(node) in ENTRIES and words in uit.name(node)), None),
                              f'the entry {words!r}', seconds)

    def write(self, words, text):
        """What is typed into an entry."""
        uit.set_text(self.entry(words), text)

    def tick(self, title, words, row=None):
        """Chooses among what can be chosen one of, by its row. GTK 4.8 has no other way to it than the keyboard."""
        check = window.see(self.dialog(title), words, 'check')
        if 'checked' not in uit.states(check):
            uit.xdotool('windowactivate', '--sync', uit.window('^' + title + '$'))
            self.tab_to(row or words)
            uit.keys('Return')
        uit.eventually(lambda: 'checked' in uit.states(check), f'{words!r} to be chosen')

    def to_stick(self, title, accept, stick):
        """Chooses the stick by its name in the window that asks where to write, and writes."""
        self.tick(title, stick.name)
        self.press_in(title, accept)

    def to_folder(self, title, accept, folder):
        """Chooses a folder in the window that asks where to write, and writes."""
        self.press_in(title, 'Other Folder')
        self.choose(folder, 'Choose a Folder')
        self.press_in(title, accept)

    def drop(self, source, *paths):
        """Drags files onto the window with the mouse."""
        with window.DragSource(source, *paths) as dragged:
            dragged.drop_on_window(self.TITLE)
        self.place()

    def fingerprint(self, title=None):
        """The 40 characters that are shown, in two lines of five groups; hidden pages of other windows may have some too."""
        def look():
            for node in window.there(self.dialog(title) if title else self.root):
                bare = ''.join(uit.name(node).split())
                if '\n' in uit.name(node) and re.fullmatch('[0-9A-F]{40}', bare):
                    return bare
            return None
        return uit.eventually(look, 'a fingerprint in two lines')

    def picture(self, name):
        """A picture for looking at, on demand: SHOTS=FOLDER."""
        if os.environ.get('SHOTS'):
            time.sleep(0.6)
            uit.screenshot(os.path.join(os.environ['SHOTS'], os.environ.get('SHOTS_NAME', 'a') + '-' + name + '.png'))


class OwnersDesk(Desk):
    """The owner's window."""

    def set_up(self, name, email, certificate, fingerprint):
        """The first start: a new key, and an authority whose certificate is compared with what was read out."""
        self.see('Step 1 of 3')
        self.wait_focus('Create a New Key')
        uit.keys('Return')
        self.write('Name', name)
        self.write('Email', email)
        self.press('Create Key')
        self.see('Step 2 of 3', seconds=90)
        self.wait_focus('Choose')
        self.press('Choose Certificate File')
        self.choose(certificate, 'Certificate of the Backup Authority')
        self.wait_focus('Does Not Match')
        shown = self.fingerprint()
        assert shown == fingerprint, (shown, fingerprint)
        self.press('Matches')
        self.see('Step 3 of 3')
        self.wait_focus('Start')
        self.press('Start')
        self.wait_focus('Choose Files')

    def ask(self, stick, folder, old, reason, stolen=False):
        """Leads through "I lost my key" up to the request; the 40 characters that are to be read out."""
        title = 'I Lost My Key'
        self.front()
        self.activate('lost-key')
        for number in range(1, 3):
            self.see(f'Step {number} of 5')
            self.press_in(title, 'Continue')
        self.see('Step 3 of 5')
        self.press_in(title, 'Add Folder')
        self.choose(folder, 'Folders with Files to Get Back')
        self.see('Take off the List: ' + os.path.basename(folder))
        self.press_in(title, 'Continue')
        self.see('Step 4 of 5')
        if stolen:
            self.tick(title, 'The old key was stolen', 'The Old Key Was Stolen')
        self.write('Fingerprint of the Old Key', old)
        uit.set_text(uit.find(self.root, 'entry', 'In your words'), reason)
        self.picture('lost-why')
        self.press_in(title, 'Continue')
        self.see('Step 5 of 5')
        self.to_stick(title, 'Write Request', stick)
        self.see(f'on {stick.name}', seconds=60)
        heard = self.fingerprint(title)
        self.close(title)
        return heard


class AuthoritysDesk(Desk):
    """The authority's window; no owner's window appears."""

    TITLE = '^Backup Authority$'

    def __init__(self, program, computer):
        super().__init__(program, computer, '--authority')

    def set_up(self, certificate):
        """A new authority; its certificate is saved to be given away. Its 40 characters."""
        self.see('Set Up a Backup Authority')
        self.write('Name', 'ACME Backup Authority')
        self.write('Email', 'backup@acme.example')
        self.write('Passphrase', PASSPHRASE)
        self.write('Passphrase Again', PASSPHRASE)
        self.press('Create Authority')
        self.wait_focus('Begin', 90)
        shown = self.fingerprint()
        self.activate('save-certificate')
        self.choose(certificate, 'Save the Certificate')
        uit.eventually(lambda: os.path.exists(certificate), 'the certificate')
        self.press('Begin')
        self.see('No Packets Yet')
        return shown

    def question(self, seconds=60):
        """The window's own dialog that asks for the passphrase, and that it has its entry by now."""
        def look():
            dialog = self.shown('Unlock the Authority’s Key')
            return dialog and next(((dialog, node) for node in uit.walk(dialog) if uit.role(node) in ENTRIES), None)
        return uit.eventually(look, 'the question for the passphrase', seconds)

    def unlock(self, passphrase=PASSPHRASE, again=False):
        """Answers the dialog that asks for the passphrase; AGAIN: it comes back, and says that this was not the passphrase."""
        dialog, field = self.question()
        assert uit.Atspi.EditableText.set_text_contents(field, passphrase)
        button = window.see(dialog, 'Unlock', 'button')
        uit.eventually(lambda: 'sensitive' in uit.states(button), 'the button to be ready')
        uit.click(button)
        uit.eventually(lambda: not self.is_shown(dialog), 'the end of the dialog')
        if again:
            window.see(self.question()[0], 'That was not the passphrase', seconds=60)

    def is_shown(self, dialog):
        """Whether this window of the program is there."""
        self.root.clear_cache()
        return any(self.root.get_child_at_index(i) == dialog for i in range(self.root.get_child_count()))

    def tab(self, words):
        """One of the pages."""
        uit.click(uit.eventually(lambda: next((node for node in uit.walk(self.root) if uit.role(node) == 'page tab'
                                               and words in uit.name(node)), None), f'the page {words!r}'))

    def first_row(self):
        """Opens the first row of the list of the page, by keyboard."""
        self.front()
        self.activate('find')
        uit.eventually(lambda: (item := self.focused()) and 'Search' in item.name, 'the keyboard in the search')
        uit.keys('Tab', 'Return')

    def enrol(self, name, contact, evidence):
        """The first owner of the list."""
        self.tab('Owners')
        self.see(', Only Seen', 'list item', 30)
        self.first_row()
        self.see('Enrol Owner', 'button')
        self.write('Contact', contact)
        self.write('Evidence', evidence)
        self.press('Enrol Owner')
        self.closed(name, 60)
        self.see(', Enrolled', 'list item', 60)

    def check(self, words, evidence):
        """One of the checks of a case, with its evidence."""
        self.write(f'{words}: evidence', evidence)
        self.press(f'Record: {words}')
        self.see(f'{words}, done', seconds=60)

    def identify(self, heard):
        """The checks of the usual policy; the 40 characters as they were heard."""
        self.see('What Is Asked For?', seconds=30)
        self.press('Continue')
        self.see('Who Is Asking?')
        self.check('Official Document Seen', 'Passport, in person')
        self.check('Called Back', 'extension 12 at 10:05')
        self.write('New Key Read Back: characters as heard', heard)
        self.press('Compare: New Key Read Back')
        self.see('New Key Read Back, done', seconds=60)
        # What has the keyboard now is the next thing to do.
        self.wait_focus('Continue')
        uit.keys('Return')
        self.see('Who Approves?')

    def deliver(self, stick):
        """The grant, onto the stick, or into a folder."""
        self.see('Bring the Grant to Its Owner', seconds=90)
        self.press('Write Grant…')
        if isinstance(stick, Stick):
            self.to_stick('Deliver the Grant', 'Write Grant', stick)
        else:
            self.to_folder('Deliver the Grant', 'Write Grant', stick)
        self.see('for the new key alone', seconds=90)
        self.close('Deliver the Grant')


class Backup(people.AuthorityMode):
    """The authority's computer: it has a keyring too, which it never uses."""

    def __init__(self, tool):
        super().__init__(tool)
        self.place = Elsewhere(tool)
        self.environment = self.place.environment
