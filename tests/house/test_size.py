# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing has grown too large to be read, or it is known why."""

import re
import sys

import sources
import tap

TOP = sys.argv[1]
FILE_LIMIT = 600
FUNCTION_LIMIT = 60
# What is past these limits, and why it is better whole: "path" or "path function".
KNOWN = {
    'src/core/gnupg/spare-agent-session.c': 'one protocol, read from top to bottom',
    'src/core/base/spare-keyring-bus.c':
        'one state machine; half of it is the ways in which a service can fail',
}


def files():
    """No file is past 600 lines without a reason."""
    sources.none([f'{path}: {count} lines' for path in sources.files(TOP, 'src', endings=['.c', '.h'])
                  if path not in KNOWN and (count := len(sources.read(TOP, path).splitlines())) > FILE_LIMIT],
                 'Split these, or say in tests/house/test_size.py why they are better whole:')


def functions():
    """No function is past 60 lines without a reason."""
    bad = []
    for path in sources.files(TOP, 'src', endings=['.c']):
        name, start = '?', None
        for number, line in enumerate(sources.read(TOP, path).splitlines(), 1):
            if match := re.match(r'([a-z_0-9]+) \(', line):
                name = match.group(1)
            if line == '{':
                start = number
            elif line == '}' and start:
                if number - start - 1 > FUNCTION_LIMIT and f'{path} {name}' not in KNOWN:
                    bad.append(f'{path}: {name}() has {number - start - 1} lines')
                start = None
    sources.none(bad, 'Split these, or say in tests/house/test_size.py why they are better whole:')


tap.run(files, functions)
