create table unit (
    id text collate "C" not null,
    organisation text collate "C" not null,
    name text collate "C" not null,
    created timestamptz default clock_timestamp() not null,
    ended timestamptz,
    constraint unit_pkey primary key (id),
    constraint unit_organisation foreign key(organisation) references organisation (id),
    constraint unit_named check (name <> '')
);

create table unit_member (
    unit text collate "C" not null,
    person text collate "C" not null,
    constraint unit_member_pkey primary key (unit, person),
    constraint unit_member_unit foreign key(unit) references unit (id),
    constraint unit_member_person foreign key(person) references person (id)
);

alter table plan add column template text collate "C" default '' not null;

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update on unit to careplan_app;
        grant select, insert, delete on unit_member to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_auditor') then
        grant select on unit, unit_member to careplan_auditor;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on unit, unit_member to careplan_backup;
    end if;
end
$$;
