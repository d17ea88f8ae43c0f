# SPDX-License-Identifier: GPL-3.0-or-later
"""What the preferences do with keys, by keyboard alone, and what the command line changes beside an open window. Stock gpg is
the judge of every key and every file."""

import calendar
import os
import stat
import sys
import time

import owner as people
import tap
import uit
import window

PROGRAM, TOOL = sys.argv[1:3]
PASSPHRASE = 'correct horse battery'
OLDER = 'Ada Older <ada@old.example>'
ada, authority = people.begin(TOOL)
reader = people.Gpg('reader')  # knows nothing but what was exported
older = people.Gpg('older')    # a key made long ago by stock gpg
WORK = people.folder('docs')
EXPORTS = people.folder('exports')
app = window.Window(PROGRAM)
app.see('(you)')


def path_of(name):
    return os.path.join(WORK, name)


def exported(name):
    return os.path.join(EXPORTS, name)


def records(path, kind):
    """Fields of what stock gpg reads in a key file, of one kind of line."""
    listing = reader.run('--with-colons', '--show-keys', path).stdout.decode()
    return [line.split(':') for line in listing.splitlines() if line.split(':')[0] == kind]


def unlocked(*words):
    """Options of stock gpg that hand over a passphrase."""
    return '--pinentry-mode', 'loopback', '--passphrase', PASSPHRASE, *words


def open_keys():
    """The preferences' page of keys."""
    app.front()
    uit.activate('preferences')
    uit.window('^Preferences$')
    root = app.see('Preferences', 'dialog')
    uit.click(uit.find(root, 'tab', 'Keys'))
    app.see('Another Key', 'row')
    return root


def close_preferences():
    """By Escape, pressed again while it does not help: a page that was just brought to the front has no focus yet, and hears none."""
    for _ in range(10):
        uit.xdotool('windowactivate', '--sync', uit.window('^Preferences$'))
        uit.keys('Tab')
        uit.keys('Escape')
        try:
            app.closed('Preferences', 2)
            break
        except AssertionError:
            pass
    app.closed('Preferences')
    app.front()


def act(whose, action):
    """Opens one key's row and presses Return on what can be done with it."""
    open_keys()
    app.tab_to(whose)
    uit.keys('Return')
    app.tab_to(action)
    uit.keys('Return')


def window_with(words):
    """The window of the program in which this is to be seen."""
    def look():
        app.root.clear_cache()
        children = [app.root.get_child_at_index(i) for i in range(app.root.get_child_count())]
        return [child for child in children if child and any(words in uit.name(node) for node in window.there(child))]
    return uit.eventually(look, f'a window with {words!r}', 20)[-1]


def passphrases():
    """The two entries for a new passphrase, and the button below."""
    root = window_with('Export the Secret Key?')
    first, second = (uit.find(root, 'entry', words) for words in ('Passphrase', 'Passphrase Again'))
    return first, second, uit.find(root, 'button', 'Save')


def arrived(name):
    """Waits for a file that is saved: it appears whole. What is said of it goes after some seconds."""
    uit.eventually(lambda: os.path.exists(exported(name)), name, 60)


def save_public(whose, name):
    """Saves a public key by the preferences."""
    act(whose, 'Export Public Key')
    window.choose(exported(name), title='Save the Public Key')
    arrived(name)
    close_preferences()


def encrypted_for(name, *who):
    """A file dropped now has these recipients' key ids, and the authority's."""
    path = people.put(path_of(name), f'for {name}\n'.encode())
    app.hand_over(path)
    app.row(name, 'Encrypted')
    found = [line.rpartition('keyid ')[2] for line in authority.packets(path + '.gpg').splitlines() if ':pubkey enc packet:' in line]
    assert sorted(found) == sorted([*who, authority.subkeys()[0]]), (found, who)
    return path + '.gpg'


def subkey_of(path):
    """Key id of the encryption subkey in a key file."""
    return next(fields[4] for kind in ('sub', 'ssb') for fields in records(path, kind) if 'e' in fields[11])


def export_public():
    """The public key is saved where it was said, whole, and with nothing secret in it."""
    save_public('Ada Owner', 'ada.asc')
    assert [fields[9] for fields in records(exported('ada.asc'), 'fpr')][0] == ada.fingerprint
    assert not records(exported('ada.asc'), 'sec')
    encrypted_for('first.txt', subkey_of(exported('ada.asc')))


def export_refused():
    """A passphrase that is short, or differs the second time, can't be saved with; Escape saves nothing."""
    act('Ada Owner', 'Export Secret Key')
    first, second, save = passphrases()
    for one, other, words in ('short', 'short', 'At least 10'), (PASSPHRASE, PASSPHRASE[:-1], 'not the same'):
        uit.set_text(first, one)
        uit.set_text(second, other)
        app.see(words)
        assert 'sensitive' not in uit.states(save), words
    uit.keys('Escape')
    uit.eventually(lambda: not app.sees('Export the Secret Key?'), 'the end of the question')
    close_preferences()
    assert people.names(EXPORTS) == ['ada.asc']


