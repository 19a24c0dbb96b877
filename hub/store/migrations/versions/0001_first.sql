-- The first schema. Statements end with a semicolon before an empty line. Never edited once released.

create table attempt (
    purpose text collate "C" not null,
    address_hash bytea not null,
    tried timestamptz not null
);

create index attempt_address on attempt (purpose, address_hash, tried);

create table checkpoint (
    seq bigint not null,
    root bytea not null,
    note text collate "C" not null,
    made timestamptz default clock_timestamp() not null,
    constraint checkpoint_pkey primary key (seq),
    constraint checkpoint_root check (length(root) = 32)
);

create table head (
    plan text collate "C" not null,
    seq bigint default 0 not null,
    hash bytea default decode(repeat('00', 32), 'hex') not null,
    constraint head_pkey primary key (plan),
    constraint head_seq check (seq >= 0),
    constraint head_hash check (length(hash) = 32)
) with (fillfactor = 50);

create table journal (
    plan text collate "C" not null,
    seq bigint not null,
    recorded timestamptz not null,
    actor text collate "C" not null,
    on_behalf_of text collate "C" not null,
    role text collate "C" not null,
    session text collate "C" not null,
    action text collate "C" not null,
    section text collate "C" not null,
    entry text collate "C" not null,
    field text collate "C" not null,
    event text collate "C" not null,
    purpose text collate "C" not null,
    policy text collate "C" not null,
    outcome text collate "C" not null,
    reason text collate "C" not null,
    update bytea,
    told json,
    prev_hash bytea not null,
    hash bytea not null,
    constraint journal_pkey primary key (plan, seq),
    constraint journal_seq check (seq > 0),
    constraint journal_action check (action <> ''),
    constraint journal_outcome check (outcome in ('success', 'refused', 'failed')),
    constraint journal_hash check (length(prev_hash) = 32 and length(hash) = 32)
);

create index journal_action on journal (action, recorded);

create index journal_actor on journal (actor, recorded);

create index journal_field on journal (plan, section, entry, field, seq) where section <> '';

create index journal_outcome on journal (outcome, recorded) where outcome <> 'success';

create index journal_plan_recorded on journal (plan, recorded);

create table person (
    id text collate "C" not null,
    name text collate "C" not null,
    profession text collate "C" default '' not null,
    role text collate "C" not null,
    email text collate "C" default '' not null,
    phone text collate "C" default '' not null,
    locale text collate "C" default 'en' not null,
    issuer text collate "C",
    subject text collate "C",
    may_audit boolean default false not null,
    may_administer boolean default false not null,
    active boolean default true not null,
    created timestamptz default clock_timestamp() not null,
    constraint person_pkey primary key (id),
    constraint person_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin')),
    constraint person_named check (name <> ''),
    constraint person_issuer_with_subject check ((issuer is null) = (subject is null)),
    constraint person_issuer_subject_unique unique (issuer, subject)
);

create index person_email on person (lower(email));

create table snapshot (
    plan text collate "C" not null,
    section text collate "C" not null,
    seq bigint not null,
    state bytea not null,
    clients jsonb not null,
    made timestamptz default clock_timestamp() not null,
    constraint snapshot_pkey primary key (plan, section),
    constraint snapshot_section check (section in ('about_me', 'care_team', 'conditions', 'goals', 'medications', 'tasks', 'referrals', 'monitoring', 'transitions', 'social_needs', 'caregiver_log', 'huddles', 'advance_care', 'behavioral_health', 'staff_notes'))
);

create table ticket (
    token_hash bytea not null,
    purpose text collate "C" not null,
    words jsonb not null,
    expires timestamptz not null,
    constraint ticket_pkey primary key (token_hash),
    constraint ticket_token_hash check (length(token_hash) = 32)
);

create index ticket_expires on ticket (expires);

create table passkey (
    credential bytea not null,
    person text collate "C" not null,
    public_key bytea not null,
    sign_count bigint default 0 not null,
    backed_up boolean default false not null,
    label text collate "C" default '' not null,
    made timestamptz default clock_timestamp() not null,
    used timestamptz,
    constraint passkey_pkey primary key (credential),
    constraint passkey_person foreign key(person) references person (id)
);

create index passkey_person on passkey (person);

create table plan (
    id text collate "C" not null,
    family text collate "C" not null,
    given text collate "C" not null,
    born date not null,
    gender text collate "C" default 'unknown' not null,
    mrn text collate "C" default '' not null,
    language text collate "C" default 'en' not null,
    phone text collate "C" default '' not null,
    steward text collate "C",
    patient text collate "C",
    created timestamptz default clock_timestamp() not null,
    grant_version bigint default 0 not null,
    constraint plan_pkey primary key (id),
    constraint plan_gender check (gender in ('female', 'male', 'other', 'unknown')),
    constraint plan_steward foreign key(steward) references person (id),
    constraint plan_patient foreign key(patient) references person (id)
);

