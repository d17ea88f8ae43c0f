/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"

G_BEGIN_DECLS

SpareHead *spare_head_new_from_data_head (guint tag, GBytes *data_head, GError **error);

G_END_DECLS
