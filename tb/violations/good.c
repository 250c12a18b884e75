/* SPDX-License-Identifier: MIT */
/* The shipped driver as it is: the monitor says nothing. */
#include "plant.h"

const struct plant plant = {.table = NULL};
