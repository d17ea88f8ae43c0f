/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bundles that mean ill. Each is made by stock gpg, as its maker would; each is refused with the right code, in words that
 * say that nothing was changed, and nothing is left of it. */
#include "config.h"

#include "bundle-fixture.h"
#include "spare-error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>

static BundleFixture fixture;

/* --- Making --- */

static GBytes *
to_bytes (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static GBytes *
join (GBytes *a, GBytes *b)
{
  GByteArray *both = g_byte_array_new ();

  g_byte_array_append (both, g_bytes_get_data (a, NULL), (guint) g_bytes_get_size (a));
  g_byte_array_append (both, g_bytes_get_data (b, NULL), (guint) g_bytes_get_size (b));
  return g_byte_array_free_to_bytes (both);
}

static char *
header_line (const SpareBundleHeader *header)
{
  g_autoptr (JsonObject) line = spare_bundle_header_to_json (header);

  return spare_json_line_write (line);
}

/* The header as usual, then @rest. */
static GBytes *
make_text (const char *rest)
{
  g_autoptr (SpareBundleHeader)
      header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_DEPOSIT);
  g_autofree char *line = header_line (header);

  return g_bytes_new_take (g_strconcat (line, "\n", rest, NULL),
                           strlen (line) + 1 + strlen (rest));
}

static char *
dup_notation (const char *value)
{
  g_autofree char *usual = g_strdup_printf ("1:deposit:%s", fixture.authority_key);

  return g_strdup_printf (SPARE_BUNDLE_NOTATION "=%s", value != NULL ? value : usual);
}

/* As the program does it. @notation: NULL for the right one. */
static GBytes *
seal_as (SpareTestHome *home, const char *signer, const char *notation, GBytes *text)
{
  g_autofree char *whole = dup_notation (notation);

  return spare_test_gpg_filter (home, text, "--trust-model", "always", "--sig-notation", whole,
                                "--local-user", signer, "--sign", "--encrypt", "--recipient",
                                fixture.authority_key, NULL);
}

static GBytes *
seal (GBytes *text)
{
  return seal_as (fixture.owner_home, fixture.owner_key, NULL, text);
}

/* Octets of packets, as they are, into the encryption. */
static GBytes *
wrap (GBytes *packets)
{
  return spare_test_gpg_filter (fixture.owner_home, packets, "--trust-model", "always",
                                "--no-literal", "-z", "0", "--encrypt", "--recipient",
                                fixture.authority_key, NULL);
}

static GBytes *
sign_only (SpareTestHome *home, const char *signer, GBytes *text)
{
  g_autofree char *whole = dup_notation (NULL);

  return spare_test_gpg_filter (home, text, "-z", "0", "--sig-notation", whole, "--local-user",
                                signer, "--sign", NULL);
}

static GBytes *
store (GBytes *text)
{
  return spare_test_gpg_filter (fixture.owner_home, text, "-z", "0", "--store", NULL);
}

static GBytes *
make_good (void)
{
  g_autoptr (GBytes) text = make_text ("{\"serial\":1}\n{\"records\":1}\n");

  return seal (text);
}

/* --- Refusing --- */

static GError *
fail_to_open (GBytes *octets, const SpareBundleExpectation *expectation)
{
  GError *error = NULL;
  SpareBundle *bundle = spare_bundle_open_bytes_sync (octets, expectation, NULL, NULL, &error);

  g_assert_null (bundle);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  bundle_fixture_assert_nothing_left (&fixture);
  return error;
}

static void
assert_refused_by (GBytes *octets,
                   const SpareBundleExpectation *expectation,
                   SpareErrorCode code)
{
  g_autoptr (GError) error = fail_to_open (octets, expectation);

  g_assert_error (error, SPARE_ERROR, (int) code);
  g_assert_true (strstr (error->message, "othing was changed") != NULL);
}

/* Both when the sender is looked up in the header and when his certificate is known. */
static void
assert_refused (GBytes *octets, SpareErrorCode code)
{
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
  g_autoptr (GBytes) certificate = spare_test_export (fixture.owner_home, fixture.owner_key);

  assert_refused_by (octets, &expectation, code);
  expectation.sender = fixture.owner_key;
  expectation.sender_certificate = certificate;
  assert_refused_by (octets, &expectation, code);
}

