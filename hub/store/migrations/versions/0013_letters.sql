create table letter (
    id text collate "C" not null,
    occasion text collate "C" not null,
    plan text collate "C" default '' not null,
    about text collate "C" default '' not null,
    sender text collate "C" default '' not null,
    sealed text collate "C" not null,
    made timestamptz default clock_timestamp() not null,
    expires timestamptz not null,
    unanswered bigint default 0 not null,
    outcome text collate "C" default 'waiting' not null,
    reason text collate "C" default '' not null,
    ended timestamptz,
    constraint letter_pkey primary key (id),
    constraint letter_occasion check (occasion in ('invitation', 'code', 'sign-in', 'huddle')),
    constraint letter_outcome check (outcome in ('waiting', 'sent', 'failed')),
    constraint letter_ended check ((outcome = 'waiting') = (ended is null) and (ended is null or sealed = ''))
);


create index letter_plan on letter (plan, made) where plan <> '';


create index letter_made on letter (made);


do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update, delete on letter to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on letter to careplan_backup;
    end if;
end
$$;
