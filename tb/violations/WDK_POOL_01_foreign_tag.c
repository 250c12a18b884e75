/* SPDX-License-Identifier: MIT */
/* Blocks are freed with another tag. */
#include "plant.h"

static VOID release(PVOID block, ULONG tag)
{
    plant_release(block, tag + 1);
}

PLANT_RELEASE(release);
