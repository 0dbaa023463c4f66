"""The few errors that people meet: each says what is wrong, where, and what to do."""

from __future__ import annotations


class EstError(Exception):
    """
    Something the reader of the message can mend.

    Parameters
    ----------
    what
        What is wrong, as one Swedish sentence.
    where
        File, and where it helps row, column and the first offenders.
    mend
        What to do about it, as one Swedish sentence.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = what, where, mend
        super().__init__(what)

    def __str__(self) -> str:
        """Return the message as lines: what, where, what to do."""
        lines = [self.what]
        if self.where:
            lines.append(f"Var: {self.where}")
        if self.mend:
            lines.append(f"Gör så här: {self.mend}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way between processes with all three parts."""
        return (_rebuild, (type(self), self.what, self.where, self.mend))


def _rebuild(kind: type[EstError], what: str, where: str, mend: str) -> EstError:
    return kind(what, where=where, mend=mend)


class SettingsError(EstError):
    """``municipality.toml`` or a parameter does not hold."""


class DeliveryError(EstError):
    """A delivered, reference or register file cannot be read as the settings say."""


class PeriodError(EstError):
    """A period cannot be read, or there is nothing in it."""


class ReportError(EstError):
    """A report could not be made; the former one stands."""
