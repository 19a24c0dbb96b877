"""Auditors find who did what, never what was written, and every question of theirs is itself a row."""

import asyncio
import io
import re
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import fhirkit
import msgspec
import pytest
from starlette.testclient import TestClient

from hub.demo.registering import seed_hub
from hub.demo.seeding import Seeded
from hub.ids import HUB
from hub.store.engine import create_engine
from tests.harness.databases import Databases
from web.app import create_app
from web.settings import Mode, Settings

ORIGIN = "http://127.0.0.1:8000"
pytestmark = pytest.mark.slow


@dataclass
class Audited:
    """A hub with Mary's story, its application and its database."""

    client: TestClient
    seeded: Seeded
    url: str
    folder: Path

    @property
    def plan(self) -> str:
        return self.seeded.plans["mary"].plan_id

    def become(self, key: str) -> None:
        self.client.cookies.clear()
        answer = self.client.post("/sign-in/demo", data={"person": self.seeded.people[key].person_id})
        assert answer.status_code == 303

    def found(self, **asked: str) -> list[str]:
        """Return the rows of a search as lines of text."""
        answer = self.client.post("/audit", data=asked)
        assert answer.status_code == 200
        return [
            re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row))
            for row in re.findall(r"<tr.*?</tr>", answer.text, re.DOTALL)[1:]
        ]

    def rows(self, query: str) -> list[asyncpg.Record]:
        async def asked() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.url)
            try:
                return list(await connection.fetch(query))
            finally:
                await connection.close()

        return asyncio.run(asked())

    def damage(self, statement: str) -> None:
        """Do it as a superuser whom no trigger stops."""

        async def done() -> None:
            connection = await asyncpg.connect(self.url)
            try:
                await connection.execute(f"set session_replication_role = replica; {statement}")
            finally:
                await connection.close()

        asyncio.run(done())

    def exported(self, **asked: str) -> dict[str, bytes]:
        answer = self.client.post("/audit/export", data=asked)
        assert answer.status_code == 200
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


async def _seeded(url: str) -> Seeded:
    engine = create_engine(url)
    try:
        seeded = await seed_hub(engine, only=("mary",))
    finally:
        await engine.dispose()
    assert seeded is not None, "the database was empty"
    return seeded


@pytest.fixture(scope="module")
def seeded(databases: Databases) -> Iterator[tuple[str, Seeded]]:
    with databases.clone() as url:
        yield url, asyncio.run(_seeded(url))


@pytest.fixture
def audited(seeded: tuple[str, Seeded], tmp_path: Path) -> Iterator[Audited]:
    url, story = seeded
    folder = tmp_path / "checkpoints"
    settings = Settings(mode=Mode.DEMO, origin=ORIGIN, data_dir=tmp_path, checkpoints_dir=folder, database_url=url)
    with TestClient(
        create_app(replace(settings)),
        base_url=ORIGIN,
        headers={"origin": ORIGIN},
        client=("127.0.0.1", 50_000),
        follow_redirects=False,
    ) as client:
        yield Audited(client, story, url, folder)


