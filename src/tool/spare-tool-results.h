/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head-result.h"
#include "spare-tool.h"

G_BEGIN_DECLS

/* How several things went, for the exit status. Zeroes: nothing yet. */
typedef struct
{
  gboolean some_done;
  int common; /* the status of all failures so far; SPARE_TOOL_SOME: they differ */
} SpareToolOutcome;

void spare_tool_outcome_add (SpareToolOutcome *self,
                             const GError *error /* NULL: it was done */);
int spare_tool_outcome_get_status (const SpareToolOutcome *self);

int spare_tool_show_head_results (SpareTool *tool, GPtrArray *results);

G_END_DECLS
