# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/support/session gives a private session and leaves nothing behind."""

import os
import re
import subprocess
import sys

import tap

PROGRAM = sys.argv[1]


def session(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=300)


def exit_status():
    """The command's exit status is the session's."""
    assert session('--no-display', '--', 'sh', '-c', 'exit 7').returncode == 7


def killed():
    """A command that died of a signal is not a success."""
    assert session('--no-display', '--', 'sh', '-c', 'kill -9 $$').returncode == 137


def too_long():
    """A command that takes too long is ended."""
    assert session('--no-display', '--timeout', '0.5', '--', 'sleep', '600').returncode == 124


def missing():
    """A command that is missing is an error of the session."""
    assert session('--no-display', '--', '/nonexistent/program').returncode == 125


def private():
    """Homes, screen and bus are its own."""
    got = session('--', 'sh', '-c', 'echo "$HOME|$XDG_RUNTIME_DIR|$XDG_DATA_HOME|$DBUS_SESSION_BUS_ADDRESS"; '
                  'gdbus call --session -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.ListActivatableNames; '
                  'xdotool getdisplaygeometry; stat -c %a "$XDG_RUNTIME_DIR"')
    assert got.returncode == 0, got.stderr
    lines = got.stdout.splitlines()
    assert re.fullmatch(r'(/tmp/s\.\w+)/home\|\1/run\|\1/home/\.local/share\|unix:path=\1/run/bus', lines[0]), lines[0]
    assert sorted(re.findall(r"'([^']+)'", lines[1])) == ['org.a11y.Bus', 'org.freedesktop.DBus'], lines[1]
    assert lines[2:] == ['1280 900', '700'], (lines, got.stderr)


def is_of(pid, folder):
    """Whether that process was started in the session of that folder: its screen, its bus, its command."""
    try:
        with open(f'/proc/{pid}/environ', 'rb') as environment:
            return f'TEST_SESSION={folder}'.encode() in environment.read().split(b'\0')
    except OSError:
        return False


def leaves_nothing():
    """What the command started in the background is gone afterwards, and so is the folder."""
    got = session('--', 'sh', '-c', 'setsid sleep 600 & echo $! $TEST_SESSION; '
                  'gdbus call --session -d org.a11y.Bus -o /org/a11y/bus -m org.a11y.Bus.GetAddress >&2')
    assert got.returncode == 0, got.stderr
    pid, folder = got.stdout.split()
    assert not os.path.exists(f'/proc/{pid}'), 'the background process is still there'
    assert not os.path.exists(folder)
    left = [entry for entry in os.listdir('/proc') if entry.isdigit() and is_of(entry, folder)]
    assert not left, f'processes {left} of the session are still there'


def keyring():
    """The keyring is there on request, unlocked, and holds nothing."""
    call = 'gdbus call --session -d org.freedesktop.secrets -o /org/freedesktop/secrets'
    got = session('--no-display', '--keyring', '--', 'sh', '-c',
                  f'{call}/collection/login -m org.freedesktop.DBus.Properties.Get '
                  'org.freedesktop.Secret.Collection Locked; '
                  f'{call} -m org.freedesktop.Secret.Service.SearchItems {{}}')
    assert got.returncode == 0, got.stderr
    assert got.stdout.splitlines() == ['(<false>,)', '(@ao [], @ao [])'], got.stdout


tap.run(exit_status, killed, too_long, missing, private, leaves_nothing, keyring)
