/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Throw-away GnuPG homes and keys, made by stock gpg (never by the code under test), for every folder's tests. */

typedef struct
{
  char *path; /* short, mode 0700, gone with the object; its agent too */
} SpareTestHome;

SpareTestHome *spare_test_home_new (void);
void spare_test_home_free (SpareTestHome *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareTestHome, spare_test_home_free)

/* The file's full path inside the home. */
char *spare_test_home_build (SpareTestHome *self, const char *name);
void spare_test_home_kill_agent (SpareTestHome *self);

/* Runs `gpg --homedir HOME --batch --yes --pinentry-mode loopback ARGUMENTS… NULL`. Returns the exit status, -1 for a
 * death by signal. @input may be NULL; @output and @error_text may be NULL. Both outputs are NUL-terminated copies. */
int spare_test_gpg_full (SpareTestHome *self,
                         GBytes *input,
                         GBytes **output,
                         char **error_text,
                         ...) G_GNUC_NULL_TERMINATED;
/* As above, must exit 0; returns what it printed. */
char *spare_test_gpg (SpareTestHome *self, ...) G_GNUC_NULL_TERMINATED;
GBytes *spare_test_gpg_filter (SpareTestHome *self, GBytes *input, ...) G_GNUC_NULL_TERMINATED;

typedef enum
{
  SPARE_TEST_KEY_DEFAULT,  /* ed25519 primary, cv25519 for encryption, no expiry */
  SPARE_TEST_KEY_RSA,      /* rsa2048 twice */
  SPARE_TEST_KEY_NISTP256, /* nistp256 twice; in the same way the next ones */
  SPARE_TEST_KEY_NISTP384,
  SPARE_TEST_KEY_NISTP521,
  SPARE_TEST_KEY_BRAINPOOLP256,
  SPARE_TEST_KEY_SIGN_ONLY, /* ed25519 without any encryption subkey */
  SPARE_TEST_KEY_EXPIRED,   /* made 2020-01-01, good for a year */
  SPARE_TEST_KEY_REVOKED,
  SPARE_TEST_KEY_DISABLED,       /* switched off in this home; exports don't carry it */
  SPARE_TEST_KEY_NOT_YET_VALID,  /* made in 2040 */
  SPARE_TEST_KEY_TWO_SUBKEYS,    /* two encryption subkeys, of two and of one day ago */
  SPARE_TEST_KEY_EXPIRED_SUBKEY, /* primary good, only encryption subkey expired in 2021 */
  SPARE_TEST_KEY_REVOKED_SUBKEY, /* primary good, only encryption subkey revoked */
} SpareTestKeyKind;

/* Returns the primary fingerprint. @passphrase NULL: unprotected. */
char *spare_test_create_key (SpareTestHome *self,
                             SpareTestKeyKind kind,
                             const char *user_id,
                             const char *passphrase);

/* Fingerprints as gpg lists them: the primary's first, then each subkey's. */
GStrv spare_test_list_fingerprints (SpareTestHome *self, const char *fingerprint);

GBytes *spare_test_export (SpareTestHome *self, const char *fingerprint);
GBytes *spare_test_export_secret (SpareTestHome *self,
                                  const char *fingerprint,
                                  const char *passphrase);
void spare_test_import (SpareTestHome *self, GBytes *octets);

/* SHA-256 over names, modes and contents of all that lies in the folder: equal means untouched. Sockets and the folders
 * of running agents aren't counted. */
char *spare_test_hash_tree (const char *path);

/* Removes a folder with all that is in it; never follows links. */
void spare_test_remove_tree (const char *path);

G_END_DECLS