def export_secret():
    """The secret key is saved under the passphrase, for nobody else to read; stock gpg takes it, and opens files with it."""
    act('Ada Owner', 'Export Secret Key')
    first, second, save = passphrases()
    uit.set_text(first, PASSPHRASE)
    uit.set_text(second, PASSPHRASE)
    app.see('Both are the same')
    uit.click(save)
    window.choose(exported('ada-secret.asc'), title='Save the Secret Key')
    arrived('ada-secret.asc')
    close_preferences()
    assert stat.S_IMODE(os.stat(exported('ada-secret.asc')).st_mode) == 0o600
    stock = people.Gpg('ada')
    stock.run(*unlocked('--import', exported('ada-secret.asc')))
    wrong = stock.run('--pinentry-mode', 'loopback', '--passphrase', 'not this one', '--decrypt', path_of('first.txt.gpg'), status=None)
    assert wrong.returncode != 0 and wrong.stdout == b'', 'it opened with another passphrase'
    assert stock.run(*unlocked('--decrypt', path_of('first.txt.gpg'))).stdout == b'for first.txt\n'


def extend():
    """Two years from now: so says stock gpg of the primary key and of every subkey, when the public key is saved again."""
    act('Ada Owner', 'Extend')
    app.see('Extend the Key?')
    uit.keys('Escape')
    uit.eventually(lambda: not app.sees('Extend the Key?'), 'the end of the question')
    close_preferences()
    act('Ada Owner', 'Extend')
    app.see('Extend the Key?')
    # The choice has the keyboard; GTK 4.8 gives no name to the part of it that has.
    for key in 'space', 'Down', 'Return':
        uit.keys(key)
        time.sleep(0.5)
    app.press('Extend')
    app.see('valid until', seconds=60)
    close_preferences()
    save_public('Ada Owner', 'ada-2.asc')
    now = time.gmtime()
    until = calendar.timegm((now.tm_year + 2, *now[1:6]))
    ends = [int(fields[6] or 0) for kind in ('pub', 'sub') for fields in records(exported('ada-2.asc'), kind)]
    assert len(ends) > 1 and all(abs(end - until) < 2 * 86400 for end in ends), (ends, until)


def import_refused():
    """A key file needs its passphrase: another one is told, and nothing is imported."""
    older.run(*unlocked('--quick-generate-key', OLDER, 'ed25519', 'sign', 'never'))
    fingerprint = next(fields[9] for fields in (line.split(':') for line in older.run('--with-colons', '--list-keys')
                                                .stdout.decode().splitlines()) if fields[0] == 'fpr')
    older.run(*unlocked('--quick-add-key', fingerprint, 'cv25519', 'encrypt', 'never'))
    people.put(exported('older.asc'), older.run(*unlocked('--armor', '--export-secret-keys', fingerprint)).stdout)
    open_keys()
    app.tab_to('Another Key')
    uit.keys('Return')
    app.wait_focus('Create a New Key')
    app.tab_to('Import a Key File')
    uit.keys('Return')
    window.choose(exported('older.asc'), title='Import a Key File')
    root = window_with('Ways to get a key')
    entry = uit.find(root, 'entry', 'Passphrase of the Key File', 20)
    uit.set_text(entry, 'not this one')
    uit.click(uit.find(root, 'button', 'Import Key'))
    uit.eventually(lambda: uit.find_all(root, None, 'passphrase is wrong'), 'the refusal', 60)
    assert len(ada.json('key', 'list')['keys']) == 1


def imported():
    """With the right one it is imported. Chosen, files are for it from now on, and stock gpg opens them with the old key."""
    root = window_with('Ways to get a key')
    uit.set_text(uit.find(root, 'entry', 'Passphrase of the Key File'), PASSPHRASE)
    uit.click(uit.find(root, 'button', 'Import Key'))
    app.closed('Another Key', 60)
    close_preferences()
    if not app.sees('Ada Older (you)'):
        act('Ada Older', 'Use This Key')
        close_preferences()
    app.see('Ada Older (you)')
    path = encrypted_for('second.txt', subkey_of(exported('older.asc')))
    assert older.run(*unlocked('--decrypt', path)).stdout == b'for second.txt\n'


def still_opens():
    """What was encrypted to the key before is opened, whichever is in use."""
    if os.path.exists(path_of('first.txt')):
        os.unlink(path_of('first.txt'))
    app.hand_over(path_of('first.txt.gpg'))
    app.row('first.txt.gpg', 'Opened')
    assert people.get(path_of('first.txt')) == b'for first.txt\n'


