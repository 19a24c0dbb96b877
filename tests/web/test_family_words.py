"""The family's page in the reader's language and size: every sentence has its words, and all of it stays light."""

import gzip
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from auth.commands import COMMANDS
from auth.invitations import CODE_ENDED, LINK_ENDED, TOO_MANY
from auth.reasons import CODES, ROLE_NAMES, SUGGEST_INSTEAD, template
from auth.reasons import sentence as reason_of
from auth.roles import Role
from crdt.sections import SECTIONS, Section
from hub.workflows.tasks import MACHINE as TASKS
from tests.web.conftest import As
from tests.web.fakes import NOW
from tests.web.mary import Mary
from tests.web.test_family import DOORS, FAMILY_COMMANDS, ROOT, SWAP, family_page
from web import languages
from web.languages import LOCALES, language
from web.views.inviting import BASIS_WORDS, HOW_WORDS
from web.views.people import ROLE_WORDS
from web.views.sharing import ACCESS_WORDS, CLOSED, ENDED, GRANT_WORDS, OWN_WORDS
from web.views.words import Reading


def test_language_and_size_are_kept_on_the_device_and_nothing_else_is_taken(mary: Mary, as_person: As) -> None:
    kate, at = as_person("kate"), f"/plans/{mary.plan}/family/settings"
    kate.post(at, data={"language": "es", "size": "24"})
    page = kate.get(f"/plans/{mary.plan}/family").text

    assert '<html lang="es" data-size="24"' in page
    assert "Llame al 911 de inmediato" in page
    assert "Medicines today" not in page
    answer = kate.post(at, data={"language": "xx; path=/", "size": "200"})
    assert "set-cookie" not in answer.headers


def test_a_person_who_reads_spanish_gets_spanish_at_once(mary: Mary, as_person: As) -> None:
    directory, kate = mary.world.directory, mary.people["kate"].person_id
    directory.persons[kate] = replace(directory.persons[kate], locale="es-MX")

    page = family_page(mary, as_person)

    assert '<html lang="es"' in page
    assert "una vez al día" in page


@pytest.mark.parametrize(
    ("hour", "english", "spanish"),
    [
        (0, "12:21 at night", "12:21 de la noche"),
        (8, "8:21 in the morning", "8:21 de la mañana"),
        (12, "12:21 in the afternoon", "12:21 de la tarde"),
        (19, "7:21 in the evening", "7:21 de la tarde"),
        (23, "11:21 at night", "11:21 de la noche"),
    ],
)
def test_times_are_said_as_at_home(hour: int, english: str, spanish: str) -> None:
    instant, reading = datetime(2026, 11, 21, hour, 21, tzinfo=UTC), Reading(NOW)

    assert language("en").clock(instant, reading) == english
    assert language("es").clock(instant, reading) == spanish
    assert language("es").when(instant, reading) == f"hoy, {spanish}"
    assert language("es").day(instant.date()) == "21 de noviembre de 2026"
    assert language("fr").tag == "en"


def test_a_refusal_is_said_in_spanish_on_a_spanish_page(mary: Mary, as_person: As) -> None:
    kate = as_person("kate")
    kate.cookies.set("language", "es")

    answer = kate.post(f"/plans/{mary.plan}/family/tasks/{mary.entries['call']}/complete", headers=SWAP)

    assert (answer.status_code, answer.text) == (403, "Esto no se comparte con usted.")


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("Only primary care and the pharmacist may change Medicines and allergies.",
         "Solo atención primaria y farmacia pueden cambiar «Medicinas y alergias»."),
        ("Only primary care and the pharmacist may change Medicines and allergies. Send a suggestion instead.",
         "Solo atención primaria y farmacia pueden cambiar «Medicinas y alergias». Envíe una propuesta."),
        ("This part of the plan is not open to the family.", "Esta parte del plan no está abierta para la familia."),
        ("This task is in progress now (Ana has it), so it can't be accepted.",
         "Esta tarea está ahora en marcha, así que no puede quedar aceptada."),
        ("Enter a number, for example 72.5.", language("es").say("Enter a number, for example 72.5.")),
        ("A sentence that nobody put into Spanish.", "A sentence that nobody put into Spanish."),
    ],
)  # fmt: skip
def test_why_something_was_refused_is_said_in_the_page_s_language(english: str, spanish: str) -> None:
    assert language("es").reason(english) == spanish
    assert language("en").reason(english) == re.sub(r" now \(.*\),", " now,", english)


@pytest.mark.parametrize("section", Section)
@pytest.mark.parametrize("code", sorted(CODES))
def test_no_refusal_is_left_in_english(code: str, section: Section) -> None:
    for role in Role:
        words = reason_of(code, role, section)
        said = language("es").reason(words + SUGGEST_INSTEAD)
        assert said != words
        assert "{" not in said
        assert said.endswith("Envíe una propuesta.")


