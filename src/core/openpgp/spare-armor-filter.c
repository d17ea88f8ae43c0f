/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands before a packet reader and takes off the armor if there is one: binary passes as it is, without a
 * copy.
 *
 * Promise: the decision falls after at most 64 KiB of blanks and 15 octets more, and holds 18 octets till
 * then.
 */
#include "config.h"

#include "spare-armor-filter-private.h"

/* Octets of text decoded at a time: bounds the octets that wait. */
#define SLICE 4096

void
spare_armor_filter_init (SpareArmorFilter *filter)
{
  *filter = (SpareArmorFilter){ 0 };
}

void
spare_armor_filter_clear (SpareArmorFilter *filter)
{
  g_clear_pointer (&filter->reader, spare_armor_reader_free);
  g_clear_pointer (&filter->decoded, g_byte_array_unref);
}

/* Takes octets until it is clear what they are. A byte order mark is also how a packet of tag 47 may begin;
 * then the octets held go out as they came. */
static gboolean
decide (SpareArmorFilter *filter,
        const guint8 *data,
        gsize length,
        gsize *consumed,
        const guint8 **output,
        gsize *output_length,
        GError **error)
{
  SpareArmorVerdict verdict = SPARE_ARMOR_NEED_MORE;
  gboolean first = filter->detector.n_leading == 0 && filter->n_held == 0;

  if (first && length > 0 && (data[0] & 0x80) && data[0] != 0xef)
    {
      filter->state = SPARE_ARMOR_FILTER_BINARY;
      return TRUE;
    }
  while (*consumed < length && verdict == SPARE_ARMOR_NEED_MORE)
    {
      guint8 octet = data[(*consumed)++];
      guint64 n_leading = filter->detector.n_leading;

      verdict = spare_armor_detector_push (&filter->detector, octet);
      /* Blanks go; the mark, the first line and what speaks against them stay. */
      if (filter->detector.n_leading == n_leading
          || filter->detector.n_leading == filter->detector.n_mark)
        filter->held[filter->n_held++] = octet;
    }
  if (verdict == SPARE_ARMOR_YES)
    {
      filter->state = SPARE_ARMOR_FILTER_ARMOR;
      filter->reader = spare_armor_reader_new ();
      filter->decoded = g_byte_array_new ();
      return spare_armor_reader_feed (filter->reader, filter->held, filter->n_held,
                                      filter->decoded, error);
    }
  if (verdict == SPARE_ARMOR_NO && filter->detector.n_mark > 0 && filter->n_held <= 3)
    {
      filter->state = SPARE_ARMOR_FILTER_BINARY;
      *output = filter->held;
      *output_length = filter->n_held;
    }
  else if (verdict == SPARE_ARMOR_NO)
    filter->state = SPARE_ARMOR_FILTER_TEXT;
  return TRUE;
}

/*< private >
 * spare_armor_filter_next:
 * @filter: the filter
 * @data: the next octets of the file
 * @length: how many
 * @consumed: (out): how many were taken; call again with the rest
 * @output: (out): binary octets, valid until the next call
 * @output_length: (out): how many, perhaps 0
 * @error: return location for the error
 *
 * Takes some octets in and gives some out. Octets that stand before damage go out first, and the error comes
 * with the next call: else the verdict on what they hold would depend on how the text is cut.
 *
 * Returns: whether all is well
 */
gboolean
spare_armor_filter_next (SpareArmorFilter *filter,
                         const guint8 *data,
                         gsize length,
                         gsize *consumed,
                         const guint8 **output,
                         gsize *output_length,
                         GError **error)
{
  g_autoptr (GError) failure = NULL;

  *consumed = 0;
  *output_length = 0;
  if (filter->state == SPARE_ARMOR_FILTER_UNDECIDED)
    {
      if (!decide (filter, data, length, consumed, output, output_length, error))
        return FALSE;
      if (filter->state != SPARE_ARMOR_FILTER_BINARY || *output_length > 0)
        return TRUE;
    }
  switch (filter->state)
    {
    case SPARE_ARMOR_FILTER_BINARY:
      *output = data;
      *output_length = *consumed = length;
      return TRUE;
    case SPARE_ARMOR_FILTER_ARMOR:
      *consumed = MIN (length, SLICE);
      g_byte_array_set_size (filter->decoded, 0);
      if (!spare_armor_reader_feed (filter->reader, data, *consumed, filter->decoded, &failure)
          && filter->decoded->len == 0)
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      *output = filter->decoded->data;
      *output_length = filter->decoded->len;
      return TRUE;
    case SPARE_ARMOR_FILTER_UNDECIDED:
    case SPARE_ARMOR_FILTER_TEXT:
    default:
      *consumed = length;
      return TRUE;
    }
}

gboolean
spare_armor_filter_finish (SpareArmorFilter *filter, GError **error)
{
  return filter->reader == NULL || spare_armor_reader_finish (filter->reader, error);
}

gboolean
spare_armor_filter_is_cleartext (const SpareArmorFilter *filter)
{
  return filter->reader != NULL
         && spare_armor_reader_get_armor_type (filter->reader) == SPARE_ARMOR_TYPE_CLEARTEXT;
}
