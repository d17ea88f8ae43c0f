/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-grant-record.h"
#include "spare-grant.h"

G_BEGIN_DECLS

struct _SpareGrant
{
  SpareOwner *owner;
  char *id;
  char *case_id;
  SpareRequest *request;
  GPtrArray *records;  /* of SpareGrantRecord */
  GPtrArray *asked;    /* of SpareRequestFile; several may begin alike */
  GHashTable *files;   /* file id → the first of those that begin so */
  gboolean whole;      /* decrypt each file whole before it is changed */
  GArray *old_key_ids; /* of guint64: the old key's subkeys, as the authority named them */
};

G_END_DECLS
