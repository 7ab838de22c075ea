# SPDX-License-Identifier: ISC
"""What tests/demo runs: stack.demo BUILD_DIR SERVER PORT CLIENT_ID SECRET_FILE,
the last two empty for a simulated Spotify."""

import signal
import sys
import threading

from . import Stack, StackError

SIMULATED = """
  {url}{prefix}

The Spotify behind it is simulated ({spotify}):
people and artists are invented, and nobody is asked for a password."""

REAL = """
  {url}{prefix}

The real Spotify asks for a redirect URI. Register this one, exactly, in your
application's settings at https://developer.spotify.com/dashboard, and add the
accounts that may log in under "User Management":

  {redirect_uri}"""

LAST = """
Logs are in {folder}/log.
Stop with Ctrl-C."""


def start(build_dir, server, port, client_id, secret_file):
    """A running stack."""
    real = (client_id, secret_file) if client_id else None
    return Stack(build_dir, server=server, port=port, real_spotify=real)


def say(stack):
    """Where it is and how it ends."""
    text = SIMULATED if stack.spotify else REAL
    print((text + "\n" + LAST).format(
        url=stack.url, prefix=stack.prefix, folder=stack.folder,
        redirect_uri=stack.redirect_uri,
        spotify=stack.spotify and stack.spotify.url), flush=True)


def main(build_dir, server, port, client_id, secret_file):
    """Until INT, TERM or HUP; the status for the shell."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    try:
        with start(build_dir, server, int(port), client_id,
                   secret_file) as stack:
            say(stack)
            while not stopping.wait(1):
                for complaint in stack.complaints():
                    print(f"demo: {complaint}", file=sys.stderr, flush=True)
            print("\ndemo: stopped", flush=True)
            return 0
    except StackError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