/* One of the two ways, for rows of a table. */
static void
assert_refused_in_turn (GBytes *octets, guint row, SpareErrorCode code)
{
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
  g_autoptr (GBytes) certificate = spare_test_export (fixture.owner_home, fixture.owner_key);

  if (row % 2 == 0)
    {
      expectation.sender = fixture.owner_key;
      expectation.sender_certificate = certificate;
    }
  assert_refused_by (octets, &expectation, code);
}

static void
assert_opens (GBytes *octets)
{
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareBundle)
      bundle = spare_bundle_open_bytes_sync (octets, &expectation, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (bundle);
}

/* What the tests below change a little is good to begin with. */
static void
test_good (void)
{
  g_autoptr (GBytes) octets = make_good ();
  g_autoptr (GBytes) text = make_text ("{\"records\":0}\n");
  g_autoptr (GBytes) signed_text = sign_only (fixture.owner_home, fixture.owner_key, text);
  g_autoptr (GBytes) wrapped = wrap (signed_text);

  assert_opens (octets);
  assert_opens (wrapped);
}

/* --- Text --- */

static const struct
{
  const char *reason;
  const char *rest;
} texts[] = {
  { "no-last-line", "{\"serial\":1}\n" },
  { "nothing-behind-the-header", "" },
  { "a-count-too-high", "{\"serial\":1}\n{\"records\":2}\n" },
  { "a-count-too-low", "{\"serial\":1}\n{\"records\":0}\n" },
  { "a-count-that-is-no-number", "{\"serial\":1}\n{\"records\":\"1\"}\n" },
  { "a-count-below-zero", "{\"records\":-1}\n" },
  { "two-counts", "{\"records\":0}\n{\"records\":0}\n" },
  { "a-record-behind-the-count", "{\"records\":0}\n{\"serial\":1}\n" },
  { "a-line-feed-behind-the-count", "{\"records\":0}\n\n" },
  { "blanks-behind-the-count", "{\"records\":0}\n " },
  { "a-count-without-its-line-feed", "{\"records\":0}" },
  { "an-empty-line", "\n{\"records\":0}\n" },
  { "a-name-twice", "{\"serial\":1,\"serial\":2}\n{\"records\":1}\n" },
  { "nesting-of-five", "{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}\n{\"records\":1}\n" },
  { "NUL-as-an-escape", "{\"a\":\"\\u0000\"}\n{\"records\":1}\n" },
  { "invalid-UTF-8", "{\"a\":\"\xFF\"}\n{\"records\":1}\n" },
  { "lines-of-DOS", "{\"serial\":1}\r\n{\"records\":1}\r\n" },
  { "a-list-for-a-record", "[1]\n{\"records\":1}\n" },
};

static void
test_text (gconstpointer data)
{
  guint row = GPOINTER_TO_UINT (data);
  g_autoptr (GBytes) text = make_text (texts[row].rest);
  g_autoptr (GBytes) octets = seal (text);

  assert_refused_in_turn (octets, row, SPARE_ERROR_DAMAGED);
}

static void
test_nul (void)
{
  g_autoptr (GBytes) begin = make_text ("{\"a\":\"b");
  g_autoptr (GBytes) end = g_bytes_new_static ("\0c\"}\n{\"records\":1}\n", 19);
  g_autoptr (GBytes) text = join (begin, end);
  g_autoptr (GBytes) octets = seal (text);

  assert_refused (octets, SPARE_ERROR_DAMAGED);
}

static void
test_long_line (void)
{
  g_autofree char *padding = g_strnfill (65 * 1024, 'x');
  g_autofree char *rest = g_strdup_printf ("{\"a\":\"%s\"}\n{\"records\":1}\n", padding);
  g_autoptr (GBytes) text = make_text (rest);
  g_autoptr (GBytes) octets = seal (text);

  assert_refused (octets, SPARE_ERROR_DAMAGED);
}

/* --- Headers --- */

static void
test_header_twice (void)
{
  g_autoptr (GBytes) first = make_text ("");
  g_autoptr (GBytes) second = make_text ("{\"records\":1}\n");
  g_autoptr (GBytes) text = join (first, second);
  g_autoptr (GBytes) octets = seal (text);

  assert_refused (octets, SPARE_ERROR_DAMAGED);
}

static void
test_no_header (void)
{
  g_autoptr (GBytes) text = to_bytes ("{\"serial\":1}\n{\"records\":1}\n");
  g_autoptr (GBytes) octets = seal (text);

  assert_refused (octets, SPARE_ERROR_DAMAGED);
}

