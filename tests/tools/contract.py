# SPDX-License-Identifier: ISC
"""conf/www/openapi.yaml as a judge of answers: whatever a program says has to
be among what is described there."""

import functools
import pathlib

import jsonschema
import yaml

FILE = (pathlib.Path(__file__).resolve().parents[2]
        / "conf" / "www" / "openapi.yaml")


@functools.cache
def description():
    """The file, read once."""
    return yaml.safe_load(FILE.read_text("utf-8"))


def _followed(found):
    """What a reference names, or the thing itself."""
    while "$ref" in found:
        place = description()
        for name in found["$ref"].removeprefix("#/").split("/"):
            place = place[name]
        found = place
    return found


@functools.cache
def _validator(path, method, status, kind):
    """Of a body of that type, None if there must be none."""
    response = _response(path, method, status)
    content = response.get("content", {})
    if kind is None:
        return None
    return jsonschema.Draft202012Validator(
        {**content[kind]["schema"], "components": description()["components"]})


def _response(path, method, status):
    return _followed(description()["paths"][path][method]["responses"][
        str(status)])


def _path_of(name):
    """api has calls below it; the others have nothing."""
    return "/api/{call}" if name.split("/")[0] == "api" else "/" + name


def check_described(reply, name, method):
    """An answer to a request for what the site calls name; of a method that is
    not taken, or not described, there is nothing to say."""
    path = _path_of(name)
    is_head = method == "HEAD"
    # "get" is a method, too, and none of HTTP's (RFC 9110, section 9.1).
    method = "get" if method == "HEAD" else \
        method.lower() if method.isupper() else None
    if reply.status == 405 or method not in description()["paths"][path]:
        return
    response = _response(path, method, reply.status)
    for header, of in response.get("headers", {}).items():
        _check_header(reply, header, _followed(of))
    assert reply.body or is_head or "content" not in response, \
        (reply, "no body")
    kind = (reply.header("Content-Type") or "").partition(";")[0]
    check = _validator(path, method, reply.status,
                       kind if reply.body else None)
    if check and "json" in kind:
        check.validate(reply.json)
    if reply.status >= 400 and reply.body:
        assert reply.code in response["x-codes"], reply


def _check_header(reply, name, of):
    value = ", ".join(reply.all(name))
    if not value:
        assert not of.get("required"), (reply, name)
    else:
        jsonschema.validate(value, of["schema"])
