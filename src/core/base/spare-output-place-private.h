/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-inflight-private.h"
#include "spare-output.h"

#include <sys/stat.h>

G_BEGIN_DECLS

/* Where an output goes: a folder, opened once, and a name in it. All later steps use the descriptor, so that a
 * folder that changes hands under the same path is noticed and never written to. */
typedef struct
{
  char *directory; /* as the caller named it, for paths and messages */
  char *absolute;  /* for the notes */
  char *shown;
  char *name;
  gboolean bare; /* the target was a name without a folder */
  int dirfd;
  dev_t dev;
  ino_t ino;
} SpareOutputPlace;

gboolean spare_output_place_open (SpareOutputPlace *self, const char *target, GError **error);
void spare_output_place_clear (SpareOutputPlace *self);
gboolean spare_output_place_check_name (SpareOutputPlace *self,
                                        SpareConflict conflict,
                                        gboolean is_dir,
                                        GError **error);
gboolean spare_output_place_check_space (SpareOutputPlace *self,
                                         goffset size_hint,
                                         GError **error);
gboolean spare_output_place_check_same (SpareOutputPlace *self, GError **error);
gboolean spare_output_place_sync (SpareOutputPlace *self, GError **error);
char *spare_output_place_dup_path (SpareOutputPlace *self, const char *name);
void spare_output_place_set_taken (SpareOutputPlace *self, const char *name, GError **error);
void spare_output_place_set_error (SpareOutputPlace *self, int errsv, GError **error);

/* The parts that have no side effects, for tests. */
char *spare_output_place_number_name (const char *name, guint number);
gboolean spare_output_place_check_limits (const char *shown,
                                          guint64 fs_type,
                                          guint64 available,
                                          goffset size_hint,
                                          GError **error);

#define SPARE_OUTPUT_NUMBER_MAX 9999

G_END_DECLS
