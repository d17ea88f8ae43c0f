/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "spare-authority-policy.h"
#include "spare-case.h"

G_BEGIN_DECLS

typedef enum
{
  SPARE_CASE_STEP_REQUEST,
  SPARE_CASE_STEP_IDENTITY,
  SPARE_CASE_STEP_APPROVALS,
  SPARE_CASE_STEP_WAITING,
  SPARE_CASE_STEP_RECOVERY,
  SPARE_CASE_STEP_DELIVERY,
  SPARE_CASE_N_STEPS,
} SpareCaseStep;

/* What a step's page shows. */
typedef struct
{
  const SpareCase *one;
  const SpareAuthorityRules *rules;
  GHashTable *typed;   /* check → what was typed and not recorded yet */
  GPtrArray *officers; /* of SpareCaseOfficer: who can approve on this computer */
  GPtrArray *left_out; /* of SpareGrantLeftOut, after a recovery here; NULL */
  gboolean recovered;  /* here, just now */
} SpareCaseView;

typedef struct
{
  char *name;        /* the person, as the policy names him */
  char *fingerprint; /* primary, of a key whose secret is here */
  gboolean own;      /* the authority's own key, in its own home; else the person's GnuPG */
} SpareCaseOfficer;

void spare_case_officer_free (gpointer officer);

const char *spare_case_steps_title (SpareCaseStep step);
/* The last step that can be shown. */
SpareCaseStep spare_case_steps_get_last (const SpareCase *one);
SpareCaseStep spare_case_steps_get_first (const SpareCase *one);
gboolean spare_case_steps_is_needed (const SpareCaseView *view, SpareCaseStep step);
GtkWidget *spare_case_steps_find_control (GtkWidget *page);
GtkWidget *spare_case_steps_build (const SpareCaseView *view, SpareCaseStep step);

/* A heading, a paragraph, a button with an action, a group of rows: what the pages are made of. */
GtkWidget *spare_case_steps_add_text (GtkWidget *page, const char *text, const char *style);
GtkWidget *spare_case_steps_add_list (GtkWidget *page, const char *name);
GtkWidget *spare_case_steps_add_row (GtkWidget *list,
                                     const char *icon,
                                     const char *title,
                                     const char *subtitle,
                                     const char *chip_icon,
                                     const char *chip,
                                     const char *chip_style);
GtkWidget *spare_case_steps_add_button (GtkWidget *page,
                                        const char *label,
                                        const char *action,
                                        const char *target,
                                        const char *style);
GtkWidget *spare_case_identity_build (const SpareCaseView *view);

G_END_DECLS
