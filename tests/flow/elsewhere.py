# SPDX-License-Identifier: GPL-3.0-or-later
"""A person at another computer, for tests that have two: own home, own bus, own keyring."""

import importlib.machinery
import importlib.util
import os
import types

import owner as people

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support', 'session')


def load_session():
    """tests/support/session, as a module."""
    loader = importlib.machinery.SourceFileLoader('session', SUPPORT)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('session', loader))
    loader.exec_module(module)
    return module


class Elsewhere(people.Owner):
    """A person at another computer."""

    def __init__(self, tool):
        super().__init__(tool)
        self.session = None
        self.move()

    def move(self):
        """To a new computer, where nothing is."""
        self.session = load_session().Session(types.SimpleNamespace(display=False, services=[], keyring=True))
        self.session.start_bus()
        self.session.start_keyring()
        self.environment = self.session.environment
