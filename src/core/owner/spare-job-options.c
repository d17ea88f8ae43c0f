/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What was asked for of a batch of files, shared by its jobs. It also keeps the batch's plan, so that ten thousand files
 * cost one look at the keys instead of ten thousand. The plan is made anew after a while: a key may expire, a policy
 * may change. */

#include "config.h"

#include "spare-job-options-private.h"

#define PLAN_LIFETIME (10 * G_USEC_PER_SEC)

SpareJobOptions *
spare_job_options_new (void)
{
  SpareJobOptions *self = g_new0 (SpareJobOptions, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  return self;
}

SpareJobOptions *
spare_job_options_ref (SpareJobOptions *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
spare_job_options_unref (SpareJobOptions *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_strfreev (self->recipients);
  g_free (self->output);
  g_free (self->output_directory);
  g_clear_pointer (&self->plan, spare_encryption_plan_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Any thread. */
SpareEncryptionPlan *
spare_job_options_ref_plan_sync (SpareJobOptions *self,
                                 SpareOwner *owner,
                                 GCancellable *cancellable,
                                 GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  const SpareEncryptionWishes wishes = {
    .recipients = (const char *const *) self->recipients,
    .mode_given = self->mode_given,
    .mode = self->mode,
    .sign = self->sign,
  };

  if (self->plan != NULL && g_get_monotonic_time () - self->plan_made > PLAN_LIFETIME)
    g_clear_pointer (&self->plan, spare_encryption_plan_unref);
  if (self->plan == NULL)
    {
      self->plan = spare_encryption_plan_new_sync (owner, &wishes, cancellable, error);
      self->plan_made = g_get_monotonic_time ();
    }
  return self->plan != NULL ? spare_encryption_plan_ref (self->plan) : NULL;
}
