/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SpareStage:
 * @SPARE_STAGE_PREPARING: opening, measuring, checking what is needed
 * @SPARE_STAGE_WAITING: waiting for the person: keyring, passphrase, card
 * @SPARE_STAGE_ENCRYPTING: octets go through the engine
 * @SPARE_STAGE_DECRYPTING: octets go through the engine
 * @SPARE_STAGE_CHECKING: reading back what was written
 * @SPARE_STAGE_FINISHING: making it durable and publishing it
 */
typedef enum
{
  SPARE_STAGE_PREPARING,
  SPARE_STAGE_WAITING,
  SPARE_STAGE_ENCRYPTING,
  SPARE_STAGE_DECRYPTING,
  SPARE_STAGE_CHECKING,
  SPARE_STAGE_FINISHING,
} SpareStage;

/**
 * SpareProgress:
 * @stage: what is being done
 * @done: octets done in this stage
 * @total: octets to do in this stage, 0 when unknown
 */
typedef struct
{
  SpareStage stage;
  goffset done;
  goffset total;
} SpareProgress;

typedef void (*SpareProgressFunc) (const SpareProgress *progress, gpointer user_data);

/**
 * SpareProgressMeter:
 *
 * Takes reports from any thread, as many as come, and passes the newest on in one main context, at most
 * 20 times a second.
 */
typedef struct _SpareProgressMeter SpareProgressMeter;

SpareProgressMeter *spare_progress_meter_new (GMainContext *context,
                                              SpareProgressFunc func,
                                              gpointer user_data,
                                              GDestroyNotify destroy);
SpareProgressMeter *spare_progress_meter_ref (SpareProgressMeter *self);
void spare_progress_meter_unref (SpareProgressMeter *self);
void spare_progress_meter_report (SpareProgressMeter *self,
                                  SpareStage stage,
                                  goffset done,
                                  goffset total);
void spare_progress_meter_stop (SpareProgressMeter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareProgressMeter, spare_progress_meter_unref)

G_END_DECLS
