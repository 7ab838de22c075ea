# SPDX-License-Identifier: ISC
"""What a release build is like: how its files are made, and what others can
see of a process that runs."""

import contextlib
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile

import pytest

from stack import ALL_PROGRAMS
from stack.fixtures import build_beside
from stack.processes import wait_until

NOBODY = 65534
# Without a limit, without errors, with a shell, not for threads, or not for
# secrets; also as FORTIFY and the standard's versions call them.
BANNED = re.compile(r" U (?:_IO_|__isoc\d\d_|__)?"
                    r"(str(n?cpy|n?cat|tok)|stpn?cpy|wcs(cpy|cat)|gets|"
                    r"v?sprintf|v?[fs]?scanf|ato([ifl]|ll)|alloca|"
                    r"system|popen|exec\w+|v?fork|posix_spawnp?|wordexp|"
                    r"dlopen|dlsym|tmpnam|tempnam|mktemp|s?rand|s?random|"
                    r"(?:put|set)env|asctime|ctime|gmtime|localtime|"
                    r"gethostbyname|getpw(nam|uid))"
                    r"(?:_chk)?(?:@|$)", re.M)
# What configure leaves out where a compiler does not know it: clang 14.
UNKNOWN = {"gcc": set(), "clang": {"-ftrivial-auto-var-init=zero"}}


@pytest.fixture(scope="session", params=UNKNOWN)
def compiled(release_build, request):
    """The builds of both compilers; tests/run makes that of clang as well."""
    if request.param == "gcc":
        return release_build
    if not shutil.which(request.param):
        pytest.skip(f"no {request.param}")
    return build_beside(request.param, f"CC={request.param}", "--enable-werror")


def output(*command):
    """What a program prints."""
    return subprocess.run(command, capture_output=True, text=True,
                          check=True).stdout


@pytest.fixture(params=ALL_PROGRAMS)
def program(compiled, request):
    """The file of each program."""
    return compiled / "cgi-bin" / request.param


def test_a_program_may_lie_anywhere_in_memory(program):
    assert re.search(r"Type: +DYN", output("readelf", "-hW", program))
    dynamic = output("readelf", "-dW", program)
    assert "Flags: NOW PIE" in dynamic
    # Or pages of code would be written to at the start.
    assert "TEXTREL" not in dynamic


def test_addresses_of_functions_cannot_be_overwritten(program):
    assert " GNU_RELRO " in output("readelf", "-lW", program)
    assert "BIND_NOW" in output("readelf", "-dW", program)


def test_nothing_that_can_be_written_can_be_run(program):
    segments = output("readelf", "-lW", program)
    assert re.search(r" GNU_STACK .* RW +0x", segments)
    assert not re.search(r" (LOAD|GNU_STACK) .* RWE +0x", segments)


def test_libraries_come_from_the_system_only(program):
    assert not re.search(r"RPATH|RUNPATH", output("readelf", "-dW", program))


def test_only_who_calls_spotify_can_call_anybody(program):
    """The others have no libcurl, which brings 30 more. Who keeps sessions can
    call an engine, over TLS; login calls nobody."""
    needed = output("readelf", "-dW", program)
    callers = ("callback", "artists", "refresh", "api", "auth")
    assert ("[libcurl" in needed) == (program.name in callers)
    engine = "[libhiredis" in needed
    assert not (engine and program.name == "login")
    assert ("[libssl" in needed) == (program.name in callers or engine)
    # What Spotify answers is all that Jansson reads.
    assert ("[libjansson" in needed) == (program.name in callers)
    assert "[libfcgi" in needed


def test_stack_and_buffers_are_watched(program):
    symbols = output("nm", "-D", program)
    assert "__stack_chk_fail" in symbols
    # FORTIFY; only where the compiler cannot tell that there is room.
    assert len(re.findall(r" U __\w+_chk@", symbols)) >= 3


