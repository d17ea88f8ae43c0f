/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "spare-authority.h"
#include "spare-owner.h"

G_BEGIN_DECLS

/* Exit statuses of the command line (the others come with errors). */
#define SPARE_TOOL_DONE      0
#define SPARE_TOOL_SOME      1
#define SPARE_TOOL_USAGE     2
#define SPARE_TOOL_NO_KEY    5
#define SPARE_TOOL_DAMAGED   6
#define SPARE_TOOL_CANCELLED 130

/* One run of the command line: what every command needs. */
typedef struct
{
  gboolean json;
  int passphrase_fd;         /* -1: pinentry asks */
  const char *command;       /* "key create", for usage messages */
  SpareOwner *owner;         /* NULL until spare_tool_open() */
  SpareAuthority *authority; /* NULL until spare_tool_open_authority() */
  SpareSecret *passphrase;   /* of the authority, once it was read */
  GCancellable *cancellable; /* SIGINT and SIGTERM cancel it */
} SpareTool;

typedef struct
{
  const char *name;  /* "key create" */
  const char *usage; /* what follows the name */
  const char *summary;
  /* @argv: the words after the name; an exit status comes back. */
  int (*run) (SpareTool *tool, char **argv);
} SpareToolCommand;

extern const SpareToolCommand spare_tool_key_commands[];
extern const SpareToolCommand spare_tool_recipient_commands[];
extern const SpareToolCommand spare_tool_escrow_commands[];
extern const SpareToolCommand spare_tool_deposit_commands[];
extern const SpareToolCommand spare_tool_file_commands[];
extern const SpareToolCommand spare_tool_inspect_commands[];
extern const SpareToolCommand spare_tool_check_commands[];
extern const SpareToolCommand spare_tool_recovery_commands[];
extern const SpareToolCommand spare_tool_grant_commands[];
extern const SpareToolCommand spare_tool_authority_commands[];
extern const SpareToolCommand spare_tool_authority_owner_commands[];
extern const SpareToolCommand spare_tool_authority_packet_commands[];
extern const SpareToolCommand spare_tool_authority_export_commands[];
extern const SpareToolCommand spare_tool_authority_case_commands[];
extern const SpareToolCommand spare_tool_approval_commands[];
extern const SpareToolCommand spare_tool_authority_audit_commands[];
extern const SpareToolCommand spare_tool_authority_rotation_commands[];
extern const SpareToolCommand spare_tool_demo_commands[];

/* Reads the options of a command. @entries: as of GOption. @words: (out) the other words, in the file system's octets. Returns FALSE after
 * saying what is wrong: the command then ends with SPARE_TOOL_USAGE. */
gboolean spare_tool_parse (SpareTool *self,
                           char **argv,
                           const GOptionEntry *entries,
                           char ***words);
/* For a command that has neither options nor words: FALSE as above. */
gboolean spare_tool_take_nothing (SpareTool *self, char **argv);
int spare_tool_usage (SpareTool *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

gboolean spare_tool_open (SpareTool *self, GError **error);

/* Ends a command that failed before it did anything: says why (on stderr, or as JSON), returns the exit status. */
int spare_tool_fail (SpareTool *self, GError *error);
void spare_tool_say_error (const char *name, const GError *error);
void spare_tool_print (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* The next line of --passphrase-fd. */
SpareSecret *spare_tool_read_passphrase (SpareTool *self, GError **error);
SpareSecret *spare_tool_ask_passphrase (SpareTool *self, const char *prompt, GError **error);
/* A fingerprint as people type it; NULL after saying what is wrong: the command then ends with SPARE_TOOL_USAGE. */
char *spare_tool_take_fingerprint (SpareTool *self, const char *word);
/* Unix seconds of YYYY-MM-DD in the person's own time zone: its first moment, or its last; 0 if it is no day. */
gint64 spare_tool_parse_day (const char *text, gboolean last);
GBytes *spare_tool_read_file (const char *path, gsize limit, GError **error);
/* A new file, durable, never in place of another one. */
gboolean spare_tool_write_file (const char *path,
                                gconstpointer octets,
                                gsize size,
                                GError **error);

/* JSON: one document on stdout. */
void spare_tool_print_json (JsonBuilder *builder);
void spare_tool_json_name (JsonBuilder *builder,
                           const char *member,
                           const char *bytes_member,
                           const char *path);
void spare_tool_json_string (JsonBuilder *builder, const char *member, const char *text);
/* 0: null. */
void spare_tool_json_time (JsonBuilder *builder, const char *member, gint64 seconds);
void spare_tool_json_number (JsonBuilder *builder, const char *member, gint64 number);
void spare_tool_json_boolean (JsonBuilder *builder, const char *member, gboolean value);
void spare_tool_json_error (JsonBuilder *builder, const GError *error);

G_END_DECLS
