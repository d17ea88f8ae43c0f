# SPDX-License-Identifier: GPL-3.0-or-later
"""What is no ordinary file, can't be read or written, or is in the way: right or a clear error, and nothing is harmed."""

import os
import shutil
import socket
import subprocess
import sys
import time

import owner as people
import tap

ada, authority = people.begin(sys.argv[1])
LETTER = b'Dear Ben\n'


def serials():
    """The packets in the outbox."""
    return {packet['serial'] for packet in ada.json('escrow', 'list')['packets']}


def refused(code, *words, status=1, **more):
    """One file is refused for the reason CODE, in words that can be read; returns them."""
    done = ada.run('--json', *words, status=status, **more)
    result = people.json.loads(done.stdout)['results'][0]
    people.readable(done)
    assert result['status'] == 'failed' and result['error']['code'] == code, result
    assert result['serial'] is None and result['output'] is None, result
    return result['error']['message']


class WithoutRights(people.Owner):
    """Ada, bound to the rights of files even where the tests run as root."""

    def __init__(self, person):
        super().__init__(person.tool)
        self.rights = ['setpriv', '--bounding-set', '-dac_override,-dac_read_search', '--inh-caps', '-all', '--'] \
            if os.getuid() == 0 else []

    def run(self, *words, status=0, **more):
        """As Owner.run()."""
        done = subprocess.run([*self.rights, self.tool, *words], capture_output=True, check=False, env=self.environment,
                              timeout=300, **more)
        assert done.returncode == status, f'{words}: exit {done.returncode}, not {status}\n{done.stderr.decode()}'
        return done


def no_files():
    """Pipes, sockets and devices are refused at once, for encryption, decryption and inspection."""
    work = people.folder('no-files')
    os.mkfifo(os.path.join(work, 'pipe'))
    server = socket.socket(socket.AF_UNIX)
    server.bind(os.path.join(work, 'socket'))
    os.symlink('pipe', os.path.join(work, 'link'))
    before = serials()
    with people.Unharmed(work):
        for name in 'pipe', 'socket', 'link', '/dev/zero':
            for command in 'encrypt', 'decrypt':
                refused('not-a-file', command, '--output-dir', work, os.path.join(work, name), timeout=20)
            ada.run('inspect', os.path.join(work, name), status=1, timeout=10)
    assert serials() == before


def links():
    """A link to a file is followed, and the result lies beside the link; a link to nothing is an error."""
    work, there = people.folder('links'), people.folder('links-there')
    people.put(os.path.join(there, 'letter'), LETTER)
    os.symlink(os.path.join(there, 'letter'), os.path.join(work, 'link'))
    with people.Unharmed(work, there, new=['link.gpg']):
        result = ada.result('encrypt', os.path.join(work, 'link'))
    assert result['output'] == os.path.join(work, 'link.gpg')
    assert authority.decrypt(result['output']) == LETTER
    os.symlink('nowhere', os.path.join(work, 'dangling'))
    os.symlink('loop', os.path.join(work, 'loop'))
    with people.Unharmed(work, there):
        refused('not-a-file', 'encrypt', os.path.join(work, 'dangling'))
        refused('not-a-file', 'encrypt', os.path.join(work, 'loop'))
        refused('not-found', 'encrypt', os.path.join(work, 'missing'))
    # A link to a folder: the folder goes, under the link's name.
    os.symlink(there, os.path.join(work, 'folder'))
    with people.Unharmed(work, there, new=['folder.tar.gpg']):
        ada.run('encrypt', os.path.join(work, 'folder'))
    back = people.folder('links-back')
    ada.run('decrypt', '--output-dir', back, os.path.join(work, 'folder.tar.gpg'))
    assert people.get(os.path.join(back, 'folder', 'letter')) == LETTER


