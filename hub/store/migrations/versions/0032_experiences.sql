create table experience (
    id text collate "C" not null,
    organisation text collate "C" not null,
    plan text collate "C" not null,
    person text collate "C" not null,
    answers jsonb not null,
    words text collate "C" default '' not null,
    made timestamptz not null,
    constraint experience_pkey primary key (id),
    constraint experience_organisation foreign key(organisation) references organisation (id),
    constraint experience_plan foreign key(plan) references plan (id),
    constraint experience_person foreign key(person) references person (id)
);

create index experience_of on experience (plan, person, made);

create index experience_made on experience (made);

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert on experience to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on experience to careplan_backup;
    end if;
end
$$;
