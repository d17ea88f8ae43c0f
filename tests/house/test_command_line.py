# SPDX-License-Identifier: GPL-3.0-or-later
"""The man pages and the completions name all that the programs offer: the help is compared with what shells really complete."""

import os
import re
import shutil
import subprocess
import sys

import sources
import tap

TOP, BUILD, TOOL, PROGRAM = sys.argv[1:5]
FOLDER = os.path.join(BUILD, 'data/command-line')


def output(*command, data=None, env=None):
    answer = subprocess.run(command, capture_output=True, check=False, input=data, env=os.environ | (env or {}))
    assert answer.returncode == 0, (command, answer.stdout.decode(errors='replace'), answer.stderr.decode(errors='replace'))
    return answer.stdout.decode()


def commands():
    """{name: all of its options} as the help has them; written without the generator's code."""
    found, name = {}, None
    for line in output(TOOL, '--help').splitlines():
        if line.startswith('Exit status'):
            break
        if match := re.match(r' {2}((?:[a-z]+ ?)+)', line):
            name = match.group(1).strip()
        if re.match(r'( {2}| {10})\S', line):
            found.setdefault(name, set()).update(re.findall(r'--[a-z-]+', line))
    assert len(found) > 30, found
    return found


def read_by_commands():
    """{name of a command: the options that its function reads}, as the code has them."""
    found = {}
    for path in sources.files(TOP, 'src/tool', endings=['.c']):
        code = sources.read(TOP, path)
        bodies = dict(re.findall(r'^(\w+) \([^;{]*\)\n\{\n(.*?)^\}', code, re.MULTILINE | re.DOTALL))
        direct = {name: set(re.findall(r'\{ "([a-z-]+)", (?:\'.\'|0), ', body)) for name, body in bodies.items()}
        # Some let a function beside them read.
        functions = {name: set().union(direct[name], *(direct[other] for other in re.findall(r'\b(\w+) \(', body) if other in direct))
                     for name, body in bodies.items()}
        for table in re.findall(r'^const SpareToolCommand \w+\[\] = \{\n(.*?)^\};', code, re.MULTILINE | re.DOTALL):
            for name, function in re.findall(r'\{ "([a-z ]+)",[^{}]*?,\s+(\w+) \}', table):
                found[name] = {'--' + option for option in functions[function]}
    return found


def helpful():
    """The help names each option that a command reads, and no other."""
    said, read = commands(), read_by_commands()
    assert said.keys() == read.keys(), said.keys() ^ read.keys()
    # Read before the command is known; some commands have no use for it.
    sources.none([f'{name}: {sorted(read[name] ^ options)}' for name, options in said.items()
                  if read[name] != options - {'--passphrase-fd'}], 'In the help or in the code alone:')


def beginnings():
    """{beginning of a name: the words that can follow it}."""
    found = {}
    for name in commands():
        words = name.split()
        for i, word in enumerate(words):
            found.setdefault(' '.join(words[:i]), set()).add(word)
    return found


def plain(page):
    """A man page as it is read."""
    if not shutil.which('man'):
        raise tap.Skip('there is no man here')
    answer = subprocess.run(['man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', page], capture_output=True, check=False,
                            env=os.environ | {'MANWIDTH': '400', 'MAN_KEEP_FORMATTING': '', 'LC_ALL': 'C.UTF-8'})
    assert answer.returncode == 0 and not answer.stderr, answer.stderr.decode()
    return re.sub(r'\x1b\[[0-9;]*m|.\x08', '', answer.stdout.decode())


def man_tool():
    """The man page of sparekey-tool has each command, each option and each exit status, and troff has no complaint."""
    text = plain(os.path.join(FOLDER, 'sparekey-tool.1'))
    # Lines break where they break.
    text = ''.join(text.replace('\u2010', '-').replace('\u2212', '-').split())
    for name, options in commands().items():
        for words in {name, *options}:
            assert words.replace(' ', '') in text, f'{name}: {words}'
    for status in ('0 done', '5 no key for this', '7 keyring, gpg or database not available', '130 cancelled'):
        assert status.replace(' ', '') in text, status
    assert '@' not in re.sub(r'\S+@\S+\.\S+', '', text)


def options_of_program():
    """The options of the window's program, as its code has them."""
    found = set(re.findall(r'"(--[a-z]+)"', sources.read(TOP, 'src/app/spare-file-actions.c')))
    found |= {'--authority', '--help', '--version'}
    assert len(found) == 7, found
    return found


def man_program():
    """The man page of sparekey has each of its options."""
    text = plain(os.path.join(TOP, 'data/command-line/sparekey.1'))
    sources.none([option for option in options_of_program() if option not in text], 'Not in sparekey.1:')


def compare(complete):
    """COMPLETE takes the words before the cursor and the one at it, and returns what a shell offers."""
    for beginning, words in beginnings().items():
        offered = set(complete(beginning.split(), ''))
        assert words <= offered, f'{beginning!r}: {words - offered} is missing in {offered}'
    for name, options in commands().items():
        offered = set(complete(name.split(), '--'))
        assert options <= offered, f'{name}: {options - offered} is missing in {offered}'
    assert {'embedded', 'detached', 'none'} <= set(complete(['encrypt', '--escrow'], ''))
    assert 'embedded' not in complete(['encrypt', '--sign'], '')
    assert 'create' not in complete(['decrypt'], '')


