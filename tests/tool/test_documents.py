# SPDX-License-Identifier: GPL-3.0-or-later
"""What scripts lean on: the JSON documents' fields, the exit statuses, options anywhere, and what the demo leaves."""

import os
import signal
import subprocess
import sys
import time

import owner as people
import tap

ada, authority = people.begin(sys.argv[1])
WORK = people.folder('documents')


def has(entry, **fields):
    """ENTRY has each of FIELDS, of that type (or one of those)."""
    for name, kinds in fields.items():
        name = name.replace('_', '-')
        assert name in entry, f'{name} is not in {entry}'
        assert isinstance(entry[name], kinds), f'{name} in {entry}'


def fields():
    """Every command's document has the fields that were promised."""
    text, nothing = (str,), (str, type(None))
    key, = ada.json('key', 'list')['keys']
    has(key, fingerprint=text, user_ids=(list,), source=text, default=(bool,))
    for document in ada.json('escrow', 'status'), ada.trust(authority):
        has(document, authority=(dict,), mode=text)
        has(document['authority'], fingerprint=text, subkey=text, user_id=text, state=text)
    path = people.put(os.path.join(WORK, 'letter'))
    done = ada.result('encrypt', path)
    has(done, input=text, output=text, status=text, file_id=text, serial=text)
    assert 'error' not in done or done['error'] is None
    failed = ada.result('encrypt', path, status=1)
    has(failed, input=text, output=nothing, status=text, file_id=nothing, serial=nothing, error=(dict,))
    has(failed['error'], code=text, message=text)
    packet, = ada.json('escrow', 'list')['packets']
    has(packet, serial=text, state=text, file_id=text, name=text, created=text)
    assert len(packet['file-id']) == 32 and packet['created'].endswith('Z'), packet
    assert ada.json('escrow', 'list', '--state', 'exported')['packets'] == []
    file, = ada.json('inspect', path + '.gpg')['files']
    has(file, path=text, file_id=text, format=text, recipients=(list,), escrow=text)
    assert file['file-id'] == done['file-id'] == packet['file-id']
    for recipient in file['recipients']:
        has(recipient, keyid=text, fingerprint=nothing, role=text, algorithm=text)
    os.unlink(path)
    back = ada.result('decrypt', path + '.gpg')
    has(back, input=text, output=text, status=text, file_id=text)
    assert back['file-id'] == done['file-id']
    # Files that can't be inspected stand in the document beside those that can.
    files = ada.json('inspect', path + '.gpg', path, os.path.join(WORK, 'missing'), status=1)['files']
    assert [os.path.basename(file['path']) for file in files] == ['letter.gpg', 'letter', 'missing'], files
    has(files[2]['error'], code=text, message=text)


def options_anywhere():
    """Options may stand anywhere, and -- ends them."""
    path = people.put(os.path.join(WORK, 'anywhere'))
    for words in (('--json', 'escrow', 'status'), ('escrow', '--json', 'status'), ('escrow', 'status', '--json')):
        assert 'authority' in people.json.loads(ada.run(*words).stdout), words
    for number, words in enumerate((('encrypt', path, '--output'), ('encrypt', path, '--json', '--output'))):
        ada.run(*words, f'{path}.{number}')
    ada.run('encrypt', '--on-conflict=rename', '--output-dir', WORK, path)
    # Before the command too, values and all: even one that is itself the name of a command.
    ada.run('--output', f'{path}.before', '--escrow', 'embedded', '--json', 'encrypt', path)
    assert os.path.exists(f'{path}.before')
    ada.run('--output', 'decrypt', 'encrypt', '--sign', path, cwd=WORK)
    assert os.path.exists(os.path.join(WORK, 'decrypt'))
    ada.run('escrow', '--output', f'{path}.packet', 'packet', f'{path}.before')
    assert os.path.getsize(f'{path}.packet')
    ada.run('encrypt', '--json', '--', '--json', cwd=WORK, status=1)
    people.put(os.path.join(WORK, '--json'))
    ada.run('encrypt', '--', '--json', cwd=WORK)
    assert os.path.exists(os.path.join(WORK, '--json.gpg'))


