# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads can be translated: all files with such text are listed, and gettext's tools read them."""

import os
import re
import subprocess
import sys
import tempfile

import sources
import tap

TOP = sys.argv[1]
MARKED = re.compile(r'(?<![A-Za-z0-9_])(_|N_|C_|NC_|Q_|ngettext|dngettext|g_dngettext) ?\(')
PREPROCESSOR = re.compile(r'^\s*#[^\n]*', re.MULTILINE)


def listed():
    return [line.strip() for line in sources.read(TOP, 'po/POTFILES').splitlines()
            if line.strip() and not line.startswith('#')]


def translatable():
    """Files that hold text for people."""
    found = [path for path in sources.files(TOP, 'src', endings=['.c', '.h'])
             if MARKED.search(PREPROCESSOR.sub('', sources.bare_code(sources.read(TOP, path))))]
    found += [path for path in sources.files(TOP, 'src', endings=['.ui']) if 'translatable=' in sources.read(TOP, path)]
    found += sources.files(TOP, 'data', endings=['.desktop.in', '.metainfo.xml.in', '.mime.xml.in', '.gschema.xml'])
    return found


def complete():
    """po/POTFILES lists each file with translatable text."""
    sources.none(sorted(set(translatable()) - set(listed())), 'Add to po/POTFILES:')


def nothing_else():
    """po/POTFILES lists nothing twice and nothing that has no such text."""
    lines = listed()
    sources.none(sorted(set(lines) - set(translatable())), 'Take out of po/POTFILES:')
    sources.none(sorted({line for line in lines if lines.count(line) > 1}), 'Twice in po/POTFILES:')


def extracted():
    """xgettext reads all of them without a warning, and the result is a valid catalogue."""
    paths = [path for path in listed() if os.path.exists(os.path.join(TOP, path))]
    with tempfile.TemporaryDirectory() as folder:
        pot = f'{folder}/sparekey.pot'
        keywords = ['_', 'N_', 'C_:1c,2', 'NC_:1c,2', 'ngettext:1,2', 'g_dngettext:2,3', 'Q_:1g']
        answer = subprocess.run(
            ['xgettext', '--from-code=UTF-8', '--add-comments=Translators', '--package-name=sparekey', '-o', pot,
             *('--keyword=' + keyword for keyword in keywords), '--flag=g_strdup_printf:1:c-format',
             *paths], cwd=TOP, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stderr
        complaints = [line for line in answer.stderr.splitlines() if 'gschema' not in line]
        sources.none(complaints, 'xgettext complains:')
        answer = subprocess.run(['msgfmt', '--check-format', '--check-domain', '-o', '/dev/null', pot], cwd=TOP,
                                capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stderr


def plain_words():
    """No message uses the engine's jargon, Latin abbreviations, exclamation marks or a typewriter's apostrophes."""
    bad = []
    for path in sources.files(TOP, 'src', endings=['.c', '.h']):
        text = sources.code(sources.read(TOP, path))
        for match in re.finditer(r'(?<![A-Za-z0-9_])(?:_|N_) ?\(\s*((?:"(?:\\.|[^"\\])*"\s*)+)\)', text):
            words = ''.join(re.findall(r'"((?:\\.|[^"\\])*)"', match.group(1)))
            if re.search(r'\b(PKESK|SEIPD|ESK|ownertrust|trustdb|keyring daemon|e\.g\.|i\.e\.|etc\.)|[!]$|[a-z]\'', words):
                bad.append(f'{path}:{text.count(chr(10), 0, match.start()) + 1}: {words}')
    sources.none(bad, 'Say it in plain words:')


tap.run(complete, nothing_else, extracted, plain_words)
