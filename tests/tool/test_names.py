# SPDX-License-Identifier: GPL-3.0-or-later
"""File names are data: whatever octets they hold, the file goes in and comes back, and nothing of it steers a terminal."""

import base64
import os
import sys

import owner as people
import tap

ada, authority = people.begin(sys.argv[1])
# Each a name that some program somewhere took for something else.
NAMES = [
    b'two  spaces and one at the end ',
    b'new\nline',
    b'tab\tand\rreturn',
    b'-r',
    b'--output',
    b'--',
    b'%s%n',
    b'<b>bold<i>&amp;',
    'gnp.\u202exe'.encode(),
    b'not utf-8 \xff\xfe\x80',
    b'\x1b]0;title\x07\x1b[31mred',
    b'.hidden',
    b'..two dots',
    b'ends with a dot.',
    b'$(touch evil)`touch evil`;touch evil|cat',
    b'"quotes" and \'others\'\\backslash',
    b'*?[a]',
    '\u00e9 composed and e\u0301 not'.encode(),
    b'file://host/%41'.replace(b'/', b'_'),
    b'x' * 251,
]


def round_trip(files, title):
    """Encrypts FILES, named as on the command line, decrypts them elsewhere, and compares."""
    work, back = people.folder(title), people.folder(title + '-back')
    for name, content in files.items():
        people.put(os.path.join(os.fsencode(work), name), content)
    encrypted = [name + b'.gpg' for name in files]
    with people.Unharmed(work, new=encrypted):
        people.readable(ada.run(b'encrypt', b'--', *files, cwd=work))
    for name, content in files.items():
        assert authority.decrypt(os.path.join(os.fsencode(work), name + b'.gpg')) == content, name
    with people.Unharmed(work):
        people.readable(ada.run(b'decrypt', b'--output-dir', os.fsencode(back), b'--', *encrypted, cwd=work))
    assert sorted(os.listdir(os.fsencode(back))) == sorted(files), os.listdir(os.fsencode(back))
    for name, content in files.items():
        assert people.get(os.path.join(os.fsencode(back), name)) == content, name


def every_name():
    """Every name comes back as it was, and is shown without signs that steer a terminal."""
    round_trip({name: b'content of ' + name for name in NAMES}, 'names')


def small_files():
    """Empty files and files of one octet come back as they were."""
    round_trip({b'empty': b'', b'one': b'\n'}, 'small')


def json_names():
    """In JSON a name is UTF-8, and one that isn't is given whole beside it."""
    work = os.fsencode(people.folder('json'))
    odd = os.path.join(work, b'odd \xff.txt')
    people.put(odd)
    result = ada.result('encrypt', odd)
    assert base64.b64decode(result['path-bytes']) == odd, result
    assert result['input'].endswith('odd \\xFF.txt'), result
    assert base64.b64decode(result['output-bytes']) == odd + b'.gpg', result
    file = ada.json('inspect', odd + b'.gpg')['files'][0]
    assert base64.b64decode(file['path-bytes']) == odd + b'.gpg', file
    packet = ada.json('escrow', 'list')['packets'][-1]
    assert any(base64.b64decode(entry.get('path-bytes', '')) == b'odd \xff.txt'
               for entry in ada.json('escrow', 'list')['packets']), packet
    plain = os.path.join(work, b'plain')
    people.put(plain)
    assert 'path-bytes' not in ada.result('encrypt', plain)


def json_steers_nothing():
    """A JSON document on a terminal steers it no more than the plain words do."""
    work = people.folder('json-terminal')
    path = people.put(os.path.join(work, 'gnp.\u202e\x1b[31m\u009b31m\u2066xe'))
    done = ada.run('--json', 'encrypt', path)
    people.readable(done)
    people.readable(ada.run('--json', 'inspect', path + '.gpg'))
    people.readable(ada.run('--json', 'escrow', 'list'))
    assert ada.json('inspect', path + '.gpg')['files'][0]['path'] == path + '.gpg'


def wrong_use_steers_nothing():
    """A word that is no option is said back without signs that steer a terminal."""
    people.readable(ada.run('encrypt', '--\x1b[31m\u202eoption', 'x', status=2))
    people.readable(ada.run('escrow', 'list', '--state', '\x1b[31m', status=2))
    people.readable(ada.run('\x1b[31mcommand', status=2))
    people.readable(ada.run('encrypt', '\x1b[31m\u202emissing', status=1))
    people.readable(ada.run('inspect', '\x1b[31m\u202emissing', status=1))
    people.readable(ada.run('key', 'import', '\x1b[31m\u202emissing', status=1))
    people.readable(ada.run('recipient', 'import', '\x1b[31m\u202emissing', status=1))
    people.readable(ada.run('encrypt', '--output-dir', '\x1b[31m\u202emissing', 'x', status=2))


def too_long():
    """A name that has no room for its ending is a clear error, and nothing is left."""
    for length in 252, 255:
        work = people.folder(f'long{length}')
        path = people.put(os.path.join(work, 'x' * length))
        with people.Unharmed(work):
            result = ada.result('encrypt', path, status=1)
        assert result['error']['code'] == 'name-too-long', result
        # Under a shorter name it goes.
        assert ada.result('encrypt', '--output', os.path.join(work, 'short.gpg'), path)['status'] == 'done'
        back = ada.result('decrypt', os.path.join(work, 'short.gpg'))
        assert people.get(back['output']) == people.get(path)


def no_name():
    """An empty name, and names of nothing, are errors in words."""
    work = people.folder('no-name')
    people.put(os.path.join(work, 'file'))
    for command in 'encrypt', 'decrypt', 'inspect':
        with people.Unharmed(people.SESSION + '/work'):
            for word in 'missing', 'missing/', 'file/below':
                done = ada.run(command, word, cwd=work, status=1)
                assert word.split('/', maxsplit=1)[0] in people.readable(done), done
            # What a script says when its variable is unset must not mean the current folder.
            ada.run(command, 'file', '', cwd=work, status=2)


tap.run(every_name, small_files, json_names, json_steers_nothing, wrong_use_steers_nothing, too_long, no_name)
