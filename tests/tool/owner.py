# SPDX-License-Identifier: GPL-3.0-or-later
"""An owner, an authority and stock gpg for tests of the command line. Runs inside tests/support/session --keyring."""

import hashlib
import json
import os
import stat
import subprocess
import unicodedata

SESSION = os.environ['TEST_SESSION']
# The session's children must not hide what is said.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != 'G_MESSAGES_DEBUG'}


class Owner:
    """A person with a home, a keyring and the tool; the first one has the session's own home."""

    def __init__(self, tool):
        self.tool = os.path.abspath(tool)  # it is run in other folders too
        self.environment = dict(ENVIRONMENT)

    def run(self, *words, status=0, data=None, fds=(), cwd=None, environment=None, timeout=120):
        """Runs the tool and checks its exit status; None: any. TIMEOUT is for a hang; a busy machine gets more time."""
        done = subprocess.run([self.tool, *words], input=data, capture_output=True, check=False, pass_fds=fds, cwd=cwd,
                              env=self.environment | (environment or {}), timeout=4 * timeout)
        assert status is None or done.returncode == status, \
            f'{words}: exit {done.returncode}, not {status}\n{done.stdout.decode(errors="replace")}\n' \
            f'{done.stderr.decode(errors="replace")}'
        return done

    def json(self, *words, status=0, **more):
        """Runs the tool with --json and returns the document."""
        return json.loads(self.run('--json', *words, status=status, **more).stdout)

    def result(self, *words, **more):
        """The one element of "results"."""
        results = self.json(*words, **more)['results']
        assert len(results) == 1, results
        return results[0]

    def home(self):
        """The application's own GnuPG home."""
        return os.path.join(self.environment['XDG_DATA_HOME'], 'sparekey', 'gnupg')

    def create(self, name='Ada Owner', email='ada@example.org'):
        """Makes a key and returns its fingerprint."""
        return self.json('key', 'create', '--name', name, '--email', email)['keys'][0]['fingerprint']

    def trust(self, authority):
        """Trusts an authority."""
        return self.json('escrow', 'trust', authority.certificate(), '--fingerprint', authority.fingerprint)


def with_passphrase(function, text):
    """Calls FUNCTION with the options that hand over a passphrase, and the descriptor to keep open."""
    reader, writer = os.pipe()
    os.write(writer, text.encode() + b'\n')
    os.close(writer)
    try:
        return function('--passphrase-fd', str(reader), fds=(reader,))
    finally:
        os.close(reader)


class Gpg:
    """Stock gpg with a home of its own."""

    def __init__(self, name):
        self.home = os.path.join(SESSION, 'g-' + name)
        os.mkdir(self.home, 0o700)

    def run(self, *words, status=0, data=None, faked=None):
        """Runs gpg and checks its exit status; None: any."""
        clock = ['--faked-system-time', faked] if faked else []
        done = subprocess.run(['gpg', '--homedir', self.home, '--batch', '--yes', *clock, *words], input=data,
                              capture_output=True, check=False, env=ENVIRONMENT)
        assert status is None or done.returncode == status, \
            f'gpg {words}: exit {done.returncode}\n{done.stderr.decode(errors="replace")}'
        return done

    def packets(self, path):
        """What --list-packets says."""
        return self.run('--list-packets', path, status=None).stdout.decode(errors='replace')

    def decrypt(self, path):
        """What is inside a file."""
        return self.run('--decrypt', path).stdout

    def session_key(self, path):
        """What --show-session-key says of a packet; gpg itself fails, as there are no data."""
        said = self.run('--show-session-key', '--decrypt', path, status=None).stderr.decode(errors='replace')
        assert "session key: '" in said, said
        return said.split("session key: '")[1].split("'")[0]


