"""Medicines that must not be stopped suddenly: while something about one is open, the family keeps giving it and calls.

The classes are those whose US labels warn of harm after a sudden stop (clots in stents and strokes, rebound of blood
pressure and angina, seizures, withdrawal, adrenal crisis, loss of an organ or of control of HIV), and those that rescue
(nitroglycerin, the fast inhaler) or without which sugar derails (insulin). A pharmacist reviews the list with the
rules.
"""

from typing import Final

from hub.safety.names import read_name

MUST_GO_ON: Final = frozenset(
    {
        "antiplatelet", "anticoagulant", "beta_blocker", "alpha2_agonist", "antiarrhythmic", "nitrate", "antiepileptic",
        "insulin", "corticosteroid", "immunosuppressant", "hiv", "parkinson", "levodopa_group", "antidepressant",
        "antipsychotic", "lithium_group", "benzodiazepine", "barbiturate", "opioid", "short_beta_agonist",
    }
)  # fmt: skip
"""Classes of ``tables/ingredients.txt``."""


def must_go_on(name: str) -> bool:
    """Say whether a medicine of this name holds an ingredient that must not be stopped suddenly.

    A name that is not understood is not one: what is not known is asked about first.
    """
    return any(each.classes & MUST_GO_ON for each in read_name(name).ingredients)
