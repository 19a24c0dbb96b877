"""A plan as FHIR R4 and back: pure, no I/O. The declarations of the sections say what stands where, once."""
