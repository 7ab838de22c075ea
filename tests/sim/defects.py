# SPDX-License-Identifier: ISC
"""The known defects of /v1/me/following, and hostile data on top of them.

Each is a switch of its own, off by default, so that a test can say which one
it is about.
"""

EVIL_NAME = "x" * 10_240


def spoil(artist, **changes):
    """An artist with members replaced; the rest stays good."""
    return {**artist, **changes}


def urls(address):
    """A way to spoil an artist's link."""
    return lambda a: spoil(a, external_urls={"spotify": address})


def images(*items):
    """A way to spoil an artist's pictures."""
    return lambda a: spoil(a, images=list(items))


def image(url, height=640, width=640):
    """One picture."""
    return {"url": url, "height": height, "width": width}


# On a page, element i is spoilt by EVIL[i % len(EVIL)]. The first group still
# is an artist, with a member to drop; the second is none and must go.
EVIL = (
    lambda a: a,
    urls("javascript:alert(1)"),
    urls("http://open.spotify.com/artist/1"),
    urls("//evil.example/x"),
    urls("https://user:pass@open.spotify.com/artist/1"),
    urls("https://open.spotify.com.evil.example/artist/1"),
    urls("https://open.spotify.com/" + "a" * 8192),
    urls(["https://open.spotify.com/artist/1"]),
    lambda a: spoil(a, external_urls="javascript:alert(1)"),
    lambda a: spoil(a, external_urls=None),
    images(image("http://i.scdn.co/image/1")),
    images(image("https://evil.example/image/1")),
    images(image("https://evilscdn.co/image/1")),
    images(image("https://i.scdn.co:8443/image/1")),
    images(image("https://i.scdn.co@evil.example/image/1")),
    images(image("https://i.scdn.co/\u0000image"),
           image("https://i.scdn.co/a\r\nb")),
    images(image("https://i.scdn.co/image/1", -1, "640"),
           image("https://i.scdn.co/image/2", 1.5, 2 ** 63)),
    images(None, 7, "https://i.scdn.co/image/1", {}, image(None)),
    images(*[image(f"https://i.scdn.co/image/{n}") for n in range(1000)]),
    lambda a: spoil(a, images="https://i.scdn.co/image/1"),
    lambda a: spoil(a, name="</script><script>alert(1)</script>"),
    lambda a: spoil(a, name="line\u2028para\u2029\u202eside\u202c\uffff"),
    lambda a: spoil(a, name="<img src=x onerror=alert(1)>\"'&"),
    lambda a: spoil(a, name=EVIL_NAME),
    lambda a: spoil(a, uri="javascript:alert(1)"),
    lambda a: spoil(a, href="http://169.254.169.254/", x="extra",
                    __proto__={"evil": True}, access_token="BQevil"),
    lambda a: spoil(a, genres="rock", followers=7, popularity="99"),
    lambda a: spoil(a, genres=[None, 7, {}], followers={"total": "1"},
                    popularity=-1),
    # no artists any more
    lambda a: spoil(a, name=17),
    lambda a: spoil(a, id=a["id"][:21]),
    lambda a: spoil(a, id=a["id"] + "x"),
    lambda a: spoil(a, id="../../../../v1/me?x=12"),
    lambda a: spoil(a, id=12345),
    lambda a: spoil(a, id=None),
    lambda a: spoil(a, type="user"),
    lambda a: [a],
    lambda a: "artist",
    lambda a: {},
)


def with_nulls(items):
    """An additional null before every 7th element; no artist is lost."""
    result = []
    for number, item in enumerate(items):
        if number % 7 == 6:
            result.append(None)
        result.append(item)
    return result or [None]


def bent_items(items, before, options):
    """The elements of a page with the defects that are on. before is the last
    element of the page before, or None."""
    if options["null_name"]:
        items = [spoil(a, name=None) if n % 10 == 9 else a
                 for n, a in enumerate(items)]
    if options["evil_items"]:
        items = [EVIL[n % len(EVIL)](a) for n, a in enumerate(items)]
    if options["duplicate_items"] and before is not None:
        items = [before] + items
    return with_nulls(items) if options["null_items"] else items


def bent_cursor(after, asked, options):
    """The cursor that the page names."""
    if options["evil_after"] is True:
        return "../../me?x="
    if options["evil_after"] is not False:
        return options["evil_after"]
    if options["repeat_cursor"]:
        return asked or after
    return after


def bent_next(address, options):
    """The address of the next page."""
    if options["evil_next"] is True:
        return "http://169.254.169.254/"
    return options["evil_next"] or address


def bent_total(total, options):
    """Spotify's total is smaller than the truth for some."""
    if options["wrong_total"] is True:
        return total // 2
    return total if options["wrong_total"] is False else options["wrong_total"]


def any_items(options):
    """True if elements must be made one by one instead of from text."""
    return any(options[name] for name in
               ("null_items", "null_name", "duplicate_items", "evil_items"))
