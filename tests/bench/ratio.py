# SPDX-License-Identifier: GPL-3.0-or-later
"""How long something of ours takes, as a ratio to what stock gpg needs for the same on the same machine in the same run.

    rows = ratio.Rows()
    rows.measure('encrypt 1 GiB', ours=['…'], stock=['…'], limit=1.25)
    rows.done()

Ours and stock take turns, so that a machine that slows down slows both; the best time of each counts. `before` is called
before each turn, to remove the last output; a pair: the first before ours, the second before stock's. A command that fails ends the run: a fast failure is no result.
Rows go to standard output, one a line. done() exits with 1 when a ratio is past its limit.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time


def tmpfs_folder():
    """A fresh short folder in memory, where the disk is not measured; the caller removes it."""
    return tempfile.mkdtemp(prefix='b.', dir='/dev/shm')


def random_file(path, size, chunk=1 << 20):
    """Writes SIZE octets that can't be compressed."""
    with open(path, 'wb') as file:
        while size > 0:
            file.write(os.urandom(min(size, chunk)))
            size -= chunk


class Home:
    """A throw-away GnuPG home with one ed25519/cv25519 key without passphrase; its agent ends with it."""

    def __init__(self, gpg='gpg'):
        self.gpg = gpg
        self.path = tempfile.mkdtemp(prefix='g.', dir='/tmp')
        os.chmod(self.path, 0o700)

    def command(self, *arguments):
        return [self.gpg, '--homedir', self.path, '--batch', '--yes', '--no-tty', '--quiet', *arguments]

    def make_key(self, user='bench <bench@example.org>'):
        subprocess.run(self.command('--passphrase', '', '--quick-generate-key', user, 'future-default', 'default', 'never'),
                       check=True, capture_output=True)
        listing = subprocess.run(self.command('--with-colons', '--list-keys', '=' + user), check=True, capture_output=True, text=True)
        return next(line.split(':')[9] for line in listing.stdout.splitlines() if line.startswith('fpr:'))

    def close(self):
        subprocess.run(['gpgconf', '--homedir', self.path, '--kill', 'all'], check=False, capture_output=True)
        shutil.rmtree(self.path, ignore_errors=True)


class Rows:
    """The rows of one run."""

    def __init__(self, repeats=3, output=sys.stdout, clock=time.monotonic):
        self.clock = clock
        self.repeats = repeats
        self.output = output
        self.over = []
        print(f'{"what":<44} {"ours":>9} {"stock gpg":>9} {"ratio":>6} {"limit":>6}', file=output, flush=True)

    def time(self, command, before=None, **options):
        """Seconds that one call took. COMMAND is a list for a process, or a function."""
        if before:
            before()
        start = self.clock()
        if callable(command):
            command()
        else:
            subprocess.run(command, check=True, stdin=options.get('stdin', subprocess.DEVNULL),
                           stdout=options.get('stdout', subprocess.DEVNULL), env=options.get('env'))
        return self.clock() - start

    def measure(self, what, ours, stock, limit, before=None, repeats=None, env=None):
        """Measures one row and prints it; returns the ratio."""
        best = [None, None]
        before = before if isinstance(before, tuple) else (before, before)
        for _ in range(repeats or self.repeats):
            for i, command in enumerate((ours, stock)):
                seconds = self.time(command, before[i], env=env)
                best[i] = seconds if best[i] is None else min(best[i], seconds)
        found = best[0] / best[1]
        mark = ''
        if found > limit:
            mark = '  too slow'
            self.over.append(what)
        print(f'{what:<44} {best[0]:>7.3f} s {best[1]:>7.3f} s {found:>6.2f} {limit:>6.2f}{mark}', file=self.output, flush=True)
        return found

    def compare(self, what, ours, base, limit):
        """Prints a row of two amounts in KiB that must not differ by more than LIMIT allows."""
        mark = ''
        if ours > limit:
            mark = '  too much'
            self.over.append(what)
        print(f'{what:<44} {ours:>5} KiB {base:>5} KiB {ours / base:>6.2f} {limit / base:>6.2f}{mark}', file=self.output,
              flush=True)

    def done(self):
        sys.exit(1 if self.over else 0)
