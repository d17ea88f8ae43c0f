# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files the lints read: all of the source folder but what a build, a checkout or an editor put there."""

import os
import re

SKIPPED = re.compile(r'^(_build.*|_packages|obj-.*|build|\.git|\.cache|__pycache__|subprojects)$')


def files(top, *folders, endings=()):
    """Paths below TOP, sorted, of files in FOLDERS (all when none is named) that end in one of ENDINGS."""
    found = []
    for start in folders or ('.',):
        for folder, names, leaves in os.walk(os.path.join(top, start)):
            names[:] = [name for name in names if not SKIPPED.match(name)]
            for leaf in leaves:
                if SKIPPED.match(leaf):
                    continue
                path = os.path.relpath(os.path.join(folder, leaf), top)
                if not endings or leaf.endswith(tuple(endings)):
                    found.append(path)
    return sorted(found)


def read(top, path):
    with open(os.path.join(top, path), encoding='utf-8', errors='surrogateescape') as file:
        return file.read()


def code(text):
    """C without its comments; strings stay, and so do line numbers."""
    def blank(match):
        found = match.group(0)
        return re.sub(r'[^\n]', ' ', found) if found.startswith('/') else found
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, text, flags=re.DOTALL)


def bare_code(text):
    """C without comments and without what stands in strings."""
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', code(text))


def lines_with(top, paths, pattern, only=lambda text: text):
    """"path:line: text" for each line that PATTERN finds."""
    expression = re.compile(pattern)
    found = []
    for path in paths:
        original = read(top, path).splitlines()
        for number, line in enumerate(only('\n'.join(original)).splitlines(), 1):
            if expression.search(line):
                found.append(f'{path}:{number}: {original[number - 1].strip()}')
    return found


def none(found, advice):
    """Fails and names what was found."""
    assert not found, advice + '\n  ' + '\n  '.join(found)
