alter table invitation add column may_change boolean default true not null;

alter table invitation add column agreed_by text collate "C" default '' not null;

alter table invitation add column agreed_how text collate "C" default 'page' not null;

alter table invitation add column text_version text collate "C" default '' not null;

alter table invitation add constraint invitation_agreed_how check (agreed_how in ('page', 'in person', 'telephone', 'written'));

create table notification (
    person text collate "C" not null,
    plan text collate "C" not null,
    seq bigint not null,
    made timestamptz default clock_timestamp() not null,
    seen timestamptz,
    constraint notification_pkey primary key (person, plan, seq),
    constraint notification_person foreign key(person) references person (id),
    constraint notification_plan foreign key(plan) references plan (id)
);

create index notification_unseen on notification (person) where seen is null;

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update on notification to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on notification to careplan_backup;
    end if;
end
$$;