create unique index plan_mrn on plan (mrn) where mrn <> '';

create index plan_patient on plan (patient);

create table session (
    id text collate "C" not null,
    person text collate "C" not null,
    token_hash bytea not null,
    idle text collate "C" not null,
    began timestamptz not null,
    active timestamptz not null,
    authenticated timestamptz not null,
    ended timestamptz,
    how text collate "C" default '' not null,
    provider_sid text collate "C" default '' not null,
    address_hash bytea,
    agent text collate "C" default '' not null,
    constraint session_pkey primary key (id),
    constraint session_idle check (idle in ('staff', 'family')),
    constraint session_token_hash check (length(token_hash) = 32),
    constraint session_active check (active >= began),
    constraint session_person foreign key(person) references person (id),
    constraint session_token_hash_unique unique (token_hash)
);

create index session_person on session (person, began);

create index session_provider_sid on session (provider_sid) where provider_sid <> '';

create table break_glass (
    plan text collate "C" not null,
    person text collate "C" not null,
    began timestamptz not null,
    role text collate "C" not null,
    profession text collate "C" default '' not null,
    reason text collate "C" not null,
    until timestamptz not null,
    verdict text collate "C" default 'pending' not null,
    reviewer text collate "C",
    reviewed timestamptz,
    review_words text collate "C" default '' not null,
    constraint break_glass_pkey primary key (plan, person, began),
    constraint break_glass_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin')),
    constraint break_glass_verdict check (verdict in ('pending', 'justified', 'unjustified')),
    constraint break_glass_reason check (reason <> ''),
    constraint break_glass_until check (until > began and until <= began + interval '60 minutes'),
    constraint break_glass_reviewed check ((verdict = 'pending') = (reviewer is null) and (reviewer is null) = (reviewed is null)),
    constraint break_glass_reviewed_by_another check (reviewer <> person),
    constraint break_glass_plan foreign key(plan) references plan (id),
    constraint break_glass_person foreign key(person) references person (id),
    constraint break_glass_reviewer foreign key(reviewer) references person (id)
);

create index break_glass_pending on break_glass (began) where verdict = 'pending';

create table consent (
    plan text collate "C" not null,
    person text collate "C" not null,
    section text collate "C" not null,
    recorded timestamptz not null,
    access text collate "C",
    ends timestamptz,
    agreed_by text collate "C" not null,
    recorded_by text collate "C" not null,
    how text collate "C" not null,
    text_version text collate "C" not null,
    constraint consent_pkey primary key (plan, person, section, recorded),
    constraint consent_section check (section in ('about_me', 'care_team', 'conditions', 'goals', 'medications', 'tasks', 'referrals', 'monitoring', 'transitions', 'social_needs', 'caregiver_log', 'huddles', 'advance_care', 'behavioral_health', 'staff_notes')),
    constraint consent_access check (access in ('none', 'read', 'granted')),
    constraint consent_how check (how in ('page', 'in person', 'telephone', 'written')),
    constraint consent_ends check (ends is null or access is not null),
    constraint consent_plan foreign key(plan) references plan (id),
    constraint consent_person foreign key(person) references person (id),
    constraint consent_recorded_by foreign key(recorded_by) references person (id)
);

create table invitation (
    id text collate "C" not null,
    plan text collate "C" not null,
    inviter text collate "C" not null,
    role text collate "C" not null,
    relation text collate "C" not null,
    sections text[] collate "C" not null,
    access_ends timestamptz,
    made timestamptz not null,
    secret_hash bytea not null,
    delivery text collate "C" not null,
    state text collate "C" not null,
    code_hash bytea,
    code_expires timestamptz,
    browser_hash bytea,
    codes_sent smallint not null,
    wrong_codes smallint not null,
    opened timestamptz,
    finished timestamptz,
    person text collate "C",
    name text collate "C" default '' not null,
    address text collate "C" default '' not null,
    locale text collate "C" default 'en' not null,
    constraint invitation_pkey primary key (id),
    constraint invitation_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin')),
    constraint invitation_delivery check (delivery in ('sent', 'spoken')),
    constraint invitation_state check (state in ('sent', 'opened', 'redeemed', 'expired', 'revoked', 'killed')),
    constraint invitation_secret_hash check (length(secret_hash) = 32),
    constraint invitation_wrong_codes check (wrong_codes between 0 and 5),
    constraint invitation_codes_sent check (codes_sent between 0 and 5),
    constraint invitation_redeemed check ((state = 'redeemed') = (person is not null)),
    constraint invitation_finished check ((state in ('redeemed', 'revoked', 'killed')) = (finished is not null)),
    constraint invitation_code_expires check ((code_hash is null) = (code_expires is null)),
    constraint invitation_plan foreign key(plan) references plan (id),
    constraint invitation_inviter foreign key(inviter) references person (id),
    constraint invitation_person foreign key(person) references person (id)
);

