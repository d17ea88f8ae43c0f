/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The gpg-agent of one home. */

/* Before the first start: a home whose socket path is too long for a socket address gets its sockets elsewhere, in a
 * short folder of ours, by redirection files. Returns that folder (to be removed with the agent), NULL if not needed. */
gboolean spare_agent_redirect (const char *home, char **folder, GError **error);
void spare_agent_remove_redirect (const char *home, const char *folder);

/* Started outside of the engine's limits; nothing happens if it runs. @component: "gpg-agent", or another daemon that
 * gpg would have started itself. */
gboolean spare_agent_launch (const char *home,
                             const char *component,
                             gboolean clean_environment,
                             GCancellable *cancellable,
                             GError **error);
/* Where it listens, any redirection followed: a path that a socket address takes. */
char *spare_agent_find_socket (const char *home, GError **error);
gboolean spare_agent_is_answering (const char *socket_path);
/* Has it forget all passphrases. FALSE if it did not say that it has. */
gboolean spare_agent_forget (const char *socket_path);
/* Asks it to end, and waits up to two seconds for it. */
void spare_agent_kill (const char *socket_path);

G_END_DECLS
