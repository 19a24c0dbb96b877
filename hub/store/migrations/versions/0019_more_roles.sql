alter table person drop constraint person_role;

alter table person add constraint person_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin', 'registrar', 'referral_coordinator', 'facility_nurse', 'community_worker'));

alter table participant drop constraint participant_role;

alter table participant add constraint participant_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin', 'registrar', 'referral_coordinator', 'facility_nurse', 'community_worker'));

alter table invitation drop constraint invitation_role;

alter table invitation add constraint invitation_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin', 'registrar', 'referral_coordinator', 'facility_nurse', 'community_worker'));

alter table break_glass drop constraint break_glass_role;

alter table break_glass add constraint break_glass_role check (role in ('primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'auditor', 'admin', 'registrar', 'referral_coordinator', 'facility_nurse', 'community_worker'));

alter table scim_group drop constraint scim_group_role;

alter table scim_group add constraint scim_group_role check (role in ('', 'primary_care', 'specialist', 'care_manager', 'pharmacist', 'social_worker', 'behavioral_health', 'patient', 'family', 'registrar', 'referral_coordinator', 'facility_nurse', 'community_worker'));
