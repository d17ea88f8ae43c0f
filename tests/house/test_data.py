# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed beside the programs is as the desktop wants it."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
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
    answer = subprocess.run(['appstreamcli', 'validate', '--no-net', '--strict', f'{BUILD}/data/{ID}.metainfo.xml'],
                            capture_output=True, text=True, check=False)
    # Older versions (0.16) do not know the tag of the developer, which newer ones want.
    complaints = [line for line in answer.stdout.splitlines() if re.match(r'[EWI]: ', line)
                  and 'unknown-tag developer' not in line and not re.match(r'I: .*unknown-tag', line)]
    sources.none(complaints, 'appstreamcli complains:')
    assert answer.stdout.strip(), answer.stderr
    root = xml.etree.ElementTree.parse(f'{BUILD}/data/{ID}.metainfo.xml').getroot()
    assert len(root.findall('screenshots/screenshot[@type="default"]')) == 1
    assert all(release.find('description') is not None for release in root.findall('releases/release'))
    version = re.search(r"version: '([^']+)'", sources.read(TOP, 'meson.build')).group(1)
    assert root.find('releases/release').get('version') == version, 'the newest release is not this one'


def pictures():
    """Each picture that software centres are told of lies in the source, as large as is said, and is a modest file."""
    root = xml.etree.ElementTree.fromstring(sources.read(TOP, f'data/{ID}.metainfo.xml.in'))
    home = root.findtext('url[@type="homepage"]')
    images = root.findall('screenshots/screenshot/image')
    for image in images:
        assert image.text.startswith(f'{home}screenshots/'), image.text
        with open(os.path.join(TOP, 'data/screenshots', os.path.basename(image.text)), 'rb') as file:
            octets = file.read()
        assert octets.startswith(b'\x89PNG\r\n\x1a\n') and len(octets) <= 150000, (image.text, len(octets))
        size = [str(int.from_bytes(octets[begin:begin + 4], 'big')) for begin in (16, 20)]
        assert size == [image.get('width'), image.get('height')], (image.text, size)
    taken = {os.path.basename(path) for path in sources.files(TOP, 'data/screenshots', endings=['.png'])}
    assert len(images) >= 3 and taken == {os.path.basename(image.text) for image in images}, taken
    assert '.example' not in ''.join(root.itertext()), 'addresses are the project\'s own'


def desktop_actions():
    """Each action in the desktop entry is one of the application's that needs no parameter."""
    entry = sources.read(BUILD, f'data/{ID}.desktop')
    names = re.search(r'^Actions=(.*)$', entry, re.MULTILINE).group(1).strip(';').split(';')
    code = ''.join(sources.read(TOP, f'src/app/{name}.c') for name in ('spare-application', 'spare-file-actions'))
    for name in names:
        assert f'[Desktop Action {name}]' in entry and re.search(r'\{ "' + name + r'", [a-z_]+_action \}', code), name


def file_type():
    """A bundle has a type of its own, and the application opens it; files of GnuPG are of the types that it opens too."""
    entry = sources.read(BUILD, f'data/{ID}.desktop')
    handled = set(re.search(r'^MimeType=(.*)$', entry, re.MULTILINE).group(1).strip(';').split(';'))
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f'{folder}/mime/packages')
        for path in glob.glob('/usr/share/mime/packages/freedesktop.org.xml') + [f'{BUILD}/data/{ID}.xml']:
            shutil.copy(path, f'{folder}/mime/packages')
        said = output('update-mime-database', f'{folder}/mime')
        assert ID not in said, said
        for name, wanted in (('a.sparekey', 'application/x-sparekey'), ('a.b.SPAREKEY', 'application/x-sparekey'),
                             ('a.txt.gpg', 'application/pgp-encrypted'), ('a.pgp', 'application/pgp-encrypted')):
            path = os.path.join(folder, name)
            with open(path, 'wb') as stream:
                stream.write(b'\x85\x01\x0c')
            found = subprocess.run(['gio', 'info', '-a', 'standard::content-type', path], capture_output=True, text=True,
                                   check=True, env=os.environ | {'XDG_DATA_HOME': folder, 'XDG_DATA_DIRS': folder}).stdout
            assert wanted in found, f'{name}: {found}'
            assert wanted in handled, f'{wanted} is not in {handled}'
    icon = re.search(r'<icon name="([^"]+)"', sources.read(TOP, f'data/{ID}.mime.xml.in')).group(1)
    assert os.path.exists(f'{TOP}/data/icons/hicolor/scalable/mimetypes/{icon}.svg'), icon


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


tap.run(desktop_entry, desktop_actions, activation, file_type, metainfo, pictures, schema, icons)
