create table submission (
    digest bytea not null,
    taken timestamptz default clock_timestamp() not null,
    way_on text collate "C" default '' not null,
    constraint submission_pkey primary key (digest),
    constraint submission_digest check (length(digest) = 32)
);

create index submission_taken on submission (taken);

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update, delete on submission to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on submission to careplan_backup;
    end if;
end
$$;
