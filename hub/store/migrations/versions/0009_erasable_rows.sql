alter table journal add column salt bytea;


alter table journal add column content_hash bytea;


alter table journal add constraint journal_content_hash check (
    (salt is null) = (content_hash is null) and (salt is null or length(salt) = 32 and length(content_hash) = 64)
) not valid;


alter table journal validate constraint journal_content_hash;


-- Of a row nothing changes but what an erase row behind it names: the update loses its content, words and reason go, and
-- the half of the salt that hashed them becomes zeros. Whoever may do that owns the table; the hub's own login may not.
create function refuse_all_but_erasing() returns trigger language plpgsql as $$
declare
    kept text[] := array['update', 'told', 'reason', 'salt'];
    gone bytea := decode(repeat('00', 16), 'hex');
begin
    if old.salt is not null
       and to_jsonb(new) - kept = to_jsonb(old) - kept
       and (substr(new.salt, 1, 16) = gone and substr(old.salt, 1, 16) <> gone
            or substr(new.salt, 1, 16) = substr(old.salt, 1, 16) and new.update is not distinct from old.update)
       and (substr(new.salt, 17) = gone and new.told is null and new.reason = ''
            or substr(new.salt, 17) = substr(old.salt, 17) and new.reason = old.reason
               and new.told::text is not distinct from old.told::text)
       and exists (
            select from journal where plan = old.plan and action = 'erase' and seq > old.seq
               and told::jsonb -> 'rows' @> jsonb_build_array(jsonb_build_object('seq', old.seq)))
    then
        return new;
    end if;
    raise exception 'table % is append-only: % refused', tg_table_name, lower(tg_op) using errcode = 'insufficient_privilege';
end
$$;


drop trigger append_only on journal;


create trigger append_only before delete or truncate on journal
    for each statement execute function refuse_change();


create trigger only_erased before update on journal
    for each row execute function refuse_all_but_erasing();
