/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head-result.h"
#include "spare-tool.h"

G_BEGIN_DECLS

int spare_tool_show_head_results (SpareTool *tool, GPtrArray *results);

G_END_DECLS
