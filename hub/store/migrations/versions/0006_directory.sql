create table organisation (
    id text collate "C" not null,
    name text collate "C" not null,
    address text collate "C" default '' not null,
    phone text collate "C" default '' not null,
    phone_after_hours text collate "C" default '' not null,
    time_zone text collate "C" default 'UTC' not null,
    language text collate "C" default 'en' not null,
    emergency_number text collate "C" default '911' not null,
    opening jsonb default '[]' not null,
    holidays jsonb default '[]' not null,
    number_system text collate "C" not null,
    created timestamptz default clock_timestamp() not null,
    constraint organisation_pkey primary key (id),
    constraint organisation_named check (name <> ''),
    constraint organisation_number_system_unique unique (number_system)
);

insert into organisation (id, name, number_system)
select id, 'Our organisation', 'urn:uuid:' || id from (select gen_random_uuid()::text as id) as made;

create table patient (
    id text collate "C" not null,
    organisation text collate "C" not null,
    family text collate "C" not null,
    given text collate "C" default '' not null,
    born text collate "C" default '' not null,
    gender text collate "C" default 'unknown' not null,
    gender_words text collate "C" default '' not null,
    called text collate "C" default '' not null,
    language text collate "C" default 'en' not null,
    interpreter boolean default false not null,
    phone text collate "C" default '' not null,
    address text collate "C" default '' not null,
    person text collate "C",
    deceased text collate "C" default '' not null,
    created timestamptz default clock_timestamp() not null,
    sort_key text collate "C" default '' not null,
    search_key text collate "C" default '' not null,
    sounds text[] collate "C" default '{}' not null,
    constraint patient_pkey primary key (id),
    constraint patient_organisation foreign key(organisation) references organisation (id),
    constraint patient_person foreign key(person) references person (id),
    constraint patient_named check (family <> ''),
    constraint patient_gender check (gender in ('female', 'male', 'other', 'unknown')),
    constraint patient_born check (born ~ '^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?$'),
    constraint patient_person_unique unique (person)
);

create table identifier (
    system text collate "C" not null,
    key text collate "C" not null,
    value text collate "C" not null,
    patient text collate "C" not null,
    constraint identifier_pkey primary key (system, key),
    constraint identifier_patient foreign key(patient) references patient (id),
    constraint identifier_key check (key <> '')
);

create index identifier_of on identifier (patient);

create index identifier_key on identifier (key);

alter table plan add column organisation text collate "C" constraint plan_organisation references organisation (id);

alter table plan add column subject text collate "C" constraint plan_subject references patient (id);

alter table plan add column closed timestamptz;

create temporary table whose on commit drop as
select id as plan, first_value(id) over (partition by coalesce(patient, id) order by created, id) as subject from plan;

insert into patient (id, organisation, family, given, born, gender, language, phone, person, created)
select plan.id, organisation.id, case when family <> '' then family when given <> '' then given else '?' end,
       case when family <> '' then given else '' end, to_char(born, 'YYYY-MM-DD'), gender,
       plan.language, plan.phone, plan.patient, plan.created
  from plan join whose on whose.plan = plan.id and whose.subject = plan.id cross join organisation;

insert into identifier (system, key, value, patient)
select number_system, case when number = 1 then plain else plain || '-' || number end, mrn, subject
  from (select organisation.number_system, plain, mrn, numbers.subject,
               row_number() over (partition by plain order by numbers.created, numbers.id) as number
          from (select plan.id, plan.created, plan.mrn, whose.subject, upper(regexp_replace(mrn, '[^[:alnum:]]', '', 'g')) as plain
                  from plan join whose on whose.plan = plan.id) as numbers
         cross join organisation
         where plain <> '') as numbered;

alter table plan disable trigger user;

update plan set organisation = organisation.id, subject = whose.subject from organisation, whose where whose.plan = plan.id;

alter table plan enable trigger user;

alter table plan alter column organisation set not null;

alter table plan alter column subject set not null;

drop index plan_mrn;

drop index plan_patient;

alter table plan drop column family, drop column given, drop column born, drop column gender, drop column mrn,
    drop column language, drop column phone, drop column patient;

create index plan_subject_index on plan (subject);

alter table person add column organisation text collate "C" constraint person_organisation references organisation (id);

alter table person add column sort_key text collate "C" default '' not null;

alter table person add column search_key text collate "C" default '' not null;

alter table person add column sounds text[] collate "C" default '{}' not null;

alter table person disable trigger grant_changes;

update person set organisation = organisation.id from organisation where role not in ('patient', 'family');

alter table person enable trigger grant_changes;

create function count_subject() returns trigger language plpgsql as $$
begin
    update plan set grant_version = grant_version + 1 where subject = new.id;
    return null;
end
$$;

create trigger grant_changes after update of person on patient
    for each row when (old.person is distinct from new.person) execute function count_subject();

create function count_closing() returns trigger language plpgsql as $$
begin
    new.grant_version = old.grant_version + 1;
    return new;
end
$$;

create trigger grant_changes before update of closed on plan
    for each row when ((old.closed is null) is distinct from (new.closed is null)) execute function count_closing();

alter table person drop constraint person_role;

alter table person add constraint person_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin', 'registrar'));

alter table participant drop constraint participant_role;

alter table participant add constraint participant_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin', 'registrar'));

alter table invitation drop constraint invitation_role;

alter table invitation add constraint invitation_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin', 'registrar'));

alter table break_glass drop constraint break_glass_role;

alter table break_glass add constraint break_glass_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin', 'registrar'));

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update on organisation, patient, identifier to careplan_app;
        grant delete on identifier to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_auditor') then
        grant select on organisation, patient, identifier to careplan_auditor;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on organisation, patient, identifier to careplan_backup;
    end if;
end
$$;
