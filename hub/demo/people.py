"""The invented people: a clinic's team, the patients and their families. Who has which part is said by the plans."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from auth.roles import Role
from hub.store.people import Person

Cast: TypeAlias = Mapping[str, Person]
"""Everyone by a short key, as in ``mary``."""


@dataclass(frozen=True, slots=True)
class _Part:
    key: str
    name: str
    role: Role
    profession: str = ""
    phone: str = ""
    locale: str = "en"


_PARTS: Final = (
    _Part("ruiz", "Dr. Elena Ruiz", Role.PRIMARY_CARE, "family medicine", "555-0101"),
    _Part("lee", "Dr. Michael Lee", Role.SPECIALIST, "cardiology", "555-0102"),
    _Part("nair", "Dr. Priya Nair", Role.SPECIALIST, "nephrology", "555-0103"),
    _Part("okafor", "Dr. Samuel Okafor", Role.SPECIALIST, "pulmonology", "555-0104"),
    _Part("cole", "Dr. Hannah Cole", Role.SPECIALIST, "obstetrics", "555-0105"),
    _Part("kim", "Grace Kim, RN", Role.CARE_MANAGER, "nurse care manager", "555-0100"),
    _Part("becker", "Tom Becker, PharmD", Role.PHARMACIST, "pharmacist", "555-0106"),
    _Part("torres", "Ana Torres, LCSW", Role.SOCIAL_WORKER, "social worker", "555-0107"),
    _Part("stein", "Dr. Leah Stein", Role.BEHAVIORAL_HEALTH, "psychologist", "555-0108"),
    _Part("adeyemi", "Ruth Adeyemi", Role.AUDITOR, "privacy officer", "555-0109"),
    _Part("patel", "Noor Patel", Role.REGISTRAR, "front desk", "555-0111"),
    _Part("falk", "Jonas Falk", Role.ADMIN, "administrator", "555-0110"),
    _Part("mary", "Mary Whitfield", Role.PATIENT, "", "555-0121"),
    _Part("emily", "Emily Hart", Role.FAMILY, "daughter", "555-0122"),
    _Part("rosa", "Rosa Delgado", Role.PATIENT, "", "555-0131", "es"),
    _Part("carmen", "Carmen Delgado", Role.FAMILY, "daughter", "555-0132", "es"),
    _Part("walter", "Walter Novak", Role.PATIENT, "", "555-0141"),
    _Part("joyce", "Joyce Bennett", Role.PATIENT, "", "555-0151"),
    _Part("marcus", "Marcus Bennett", Role.FAMILY, "son", "555-0152"),
    _Part("harold", "Harold Jensen", Role.PATIENT, "", "555-0161"),
    _Part("ingrid", "Ingrid Jensen", Role.FAMILY, "wife", "555-0162"),
    _Part("kayla", "Kayla Morris", Role.PATIENT, "", "555-0171"),
    _Part("aisha", "Aisha Rahman", Role.PATIENT, "", "555-0181"),
    _Part("omar", "Omar Rahman", Role.FAMILY, "husband", "555-0182"),
)


def cast(new_id: Callable[[], str]) -> Cast:
    """Return everyone with a new id each."""
    return {
        part.key: Person(
            person_id=new_id(),
            name=part.name,
            role=part.role,
            profession=part.profession,
            email=f"{part.key}@demo.example",
            phone=part.phone,
            locale=part.locale,
            may_audit=part.role is Role.AUDITOR,
            may_administer=part.role is Role.ADMIN,
        )
        for part in _PARTS
    }
