# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders: one archive that stock programs open too, or each file by itself; what comes back is what went in."""

import io
import os
import subprocess
import sys
import tarfile

import owner as people
import tap

ada, authority = people.begin(sys.argv[1])
WORK = os.path.join(people.SESSION, 'work')
ODD = ['new\nline', '-r', '<b>', 'gnp.\u202exe', b'not utf-8 \xff', ' spaces ', '%s', 'x' * 255, '.hidden']


def make_folder(path):
    """A folder with something of everything that an archive keeps."""
    os.mkdir(path)
    inside = os.path.join(path, 'inside', 'deep', 'deeper')
    os.makedirs(inside)
    os.mkdir(os.path.join(path, 'empty'))
    people.put(os.path.join(path, 'letter'), b'Dear Ben\n')
    people.put(os.path.join(path, 'nothing'), b'')
    people.put(os.path.join(inside, 'script'), b'#!/bin/sh\n')
    os.chmod(os.path.join(inside, 'script'), 0o755)
    people.put(os.path.join(path, 'read-only'), b'!')
    os.chmod(os.path.join(path, 'read-only'), 0o444)
    for name in ODD:
        people.put(os.path.join(os.fsencode(path), os.fsencode(name)), b'odd')
    os.symlink('letter', os.path.join(path, 'link'))
    os.symlink('inside/deep', os.path.join(path, 'link-to-folder'))
    os.symlink('nowhere', os.path.join(path, 'dangling'))
    os.symlink('..', os.path.join(inside, 'up'))
    os.symlink('loop', os.path.join(path, 'loop'))
    os.link(os.path.join(path, 'letter'), os.path.join(path, 'second-name'))
    os.chmod(os.path.join(path, 'inside'), 0o750)
    for name in 'letter', 'inside/deep/deeper/script', 'inside/deep', 'empty':
        os.utime(os.path.join(path, name), ns=(1_000_000_000, 1_234_567_890_000_000_000))
    return path


