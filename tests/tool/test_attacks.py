# SPDX-License-Identifier: GPL-3.0-or-later
"""The attacks of protocol.md on an authority, each played with stock gpg and a few lines: refused or unmatched, and logged."""

import os
import sys

import attacker
import owner as people
import story
import tap

os.makedirs(os.path.join(people.SESSION, 'work'), exist_ok=True)
acme = story.Backup(sys.argv[1])
SERIAL = 'ALICE000-0001-1'
alice, alice_new, letter = story.alice_and_her_file(acme)
mallory = attacker.Person('mallory', 'Mallory <mallory@example.org>', acme)
mallory_new = attacker.Person('mallory2', 'Mallory <mallory@example.org>', acme)


def record_of(person, file, serial=SERIAL, **more):
    """What an honest owner deposits."""
    return attacker.proven_record(person, file, acme.fingerprint, acme.escrow, serial, **more)


def deposit(person, name, *records, expect=(0, 0)):
    """Takes a deposit in: so many are new, so many of these held."""
    result, = acme.take_in(person.deposit(acme.on_stick(name), acme.fingerprint, *records))
    assert result['status'] == 'done' and (result['new'], result['held']) == expect, result


def opens(person, name, old, *records):
    """Opens a case."""
    return acme.take_case(person.request(acme.on_stick(name), acme.fingerprint, old.fingerprint, *records))


def ask_for(file, subkey=None):
    """What is asked for of a file."""
    return attacker.request_record(file, file.esk(subkey or acme.escrow))


def never(case, fingerprint, verdict=None):
    """With all checks and approvals, the one claim of the case is not granted."""
    claim = acme.claim(case)
    assert claim['verdict'] in ((verdict,) if verdict else ('unmatched', 'unsure')) and len(claim['why']) > 20, claim
    acme.until_ready(case, fingerprint)
    return story.refuse_recover(acme, case, tried=True)


def deposited_first():
    """Mallory deposits Alice's packet before her, as it is and with the top bit of its point flipped: held, and she has it"""
    key = letter.esk(acme.escrow)
    assert key[12] == 0x40 and len(key) > 45, 'a point of Curve25519'
    # X25519 takes no notice of the top bit: the same secret, other octets.
    flipped = key[:12 + 32] + bytes([key[12 + 32] ^ 0x80]) + key[12 + 33:]
    whole = attacker.packet(1, flipped) + attacker.packet(letter.tag, letter.head)
    for name, octets in ('as-is', None), ('flipped', whole):
        for number, said in enumerate((None, '00' * 32, attacker.proof(bytes(32), mallory.fingerprint, acme.fingerprint, 'M',
                                                                         letter.tag, letter.head))):
            # A point whose top bit is set is no point to us; it is no record at all.
            deposit(mallory, f'{name}-{number}', attacker.deposit_record(letter, acme.escrow, 'M', said, octets),
                    expect=(1, 1) if octets is None and number == 0 else (0, 0))
    acme.enroll(mallory)
    never(opens(mallory_new, 'as-is.request', mallory, ask_for(letter)), mallory_new.fingerprint)
    # It keeps nothing from her.
    deposit(alice, 'alice.deposit', record_of(alice, letter), expect=(1, 0))
    acme.enroll(alice)
    case = opens(alice_new, 'alice.request', alice, ask_for(letter))
    claim = acme.claim(case)
    assert claim['verdict'] == 'matched' and claim['serial'] == SERIAL, claim
    acme.until_ready(case, alice_new.fingerprint)
    grant = acme.case('recover', case, '--to', acme.stick)['grant']
    line = acme.grant_lines(alice_new, grant['path'])[1]
    esk = attacker.base64.b64decode(line['pkesk'])
    got = people.put(os.path.join(people.SESSION, 'back.gpg'), esk + letter.data)
    assert alice_new.decrypt(got) == b'Dear Ada\n'


