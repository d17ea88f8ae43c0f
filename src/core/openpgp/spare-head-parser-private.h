/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head-parser.h"
#include "spare-packet-framer.h"

G_BEGIN_DECLS

SpareHeadParserResult spare_head_parser_feed_binary (SpareHeadParser *parser,
                                                     const guint8 *data,
                                                     gsize length,
                                                     gsize *consumed,
                                                     GError **error);
void spare_head_parser_set_armored (SpareHeadParser *parser);
SparePacketFramer *spare_head_parser_get_framer (SpareHeadParser *parser);

G_END_DECLS