def rights():
    """A file or folder that may not be read, and a folder that may not be written to, are told; nothing is left."""
    bound = WithoutRights(ada)
    work = people.folder('rights')
    secret = people.put(os.path.join(work, 'secret'), LETTER)
    encrypted = ada.result('encrypt', secret)['output']
    os.mkdir(os.path.join(work, 'closed'))
    people.put(os.path.join(work, 'closed', 'letter'), LETTER)
    os.makedirs(os.path.join(work, 'partly', 'closed'))
    people.put(os.path.join(work, 'partly', 'unreadable'), LETTER)
    os.mkdir(os.path.join(work, 'read-only'))
    inside = people.put(os.path.join(work, 'read-only', 'letter'), LETTER)
    closed = [secret, os.path.join(work, 'closed'), os.path.join(work, 'partly', 'closed'),
              os.path.join(work, 'partly', 'unreadable')]
    for path in closed:
        os.chmod(path, 0)
    os.chmod(os.path.join(work, 'read-only'), 0o500)
    before = serials()
    try:
        with people.Unharmed(work):
            for name in 'secret', 'closed', 'closed/letter', 'partly':
                result = bound.result('encrypt', os.path.join(work, name), status=1)
                assert result['error']['code'] == 'permission-denied', result
            # A folder is refused whole, but told which file it was.
            assert 'closed' in result['error']['message'] or 'unreadable' in result['error']['message'], result
            result = bound.result('encrypt', inside, status=1)
            assert result['error']['code'] == 'permission-denied', result
            result = bound.result('decrypt', '--output-dir', os.path.join(work, 'read-only'), encrypted, status=1)
            assert result['error']['code'] == 'permission-denied', result
        # The result may go elsewhere.
        assert bound.result('encrypt', '--output-dir', people.folder('rights-out'), inside)['status'] == 'done'
        assert len(serials()) == len(before) + 1
    finally:
        for path in closed:
            os.chmod(path, 0o700)


def several():
    """Of several files those that can be encrypted are; the exit status tells whether all failed, and alike."""
    work = people.folder('several')
    paths = [people.put(os.path.join(work, name), LETTER) for name in ('a', 'b', 'c')]
    os.mkfifo(os.path.join(work, 'pipe'))
    before = serials()
    with people.Unharmed(work, new=['a.gpg', 'b.gpg', 'c.gpg']):
        results = ada.json('encrypt', *paths[:2], os.path.join(work, 'pipe'), paths[2], os.path.join(work, 'missing'),
                           status=1)['results']
    assert [result['status'] for result in results] == ['done', 'done', 'failed', 'done', 'failed'], results
    assert [result['input'] for result in results] == [paths[0], paths[1], os.path.join(work, 'pipe'), paths[2],
                                                       os.path.join(work, 'missing')]
    assert len(serials() - before) == 3
    # The same file given thrice, in three ways, is one job.
    people.put(os.path.join(work, 'd'))
    with people.Unharmed(work, new=['d.gpg']):
        results = ada.json('encrypt', 'd', './d', os.path.join(work, 'd'), cwd=work)['results']
    assert len(results) == 1 and results[0]['input'] in ('d', './d', os.path.join(work, 'd')), results


def all_alike():
    """When all fail for one reason, the exit status is that reason's."""
    work = people.folder('alike')
    for name in 'damaged', 'also':
        content = people.get(ada.result('encrypt', people.put(os.path.join(work, name), LETTER))['output'])
        people.put(os.path.join(work, name + '.gpg'), content[:-3] + b'abc')
        os.unlink(os.path.join(work, name))
    stranger = people.Authority('stranger', subkeys=1)
    for name in 'his', 'hers':
        stranger.run('--trust-model', 'always', '--recipient', stranger.fingerprint, '--output',
                     os.path.join(work, name + '.gpg'), '--encrypt', people.put(os.path.join(work, 'plain'), LETTER))
    os.unlink(os.path.join(work, 'plain'))

    def paths(*found):
        return [os.path.join(work, name + '.gpg') for name in found]
    with people.Unharmed(work):
        ada.run('decrypt', *paths('damaged', 'also'), status=6)
        ada.run('decrypt', *paths('his', 'hers'), status=5)
        ada.run('decrypt', *paths('his', 'damaged'), status=1)
        ada.run('decrypt', *paths('his', 'missing'), status=1)