def wrong_use():
    """Wrong use is exit 2, in words on stderr and as a document, before anything is done."""
    path = os.path.join(WORK, 'letter')
    with people.Unharmed(people.SESSION + '/work'):
        for words in ((), ('nothing',), ('key',), ('key', 'nothing'), ('encrypt',), ('decrypt',), ('inspect',),
                      ('encrypt', '--nothing', path), ('encrypt', '--escrow', 'maybe', path), ('encrypt', '--on-conflict', path),
                      ('encrypt', '--on-conflict', 'maybe', path), ('escrow', 'packet', path), ('escrow', 'list', 'x'),
                      ('key', 'list', 'x'), ('escrow', 'trust', path), ('demo', 'x'), ('escrow', 'list', '--state', 'x'),
                      ('recipient', 'import'), ('recipient', 'remove', 'x'), ('key', 'export', 'x'),
                      ('key', 'import', path, '--passphrase-fd', 'x')):
            done = ada.run(*words, status=2)
            assert done.stderr and not done.stdout, words
            if len(words) > 1 and words[-1] != 'nothing':
                error = people.json.loads(ada.run(*words, '--json', status=2).stdout)['error']
                assert error['code'] == 'usage' and error['message'], error
    for words in ('help',), ('--help',):
        assert b'encrypt' in ada.run(*words).stdout
    assert ada.run('--version').stdout.startswith(b'sparekey-tool ')


def not_set_up():
    """Without a key: exit 3, one error for all files, and nothing is made of it."""
    home = people.folder('nobody')
    nobody = {name: os.path.join(home, name) for name in ('XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME')}
    # A keyring of his own would be needed to have no key: so no keyring service knows him.
    nobody['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=/nonexistent'
    path = people.put(os.path.join(WORK, 'nobody'))
    with people.Unharmed(WORK):
        for command in 'encrypt', 'decrypt':
            done = ada.run('--json', command, path, environment=nobody, status=None)
            assert done.returncode in (3, 7), done
            assert people.json.loads(done.stdout)['error']['message'], done
    subprocess.run(['gpgconf', '--homedir', os.path.join(home, 'XDG_DATA_HOME', 'sparekey', 'gnupg'), '--kill', 'all'],
                   check=False, capture_output=True)


def output_gone():
    """Results that can't be said are an error, but the work is done."""
    path = people.put(os.path.join(WORK, 'full'))
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([ada.tool, 'encrypt', '--json', path], env=ada.environment, stdout=full, stderr=subprocess.PIPE,
                              check=False)
    assert done.returncode == 1 and os.path.exists(path + '.gpg'), done


def interrupt(path, number):
    """Interrupts the tool at its work; after how many seconds it ended."""
    tool = subprocess.Popen([ada.tool, 'encrypt', '--json', path], env=ada.environment, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not any(name.startswith(WORK) for name in people.open_files(tool.pid)):
        assert time.monotonic() < deadline and tool.poll() is None, 'it never began'
    tool.send_signal(number)
    began = time.monotonic()
    said, _ = tool.communicate(timeout=120)
    took = time.monotonic() - began
    assert tool.returncode == 130, (tool.returncode, said)
    assert people.json.loads(said)['results'][0]['error']['code'] == 'cancelled', said
    return took


def interrupted():
    """Interrupted, it ends within three seconds with 130, and nothing is left of the work."""
    path = os.path.join(WORK, 'large')
    with open(path, 'wb') as stream:
        stream.truncate(4 << 30)
    packets = len(ada.json('escrow', 'list')['packets'])
    with people.Unharmed(WORK):
        for number in signal.SIGINT, signal.SIGTERM:
            # A busy machine spoils one try or another.
            assert any(interrupt(path, number) < 3 for _ in range(5)), f'it takes more than 3 s to end after {number!r}'
    os.unlink(path)
    assert len(ada.json('escrow', 'list')['packets']) == packets
    assert people.our_processes() == [], people.our_processes()


tap.run(fields, options_anywhere, wrong_use, not_set_up, output_gone, interrupted)
