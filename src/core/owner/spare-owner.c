/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The owner's side as a whole: what is set up, and the parts that the operations use.
 *
 * Promise: "there is no key yet" is said only when that is known: gpg answered its health check, and the
 * keyring was there, open to a search, and has none. A keyring that is locked, missing, or goes away is an
 * error of its own, so nobody is led to make a second key. The application's home is only a cache: lost, it
 * is filled again from the keyring, certificates/ and authority.asc.
 *
 * What can still be done, is done: a damaged outbox or a policy that can't be read stops encryption, not the
 * opening, since decrypting needs neither. After an opening that failed for the keyring, the person's own
 * GnuPG keys can still be listed and chosen.
 */
#include "config.h"

#include "spare-owner-private.h"

#include "spare-paths.h"

enum
{
  PROP_DATA_DIRECTORY = 1,
  PROP_POLICY_PATH,
  PROP_GUARD_PATH,
  PROP_KEYRING,
  PROP_PERSONAL_HOME,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SpareOwner, spare_owner, G_TYPE_OBJECT)

static void
spare_owner_dispose (GObject *object)
{
  SpareOwner *self = SPARE_OWNER (object);

  if (self->settings != NULL)
    g_signal_handlers_disconnect_by_data (self->settings, self);
  spare_owner_close (self);

  G_OBJECT_CLASS (spare_owner_parent_class)->dispose (object);
}

static void
spare_owner_finalize (GObject *object)
{
  SpareOwner *self = SPARE_OWNER (object);

  g_clear_object (&self->key);
  g_clear_object (&self->pin);
  g_clear_object (&self->outbox);
  g_clear_object (&self->home);
  g_clear_object (&self->personal);
  g_clear_object (&self->settings);
  g_clear_object (&self->keyring);
  g_main_context_unref (self->context);
  g_free (self->data_directory);
  g_free (self->policy_path);
  g_free (self->guard_path);
  g_free (self->certificates);
  g_free (self->ini_path);
  g_free (self->pinned_by);
  g_free (self->stamp);
  g_mutex_clear (&self->operation);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (spare_owner_parent_class)->finalize (object);
}

static void
settings_changed_cb (SpareOwner *self)
{
  spare_owner_update_state_private (self);
}

static void
spare_owner_constructed (GObject *object)
{
  SpareOwner *self = SPARE_OWNER (object);
  g_autofree char *home = NULL;
  g_autofree char *outbox = NULL;

  G_OBJECT_CLASS (spare_owner_parent_class)->constructed (object);

  if (self->data_directory == NULL)
    self->data_directory = spare_paths_dup_data_dir ();
  if (self->keyring == NULL)
    self->keyring = spare_keyring_new ();
  if (self->personal == NULL)
    self->personal = spare_home_new_personal ();

  home = g_build_filename (self->data_directory, "gnupg", NULL);
  outbox = g_build_filename (self->data_directory, "outbox.db", NULL);
  self->certificates = g_build_filename (self->data_directory, "certificates", NULL);
  self->ini_path = g_build_filename (self->data_directory, "owner.ini", NULL);

  self->home = spare_home_new_with_engine (SPARE_HOME_OWN, home, self->guard_path);
  spare_home_set_passphrase_func (self->home, spare_owner_find_passphrase_private,
                                  g_object_ref (self->keyring), g_object_unref);
  self->outbox = spare_outbox_new (outbox);
  self->pin = spare_pin_new (self->data_directory, self->home);
  self->settings = spare_settings_new ();
  g_signal_connect_swapped (self->settings, "notify", G_CALLBACK (settings_changed_cb), self);
}

