/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What gpg and the guard said on the status line of one operation, counted.
 *
 * Nothing is judged here: which counts add up to a success is decided where the operation is understood, in
 * spare-encryption.c and spare-decryption.c.
 */
#include "config.h"

#include "spare-engine-facts-private.h"

#include "spare-guard-status.h"
#include "spare-key.h"

#include <gpgme.h>
#include <string.h>

static SpareSignerWords *
signer_words_new (void)
{
  SpareSignerWords *self = g_new0 (SpareSignerWords, 1);

  self->type = -1;
  return self;
}

static void
signer_words_free (gpointer data)
{
  SpareSignerWords *self = data;

  g_free (self->user_id);
  g_free (self->fingerprint);
  g_free (self->subkey);
  g_free (self);
}

/**
 * spare_engine_facts_init:
 * @self: facts, uninitialised
 */
void
spare_engine_facts_init (SpareEngineFacts *self)
{
  *self = (SpareEngineFacts){
    .exit_status = -1,
    .signers = g_ptr_array_new_with_free_func (signer_words_free),
  };
}

/**
 * spare_engine_facts_clear:
 * @self: facts
 */
void
spare_engine_facts_clear (SpareEngineFacts *self)
{
  g_clear_pointer (&self->signers, g_ptr_array_unref);
}

/* GOODSIG and relatives: key id or fingerprint, then the user id, percent-escaped. */
static void
note_signer (SpareEngineFacts *self, const char *arguments)
{
  const char *space = strchr (arguments, ' ');
  SpareSignerWords *words;

  self->signatures++;
  if (self->signers->len == 0 || space == NULL)
    return;

  words = g_ptr_array_index (self->signers, self->signers->len - 1);
  g_free (words->user_id);
  words->user_id = g_uri_unescape_string (space + 1, NULL);
}

/* VALIDSIG: ten fields: the first is the fingerprint of what signed, the ninth the signature's type in hex, the last the
 * fingerprint of the primary key. */
static void
note_valid_signature (SpareEngineFacts *self, const char *arguments)
{
  g_auto (GStrv) fields = g_strsplit (arguments, " ", -1);
  SpareSignerWords *words;
  guint64 type;

  if (self->signers->len == 0 || g_strv_length (fields) < 10)
    return;

  words = g_ptr_array_index (self->signers, self->signers->len - 1);
  g_free (words->fingerprint);
  g_free (words->subkey);
  words->fingerprint = spare_fingerprint_normalize (fields[9]);
  words->subkey = spare_fingerprint_normalize (fields[0]);
  words->type = g_ascii_string_to_unsigned (fields[8], 16, 0, 255, &type, NULL) ? (int) type
                                                                                : -1;
}

/* The guard's last word: the exit status, then why. */
static void
note_exit (SpareEngineFacts *self, const char *arguments)
{
  g_auto (GStrv) fields = g_strsplit (arguments, " ", 2);
  guint64 status;

  if (fields[0] != NULL && g_ascii_string_to_unsigned (fields[0], 10, 0, 255, &status, NULL))
    self->exit_status = (int) status;
}

/* ERROR: where, then an error code, then anything. Decrypting with a given session key looks for no key and needs no
 * keyring, so that one is not about the message. */
static void
note_error (SpareEngineFacts *self, const char *arguments)
{
  const char *code = strchr (arguments, ' ');

  if (!g_str_has_prefix (arguments, "keydb_search "))
    self->errors++;
  if (code != NULL
      && gpgme_err_code ((gpgme_error_t) g_ascii_strtoull (code + 1, NULL, 10))
             == GPG_ERR_BAD_PASSPHRASE)
    self->bad_passphrase = TRUE;
  g_debug ("engine error: %s", arguments);
}

/* FAILURE: where, then an error code. That of the guard only repeats the exit status, and so does gpg's own of
 * "gpg-exit" (2.4). */
