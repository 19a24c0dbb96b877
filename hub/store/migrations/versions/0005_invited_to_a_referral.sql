alter table invitation add column referral text collate "C" not null default '';
