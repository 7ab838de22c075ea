# SPDX-License-Identifier: ISC
"""Several sites on one machine, as conf/OPERATING.md has it: the real units and
nginx."""

import re
import shutil

from installation import REPOSITORY
from machine import CONF
from stack.processes import wait_until
from withnginx import (SETUP, SITE, STAND_INS,
                       fixture_machine, machine_test)  # noqa: F401


def blocks():
    """The commands of conf/OPERATING.md for another site: to make it, to take
    it away, and what is left of it."""
    text = (REPOSITORY / "conf/OPERATING.md").read_text("utf-8")
    part = text[text.index("## Another site"):].split("\n## ")[0]
    return re.findall(r"\n\n( {4}\S[^\n]*\n(?: {4}[^\n]*\n)*)", part)


def steps(machine):
    """Those that make it, with what an editor does to its configuration."""
    step = blocks()[0].replace("SHOP.HOST", "shop.example")
    edit = ("sudoedit() { sed -i -e 's/put the client id here/"
            f"{'abcdef0123456789' * 2}/' -e 's|put https://your.host"
            "/callback here|https://shop.example/callback|' shop.conf; "
            "echo fedcba9876543210fedcba9876543210 >shop.client_secret; }\n")
    return machine.run("sh", "-c", STAND_INS + edit + step)


def take_away(machine):
    """And nothing of it is left; the other one stays."""
    units = ("systemctl", "list-units", "--all", "--plain", "--no-legend",
             "spotify-fcgi*@shop.*")
    assert machine.run(*units) != ""
    machine.run("sh", "-c", STAND_INS + "".join(blocks()[1:]))
    wait_until(lambda: machine.run(*units) == "", 60, "units are left")
    # But for an empty directory, and systemd's own note of when the clean-up
    # came last.
    assert machine.run("find", "/etc", "/run", "/var/lib", "-path",
                       "*spotify-fcgi*shop*", "!", "-name", "stamp-*", "!",
                       "-path", "/run/spotify-fcgi/shop") == ""
    assert machine.try_run(
        "curl", "-sk", "--resolve", "shop.example:443:127.0.0.1",
        "https://shop.example/session")[0] != 0
    assert answers(machine, "music.example")[0] == "0123456789abcdef" * 2


def answers(machine, host):
    """Where a login goes to, and who is logged in."""
    name = host.partition("/")[0]
    status, text = machine.curl(f"https://{host}/login", "--include",
                                name=name)
    assert status == "2 303"
    client = re.search(r"client_id=(\w+)", text)[1]
    cookie = re.search(r"^set-cookie: (\S+?)=", text, re.M | re.I)[1]
    assert machine.curl(f"https://{host}/session", name=name)[0] == "2 200"
    return client, cookie


@machine_test
def test_another_site_as_the_page_says(machine):
    """Two sites with two clients, by the units of both; a stop of one leaves
    the other."""
    machine.setup()
    machine.run("systemctl", "start", "nginx")
    said = steps(machine)
    assert said.count("test is successful") == 2
    assert not re.search(r"\[\w+\]", said)
    clients = {host: wait_until(lambda host=host: answers(machine, host)[0],
                                60, "no answer")
               for host in ("music.example", "shop.example")}
    assert clients == {"music.example": "0123456789abcdef" * 2,
                       "shop.example": "abcdef0123456789" * 2}
    for site in ("main", "shop"):
        assert machine.process("session", site) != 0
        store = machine.path(f"/var/lib/spotify-fcgi/{site}").stat()
        assert store.st_uid != 0 and store.st_mode & 0o777 == 0o700
    assert (machine.process("session", "main")
            != machine.process("session", "shop"))
    # Connections to the second site's programs are kept, too.
    text = machine.path(f"{SITE}-shop").read_text("ascii")
    assert text.count("/etc/letsencrypt/live/shop.example/") == 2
    # For the log, too, of the server on port 80.
    assert text.count("\tset $spotify_fcgi_site shop;\n") == 2
    assert text.count("\nupstream /run/spotify-fcgi/shop/") + text.startswith(
        "upstream ") == 8
    # Once more, nothing changes; and the host of one is not given to another.
    machine.setup("-s", "shop")
    assert machine.path(f"{SITE}-shop").read_text("ascii") == text
    status, output = machine.try_run(SETUP, "-s", "third", "-u",
                                     "https://shop.example/x/callback")
    assert status == 1 and "is for shop.example already" in output
    machine.run("systemctl", "stop", "spotify-fcgi@shop.target")
    wait_until(lambda: machine.curl("https://shop.example/session",
                                    name="shop.example")[0] == "2 503", 60,
               "the stopped site answers")
    assert answers(machine, "music.example")[0] == "0123456789abcdef" * 2
    machine.run("systemctl", "enable", "--now", "spotify-fcgi@shop.target",
                "spotify-fcgi-auth@shop.socket")
    take_away(machine)


