# SPDX-License-Identifier: ISC
"""Values of return_to with which somebody might lead a visitor elsewhere, by
class, and what a browser makes of an address.

A payload is what follows "return_to=" in the query, byte for byte. What must
become of the payloads of a class is its verdict:

    home        the login ends where one without return_to does
    refused     400, of the program or of the web server; no cookie is set
    stays       they look bad and are not: the login ends at that very path
    either      home, or at that very path
    safe        any of them
"""

import itertools
import re
import urllib.parse

EVIL = "evil.example"
SLASHES = "/\\"
CONTROLS = [*range(0x20), 0x7f]
SPECIAL = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
SCHEMES = ("http", "https", "ftp", "ws", "wss", "file", "gopher", "blob",
           "filesystem", "view-source", "intent", "about", "app-1.0+x")
# Characters that some software takes for "/", "\", ".", ":", "@", "?", "#", a
# letter, a blank or nothing at all.
LOOK_ALIKES = (
    "\uff0f\u2044\u2215\u29f8\u2571\u1735\u3033" "\uff3c\u2216\u29f5\ufe68"
    "\u3002\uff61\uff0e\u2024\u00b7" "\uff1a\u02d0\ua789" "\uff20\ufe6b"
    "\uff1f\uff03" "\u017f\u212a\u2100\u2105\u33c2"
    "\u00a0\u2000\u200b\u2028\u2029\u3000\u205f\u0085"
    "\u00ad\u200d\u2060\ufeff\u202e\u2066\u034f\U000e0020\U0001f600")
OVERLONG = ("%c0%af", "%C0%AF", "%c0%ae", "%c1%9c", "%c0%8a", "%c0%8d",
            "%e0%80%af", "%e0%81%9c", "%f0%80%80%af", "%f8%80%80%80%af",
            "%fc%80%80%80%80%af", "%ed%a0%80", "%f4%90%80%80", "%80", "%bf",
            "%af", "%fe", "%ff", "%c0", "%e2%80")
LINES = ("Location:%20http://evil.example/", "Set-Cookie:%20a=b",
         "%20x", "Content-Length:%200%0d%0a%0d%0aHTTP/1.1%20200%20OK",
         "Refresh:%200;url=//evil.example", "%0d%0a%3Cscript%3E1%3C/script%3E")


def plain(values):
    """Values as a form sends them: whatever is not a letter is escaped."""
    return [urllib.parse.quote(value, safe="") for value in values]


# The classes

def schemes():
    """Absolute addresses, also as lazily as browsers read them."""
    forms = ("{0}:evil.example", "{0}:/evil.example", "{0}://evil.example",
             "{0}:///evil.example", "{0}:////evil.example/",
             "{0}:\\evil.example", "{0}:\\\\evil.example",
             "{0}:/\\evil.example", "{0}:")
    return plain(form.format(scheme) for scheme in SCHEMES for form in forms)


def upper_and_lower_case():
    """A scheme and a host have none."""
    return plain(form.format(scheme) for scheme in (
        "HTTP", "Http", "hTTp", "HttpS", "HTTPS", "hTtPs", "FTP", "WSS")
        for form in ("{0}://EVIL.example/", "{0}:EVIL.EXAMPLE"))


def without_scheme():
    """"//host" means the scheme of this page."""
    ends = ("", "/", "/x", "?x", "#x", "/..", "/%2f..", "/%2e%2e", "/.", "\\",
            ":80/", "/http://127.0.0.1/")
    return plain([*(f"//{EVIL}{end}" for end in ends),
                  *("/" * n + EVIL for n in (3, 4, 5, 10)),
                  "//", "///", "//.", "//..", "//./", "//../", "//?x", "//#x",
                  "//" + EVIL.upper(), "//evil", "//evil%2eexample",
                  "//%65vil.example", "//%2f/evil.example", "//;evil.example",
                  "//" + EVIL + "/" + "x" * 300, "//" + EVIL + "."])