class Authority(Gpg):
    """A backup authority's key, made with stock gpg: one subkey for files, one for bundles."""

    def __init__(self, name='authority', expires='never', faked=None, subkeys=2):
        super().__init__(name)
        self.make('--quick-generate-key', f'ACME Backup Authority {name} <{name}@acme.example>', 'ed25519', 'sign', 'never',
                  faked=faked)
        listing = self.run('--with-colons', '--list-keys').stdout.decode()
        self.fingerprint = next(line.split(':')[9] for line in listing.splitlines() if line.startswith('fpr:'))
        for _ in range(subkeys):
            self.make('--quick-add-key', self.fingerprint, 'cv25519', 'encrypt', expires, faked=faked)

    def make(self, *words, faked=None):
        """A step of making a key without a passphrase."""
        self.run('--passphrase', '', *words, faked=faked)

    def certificate(self):
        """A file with the public key."""
        path = os.path.join(SESSION, os.path.basename(self.home) + '.asc')
        self.run('--armor', '--output', path, '--export', self.fingerprint)
        return path

    def subkeys(self):
        """Key ids of the encryption subkeys, oldest first."""
        listing = self.run('--with-colons', '--list-keys').stdout.decode()
        return [line.split(':')[4] for line in listing.splitlines() if line.startswith('sub:')]

    def extend(self, until):
        """Gives all subkeys a later end, also those that are past theirs."""
        listing = self.run('--with-colons', '--list-keys').stdout.decode()
        fingerprints = [line.split(':')[9] for line in listing.splitlines() if line.startswith('fpr:')]
        self.make('--quick-set-expire', self.fingerprint, until, *fingerprints[1:])


def own_home(name, **more):
    """An environment with a home of its own beside the session's: NAME stays short, sockets live in it."""
    home = os.path.join(SESSION, name)
    folders = {'HOME': home, 'XDG_CONFIG_HOME': home + '/.config', 'XDG_DATA_HOME': home + '/.local/share',
               'XDG_CACHE_HOME': home + '/.cache', 'XDG_STATE_HOME': home + '/.local/state', 'XDG_RUNTIME_DIR': home + '/run'}
    for path in folders.values():
        os.makedirs(path, mode=0o700, exist_ok=True)
    return ENVIRONMENT | folders | more


class AuthorityMode(Owner):
    """A backup authority run with our tool: a home of its own, in which there is no keyring and no session bus."""

    PASSPHRASE = 'correct horse'

    def __init__(self, tool, name='a'):
        super().__init__(tool)
        self.environment = own_home(name, DBUS_SESSION_BUS_ADDRESS='disabled:')
        self.name = name
        self.fingerprint = None

    def run(self, *words, passphrase=PASSPHRASE, fds=(), **more):  # pylint: disable=arguments-differ
        """Runs the tool with the authority's passphrase; None: without any."""
        if passphrase is None:
            return super().run(*words, fds=fds, **more)
        return with_passphrase(lambda *option, fds: super(AuthorityMode, self).run(*option, *words, fds=fds, **more),
                               passphrase)

    def make(self, *words):
        """Makes the authority."""
        self.fingerprint = self.json('authority', 'create', '--name', 'ACME Backup Authority', '--email',
                                     self.name + '@acme.example', *words)['fingerprint']

    def quicken(self):
        """Lets its passphrase be hashed quickly, for tests that open its key hundreds of times: by intent that is slow."""
        settings = put(self.where('gnupg', 'gpg-agent.conf'), b's2k-count 65536\n')
        self.gpg('--passwd', self.fingerprint)
        os.unlink(settings)

    def certificate(self):
        """A file with the public key."""
        path = os.path.join(SESSION, self.name + '-' + self.fingerprint + '.asc')
        if not os.path.exists(path):
            self.run('authority', 'certificate', '--to', path)
        return path

    def where(self, *names):
        """A path in the authority's folder."""
        return os.path.join(self.environment['XDG_DATA_HOME'], 'sparekey', 'authority', *names)

    def gpg(self, *words, status=0, data=None):
        """Stock gpg with the authority's home and passphrase."""
        reader, writer = os.pipe()
        os.write(writer, self.PASSPHRASE.encode() + b'\n')
        os.close(writer)
        try:
            done = subprocess.run(['gpg', '--homedir', self.where('gnupg'), '--batch', '--yes', '--pinentry-mode', 'loopback',
                                   '--passphrase-fd', str(reader), *words], input=data, capture_output=True, check=False,
                                  pass_fds=(reader,), env=self.environment)
        finally:
            os.close(reader)
        assert status is None or done.returncode == status, \
            f'gpg {words}: exit {done.returncode}\n{done.stderr.decode(errors="replace")}'
        return done

    def case(self, *words, **more):
        """The one element of "cases"."""
        cases = self.json('authority', 'case', *words, **more)['cases']
        assert len(cases) == 1, cases
        return cases[0]

    def take_in(self, *paths, **more):
        """Imports and returns the elements of "bundles"."""
        return self.json('authority', 'import', *paths, **more)['bundles']

    def events(self, *words):
        """Names of the events in the log, oldest first."""
        rows = self.json('authority', 'audit', '--limit', '10000', *words)['events']
        return [row['event'] for row in reversed(rows)]


