/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-tool.h"

G_BEGIN_DECLS

/* Who types. Each has a home of their own in the demo's folder. */
typedef enum
{
  SPARE_STAGE_OWNER,
  SPARE_STAGE_AUTHORITY,
  SPARE_STAGE_OFFICER,
} SpareStageRole;

#define SPARE_STAGE_N_ROLES 3

/* Where the demo is played: a folder, a session bus and a keyring that are gone afterwards. */
typedef struct _SpareStage SpareStage;

SpareStage *spare_stage_new (SpareTool *tool, GError **error);
/* Ends what was started and removes the folder. Complains by itself. */
void spare_stage_free (SpareStage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareStage, spare_stage_free)

/* A name in the folder: (transfer full). */
char *spare_stage_path (SpareStage *self, const char *name);
/* The one file in @folder whose name begins so, relative to the demo's folder: (transfer full). */
char *spare_stage_find (SpareStage *self,
                        const char *folder,
                        const char *prefix,
                        GError **error);
void spare_stage_say (SpareStage *self, const char *text);

/* Runs a command and shows it as a person would type it. "sparekey-tool" is this very program, "gpg" the engine; what goes
 * to stdin is not shown. @output: (out) (optional): what it printed. */
gboolean spare_stage_play (SpareStage *self,
                           SpareStageRole role,
                           const char *input,
                           char **output,
                           GError **error,
                           const char *program,
                           ...) G_GNUC_NULL_TERMINATED;
G_END_DECLS
