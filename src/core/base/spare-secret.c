/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Octets that must not be seen by anybody else: passphrases, secret keys, session keys.
 *
 * Promise: they live in memory that is not swapped out (where the system allows locking it at all, see
 * spare_secret_memory_is_locked()), that no child process inherits once it is larger than a pool block, and
 * that is overwritten before it is given back. Nothing here prints, logs or stores them.
 *
 * Small secrets come from libgcrypt's pool of 64 KiB. What does not fit there, such as the armored secret key
 * of an RSA key of 4096 bits or the eleventh of them, gets pages of its own between two guard pages:
 *
 *   | PROT_NONE | data … NUL … zeroes | PROT_NONE |
 */
#include "config.h"

#include "spare-secret.h"

#include "spare-error.h"

#include <errno.h>
#include <gcrypt.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define POOL_SIZE 65536
/* Above this a secret gets its own pages, so that a few large ones never starve libgcrypt of its pool. */
#define POOL_LIMIT 1024
/* Nothing that belongs here is larger: key imports are limited to 1 MiB. */
#define SECRET_LIMIT       (4 * 1024 * 1024)
#define GCRYPT_MIN_VERSION "1.10.0"

struct _SpareSecret
{
  gatomicrefcount ref_count;
  guint8 *data;
  gsize size;
  gsize mapped; /* length of the own mapping with its guards; 0 when from the pool */
};

G_DEFINE_BOXED_TYPE (SpareSecret, spare_secret, spare_secret_ref, spare_secret_unref)

static gboolean memory_is_locked;

/**
 * spare_secret_init:
 * @error: return location
 *
 * Sets up libgcrypt and its pool of locked memory, once; call it first thing in `main()`, before threads and
 * before libraries that would set up libgcrypt otherwise. The constructors of secrets call it too. That the
 * system does not let memory be locked is no error: see spare_secret_memory_is_locked().
 *
 * Returns: %FALSE with %SPARE_ERROR_FAILED when libgcrypt is too old or does not pass its self-test
 */
gboolean
spare_secret_init (GError **error)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      gsize ok = 1;

      if (!gcry_control (GCRYCTL_INITIALIZATION_FINISHED_P))
        {
          if (gcry_check_version (GCRYPT_MIN_VERSION) != NULL)
            {
              /* It would print to stderr; what it says is asked for below instead. */
              gcry_control (GCRYCTL_DISABLE_SECMEM_WARN);
              memory_is_locked = gcry_control (GCRYCTL_INIT_SECMEM, POOL_SIZE, 0) == 0;
              gcry_control (GCRYCTL_INITIALIZATION_FINISHED, 0);
            }
          else
            {
              ok = 2;
            }
        }
      else
        {
          /* Another library came first and brought its own locked memory. */
          memory_is_locked = TRUE;
        }
      if (!memory_is_locked)
        g_debug ("Memory can't be locked: secrets may be swapped out");
      g_once_init_leave (&once, ok);
    }

  if (once == 1)
    return TRUE;

  g_set_error (error, SPARE_ERROR, SPARE_ERROR_FAILED,
               _ ("The cryptographic library on this system is too old (needed: libgcrypt %s). "
                  "Nothing was changed; update the system and try again."),
               GCRYPT_MIN_VERSION);
  return FALSE;
}

/**
 * spare_secret_memory_is_locked:
 *
 * Whether the system lets secrets be kept out of the swap space. A health page says so when it is %FALSE;
 * everything works all the same.
 */
gboolean
spare_secret_memory_is_locked (void)
{
  spare_secret_init (NULL);

  return memory_is_locked;
}

/* Pages of its own. Returns NULL when there is no memory. */
static guint8 *
map_pages (gsize size, gsize *mapped)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  gsize inner = (size + page - 1) / page * page;
  gsize whole = inner + 2 * page;
  guint8 *base;

  base = mmap (NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED)
    return NULL;
  if (mprotect (base + page, inner, PROT_READ | PROT_WRITE) != 0)
    {
      munmap (base, whole);
      return NULL;
    }
  if (mlock (base + page, inner) != 0)
    {
      memory_is_locked = FALSE;
      g_debug ("Memory can't be locked (%s): this secret may be swapped out",
               g_strerror (errno));
    }
  madvise (base + page, inner, MADV_DONTDUMP);
  madvise (base + page, inner, MADV_DONTFORK);

  *mapped = whole;
  return base + page;
}

static SpareSecret *
secret_alloc (gsize size, GError **error)
{
  SpareSecret *self;
  guint8 *data = NULL;
  gsize mapped = 0;

  if (!spare_secret_init (error))
    return NULL;
  if (size > SECRET_LIMIT)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_TOO_LARGE,
                           _ ("This is far too large to be a key or a passphrase. Nothing was "
                              "changed."));
      return NULL;
    }

  if (size + 1 <= POOL_LIMIT)
    data = gcry_calloc_secure (1, size + 1);
  if (data == NULL)
    data = map_pages (size + 1, &mapped);
  if (data == NULL)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("There is no protected memory left for keys. Nothing was "
                              "changed; "
                              "close other programs and try again."));
      return NULL;
    }

  self = g_new0 (SpareSecret, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->data = data;
  self->size = size;
  self->mapped = mapped;

  return self;
}

