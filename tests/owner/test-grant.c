/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A grant comes back: which is believed, and which files it changes. */
#include "config.h"

#include "deposit-fixture.h"

#include "spare-error.h"
#include "spare-grant-record.h"
#include "spare-grant.h"
#include "spare-head-result.h"
#include "spare-inspection.h"
#include "spare-pkesk-build.h"
#include "spare-request.h"
#include "spare-secret.h"
#include "spare-session-key.h"
#include "spare-splice.h"

#include <string.h>

/* A file of a lost key, asked for with a new one, and what the authority's words about it are. */
typedef struct
{
  char *path;
  const char *twin; /* of a copy that is asked for as well; NULL: none */
  char *key;        /* the new one */
  char *id;         /* of the request */
  SpareRequest *request;
  SpareRequestFile *file;
  SpareWrapKey *wrap; /* for the new key */
} Story;

static void
story_clear (Story *self)
{
  g_free (self->path);
  g_free (self->key);
  g_free (self->id);
  g_clear_pointer (&self->request, spare_request_free);
  g_clear_pointer (&self->file, spare_request_file_free);
  g_clear_pointer (&self->wrap, spare_wrap_key_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Story, story_clear)

static SpareWrapKey *
make_wrap (DepositFixture *f, const char *fingerprint)
{
  SpareHome *home = spare_owner_get_home (f->o.owner);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareKey) key = spare_home_get_key_sync (home, fingerprint, FALSE, NULL, &error);
  g_autoptr (GBytes) certificate = NULL;
  const SpareSubkey *subkey;
  SpareWrapKey *wrap;

  g_assert_no_error (error);
  subkey = spare_key_pick_newest_encryption_subkey (key,
                                                    g_get_real_time () / G_USEC_PER_SEC + 1);
  certificate = spare_home_export_sync (home, fingerprint, 0, NULL, &error);
  g_assert_no_error (error);
  wrap = spare_wrap_key_new (certificate, subkey->fingerprint, &error);
  g_assert_no_error (error);
  return wrap;
}

static void
story_begin (DepositFixture *f, Story *story)
{
  const char *const paths[] = { f->files, NULL };
  const SpareRequestWishes wishes = { .reason = "The disk died.", .paths = paths };
  g_autoptr (GPtrArray) left_out = NULL;
  g_autoptr (GPtrArray) files = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareWrittenBundle) written = NULL;

  deposit_fixture_encrypt (f, SPARE_ESCROW_EMBEDDED, "a.txt", NULL);
  story->path = g_build_filename (f->files, "a.txt.gpg", NULL);
  if (story->twin != NULL)
    {
      g_autofree char *octets = NULL;
      gsize length;

      g_assert_true (g_file_get_contents (story->path, &octets, &length, NULL));
      g_assert_true (g_file_set_contents (story->twin, octets, (gssize) length, NULL));
    }
  story->key = spare_owner_create_key_sync (f->o.owner, "Alice Ölsson", "alice@example.org",
                                            NULL, NULL, &error);
  g_assert_no_error (error);
  spare_owner_use_key_sync (f->o.owner, story->key, NULL, &error);
  g_assert_no_error (error);
  spare_owner_delete_key_sync (f->o.owner, f->owner_key, NULL, &error);
  g_assert_no_error (error);
  written = spare_request_make_sync (f->o.owner, &wishes, f->stick, &left_out, NULL, NULL,
                                     &error);
  g_assert_no_error (error);
  story->id = g_strdup (written->id);
  story->request = spare_request_find_sync (f->o.owner, story->id, &error);
  g_assert_no_error (error);
  files = spare_request_list_files_sync (f->o.owner, story->id, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (files->len, ==, story->twin != NULL ? 2 : 1);
  g_assert_nonnull (((SpareRequestFile *) g_ptr_array_index (files, 0))->esk);
  story->file = g_ptr_array_steal_index (files, 0);
  story->wrap = make_wrap (f, story->key);
}

