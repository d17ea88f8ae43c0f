# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed, or out of space: a name holds nothing or the whole file, a whole file has its packet, and nothing stays behind."""

import os
import random
import signal
import subprocess
import sys
import time

import owner as people
import tap

if os.getuid() == 0 and 'FAULTS_MOUNTS' not in os.environ:
    # Mounts that this test alone sees.
    os.environ['FAULTS_MOUNTS'] = 'own'
    os.execvp('unshare', ['unshare', '-m', '--', sys.executable, *sys.argv])
ada, authority = people.begin(sys.argv[1])
WORK = people.folder('faults')
SIZE = 30 << 20
# What gpg encrypts of it can't be compressed, and is compared by stock gpg.
CONTENT = os.urandom(1 << 20) * (SIZE >> 20)
SOURCE = people.put(os.path.join(WORK, 'source'), CONTENT)
CHOICE = random.Random(2)


def start(*words):
    """The tool, begun."""
    return subprocess.Popen([ada.tool, *words], env=ada.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def engines():
    """Process ids of the real gpg processes with this person's home: the guard that runs one is not meant."""
    found = []
    for entry in os.listdir('/proc'):
        try:
            with open(f'/proc/{entry}/cmdline', 'rb') as stream:
                words = stream.read().split(b'\0')
        except OSError:
            continue
        if (b'--encrypt' in words or b'--decrypt' in words) and ada.home().encode() in words \
                and os.path.basename(words[0]) == b'gpg':
            found.append(int(entry))
    return found


def quiet():
    """Waits until nothing of ours runs any more."""
    deadline = time.monotonic() + 20
    while people.our_processes():
        assert time.monotonic() < deadline, people.our_processes()


def check(path, detached):
    """What is there under the name is whole, and has its packet."""
    if not os.path.exists(path):
        return False
    file_id = ada.json('inspect', path)['files'][0]['file-id']
    packets = [packet for packet in ada.json('escrow', 'list')['packets'] if packet['file-id'] == file_id]
    assert packets, 'a file is there whose packet is lost'
    if detached:
        packet = path + '.packet'
        ada.run('escrow', 'packet', path, '--output', packet)
        content = authority.run('--override-session-key', authority.session_key(packet), '--decrypt', path).stdout
        os.unlink(packet)
    else:
        content = authority.decrypt(path)
    assert content == CONTENT, 'a file is there that is not whole'
    return True


def duration():
    """How long an encryption takes."""
    began = time.monotonic()
    ada.run('encrypt', '--output', os.path.join(WORK, 'timed.gpg'), SOURCE)
    os.unlink(os.path.join(WORK, 'timed.gpg'))
    return time.monotonic() - began


def killed():
    """The tool is killed at any moment: nothing or the whole file, and the next start tidies up."""
    total = duration()
    whole = 0
    for number in range(25):
        path = os.path.join(WORK, f'killed-{number}.gpg')
        detached = number % 2 == 1
        tool = start('encrypt', '--escrow', 'detached' if detached else 'embedded', '--output', path, SOURCE)
        # Most moments anywhere; every third near the end, where file and row appear.
        moment = CHOICE.uniform(0.85, 1.1) if number % 3 == 0 else CHOICE.uniform(0, 1)
        try:
            tool.wait(total * moment)
        except subprocess.TimeoutExpired:
            tool.kill()
        tool.communicate()
        quiet()
        assert people.get(SOURCE) == CONTENT
        if check(path, detached):
            whole += 1
            os.unlink(path)
    print(f'# {whole} of 25 were whole', flush=True)
    ada.run('encrypt', '--output', os.path.join(WORK, 'next.gpg'), people.put(os.path.join(WORK, 'small')))
    assert people.names(WORK) == ['next.gpg', 'small', 'source'], people.names(WORK)


def engine_killed():
    """gpg is killed: an error in words, nothing is left, and the next one works."""
    target = os.path.join(WORK, 'engine.gpg')
    encrypted = ada.result('encrypt', '--output', os.path.join(WORK, 'whole.gpg'), SOURCE)['output']
    packets = len(ada.json('escrow', 'list')['packets'])
    killed_some = 0
    for number in range(12):
        words = ('encrypt', '--json', '--output', target, SOURCE) if number % 2 == 0 else \
            ('decrypt', '--json', '--output', os.path.join(WORK, 'back'), encrypted)
        with people.Unharmed(WORK, new=['engine.gpg', 'back']):
            tool = start(*words)
            found, deadline = [], time.monotonic() + 30
            while not found and tool.poll() is None:
                assert time.monotonic() < deadline
                found = engines()
            # At once at first: on a busy machine it is gone by the time that it is found.
            later = time.monotonic() + (CHOICE.uniform(0, 0.15) if number > 3 else 0)
            while time.monotonic() < later:
                pass
            for pid in found:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            said, _ = tool.communicate(timeout=60)
            result = people.json.loads(said)['results'][0]
            made = target if number % 2 == 0 else os.path.join(WORK, 'back')
            if result['status'] == 'failed':
                killed_some += 1
                assert not os.path.exists(made), 'something is left of a failure'
                assert len(result['error']['message']) > 20
                assert tool.returncode in (1, 6, 7), (tool.returncode, result)
            else:
                packets += number % 2 == 0
                assert check(made, False) if number % 2 == 0 else people.get(made) == CONTENT
                os.unlink(made)
    assert killed_some, 'no gpg was killed in time'
    print(f'# {killed_some} of 12 failed', flush=True)
    quiet()
    assert len(ada.json('escrow', 'list')['packets']) == packets
    assert people.get(SOURCE) == CONTENT


def mounted(name, options):
    """A file system in memory of its own, seen by this test alone."""
    path = people.folder(name)
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path], check=False, capture_output=True).returncode:
        raise tap.Skip('no file system can be mounted here')
    return path


