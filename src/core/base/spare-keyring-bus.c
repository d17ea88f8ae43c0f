/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One operation on the keyring as it goes.
 *
 * Promise: it always returns, within its limits, whatever the service does: missing, hanging, dying while it
 * prompts, answering nonsense. libsecret alone promises none of this (0.20.5: a service that dies in a prompt
 * or answers one with an unexpected type leaves its callers waiting for ever, cancelled or not; and without a
 * prompter, locked looks the same as not found). So presence, locks and prompts are asked here, in plain
 * D-Bus, and each step of libsecret runs under this watchdog; what it abandons is freed if it ever answers.
 *
 * The steps of an operation run one after the other in the main context that it was started in:
 *
 *   session bus → service is there → [default keyring?] → [unlock → prompt → still locked?] → libsecret …
 */
#include "config.h"

#include "spare-keyring-bus-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define SECRETS      "org.freedesktop.secrets"
#define SECRETS_PATH "/org/freedesktop/secrets"
#define SERVICE      "org.freedesktop.Secret.Service"
#define COLLECTION   "org.freedesktop.Secret.Collection"
#define ITEM         "org.freedesktop.Secret.Item"
#define PROMPT       "org.freedesktop.Secret.Prompt"
#define PROPERTIES   "org.freedesktop.DBus.Properties"
#define BUS          "org.freedesktop.DBus"
#define BUS_PATH     "/org/freedesktop/DBus"
#define PROMPTER     "org.gnome.keyring.SystemPrompter"

SpareKeyringCall *
spare_keyring_call_new (guint answer_limit,
                        guint prompt_limit,
                        SpareKeyringFlags flags,
                        gpointer data,
                        GDestroyNotify destroy)
{
  SpareKeyringCall *self = g_new0 (SpareKeyringCall, 1);

  self->ref_count = 1;
  self->answer_limit = answer_limit;
  self->prompt_limit = prompt_limit;
  self->flags = flags;
  self->data = data;
  self->destroy = destroy;
  self->inner = g_cancellable_new ();

  return self;
}

SpareKeyringCall *
spare_keyring_call_ref (SpareKeyringCall *self)
{
  self->ref_count++;
  return self;
}

void
spare_keyring_call_unref (SpareKeyringCall *self)
{
  if (--self->ref_count > 0)
    return;

  g_assert (self->task == NULL);
  if (self->destroy != NULL)
    self->destroy (self->data);
  g_clear_object (&self->bus);
  g_clear_object (&self->inner);
  g_free (self->owner);
  g_free (self->prompt_path);
  g_free (self->collection);
  g_free (self->unlocking);
  g_free (self);
}

gboolean
spare_keyring_call_is_over (SpareKeyringCall *self)
{
  return self->task == NULL;
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    {
      g_source_destroy (*source);
      g_clear_pointer (source, g_source_unref);
    }
}

static void
forget_prompt (SpareKeyringCall *self)
{
  if (self->prompt_signal != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->prompt_signal);
  self->prompt_signal = 0;
  g_clear_pointer (&self->prompt_path, g_free);
}

/* Ends the call; its caller returns the task that it gets. The one that started it holds the last reference
 * of its own, so @self stays valid for the caller. */
