# SPDX-License-Identifier: ISC
"""Nothing secret is ever seen: a broad flow, and then stack/leaks.py searches
every secret in everything that anybody but Spotify could read. (So it does at
the end of every stack of all tests.)"""

import base64
import random
import re
import secrets
import urllib.parse

import pytest

from stack import ALL_PROGRAMS, PROGRAMS, Client
from stack.fixtures import start_stack
from stack.leaks import Search
from tools import fastcgi
from tools.answers import Browser, refused
from tools.steps import let_tokens_end

# The good answer, tokens and all, as one that we cannot use.
UNUSABLE = [{"status": 500, "pass": True}, {"status": 400, "pass": True},
            {"headers": {"Content-Type": "text/html"}, "pass": True},
            {"cut": 60, "pass": True}]


def use_everything(browser, spotify, stack):
    """All endpoints, and all ways to fail that see a secret."""
    browser.login(return_to="/x")
    for _ in range(2):
        browser.fetch("session")
        browser.fetch("artists")
        browser.fetch("api/search?q=x&type=artist")
        fastcgi.vouch(browser)
        fastcgi.auth(browser)
    copy = browser.copy()
    let_tokens_end(stack)
    browser.fetch("refresh", "POST")
    for target, path, method in (("following", "artists?fresh=1", "GET"),
                                 ("token", "refresh", "POST"),
                                 ("api", "api/search?q=x&type=artist", "GET"),
                                 ("token", "artists", "GET")):
        for answer in ("server_error_500", "rate_limited_429",
                       "invalid_client", "expired_token_401",
                       {"raw": "garbage\r\n\r\n"}, *UNUSABLE):
            let_tokens_end(stack)
            stack.clock.advance(100)
            spotify.answers(target, answer)
            browser.fetch(path, method)
            spotify.clear_answers()
    spotify.answers("token", "invalid_grant")
    let_tokens_end(stack)
    stack.clock.advance(90_000)
    refused(copy.fetch("artists"), 401, "login_expired")


def fail_to_log_in(browser, spotify, stack):
    """Every way that has a code, a state and a verifier in it."""
    for answer in ("invalid_grant_code", "invalid_client", *UNUSABLE):
        spotify.answers("token", answer)
        url = browser.approve(browser.start_login())
        copy = browser.copy()
        browser.finish(url)
        copy.finish(url)
        copy.finish(url + "x")
        copy.request("POST", url)
    other = Browser(stack)
    url = browser.approve(browser.start_login())
    refused(other.finish(url), 400, "login_no_cookie")
    refused(other.finish(url + "&code=1"), 400, "bad_request")
    browser.deny(browser.start_login())
    url = browser.approve(browser.start_login(), "uninvited")
    refused(browser.finish(url), 403, "not_on_allowlist")
    return other


def fail_before_a_program(stack):
    """What the web server answers itself, with a code in the address."""
    browser = Client(stack)
    url = browser.approve(browser.start_login())
    query = url.partition("?")[2]
    stack.down("callback")
    assert browser.finish(url).status == 503
    stack.up("callback")
    for path in (f"/Callback?{query}", f"/callback/?{query}",
                 f"{stack.url}//callback?{query}",
                 f"/x/../callback?{query}&code=1",
                 f"/%00?{query}", f"callback?{'x' * 9000}"):
        browser.request("GET", path)
    for method in ("HEAD", "PUT", "OPTIONS", "TRACE", "get"):
        browser.request(method, url)
    browser.request("POST", url, body=b"x" * 20_000)
    browser.request("GET", "callback", {"Cookie": "x=" + "y" * 20_000})
    for program in ("login", "artists", "refresh", "session", "logout"):
        stack.down(program)
        browser.fetch(program, "POST")
        stack.up(program)
        browser.fetch(program, "POST", site="cross-site")
        browser.fetch(program, "PUT", body=b"{}")


@pytest.mark.parametrize("level", ["debug", "info"])
def test_no_secret_is_ever_seen(make_stack, level):
    stack = make_stack(conf={"log_level": level, "api_allow": "search",
                             "auth_pass": "id name email token"})
    spotify, browser = stack.spotify, Browser(stack)
    spotify.settings(rotation="rotate")
    use_everything(browser, spotify, stack)
    fail_to_log_in(browser, spotify, stack)
    fail_before_a_program(stack)
    stack.clock.advance(90_000)
    browser.login(account="wizzler")
    browser.fetch("artists")
    browser.fetch("logout", "POST")
    browser.login(account="wizzler")
    assert browser.fetch("artists?fresh=1").status == 200

    kinds = list(stack.leaks.secrets().values())
    for kind, least in {"access_token": 10, "refresh_token": 10, "code": 10,
                        "code_verifier": 10, "cookie": 15, "state": 10,
                        "client_secret": 1, "server_key": 1}.items():
        assert kinds.count(kind) >= least, kind
    places = stack.leaks.places()
    assert all(places[f"file log/{name}.log"] for name in ALL_PROGRAMS)
    for start in ("file log/spotify-fcgi.log", "file log/error.log",
                  "file sessions/session-", "file sessions/copy-",
                  "Location of /callback", "comm of server",
                  *(f"body of /{name}" for name in PROGRAMS),
                  *(f"{part} of {name}, process" for name in ALL_PROGRAMS
                    for part in ("environ", "cmdline"))):
        assert any(name.startswith(start) for name in places), start
    assert stack.leaks.find() == []


