# SPDX-License-Identifier: ISC
"""Ports of the loopback that nobody else gets before who they are for, and
whether somebody listens."""

import collections
import socket

from .error import StackError

# Bound sockets that do not listen, of the last ports that were asked for: the
# kernel gives such a port to nobody by chance, and who asks for it by its
# number, with SO_REUSEADDR like all servers, gets it all the same.
_held = collections.deque(maxlen=100)


def reserve(port):
    """A bound socket that does not listen."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind(("127.0.0.1", port))
    except OSError as error:
        holder.close()
        raise StackError(f"port {port} of 127.0.0.1: {error.strerror}; "
                         "choose another one with --port") from None
    return holder


def free_port():
    """A port for a server that is started soon, or never: then who connects
    there is refused."""
    if len(_held) == _held.maxlen:
        _held.popleft().close()
    _held.append(reserve(0))
    return _held[-1].getsockname()[1]


def listens(where):
    """Whether somebody does at a port, or at the path of a unix socket."""
    if isinstance(where, int):
        family, address = socket.AF_INET, ("127.0.0.1", where)
    else:
        family, address = socket.AF_UNIX, str(where)
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0
