"""A panel of hundreds: pages that leave nobody out in silence, names that are two people's, and what narrows it."""

from dataclasses import replace

import pytest

from hub.directory.names import search_key, sort_key
from web.views.banner import Banner
from web.views.medicines import Allergies, AllergyStatus
from web.views.next_lines import About
from web.views.panel import PAGE_ROWS, Order, PanelFacts, PanelView, PatientRow, panel_view
from web.views.panel_asking import REASONS, PanelAsked, asked_of, panel_asked


def a_row(
    number: int, name: str, *, born: str = "1956-05-14", order: Order = Order.QUIET, **more: object
) -> PatientRow:
    allergies = Allergies(AllergyStatus.NOT_RECORDED, ())
    banner = Banner(name, "", "", born, "70y", "Female", f"129 728 {number:04}", allergies, "", "", "")
    row = PatientRow(
        plan_id=str(number), banner=banner, order=order, worst=None, more=0, mine=None, mine_more=0, news=None,
        news_count=0, last=None, last_by="", seq=1, name_key=search_key(name), sort_key=sort_key(name),
        searched=search_key(f"{name} 129 728 {number:04} 129728{number:04} {born}"), born=born,
    )  # fmt: skip
    return replace(row, **more)  # type: ignore[arg-type]


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


WARD, CLINIC = ("w", "Ward 3"), ("c", "Álamo clinic")
FACTS = PanelFacts("me", {"me": (WARD,), "kim": (CLINIC,)}, {"h": ("Huddle 28-Nov", frozenset({"2", "4"}))})
FIVE = [
    a_row(1, "Abel", steward="me", steward_name="Me", reasons=frozenset({About.RED, About.TASK})),
    a_row(2, "Berg", steward="kim", steward_name="Kim", reasons=frozenset({About.RED}), for_me=True),
    a_row(3, "Cruz", steward="kim", steward_name="Kim", reasons=frozenset({About.TASK}), order=Order.LATE),
    a_row(4, "Diaz", reasons=frozenset({About.TASK}), order=Order.LATE),
    a_row(5, "Eden"),
]


def asked_for(**asked: object) -> list[str]:
    return sorted(names(panel_view(FIVE, PanelAsked(**asked), FACTS)))  # type: ignore[arg-type]


def test_filters_leave_who_fits_all_of_them_and_mine_are_those_i_answer_for_or_who_wait_on_me() -> None:
    assert asked_for(mine=True) == ["Abel", "Berg"]
    assert asked_for(reason="red") == ["Abel", "Berg"]
    assert asked_for(unit="c") == ["Berg", "Cruz"]
    assert asked_for(huddle="h") == ["Berg", "Diaz"]
    assert asked_for(only="mine") == ["Berg"]
    assert asked_for(huddle="h", reason="red", unit="c", mine=True) == ["Berg"]
    assert asked_for(huddle="h", reason="task", only="late") == ["Diaz"]


def test_beside_each_filter_stands_how_many_it_would_leave_with_all_the_others() -> None:
    view = panel_view(FIVE, PanelAsked(reason="task", unit="c"), FACTS)

    assert names(view) == ["Cruz"]
    assert view.whose == (1, 0)
    assert {value: many for value, _, many in view.reasons if many} == {"red": 1, "task": 1}
    assert view.units == (("c", "Álamo clinic", 1), ("w", "Ward 3", 1))
    assert [many for _, _, many in view.huddles] == [0]
    assert dict(view.narrowing) == {
        "Task": "/panel?unit=c", "Álamo clinic": "/panel?reason=task"
    }  # fmt: skip


def test_a_filter_of_what_is_over_says_so_and_finds_nobody() -> None:
    view = panel_view(FIVE, PanelAsked(huddle="ended", unit="gone"), FACTS)

    assert names(view) == []
    assert [words for words, _ in view.narrowing] == ["A unit that is no more", "A huddle that is over"]


def test_groups_by_unit_and_steward_stand_by_name_with_their_whole_number_and_those_without_one_last() -> None:
    hundreds = [a_row(100 + n, f"P{n:03}", steward="kim" if n % 2 else "me", steward_name="K") for n in range(120)]

    units = panel_view(FIVE, PanelAsked(group="unit"), FACTS).groups
    first = panel_view([*hundreds, *FIVE], PanelAsked(group="unit"), FACTS).groups

    assert [(group.words, group.total) for group in units] == [("Álamo clinic", 2), ("Ward 3", 1), ("In no unit", 2)]
    assert [row.banner.name for row in units[0].rows] == ["Cruz", "Berg"], "the worst first"
    assert [group.words for group in panel_view(FIVE, PanelAsked(group="steward"), FACTS).groups] == [
        "Kim", "Me", "Without a steward",
    ]  # fmt: skip
    assert [(group.words, group.total, len(group.rows)) for group in first] == [("Álamo clinic", 62, 50)]
    assert [group.words for group in panel_view(FIVE, PanelAsked(group="no"), FACTS).groups] == [""]


def test_an_address_says_all_that_is_asked_and_a_saved_view_asks_the_same() -> None:
    asked = PanelAsked("ó & b", mine=True, only="late", reason="red", unit="u", huddle="h", sort="name", group="no")

    assert asked_of(asked.query) == asked
    assert asked_of("all=yes") == PanelAsked()
    assert PanelAsked().address() == "/panel?all=yes"
    assert asked.address(page=3).endswith("&page=3")
    assert set(REASONS) == set(About)
