# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles that are not what they seem, at every entrance: the authority's, an owner's, and an officer's elsewhere."""

import hashlib
import json
import os
import subprocess
import sys

import attacker
import owner as people
import story
import tap

WORK = people.folder('work')
acme = story.Backup(sys.argv[1])
old, friend, letter = story.alice_and_her_file(acme, 'gil')
mallory = attacker.Person('mallory', 'Mallory <mallory@example.org>', acme)
ada = people.Owner(sys.argv[1])
ada.fingerprint = ada.create()
ada.trust(acme)
REFUSED = (1, 4, 5, 6)
REFUSED_CODES = ('damaged', 'no-key', 'unsupported', 'policy', 'too-large', 'not-encrypted')


def certificate_of(person):
    """An owner's certificate as a file."""
    path = os.path.join(people.SESSION, 'ada-new.asc')
    if not os.path.exists(path):
        people.put(path, subprocess.run(['gpg', '--homedir', person.home(), '--batch', '--armor', '--export', person.fingerprint],
                                        capture_output=True, check=True).stdout)
    return path


thief = attacker.Thief(acme)
for one in mallory, thief:
    one.learn(certificate_of(ada))
    one.learn(old)


def whole(kind):
    """What makes a good bundle of this type, by whom it must be made, and for whom: (header, records, person)."""
    if kind == 'deposit':
        record = attacker.proven_record(old, letter, acme.fingerprint, acme.escrow, 'ADA-1')
        return old.header(kind, acme.fingerprint), [record], old
    if kind == 'request':
        return friend.header(kind, acme.fingerprint, old=old.fingerprint, reason='lost', lost='lost'), \
            [attacker.request_record(letter, letter.esk(acme.escrow))], friend
    header = thief.header(kind, ada.fingerprint)
    return header | templates[kind][0], templates[kind][1], thief


templates = {}


class Entrance:
    """A way in: how a bundle is handed over there, and what must not change by it."""

    def __init__(self, kind, words, before):
        self.kind, self.words, self.before = kind, words, before

    def refuses(self, path, what, codes=None):
        """The bundle is refused in words, and nothing changes."""
        seen = self.before()
        if self.words == ('authority', 'import'):
            result, = story.refuse_import(acme, path, status=None, codes=codes or REFUSED_CODES)
            code = result['error']['code']
        else:
            done = ada.run('--json', *self.words, path, *self.more, status=None)
            assert done.returncode in REFUSED, f'{what}: exit {done.returncode} {done.stdout}'
            error = json.loads(done.stdout)['error']
            assert len(error['message']) > 20 and (not codes or error['code'] in codes), (what, error)
            code = error['code']
        assert self.before() == seen, f'{what} changed something'
        return code

    more = ()
    forged = ('damaged',)


def owner_state():
    """All that the owner has."""
    return (ada.json('escrow', 'list'), ada.json('recovery', 'list'), people.tree(WORK), people.tree(os.path.join(
        ada.environment['XDG_DATA_HOME'], 'sparekey', 'certificates')) if os.path.isdir(os.path.join(
            ada.environment['XDG_DATA_HOME'], 'sparekey', 'certificates')) else None)


ANSWERS = people.folder('answers')
entrances = [Entrance('deposit', ('authority', 'import'), acme.rows), Entrance('request', ('authority', 'import'), acme.rows),
             Entrance('receipt', ('escrow', 'receipt'), owner_state), Entrance('grant', ('recovery', 'apply'), owner_state),
             Entrance('refusal', ('recovery', 'apply'), owner_state),
             Entrance('case', ('authority', 'approve'), lambda: people.tree(ANSWERS))]
entrances[4].forged = REFUSED_CODES
entrances[-1].more = ('--to', ANSWERS, '--yes', '--authority', acme.fingerprint)


def build(kind, name, change=None, by=None, **more):
    """A bundle made well but for CHANGE of its header; BY: somebody else signs."""
    header, records, person = whole(kind)
    header = header | (change or {})
    return (by or person).bundle(os.path.join(people.SESSION, f'{kind}-{name}.sparekey'), header, records, **more)


