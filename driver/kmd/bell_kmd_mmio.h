/* SPDX-License-Identifier: MIT */
/*
 * Access to BAR0. Offsets come from bell_regs.h. Any IRQL.
 */
#ifndef BELL_KMD_MMIO_H
#define BELL_KMD_MMIO_H

#include "bell_kmd.h"

/* A wait polls this often at once, then this often with a pause: 64 reads and 20 ms in all.
 * Far above what a drain or the longest packet needs, far below the OS's patience (2 s). */
#define BELL_KMD_POLL_QUICK 64u
#define BELL_KMD_POLL_SLOW 2000u
#define BELL_KMD_POLL_PAUSE_US 10u
#define BELL_KMD_POLL_TURNS (BELL_KMD_POLL_QUICK + BELL_KMD_POLL_SLOW)

/* What a read returns when the device is gone from the bus. */
#define BELL_KMD_ALL_ONES UINT64_MAX

static inline UINT64 bell_kmd_read(struct bell_adapter *adapter, UINT32 offset)
{
    return READ_REGISTER_ULONG64((volatile ULONG64 *)(adapter->bar0 + offset));
}

/* Posted. */
static inline VOID bell_kmd_write(struct bell_adapter *adapter, UINT32 offset, UINT64 value)
{
    WRITE_REGISTER_ULONG64((volatile ULONG64 *)(adapter->bar0 + offset), value);
}

/* This processor's writes so far are done in the device when it returns. Call it before letting go
 * of the lock that guards them: another processor's next write may overtake them. */
static inline VOID bell_kmd_flush(struct bell_adapter *adapter)
{
    (VOID)bell_kmd_read(adapter, BELL_ID_OFFSET);
}

/* Give hardware queue `hw_id` a command. Posted. */
static inline VOID bell_kmd_queue_cmd(struct bell_adapter *adapter, UINT32 hw_id,
                                      enum bell_queue_cmd cmd)
{
    bell_kmd_write(adapter, BELL_QUEUE_CMD_OFFSET(hw_id), BELL_FIELD_PUT(BELL_QUEUE_CMD_OP, cmd));
}

/* REMOVE or SUSPEND, and the turn under way stops inside its buffer. Posted. */
static inline VOID bell_kmd_queue_cmd_now(struct bell_adapter *adapter, UINT32 hw_id,
                                          enum bell_queue_cmd cmd)
{
    bell_kmd_write(adapter, BELL_QUEUE_CMD_OFFSET(hw_id),
                   BELL_FIELD_PUT(BELL_QUEUE_CMD_OP, cmd) | BELL_QUEUE_CMD_NOW_MASK);
}

/* Registers of a node's watches. */
static inline UINT32 bell_kmd_limit(bool hung, UINT32 node)
{
    return (hung ? BELL_HUNG_LIMIT0_OFFSET : BELL_IDLE_LIMIT0_OFFSET) + 8 * node;
}

/*
 * Poll until (register & mask) == wanted.
 *
 * @param waiter  What for, in words; kept in bell_adapter.timeout.
 *
 * @retval STATUS_SUCCESS         It is.
 * @retval STATUS_DEVICE_REMOVED  The register reads all ones: bell_adapter.lost is set.
 * @retval STATUS_IO_TIMEOUT      It is not, after the bounded wait; bell_adapter.timeout says more.
 *
 * IRQL <= DISPATCH_LEVEL.
 */
NTSTATUS bell_kmd_poll(struct bell_adapter *adapter, UINT32 offset, UINT64 mask, UINT64 wanted,
                       const char *waiter);

/* For a wait of one's own, as long: the pause after turn 0 .. BELL_KMD_POLL_TURNS - 1, and the
 * account at the end, which returns STATUS_IO_TIMEOUT. */
static inline VOID bell_kmd_pause(UINT32 turn)
{
    if (turn < BELL_KMD_POLL_QUICK)
        YieldProcessor();
    else
        KeStallExecutionProcessor(BELL_KMD_POLL_PAUSE_US);
}

NTSTATUS bell_kmd_timed_out(struct bell_adapter *adapter, UINT32 offset, UINT64 value,
                            const char *waiter);

#endif /* BELL_KMD_MMIO_H */
