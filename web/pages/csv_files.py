"""People and patients from a CSV file: chosen or pasted, looked at line by line, then kept."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from hub.access.bringing_in import (
    PATIENT_COLUMNS,
    PERSON_COLUMNS,
    BringingIn,
    LineOutcome,
    LineReport,
    counted,
)
from hub.access.keeping_rows import KeepingError
from hub.directory.csv_files import CHARACTERS_MAX, CsvError, decoded
from web.doors.directory import SignedIn
from web.doors.guards import for_administrator, for_registrar, keeping
from web.pages.admin_people import doer
from web.rendering import page

FILE_BYTES = CHARACTERS_MAX
"""A file of more bytes has more characters than are taken, or nearly; the command takes what is longer."""
SHOWN_MAX = 200
"""Lines that the page shows one by one: first those that are left out."""

Bring: TypeAlias = Callable[[str, bool], Awaitable[list[LineReport]]]


@for_registrar
async def patients(request: Request, who: SignedIn) -> Response:
    """Show where a file of patients is pasted."""
    return _page(request, "patients", "", [], "", kept=False)


@for_registrar
async def bring_patients(request: Request, who: SignedIn) -> Response:
    """Look at a file of patients, or keep what it says."""
    acting = await doer(request, who)

    async def bring(text: str, keep: bool) -> list[LineReport]:
        return await BringingIn(keeping(request)).patients(acting, text, keep=keep)

    return await _bring(request, "patients", bring)


@for_administrator
async def people(request: Request, who: SignedIn) -> Response:
    """Show where a file of people is pasted."""
    return _page(request, "people", "", [], "", kept=False)


@for_administrator
async def bring_people(request: Request, who: SignedIn) -> Response:
    """Look at a file of people, or keep what it says."""
    acting = await doer(request, who)

    async def bring(text: str, keep: bool) -> list[LineReport]:
        return await BringingIn(keeping(request)).people(acting, text, keep=keep)

    return await _bring(request, "people", bring)


async def _bring(request: Request, kind: str, bring: Bring) -> Response:
    async with request.form(max_files=1, max_fields=10, max_part_size=FILE_BYTES) as form:
        file, text, keep = form.get("file"), str(form.get("csv", "")), form.get("act") == "keep"
        chosen = await file.read(FILE_BYTES + 1) if isinstance(file, UploadFile) else b""
    try:
        text = decoded(chosen) if chosen else text
        reports = await bring(text, keep)
    except (CsvError, KeepingError) as error:
        return _page(request, kind, text, [], str(error), kept=False)
    return _page(request, kind, text, reports, "", kept=keep)


def _page(request: Request, kind: str, text: str, reports: Sequence[LineReport], fault: str, *, kept: bool) -> Response:
    shown = sorted(reports, key=lambda each: (each.outcome is not LineOutcome.WRONG, each.number))[:SHOWN_MAX]
    context = {
        "kind": kind, "csv": text, "fault": fault, "kept": kept, "shown": shown, "reports": reports,
        "counts": list(counted(reports)), "columns": PATIENT_COLUMNS if kind == "patients" else PERSON_COLUMNS,
        "to_keep": sum(each.outcome in (LineOutcome.ADD, LineOutcome.CHANGE) for each in reports),
        "here": "patients" if kind == "patients" else "admin",
    }  # fmt: skip
    return page(request, "admin/file.html", context, 422 if fault else 200)
