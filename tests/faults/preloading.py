# SPDX-License-Identifier: ISC
"""Programs with a library of ours before all others."""

import pathlib
import subprocess


def preloaded(name, folder):
    """The environment for tests/faults/NAME.c, which is built in folder."""
    library = folder / f"{name}.so"
    source = pathlib.Path(__file__).parent / f"{name}.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library),
                    str(source)], check=True)
    return {"LD_PRELOAD": str(library), "ASAN_OPTIONS":
            "detect_leaks=0:exitcode=99:verify_asan_link_order=0"}
