/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SpareErrorCode:
 * @SPARE_ERROR_FAILED: something failed that no caller reacts to in a special way
 * @SPARE_ERROR_NOT_SET_UP: there is no key or no authority yet: the set-up comes first
 * @SPARE_ERROR_POLICY: refused by the policy in force
 * @SPARE_ERROR_AUTHORITY_UNUSABLE: the authority's key is expired, revoked, disabled, missing or can't encrypt
 * @SPARE_ERROR_NO_KEY: none of the keys at hand opens this
 * @SPARE_ERROR_DAMAGED: the input is damaged, cut short or forged
 * @SPARE_ERROR_UNSUPPORTED: the input is well-formed, but of a kind that is not handled
 * @SPARE_ERROR_NOT_ENCRYPTED: the input is not an encrypted OpenPGP message
 * @SPARE_ERROR_CHANGED: the source changed while it was read
 * @SPARE_ERROR_NOT_A_FILE: a pipe, device, socket or folder where a file is wanted
 * @SPARE_ERROR_BAD_PASSPHRASE: the passphrase is wrong
 * @SPARE_ERROR_KEYRING_MISSING: there is no keyring service, or it has no default keyring
 * @SPARE_ERROR_KEYRING_LOCKED: the keyring is locked, and nothing is there to unlock it with
 * @SPARE_ERROR_KEYRING_DISMISSED: the person dismissed the keyring's question
 * @SPARE_ERROR_KEYRING_GONE: the keyring service vanished, hung, or answered nonsense
 * @SPARE_ERROR_ENGINE: GnuPG is missing, too old, crashed, or hangs
 * @SPARE_ERROR_DATABASE: the database can't be used
 * @SPARE_ERROR_TOO_LARGE: too large for where it should go, or past a limit
 * @SPARE_ERROR_OUTPUT_UNSURE: the output is complete under its name, but may not survive a power cut
 *
 * What went wrong, where a caller reacts to it. Trouble with files (an existing target, no space, no
 * permission) and cancellation stay [enum@Gio.IOErrorEnum].
 */
typedef enum
{
  SPARE_ERROR_FAILED = 1,
  SPARE_ERROR_NOT_SET_UP,
  SPARE_ERROR_POLICY,
  SPARE_ERROR_AUTHORITY_UNUSABLE,
  SPARE_ERROR_NO_KEY,
  SPARE_ERROR_DAMAGED,
  SPARE_ERROR_UNSUPPORTED,
  SPARE_ERROR_NOT_ENCRYPTED,
  SPARE_ERROR_CHANGED,
  SPARE_ERROR_NOT_A_FILE,
  SPARE_ERROR_BAD_PASSPHRASE,
  SPARE_ERROR_KEYRING_MISSING,
  SPARE_ERROR_KEYRING_LOCKED,
  SPARE_ERROR_KEYRING_DISMISSED,
  SPARE_ERROR_KEYRING_GONE,
  SPARE_ERROR_ENGINE,
  SPARE_ERROR_DATABASE,
  SPARE_ERROR_TOO_LARGE,
  SPARE_ERROR_OUTPUT_UNSURE,
} SpareErrorCode;

#define SPARE_ERROR (spare_error_quark ())

GQuark spare_error_quark (void);

const char *spare_error_get_nick (const GError *error);
int spare_error_get_exit_status (const GError *error);

G_END_DECLS
