# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of style.md that can be read off the text."""

import os
import re
import sys

import sources
import tap

TOP = sys.argv[1]
C = sources.files(TOP, 'src', 'tests', endings=['.c', '.h'])
SHIPPED = sources.files(TOP, 'src', endings=['.c', '.h'])
TESTS = sources.files(TOP, 'tests', endings=['.c', '.h'])

# Text that is marked up on purpose, never with a name or other data in it unescaped: "path: why".
MARKUP_ALLOWED = {
}

def licence():
    """Each source file names its licence in its first lines."""
    checked = C + sources.files(TOP, 'src', 'tests', 'data', 'po', 'build-aux', '.ci',
                                endings=['.py', '.sh', '.ui', '.xml', '.in', 'meson.build', '/run', '/check', 'session'])
    exempt = re.compile(r'\.(desktop|service)\.in$|^tests/vectors/')
    sources.none([path for path in sorted(set(checked)) if not exempt.search(path)
                  and 'SPDX-License-Identifier: ' not in '\n'.join(sources.read(TOP, path).splitlines()[:4])],
                 'These have no SPDX line on top:')


def headers():
    """Each header has #pragma once."""
    sources.none([path for path in C if path.endswith('.h') and '#pragma once' not in sources.read(TOP, path)],
                 'These headers have no #pragma once:')


def opening_comment():
    """Each .c file opens with what it is for."""
    bad = []
    for path in SHIPPED:
        if path.endswith('.c') and not re.match(r'/\* SPDX[^\n]*\*/\s*(/\*|//)', sources.read(TOP, path)):
            bad.append(path)
    sources.none(bad, 'After the SPDX line these should say what they are for and the promise they keep:')


def markup():
    """No text is parsed as markup, unless it is on the list."""
    found = sources.lines_with(TOP, SHIPPED, r'_set_markup \(|_set_use_markup \([^;]*TRUE|"use-markup", *TRUE|'
                               r'pango_parse_markup|_set_tooltip_markup|_set_secondary_text.*markup', sources.code)
    found += sources.lines_with(TOP, sources.files(TOP, 'src', endings=['.ui']), r'use-markup">[Tt1]|tooltip-markup')
    sources.none([line for line in found if line.split(':')[0] not in MARKUP_ALLOWED],
                 'File names and user ids are data. If this text holds none, list it in tests/house/test_text.py:')


def asserts():
    """No test uses g_assert, which says nothing and can be compiled out."""
    sources.none(sources.lines_with(TOP, TESTS, r'\b(g_assert|assert) \(', sources.bare_code), 'Use g_assert_true or a better one:')


def sleeps():
    """No test sleeps: it waits for something, with a deadline."""
    bad = []
    for path in TESTS:
        if re.match(r'tests/(guard|gnupg|support)/(fake|engine)[a-z-]*\.c$', path):
            continue  # engines that hang on purpose
        lines = sources.bare_code(sources.read(TOP, path)).splitlines()
        for number, line in enumerate(lines):
            near = ' '.join(lines[max(0, number - 15):number])
            if re.search(r'\b(sleep|usleep|nanosleep|clock_nanosleep|g_usleep) \(', line) and not re.search(
                    r'deadline|g_get_monotonic_time', near):
                bad.append(f'{path}:{number + 1}: {line.strip()}')
    sources.none(bad, 'Wait for something, with a deadline:')


def marks():
    """Nothing is left for later in the code."""
    mark = r'\b(TO' + r'DO|FIX' + r'ME|XX' + r'X|HA' + r'CK)\b'
    paths = [path for path in sources.files(TOP, endings=['.c', '.h', '.ui', '.py', '.sh', '.build', '.md', '.xml', '.in'])
             if not path.startswith('tests/house/')]
    sources.none(sources.lines_with(TOP, paths, mark), 'Do it, or file an issue:')


def foreign_paths():
    """No path of somebody's machine is in the sources."""
    paths = [path for path in sources.files(TOP) if not path.startswith(('tests/vectors/', 'tests/house/'))]
    sources.none(sources.lines_with(TOP, paths, r'/home/[a-z]+/|/Users/|/wo' + r'rk/|/tmp/s' + r'k/|/root/\.[a-z]+'),
                 'These paths exist on one machine only:')


def environment():
    """Shipped code reads no test switch from the environment."""
    known = {'PATH', 'HOME', 'DBUS_SESSION_BUS_ADDRESS', 'DISPLAY', 'WAYLAND_DISPLAY', 'GNUPGHOME', 'XDG_RUNTIME_DIR',
             'GPG_TTY', 'TERM', 'COLUMNS', 'NO_COLOR'}
    bad = []
    for path in SHIPPED:
        text = sources.code(sources.read(TOP, path))
        for name in re.findall(r'(?:getenv|secure_getenv) \(\s*"([^"]+)"', text):
            if name not in known:
                bad.append(f'{path}: {name}')
    sources.none(bad, 'Inject by a construct property instead, or add what the desktop defines to tests/house/test_text.py:')


def executables():
    """Scripts can be run as they are."""
    scripts = [path for path in sources.files(TOP, 'build-aux', '.ci', 'tests')
               if sources.read(TOP, path).startswith('#!') and not path.startswith('tests/vectors/')]
    sources.none([path for path in scripts if not os.access(os.path.join(TOP, path), os.X_OK)
                  and path not in ('build-aux/set-up', 'build-aux/debian-folder')], 'chmod +x:')


tap.run(licence, headers, opening_comment, markup, asserts, sleeps, marks, foreign_paths, environment, executables)
