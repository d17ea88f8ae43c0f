/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The check that no policy removes: the new key's fingerprint, read back by the person (protocol.md 5.4). */
#define SPARE_CHECK_NEW_KEY "new-key"

/* What stands for the authority's own key in a list of fingerprints. */
#define SPARE_OFFICER_SELF "self"

/* One person, whatever number of keys. */
typedef struct
{
  char *name;
  GStrv fingerprints; /* primary; 40 upper-case hex digits, "self" already replaced */
} SpareOfficer;

SpareOfficer *spare_officer_new (const char *name, const char *const *fingerprints);
void spare_officer_free (SpareOfficer *self);

/* What a policy says. */
typedef struct
{
  GStrv checks;            /* ids [a-z0-9-]+, in order, "new-key" last and always there */
  guint approvals_matched; /* 1 or more */
  guint approvals_unmatched;
  gboolean allow_unmatched;
  gboolean require_enrolled;
  guint waiting_hours;
  guint expiry_days;   /* 1 or more */
  GPtrArray *officers; /* (element-type SpareOfficer), one or more */
  GStrv transfer_from; /* primary fingerprints of authorities */
} SpareAuthorityRules;

SpareAuthorityRules *spare_authority_rules_new_default (const char *authority);
SpareAuthorityRules *spare_authority_rules_copy (const SpareAuthorityRules *self);
void spare_authority_rules_free (SpareAuthorityRules *self);
GBytes *spare_authority_rules_serialize (const SpareAuthorityRules *self,
                                         const char *authority);

/* A policy as it stands in its file. Immutable. */
#define SPARE_TYPE_AUTHORITY_POLICY (spare_authority_policy_get_type ())
G_DECLARE_FINAL_TYPE (SpareAuthorityPolicy,
                      spare_authority_policy,
                      SPARE,
                      AUTHORITY_POLICY,
                      GObject)

SpareAuthorityPolicy *spare_authority_policy_parse (GBytes *octets,
                                                    const char *authority,
                                                    GError **error);
SpareAuthorityPolicy *spare_authority_policy_load (const char *path,
                                                   const char *authority,
                                                   GError **error);
GBytes *spare_authority_policy_get_octets (SpareAuthorityPolicy *self);
const char *spare_authority_policy_get_sha256 (SpareAuthorityPolicy *self);
const SpareAuthorityRules *spare_authority_policy_get_rules (SpareAuthorityPolicy *self);
const SpareOfficer *spare_authority_policy_find_officer (SpareAuthorityPolicy *self,
                                                         const char *fingerprint);
gboolean spare_authority_policy_has_check (SpareAuthorityPolicy *self, const char *check);
gboolean spare_authority_policy_trusts_transfer (SpareAuthorityPolicy *self,
                                                 const char *fingerprint);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareOfficer, spare_officer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareAuthorityRules, spare_authority_rules_free)

G_END_DECLS