def folder(name):
    """A folder of this test's own."""
    path = os.path.join(SESSION, 'work', name)
    os.makedirs(path)
    return path


def put(path, content=b'a letter\n'):
    """Writes a file and returns its path."""
    with open(path, 'wb') as stream:
        stream.write(content)
    return path


def get(path):
    """Reads a file."""
    with open(path, 'rb') as stream:
        return stream.read()


def names(path):
    """What is in a folder."""
    return sorted(os.listdir(path))


def begin(tool):
    """Ada with a key and an authority that she trusts: where most stories begin."""
    ada, authority = Owner(tool), Authority()
    ada.fingerprint = ada.create()
    ada.trust(authority)
    return ada, authority


def readable(done):
    """Neither stdout nor stderr of a command sends a sign to the terminal that steers it; returns both as text."""
    text = (done.stdout + done.stderr).decode()
    odd = {hex(ord(sign)) for sign in text if sign != '\n' and unicodedata.category(sign) in ('Cc', 'Cf', 'Zl', 'Zp')}
    assert not odd, f'{odd} in {text!r}'
    return text


def tree(path):
    """Everything in a folder: kind, mode, time and content of each thing in it, so that any change is seen."""
    found = {}
    for folder_path, folders, files in os.walk(os.fsencode(path)):
        for name in folders + files:
            whole = os.path.join(folder_path, name)
            status = os.lstat(whole)
            content = None
            if stat.S_ISREG(status.st_mode):
                with open(whole, 'rb') as stream:
                    content = hashlib.file_digest(stream, 'sha256').hexdigest() if hasattr(hashlib, 'file_digest') \
                        else hashlib.sha256(stream.read()).hexdigest()
            elif stat.S_ISLNK(status.st_mode):
                content = os.readlink(whole)
            found[os.path.relpath(whole, os.fsencode(path))] = (
                stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode),
                None if stat.S_ISDIR(status.st_mode) else status.st_mtime_ns, content)
    return found


class Unharmed:
    """with Unharmed(FOLDER, …): what happens inside changes nothing in the folders but adds what NEW names."""

    def __init__(self, *folders, new=()):
        self.folders = folders
        self.new = {os.fsencode(name) for name in new}

    def __enter__(self):
        self.before = [tree(path) for path in self.folders]
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            return
        for path, before in zip(self.folders, self.before):
            after = tree(path)
            gone = [name for name in before if after.get(name) != before[name]]
            assert not gone, f'changed in {path}: {[(before[name], after.get(name)) for name in gone]}'
            # What is inside of something new is new too.
            added = {name for name in after if name not in before and os.path.dirname(name) not in after}
            assert added <= self.new, f'new in {path}: {added - self.new}'


def our_processes():
    """Command lines of all processes that belong to this session, but its bus, its keyring and gpg's agents."""
    found = []
    for entry in os.listdir('/proc'):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f'/proc/{entry}/environ', 'rb') as stream:
                ours = f'TEST_SESSION={SESSION}'.encode() in stream.read().split(b'\0')
            with open(f'/proc/{entry}/cmdline', 'rb') as stream:
                words = stream.read().split(b'\0')
        except OSError:
            continue
        name = os.path.basename(words[0])
        if ours and name not in (b'dbus-daemon', b'gnome-keyring-daemon', b'gpg-agent', b'', b'python3', b'scdaemon'):
            found.append(b' '.join(words).decode(errors='replace'))
    return found


def open_files(pid):
    """Paths of what a process has open, as the kernel calls it."""
    found = []
    for number in os.listdir(f'/proc/{pid}/fd'):
        try:
            found.append(os.readlink(f'/proc/{pid}/fd/{number}'))
        except OSError:
            pass
    return found
