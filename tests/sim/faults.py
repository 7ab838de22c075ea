# SPDX-License-Identifier: ISC
"""Sending an answer, well or badly.

A well-formed answer is one write. The bad ones are made here and nowhere
else: cut short, dripping, endless, compressed bombs, header floods, broken
status lines. All bodies are streams of pieces, so that 10 GB cost no memory.
"""

import time
import zlib

from . import wire

BLOCK = 65536


def filler(total):
    """Bytes that look like JSON that never ends."""
    yield b"["[:total]
    left = max(0, total - 1)
    block = b"{},\n" * (BLOCK // 4)
    while left > 0:
        yield block[:left]
        left -= min(left, BLOCK)


def bomb(size):
    """A gzip stream that unpacks to that many blanks."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    while size > 0:
        piece = packer.compress(b" " * min(size, 16 * BLOCK))
        size -= min(size, 16 * BLOCK)
        if piece:
            yield piece
    yield packer.flush()


def framed(pieces):
    """The same in chunked transfer coding."""
    for piece in pieces:
        if piece:
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def shortened(pieces, limit):
    """Only the first bytes, counted as they travel."""
    for piece in pieces:
        yield piece[:limit]
        limit -= len(piece)
        if limit <= 0:
            return


def dripping(pieces, rate, chunk):
    """A few bytes at a time, so that the whole keeps to bytes per second."""
    for piece in pieces:
        for start in range(0, len(piece), chunk):
            part = piece[start:start + chunk]
            yield part
            time.sleep(len(part) / rate)


def pieces_of(answer, plan):
    """The body as it will travel, framing included; second: is it chunked?"""
    if "huge" in plan:
        return framed(filler(int(plan["huge"]))), True
    if "gzip_bomb" in plan:
        return framed(bomb(int(plan["gzip_bomb"]))), True
    if plan.get("chunked"):
        half = len(answer.body) // 2
        return framed([answer.body[:half], answer.body[half:]]), True
    return iter([answer.body]), False


def headers_of(answer, plan, chunked):
    """Status line and headers with the faults that live in them."""
    for number in range(int(plan.get("header_flood", 0))):
        answer.headers.append((f"X-Flood-{number}", "f" * 64))
    if "gzip_bomb" in plan:
        answer.set_header("Content-Encoding", "gzip")
    if plan.get("close"):
        answer.set_header("Connection", "close")
    framing = "Transfer-Encoding: chunked" if chunked else None
    return wire.head(answer, plan.get("status_line"), framing)


def misbehave(send, answer, plan, head_only):
    """Send by plan; True if the connection can be used again."""
    if plan.get("cut") == -1:
        return False
    if "raw" in plan:
        send(plan["raw"].encode("utf-8", "surrogatepass"))
        return False
    lies = answer.has_header("content-length") \
        or answer.has_header("transfer-encoding")
    pieces, chunked = pieces_of(answer, plan)
    send(headers_of(answer, plan, chunked))
    if "cut" in plan:
        pieces = shortened(pieces, int(plan["cut"]))
    if "drip" in plan:
        chunk = int(plan.get("drip_chunk", max(1, plan["drip"] // 20)))
        pieces = dripping(pieces, plan["drip"], max(1, chunk))
    for piece in () if head_only else pieces:
        send(piece)
    ends = {"cut", "status_line"} & set(plan) or plan.get("hang_up")
    return not (lies or ends or answer.has_header("connection"))


def transmit(send, answer, head_only=False):
    """Send an answer; True if the connection can be used again."""
    if answer.faults:
        return misbehave(send, answer, answer.faults, head_only)
    head = wire.head(answer)
    send(head if head_only else head + answer.body)
    return not answer.has_header("connection")
