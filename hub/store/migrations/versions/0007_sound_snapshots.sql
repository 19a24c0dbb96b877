-- A snapshot kept by an earlier version was never compared with its rows, and may hold what stands in none of them. It
-- is a cache: the first opening of its plan reads the journal instead. What an earlier version still keeps while both
-- run has no digest and is not served either.
delete from snapshot;

alter table snapshot add column row_hash bytea;

alter table snapshot add column digest bytea;
