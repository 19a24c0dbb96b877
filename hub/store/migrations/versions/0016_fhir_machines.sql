alter table machine add column role text collate "C" default '' not null;

alter table machine add column keys jsonb;

alter table machine alter column token_hash drop not null;

alter table machine add constraint machine_credential check (token_hash is not null or keys is not null);

create table machine_access (
    token_hash bytea not null,
    machine text collate "C" not null,
    scope text[] collate "C" not null,
    made timestamptz default clock_timestamp() not null,
    ends timestamptz not null,
    constraint machine_access_pkey primary key (token_hash),
    constraint machine_access_machine foreign key(machine) references machine (id),
    constraint machine_access_token_hash check (length(token_hash) = 32)
);

create table machine_assertion (
    machine text collate "C" not null,
    jti_hash bytea not null,
    ends timestamptz not null,
    constraint machine_assertion_pkey primary key (machine, jti_hash),
    constraint machine_assertion_machine foreign key(machine) references machine (id)
);

create index entry_key on entry (key);

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, delete on machine_access, machine_assertion to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_auditor') then
        grant select on machine_access, machine_assertion to careplan_auditor;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on machine_access, machine_assertion to careplan_backup;
    end if;
end
$$;
