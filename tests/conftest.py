# SPDX-License-Identifier: ISC
"""For all folders of tests, before any of them has loaded something: a failed
assertion of the fixtures tells what it has compared."""

import pytest

pytest.register_assert_rewrite("stack.fixtures")
