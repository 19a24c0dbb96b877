"""What leaves and comes as FHIR, with its rows: ``hub.fhir`` says what it means, this room what is done with it."""
