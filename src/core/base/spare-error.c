/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one error domain of Spare Key, and its two faces for programs: a word for JSON and an exit status.
 *
 * Promise: both are stable. Scripts lean on them, so a word or a number that has been given out is never
 * given another meaning; a new code gets a new word. The message of the GError is for people and may change.
 */
#include "config.h"

#include "spare-error.h"

/* Written out: the formatter takes the macro's hyphens for subtractions. */
GQuark
spare_error_quark (void)
{
  return g_quark_from_static_string ("spare-error-quark");
}

/* The statuses of design.md section 9; 2 (usage) comes from the option parser. */
enum
{
  EXIT_SOMETHING_FAILED = 1,
  EXIT_USAGE = 2,
  EXIT_NOT_SET_UP = 3,
  EXIT_POLICY = 4,
  EXIT_NO_KEY = 5,
  EXIT_DAMAGED = 6,
  EXIT_NOT_AVAILABLE = 7,
  EXIT_CANCELLED = 130,
};

static const struct
{
  const char *nick;
  int exit_status;
} codes[] = {
  [SPARE_ERROR_FAILED] = { "failed", EXIT_SOMETHING_FAILED },
  [SPARE_ERROR_NOT_SET_UP] = { "not-set-up", EXIT_NOT_SET_UP },
  [SPARE_ERROR_POLICY] = { "policy", EXIT_POLICY },
  [SPARE_ERROR_AUTHORITY_UNUSABLE] = { "authority-unusable", EXIT_POLICY },
  [SPARE_ERROR_NO_KEY] = { "no-key", EXIT_NO_KEY },
  [SPARE_ERROR_DAMAGED] = { "damaged", EXIT_DAMAGED },
  [SPARE_ERROR_UNSUPPORTED] = { "unsupported", EXIT_SOMETHING_FAILED },
  [SPARE_ERROR_NOT_ENCRYPTED] = { "not-encrypted", EXIT_SOMETHING_FAILED },
  [SPARE_ERROR_CHANGED] = { "changed", EXIT_SOMETHING_FAILED },
  [SPARE_ERROR_NOT_A_FILE] = { "not-a-file", EXIT_SOMETHING_FAILED },
  [SPARE_ERROR_BAD_PASSPHRASE] = { "bad-passphrase", EXIT_SOMETHING_FAILED },
  [SPARE_ERROR_KEYRING_MISSING] = { "keyring-missing", EXIT_NOT_AVAILABLE },
  [SPARE_ERROR_KEYRING_LOCKED] = { "keyring-locked", EXIT_NOT_AVAILABLE },
  [SPARE_ERROR_KEYRING_DISMISSED] = { "keyring-dismissed", EXIT_NOT_AVAILABLE },
  [SPARE_ERROR_KEYRING_GONE] = { "keyring-gone", EXIT_NOT_AVAILABLE },
  [SPARE_ERROR_ENGINE] = { "engine", EXIT_NOT_AVAILABLE },
  [SPARE_ERROR_DATABASE] = { "database", EXIT_NOT_AVAILABLE },
  [SPARE_ERROR_TOO_LARGE] = { "too-large", EXIT_SOMETHING_FAILED },
  [SPARE_ERROR_OUTPUT_UNSURE] = { "output-unsure", EXIT_SOMETHING_FAILED },
};

static const struct
{
  GIOErrorEnum code;
  const char *nick;
} io_codes[] = {
  { G_IO_ERROR_NOT_FOUND, "not-found" },
  { G_IO_ERROR_EXISTS, "exists" },
  { G_IO_ERROR_IS_DIRECTORY, "is-directory" },
  { G_IO_ERROR_NOT_DIRECTORY, "not-directory" },
  { G_IO_ERROR_NOT_EMPTY, "not-empty" },
  { G_IO_ERROR_NOT_REGULAR_FILE, "not-a-file" },
  { G_IO_ERROR_NOT_SYMBOLIC_LINK, "not-symbolic-link" },
  { G_IO_ERROR_FILENAME_TOO_LONG, "name-too-long" },
  { G_IO_ERROR_INVALID_FILENAME, "invalid-name" },
  { G_IO_ERROR_TOO_MANY_LINKS, "too-many-links" },
  { G_IO_ERROR_NO_SPACE, "no-space" },
  { G_IO_ERROR_INVALID_ARGUMENT, "invalid-argument" },
  { G_IO_ERROR_INVALID_DATA, "invalid-data" },
  { G_IO_ERROR_PERMISSION_DENIED, "permission-denied" },
  { G_IO_ERROR_NOT_SUPPORTED, "not-supported" },
  { G_IO_ERROR_NOT_MOUNTED, "not-mounted" },
  { G_IO_ERROR_CANCELLED, "cancelled" },
  { G_IO_ERROR_READ_ONLY, "read-only" },
  { G_IO_ERROR_TIMED_OUT, "timed-out" },
  { G_IO_ERROR_BUSY, "busy" },
  { G_IO_ERROR_WOULD_RECURSE, "would-recurse" },
  { G_IO_ERROR_HOST_UNREACHABLE, "host-unreachable" },
  { G_IO_ERROR_NETWORK_UNREACHABLE, "network-unreachable" },
  { G_IO_ERROR_CONNECTION_REFUSED, "connection-refused" },
  { G_IO_ERROR_BROKEN_PIPE, "broken-pipe" },
  { G_IO_ERROR_NO_SUCH_DEVICE, "no-such-device" },
  { G_IO_ERROR_TOO_MANY_OPEN_FILES, "too-many-open-files" },
};

/**
 * spare_error_get_nick:
 * @error: an error of any domain
 *
 * The error as one stable word in kebab case, such as `no-key`, `no-space`, `exists` or `cancelled`: what
 * JSON documents carry as `code`. Errors that nobody distinguishes are `failed`.
 *
 * Returns: (transfer none): the word, never %NULL
 */
const char *
spare_error_get_nick (const GError *error)
{
  g_return_val_if_fail (error != NULL, "failed");

  if (error->domain == SPARE_ERROR)
    {
      if (error->code >= SPARE_ERROR_FAILED && error->code < (int) G_N_ELEMENTS (codes))
        return codes[error->code].nick;
    }
  else if (error->domain == G_OPTION_ERROR)
    {
      return "usage";
    }
  else if (error->domain == G_IO_ERROR || error->domain == G_FILE_ERROR)
    {
      int code = error->code;

      if (error->domain == G_FILE_ERROR)
        code = (int) g_io_error_from_file_error ((GFileError) error->code);
      for (gsize i = 0; i < G_N_ELEMENTS (io_codes); i++)
        if ((int) io_codes[i].code == code)
          return io_codes[i].nick;
    }

  return "failed";
}

/**
 * spare_error_get_exit_status:
 * @error: an error of any domain
 *
 * The exit status of a program that ends with this error: 2 usage, 3 not set up, 4 refused by policy, 5 no
 * key for this, 6 damaged or forged input, 7 keyring, GnuPG or database not available, 130 cancelled,
 * 1 anything else. Never 0.
 *
 * Returns: the status
 */
int
spare_error_get_exit_status (const GError *error)
{
  g_return_val_if_fail (error != NULL, EXIT_SOMETHING_FAILED);

  if (error->domain == G_OPTION_ERROR)
    return EXIT_USAGE;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return EXIT_CANCELLED;
  if (error->domain == SPARE_ERROR && error->code >= SPARE_ERROR_FAILED
      && error->code < (int) G_N_ELEMENTS (codes))
    return codes[error->code].exit_status;

  return EXIT_SOMETHING_FAILED;
}
