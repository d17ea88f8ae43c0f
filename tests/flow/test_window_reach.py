# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything can be reached: by the keyboard alone, and by what a screen reader is told. What is managed can't be changed."""

import os
import sys
import time

import desks
import owner as people
import tap
import uit
import window

PROGRAM, TOOL = sys.argv[1:3]
authority = people.Authority()
ada = people.Owner(TOOL)
story = {}


def keyboard_alone():
    """From the first start to an encrypted file with the keyboard alone."""
    story['app'] = app = window.Window(PROGRAM)
    path = people.put(os.path.join(people.folder('keys'), 'typed.txt'), b'by keyboard alone\n')
    app.wait_focus('Create a New Key')
    uit.keys('Return')
    # Of the text in an entry row nothing is told on GTK 4.8: that the focus is there shows in what is typed.
    entry = uit.find(app.root, 'entry', 'Name')

    def arrives():
        uit.keys('x')
        return uit.text(entry)
    uit.eventually(arrives, 'the focus in the entry')
    uit.keys('ctrl+a')
    uit.type_text('Ada Owner')
    uit.eventually(lambda: uit.text(entry) == 'Ada Owner', 'the name in its entry')
    uit.keys('Tab')
    uit.type_text('ada@example.org')
    uit.eventually(lambda: uit.text(uit.find(app.root, 'entry', 'Email')) == 'ada@example.org', 'the address in its entry')
    uit.keys('Return')
    app.see('Step 2 of 3', seconds=60)
    app.wait_focus('Choose Certificate File')
    uit.keys('Return')
    window.choose(authority.certificate(), title='Certificate of the Backup Authority')
    app.wait_focus('Does Not Match')
    app.tab_to('Matches', limit=3)
    uit.keys('Return')
    app.wait_focus('Start')
    uit.keys('Return')
    app.wait_focus('Choose Files')
    uit.keys('Return')
    window.choose(path)
    app.row('typed.txt', 'Encrypted')
    assert authority.decrypt(path + '.gpg') == b'by keyboard alone\n'


# Parts of libadwaita 1.2 that it gave no name: the switch to search in a window of preferences, and its entry.
NAMELESS = ('GtkImage', 'GtkSearchEntry')


def reached(names, *wanted):
    """Each of these was reached, and nothing without a name."""
    for words in wanted:
        assert any(words in name for name in names), f'{words!r} is not reached by Tab: {names}'
    bad = [name for name in names if not name or name.startswith(('Gtk', 'Adw')) and name not in NAMELESS]
    assert not bad, f'something nameless has the focus: {names}'


def files_page():
    """Tab leads to everything on the page of files, the buttons of its rows included."""
    app = story['app']
    app.front()
    reached(app.tour(), 'Choose Files', 'Main Menu', 'Clear Finished', 'Show in Files', 'Undo',
            'Add Somebody Who Can Open the Files')


def escrow_page():
    """Tab leads to everything on the page of escrow."""
    app = story['app']
    window.to_page(app, 'Escrow')
    reached(app.tour(), 'Choose Files', 'Escrow', 'Main Menu', 'typed.txt', 'Open Receipt', 'Export')
    uit.activate('export', window_number=1)
    app.wait_focus('Other Folder')
    reached(app.tour(), 'Cancel', 'Other Folder')
    uit.keys('Escape')
    app.closed('Export Escrow Packets')


def check_page():
    """Tab leads to everything on the page that checks folders, and by Return a folder is checked."""
    app = story['app']
    app.front()
    window.to_page(app, 'Check')
    reached(app.tour(), 'Choose Folders', 'Check', 'Main Menu')
    app.tab_to('Choose Folders')
    uit.keys('Return')
    window.choose(os.path.dirname(people.put(os.path.join(people.folder('checked'), 'plain.txt'))), title='Choose Folders to Check')
    app.wait_focus('Check Again')


def lost_key():
    """The way through a lost key can be gone by keyboard alone, back and forth."""
    app = story['app']
    app.front()
    uit.activate('lost-key', window_number=1)
    app.wait_focus('Continue')
    uit.keys('Return')
    app.see('Step 2 of 5')
    app.wait_focus('Continue')
    reached(app.tour(), 'Another Key', 'Back', 'Continue')
    app.tab_to('Continue')
    uit.keys('Return')
    app.wait_focus('Add Folder')
    reached(app.tour(), 'Add Files', 'Back')
    app.tab_to('Back')
    uit.keys('Return')
    app.see('Step 2 of 5')
    no_names_missing(app.root, 'a lost key')
    uit.keys('Escape')
    app.closed('I Lost My Key')


