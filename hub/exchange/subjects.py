"""Whom a plan is for, as its resources name them: from the directory's rows."""

from hub.fhir.people import Subject
from hub.store.engine import Engine
from hub.store.organisations import Organisation, Organisations
from hub.store.patients import Patients, RegisteredPatient
from hub.store.plans import Plans


async def subject_of(engine: Engine, plan_id: str) -> Subject | None:
    """Return whom the plan is for, ``None`` where there is no such plan."""
    plan = await Plans(engine).get(plan_id)
    patient = await Patients(engine).get(plan.patient_id) if plan is not None else None
    if plan is None or patient is None:
        return None
    home = await Organisations(engine).get(plan.organisation) if plan.organisation else None
    return subject(patient, home)


def subject(patient: RegisteredPatient, home: Organisation | None) -> Subject:
    """Return a registered patient as the resources of a plan at home in this organisation name them."""
    return Subject(
        patient_id=patient.patient_id,
        family=patient.family,
        given=patient.given,
        born=str(patient.born),
        gender=patient.gender,
        numbers=tuple((each.system, each.value) for each in patient.numbers),
        language=patient.language,
        phone=patient.phone,
        person=patient.person or "",
        organisation_id=home.organisation_id if home is not None else "",
        organisation=home.name if home is not None else "",
    )