/**
 * spare_secret_new_copy:
 * @data: (array length=size): the octets; the caller wipes its own copy
 * @size: number of octets
 * @error: return location
 *
 * Returns: (transfer full): the secret, or %NULL with %SPARE_ERROR_FAILED (no memory) or
 *   %SPARE_ERROR_TOO_LARGE (more than 4 MiB)
 */
SpareSecret *
spare_secret_new_copy (gconstpointer data, gsize size, GError **error)
{
  SpareSecret *self;

  g_return_val_if_fail (data != NULL || size == 0, NULL);

  self = secret_alloc (size, error);
  if (self != NULL && size > 0)
    memcpy (self->data, data, size);

  return self;
}

/**
 * spare_secret_new_sized:
 * @size: number of octets
 * @data: (out) (transfer none): where to write them, before anybody else gets a reference
 * @error: return location
 *
 * A secret of zeroes that the caller fills in place.
 *
 * Returns: (transfer full): as for [ctor@Secret.new_copy]
 */
SpareSecret *
spare_secret_new_sized (gsize size, guint8 **data, GError **error)
{
  SpareSecret *self = secret_alloc (size, error);

  if (self != NULL)
    *data = self->data;

  return self;
}

/**
 * spare_secret_new_random_text:
 * @bits: how hard it is to guess, at least this many bits
 * @error: return location
 *
 * A random passphrase of lower-case letters and digits, five bits each, from libgcrypt's very strong
 * generator.
 *
 * Returns: (transfer full): as for [ctor@Secret.new_copy]
 */
SpareSecret *
spare_secret_new_random_text (guint bits, GError **error)
{
  /* 32 signs: none is mistaken for another in print. */
  static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
  gsize length = (bits + 4) / 5;
  SpareSecret *self;

  G_STATIC_ASSERT (sizeof alphabet == 33);
  g_return_val_if_fail (bits > 0 && bits <= 4096, NULL);

  self = secret_alloc (length, error);
  if (self == NULL)
    return NULL;
  gcry_randomize (self->data, length, GCRY_VERY_STRONG_RANDOM);
  for (gsize i = 0; i < length; i++)
    self->data[i] = (guint8) alphabet[self->data[i] & 31];

  return self;
}

/**
 * spare_secret_ref:
 * @self: a secret
 *
 * Returns: (transfer full): @self
 */
SpareSecret *
spare_secret_ref (SpareSecret *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * spare_secret_unref:
 * @self: (transfer full) (nullable): a secret
 *
 * With the last reference the octets are overwritten and given back.
 */
void
spare_secret_unref (SpareSecret *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;

  spare_secret_wipe (self->data, self->size);
  if (self->mapped > 0)
    munmap (self->data - sysconf (_SC_PAGESIZE), self->mapped);
  else
    gcry_free (self->data);
  g_free (self);
}

/**
 * spare_secret_get_data:
 * @self: a secret
 *
 * Returns: (transfer none): the octets, followed by a NUL that does not count
 */
const guint8 *
spare_secret_get_data (SpareSecret *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->data;
}

/**
 * spare_secret_get_text:
 * @self: a secret that is text
 *
 * Returns: (transfer none): the same octets as a C string; never print it
 */
const char *
spare_secret_get_text (SpareSecret *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *) self->data;
}

/**
 * spare_secret_get_size:
 * @self: a secret
 *
 * Returns: number of octets
 */
gsize
spare_secret_get_size (SpareSecret *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->size;
}

/**
 * spare_secret_equal:
 * @a: a secret
 * @b: a secret
 *
 * Compares in a time that depends on nothing but the length.
 *
 * Returns: whether both hold the same octets
 */
gboolean
spare_secret_equal (SpareSecret *a, SpareSecret *b)
{
  volatile guint8 difference = 0;

  g_return_val_if_fail (a != NULL && b != NULL, FALSE);

  if (a->size != b->size)
    return FALSE;
  for (gsize i = 0; i < a->size; i++)
    difference |= a->data[i] ^ b->data[i];

  return difference == 0;
}

/**
 * spare_secret_wipe:
 * @data: (nullable): memory that held a secret
 * @size: number of octets
 *
 * Overwrites it in a way that the compiler does not leave out.
 */
void
spare_secret_wipe (gpointer data, gsize size)
{
  if (data != NULL && size > 0)
    explicit_bzero (data, size);
}

/**
 * spare_secret_wipe_string:
 * @text: (nullable): a C string that held a secret and belongs to somebody else
 *
 * Overwrites it in place, for the plain copies that other libraries hand out; does not free it.
 */
void
spare_secret_wipe_string (char *text)
{
  if (text != NULL)
    spare_secret_wipe (text, strlen (text));
}
