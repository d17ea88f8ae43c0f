/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Removable media: a real one on a loop device, and drives of our own for what no drive here can do. */
#include "config.h"

#include "spare-fd.h"
#include "spare-medium-list.h"
#include "spare-test-gpg.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

/* ---- a mount that does what it is told ---- */

#define FAKE_TYPE_MOUNT (fake_mount_get_type ())
G_DECLARE_FINAL_TYPE (FakeMount, fake_mount, FAKE, MOUNT, GObject)

struct _FakeMount
{
  GObject parent_instance;
  const char *name;
  GFile *root;
  gboolean can_eject;
  gboolean can_unmount;
  int ends; /* code of G_IO_ERROR; -1: well */
  const char *done;
};

static char *
fake_get_name (GMount *mount)
{
  return g_strdup (FAKE_MOUNT (mount)->name);
}

static GFile *
fake_get_root (GMount *mount)
{
  return g_object_ref (FAKE_MOUNT (mount)->root);
}

static GIcon *
fake_get_icon (GMount *mount)
{
  return g_themed_icon_new ("drive-removable-media-symbolic");
}

static GDrive *
fake_get_drive (GMount *mount)
{
  return NULL;
}

static gboolean
fake_can_eject (GMount *mount)
{
  return FAKE_MOUNT (mount)->can_eject;
}

static gboolean
fake_can_unmount (GMount *mount)
{
  return FAKE_MOUNT (mount)->can_unmount;
}

static void
fake_end (FakeMount *self, const char *what, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  self->done = what;
  if (self->ends < 0)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, G_IO_ERROR, self->ends, "device\nis </b> busy");
}

static void
fake_eject (GMount *mount,
            GMountUnmountFlags flags,
            GMountOperation *operation,
            GCancellable *cancellable,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  fake_end (FAKE_MOUNT (mount), "ejected", callback, user_data);
}

static void
fake_unmount (GMount *mount,
              GMountUnmountFlags flags,
              GMountOperation *operation,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  fake_end (FAKE_MOUNT (mount), "unmounted", callback, user_data);
}

static gboolean
fake_finish (GMount *mount, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
fake_mount_iface_init (GMountIface *iface)
{
  iface->get_name = fake_get_name;
  iface->get_root = fake_get_root;
  iface->get_symbolic_icon = fake_get_icon;
  iface->get_icon = fake_get_icon;
  iface->get_drive = fake_get_drive;
  iface->can_eject = fake_can_eject;
  iface->can_unmount = fake_can_unmount;
  iface->eject_with_operation = fake_eject;
  iface->eject_with_operation_finish = fake_finish;
  iface->unmount_with_operation = fake_unmount;
  iface->unmount_with_operation_finish = fake_finish;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeMount,
                               fake_mount,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_MOUNT, fake_mount_iface_init))

static void
fake_mount_finalize (GObject *object)
{
  g_object_unref (FAKE_MOUNT (object)->root);
  G_OBJECT_CLASS (fake_mount_parent_class)->finalize (object);
}

static void
fake_mount_class_init (FakeMountClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_mount_finalize;
}

static void
fake_mount_init (FakeMount *self)
{
}

static FakeMount *
new_mount (const char *name, const char *path, gboolean can_eject)
{
  FakeMount *self = g_object_new (FAKE_TYPE_MOUNT, NULL);

  self->name = name;
  self->root = g_file_new_for_path (path);
  self->can_eject = can_eject;
  self->can_unmount = TRUE;
  self->ends = -1;
  return self;
}

/* ---- who says what is mounted ---- */

#define FAKE_TYPE_MONITOR (fake_monitor_get_type ())
G_DECLARE_FINAL_TYPE (FakeMonitor, fake_monitor, FAKE, MONITOR, GVolumeMonitor)

struct _FakeMonitor
{
  GVolumeMonitor parent_instance;
  GList *mounts;
};

G_DEFINE_FINAL_TYPE (FakeMonitor, fake_monitor, G_TYPE_VOLUME_MONITOR)

static void
ref_cb (gpointer data, gpointer user_data)
{
  g_object_ref (data);
}

static GList *
fake_get_mounts (GVolumeMonitor *monitor)
{
  g_list_foreach (FAKE_MONITOR (monitor)->mounts, ref_cb, NULL);
  return g_list_copy (FAKE_MONITOR (monitor)->mounts);
}

