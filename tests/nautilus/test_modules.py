# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for file managers are guests: small, and with nothing of ours or of a toolkit behind them."""

import os
import re
import subprocess
import sys

import sources
import tap

TOP, MODULES = sys.argv[1], sys.argv[2:]
# What each may link beside the C library; the rest of the C library's family is left out of sight.
ALLOWED = re.compile(r'^(lib(gio|gobject|glib)-2\.0\.so\.0|libnautilus-extension\.so\.4|libthunarx-3\.so\.0|libcaja-extension\.so\.1'
                     r'|libc\.so\.6)$')
ENTRY = re.compile(r'^(nautilus_module|thunar_extension|caja_module)_(initialize|shutdown|list_types)$')
LINKER = {'__bss_start', '_edata', '_end'}


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def each():
    if not MODULES:
        raise tap.Skip('no file manager\'s development package is here')
    return MODULES


def needed():
    """They link no core, no engine, no keyring and no toolkit."""
    for module in each():
        libraries = re.findall(r'NEEDED\s+(\S+)', output('objdump', '-p', module))
        assert libraries and all(map(ALLOWED.match, libraries)), f'{module}: {libraries}'


def hidden():
    """Nothing but the three functions that the file manager looks for can be seen."""
    for module in each():
        symbols = {line.split()[-1] for line in output('nm', '-D', '--defined-only', module).splitlines()} - LINKER
        assert len(symbols) == 3 and all(map(ENTRY.match, symbols)), f'{module}: {symbols}'


def resident():
    """They stay in memory: an answer of the bus may come after they are done with."""
    for module in each():
        assert 'NODELETE' in output('readelf', '--dynamic', module), module


def no_waiting():
    """They call nothing that waits, starts a thread, or reads or writes a file."""
    forbidden = re.compile(r'^(open|openat|fopen|read|write|stat|access|poll|select|sleep|usleep|nanosleep|fork|execve?|system'
                           r'|pthread_create|g_.*_sync|g_thread_.*|g_task_run_in_thread.*|g_file_.*|g_spawn_.*|g_main_.*)(64)?$')
    for module in each():
        names = {line.split()[-1].partition('@')[0] for line in output('nm', '-D', '--undefined-only', module).splitlines()}
        assert 'g_dbus_connection_call' in names, names
        assert not [name for name in names if forbidden.match(name)], f'{module}: {names}'


def small():
    """The code of each is at most 300 lines."""
    common = 'src/nautilus/spare-menu.c'
    for own in ('src/nautilus/spare-nautilus.c', 'src/thunar/spare-thunar.c', 'src/caja/spare-caja.c'):
        count = sum(len(sources.read(TOP, path).splitlines()) for path in (common, own))
        assert count <= 300, f'{common} and {os.path.basename(own)}: {count} lines'


def same_words():
    """What is data for other file managers says the same, and starts the same actions, as the modules do."""
    known = set(re.findall(r'"((?:[^"\\\\]|\\\\.)*)"', sources.read(TOP, 'src/nautilus/spare-menu.c')))
    actions = {'encrypt', 'decrypt', 'inspect', 'recover'}
    for folder, ending in (('nemo', '.nemo_action.in'), ('file-manager', '.desktop-action.in'), ('kio', '.service-menu.in')):
        found = set()
        for path in sources.files(TOP, f'data/{folder}', endings=[ending]):
            text = sources.read(TOP, path)
            for words in re.findall(r'^(?:Name|Comment|Tooltip)=(.*)$', text, re.MULTILINE):
                assert words in known, f'{path}: {words!r} is not in spare-menu.c'
            found |= set(re.findall(r'^Exec=sparekey --([a-z]+) %F$', text, re.MULTILINE))
            assert 'Schemes' not in re.sub('^#.*', '', text, flags=re.MULTILINE), f'{path}: PCManFM crashes on Schemes='
        assert found == actions, f'{folder}: {found}'


tap.run(same_words, needed, hidden, resident, no_waiting, small)