/* Sets or takes out one member of the header. */
static GBytes *
seal_with_member (const char *name, JsonNode *value)
{
  g_autoptr (SpareBundleHeader)
      header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_DEPOSIT);
  g_autoptr (JsonObject) line = spare_bundle_header_to_json (header);
  g_autofree char *written = NULL, *text = NULL;
  g_autoptr (GBytes) octets = NULL;

  if (value != NULL)
    json_object_set_member (line, name, value);
  else
    json_object_remove_member (line, name);
  written = spare_json_line_write (line);
  text = g_strconcat (written, "\n{\"records\":0}\n", NULL);
  octets = to_bytes (text);
  return seal (octets);
}

static JsonNode *
text_node (const char *text)
{
  return json_node_init_string (json_node_alloc (), text);
}

static void
test_later_version (void)
{
  g_autoptr (GBytes)
      octets = seal_with_member ("sparekey", json_node_init_int (json_node_alloc (), 2));
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
  g_autoptr (GError) error = NULL;

  assert_refused (octets, SPARE_ERROR_UNSUPPORTED);
  error = fail_to_open (octets, &expectation);
  g_assert_nonnull (strstr (error->message, "newer version of Spare Key"));
}

static void
test_unknown_type (void)
{
  g_autoptr (GBytes) octets = seal_with_member ("type", text_node ("present"));

  assert_refused (octets, SPARE_ERROR_UNSUPPORTED);
}

static void
test_header_members (void)
{
  static const char *const names[] = { "sparekey", "type", "id",         "created",
                                       "from",     "to",   "certificate" };
  g_autoptr (GBytes)
      version_zero = seal_with_member ("sparekey", json_node_init_int (json_node_alloc (), 0));
  g_autoptr (GBytes) path_as_id = seal_with_member ("id", text_node ("../../etc/passwd"));

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GBytes) octets = seal_with_member (names[i], NULL);

      g_test_message ("without %s", names[i]);
      assert_refused_in_turn (octets, i, SPARE_ERROR_DAMAGED);
    }
  assert_refused_in_turn (version_zero, 0, SPARE_ERROR_DAMAGED);
  assert_refused_in_turn (path_as_id, 1, SPARE_ERROR_DAMAGED);
}

/* --- Who --- */

static void
test_forged (void)
{
  g_autoptr (GBytes) text = make_text ("{\"records\":0}\n");
  g_autoptr (GBytes) octets = seal_as (fixture.attacker_home, fixture.attacker_key, NULL, text);

  assert_refused (octets, SPARE_ERROR_DAMAGED);
}

/* From the owner, with the attacker's certificate, signed by the attacker. */
static void
test_other_certificate (void)
{
  g_autoptr (SpareBundleHeader)
      header = bundle_fixture_new_header (&fixture, SPARE_BUNDLE_DEPOSIT);
  g_autofree char *line = NULL, *written = NULL;
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GBytes) octets = NULL;

  g_free (header->certificate);
  header->certificate = bundle_fixture_dup_certificate (fixture.attacker_home,
                                                        fixture.attacker_key);
  line = header_line (header);
  written = g_strconcat (line, "\n{\"records\":0}\n", NULL);
  text = to_bytes (written);
  octets = seal_as (fixture.attacker_home, fixture.attacker_key, NULL, text);
  assert_refused (octets, SPARE_ERROR_DAMAGED);
}

/* All of it the attacker's own: good if anybody may send, refused where one sender is expected. */
static GBytes *
seal_from_attacker (void)
{
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (SPARE_BUNDLE_DEPOSIT, fixture.attacker_key,
                                        fixture.authority_key);
  g_autofree char *line = NULL, *written = NULL;
  g_autoptr (GBytes) text = NULL;

  header->certificate = bundle_fixture_dup_certificate (fixture.attacker_home,
                                                        fixture.attacker_key);
  line = header_line (header);
  written = g_strconcat (line, "\n{\"records\":0}\n", NULL);
  text = to_bytes (written);
  return seal_as (fixture.attacker_home, fixture.attacker_key, NULL, text);
}

static void
test_other_sender (void)
{
  g_autoptr (GBytes) octets = seal_from_attacker ();
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
  g_autoptr (GBytes) owners = spare_test_export (fixture.owner_home, fixture.owner_key);
  g_autoptr (GBytes)
      attackers = spare_test_export (fixture.attacker_home, fixture.attacker_key);

  assert_opens (octets);
  expectation.sender = fixture.owner_key;
  assert_refused_by (octets, &expectation, SPARE_ERROR_DAMAGED);
  expectation.sender_certificate = owners;
  assert_refused_by (octets, &expectation, SPARE_ERROR_DAMAGED);
  /* A pin and a certificate that don't belong together. */
  expectation.sender_certificate = attackers;
  assert_refused_by (octets, &expectation, SPARE_ERROR_DAMAGED);
}

