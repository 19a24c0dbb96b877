create table machine (
    id text collate "C" not null,
    name text collate "C" not null,
    purpose text collate "C" not null,
    organisation text collate "C" not null,
    scope text[] collate "C" default '{}' not null,
    token_hash bytea not null,
    requests_a_minute integer default 1200 not null,
    made_by text collate "C" not null,
    made timestamptz default clock_timestamp() not null,
    ends timestamptz not null,
    revoked timestamptz,
    used timestamptz,
    constraint machine_pkey primary key (id),
    constraint machine_organisation foreign key(organisation) references organisation (id),
    constraint machine_made_by foreign key(made_by) references person (id),
    constraint machine_named check (name <> ''),
    constraint machine_token_hash check (length(token_hash) = 32),
    constraint machine_ends check (ends > made),
    constraint machine_token_hash_unique unique (token_hash)
);

create table scim_account (
    person text collate "C" not null,
    organisation text collate "C" not null,
    user_name text collate "C" not null,
    attributes jsonb not null,
    admitted boolean default false not null,
    created timestamptz default clock_timestamp() not null,
    changed timestamptz default clock_timestamp() not null,
    gone timestamptz,
    constraint scim_account_pkey primary key (person),
    constraint scim_account_person foreign key(person) references person (id),
    constraint scim_account_organisation foreign key(organisation) references organisation (id)
);

create unique index scim_account_user_name on scim_account (organisation, lower(user_name)) where gone is null;

create table scim_group (
    id text collate "C" not null,
    organisation text collate "C" not null,
    attributes jsonb not null,
    role text collate "C" default '' not null,
    created timestamptz default clock_timestamp() not null,
    changed timestamptz default clock_timestamp() not null,
    constraint scim_group_pkey primary key (id),
    constraint scim_group_organisation foreign key(organisation) references organisation (id),
    constraint scim_group_role check (role in ('', 'primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'registrar'))
);

create table absence (
    id text collate "C" not null,
    person text collate "C" not null,
    stand_in text collate "C" not null,
    begins timestamptz not null,
    ends timestamptz not null,
    made_by text collate "C" not null,
    made timestamptz default clock_timestamp() not null,
    constraint absence_pkey primary key (id),
    constraint absence_person foreign key(person) references person (id),
    constraint absence_stand_in foreign key(stand_in) references person (id),
    constraint absence_made_by foreign key(made_by) references person (id),
    constraint absence_ends check (ends > begins),
    constraint absence_other check (stand_in <> person)
);

create index absence_of on absence (person, ends);

create index absence_by on absence (stand_in, ends);

create table transfer (
    id text collate "C" not null,
    plan text collate "C" not null,
    steward text collate "C" not null,
    organisation text collate "C" not null,
    offered_by text collate "C" not null,
    reason text collate "C" not null,
    offered timestamptz default clock_timestamp() not null,
    answered timestamptz,
    accepted boolean,
    answer text collate "C" default '' not null,
    constraint transfer_pkey primary key (id),
    constraint transfer_plan foreign key(plan) references plan (id),
    constraint transfer_steward foreign key(steward) references person (id),
    constraint transfer_organisation foreign key(organisation) references organisation (id),
    constraint transfer_offered_by foreign key(offered_by) references person (id),
    constraint transfer_reason check (reason <> ''),
    constraint transfer_answered check ((answered is null) = (accepted is null))
);

create unique index transfer_open on transfer (plan) where answered is null;

alter table patient add column moved text collate "C" default '' not null;

alter table patient add column same_as text collate "C" constraint patient_same_as references patient (id);

alter table plan add column archived timestamptz;

alter table plan add constraint plan_archived check (archived is null or closed is not null);

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update on machine, scim_account, scim_group, absence, transfer to careplan_app;
        grant delete on scim_group to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_auditor') then
        grant select on machine, scim_account, scim_group, absence, transfer to careplan_auditor;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on machine, scim_account, scim_group, absence, transfer to careplan_backup;
    end if;
end
$$;