def test_the_search_undoes_every_encoding():
    secret = secrets.token_urlsafe(32).encode() + b"+%&:/"
    search = Search({secret: "token"})
    every = "".join(f"%{byte:02x}" for byte in secret).encode()
    texts = {secret, secret[:20], secret[7:23], secret[-16:], every,
             every.upper(), urllib.parse.quote(secret).encode(),
             urllib.parse.quote_plus(secret).encode(), secret.hex().encode(),
             secret.hex().upper().encode(), b"a" + secret.hex().encode()}
    for before in (b"", b"a", b"ab", b"abc", b"client:"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            texts |= {encode(before + secret + b"tail"),
                      b"x/" + encode(before + secret),
                      urllib.parse.quote(encode(before + secret)).encode(),
                      encode(before + every), encode(secret).hex().encode(),
                      encode(secret.hex().encode())}
    for text in texts:
        for around in (b"%b", b"x=%b;", b"\0\1\2\3\4%b\xff\n",
                       b"{\"a\":\"%b\"}"):
            assert search.kinds_in(around % text) == {"token"}, text


def test_the_search_finds_nothing_where_nothing_is():
    """Neither in noise nor in a piece that is too short to tell."""
    chance = random.Random(7)
    values = [secrets.token_urlsafe(150).encode() for _ in range(300)]
    search = Search({value: "token" for value in values})
    assert search.kinds_in(chance.randbytes(1 << 18)) == set()
    assert search.kinds_in(base64.b64encode(chance.randbytes(1 << 16))) == set()
    assert search.kinds_in(values[7][8:23] + b"." + values[8][:15]) == set()
    assert search.kinds_in(values[7][8:24]) == {"token"}


def cookie_bytes(browser):
    """What the cookie's value stands for."""
    return base64.urlsafe_b64decode(browser.session_cookie + "=")


def test_a_secret_in_any_place_is_found(make_stack):
    """Else the test above would mean nothing."""
    stack = make_stack()
    browser = Browser(stack)
    browser.login()
    known = {kind: value.decode()
             for value, kind in stack.leaks.secrets().items()}
    known["cookie"] = cookie_bytes(browser).hex()
    for place, kind in (("log/login.log", "code_verifier"),
                        ("log/error.log", "code"), ("log/x.log", "state"),
                        ("sessions/session-x", "refresh_token"),
                        ("sessions/temp-x", "cookie"),
                        ("body/0001", "access_token"),
                        ("core", "server_key"), ("www/x", "client_secret")):
        path = stack.folder / place
        path.parent.mkdir(exist_ok=True)
        held = path.read_bytes() if path.exists() else None
        with path.open("ab") as file:
            file.write(f"x={known[kind]}".encode())
        assert stack.leaks.find() == [f"{kind} in file {place}"]
        path.unlink() if held is None else path.write_bytes(held)
    named = stack.session_dir / f"used-{known['state'][:20]}"
    named.touch()
    assert len(stack.leaks.find()) == 1
    named.unlink()
    assert stack.leaks.find() == []


def test_a_secret_in_an_answer_is_found(make_stack):
    stack = make_stack()
    browser = Browser(stack)
    reply = browser.login()
    known = {kind: value.decode()
             for value, kind in stack.leaks.secrets().items()}
    other = Browser(stack)
    for name, value, found in (
            ("X-Request", "a=" + known["code"], "code in X-Request"),
            ("Location", stack.url + "/?state=" + known["state"],
             "state in Location"),
            ("Set-Cookie", f"spotify-session={known['access_token']}",
             "access_token in a cookie"),
            ("Set-Cookie", f"a=b; Path=/{browser.session_cookie}",
             "cookie in Set-Cookie")):
        stack.leaks = type(stack.leaks)(stack)
        for each in (*browser.replies, *other.replies):
            stack.leaks.hear(each)
        assert stack.leaks.find() == []
        stack.leaks.hear(type(reply)(200, [(name, value)], b"", reply.url))
        assert any(line.startswith(found) for line in stack.leaks.find())
    stack.leaks = type(stack.leaks)(stack)
    stack.leaks.hear(type(reply)(200, [], b'{"a":["%b"]}' % known[
        "refresh_token"].encode(), stack.url + "/artists"))
    assert stack.leaks.find() == ["refresh_token in body of /artists"]
    stack.leaks = type(stack.leaks)(stack)


def test_a_secret_in_the_environment_is_found_at_the_end():
    """As every stack is searched when it stops."""
    with start_stack(environment={"SECRET": "simulated:secret+%&"}) as stack:
        pids = {name: stack.pids(name)[0] for name in ALL_PROGRAMS}
        assert stack.stop() == sorted(
            f"client_secret in environ of {name}, process {pid}"
            for name, pid in pids.items())


def test_every_event_that_matters_is_logged(stack, browser, spotify):
    """With time, program and the id that the answer names."""
    browser.login()
    stack.wait_for_event("callback", "login", outcome="ok")
    refused(browser.finish("callback?code=x&state=y"), 400, "login_bad_state")
    stack.wait_for_event("callback", "login", outcome="login_bad_state")
    reply = refused(browser.request("POST", "refresh"), 403, "cross_site")
    stack.wait_for_event("refresh", "answered", code="cross_site",
                         request=reply.json["request_id"])
    let_tokens_end(stack)
    browser.fetch("refresh", "POST")
    stack.wait_for_event("refresh", "refreshed")
    let_tokens_end(stack)
    spotify.answers("token", "invalid_grant_revoked")
    browser.fetch("refresh", "POST")
    stack.wait_for_event("refresh", "authorization_ended")
    browser.login()
    browser.fetch("logout", "POST")
    stack.wait_for_event("logout", "logout", done="yes")
    for program in ALL_PROGRAMS:
        for line in stack.log(program).splitlines():
            assert re.match(r"time=[0-9]{4}-[0-9-]+T[0-9:]+Z level=\w+ "
                            rf"program={program} (request=\S+ )?event=\w+",
                            line), line