static void
test_other_type (void)
{
  g_autoptr (GBytes) octets = make_good ();
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);

  expectation.types = SPARE_BUNDLE_MASK (SPARE_BUNDLE_APPROVAL);
  assert_refused_by (octets, &expectation, SPARE_ERROR_UNSUPPORTED);
}

/* The owner's key signs once more, what the attacker wrote around his text: a signature by nobody. */
static void
test_unsigned (void)
{
  g_autoptr (GBytes) text = make_text ("{\"records\":0}\n");
  g_autoptr (GBytes)
      octets = spare_test_gpg_filter (fixture.attacker_home, text, "--trust-model", "always",
                                      "--encrypt", "--recipient", fixture.authority_key, NULL);

  assert_refused (octets, SPARE_ERROR_DAMAGED);
}

static void
test_two_signatures (void)
{
  g_autoptr (GBytes) text = make_text ("{\"records\":0}\n");
  g_autofree char *notation = dup_notation (NULL);
  g_autoptr (GBytes)
      owner_secret = spare_test_export_secret (fixture.owner_home, fixture.owner_key, NULL);
  g_autoptr (SpareTestHome) both = spare_test_home_new ();
  g_autoptr (GBytes) attacker_secret = spare_test_export_secret (fixture.attacker_home,
                                                                 fixture.attacker_key, NULL);
  g_autoptr (GBytes)
      authority = spare_test_export (fixture.authority_home, fixture.authority_key);
  g_autoptr (GBytes) octets = NULL;
  g_autoptr (GBytes) twice = NULL;

  spare_test_import (both, owner_secret);
  spare_test_import (both, attacker_secret);
  spare_test_import (both, authority);
  octets = spare_test_gpg_filter (both, text, "--trust-model", "always", "--sig-notation",
                                  notation, "--local-user", fixture.owner_key, "--local-user",
                                  fixture.attacker_key, "--sign", "--encrypt", "--recipient",
                                  fixture.authority_key, NULL);
  assert_refused (octets, SPARE_ERROR_DAMAGED);
}

/* --- For what --- */

static void
test_notations (void)
{
  g_autofree char *other_type = g_strdup_printf ("1:approval:%s", fixture.authority_key);
  g_autofree char *other_receiver = g_strdup_printf ("1:deposit:%s", fixture.attacker_key);
  g_autofree char *other_version = g_strdup_printf ("2:deposit:%s", fixture.authority_key);
  g_autofree char *more = g_strdup_printf ("1:deposit:%sX", fixture.authority_key);
  const char *const values[] = { other_type, other_receiver, other_version, more, "" };
  g_autoptr (GBytes) text = make_text ("{\"records\":0}\n");

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (GBytes)
          octets = seal_as (fixture.owner_home, fixture.owner_key, values[i], text);

      g_test_message ("%s", values[i]);
      assert_refused_in_turn (octets, i, SPARE_ERROR_DAMAGED);
    }
}

/* A text that the owner signed once, whatever it says, is no bundle. */
static void
test_no_notation (void)
{
  g_autoptr (GBytes) text = make_text ("{\"records\":0}\n");
  g_autoptr (GBytes)
      octets = spare_test_gpg_filter (fixture.owner_home, text, "--trust-model", "always",
                                      "--local-user", fixture.owner_key, "--sign", "--encrypt",
                                      "--recipient", fixture.authority_key, NULL);

  assert_refused (octets, SPARE_ERROR_DAMAGED);
}

/* A bundle for the attacker, taken out of its encryption with its signature and sent on. */
static void
test_sent_on (void)
{
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (SPARE_BUNDLE_APPROVAL, fixture.owner_key,
                                        fixture.attacker_key);
  g_autofree char *line = NULL, *written = NULL, *notation = NULL;
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GBytes) signed_text = NULL;
  g_autoptr (GBytes) octets = NULL;

  header->certificate = bundle_fixture_dup_certificate (fixture.owner_home, fixture.owner_key);
  line = header_line (header);
  written = g_strconcat (line, "\n{\"records\":0}\n", NULL);
  text = to_bytes (written);
  notation = g_strdup_printf (SPARE_BUNDLE_NOTATION "=1:approval:%s", fixture.attacker_key);
  signed_text = spare_test_gpg_filter (fixture.owner_home, text, "-z", "0", "--sig-notation",
                                       notation, "--sign", NULL);
  octets = wrap (signed_text);
  assert_refused (octets, SPARE_ERROR_DAMAGED);
}

