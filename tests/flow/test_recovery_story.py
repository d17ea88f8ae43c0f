# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole story, told with the command line: from a deposit, over a lost key, to the files back.

Three people at three computers, each with a home folder, a session bus and a keyring: Ada, who owns the files; the backup
authority; Ben, an officer elsewhere. They exchange nothing but files in one folder, which stands for the stick that is
carried between them. The points build on each other; each is one promise.
"""

import base64
import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import types

import owner as people
import tap

TOOL, SUPPORT = sys.argv[1:3]
LETTER = b'Dear Ben,\nthe spare key is with the neighbours, under the third flower pot.\nAda\n'
STICK = people.folder('stick')
ADA_FILES = people.folder('ada')
POLICY = """[Recovery]
Checks=document;callback
ApprovalsMatched=2

[Officer Authority]
Fingerprints=self

[Officer Ben]
Fingerprints=%s
"""


def load_session():
    """tests/support/session, as a module."""
    loader = importlib.machinery.SourceFileLoader('session', SUPPORT)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('session', loader))
    loader.exec_module(module)
    return module


class Elsewhere(people.Owner):
    """A person at another computer: own home, own bus, own keyring."""

    def __init__(self, name):
        super().__init__(TOOL)
        self.session = load_session().Session(types.SimpleNamespace(display=False, services=[], keyring=True))
        self.session.start_bus()
        self.session.start_keyring()
        self.environment = self.session.environment
        self.name = name

    def home(self, *names):
        return os.path.join(self.environment['HOME'], *names)

    def leave(self):
        """Everything of this computer is gone."""
        shutil.rmtree(self.session.folder, ignore_errors=True)


class AuthorityElsewhere(people.AuthorityMode):
    """The authority's computer: it has a keyring too, which it never uses."""

    def __init__(self):
        super().__init__(TOOL)
        self.place = Elsewhere('authority')
        self.environment = self.place.environment


ada, ben, acme = people.Owner(TOOL), Elsewhere('ben'), AuthorityElsewhere()
stock = people.Gpg('stock')


def on_stick(kind=None):
    """What is on the stick; of one type of bundle."""
    return [os.path.join(STICK, name) for name in people.names(STICK) if kind is None or name.startswith(kind + '-')]


def carry(kind, bundles):
    """The one bundle of a document, which must be one of KIND and on the stick."""
    assert len(bundles) == 1, bundles
    bundle = bundles[0]
    assert bundle['type'] == kind and os.path.dirname(bundle['path']) == STICK, bundle
    assert os.path.basename(bundle['path']) == f'{kind}-{bundle["id"].replace("-", "")[:16]}.sparekey', bundle
    return bundle['path']


def set_up():
    """The authority is made with a policy of two officers, one of them elsewhere; Ada trusts it by its 40 characters."""
    ben.fingerprint = ben.create('Ben Officer', 'ben@acme.example')
    policy = people.put(os.path.join(people.SESSION, 'policy.ini'), (POLICY % ben.fingerprint).encode())
    acme.make('--policy', policy)
    ben.run('key', 'export', '--to', os.path.join(STICK, 'ben.asc'))
    imported, = acme.take_in(os.path.join(STICK, 'ben.asc'))
    assert imported['type'] == 'certificate' and imported['id'] == ben.fingerprint, imported
    certificate = os.path.join(STICK, 'acme.asc')
    acme.run('authority', 'certificate', '--to', certificate)
    ada.fingerprint = ada.create()
    ada.run('escrow', 'trust', certificate, '--fingerprint', acme.fingerprint)
    ben.run('escrow', 'trust', certificate, '--fingerprint', acme.fingerprint)


def encrypt():
    """Ada encrypts two letters, one of them so that the authority is no recipient of it."""
    for name, mode in ('letter.txt', 'embedded'), ('secret.txt', 'detached'):
        path = people.put(os.path.join(ADA_FILES, name), LETTER + name.encode())
        assert ada.result('encrypt', '--escrow', mode, path)['status'] == 'done'
    states = [packet['state'] for packet in ada.json('escrow', 'list')['packets']]
    assert states == ['pending', 'pending'], states


