/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-case.h"

G_BEGIN_DECLS

SpareCase *spare_case_new_private (void);
void spare_case_file_free (SpareCaseFile *self);
void spare_case_check_free (SpareCaseCheck *self);
void spare_case_approval_free (SpareCaseApproval *self);

G_END_DECLS
