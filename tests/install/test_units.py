# SPDX-License-Identifier: ISC
"""systemd's own opinion of the units, as installed."""

import re
import shutil
import subprocess

import pytest

from installation import REPOSITORY
from stack import ALL_PROGRAMS

INSTANCES = [f"spotify-fcgi-{name}@main.service" for name in ALL_PROGRAMS]
SERVICES = INSTANCES + ["spotify-fcgi-cleanup@main.service"]
EXPOSURE_MAX = 1.5
# Programs that neither call Spotify nor need the client secret.
OFFLINE = ("login", "session", "logout")

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None,
                                reason="needs systemd-analyze")


@pytest.fixture(name="units", scope="module")
def fixture_units(installed, tmp_path_factory):
    """The installed units, with programs where they lie here."""
    folder = tmp_path_factory.mktemp("units")
    shutil.copytree(installed / "usr/lib/systemd/system", folder,
                    dirs_exist_ok=True)
    for path in folder.glob("*.service"):
        path.write_text(re.sub(
            r"^(Exec(?:Start|Reload)=\+?)(/usr/(?:libexec|share)/spotify)",
            rf"\g<1>{installed}\g<2>", path.read_text("utf-8"),
            flags=re.M), "utf-8")
    return folder


def analyze(*arguments, folder):
    """Its status and all it has to say."""
    done = subprocess.run(["systemd-analyze", *arguments], cwd=folder,
                          text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


@pytest.mark.parametrize("unit", SERVICES + [
    "spotify-fcgi-login@main.socket", "spotify-fcgi@main.target",
    "spotify-fcgi-cleanup@main.timer", "spotify-fcgi-events@main.path",
    "spotify-fcgi-events@main.service"])
def test_verify_has_nothing_to_say(units, unit):
    assert analyze("verify", "--man=no", "--recursive-errors=no", f"./{unit}",
                   folder=units) == (0, "")


def test_verify_would_have_something_to_say(units):
    """Misspelt keys are only warned about."""
    path = units / "spotify-fcgi-bad.service"
    path.write_text((units / "spotify-fcgi-cleanup@.service").read_text("utf-8")
                    .replace("ProtectHome", "ProtectHomes"), "utf-8")
    assert "ProtectHomes" in analyze("verify", "--man=no", f"./{path.name}",
                                     folder=units)[1]
    path.unlink()


@pytest.mark.parametrize("unit", SERVICES)
def test_the_exposure_is_small(units, unit):
    _, said = analyze("security", "--offline=true", "--no-pager", f"./{unit}",
                      folder=units)
    assert float(re.search(r"exposure level for \S+: ([\d.]+)",
                           said)[1]) <= EXPOSURE_MAX, said


@pytest.mark.parametrize("name", ["session", "logout"])
def test_the_drop_in_for_an_engine_fits(installed, tmp_path, units, name):
    """As the manual has it copied; then the program has this one address."""
    folder = tmp_path / "units"
    shutil.copytree(units, folder)
    unit = f"spotify-fcgi-{name}@main.service"
    shutil.copy(installed / "usr/share/spotify-fcgi/systemd/store-network.conf",
                folder / f"spotify-fcgi-{name}@.service.d")
    assert analyze("verify", "--man=no", "--recursive-errors=no", f"./{unit}",
                   folder=folder) == (0, "")
    _, said = analyze("security", "--offline=true", "--no-pager", f"./{unit}",
                      folder=folder)
    exposure = float(re.search(r"exposure level for \S+: ([\d.]+)", said)[1])
    assert exposure <= EXPOSURE_MAX, said


def test_programs_that_do_not_call_spotify_have_no_network():
    for name in ALL_PROGRAMS:
        source = (REPOSITORY / "cgi-bin" / f"{name}.c").read_text("utf-8")
        drop_in = (REPOSITORY / f"conf/systemd/spotify-fcgi-{name}@.service.d"
                   / "no-network.conf")
        assert drop_in.exists() == (name in OFFLINE)
        assert ("upstream_spotify" in source) == (name not in OFFLINE)
        if drop_in.exists():
            text = drop_in.read_text("utf-8")
            assert "PrivateNetwork=yes" in text


def settings(name):
    """What is in force for a program: the unit's settings and those of its
    drop-in, {key: the values of all its lines}; an empty one forgets those
    before it, and all others add (systemd.syntax(7))."""
    folder = REPOSITORY / "conf" / "systemd"
    found = {}
    for path in (folder / "program@.service",
                 *sorted((folder / f"spotify-fcgi-{name}@.service.d").glob(
                     "*.conf"))):
        for key, value in re.findall(r"^(\w+)=(.*)$", path.read_text("utf-8"),
                                     re.M):
            found[key] = found.get(key, []) + value.split() if value else []
    return found


@pytest.mark.parametrize("name", ALL_PROGRAMS)
def test_a_unit_gives_its_program_what_that_opens_and_no_more(name):
    """The program says what that is: .opens, in CONF_ bits. What the unit does
    not give it also hides; systemd's copies of secrets are elsewhere."""
    source = (REPOSITORY / "cgi-bin" / f"{name}.c").read_text("utf-8")
    opens = set(re.findall(r"CONF_(\w+)", re.search(
        r"\.opens = (.+),$", source, re.M)[1]))
    if opens == {"ALL"}:
        opens = {"CLIENT_SECRET", "SERVER_KEY", "STORE", "EVENTS"}
    tells = "EVENTS" in opens
    if tells:           # of somebody whose record the key opens
        opens = opens - {"EVENTS"} | {"SERVER_KEY"}
    unit = settings(name)
    secrets = {f"%i.{bit.lower()}" for bit in opens - {"STORE"}}
    assert {value.partition(":")[0] for value in
            unit.get("LoadCredential", [])} == secrets
    assert bool(unit.get("StateDirectory")) == ("STORE" in opens)
    hidden = {path.lstrip("-") for path in unit.get("InaccessiblePaths", [])}
    assert hidden == {
        f"/etc/spotify-fcgi/{secret}" for secret in
        {"%i.client_secret", "%i.server_key"} - secrets} | (
            set() if "STORE" in opens else {"/var/lib/spotify-fcgi"}) | (
                set() if tells else {"/var/lib/spotify-fcgi-events"})
    assert unit.get("ReadWritePaths", []) == [
        "-/var/lib/spotify-fcgi-events/%i"] * tells


def test_limits_fit_the_most_threads():
    """lib/process/options.c says how many; curl adds one to each."""
    source = (REPOSITORY / "lib" / "process" / "options.c").read_text(
        "utf-8")
    threads = int(re.search(r"#define THREADS_MAX (\d+)", source)[1])
    unit = (REPOSITORY / "conf/systemd/program@.service").read_text(
        "utf-8")
    values = {key: int(value) for key, value in re.findall(
        r"^(TasksMax|LimitNOFILE|TimeoutStopSec)=(\d+)", unit, re.M)}
    assert values["TasksMax"] >= 2 * threads + 16
    assert values["LimitNOFILE"] >= 16 * threads
    assert values["TimeoutStopSec"] == 30