def deposit():
    """The deposit goes on the stick; the outbox moves to exported; a second export has nothing to write."""
    document = ada.json('escrow', 'export', '--to', STICK)
    path = carry('deposit', document['bundles'])
    assert document['bundles'][0]['records'] == 2 and document['bundles'][0]['to'] == acme.fingerprint, document
    assert [packet['state'] for packet in ada.json('escrow', 'list')['packets']] == ['exported', 'exported']
    assert ada.json('escrow', 'export', '--to', STICK)['bundles'] == []
    # Stock gpg opens it with the authority's key, and sees who signed.
    opened = acme.gpg('--decrypt', path, status=None).stdout.splitlines()
    assert json.loads(opened[0])['type'] == 'deposit' and json.loads(opened[-1]) == {'records': 2}, opened


def intake():
    """The authority takes the deposit in, once; both packets are proven; the owner is seen, and then enrolled."""
    result, = acme.take_in(*on_stick('deposit'))
    assert (result['type'], result['status'], result['new'], result['known'], result['refused']) == \
        ('deposit', 'done', 2, 0, 0), result
    again, = acme.take_in(*on_stick('deposit'))
    assert (again['status'], again['new'], again['known']) == ('done', 0, 2), again
    packets = acme.json('authority', 'packets')['packets']
    assert {packet['name'] for packet in packets} == {'letter.txt', 'secret.txt'}, packets
    assert {packet['verdict'] for packet in packets} == {'proven'}, packets
    owner, = acme.json('authority', 'owner', 'list')['owners']
    assert owner['fingerprint'] == ada.fingerprint and owner['state'] == 'seen' and owner['packets'] == 2, owner
    owner, = acme.json('authority', 'owner', 'enroll', ada.fingerprint, '--contact', 'extension 12', '--evidence',
                       'fingerprint read from her card')['owners']
    assert owner['state'] == 'enrolled', owner


def receipt():
    """The receipt goes back, and the outbox moves to acknowledged."""
    path = carry('receipt', acme.json('authority', 'receipt', '--to', STICK)['bundles'])
    assert acme.json('authority', 'receipt', '--to', STICK)['bundles'] == [], 'nothing new to answer'
    document = ada.json('escrow', 'receipt', path)
    assert document['acknowledged'] == 2 and document['held'] == 0, document
    assert [packet['state'] for packet in ada.json('escrow', 'list')['packets']] == ['acknowledged'] * 2


def never_deposited():
    """A third letter, whose packet is only with Ada, is lost with her: what is detached stands and falls with the deposit."""
    path = people.put(os.path.join(ADA_FILES, 'late.txt'), LETTER)
    assert ada.result('encrypt', '--escrow', 'detached', path)['status'] == 'done'
    for name in 'secret.txt.gpg', 'late.txt.gpg':
        opened = acme.gpg('--decrypt', os.path.join(ADA_FILES, name), status=None)
        assert opened.returncode != 0 and b'flower' not in opened.stdout, 'the authority has no packet in the file'


def lose_the_key():
    """Ada's computer is gone. With a new key none of her files opens."""
    subprocess.run(['gpgconf', '--homedir', ada.home(), '--kill', 'all'], check=True)
    files = {name: people.get(os.path.join(ADA_FILES, name)) for name in people.names(ADA_FILES) if name.endswith('.gpg')}
    shutil.rmtree(ADA_FILES)
    shutil.rmtree(ada.environment['XDG_DATA_HOME'])
    os.makedirs(os.path.join(ADA_FILES, 'moved', 'here'))
    for name, content in files.items():
        people.put(os.path.join(ADA_FILES, name), content)
    # A new computer: another bus, another keyring, another home.
    ada.place = Elsewhere('ada')
    ada.environment = ada.place.environment
    ada.lost = ada.fingerprint
    ada.fingerprint = ada.create()
    assert ada.fingerprint != ada.lost
    ada.run('escrow', 'trust', os.path.join(STICK, 'acme.asc'), '--fingerprint', acme.fingerprint)
    for name in files:
        assert ada.result('decrypt', os.path.join(ADA_FILES, name), status=5)['error']['code'] == 'no-key'


