create table entry (
    plan text collate "C" not null,
    section text collate "C" not null,
    root text collate "C" not null,
    key text collate "C" not null,
    creator bigint not null,
    person text collate "C" not null,
    seq bigint not null,
    fields jsonb not null,
    search_key text collate "C" not null,
    constraint entry_pkey primary key (plan, section, root, key),
    constraint entry_section check (section in ('about_me', 'care_team', 'conditions', 'goals', 'medications', 'tasks', 'referrals', 'monitoring', 'transitions', 'social_needs', 'caregiver_log', 'huddles', 'advance_care', 'behavioral_health', 'staff_notes')),
    constraint entry_root check (root in ('entries', 'suggestions', 'comments'))
);


-- Of plans that are there already nothing stands in the table yet: it is filled when one is first read.
alter table head add column entries_kept boolean default false not null;


alter table head alter column entries_kept set default true;


do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update, delete on entry to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on entry to careplan_backup;
    end if;
end
$$;
