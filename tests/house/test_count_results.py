# SPDX-License-Identifier: GPL-3.0-or-later
"""build-aux/count-results counts what Meson's log tells, and nothing passes for a success that isn't one."""

import json
import os
import subprocess
import sys
import tempfile

import tap

PROGRAM = sys.argv[1]


def closing_line(records, status=0):
    with tempfile.TemporaryDirectory() as build:
        os.mkdir(f'{build}/meson-logs')
        if records is not None:
            with open(f'{build}/meson-logs/testlog.json', 'w', encoding='utf-8') as log:
                for record in records:
                    log.write(json.dumps({'name': 'a', 'returncode': 0, **record}) + '\n')
        answer = subprocess.run([PROGRAM, build, str(status)], capture_output=True, text=True, check=False)
    return answer.stdout.splitlines()[-1], answer.returncode


def expect(records, line, good, status=0):
    assert closing_line(records, status) == (line, 0 if good else 1), closing_line(records, status)


def points():
    """Each TAP point counts."""
    expect([{'result': 'OK', 'stdout': 'ok 1 /a\nok 2 /b # SKIP no root\n1..2\n'}], '1 passed, 0 failed, 1 skipped', True)


def failed_point():
    """A failed point fails the run."""
    expect([{'result': 'FAIL', 'stdout': '1..2\nok 1 /a\nnot ok 2 /b\n'}], '1 passed, 1 failed, 0 skipped', False)


def nested_points():
    """Points of an inner level are not counted twice."""
    expect([{'result': 'OK', 'stdout': '    ok 1 /a/x\n    1..1\nok 1 /a\n1..1\n'}], '1 passed, 0 failed, 0 skipped', True)


def crash():
    """A crash after good points is a failure."""
    expect([{'result': 'ERROR', 'stdout': '1..2\nok 1 /a\n', 'returncode': -11}], '1 passed, 1 failed, 0 skipped', False)


def timeout():
    """A test that took too long is a failure."""
    expect([{'result': 'OK', 'stdout': ''}, {'result': 'TIMEOUT', 'stdout': ''}], '1 passed, 1 failed, 0 skipped', False)


def all_skipped():
    """A run where everything was skipped is no success."""
    expect([{'result': 'SKIP', 'stdout': '1..0 # SKIP no display\n'}], '0 passed, 0 failed, 1 skipped', False)


def partly_skipped():
    """A program that Meson calls skipped has its points counted one by one."""
    expect([{'result': 'SKIP', 'stdout': '1..2\nok 1 /a # SKIP no root\nok 2 /b # SKIP no root\n'},
            {'result': 'OK', 'stdout': ''}], '1 passed, 0 failed, 2 skipped', True)


def no_log():
    """A run without a log is no success."""
    expect(None, '0 passed, 1 failed, 0 skipped', False)


def nothing():
    """A run of no test is no success."""
    expect([], '0 passed, 0 failed, 0 skipped', False)


def meson_failed():
    """A failure that only Meson's exit status tells of is counted."""
    expect([{'result': 'OK', 'stdout': ''}], '1 passed, 1 failed, 0 skipped', False, status=2)


tap.run(points, failed_point, nested_points, crash, timeout, all_skipped, partly_skipped, no_log, nothing, meson_failed)
