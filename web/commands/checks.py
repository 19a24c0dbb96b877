"""``careplan-hub check``: the rules on a file, as text or as JSON. No network, no database, nothing is kept."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from hub.safety.charts import Chart
from hub.safety.fhir_charts import ResourceError, read_resources, resources_of
from hub.safety.findings import SUPPORTS, Screening, check
from hub.safety.listed_charts import ListError, read_list
from hub.workflows.rule_page import page

EXIT_FINDINGS: Final = 1
EXIT_UNREADABLE: Final = 2
FILE_BYTES_MAX: Final = 64 << 20


class FileUnreadableError(Exception):
    """A file is not what the command reads; the message is for the person."""


def check_files(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="FHIR R4 Bundles of one patient, or one plain list.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    on: Annotated[str, typer.Option("--on", help="The day to judge by, as in 2026-11-27; default today.")] = "",
) -> None:
    """Check medicines for dangers: exit 0 none, 1 findings, 2 the file can't be read."""
    try:
        today = date.fromisoformat(on) if on else datetime.now(UTC).astimezone().date()
        checked = check(chart_of(paths, today), today)
    except (FileUnreadableError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_UNREADABLE) from None
    typer.echo(json.dumps(as_data(checked), indent=2, ensure_ascii=False) if as_json else as_text(checked))
    raise typer.Exit(EXIT_FINDINGS if checked.findings else 0)


check_files.__name__ = "check"


def chart_of(paths: list[Path], today: date) -> Chart:
    """Return the chart that the files hold together.

    Raises:
        FileUnreadableError: a file is missing, too large, no text, or not of the two kinds.
        ValueError: a file can't be read as the kind that it is.
    """
    texts = [_text(path) for path in paths]
    looks_coded = [text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[") for text in texts]
    if len(texts) > 1 and not all(looks_coded):
        raise FileUnreadableError("Several files are read together only where each is a FHIR Bundle.")
    if not all(looks_coded):
        return _read(read_list, texts[0])
    documents = [_json(path, text) for path, text in zip(paths, texts, strict=True)]
    try:
        return read_resources([one for each in documents for one in resources_of(each)], today)
    except ResourceError as error:
        raise FileUnreadableError(str(error)) from None


def _read(reader: Callable[[str], Chart], text: str) -> Chart:
    try:
        return reader(text)
    except ListError as error:
        raise FileUnreadableError(str(error)) from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise FileUnreadableError(f"{path} is larger than {FILE_BYTES_MAX >> 20} MiB.")
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise FileUnreadableError(f"{path} can't be opened: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise FileUnreadableError(f"{path} is no text in UTF-8.") from None


def _json(path: Path, text: str) -> object:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        raise FileUnreadableError(f"{path} is no JSON.") from None


def as_data(checked: Screening) -> dict[str, object]:
    """Return the answer as data, in the order in which it is told."""
    return {
        "findings": [
            {
                "rule": each.rule,
                "severity": each.severity.value,
                "medicines": list(each.medicines),
                "text": each.text,
                "family": each.family,
                "source": each.source,
            }
            for each in checked.findings
        ],
        "not_checked": [{"what": each.what, "why": each.why} for each in checked.not_checked],
    }


def as_text(checked: Screening) -> str:
    """Return the answer as a person reads it."""
    lines: list[str] = []
    for each in checked.findings:
        lines += [f"{each.severity.value.upper()}  {each.text}", f"  For the family: {each.family}"]
        lines += [f"  Rule {each.rule}. Source: {each.source}", ""]
    lines += [] if checked.findings else ["No findings.", ""]
    lines += (
        ["Not checked:", *(f"  {each.what}: {each.why}" for each in checked.not_checked), ""]
        if checked.not_checked
        else []
    )
    return "\n".join([*lines, SUPPORTS])


def rules() -> None:
    """Print all clinical rules in Markdown, for review by a pharmacist."""
    typer.echo(page(), nl=False)


COMMANDS: Final = (check_files, rules)