def request():
    """She asks for help with the new key; what is asked for is listed."""
    document = ada.json('recovery', 'request', '--reason', 'My computer was lost on the train', '--old-key', ada.lost,
                        '--to', STICK, ADA_FILES)
    carry('request', document['bundles'])
    assert document['bundles'][0]['records'] == 3, document
    made, = ada.json('recovery', 'list')['requests']
    assert made['state'] == 'open' and made['files'] == 3 and made['old'] == ada.lost, made
    # A grant that does not exist can't be applied, and the request itself is none.
    assert ada.json('recovery', 'apply', on_stick('request')[0], status=None)['error']


def case():
    """The request becomes a case; what was deposited is matched, the rest is not; nothing can be recovered yet."""
    result, = acme.take_in(*on_stick('request'))
    assert result['type'] == 'request' and result['status'] == 'done' and result['case'], result
    acme.case_id = result['case']
    one = acme.case('show', acme.case_id)
    assert one['state'] == 'identity' and (one['files'], one['matched'], one['unmatched']) == (3, 2, 1), one
    assert [check['done'] for check in one['identity']] == [False] * 3, one
    assert acme.case('list')['id'] == acme.case_id
    before = people.names(STICK)
    document = acme.json('authority', 'case', 'recover', acme.case_id, '--to', STICK, status=4)
    assert document['error']['code'] == 'policy', document
    acme.run('authority', 'case', 'approve', acme.case_id, status=4)
    assert people.names(STICK) == before


def identity():
    """The checks of the policy, and the new key's fingerprint read back: a wrong one is refused and logged."""
    acme.case('identity', acme.case_id, 'document', '--evidence', 'passport C01X0006H')
    acme.case('identity', acme.case_id[:8], 'callback', '--evidence', 'called extension 12 at 10:05')
    document = acme.json('authority', 'case', 'identity', acme.case_id, 'new-key', '--evidence', ada.lost, status=4)
    assert document['error']['code'] == 'policy', document
    acme.run('authority', 'case', 'identity', acme.case_id, 'horoscope', '--evidence', 'Leo', status=4)
    heard = ' '.join(ada.fingerprint[i:i + 4] for i in range(0, 40, 4)).lower()
    one = acme.case('identity', acme.case_id, 'new-key', '--evidence', heard)
    assert one['state'] == 'approval' and all(check['done'] for check in one['identity']), one
    assert 'case.identity.denied' in acme.events() or any('denied' in event for event in acme.events()), acme.events()


def two_approvals():
    """One officer approves here; twice by him is still one; Ben approves elsewhere, by bundles on the stick."""
    one = acme.case('approve', acme.case_id)
    assert one['state'] == 'approval' and (one['approved'], one['needed']) == (1, 2), one
    acme.run('authority', 'case', 'approve', acme.case_id, status=None)
    assert acme.case('show', acme.case_id)['approved'] == 1
    acme.run('authority', 'case', 'recover', acme.case_id, '--to', STICK, status=4)
    acme.run('authority', 'case', 'approve', acme.case_id, '--as', ben.fingerprint, status=5)

    bundles = acme.json('authority', 'case', 'ask', acme.case_id, '--to', STICK)['bundles']
    question = carry('case', [bundle for bundle in bundles if bundle['to'] == ben.fingerprint])
    # It is for Ben alone.
    assert ada.json('authority', 'approve', question, '--to', STICK, status=5)['error']['code'] == 'no-key'
    said = people.readable(ben.run('authority', 'approve', question, '--authority', ada.fingerprint, '--to', STICK,
                                   status=None))
    assert not on_stick('approval'), said
    shown = ben.json('authority', 'approve', question, '--authority', acme.fingerprint, '--to', STICK)
    answer = carry('approval', shown['bundles'])
    assert shown['question']['old'] == ada.lost and shown['question']['key'] == ada.fingerprint, shown
    assert sorted(shown['question']['checks']) == ['callback', 'document', 'new-key'], shown
    result, = acme.take_in(answer)
    assert result['type'] == 'approval' and result['case'] == acme.case_id, result
    one = acme.case('show', acme.case_id)
    assert one['state'] == 'ready' and {approval['officer'] for approval in one['approvals'] if approval['counts']} \
        == {'Authority', 'Ben'}, one


