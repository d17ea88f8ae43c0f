/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <gpgme.h>

/* An event loop of our own under a GPGME context, as the application has one. */
typedef struct _GpgmeLoop GpgmeLoop;

GpgmeLoop *gpgme_loop_new (gpgme_ctx_t ctx);
void gpgme_loop_free (GpgmeLoop *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GpgmeLoop, gpgme_loop_free)

void gpgme_loop_attach (GpgmeLoop *self);
void gpgme_loop_iterate (GpgmeLoop *self);
void gpgme_loop_run (GpgmeLoop *self);
gpgme_error_t gpgme_loop_get_error (GpgmeLoop *self);
