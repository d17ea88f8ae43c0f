/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream over memory, for tests: what a file, a slow disk, a full disk or a person who cancels would be. */
#include "config.h"

#include "memory-stream.h"

#include <gio/gio.h>
#include <string.h>

static void
call_once (MemoryStream *self)
{
  void (*call) (gpointer user_data) = g_steal_pointer (&self->call);

  if (call != NULL)
    call (self->call_data);
}

static gssize
read_cb (gpointer user_data, guint8 *buffer, gsize size, GError **error)
{
  MemoryStream *self = user_data;
  gsize length;
  const guint8 *octets = g_bytes_get_data (self->input, &length);

  if (self->position >= self->fail_read_at)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_MOUNTED, "no more disk");
      return -1;
    }
  if (self->position >= self->call_at)
    call_once (self);

  size = MIN (size, length - self->position);
  if (self->read_max != 0)
    size = MIN (size, self->read_max);
  if (size > 0)
    memcpy (buffer, octets + self->position, size);
  self->position += size;
  return (gssize) size;
}

static gboolean
write_cb (gpointer user_data, const guint8 *octets, gsize size, GError **error)
{
  MemoryStream *self = user_data;

  if (self->output->len + size > self->fail_write_at)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "disk full");
      return FALSE;
    }
  g_byte_array_append (self->output, octets, (guint) size);
  if (self->output->len >= self->call_at_written)
    call_once (self);
  return TRUE;
}

static gboolean
rewind_input_cb (gpointer user_data, GError **error)
{
  MemoryStream *self = user_data;

  self->position = 0;
  self->rewinds++;
  return TRUE;
}

static gboolean
rewind_output_cb (gpointer user_data, GError **error)
{
  MemoryStream *self = user_data;

  g_byte_array_set_size (self->output, 0);
  return TRUE;
}

void
memory_stream_init (MemoryStream *self, GBytes *input)
{
  *self = (MemoryStream){
    .input = g_bytes_ref (input),
    .output = g_byte_array_new (),
    .fail_read_at = G_MAXUINT64,
    .fail_write_at = G_MAXUINT64,
    .call_at = G_MAXUINT64,
    .call_at_written = G_MAXUINT64,
  };
}

void
memory_stream_clear (MemoryStream *self)
{
  g_clear_pointer (&self->input, g_bytes_unref);
  g_clear_pointer (&self->output, g_byte_array_unref);
}

/* The answer points to @self. An engine that is silent for ten seconds is hung. */
SpareStream
memory_stream_get (MemoryStream *self)
{
  return (SpareStream){
    .read = read_cb,
    .rewind_input = rewind_input_cb,
    .input = self,
    .write = write_cb,
    .rewind_output = rewind_output_cb,
    .output = self,
    .patience = 10,
  };
}

GBytes *
memory_stream_dup_output (MemoryStream *self)
{
  return g_bytes_new (self->output->data, self->output->len);
}
