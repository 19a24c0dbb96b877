"""What an audit finds, as a signed file for others; that it was handed out is a row before it is."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.record.exports import ENDINGS, HOW_TO_CHECK, Format, grant_line, grants_preface, line, preface
from hub.record.journal import Action
from hub.store.audits import Question
from web.audit_asking import act_of, asked, question_of, record, saved_of
from web.auditing import EXPORT_ROWS_MAX, Auditing, Saved
from web.doors.directory import SignedIn
from web.doors.guards import auditing, for_auditor, services
from web.reading import zone_of


@for_auditor
async def export(request: Request, who: SignedIn) -> Response:
    """Answer with a file of all that a search or a saved question finds, signed, with the key and how to check it."""
    wish = await asked(request, who)
    saved = saved_of(wish.form)
    try:
        form = Format(wish.form.get("format", ""))
    except ValueError:
        raise HTTPException(400) from None
    if not wish.settled or (saved is Saved.DORMANT and form is Format.FHIR):
        raise HTTPException(400)
    question = question_of(wish.form, saved)
    await record(request, who, Action.EXPORT, f"audit.export.{form}", wish.form)
    if question.plan:
        act = act_of(who, Action.EXPORT, f"audit.export.{form}")
        await services(request).plans.record([msgspec.structs.replace(act, plan=question.plan)])
    parts = _grants(request, form) if saved is Saved.DORMANT else _traces(request, saved, question, form)
    content = b"".join([part async for part in parts])
    name = f"journal-{services(request).now():%Y%m%dT%H%M%SZ}"
    packed = await asyncio.to_thread(_packed, auditing(request), content, f"{name}.{ENDINGS[form]}")
    headers = {"content-disposition": f'attachment; filename="{name}.zip"'}
    return Response(packed, media_type="application/zip", headers=headers)


async def _traces(request: Request, saved: Saved | None, question: Question, form: Format) -> AsyncIterator[bytes]:
    keeper = auditing(request)
    yield preface(form)
    async for traces in keeper.everything(question, saved=saved, zone=str(zone_of(request))):
        names = await keeper.names(traces)
        yield b"".join(line(form, trace, names, keeper.site) for trace in traces)


async def _grants(request: Request, form: Format) -> AsyncIterator[bytes]:
    keeper, now = auditing(request), services(request).now()
    yield grants_preface(form)
    after, left = ("", ""), EXPORT_ROWS_MAX
    while left > 0 and (grants := await keeper.suspicions.dormant(now, after=after)):
        names = await keeper.names_of_grants(grants)
        yield b"".join(grant_line(form, each, names) for each in grants)
        after, left = (grants[-1].plan, grants[-1].person), left - len(grants)


def _packed(keeper: Auditing, content: bytes, name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        archive.writestr(f"{name}.sig", keeper.key.signature(content))
        archive.writestr("key.pub.pem", keeper.key.verifier.pem)
        archive.writestr("HOW-TO-CHECK.txt", HOW_TO_CHECK.format(file=name))
    return packed.getvalue()