/* The file's session key as the authority has it, wrapped for the new key; @wrong: another key. */
static SpareEsk *
wrap (DepositFixture *f, const Story *story, gboolean wrong)
{
  g_autoptr (SpareSessionKeyOpener)
      opener = spare_session_key_opener_new (f->office, f->office_key);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (SpareSessionKey) key = NULL;
  g_autoptr (SpareSecret) other = NULL;
  SpareEsk *esk;

  g_assert_true (spare_head_read_sync (story->path, &head, &error));
  key = spare_session_key_opener_open_sync (opener, story->file->esk, head, NULL, &error);
  g_assert_no_error (error);
  if (wrong)
    {
      g_autofree guint8 *octets = g_memdup2 (spare_secret_get_data (key->secret),
                                             spare_secret_get_size (key->secret));

      octets[0] ^= 1;
      other = spare_secret_new_copy (octets, spare_secret_get_size (key->secret), &error);
      g_assert_no_error (error);
    }
  esk = spare_pkesk_build (story->wrap, key->cipher, wrong ? other : key->secret, &error);
  g_assert_no_error (error);
  return esk;
}

static char *
make_grant (DepositFixture *f, const Story *story, GBytes *data_head, SpareEsk *esk)
{
  SpareBundleHeader *header = spare_bundle_header_new (SPARE_BUNDLE_GRANT, f->authority,
                                                       story->key);
  g_autoptr (GPtrArray)
      lines = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_autofree char *case_id = g_uuid_string_random ();
  g_autofree char *hash = g_strnfill (64, 'a');
  JsonObject *checkpoint = json_object_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareGrantRecord)
      record = spare_grant_record_new (story->file->tag, data_head, "8AD58320-7F3A-1", hash,
                                       TRUE, esk, &error);

  g_assert_no_error (error);
  json_object_set_string_member (header->fields, "case", case_id);
  json_object_set_string_member (header->fields, "request", story->id);
  json_object_set_string_member (header->fields, "request-sha256", story->request->sha256);
  json_object_set_string_member (header->fields, "manifest", hash);
  json_object_set_string_member (header->fields, "old", story->request->old);
  json_object_set_string_member (header->fields, "key", story->key);
  json_object_set_int_member (checkpoint, "sequence", 9);
  json_object_set_object_member (header->fields, "checkpoint", checkpoint);
  g_ptr_array_add (lines, spare_grant_record_to_json (record));
  return deposit_fixture_answer (f, header, f->authority, story->key, lines);
}

static gboolean
has_packet (const char *path, SpareEsk *esk)
{
  g_autoptr (SpareHead) head = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (spare_head_read_sync (path, &head, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < spare_head_get_n_esks (head); i++)
    if (g_bytes_equal (spare_esk_get_packet (spare_head_get_esk (head, i)),
                       spare_esk_get_packet (esk)))
      return TRUE;
  return FALSE;
}

static void
assert_state (DepositFixture *f, const Story *story, SpareRequestState state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareRequest) request = spare_request_find_sync (f->o.owner, story->id, &error);

  g_assert_no_error (error);
  g_assert_cmpint (request->state, ==, state);
}

static void
apply (DepositFixture *f, const Story *story, const char *path, SpareHeadStatus status)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareGrant) grant = spare_grant_open_sync (f->o.owner, path, NULL, NULL, &error);
  g_autoptr (GPtrArray) results = NULL;

  g_assert_no_error (error);
  results = spare_grant_apply_sync (grant, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (results->len, ==, 1);
  g_assert_cmpint (((SpareHeadResult *) g_ptr_array_index (results, 0))->status, ==, status);
}

