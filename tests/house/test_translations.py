# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads can be translated, and is: all files with such text are listed, gettext's tools read them, and the catalogues
of all languages are whole."""

import gettext
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import sources
import tap

TOP = sys.argv[1]
TOOL, APPLICATION = map(os.path.abspath, sys.argv[2:4])
MARKED = re.compile(r'(?<![A-Za-z0-9_])(_|N_|C_|NC_|Q_|ngettext|dngettext|g_dngettext) ?\(')
PREPROCESSOR = re.compile(r'^\s*#[^\n]*', re.MULTILINE)
# What Meson's preset "glib" gives to xgettext, as far as it is used here.
PRESET = ['--from-code=UTF-8', '--add-comments', '--package-name=sparekey',
          *('--keyword=' + keyword for keyword in ('_', 'N_', 'C_:1c,2', 'NC_:1c,2', 'g_dngettext:2,3')),
          *(f'--flag={call}:pass-c-format' for call in ('N_:1', 'C_:2', 'NC_:2', 'g_dngettext:2')),
          *(f'--flag={call}:c-format' for call in ('g_strdup_printf:1', 'g_string_append_printf:2', 'g_error_new:3', 'g_set_error:4',
                                                   'g_prefix_error:2'))]


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
        for match in re.finditer(r'(?<![A-Za-z0-9_])(?:_|N_|N?C_) ?\(\s*(?:"[^"]*"\s*,\s*)?((?:"(?:\\.|[^"\\])*"\s*)+)\)', text):
            words = ''.join(re.findall(r'"((?:\\.|[^"\\])*)"', match.group(1)))
            if re.search(r'\b(PKESK|SEIPD|ESK|ownertrust|trustdb|keyring daemon|e\.g\.|i\.e\.|etc\.)|[!]$|[a-z]\'', words):
                bad.append(f'{path}:{text.count(chr(10), 0, match.start()) + 1}: {words}')
    sources.none(bad, 'Say it in plain words:')


def whole():
    """No message is cut in two by a number format of GLib's, of which gettext knows nothing: PRIu64 does the same."""
    call = re.compile(r'(?<![A-Za-z0-9_])(?:_|N_|ngettext) ?\((?:\s*(?:"(?:\\.|[^"\\])*"|,))*\s*(G_\w+_FORMAT)')
    bad = []
    for path in sources.files(TOP, 'src', endings=['.c']):
        text = sources.code(sources.read(TOP, path))
        bad += [f'{path}:{text.count(chr(10), 0, match.start(1)) + 1}: {match.group(1)}' for match in call.finditer(text)]
    sources.none(bad, 'Write PRIu64 or PRId64:')


def languages(folder='po'):
    return [line.strip() for line in sources.read(TOP, f'{folder}/LINGUAS').splitlines() if line.strip() and not line.startswith('#')]


def run(*command, folder=TOP, environment=None):
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | (environment or {}))
    assert answer.returncode == 0, f'{command[0]}: {answer.stdout}{answer.stderr}'
    return answer.stdout


def unfinished(catalogue, template):
    """The messages of the template that the catalogue leaves out, or is not sure of."""
    merged = template + '.po'
    run('msgmerge', '--quiet', '--no-fuzzy-matching', '-o', merged, catalogue, template)
    run('msgfmt', '--check', '--check-accelerators=_', '-o', '/dev/null', merged)
    left = run('msgattrib', '--untranslated', '--no-obsolete', '--no-wrap', merged) + \
        run('msgattrib', '--only-fuzzy', '--no-obsolete', '--no-wrap', merged)
    return [f'{catalogue}: {line}' for line in left.splitlines() if re.match(r'msgid ".', line)]


def programs_translated():
    """Each message of the programs is translated into each language: none is missing, none unsure, all are valid."""
    with tempfile.TemporaryDirectory() as folder:
        run('xgettext', *PRESET, '-o', f'{folder}/sparekey.pot', *listed())
        assert len(languages()) >= 2
        for language in languages():
            sources.none(unfinished(f'{TOP}/po/{language}.po', f'{folder}/sparekey.pot'), 'Translate:')


def help_translated():
    """Each page of the help is translated whole into each language."""
    if not shutil.which('itstool'):
        raise tap.Skip('there is no itstool here')
    pages = sources.files(TOP, 'help/C', endings=['.page'])
    with tempfile.TemporaryDirectory() as folder:
        run('itstool', '-o', f'{folder}/help.pot', *pages)
        assert languages('help') == languages()
        for language in languages():
            sources.none(unfinished(f'{TOP}/help/{language}/{language}.po', f'{folder}/help.pot'), 'Translate:')