def grant():
    """The grant is made for what is matched; a second call writes the same one again."""
    document = acme.json('authority', 'case', 'recover', acme.case_id, '--to', STICK)
    assert document['grant']['records'] == 2 and document['cases'][0]['state'] == 'granted', document
    assert document['grant']['path'] == on_stick('grant')[0] and document['cases'][0]['grant'] == document['grant'], document
    assert [left['name'] for left in document['grant']['left-out']] == ['late.txt.gpg'], document
    content = people.get(document['grant']['path'])
    again = acme.json('authority', 'case', 'recover', acme.case_id, '--to', STICK)
    assert again['grant']['id'] == document['grant']['id'] and len(on_stick('grant')) == 1, again
    assert people.get(document['grant']['path']) == content


def files_back():
    """She applies it, wherever the files were moved to; the recovered files equal the originals."""
    moved = os.path.join(ADA_FILES, 'moved', 'here', 'old letter.gpg')
    os.rename(os.path.join(ADA_FILES, 'letter.txt.gpg'), moved)
    results = ada.json('recovery', 'apply', on_stick('grant')[0], ADA_FILES)['results']
    assert [result['status'] for result in results] == ['done', 'done'], results
    assert {result['input'] for result in results} == {moved, os.path.join(ADA_FILES, 'secret.txt.gpg')}, results
    for path, name in (moved, b'letter.txt'), (os.path.join(ADA_FILES, 'secret.txt.gpg'), b'secret.txt'):
        back = ada.result('decrypt', '--output', os.path.join(ADA_FILES, name.decode() + '.back'), path)
        assert people.get(back['output']) == LETTER + name, back
    assert ada.result('decrypt', os.path.join(ADA_FILES, 'late.txt.gpg'), status=5)['error']['code'] == 'no-key'
    made, = ada.json('recovery', 'list')['requests']
    assert made['state'] == 'granted', made
    ada.run('recovery', 'apply', on_stick('grant')[0], ADA_FILES, status=4)


def stock_gpg_opens():
    """Stock gpg opens them with her new key, and the embedded one still with the authority's."""
    exported = os.path.join(people.SESSION, 'ada-new.asc')
    people.with_passphrase(lambda *words, fds: ada.run('key', 'export', '--secret', '--to', exported, *words, fds=fds), 'pony')
    stock.run('--pinentry-mode', 'loopback', '--passphrase', 'pony', '--import', exported)
    letter = os.path.join(ADA_FILES, 'moved', 'here', 'old letter.gpg')
    for path, name in (letter, b'letter.txt'), (os.path.join(ADA_FILES, 'secret.txt.gpg'), b'secret.txt'):
        done = stock.run('--pinentry-mode', 'loopback', '--passphrase', 'pony', '--decrypt', path)
        assert done.stdout == LETTER + name
    assert acme.gpg('--decrypt', letter, status=None).stdout == LETTER + b'letter.txt'


def octets_of(folder):
    """Every file in a folder, whole."""
    for path, _, names in os.walk(folder):
        for name in names:
            whole = os.path.join(path, name)
            if os.path.isfile(whole) and not os.path.islink(whole):
                yield whole, people.get(whole)


def find_octets(needles, *places):
    """Where any of the needles is: (what, path), and how many files were looked at."""
    found, looked = [], 0
    for place in places:
        for path, content in octets_of(place):
            looked += 1
            found += [(what, path) for what, needle in needles.items() if needle in content]
    return found, looked


