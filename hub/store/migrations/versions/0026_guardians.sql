alter table person drop constraint person_role;

alter table person add constraint person_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin', 'registrar', 'referral_coordinator', 'facility_nurse', 'community_worker', 'guardian'));

alter table participant drop constraint participant_role;

alter table participant add constraint participant_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin', 'registrar', 'referral_coordinator', 'facility_nurse', 'community_worker', 'guardian'));

alter table invitation drop constraint invitation_role;

alter table invitation add constraint invitation_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin', 'registrar', 'referral_coordinator', 'facility_nurse', 'community_worker', 'guardian'));

alter table break_glass drop constraint break_glass_role;

alter table break_glass add constraint break_glass_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin', 'registrar', 'referral_coordinator', 'facility_nurse', 'community_worker', 'guardian'));

alter table scim_group drop constraint scim_group_role;

alter table scim_group add constraint scim_group_role check (role in ('', 'primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'registrar', 'referral_coordinator', 'facility_nurse', 'community_worker', 'guardian'));

alter table participant add column basis text collate "C" default '' not null;

alter table participant add column authority text collate "C" default '' not null;

alter table participant add constraint participant_basis check (basis in ('', 'minor', 'incapable'));

alter table invitation add column basis text collate "C" default '' not null;

alter table invitation add column authority text collate "C" default '' not null;

alter table invitation add constraint invitation_basis check (basis in ('', 'minor', 'incapable'));

alter table participant add constraint participant_guardian check ((role = 'guardian') = (basis <> ''));

alter table organisation add column confidential_age smallint default 13 not null;

alter table organisation add column majority_age smallint default 18 not null;

alter table organisation add constraint organisation_ages check (confidential_age between 0 and majority_age and majority_age between 14 and 25);

drop trigger grant_changes on patient;

create trigger grant_changes after update of person, born on patient
    for each row when (old.person is distinct from new.person or old.born is distinct from new.born) execute function count_subject();

create trigger grant_moves before update of organisation on plan
    for each row when (old.organisation is distinct from new.organisation) execute function count_closing();

create function count_ages() returns trigger language plpgsql as $$
begin
    update plan set grant_version = grant_version + 1
     where organisation = new.id and id in (select participant.plan from participant where basis = 'minor');
    return null;
end
$$;

create trigger grant_changes after update of confidential_age, majority_age, time_zone on organisation
    for each row when (old is distinct from new) execute function count_ages();
