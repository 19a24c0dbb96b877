create table arrival (
    id text collate "C" not null,
    plan text collate "C" not null,
    source text collate "C" not null,
    file text collate "C" not null,
    person text collate "C" not null,
    login text collate "C" not null,
    received timestamptz default clock_timestamp() not null,
    report jsonb not null,
    constraint arrival_pkey primary key (id),
    constraint arrival_plan foreign key(plan) references plan (id)
);

create index arrival_of_plan on arrival (plan, received);

create table arrival_line (
    id text collate "C" not null,
    arrival text collate "C" not null,
    plan text collate "C" not null,
    number bigint default 0 not null,
    section text collate "C" not null,
    entry text collate "C" not null,
    key text collate "C" not null,
    digest text collate "C" not null,
    is_new boolean default false not null,
    fields jsonb not null,
    original text collate "C" not null,
    state text collate "C" not null,
    decided timestamptz,
    decided_by text collate "C" default '' not null,
    reason text collate "C" default '' not null,
    constraint arrival_line_pkey primary key (id),
    constraint arrival_line_arrival foreign key(arrival) references arrival (id),
    constraint arrival_line_plan foreign key(plan) references plan (id),
    constraint arrival_line_state check (state in ('proposed', 'accepted', 'declined', 'replaced'))
);

create index arrival_line_of_plan on arrival_line (plan, state);

create unique index arrival_line_waiting on arrival_line (plan, key) where state = 'proposed';

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert on arrival to careplan_app;
        grant select, insert, update on arrival_line to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on arrival, arrival_line to careplan_backup;
    end if;
end
$$;
