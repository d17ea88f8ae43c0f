/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The longest line, in octets without its line feed, and how deep objects and lists may stand in each other, the line's
 * own object counted. */
#define SPARE_JSON_LINE_MAX    (64 * 1024)
#define SPARE_JSON_NESTING_MAX 4

/* Digits of a fingerprint and of a SHA-256 in hexadecimal. */
#define SPARE_JSON_FINGERPRINT_DIGITS 40
#define SPARE_JSON_SHA256_DIGITS      64

JsonObject *spare_json_line_parse (const char *line, gsize length, GError **error);
char *spare_json_line_write (JsonObject *object);

/* Members of hostile objects. Each fails with %SPARE_ERROR_DAMAGED and leaves @value alone when the member is not there,
 * is of another type, or is past its limit. What is returned lives as long as @object unless it says otherwise. The
 * optional ones succeed with %NULL when there is no such member. */
gboolean spare_json_has (JsonObject *object, const char *name);
gboolean spare_json_get_string (JsonObject *object,
                                const char *name,
                                gsize max,
                                const char **value,
                                GError **error);
gboolean spare_json_get_optional_string (JsonObject *object,
                                         const char *name,
                                         gsize max,
                                         const char **value,
                                         GError **error);
gboolean spare_json_get_uint64 (JsonObject *object,
                                const char *name,
                                guint64 max,
                                guint64 *value,
                                GError **error);
gboolean spare_json_get_boolean (JsonObject *object,
                                 const char *name,
                                 gboolean *value,
                                 GError **error);
/* Unix seconds. */
gboolean spare_json_get_time (JsonObject *object,
                              const char *name,
                              gint64 *value,
                              GError **error);
/* Lower-case, of exactly so many digits. */
gboolean spare_json_get_hex (JsonObject *object,
                             const char *name,
                             gsize n_digits,
                             const char **value,
                             GError **error);
/* Upper-case, 40 digits. */
gboolean spare_json_get_fingerprint (JsonObject *object,
                                     const char *name,
                                     const char **value,
                                     GError **error);
/* As g_uuid_string_random() writes it. */
gboolean spare_json_get_uuid (JsonObject *object,
                              const char *name,
                              const char **value,
                              GError **error);
/* (transfer full); at most @max octets when decoded. */
gboolean spare_json_get_base64 (JsonObject *object,
                                const char *name,
                                gsize max,
                                GBytes **value,
                                GError **error);
gboolean spare_json_get_optional_base64 (JsonObject *object,
                                         const char *name,
                                         gsize max,
                                         GBytes **value,
                                         GError **error);
gboolean spare_json_get_object (JsonObject *object,
                                const char *name,
                                JsonObject **value,
                                GError **error);
gboolean spare_json_get_optional_object (JsonObject *object,
                                         const char *name,
                                         JsonObject **value,
                                         GError **error);
gboolean spare_json_get_array (JsonObject *object,
                               const char *name,
                               guint max,
                               JsonArray **value,
                               GError **error);

/* The counterparts that json-glib lacks. @value is at most %G_MAXINT64. */
void spare_json_set_uint64 (JsonObject *object, const char *name, guint64 value);
void spare_json_set_time (JsonObject *object, const char *name, gint64 value);
void spare_json_set_base64 (JsonObject *object, const char *name, GBytes *value);

G_END_DECLS
