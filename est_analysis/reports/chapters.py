"""Runs chapters, one after another in a kernel that is emptied between them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from est_analysis.errors import ReportError, SettingsError
from est_analysis.reports.language import Language
from est_analysis.shipped import shipped

if TYPE_CHECKING:
    from types import TracebackType

    from nbformat import NotebookNode

NOTEBOOKS = shipped("notebooks")
LONGEST_S = 1800.0
"""How long one chapter may take, unless told otherwise; a million incidents take a minute."""

_EMPTY = "import IPython; IPython.get_ipython().reset()"
_ANSWER_S = 10.0
"""A kernel that is not emptied by then is ended, and the next chapter has a new one."""
_ENGINE = "est"


class Kernel:
    """
    A kernel that runs one chapter after another.

    It starts with the first. Between two, all names and outputs are taken away: what stays is what
    has been imported, which is what it is kept for. After a chapter that fails, the next has a new
    one. It belongs to the thread that uses it, which must leave it as a context manager.
    """

    def __init__(self) -> None:
        self._manager: Any = None
        self._client: Any = None

    def __enter__(self) -> Kernel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def execute(self, managed: Any, **options: Any) -> Any:  # noqa: ANN401 - papermill's
        """Execute what papermill manages: in the running kernel, emptied, or in a new one."""
        from jupyter_core.utils import run_sync
        from papermill.clientwrap import PapermillNotebookClient
        from traitlets.config import Config

        if not run_sync(self._empty)():
            self.close()
        config = Config({"KernelManager": {"transport_encryption": "auto"}})
        client = PapermillNotebookClient(
            managed, km=self._manager, kernel_name="python3", config=config, **options
        )
        client.owns_km, client.kc = False, self._client
        try:
            return client.execute()
        finally:
            self._manager, self._client = client.km, client.kc

    def close(self) -> None:
        """End the process, if there is one, and what its client holds in this thread."""
        if self._manager is None:
            return
        from jupyter_core.utils import ensure_event_loop, run_sync

        run_sync(self._close)()
        loop = ensure_event_loop()
        if not loop.is_running():
            loop.close()

    async def _empty(self) -> bool:
        """Take away what the last chapter left; tell whether there is a kernel to run the next."""
        if self._client is None or self._manager is None or not await self._manager.is_alive():
            return False
        try:
            await self._client.execute_interactive(
                _EMPTY,
                silent=True,
                store_history=False,
                allow_stdin=False,
                timeout=_ANSWER_S,
                output_hook=lambda _: None,
            )
        except (TimeoutError, RuntimeError):  # it died meanwhile, or hangs
            return False
        return True

    async def _close(self) -> None:
        manager, self._manager = self._manager, None
        client, self._client = self._client, None
        if client is not None:
            client.stop_channels()
        if manager is not None and manager.has_kernel:
            await manager.shutdown_kernel(now=True)


def run_chapter(
    notebook: Path,
    parameters: dict[str, str],
    longest_s: float = LONGEST_S,
    kernel: Kernel | None = None,
) -> NotebookNode:
    """
    Execute one notebook with parameters that it must know.

    Parameters
    ----------
    notebook
        The file; it is not changed.
    parameters
        Texts by name.
    longest_s
        How long the whole notebook may take; then its kernel is killed.
    kernel
        The one that runs it; None is one of its own.

    Returns
    -------
    NotebookNode
        With outputs.

    Raises
    ------
    SettingsError
        If the notebook has no such parameter.
    ReportError
        If a cell fails, the time is over, or the kernel dies or finds no more memory; the message
        names notebook, cell and cause.
    """
    if kernel is None:
        with Kernel() as own:
            return run_chapter(notebook, parameters, longest_s, own)

    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    known = papermill.inspect_notebook(str(notebook))
    if unknown := sorted(set(parameters) - set(known)):
        raise SettingsError(
            f"Okänd parameter: {', '.join(unknown)}.",
            where=notebook.name,
            mend=f"Anteckningsboken tar: {', '.join(known) or 'inga parametrar'}.",
        )
    ends = time.monotonic() + longest_s
    _register()
    whole = False
    try:
        executed = papermill.execute_notebook(
            str(notebook),
            None,
            parameters,
            engine_name=_ENGINE,
            kernel_name="python3",
            progress_bar=False,
            kernel=kernel,
            timeout_func=lambda _: max(ends - time.monotonic(), 0.001),  # 0 would be for ever
        )
        whole = True
    except PapermillExecutionError as error:
        raise ReportError(
            f"Kapitlet {notebook.stem} stannade: {error.ename}: {error.evalue}",
            # papermill counts the cell of parameters that it put in; people count what they wrote
            where=f"{notebook.name}, cell {error.cell_index + 1 - bool(parameters)}: "
            + error.source.strip().splitlines()[0],
            mend=(
                "Minnet tog slut: stäng andra program, eller kör ett kapitel i taget: --at-once 1."
                if error.ename == "MemoryError"
                else "Öppna kapitlet med est lab och kör det."
            )
            + " Den förra rapporten står kvar.",
        ) from error
    except CellTimeoutError as error:
        raise ReportError(
            f"Kapitlet {notebook.stem} avbröts: det tog längre tid än "
            f"{Language('sv').number(round(longest_s / 60, 1))} minuter.",
            where=notebook.name,
            mend="Ge det längre tid med --longest, eller öppna det med est lab och se vad som tar "
            "tid. Den förra rapporten står kvar.",
        ) from error
    except DeadKernelError as error:
        raise ReportError(
            f"Kapitlet {notebook.stem} avbröts: processen som körde det försvann. Troligen tog "
            "minnet slut.",
            where=notebook.name,
            mend="Stäng andra program och kör igen, eller kör ett kapitel i taget: --at-once 1. "
            "Den förra rapporten står kvar.",
        ) from error
    finally:
        if not whole:
            kernel.close()
    return executed


def run_chapters(
    jobs: Sequence[tuple[Path, dict[str, str]]],
    *,
    at_once: int,
    longest_s: float = LONGEST_S,
    told: Callable[[Path], None] = lambda _: None,
) -> list[NotebookNode]:
    """
    Execute notebooks on kernels side by side, each taking the next that waits.

    Parameters
    ----------
    jobs
        Notebooks with their parameters.
    at_once
        How many kernels.
    longest_s
        As `run_chapter` takes it, for each.
    told
        Told of each notebook, in order, when it is waited for.

    Returns
    -------
    list of NotebookNode
        With outputs, as `jobs` are ordered.

    Raises
    ------
    SettingsError, ReportError
        As `run_chapter` does; of several failures the first in order. What has not begun does not.
    """
    futures: list[Future[NotebookNode]] = [Future() for _ in jobs]
    waiting = deque(zip(jobs, futures, strict=True))

    def lane() -> None:
        with Kernel() as kernel, suppress(IndexError):
            while True:
                (notebook, parameters), future = waiting.popleft()
                try:
                    future.set_result(run_chapter(notebook, parameters, longest_s, kernel))
                except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                    waiting.clear()  # all before this one have begun: nobody waits for the rest
                    future.set_exception(error)

    with ThreadPoolExecutor(max(1, at_once)) as pool:
        for _ in range(min(max(1, at_once), len(jobs))):
            pool.submit(lane)
        executed = []
        try:
            for (notebook, _), future in zip(jobs, futures, strict=True):
                told(notebook)
                executed.append(future.result())
        finally:
            waiting.clear()
    return executed


def _register() -> None:
    """Tell papermill of the engine that executes in a kernel of ours."""
    from papermill.engines import Engine, papermill_engines

    class InKernel(Engine):
        """Executes in the kernel that it is given."""

        @classmethod
        def execute_managed_notebook(
            cls,
            nb_man: Any,  # noqa: ANN401
            kernel_name: str,  # noqa: ARG003
            *,
            kernel: Kernel,
            timeout_func: Callable[[Any], float],
            **_: Any,  # noqa: ANN401
        ) -> Any:  # noqa: ANN401
            return kernel.execute(nb_man, timeout_func=timeout_func)

    if _ENGINE not in papermill_engines._engines:
        papermill_engines.register(_ENGINE, InKernel)