static GTask *
finish (SpareKeyringCall *self)
{
  GTask *task = g_steal_pointer (&self->task);

  clear_source (&self->watchdog);
  clear_source (&self->cancelled);
  if (self->name_watch != 0)
    g_bus_unwatch_name (self->name_watch);
  self->name_watch = 0;
  if (self->prompt_path != NULL && !g_dbus_connection_is_closed (self->bus))
    /* Nobody waits for the answer any more: take the question off the screen. */
    g_dbus_connection_call (self->bus, SECRETS, self->prompt_path, PROMPT, "Dismiss", NULL,
                            NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
  forget_prompt (self);
  g_cancellable_cancel (self->inner);

  return task;
}

void
spare_keyring_call_return_boolean (SpareKeyringCall *self, gboolean value)
{
  g_autoptr (GTask) task = finish (self);

  g_task_return_boolean (task, value);
  spare_keyring_call_unref (self);
}

void
spare_keyring_call_return_pointer (SpareKeyringCall *self, gpointer value, GDestroyNotify free)
{
  g_autoptr (GTask) task = finish (self);

  g_task_return_pointer (task, value, free);
  spare_keyring_call_unref (self);
}

static void
return_error (SpareKeyringCall *self, GError *error)
{
  g_autoptr (GTask) task = finish (self);

  g_task_return_error (task, error);
  spare_keyring_call_unref (self);
}

static const char *
get_sentence (SpareErrorCode code)
{
  switch ((int) code)
    {
    case SPARE_ERROR_KEYRING_MISSING:
      return _ (
          "There is no keyring service, so Spare Key can’t reach your keys. Nothing was "
          "changed. "
          "Start your desktop’s keyring (GNOME Keyring, KeePassXC or KWallet) and try again.");
    case SPARE_ERROR_KEYRING_LOCKED:
      return _ ("Your keyring is locked, and nothing is there to unlock it with. Nothing was "
                "changed. "
                "Unlock it in your desktop and try again.");
    case SPARE_ERROR_KEYRING_DISMISSED:
      return _ (
          "Your keyring stayed locked because its question was dismissed. Nothing was changed; "
          "try again when you want to unlock it.");
    case SPARE_ERROR_KEYRING_GONE:
      return _ ("The keyring service does not answer as it should. Nothing was changed. Wait a "
                "moment "
                "and try again; if it stays so, log out and in again.");
    case SPARE_ERROR_NO_KEY:
      return _ ("This key is not in your keyring. Nothing was changed.");
    default:
      return _ ("The keyring can’t be used. Nothing was changed.");
    }
}

void
spare_keyring_call_fail_with (SpareKeyringCall *self, SpareErrorCode code)
{
  return_error (self, g_error_new_literal (SPARE_ERROR, (int) code, get_sentence (code)));
}

void
spare_keyring_call_fail_no_collection (SpareKeyringCall *self)
{
  return_error (self, g_error_new_literal (
                          SPARE_ERROR, SPARE_ERROR_KEYRING_MISSING,
                          _ ("Your desktop has no default keyring to keep keys in. Nothing was "
                             "changed. Make one in your desktop’s password manager and try "
                             "again.")));
}

/* spare_keyring_call_fail:
 * @error: (transfer full): what D-Bus said
 *
 * Ends the call with the error that it amounts to. */
void
spare_keyring_call_fail (SpareKeyringCall *self, GError *error)
{
  g_autoptr (GError) owned = error;
  g_autofree char *remote = g_dbus_error_get_remote_error (error);

  if (error->domain == SPARE_ERROR)
    {
      return_error (self, g_steal_pointer (&owned));
      return;
    }

  g_debug ("The keyring service failed: %s", error->message);
  if (g_strcmp0 (remote, "org.freedesktop.Secret.Error.IsLocked") == 0)
    spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_LOCKED);
  else if (g_strcmp0 (remote, "org.freedesktop.Secret.Error.NoSuchObject") == 0
           || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT))
    spare_keyring_call_fail_with (self, SPARE_ERROR_NO_KEY);
  else if (self->owner == NULL)
    spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_MISSING);
  else
    spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_GONE);
}

static gboolean
watchdog_cb (gpointer user_data)
{
  SpareKeyringCall *self = user_data;

  g_debug ("The keyring service did not answer in time");
  spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_GONE);
  return G_SOURCE_REMOVE;
}

static void
expect_within (SpareKeyringCall *self, guint milliseconds)
{
  clear_source (&self->watchdog);
  self->watchdog = g_timeout_source_new (milliseconds);
  g_source_set_static_name (self->watchdog, "spare-keyring-watchdog");
  g_source_set_callback (self->watchdog, watchdog_cb, self, NULL);
  g_source_attach (self->watchdog, g_task_get_context (self->task));
}

