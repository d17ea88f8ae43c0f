/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-case.h"

G_BEGIN_DECLS

/* Cases in words, sanitized. */
char *spare_case_words_dup_title (const SpareCase *one);    /* "Case 1F0C-77A2" */
const char *spare_case_words_state (SpareCaseState state);  /* "Ready" */
char *spare_case_words_dup_sentence (const SpareCase *one); /* "identity not yet established" */
const char *spare_case_words_check (const char *check);     /* "Official Document Seen" */
char *spare_case_words_dup_check_hint (const SpareCase *one, const char *check);
const char *spare_case_words_verdict (SpareVerdict verdict);
const char *spare_case_words_verdict_icon (SpareVerdict verdict);
const char *spare_case_words_verdict_style (SpareVerdict verdict);

G_END_DECLS
