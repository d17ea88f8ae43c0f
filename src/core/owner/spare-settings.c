/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The person's preferences.
 *
 * Promise: there is always an answer. Where the schema is not installed (a tool copied to a rescue system,
 * a broken package) the defaults hold and changes last as long as the object: GSettings would end the
 * process instead. This is the only file that names the schema and its keys.
 *
 * Preferences never decide alone: policy.ini stands above them (spare-policy.c). What must survive, such as
 * the authority's fingerprint, is not kept here.
 */
#include "config.h"

#include "spare-settings.h"

#include <gio/gio.h>

typedef enum
{
  PROP_MODE = 1,
  PROP_REQUIRED,
  PROP_WHEN_UNUSABLE,
  PROP_TRASH_ORIGINAL,
  PROP_UNPACK_ARCHIVES,
  PROP_FOLDER_EACH,
  PROP_NOTIFY,
  PROP_WINDOW_WIDTH,
  PROP_WINDOW_HEIGHT,
  PROP_WINDOW_MAXIMIZED,
  PROP_DEPOSIT_TO,
  N_PROPS
} SettingsProperty;

typedef enum
{
  KIND_ENUM,
  KIND_INT,
  KIND_BOOLEAN,
  KIND_TEXT, /* empty by default */
} SettingKind;

/* A key's name is its property's name; the defaults are those of the schema. */
static const struct
{
  const char *name;
  SettingKind kind;
  int minimum, maximum, fallback;
} keys[N_PROPS] = {
  [PROP_MODE] = { "mode", KIND_ENUM, SPARE_ESCROW_EMBEDDED, SPARE_ESCROW_DETACHED,
                  SPARE_ESCROW_EMBEDDED },
  [PROP_REQUIRED] = { "required", KIND_BOOLEAN, FALSE, TRUE, TRUE },
  [PROP_WHEN_UNUSABLE] = { "when-unusable", KIND_ENUM, SPARE_UNUSABLE_REFUSE,
                           SPARE_UNUSABLE_PENDING, SPARE_UNUSABLE_REFUSE },
  [PROP_TRASH_ORIGINAL] = { "trash-original", KIND_BOOLEAN, FALSE, TRUE, FALSE },
  [PROP_UNPACK_ARCHIVES] = { "unpack-archives", KIND_BOOLEAN, FALSE, TRUE, TRUE },
  [PROP_FOLDER_EACH] = { "folder-each", KIND_BOOLEAN, FALSE, TRUE, FALSE },
  [PROP_NOTIFY] = { "notify", KIND_BOOLEAN, FALSE, TRUE, TRUE },
  [PROP_WINDOW_WIDTH] = { "window-width", KIND_INT, -1, 32767, 760 },
  [PROP_WINDOW_HEIGHT] = { "window-height", KIND_INT, -1, 32767, 640 },
  [PROP_WINDOW_MAXIMIZED] = { "window-maximized", KIND_BOOLEAN, FALSE, TRUE, FALSE },
  [PROP_DEPOSIT_TO] = { "deposit-to", KIND_TEXT, 0, 0, 0 },
};

static GParamSpec *props[N_PROPS];

struct _SpareSettings
{
  GObject parent_instance;

  GSettings *store; /* NULL: the schema is not installed */
  GMutex lock;      /* guards what follows: a policy may be made in a worker thread */
  int values[N_PROPS];
  char *deposit_to; /* never NULL */
};

G_DEFINE_FINAL_TYPE (SpareSettings, spare_settings, G_TYPE_OBJECT)

static const char *const mode_names[] = {
  [SPARE_ESCROW_EMBEDDED] = "embedded",
  [SPARE_ESCROW_DETACHED] = "detached",
  [SPARE_ESCROW_NONE] = "none",
};

/**
 * spare_escrow_mode_to_string:
 * @mode: an escrow mode
 *
 * Returns: (transfer none): the mode's word on the command line, in policy.ini and in JSON
 */
const char *
spare_escrow_mode_to_string (SpareEscrowMode mode)
{
  g_return_val_if_fail ((guint) mode < G_N_ELEMENTS (mode_names), "embedded");

  return mode_names[mode];
}

/**
 * spare_escrow_mode_from_string:
 * @text: a word
 * @mode: (out): the mode; untouched if there is none of that name
 *
 * Returns: whether @text names a mode
 */
gboolean
spare_escrow_mode_from_string (const char *text, SpareEscrowMode *mode)
{
  g_return_val_if_fail (text != NULL && mode != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (mode_names); i++)
    if (strcmp (text, mode_names[i]) == 0)
      {
        *mode = (SpareEscrowMode) i;
        return TRUE;
      }

  return FALSE;
}

static int
read_key (SpareSettings *self, guint id)
{
  switch (keys[id].kind)
    {
    case KIND_ENUM:
      return g_settings_get_enum (self->store, keys[id].name);
    case KIND_INT:
      return g_settings_get_int (self->store, keys[id].name);
    case KIND_BOOLEAN:
    default:
      return g_settings_get_boolean (self->store, keys[id].name);
    }
}

/* FALSE: the administrator locked the key, or the store is read-only. */
static gboolean
write_key (SpareSettings *self, guint id, int value)
{
  switch (keys[id].kind)
    {
    case KIND_ENUM:
      return g_settings_set_enum (self->store, keys[id].name, value);
    case KIND_INT:
      return g_settings_set_int (self->store, keys[id].name, value);
    case KIND_BOOLEAN:
    default:
      return g_settings_set_boolean (self->store, keys[id].name, value != 0);
    }
}