def sentences() -> Iterator[str]:
    """Every sentence of the sources that the catalogues must have."""
    names = ("home_asking", "homing", "languages", "reminding", "calendars", "mail", "failures", "views/family",
             "views/list_sheets", "views/notifications", "views/sharing", "views/reminders", "pages/my_sessions",
             "pages/reminders", "pages/experience")  # fmt: skip
    python = [f"web/{name}.py" for name in names]
    for source in (*python, "hub/workflows/family.py", "hub/workflows/family_news.py", "hub/workflows/home_reports.py"):
        for _line, words, *_rest in extract_from_file("python", ROOT / source, keywords={"_": None, "said": None}):
            yield str(words)
    templates = ROOT / "web/templates"
    beside = ("lists/sheet.html", *DOORS)
    for path in sorted((*(templates / "family").glob("*.html"), *(templates / each for each in beside))):
        text = path.read_text("utf-8")
        yield from (found[1] for found in re.findall(r"""say\((["'])(.*?)\1\)""", text))
    yield from (each.reason for each in (LINK_ENDED, CODE_ENDED, TOO_MANY))
    yield from (template(code) for code in CODES)
    yield from (*ROLE_NAMES.values(), SUGGEST_INSTEAD.strip(), *(each.title for each in SECTIONS.values()))
    yield from OWN_WORDS.values()
    yield from (*GRANT_WORDS.values(), *ACCESS_WORDS.values(), *ENDED.values(), *CLOSED.values())
    yield from (*HOW_WORDS.values(), *BASIS_WORDS.values(), *ROLE_WORDS.values())
    yield from (COMMANDS[name].refusal for name in FAMILY_COMMANDS)
    yield from {words for move in TASKS.moves.values() for words in move.sources | {move.target}}


TEMPLATES = ROOT / "web/templates"
ENGLISH_STILL = frozenset({"care plan hub", "Care plan hub", "Patients", "Admin", "Audit", "Search", "A−", "A+"})
"""The product's name, the bar of the staff, and the size of letters."""
OPERATORS_WORDS = (
    "This is a demonstration",
    "All people and patients here are invented",
    "Work accounts are not set up",
)
"""What the sign-in page says to who tries the demo or sets a hub up."""
SAID_ATTRIBUTES = r'(?:aria-label|alt|placeholder|title)="([^"]*)"'


@pytest.mark.parametrize(
    "name",
    sorted({*(f"family/{each.name}" for each in (TEMPLATES / "family").glob("*.html")), *DOORS} - {"layout.html"}),
)
def test_no_page_of_people_at_home_has_words_that_stay_in_english(name: str) -> None:
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", (TEMPLATES / name).read_text("utf-8"), flags=re.DOTALL)
    shown = re.sub(r"\{\{.*?\}\}", "", text, flags=re.DOTALL)
    told = [*re.split(r"<[^>]*>", shown), *re.findall(SAID_ATTRIBUTES, shown)]
    words = {each.strip(" \n\t·:.,;()") for each in told if "aria-" not in each}
    words = {each for each in words if not each.startswith(OPERATORS_WORDS)}

    assert {each for each in words if re.search(r"[A-Za-z]{2}", each)} <= ENGLISH_STILL, "in English alone"


@pytest.mark.parametrize("tag", [path.name for path in LOCALES.iterdir()])
def test_a_catalogue_is_complete_keeps_its_places_and_is_compiled(tag: str, tmp_path: Path) -> None:
    folder = LOCALES / tag / "LC_MESSAGES"
    with (folder / "family.po").open("rb") as opened:
        catalogue = read_po(opened, locale=tag)
    with (tmp_path / "family.mo").open("wb") as made:
        write_mo(made, catalogue)

    for sentence in set(sentences()) - {""}:
        message = catalogue.get(sentence)
        assert message is not None, sentence
        assert message.string, sentence
        places = re.findall(r"%\(\w+\)s|\{\w+\}", sentence)
        assert sorted(re.findall(r"%\(\w+\)s|\{\w+\}", str(message.string))) == sorted(places), sentence
    assert (tmp_path / "family.mo").read_bytes() == (folder / "family.mo").read_bytes(), "pybabel compile was not run"


def test_a_third_language_is_a_folder(
    mary: Mary, as_person: As, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (LOCALES / "es/LC_MESSAGES/family.po").open("rb") as opened:
        catalogue = read_po(opened, locale="es")
    for message in catalogue:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        if message.id:
            message.string = tuple(f"⟦{each}⟧" for each in ids) if len(ids) > 1 else f"⟦{ids[0]}⟧"
    catalogue[languages.OWN_NAME].string = "Pseudo"
    (tmp_path / "qps/LC_MESSAGES").mkdir(parents=True)
    with (tmp_path / "qps/LC_MESSAGES/family.mo").open("wb") as made:
        write_mo(made, catalogue)
    known = languages.found_languages(tmp_path)
    monkeypatch.setattr(languages, "LOCALES", tmp_path)
    for tag, name in known.items():
        monkeypatch.setitem(languages.LANGUAGES, tag, name)
    language.cache_clear()
    kate = as_person("kate")
    kate.cookies.set("language", "qps")

    page = kate.get(f"/plans/{mary.plan}/family").text
    notices = kate.get("/notifications").text
    language.cache_clear()

    assert known == {"en": "English", "qps": "Pseudo"}
    assert '<html lang="qps"' in page
    assert '<html lang="qps"' in notices
    spoken = re.findall(r"<(h2|label|summary|button)\b[^>]*>(.*?)</\1>", page, re.DOTALL)
    assert spoken
    assert [words for _, words in spoken if "⟦" not in words and words not in languages.LANGUAGES.values()] == []


def test_the_page_s_own_tokens_are_those_of_the_hub() -> None:
    def tokens(name: str) -> dict[str, str]:
        return dict(re.findall(r"^\s*(--[\w-]+): (.+);$", (ROOT / "static" / name).read_text("utf-8"), re.MULTILINE))

    theirs, ours = tokens("tokens.css"), tokens("family.css")

    assert ours
    assert {name: theirs.get(name) for name in ours} == ours


@pytest.mark.slow
def test_the_page_weighs_at_most_thirty_kilobytes(mary: Mary, as_person: As) -> None:
    page = family_page(mary, as_person).encode()
    files = [ROOT / "static" / name for name in ("family.css", "dist/family.js", "icon.svg")]
    weight = sum(len(gzip.compress(each)) for each in (page, *(path.read_bytes() for path in files)))

    assert weight <= 30_000
