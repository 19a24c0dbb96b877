create table medicine_list (
    id text collate "C" not null,
    plan text collate "C" not null,
    kind text collate "C" not null,
    source text collate "C" not null,
    written text collate "C" default '' not null,
    person text collate "C" not null,
    arrival text collate "C" default '' not null,
    received timestamptz default clock_timestamp() not null,
    state text collate "C" not null,
    medicines jsonb not null,
    constraint medicine_list_pkey primary key (id),
    constraint medicine_list_plan foreign key(plan) references plan (id),
    constraint medicine_list_kind check (kind in ('hospital', 'pharmacy', 'home')),
    constraint medicine_list_state check (state in ('waiting', 'signed', 'removed'))
);

create index medicine_list_of_plan on medicine_list (plan, state);

create table line_decision (
    plan text collate "C" not null,
    line text collate "C" not null,
    decision jsonb not null,
    person text collate "C" not null,
    decided timestamptz not null,
    constraint line_decision_pkey primary key (plan, line),
    constraint line_decision_plan foreign key(plan) references plan (id)
);

create table list_signature (
    id text collate "C" not null,
    plan text collate "C" not null,
    person text collate "C" not null,
    signed timestamptz not null,
    sheet jsonb not null,
    constraint list_signature_pkey primary key (id),
    constraint list_signature_plan foreign key(plan) references plan (id)
);

create index list_signature_of_plan on list_signature (plan, signed);

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update on medicine_list to careplan_app;
        grant select, insert, delete on line_decision to careplan_app;
        grant select, insert on list_signature to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on medicine_list, line_decision, list_signature to careplan_backup;
    end if;
end
$$;
