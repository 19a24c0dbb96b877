"""One rule on one chart: which medicines, allergies, problems and values it finds together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import product as choices

from hub.safety.allergens import Allergen, AllergyKind, classes_of, read_allergy
from hub.safety.charts import Chart, ChartProblem, Product
from hub.safety.conditions import Value, keys_of, newest, with_kidneys
from hub.safety.names import Ingredient, ProductForm
from hub.safety.rules import (
    AgeClause,
    AllergyClause,
    Clause,
    LabClause,
    ManyClause,
    MedicineClause,
    ProblemClause,
    Rule,
    SexClause,
    SpecialClause,
)

_UNCOUNTED = frozenset({"vitamin", "supplement", "cation", "antacid", "nitrate"})
"""Classes of which one ingredient in two products is usual."""
_UNCOUNTED_NAMES = frozenset({"caffeine", "menthol", "camphor", "sodium chloride", "simethicone", "naloxone"})


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule found: the products of each place in its sentence, and what else it rests on."""

    slots: tuple[tuple[Product, ...], ...]
    problems: tuple[ChartProblem, ...] = ()
    labs: tuple[Value, ...] = ()
    allergens: tuple[Allergen, ...] = ()
    told: dict[str, str] = field(default_factory=dict)

    @property
    def products(self) -> tuple[Product, ...]:
        """Every product once, in the order of the sentence."""
        return tuple(dict.fromkeys(each for slot in self.slots for each in slot))


@dataclass(frozen=True)
class Seen:
    """A chart read once for all rules."""

    chart: Chart
    today: date

    @cached_property
    def products(self) -> tuple[Product, ...]:
        """The medicines as understood."""
        return tuple(Product(line) for line in self.chart.medicines)

    @cached_property
    def problems(self) -> tuple[tuple[ChartProblem, frozenset[str]], ...]:
        """Each problem with what it is in the table."""
        return tuple((line, keys_of(line)) for line in self.chart.problems)

    @cached_property
    def _newest(self) -> tuple[dict[str, Value], list[tuple[str, str, str]]]:
        found, unread = newest(self.chart.labs, self.today)
        return found, [*unread, *with_kidneys(found, self.chart.age, self.chart.sex)]

    @property
    def labs(self) -> dict[str, Value]:
        """The newest value of each measure."""
        return self._newest[0]

    @property
    def labs_unread(self) -> list[tuple[str, str, str]]:
        """What could not be read of the values: (measure, what, why)."""
        return self._newest[1]

    @cached_property
    def allergens(self) -> tuple[Allergen, ...]:
        """The allergies as understood."""
        return tuple(read_allergy(line) for line in self.chart.allergies)


def matches(rule: Rule, seen: Seen) -> Iterator[Match]:
    """Yield what the rule finds, one match for all that belong together."""
    first = rule.clauses[0]
    if isinstance(first, SpecialClause):
        yield from _special(first, seen)
        return
    if not all(_of_person(clause, seen) for clause in rule.clauses):
        return
    if isinstance(first, ManyClause):
        yield from _many(first, seen)
    elif isinstance(first, AllergyClause):
        yield from _allergies(first, rule.clauses[1], seen)
    else:
        yield from _together(rule.clauses, seen)


def _of_person(clause: Clause, seen: Seen) -> bool:
    match clause:
        case AgeClause(bound=bound):
            return bound.holds(seen.chart.age)
        case SexClause(sex=sex):
            return seen.chart.sex == sex
        case LabClause(bound=bound):
            value = seen.labs.get(bound.what)
            return value is not None and bound.holds(round(value.value, 6))
        case ProblemClause(keys=keys):
            return any(keys & held for _, held in seen.problems)
        case _:
            return True


def _fitting(clause: MedicineClause, seen: Seen) -> list[tuple[Product, Ingredient]]:
    return [
        (each, ingredient)
        for each in seen.products
        for ingredient in each.ingredients
        if clause.selector.of(ingredient)
        and _in_form(each, any_form=clause.any_form, local_only=clause.local_only)
        and all(_within(each, ingredient, bound) for bound in clause.bounds)
    ]


def _in_form(product: Product, *, any_form: bool = False, local_only: bool = False) -> bool:
    local = product.form is ProductForm.LOCAL
    return local if local_only else (any_form or not local)


