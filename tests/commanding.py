"""The command as a person gives it, in the process of the tests: what it prints and its code."""

from __future__ import annotations

import io
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from subprocess import CompletedProcess
from unittest import mock

from est_analysis import cli


def est(*arguments: str, cwd: str = ".") -> CompletedProcess[str]:
    """Run `est` with arguments from a folder; an error that it does not catch is the test's."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        mock.patch.object(sys, "argv", ["est", *arguments]),
        chdir(cwd),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
    return CompletedProcess(["est", *arguments], code, out.getvalue(), err.getvalue())
