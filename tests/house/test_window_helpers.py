# SPDX-License-Identifier: GPL-3.0-or-later
"""The helpers that drive windows do drive windows: tried on two small ones, in a session."""

import os
import subprocess
import sys

import tap

TARGET, SOURCE, SUPPORT = sys.argv[1:4]
sys.path.insert(0, SUPPORT)
import uit  # noqa: E402

SESSION = os.environ['TEST_SESSION']
FILES = [f'{SESSION}/é a.txt', f'{SESSION}/<b>%s.txt']


def started(log, *command):
    with open(log, 'w', encoding='utf-8') as output:
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def button():
    """A button is found by its name and clicked."""
    root = uit.app('drop-target')
    uit.click(uit.find(root, 'button', 'Press'))
    uit.eventually(lambda: 'clicked' in read(f'{SESSION}/target.log'), 'the click')
    uit.find(root, 'button', 'Pressed')


def entry():
    """An entry is written to and read."""
    uit.set_text(uit.find(uit.app('drop-target'), 'entry', 'Words'), 'blåbær')


def nameless():
    """A button without a name is noticed, and it alone."""
    found = uit.unnamed(uit.app('drop-target'))
    assert len(found) == 1 and 'button' in found[0], found


def absent():
    """What is not there is not found, in the time allowed."""
    try:
        uit.find(uit.app('drop-target'), 'button', 'Nowhere', seconds=0.3)
    except AssertionError as error:
        assert 'Nowhere' in str(error) and 'Press' in str(error)
        return
    raise AssertionError('found what is not there')


def dragged():
    """Files dragged from one window arrive in the other, names and all."""
    target, source = uit.window('^Drop Target$'), uit.window('^Drag Source$')
    uit.place(target, 20, 20)
    uit.place(source, 700, 300)
    x, y, width, height = uit.geometry(source)
    to_x, to_y, to_width, to_height = uit.geometry(target)
    uit.drag(x + width // 2, y + height // 2, to_x + to_width // 2, to_y + to_height - 60)
    for path in FILES:
        uit.eventually(lambda: f'dropped {path}\n' in read(f'{SESSION}/target.log'), f'{path} in the other window')


for path in FILES:
    with open(path, 'w', encoding='utf-8') as made:
        made.write('a')
programs = [started(f'{SESSION}/target.log', TARGET), started(f'{SESSION}/source.log', SOURCE, *FILES)]
try:
    tap.run(button, entry, nameless, absent, dragged)
finally:
    for program in programs:
        program.terminate()
        program.wait()