/* A step begins that needs nobody's help. */
void
spare_keyring_call_expect_answer (SpareKeyringCall *self)
{
  expect_within (self, self->answer_limit);
}

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  SpareKeyringCall *self = user_data;

  return_error (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                           _ ("Cancelled. Nothing was changed.")));
  return G_SOURCE_REMOVE;
}

static void
name_appeared_cb (GDBusConnection *bus, const char *name, const char *owner, gpointer user_data)
{
  SpareKeyringCall *self = user_data;

  if (spare_keyring_call_is_over (self))
    return;
  if (self->owner != NULL)
    {
      /* Another took over: what was asked of the first will not be answered. */
      if (!g_str_equal (self->owner, owner))
        spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_GONE);
      return;
    }

  self->owner = g_strdup (owner);
  spare_keyring_call_expect_answer (self);
  self->next (self);
}

static void
name_vanished_cb (GDBusConnection *bus, const char *name, gpointer user_data)
{
  SpareKeyringCall *self = user_data;

  if (spare_keyring_call_is_over (self))
    return;
  spare_keyring_call_fail_with (self, self->owner != NULL ? SPARE_ERROR_KEYRING_GONE
                                                          : SPARE_ERROR_KEYRING_MISSING);
}

static void
bus_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *self = user_data;
  g_autoptr (GError) error = NULL;
  GDBusConnection *bus = g_bus_get_finish (result, &error);

  if (spare_keyring_call_is_over (self))
    {
      g_clear_object (&bus);
    }
  else if (bus == NULL || g_dbus_connection_is_closed (bus))
    {
      g_clear_object (&bus);
      spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_MISSING);
    }
  else
    {
      /* A bus that ends must not end the program in the middle of a file. */
      g_dbus_connection_set_exit_on_close (bus, FALSE);
      self->bus = bus;
      self->name_watch = g_bus_watch_name_on_connection (bus, SECRETS,
                                                         G_BUS_NAME_WATCHER_FLAGS_AUTO_START,
                                                         name_appeared_cb, name_vanished_cb,
                                                         spare_keyring_call_ref (self),
                                                         (GDestroyNotify)
                                                             spare_keyring_call_unref);
    }
  spare_keyring_call_unref (self);
}

/* spare_keyring_call_start:
 * @self: (transfer full): the call; it frees itself when it is over and nothing is under way
 * @task: (transfer full): what it returns
 * @first: the first step, taken once the service is known to be there */
void
spare_keyring_call_start (SpareKeyringCall *self, GTask *task, SpareKeyringStep first)
{
  g_autofree char *address = NULL;
  GCancellable *cancellable = g_task_get_cancellable (task);

  g_task_set_check_cancellable (task, FALSE);
  self->task = task;
  self->next = first;
  spare_keyring_call_expect_answer (self);
  if (cancellable != NULL)
    {
      self->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_callback (self->cancelled, G_SOURCE_FUNC (cancelled_cb), self, NULL);
      g_source_attach (self->cancelled, g_task_get_context (task));
    }

  /* Without a session, GLib would start a bus of its own, which no keyring is on. */
  address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  if (address == NULL || g_str_has_prefix (address, "autolaunch:"))
    {
      spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_MISSING);
      return;
    }
  g_bus_get (G_BUS_TYPE_SESSION, self->inner, bus_cb, spare_keyring_call_ref (self));
}

static void
call_service (SpareKeyringCall *self,
              const char *path,
              const char *interface,
              const char *method,
              GVariant *arguments,
              const char *reply_type,
              GAsyncReadyCallback callback)
{
  g_dbus_connection_call (self->bus, SECRETS, path, interface, method, arguments,
                          G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          G_MAXINT, self->inner, callback, spare_keyring_call_ref (self));
}

static void
call_bus (SpareKeyringCall *self,
          const char *method,
          GVariant *arguments,
          const char *reply_type,
          GAsyncReadyCallback callback)
{
  g_dbus_connection_call (self->bus, BUS, BUS_PATH, BUS, method, arguments,
                          G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NONE, G_MAXINT,
                          self->inner, callback, spare_keyring_call_ref (self));
}

