/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What GPGME's error codes mean for a person.
 *
 * Promise: whatever code comes, the error has a sentence that says what happened and what to do; gpg's own words go to
 * the debug log only, and nothing secret is ever in either. */
#include "config.h"

#include "spare-gpgme-private.h"

#include "spare-error.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

static const struct
{
  gpgme_err_code_t code;
  SpareErrorCode spare;
  const char *message;
} meanings[] = {
  { GPG_ERR_BAD_PASSPHRASE, SPARE_ERROR_BAD_PASSPHRASE,
    N_ ("The passphrase is wrong. Nothing was changed. Please try again.") },
  { GPG_ERR_BAD_PIN, SPARE_ERROR_BAD_PASSPHRASE,
    N_ ("The PIN of the smartcard is wrong. Nothing was changed. Please try again; a card "
        "blocks itself after a few wrong tries.") },
  { GPG_ERR_PIN_BLOCKED, SPARE_ERROR_BAD_PASSPHRASE,
    N_ ("The smartcard has blocked its PIN. Unblock the card first, then try again.") },
  { GPG_ERR_NO_SECKEY, SPARE_ERROR_NO_KEY,
    N_ ("The secret key for this is not here. Import it, or insert the smartcard that holds "
        "it, and try again.") },
  { GPG_ERR_UNUSABLE_SECKEY, SPARE_ERROR_NO_KEY,
    N_ ("The secret key for this can’t be used: it may be expired, revoked, or made for "
        "another purpose.") },
  { GPG_ERR_NO_PUBKEY, SPARE_ERROR_NO_KEY,
    N_ ("A key that is needed for this is not here. Import it and try again.") },
  { GPG_ERR_NOT_FOUND, SPARE_ERROR_NO_KEY,
    N_ ("A key that is needed for this is not here. Import it and try again.") },
  { GPG_ERR_UNUSABLE_PUBKEY, SPARE_ERROR_NO_KEY,
    N_ ("One of the keys can’t be used: it may be expired, revoked, or unable to encrypt. "
        "Nothing was written.") },
  { GPG_ERR_CARD_NOT_PRESENT, SPARE_ERROR_NO_KEY,
    N_ ("The smartcard is missing. Insert it and try again.") },
  { GPG_ERR_CARD_REMOVED, SPARE_ERROR_NO_KEY,
    N_ ("The smartcard was removed. Insert it and try again.") },
  { GPG_ERR_WRONG_CARD, SPARE_ERROR_NO_KEY,
    N_ ("This is another smartcard. Insert the one that holds the key and try again.") },
  { GPG_ERR_NO_DATA, SPARE_ERROR_NOT_ENCRYPTED,
    N_ ("There is no OpenPGP data in this. Check that it is the right file.") },
  { GPG_ERR_BAD_DATA, SPARE_ERROR_DAMAGED,
    N_ ("The data is damaged. Get a fresh copy and try again.") },
  { GPG_ERR_BAD_CERT, SPARE_ERROR_DAMAGED,
    N_ ("The key is damaged. Get a fresh copy of it and try again.") },
  { GPG_ERR_INV_ARMOR, SPARE_ERROR_DAMAGED,
    N_ ("The data is damaged. Get a fresh copy and try again.") },
  { GPG_ERR_INV_PACKET, SPARE_ERROR_DAMAGED,
    N_ ("The data is damaged. Get a fresh copy and try again.") },
  { GPG_ERR_CHECKSUM, SPARE_ERROR_DAMAGED,
    N_ ("The data is damaged. Get a fresh copy and try again.") },
  { GPG_ERR_BAD_SIGNATURE, SPARE_ERROR_DAMAGED,
    N_ ("A signature is wrong: the data was changed after it was signed, or is damaged.") },
  { GPG_ERR_DECRYPT_FAILED, SPARE_ERROR_DAMAGED,
    N_ ("The file can’t be decrypted: it is damaged, or made for other keys. It was not "
        "changed.") },
  { GPG_ERR_UNSUPPORTED_ALGORITHM, SPARE_ERROR_UNSUPPORTED,
    N_ ("This uses an algorithm that the installed GnuPG does not know.") },
  { GPG_ERR_PUBKEY_ALGO, SPARE_ERROR_UNSUPPORTED,
    N_ ("This uses an algorithm that the installed GnuPG does not know.") },
  { GPG_ERR_CIPHER_ALGO, SPARE_ERROR_UNSUPPORTED,
    N_ ("This uses an algorithm that the installed GnuPG does not know.") },
  { GPG_ERR_UNKNOWN_ALGORITHM, SPARE_ERROR_UNSUPPORTED,
    N_ ("This uses an algorithm that the installed GnuPG does not know.") },
  { GPG_ERR_UNKNOWN_CURVE, SPARE_ERROR_UNSUPPORTED,
    N_ ("This uses an algorithm that the installed GnuPG does not know.") },
  { GPG_ERR_UNKNOWN_VERSION, SPARE_ERROR_UNSUPPORTED,
    N_ ("This is in a format that the installed GnuPG does not know.") },
  { GPG_ERR_NOT_SUPPORTED, SPARE_ERROR_UNSUPPORTED, N_ ("The installed GnuPG can’t do this.") },
  { GPG_ERR_NOT_IMPLEMENTED, SPARE_ERROR_UNSUPPORTED,
    N_ ("The installed GnuPG can’t do this.") },
  { GPG_ERR_UNSUPPORTED_PROTOCOL, SPARE_ERROR_ENGINE,
    N_ ("GnuPG is not installed, or does not work. Install it and try again.") },
  { GPG_ERR_INV_ENGINE, SPARE_ERROR_ENGINE,
    N_ ("GnuPG is not installed, or does not work. Install it and try again.") },
  { GPG_ERR_NO_ENGINE, SPARE_ERROR_ENGINE,
    N_ ("GnuPG is not installed, or does not work. Install it and try again.") },
  { GPG_ERR_INTERNAL, SPARE_ERROR_ENGINE,
    N_ ("GnuPG crashed. Nothing was changed. Please try again.") },
  { GPG_ERR_NO_AGENT, SPARE_ERROR_ENGINE,
    N_ ("The part of GnuPG that holds the keys is not running. Please try again.") },
  { GPG_ERR_AGENT, SPARE_ERROR_ENGINE,
    N_ ("The part of GnuPG that holds the keys is not running. Please try again.") },
  { GPG_ERR_EOF, SPARE_ERROR_ENGINE,
    N_ ("GnuPG ended in the middle. Nothing was changed. Please try again.") },
  { GPG_ERR_TIMEOUT, SPARE_ERROR_ENGINE,
    N_ ("GnuPG took too long to answer. Nothing was changed. Please try again.") },
  { GPG_ERR_NO_PIN_ENTRY, SPARE_ERROR_ENGINE,
    N_ ("GnuPG found no window to ask for the passphrase in. Install a pinentry program and "
        "try again.") },
  { GPG_ERR_PIN_ENTRY, SPARE_ERROR_ENGINE,
    N_ ("GnuPG found no window to ask for the passphrase in. Install a pinentry program and "
        "try again.") },
  { GPG_ERR_ENOTTY, SPARE_ERROR_ENGINE,
    N_ ("GnuPG found no window to ask for the passphrase in. Install a pinentry program and "
        "try again.") },
  { GPG_ERR_TOO_LARGE, SPARE_ERROR_TOO_LARGE, N_ ("This is larger than GnuPG can handle.") },
  { GPG_ERR_INV_USER_ID, SPARE_ERROR_FAILED,
    N_ ("GnuPG refused the name of the key. Please choose another one.") },
  { GPG_ERR_INV_VALUE, SPARE_ERROR_FAILED,
    N_ ("GnuPG refused what it was asked to do. Nothing was changed.") },
};