static void
fake_monitor_finalize (GObject *object)
{
  g_list_free_full (FAKE_MONITOR (object)->mounts, g_object_unref);
  G_OBJECT_CLASS (fake_monitor_parent_class)->finalize (object);
}

static void
fake_monitor_class_init (FakeMonitorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_monitor_finalize;
  G_VOLUME_MONITOR_CLASS (klass)->get_mounts = fake_get_mounts;
}

static void
fake_monitor_init (FakeMonitor *self)
{
}

static void
insert (FakeMonitor *monitor, FakeMount *mount)
{
  monitor->mounts = g_list_append (monitor->mounts, g_object_ref (mount));
  g_signal_emit_by_name (monitor, "mount-added", mount);
}

static void
pull (FakeMonitor *monitor, FakeMount *mount)
{
  monitor->mounts = g_list_remove (monitor->mounts, mount);
  g_signal_emit_by_name (monitor, "mount-removed", mount);
  g_object_unref (mount);
}

/* ---- waiting ---- */

/* For the deadlines below to be looked at though nothing happens. */
static gboolean
wake_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

#define WAIT_FOR(condition)                                           \
  G_STMT_START                                                        \
  {                                                                   \
    gint64 deadline_ = g_get_monotonic_time () + 60 * G_USEC_PER_SEC; \
    guint waker_ = g_timeout_add (20, wake_cb, NULL);                 \
                                                                      \
    while (!(condition) && g_get_monotonic_time () < deadline_)       \
      g_main_context_iteration (NULL, TRUE);                          \
    g_source_remove (waker_);                                         \
    g_assert_true (condition);                                        \
  }                                                                   \
  G_STMT_END

typedef struct
{
  gboolean ended;
  gboolean done;
  GError *error;
} Ejection;

static void
eject_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Ejection *ejection = user_data;

  ejection->done = spare_medium_eject_finish (SPARE_MEDIUM (source), result, &ejection->error);
  ejection->ended = TRUE;
}

static gboolean
eject (SpareMedium *medium, GError **error)
{
  Ejection ejection = { FALSE };

  spare_medium_eject_async (medium, NULL, NULL, eject_cb, &ejection);
  WAIT_FOR (ejection.ended);
  g_assert_cmpint (ejection.done, ==, ejection.error == NULL);
  if (ejection.error != NULL)
    g_propagate_error (error, ejection.error);
  return ejection.done;
}

static SpareMedium *
get (SpareMediumList *list, guint position)
{
  g_autoptr (SpareMedium) medium = g_list_model_get_item (G_LIST_MODEL (list), position);

  g_assert_true (SPARE_IS_MEDIUM (medium));
  return medium;
}

/* ---- tests ---- */

static void
changed_cb (GListModel *model, guint position, guint removed, guint added, GString *log)
{
  g_string_append_printf (log, "%u-%u+%u ", position, removed, added);
}

static void
test_list (void)
{
  g_autoptr (FakeMonitor) monitor = g_object_new (FAKE_TYPE_MONITOR, NULL);
  g_autoptr (FakeMount) disk = new_mount ("Disk", "/srv/disk", FALSE);
  g_autoptr (FakeMount) one = new_mount ("One", "/srv/one", TRUE);
  g_autoptr (FakeMount) two = new_mount ("Two", "/media/ada/TWO", FALSE);
  g_autoptr (FakeMount) three = new_mount ("Three", "/run/media/ada/THREE", FALSE);
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (SpareMediumList) list = NULL;
  SpareMedium *kept;

  insert (monitor, disk);
  insert (monitor, one);
  list = spare_medium_list_new_for_monitor (G_VOLUME_MONITOR (monitor));
  g_signal_connect (list, "items-changed", G_CALLBACK (changed_cb), log);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 1);
  g_assert_cmpstr (spare_medium_get_name (get (list, 0)), ==, "One");
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (list), 1));

  insert (monitor, two);
  insert (monitor, three);
  kept = get (list, 2);
  g_signal_emit_by_name (monitor, "mount-added", two); /* said twice */
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 3);
  g_assert_true (spare_medium_list_find (list, "/media/ada/TWO") == get (list, 1));
  g_assert_null (spare_medium_list_find (list, "/srv/disk"));
  pull (monitor, one);
  g_assert_true (get (list, 1) == kept);
  pull (monitor, disk);
  /* Another mount over it hides it. */
  g_mount_shadow (G_MOUNT (two));
  g_signal_emit_by_name (monitor, "mount-changed", two);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 1);
  g_mount_unshadow (G_MOUNT (two));
  g_signal_emit_by_name (monitor, "mount-changed", two);
  g_assert_cmpstr (log->str, ==, "1-0+1 2-0+1 0-1+0 0-1+0 1-0+1 ");
}

