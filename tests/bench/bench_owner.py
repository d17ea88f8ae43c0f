# SPDX-License-Identifier: GPL-3.0-or-later
"""What the owner's side costs: sparekey-tool, from its start to its end, beside stock gpg doing the same.

Same files, same kind of keys (ed25519/cv25519), two recipients each, all files on tmpfs. Stock gpg: no compression, keys
without a passphrase, its agent running already, and for many small files one process each, one after the other, as a
script would. Ours: passphrase in the desktop keyring, its own agent started and ended within the time, and all that
stock gpg does not do: the outbox row on disk, the proof, the check of what was written.

    bench_owner.py TOOL [ROW…]      only the rows whose names have one of these words in them
    BENCH_SIZE=MiB, BENCH_FILES=N, BENCH_REPEATS=N   other than 1024, 1000, 3
"""

import os
import resource
import shutil
import subprocess
import sys
import time

import owner
import ratio

TOOL, WANTED = sys.argv[1], sys.argv[2:]
SIZE = int(os.environ.get('BENCH_SIZE', '1024')) << 20
FILES = int(os.environ.get('BENCH_FILES', '1000'))
REPEATS = int(os.environ.get('BENCH_REPEATS', '3'))
SMALL = 8 << 10
MEMORY_LIMIT = 8 << 10  # KiB

# The lines are what gpg sees in files that people have: not random, and several times smaller when compressed.
WORDS = [b'invoice', b'of', b'the', b'meeting', b'budget', b'and', b'received', b'4711', b'EUR', b'signed', b'not', b'yet',
         b'minutes', b'agreed', b'on', b'2026-11-22', b'next', b'draft', b'for', b'review']


def text_file(path, size):
    """Writes SIZE octets of text that compresses to about a fifth."""
    state = 1
    with open(path, 'wb') as file:
        block = bytearray()
        while len(block) < 1 << 20:
            state = (state * 1103515245 + 12345) & 0x7fffffff
            block += WORDS[(state >> 16) % len(WORDS)] + (b'\n' if state >> 8 & 15 == 0 else b' ')
        for _ in range(size >> 20):
            file.write(block[:1 << 20])


