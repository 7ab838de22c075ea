# SPDX-License-Identifier: ISC
"""Apache with mod_auth_openidc and a CA file of one certificate.

libcurl reads the file for every connection, so this is what an administrator
gains who knows that, and who knows his provider's authority.
"""

from . import apache


class Peer(apache.Peer):
    """The same but for OIDCCABundlePath."""

    name = "Apache + mod_auth_openidc, one CA"
    note = "a CA file of one certificate, else as above"

    def ca_file(self):
        """One certificate."""
        return self.upstream.ca_only