def use():
    """"Use This Key" goes back to the other one."""
    act('Ada Owner', 'Use This Key')
    close_preferences()
    app.see('Ada Owner (you)')
    encrypted_for('third.txt', subkey_of(exported('ada.asc')))


def revoke():
    """Escape revokes nothing. Revoked, stock gpg says so of the saved key; it can't be used, and still opens what it opened."""
    act('Ada Older', 'Revoke')
    app.see('Revoke the Key of Ada Older?')
    uit.keys('Escape')
    uit.eventually(lambda: not app.sees('Revoke the Key of'), 'the end of the question')
    assert not app.sees('keyring, revoked')
    close_preferences()
    act('Ada Older', 'Revoke')
    app.see('Revoke the Key of Ada Older?')
    app.press('Revoke Key')
    app.see('keyring, revoked', seconds=60)
    close_preferences()
    save_public('Ada Older', 'older-revoked.asc')
    reader.run('--import', exported('older-revoked.asc'))
    listing = reader.run('--with-colons', '--list-keys', OLDER).stdout.decode()
    assert [line.split(':')[1] for line in listing.splitlines() if line.startswith(('pub:', 'sub:'))] == ['r', 'r'], listing
    act('Ada Older', 'Use This Key')
    app.see('Nothing can be encrypted to this key')
    close_preferences()
    os.unlink(path_of('second.txt'))
    app.hand_over(path_of('second.txt.gpg'))
    app.row('second.txt.gpg', 'Opened')
    assert people.get(path_of('second.txt')) == b'for second.txt\n'


def delete():
    """Escape deletes nothing. Deleted, the key is in no list any more, and what it opened is told to need it."""
    act('Ada Older', 'Delete')
    app.see('Delete the Key of Ada Older?')
    uit.keys('Escape')
    uit.eventually(lambda: not app.sees('Delete the Key of'), 'the end of the question')
    close_preferences()
    assert len(ada.json('key', 'list')['keys']) == 2
    act('Ada Older', 'Delete')
    app.see('Delete the Key of Ada Older?')
    app.press('Delete Key')
    uit.eventually(lambda: len(ada.json('key', 'list')['keys']) == 1, 'the end of the key', 60)
    close_preferences()
    assert [key['fingerprint'] for key in ada.json('key', 'list')['keys']] == [ada.fingerprint]
    app.clear()
    os.unlink(path_of('second.txt'))
    app.hand_over(path_of('second.txt.gpg'))
    uit.eventually(lambda: any('second.txt.gpg' in row and 'Opened' not in row and 'Waiting' not in row for row in app.rows()),
                   'the refusal')
    assert not os.path.exists(path_of('second.txt'))


def removed_from_list():
    """The row's menu takes a row off the list; the file stays."""
    app.clear()
    path = encrypted_for('listed.txt', subkey_of(exported('ada.asc')))
    app.front()
    window.to_page(app, 'Files')
    app.tab_to('Show in Files')
    uit.keys('shift+F10')
    item = window.menu_item(app, 'Remove from List', 3)
    uit.click(item)
    uit.eventually(lambda: not any('listed.txt' in row for row in app.rows()), 'the end of the row')
    assert os.path.exists(path)


def key_from_outside():
    """Another key chosen by the command line is in use in the open window, and files are for it."""
    second = ada.create('Ada Second', 'second@example.org')
    app.see('Ada Second (you)')
    people.put(exported('second.asc'), ada.run('key', 'export', second).stdout)
    encrypted_for('outside.txt', subkey_of(exported('second.asc')))
    ada.run('key', 'use', ada.fingerprint)
    app.see('Ada Owner (you)')
    encrypted_for('back.txt', subkey_of(exported('ada.asc')))


def authority_from_outside():
    """Another authority trusted by the command line holds in the open window: the next file is for it, and not for the old one."""
    global authority
    authority = people.Authority('successor')
    ada.trust(authority)
    app.see('ACME Backup Authority successor')
    path = encrypted_for('successor.txt', subkey_of(exported('ada.asc')))
    assert authority.decrypt(path) == b'for successor.txt\n'


def end_from_outside():
    """A key revoked by the command line is not encrypted to by the open window; the file is left as it was."""
    ada.run('key', 'revoke', ada.fingerprint)
    app.clear()
    path = people.put(path_of('late.txt'))

    def refused():
        rows = [row for row in app.rows() if 'late.txt' in row]
        return rows and 'Waiting' not in rows[0] and rows[0]
    app.hand_over(path)
    row = uit.eventually(refused, 'the refusal', 30)
    assert 'Encrypted' not in row, row
    assert people.get(path) == b'a letter\n' and not os.path.exists(path + '.gpg')
    app.end()


tap.run(export_public, export_refused, export_secret, extend, import_refused, imported, still_opens, use, revoke, delete,
        removed_from_list, key_from_outside, authority_from_outside, end_from_outside)
