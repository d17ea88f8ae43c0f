/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-esk.h"
#include "spare-json-line.h"

G_BEGIN_DECLS

gboolean spare_record_refuse (GError **error, const char *member);

gboolean spare_record_check_serial (const char *serial, GError **error);
gboolean spare_record_check_name (const char *name, GError **error);
gboolean spare_record_check_text (const char *text,
                                  gsize max,
                                  const char *member,
                                  GError **error);
gboolean spare_record_check_word (const char *word, const char *member, GError **error);
gboolean spare_record_check_fingerprint (const char *text, const char *member, GError **error);
gboolean spare_record_check_sha256 (const char *text, const char *member, GError **error);
gboolean spare_record_check_file_id (const char *text, const char *member, GError **error);
gboolean spare_record_check_uuid (const char *text, const char *member, GError **error);
gboolean spare_record_check_time (gint64 time, const char *member, GError **error);
gboolean spare_record_check_esk (const SpareEsk *esk, const char *member, GError **error);

/* Members of a record that take more than one step. */
gboolean spare_record_get_name (JsonObject *file, char **name, GError **error);
void spare_record_set_name (JsonObject *file, const char *name);
gboolean spare_record_get_data_head (JsonObject *object,
                                     guint *tag,
                                     GBytes **data_head,
                                     GError **error);
gboolean spare_record_get_esk (JsonObject *object,
                               const char *member,
                               gboolean optional,
                               SpareEsk **esk,
                               GError **error);
gboolean spare_record_get_verdict (JsonObject *object,
                                   const char *yes,
                                   const char *no,
                                   gboolean *verdict,
                                   GError **error);

G_END_DECLS