def no_path():
    """Relative to the address of the callback, or nothing at all."""
    return plain([
        "", "x", "x/y", "?a=b", "#part", ".", "..", "./", "../", "../x", "./x",
        "...", "~", "*", "-", "_", "=", "&", ":", "::", "://", "://" + EVIL,
        "@", ";", ";/", "&//" + EVIL, "?//" + EVIL, "#//" + EVIL, EVIL,
        f"www.{EVIL}/", EVIL + ":80", EVIL + "//", "%2fx", "%2f%2f" + EVIL,
        "%5c%5c" + EVIL, "%68ttp://" + EVIL, "http%3a//" + EVIL,
        "http%3A%2F%2F" + EVIL, "!", "'", '"', "(//evil)", "[//evil]",
        "{//evil}", "<//evil>", "|//evil", "^//evil", "`//evil", "0",
        "null", "undefined", "true", "[object Object]"])


def backslashes():
    """To a browser they are slashes."""
    mixed = ("".join(s) for n in (1, 2, 3, 4)
             for s in itertools.product(SLASHES, repeat=n))
    return plain([
        *(m + EVIL for m in mixed if "\\" in m), "/x\\y", "/x/\\y", "/x\\",
        "\\", "/\\", "/x?\\", "/x#\\", "/\\x", "\\x", "/%5cevil.example",
        "/%5Cevil.example", "/%5c%5cevil.example", "/%5c/evil.example",
        "/\\%5cevil.example", "/%5c\\evil.example", "/.\\evil.example",
        "\\.evil.example", "/\\.evil.example", "\\\\.\\evil.example",
        "\\\\?\\evil.example", "/\\@evil.example", "/\\:80", "/x\\..\\\\evil"])


def controls_escaped():
    """Browsers drop some of them, wherever they stand."""
    forms = ("/%{0:02x}/evil.example", "%{0:02X}//evil.example")
    return [form.format(c) for c in CONTROLS for form in forms]


def controls_raw():
    """As they are; line ends and NUL cannot be sent without ending the
    request (see test_smuggling.py)."""
    return [form.replace("@", chr(c)) for c in CONTROLS if c not in (0, 10, 13,
                                                                     32)
            for form in ("/@/evil.example", "@//evil.example")]


def escaped_twice():
    """The second time by somebody else: up front they are not accepted."""
    codes = [*(f"{c:02x}" for c in range(0x20)), "2f", "2F", "5c", "5C", "2e",
             "2E"]
    return plain([*(f"/%{code}/{EVIL}" for code in codes), "/%2f%2f" + EVIL,
                  "/%2f" + EVIL, "/%2F%2F" + EVIL, "/%5c%2f" + EVIL,
                  "/%2f%5c" + EVIL, "/%09%2f" + EVIL, "/%00", "/%2f", "/%5c"])


def dots():
    """Resolved away, they may leave "//" behind."""
    return plain([
        "/.", "/..", "/./", "/../", "/.//", "/..//", "/.//" + EVIL,
        "/..//" + EVIL, "/.///" + EVIL, "/././/" + EVIL, "/../..//" + EVIL,
        "/./\\" + EVIL, "/../\\" + EVIL, "/.\\/" + EVIL, "/..\\" + EVIL,
        "/..;//" + EVIL, "/.;//" + EVIL, "/..%2f" + EVIL, "/.%2f" + EVIL,
        "/..%2f..%2f" + EVIL, "/..%5c" + EVIL, "/..%00//" + EVIL,
        "/...//" + EVIL, "/..../" + EVIL, "/." + EVIL, "/.well-known",
        "/.%2e//" + EVIL, "/.%2E//" + EVIL, "/%2e//" + EVIL, "/%2E//" + EVIL,
        "/%2e%2e//" + EVIL, "/%2e.//" + EVIL, "/%2E%2E//" + EVIL, "/%2e",
        "/%2e%2e", "/%2e/", "./" + EVIL, ".//" + EVIL, "..//" + EVIL,
        "../../" + EVIL, "./\\" + EVIL])


