"""A panel of hundreds: pages that leave nobody out in silence, names that are two people's, and what narrows it."""

import pytest

from hub.directory.names import search_key, sort_key
from web.views.banner import Banner
from web.views.medicines import Allergies, AllergyStatus
from web.views.panel import PAGE_ROWS, Order, PanelAsked, PanelView, PatientRow, panel_asked, panel_view


def a_row(
    number: int, name: str, *, born: str = "1956-05-14", order: Order = Order.QUIET, **more: object
) -> PatientRow:
    allergies = Allergies(AllergyStatus.NOT_RECORDED, ())
    banner = Banner(name, "", "", born, "70y", "Female", f"129 728 {number:04}", allergies, "", "", "")
    return PatientRow(
        plan_id=str(number), banner=banner, order=order, worst=None, more=0, mine=None, mine_more=0, news=None,
        news_count=0, last=None, last_by="", seq=1, name_key=search_key(name), sort_key=sort_key(name),
        searched=search_key(f"{name} 129 728 {number:04} 129728{number:04} {born}"), born=born,
    )  # fmt: skip


def names(view: PanelView) -> list[str]:
    return [row.banner.name for group in view.groups for row in group.rows]


HUNDREDS = [a_row(number, f"Patient {number:03}", order=Order(number % 5)) for number in range(500)]


def test_every_patient_stands_on_exactly_one_page_and_each_page_says_which_of_how_many() -> None:
    pages = [panel_view(HUNDREDS, PanelAsked(page=page)) for page in range(1, 11)]

    assert sorted(name for page in pages for name in names(page)) == sorted(row.banner.name for row in HUNDREDS)
    assert pages[1].words == "51 to 100 of 500 patients"
    assert pages[0].groups[0].total == 100
    assert len(names(pages[0])) == PAGE_ROWS
    assert panel_view(HUNDREDS, PanelAsked(page=99)).asked.page == 10


def test_the_worst_come_first_and_nobody_with_nothing_new_before_them() -> None:
    view = panel_view(HUNDREDS, PanelAsked())

    assert [group.words for group in view.groups] == ["Danger now"]
    assert view.groups[0].total == 100


def test_two_of_one_name_are_marked_also_where_the_other_one_is_on_another_page() -> None:
    rows = [a_row(900, "WHITFIELD, Mary"), *HUNDREDS, a_row(901, "Whitfield, Máry", born="1972-11-03")]

    found = panel_view(rows, PanelAsked(text="900"))
    both = panel_view(rows, PanelAsked(text="whitfield mary"))

    assert [row.same_name for group in found.groups for row in group.rows] == [True]
    assert names(both) == ["WHITFIELD, Mary", "Whitfield, Máry"]
    assert not any(row.same_name for group in panel_view(HUNDREDS, PanelAsked()).groups for row in group.rows)


@pytest.mark.parametrize("typed", ["alvarez", "ÁLV", "129-728-0900", "1297280900", "1956-05"])
def test_a_patient_is_found_by_any_part_of_the_name_the_number_with_or_without_dashes_and_the_birth_date(
    typed: str,
) -> None:
    rows = [a_row(900, "ÁLVAREZ, Núria"), a_row(901, "Zimmer, Al", born="1960-01-01")]

    assert names(panel_view(rows, PanelAsked(text=typed))) == ["ÁLVAREZ, Núria"]


def test_names_sort_where_readers_look_for_them() -> None:
    rows = [a_row(n, name) for n, name in enumerate(["Zimmer", "Álvarez", "Özil", "Abel", "O’Brien", "Obst"])]

    assert names(panel_view(rows, PanelAsked(sort="name"))) == ["Abel", "Álvarez", "O’Brien", "Obst", "Özil", "Zimmer"]


def test_what_an_address_can_t_mean_is_not_asked() -> None:
    asked = panel_asked({"page": "-3", "only": "nobody", "sort": "1; drop", "q": "  x " + "y" * 200})

    assert (asked.page, asked.only, asked.sort, len(asked.text)) == (1, "", "", 100)
    assert panel_asked({"page": "2", "only": "late"}).address(sort="name") == "/panel?only=late&sort=name"
