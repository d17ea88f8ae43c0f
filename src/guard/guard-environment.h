/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

char **guard_environment_build (char **inherited);