def userinfo():
    """What stands before "@" is no host."""
    names = ("127.0.0.1", "127.0.0.1:80", "user:pass", "a%40b", "", ":", "@",
             "http://127.0.0.2", "127.0.0.1%2f", "127.0.0.1;", "&", "!")
    return plain(start + name + "@" + EVIL for name in names
                 for start in ("//", "http://", "", "https:"))


def alike_hosts():
    """Hosts that begin, end or look like this one."""
    names = ("127.0.0.1.evil.example", "127.0.0.1evil.example",
             "evil.127.0.0.1", "127.0.0.1-evil.example",
             "127.0.0.1%2eevil.example",
             "127.0.0.1,evil.example", "127.0.0.1_evil.example", "127.0.0.1.",
             "127.0.0.1%00.evil.example", "127.0.0.1%09evil.example",
             "localhost", "localhost.evil.example", "127.0.0.1&evil.example",
             "127.0.0.1", "xn--127-evil.example", "127.0.0.2")
    return plain(start + name + "/" for name in names
                 for start in ("//", "http://", "/\\"))


def numbers_and_ipv6():
    """Other spellings of addresses."""
    names = ("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
             "[2001:db8::1]", "[::1%25lo]", "[", "]", "[]", "[evil.example]",
             "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1",
             "127.1", "127.0.1", "0", "0.0.0.0", "1.1.1.1", "3232235777",
             "127.0.0.1.1", "256.256.256.256", "99999999999")
    return plain(f"{start}{name}/x" for name in names
                 for start in ("//", "http://"))


def ports():
    """Another port is another origin."""
    names = (":80", ":443", ":0", ":", ":65536", ":-1", ":80@evil.example",
             ":80.evil.example", ":evil.example", "::80", ":080", ":0x50",
             ":80%2f", ":80\\", ":80;", ":%38%30")
    return plain(f"{start}127.0.0.1{name}/" for name in names
                 for start in ("//", "http://"))


def scripts():
    """Addresses that are programs."""
    return plain([
        *(f"{name}:{rest}" for name in (
            "javascript", "JavaScript", "JAVASCRIPT", "vbscript", "livescript",
            "data", "mocha", "jar", "feed:javascript", "view-source:javascript")
          for rest in ("alert(1)", "//alert(1)", "/*/alert(1)", "%0aalert(1)",
                       "text/html,x")),
        "javascript", "javascript&colon;alert(1)", "java%0ascript:alert(1)",
        "j%61vascript:alert(1)", "javascript%3aalert(1)",
        "data:text/html;base64,PHNjcmlwdD4=", "data:,x", "data:;,x",
        "javascript://127.0.0.1/%0aalert(1)", "javascript:'//127.0.0.1/'",
        "mailto:a@evil.example", "tel:1", "sms:1", "x:", "chrome://version",
        "blob:http://127.0.0.1/x", "res://x", "ms-appx:x", "mhtml:x"])


def overlong():
    """What is no UTF-8, and what some decoders make a slash of."""
    forms = ("/{0}evil.example", "{0}{0}evil.example", "/x{0}")
    return [form.format(code) for code in OVERLONG for form in forms]


def look_alikes():
    """As a form sends them."""
    return [urllib.parse.quote(form.format(c), safe="/:")
            for c in LOOK_ALIKES for form in (
                "/{0}evil.example", "{0}{0}evil.example")]


def look_alikes_raw():
    """As the bytes of their UTF-8, which nobody has escaped."""
    return [form.format(c.encode().decode("latin-1"))
            for c in LOOK_ALIKES[:24] for form in ("/{0}evil.example", "{0}x")]


def blanks():
    """The beginning and the end of an address lose them."""
    return [*plain(form.format(" " * n) for n in (1, 2, 9) for form in (
        "{0}", "{0}/", "{0}/x", "{0}//evil.example", "/{0}/evil.example",
        "/x{0}", "/{0}x", "http:{0}//evil.example", "/{0}", "//{0}evil.example",
        "{0}javascript:alert(1)", "/{0}\\evil.example")),
            "+/x", "+//evil.example", "/+/evil.example", "/x+", "+", "/+"]


