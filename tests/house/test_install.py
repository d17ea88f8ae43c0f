# SPDX-License-Identifier: GPL-3.0-or-later
"""What `meson install` puts where, and that it works without the folders that it was built from."""

import atexit
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import sources
import tap

TOP, BUILD, MESON = sys.argv[1:4]
MODULES = {host: folder.lstrip('/') for host, folder in json.loads(sys.argv[4]).items()}  # {host: where its own pkg-config says that modules lie}
ID = 'org.sparekey.SpareKey'
WHERE = tempfile.mkdtemp(prefix='sparekey-install-')
atexit.register(shutil.rmtree, WHERE, True)

# Folder: what has to be there, and nothing else that is ours.
WANTED = {
    'bin': ['sparekey', 'sparekey-tool'],
    'libexec': ['sparekey-gpg', 'sparekey-gpg-noverify'],
    'share/applications': [f'{ID}.desktop'],
    'share/bash-completion/completions': ['sparekey', 'sparekey-tool'],
    'share/dbus-1/services': [f'{ID}.service'],
    'share/file-manager/actions': [f'{ID}-{name}.desktop' for name in ('decrypt', 'encrypt', 'inspect', 'recover')],
    'share/fish/vendor_completions.d': ['sparekey-tool.fish', 'sparekey.fish'],
    'share/glib-2.0/schemas': [f'{ID}.gschema.xml'],
    'share/icons/hicolor/scalable/apps': [f'{ID}.svg'],
    'share/icons/hicolor/scalable/mimetypes': ['application-x-sparekey.svg'],
    'share/icons/hicolor/symbolic/apps': [f'{ID}-symbolic.svg'],
    'share/kio/servicemenus': [f'{ID}-encrypted.desktop', f'{ID}-plain.desktop'],
    'share/man/man1': ['sparekey-tool.1', 'sparekey.1'],
    'share/metainfo': [f'{ID}.metainfo.xml'],
    'share/mime/packages': [f'{ID}.xml'],
    'share/nemo/actions': [f'{ID}-{name}.nemo_action' for name in ('decrypt', 'encrypt', 'inspect', 'recover')],
    'share/sparekey': ['verify-audit'],
    'share/zsh/site-functions': ['_sparekey', '_sparekey-tool'],
}
PROGRAMS = {'bin/sparekey', 'bin/sparekey-tool', 'libexec/sparekey-gpg', 'libexec/sparekey-gpg-noverify', 'share/sparekey/verify-audit'}


def output(*command, env=None):
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | (env or {}), cwd='/')
    assert answer.returncode == 0, (command, answer.stdout, answer.stderr)
    return answer.stdout


def prefix():
    """The prefix that the build was set up with."""
    for option in json.loads(output(MESON, 'introspect', '--buildoptions', BUILD)):
        if option['name'] == 'prefix':
            return option['value']
    raise AssertionError('no prefix')


def installed():
    """Paths below the prefix, sorted; installs the first time."""
    root = WHERE + prefix()
    if not os.path.exists(root):
        output(MESON, 'install', '-C', BUILD, '--no-rebuild', '--strip', '--quiet', '--destdir', WHERE)
    outside = [name for name in os.listdir(WHERE) if '/' + name != '/' + prefix().split('/')[1]]
    sources.none(outside, 'These are outside of the prefix:')
    return root, sorted(os.path.relpath(os.path.join(folder, name), root)
                        for folder, _, names in os.walk(root) for name in names)


