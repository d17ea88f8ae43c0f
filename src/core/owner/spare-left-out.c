/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thing that an operation on many left out.
 *
 * Promise: it says why in a sentence, so that nothing is left out in silence.
 */
#include "config.h"

#include "spare-left-out.h"

/**
 * spare_left_out_new:
 * @path: (nullable): the file, in the file system's octets
 * @error: (transfer full): why
 *
 * Returns: (transfer full): the note of it
 */
SpareLeftOut *
spare_left_out_new (const char *path, GError *error)
{
  SpareLeftOut *self;

  g_return_val_if_fail (error != NULL, NULL);

  self = g_new0 (SpareLeftOut, 1);
  self->path = g_strdup (path);
  self->error = error;
  return self;
}

/**
 * spare_left_out_free:
 * @self: (nullable): a note
 */
void
spare_left_out_free (SpareLeftOut *self)
{
  if (self == NULL)
    return;

  g_free (self->path);
  g_clear_error (&self->error);
  g_free (self);
}

/**
 * spare_left_out_array_new:
 *
 * Returns: (transfer full) (element-type SpareLeftOut): an empty array that owns what is put into it
 */
GPtrArray *
spare_left_out_array_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) spare_left_out_free);
}
