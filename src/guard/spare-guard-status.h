/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the engine guard says on GPGME's status descriptor, for those who read it.
 *
 *   [GNUPG:] ERROR keydb_search CODE         (listings only) an error, not an empty keyring
 *   [GNUPG:] FAILURE enginewrap CODE         GPGME makes an error of it; absent on success
 *   [GNUPG:] X_SPAREKEY_EXIT N REASON        always, and always last: how the engine ended
 *
 * GPGME hands the last line to the status callback (context flag "full-status") and ignores
 * it otherwise. An operation without that line was not watched to its end: never believe it.
 *
 * N is the engine's exit status, 128 + n when signal n ended it, or one of the codes below.
 * REASON is "exit", "signal", "start", "garbage", "refused" or "cancelled". */

#define SPARE_GUARD_EXIT_KEYWORD "X_SPAREKEY_EXIT"

/* Where FAILURE says that it comes from. GPGME ignores failures of "gpg-exit" by design. */
#define SPARE_GUARD_LOCATION "enginewrap"

/* N beyond what gpg itself returns (0, 1, 2). */
#define SPARE_GUARD_EXIT_REFUSED     124 /* the call names no home folder: nothing was run */
#define SPARE_GUARD_EXIT_GARBAGE     125 /* exit 0, but the listing is not one */
#define SPARE_GUARD_EXIT_NOT_STARTED 127 /* there is no engine at the built-in path */

/* CODE, as gpg_error_t: source GPG, and by what happened:
 *   engine exited other than 0   GPG_ERR_GENERAL
 *   a signal ended it            GPG_ERR_INTERNAL
 *   it could not be started      GPG_ERR_INV_ENGINE
 *   its listing is not one       GPG_ERR_BAD_DATA
 *   the call was refused         GPG_ERR_INV_ARG
 *   cancelled                    GPG_ERR_CANCELED */
