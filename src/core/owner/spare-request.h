/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-bundle.h"
#include "spare-esk.h"
#include "spare-left-out.h"
#include "spare-owner.h"
#include "spare-progress.h"

G_BEGIN_DECLS

/* Files in one request; more are asked for in several. */
#define SPARE_REQUEST_FILES_MAX 50000

typedef enum
{
  SPARE_REQUEST_OPEN,
  SPARE_REQUEST_GRANTED,
  SPARE_REQUEST_REFUSED,
} SpareRequestState;

const char *spare_request_state_to_string (SpareRequestState state);

typedef struct
{
  const char *reason; /* UTF-8, for the officers */
  const char
      *old_fingerprint;     /* NULL: told from the files, if that can be done without doubt */
  gboolean stolen;          /* else lost */
  gint64 since;             /* Unix seconds of the loss; 0: not known */
  const char *const *paths; /* files and folders */
} SpareRequestWishes;

/* A plea for recovery that was made here. */
typedef struct
{
  char *id;
  char *sha256; /* of the bundle's octets, as grant and refusal name it */
  gint64 created;
  char *old; /* primary fingerprints */
  char *key;
  char *authority;
  char *reason;
  gboolean stolen;
  gint64 since; /* 0: not known */
  char *place;  /* where it was written to, for display; NULL: that was interrupted */
  guint n_files;
  SpareRequestState state;
  char *answer; /* id of the grant or the refusal; NULL */
  gint64 answered;
  char *answer_text; /* why it was refused, in the authority's words; NULL */
} SpareRequest;

void spare_request_free (SpareRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareRequest, spare_request_free)

/* One file of a request: enough to find it again, and to compare what a grant brings for it. */
typedef struct
{
  char *file_id;
  guint tag;
  GBytes *data_head;
  char *path;    /* where it was then, in the file system's octets; absolute */
  guint64 size;  /* octets, then */
  SpareEsk *esk; /* the authority's PKESK in it; NULL */
} SpareRequestFile;

void spare_request_file_free (SpareRequestFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareRequestFile, spare_request_file_free)

/* @to: a folder's path, or the URI of any GIO location. */
SpareWrittenBundle *spare_request_make_sync (SpareOwner *owner,
                                             const SpareRequestWishes *wishes,
                                             const char *to,
                                             GPtrArray **left_out,
                                             SpareProgressMeter *meter,
                                             GCancellable *cancellable,
                                             GError **error);
void spare_request_make_async (SpareOwner *owner,
                               const SpareRequestWishes *wishes,
                               const char *to,
                               SpareProgressMeter *meter,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
SpareWrittenBundle *spare_request_make_finish (SpareOwner *owner,
                                               GAsyncResult *result,
                                               GPtrArray **left_out,
                                               GError **error);

/* Newest first. */
GPtrArray *spare_request_list_sync (SpareOwner *owner, GError **error);
void spare_request_list_async (SpareOwner *owner,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
GPtrArray *spare_request_list_finish (SpareOwner *owner, GAsyncResult *result, GError **error);
/* NULL without @error: there is none of that id. */
SpareRequest *spare_request_find_sync (SpareOwner *owner, const char *id, GError **error);
GPtrArray *spare_request_list_files_sync (SpareOwner *owner, const char *id, GError **error);
/* An open request gets its answer, once: whoever applies a grant calls this when it is done. */
gboolean spare_request_close_sync (SpareOwner *owner,
                                   const char *id,
                                   SpareRequestState state,
                                   const char *answer,
                                   const char *text,
                                   GError **error);

/* A refusal of the pinned authority to an open request of mine; @request (out): the request as it is now. */
gboolean spare_refusal_apply_sync (SpareOwner *owner,
                                   const char *path,
                                   SpareRequest **request,
                                   SpareProgressMeter *meter,
                                   GCancellable *cancellable,
                                   GError **error);

G_END_DECLS