static void
spare_owner_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpareOwner *self = SPARE_OWNER (object);

  switch (id)
    {
    case PROP_DATA_DIRECTORY:
      self->data_directory = g_value_dup_string (value);
      break;
    case PROP_POLICY_PATH:
      self->policy_path = g_value_dup_string (value);
      break;
    case PROP_GUARD_PATH:
      self->guard_path = g_value_dup_string (value);
      break;
    case PROP_KEYRING:
      self->keyring = g_value_dup_object (value);
      break;
    case PROP_PERSONAL_HOME:
      if (g_value_get_string (value) != NULL)
        self->personal = spare_home_new_with_engine (SPARE_HOME_PERSONAL,
                                                     g_value_get_string (value),
                                                     self->guard_path);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
spare_owner_class_init (SpareOwnerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->constructed = spare_owner_constructed;
  object_class->set_property = spare_owner_set_property;
  object_class->dispose = spare_owner_dispose;
  object_class->finalize = spare_owner_finalize;

  props[PROP_DATA_DIRECTORY] = g_param_spec_string ("data-directory", NULL, NULL, NULL, flags);
  props[PROP_POLICY_PATH] = g_param_spec_string ("policy-path", NULL, NULL, NULL, flags);
  props[PROP_GUARD_PATH] = g_param_spec_string ("guard-path", NULL, NULL, NULL, flags);
  props[PROP_KEYRING] = g_param_spec_object ("keyring", NULL, NULL, SPARE_TYPE_KEYRING, flags);
  props[PROP_PERSONAL_HOME] = g_param_spec_string ("personal-home", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * SpareOwner::changed:
   *
   * The key, the authority, the recipients, a preference or the state changed. In the main context; several
   * changes may be told as one.
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", SPARE_TYPE_OWNER, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
spare_owner_init (SpareOwner *self)
{
  self->context = g_main_context_ref_thread_default ();
  g_mutex_init (&self->operation);
  g_mutex_init (&self->lock);
}

/**
 * spare_owner_new:
 *
 * The owner's side of this person on this computer; to be opened. In the main thread.
 *
 * Returns: (transfer full): the owner's side, closed
 */
SpareOwner *
spare_owner_new (void)
{
  return g_object_new (SPARE_TYPE_OWNER, NULL);
}

static void
weak_ref_free (gpointer data)
{
  GWeakRef *ref = data;

  g_weak_ref_clear (ref);
  g_free (ref);
}

static gboolean
announce_cb (gpointer data)
{
  g_autoptr (SpareOwner) self = g_weak_ref_get (data);

  if (self != NULL)
    {
      g_mutex_lock (&self->lock);
      self->announcing = FALSE;
      g_mutex_unlock (&self->lock);
      g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
    }
  return G_SOURCE_REMOVE;
}

void
spare_owner_announce_private (SpareOwner *self)
{
  g_autoptr (GSource) source = NULL;
  GWeakRef *ref;
  gboolean announcing;

  g_mutex_lock (&self->lock);
  announcing = self->announcing;
  self->announcing = TRUE;
  g_mutex_unlock (&self->lock);
  if (announcing)
    return;

  ref = g_new0 (GWeakRef, 1);
  g_weak_ref_init (ref, self);
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, announce_cb, ref, weak_ref_free);
  g_source_attach (source, self->context);
}

void
spare_owner_set_key_private (SpareOwner *self, SpareKey *key, SpareKeySource source)
{
  g_mutex_lock (&self->lock);
  g_set_object (&self->key, key);
  self->source = source;
  g_mutex_unlock (&self->lock);
}

/**
 * spare_owner_close:
 *
 * Ends the agent if no other Spare Key process uses it.
 */
void
spare_owner_close (SpareOwner *self)
{
  g_return_if_fail (SPARE_IS_OWNER (self));

  g_mutex_lock (&self->lock);
  self->state = SPARE_OWNER_CLOSED;
  g_clear_object (&self->key);
  g_clear_pointer (&self->pinned_by, g_free);
  g_mutex_unlock (&self->lock);
  spare_home_shut_down (self->home);
}

SpareOwnerState
spare_owner_get_state (SpareOwner *self)
{
  SpareOwnerState state;

  g_return_val_if_fail (SPARE_IS_OWNER (self), SPARE_OWNER_CLOSED);

  g_mutex_lock (&self->lock);
  state = self->state;
  g_mutex_unlock (&self->lock);
  return state;
}

SpareSettings *
spare_owner_get_settings (SpareOwner *self)
{
  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  return self->settings;
}

SparePin *
spare_owner_get_pin (SpareOwner *self)
{
  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  return self->pin;
}

SpareOutbox *
spare_owner_get_outbox (SpareOwner *self)
{
  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  return self->outbox;
}

SpareKeyring *
spare_owner_get_keyring (SpareOwner *self)
{
  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  return self->keyring;
}

/**
 * spare_owner_get_home:
 *
 * Returns: (transfer none): the application's own home, with every certificate that files are encrypted to
 */
SpareHome *
spare_owner_get_home (SpareOwner *self)
{
  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  return self->home;
}

/**
 * spare_owner_dup_key:
 *
 * Returns: (transfer full) (nullable): the key in use, as the application's home lists it
 */
SpareKey *
spare_owner_dup_key (SpareOwner *self)
{
  SpareKey *key;

  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  g_mutex_lock (&self->lock);
  key = self->key != NULL ? g_object_ref (self->key) : NULL;
  g_mutex_unlock (&self->lock);
  return key;
}

/**
 * spare_owner_get_key_source:
 *
 * Returns: where the secret part of the key in use is kept; of no meaning while there is no key
 */
SpareKeySource
spare_owner_get_key_source (SpareOwner *self)
{
  SpareKeySource source;

  g_return_val_if_fail (SPARE_IS_OWNER (self), SPARE_KEY_SOURCE_KEYRING);

  g_mutex_lock (&self->lock);
  source = self->source;
  g_mutex_unlock (&self->lock);
  return source;
}

/**
 * spare_owner_dup_key_home:
 *
 * Returns: (transfer full): the home with the secret part of the key in use
 */
SpareHome *
spare_owner_dup_key_home (SpareOwner *self)
{
  SpareKeySource source;

  g_return_val_if_fail (SPARE_IS_OWNER (self), NULL);

  g_mutex_lock (&self->lock);
  source = self->source;
  g_mutex_unlock (&self->lock);
  return g_object_ref (source == SPARE_KEY_SOURCE_KEYRING ? self->home : self->personal);
}

/**
 * spare_owner_dup_decryption_homes:
 *
 * Returns: (transfer full) (element-type SpareHome): where a secret key may be found, that of the key in use
 *   first
 */
GPtrArray *
spare_owner_dup_decryption_homes (SpareOwner *self)
{
  GPtrArray *homes = g_ptr_array_new_with_free_func (g_object_unref);
  SpareHome *first = spare_owner_dup_key_home (self);

  g_ptr_array_add (homes, first);
  if (first != self->home)
    g_ptr_array_add (homes, g_object_ref (self->home));
  else if (spare_home_exists (self->personal))
    g_ptr_array_add (homes, g_object_ref (self->personal));
  return homes;
}

void
spare_owned_key_free (SpareOwnedKey *self)
{
  if (self == NULL)
    return;

  g_clear_object (&self->key);
  g_free (self);
}
