/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-gpgme-private.h"
#include "spare-stream.h"

G_BEGIN_DECLS

/* Seconds of silence after which an engine counts as hung. */
#define SPARE_OPERATION_PATIENCE 120

/* One signature as gpg spoke of it between two NEWSIG lines: words for GPGME's verdict, never the verdict. */
typedef struct
{
  char *user_id;     /* raw UTF-8; NULL: gpg knows none */
  char *fingerprint; /* of the primary key, upper-case; NULL: not told */
} SpareSignerWords;

/* What the engine said on its status line, counted (doc/DETAILS of GnuPG has the words). */
typedef struct
{
  guint begin_encryption, end_encryption;
  guint begin_decryption, decryption_okay, decryption_failed, end_decryption;
  guint decryption_info; /* a session key was found */
  guint bad_mdc, no_data, unexpected;
  guint errors;     /* ERROR, but for those of looking for keys */
  guint failures;   /* FAILURE, but for the guard's own line */
  guint guard_code; /* of the guard's own FAILURE line, a gpgme_error_t; 0: there was none */
  guint invalid_recipients;
  guint signatures;          /* GOODSIG, BADSIG, ERRSIG and their relatives */
  guint missing_secret_keys; /* NO_SECKEY */
  guint bad_passphrases;
  guint password_questions; /* NEED_PASSPHRASE_SYM: for an SKESK, since no PKESK fitted */
  int exit_status;          /* as the guard saw it; -1: it did not say */
  GPtrArray *signers;       /* of SpareSignerWords, in the order of GPGME's signatures */
} SpareEngineFacts;

typedef struct _SpareOperation SpareOperation;

SpareOperation *spare_operation_new (SpareContext *context, guint patience);
void spare_operation_free (SpareOperation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareOperation, spare_operation_free)

gpgme_data_t spare_operation_add_input (SpareOperation *self,
                                        SpareReadFunc read,
                                        gpointer user_data,
                                        guint64 size_hint,
                                        GError **error);
gpgme_data_t spare_operation_add_output (SpareOperation *self,
                                         SpareWriteFunc write,
                                         gpointer user_data,
                                         GError **error);

gboolean spare_operation_run (SpareOperation *self, gpgme_error_t start_error, GError **error);

gpgme_error_t spare_operation_get_result (SpareOperation *self);
const SpareEngineFacts *spare_operation_get_facts (SpareOperation *self);

G_END_DECLS
