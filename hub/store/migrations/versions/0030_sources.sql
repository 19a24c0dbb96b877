create table fhir_server (
    id text collate "C" not null,
    name text collate "C" not null,
    base text collate "C" not null,
    client_id text collate "C" not null,
    made_by text collate "C" not null,
    made timestamptz default clock_timestamp() not null,
    ended timestamptz,
    constraint fhir_server_pkey primary key (id),
    constraint fhir_server_made_by foreign key(made_by) references person (id),
    constraint fhir_server_named check (name <> '')
);

create table fhir_source (
    id text collate "C" not null,
    plan text collate "C" not null,
    server text collate "C" not null,
    patient text collate "C" not null,
    hours integer not null,
    made_by text collate "C" not null,
    made timestamptz default clock_timestamp() not null,
    due timestamptz not null,
    ended timestamptz,
    since timestamptz,
    came timestamptz,
    brought integer default 0 not null,
    failed timestamptz,
    fault text collate "C" default '' not null,
    constraint fhir_source_pkey primary key (id),
    constraint fhir_source_plan foreign key(plan) references plan (id),
    constraint fhir_source_server foreign key(server) references fhir_server (id),
    constraint fhir_source_made_by foreign key(made_by) references person (id),
    constraint fhir_source_hours check (hours > 0),
    constraint fhir_source_fault check ((failed is null) = (fault = ''))
);

create index fhir_source_plan_index on fhir_source (plan);

create index fhir_source_due on fhir_source (due) where ended is null;

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update on fhir_server, fhir_source to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_auditor') then
        grant select on fhir_server, fhir_source to careplan_auditor;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on fhir_server, fhir_source to careplan_backup;
    end if;
end
$$;