@machine_test
def test_another_site_where_there_is_no_sites_enabled(machine):
    """nginx reads files in the order of their names: what the first one has
    is there for the second, and the server for strangers stays the first."""
    machine.as_of_nginx_org()
    machine.run("usermod", "-a", "-G", "www-data", "nginx")
    machine.setup()
    machine.run("systemctl", "start", "nginx")
    said = steps(machine)
    assert "test is successful" in said and not re.search(r"\[\w+\]", said)
    for host in ("music.example", "shop.example"):
        wait_until(lambda host=host: answers(machine, host), 60, "no answer")
    shop = machine.path("/etc/nginx/conf.d/spotify-fcgi_shop.conf")
    text = shop.read_text("ascii")
    assert machine.try_run(
        "curl", "-sk", "--resolve", "evil.example:443:127.0.0.1",
        "https://evil.example/session")[0] != 0
    # An earlier build had a name for it that comes first.
    shop.rename(shop.with_name("spotify-fcgi-shop.conf"))
    assert machine.try_run("nginx", "-t")[0] != 0
    assert f"is called /etc/nginx/conf.d/{shop.name} now" in machine.setup(
        "-s", "shop")
    assert shop.read_text("ascii") == text
    assert len(list(shop.parent.glob("spotify-fcgi*"))) == 2
    machine.start()
    take_away(machine)


# Another owner's, with what -l prints for a directory of it.
OTHER = """{front}
server {{
	listen 443 ssl;
	server_name other.example;
	ssl_certificate /etc/ssl/spotify-fcgi/fullchain.pem;
	ssl_certificate_key /etc/ssl/spotify-fcgi/privkey.pem;
{within}}}
"""
HEADERS = ("content-security-policy", "x-content-type-options",
           "referrer-policy", "cross-origin-opener-policy",
           "cross-origin-resource-policy", "permissions-policy",
           "strict-transport-security", "cache-control")


def parts(machine, *arguments):
    """What -l prints: for the place in front of a server block, and in it."""
    front, mark, within = machine.setup(*arguments, "-l").partition(
        "# In the server block:\n")
    assert mark != ""
    return front, within


def kept(machine, site, program):
    """How many connections of nginx a program has."""
    path = f"/run/spotify-fcgi/{site}/{program}.sock"
    return sum(line.split()[5] == "03" and line.endswith(f" {path}")
               for line in machine.run("cat", "/proc/net/unix").splitlines())


@machine_test
def test_two_sites_below_one_host_as_the_page_says(machine):
    conf = machine.path(f"{CONF}/main.conf")
    text = conf.read_text("utf-8").replace(
        "music.example/callback", "music.example/one/callback")
    conf.write_text(text, "utf-8")
    for name in ("client_secret", "server_key"):
        shutil.copy(machine.path(f"{CONF}/main.{name}"),
                    machine.path(f"{CONF}/shop.{name}"))
    machine.path(f"{CONF}/shop.conf").write_text(
        text.replace("/one/", "/two/").replace("main", "shop")
        .replace("0123456789abcdef" * 2, "f" * 32), "utf-8")
    machine.run("systemctl", "start", "spotify-fcgi@shop.target")
    machine.setup()
    site = machine.path(SITE)
    front, within = parts(machine, "-s", "shop")
    assert "spotify-fcgi.http" not in front
    text = site.read_text("ascii")
    assert text.count("\tlocation / { return 404; }\n") == 1
    site.write_text(front + text.replace("\tlocation / { return 404; }\n",
                                         within), "ascii")
    machine.start()
    seen = [answers(machine, f"music.example/{name}")
            for name in ("one", "two")]
    assert seen[0][0] == "0123456789abcdef" * 2 and seen[1][0] == "f" * 32
    names = [cookie.rpartition("-")[0] for _, cookie in seen]
    assert len(set(names)) == 2
    assert all(name.startswith("__Host-spotify.") for name in names)
    assert machine.curl("https://music.example/two/app.js")[0] == "2 200"
    # Connections to the programs of both are kept.
    for name in ("main", "shop"):
        assert kept(machine, name, "session") > 0, name
    # Of a host that is none of ours, too, the answers are. (nginx reads files
    # in the order of their names.)
    front, within = parts(machine, "-s", "shop", "-u",
                          "https://other.example/x/callback")
    machine.path("/etc/nginx/sites-enabled/z-other").write_text(OTHER.format(
        front="", within=within), "ascii")
    machine.start()
    wait_until(lambda: machine.curl(
        "https://other.example/x/session", "--data", "x" * 17000,
        name="other.example")[0].endswith(" 413"), 60, "no answer of ours")
    # And the page has its headers, which nothing else of that host has.
    for path, code in (("x/", 200), ("x/app.js", 200), ("x/none", 404)):
        status, text = machine.curl(f"https://other.example/{path}",
                                    "--include", name="other.example")
        # From 1.25 on HTTP/2 is a server's own, and before the address'.
        assert status in (f"2 {code}", f"1.1 {code}")
        sent = [line.partition(":")[0].lower() for line in
                text.replace("\r", "").partition("\n\n")[0].splitlines()]
        assert {name: sent.count(name) for name in HEADERS} == dict.fromkeys(
            HEADERS, 1), path
    # Where nothing of ours is served yet, that comes with the first one.
    for path in (site, machine.path("/etc/nginx/sites-enabled/z-other")):
        path.unlink()
    front, within = parts(machine, "-s", "shop")
    assert front.count("/spotify-fcgi.http;") == 1
    machine.path("/etc/nginx/sites-enabled/z-other").write_text(OTHER.format(
        front=front, within=within), "ascii")
    machine.start()
