/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "spare-head.h"

G_BEGIN_DECLS

typedef struct _SpareHeadParser SpareHeadParser;

typedef enum
{
  SPARE_HEAD_PARSER_MORE,
  SPARE_HEAD_PARSER_DONE,
  SPARE_HEAD_PARSER_ERROR,
} SpareHeadParserResult;

SpareHeadParser *spare_head_parser_new (void);
void spare_head_parser_free (SpareHeadParser *parser);
SpareHeadParserResult spare_head_parser_feed (SpareHeadParser *parser,
                                              const guint8 *data,
                                              gsize length,
                                              gsize *consumed,
                                              GError **error);
SpareHead *spare_head_parser_finish (SpareHeadParser *parser, GError **error);
SpareHead *spare_head_parser_get_head (const SpareHeadParser *parser);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpareHeadParser, spare_head_parser_free)

G_END_DECLS