static void
test_applied (DepositFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (SpareEsk) esk = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  story_begin (f, &story);
  esk = wrap (f, &story, FALSE);
  path = make_grant (f, &story, story.file->data_head, esk);
  apply (f, &story, path, SPARE_HEAD_DONE);
  g_assert_true (has_packet (story.path, esk));
  g_assert_true (has_packet (story.path, story.file->esk));
  assert_state (f, &story, SPARE_REQUEST_GRANTED);
  g_assert_cmpint (deposit_fixture_sql (f, "SELECT sequence FROM checkpoints WHERE kind = "
                                           "'grant'"),
                   ==, 9);

  /* Once. */
  g_assert_null (spare_grant_open_sync (f->o.owner, path, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, SPARE_ERROR_POLICY);
}

/* Somebody who can write to the file put a packet there that names the new key and opens nothing. */
static void
test_false_packet (DepositFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (SpareEsk) esk = NULL;
  g_autoptr (SpareEsk) false_esk = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  SpareEsk *prepend[1];
  SpareSplice splice = { .n_prepend = 1 };

  story_begin (f, &story);
  esk = wrap (f, &story, FALSE);
  false_esk = wrap (f, &story, TRUE);
  prepend[0] = false_esk;
  splice.prepend = prepend;
  spare_splice_file_sync (story.path, &splice, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  path = make_grant (f, &story, story.file->data_head, esk);
  apply (f, &story, path, SPARE_HEAD_DONE);
  g_assert_true (has_packet (story.path, esk));
}

static void
apply_whole (DepositFixture *f, const char *path, SpareHeadStatus status)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareGrant) grant = spare_grant_open_sync (f->o.owner, path, NULL, NULL, &error);
  g_autoptr (GPtrArray) results = NULL;
  SpareHeadResult *result;

  g_assert_no_error (error);
  spare_grant_set_whole (grant, TRUE);
  results = spare_grant_apply_sync (grant, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  result = g_ptr_array_index (results, 0);
  g_assert_cmpint (result->status, ==, status);
  if (status != SPARE_HEAD_FAILED)
    return;
  g_assert_error (result->error, SPARE_ERROR, SPARE_ERROR_DAMAGED);
  g_assert_nonnull (strstr (result->error->message, "as a whole"));
}

/* Damaged behind what the quick check sees: found when it is asked for, and the file is left as it was. */
static void
test_whole (DepositFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (SpareEsk) esk = NULL;
  g_autofree char *path = NULL;
  g_autofree char *octets = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_octets, n_after;

  story_begin (f, &story);
  esk = wrap (f, &story, FALSE);
  path = make_grant (f, &story, story.file->data_head, esk);
  g_assert_true (g_file_get_contents (story.path, &octets, &n_octets, NULL));
  octets[n_octets - 5] ^= 1;
  g_assert_true (g_file_set_contents (story.path, octets, (gssize) n_octets, NULL));
  apply_whole (f, path, SPARE_HEAD_FAILED);
  g_assert_true (g_file_get_contents (story.path, &after, &n_after, NULL));
  g_assert_cmpmem (after, n_after, octets, n_octets);
  assert_state (f, &story, SPARE_REQUEST_OPEN);

  /* Cut short, too. */
  octets[n_octets - 5] ^= 1;
  g_assert_true (g_file_set_contents (story.path, octets, (gssize) n_octets - 3, NULL));
  apply_whole (f, path, SPARE_HEAD_FAILED);
  g_assert_false (has_packet (story.path, esk));

  g_assert_true (g_file_set_contents (story.path, octets, (gssize) n_octets, NULL));
  apply_whole (f, path, SPARE_HEAD_DONE);
  g_assert_true (has_packet (story.path, esk));
  assert_state (f, &story, SPARE_REQUEST_GRANTED);
  g_assert_no_error (error);
}

/* What the authority sends is proven on the file before the file is touched, and the request stays open. */
static void
test_wrong_key (DepositFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (SpareEsk) esk = NULL;
  g_autofree char *path = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize n_before, n_after;

  story_begin (f, &story);
  esk = wrap (f, &story, TRUE);
  path = make_grant (f, &story, story.file->data_head, esk);
  g_assert_true (g_file_get_contents (story.path, &before, &n_before, NULL));
  apply (f, &story, path, SPARE_HEAD_FAILED);
  g_assert_true (g_file_get_contents (story.path, &after, &n_after, NULL));
  g_assert_cmpmem (before, n_before, after, n_after);
  assert_state (f, &story, SPARE_REQUEST_OPEN);
}

static void
assert_apply (DepositFixture *f,
              const char *path,
              const char *const *search,
              guint n_done,
              guint n_failed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareGrant) grant = spare_grant_open_sync (f->o.owner, path, NULL, NULL, &error);
  g_autoptr (GPtrArray) results = NULL;

  g_assert_no_error (error);
  results = spare_grant_apply_sync (grant, search, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (results->len, ==, n_done + n_failed);
  for (guint i = 0; i < results->len; i++)
    n_failed -= ((SpareHeadResult *) g_ptr_array_index (results, i))->status
                == SPARE_HEAD_FAILED;
  g_assert_cmpuint (n_failed, ==, 0);
}

/* Two files asked for begin alike: a copy, or what somebody made with this head. The person says which are meant. */
static void
test_two_alike (DepositFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (SpareEsk) esk = NULL;
  g_autofree char *grant = NULL;
  g_autofree char *twin = g_build_filename (f->files, "b.txt.gpg", NULL);
  const char *const named[] = { f->files, NULL };

  story.twin = twin;
  story_begin (f, &story);
  esk = wrap (f, &story, FALSE);
  grant = make_grant (f, &story, story.file->data_head, esk);

  assert_apply (f, grant, NULL, 0, 2);
  g_assert_false (has_packet (story.path, esk));
  g_assert_false (has_packet (twin, esk));
  assert_state (f, &story, SPARE_REQUEST_OPEN);

  assert_apply (f, grant, named, 2, 0);
  g_assert_true (has_packet (story.path, esk));
  g_assert_true (has_packet (twin, esk));
  assert_state (f, &story, SPARE_REQUEST_GRANTED);
}

static void
assert_not_opened (DepositFixture *f, const char *path, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (spare_grant_open_sync (f->o.owner, path, NULL, NULL, &error));
  g_assert_error (error, SPARE_ERROR, code);
}

static void
test_not_believed (DepositFixture *f, gconstpointer data)
{
  g_auto (Story) story = { NULL };
  g_autoptr (SpareEsk) esk = NULL;
  g_autofree char *right = NULL;
  g_autofree char *path = NULL;
  g_autofree char *id = NULL;
  g_autofree guint8 *octets = NULL;
  g_autoptr (GBytes) head = NULL;
  gsize length;

  story_begin (f, &story);
  esk = wrap (f, &story, FALSE);

  /* For a file that begins like none of those asked for. */
  length = g_bytes_get_size (story.file->data_head);
  octets = g_memdup2 (g_bytes_get_data (story.file->data_head, NULL), length);
  octets[length - 1] ^= 1;
  head = g_bytes_new (octets, length);
  path = make_grant (f, &story, head, esk);
  assert_not_opened (f, path, SPARE_ERROR_DAMAGED);

  /* For a request with other octets, for one by another key, to another authority, and for none. */
  right = g_steal_pointer (&story.request->sha256);
  story.request->sha256 = g_strnfill (64, 'b');
  g_free (path);
  path = make_grant (f, &story, story.file->data_head, esk);
  assert_not_opened (f, path, SPARE_ERROR_DAMAGED);
  g_free (story.request->sha256);
  story.request->sha256 = g_steal_pointer (&right);
  deposit_fixture_sql (f, "UPDATE requests SET authority = substr (authority, 2) || 'F'");
  g_free (path);
  path = make_grant (f, &story, story.file->data_head, esk);
  assert_not_opened (f, path, SPARE_ERROR_DAMAGED);
  id = g_steal_pointer (&story.id);
  story.id = g_uuid_string_random ();
  g_free (path);
  path = make_grant (f, &story, story.file->data_head, esk);
  assert_not_opened (f, path, SPARE_ERROR_POLICY);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  owner_fixture_bus = spare_test_bus_new ();

#define ADD(path, func)                                                           \
  g_test_add ("/grant/" path, DepositFixture, NULL, deposit_fixture_set_up, func, \
              deposit_fixture_tear_down)
  ADD ("gives a file back, once, and leaves the authority's packet", test_applied);
  ADD ("a packet that only names the key doesn't pass for the grant's", test_false_packet);
  ADD ("a key that doesn't fit changes nothing", test_wrong_key);
  ADD ("a file that is damaged further on is left alone when that is asked for", test_whole);
  ADD ("of two files that begin alike changes those that are named", test_two_alike);
  ADD ("for another request or file is not believed", test_not_believed);
#undef ADD
  status = g_test_run ();
  spare_test_bus_free (owner_fixture_bus);
  return status;
}
