"""Ingredients, their classes and daily maxima: small, own tables. Adults only.

Sources, all public: the classes are the established pharmacologic classes (EPC) named in section 11 and 12 of each
drug's label at DailyMed (National Library of Medicine); a daily maximum is the one of section 2 (dosage and
administration) of the label of a common product with that ingredient, by mouth, for adults; brand names are those of
the labels. Nothing here comes from a licensed compilation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Ingredient:
    """``groups``: its classes, the narrow one first. ``daily_mg_max``: 0 where this table says none."""

    name: str
    groups: tuple[str, ...] = ()
    daily_mg_max: float = 0


def _all(*rows: tuple[str, str, float]) -> Mapping[str, Ingredient]:
    return MappingProxyType({name: Ingredient(name, tuple(groups.split()), most) for name, groups, most in rows})


INGREDIENTS: Final = _all(
    ("acetaminophen", "analgesic", 4000), ("aspirin", "salicylate nsaid antiplatelet", 4000),
    ("ibuprofen", "nsaid", 3200), ("naproxen", "nsaid", 1500), ("diclofenac", "nsaid", 225),
    ("celecoxib", "nsaid", 0),
    ("meloxicam", "nsaid", 15), ("ketorolac", "nsaid", 40), ("indomethacin", "nsaid", 200),
    ("oxycodone", "opioid", 0), ("hydrocodone", "opioid", 0), ("morphine", "opioid", 0), ("tramadol", "opioid", 400),
    ("codeine", "opioid", 360), ("fentanyl", "opioid", 0), ("hydromorphone", "opioid", 0), ("methadone", "opioid", 0),
    ("clonazepam", "benzodiazepine", 20), ("lorazepam", "benzodiazepine", 10), ("diazepam", "benzodiazepine", 40),
    ("alprazolam", "benzodiazepine", 10), ("temazepam", "benzodiazepine", 30),
    ("lisinopril", "ace_inhibitor", 80), ("enalapril", "ace_inhibitor", 40), ("ramipril", "ace_inhibitor", 20),
    ("benazepril", "ace_inhibitor", 80), ("captopril", "ace_inhibitor", 450),
    ("losartan", "arb", 100), ("valsartan", "arb", 320), ("irbesartan", "arb", 300), ("candesartan", "arb", 32),
    ("sacubitril", "neprilysin_inhibitor", 0),
    ("metoprolol", "beta_blocker", 450), ("carvedilol", "beta_blocker", 100), ("atenolol", "beta_blocker", 200),
    ("bisoprolol", "beta_blocker", 20), ("propranolol", "beta_blocker", 640),
    ("atorvastatin", "statin", 80), ("rosuvastatin", "statin", 40), ("simvastatin", "statin", 80),
    ("pravastatin", "statin", 80), ("lovastatin", "statin", 80),
    ("clopidogrel", "p2y12_inhibitor antiplatelet", 0), ("ticagrelor", "p2y12_inhibitor antiplatelet", 0),
    ("prasugrel", "p2y12_inhibitor antiplatelet", 0),
    ("warfarin", "anticoagulant", 0), ("apixaban", "anticoagulant", 20), ("rivaroxaban", "anticoagulant", 30),
    ("dabigatran", "anticoagulant", 300),
    ("furosemide", "loop_diuretic", 600), ("bumetanide", "loop_diuretic", 10), ("torsemide", "loop_diuretic", 200),
    ("spironolactone", "potassium_sparing", 400), ("hydrochlorothiazide", "thiazide", 0),
    ("amlodipine", "calcium_channel_blocker", 10), ("diltiazem", "calcium_channel_blocker", 540),
    ("metformin", "biguanide", 2550), ("glipizide", "sulfonylurea", 40), ("glimepiride", "sulfonylurea", 8),
    ("empagliflozin", "sglt2_inhibitor", 25), ("dapagliflozin", "sglt2_inhibitor", 10),
    ("omeprazole", "ppi", 0), ("pantoprazole", "ppi", 0), ("esomeprazole", "ppi", 0),
    ("sertraline", "ssri", 200), ("citalopram", "ssri", 40), ("escitalopram", "ssri", 20), ("fluoxetine", "ssri", 80),
    ("amoxicillin", "penicillin beta_lactam", 0), ("ampicillin", "penicillin beta_lactam", 0),
    ("penicillin", "penicillin beta_lactam", 0), ("cephalexin", "cephalosporin beta_lactam", 4000),
    ("cefuroxime", "cephalosporin beta_lactam", 1000),
    ("sulfamethoxazole", "sulfonamide_antibiotic", 0), ("trimethoprim", "", 0),
    ("lithium", "", 0), ("quetiapine", "antipsychotic", 800), ("donepezil", "cholinesterase_inhibitor", 23),
    ("gabapentin", "gabapentinoid", 3600), ("pregabalin", "gabapentinoid", 600),
    ("diphenhydramine", "antihistamine", 300), ("tiotropium", "", 0), ("albuterol", "", 0), ("prednisone", "", 0),
)  # fmt: skip

BRANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tylenol": "acetaminophen", "paracetamol": "acetaminophen", "percocet": "oxycodone acetaminophen",
        "oxycontin": "oxycodone", "vicodin": "hydrocodone acetaminophen", "advil": "ibuprofen", "motrin": "ibuprofen",
        "aleve": "naproxen", "celebrex": "celecoxib", "klonopin": "clonazepam", "ativan": "lorazepam",
        "xanax": "alprazolam", "valium": "diazepam", "zestril": "lisinopril", "lipitor": "atorvastatin",
        "crestor": "rosuvastatin", "zocor": "simvastatin", "plavix": "clopidogrel", "brilinta": "ticagrelor",
        "eliquis": "apixaban", "xarelto": "rivaroxaban", "coumadin": "warfarin", "lasix": "furosemide",
        "lopressor": "metoprolol", "toprol": "metoprolol", "entresto": "sacubitril valsartan",
        "jardiance": "empagliflozin", "glucophage": "metformin", "zoloft": "sertraline", "augmentin": "amoxicillin",
        "bactrim": "sulfamethoxazole trimethoprim", "seroquel": "quetiapine", "benadryl": "diphenhydramine",
    }
)  # fmt: skip
"""Brand name or other name -> ingredients."""

ONE_OF_A_CLASS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "nsaid": "NSAIDs", "benzodiazepine": "benzodiazepines", "ace_inhibitor": "ACE inhibitors", "arb": "ARBs",
        "beta_blocker": "beta blockers", "statin": "statins", "p2y12_inhibitor": "P2Y12 inhibitors",
        "anticoagulant": "anticoagulants", "loop_diuretic": "loop diuretics", "ppi": "proton pump inhibitors",
        "ssri": "SSRIs", "sulfonylurea": "sulfonylureas", "sglt2_inhibitor": "SGLT2 inhibitors",
        "gabapentinoid": "gabapentinoids",
    }
)  # fmt: skip
"""Classes of which one is enough, with their names in sentences. Two opioids (long and short acting) and aspirin
beside another antiplatelet are common practice, so those are not here."""

ALLERGY_GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "penicillin": "penicillin", "penicillins": "penicillin", "beta-lactam": "beta_lactam",
        "sulfa": "sulfonamide_antibiotic",
        "sulfonamide": "sulfonamide_antibiotic", "sulfonamides": "sulfonamide_antibiotic", "nsaid": "nsaid",
        "nsaids": "nsaid", "opioid": "opioid", "opioids": "opioid", "statin": "statin", "statins": "statin",
        "ace inhibitor": "ace_inhibitor", "ace inhibitors": "ace_inhibitor", "cephalosporin": "cephalosporin",
        "cephalosporins": "cephalosporin",
    }
)  # fmt: skip
"""What an allergy may name instead of an ingredient -> the class it means."""

CROSS_REACTING: Final = frozenset({"penicillin", "cephalosporin", "beta_lactam", "nsaid", "opioid", "ace_inhibitor",
    "sulfonamide_antibiotic", "statin"})  # fmt: skip
"""Classes in which an allergy to one member is a reason to ask before another is given."""