/* --- Beside what was signed --- */

static void
test_unsigned_before (void)
{
  g_autoptr (GBytes) head = make_text ("{\"serial\":1}\n");
  g_autoptr (GBytes) tail = to_bytes ("{\"records\":1}\n");
  g_autoptr (GBytes) whole = make_text ("{\"records\":0}\n");
  g_autoptr (GBytes) unsigned_head = store (head);
  g_autoptr (GBytes) signed_tail = sign_only (fixture.owner_home, fixture.owner_key, tail);
  g_autoptr (GBytes) signed_whole = sign_only (fixture.owner_home, fixture.owner_key, whole);
  g_autoptr (GBytes) before = join (unsigned_head, signed_tail);
  g_autoptr (GBytes) behind = join (signed_whole, unsigned_head);
  g_autoptr (GBytes) wrapped_before = wrap (before);
  g_autoptr (GBytes) wrapped_behind = wrap (behind);

  assert_refused (wrapped_before, SPARE_ERROR_DAMAGED);
  assert_refused (wrapped_behind, SPARE_ERROR_DAMAGED);
}

static void
test_signed_twice_in_a_row (void)
{
  g_autoptr (GBytes) head = make_text ("{\"serial\":1}\n");
  g_autoptr (GBytes) tail = to_bytes ("{\"records\":1}\n");
  g_autoptr (GBytes) signed_head = sign_only (fixture.owner_home, fixture.owner_key, head);
  g_autoptr (GBytes) signed_tail = sign_only (fixture.owner_home, fixture.owner_key, tail);
  g_autoptr (GBytes) both = join (signed_head, signed_tail);
  g_autoptr (GBytes) octets = wrap (both);

  assert_refused (octets, SPARE_ERROR_DAMAGED);
}

/* --- Octets --- */

static void
test_cut (void)
{
  g_autoptr (GBytes) octets = make_good ();
  gsize size = g_bytes_get_size (octets);
  const gsize lengths[] = { 0,        1,         20,        100,       120,
                            size / 2, size - 40, size - 23, size - 22, size - 1 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (octets, 0, lengths[i]);

      g_test_message ("%zu of %zu octets", lengths[i], size);
      assert_refused_in_turn (cut, i, SPARE_ERROR_DAMAGED);
    }
}

