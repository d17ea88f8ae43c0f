/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-outbox.h"
#include "spare-request.h"

G_BEGIN_DECLS

/* Stored whole before it leaves. @files: of SpareRequestFile. */
gboolean spare_outbox_add_request_private (SpareOutbox *self,
                                           const SpareRequest *request,
                                           GBytes *octets,
                                           GPtrArray *files,
                                           GError **error);
gboolean spare_outbox_place_request_private (SpareOutbox *self,
                                             const char *id,
                                             const char *place,
                                             GError **error);
/* One that never left. */
gboolean spare_outbox_forget_request_private (SpareOutbox *self,
                                              const char *id,
                                              GError **error);
/* @id: NULL for all; newest first. */
GPtrArray *spare_outbox_list_requests_private (SpareOutbox *self,
                                               const char *id,
                                               GError **error);
GPtrArray *spare_outbox_list_request_files_private (SpareOutbox *self,
                                                    const char *id,
                                                    GError **error);
/* FALSE without an error: it is not open. */
gboolean spare_outbox_close_request_private (SpareOutbox *self,
                                             const char *id,
                                             SpareRequestState state,
                                             const char *answer,
                                             const char *text,
                                             GError **error);

G_END_DECLS
