/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-bundle-lines-private.h"
#include "spare-bundle-reader.h"
#include "spare-bundle-spool-private.h"

G_BEGIN_DECLS

struct _SpareBundle
{
  SpareBundleSpool *octets, *plain;
  char *sha256;
  SpareBundleLines lines; /* where its parts begin and end */
  SpareKey *sender;
  GBytes *sender_certificate;

  guint64 position; /* in @plain, of the next line */
  guint8 *part;     /* what was read of @plain last, from @part_at on */
  guint64 part_at;
  gsize part_size;
};

G_END_DECLS