/* What a reply begins with. Returns NULL when it must go no further: the call is over, or has failed now. */
static GVariant *
take_reply (SpareKeyringCall *self, GObject *source, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant)
      reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (spare_keyring_call_is_over (self))
    return NULL;
  if (reply == NULL)
    {
      spare_keyring_call_fail (self, g_steal_pointer (&error));
      return NULL;
    }
  spare_keyring_call_expect_answer (self);

  return g_steal_pointer (&reply);
}

/* Reads a "Locked" property out of its reply. */
static gboolean
read_locked (GVariant *reply, gboolean *locked)
{
  g_autoptr (GVariant) value = NULL;

  g_variant_get (reply, "(v)", &value);
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return FALSE;
  *locked = g_variant_get_boolean (value);

  return TRUE;
}

static void
default_locked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant)
      reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (!spare_keyring_call_is_over (self))
    {
      spare_keyring_call_expect_answer (self);
      if (reply != NULL && read_locked (reply, &self->collection_locked))
        {
          self->next (self);
        }
      else if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT)
               || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD)
               || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE))
        {
          /* The alias points at a keyring that is not there. */
          g_clear_pointer (&self->collection, g_free);
          self->next (self);
        }
      else if (error != NULL)
        {
          spare_keyring_call_fail (self, g_steal_pointer (&error));
        }
      else
        {
          spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_GONE);
        }
    }
  spare_keyring_call_unref (self);
}

static void
alias_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *self = user_data;
  g_autoptr (GVariant) reply = take_reply (self, source, result);

  if (reply != NULL)
    {
      g_clear_pointer (&self->collection, g_free);
      g_variant_get (reply, "(o)", &self->collection);
      if (g_str_equal (self->collection, "/"))
        {
          g_clear_pointer (&self->collection, g_free);
          self->next (self);
        }
      else
        {
          call_service (self, self->collection, PROPERTIES, "Get",
                        g_variant_new ("(ss)", COLLECTION, "Locked"), "(v)", default_locked_cb);
        }
    }
  spare_keyring_call_unref (self);
}

/* Finds out whether there is a default keyring, and whether it is locked: in collection, collection_locked. */
void
spare_keyring_call_read_default (SpareKeyringCall *self, SpareKeyringStep next)
{
  self->next = next;
  call_service (self, SECRETS_PATH, SERVICE, "ReadAlias", g_variant_new ("(s)", "default"),
                "(o)", alias_cb);
}

static void
unlocked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *self = user_data;
  g_autoptr (GVariant) reply = take_reply (self, source, result);
  gboolean locked;

  if (reply != NULL)
    {
      if (!read_locked (reply, &locked))
        spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_GONE);
      else if (locked)
        spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_LOCKED);
      else
        self->next (self);
    }
  spare_keyring_call_unref (self);
}

/* Whatever the service said about unlocking, only this counts. */
static void
check_unlocked (SpareKeyringCall *self)
{
  gboolean is_item = self->collection == NULL
                     || !g_str_equal (self->unlocking, self->collection);

  call_service (self, self->unlocking, PROPERTIES, "Get",
                g_variant_new ("(ss)", is_item ? ITEM : COLLECTION, "Locked"), "(v)",
                unlocked_cb);
}

static void
prompter_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant)
      reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (!spare_keyring_call_is_over (self))
    spare_keyring_call_fail_with (self, reply != NULL ? SPARE_ERROR_KEYRING_DISMISSED
                                                      : SPARE_ERROR_KEYRING_LOCKED);
  spare_keyring_call_unref (self);
}

static void
prompter_owner_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *self = user_data;
  g_autoptr (GVariant) reply = take_reply (self, source, result);
  gboolean owned;

  if (reply != NULL)
    {
      g_variant_get (reply, "(b)", &owned);
      if (owned)
        spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_DISMISSED);
      else
        call_bus (self, "StartServiceByName", g_variant_new ("(su)", PROMPTER, 0), "(u)",
                  prompter_cb);
    }
  spare_keyring_call_unref (self);
}