def begins():
    """What is attacked below is good as it is: a deposit, a request, a receipt, a grant, a question to an officer"""
    report = people.put(os.path.join(WORK, 'report'), b'figures\n')
    entry = ada.result('encrypt', report)
    bundle, = ada.json('escrow', 'export', '--to', acme.stick)['bundles']
    assert bundle['type'] == 'deposit' and acme.take_in(bundle['path'])[0]['new'] == 1
    record = json.loads(thief.decrypt(bundle['path']).splitlines()[1])
    assert record['serial'] == entry['serial']
    templates['receipt'] = {}, [{'serial': record['serial'], 'sha256': record['sha256'], 'deposit': bundle['id'],
                                 'verdict': 'proven'}]
    lost = old.encrypt(os.path.join(WORK, 'lost.gpg'), old.fingerprint, acme.escrow + '!')
    request, = ada.json('recovery', 'request', '--reason', 'lost', '--old-key', old.fingerprint, '--to', acme.stick, WORK)['bundles']
    assert request['type'] == 'request' and request['records'] == 1, request
    subkey = thief.subkeys_of(ada.fingerprint)[-1]
    octets = people.get(request['path'])
    answer = {'case': request['id'], 'request': request['id'], 'request-sha256': hashlib.sha256(octets).hexdigest()}
    templates['grant'] = answer | {'manifest': '0' * 64, 'old': old.fingerprint, 'key': ada.fingerprint, 'subkey': subkey}, [
        {'file': {'id': lost.file_id()}, 'tag': lost.tag, 'head': attacker.encode(lost.head), 'serial': 'S', 'sha256': '0' * 64,
         'verdict': 'matched', 'pkesk': attacker.encode(attacker.packet(1, attacker.wrap(old.key_of(lost.path), thief.subkey_packet(
             subkey))))}]
    templates['refusal'] = answer | {'reason': 'no', 'kind': 'refused'}, []
    manifest = case_manifest()
    templates['case'] = {'case': manifest[0], 'manifest': manifest[1], 'requester': manifest[3], 'person': manifest[3],
                         'reason': 'r'}, [{'line': line} for line in manifest[2]]


def case_manifest():
    """A question as the authority really asks it: case, hash of the manifest, its lines, the person."""
    ben = attacker.Person('ben', 'Ben <ben@example.org>', acme)
    acme.set_policy(story.POLICY + f'[Officer Ada]\nFingerprints={ada.fingerprint}\n[Officer Ben]\nFingerprints={ben.fingerprint}\n')
    acme.take_in(certificate_of(ada), ben.certificate())
    case = acme.take_case(build('request', 'asked', {'reason': 'asked'}))
    acme.identify(case, friend.fingerprint)
    asked = {bundle['to']: bundle['path'] for bundle in acme.json('authority', 'case', 'ask', case, '--to', acme.stick)['bundles']}
    document = ada.json('authority', 'approve', asked[ada.fingerprint], '--to', people.folder('asked'), '--yes', '--authority',
                        acme.fingerprint)
    assert document['bundles'][0]['type'] == 'approval', document
    lines = [json.loads(line) for line in ben.decrypt(asked[ben.fingerprint]).splitlines()]
    return case, lines[0]['manifest'], [line['line'] for line in lines[1:-1]], lines[0]['person']


def forged():
    """Signed by somebody else in the right name, with the right certificate or his own"""
    for entrance in entrances:
        path = build(entrance.kind, 'forged', by=mallory)
        assert entrance.refuses(path, 'forged') in entrance.forged, entrance.kind
        path = build(entrance.kind, 'forged-own', {'certificate': mallory.armored()}, by=mallory)
        assert entrance.refuses(path, 'forged with his own') in entrance.forged, entrance.kind


def re_signed():
    """Signed anew by Mallory, in his own name"""
    for entrance in entrances[2:]:
        path = build(entrance.kind, 're-signed', {'from': mallory.fingerprint, 'certificate': mallory.armored()}, by=mallory)
        entrance.refuses(path, 're-signed')


