# SPDX-License-Identifier: ISC
"""Whether browsers read addresses as tools/redirects.py says they do, and
where they end when they follow a login."""

import urllib.parse

import pytest

from tools import redirects

# Of each address: whether it is of the page's own site.
AT_HOME = """
const [addresses, base] = arguments;
return addresses.map((address) => {
	try {
		return new URL(address, base).origin === new URL(base).origin;
	} catch {
		return false;
	}
});
"""


def test_a_browser_reads_every_payload_as_the_oracle_does(person):
    """As a link of the page, in which nothing guards it, and in the Location
    that it would be if nobody had looked at it."""
    base = person.stack.url + "/callback?code=x"
    values = [urllib.parse.unquote(payload)
              for _, payload in redirects.payloads()]
    addresses = [*values, *(person.stack.url + value for value in values)]
    person.open()
    told = person.run(AT_HOME, addresses, base)
    assert len(told) == len(addresses)
    assert {address: says for address, says in zip(addresses, told)
            if says != redirects.is_at_home(address, base)} == {}
    assert sum(told) > 500 and told.count(False) > 500


@pytest.mark.parametrize("value, path", [
    ("//evil.example", "/"), ("/\\evil.example", "/"),
    ("/.//evil.example", "/"), ("http:evil.example", "/"),
    ("javascript:alert(1)", "/"),
    ("/%2e%2e//evil.example", "/"), ("/%09/evil.example", "/"),
    ("/style.css?//evil.example", "/style.css?//evil.example"),
    ("/style.css#//evil.example", "/style.css#//evil.example"),
    ("/x/..//style.css", "//style.css"), ("/x/%2e%2e/style.css", "/style.css")])
def test_a_browser_stays_on_the_site(person, value, path):
    person.allow("/favicon.ico")        # of what is no page
    person.stack.spotify.settings(consent="agree")
    person.open("login?return_to=" + urllib.parse.quote(value, safe=""))
    person.at(path)
