# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine guard costs: the same encryption through it, and by stock gpg alone."""

import os
import shutil
import subprocess
import sys

import ratio

GUARD = sys.argv[1]
SIZE = 256 << 20

folder = ratio.tmpfs_folder()
home = ratio.Home()
try:
    key = home.make_key()
    plain, output = f'{folder}/plain', f'{folder}/out.gpg'
    ratio.random_file(plain, SIZE)
    arguments = ['--homedir', home.path, '--batch', '--no-tty', '--quiet', '--trust-model', 'always', '--compress-algo', 'none',
                 '--recipient', key, '--encrypt']

    def encrypt(program):
        def run():
            with open(plain, 'rb') as source, open(output, 'wb') as target:
                subprocess.run([program, *arguments], check=True, stdin=source, stdout=target)
            assert os.path.getsize(output) > SIZE
        return run

    rows = ratio.Rows()
    rows.measure('encrypt 256 MiB under the guard', encrypt(GUARD), encrypt(shutil.which('gpg')), limit=1.05)
finally:
    home.close()
    shutil.rmtree(folder, ignore_errors=True)
rows.done()
