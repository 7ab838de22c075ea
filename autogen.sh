#!/bin/sh
# SPDX-License-Identifier: ISC
# Makes ./configure. Needs autoconf and automake; a release tarball does not.
cd "$(dirname "$0")" || exit 1
for tool in autoreconf automake; do
	command -v "$tool" >/dev/null || {
		echo "autogen.sh: $tool is missing: apt-get install autoconf automake" >&2
		exit 1
	}
done
exec autoreconf --force --install
