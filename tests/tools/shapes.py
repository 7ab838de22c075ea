# SPDX-License-Identifier: ISC
"""Whether a value has a shape of tests/sim/operations.json."""

import json
import pathlib

TABLE = json.loads((pathlib.Path(__file__).resolve().parents[1] / "sim"
                    / "operations.json").read_text("utf-8"))
KINDS = {"object": dict, "array": list, "string": str, "boolean": bool,
         "integer": int, "number": (int, float)}


def misfit(value, shape, where="$"):
    """Where and why a value has not the shape; None if it has."""
    if isinstance(shape, str):
        shape = TABLE["schemas"][shape]
    if value is None and shape.get("null"):
        return None
    if "any" in shape:
        found = [misfit(value, one, where) for one in shape["any"]]
        return None if None in found else found[0]
    for part in shape.get("all", ()):
        if found := misfit(value, part, where):
            return found
    kind = shape.get("type")
    if kind and (not isinstance(value, KINDS[kind])
                 or isinstance(value, bool) and kind != "boolean"):
        return f"{where} is no {kind}"
    if "enum" in shape and value not in shape["enum"]:
        return f"{where} is none of {shape['enum']}"
    for name in shape.get("required", ()):
        if name not in value:
            return f"{where}.{name} is missing"
    inner = [(value[name], member, f"{where}.{name}")
             for name, member in shape.get("members", {}).items()
             if isinstance(value, dict) and name in value]
    if kind == "array":
        inner = [(item, shape["items"], f"{where}[{n}]")
                 for n, item in enumerate(value)]
    return next(filter(None, (misfit(*one) for one in inner)), None)