static void
test_list_gone (void)
{
  g_autoptr (FakeMonitor) monitor = g_object_new (FAKE_TYPE_MONITOR, NULL);
  g_autoptr (FakeMount) one = new_mount ("One", "/srv/one", TRUE);
  SpareMediumList *list = spare_medium_list_new_for_monitor (G_VOLUME_MONITOR (monitor));

  g_object_unref (list);
  insert (monitor, one);
  g_assert_cmpuint (G_OBJECT (monitor)->ref_count, ==, 1);
}

static void
test_name (void)
{
  g_autoptr (FakeMount) mount = new_mount ("a\xe2\x80\xae"
                                           "b\n<b>\xff",
                                           "/srv/one", TRUE);
  g_autoptr (SpareMedium) medium = spare_medium_new (G_MOUNT (mount));

  g_assert_cmpstr (spare_medium_get_name (medium), ==, "a\\u202eb\\n<b>\\xff");
}

static void
test_eject (void)
{
  static const struct
  {
    gboolean can_eject, can_unmount;
    int ends;
    int code;
    const char *words;
    const char *done;
  } rows[] = {
    { TRUE, TRUE, -1, -1, NULL, "ejected" },
    { FALSE, TRUE, -1, -1, NULL, "unmounted" },
    { FALSE, FALSE, -1, G_IO_ERROR_NOT_SUPPORTED, "can’t be ejected from here", NULL },
    { TRUE, TRUE, G_IO_ERROR_BUSY, G_IO_ERROR_BUSY, "still in use", "ejected" },
    { FALSE, TRUE, G_IO_ERROR_BUSY, G_IO_ERROR_BUSY, "still in use", "unmounted" },
    { TRUE, TRUE, G_IO_ERROR_FAILED, G_IO_ERROR_FAILED, "device\\nis </b> busy", "ejected" },
    { TRUE, TRUE, G_IO_ERROR_FAILED_HANDLED, G_IO_ERROR_FAILED_HANDLED, "device\nis",
      "ejected" },
    { TRUE, TRUE, G_IO_ERROR_CANCELLED, G_IO_ERROR_CANCELLED, "device\nis", "ejected" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (FakeMount) mount = new_mount ("Stick", "/media/x", rows[i].can_eject);
      g_autoptr (SpareMedium) medium = NULL;
      g_autoptr (GError) error = NULL;

      mount->can_unmount = rows[i].can_unmount;
      mount->ends = rows[i].ends;
      medium = spare_medium_new (G_MOUNT (mount));
      g_assert_cmpint (spare_medium_get_can_eject (medium), ==,
                       rows[i].can_eject || rows[i].can_unmount);
      g_assert_cmpint (eject (medium, &error), ==, rows[i].code < 0);
      g_assert_cmpstr (mount->done, ==, rows[i].done);
      if (rows[i].code >= 0)
        {
          g_assert_error (error, G_IO_ERROR, rows[i].code);
          g_assert_nonnull (strstr (error->message, rows[i].words));
        }
    }
}

static void
notify_cb (GObject *object, GParamSpec *pspec, guint *n)
{
  ++*n;
}

static void
test_missing_folder (void)
{
  g_autoptr (FakeMount) mount = new_mount ("Stick", "/nonexistent/stick", TRUE);
  SpareMedium *medium = spare_medium_new (G_MOUNT (mount));
  gpointer weak = medium;
  guint n = 0;

  g_object_add_weak_pointer (G_OBJECT (medium), &weak);
  g_signal_connect (medium, "notify::free", G_CALLBACK (notify_cb), &n);
  g_assert_cmpuint (spare_medium_get_free (medium), ==, SPARE_MEDIUM_FREE_UNKNOWN);
  g_object_unref (medium);
  /* The question keeps it until it is answered. */
  WAIT_FOR (weak == NULL);
  g_assert_cmpuint (n, ==, 0);
}

/* ---- a real one ---- */

static gboolean
run_tool (const char *first, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  int status;
  va_list args;

  g_ptr_array_add (argv, (gpointer) first);
  va_start (args, first);
  do
    g_ptr_array_add (argv, va_arg (args, char *));
  while (g_ptr_array_index (argv, argv->len - 1) != NULL);
  va_end (args);
  return g_spawn_sync (NULL, (char **) argv->pdata, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                       &status, NULL)
         && status == 0;
}

static void
use_stick (SpareMediumList *list, const char *path)
{
  g_autofree char *file = g_build_filename (path, "file", NULL);
  g_autoptr (GError) error = NULL;
  SpareMedium *medium;
  spare_autofd int fd = -1;
  guint64 before;

  /* Others may be in, where somebody works. */
  WAIT_FOR (spare_medium_list_find (list, path) != NULL);
  medium = spare_medium_list_find (list, path);
  g_assert_cmpstr (spare_medium_get_name (medium), ==, "STICK");
  g_assert_cmpstr (spare_medium_get_path (medium), ==, path);
  g_assert_true (G_IS_ICON (spare_medium_get_icon (medium)));
  g_assert_true (spare_medium_get_can_eject (medium));
  WAIT_FOR (spare_medium_get_free (medium) != SPARE_MEDIUM_FREE_UNKNOWN);
  before = spare_medium_get_free (medium);
  g_assert_cmpuint (before, >, 1024 * 1024);
  g_assert_cmpuint (before, <, 16 * 1024 * 1024);
  g_assert_false (spare_medium_get_read_only (medium));

  fd = open (file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  g_assert_cmpint (ftruncate (fd, 1024 * 1024), ==, 0);
  g_assert_cmpint (fallocate (fd, 0, 0, 1024 * 1024), ==, 0);
  spare_medium_refresh (medium);
  WAIT_FOR (spare_medium_get_free (medium) != before);
  g_assert_cmpuint (spare_medium_get_free (medium), <, before);

  g_assert_false (eject (medium, &error));
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "STICK"));
  g_assert_nonnull (spare_medium_list_find (list, path));
  spare_fd_clear (&fd);
  g_clear_error (&error);

  g_assert_cmpint (mount (NULL, path, NULL, MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
  spare_medium_refresh (medium);
  WAIT_FOR (spare_medium_list_find (list, path) != NULL
            && spare_medium_get_read_only (spare_medium_list_find (list, path)));
  g_assert_true (eject (spare_medium_list_find (list, path), &error));
  g_assert_no_error (error);
  WAIT_FOR (spare_medium_list_find (list, path) == NULL);
}

static void
test_real (void)
{
  g_autofree char *folder = NULL;
  g_autofree char *image = NULL;
  g_autofree char *path = NULL;
  g_autofree char *mkfs = g_find_program_in_path ("mkfs.ext4");
  g_autoptr (SpareMediumList) list = NULL;

  if (!g_test_subprocess ())
    {
      if (geteuid () != 0)
        g_test_skip ("needs root to mount a stick");
      else if (mkfs == NULL || !g_file_test ("/media", G_FILE_TEST_IS_DIR))
        g_test_skip ("needs mkfs.ext4 and the folder /media");
      else
        {
          g_test_trap_subprocess (NULL, 90 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
          g_test_trap_assert_passed ();
        }
      return;
    }
  g_assert_cmpint (unshare (CLONE_NEWNS), ==, 0);
  g_assert_cmpint (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);
  g_assert_cmpint (mount ("tmpfs", "/media", "tmpfs", 0, "size=1m"), ==, 0);
  folder = g_dir_make_tmp ("medium-XXXXXX", NULL);
  image = g_build_filename (folder, "image", NULL);
  path = g_strdup ("/media/STICK");
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_assert_true (run_tool ("truncate", "-s", "16M", image, NULL));
  g_assert_true (run_tool (mkfs, "-q", image, NULL));

  list = spare_medium_list_new ();
  g_assert_null (spare_medium_list_find (list, path));
  g_assert_true (run_tool ("mount", "-o", "loop", image, path, NULL));
  use_stick (list, path);
  spare_test_remove_tree (folder);
}

int
main (int argc, char **argv)
{
  /* Neither UDisks nor the monitors of GVfs: what the kernel has mounted. */
  g_setenv ("GIO_USE_VOLUME_MONITOR", "unix", TRUE);
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/media/are-listed-as-they-come-and-go", test_list);
  g_test_add_func ("/media/a-list-that-is-gone-hears-nothing", test_list_gone);
  g_test_add_func ("/media/a-label-is-shown-harmless", test_name);
  g_test_add_func ("/media/ejecting-says-why-not", test_eject);
  g_test_add_func ("/media/one-that-vanished-is-let-go", test_missing_folder);
  g_test_add_func ("/media/a-stick-is-listed-used-and-ejected", test_real);
  return g_test_run ();
}
