/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-inflight-private.h"
#include "spare-output-place-private.h"
#include "spare-output.h"

G_BEGIN_DECLS

struct _SpareOutput
{
  SpareOutputPlace place;
  SpareConflict conflict;
  char *target;
  int fd;
  SpareInflight *inflight; /* while there is a temporary with a name */
  goffset size;
  ino_t expected_inode; /* of the one file that may be replaced; 0: whatever has the name */
  dev_t expected_device;
  gboolean synced;
  gboolean failed; /* an error was met: never to be published, whatever the caller does */
  gboolean published;
};

G_END_DECLS