static void
test_flipped (void)
{
  g_autoptr (GBytes) octets = make_good ();
  gsize size = g_bytes_get_size (octets);

  for (gsize at = 0; at < size; at += size / 12)
    {
      guint8 *copy = g_memdup2 (g_bytes_get_data (octets, NULL), size);
      g_autoptr (GBytes) flipped = g_bytes_new_take (copy, size);
      SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
      g_autoptr (GError) error = NULL;

      copy[at] ^= 0x10;
      g_test_message ("octet %zu of %zu", at, size);
      error = fail_to_open (flipped, &expectation);
      /* In the key id it is for somebody else. */
      if (!g_error_matches (error, SPARE_ERROR, SPARE_ERROR_NO_KEY))
        g_assert_error (error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
    }
}

static void
test_something_behind (void)
{
  g_autoptr (GBytes) octets = make_good ();
  g_autoptr (GBytes) twice = join (octets, octets);
  g_autoptr (GBytes) line = to_bytes ("{}\n");
  g_autoptr (GBytes) with_line = join (octets, line);
  g_autoptr (GBytes) text = make_text ("{\"records\":0}\n");
  g_autoptr (GBytes) literal = store (text);
  g_autoptr (GBytes) with_literal = join (octets, literal);
  g_autoptr (GBytes) after_literal = join (literal, octets);

  assert_refused (twice, SPARE_ERROR_DAMAGED);
  assert_refused (with_line, SPARE_ERROR_DAMAGED);
  assert_refused (with_literal, SPARE_ERROR_DAMAGED);
  assert_refused (after_literal, SPARE_ERROR_DAMAGED);
}

static void
test_no_bundle (void)
{
  g_autoptr (GBytes) plain = to_bytes ("Dear Ada, the keys are under the mat.\n");
  g_autoptr (GBytes) text = make_text ("{\"records\":0}\n");
  g_autoptr (GBytes) signed_text = sign_only (fixture.owner_home, fixture.owner_key, text);
  g_autoptr (GBytes) certificate = spare_test_export (fixture.owner_home, fixture.owner_key);

  assert_refused (plain, SPARE_ERROR_DAMAGED);
  assert_refused (signed_text, SPARE_ERROR_DAMAGED);
  assert_refused (certificate, SPARE_ERROR_DAMAGED);
}

static void
test_not_for_me (void)
{
  g_autoptr (GBytes) text = make_text ("{\"records\":0}\n");
  g_autoptr (GBytes)
      to_attacker = spare_test_gpg_filter (fixture.attacker_home, text, "--trust-model",
                                           "always", "--encrypt", "--recipient",
                                           fixture.attacker_key, NULL);
  g_autoptr (GBytes)
      hidden = spare_test_gpg_filter (fixture.attacker_home, text, "--trust-model", "always",
                                      "--encrypt", "--hidden-recipient", fixture.authority_key,
                                      NULL);

  assert_refused (to_attacker, SPARE_ERROR_NO_KEY);
  assert_refused (hidden, SPARE_ERROR_NO_KEY);
}

static void
test_password (void)
{
  g_autoptr (GBytes) text = make_text ("{\"records\":0}\n");
  g_autofree char *notation = dup_notation (NULL);
  g_autoptr (GBytes) password = spare_test_gpg_filter (fixture.owner_home, text, "--passphrase",
                                                       "abc", "--symmetric", NULL);
  g_autoptr (GBytes)
      both = spare_test_gpg_filter (fixture.owner_home, text, "--trust-model", "always",
                                    "--sig-notation", notation, "--passphrase", "abc",
                                    "--symmetric", "--sign", "--encrypt", "--recipient",
                                    fixture.authority_key, NULL);

  assert_refused (password, SPARE_ERROR_DAMAGED);
  assert_refused (both, SPARE_ERROR_DAMAGED);
}

/* --- Keys --- */

/* Signed by @signer's key of @home, from it, with @certificate in the header. */
static GBytes *
seal_from (SpareTestHome *home, const char *signer, const char *certificate, const char *when)
{
  g_autoptr (SpareBundleHeader)
      header = spare_bundle_header_new (SPARE_BUNDLE_DEPOSIT, signer, fixture.authority_key);
  g_autofree char *line = NULL, *written = NULL, *notation = dup_notation (NULL);
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GBytes) packets = NULL;

  header->certificate = g_strdup (certificate);
  line = header_line (header);
  written = g_strconcat (line, "\n{\"records\":0}\n", NULL);
  text = to_bytes (written);
  packets = spare_test_gpg_filter (home, text, "-z", "0", "--sig-notation", notation,
                                   "--local-user", signer, "--sign",
                                   when != NULL ? "--faked-system-time" : NULL, when, NULL);
  return wrap (packets);
}

static void
assert_refused_from (GBytes *octets, const char *sender, const char *certificate)
{
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);
  g_autoptr (GBytes) given = to_bytes (certificate);

  assert_refused_by (octets, &expectation, SPARE_ERROR_DAMAGED);
  expectation.sender = sender;
  expectation.sender_certificate = given;
  assert_refused_by (octets, &expectation, SPARE_ERROR_DAMAGED);
}

static void
test_expired (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autofree char *key = spare_test_create_key (home, SPARE_TEST_KEY_EXPIRED,
                                                "Eve <eve@example.org>", NULL);
  g_autofree char *certificate = bundle_fixture_dup_certificate (home, key);
  g_autoptr (GBytes) octets = seal_from (home, key, certificate, "20200601T000000");

  assert_refused_from (octets, key, certificate);
}

static void
test_revoked (void)
{
  g_autoptr (SpareTestHome) home = spare_test_home_new ();
  g_autoptr (SpareTestHome) other = spare_test_home_new ();
  g_autofree char *key = spare_test_create_key (home, SPARE_TEST_KEY_DEFAULT,
                                                "Eve <eve@example.org>", NULL);
  g_autoptr (GBytes) secret = spare_test_export_secret (home, key, NULL);
  g_autofree char *name = g_strdup_printf ("openpgp-revocs.d/%s.rev", key);
  g_autofree char *path = spare_test_home_build (home, name);
  g_autofree char *revocation = NULL, *certificate = NULL;
  g_autoptr (GBytes) revocation_octets = NULL;
  g_autoptr (GBytes) octets = NULL;

  spare_test_import (other, secret);
  g_assert_true (g_file_get_contents (path, &revocation, NULL, NULL));
  revocation_octets = to_bytes (strstr (revocation, "\n:-----BEGIN") + 2);
  spare_test_import (home, revocation_octets);
  certificate = bundle_fixture_dup_certificate (home, key);
  octets = seal_from (other, key, certificate, NULL);
  assert_refused_from (octets, key, certificate);
}

