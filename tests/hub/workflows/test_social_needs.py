"""Whether a social need was met: said by those who look after it, or by the end of its referral, never by typing."""

import pytest

from crdt.sections import Section
from hub.workflows.social_needs import UNDER_WAY, SocialNeedRecordMet
from tests.hub.workflows.plans import Bench

NEEDS = Section.SOCIAL_NEEDS


def a_need(bench: Bench) -> str:
    return bench.put(NEEDS, domain="transport", finding="no way to dialysis", wants_help="yes")


def test_the_social_worker_records_that_a_need_was_met_and_may_think_again(bench: Bench) -> None:
    need = a_need(bench)

    for answer in ("partly", "yes", "no"):
        bench.perform(bench.social, SocialNeedRecordMet(entry=need, need_met=answer))
        assert bench.value(NEEDS, need, "need_met") == answer


def test_what_is_no_answer_and_who_only_reads_change_nothing(bench: Bench) -> None:
    need = a_need(bench)

    assert bench.refused(bench.social, SocialNeedRecordMet(entry=need, need_met="maybe")).field == "need_met"
    for person in (bench.doctor, bench.pharmacist, bench.patient, bench.daughter, bench.specialist):
        assert bench.refused(person, SocialNeedRecordMet(entry=need, need_met="yes"))
    assert bench.value(NEEDS, need, "need_met") is None


@pytest.mark.parametrize(("state", "refused"), [("accepted", True), ("requested", True), ("closed", False)])
def test_with_a_referral_under_way_its_end_says_it(bench: Bench, state: str, refused: bool) -> None:
    need = a_need(bench)
    bench.put(Section.REFERRALS, kind="community", question="Who drives?", need=need, state=state)
    command = SocialNeedRecordMet(entry=need, need_met="yes")

    if refused:
        assert bench.refused(bench.social, command).reason == UNDER_WAY
    else:
        bench.perform(bench.nurse, command)
        assert bench.value(NEEDS, need, "need_met") == "yes"
