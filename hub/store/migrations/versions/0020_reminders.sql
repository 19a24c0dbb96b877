create table reminder_choice (
    person text collate "C" not null,
    channels jsonb default '{}' not null,
    language text collate "C" default '' not null,
    quiet_begins text collate "C" default '' not null,
    quiet_ends text collate "C" default '' not null,
    zone text collate "C" default '' not null,
    hour text collate "C" default '' not null,
    mobile text collate "C" default '' not null,
    texts_agreed timestamptz,
    texts_stopped timestamptz,
    mail_failed text collate "C" default '' not null,
    changed timestamptz default clock_timestamp() not null,
    constraint reminder_choice_pkey primary key (person),
    constraint reminder_choice_quiet check ((quiet_begins = '') = (quiet_ends = '')),
    constraint reminder_choice_texts_agreed check (texts_agreed is null or mobile <> ''),
    constraint reminder_choice_person foreign key(person) references person (id)
);

create index reminder_choice_mobile on reminder_choice (mobile) where mobile <> '';

create table reminder_default (
    organisation text collate "C" not null,
    home jsonb not null,
    staff jsonb not null,
    quiet_begins text collate "C" not null,
    quiet_ends text collate "C" not null,
    hour text collate "C" not null,
    changed timestamptz default clock_timestamp() not null,
    constraint reminder_default_pkey primary key (organisation),
    constraint reminder_default_organisation foreign key(organisation) references organisation (id)
);

create table reminder (
    id text collate "C" not null,
    person text collate "C" not null,
    plan text collate "C" default '' not null,
    matter text collate "C" not null,
    section text collate "C" default '' not null,
    entry text collate "C" default '' not null,
    occasion text collate "C" not null,
    due timestamptz not null,
    made timestamptz default clock_timestamp() not null,
    state text collate "C" default 'waiting' not null,
    letter text collate "C" default '' not null,
    ended timestamptz,
    constraint reminder_pkey primary key (id),
    constraint reminder_matter check (matter in ('appointment', 'due', 'answer', 'medicine', 'waiting')),
    constraint reminder_state check (state in ('waiting', 'told', 'dropped')),
    constraint reminder_ended check ((state = 'waiting') = (ended is null)),
    constraint reminder_person_plan_matter_entry_occasion_unique unique (person, plan, matter, entry, occasion),
    constraint reminder_person foreign key(person) references person (id)
);

create index reminder_due on reminder (due) where state = 'waiting';

create index reminder_ended on reminder (ended) where ended is not null;

create index reminder_letter on reminder (letter) where letter <> '';

create index reminder_plan on reminder (plan, matter) where state = 'waiting';

create table reminder_reading (
    plan text collate "C" not null,
    seq bigint default 0 not null,
    asked bigint default 0 not null,
    answered bigint default 0 not null,
    constraint reminder_reading_answered check (answered <= asked),
    constraint reminder_reading_pkey primary key (plan),
    constraint reminder_reading_plan foreign key(plan) references plan (id)
);

create table calendar_feed (
    person text collate "C" not null,
    token_hash bytea not null,
    made timestamptz default clock_timestamp() not null,
    used timestamptz,
    constraint calendar_feed_pkey primary key (person),
    constraint calendar_feed_token_hash check (length(token_hash) = 32),
    constraint calendar_feed_person foreign key(person) references person (id),
    constraint calendar_feed_token_hash_unique unique (token_hash)
);

insert into reminder_reading (plan, seq, asked) select head.plan, head.seq, 1 from head join plan on plan.id = head.plan;

alter table letter drop constraint letter_occasion;

alter table letter add constraint letter_occasion check (occasion in ('invitation', 'code', 'sign-in', 'huddle', 'reminder'));

alter table letter add column person text collate "C" default '' not null;

alter table letter add column channel text collate "C" default 'mail' not null;

alter table letter add column gateway text collate "C" default '' not null;

alter table letter add column delivered timestamptz;

alter table letter add column opened timestamptz;

alter table letter add constraint letter_channel check (channel in ('mail', 'text'));

create index letter_gateway on letter (gateway) where gateway <> '';

do $$
begin
    if exists (select from pg_roles where rolname = 'careplan_app') then
        grant select, insert, update, delete on reminder_choice, reminder_default, reminder, reminder_reading, calendar_feed to careplan_app;
    end if;
    if exists (select from pg_roles where rolname = 'careplan_backup') then
        grant select on reminder_choice, reminder_default, reminder, reminder_reading, calendar_feed to careplan_backup;
    end if;
end
$$;
