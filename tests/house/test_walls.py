# SPDX-License-Identifier: GPL-3.0-or-later
"""The walls between the folders. Those that the compiler keeps are tried with the compiler and the flags of a real file."""

import json
import os
import re
import shlex
import subprocess
import sys

import sources
import tap

TOP, BUILD = sys.argv[1:3]
CORE = ['base', 'openpgp', 'gnupg', 'escrow', 'owner', 'authority']
# What a folder may see, itself among it.
SEES = {
    'base': {'base'},
    'openpgp': {'base', 'openpgp'},
    'gnupg': {'base', 'openpgp', 'gnupg'},
    'escrow': {'base', 'openpgp', 'gnupg', 'escrow'},
    'owner': {'base', 'openpgp', 'gnupg', 'escrow', 'owner'},
    'authority': {'base', 'openpgp', 'gnupg', 'escrow', 'authority'},
}


def includes(pattern, paths):
    return sources.lines_with(TOP, paths, r'^\s*#\s*include\s*[<"]' + pattern, sources.code)


def shipped(*folders):
    return sources.files(TOP, *(folders or ('src',)), endings=['.c', '.h'])


def gpgme_door():
    """GPGME is included in gnupg/ alone, and in no public header."""
    allowed = re.compile(r'^src/core/gnupg/([a-z-]+\.c|[a-z-]+-private\.h):')
    sources.none([line for line in includes(r'gpgme', shipped()) if not allowed.match(line)], 'GPGME has one door:')


def libsecret_door():
    """libsecret is included in one private header of base/, and that by the keyring's files alone."""
    door = 'src/core/base/spare-keyring-private.h'
    sources.none([line for line in includes(r'libsecret/', shipped()) if not line.startswith(door + ':')], 'libsecret has one door:')
    sources.none([line for line in sources.lines_with(TOP, shipped(), r'#include "spare-keyring-private\.h"')
                  if not re.match(r'src/core/base/spare-keyring[a-z-]*\.c:', line)], 'The door is opened elsewhere:')


def no_toolkit():
    """Neither core, tool nor guard includes a toolkit."""
    sources.none(includes(r'(gtk|gdk|gsk|adwaita|pango)', shipped('src/core', 'src/tool', 'src/guard')), 'No GTK here:')


def settings_keys():
    """GSettings keys are named in one file."""
    found = sources.lines_with(TOP, shipped(), r'\bg_settings_(get|set|bind|reset|is_writable|create_action)[a-z_0-9]* \(', sources.code)
    paths = {line.split(':')[0] for line in found}
    assert len(paths) <= 1, 'GSettings are read and written in several files:\n  ' + '\n  '.join(found)


def guard_alone():
    """The guard links nothing but the C library."""
    program = os.path.join(BUILD, 'src/guard/sparekey-gpg')
    answer = subprocess.run(['objdump', '-p', program], capture_output=True, text=True, check=True)
    needed = re.findall(r'NEEDED\s+(\S+)', answer.stdout)
    assert set(needed) <= {'libc.so.6'}, needed


def compile_flags(folder):
    """The compiler call for a file of a core folder, without its input and outputs."""
    with open(os.path.join(BUILD, 'compile_commands.json'), encoding='utf-8') as database:
        for entry in json.load(database):
            path = os.path.relpath(os.path.join(entry['directory'], entry['file']), TOP)
            if path.startswith(f'src/core/{folder}/') and path.endswith('.c'):
                words = shlex.split(entry['command'])
                drop = {words.index(flag) + offset for flag in ('-o', '-c', '-MF', '-MQ') if flag in words
                        for offset in (0, 1)}
                return [word for number, word in enumerate(words) if number not in drop and word not in ('-MD', '-MMD')], \
                    entry['directory']
    return None, None


def try_include(folder, header):
    """None when HEADER can be included from FOLDER, else what the compiler says."""
    command, directory = compile_flags(folder)
    if not command:
        return 'nothing compiled'
    answer = subprocess.run([*command, '-fsyntax-only', '-include', 'config.h', '-x', 'c', '-'], cwd=directory,
                            input=f'#include {header}\n', capture_output=True, text=True, check=False)
    return None if answer.returncode == 0 else answer.stderr


def compiled_folders():
    return [folder for folder in CORE if compile_flags(folder)[0]]


def compiler_walls():
    """Including a header of a folder that may not be seen is "No such file"."""
    tried, bad = 0, []
    for folder in compiled_folders():
        for other in [name for name in CORE if name not in SEES[folder]] + ['../app', '../tool']:
            headers = [path for path in shipped(f'src/core/{other}') if path.endswith('.h')]
            if headers:
                tried += 1
                header = os.path.basename(headers[0])
                said = try_include(folder, f'"{header}"')
                if said is None or 'No such file or directory' not in said:
                    bad.append(f'{folder}/ and {header}: {said or "compiles"}')
    assert tried, 'nothing was tried'
    sources.none(bad, 'These should not be found:')


def compiler_toolkit():
    """Including GTK from core is "No such file"."""
    folders = compiled_folders()
    assert folders, 'no core folder is compiled'
    for folder in folders:
        said = try_include(folder, '<gtk/gtk.h>')
        assert said and 'gtk/gtk.h: No such file' in said, f'{folder}/: {said or "compiles"}'


def compiler_own():
    """Including a folder's own header works, so the walls are not just a broken command line."""
    for folder in compiled_folders():
        header = [path for path in shipped(f'src/core/{folder}') if re.search(r'/spare-[a-z-]+\.h$', path)
                  and not path.endswith('-private.h')][0]
        assert try_include(folder, f'"{os.path.basename(header)}"') is None, header


def private_headers():
    """A private header is included in its own folder and in tests alone."""
    bad = []
    for line in includes(r'[a-z-]+-private\.h', shipped()):
        path, header = line.split(':')[0], re.search(r'[<"]([^>"]+)[>"]', line).group(1)
        if not os.path.exists(os.path.join(TOP, os.path.dirname(path), header)):
            bad.append(line)
    sources.none(bad, 'Private headers are for the same folder:')


tap.run(gpgme_door, libsecret_door, no_toolkit, settings_keys, guard_alone, compiler_own, compiler_walls, compiler_toolkit,
        private_headers)
