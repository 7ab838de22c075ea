# SPDX-License-Identifier: ISC
"""Where a login ends: where it should, and never on a site of somebody
else."""

import urllib.parse

import pytest

from helpers import refused

GOOD = [
    "/", "/x", "/x/y", "/x/", "/?a=b&c=d", "/x?return_to=//evil.example/",
    "/x#part", "/#part", "/x//y", "/x/../y", "/x/./y", "/~a", "/a:b", "/a@b",
    "/@evil.example", "/:80", "/%20", "/%41", "/x%2f", "/x%5c", "/x%0a",
    "/;a", "/?//evil.example", "/#//evil.example", "/" + "x" * 511,
    "/x?u=https://evil.example/", "/?", "/a%00", "/!$&'()*+,;=",
    "/login.example", "/javascript:alert(1)", "/http://evil.example"]

# They lead home instead.
HOSTILE = [
    "", "x", "x/y", "?a=b", "#part", ".", "..", "../x", "./x",
    "//", "//evil.example", "//evil.example/", "///evil.example",
    "////evil.example", "//evil.example@127.0.0.1/", "//127.0.0.1/",
    "//user:pass@evil.example/", "//evil.example:80/", "//evil.example?x",
    "//evil.example#x", "//[::1]/", "//2130706433/", "//google.com/%2f..",
    "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil",
    "\\evil.example", "/x\\y", "/\\\\evil.example", "//\\evil.example",
    "/%5cevil.example", "/%5Cevil.example", "/%2f/evil.example",
    "/%2F/evil.example", "/%2fevil.example", "/%09/evil.example",
    "/%0a/evil.example", "/%0d%0aLocation: x".replace(" ", ""),
    "/%0D%0ASet-Cookie:x=y", "/%1f/x", "/%00/evil.example",
    "/.", "/..", "/./", "/../", "/.//evil.example", "/..//evil.example",
    "/./\\evil.example", "/.evil.example", "/..%2f..%2fevil.example",
    "/.well-known",
    "http:evil.example", "http:/evil.example", "http://evil.example",
    "http:///evil.example", "https:evil.example", "https://evil.example",
    "https:/\\evil.example", "HTTPS://evil.example", "hTTp://evil.example/",
    "http://127.0.0.1/", "http://127.0.0.1@evil.example/",
    "ftp://evil.example/", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
    "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:x",
    "mailto:a@b.example", "://evil.example", ":", "@evil.example", "*",
    "evil.example", "www.evil.example/", "%2f%2fevil.example",
    "%2fx", "%68ttp://evil.example", "/" + "x" * 512, "/" * 300,
    "~", ";//evil.example", "&//evil.example"]

# Blanks may be there, which a URL may not have; they lead home as well.
BLANKS = [" ", " /x", "/ x", "/x ", "/ /evil.example", " //evil.example",
          "+/x", " http://evil.example"]

# What is no text of printable ASCII is refused at once: percent-encoded.
REFUSED = [
    "/%00", "%00/x", "/x%00", "/%0d", "/%0a", "/x%0d%0aSet-Cookie:%20a=b",
    "/%09/evil.example", "/%0a/evil.example", "%09//evil.example",
    "/%7f", "/%01", "/%1b", "/%80", "/%ff", "/%c3%b6", "/%e2%80%ae",
    "/%ef%bc%8fevil.example", "//%e3%80%82evil", "/%c0%af", "/%", "/%4",
    "/%zz", "/%u002f"]


def land(browser, quoted):
    """The Location at which a login with that return_to ends."""
    reply = browser.get("login?return_to=" + quoted, link=True)
    assert reply.status == 303, reply
    return browser.finish(browser.approve(reply.location)).location


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path[:40])
def test_a_local_path_is_where_the_login_ends(browser, stack, path):
    assert land(browser, urllib.parse.quote(path, safe="")) == \
        stack.url + path


@pytest.mark.parametrize("path", HOSTILE + BLANKS,
                         ids=lambda path: path[:40])
def test_anything_else_leads_home(browser, stack, path):
    assert land(browser, urllib.parse.quote(path, safe="+")) == \
        stack.url + "/"


@pytest.mark.parametrize("quoted", REFUSED)
def test_what_is_no_printable_text_is_refused(browser, quoted):
    refused(browser.get("login?return_to=" + quoted), 400, "bad_request")


def test_the_lists_are_long_enough_to_mean_something():
    assert len(set(HOSTILE + BLANKS + REFUSED)) > 100


def test_a_return_path_is_not_taken_from_spotifys_answer(browser, stack):
    url = browser.approve(browser.start_login(return_to="/mine"))
    reply = browser.finish(url + "&return_to=/theirs")
    assert reply.location == stack.url + "/mine"