def everything():
    """Each file lies where it belongs, and nothing else is there."""
    root, found = installed()
    wanted = {f'{folder}/{name}' for folder, names in WANTED.items() for name in names}
    pages = sources.files(TOP, 'help/C', endings=['.page'])
    languages = [line for line in sources.read(TOP, 'po/LINGUAS').splitlines() if line and not line.startswith('#')]
    for language in ['C'] + languages:
        wanted |= {f'share/help/{language}/sparekey/{os.path.basename(page)}' for page in pages}
    wanted |= {f'share/locale/{language}/LC_MESSAGES/sparekey.mo' for language in languages}
    for host, folder in MODULES.items():
        wanted.add(f'{folder}/libsparekey-{host}.so')
        if host == 'caja':
            wanted.add('share/caja/extensions/libsparekey-caja.caja-extension')
    sources.none(sorted(wanted - set(found)), 'These are missing:')
    sources.none(sorted(set(found) - wanted), 'Nobody expects these:')
    for path in found:
        mode = os.stat(f'{root}/{path}').st_mode & 0o777
        runs = path in PROGRAMS or path.endswith('.so')
        assert mode == (0o755 if runs else 0o644), f'{path}: {mode:o}'


def module_folders():
    """The modules lie where the file managers that are installed here look for them, seen from the prefix."""
    packages = {'nautilus': ('libnautilus-extension-4', 'extensiondir'), 'thunar': ('thunarx-3', 'extensionsdir'),
                'caja': ('libcaja-extension', 'extensiondir')}
    if not MODULES:
        raise tap.Skip('no file manager\'s development package is here')
    for host, folder in MODULES.items():
        package, variable = packages[host]
        theirs = output('pkg-config', f'--variable={variable}', package).strip()
        base = output('pkg-config', '--variable=prefix', package).strip()
        assert os.path.relpath(theirs, base) == folder, f'{host}: {theirs}, {folder}'


def nothing_of_the_build():
    """No installed file names the folder it was built in, or its source."""
    root, found = installed()
    for path in found:
        with open(f'{root}/{path}', 'rb') as stream:
            content = stream.read()
        for folder in {BUILD, TOP, os.path.realpath(BUILD), os.path.realpath(TOP)}:
            # A source folder that is called /srv or /usr would be found everywhere.
            if folder.count('/') > 1:
                assert folder.encode() not in content, f'{path} names {folder}'


def no_run_path():
    """No program or module searches for libraries in a folder of its own, and all can be moved in memory."""
    root, found = installed()
    for path in found:
        with open(f'{root}/{path}', 'rb') as stream:
            if stream.read(4) != b'\x7fELF':
                continue
        dynamic = output('readelf', '--wide', '--dynamic', f'{root}/{path}')
        assert not re.search(r'R(UN)?PATH', dynamic), f'{path}: {dynamic}'
        assert re.search(r'Type:\s+DYN', output('readelf', '--wide', '--file-header', f'{root}/{path}')), path


def starts():
    """The tool runs from there, the desktop's services start what is there, and GLib finds the settings."""
    root, _ = installed()
    version = re.search(r"version: '([^']+)'", sources.read(TOP, 'meson.build')).group(1)
    home = f'{WHERE}/home'
    os.makedirs(home)
    plain = {'HOME': home, 'GSETTINGS_SCHEMA_DIR': '', 'XDG_DATA_DIRS': f'{root}/share'}
    assert output(f'{root}/bin/sparekey-tool', '--version', env=plain).strip() == f'sparekey-tool {version}'
    assert '--encrypt' in output(f'{root}/bin/sparekey', '--help', env=plain)
    service = sources.read(root, f'share/dbus-1/services/{ID}.service')
    program = re.search(r'^Exec=(\S+) --gapplication-service$', service, re.MULTILINE).group(1)
    assert program == f'{prefix()}/bin/sparekey' and os.access(WHERE + program, os.X_OK), program
    # What a package's trigger, or an installation without DESTDIR, does.
    output('glib-compile-schemas', '--strict', f'{root}/share/glib-2.0/schemas')
    assert ID in output('gsettings', 'list-recursively', ID, env=plain)
    shutil.rmtree(home)


def links():
    """No link leads out of what was installed."""
    root, _ = installed()
    bad = [path for path in glob.glob(f'{root}/**', recursive=True) if os.path.islink(path)
           and not os.path.realpath(path).startswith(os.path.realpath(WHERE))]
    sources.none(bad, 'These lead elsewhere:')


tap.run(everything, module_folders, nothing_of_the_build, no_run_path, starts, links)
