alter table organisation add column answer_hours jsonb default '{}' not null;