static char *
dup_armored (GBytes *octets)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (octets, &size);
  g_autofree char *base64 = g_base64_encode (data, size);
  GString *text = g_string_new ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n");

  for (gsize i = 0; base64[i] != '\0'; i += MIN (64, strlen (base64 + i)))
    g_string_append_printf (text, "%.64s\n", base64 + i);
  g_string_append (text, "-----END PGP PUBLIC KEY BLOCK-----\n");
  return g_string_free (text, FALSE);
}

static void
assert_certificate_refused (const char *certificate)
{
  g_autoptr (GBytes)
      octets = seal_from (fixture.owner_home, fixture.owner_key, certificate, NULL);
  SpareBundleExpectation expectation = bundle_fixture_get_expectation (&fixture);

  assert_refused_by (octets, &expectation, SPARE_ERROR_DAMAGED);
}

static void
test_certificates (void)
{
  g_autoptr (GBytes) own = spare_test_gpg_filter (fixture.owner_home, NULL, "--export",
                                                  fixture.owner_key, NULL);
  g_autoptr (GBytes) others = spare_test_gpg_filter (fixture.attacker_home, NULL, "--export",
                                                     fixture.attacker_key, NULL);
  g_autoptr (GBytes)
      secret = spare_test_gpg_filter (fixture.owner_home, NULL, "--export-secret-keys",
                                      fixture.owner_key, NULL);
  g_autoptr (GBytes) both = join (own, others);
  g_autoptr (GBytes) turned = join (others, own);
  g_autoptr (GBytes) with_secret = join (own, secret);
  g_autoptr (GBytes) half = g_bytes_new_from_bytes (own, 0, g_bytes_get_size (own) / 2);
  g_autoptr (GBytes) text = to_bytes ("no packets");
  GBytes *const refused[] = { both, turned, secret, with_secret, half, text };
  g_autofree char *good = dup_armored (own);
  g_autofree char *twice = g_strconcat (good, good, NULL);
  g_autoptr (GBytes) octets = seal_from (fixture.owner_home, fixture.owner_key, good, NULL);

  assert_opens (octets);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *certificate = dup_armored (refused[i]);

      g_test_message ("certificate %u", i);
      assert_certificate_refused (certificate);
    }
  assert_certificate_refused ("");
  assert_certificate_refused (twice);
}

/* A certificate that is too large makes a line that is. */
static void
test_large_certificate (void)
{
  g_autoptr (GBytes) own = spare_test_gpg_filter (fixture.owner_home, NULL, "--export",
                                                  fixture.owner_key, NULL);
  g_autoptr (GByteArray) packets = g_byte_array_new ();
  g_autoptr (GBytes) large = NULL;
  g_autofree char *certificate = NULL;

  g_byte_array_append (packets, g_bytes_get_data (own, NULL), (guint) g_bytes_get_size (own));
  while (packets->len <= SPARE_BUNDLE_CERTIFICATE_MAX)
    {
      guint8 user_id[202] = { 0x80 | 13 << 2, 200 };

      memset (user_id + 2, 'x', 200);
      g_byte_array_append (packets, user_id, sizeof user_id);
    }
  large = g_bytes_new (packets->data, packets->len);
  certificate = dup_armored (large);
  assert_certificate_refused (certificate);
}

/* --- Bombs --- */