def round_trip():
    """A folder comes back with its names, modes, times, links and empty folders."""
    work, back = people.folder('round-trip'), people.folder('round-trip-back')
    folder = make_folder(os.path.join(work, 'folder'))
    with people.Unharmed(work, new=['folder.tar.gpg']):
        result = ada.result('encrypt', folder)
    assert result['output'] == folder + '.tar.gpg' and result['left-out'] == 0, result
    with people.Unharmed(work):
        result = ada.result('decrypt', '--output-dir', back, folder + '.tar.gpg')
    assert result['output'] == os.path.join(back, 'folder'), result
    assert people.names(back) == ['folder'], people.names(back)
    there, here = people.tree(back), people.tree(work)
    for name, (kind, mode, time, content) in here.items():
        if name == b'folder.tar.gpg':
            continue
        assert name in there, f'{name} did not come back'
        # A link's own time and mode mean nothing.
        links = kind == 0o120000
        assert there[name][0] == kind and there[name][3] == content, name
        # What was secret until now is not shown to others: the folder itself is the person's alone.
        mode = 0o700 if name == b'folder' else mode
        # A tar archive keeps whole seconds.
        assert links or (there[name][1], (there[name][2] or 0) // 10**9) == (mode, (time or 0) // 10**9), (name, mode, time)
    assert len(there) == len(here) - 1, set(there) - set(here)
    assert os.stat(os.path.join(back, 'folder', 'inside', 'deep')).st_mtime_ns == 1_234_567_890_000_000_000
    # A folder given with a slash at its end is that folder.
    with people.Unharmed(work, new=['x.tar.gpg']):
        ada.run('encrypt', '--output', os.path.join(work, 'x.tar.gpg'), folder + '/')


def stock_programs():
    """gpg and tar, and gpgtar, open what was made of a folder."""
    work = os.path.join(WORK, 'round-trip')
    archive = os.path.join(work, 'folder.tar.gpg')
    listing = subprocess.run(['tar', 't'], input=authority.decrypt(archive), capture_output=True, check=True).stdout.decode()
    assert 'folder/letter\n' in listing and 'folder/empty/\n' in listing, listing
    assert all(line.startswith('folder/') for line in listing.splitlines()), listing
    # gpgtar knows no links and no names beyond 100 octets; it opens what is more usual.
    out = people.folder('gpgtar')
    folder = os.path.join(out, 'from', 'folder')
    os.makedirs(os.path.join(folder, 'inside', 'deep'))
    for name in 'letter', 'two words', 'inside/deep/\u00e4\u00f6', 'inside/' + 'long' * 20:
        people.put(os.path.join(folder, name), b'Dear Ben\n')
    archive = ada.result('encrypt', folder)['output']
    done = subprocess.run(['gpgtar', '--gpg-args', f'--homedir={authority.home}', '--decrypt', '--directory', out, archive],
                          capture_output=True, check=False)
    assert done.returncode == 0 and b'invalid' not in done.stderr, done.stderr.decode(errors='replace')
    for name in 'letter', 'two words', 'inside/deep/\u00e4\u00f6', 'inside/' + 'long' * 20:
        assert people.get(os.path.join(out, 'folder', name)) == b'Dear Ben\n', name


def no_unpack():
    """--no-unpack gives the archive itself."""
    work, back = os.path.join(WORK, 'round-trip'), people.folder('no-unpack')
    result = ada.result('decrypt', '--no-unpack', '--output-dir', back, os.path.join(work, 'folder.tar.gpg'))
    assert result['output'] == os.path.join(back, 'folder.tar')
    with tarfile.open(result['output']) as archive:
        assert 'folder/letter' in archive.getnames()


def special_inside():
    """What is no file is left out of the archive, and it is said; the original is not moved to the trash then."""
    work, back = people.folder('special'), people.folder('special-back')
    os.mkdir(os.path.join(work, 'folder'))
    people.put(os.path.join(work, 'folder', 'letter'))
    os.mkfifo(os.path.join(work, 'folder', 'pipe'))
    with people.Unharmed(work, new=['folder.tar.gpg']):
        result = ada.result('encrypt', '--trash-original', os.path.join(work, 'folder'), timeout=30)
    assert result['left-out'] == 1 and not result['trashed'] and result['note'], result
    os.unlink(result['output'])
    done = ada.run('encrypt', os.path.join(work, 'folder'))
    assert 'left out' in people.readable(done) or 'not' in people.readable(done), done
    ada.run('decrypt', '--output-dir', back, os.path.join(work, 'folder.tar.gpg'))
    assert people.names(os.path.join(back, 'folder')) == ['letter']


def each():
    """--each encrypts the files of a folder one by one, and skips those that are encrypted already."""
    work = people.folder('each')
    folder = os.path.join(work, 'folder')
    os.makedirs(os.path.join(folder, 'inside'))
    people.put(os.path.join(folder, 'a'))
    people.put(os.path.join(folder, 'inside', 'b'))
    already = ada.result('encrypt', people.put(os.path.join(folder, 'c')))['output']
    os.unlink(os.path.join(folder, 'c'))
    people.put(os.path.join(folder, 'not-encrypted.gpg'), b'plain words under a wrong name')
    os.symlink('/etc/hostname', os.path.join(folder, 'link'))
    os.mkfifo(os.path.join(folder, 'pipe'))
    with people.Unharmed(work, new=[os.path.join('folder', name)
                                    for name in ('a.gpg', 'inside/b.gpg', 'not-encrypted.gpg.gpg')]):
        results = ada.json('encrypt', '--each', folder, timeout=60)['results']
    states = {os.path.relpath(result['input'], folder): result['status'] for result in results}
    assert states['a'] == 'done' and states['inside/b'] == 'done' and states['c.gpg'] == 'skipped', states
    assert 'link' not in states and 'pipe' not in states, states
    assert os.path.exists(already)
    # Once more: all is there already, nothing is encrypted twice.
    with people.Unharmed(work):
        results = ada.json('encrypt', '--each', folder, status=1)['results']
    assert {result['status'] for result in results} <= {'failed', 'skipped'}, results
    # Decrypting does not look for folders.
    with people.Unharmed(work):
        ada.result('decrypt', folder, status=1)
    ada.json('encrypt', '--each', os.path.join(work, 'missing'), status=1)


def several_tops():
    """An archive made elsewhere with several things on top, or none, is unpacked into a folder of its name."""
    work = people.folder('tops')
    for name in 'one', 'two':
        people.put(os.path.join(work, name), name.encode())
    subprocess.run(['tar', 'cf', 'several.tar', 'one', 'two'], cwd=work, check=True)
    subprocess.run(['tar', 'cf', 'none.tar', '-T', '/dev/null'], cwd=work, check=True)
    subprocess.run(['tar', 'cf', 'dots.tar', './one', './two'], cwd=work, check=True)
    for name in 'several', 'dots', 'none':
        with open(os.path.join(work, name + '.tar'), 'rb') as stream:
            to_ada(stream.read(), os.path.join(work, name + '.tar.gpg'))
        result = ada.result('decrypt', os.path.join(work, name + '.tar.gpg'))
        assert people.names(result['output']) == ([] if name == 'none' else ['one', 'two']), people.names(result['output'])
        assert result['output'] == os.path.join(work, name)


def to_ada(content, path):
    """Somebody encrypts CONTENT to Ada with stock gpg."""
    if not hasattr(to_ada, 'gpg'):
        to_ada.gpg = people.Gpg('somebody')
        to_ada.gpg.run('--import', data=ada.run('key', 'export').stdout)
    to_ada.gpg.run('--trust-model', 'always', '--recipient', ada.fingerprint, '--output', path, '--encrypt', data=content)
    return path


def archive_of(*entries):
    """A tar archive of (name, content or TarInfo fields)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode='w', format=tarfile.GNU_FORMAT) as archive:
        for name, fields in entries:
            info = tarfile.TarInfo(name)
            content = fields if isinstance(fields, bytes) else b''
            info.size = len(content)
            if not isinstance(fields, bytes):
                for field, value in fields.items():
                    setattr(info, field, value)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def hostile():
    """An archive that reaches out of its folder unpacks nothing, and nothing outside is written."""
    link = tarfile.SYMTYPE
    cases = {
        'up': archive_of(('x/good', b'1'), ('x/../../evil', b'2')),
        'absolute': archive_of(('x/good', b'1'), (os.path.join(WORK, 'hostile', 'evil'), b'2')),
        'through-link': archive_of(('x/link', {'type': link, 'linkname': '../..'}), ('x/link/evil', b'2')),
        'through-absolute-link': archive_of(('x/link', {'type': link, 'linkname': os.path.join(WORK, 'hostile')}),
                                            ('x/link/evil', b'2')),
        'hard-link': archive_of(('x/link', {'type': tarfile.LNKTYPE, 'linkname': '../../secret'}), ('x/link', b'2')),
        'hard-absolute': archive_of(('x/link', {'type': tarfile.LNKTYPE, 'linkname': os.path.join(WORK, 'hostile', 'secret')})),
        'no-archive': b'these are no octets of an archive' * 100,
        'cut': archive_of(('x/good', b'1' * 5000))[:2000],
    }
    work = people.folder('hostile')
    people.put(os.path.join(work, 'secret'), b'untouched')
    for name, content in cases.items():
        to_ada(content, os.path.join(work, name + '.tar.gpg'))
    for name in cases:
        with people.Unharmed(work):
            result = ada.result('decrypt', os.path.join(work, name + '.tar.gpg'), status=None)
        assert result['status'] == 'failed' and result['error']['message'], (name, result)
    # Devices and set-user-id bits are not brought to life.
    to_ada(archive_of(('x/dev', {'type': tarfile.CHRTYPE, 'devmajor': 1, 'devminor': 3}),
                      ('x/pipe', {'type': tarfile.FIFOTYPE}), ('x/setuid', {'mode': 0o6755}), ('x/good', b'1')),
           os.path.join(work, 'special.tar.gpg'))
    with people.Unharmed(work, new=['special']):
        result = ada.result('decrypt', os.path.join(work, 'special.tar.gpg'), status=None)
    if result['status'] == 'done':
        found = people.tree(os.path.join(work, 'special'))
        assert all(entry[0] in (0o100000, 0o040000) and not entry[1] & 0o7000 for entry in found.values()), found
        assert result['left-out'] == 2, result


def nothing_left():
    """Nothing hidden is left, and no process."""
    hidden = [name for folder in os.listdir(WORK)
              for name in os.listdir(os.path.join(WORK, folder)) if name.startswith('.')]
    assert not hidden, hidden
    assert people.our_processes() == [], people.our_processes()


tap.run(round_trip, stock_programs, no_unpack, special_inside, each, several_tops, hostile, nothing_left)
