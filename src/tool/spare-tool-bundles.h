/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-bundle.h"
#include "spare-tool.h"

G_BEGIN_DECLS

/* @bundles: (element-type SpareWrittenBundle) */
void spare_tool_json_bundles (JsonBuilder *builder, GPtrArray *bundles);
void spare_tool_print_bundles (GPtrArray *bundles);
/* @left_out: (nullable) (element-type SpareLeftOut of owner/). Returns the exit status. */
int spare_tool_show_bundles (SpareTool *self, GPtrArray *bundles, GPtrArray *left_out);
GPtrArray *spare_tool_one_bundle (SpareWrittenBundle *bundle /* transfer full */);

G_END_DECLS