def parameters_of_paths():
    """";" means something to some servers."""
    return plain([f"{start}//{EVIL}" for start in (
        ";", ";/", "x;", ";a=b;", ";..", "..;")])


def queries_within():
    """What else stands in the query: the first wins, twice is no request."""
    return ["/x&return_to=//evil.example", "/x&return_to=/x", "&return_to=/x",
            "/x&return%5fto=//evil.example", "/x&%72eturn_to=//evil.example",
            "/x&return_to", "/x&return_to=", "//evil.example&return_to=/x",
            "/x&a=b&return_to=/y", "/x&&return_to=/y", "/x&switch=1&switch=1",
            "/x&moved=1&moved=0", "/x&return_t%6f=javascript:alert(1)"]


def broken_escapes():
    """Nobody guesses at them."""
    bad = ("%", "%%", "%4", "%g0", "%0g", "%zz", "%u002f", "%u2215", "%x2f",
           "%2", "%-1", "%+2", "%%2f", "%&", "%%%", "%2%66", "%5%63", "%\xff")
    return [form.format(code) for code in bad
            for form in ("/{0}", "{0}/evil.example", "//evil.example/{0}")]


def header_lines():
    """A Location that would end, and go on as something else."""
    ends = ("%0d%0a", "%0a", "%0d", "%0D%0A", "%0d%0a%20", "%0a%0a",
            "%E5%98%8A%E5%98%8D", "%c4%8d%c4%8a", "%e2%80%a8", "%c2%85")
    return [f"/x{end}{line}" for end in ends for line in LINES]


def long_ones():
    """Longer than a path may be, up to the web server's limit."""
    return plain(["/" + "x" * 512, "/" * 512, "/" + "/x" * 300, "x" * 600,
                  "//" + "a." * 300 + EVIL, "/\\" + "x" * 1000, "." * 700,
                  "/" + "%2e" * 200, "//" + "@" * 600 + EVIL,
                  "http://" + "x" * 900 + "@" + EVIL, "/" + "?" * 600,
                  "/?" + "x" * 4094]) + ["%2f" * 1400]


def too_long_ones():
    """Longer than anything that is looked at."""
    return plain(["/" + "x" * n for n in (4096, 5000, 15000, 17000, 70000)]
                 ) + ["/" * 9000, "//" + EVIL + "x" * 30000, "%2f" * 4097]


def harmless():
    """Paths of this site that look like one of the above."""
    return plain([
        "/", "/x", "/x/y", "/x/", "/?a=b&c=d", "/?return_to=//evil.example/",
        "/x#part", "/#part", "/x//y", "/x/../y", "/x/./y", "/x/..//" + EVIL,
        "/~a", "/a:b", "/a@b", "/@" + EVIL, "/:80", "/:@" + EVIL, "/%20",
        "/%41", "/x%2f", "/x%5c", "/x%0a",
        "/x%0d%0aSet-Cookie:a=b", "/a%00", "/;a",
        "/;@" + EVIL, "/;//" + EVIL, "/?//" + EVIL, "/#//" + EVIL, "/?", "/#",
        "/" + "x" * 511, "/x?u=https://evil.example/", "/!$&'()*+,;=",
        "/login.example", "/javascript:alert(1)", "/http://" + EVIL, "/" + EVIL,
        "/x/%2e%2e//" + EVIL, "/x/%2e/", '/"><script>alert(1)</script>', "/'",
        "/%25", "/%252f/" + EVIL, "/%%2f", "/%zz", "/%u002f", "/a/\u007e",
        "/&//" + EVIL, "/=//" + EVIL, "/$//" + EVIL, "/x/.//" + EVIL,
        "/[::1]/", "/www." + EVIL, "/-" + EVIL, "/,//" + EVIL, "/_/" + EVIL,
        "/%C0%AF" + EVIL, "/%E2%81%84" + EVIL, "/{a}", "/|", "/^", "/`", "/*"])


