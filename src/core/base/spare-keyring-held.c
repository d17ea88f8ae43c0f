/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One secret, held for a batch of files, so that each of a thousand does not cost a session with the keyring.
 *
 * Promise: it is handed out only after the very service that it came from said, this very time, that the item is there
 * and unlocked. A keyring that was locked, restarted, removed or stopped answering, or an item that was deleted, hands
 * nothing out. It is wiped ten seconds after it was read, whether it is in use or not: then it is read anew.
 */
#include "config.h"

#include "spare-keyring-held-private.h"

#define HOLD_SECONDS 10
#define ITEM         "org.freedesktop.Secret.Item"
#define PROPERTIES   "org.freedesktop.DBus.Properties"

typedef struct
{
  GDBusConnection *bus;
  char *owner; /* the service's unique name: never that of another */
  char *path;  /* of the item */
  char *fingerprint;
  SpareKeyringKind kind;
  SpareSecret *secret;
  gint64 until; /* monotonic */
} Held;

struct _SpareKeyringHeld
{
  gatomicrefcount refs;
  GMutex lock;
  Held *held;     /* NULL: nothing */
  GSource *timer; /* in the default main context, where there is one that runs */
};

static void
held_free (gpointer data)
{
  Held *self = data;

  g_object_unref (self->bus);
  g_free (self->owner);
  g_free (self->path);
  g_free (self->fingerprint);
  spare_secret_unref (self->secret);
  g_free (self);
}

static void
unref (gpointer data)
{
  SpareKeyringHeld *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_mutex_clear (&self->lock);
  g_free (self);
}

static SpareKeyringHeld *
ref (SpareKeyringHeld *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/* With the lock held. */
static void
drop (SpareKeyringHeld *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  g_clear_pointer (&self->held, held_free);
}

static gboolean
expired_cb (gpointer user_data)
{
  SpareKeyringHeld *self = user_data;

  g_mutex_lock (&self->lock);
  /* Another may have been put there meanwhile. */
  if (self->timer == g_main_current_source ())
    drop (self);
  g_mutex_unlock (&self->lock);
  return G_SOURCE_REMOVE;
}

SpareKeyringHeld *
spare_keyring_held_new (void)
{
  SpareKeyringHeld *self = g_new0 (SpareKeyringHeld, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  return self;
}

/* Wipes the secret; the timer's own reference goes with its source. */
void
spare_keyring_held_free (SpareKeyringHeld *self)
{
  spare_keyring_held_forget (self);
  unref (self);
}

void
spare_keyring_held_put (SpareKeyringHeld *self,
                        GDBusConnection *bus,
                        const char *owner,
                        const char *path,
                        const char *fingerprint,
                        SpareKeyringKind kind,
                        SpareSecret *secret)
{
  Held *held = g_new0 (Held, 1);

  held->bus = g_object_ref (bus);
  held->owner = g_strdup (owner);
  held->path = g_strdup (path);
  held->fingerprint = g_strdup (fingerprint);
  held->kind = kind;
  held->secret = spare_secret_ref (secret);
  held->until = g_get_monotonic_time () + HOLD_SECONDS * G_USEC_PER_SEC;

  g_mutex_lock (&self->lock);
  drop (self);
  self->held = held;
  self->timer = g_timeout_source_new_seconds (HOLD_SECONDS);
  g_source_set_callback (self->timer, expired_cb, ref (self), unref);
  g_source_attach (self->timer, NULL);
  g_mutex_unlock (&self->lock);
}

static gboolean
is_unlocked (GDBusConnection *bus,
             const char *owner,
             const char *path,
             guint answer_limit,
             GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariant)
      answer = g_dbus_connection_call_sync (bus, owner, path, PROPERTIES, "Get",
                                            g_variant_new ("(ss)", ITEM, "Locked"),
                                            G_VARIANT_TYPE ("(v)"),
                                            G_DBUS_CALL_FLAGS_NO_AUTO_START, (int) answer_limit,
                                            cancellable, &error);

  if (answer == NULL)
    {
      g_debug ("The held secret is dropped: %s", error->message);
      return FALSE;
    }
  g_variant_get (answer, "(v)", &value);
  return g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN) && !g_variant_get_boolean (value);
}

/* NULL: read it from the keyring, which also says what is wrong. */
SpareSecret *
spare_keyring_held_get (SpareKeyringHeld *self,
                        const char *fingerprint,
                        SpareKeyringKind kind,
                        guint answer_limit,
                        GCancellable *cancellable)
{
  g_autoptr (GDBusConnection) bus = NULL;
  g_autofree char *owner = NULL;
  g_autofree char *path = NULL;
  SpareSecret *secret = NULL;

  g_mutex_lock (&self->lock);
  if (self->held != NULL && g_get_monotonic_time () >= self->held->until)
    drop (self);
  if (self->held != NULL && self->held->kind == kind
      && g_ascii_strcasecmp (self->held->fingerprint, fingerprint) == 0)
    {
      bus = g_object_ref (self->held->bus);
      owner = g_strdup (self->held->owner);
      path = g_strdup (self->held->path);
      secret = spare_secret_ref (self->held->secret);
    }
  g_mutex_unlock (&self->lock);

  if (secret == NULL || is_unlocked (bus, owner, path, answer_limit, cancellable))
    return secret;
  spare_secret_unref (secret);
  spare_keyring_held_forget (self);
  return NULL;
}

/* Whether there was one. */
gboolean
spare_keyring_held_forget (SpareKeyringHeld *self)
{
  gboolean had;

  g_mutex_lock (&self->lock);
  had = self->held != NULL;
  drop (self);
  g_mutex_unlock (&self->lock);
  return had;
}
