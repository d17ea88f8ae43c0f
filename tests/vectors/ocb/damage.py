#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the damaged messages from intact.gpg (see README.md).
from pathlib import Path

here = Path(__file__).parent
intact = (here / "intact.gpg").read_bytes()


def flip(name, offset):
    damaged = bytearray(intact)
    damaged[offset] ^= 1
    (here / name).write_bytes(damaged)


def read_body(data):
    """The body of the new-format packet at the head of data, partial lengths joined."""
    body, offset = b"", 1
    while True:
        first = data[offset]
        if first < 192:
            length, header = first, 1
        elif first < 224:
            length, header = ((first - 192) << 8) + data[offset + 1] + 192, 2
        elif first < 255:
            length, header = 1 << (first & 31), 1
        else:
            length, header = int.from_bytes(data[offset + 1 : offset + 5], "big"), 5
        body += data[offset + header : offset + header + length]
        offset += header + length
        if not 224 <= first < 255:
            return body, offset


def frame(name, body):
    """A whole message again, its data packet with one definite length."""
    packet = b"\xd4\xff" + len(body).to_bytes(4, "big") + body
    (here / name).write_bytes(intact[:esk] + packet)


esk = read_body(intact)[1]
body, end = read_body(intact[esk:])
assert intact[esk] == 0xD4 and esk + end == len(intact)

flip("final-tag.gpg", -1)
flip("last-chunk-tag.gpg", -20)
flip("middle.gpg", len(intact) // 2)
(here / "cut-16.gpg").write_bytes(intact[:-16])
(here / "cut-half.gpg").write_bytes(intact[: len(intact) // 2])
# 19 octets of head, then chunks of 4096 octets (chunk size octet 6) with a tag of 16 each
frame("without-final-tag.gpg", body[:-16])
frame("without-last-chunks.gpg", body[: 19 + 2 * (4096 + 16)])
frame("reframed.gpg", body)