def beside():
    """Mallory's own PKESK beside the authority's on Alice's data makes the file no more his"""
    mine = mallory.encrypt(os.path.join(people.SESSION, 'work', 'mine.gpg'), mallory.fingerprint)
    both = letter.put_esks(os.path.join(people.SESSION, 'work', 'both.gpg'), [mine.esks[0], letter.esk(acme.escrow)])
    file = attacker.File(both)
    assert attacker.key_id(file.esks[0]) == mallory.subkey[-16:]
    deposit(mallory, 'both.deposit', attacker.deposit_record(file, acme.escrow, 'M', attacker.proof(
        mallory.key_of(mine.path), mallory.fingerprint, acme.fingerprint, 'M', file.tag, file.head)), expect=(0, 0))
    never(opens(mallory_new, 'both.request', mallory, ask_for(file)), mallory_new.fingerprint)


def chosen_head():
    """A chosen data head with a valid proof, then Alice's PKESK in the request: at most Mallory's own key comes back"""
    secret = attacker.find_session_key(letter.head)
    esk = attacker.wrap(secret, mallory.subkey_packet(acme.escrow))
    packet = attacker.packet(1, esk) + attacker.packet(letter.tag, letter.head)
    serial = 'MALLORY0-0001-1'
    valid = attacker.proof(secret, mallory.fingerprint, acme.fingerprint, serial, letter.tag, letter.head)
    deposit(mallory, 'chosen.deposit', attacker.deposit_record(letter, acme.escrow, serial, valid, packet), expect=(1, 0))
    # Alice has deposited it too: nobody can tell whose it is.
    never(opens(mallory_new, 'chosen.request', mallory, ask_for(letter)), mallory_new.fingerprint, 'unsure')
    # A file that its owner never deposited looks like Mallory's, but what is re-wrapped is his own packet.
    other = alice.encrypt(os.path.join(people.SESSION, 'work', 'other.gpg'), alice.fingerprint, acme.escrow + '!')
    secret = attacker.find_session_key(other.head)
    esk = attacker.wrap(secret, mallory.subkey_packet(acme.escrow))
    serial = 'MALLORY0-0001-2'
    valid = attacker.proof(secret, mallory.fingerprint, acme.fingerprint, serial, other.tag, other.head)
    packet = attacker.packet(1, esk) + attacker.packet(other.tag, other.head)
    deposit(mallory, 'chosen2.deposit', attacker.deposit_record(other, acme.escrow, serial, valid, packet), expect=(1, 0))
    case = opens(mallory_new, 'chosen2.request', mallory, ask_for(other))
    assert acme.claim(case)['verdict'] == 'matched'
    acme.until_ready(case, mallory_new.fingerprint)
    grant = acme.case('recover', case, '--to', acme.stick)['grant']
    line = acme.grant_lines(mallory_new, grant['path'])[1]
    got = people.put(os.path.join(people.SESSION, 'his.gpg'), attacker.base64.b64decode(line['pkesk']) + other.data)
    assert mallory_new.key_of(got) == secret != alice.key_of(other.path)
    assert mallory_new.run('--decrypt', got, status=None).returncode != 0


def in_the_way():
    """Hundreds of packets that Mallory deposits for the head of a file keep nobody from finding the owner's"""
    file = alice.encrypt(os.path.join(people.SESSION, 'work', 'way.gpg'), alice.fingerprint, acme.escrow + '!')
    esk = file.esk(acme.escrow)
    records = []
    for number in range(250):
        wrapped = esk[:-2] + number.to_bytes(2, 'big')
        records.append(attacker.deposit_record(file, acme.escrow, f'M-{number}', None,
                                               attacker.packet(1, wrapped) + attacker.packet(file.tag, file.head)))
    deposit(mallory, 'way.deposit', *records, expect=(250, 250))
    deposit(alice, 'way-alice.deposit', record_of(alice, file, 'ALICE000-0001-9'), expect=(1, 0))
    case = opens(alice_new, 'way.request', alice, ask_for(file))
    assert acme.claim(case)['verdict'] == 'matched', acme.claim(case)