static glong
get_peak (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

static void
assert_bomb_refused (GBytes *octets, SpareErrorCode code)
{
  gint64 begin = g_get_monotonic_time ();
  glong before = get_peak ();

  g_test_message ("%zu octets", g_bytes_get_size (octets));
  assert_refused (octets, code);
  g_test_message ("%.2f s, %ld KiB more", (double) (g_get_monotonic_time () - begin) / 1e6,
                  get_peak () - before);
  g_assert_cmpint (get_peak () - before, <, 16 * 1024);
}

/* A gibibyte of zeros in less than five megabytes. */
static void
test_zeros (void)
{
  g_autofree char *path = g_build_filename (fixture.folder, "zeros", NULL);
  g_autofree char *notation = dup_notation (NULL);
  g_autoptr (GBytes) octets = NULL;

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  g_assert_cmpint (truncate (path, 1024 * 1024 * 1024), ==, 0);
  octets = spare_test_gpg_filter (fixture.owner_home, NULL, "--trust-model", "always", "-z",
                                  "1", "--sig-notation", notation, "--output", "-", "--sign",
                                  "--encrypt", "--recipient", fixture.authority_key, path,
                                  NULL);
  g_unlink (path);
  assert_bomb_refused (octets, SPARE_ERROR_DAMAGED);
}

/* Every line is good, and there are too many for so few octets. */
static void
test_empty_records (void)
{
  g_autoptr (GString) rest = g_string_new (NULL);
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GBytes) octets = NULL;
  const guint n = 4 * 1024 * 1024;

  for (guint i = 0; i < n; i++)
    g_string_append (rest, "{}\n");
  g_string_append_printf (rest, "{\"records\":%u}\n", n);
  text = make_text (rest->str);
  octets = seal (text);
  assert_bomb_refused (octets, SPARE_ERROR_TOO_LARGE);
}

/* --- */

int
main (int argc, char **argv)
{
  int result;

  bundle_fixture_begin ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  bundle_fixture_set_up (&fixture);

  g_test_add_func ("/bundle-attack/what-is-changed-below-is-good-as-it-is", test_good);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *path = g_strdup_printf ("/bundle-attack/text/%s", texts[i].reason);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_text);
    }
  g_test_add_func ("/bundle-attack/text/NUL", test_nul);
  g_test_add_func ("/bundle-attack/text/a-line-of-65-KiB", test_long_line);
  g_test_add_func ("/bundle-attack/header/twice", test_header_twice);
  g_test_add_func ("/bundle-attack/header/not-there", test_no_header);
  g_test_add_func ("/bundle-attack/header/a-later-version-is-told-apart", test_later_version);
  g_test_add_func ("/bundle-attack/header/an-unknown-type", test_unknown_type);
  g_test_add_func ("/bundle-attack/header/a-member-missing-or-wrong", test_header_members);
  g_test_add_func ("/bundle-attack/who/signed-by-another-key", test_forged);
  g_test_add_func ("/bundle-attack/who/another-certificate-beside-the-name",
                   test_other_certificate);
  g_test_add_func ("/bundle-attack/who/another-sender-than-expected", test_other_sender);
  g_test_add_func ("/bundle-attack/who/another-type-than-expected", test_other_type);
  g_test_add_func ("/bundle-attack/who/not-signed", test_unsigned);
  g_test_add_func ("/bundle-attack/who/signed-by-two", test_two_signatures);
  g_test_add_func ("/bundle-attack/what-for/signed-for-something-else", test_notations);
  g_test_add_func ("/bundle-attack/what-for/signed-without-a-purpose", test_no_notation);
  g_test_add_func ("/bundle-attack/what-for/sent-on-to-another-receiver", test_sent_on);
  g_test_add_func ("/bundle-attack/beside/unsigned-before-or-behind-signed",
                   test_unsigned_before);
  g_test_add_func ("/bundle-attack/beside/two-signed-texts-in-a-row",
                   test_signed_twice_in_a_row);
  g_test_add_func ("/bundle-attack/octets/cut", test_cut);
  g_test_add_func ("/bundle-attack/octets/flipped", test_flipped);
  g_test_add_func ("/bundle-attack/octets/something-behind-or-before", test_something_behind);
  g_test_add_func ("/bundle-attack/octets/no-bundle-at-all", test_no_bundle);
  g_test_add_func ("/bundle-attack/octets/not-encrypted-to-me", test_not_for_me);
  g_test_add_func ("/bundle-attack/octets/a-password", test_password);
  g_test_add_func ("/bundle-attack/keys/an-expired-signer", test_expired);
  g_test_add_func ("/bundle-attack/keys/a-revoked-signer", test_revoked);
  g_test_add_func ("/bundle-attack/keys/certificates-that-are-more-or-less-than-one",
                   test_certificates);
  g_test_add_func ("/bundle-attack/keys/a-certificate-past-its-limit", test_large_certificate);
  g_test_add_func ("/bundle-attack/bombs/a-gibibyte-of-zeros", test_zeros);
  g_test_add_func ("/bundle-attack/bombs/millions-of-empty-records", test_empty_records);
  result = g_test_run ();
  bundle_fixture_tear_down (&fixture);
  return result;
}
