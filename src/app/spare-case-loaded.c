/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the window of a recovery shows, read in a thread. */
#include "config.h"

#include "spare-case-loaded.h"

void
spare_case_loaded_free (gpointer data)
{
  SpareCaseLoaded *loaded = data;

  g_clear_pointer (&loaded->one, spare_case_unref);
  g_clear_object (&loaded->policy);
  g_clear_pointer (&loaded->officers, g_ptr_array_unref);
  g_free (loaded);
}

static gboolean
has_approved (const SpareCase *one, const char *name)
{
  for (guint i = 0; i < one->approvals->len; i++)
    {
      const SpareCaseApproval *approval = g_ptr_array_index (one->approvals, i);

      if (approval->counts && g_strcmp0 (approval->officer, name) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_key (GPtrArray *keys, const char *fingerprint)
{
  for (guint i = 0; keys && i < keys->len; i++)
    if (g_str_equal (spare_key_get_fingerprint (g_ptr_array_index (keys, i)), fingerprint))
      return TRUE;
  return FALSE;
}

/* Whose secret key is here: the authority's own, and those of the person's GnuPG. */
static GPtrArray *
find_officers (SpareAuthority *authority,
               const SpareCase *one,
               const SpareAuthorityRules *rules)
{
  GPtrArray *found = g_ptr_array_new_with_free_func (spare_case_officer_free);
  g_autoptr (SpareHome) personal = spare_home_new_personal ();
  g_autoptr (GPtrArray) keys = NULL;

  if (spare_home_exists (personal))
    keys = spare_home_list_keys_sync (personal, TRUE, NULL, NULL);
  for (guint i = 0; i < rules->officers->len; i++)
    {
      const SpareOfficer *person = g_ptr_array_index (rules->officers, i);

      if (has_approved (one, person->name))
        continue;
      for (guint j = 0; person->fingerprints[j]; j++)
        {
          const char *fingerprint = person->fingerprints[j];
          gboolean own = g_str_equal (fingerprint, spare_authority_get_fingerprint (authority));
          SpareCaseOfficer *officer;

          if (!own && !has_key (keys, fingerprint))
            continue;
          officer = g_new0 (SpareCaseOfficer, 1);
          officer->name = g_strdup (person->name);
          officer->fingerprint = g_strdup (fingerprint);
          officer->own = own;
          g_ptr_array_add (found, officer);
        }
    }
  return found;
}

/* In a thread. @one: (transfer full) (nullable): as it was just read. */
SpareCaseLoaded *
spare_case_loaded_new (SpareAuthority *authority, SpareCase *one, GError **error)
{
  SpareCaseLoaded *loaded;

  if (one == NULL)
    return NULL;
  loaded = g_new0 (SpareCaseLoaded, 1);
  loaded->one = one;
  loaded->policy = spare_authority_dup_policy (authority, error);
  if (loaded->policy == NULL)
    {
      spare_case_loaded_free (loaded);
      return NULL;
    }
  loaded->officers = find_officers (authority, one,
                                    spare_authority_policy_get_rules (loaded->policy));
  return loaded;
}
