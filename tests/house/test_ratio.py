# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/bench/ratio.py says who is slower, and a failure is no result."""

import io
import subprocess
import sys

import tap

sys.path.insert(0, sys.argv[1])
import ratio  # noqa: E402


def measured(ours, stock, limit):
    """The row and the exit status, where the two take so many seconds by a clock that nothing else moves."""
    now = [0.0]

    def takes(seconds):
        def command():
            now[0] += next(seconds)
        return command
    output = io.StringIO()
    rows = ratio.Rows(repeats=2, output=output, clock=lambda: now[0])
    rows.measure('row', takes(iter(ours)), takes(iter(stock)), limit)
    try:
        rows.done()
    except SystemExit as end:
        return output.getvalue().splitlines()[1].split(), end.code


def too_slow():
    """What is slower than its limit ends with 1."""
    line, code = measured([5, 3], [2, 4], 1.4)
    assert (line, code) == (['row', '3.000', 's', '2.000', 's', '1.50', '1.40', 'too', 'slow'], 1), line


def fast_enough():
    """What is not ends with 0."""
    line, code = measured([5, 3], [2, 4], 1.6)
    assert (line, code) == (['row', '3.000', 's', '2.000', 's', '1.50', '1.60'], 0), line


def failure():
    """A command that fails ends the run."""
    try:
        ratio.Rows(output=io.StringIO()).measure('row', ['false'], ['true'], 1)
    except subprocess.CalledProcessError:
        return
    raise AssertionError('a failure was measured')


tap.run(too_slow, fast_enough, failure)
