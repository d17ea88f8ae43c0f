# SPDX-License-Identifier: GPL-3.0-or-later
"""Large amounts through the window: its memory does not grow with a file, and it is never held up.

How long the window is held is measured inside, turn by turn of its main loop (tests/support/loop-watch.c): the time that the main
thread spent on a processor in one turn, which is the program's own doing and the same on a busy machine as on a quiet one. More
than 50 ms of it is a fault. Time that it slept within a turn (for a lock, a disk, the X server) depends on how soon others get a
processor: it is told, and a fault only at half a second. Time that it waited for a processor is in neither.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import owner as people
import tap
import uit
import window

PROGRAM, TOOL, SOURCE, LOOP_WATCH = sys.argv[1:5]
HELD_MAX, ASLEEP_MAX = 50, 500  # ms
MIB = 1 << 20
authority = people.Authority()
ada = people.Owner(TOOL)
ada.create()
ada.trust(authority)
# Memory, if there is one large enough: what is measured is the window, not the disk.
PLACE = '/dev/shm' if os.path.isdir('/dev/shm') and os.statvfs('/dev/shm').f_bavail * os.statvfs('/dev/shm').f_bsize > 4 << 30 \
    else window.SESSION
FOLDER = tempfile.TemporaryDirectory(prefix='sparekey-window-', dir=PLACE)


class Watched(window.Window):
    """The window, with a look at its main loop."""

    def __init__(self):
        self.turns_log = os.path.join(window.SESSION, f'turns-{os.urandom(3).hex()}')
        super().__init__(PROGRAM, environment={'LD_PRELOAD': LOOP_WATCH, 'LOOP_WATCH': self.turns_log,
                                                'G_MESSAGES_DEBUG': 'sparekey'})
        self.see('(you)')
        self.rows()
        self.begin()

    def begin(self):
        """What comes from now on counts: not the start of the program."""
        self.began = time.monotonic() * 1000

    def held(self, what):
        """Fails if the main thread was held for too long in one turn since begin(); else says for how long it was."""
        turns = []
        with open(self.turns_log, encoding='ascii') as log:
            for line in log.read().splitlines():
                word, *numbers = line.split()
                if word == 'turn' and float(numbers[0]) >= self.began:
                    turns.append((float(numbers[1]), float(numbers[2])))
        assert turns, 'not one turn of the main loop was told'
        busy, asleep = (sorted(column) for column in zip(*turns))
        words = f'{what}: held for {busy[-1]:.0f} ms at most (then {", ".join(f"{ms:.0f}" for ms in busy[-4:-1])}), ' \
            f'asleep within a turn for {asleep[-1]:.0f} ms at most'
        say(words)
        assert busy[-1] <= HELD_MAX and asleep[-1] <= ASLEEP_MAX, words


def memory(app, field='VmHWM'):
    """What the window's own process took at most, in bytes."""
    with open(f'/proc/{app.process.pid}/status', encoding='ascii') as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field + ':'))


def say(words):
    print(f'# {words}', flush=True)


def through_the_window(size):
    """Peak memory of a window that encrypts one file of that size."""
    path = os.path.join(FOLDER.name, f'{size // MIB}.bin')
    block = os.urandom(MIB)
    with open(path, 'wb') as file:
        for _ in range(size // MIB):
            file.write(block)
    app = Watched()
    try:
        start = time.monotonic()
        app.hand_over(path)
        uit.eventually(lambda: os.path.exists(path + '.gpg'), 'the output', 240)
        seconds = time.monotonic() - start
        app.row('.bin', 'Encrypted')
        peak = memory(app)
        app.held(f'{size // MIB} MiB')
    finally:
        app.end()
    assert os.path.getsize(path + '.gpg') > size
    assert authority.packets(path + '.gpg').count(':pubkey enc packet:') == 2
    os.unlink(path)
    os.unlink(path + '.gpg')
    say(f'{size // MIB} MiB in {seconds:.1f} s, peak {peak / MIB:.1f} MiB')
    return peak


def memory_and_answers():
    """1 GiB needs no more than 8 MiB above what 1 MiB needs, and holds the window for no more than 50 ms."""
    small = through_the_window(MIB)
    large = through_the_window(1024 * MIB)
    assert large - small <= 8 * MIB, f'{(large - small) / MIB:.1f} MiB more for 1 GiB'


def finished(app, folder, paths):
    """Waits until all of the files are there; when none has come for a minute, says which are missing, and what was said."""
    seen, since = -1, time.monotonic()
    deadline = time.monotonic() + 1800
    while (made := sum(name.endswith('.gpg') for name in os.listdir(folder))) < len(paths):
        if made != seen:
            seen, since = made, time.monotonic()
        if time.monotonic() > min(deadline, since + 60):
            missing = [path for path in paths if not os.path.exists(path + '.gpg')]
            state = [uit.name(node) for node in window.there(app.root) if ' items' in uit.name(node)][:1]
            # What failed stays when the rest is taken off the list, and its row says why.
            app.clear()
            time.sleep(5)
            names = [os.path.basename(path) for path in missing]
            with open(app.log, encoding='utf-8', errors='replace') as log:
                said = [line.strip() for line in log if line.strip()]
            about = [line for line in said if any(name in line for name in names[:20])]
            odd = [line for line in said if 'again' in line or 'engine' in line or 'failed' in line]
            raise AssertionError(f'{state}; missing: {len(missing)}, {names[:20]}; rows: {app.rows()[:20]}; '
                                 f'said of them: {about[-20:]}; odd: {odd[-40:]}; at last: {said[-20:]}')
        time.sleep(0.5)


def ten_thousand():
    """10,000 files dropped at once all come out encrypted, each with a packet, and the window is never held for more than 50 ms."""
    count = 10000
    folder = os.path.join(FOLDER.name, 'many')
    os.mkdir(folder)
    paths = [people.put(os.path.join(folder, f'file {number:05}.txt'), f'{number} of many\n'.encode())
             for number in range(count)]
    app = Watched()
    too_long = []  # judged last: whether all came out right is to be known on a busy machine too

    def held(what):
        try:
            app.held(what)
        except AssertionError as error:
            too_long.append(str(error))

    try:
        with window.DragSource(SOURCE, *paths) as source:
            source.drop_on_window()
            app.see(f'{count} items', seconds=60)
        held('dropped')
        app.begin()
        start = time.monotonic()
        finished(app, folder, paths)
        app.see(f'{count} done', seconds=60)
        say(f'{count} files in {time.monotonic() - start:.0f} s, peak {memory(app) / MIB:.0f} MiB')
        held('encrypted')
        app.begin()
        uit.click(uit.find(app.root, 'tab', 'Escrow'))
        app.see(f'{count} packets are not with your authority yet', seconds=60)
        packets = uit.find(app.root, 'list', 'Escrow packets')
        uit.eventually(lambda: (packets.clear_cache(), packets.get_child_count() > 100)[1], 'the first rows', 30)
        held('the list of packets')
    finally:
        app.end()
    for number in 0, count // 2, count - 1:
        assert authority.decrypt(paths[number] + '.gpg') == f'{number} of many\n'.encode()
    assert all(os.path.exists(path) for path in paths), 'an original is gone'
    listed = subprocess.run([TOOL, '--json', 'escrow', 'list'], capture_output=True, check=True).stdout
    assert len({packet['file-id'] for packet in json.loads(listed)['packets']}) >= count, 'an escrow packet for each'
    assert not too_long, too_long


try:
    tap.run(memory_and_answers, ten_thousand)
finally:
    FOLDER.cleanup()