@pytest.mark.parametrize("key", ["ruiz", "emily", "falk"])
def test_who_may_not_audit_finds_nothing_there_and_leaves_a_row(audited: Audited, key: str) -> None:
    audited.become(key)

    answers = [
        audited.client.get("/audit"),
        *(audited.client.post(path) for path in ("/audit", "/audit/verify", "/audit/export")),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert "/audit" not in audited.client.get("/panel").text
    person = audited.seeded.people[key].person_id
    rows = audited.rows(f"select outcome from journal where actor = '{person}' and event = 'audit.open'")
    assert [row["outcome"] for row in rows] == ["refused"] * 4


def test_a_search_tells_who_did_what_and_nothing_that_was_written(audited: Audited) -> None:
    audited.become("adeyemi")
    ruiz = audited.seeded.people["ruiz"].person_id

    lines = audited.found(patient=audited.plan, person=ruiz, action="command")
    whole = audited.client.post("/audit", data={"patient": audited.plan}).text

    assert lines
    assert all("Dr. Elena Ruiz" in line and "changed" in line and "WHITFIELD, Mary" in line for line in lines)
    for words in ("furosemide", "lisinopril", "mg", "church", "breath"):
        assert words not in whole.split("audit-found", 1)[1].split("</table>")[0].lower(), words


def test_each_search_is_a_row_that_the_next_one_finds(audited: Audited) -> None:
    audited.become("adeyemi")

    audited.found(patient=audited.plan, action="read")
    lines = audited.found(person=audited.seeded.people["adeyemi"].person_id, action="search")

    assert "audit.search" in lines[0]
    told = audited.rows("select told from journal where event = 'audit.search' order by seq desc limit 2")[1]["told"]
    assert msgspec.json.decode(told) == {"patient": audited.plan, "action": "read"}


def test_older_rows_follow_without_a_gap_or_a_repeat(audited: Audited) -> None:
    audited.become("adeyemi")
    count = audited.rows(f"select count(*) as n from journal where plan = '{audited.plan}'")[0]["n"]
    numbers: list[int] = []
    after = ""
    while True:
        answer = audited.client.post("/audit", data={"patient": audited.plan, "after": after}).text
        numbers += map(int, re.findall(r'class="audit-row">(\d+)<', answer))
        more = re.search(r'name="after" value="([^"]+)"', answer)
        if more is None:
            break
        after = more[1]

    assert numbers == list(range(count, 0, -1))


def test_saved_questions_answer(audited: Audited) -> None:
    audited.become("adeyemi")
    plan, stranger = audited.plan, audited.seeded.people["stein"].person_id
    audited.rows(
        f"update participant set removed = since + interval '1 second' where person = '{stranger}' returning 1"
    )

    for name in ("after-hours", "same-surname", "emergencies-without-review", "exports", "dormant-grants"):
        assert audited.client.post("/audit", data={"question": name}).status_code == 200
    assert audited.client.post("/audit", data={"question": "not-on-the-team"}).status_code == 200
    accounting = {"question": "accounting-of-disclosures"}
    assert audited.client.post("/audit", data=accounting).status_code == 422
    assert audited.client.post("/audit/export", data={**accounting, "format": "csv"}).status_code == 400
    assert audited.client.post("/audit", data={**accounting, "patient": plan}).status_code == 200


BAD = [
    {"action": "x"},
    {"since": "soon"},
    {"question": "x"},
    {"after": "x y z"},
    {"outcome": "x"},
    {"after": "2026 a 1"},
]


def test_a_person_and_a_patient_are_found_by_name_number_address_or_id(audited: Audited) -> None:
    audited.become("adeyemi")
    ruiz = audited.seeded.people["ruiz"]
    number = audited.seeded.plans["mary"].mrn.replace(" ", "")

    by_id = audited.found(person=ruiz.person_id, patient=audited.plan, action="command")

    for person, patient in (("elena RUIZ", "whitfield"), (ruiz.email.upper() or "ruiz", "mary whit"), ("ruiz", number)):
        assert audited.found(person=person, patient=patient, action="command") == by_id
    assert by_id
    row = audited.rows("select told from journal where event = 'audit.search' order by seq desc limit 1")[0]
    assert msgspec.json.decode(row["told"])["person"] == ruiz.person_id
    looked_up = audited.rows("select told from journal where event = 'audit.names' order by seq desc limit 1")[0]
    assert msgspec.json.decode(looked_up["told"]) == {"person": "ruiz", "patient": number}


def test_a_name_that_several_have_is_chosen_from_and_one_that_nobody_has_is_said(audited: Audited) -> None:
    audited.become("adeyemi")
    ruiz = audited.seeded.people["ruiz"].person_id

    several = audited.client.post("/audit", data={"person": "dr.", "patient": "nobody has it"})
    chosen = {"person": "dr.", "person_told": "dr.", "person_id": ruiz, "patient": audited.plan, "action": "command"}

    assert several.status_code == 422
    assert "Several match. Choose one." in several.text
    assert f'type="radio" name="person_id" value="{ruiz}"' in several.text
    assert "Nobody has this name, number or id." in several.text
    assert 'value="nobody has it"' in several.text
    assert 'id="found"' not in several.text
    assert audited.found(**chosen) == audited.found(person=ruiz, patient=audited.plan, action="command")
    again = audited.client.post("/audit", data={**chosen, "person": "Nobody else"})
    assert again.status_code == 422, "another text in the field is another person"


def test_who_stands_behind_the_first_thousand_is_found(audited: Audited) -> None:
    audited.become("adeyemi")
    audited.damage(
        "insert into person (id, name, search_key, role)"
        " select 'x' || n, 'Aa ' || n, 'aa ' || n, 'specialist' from generate_series(1, 1200) n;"
        " insert into patient (id, organisation, family, given, search_key)"
        " select 'x' || n, organisation.id, 'Aa', 'N' || n, 'n aa' from generate_series(1, 700) n, organisation;"
        " insert into plan (id, organisation, subject) select id, organisation, id from patient where id like 'x%'"
    )
    try:
        lines = audited.found(person="Elena Ruiz", patient="Whitfield", action="command")
        many = audited.client.post("/audit", data={"person": "aa"}).text
    finally:
        audited.damage(
            "delete from person where id like 'x%'; delete from plan where id like 'x%';"
            " delete from patient where id like 'x%'"
        )

    assert lines
    assert "More than 20 match" in many
    assert many.count('name="person_id"') == 20


@pytest.mark.parametrize("question", ["not-on-the-team", "after-hours", "same-surname", "emergencies-without-review"])
def test_what_a_saved_question_finds_is_exported_as_the_page_shows_it(audited: Audited, question: str) -> None:
    audited.become("adeyemi")
    shown = audited.found(question=question)

    for form in ("csv", "ndjson"):
        files = audited.exported(question=question, format=form)
        (name,) = (each for each in files if each.endswith(f".{form}"))
        assert len(files[name].splitlines()) - (form == "csv") == len(shown)
        assert f"{name}.sig" in files


def test_dormant_grants_are_exported_and_no_event_of_fhir(audited: Audited) -> None:
    audited.become("adeyemi")
    audited.damage(f"update participant set since = now() - interval '200 days' where plan = '{audited.plan}'")
    asked = {"question": "dormant-grants"}

    shown = audited.found(**asked)
    (table,) = (content for name, content in audited.exported(**asked, format="csv").items() if name.endswith(".csv"))
    (lines,) = (
        content for name, content in audited.exported(**asked, format="ndjson").items() if name.endswith("ndjson")
    )

    assert shown
    assert len(table.splitlines()) - 1 == len(lines.splitlines()) == len(shown)
    grants = [msgspec.json.decode(line) for line in lines.splitlines()]
    assert {grant["patient"] for grant in grants} == {"WHITFIELD, Mary"}
    assert all(grant["who"] in "".join(shown) for grant in grants)
    assert audited.client.post("/audit/export", data={**asked, "format": "fhir"}).status_code == 400
    assert audited.client.post("/audit", data=asked).text.count('name="format" value="fhir"') == 0


@pytest.mark.parametrize("asked", BAD)
def test_what_is_no_question_is_refused(audited: Audited, asked: dict[str, str]) -> None:
    audited.become("adeyemi")

    assert audited.client.post("/audit", data=asked).status_code == 400


def test_an_export_is_signed_so_that_openssl_alone_can_check_it(audited: Audited, tmp_path: Path) -> None:
    audited.become("adeyemi")

    files = audited.exported(format="csv", patient=audited.plan)

    (name,) = (each for each in files if each.endswith(".csv"))
    for each, content in files.items():
        (tmp_path / each).write_bytes(content)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pub.pem", "-rawin", "-in", name, "-sigfile"]
    good = subprocess.run([*command, f"{name}.sig"], cwd=tmp_path, capture_output=True, text=True, check=False)
    (tmp_path / name).write_bytes(files[name].replace(b"success", b"refused", 1))
    bad = subprocess.run([*command, f"{name}.sig"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verified Successfully" in good.stdout
    assert good.returncode == 0
    assert bad.returncode != 0
    assert name in files["HOW-TO-CHECK.txt"].decode()
    assert b"mg" not in files[name]


def test_an_export_is_a_row_of_the_hub_and_of_the_plan_it_is_about(audited: Audited) -> None:
    audited.become("adeyemi")

    audited.exported(format="ndjson", patient=audited.plan)

    rows = audited.rows("select plan from journal where event = 'audit.export.ndjson' order by recorded desc limit 2")
    assert {row["plan"] for row in rows} == {HUB, audited.plan}


def test_every_row_as_fhir_is_an_audit_event_that_an_r4_parser_takes(audited: Audited) -> None:
    audited.become("adeyemi")

    files = audited.exported(format="fhir")

    (content,) = (content for name, content in files.items() if name.endswith(".fhir.ndjson"))
    lines = content.splitlines()
    assert len(lines) > 50
    problems = {str(issue) for line in lines for issue in fhirkit.validate(line.decode())}
    assert problems == set()
    profiles = {profile for line in lines for profile in msgspec.json.decode(line).get("meta", {}).get("profile", [])}
    assert {profile.rpartition(".")[2] for profile in profiles} >= {"PatientRead", "PatientUpdate", "Query"}


def test_when_a_search_can_not_be_recorded_nothing_is_found(audited: Audited) -> None:
    audited.become("adeyemi")
    audited.rows("create function full_() returns trigger language plpgsql as $$ begin raise disk_full; end $$")
    audited.rows("create trigger full_ before insert on journal for each statement execute function full_()")
    try:
        answers = [
            audited.client.get("/audit"),
            audited.client.post("/audit", data={"patient": audited.plan}),
            audited.client.post("/audit/export", data={"patient": audited.plan, "format": "csv"}),
        ]
    finally:
        audited.rows("drop trigger full_ on journal")

    assert [answer.status_code for answer in answers] == [503] * 3
    assert all("WHITFIELD" not in answer.text for answer in answers)


def test_the_button_verifies_a_journal_and_says_what_it_found(audited: Audited) -> None:
    audited.become("adeyemi")

    assert "True: " in audited.client.post("/audit/verify", data={"patient": audited.plan}).text
    assert "True: " in audited.client.post("/audit/verify", data={}).text
    audited.damage(f"update journal set actor = 'eve' where plan = '{audited.plan}' and seq = 9")
    broken = audited.client.post("/audit/verify", data={"patient": audited.plan})

    assert "Not true" in broken.text
    assert "row 9: changed row" in broken.text
    assert audited.rows("select 1 from journal where event = 'audit.verify' and outcome = 'failed'")
