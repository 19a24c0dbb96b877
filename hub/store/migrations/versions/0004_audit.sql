create index journal_read on journal (plan, actor, recorded) where action = 'read';

create index journal_section on journal (section, recorded) where section <> '';
