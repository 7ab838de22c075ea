# SPDX-License-Identifier: ISC
"""One request over HTTP/2 (RFC 9113) with as many and as long header fields as
a test wants; curl sends no more than 64 KiB of them."""

import socket
import ssl
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = (
    0, 1, 3, 4, 6, 7, 8)
CONTINUATION = 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
FRAME_MAX = 16384
WINDOW = 1 << 24
TIMEOUT_S = 60
# RFC 7541, appendix A.
STATUSES = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}


class Closed(Exception):
    """The server has ended the connection or the stream instead."""


def frame(kind, flags, stream, payload=b""):
    """RFC 9113, section 4.1."""
    return struct.pack(">BHBBI", len(payload) >> 16, len(payload) & 0xffff,
                       kind, flags, stream) + payload


def integer(value, bits):
    """RFC 7541, section 5.1, with zeros before the prefix."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    value, out = value - most, [most]
    while value >= 128:
        out.append(value % 128 | 128)
        value >>= 7
    return bytes([*out, value])


def field(name, value):
    """A literal, not for the table and not by Huffman's code."""
    return b"\0" + b"".join(integer(len(text), 7) + text.encode()
                            for text in (name, value))


def status_of(block):
    """The status is the first field; nginx writes its digits as they are."""
    while block[0] >> 5 == 1:       # the size of the table
        block = block[1:]
    if block[0] & 128:
        return STATUSES[block[0] & 127]
    return int(block[2:5])


def read_exactly(channel, length):
    """Or the connection has ended."""
    data = b""
    while len(data) < length:
        try:
            piece = channel.recv(length - len(data))
        except (ConnectionError, ssl.SSLError) as error:
            raise Closed(str(error)) from error
        if not piece:
            raise Closed("end of the connection")
        data += piece
    return data


def read_answer(channel):
    """(status, body) of stream 1."""
    status, body = None, b""
    while True:
        head = read_exactly(channel, 9)
        length = int.from_bytes(head[:3], "big")
        kind, flags = head[3:5]
        payload = read_exactly(channel, length)
        if kind in (GOAWAY, RST_STREAM):
            raise Closed(f"frame {kind}: {payload.hex()}")
        if kind == SETTINGS and not flags & ACK:
            channel.sendall(frame(SETTINGS, ACK, 0))
        elif kind == HEADERS and status is None:
            assert flags & END_HEADERS and not flags & (PADDED | PRIORITY)
            status = status_of(payload)
        elif kind == DATA:
            body += payload
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            return status, body.decode()


def get(stack, path, fields):
    """(status, text) of a GET; `fields` is a list of names in small letters
    and values. Closed if there is no answer."""
    block = b"".join(field(name, value) for name, value in [
        (":method", "GET"), (":scheme", "https"),
        (":authority", f"{stack.host}:{stack.port}"), (":path", f"/{path}"),
        *fields])
    parts = [block[n:n + FRAME_MAX] for n in range(0, len(block), FRAME_MAX)]
    frames = [frame(SETTINGS, 0, 0, struct.pack(">HI", 4, WINDOW)),
              frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW))]
    for n, part in enumerate(parts):
        frames.append(frame(
            CONTINUATION if n else HEADERS, (0 if n else END_STREAM)
            | (END_HEADERS if n + 1 == len(parts) else 0), 1, part))
    context = ssl.create_default_context(cafile=str(stack.ca_file))
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", stack.port),
                                  TIMEOUT_S) as plain, \
            context.wrap_socket(plain, server_hostname=stack.host) as channel:
        assert channel.selected_alpn_protocol() == "h2"
        try:
            channel.sendall(PREFACE + b"".join(frames))
        except OSError:
            pass        # What it has to say is read all the same.
        return read_answer(channel)