def shell_words(words):
    return ' '.join("'" + word + "'" for word in words)


def bash():
    """bash completes each command, each option and words of a value."""
    script = os.path.join(FOLDER, 'sparekey-tool')

    def complete(before, word):
        words = ['sparekey-tool', *before, word]
        return output('bash', '--norc', '-c', f'. {script}; COMP_WORDS=({shell_words(words)}); COMP_CWORD={len(words) - 1}; '
                      '_sparekey_tool; printf "%s\\n" "${COMPREPLY[@]}"').split('\n')
    compare(complete)
    assert TOP in complete(['encrypt'], TOP[:-1]), 'files are completed too'


def zsh():
    """zsh completes the same."""
    if not shutil.which('zsh'):
        raise tap.Skip('there is no zsh here')
    script = os.path.join(FOLDER, '_sparekey-tool')

    def complete(before, word):
        words = ['sparekey-tool', *before, word]
        return output('zsh', '-f', '-c', f'compadd () {{ shift; print -l -- "$@" }}; _files () {{ print FILES }}; '
                      f'words=({shell_words(words)}); CURRENT={len(words)}; . {script}').split('\n')
    compare(complete)
    assert complete(['encrypt'], '')[0] == 'FILES'


def fish():
    """fish completes the same, each command with what it does."""
    if not shutil.which('fish'):
        raise tap.Skip('there is no fish here')
    script = os.path.join(FOLDER, 'sparekey-tool.fish')
    pairs = [(name.split(), '') for name in beginnings()] + [(name.split(), '--') for name in commands()] + \
        [(['encrypt', '--escrow'], ''), (['encrypt', '--sign'], ''), (['decrypt'], '')]
    lines = [f'echo ==; complete -C {chr(39)}{" ".join(["sparekey-tool", *before, word])}{chr(39)}' for before, word in pairs]
    home = os.path.join(os.environ.get('TMPDIR', '/tmp'), f'fish-{os.getpid()}')
    os.makedirs(home)
    try:
        said = output('fish', '--no-config', '-c', f'source {script}; ' + '; '.join(lines),
                      env={'HOME': home, 'XDG_CONFIG_HOME': home, 'XDG_DATA_HOME': home, 'LC_ALL': 'C.UTF-8'})
    finally:
        shutil.rmtree(home)
    answers = {(' '.join(before), word): [line.split('\t')[0] for line in part.strip('\n').split('\n')]
               for (before, word), part in zip(pairs, said.split('==\n')[1:])}
    compare(lambda before, word: answers[' '.join(before), word])
    assert 'Lists your keys' in said


def program_bash():
    """bash completes sparekey: each option, and files; only files behind "--"."""
    script = os.path.join(TOP, 'data/command-line/sparekey.bash')

    def complete(*words):
        return output('bash', '--norc', '-c', f'. {script}; COMP_WORDS=(sparekey {shell_words(words)}); COMP_CWORD={len(words)}; '
                      '_sparekey; printf "%s\\n" "${COMPREPLY[@]}"').split()
    assert set(complete('--')) == options_of_program(), complete('--')
    assert complete('--dec') == ['--decrypt']
    assert TOP in complete('--decrypt', TOP[:-1])
    assert complete('--decrypt', '--', '--') == [], 'behind "--" are no options'


def program_zsh():
    """zsh completes sparekey: each option, with what it does."""
    if not shutil.which('zsh'):
        raise tap.Skip('there is no zsh here')
    script = os.path.join(TOP, 'data/command-line/_sparekey')
    said = output('zsh', '-f', '-c', f'_arguments () {{ print -l -- "$@" }}; . {script}')
    assert set(re.findall(r'\)(--[a-z]+)\[[a-z]', said)) == options_of_program(), said
    assert '*:file:_files' in said


def program_fish():
    """fish completes sparekey: each option, and files."""
    if not shutil.which('fish'):
        raise tap.Skip('there is no fish here')
    script = os.path.join(TOP, 'data/command-line/sparekey.fish')
    home = os.path.join(os.environ.get('TMPDIR', '/tmp'), f'fish-{os.getpid()}')
    os.makedirs(home)
    try:
        said = output('fish', '--no-config', '-c', f'source {script}; complete -C "sparekey --"; complete -C "sparekey {TOP[:-1]}"',
                      env={'HOME': home, 'XDG_CONFIG_HOME': home, 'XDG_DATA_HOME': home, 'LC_ALL': 'C.UTF-8'})
    finally:
        shutil.rmtree(home)
    offered = {line.split('\t')[0] for line in said.splitlines() if '\t' in line and line.startswith('--')}
    assert offered == options_of_program(), said
    assert TOP + '/' in said


tap.run(helpful, man_tool, man_program, bash, zsh, fish, program_bash, program_zsh, program_fish)