static void
note_failure (SpareEngineFacts *self, const char *arguments)
{
  static const char guard[] = SPARE_GUARD_LOCATION " ";

  if (g_str_has_prefix (arguments, guard))
    self->guard_code = (guint) g_ascii_strtoull (arguments + strlen (guard), NULL, 10);
  else if (!g_str_has_prefix (arguments, "gpg-exit "))
    {
      const char *code = strchr (arguments, ' ');

      if (self->failures++ == 0 && code != NULL)
        self->failure_code = (guint) g_ascii_strtoull (code + 1, NULL, 10);
    }
}

/**
 * spare_engine_facts_note:
 * @self: facts
 * @keyword: of a status line
 * @arguments: the rest of the line
 *
 * Adds a line to what is known.
 */
void
spare_engine_facts_note (SpareEngineFacts *self, const char *keyword, const char *arguments)
{
  static const struct
  {
    const char *keyword;
    gsize offset;
  } counted[] = {
    { "BEGIN_ENCRYPTION", G_STRUCT_OFFSET (SpareEngineFacts, begin_encryption) },
    { "END_ENCRYPTION", G_STRUCT_OFFSET (SpareEngineFacts, end_encryption) },
    { "BEGIN_DECRYPTION", G_STRUCT_OFFSET (SpareEngineFacts, begin_decryption) },
    { "DECRYPTION_INFO", G_STRUCT_OFFSET (SpareEngineFacts, decryption_info) },
    { "DECRYPTION_OKAY", G_STRUCT_OFFSET (SpareEngineFacts, decryption_okay) },
    { "DECRYPTION_FAILED", G_STRUCT_OFFSET (SpareEngineFacts, decryption_failed) },
    { "END_DECRYPTION", G_STRUCT_OFFSET (SpareEngineFacts, end_decryption) },
    { "BADMDC", G_STRUCT_OFFSET (SpareEngineFacts, bad_mdc) },
    { "NODATA", G_STRUCT_OFFSET (SpareEngineFacts, no_data) },
    { "UNEXPECTED", G_STRUCT_OFFSET (SpareEngineFacts, unexpected) },
    { "INV_RECP", G_STRUCT_OFFSET (SpareEngineFacts, invalid_recipients) },
    { "NO_RECP", G_STRUCT_OFFSET (SpareEngineFacts, invalid_recipients) },
    { "NO_SECKEY", G_STRUCT_OFFSET (SpareEngineFacts, missing_secret_keys) },
    { "BAD_PASSPHRASE", G_STRUCT_OFFSET (SpareEngineFacts, bad_passphrases) },
    { "PLAINTEXT", G_STRUCT_OFFSET (SpareEngineFacts, plaintexts) },
    { "NEED_PASSPHRASE_SYM", G_STRUCT_OFFSET (SpareEngineFacts, password_questions) },
  };
  static const struct
  {
    const char *keyword;
    void (*note) (SpareEngineFacts *self, const char *arguments);
  } noted[] = {
    { "GOODSIG", note_signer },
    { "EXPSIG", note_signer },
    { "EXPKEYSIG", note_signer },
    { "REVKEYSIG", note_signer },
    { "BADSIG", note_signer },
    { "VALIDSIG", note_valid_signature },
    { SPARE_GUARD_EXIT_KEYWORD, note_exit },
    { "ERROR", note_error },
    { "FAILURE", note_failure },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (counted); i++)
    if (g_str_equal (keyword, counted[i].keyword))
      G_STRUCT_MEMBER (guint, self, counted[i].offset)++;
  for (gsize i = 0; i < G_N_ELEMENTS (noted); i++)
    if (g_str_equal (keyword, noted[i].keyword))
      noted[i].note (self, arguments);

  if (g_str_equal (keyword, "ERRSIG"))
    self->signatures++;
  else if (g_str_equal (keyword, "NEWSIG"))
    g_ptr_array_add (self->signers, signer_words_new ());
}
