# SPDX-License-Identifier: ISC
"""What tests/demo runs: stack.demo BUILD_DIR SERVER PORT STORE ORIGIN
CLIENT_ID SECRET_FILE [QUESTIONS], and before the build stack.demo PORT, which
says whether the port is free. STORE is "files" or "valkey", ORIGIN is empty
if no other server stands in front, and so are the next two for a simulated
Spotify. QUESTIONS are asked of the real one: "yes", "no" or empty, which asks
at a terminal."""

import contextlib
import pathlib
import re
import signal
import sys
import textwrap
import threading

from . import PROGRAMS, Stack, StackError, questions
from .engine import Engine
from .nginx import bind

SIMULATED = """
  {address}

The Spotify behind it is simulated ({spotify}):
people and artists are invented, and nobody is asked for a password."""

REAL = """
First, in your application's settings at
https://developer.spotify.com/dashboard, register this redirect URI:

  {redirect_uri}
{portless}
and add the accounts that may log in under "User Management". The application's
owner needs Premium. Then open

  {address}"""

PORTLESS = """
or, for any port of this machine, the same without its port:

  {uri}
"""

BEHIND = ("There your development server has to pass {all_but_one} and {last} "
          "on to {url}; conf/frontend.md has the lines.")

ENGINE = """
Sessions are in {engine.server}; to look into it:

  {client} -s {engine.socket}"""

# What the page shows more of, where the site turns it on.
MORE = {"api_allow": "top-artists follow",
        "scope": "user-read-email user-follow-read user-follow-modify "
                 "user-top-read"}

LAST = """
Logs are in {folder}/log.
Stop with Ctrl-C."""

# What Spotify's ids and secrets are made of; 32 hexadecimal digits today.
PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def check(what, text):
    """Of an id or a secret; a mistake is told without showing it."""
    if not text:
        wrong = "it is empty"
    elif text[0] in "\"'`" or text[-1] in "\"'`":
        wrong = "leave the quotes away"
    elif len(text.split()) > 1:
        wrong = "it is more than one word"
    elif "=" in text or ":" in text:
        wrong = "the value alone, without a name in front of it"
    elif not PLAIN.fullmatch(text):
        wrong = "it has characters that Spotify's have not"
    else:
        return text
    raise StackError(f"{what}: {wrong}")


def credentials(client_id, secret_file):
    """The client id and the client secret, as far as they can be told to be
    right from here."""
    try:
        text = pathlib.Path(secret_file).read_bytes().decode("utf-8")
    except OSError as error:
        raise StackError(f"{secret_file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StackError(f"{secret_file}: it is not plain text") from None
    check("--client-id", client_id)
    if check(secret_file, text.strip()) == client_id:
        raise StackError(f"{secret_file}: it has the client id; the secret is "
                         "behind \"View client secret\"")
    for what, length in (("--client-id", len(client_id)),
                         (secret_file, len(text.strip()))):
        if length != 32:
            print(f"demo: {what}: {length} characters, and not 32 as Spotify's "
                  "have", file=sys.stderr, flush=True)
    return client_id, secret_file


def start(build_dir, server, port, engine, origin, real):
    """A running stack."""
    return Stack(build_dir, server=server, port=port, origin=origin,
                 conf=MORE | (engine.conf(engine.socket_url) if engine
                              else {}),
                 real_spotify=real)


def ask_questions(wish, port, origin, real):
    """Of the real Spotify, if the user agrees, before the site takes the
    port."""
    if real and questions.agreed(wish):
        client_id, file = real
        questions.run(port, origin, client_id,
                      pathlib.Path(file).read_text("utf-8").strip(),
                      say=lambda text: print(text, flush=True))


def portless(redirect_uri):
    """The form of a loopback address that Spotify takes for all its ports."""
    uri = re.sub(r"^(http://(?:127\.0\.0\.1|\[::1\])):\d+/", r"\1/",
                 redirect_uri)
    return PORTLESS.format(uri=uri) if uri != redirect_uri else ""


def behind(url):
    """What the server in front has to do, in lines for a terminal."""
    return textwrap.fill(BEHIND.format(
        all_but_one=", ".join(PROGRAMS[:-1]), last=PROGRAMS[-1], url=url),
        79, break_long_words=False, break_on_hyphens=False)


def say(stack, engine):
    """Where it is and how it ends."""
    text = SIMULATED if stack.spotify else REAL
    if stack.origin != stack.url:
        text += "\n\n" + behind(stack.url)
    client = ""
    if engine:
        text += "\n" + ENGINE
        client = engine.server.replace("-server", "-cli")
    print((text + "\n" + LAST).format(
        url=stack.url, address=stack.origin + stack.prefix,
        engine=engine, client=client,
        folder=stack.folder, redirect_uri=stack.redirect_uri,
        portless=portless(stack.redirect_uri),
        spotify=stack.spotify and stack.spotify.url), flush=True)


def check_port(port):
    """Before the build, which takes a while; the status for the shell."""
    try:
        bind(int(port)).close()
    except StackError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


def main(build_dir, server, port, store, origin, *rest):
    """Until INT, TERM or HUP; the status for the shell."""
    stopping = threading.Event()
    try:
        real = credentials(*rest[:2]) if any(rest[:2]) else None
        ask_questions("".join(rest[2:]), int(port), origin, real)
    except KeyboardInterrupt:
        print("\ndemo: stopped", flush=True)
        return 0
    except StackError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    try:
        with (Engine() if store == "valkey" else contextlib.nullcontext()
              ) as engine, start(build_dir, server, int(port), engine,
                                 origin, real) as stack:
            say(stack, engine)
            while not stopping.wait(1):
                for complaint in stack.complaints():
                    print(f"demo: {complaint}", file=sys.stderr, flush=True)
            print("\ndemo: stopped", flush=True)
            return 0
    except StackError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit((check_port if len(sys.argv) == 2 else main)(*sys.argv[1:]))
