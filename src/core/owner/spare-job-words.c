/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How it stands with a job, in the words of the line under its name: what happened, what is unharmed, how long it still
 * takes. Never a number that is not known. */

#include "config.h"

#include "spare-job.h"

#include <glib/gi18n-lib.h>

static char *
describe_time_left (int seconds)
{
  if (seconds < 60)
    return g_strdup_printf (ngettext ("about %d second left", "about %d seconds left",
                                      (gulong) MAX (seconds, 1)),
                            MAX (seconds, 1));
  if (seconds < 3600)
    return g_strdup_printf (ngettext ("about %d minute left", "about %d minutes left",
                                      (gulong) (seconds + 30) / 60),
                            (seconds + 30) / 60);
  return g_strdup_printf (ngettext ("about %d hour left", "about %d hours left",
                                    (gulong) (seconds + 1800) / 3600),
                          (seconds + 1800) / 3600);
}

static char *
describe_running (SpareJob *self)
{
  g_autofree char *done = g_format_size (spare_job_get_done (self));
  g_autofree char *total = g_format_size (spare_job_get_total (self));
  g_autofree char *left = spare_job_get_seconds_left (self) >= 0
                              ? describe_time_left (spare_job_get_seconds_left (self))
                              : NULL;

  switch (spare_job_get_stage (self))
    {
    case SPARE_STAGE_WAITING:
      return g_strdup (_ ("Waiting for an answer"));
    case SPARE_STAGE_CHECKING:
      return g_strdup (_ ("Reading back what was written"));
    case SPARE_STAGE_FINISHING:
      return g_strdup (_ ("Finishing"));
    case SPARE_STAGE_PREPARING:
      return g_strdup (_ ("Preparing"));
    case SPARE_STAGE_ENCRYPTING:
    case SPARE_STAGE_DECRYPTING:
    default:
      break;
    }
  if (spare_job_get_total (self) == 0)
    return g_strdup (done);
  if (left == NULL)
    /* Translators: "412 MB of 1.0 GB" */
    return g_strdup_printf (_ ("%s of %s"), done, total);
  /* Translators: "412 MB of 1.0 GB · about 4 seconds left" */
  return g_strdup_printf (_ ("%s of %s · %s"), done, total, left);
}

/**
 * spare_job_describe:
 * @self: a job
 *
 * Returns: (transfer full): how it stands with it, in the words of the line under its name; plain text
 */
char *
spare_job_describe (SpareJob *self)
{
  switch (spare_job_get_state (self))
    {
    case SPARE_JOB_RUNNING:
      return describe_running (self);
    case SPARE_JOB_DONE:
      return spare_file_result_describe (spare_job_get_result (self));
    case SPARE_JOB_FAILED:
      return g_strdup (spare_job_get_error (self)->message);
    case SPARE_JOB_SKIPPED:
      return g_strdup (_ ("Skipped: it is encrypted already"));
    case SPARE_JOB_CANCELLED:
      return g_strdup (_ ("Cancelled. Nothing was changed."));
    case SPARE_JOB_UNDONE:
      return g_strdup (_ ("Undone"));
    case SPARE_JOB_WAITING:
    default:
      return g_strdup (C_ ("file", "Waiting"));
    }
}