def _within(product: Product, ingredient: Ingredient, bound: object) -> bool:
    what = getattr(bound, "what", "")
    holds = getattr(bound, "holds", None)
    assert callable(holds), "a bound says whether it holds"
    if what == "days":
        return bool(holds(product.directions.days_a_week))
    if what == "single":
        single = product.directions.single
        return bool(holds(max(single) if single else None))
    daily = product.daily_mg(ingredient.name)
    if daily is None and getattr(bound, "op", "").startswith(">"):
        daily = product.single_mg(ingredient.name)  # It is at least that much on a day on which it is taken.
    return bool(holds(daily))


def _together(clauses: Sequence[Clause], seen: Seen) -> Iterator[Match]:
    """All combinations of different ingredients that fit, gathered into one match; never of one product alone."""
    wanted = [clause for clause in clauses if isinstance(clause, MedicineClause)]
    slots: list[dict[Product, str]] = [{} for _ in wanted]
    for chosen in choices(*(_fitting(clause, seen) for clause in wanted)):
        products = {each.line.entry for each, _ in chosen}
        ingredients = {ingredient.name for _, ingredient in chosen}
        if len(products) < min(2, len(wanted)) or len(ingredients) < len(wanted):
            continue
        for slot, (each, ingredient) in zip(slots, chosen, strict=True):
            slot[each] = ingredient.name
    if not all(slots):
        return
    apart = _apart([list(slot) for slot in slots])
    inside = {
        letter: " and ".join(dict.fromkeys(slot.values()))
        for letter, slot, own in zip("abc", slots, apart, strict=False)
        if not own  # Its product stands in the sentence already, for another ingredient.
    }
    keys = frozenset(key for clause in clauses if isinstance(clause, ProblemClause) for key in clause.keys)
    yield Match(
        apart,
        tuple(line for line, held in seen.problems if held & keys),
        tuple(seen.labs[clause.bound.what] for clause in clauses if isinstance(clause, LabClause)),
        told=inside,
    )


def _apart(slots: list[list[Product]]) -> tuple[tuple[Product, ...], ...]:
    """Return the slots with each product in one of them, so that a sentence names it once."""
    taken: set[Product] = set()
    made: list[tuple[Product, ...]] = []
    for place, slot in enumerate(slots):
        mine = [each for each in slot if each not in taken]
        later = slots[place + 1 :]
        while len(mine) > 1 and any(set(other) <= set(mine) | taken for other in later):
            mine.pop()
        taken.update(mine)
        made.append(tuple(mine))
    return tuple(made)


def _many(clause: ManyClause, seen: Seen) -> Iterator[Match]:
    having = [
        each
        for each in seen.products
        if _in_form(each, any_form=clause.any_form)
        and any(clause.selector.of(one) for one in each.ingredients)
        and not (clause.without_low_aspirin and _low_aspirin(each))
        and not (clause.without_as_needed and (each.directions.when_needed or "sublingual" in each.line.route))
    ]
    found = {one.name for each in having for one in each.ingredients if clause.selector.of(one)}
    if len(having) >= clause.count and len(found) >= clause.count:
        yield Match((tuple(having),))


def _low_aspirin(product: Product) -> bool:
    daily = product.daily_mg("aspirin")
    return any(each.name == "aspirin" for each in product.ingredients) and (daily is None or daily <= 325)


def _special(clause: SpecialClause, seen: Seen) -> Iterator[Match]:
    match clause:
        case SpecialClause.SAME | SpecialClause.SAME_ANTICOAGULANT:
            yield from _same(seen, anticoagulants=clause is SpecialClause.SAME_ANTICOAGULANT)
        case SpecialClause.ABOVE_MOST:
            yield from _above_most(seen)
        case SpecialClause.SAME_ALLERGY:
            yield from _same_allergy(seen, AllergyKind.ALLERGY)
        case SpecialClause.SAME_INTOLERANCE:
            yield from _same_allergy(seen, AllergyKind.INTOLERANCE)
        case SpecialClause.CONTRADICTION:
            yield from _contradiction(seen)


def _ingredients(seen: Seen) -> Iterable[Ingredient]:
    return dict.fromkeys(one for each in seen.products for one in each.ingredients)


