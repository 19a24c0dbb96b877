alter table fhir_source add column lacking text collate "C" default '' not null;