def nothing_left_behind():
    """The authority never had the files, and neither a word of them nor a session key is on its disk or on the stick"""
    needles = {'the letter': LETTER[:40], 'its end': b'third flower pot'}
    for name in 'moved/here/old letter.gpg', 'secret.txt.gpg':
        path = os.path.join(ADA_FILES, name)
        said = stock.run('--pinentry-mode', 'loopback', '--passphrase', 'pony', '--show-session-key', '--decrypt',
                         path).stderr.decode()
        text = said.split("session key: '")[1].split("'")[0].split(':')[1]
        key = bytes.fromhex(text)
        # Base64 has three ways to begin; what is between the ends is the same in any text.
        coded = {f'{name} key in base64, {skip}': base64.b64encode(bytes(skip) + key)[4:-4] for skip in range(3)}
        needles |= {name + ' key': key, name + ' key in hex': text.encode(), name + ' key in lower case': text.lower().encode(), **coded}
        # Its encrypted data, behind what the data head shows.
        needles[name + ' data'] = people.get(path)[-64:]
    home = acme.place.session.folder
    places = {name: acme.environment[name] for name in (
        'HOME', 'TMPDIR', 'XDG_RUNTIME_DIR', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME')}
    for name, place in places.items():
        assert os.path.commonpath([home, os.path.realpath(place)]) == home, f'{name} is looked into'
    found, looked = find_octets(needles, home, STICK)
    assert found == [] and looked > 20, (found, looked)
    # It would have been found, whatever of it, wherever.
    for place in list(places.values()) + [acme.where(), acme.where('gnupg'), acme.where('spool')]:
        for what, needle in needles.items():
            planted = people.put(os.path.join(place, '.planted'), os.urandom(70000) + needle + b'behind')
            assert (what, planted) in find_octets({what: needle}, home)[0], f'{what} in {place}'
            os.unlink(planted)
    assert find_octets(needles, ADA_FILES)[0], 'and the needles are what the files hold'


def log_verified():
    """The log tells it all, is whole, and fits the checkpoint that the grant carries to its owner."""
    document = acme.json('authority', 'audit', '--verify')
    assert document['valid'] is True and document['first-bad'] is None and document['rows'] == len(acme.events()), document
    header = stock.run('--pinentry-mode', 'loopback', '--passphrase', 'pony', '--decrypt', on_stick('grant')[0],
                       status=None).stdout.splitlines()[0]
    anchor = people.put(os.path.join(people.SESSION, 'anchor.json'), header)
    document = acme.json('authority', 'audit', '--verify', '--anchor', anchor)
    assert document['valid'] is True and document['anchor-ok'] is True, document
    forged = json.loads(header)
    forged['checkpoint']['hash'] = '0' * 64
    people.put(anchor, json.dumps(forged).encode())
    assert acme.json('authority', 'audit', '--verify', '--anchor', anchor, status=6)['anchor-ok'] is False


def refused():
    """A case that is refused reaches its owner with the reason, and her request is closed."""
    path = os.path.join(ADA_FILES, 'third.gpg')
    shutil.copy(os.path.join(ADA_FILES, 'secret.txt.gpg'), path)
    people.put(os.path.join(ADA_FILES, 'another.txt'), LETTER)
    ada.result('encrypt', os.path.join(ADA_FILES, 'another.txt'))
    newer = ada.create('Ada Third', 'ada@example.org')
    ada.run('key', 'use', newer)
    document = ada.json('recovery', 'request', '--reason', 'again', '--old-key', ada.lost, '--to', STICK, path, status=None)
    if not document['bundles']:
        raise tap.Skip('her second key still opens it')
    result, = acme.take_in(document['bundles'][0]['path'])
    document = acme.json('authority', 'case', 'refuse', result['case'], '--reason', 'You have your files already', '--to', STICK)
    assert document['cases'][0]['state'] == 'refused', document
    answer = ada.json('recovery', 'apply', carry('refusal', document['bundles']), status=4)
    assert answer['refusal']['reason'] == 'You have your files already', answer
    assert ada.json('recovery', 'list')['requests'][0]['state'] == 'refused'


tap.run(set_up, encrypt, deposit, intake, receipt, never_deposited, lose_the_key, request, case, identity, two_approvals,
        grant, files_back, stock_gpg_opens, nothing_left_behind, log_verified, refused)
