"""Licences that a page or a drawing states about itself, as SPDX identifiers with the address that said so.

Knows the addresses of Creative Commons licences and of a few others. Refuses prose: a footer that says "free to use" is
no licence, and neither is the public domain mark, which only reports. The trade-off: what is stated by other means
stays NOASSERTION.
"""

from __future__ import annotations

import re

UNSTATED = "NOASSERTION"

_CREATIVE = re.compile(r"creativecommons\.org/(?:licenses/(by(?:-nc)?(?:-nd|-sa)?)/(\d\.\d)|publicdomain/(zero)/1\.0)")
_OTHERS = {
    "opensource.org/licenses/mit": "MIT", "opensource.org/license/mit": "MIT", "opensource.org/licenses/isc": "ISC",
    "apache.org/licenses/license-2.0": "Apache-2.0", "unlicense.org": "Unlicense",
    "opensource.org/licenses/bsd-3-clause": "BSD-3-Clause", "opensource.org/licenses/bsd-2-clause": "BSD-2-Clause",
    "scripts.sil.org/ofl": "OFL-1.1", "openfontlicense.org": "OFL-1.1",
}  # fmt: skip
_SPDX = re.compile(r"spdx\.org/licenses/([A-Za-z0-9.+-]+?)(?:\.html|\.json)?/?$")
_RDF = re.compile(r"""<(?:cc:)?license\b[^>]{0,200}?resource\s?=\s?["']([^"']{1,300})""", re.IGNORECASE)


def spdx_of(address: str) -> str:
    """The licence an address stands for; empty when we do not know it."""
    if found := _CREATIVE.search(address.lower()):
        kind, version, zero = found.groups()
        return "CC0-1.0" if zero else f"CC-{kind.upper()}-{version}"
    if found := _SPDX.search(address):
        return found[1]
    lower = address.lower()
    return next((name for part, name in _OTHERS.items() if part in lower), "")


def inside(svg: str) -> tuple[str, str]:
    """SPDX identifier and evidence from a drawing's RDF metadata; NOASSERTION and an empty text without."""
    if "license" in svg and (found := _RDF.search(svg)) and (name := spdx_of(found[1])):
        return name, f"RDF metadata: {found[1][:120]}"
    return UNSTATED, ""
