# SPDX-License-Identifier: GPL-3.0-or-later
"""A test in Python that speaks TAP: run(name, function…) prints one point for each function."""

import sys
import traceback


class Skip(Exception):
    """Raised by a test that can't be run here; the text says why."""


def run(*tests):
    """Runs each function; its docstring's first line is the name of the point."""
    print(f'1..{len(tests)}', flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        name = (test.__doc__ or test.__name__).strip().splitlines()[0].rstrip('.')
        try:
            test()
            print(f'ok {number} {name}', flush=True)
        except Skip as reason:
            print(f'ok {number} {name} # SKIP {reason}', flush=True)
        except Exception as error:  # a failed point, whatever went wrong
            failed += 1
            print(f'not ok {number} {name}', flush=True)
            text = str(error) if isinstance(error, AssertionError) and str(error) else traceback.format_exc()
            # Meson shows what is said here beside the name of a failed point.
            print(f'{name}: {text}', file=sys.stderr, flush=True)
    sys.exit(1 if failed else 0)
