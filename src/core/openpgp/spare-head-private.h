/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"

G_BEGIN_DECLS

/* A packet before the data packet: where it lies, and the ESK if it is one. */
typedef struct
{
  gsize offset;
  gsize length;
  SpareEsk *esk;
} SpareHeadPart;

struct _SpareHead
{
  gatomicrefcount references;
  SpareHeadKind kind;
  gboolean armored;
  guint oddities;

  GBytes *octets;
  gsize data_offset;
  GArray *parts;   /* SpareHeadPart, without gaps from 0 to data_offset */
  GPtrArray *esks; /* of the parts */

  const char *format;
  guint container_tag;
  guint container_version;
  guint cipher;
  guint aead;
  guint chunk_octet;
  GBytes *data_head;
  char *file_id;
};

SpareHead *spare_head_alloc (void);

G_END_DECLS
