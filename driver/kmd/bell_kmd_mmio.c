/* SPDX-License-Identifier: MIT */
#include "bell_kmd_mmio.h"

NTSTATUS bell_kmd_timed_out(struct bell_adapter *adapter, UINT32 offset, UINT64 value,
                            const char *waiter)
{
    adapter->timeout.count++;
    adapter->timeout.offset = offset;
    adapter->timeout.value = value;
    adapter->timeout.waiter = waiter;
    return STATUS_IO_TIMEOUT;
}

NTSTATUS bell_kmd_poll(struct bell_adapter *adapter, UINT32 offset, UINT64 mask, UINT64 wanted,
                       const char *waiter)
{
    UINT64 value = 0;

    for (UINT32 turn = 0; turn < BELL_KMD_POLL_TURNS; turn++) {
        value = bell_kmd_read(adapter, offset);
        if (value == BELL_KMD_ALL_ONES) {
            adapter->lost = true;
            return STATUS_DEVICE_REMOVED;
        }
        if ((value & mask) == wanted)
            return STATUS_SUCCESS;
        bell_kmd_pause(turn);
    }
    return bell_kmd_timed_out(adapter, offset, value, waiter);
}
