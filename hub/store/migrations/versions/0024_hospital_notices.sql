alter table reminder
    drop constraint reminder_matter,
    add constraint reminder_matter
        check (matter in ('appointment', 'due', 'answer', 'medicine', 'hospital', 'waiting'));
