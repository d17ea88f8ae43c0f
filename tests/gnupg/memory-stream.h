/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-stream.h"

G_BEGIN_DECLS

/* A stream over memory, that fails, cancels or calls somebody at a chosen octet. */
typedef struct
{
  GBytes *input;
  gsize position;
  GByteArray *output;
  guint rewinds;

  gsize read_max;          /* octets a read; 0: as many as asked */
  guint64 fail_read_at;    /* G_MAXUINT64: never */
  guint64 fail_write_at;   /* likewise */
  guint64 call_at;         /* when this many octets were read */
  guint64 call_at_written; /* when this many octets were written */
  void (*call) (gpointer user_data);
  gpointer call_data;
} MemoryStream;

void memory_stream_init (MemoryStream *self, GBytes *input);
void memory_stream_clear (MemoryStream *self);
SpareStream memory_stream_get (MemoryStream *self);
GBytes *memory_stream_dup_output (MemoryStream *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MemoryStream, memory_stream_clear)

G_END_DECLS
