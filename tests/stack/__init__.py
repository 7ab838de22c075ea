# SPDX-License-Identifier: ISC
"""The whole of it, running: simulated Spotify, the programs, nginx.

tests/http and tests/browser use it through stack/fixtures.py, and
tests/demo by way of stack/demo.py. Standard library only.

    with Stack(build_dir, processes={"artists": 2}) as stack:
        client = Client(stack)
        client.login()
        assert client.fetch("session").json["logged_in"] is True

Stack(build_dir, ...)   a context manager; all keywords are optional
    tls=False           True: https://music.test:PORT by the shipped site file
    prefix="/"          where the endpoints lie, "/spotify/" for instance
    processes={}        {"artists": 2}: processes per program, default 1
    conf={}             {"idle_limit": "60", "ca_file": None}: keys of
                        spotify-fcgi.conf; None leaves one out
    spotify_tls=False   the simulated Spotify speaks TLS; ca_file is set
    rate_limits=False   True: nginx limits requests as shipped
    members=None        URL of an application to protect with members.example
    application=None    the same with auth.example
    client_id="simulated-client"   at the simulated Spotify
    server="nginx"      or "apache" (without rate_limits); the fixtures take
                        the environment's SERVER
    environment={}      more environment for the programs
    server="nginx"      or "apache"
    port=0              of it; 0: a free one
    origin=""           where a browser sees it, behind another server
    front=None          True: at 127.0.0.1 is something in front, that the
                        server believes; without tls by behind.conf.example
    real_spotify=None   (client id, file with the secret): no simulation;
                        .spotify and .clock are None then
  .url                  "http://127.0.0.1:PORT", never with a slash at its end
  .prefix .build_dir .folder .session_dir .redirect_uri .conf_file .socket(p)
  .origin .port .host   of the site; .ca_file (tls) for clients
  .spotify              sim.client.Simulation
  .clock.advance(s)     lets time pass for the programs (built with
                        --enable-test-clock) and for Spotify; .clock.set(s),
                        .clock.offset
  .pids(program)        of its living processes
  .restart(program)     TERM, wait, start, one process after the other; the
                        listening socket stays open, nothing is lost
  .kill(program, sig)   a signal (default KILL) to all its processes, waits
                        for the end; requests then wait in the socket
  .start(program)       as many processes as are missing
  .down(program) .up(program)   as kill, and the socket is gone: nginx
                        answers 503 at once; and back
  .log(program)         text: "login", ..., "access", "error" (nginx)
  .wait_for_log(program, text)  the log, once the text is in it
  .program_logs()       of all of them in one text
  .events(program)      its log lines as dicts: [{"event": "start", ...}]
  .wait_for_event(program, event, **values)  the line, within 10 s
  .complaints()         sanitizer reports, unexpected ends: [] if all is well;
                        each is told once
  .leaks.find()         secrets seen where none may be: answers to Clients,
                        files, /proc (leaks.py); .leaks.add(kind, value) for
                        one that no Client has heard of; stop() asks, too
  .empty_store()        as if nobody had ever logged in
  .reset()              the above, clock 0, a fresh Spotify that agrees to
                        every login without asking, all programs up
  .stop()               idempotent; also happens at the end of the context;
                        returns complaints and leaks: [] if all is well. No
                        process outlives the one that made the stack

Client(stack)           a browser without a screen
    paths are relative to the prefix ("artists") or absolute ("/x?y=z") or a
    URL. Redirects are never followed. Every request sends the cookies that a
    browser would, and keeps those it gets.
  .get(path)            a navigation, typed in; link=True: by a link of the
                        site; site="cross-site": by a link of another
  .post(path, form)     a form of the site is sent (navigation)
  .fetch(path, method="GET", headers={}, body=None)  a script of the page
  .request(method, path, headers={}, body=None)  nothing but Host and cookies
  .login(account=None, return_to=None, switch=False)  the whole way; returns
                        the callback's Reply, asserts that it is a 303
  .start_login(return_to=None, switch=False)  -> Spotify's authorize URL
  .approve(url, account=None)                 -> the callback URL
  .deny(url)                                  -> the callback URL
  .finish(callback_url)                       -> Reply
  .cookies              a CookieJar: .get(name), .find(name), .names(),
                        .remove(name), .clear(), .copy(), .text(url)
  .session_cookie       value or None, can be set; .session_cookie_name
  .copy()               a client with copies of the cookies
Reply                   .status .headers (list of pairs) .header(name) (None
                        if absent, AssertionError if repeated) .all(name)
                        .body .text .json .location .code (of a problem, or of
                        an error page's <small>)
Engine(kind="single")   a real Valkey or Redis, on its own (engine.py); other
                        kinds are "acl", "tls" and "replica"
  .conf(url=.url)       the keys that lead there; .url is its port, .socket_url
                        its unix socket
  .command(*words)      the reply to a command of an administrator
  .start() .stop(sig) .pause() .resume() .close()
Sentinels(engine)       three, for a "replica" (sentinels.py): .url .hosts
"""

from .client import Client, Reply
from .engine import Engine
from .error import StackError
from .stack import ALL_PROGRAMS, PROGRAMS, Stack

__all__ = ["ALL_PROGRAMS", "Client", "Engine", "PROGRAMS", "Reply", "Stack",
           "StackError"]
