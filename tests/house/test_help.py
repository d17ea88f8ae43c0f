# SPDX-License-Identifier: GPL-3.0-or-later
"""The help is whole: valid, linked, installed, and what it says to type or to press exists."""

import os
import re
import shutil
import subprocess
import sys

import sources
import tap

TOP, TOOL = sys.argv[1:3]
PAGES = sources.files(TOP, 'help/C', endings=['.page'])


def check(*words):
    if not shutil.which('yelp-check'):
        raise tap.Skip('there is no yelp-check here')
    answer = subprocess.run(['yelp-check', *words, *(os.path.join(TOP, path) for path in PAGES)], capture_output=True, text=True,
                            check=False)
    assert answer.returncode == 0 and not answer.stdout.strip(), answer.stdout + answer.stderr


def valid():
    """Each page is valid Mallard."""
    check('validate')


def linked():
    """No link leads nowhere, and each page is reached from the index."""
    check('links')
    check('orphans')


def complete():
    """What the help is to be about, it has a page for; each page is installed."""
    names = {os.path.basename(path).removesuffix('.page') for path in PAGES}
    wanted = {'index', 'first-steps', 'escrow', 'who-can-open', 'keys', 'preferences', 'lost-key', 'authority', 'administrators',
              'by-hand'}
    assert names >= wanted, wanted - names
    listed = set(re.findall(r"'([a-z-]+)\.page'", sources.read(TOP, 'help/meson.build')))
    assert listed == names, listed ^ names


def said():
    """Commands in the help are commands of the tool; keys of the policy are those that are read; options exist."""
    text = ''.join(sources.read(TOP, path) for path in PAGES)
    offered = subprocess.run([TOOL, '--help'], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r'<cmd>sparekey-tool ([^<]*)</cmd>', text)
    assert len(commands) > 10, commands
    for command in commands:
        name = re.match(r'(?:[a-z]+(?: |$))*', command).group(0).strip()
        usage = re.search(rf'^ {{2}}{name} (.*(?:\n {{10}}.*)*)', offered, re.MULTILINE)
        assert usage, command
        for option in re.findall(r'--[a-z-]+', command):
            assert option in usage.group(1), command
    policy = ''.join(sources.read(TOP, path) for path in sources.files(TOP, 'src/core', endings=['.c']) if 'policy' in path)
    keys = re.findall(r'<title><code>([A-Za-z]+)</code></title>', text)
    assert len(keys) == 13
    for key in keys:
        assert f'"{key}"' in policy, key
    application = sources.read(TOP, 'src/app/spare-application.c')
    for option in re.findall(r'<cmd>sparekey --([a-z]+)</cmd>', text):
        assert f'"{option}"' in application, option


def opened():
    """F1 opens a page, and a section of it, that there is; what it is opened from is a type that there is."""
    application = sources.read(TOP, 'src/app/spare-application.c')
    assert '{ "app.help", { "F1" } }' in application
    code = sources.read(TOP, 'src/app/spare-help.c')
    everything = ''.join(sources.read(TOP, path) for path in sources.files(TOP, 'src/app', endings=['.c', '.ui']))
    known = re.findall(r'\{ "(Spare[A-Za-z]+)", (?:NULL|"([a-z_]+)"), "([a-z#-]+)" \}', code)
    assert len(known) > 15, known
    for type_name, identifier, _page in known:
        assert re.search(rf'G_DEFINE_[A-Z_]*TYPE[A-Z_]* \({type_name},', everything), type_name
        assert not identifier or f'id="{identifier}"' in everything, identifier
    pages = {page for _type, _id, page in known} | set(re.findall(r'spare_help_set_page \([^;]*"([a-z#-]+)"\)', everything))
    for page, _, section in (page.partition('#') for page in pages):
        assert f'help/C/{page}.page' in PAGES, page
        assert not section or f'<section id="{section}">' in sources.read(TOP, f'help/C/{page}.page'), f'{page}#{section}'


def named():
    """What the help says stands in the window stands there, in each language."""
    def messages(language):
        text = sources.read(TOP, f'po/{language}.po')
        text = re.sub(r'"\n"', '', text)
        return text

    def plain(message):
        return message.replace('_', '').replace('\u00a0', ' ').replace('\\"', '"')

    languages = sources.read(TOP, 'help/LINGUAS').split()
    english = {plain(found) for found in re.findall(r'^msgid(?:_plural)? "(.*)"$', messages(languages[0]), re.MULTILINE)}
    for language in languages:
        known = {plain(found) for found in re.findall(r'^msgstr(?:\[\d\])? "(.*)"$', messages(language), re.MULTILINE)}
        texts = re.sub(r'"\n"', '', sources.read(TOP, f'help/{language}/{language}.po'))
        for kind, among in (('msgid', english), ('msgstr', known)):
            for text in re.findall(rf'^{kind} "(.*)"$', texts, re.MULTILINE):
                for label in re.findall(r'<gui[^>]*>([^<]*)</gui>', text):
                    assert plain(label) in among, f'{language}: “{label}” is nowhere in the window'


tap.run(complete, valid, linked, said, named, opened)
