/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words and exit statuses that scripts lean on. */
#include "config.h"

#include "spare-error.h"

static void
test_statuses (void)
{
  static const struct
  {
    int code;
    const char *nick;
    int status;
  } rows[] = {
    { SPARE_ERROR_FAILED, "failed", 1 },
    { SPARE_ERROR_NOT_SET_UP, "not-set-up", 3 },
    { SPARE_ERROR_POLICY, "policy", 4 },
    { SPARE_ERROR_AUTHORITY_UNUSABLE, "authority-unusable", 4 },
    { SPARE_ERROR_NO_KEY, "no-key", 5 },
    { SPARE_ERROR_DAMAGED, "damaged", 6 },
    { SPARE_ERROR_UNSUPPORTED, "unsupported", 1 },
    { SPARE_ERROR_NOT_ENCRYPTED, "not-encrypted", 1 },
    { SPARE_ERROR_CHANGED, "changed", 1 },
    { SPARE_ERROR_NOT_A_FILE, "not-a-file", 1 },
    { SPARE_ERROR_BAD_PASSPHRASE, "bad-passphrase", 1 },
    { SPARE_ERROR_KEYRING_MISSING, "keyring-missing", 7 },
    { SPARE_ERROR_KEYRING_LOCKED, "keyring-locked", 7 },
    { SPARE_ERROR_KEYRING_DISMISSED, "keyring-dismissed", 7 },
    { SPARE_ERROR_KEYRING_GONE, "keyring-gone", 7 },
    { SPARE_ERROR_ENGINE, "engine", 7 },
    { SPARE_ERROR_DATABASE, "database", 7 },
    { SPARE_ERROR_TOO_LARGE, "too-large", 1 },
    { SPARE_ERROR_OUTPUT_UNSURE, "output-unsure", 1 },
  };

  /* A code added without a row here, or out of order, shows at once. */
  g_assert_cmpint (G_N_ELEMENTS (rows), ==, SPARE_ERROR_OUTPUT_UNSURE);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (SPARE_ERROR, rows[i].code, "x");

      g_assert_cmpint (rows[i].code, ==, (int) i + 1);
      g_assert_cmpstr (spare_error_get_nick (error), ==, rows[i].nick);
      g_assert_cmpint (spare_error_get_exit_status (error), ==, rows[i].status);
    }
}

static void
test_foreign (void)
{
  static const struct
  {
    GQuark (*domain) (void);
    int code;
    const char *nick;
    int status;
  } rows[] = {
    { g_io_error_quark, G_IO_ERROR_CANCELLED, "cancelled", 130 },
    { g_io_error_quark, G_IO_ERROR_EXISTS, "exists", 1 },
    { g_io_error_quark, G_IO_ERROR_NO_SPACE, "no-space", 1 },
    { g_io_error_quark, G_IO_ERROR_NOT_FOUND, "not-found", 1 },
    { g_io_error_quark, G_IO_ERROR_PERMISSION_DENIED, "permission-denied", 1 },
    { g_io_error_quark, G_IO_ERROR_FILENAME_TOO_LONG, "name-too-long", 1 },
    { g_io_error_quark, G_IO_ERROR_READ_ONLY, "read-only", 1 },
    { g_io_error_quark, 9999, "failed", 1 },
    { g_file_error_quark, G_FILE_ERROR_NOENT, "not-found", 1 },
    { g_file_error_quark, G_FILE_ERROR_NOSPC, "no-space", 1 },
    { g_option_error_quark, G_OPTION_ERROR_UNKNOWN_OPTION, "usage", 2 },
    { spare_error_quark, 0, "failed", 1 },
    { spare_error_quark, 9999, "failed", 1 },
    { g_key_file_error_quark, G_KEY_FILE_ERROR_PARSE, "failed", 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (rows[i].domain (), rows[i].code, "x");

      g_assert_cmpstr (spare_error_get_nick (error), ==, rows[i].nick);
      g_assert_cmpint (spare_error_get_exit_status (error), ==, rows[i].status);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/error/each-code-has-its-word-and-exit-status", test_statuses);
  g_test_add_func ("/error/errors-of-glib-are-told-apart-too", test_foreign);

  return g_test_run ();
}