def make_obstacle(kind, path):
    """Puts something of KIND at PATH."""
    if kind == 'file':
        people.put(path, b'old')
    elif kind == 'folder':
        os.mkdir(path)
        people.put(os.path.join(path, 'inside'), b'old')
    elif kind == 'empty-folder':
        os.mkdir(path)
    elif kind == 'link':
        people.put(path + '-target', b'old')
        os.symlink(os.path.basename(path) + '-target', path)
    elif kind == 'dangling':
        os.symlink('nowhere', path)
    elif kind == 'pipe':
        os.mkfifo(path)


def obstacles():
    """What is in the way stays as it is, unless it is a file that may be replaced; another name is found if wished."""
    before = serials()
    done = 0
    for kind in 'file', 'folder', 'empty-folder', 'link', 'dangling', 'pipe':
        work = people.folder('obstacle-' + kind)
        path = people.put(os.path.join(work, 'letter.txt'), LETTER)
        make_obstacle(kind, path + '.gpg')
        with people.Unharmed(work):
            message = refused('exists', 'encrypt', path, timeout=20)
            assert 'letter.txt.gpg' in message, message
        with people.Unharmed(work, new=['letter.txt (2).gpg', 'letter (2).txt.gpg']):
            result = ada.result('encrypt', '--on-conflict', 'rename', path, timeout=20)
        assert authority.decrypt(result['output']) == LETTER
        done += 1
        os.unlink(result['output'])
        if kind != 'file':
            with people.Unharmed(work):
                refused('exists', 'encrypt', '--on-conflict', 'replace', path, timeout=20)
            continue
        result = ada.result('encrypt', '--on-conflict', 'replace', path)
        done += 1
        assert people.get(path) == LETTER and result['output'] == path + '.gpg'
        assert authority.decrypt(path + '.gpg') == LETTER
    assert len(serials() - before) == done, 'each file that is there has a packet, and no other'


def decrypted_obstacles():
    """The same holds for what is decrypted, for files and for folders."""
    work = people.folder('back-obstacles')
    path = people.put(os.path.join(work, 'letter'), LETTER)
    encrypted = ada.result('encrypt', path)['output']
    people.put(path, b'another')
    with people.Unharmed(work):
        refused('exists', 'decrypt', encrypted)
    with people.Unharmed(work, new=['letter (2)']):
        assert people.get(ada.result('decrypt', '--on-conflict', 'rename', encrypted)['output']) == LETTER
    ada.run('decrypt', '--on-conflict', 'replace', encrypted)
    assert people.get(path) == LETTER

    folder = os.path.join(work, 'folder')
    os.mkdir(folder)
    people.put(os.path.join(folder, 'a'), LETTER)
    archive = ada.result('encrypt', folder)['output']
    people.put(os.path.join(folder, 'b'), b'only here')
    with people.Unharmed(work):
        refused('exists', 'decrypt', archive)
    with people.Unharmed(work, new=['folder (2)']):
        result = ada.result('decrypt', '--on-conflict', 'rename', archive)
    assert people.names(result['output']) == ['a']
    shutil.rmtree(folder)
    os.symlink('nowhere', folder)
    with people.Unharmed(work):
        refused('exists', 'decrypt', archive)