class Bench:
    """An owner with an authority, and stock gpg with two keys of the same kind."""

    def __init__(self):
        self.folder = ratio.tmpfs_folder()
        self.owner = owner.Owner(TOOL)
        self.owner.create()
        self.owner.trust(owner.Authority())
        self.home = ratio.Home()
        self.keys = [self.home.make_key(f'bench {name} <{name}@example.org>') for name in ('one', 'two')]
        self.rows = ratio.Rows(REPEATS)

    def close(self):
        self.home.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def ours(self, *words):
        return lambda: subprocess.run([TOOL, *words], check=True, env=self.owner.environment, stdout=subprocess.DEVNULL)

    def stock_encrypt(self, *files, compress='none'):
        recipients = [word for key in self.keys for word in ('--recipient', key)]
        command = self.home.command('--trust-model', 'always', *(['--compress-algo', compress] if compress else []), *recipients)

        def run():
            for file in files:
                subprocess.run([*command, '--output', file + '.stock', '--encrypt', file], check=True)
        return run

    def stock_decrypt(self, *files):
        def run():
            for file in files:
                subprocess.run(self.home.command('--trust-model', 'always', '--output', file + '.plain', '--decrypt',
                                                 file + '.stock'), check=True)
        return run

    def remove(self, *names):
        def run():
            for name in names:
                if os.path.exists(name):
                    os.unlink(name)
        return run

    def measure_large(self):
        """One large file that does not compress, there and back."""
        plain = self.path('plain')
        back = self.path('back')
        ratio.random_file(plain, SIZE)
        mib = SIZE >> 20
        self.rows.measure(f'encrypt {mib} MiB', self.ours('encrypt', plain), self.stock_encrypt(plain), limit=1.25,
                          before=(self.remove(plain + '.gpg'), self.remove(plain + '.stock')))
        assert os.path.getsize(plain + '.gpg') > SIZE
        self.rows.measure(f'decrypt {mib} MiB', self.ours('decrypt', '--output', back, plain + '.gpg'),
                          self.stock_decrypt(plain), limit=1.35, before=(self.remove(back), self.remove(plain + '.plain')))
        assert os.path.getsize(back) == SIZE
        self.remove(plain, back, plain + '.gpg', plain + '.stock', plain + '.plain')()

    def measure_text(self):
        """Text, which both compress: stock gpg as it comes."""
        plain = self.path('text')
        size = min(SIZE >> 3, 128 << 20)  # more than that is not compressed
        text_file(plain, size)
        self.rows.measure(f'encrypt {size >> 20} MiB of text, compressed', self.ours('encrypt', plain),
                          self.stock_encrypt(plain, compress=None), limit=1.25,
                          before=(self.remove(plain + '.gpg'), self.remove(plain + '.stock')))
        assert os.path.getsize(plain + '.gpg') < size / 2
        self.remove(plain, plain + '.gpg', plain + '.stock')()

    def measure_small(self):
        """Many small files in one call."""
        inside = self.path('small')
        os.mkdir(inside)
        files = [os.path.join(inside, f'letter-{i:04}.txt') for i in range(FILES)]
        for file in files:
            ratio.random_file(file, SMALL)
        self.rows.measure(f'encrypt {FILES} files of {SMALL >> 10} KiB', self.ours('encrypt', *files),
                          self.stock_encrypt(*files), limit=0.7,
                          before=tuple(self.remove(*[file + suffix for file in files]) for suffix in ('.gpg', '.stock')))
        opened = self.path('opened')
        os.mkdir(opened)
        self.rows.measure(f'decrypt {FILES} files of {SMALL >> 10} KiB',
                          self.ours('decrypt', '--output-dir', opened, *[file + '.gpg' for file in files]),
                          self.stock_decrypt(*files), limit=1.0,
                          before=(self.remove(*[os.path.join(opened, os.path.basename(file)) for file in files]),
                                  self.remove(*[file + '.plain' for file in files])))
        shutil.rmtree(inside)

    def peak(self, *words):
        """KiB that the tool itself held at most, looked at until it ends. Not wait4(): what that tells begins with the
        memory of this process, which forked it."""
        child = subprocess.Popen([TOOL, *words], env=self.owner.environment, stdout=subprocess.DEVNULL)
        peak = 0
        while child.poll() is None:
            try:
                with open(f'/proc/{child.pid}/status', encoding='ascii') as status:
                    found = [line for line in status if line.startswith('VmHWM:')]
            except OSError:
                found = []
            peak = max([peak, *[int(line.split()[1]) for line in found]])
            time.sleep(0.002)
        assert child.returncode == 0, words
        return peak

    def measure_memory(self):
        """A large file must not need more memory than a small one."""
        small, large = self.path('one'), self.path('many')
        ratio.random_file(small, 1 << 20)
        ratio.random_file(large, SIZE)
        for verb in 'encrypt', 'decrypt':
            peaks = []
            for plain in small, large:
                words = ['encrypt', plain] if verb == 'encrypt' else ['decrypt', '--output', plain + '.back', plain + '.gpg']
                peaks.append(self.peak(*words))
            self.rows.compare(f'{verb}: memory, {SIZE >> 20} MiB beside 1 MiB', peaks[1], peaks[0], peaks[0] + MEMORY_LIMIT)
        self.remove(*[name + suffix for name in (small, large) for suffix in ('', '.gpg', '.back')])()


def main():
    bench = Bench()
    measures = {'large': bench.measure_large, 'small': bench.measure_small, 'text': bench.measure_text,
                'memory': bench.measure_memory}
    try:
        for name, measure in measures.items():
            if not WANTED or name in WANTED:
                measure()
    finally:
        bench.close()
    bench.rows.done()


if __name__ == '__main__':
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