def unmatched():
    """Where policy allows unmatched claims, the PKESK of a deposit, of mail, of no key id opens nothing"""
    acme.set_policy(story.POLICY + 'Unmatched=allow\n')
    try:
        mail = alice.encrypt(os.path.join(people.SESSION, 'work', 'mail.gpg'), acme.fingerprint)
        assert attacker.key_id(mail.esks[0]) == acme.transport[-16:], 'stock gpg picks the newest'
        bundle = attacker.File(acme.on_stick('alice.deposit'))
        hidden = letter.esk(acme.escrow)
        hidden = hidden[:1] + bytes(8) + hidden[9:]
        for name, file, esk in (('deposit', bundle, bundle.esks[0]), ('mail', mail, mail.esks[0]),
                                ('hidden', letter, hidden), ('none', letter, None),
                                ('named', bundle, bundle.esks[0][:1] + bytes.fromhex(acme.escrow[-16:]) + bundle.esks[0][9:])):
            request = mallory_new.request(acme.on_stick(name + '.request'), acme.fingerprint, mallory.fingerprint,
                                          attacker.request_record(file, esk))
            result, = acme.take_in(request, status=None)
            if result['status'] == 'refused':
                assert name == 'hidden' and result['error']['code'] == 'damaged', (name, result)
                continue
            never(result['case'], mallory_new.fingerprint)
            assert acme.case('show', result['case'])['matched'] == 0, name
    finally:
        acme.set_policy(story.POLICY)


def swapped_key():
    """The request re-made on the stick with another key: what the person reads out doesn't fit, and is not noted"""
    case = opens(mallory_new, 'swapped.request', alice, ask_for(letter))
    assert acme.case('show', case)['key'] == mallory_new.fingerprint
    acme.case('identity', case, 'document', '--evidence', 'passport 7')
    for said in (alice_new.fingerprint, mallory_new.fingerprint[:-1], mallory_new.fingerprint[-16:], mallory.fingerprint, 'yes',
                 mallory_new.fingerprint + 'AA'):
        with story.Refused(acme, 'case.identity.denied'):
            assert acme.json('authority', 'case', 'identity', case, 'new-key', '--evidence', said,
                             status=4)['error']['code'] == 'policy', said
    acme.json('authority', 'case', 'approve', case, status=4)
    story.refuse_recover(acme, case)
    assert acme.case('show', case)['state'] == 'identity'


def stranger():
    """A request for a key that nobody ever saw is a case like others, unmatched, and keeps none of them from being listed"""
    case = acme.take_case(mallory_new.request(acme.on_stick('stranger.request'), acme.fingerprint, 'AB' * 20, ask_for(letter)))
    assert case in [one['id'] for one in acme.json('authority', 'case', 'list')['cases']]
    never(case, mallory_new.fingerprint)


def same_serial():
    """Two packets of one owner under one serial are both kept, flagged and logged, and a claim on them is unsure"""
    files = [alice.encrypt(os.path.join(people.SESSION, 'work', f'twin{n}.gpg'), alice.fingerprint, acme.escrow + '!')
             for n in range(2)]
    for number, file in enumerate(files):
        deposit(alice, f'twin{number}.deposit', record_of(alice, file, 'ALICE000-0001-2'), expect=(1, 0))
    packets = acme.json('authority', 'packets', '--serial', 'ALICE000-0001-2')['packets']
    assert len(packets) == 2 and all(packet['conflict'] for packet in packets), packets
    assert acme.log()[-1][2]['conflicts'] == ['ALICE000-0001-2'], acme.log()[-1]
    case = opens(alice_new, 'twin.request', alice, ask_for(files[0]))
    never(case, alice_new.fingerprint, 'unsure')
    # The same serial of two owners is none of this.
    mine = mallory.encrypt(os.path.join(people.SESSION, 'work', 'm.gpg'), mallory.fingerprint, acme.escrow + '!')
    deposit(mallory, 'm.deposit', record_of(mallory, mine, SERIAL), expect=(1, 0))
    packets = acme.json('authority', 'packets', '--serial', SERIAL)['packets']
    assert len(packets) == 2 and not any(packet['conflict'] for packet in packets), packets