def _same(seen: Seen, *, anticoagulants: bool) -> Iterator[Match]:
    for ingredient in _ingredients(seen):
        if ingredient.classes & _UNCOUNTED or ingredient.name in _UNCOUNTED_NAMES:
            continue
        if anticoagulants and "anticoagulant" not in ingredient.classes:
            continue
        having = [
            each for each in seen.products if ingredient in each.ingredients and each.form is not ProductForm.LOCAL
        ]
        if len(having) > 1:
            yield Match((tuple(having),), told={"ingredient": ingredient.name})


def _above_most(seen: Seen) -> Iterator[Match]:
    for ingredient in _ingredients(seen):
        most = ingredient.daily_mg_max
        if most is None:
            continue
        daily = [(each, amount) for each in seen.products if (amount := _on_a_day(each, ingredient.name, most))]
        total = sum(amount for _, amount in daily)
        if total > most * (1 + 1e-9):
            told = {"ingredient": ingredient.name, "daily": f"{total:,.10g}", "most": f"{most:,.10g}"}
            yield Match((tuple(each for each, _ in daily),), told=told)


def _on_a_day(product: Product, ingredient: str, most: float) -> float | None:
    """Return what of the ingredient counts towards its most in a day; ``None`` for what can't be said.

    What a label says of a day is not meant for one dose a week. Where it is not said how often, one dose that is above
    the most is enough.
    """
    if product.form is not ProductForm.SYSTEMIC or (product.directions.days_a_week or 7) <= 1:
        return None
    daily, single = product.daily_mg(ingredient), product.single_mg(ingredient)
    return daily if daily is not None else single if single is not None and single > most else None


def _same_allergy(seen: Seen, kind: AllergyKind) -> Iterator[Match]:
    for allergen in seen.allergens:
        if allergen.kind is not kind or allergen.cough:
            continue
        for each in seen.products:
            if allergen.names & {one.name for one in each.ingredients}:
                yield Match(((each,),), allergens=(allergen,))
    if kind is AllergyKind.INTOLERANCE:
        for allergen in (each for each in seen.allergens if each.kind is kind and each.cough):
            for each in seen.products:
                names = {one.name for one in each.ingredients if "ace_inhibitor" not in one.classes}
                if allergen.names & names:
                    yield Match(((each,),), allergens=(allergen,))


def _allergies(clause: AllergyClause, other: Clause, seen: Seen) -> Iterator[Match]:
    assert isinstance(other, MedicineClause), "an allergy stands against a medicine"
    tolerated = frozenset(name for each in seen.allergens if each.kind is AllergyKind.TOLERATES for name in each.names)
    for allergen in seen.allergens:
        if not _reacted(allergen, clause.reaction) or not _is_about(allergen, clause):
            continue
        for each in seen.products:
            names = {one.name for one in each.ingredients}
            if allergen.names & names and not allergen.cough:
                continue  # The very ingredient is another rule's.
            if not _in_form(each, any_form=True, local_only=other.local_only):
                continue
            if any(other.selector.of(one) and one.name not in tolerated for one in each.ingredients):
                yield Match(((each,),), allergens=(allergen,))


def _is_about(allergen: Allergen, clause: AllergyClause) -> bool:
    selector = clause.selector
    if selector.names & (allergen.names | allergen.classes) or selector.classes & allergen.classes:
        return True
    own = classes_of(allergen)
    return bool(selector.classes & own) and not (allergen.names and allergen.names <= selector.without)


def _reacted(allergen: Allergen, reaction: str) -> bool:
    if reaction == "cough":
        return allergen.cough
    if allergen.kind is not AllergyKind.ALLERGY:
        return False
    states = {
        "severe": allergen.severe, "anaphylaxis": allergen.anaphylaxis, "swelling": allergen.swelling, "": True,
    }  # fmt: skip
    return not states[reaction.removeprefix("not ")] if reaction.startswith("not ") else states[reaction]


def _contradiction(seen: Seen) -> Iterator[Match]:
    none = next((each for each in seen.allergens if each.kind is AllergyKind.NONE_KNOWN), None)
    food = none is not None and any(word in none.line.name.lower() for word in ("food", "environment", "latex"))
    real = [
        each for each in seen.allergens if each.kind is AllergyKind.ALLERGY and (each.names or each.classes - {"other"})
    ]
    if none is not None and real and not food:
        yield Match((), allergens=(none, *real), told={"none": none.line.name})
