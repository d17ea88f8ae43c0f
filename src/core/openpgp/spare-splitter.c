/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands between gpg and the file that is written: takes PKESKs out of a message as it passes (detached mode),
 * and walks it at the same time.
 *
 *     from gpg    PKESK owner | PKESK authority | data…
 *     to file     PKESK owner |                   data…
 *     kept        the head as it came, PKESK authority with it
 *
 * Promise: nothing goes out before the whole head was read and found good; all but the packets dropped goes
 * out octet for octet, in order; the head is all that is ever held, 16 MiB at most. What has gone out counts
 * only once spare_splitter_finish() has said so.
 */
#include "config.h"

#include "spare-splitter.h"
#include "spare-walker.h"

#include "spare-error.h"

#include <glib/gi18n-lib.h>

struct _SpareSplitter
{
  SpareWalker *walker;
  SpareEskPredicate drop;
  gpointer drop_data;
  SpareOctetsFunc output;
  gpointer output_data;
  gboolean head_out;
  gboolean failed;
  guint n_dropped;
  guint64 length;
};

/**
 * spare_splitter_new:
 * @drop: (nullable) (scope notified): which ESKs don't go out; asked once for each, in order
 * @drop_data: for @drop
 * @output: (scope notified): takes what goes out
 * @output_data: for @output
 *
 * Makes a splitter that stands before a message.
 *
 * Returns: (transfer full): the splitter
 */
SpareSplitter *
spare_splitter_new (SpareEskPredicate drop,
                    gpointer drop_data,
                    SpareOctetsFunc output,
                    gpointer output_data)
{
  SpareSplitter *splitter = g_new0 (SpareSplitter, 1);

  splitter->walker = spare_walker_new (SPARE_WALKER_STRICT);
  splitter->drop = drop;
  splitter->drop_data = drop_data;
  splitter->output = output;
  splitter->output_data = output_data;
  return splitter;
}

/**
 * spare_splitter_free:
 * @splitter: (transfer full): the splitter
 *
 * Frees @splitter.
 */
void
spare_splitter_free (SpareSplitter *splitter)
{
  spare_walker_free (splitter->walker);
  g_free (splitter);
}

static gboolean
put (SpareSplitter *splitter, const guint8 *data, gsize length, GError **error)
{
  GError *failure = NULL;

  if (length == 0)
    return TRUE;
  if (splitter->output (data, length, splitter->output_data, &failure))
    {
      splitter->length += length;
      return TRUE;
    }
  if (failure == NULL)
    failure = g_error_new_literal (SPARE_ERROR, SPARE_ERROR_FAILED,
                                   _ ("The encrypted data could not be written. The original "
                                      "is unharmed."));
  g_propagate_error (error, failure);
  return FALSE;
}

static gboolean
drop_cb (const SpareEsk *esk, gpointer user_data)
{
  SpareSplitter *splitter = user_data;
  gboolean drop = splitter->drop != NULL && splitter->drop (esk, splitter->drop_data);

  splitter->n_dropped += drop;
  return drop;
}

static gboolean
put_head (SpareSplitter *splitter, SpareHead *head, GError **error)
{
  g_autoptr (GBytes) spliced = spare_head_splice (head, NULL, 0, drop_cb, splitter, error);
  gsize offset = spare_head_get_data_offset (head);
  gsize length;
  const guint8 *octets;

  if (spliced == NULL)
    return FALSE;
  octets = g_bytes_get_data (spliced, &length);
  if (!put (splitter, octets, length, error))
    return FALSE;
  octets = g_bytes_get_data (spare_head_get_octets (head), &length);
  splitter->head_out = TRUE;
  return put (splitter, octets + offset, length - offset, error);
}

static gboolean
feed (SpareSplitter *splitter, const guint8 *data, gsize length, GError **error)
{
  guint64 before = spare_walker_get_length (splitter->walker);
  SpareHead *head;

  if (!spare_walker_feed (splitter->walker, data, length, error))
    return FALSE;
  head = spare_walker_get_head (splitter->walker);
  if (head == NULL)
    return TRUE;
  if (!splitter->head_out)
    {
      gsize skip = (gsize) (spare_head_get_length (head) - before);

      if (!put_head (splitter, head, error))
        return FALSE;
      data += skip;
      length -= skip;
    }
  return put (splitter, data, length, error);
}

/**
 * spare_splitter_feed:
 * @splitter: the splitter
 * @data: the next octets
 * @length: how many
 * @error: return location for the error
 *
 * Takes a piece of any size and puts out what may go. An error is final.
 *
 * Returns: whether all is well so far; %FALSE with an error of spare_walker_feed(), of spare_head_splice(), or of the
 *   output function
 */
gboolean
spare_splitter_feed (SpareSplitter *splitter, const guint8 *data, gsize length, GError **error)
{
  if (splitter->failed)
    {
      g_set_error_literal (error, SPARE_ERROR, SPARE_ERROR_FAILED,
                           _ ("The encryption failed before its end. The original is "
                              "unharmed."));
      return FALSE;
    }
  splitter->failed = !feed (splitter, data, length, error);
  return !splitter->failed;
}

/**
 * spare_splitter_finish:
 * @splitter: the splitter
 * @error: return location for the error
 *
 * Ends the stream.
 *
 * Returns: whether what came was one whole message, so that what went out is one, too; %FALSE with an error as
 *   of spare_splitter_feed()
 */
gboolean
spare_splitter_finish (SpareSplitter *splitter, GError **error)
{
  return spare_splitter_feed (splitter, NULL, 0, error)
         && spare_walker_finish (splitter->walker, error);
}

/**
 * spare_splitter_get_head:
 * @splitter: the splitter
 *
 * Returns: (transfer none) (nullable): the head as it came, the ESKs dropped among its others; %NULL before it
 *   was read
 */
SpareHead *
spare_splitter_get_head (const SpareSplitter *splitter)
{
  return spare_walker_get_head (splitter->walker);
}

/**
 * spare_splitter_get_n_dropped:
 * @splitter: the splitter
 *
 * Returns: how many ESKs did not go out
 */
guint
spare_splitter_get_n_dropped (const SpareSplitter *splitter)
{
  return splitter->n_dropped;
}

/**
 * spare_splitter_get_length:
 * @splitter: the splitter
 *
 * Returns: octets put out so far
 */
guint64
spare_splitter_get_length (const SpareSplitter *splitter)
{
  return splitter->length;
}
