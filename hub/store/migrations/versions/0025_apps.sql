create table app (
    id text collate "C" not null,
    name text collate "C" not null,
    redirects text[] collate "C" default '{}' not null,
    origins text[] collate "C" default '{}' not null,
    scope text[] collate "C" default '{}' not null,
    kept boolean default false not null,
    secret_hash bytea,
    made_by text collate "C" not null,
    made timestamptz default clock_timestamp() not null,
    ended timestamptz,
    constraint app_pkey primary key (id),
    constraint app_made_by foreign key(made_by) references person (id),
    constraint app_named check (name <> ''),
    constraint app_secret_hash check (length(secret_hash) = 32),
    constraint app_redirects check (redirects <> '{}')
);

create table app_request (
    id text collate "C" not null,
    app text collate "C" not null,
    asked jsonb not null,
    ends timestamptz not null,
    constraint app_request_pkey primary key (id),
    constraint app_request_app foreign key(app) references app (id)
);

create index app_request_ends on app_request (ends);

create table app_access (
    id text collate "C" not null,
    app text collate "C" not null,
    person text collate "C" not null,
    plan text collate "C",
    patient text collate "C",
    scope text[] collate "C" default '{}' not null,
    made timestamptz default clock_timestamp() not null,
    ends timestamptz not null,
    ended timestamptz,
    used timestamptz,
    constraint app_access_pkey primary key (id),
    constraint app_access_app foreign key(app) references app (id),
    constraint app_access_person foreign key(person) references person (id),
    constraint app_access_plan foreign key(plan) references plan (id),
    constraint app_access_patient foreign key(patient) references patient (id),
    constraint app_access_ends check (ends > made),
    constraint app_access_patient_of_plan check ((plan is null) = (patient is null))
);

create index app_access_by_person on app_access (person);

create index app_access_by_app on app_access (app);

create table app_code (
    code_hash bytea not null,
    access text collate "C" not null,
    redirect text collate "C" not null,
    challenge text collate "C" not null,
    ends timestamptz not null,
    used timestamptz,
    constraint app_code_pkey primary key (code_hash),
    constraint app_code_access foreign key(access) references app_access (id),
    constraint app_code_code_hash check (length(code_hash) = 32)
);

create table app_token (
    token_hash bytea not null,
    access text collate "C" not null,
    kind text collate "C" not null,
    scope text[] collate "C" default '{}' not null,
    made timestamptz default clock_timestamp() not null,
    ends timestamptz not null,
    used timestamptz,
    constraint app_token_pkey primary key (token_hash),
    constraint app_token_access foreign key(access) references app_access (id),
    constraint app_token_kind check (kind in ('access', 'renewal')),
    constraint app_token_token_hash check (length(token_hash) = 32)
);

create index app_token_by_access on app_token (access);

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update, delete on app, app_request, app_access, app_code, app_token to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_auditor') then
        grant select on app, app_access to careplan_auditor;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on app, app_request, app_access, app_code, app_token to careplan_backup;
    end if;
end
$$;
