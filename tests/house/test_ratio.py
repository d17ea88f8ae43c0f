# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/bench/ratio.py says who is slower, and a failure is no result."""

import io
import subprocess
import sys

import tap

sys.path.insert(0, sys.argv[1])
import ratio  # noqa: E402


def measured(ours, stock, limit):
    output = io.StringIO()
    rows = ratio.Rows(repeats=2, output=output)
    rows.measure('row', ['python3', '-c', ours], ['python3', '-c', stock], limit)
    try:
        rows.done()
    except SystemExit as end:
        return output.getvalue().splitlines()[1], end.code


def too_slow():
    """What is slower than its limit ends with 1."""
    line, code = measured('sum(range(10**7))', 'pass', 2)
    assert code == 1 and line.endswith('too slow'), line


def fast_enough():
    """What is not ends with 0."""
    line, code = measured('pass', 'sum(range(10**7))', 1)
    assert code == 0 and not line.endswith('too slow'), line


def failure():
    """A command that fails ends the run."""
    try:
        measured('raise SystemExit(3)', 'pass', 1)
    except subprocess.CalledProcessError:
        return
    raise AssertionError('a failure was measured')


tap.run(too_slow, fast_enough, failure)
