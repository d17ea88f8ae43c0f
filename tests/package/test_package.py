# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian packages: they build from a clean copy of the source, without a warning, and lintian has no complaint."""

import atexit
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import sources
import tap

TOP = sys.argv[1]
WHERE = tempfile.mkdtemp(prefix='sparekey-package-')
atexit.register(shutil.rmtree, WHERE, True)
SOURCE = f'{WHERE}/sparekey'
# What each package is for: a few of its files, and of what it must not have.
PACKAGES = {
    'sparekey': ['usr/bin/sparekey', 'usr/share/applications/org.sparekey.SpareKey.desktop', 'usr/share/man/man1/sparekey.1.gz',
                 'usr/share/dbus-1/services/org.sparekey.SpareKey.service', 'usr/share/help/C/sparekey/index.page',
                 'usr/share/metainfo/org.sparekey.SpareKey.metainfo.xml', 'usr/share/mime/packages/org.sparekey.SpareKey.xml',
                 'usr/share/bash-completion/completions/sparekey', 'usr/share/fish/vendor_completions.d/sparekey.fish',
                 'usr/share/zsh/vendor-completions/_sparekey'],
    'sparekey-tool': ['usr/bin/sparekey-tool', 'usr/libexec/sparekey-gpg', 'usr/libexec/sparekey-gpg-noverify',
                      'usr/share/glib-2.0/schemas/org.sparekey.SpareKey.gschema.xml', 'usr/share/man/man1/sparekey-tool.1.gz',
                      'usr/share/bash-completion/completions/sparekey-tool', 'usr/share/zsh/vendor-completions/_sparekey-tool',
                      'usr/share/fish/vendor_completions.d/sparekey-tool.fish', 'usr/share/sparekey/verify-audit'],
    'nautilus-sparekey': ['usr/lib/*/nautilus/extensions-4/libsparekey-nautilus.so'],
    'thunar-sparekey': ['usr/lib/*/thunarx-3/libsparekey-thunar.so'],
    'caja-sparekey': ['usr/lib/*/caja/extensions-2.0/libsparekey-caja.so', 'usr/share/caja/extensions/libsparekey-caja.caja-extension'],
    'nemo-sparekey': ['usr/share/nemo/actions/org.sparekey.SpareKey-encrypt.nemo_action'],
    'pcmanfm-sparekey': ['usr/share/file-manager/actions/org.sparekey.SpareKey-encrypt.desktop'],
    'dolphin-sparekey': ['usr/share/kio/servicemenus/org.sparekey.SpareKey-plain.desktop'],
}


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise tap.Skip(f'there is no {program} here')


def run(*command, folder=WHERE):
    """(exit status, everything it said). Debian's own Python and gcc are used, as on a machine that builds packages."""
    kept = {name: value for name, value in os.environ.items() if name in ('DEB_BUILD_OPTIONS', 'http_proxy', 'https_proxy')}
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, cwd=folder, env=kept | {
        'HOME': WHERE, 'LC_ALL': 'C.UTF-8', 'PATH': '/usr/sbin:/usr/bin:/sbin:/bin'})
    return answer.returncode, answer.stdout.decode(errors='replace')


def built():
    """The files of changes; without them nothing can be said of the packages."""
    found = glob.glob(f'{WHERE}/*.changes')
    assert len(found) == 1, 'there are no packages'
    return found[0]


def builds():
    """dpkg-buildpackage makes all packages from a clean copy; compiler, debhelper and dpkg warn of nothing."""
    need('dpkg-buildpackage', 'dh')
    for path in sources.files(TOP):
        if re.match(r'debian/(\.debhelper|tmp|[a-z]*-?sparekey(-tool)?)/|debian/(files|.*\.substvars|.*\.debhelper.*)$', path):
            continue
        os.makedirs(os.path.dirname(f'{SOURCE}/{path}'), exist_ok=True)
        shutil.copy2(f'{TOP}/{path}', f'{SOURCE}/{path}')
    status, said = run('dpkg-checkbuilddeps', folder=SOURCE)
    if status != 0:
        raise tap.Skip(said.strip())
    status, said = run('dpkg-buildpackage', '-us', '-uc', '-b', folder=SOURCE)
    assert status == 0, said[-6000:]
    sources.none(re.findall(r'^(?:dh|dpkg)[a-z_-]*: (?:warning|error).*$|^.*: warning: .*\[-W.*$', said, re.MULTILINE), 'It was built, but:')
    names = {os.path.basename(path).split('_')[0] for path in glob.glob(f'{WHERE}/*.deb')}
    assert {name for name in names if not name.endswith('-dbgsym')} == set(PACKAGES), names


def lintian():
    """lintian has neither an error nor a warning."""
    need('lintian', 'dpkg-buildpackage', 'dh')
    if not os.path.exists(f'{SOURCE}/debian/files'):
        raise tap.Skip('nothing was built')
    status, said = run('lintian', '--allow-root', '--fail-on', 'error,warning', built())
    assert status == 0 and not re.search(r'^[EW]: ', said, re.MULTILINE), said


def contents():
    """Each file lies in the package that it is for, and none in two."""
    need('dpkg-buildpackage', 'dh')
    if not os.path.exists(f'{SOURCE}/debian/files'):
        raise tap.Skip('nothing was built')
    owner = {}
    for name, wanted in PACKAGES.items():
        root = f'{WHERE}/{name}'
        status, said = run('dpkg-deb', '--extract', glob.glob(f'{WHERE}/{name}_*.deb')[0], root)
        assert status == 0, said
        for path in wanted:
            assert glob.glob(f'{root}/{path}'), f'{name} has no {path}'
        for folder, _, leaves in os.walk(root):
            for leaf in leaves:
                path = os.path.relpath(os.path.join(folder, leaf), root)
                assert path not in owner, f'{path} is in {owner[path]} and in {name}'
                owner[path] = name
    status, said = run('dpkg-deb', '--field', glob.glob(f'{WHERE}/sparekey-tool_*.deb')[0], 'Built-Using', 'Depends')
    assert re.search(r'^Built-Using: glibc \(= \S+\)$', said, re.MULTILINE) and 'gpg-agent' in said, said


tap.run(builds, lintian, contents)