def test_functions_begin_with_a_landing_pad(compiled):
    """The objects say so; what the C library adds at the start does not, on
    Debian, so the linker leaves it out of the program."""
    if platform.machine() != "x86_64":
        pytest.skip("x86-64 only")
    units = sorted((*compiled.glob("lib/*/*.o"),
                    *compiled.glob("cgi-bin/*.o")))
    assert len(units) > 40
    for unit in units:
        assert "IBT, SHSTK" in output("readelf", "-nW", unit), unit


def test_both_compilers_know_what_is_asked_of_them(compiled, request):
    """Some flags leave no trace in a file, and configure leaves out what a
    compiler refuses: a word that is misspelt would go unnoticed."""
    log = (compiled / "config.log").read_text("utf-8")
    compiler = request.node.callspec.params["compiled"]
    said = dict(re.findall(r"whether \S+ takes (.+)\n(?:.*\n)*?"
                           r"configure:\d+: result: (yes|no)", log))
    for flag in ("-Wall", "-Wextra", "-Wconversion", "-Wformat=2", "-Wvla",
                 "-fstack-clash-protection", "-fno-strict-aliasing"):
        assert said[flag] == "yes"
    assert {flag for flag in said if said[flag] == "no"} <= UNKNOWN[compiler]


def test_no_function_without_a_limit_is_called(program):
    undefined = output("nm", "-u", program)
    assert " U calloc" in undefined
    assert not BANNED.search(undefined)


def test_the_search_for_banned_functions_finds_them():
    for name in ("strcpy@GLIBC_2.2.5", "system", "execve@GLIBC_2.2.5",
                 "__strcpy_chk@GLIBC_2.3.4", "__isoc99_sscanf@GLIBC_2.7",
                 "__vsprintf_chk@GLIBC_2.3.4", "_IO_gets", "atoll", "strtok",
                 "rand@GLIBC_2.2.5", "gmtime@GLIBC_2.2.5"):
        assert BANNED.search(f"                 U {name}\n"), name
    for name in ("mystrcpy", "snprintf@GLIBC_2.2.5", "__snprintf_chk",
                 "gmtime_r@GLIBC_2.2.5", "randombytes_buf", "fgets"):
        assert not BANNED.search(f"                 U {name}\n"), name


def test_tests_cannot_move_the_clock_of_a_release(program):
    assert b"TEST_CLOCK" not in program.read_bytes()


@contextlib.contextmanager
def running(command, **options):
    """A process, ended at the end."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def private_folder():
    """Short, and nobody's."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sf-"))
    yield folder
    shutil.rmtree(folder)


def write_site(folder):
    """What login needs to start."""
    for name, text in (
            ("conf", "client_id = a\nclient_secret_file = secret\n"
             "server_key_file = key\nsession_dir = /nonexistent\n"
             "redirect_uri = https://e.org/callback\n"),
            ("key", "0123456789abcdef" * 4 + "\n")):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text, "utf-8")


@pytest.mark.skipif(os.geteuid() != 0, reason="makes files of another user")
def test_a_process_is_closed_to_others_of_its_user(release_build,
                                                   private_folder):
    """PR_SET_DUMPABLE is 0: its files in /proc are root's. It leaves no
    core."""
    shutil.copy(release_build / "cgi-bin" / "login", private_folder / "login")
    write_site(private_folder)
    for path in (private_folder, *private_folder.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    with running([private_folder / "login", "-f", private_folder / "conf",
                  "-s", private_folder / "s"], user=NOBODY, group=NOBODY,
                 extra_groups=[], stderr=subprocess.DEVNULL) as process:
        proc = pathlib.Path("/proc") / str(process.pid)
        wait_until((private_folder / "s").exists, 60, "the socket")
        assert process.poll() is None
        assert "\nUid:\t65534\t65534" in (proc / "status").read_text("utf-8")
        for name in ("mem", "maps", "environ"):
            assert (proc / name).stat().st_uid == 0, name
        assert re.search(r"Max core file size +0 +0 ",
                         (proc / "limits").read_text("utf-8"))
        seen = subprocess.run(["cat", proc / "environ", proc / "maps"],
                              user=NOBODY, group=NOBODY, extra_groups=[],
                              capture_output=True, check=False)
        assert seen.returncode != 0 and seen.stdout == b""
