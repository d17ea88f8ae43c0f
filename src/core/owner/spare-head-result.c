/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What became of one file whose head was to be changed, and nothing else. */

#include "config.h"

#include "spare-head-result.h"

/**
 * spare_head_result_new:
 * @path: a file
 *
 * Returns: (transfer full): a result that says done
 */
SpareHeadResult *
spare_head_result_new (const char *path)
{
  SpareHeadResult *self = g_new0 (SpareHeadResult, 1);

  self->path = g_strdup (path);
  return self;
}

/**
 * spare_head_result_free:
 * @self: (transfer full): a result
 */
void
spare_head_result_free (SpareHeadResult *self)
{
  g_free (self->path);
  g_free (self->file_id);
  g_free (self->serial);
  g_clear_error (&self->error);
  g_free (self);
}

/**
 * spare_head_result_take_error:
 * @self: a result
 * @status: failed or skipped
 * @error: (transfer full): why
 */
void
spare_head_result_take_error (SpareHeadResult *self, SpareHeadStatus status, GError *error)
{
  self->status = status;
  g_clear_error (&self->error);
  self->error = error;
}

/**
 * spare_head_status_to_string:
 * @status: a status
 *
 * Returns: its word in JSON
 */
const char *
spare_head_status_to_string (SpareHeadStatus status)
{
  static const char *const words[] = { "done", "skipped", "failed" };

  return words[status];
}
