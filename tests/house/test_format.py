# SPDX-License-Identifier: GPL-3.0-or-later
"""All C code looks as clang-format 14 has it. Another version would have it otherwise, so it is that one or none."""

import shutil
import subprocess
import sys

import sources
import tap

TOP = sys.argv[1]


def formatted():
    """Each C file is as clang-format 14 has it."""
    program = shutil.which('clang-format-14')
    if not program:
        raise tap.Skip('there is no clang-format-14 here')
    paths = sources.files(TOP, 'src', 'tests', endings=['.c', '.h'])
    answer = subprocess.run([program, '--dry-run', *paths], cwd=TOP, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    wrong = sorted({line.split(':')[0] for line in answer.stderr.splitlines() if 'clang-format-violations' in line})
    sources.none(wrong, 'clang-format-14 -i ' + ' '.join(wrong) + ' changes these:')


tap.run(formatted)
