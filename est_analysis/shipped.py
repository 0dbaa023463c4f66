"""Where what is shipped beside the code lies: in a checkout, or inside an installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str, package: Path = _PACKAGE) -> Path:
    """
    Return the folder of the chapters (``notebooks``) or of the examples (``data``).

    A wheel holds both under ``_shipped`` (see ``force-include`` in ``pyproject.toml``); a checkout
    has them beside the package.

    Parameters
    ----------
    name
        The folder's name in the repository.
    package
        Where the code lies.
    """
    inside = package / "_shipped" / name
    return inside if inside.is_dir() else package.parent / name