def cut_and_changed():
    """Cut anywhere, an octet changed, something behind it, nothing at all"""
    for entrance in entrances:
        octets = people.get(build(entrance.kind, 'cut'))
        for name, what in (('half', octets[:len(octets) // 2]), ('last', octets[:-1]), ('end', octets[:-22]), ('head', octets[:120]),
                           ('flipped', octets[:-60] + bytes([octets[-60] ^ 1]) + octets[-59:]), ('behind', octets + b'x'),
                           ('twice', octets + octets), ('empty', b''), ('text', b'hello\n')):
            entrance.refuses(people.put(os.path.join(people.SESSION, 'changed.sparekey'), what), f'{entrance.kind} {name}')


def swapped():
    """One type of bundle for another: by its header, by its signature, or at the wrong entrance"""
    for entrance in entrances:
        header, records, person = whole(entrance.kind)
        other = 'receipt' if entrance.kind != 'receipt' else 'grant'
        path = person.bundle(os.path.join(people.SESSION, 'swapped.sparekey'), header | {'type': other}, records)
        entrance.refuses(path, 'named otherwise')
        text = b''.join(json.dumps(line).encode() + b'\n' for line in [header, *records, {'records': len(records)}])
        for notations in ((), (f'{attacker.NOTATION}=1:{other}:{header["to"]}',), (f'note@example.org=1:{entrance.kind}:{header["to"]}',),
                          (f'{attacker.NOTATION}=2:{entrance.kind}:{header["to"]}',)):
            path = person.seal(os.path.join(people.SESSION, 'swapped2.sparekey'), text, header['to'], notations)
            assert entrance.refuses(path, f'{entrance.kind} signed for {notations}') in entrance.forged
    mine = build('grant', 'wrong-door')
    entrances[2].refuses(mine, 'a grant as receipt')
    entrances[0].refuses(mine, 'a grant imported')


def later_version():
    """A version that is to come is told apart from damage"""
    for entrance in entrances:
        assert entrance.refuses(build(entrance.kind, 'later', {'sparekey': 2}), 'later') == 'unsupported', entrance.kind


def wrong_receiver():
    """For somebody else, or sent on by who could read it"""
    for entrance in entrances:
        header, records, person = whole(entrance.kind)
        person.learn(mallory)
        path = os.path.join(people.SESSION, 'receiver.sparekey')
        person.bundle(path, header | {'to': mallory.fingerprint}, records)
        assert entrance.refuses(path, 'for another') == 'no-key', entrance.kind
        person.bundle(path, header | {'to': mallory.fingerprint}, records, receiver=person.subkeys_of(header['to'])[-1])
        assert entrance.refuses(path, 'sent on') in entrance.forged, entrance.kind
        person.bundle(path, header, records, claims=mallory.fingerprint)
        assert entrance.refuses(path, 'signed for another') in entrance.forged, entrance.kind


def two_or_secret():
    """A certificate with two keys, with a secret one, of another key, or of none"""
    secret = old.run('--armor', '--export-secret-keys').stdout.decode()
    for entrance in entrances[:2]:
        _, _, person = whole(entrance.kind)
        person.learn(mallory)
        two = person.run('--armor', '--export', person.fingerprint, mallory.fingerprint).stdout.decode()
        for certificate in two, secret, mallory.armored(), '', '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n':
            assert entrance.refuses(build(entrance.kind, 'certificate', {'certificate': certificate}), 'certificate') == 'damaged'
    with story.Refused(acme, 'bundle.import.denied', 'bundle.import.denied'):
        for name, text in ('two', two), ('secret', secret):
            result, = acme.take_in(people.put(os.path.join(people.SESSION, name + '.asc'), text.encode()), status=None)
            assert result['status'] == 'refused' and result['error']['code'] in ('damaged', 'policy'), result


def expired_or_revoked():
    """A signer whose key has expired, or was revoked since"""
    past = attacker.Person('past', 'Past <past@example.org>', acme, faked='20240101T000000', expires='30d')
    path = os.path.join(people.SESSION, 'past.sparekey')
    story.refuse_import(acme, past.long_ago(path, past.header('deposit', acme.fingerprint), '20240110T000000'))
    gone = attacker.Person('gone', 'Gone <gone@example.org>', acme)
    text = people.get(os.path.join(gone.home, 'openpgp-revocs.d', gone.fingerprint + '.rev')).decode().replace(':-----', '-----')
    other = attacker.Person('looks', 'Looks <looks@example.org>')
    other.learn(gone)
    other.run('--import', data=text[text.index('-----BEGIN'):].encode())
    revoked = other.armored(gone.fingerprint)
    assert revoked != gone.armored(), 'it says that it was revoked'
    # That it was revoked is believed from any source, once, and nothing else of it.
    before, rows = acme.rows(), len(acme.log())
    result, = acme.take_in(gone.deposit(path, acme.fingerprint, certificate=revoked), status=6)
    assert result['status'] == 'refused' and result['error']['code'] == 'damaged', result
    new = [row[0] for row in acme.log()[rows:] if row[0] != 'authority.close']
    assert new == ['owner.loss', 'bundle.import.denied'], new
    after = acme.rows()
    assert [table for table in story.TABLES if after[table] != before[table]] == ['owners'], 'only that'
    story.refuse_import(acme, path)


def unsigned_beside():
    """Unsigned data before or behind the signed, or alone"""
    header, records, person = whole('deposit')
    text = b''.join(json.dumps(line).encode() + b'\n' for line in [header, *records, {'records': 1}])
    signed = person.run('--compress-algo', 'none', '--sig-notation', f'{attacker.NOTATION}=1:deposit:{acme.fingerprint}', '--sign',
                        data=text).stdout
    bare, subkey = attacker.literal(text), mallory.subkey_packet(acme.transport)
    path = os.path.join(people.SESSION, 'beside.sparekey')
    for name, inside in ('before', bare + signed), ('behind', signed + bare), ('alone', bare), ('twice', signed + signed):
        story.refuse_import(acme, people.put(path, attacker.seal_packets(inside, subkey)))
        assert name
    story.refuse_import(acme, people.put(path, signed), codes=('damaged', 'not-encrypted'), status=None)
    story.refuse_import(acme, person.seal(path, text, acme.fingerprint, sign=False))


def zeros():
    """A gibibyte of zeros, as it is or well packed, costs little and is refused"""
    plain = os.path.join(people.SESSION, 'zeros')
    with open(plain, 'wb') as stream:
        stream.truncate(1 << 30)
    entrances[0].refuses(plain, 'zeros')
    entrances[2].refuses(plain, 'zeros')
    packed = os.path.join(people.SESSION, 'packed.sparekey')
    for person, entrance, to in ((mallory, entrances[0], acme.fingerprint), (thief, entrances[3], ada.fingerprint)):
        person.run('--compress-algo', 'zlib', '-z', '1', '--digest-algo', 'SHA256', '--sig-notation',
                   f'{attacker.NOTATION}=1:{entrance.kind}:{to}', '--recipient', person.subkeys_of(to)[-1] + '!', '--output', packed,
                   '--sign', '--encrypt', plain)
        assert os.path.getsize(packed) < 1 << 24
        entrance.refuses(packed, 'packed zeros')
    os.unlink(plain)


def good_after_all():
    """After all of that the good ones are taken, once: a second time changes nothing, or is refused"""
    path = build('deposit', 'good')
    assert acme.take_in(path)[0]['new'] == 1
    with story.Refused(acme, 'bundle.known'):
        result, = acme.take_in(path)
    assert result['status'] == 'done' and (result['new'], result['known']) == (0, 1), result
    path = build('request', 'good')
    case = acme.take_case(path)
    with story.Refused(acme, 'bundle.known'):
        assert acme.take_case(path) == case
    path = build('receipt', 'good')
    assert ada.json('escrow', 'receipt', path)['acknowledged'] == 1
    assert [one['state'] for one in ada.json('escrow', 'list')['packets']] == ['acknowledged']
    assert ada.json('escrow', 'receipt', path)['acknowledged'] == 0
    # What a grant names as the old key's is not believed where it is the authority's.
    grant = build('grant', 'good', {'old-subkeys': [acme.escrow]})
    result, = ada.json('recovery', 'apply', grant, WORK)['results']
    assert result['status'] == 'done', result
    lost = attacker.File(os.path.join(WORK, 'lost.gpg'))
    assert acme.escrow[-16:] in [attacker.key_id(esk) for esk in lost.esks], 'the authority is never removed'
    entrances[3].refuses(grant, 'a grant twice', ('policy',))
    entrances[3].refuses(build('refusal', 'late'), 'a refusal after the grant')


tap.run(begins, forged, re_signed, cut_and_changed, swapped, later_version, wrong_receiver, two_or_secret, expired_or_revoked,
        unsigned_beside, zeros, good_after_all)
