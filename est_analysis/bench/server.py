"""How JupyterLab is started for the bench: on the copies, and with nothing asked of a network."""

from __future__ import annotations

import json
import os
from pathlib import Path

from est_analysis import municipality as municipalities
from est_analysis.bench.copies import Copies, copy
from est_analysis.gather.files import told
from est_analysis.periods import parse
from est_analysis.reports.chapters import NOTEBOOKS
from est_analysis.reports.published.render import CHAPTERS as PUBLISHED

FIRST = "explore"
"""The notebook that the lab opens with."""
_OWN = ".jupyter"
_SETTINGS = {
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "extensionmanager-extension/plugin": {"enabled": False},
}


def prepare(name_or_path: str, period: str | None, out: Path) -> Copies:
    """
    Lay out an analyst's folder: ``<out>/lab/<municipality>``, kept from time to time.

    Parameters
    ----------
    name_or_path
        The municipality's folder, or the name of a shipped example.
    period
        As `periods.parse` reads it; None takes the latest whole quarter delivered.
    out
        Where runs write.

    Returns
    -------
    Copies

    Raises
    ------
    SettingsError, DeliveryError, PeriodError
        If the municipality or the period does not hold.
    ReportError
        If the folder cannot be written.
    """
    municipality = municipalities.load(name_or_path)
    if period is None:
        from est_analysis.gather.accept import gather
        from est_analysis.reports.asked import period_of

        chosen = period_of(None, gather(municipality).events, municipality)
    else:
        chosen = parse(period)
    folder = (out / "lab" / municipality.key).resolve()
    originals = sorted(file for file in NOTEBOOKS.glob("*.ipynb") if file.stem not in PUBLISHED)
    values = {"municipality": str(municipality.folder), "period": str(chosen)}
    copies = copy(originals, folder, values)
    with told("Inställningarna kunde inte skrivas", folder, "Kopiorna är gjorda."):
        for inside, content in _SETTINGS.items():
            file = folder / _OWN / "settings" / "@jupyterlab" / f"{inside}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return copies


def command(
    python: str, folder: Path, *, browser: bool = True, port: int | None = None
) -> list[str]:
    """
    Return the command that opens JupyterLab on a folder.

    No news, no look for updates, no list of extensions: each would ask a network. Settings and
    workspaces lie in the folder, so that the analyst's own JupyterLab is left as it is.

    Parameters
    ----------
    python
        Of an environment that holds JupyterLab.
    folder
        As `prepare` laid it out.
    browser
        Whether a browser is opened.
    port
        None takes the first that is free from 8888 on.
    """
    own = folder / _OWN
    options = [
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{FIRST}.ipynb",
        f"--LabApp.user_settings_dir={own / 'settings'}",
        f"--LabApp.workspaces_dir={own / 'workspaces'}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--KernelManager.transport_encryption=auto",
        "--ServerApp.log_level=WARN",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # who started this as root has chosen to
    if not browser:
        options.append("--no-browser")
    if port is not None:
        options += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    return [python, "-m", "jupyterlab", *options]


def environment(folder: Path) -> dict[str, str]:
    """Return the environment that JupyterLab runs in: this one, without another run's results."""
    from est_analysis.reports.results import RESULTS_FOLDER

    own = {name: value for name, value in os.environ.items() if name != RESULTS_FOLDER}
    return {**own, "IPYTHONDIR": str(folder / _OWN / "ipython")}
