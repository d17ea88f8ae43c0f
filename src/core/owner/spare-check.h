/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-owner.h"
#include "spare-progress.h"

G_BEGIN_DECLS

/**
 * SpareCoverage:
 * @SPARE_COVERAGE_COVERED: the authority's packet is in the file, or was handed over to it
 * @SPARE_COVERAGE_UNCOVERED: one's own, and the authority can't help
 * @SPARE_COVERAGE_OLD_AUTHORITY: covered by an authority, or a key of it, that is not the one trusted now
 * @SPARE_COVERAGE_PENDING: the authority is to be added later, or its packet was not handed over yet and is not in the file
 * @SPARE_COVERAGE_HIDDEN: its recipients are not named
 * @SPARE_COVERAGE_PASSWORD: opened by a password alone
 * @SPARE_COVERAGE_FOREIGN: none of one's keys opens it
 * @SPARE_COVERAGE_DAMAGED: its head can't be read
 * @SPARE_COVERAGE_NOT_OPENPGP: not an encrypted file
 */
typedef enum
{
  SPARE_COVERAGE_COVERED,
  SPARE_COVERAGE_UNCOVERED,
  SPARE_COVERAGE_OLD_AUTHORITY,
  SPARE_COVERAGE_PENDING,
  SPARE_COVERAGE_HIDDEN,
  SPARE_COVERAGE_PASSWORD,
  SPARE_COVERAGE_FOREIGN,
  SPARE_COVERAGE_DAMAGED,
  SPARE_COVERAGE_NOT_OPENPGP,
} SpareCoverage;

#define SPARE_N_COVERAGES (SPARE_COVERAGE_NOT_OPENPGP + 1)

const char *spare_coverage_to_string (SpareCoverage state);

typedef struct
{
  char *path;          /* in the file system's octets */
  SpareCoverage state; /* after a repair, what it is then */
  gboolean repaired;
  char *serial;  /* of the packet that a repair made; NULL */
  GError *error; /* why it could not be read or repaired; NULL */
} SpareCheckedFile;

void spare_checked_file_free (SpareCheckedFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareCheckedFile, spare_checked_file_free)

gboolean spare_check_is_well (const SpareCheckedFile *file);
void spare_check_count (GPtrArray *files, guint counts[SPARE_N_COVERAGES]);

GPtrArray *spare_check_sync (SpareOwner *owner,
                             const char *const *paths,
                             gboolean repair,
                             SpareProgressMeter *meter,
                             GCancellable *cancellable,
                             GError **error);
void spare_check_async (SpareOwner *owner,
                        const char *const *paths,
                        gboolean repair,
                        SpareProgressMeter *meter,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
GPtrArray *spare_check_finish (SpareOwner *owner, GAsyncResult *result, GError **error);

G_END_DECLS