def menus_translated():
    """What the entries for file managers are called is in the catalogues, which are made from other files."""
    known = sources.read(TOP, 'po/de.po')
    paths = sources.files(TOP, 'data', endings=['.nemo_action.in', '.desktop-action.in', '.service-menu.in'])
    assert len(paths) >= 10, paths
    for path in paths:
        for text in re.findall(r'^(?:Name|Comment)=(.*)$', sources.read(TOP, path), re.MULTILINE):
            assert f'msgid "{text}"\n' in known, f'{path}: {text}'


def real_locale(folder):
    """An environment with a locale that counts as a real one, whatever this computer has: for C.UTF-8 newer C libraries don't look at
    LANGUAGE, so the same data are given the name of a German locale."""
    for name in 'C.utf8', 'C.UTF-8':
        if os.path.isdir(f'/usr/lib/locale/{name}'):
            shutil.copytree(f'/usr/lib/locale/{name}', f'{folder}/de_DE.utf8')
            return {'LOCPATH': folder, 'LC_ALL': 'de_DE.UTF-8'}
    raise tap.Skip('there is no locale C.UTF-8 here to be copied')


def translators():
    """{language: what gives a message, of a context or none, in that language}; English too."""
    found = {'en': lambda context, text: text}
    with tempfile.TemporaryDirectory() as folder:
        for language in languages():
            run('msgfmt', '-o', f'{folder}/{language}.mo', f'{TOP}/po/{language}.po')
            with open(f'{folder}/{language}.mo', 'rb') as file:
                catalogue = gettext.GNUTranslations(file)
            found[language] = lambda context, text, catalogue=catalogue: \
                catalogue.pgettext(context, text) if context else catalogue.gettext(text)
    return found


def access_keys():
    """Each item of a menu has an access key that no other of the same menu has, in each language."""
    menus, bad, spoken_by = 0, [], translators()
    for path in sources.files(TOP, 'src/app', endings=['.ui']):
        for menu in xml.etree.ElementTree.fromstring(sources.read(TOP, path)).iter('menu'):
            menus += 1
            items = [(node.get('context'), node.text) for node in menu.iter('attribute') if node.get('name') == 'label']
            for language, translate in spoken_by.items():
                taken = {}
                for label in (translate(*item) for item in items):
                    key = re.search(r'_(\w)', label)
                    taken.setdefault(key.group(1).lower() if key else None, []).append(label)
                bad += [f'{path}, {language}: no key: {label}' for label in taken.pop(None, [])]
                bad += [f'{path}, {language}: {key}: {", ".join(labels)}' for key, labels in taken.items() if len(labels) > 1]
    assert menus >= 3, menus
    sources.none(bad, 'Access keys of menus:')


def two_meanings():
    """An English word that stands for two things has a context wherever it stands, never in one place alone."""
    with tempfile.TemporaryDirectory() as folder:
        run('xgettext', *PRESET, '-o', f'{folder}/sparekey.pot', *listed())
        template = sources.read(folder, 'sparekey.pot')
    contexts = {}
    for context, message in re.findall(r'^(?:msgctxt "(.*)"\n)?msgid "(.+)"$', template, re.MULTILINE):
        contexts.setdefault(message, set()).add(context)
    assert contexts['Waiting'] == {'case', 'file', 'packet', 'step of a case'}, contexts['Waiting']
    # The button and the entry in the window of shortcuts do the same; some languages say it in two moods.
    sources.none(sorted(message for message, some in contexts.items() if '' in some and len(some) > 1 and message != 'Undo'),
                 'With and without a context:')


def spoken():
    """Both programs speak another language from the build folder as they are."""
    with tempfile.TemporaryDirectory() as folder:
        locale = real_locale(folder)
        for program, option, words in ((TOOL, 'help', 'Aufruf: sparekey-tool'), (APPLICATION, '--help', 'Ordner verschlüsseln')):
            for language in '', 'de', 'fr:de':
                said = run(program, option, environment=locale | {'LANGUAGE': language})
                assert words in said, said
            assert words not in run(program, option, environment=locale | {'LANGUAGE': 'en'})
            assert words not in run(program, option, environment={'LC_ALL': 'C.UTF-8', 'LANGUAGE': ''})


tap.run(complete, nothing_else, extracted, plain_words, whole, programs_translated, help_translated, menus_translated,
        access_keys, two_meanings, spoken)
