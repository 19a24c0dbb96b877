alter table invitation add column new_person boolean default false not null;

update invitation set new_person = true from person
 where person.id = invitation.person and invitation.made < person.created;
