create table ehr (
    id text collate "C" not null,
    name text collate "C" not null,
    issuer text collate "C" not null,
    client_id text collate "C" not null,
    made_by text collate "C" not null,
    made timestamptz default clock_timestamp() not null,
    ended timestamptz,
    constraint ehr_pkey primary key (id),
    constraint ehr_made_by foreign key(made_by) references person (id),
    constraint ehr_named check (name <> '')
);

create unique index ehr_issuer on ehr (issuer) where ended is null;

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update on ehr to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_auditor') then
        grant select on ehr to careplan_auditor;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on ehr to careplan_backup;
    end if;
end
$$;
