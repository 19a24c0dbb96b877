"""All rules on one page for review by a pharmacist, made from the tables so that page and product can't differ."""

from collections.abc import Iterator
from typing import Final

from hub.safety.findings import SUPPORTS
from hub.safety.names import INGREDIENTS, PHRASES, RXCUIS
from hub.safety.rules import FAMILY_DOES, FAMILY_DOES_ES, FILES, RULES, VERSION, WRITTEN, Rule

_TITLES: Final = {
    "rules_interactions.txt": "Medicines that harm together",
    "rules_problems.txt": "A medicine with a problem",
    "rules_labs.txt": "A medicine with a measured value",
    "rules_allergies.txt": "A medicine with an allergy",
    "rules_duplicates.txt": "The same twice, and too much in a day",
    "rules_ages.txt": "A medicine at an age",
}


def page() -> str:
    """Return the page in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from (
        "# Clinical rules",
        "",
        f"{SUPPORTS} Every line is to be reviewed by a pharmacist before a clinic relies on it.",
        "",
        f"This page is made from the tables in `hub/safety/tables` by `careplan-hub rules` (version {VERSION}): "
        f"{len(RULES)} rules, {len(INGREDIENTS)} ingredients, {len(PHRASES):,} names, {len(RXCUIS)} RxNorm ingredient "
        f"codes. The lines were written down on {WRITTEN} from what is public: labels at DailyMed (the number is the "
        "label's section), FDA safety communications, the ONC high-priority list of 2012, KDIGO.",
        "",
        "How to read a match: `@` names a class, a comma is *or*, a minus takes out, `+` is *together with*. In "
        "brackets stands what else must hold: `dose` in mg a day, `days` a week, `any` also for eye drops, gels and "
        "sprays. What could not be understood is told as *not checked*; silence means that it was checked.",
    )
    for table in FILES:
        yield from ("", f"## {_TITLES[table]}", "")
        yield "| rule | severity | match | for clinicians | for the family | source |"
        yield "|---|---|---|---|---|---|"
        yield from (_row(rule) for rule in RULES.values() if rule.table == table)
    yield from ("", "## The most in a day", "", "By mouth, adults; the sum over all products counts.", "")
    yield "| ingredient | mg |"
    yield "|---|---|"
    yield from (f"| {each.name} | {each.daily_mg_max:,g} |" for each in INGREDIENTS.values() if each.daily_mg_max)


def _row(rule: Rule) -> str:
    covers = f" (covers {', '.join(sorted(rule.covers))})" if rule.covers else ""
    family = f"{rule.family} *{FAMILY_DOES[rule.act]}* / {rule.family_es} *{FAMILY_DOES_ES[rule.act]}*"
    return f"| `{rule.id}`{covers} | {rule.severity} | `{rule.match}` | {rule.text} | {family} | {rule.source} |"