def spelt_as_they_are_read():
    """What a browser makes of a link that somebody wrote by hand."""
    return ["/caf%C3%A9", "/caf%c3%a9/", "/%C3%A9", "/a%20b", "/a+b", "/x%20",
            "/%D0%BF%D1%83%D1%82%D1%8C?q=%E2%82%AC%26b",
            "/%E3%81%82%23%E3%81%84",
            "/x%FF", "/caf%E9", "/x?y=%F0%9F%98%80%20z", "/x/%E2%80%AE",
            "/" + "%C3%A9" * 85]


def spelt_as_they_are_read_raw():
    """By whom does not escape it."""
    return ["/caf\xc3\xa9", "/\xd0\xbf?q=\xe2\x82\xac", "/x\xff"]


def combinations():
    """Several of the above at a time."""
    starts = ("//", "/\\", "\\/", "\\\\", "http:/\\", "HTTPS:", "///\\",
              "javascript:\\/")
    middles = ("user@", "127.0.0.1:80@", "127.0.0.1%2f@")
    ends = (EVIL, "[::1]:80", "127.0.0.1." + EVIL + "/%2f..", "EVIL.example?#")
    return plain(a + b + c for a, b, c in
                 itertools.product(starts, middles, ends))


CLASSES = {
    schemes: "home", upper_and_lower_case: "home", without_scheme: "home",
    no_path: "home", backslashes: "home", controls_escaped: "home",
    controls_raw: "refused", escaped_twice: "home", dots: "home",
    userinfo: "home", alike_hosts: "home", numbers_and_ipv6: "home",
    ports: "home", scripts: "home", overlong: "either",
    look_alikes: "either", look_alikes_raw: "either", blanks: "either",
    spelt_as_they_are_read: "stays", spelt_as_they_are_read_raw: "stays",
    parameters_of_paths: "home", queries_within: "safe",
    broken_escapes: "home", header_lines: "either", long_ones: "home",
    too_long_ones: "safe", harmless: "stays", combinations: "home"}
NAMES = [function.__name__ for function in CLASSES]


def payloads():
    """(class, payload), each payload once."""
    seen = set()
    for function in CLASSES:
        for payload in function():
            if payload not in seen:
                seen.add(payload)
                yield function.__name__, payload


def of_class(name):
    """The payloads of a class, and its verdict."""
    [verdict] = [v for f, v in CLASSES.items() if f.__name__ == name]
    return [payload for found, payload in payloads() if found == name], verdict


def spelling(payload):
    """The path of a payload as a Location can hold it."""
    read = urllib.parse.unquote_to_bytes(
        payload.replace("+", " ").encode("latin-1"))
    return "".join(f"%{byte:02X}" if byte == 0x20 or byte > 0x7f
                   else chr(byte) for byte in read)


# What a browser makes of an address (URL Standard of the WHATWG, section 4.4,
# as far as origins need it)

def authority(rest, scheme):
    """The origin that "//" and rest lead to; odd hosts stay odd: they are not
    this one, whatever they are."""
    host = re.split(r"[/\\?#]", rest.lstrip(SLASHES), maxsplit=1)[0]
    host = host.rpartition("@")[2]
    name, colon, port = host.rpartition(":")
    if not colon or not re.fullmatch("[0-9]*", port):
        name, port = host, ""
    name = urllib.parse.unquote(name).lower()
    port = int(port) if port else SPECIAL[scheme]
    return scheme, name, port


def origin(address, base):
    """(scheme, host, port) of an address on a page at base; None: it is of
    no site at all. base is well-formed."""
    parts = urllib.parse.urlsplit(base)
    own = (parts.scheme, parts.hostname, parts.port or SPECIAL[parts.scheme])
    address = address.strip("".join(map(chr, range(0x21))))
    address = re.sub(r"[\t\n\r]", "", address)
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", address)
    if found:
        scheme, rest = found[1].lower(), address[found.end():]
        if scheme not in SPECIAL:
            return None
        if scheme != own[0] or rest.startswith("//"):
            return authority(rest, scheme)
        address = rest      # "http:x" on a page over http: relative
    if re.match(r"[/\\]{2}", address):
        return authority(address, own[0])
    return own


def is_at_home(address, base):
    """Whether it is of the site that base is of."""
    return origin(address, base) == origin(base, base)