def preferences():
    """Tab leads to every preference, on all three pages."""
    app = story['app']
    for page, wanted in {
            'Files': ('Originals to the Trash', 'One by One', 'Unpack', 'Notify'),
            'Keys': ('Ada Owner', 'Another Key'),
            'Backup Authority': ('Update or Replace', 'Require a Backup Authority', 'Escrow Mode', 'If Its Key')}.items():
        uit.keys('ctrl+comma')
        uit.window('^Preferences$')
        root = app.see('Preferences', 'dialog')
        uit.click(uit.find(root, 'tab', page))
        names = app.tour()
        uit.keys('Escape')
        app.closed('Preferences')
        reached(names, *wanted)


def no_names_missing(root, where):
    """Fails if something that can be used has no name. A row that shows its choice draws it as a list that can't be reached."""
    bad, todo = [], [(root, False)]
    while todo:
        node, in_row = todo.pop()
        role, words = uit.role(node), uit.name(node)
        if role in uit.INTERACTIVE and 'focusable' in uit.states(node) \
                and (not words or words.startswith(('Gtk', 'Adw')) and (in_row or words not in NAMELESS)):
            bad.append(f'{role} {words!r}')
        if role != 'combo box':
            children = [node.get_child_at_index(i) for i in range(node.get_child_count())]
            todo += [(child, in_row or role in uit.KINDS['row']) for child in children if child]
    assert not bad, f'{where}: {bad}'


def named():
    """Every control of every page, menu and dialog has a name to be read out."""
    app = story['app']
    app.front()
    no_names_missing(app.root, 'window')
    # The windows "About" and "Shortcuts" are the libraries' alone, and have nameless parts in GTK 4.8 and libadwaita 1.2.
    uit.activate('preferences')
    root = app.see('Preferences', 'dialog')
    for page, words in ('Files', 'Trash'), ('Keys', 'Another Key'), ('Backup Authority', 'Require a Backup Authority'):
        uit.click(uit.find(root, 'tab', page))  # GTK 4.18 tells of a page only once it is in front
        app.see(words)
        no_names_missing(app.root, f'preferences: {page}')
    uit.keys('Tab')  # a page that was just brought to the front has no focus yet, and nothing hears Escape
    uit.keys('Escape')
    app.closed('Preferences')
    app.front()
    uit.keys('F10')
    if uit.name(window.menu_item(app, 'Keyboard Shortcuts', 3)):
        no_names_missing(app.root, 'menu')
    uit.keys('Escape')


def row_menu():
    """A row's menu opens by the keyboard and leads to who can open the file."""
    app = story['app']
    app.front()
    window.to_page(app, 'Files')
    app.tab_to('Show in Files')
    uit.keys('shift+F10')
    item = window.menu_item(app, 'Who Can Open It', 1)
    if uit.name(item):
        no_names_missing(app.root, 'row menu')
    uit.click(item)
    app.see('Backup Authority')
    uit.eventually(lambda: any(authority.fingerprint[-4:] in uit.name(node) for node in window.there(app.root)),
                   'the fingerprint')
    no_names_missing(app.root, 'who can open it')
    uit.keys('Escape')


def opened_and_exported():
    """An encrypted file is opened, and the packets are taken to a folder, with the keyboard alone."""
    app = story['app']
    path = os.path.join(people.SESSION, 'work/keys/typed.txt')
    os.unlink(path)
    app.front()
    uit.keys('ctrl+o')
    window.choose(path + '.gpg')
    app.row('typed.txt.gpg', 'Opened as typed.txt')
    assert people.get(path) == b'by keyboard alone\n'
    window.to_page(app, 'Escrow')
    app.tab_to('Export')
    uit.keys('Return')
    app.wait_focus('Other Folder')
    uit.keys('Return')
    folder = people.folder('carried')
    window.choose(folder, title='Choose a Folder')
    app.see('carried')
    app.tab_to('Export')
    uit.keys('Return')
    app.see('1 Packet Is on carried')
    # The button that closes has the keyboard when it is drawn, and that is told to nobody.
    for _ in range(5):
        time.sleep(0.3)
        uit.keys('Return')
        try:
            app.closed('Export Escrow Packets', seconds=3)
            break
        except AssertionError:
            pass
    app.closed('Export Escrow Packets')
    assert [name.split('-')[0] for name in people.names(folder)] == ['deposit'], people.names(folder)
    window.to_page(app, 'Files')


