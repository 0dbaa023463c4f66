"""
Store anew the facts that notebooks are compared with: ``python tests/refresh_facts.py``.

A changed fact goes with a line in ``CHANGELOG.md`` that says which figure changed, and why.
"""

from __future__ import annotations

import nbformat
import papermill

from est_analysis.reports.build import MEETING, YEARLY
from est_analysis.reports.chapters import NOTEBOOKS
from est_analysis.reports.published.render import CHAPTERS as PUBLISHED

COMPARED = "nbval-check-output"


def refresh(name: str) -> bool:
    """Run one notebook as it stands and store its compared outputs; tell whether any changed."""
    file = NOTEBOOKS / f"{name}.ipynb"
    before = file.read_text(encoding="utf-8")
    stored = nbformat.read(file, as_version=4)
    ran = papermill.execute_notebook(str(file), None, kernel_name="python3", progress_bar=False)
    by_id = {cell.id: cell for cell in ran.cells}
    for cell in stored.cells:
        if cell.cell_type != "code":
            continue
        compared = COMPARED in cell.metadata.get("tags", [])
        cell.outputs = by_id[cell.id].outputs if compared else []
        cell.execution_count = 1 if compared else None
        if compared:
            # papermill's own marks say when and how long: not facts
            cell.metadata = nbformat.from_dict({"tags": cell.metadata.tags})
    nbformat.write(stored, file)
    return file.read_text(encoding="utf-8") != before


if __name__ == "__main__":
    for chapter in (*YEARLY.chapters, *MEETING.chapters, *PUBLISHED):
        print(f"{chapter}: {'changed' if refresh(chapter) else 'as before'}")
