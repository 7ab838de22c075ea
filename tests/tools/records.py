# SPDX-License-Identifier: ISC
"""The records of FastCGI 1.0 as they travel, right and wrong ones; written by
the side of the web server, and read by either. Standard library only."""

import io
import struct

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = range(1, 8)
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3
LONG = 65535        # the most that a record can hold
HEADER = struct.Struct(">BBHHBx")


# Writing

def record(kind, content=b"", padding=0, request=1, version=1):
    """One record."""
    return HEADER.pack(version, kind, request, len(content),
                       padding) + content + b"\0" * padding


def stream(kind, content, piece=LONG, padding=0, request=1):
    """A stream, cut into records, and its end."""
    parts = [content[i:i + piece] for i in range(0, len(content), piece)]
    return b"".join(record(kind, part, padding, request)
                    for part in parts) + record(kind, request=request)


def begin(role=RESPONDER, flags=0, request=1):
    """The first record of a request."""
    return record(BEGIN, struct.pack(">HB5x", role, flags), request=request)


def length(n, wide=False):
    """Of a name or value."""
    return struct.pack(">I", n | 1 << 31) if wide or n > 127 else bytes([n])


def pairs(params, wide=False):
    """Names and values; params: dict or pairs of str (Latin-1) or bytes.
    wide: all lengths in four bytes."""
    items = params.items() if isinstance(params, dict) else params
    result = []
    for pair in items:
        name, value = (x.encode("latin-1") if isinstance(x, str) else x
                       for x in pair)
        result += (length(len(name), wide), length(len(value), wide), name,
                   value)
    return b"".join(result)


# Reading

def read_records(file):
    """(kind, content) of each record until the peer is done; the last may be
    cut short."""
    while len(head := file.read(HEADER.size)) == HEADER.size:
        _, kind, _, size, padding = HEADER.unpack(head)
        yield kind, file.read(size)
        file.read(padding)


def split(data):
    """Records of an answer as {kind: content} and the END body, or None."""
    found, end = {}, None
    for kind, content in read_records(io.BytesIO(data)):
        if kind == END and len(content) == 8:
            end = struct.unpack(">IB3x", content)
        found[kind] = found.get(kind, b"") + content
    return found, end


def read_length(data, at):
    """The length that is there, and where it ends."""
    if data[at] & 0x80:
        return struct.unpack_from(">I", data, at)[0] & 0x7fffffff, at + 4
    return data[at], at + 1


def read_pairs(data):
    """Names and values in the order of their arrival."""
    at = 0
    while at < len(data):
        name_n, at = read_length(data, at)
        value_n, at = read_length(data, at)
        value_at = at + name_n
        yield (data[at:value_at].decode(),
               data[value_at:value_at + value_n].decode())
        at = value_at + value_n
