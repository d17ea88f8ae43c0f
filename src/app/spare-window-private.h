/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-banner.h"
#include "spare-check-page.h"
#include "spare-escrow-page.h"
#include "spare-files-page.h"
#include "spare-intake.h"
#include "spare-medium-list.h"
#include "spare-set-up.h"
#include "spare-window.h"

G_BEGIN_DECLS

/* Files that came before the window was ready for them. */
typedef struct
{
  GPtrArray *files;
  SpareJobKind kind;
} Waiting;

struct _SpareWindow
{
  AdwApplicationWindow parent_instance;

  SpareOwner *owner;
  SpareJobQueue *queue;
  SpareIntake *intake;
  GCancellable *cancellable;
  GQueue waiting; /* of Waiting */

  GQueue answers; /* paths of bundles to be opened */
  gboolean answering;
  GPtrArray *monitors; /* of GFileMonitor: what another process may change */
  gboolean refreshing, refresh_again;
  SpareMediumList *media;
  SpareMedium *found_on; /* a stick with answers */
  GPtrArray *found;      /* their paths */

  AdwToastOverlay *toasts;
  GtkStack *root_stack;
  AdwStatusPage *trouble;
  GtkWidget *retry_button;
  GtkWidget *other_key_button;
  SpareSetUp *set_up;
  GtkWidget *main_box;
  SpareBanner *banner;
  SpareBanner *answers_banner;
  AdwViewStack *pages;
  SpareFilesPage *files_page;
  SpareEscrowPage *escrow_page;
  SpareCheckPage *check_page;
  AdwViewStackPage *escrow_stack_page;
  AdwViewSwitcherTitle *switcher_title;
  AdwViewSwitcherBar *switcher_bar;
};

/* spare-window-state.c */
void spare_window_check_state (SpareWindow *self);
void spare_window_unlock_keyring (SpareWindow *self);
void spare_window_came_to_front (SpareWindow *self);
/* Notices from now on what the command line changes beside this window. */
void spare_window_watch_set_up (SpareWindow *self);
/* spare-window-certificate.c */
void spare_window_import_certificate (SpareWindow *self);
/* spare-window-answers.c */
void spare_window_open_answer (SpareWindow *self, const char *path);
/* Opens the bundles among @files; returns the other files. */
GPtrArray *spare_window_take_answers (SpareWindow *self, GPtrArray *files);
void spare_window_open_found (SpareWindow *self);
void spare_window_watch_media (SpareWindow *self);
/* spare-window-recovery.c */
void spare_window_add_recovery_actions (SpareWindow *self);

G_END_DECLS
