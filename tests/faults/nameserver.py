# SPDX-License-Identifier: ISC
"""Name servers of our own, and programs that ask them."""

import contextlib
import random
import socket
import struct
import threading

A, AAAA = 1, 28


class NameServer:
    """Answers 127.0.0.1 for every name, and nothing to what the test has it
    lose; remembers the questions as (name, type)."""

    def __init__(self, loses=lambda number: False, knows=True):
        self.questions, self._loses, self._knows = [], loses, knows
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = self._bind()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _bind(self):
        """An address of its own: several tests may run at once."""
        while True:
            address = f"127.{random.randint(1, 254)}.0.{random.randint(1, 254)}"
            with contextlib.suppress(OSError):
                self._socket.bind((address, 53))
                return address

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                packet, peer = self._socket.recvfrom(4096)
                number = len(self.questions)
                answer = self._answer(packet)
                if not self._loses(number):
                    self._socket.sendto(answer, peer)

    def _answer(self, packet):
        """RFC 1035, section 4: the question again, and one address."""
        end = packet.index(b"\0", 12)
        labels, at = [], 12
        while at < end:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii"))
            at += 1 + packet[at]
        kind, = struct.unpack("!H", packet[end + 1:end + 3])
        self.questions.append((".".join(labels), kind))
        has = self._knows and kind == A
        head = packet[:2] + struct.pack(
            "!HHHHH", 0x8180 if self._knows else 0x8183, 1, int(has), 0, 0)
        answer = b"\xc0\x0c" + struct.pack("!HHIH4B", A, 1, 60, 4,
                                           127, 0, 0, 1) if has else b""
        return head + packet[12:end + 5] + answer

    def close(self):
        """No more."""
        self._socket.close()


def asks(stack, program, resolv_conf):
    """Restart a program so that /etc/resolv.conf is this file to it: in a
    mount namespace of its own, which takes root."""
    own = stack.programs[program]
    own.command = ["unshare", "-m", "sh", "-euc",
                   'mount --bind "$0" /etc/resolv.conf; exec "$@"',
                   str(resolv_conf), *own.command]
    stack.restart(program)