static gboolean
set_system_error (GError **error, gpgme_err_code_t code)
{
  int number = gpgme_err_code_to_errno (code);

  if (number == 0)
    return FALSE;
  switch (number)
    {
    case ENOSPC:
    case EDQUOT:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                   _ ("There is no space left. Make room and try again."));
      return TRUE;
    case EROFS:
    case EACCES:
    case EPERM:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   _ ("The folder that holds the keys can’t be written to. Check its "
                      "permissions and try again."));
      return TRUE;
    case ENOENT:
    case ECONNREFUSED:
    case EPIPE:
    case EIO:
      g_set_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
                   _ ("GnuPG did not answer. Nothing was changed. Please try again."));
      return TRUE;
    default:
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number),
                   _ ("The system refused something that GnuPG needs (%s)."),
                   g_strerror (number));
      return TRUE;
    }
}

void
spare_gpgme_set_error (GError **error, gpgme_error_t gpgme_error, const char *what)
{
  gpgme_err_code_t code = gpgme_err_code (gpgme_error);
  char text[256] = "";

  gpgme_strerror_r (gpgme_error, text, sizeof text);
  g_debug ("%s: %s (%s, %u)", what, text, gpgme_strsource (gpgme_error), gpgme_error);

  if (code == GPG_ERR_CANCELED || code == GPG_ERR_FULLY_CANCELED)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Cancelled."));
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (meanings); i++)
    if (meanings[i].code == code)
      {
        g_set_error_literal (error, SPARE_ERROR, meanings[i].spare, _ (meanings[i].message));
        return;
      }
  if (set_system_error (error, code))
    return;
  g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                       _ ("GnuPG could not do this. Nothing was changed. If it happens again, "
                          "check the key and the file."));
}
