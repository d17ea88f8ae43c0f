/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"
#include "spare-secret.h"

G_BEGIN_DECLS

/* Chunks longer than this are not checked: gpg writes 4 MiB at most. */
#define SPARE_FIRST_CHUNK_MAX (4 * 1024 * 1024)

/**
 * SpareQuick:
 * @SPARE_QUICK_NO: the session key does not open the data
 * @SPARE_QUICK_YES: the session key fits; by chance one wrong key in 65536 passes spare_quick_check(), none passes
 *   spare_first_chunk_check()
 * @SPARE_QUICK_UNKNOWN: this can't be told from what is at hand
 *
 * Whether a session key belongs to a file.
 */
typedef enum
{
  SPARE_QUICK_NO,
  SPARE_QUICK_YES,
  SPARE_QUICK_UNKNOWN,
} SpareQuick;

SpareQuick spare_quick_check (const SpareHead *head, guint cipher, SpareSecret *key);
gsize spare_first_chunk_get_need (const SpareHead *head);
SpareQuick spare_first_chunk_check (const SpareHead *head,
                                    guint cipher,
                                    SpareSecret *key,
                                    const guint8 *octets,
                                    gsize length);

G_END_DECLS
