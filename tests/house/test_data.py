# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed beside the programs is as the desktop wants it."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree

import sources
import tap

TOP, BUILD = sys.argv[1:3]
ID = 'org.sparekey.SpareKey'


def output(*command):
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr


def desktop_entry():
    """The desktop entry is valid, without a warning."""
    said = output('desktop-file-validate', '--no-hints', f'{BUILD}/data/{ID}.desktop')
    assert not said.strip(), said


def activation():
    """The desktop entry and the bus service start the same program."""
    entry = sources.read(BUILD, f'data/{ID}.desktop')
    service = sources.read(BUILD, f'data/{ID}.service')
    assert 'DBusActivatable=true' in entry and f'Name={ID}' in service
    assert re.search(r'^Exec=sparekey ', entry, re.MULTILINE) and re.search(r'^Exec=/\S+/sparekey --gapplication-service$',
                                                                            service, re.MULTILINE), service


def metainfo():
    """The description for software centres is valid."""
    answer = subprocess.run(['appstreamcli', 'validate', '--no-net', f'{BUILD}/data/{ID}.metainfo.xml'],
                            capture_output=True, text=True, check=False)
    # There is no home page to name yet; newer versions warn of that.
    complaints = [line for line in answer.stdout.splitlines() if re.match(r'[EW]: ', line)
                  and 'url-homepage-missing' not in line]
    sources.none(complaints, 'appstreamcli complains:')
    assert answer.stdout.strip(), answer.stderr


def schema():
    """The settings' schema is valid to the letter."""
    output('glib-compile-schemas', '--strict', '--dry-run', f'{TOP}/data')


def icons():
    """Each icon is a square drawing; symbolic ones are 16 by 16 and of one colour."""
    paths = sources.files(TOP, 'data', 'src', endings=['.svg'])
    assert f'data/icons/hicolor/scalable/apps/{ID}.svg' in paths and \
        f'data/icons/hicolor/symbolic/apps/{ID}-symbolic.svg' in paths
    for path in paths:
        root = xml.etree.ElementTree.parse(os.path.join(TOP, path)).getroot()
        size = (root.get('width'), root.get('height'))
        assert size[0] == size[1], f'{path}: {size}'
        if path.endswith('-symbolic.svg'):
            assert size == ('16', '16'), f'{path}: {size}'
            colours = set(re.findall(r'(?:fill|stroke)="(#[0-9a-fA-F]{3,8})"', sources.read(TOP, path)))
            assert colours <= {'#2e3436'}, f'{path}: {colours}'


tap.run(desktop_entry, activation, metainfo, schema, icons)
