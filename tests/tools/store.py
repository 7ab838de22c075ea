# SPDX-License-Identifier: ISC
"""The files of the store."""


def stored(stack, kind="session-"):
    """The paths of all that is in the store and whose name begins so."""
    return sorted(path for path in stack.session_dir.iterdir()
                  if path.name.startswith(kind))


def session_bytes(stack):
    """{path: content} of all sessions."""
    return {path: path.read_bytes() for path in stored(stack)}