static void
process_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *self = user_data;
  g_autoptr (GVariant) reply = take_reply (self, source, result);

  if (reply != NULL)
    {
      g_autofree char *path = NULL;
      g_autofree char *name = NULL;
      guint32 pid;

      g_variant_get (reply, "(u)", &pid);
      path = g_strdup_printf ("/proc/%u/comm", pid);
      if (g_file_get_contents (path, &name, NULL, NULL)
          && g_str_has_prefix (name, "gnome-keyring-d"))
        call_bus (self, "NameHasOwner", g_variant_new ("(s)", PROMPTER), "(b)",
                  prompter_owner_cb);
      else
        spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_DISMISSED);
    }
  spare_keyring_call_unref (self);
}

/* gnome-keyring says "dismissed" too when it found nothing to ask with, as in a session without a screen. Its
 * prompter can be asked for: if it can't be started now, nobody was asked then. */
static void
explain_dismissal (SpareKeyringCall *self)
{
  call_bus (self, "GetConnectionUnixProcessID", g_variant_new ("(s)", self->owner), "(u)",
            process_cb);
}

static void
prompt_completed_cb (GDBusConnection *bus,
                     const char *sender,
                     const char *path,
                     const char *interface,
                     const char *signal,
                     GVariant *parameters,
                     gpointer user_data)
{
  SpareKeyringCall *self = user_data;
  gboolean dismissed;

  if (spare_keyring_call_is_over (self))
    return;

  forget_prompt (self);
  spare_keyring_call_expect_answer (self);
  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(bv)")))
    {
      spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_GONE);
      return;
    }
  /* The result itself is not looked at: services send it in more types than the specification has. */
  g_variant_get_child (parameters, 0, "b", &dismissed);
  if (dismissed)
    explain_dismissal (self);
  else
    check_unlocked (self);
}

static void
prompting_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant)
      reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  /* The answer is the signal, which may have come before this. */
  if (reply == NULL && !spare_keyring_call_is_over (self) && self->prompt_path != NULL)
    spare_keyring_call_fail (self, g_steal_pointer (&error));
  spare_keyring_call_unref (self);
}

static void
unlock_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SpareKeyringCall *self = user_data;
  g_autoptr (GVariant) reply = take_reply (self, source, result);

  if (reply != NULL)
    {
      g_autofree char *prompt = NULL;

      g_variant_get (reply, "(aoo)", NULL, &prompt);
      if (g_str_equal (prompt, "/"))
        {
          check_unlocked (self);
        }
      else
        {
          self->prompt_path = g_steal_pointer (&prompt);
          self->prompt_signal =
              g_dbus_connection_signal_subscribe (self->bus, self->owner, PROMPT, "Completed",
                                                  self->prompt_path, NULL,
                                                  G_DBUS_SIGNAL_FLAGS_NONE, prompt_completed_cb,
                                                  spare_keyring_call_ref (self),
                                                  (GDestroyNotify) spare_keyring_call_unref);
          expect_within (self, self->prompt_limit);
          call_service (self, self->prompt_path, PROMPT, "Prompt", g_variant_new ("(s)", ""),
                        "()", prompting_cb);
        }
    }
  spare_keyring_call_unref (self);
}

/* Unlocks a collection or an item, asking the person if need be; fails the call when prompting is not allowed. */
void
spare_keyring_call_unlock (SpareKeyringCall *self, const char *path, SpareKeyringStep next)
{
  const char *const paths[] = { path, NULL };

  if ((self->flags & SPARE_KEYRING_PROMPT) == 0)
    {
      spare_keyring_call_fail_with (self, SPARE_ERROR_KEYRING_LOCKED);
      return;
    }

  self->next = next;
  g_free (self->unlocking);
  self->unlocking = g_strdup (path);
  call_service (self, SECRETS_PATH, SERVICE, "Unlock", g_variant_new ("(^ao)", paths), "(aoo)",
                unlock_cb);
}
