/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The audit log in words, sanitized. */
char *spare_authority_events_describe (const char *event);
char *spare_authority_events_describe_detail (JsonObject *detail);
char *spare_authority_events_describe_time (gint64 time);

G_END_DECLS