def outputs():
    """--output and --output-dir: exactly there; a folder that is missing is wrong use; never over the input."""
    work, out = people.folder('outputs'), people.folder('outputs-there')
    path = people.put(os.path.join(work, 'letter'), LETTER)
    with people.Unharmed(work, out):
        ada.run('encrypt', '--output-dir', os.path.join(out, 'missing'), path, status=2)
        ada.run('encrypt', '--output-dir', path, path, status=2)
        ada.run('encrypt', '--output-dir', out, '--output', os.path.join(out, 'x'), path, status=2)
        ada.run('encrypt', '--output', os.path.join(out, 'x'), path, path + '2', status=2)
        refused('not-found', 'encrypt', '--output', os.path.join(out, 'missing', 'x'), path)
        ada.result('encrypt', '--output', out, path, status=1)
        ada.result('encrypt', '--output', out + '/', path, status=1)
        for conflict in 'fail', 'replace':
            ada.result('encrypt', '--on-conflict', conflict, '--output', path, path, status=1)
            ada.result('encrypt', '--on-conflict', conflict, '--output', 'letter', './letter', cwd=work, status=1)
    with people.Unharmed(work, out, new=['x', 'letter.gpg']):
        assert os.path.join(out, ada.result('encrypt', '--output', 'x', path, cwd=out)['output']) == os.path.join(out, 'x')
        ada.run('encrypt', '--output-dir', out, path)
    encrypted = os.path.join(out, 'letter.gpg')
    with people.Unharmed(work, out):
        for conflict in 'fail', 'replace':
            ada.result('decrypt', '--on-conflict', conflict, '--output', encrypted, encrypted, status=1)


def folder_goes():
    """The folder of the result is taken away meanwhile: an error, the original stays, and no packet is left behind."""
    work = people.folder('goes')
    path = os.path.join(work, 'big')
    with open(path, 'wb') as stream:
        stream.truncate(600 << 20)
    out = people.folder('goes-out')
    before = serials()
    tool = subprocess.Popen([ada.tool, '--json', 'encrypt', '--output-dir', out, path], env=ada.environment,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not any(path.startswith(out + '/') for path in people.open_files(tool.pid)):
        assert time.monotonic() < deadline and tool.poll() is None, 'it never began to write'
    shutil.rmtree(out)
    said, words = tool.communicate(timeout=300)
    result = people.json.loads(said)['results'][0]
    assert tool.returncode == 1 and result['status'] == 'failed', (tool.returncode, said, words)
    assert not os.path.exists(out) and people.names(work) == ['big']
    assert serials() == before


def trash():
    """--trash-original: the original goes to the trash once the result is there, and only then."""
    work = people.folder('trash')
    path = people.put(os.path.join(work, 'letter'), LETTER)
    result = ada.result('encrypt', '--trash-original', path)
    assert result['trashed'] and people.names(work) == ['letter.gpg'], result
    found = [os.path.join(folder, name) for folder, _, files in os.walk(people.SESSION) for name in files
             if name == 'letter' and '/files' in folder and 'Trash' in folder]
    assert [people.get(name) for name in found] == [LETTER], found
    assert authority.decrypt(result['output']) == LETTER
    # It failed: the original stays.
    path = people.put(os.path.join(work, 'second'), LETTER)
    os.mkdir(path + '.gpg')
    with people.Unharmed(work):
        ada.result('encrypt', '--trash-original', path, status=1)
    # A folder too.
    os.mkdir(os.path.join(work, 'folder'))
    people.put(os.path.join(work, 'folder', 'letter'), LETTER)
    assert ada.result('encrypt', '--trash-original', os.path.join(work, 'folder'))['trashed']
    assert people.names(work) == ['folder.tar.gpg', 'letter.gpg', 'second', 'second.gpg']


def nothing_left():
    """No process of ours is left, and nothing hidden."""
    assert people.our_processes() == [], people.our_processes()
    hidden = [os.path.join(folder, name) for folder, _, files in os.walk(os.path.join(people.SESSION, 'work'))
              for name in files if name.startswith('.')]
    assert not hidden, hidden


tap.run(no_files, links, rights, several, all_alike, obstacles, decrypted_obstacles, outputs, folder_goes, trash, nothing_left)
