/* SPDX-License-Identifier: MIT */
#include "bell_kmd_doorbell.h"
#include "bell_kmd_slot.h"

static bool may_be_victim(const struct bell_slot *slot, const struct bell_doorbell *for_whom)
{
    return slot->owner != NULL && slot->owner != for_whom && !slot->owner->connecting;
}

UINT32 bell_kmd_slot_policy_victim(const struct bell_adapter *adapter,
                                   const struct bell_doorbell *for_whom)
{
    UINT32 oldest = BELL_SLOT_NONE;

    for (UINT32 i = 0; i < adapter->slot_count; i++) {
        if (!may_be_victim(&adapter->slots[i], for_whom))
            continue;
        if (oldest == BELL_SLOT_NONE ||
            adapter->slots[i].last_use < adapter->slots[oldest].last_use)
            oldest = i;
    }
    return oldest;
}