def bad_packets():
    """Points off the curve, of small order, not reduced, wrapped keys of odd lengths: held like any other failure"""
    file = mallory.encrypt(os.path.join(people.SESSION, 'work', 'bad.gpg'), mallory.fingerprint, acme.escrow + '!')
    esk = file.esk(acme.escrow)
    start, point, wrapped = esk[:10], esk[12:45], esk[45:]
    assert esk[10:12] == b'\x01\x07' and point[0] == 0x40 and wrapped[0] == len(wrapped) - 1, 'what gpg makes'
    prime = (2 ** 255 - 19).to_bytes(32, 'little')
    points = {'zero': bytes(32), 'one': b'\1' + bytes(31), 'order-8': bytes.fromhex(
        'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'), 'prime': prime,
        'prime+1': (2 ** 255 - 18).to_bytes(32, 'little'), 'all-ones': b'\xff' * 32,
        'top-bit': point[1:32] + bytes([point[32] | 128])}
    bodies = {name: start + b'\x01\x07\x40' + value + wrapped for name, value in points.items()}
    bodies |= {
        'uncompressed': start + b'\x02\x03\x04' + point[1:] + bytes(32) + wrapped,
        'no-prefix': start + b'\x00\xff' + point[1:] + wrapped,
        'short': start + (7 + 8 * 31).to_bytes(2, 'big') + point[:32] + wrapped,
        'no-wrapped': esk[:45] + b'\0',
        'odd-wrapped': esk[:45] + bytes([len(wrapped) - 2]) + wrapped[1:-1],
        'long-wrapped': esk[:45] + bytes([64]) + bytes(64),
        'changed-wrapped': esk[:-1] + bytes([esk[-1] ^ 1]),
        'another-algorithm': esk[:9] + b'\x01' + esk[10:],
        'another-subkey': esk[:1] + bytes.fromhex(acme.transport[-16:]) + esk[9:],
        'another-version': b'\x06' + esk[1:],
    }
    secret = mallory.key_of(file.path)
    records = []
    for name, body in bodies.items():
        octets = attacker.packet(1, body) + attacker.packet(file.tag, file.head)
        records.append(attacker.deposit_record(file, acme.escrow, name, attacker.proof(
            secret, mallory.fingerprint, acme.fingerprint, name, file.tag, file.head), octets))
    result, = acme.take_in(mallory.deposit(acme.on_stick('bad.deposit'), acme.fingerprint, *records))
    assert result['status'] == 'done' and result['new'] + result['refused'] == len(bodies), result
    assert result['held'] == result['new'], result
    assert result['new'] >= 5, 'some of them look like packets'
    receipts = acme.json('authority', 'receipt', '--to', acme.stick)['bundles']
    paths = [one['path'] for one in receipts if one['to'] == mallory.fingerprint]
    lines = [line for path in paths for line in acme.grant_lines(mallory, path)[1:-1] if line['serial'] in bodies]
    assert len(lines) == result['new'] and {line['verdict'] for line in lines} == {'held'}, lines
    assert all(set(line) == {'serial', 'sha256', 'deposit', 'verdict'} for line in lines), 'a receipt tells no reasons'


def more_than_a_head():
    """An escrow packet with data behind its head, or two of a packet, is no record"""
    file = mallory.encrypt(os.path.join(people.SESSION, 'work', 'more.gpg'), mallory.fingerprint, acme.escrow + '!')
    esk, head = attacker.packet(1, file.esk(acme.escrow)), attacker.packet(file.tag, file.head)
    whole = [esk + file.data, esk + attacker.packet(file.tag, file.head + b'x'), esk + esk + head, head, esk,
             esk + head + attacker.packet(13, b'x'), attacker.packet(3, bytes(13)) + esk + head,
             esk + attacker.packet(file.tag, file.head[:-1]), esk + attacker.packet(9, file.head), b'']
    records = [attacker.deposit_record(file, acme.escrow, f'W-{number}', None, octets) for number, octets in enumerate(whole)]
    before = acme.rows()['packets']
    result, = acme.take_in(mallory.deposit(acme.on_stick('more.deposit'), acme.fingerprint, *records))
    assert (result['new'], result['refused']) == (0, len(whole)), result
    assert acme.rows()['packets'] == before


tap.run(deposited_first, beside, chosen_head, unmatched, swapped_key, stranger, same_serial, bad_packets, more_than_a_head,
        in_the_way)
