/* SPDX-License-Identifier: MIT */
#include "bell_kmd_doorbell.h"
#include "bell_kmd_layout.h"
#include "bell_kmd_slot.h"

/* Newest use among the doorbells that must leave for the slot. False: one of them cannot be asked. */
static bool age_of(const struct bell_adapter *adapter, UINT32 slot,
                   const struct bell_doorbell *for_whom, UINT64 *last_use)
{
    UINT32 first;
    UINT32 count = bell_kmd_layout_neighbours(adapter, slot, &first);

    *last_use = 0;
    for (UINT32 i = first; i < first + count; i++) {
        const struct bell_slot *entry = &adapter->slots[i];

        if (!bell_kmd_layout_in_the_way(adapter, i, slot, for_whom))
            continue;
        if (entry->owner == for_whom || entry->owner->connecting)
            return false;
        if (entry->last_use > *last_use)
            *last_use = entry->last_use;
    }
    return true;
}

UINT32 bell_kmd_slot_policy_victim(const struct bell_adapter *adapter,
                                   const struct bell_doorbell *for_whom)
{
    UINT32 oldest = BELL_SLOT_NONE;
    UINT64 oldest_use = 0;

    for (UINT32 i = 0; i < adapter->slot_count; i++) {
        UINT64 last_use;

        if (!bell_kmd_layout_suits(adapter, i, for_whom) ||
            !age_of(adapter, i, for_whom, &last_use))
            continue;
        if (oldest == BELL_SLOT_NONE || last_use < oldest_use) {
            oldest = i;
            oldest_use = last_use;
        }
    }
    return oldest;
}
