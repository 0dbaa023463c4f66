"""Leaflet's own files, read from the package that carries them, so that no page fetches them."""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib import resources

_CARRIER = ("js_lib_leaflet", "static/js_lib_leaflet")


@cache
def leaflet() -> tuple[str, str]:
    """Return Leaflet's script and style sheet, pictures inlined, from its carrier package."""
    folder = resources.files(_CARRIER[0]).joinpath(_CARRIER[1])
    script = folder.joinpath("leaflet.js").read_text(encoding="utf-8")
    style = folder.joinpath("leaflet.css").read_text(encoding="utf-8")

    def inlined(match: re.Match[str]) -> str:
        picture = folder.joinpath(match[1]).read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(picture).decode('ascii')})"

    style = re.sub(r"url\((images/[\w.-]+\.png)\)", inlined, style)
    return re.sub(r"\s*//# sourceMappingURL=.*", "", script), style
