/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One signature as gpg spoke of it between two NEWSIG lines: words for GPGME's verdict, never the verdict. */
typedef struct
{
  char *user_id;     /* raw UTF-8; NULL: gpg knows none */
  char *fingerprint; /* of the primary key, upper-case; NULL: not told */
  char *subkey;      /* fingerprint of what made it; NULL: not told */
  int type;          /* of the signature (RFC 9580 section 5.2.1); -1: not told */
} SpareSignerWords;

/* What the engine said on its status line, counted (doc/DETAILS of GnuPG has the words). */
typedef struct
{
  guint begin_encryption, end_encryption;
  guint begin_decryption, decryption_okay, decryption_failed, end_decryption;
  guint decryption_info; /* a session key was found */
  guint bad_mdc, no_data, unexpected;
  guint errors;            /* ERROR, but for those of looking for keys */
  guint failures;          /* FAILURE, but for the guard's own line */
  guint failure_code;      /* of the first of them, a gpgme_error_t; 0: there was none */
  gboolean bad_passphrase; /* an ERROR line said so */
  guint guard_code; /* of the guard's own FAILURE line, a gpgme_error_t; 0: there was none */
  guint invalid_recipients;
  guint signatures;          /* GOODSIG, BADSIG, ERRSIG and their relatives */
  guint missing_secret_keys; /* NO_SECKEY */
  guint bad_passphrases;
  guint plaintexts;         /* PLAINTEXT: literal packets */
  guint password_questions; /* NEED_PASSPHRASE_SYM: for an SKESK, since no PKESK fitted */
  int exit_status;          /* as the guard saw it; -1: it did not say */
  GPtrArray
      *signers; /* of SpareSignerWords, one a NEWSIG, in the order of GPGME's signatures */
} SpareEngineFacts;

void spare_engine_facts_init (SpareEngineFacts *self);
void spare_engine_facts_clear (SpareEngineFacts *self);
void spare_engine_facts_note (SpareEngineFacts *self,
                              const char *keyword,
                              const char *arguments);

G_END_DECLS
