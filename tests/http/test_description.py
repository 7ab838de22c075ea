# SPDX-License-Identifier: ISC
"""conf/www/openapi.yaml: that every answer is among what it describes is seen
by every client of these tests (conftest.py, tools/contract.py); here, that it
describes what there is, and nothing else."""

import copy
import pathlib
import re
import shutil
import subprocess

import jsonschema
import pytest

from stack import PROGRAMS
from tools import contract
from tools.amounts import SOAK
from tools.contract import check_described, description

ROOT = pathlib.Path(__file__).resolve().parents[2]
METHODS = {"get", "post", "put", "delete"}
# What nginx says before a program is asked.
OF_NGINX = {"too_many_cookies"}


def everything(found, name):
    """All values of that name, wherever they stand."""
    if isinstance(found, list):
        for part in found:
            yield from everything(part, name)
    if isinstance(found, dict):
        for key, value in found.items():
            if key == name:
                yield value
            yield from everything(value, name)


def test_the_codes_are_those_of_the_table():
    table = (ROOT / "lib" / "base" / "result.c").read_text("utf-8")
    codes = set(re.findall(r'\{ \d{3}, \d+, "(\w+)"', table)) - {"ok"}
    described = description()["components"]["schemas"]["Code"]["enum"]
    assert set(described) == codes | OF_NGINX
    assert described == sorted(described)


def test_every_code_comes_with_some_status():
    told = {code for codes in everything(description(), "x-codes")
            for code in codes}
    # That of a method which is not described.
    assert told | {"method_not_allowed"} == set(
        description()["components"]["schemas"]["Code"]["enum"])


@pytest.mark.parametrize("program", sorted(set(PROGRAMS) - {"api"}))
def test_the_methods_are_those_which_a_program_takes(client, program):
    path = next(path for path in description()["paths"]
                if path.split("/")[1] == program)
    allow = client.fetch(program, "PATCH").header("Allow").split(", ")
    assert METHODS & {method.lower() for method in allow} == \
        METHODS & set(description()["paths"][path])


def test_the_methods_of_calls_are_those_of_the_table():
    table = (ROOT / "lib" / "relay" / "rows.c").read_text("utf-8")
    found = set(re.findall(r"\bMETHOD_(PUT|POST|DELETE)\b", table)) | {"GET"}
    assert {method.lower() for method in found} == \
        METHODS & set(description()["paths"]["/api/{call}"])


def test_there_are_all_endpoints_and_no_others():
    assert {path.split("/")[1] for path in description()["paths"]} == \
        set(PROGRAMS)


def test_it_holds_together():
    """Every reference leads somewhere, everything shared is used, schemas are
    schemas, and names of operations are names of one."""
    whole = description()
    refs = set(everything(whole, "$ref"))
    shared = {f"#/components/{kind}/{name}"
              for kind, of in whole["components"].items() for name in of
              if kind != "securitySchemes"}
    assert refs == shared
    for schema in whole["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    names = list(everything(whole["paths"], "operationId"))
    assert len(set(names)) == len(names)


class Answer:
    """Of session, as it should be, but for what a test changes."""

    def __init__(self, status=200, kind="application/json", json=None,
                 code=None, body=b"something"):
        self.status, self.kind, self.code = status, kind, code
        self.json = {"logged_in": False} if json is None else json
        self.body = body
        self.headers = {"Content-Type": kind}

    def header(self, name):
        """As of a Reply."""
        return self.headers.get(name)

    def all(self, name):
        """As of a Reply."""
        return [self.headers[name]] if name in self.headers else []


PROBLEM = {"type": "about:blank", "title": "x", "status": 503, "detail": "x.",
           "code": "busy", "request_id": "1"}


@pytest.mark.parametrize("answer", [
    Answer(status=201), Answer(kind="text/html"), Answer(json={}),
    Answer(json={"logged_in": False, "token": "x"}),
    Answer(503, "application/problem+json", PROBLEM, "busy"),
    Answer(400, "application/problem+json", {**PROBLEM, "code": "nonsense"},
           "bad_request"),
    Answer(400, "application/problem+json", {**PROBLEM, "code": "busy"},
           "busy")])
def test_what_is_not_described_is_seen(answer):
    """The third but last lacks its Retry-After."""
    check_described(Answer(), "session", "GET")
    with pytest.raises((AssertionError, KeyError,
                        jsonschema.ValidationError)):
        check_described(answer, "session", "GET")


def test_a_body_that_is_missing_is_seen():
    """HEAD has none (RFC 9110, section 9.3.2), nor has what is described so."""
    empty = Answer(body=b"")
    check_described(empty, "session", "HEAD")
    with pytest.raises(AssertionError, match="no body"):
        check_described(empty, "session", "GET")
    away = Answer(503, "application/problem+json", PROBLEM, "busy")
    away.headers["Retry-After"] = "2"
    check_described(away, "session", "GET")
    away.body = b""
    with pytest.raises(AssertionError, match="no body"):
        check_described(away, "session", "GET")
    nothing = Answer(204, body=b"")
    nothing.headers.clear()
    check_described(nothing, "logout", "POST")


def test_every_client_sees_a_code_that_is_not_described(client, monkeypatch):
    short = copy.deepcopy(description())
    short["components"]["responses"]["NotLoggedIn"]["x-codes"].remove(
        "not_logged_in")
    assert client.fetch("artists").code == "not_logged_in"
    monkeypatch.setattr(contract, "description", lambda: short)
    with pytest.raises(AssertionError, match="not_logged_in"):
        client.copy().fetch("artists")


# Types

TYPES = ROOT / "conf" / "www" / "spotify-fcgi.d.ts"
USE = """
import type { Code, Session } from './spotify-fcgi';
export async function name(): Promise<string | null> {
	const session = await (await fetch('session')).json() as Session;
	return session.logged_in ? session.account.display_name : null;
}
export const code: Code = 'busy';
document.querySelector('spotify-login')?.check();
"""


def test_the_types_are_made_of_it():
    made = subprocess.run([ROOT / "tests" / "types", "show"], text=True,
                          capture_output=True, check=True).stdout
    assert TYPES.read_text("utf-8") == made


@pytest.mark.skipif(not SOAK, reason="set SOAK=1: asks npm for TypeScript")
@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")
def test_a_compiler_takes_the_types_and_sees_mistakes(tmp_path):
    done = subprocess.run(["npm", "install", "typescript@5"], cwd=tmp_path,
                          capture_output=True, check=False, timeout=300)
    if done.returncode != 0:
        pytest.skip("npm could not install TypeScript")
    shutil.copy(TYPES, tmp_path)

    def complaints(text):
        (tmp_path / "use.ts").write_text(text, "utf-8")
        return subprocess.run(
            ["node_modules/.bin/tsc", "--strict", "--noEmit", "--target",
             "es2020", "--module", "es2020", "--lib", "es2020,dom",
             "--moduleResolution", "bundler", "use.ts"], cwd=tmp_path,
            text=True, capture_output=True, check=False, timeout=300).stdout
    assert complaints(USE) == ""
    assert "TS2322" in complaints(USE.replace("'busy'", "'lazy'"))
    assert "TS2339" in complaints(USE.replace(
        "session.logged_in ? session.account.display_name : null",
        "session.account.display_name"))
