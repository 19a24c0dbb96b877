create table saved_view (
    person text collate "C" not null,
    name text collate "C" not null,
    asked text collate "C" not null,
    begins boolean default false not null,
    made timestamptz default clock_timestamp() not null,
    constraint saved_view_pkey primary key (person, name),
    constraint saved_view_person foreign key (person) references person (id),
    constraint saved_view_named check (name <> ''),
    constraint saved_view_asked check (asked <> '')
);


create unique index saved_view_begins on saved_view (person) where begins;


do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update, delete on saved_view to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on saved_view to careplan_backup;
    end if;
end
$$;
