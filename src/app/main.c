/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program: makes the process safe for secrets, wakes the engine before any thread exists, and runs the application. */
#include "config.h"

#include "spare-application.h"
#include "spare-engine.h"
#include "spare-locale.h"
#include "spare-process.h"

#include <glib/gi18n-lib.h>

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpareApplication) application = NULL;

  spare_locale_init ();
  g_set_application_name (_ ("Spare Key"));

  /* What fails here is shown in the window: a program that ends without a word helps nobody. */
  if (spare_process_harden (&error))
    spare_engine_init (&error);

  application = spare_application_new (error);
  return g_application_run (G_APPLICATION (application), argc, argv);
}
