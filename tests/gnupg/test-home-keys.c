/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a home says about its keys, against what stock gpg put there. */
#include "config.h"

#include "spare-engine.h"
#include "spare-error.h"
#include "spare-home.h"
#include "spare-test-gpg.h"

static const char ada[] = "Ada Lovelace <ada@example.org>";

static SpareHome *
open_home (SpareTestHome *from)
{
  return spare_home_new (SPARE_HOME_OWN, from->path);
}

static void
test_lists (void)
{
  g_autoptr (SpareTestHome) stock = spare_test_home_new ();
  g_autofree char *fingerprint = spare_test_create_key (stock, SPARE_TEST_KEY_DEFAULT, ada,
                                                        NULL);
  g_auto (GStrv) fingerprints = spare_test_list_fingerprints (stock, fingerprint);
  g_autoptr (SpareHome) home = open_home (stock);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = spare_home_list_keys_sync (home, TRUE, NULL, &error);
  const SpareSubkey *primary, *subkey;
  SpareKey *key;

  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 1);
  key = keys->pdata[0];
  g_assert_cmpstr (spare_key_get_fingerprint (key), ==, fingerprint);
  g_assert_cmpstr (spare_key_get_user_id (key), ==, ada);
  g_assert_cmpuint (spare_key_get_n_subkeys (key), ==, 2);
  primary = spare_key_get_subkey (key, 0);
  subkey = spare_key_get_subkey (key, 1);
  g_assert_cmpstr (subkey->fingerprint, ==, fingerprints[1]);
  g_assert_cmpstr (primary->algorithm_nick, ==, "ed25519");
  g_assert_cmpstr (subkey->algorithm_nick, ==, "cv25519");
  g_assert_cmpuint (primary->algorithm, ==, 22);
  g_assert_cmpuint (subkey->algorithm, ==, 18);
  g_assert_true (primary->can_sign && primary->can_certify && !primary->can_encrypt);
  g_assert_true (subkey->can_encrypt && !subkey->can_sign && !subkey->is_adsk);
  g_assert_true (primary->has_secret && subkey->has_secret);
  g_assert_nonnull (subkey->keygrip);
  g_assert_cmpuint (strlen (subkey->keygrip), ==, 40);
  g_assert_true (
      g_str_has_suffix (fingerprints[1],
                        g_strdup_printf ("%016" G_GINT64_MODIFIER "X", subkey->key_id)));
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  spare_engine_init_with_guard (TEST_GUARD, &error);
  g_assert_no_error (error);

  g_test_add_func ("/gnupg/keys/lists-a-key-as-stock-gpg-made-it", test_lists);
  return g_test_run ();
}
