/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multiprecision integers: a length in bits, two octets, then the octets (RFC 9580 section 3.2).
 *
 * Promise: only the one form is read. The count of bits is exact, so the first octet is never 0 and has no bit
 * above those counted; a zero, which no key and no ciphertext has, is refused.
 */
#include "config.h"

#include "spare-mpi-private.h"

/*< private >
 * spare_mpi_read:
 * @data: (array length=length): octets
 * @length: how many
 * @offset: (inout): where the number begins; behind it on success
 * @mpi: (out) (transfer none): its octets, most significant first
 * @mpi_length: (out): how many, at least 1
 *
 * Reads one number. Nothing is written on failure.
 *
 * Returns: whether there was one
 */
gboolean
spare_mpi_read (const guint8 *data,
                gsize length,
                gsize *offset,
                const guint8 **mpi,
                gsize *mpi_length)
{
  gsize left = length - *offset;
  guint bits, top;
  gsize n;

  if (*offset > length || left < 2)
    return FALSE;
  bits = (guint) data[*offset] << 8 | data[*offset + 1];
  n = (bits + 7) / 8;
  if (bits == 0 || n > left - 2)
    return FALSE;
  top = data[*offset + 2];
  if (top >> ((bits - 1) % 8) != 1)
    return FALSE;
  *mpi = data + *offset + 2;
  *mpi_length = n;
  *offset += 2 + n;
  return TRUE;
}
