alter table machine add column plan text collate "C";

alter table machine add column measures text[] collate "C" default '{}' not null;

alter table machine add constraint machine_plan foreign key(plan) references plan (id);

alter table machine add constraint machine_device check ((purpose = 'device') = (plan is not null));

create index machine_of_plan on machine (plan) where plan is not null;