static void
take_value (SpareSettings *self, guint id, int value)
{
  gboolean changed;

  g_mutex_lock (&self->lock);
  changed = self->values[id] != value;
  self->values[id] = value;
  g_mutex_unlock (&self->lock);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), props[id]);
}

static void
take_deposit_to (SpareSettings *self, const char *text)
{
  gboolean changed;

  g_mutex_lock (&self->lock);
  changed = strcmp (self->deposit_to, text) != 0;
  if (changed)
    {
      g_free (self->deposit_to);
      self->deposit_to = g_strdup (text);
    }
  g_mutex_unlock (&self->lock);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_DEPOSIT_TO]);
}

static void
read_deposit_to (SpareSettings *self)
{
  g_autofree char *text = g_settings_get_string (self->store, keys[PROP_DEPOSIT_TO].name);

  take_deposit_to (self, text);
}

static void
changed_cb (GSettings *store, const char *name, SpareSettings *self)
{
  for (guint id = 1; id < N_PROPS; id++)
    if (strcmp (name, keys[id].name) == 0 && keys[id].kind == KIND_TEXT)
      read_deposit_to (self);
    else if (strcmp (name, keys[id].name) == 0)
      take_value (self, id, read_key (self, id));
}

static gboolean
schema_fits (GSettingsSchema *schema)
{
  for (guint id = 1; id < N_PROPS; id++)
    if (!g_settings_schema_has_key (schema, keys[id].name))
      return FALSE;

  return TRUE;
}

static void
open_store (SpareSettings *self)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, APPLICATION_ID, TRUE);
  if (schema == NULL || !schema_fits (schema))
    {
      g_debug ("the settings schema is not installed; defaults are used");
      return;
    }

  self->store = g_settings_new_full (schema, NULL, NULL);
  g_signal_connect (self->store, "changed", G_CALLBACK (changed_cb), self);
  for (guint id = 1; id < N_PROPS; id++)
    if (keys[id].kind != KIND_TEXT)
      self->values[id] = read_key (self, id);
  read_deposit_to (self);
}

static void
spare_settings_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpareSettings *self = SPARE_SETTINGS (object);
  int held;

  if (id == 0 || id >= N_PROPS)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }

  g_mutex_lock (&self->lock);
  held = self->values[id];
  if (keys[id].kind == KIND_TEXT)
    g_value_set_string (value, self->deposit_to);
  g_mutex_unlock (&self->lock);

  if (keys[id].kind == KIND_TEXT)
    return;
  if (keys[id].kind == KIND_BOOLEAN)
    g_value_set_boolean (value, held != 0);
  else
    g_value_set_int (value, held);
}

static void
spare_settings_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpareSettings *self = SPARE_SETTINGS (object);
  int wanted;

  if (id == 0 || id >= N_PROPS)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }

  if (keys[id].kind == KIND_TEXT)
    {
      const char *text = g_value_get_string (value) != NULL ? g_value_get_string (value) : "";

      if (self->store == NULL || g_settings_set_string (self->store, keys[id].name, text))
        take_deposit_to (self, text);
      else
        g_object_notify_by_pspec (object, pspec);
      return;
    }
  wanted = keys[id].kind == KIND_BOOLEAN ? g_value_get_boolean (value)
                                         : g_value_get_int (value);
  if (self->store == NULL || write_key (self, id, wanted))
    take_value (self, id, wanted);
  else
    g_object_notify_by_pspec (object, pspec); /* a bound switch goes back to what holds */
}

static void
spare_settings_finalize (GObject *object)
{
  SpareSettings *self = SPARE_SETTINGS (object);

  if (self->store != NULL)
    g_signal_handlers_disconnect_by_data (self->store, self);
  g_clear_object (&self->store);
  g_free (self->deposit_to);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (spare_settings_parent_class)->finalize (object);
}

static void
spare_settings_class_init (SpareSettingsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY
                            | G_PARAM_STATIC_STRINGS;

  object_class->get_property = spare_settings_get_property;
  object_class->set_property = spare_settings_set_property;
  object_class->finalize = spare_settings_finalize;

  for (guint id = 1; id < N_PROPS; id++)
    if (keys[id].kind == KIND_TEXT)
      props[id] = g_param_spec_string (keys[id].name, NULL, NULL, "", flags);
    else if (keys[id].kind == KIND_BOOLEAN)
      props[id] = g_param_spec_boolean (keys[id].name, NULL, NULL, keys[id].fallback, flags);
    else
      props[id] = g_param_spec_int (keys[id].name, NULL, NULL, keys[id].minimum,
                                    keys[id].maximum, keys[id].fallback, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
spare_settings_init (SpareSettings *self)
{
  g_mutex_init (&self->lock);
  self->deposit_to = g_strdup ("");
  for (guint id = 1; id < N_PROPS; id++)
    self->values[id] = keys[id].fallback;
  open_store (self);
}

/**
 * spare_settings_new:
 *
 * The person's preferences. Made and changed in the main thread; properties may be read in any.
 *
 * Returns: (transfer full): the preferences
 */
SpareSettings *
spare_settings_new (void)
{
  return g_object_new (SPARE_TYPE_SETTINGS, NULL);
}