def full_disk():
    """A full disk is told, for files, folders, decryption and the outbox, and nothing is left."""
    disk = mounted('full', 'size=2m')
    inside = people.put(os.path.join(disk, 'letter'), os.urandom(1200 << 10))
    encrypted = ada.result('encrypt', '--output', os.path.join(WORK, 'fits.gpg'), inside)['output']
    os.mkdir(os.path.join(WORK, 'folder'))
    for number in range(4):
        people.put(os.path.join(WORK, 'folder', str(number)), os.urandom(600 << 10))
    archive = ada.result('encrypt', os.path.join(WORK, 'folder'))['output']
    packets = len(ada.json('escrow', 'list')['packets'])
    # So much that it just seems to fit: it fails while it is written.
    close = people.put(os.path.join(WORK, 'close'), os.urandom(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - 100))
    with people.Unharmed(disk, WORK):
        for words in (('encrypt', inside), ('encrypt', close), ('encrypt', os.path.join(WORK, 'folder')),
                      ('decrypt', encrypted), ('decrypt', archive), ('decrypt', '--no-unpack', archive)):
            result = ada.result(*words, '--output-dir', disk, status=1)
            assert result['error']['code'] == 'no-space', (words, result)
    assert len(ada.json('escrow', 'list')['packets']) == packets
    # No room for another file at all.
    inodes = mounted('inodes', 'size=2m,nr_inodes=3')
    for name in 'a', 'b', 'c', 'd':
        try:
            people.put(os.path.join(inodes, name))
        except OSError:
            break
    with people.Unharmed(inodes, WORK):
        result = ada.result('encrypt', '--output-dir', inodes, close, status=1)
        assert result['error']['code'] == 'no-space', result
    still = mounted('read-only', 'size=2m,ro')
    with people.Unharmed(still, WORK):
        result = ada.result('encrypt', '--output-dir', still, close, status=1)
        assert result['error']['code'] in ('read-only', 'permission-denied'), result


def full_outbox():
    """The packet can't be kept: no file appears either."""
    data = ada.environment['XDG_DATA_HOME']
    packets = len(ada.json('escrow', 'list')['packets'])
    path = people.put(os.path.join(WORK, 'unkept'))
    before = os.path.join(data, 'sparekey')
    disk = mounted('outbox', 'size=16m')
    subprocess.run(['cp', '-a', before, disk], check=True)
    filler = os.path.join(disk, 'filler')
    with open(filler, 'wb', buffering=0) as stream:
        try:
            while True:
                stream.write(b'\0' * 4096)
        except OSError:
            pass
    with people.Unharmed(WORK):
        done = ada.run('--json', 'encrypt', '--escrow', 'detached', path, environment={'XDG_DATA_HOME': disk}, status=None)
        assert done.returncode in (1, 7), done
    os.unlink(filler)
    assert len(ada.json('escrow', 'list', environment={'XDG_DATA_HOME': disk})['packets']) == packets
    assert ada.result('encrypt', '--escrow', 'detached', path, environment={'XDG_DATA_HOME': disk})['status'] == 'done'
    subprocess.run(['gpgconf', '--homedir', os.path.join(disk, 'sparekey', 'gnupg'), '--kill', 'all'], check=False)


tap.run(killed, engine_killed, full_disk, full_outbox)
