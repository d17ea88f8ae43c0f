# SPDX-License-Identifier: GPL-3.0-or-later
"""A gibibyte through the window: memory stays where it was, and the window answers all the while."""

import os
import subprocess
import sys
import time

PROGRAM, SUPPORT, HOUSE = sys.argv[1:4]
sys.path[:0] = [SUPPORT, HOUSE]

import desk  # noqa: E402
import tap  # noqa: E402
import uit  # noqa: E402

MEBIBYTE = 1 << 20
ROOM = 8 * 1024       # KiB
BLOCKED = 0.05        # seconds
# Other processes want the processor too: now and then an answer is late through no fault of the window. One that blocks while it
# encrypts would be late all the time.
LATE = 0.02
desk.make_authority()
APP = desk.Application(PROGRAM)
PEAK = []


def peak():
    """The most memory that the application ever had, in KiB."""
    with open(f'/proc/{APP.process.pid}/status', encoding='ascii') as file:
        return next(int(line.split()[1]) for line in file if line.startswith('VmHWM'))


def make(name, size):
    path = desk.write(name, b'')
    os.truncate(path, size)
    return path


def small():
    """A mebibyte is encrypted and opened."""
    desk.set_up(APP)
    path = make('small.bin', MEBIBYTE)
    subprocess.run([PROGRAM, path], check=True)
    desk.wait_row(APP, 'small.bin', 'Encrypted')
    PEAK.append(peak())


def large():
    """A gibibyte needs no more memory, and the window answers all the while."""
    bus = uit.Gio.bus_get_sync(uit.Gio.BusType.SESSION)
    path = make('large.bin', 1024 * MEBIBYTE)
    subprocess.run([PROGRAM, path], check=True)
    answers = []
    deadline = time.monotonic() + 200
    while not os.path.exists(path + '.gpg'):
        assert time.monotonic() < deadline, 'not done in 200 s'
        before = time.monotonic()
        bus.call_sync('org.sparekey.SpareKey', '/org/sparekey/SpareKey', 'org.gtk.Actions', 'List', None, None,
                      uit.Gio.DBusCallFlags.NONE, 10000, None)
        answers.append(time.monotonic() - before)
        time.sleep(0.01)
    os.unlink(path + '.gpg')
    os.unlink(path)
    late = sum(answer > BLOCKED for answer in answers)
    print(f'# {len(answers)} answers, {late} after more than 50 ms, the longest {max(answers) * 1000:.0f} ms; '
          f'peak {PEAK[0]} and then {peak()} KiB', flush=True)
    assert len(answers) > 20, 'done too soon to tell'
    assert late <= LATE * len(answers) + 1, f'{late} of {len(answers)} late'
    assert peak() - PEAK[0] <= ROOM, f'{PEAK[0]} KiB before, {peak()} KiB after'
    APP.end()


tap.run(small, large)
