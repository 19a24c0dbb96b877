create table huddle (
    id text collate "C" not null,
    title text collate "C" not null,
    maker text collate "C" not null,
    made timestamptz not null,
    course text collate "C" not null,
    driver text collate "C",
    since timestamptz,
    started timestamptz,
    ended timestamptz,
    content_hash text collate "C" default '' not null,
    version bigint default 0 not null,
    constraint huddle_pkey primary key (id),
    constraint huddle_maker foreign key(maker) references person (id),
    constraint huddle_driver foreign key(driver) references person (id),
    constraint huddle_course check (course in ('planned', 'running', 'ended')),
    constraint huddle_titled check (title <> ''),
    constraint huddle_started check ((course = 'planned') = (started is null)),
    constraint huddle_ended check ((course = 'ended') = (ended is not null)),
    constraint huddle_driven check ((course = 'running') = (driver is not null)),
    constraint huddle_signed check (content_hash = '' or course = 'ended')
);

create index huddle_made on huddle (made);

create table huddle_item (
    huddle text collate "C" not null,
    plan text collate "C" not null,
    place integer not null,
    stand text collate "C" not null,
    before text collate "C" not null,
    seconds bigint default 0 not null,
    flagged boolean default false not null,
    added_by text collate "C" not null,
    constraint huddle_item_pkey primary key (huddle, plan),
    constraint huddle_item_huddle foreign key(huddle) references huddle (id),
    constraint huddle_item_plan foreign key(plan) references plan (id),
    constraint huddle_item_added_by foreign key(added_by) references person (id),
    constraint huddle_item_stand check (stand in ('waiting', 'current', 'done', 'parked', 'carried')),
    constraint huddle_item_before check (before in ('waiting', 'current', 'done', 'parked', 'carried')),
    constraint huddle_item_seconds check (seconds >= 0)
);

create unique index huddle_item_current on huddle_item (huddle) where stand = 'current';

create table huddle_attendee (
    huddle text collate "C" not null,
    person text collate "C" not null,
    joined timestamptz not null,
    signed timestamptz,
    constraint huddle_attendee_pkey primary key (huddle, person),
    constraint huddle_attendee_huddle foreign key(huddle) references huddle (id),
    constraint huddle_attendee_person foreign key(person) references person (id)
);

create index huddle_attendee_person_index on huddle_attendee (person);

create function refuse_signed_huddle() returns trigger language plpgsql as $$
begin
    if old.content_hash <> '' and (old.title, old.started, old.ended, old.content_hash)
            is distinct from (new.title, new.started, new.ended, new.content_hash) then
        raise exception 'a signed huddle stays as it is' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create trigger signed_stays before update on huddle for each row execute function refuse_signed_huddle();

create function refuse_signed_attendee() returns trigger language plpgsql as $$
begin
    if old.signed is not null and old.signed is distinct from new.signed then
        raise exception 'a signature stays as it is' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create trigger signed_stays before update on huddle_attendee for each row execute function refuse_signed_attendee();

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update on huddle, huddle_item, huddle_attendee to careplan_app;
        grant delete on huddle_item to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_auditor') then
        grant select on huddle, huddle_item, huddle_attendee to careplan_auditor;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on huddle, huddle_item, huddle_attendee to careplan_backup;
    end if;
end
$$;
