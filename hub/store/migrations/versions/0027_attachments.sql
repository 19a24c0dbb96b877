create table attachment (
    id text collate "C" not null,
    plan text collate "C" not null,
    person text collate "C" not null,
    entry text collate "C" default '' not null,
    kind text collate "C" not null,
    content bytea,
    digest bytea not null,
    made timestamptz default clock_timestamp() not null,
    named timestamptz,
    hidden timestamptz,
    erased timestamptz,
    constraint attachment_pkey primary key (id),
    constraint attachment_kind check (kind in ('picture', 'paper')),
    constraint attachment_content check (length(content) between 1 and 10485760),
    constraint attachment_digest check (length(digest) = 32),
    constraint attachment_erased check ((content is null) = (erased is not null)),
    constraint attachment_plan foreign key(plan) references plan (id),
    constraint attachment_person foreign key(person) references person (id)
);

alter table attachment alter column content set storage external;

create index attachment_sent on attachment (person, made);

create index attachment_of_entry on attachment (plan, entry);

create index attachment_unnamed on attachment (made) where named is null;

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update, delete on attachment to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on attachment to careplan_backup;
    end if;
end
$$;