def screen_reader_alone():
    """Handed over by the file manager, a file is encrypted, taken back, encrypted again and opened by what a screen reader offers."""
    app = story['app']
    app.clear()
    path = people.put(os.path.join(people.folder('read'), 'aloud.txt'), b'read aloud\n')
    app.hand_over(path)
    app.row('aloud.txt', 'Encrypted')
    app.press_in_row('aloud.txt', 'Undo')
    uit.eventually(lambda: not os.path.exists(path + '.gpg'), 'the end of the encrypted file')
    app.hand_over(path)
    uit.eventually(lambda: os.path.exists(path + '.gpg'), 'the encrypted file')
    assert authority.decrypt(path + '.gpg') == b'read aloud\n'
    os.unlink(path)
    app.hand_over(path + '.gpg')
    app.row('aloud.txt.gpg', 'Opened as aloud.txt')
    assert people.get(path) == b'read aloud\n'
    app.clear()


def asked_too_late():
    """A screen reader that asks for a window that was just closed, by its number, gets an answer and does no harm."""
    app = story['app']
    app.front()
    app.cache.ask_too_far()
    for action, title in ('show-help-overlay', 'Keyboard Shortcuts'), ('lost-key', 'I Lost My Key'), ('choose-files', 'Choose'):
        uit.activate(action, window_number=1)
        opened = uit.window(title)
        app.cache.ask_too_far()
        uit.xdotool('windowactivate', '--sync', opened)
        uit.keys('Escape')
        uit.eventually(lambda: not window.on_screen(title), f'the end of {title!r}')
        app.cache.ask_too_far()
    uit.activate('show-help-overlay', window_number=1)
    uit.window('Keyboard Shortcuts')
    uit.activate('quit')
    assert app.process.wait(20) == 0
    assert not app.complaints(), app.complaints()
    story['app'] = window.Window(PROGRAM)


def exported_aloud():
    """Packets are exported onto a stick by what a screen reader offers alone."""
    story['app'].end()
    with desks.Stick() as stick:
        story['app'] = app = window.Window(PROGRAM)  # here the stick is seen
        app.see('(you)')
        assert ada.json('escrow', 'list', '--state', 'pending')['packets'], 'there is nothing to export'
        uit.click(uit.find(app.root, 'page tab', 'Escrow'))
        app.press('Export')
        dialog = app.dialog('Export Escrow Packets')
        # The one medium is chosen already, and said so.
        uit.eventually(lambda: 'checked' in uit.states(window.see(dialog, stick.name, 'check')), 'the stick to be chosen')
        uit.click(window.see(dialog, 'Export', 'button'))
        window.see(dialog, f'on {stick.name}', seconds=60)
        uit.click(window.see(dialog, 'Close', 'button'))
        app.closed('Export Escrow Packets')
        assert len(stick.find('deposit')) == 1, people.names(stick.path)
        assert not ada.json('escrow', 'list', '--state', 'pending')['packets']
        uit.eventually(lambda: any(f'On {stick.name}' in uit.name(node) for node in window.there(app.root)), 'the state of the packets')
        app.end()


def managed():
    """What the administrator's policy sets can be seen and not changed, and says who set it."""
    if story['app'].process.poll() is None:
        story['app'].end()
    folder = os.path.join(window.SESSION, 'xdg/sparekey')
    os.makedirs(folder)
    certificate = authority.certificate()
    people.put(os.path.join(folder, 'policy.ini'),
               f'[Escrow]\nAuthority={authority.fingerprint}\nAuthorityKey={certificate}\nMode=embedded\nRequired=true\n'
               'WhenAuthorityUnusable=pending\n'.encode())
    app = window.Window(PROGRAM, environment={'XDG_CONFIG_DIRS': os.path.dirname(folder)})
    try:
        app.see('(you)')
        uit.activate('preferences')
        root = app.see('Preferences', 'dialog')
        for words in 'Trash', 'Unpack':
            assert 'sensitive' in uit.states(uit.find(root, 'row', words)), words
        uit.click(uit.find(root, 'tab', 'Backup Authority'))
        for kind, words in ('row', 'Require a Backup Authority'), ('combo box', 'Escrow Mode'), \
                ('combo box', 'If Its Key Cannot Be Used'):
            node = uit.find(root, kind, words)
            assert 'sensitive' not in uit.states(node), f'{words} can be changed'
            assert any('Managed by your organisation' in uit.name(below) for below in uit.walk(node)), uit.describe(node)
        assert not uit.find_all(root, 'row', 'Update or Replace'), 'the authority can be replaced'
    finally:
        app.end()


tap.run(keyboard_alone, files_page, escrow_page, check_page, lost_key, preferences, named, row_menu, opened_and_exported,
        screen_reader_alone, asked_too_late, exported_aloud, managed)
