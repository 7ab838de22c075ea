# SPDX-License-Identifier: ISC
"""For all folders of tests, before any of them has loaded something: a failed
assertion of the fixtures tells what it has compared, and no client of the
tests asks a proxy of this machine's."""

import os

import pytest

for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[_name]

pytest.register_assert_rewrite("stack.fixtures")
