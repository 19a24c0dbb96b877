"""The list of medicines of a C-CDA document: what is coded is read, and what is not is told with its narrative."""

import pytest

from hub.exchange.clinical_documents import (
    DOCUMENT_BYTES_MAX,
    ClinicalDocumentError,
    DocumentMedicines,
    document_medicines,
)

ROWS = (
    "<tr ID='m1'><td>Metoprolol 25 mg</td><td ID='s1'>Take 1 tablet twice daily</td></tr>"
    "<tr ID='m2'><td>Aspirin 81 mg</td><td>every day</td></tr>"
    "<tr><td>Fish oil, own supply</td><td>as before</td></tr>"
    "<tr ID='m4'><td>Warfarin 5 mg</td><td>stopped on 20-Nov</td></tr>"
)


def an_entry(
    name: str, row: str, *, status: str = "active", period: str = "", more: str = "", code: str = "866924"
) -> str:
    times = f"<effectiveTime xsi:type='PIVL_TS'><period {period}/></effectiveTime>" if period else ""
    drug = f"<code code='{code}' codeSystem='2.16.840.1.113883.6.88' displayName='{name}'/>" if name else "<code/>"
    return (
        f"<entry><substanceAdministration classCode='SBADM' moodCode='EVN'{more}>"
        f"<text><reference value='#{row}'/></text>"
        f"<statusCode code='{status}'/><effectiveTime xsi:type='IVL_TS'><low value='20261120'/></effectiveTime>{times}"
        "<routeCode displayName='ORAL'/><doseQuantity value='1' unit='{tablet}'/><consumable><manufacturedProduct>"
        f"<manufacturedMaterial>{drug}</manufacturedMaterial></manufacturedProduct></consumable>"
        "</substanceAdministration></entry>"
    )


def a_document(*entries: str, rows: str = ROWS, section: str = "10183-2", head: str = "") -> bytes:
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>{head}<ClinicalDocument xmlns='urn:hl7-org:v3' "
        "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><effectiveTime value='20261121120000-0500'/>"
        "<recordTarget><patientRole><patient><name><given>Mary</given><family>Whitfield</family></name>"
        "<birthTime value='19560514'/></patient></patientRole></recordTarget><custodian><assignedCustodian>"
        "<representedCustodianOrganization><name>Northside General</name></representedCustodianOrganization>"
        "</assignedCustodian></custodian><component><structuredBody><component><section>"
        f"<code code='{section}'/><title>Discharge medications</title><text><table><tbody>{rows}</tbody></table></text>"
        f"{''.join(entries)}</section></component></structuredBody></component></ClinicalDocument>"
    ).encode()


def read() -> DocumentMedicines:
    return document_medicines(
        a_document(
            an_entry("metoprolol succinate 25 MG", "s1", period="value='12' unit='h'"),
            an_entry("aspirin 81 MG", "m2", code="243670"),
            an_entry("", "m4"),
            an_entry("naproxen", "none", more=" negationInd='true'"),
        )
    )


def test_what_is_coded_is_read_with_dose_way_how_often_and_code() -> None:
    found = read()

    assert (found.source, found.written, found.person, found.born) == (
        "Northside General", "2026-11-21", "Mary Whitfield", "1956-05-14",
    )  # fmt: skip
    first, second = found.medicines
    assert (first.name, first.dose, first.route, first.frequency, first.rxcui) == (
        "metoprolol succinate 25 MG", "25 mg", "oral", "every 12 hours", "866924",
    )  # fmt: skip
    assert (second.frequency, second.original) == ("every day", "Aspirin 81 mg every day")


def test_every_entry_and_every_line_of_the_text_is_read_or_told_with_its_words() -> None:
    assert [(each.words, each.why) for each in read().unread] == [
        ("Warfarin 5 mg stopped on 20-Nov", "It names no product."),
        ("An entry without any words", "It says that something is not taken."),
        ("Fish oil, own supply as before", "It stands in the text alone."),
    ]


def test_what_was_stopped_is_stopped_and_what_has_ended_is_told() -> None:
    ended = an_entry("amoxicillin", "m1", status="completed").replace("<low", "<high value='20261122'/><low")
    first = an_entry("azithromycin", "m2").replace(
        "<consumable>",
        "<entryRelationship><substanceAdministration>"
        "<doseQuantity value='2'/></substanceAdministration></entryRelationship><consumable>",
    )
    found = document_medicines(a_document(an_entry("warfarin", "m4", status="aborted"), ended, first))

    assert [(each.name, each.stopped) for each in found.medicines] == [("warfarin", True)]
    why = {each.why for each in found.unread}
    assert {"It says that it was taken until 2026-11-22.", "It has several doses, one after another."} <= why


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (b"%PDF-1.7", "no XML"),
        (b"\xff\x00", "not UTF-8"),
        (a_document(head="<!DOCTYPE x [<!ENTITY a 'b'>]>"), "DTD"),
        (b"<Bundle/>", "no C-CDA"),
        (a_document(section="8716-3"), "no section with a list of medicines"),
        (b"<ClinicalDocument xmlns='urn:hl7-org:v3'>" + b"<a>" * 200 + b"</a>" * 200 + b"</ClinicalDocument>", "deep"),
        (b" " * (DOCUMENT_BYTES_MAX + 1), "at most 10 MB"),
    ],
)
def test_what_is_no_such_document_is_refused_in_words(document: bytes, told: str) -> None:
    with pytest.raises(ClinicalDocumentError, match=told):
        document_medicines(document)