create index invitation_plan on invitation (plan, made);

create table looked (
    plan text collate "C" not null,
    person text collate "C" not null,
    section text collate "C" not null,
    seq bigint not null,
    looked timestamptz default clock_timestamp() not null,
    constraint looked_pkey primary key (plan, person, section),
    constraint looked_section check (section in ('about_me', 'care_team', 'conditions', 'goals', 'medications', 'tasks', 'referrals', 'monitoring', 'transitions', 'social_needs', 'caregiver_log', 'huddles', 'advance_care', 'behavioral_health', 'staff_notes')),
    constraint looked_plan foreign key(plan) references plan (id),
    constraint looked_person foreign key(person) references person (id)
);

create table participant (
    plan text collate "C" not null,
    person text collate "C" not null,
    role text collate "C" not null,
    since timestamptz default clock_timestamp() not null,
    ends timestamptz,
    removed timestamptz,
    sections text[] collate "C",
    relation text collate "C" default '' not null,
    added_by text collate "C",
    constraint participant_pkey primary key (plan, person),
    constraint participant_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin')),
    constraint participant_plan foreign key(plan) references plan (id),
    constraint participant_person foreign key(person) references person (id),
    constraint participant_added_by foreign key(added_by) references person (id)
);

create index participant_person on participant (person);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'table % is append-only: % refused', tg_table_name, lower(tg_op) using errcode = 'insufficient_privilege';
end
$$;

create trigger append_only before update or delete or truncate on journal
    for each statement execute function refuse_change();

create trigger append_only before update or delete or truncate on checkpoint
    for each statement execute function refuse_change();

create function refuse_step_back() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or new.plan <> old.plan or new.seq < old.seq then
        raise exception 'the head of a journal only moves forward' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create trigger only_forward before update or delete on head
    for each row execute function refuse_step_back();

create trigger never_emptied before truncate on head
    for each statement execute function refuse_change();

create function count_grant() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        update plan set grant_version = grant_version + 1 where id = old.plan;
    end if;
    if tg_op = 'INSERT' or (tg_op = 'UPDATE' and new.plan <> old.plan) then
        update plan set grant_version = grant_version + 1 where id = new.plan;
    end if;
    return null;
end
$$;

create trigger grant_changes after insert or update or delete on participant
    for each row execute function count_grant();

create trigger grant_changes after insert or update or delete on consent
    for each row execute function count_grant();

create trigger grant_changes after insert or update or delete on break_glass
    for each row execute function count_grant();

create function count_person() returns trigger language plpgsql as $$
begin
    update plan set grant_version = grant_version + 1
     where id in (select plan from participant where person = new.id union select plan from break_glass where person = new.id);
    return null;
end
$$;

create trigger grant_changes after update of name, profession, role, active on person
    for each row when (old is distinct from new) execute function count_person();

insert into head (plan) values ('00000000-0000-0000-0000-000000000000');

do $$
declare
    name text;
begin
    foreach name in array array['careplan_app', 'careplan_auditor', 'careplan_backup'] loop
        if not exists (select from pg_roles where rolname = name) then
            begin
                execute format('create role %I nologin', name);
            exception
                when insufficient_privilege then
                    raise notice 'role % can not be created here; its grants are left out', name;
                when duplicate_object or unique_violation then
                    null;
            end;
        end if;
    end loop;
    if exists (select from pg_roles where rolname = 'careplan_app') then
        execute format('grant usage on schema %I to careplan_app', current_schema());
        grant select, insert on journal, checkpoint, consent to careplan_app;
        grant select, insert, update on
            head, person, plan, participant, invitation, session, passkey, break_glass, looked, snapshot
            to careplan_app;
        grant delete on passkey, snapshot to careplan_app;
        grant select, insert, delete on ticket, attempt to careplan_app;
        grant select on alembic_version to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_auditor') then
        execute format('grant usage on schema %I to careplan_auditor', current_schema());
        grant select on journal, head, checkpoint, person, plan, participant, consent, break_glass to careplan_auditor;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        execute format('grant usage on schema %I to careplan_backup', current_schema());
        execute format('grant select on all tables in schema %I to careplan_backup', current_schema());
    end if;
end
$$;
