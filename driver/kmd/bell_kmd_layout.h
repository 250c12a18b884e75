/* SPDX-License-Identifier: MIT */
/*
 * Where the doorbells are in BAR2, and which slots a doorbell can use.
 *
 * page    A slot has a page of its own. Any slot suits any doorbell.
 * packed  Slots share pages. A doorbell keeps one in-page offset for life, so that only slots with
 *         that offset suit it; and a page serves one process at a time.
 * global  One doorbell for all. Queues are told apart by the value stored; nobody owns a slot,
 *         nobody is ever a victim (DB-VIC-11). The doorbell shows in many pages; each process gets
 *         one, and a queue listens to its own process's only: to the tokens of other processes the
 *         hardware is deaf. A process keeps its page until DestroyProcess; those that find
 *         none free share page 0.
 *
 * Tables change under bell_adapter.slot_lock, which the callers of the lower half hold.
 */
#ifndef BELL_KMD_LAYOUT_H
#define BELL_KMD_LAYOUT_H

#include "bell_kmd.h"

struct bell_doorbell;

/*
 * StartDevice: put the layout of the settings in force, learn whether there are second registers.
 * `bar2_bytes` is what the OS gave.
 *
 * @retval STATUS_NOT_SUPPORTED      The setting is no layout, or one that is not fitted.
 * @retval STATUS_INVALID_PARAMETER  BAR2 is too small for it.
 */
NTSTATUS bell_kmd_layout_start(struct bell_adapter *adapter, ULONG bar2_bytes);

/* The offset that a new doorbell of this hardware queue keeps. `declared`: the creator can be told;
 * otherwise it is 0. */
UINT32 bell_kmd_layout_offset(const struct bell_adapter *adapter, UINT32 hw_id, bool declared);

/* May the doorbell be given this slot, whoever has it now? */
bool bell_kmd_layout_suits(const struct bell_adapter *adapter, UINT32 slot,
                           const struct bell_doorbell *doorbell);

/* Must the owner of `slot` go before the doorbell can have slot `wanted`? False for a free slot. */
bool bell_kmd_layout_in_the_way(const struct bell_adapter *adapter, UINT32 slot, UINT32 wanted,
                                const struct bell_doorbell *doorbell);

/* Slots that share a page with `slot`: *first and up, so many. 1 in layout page. */
UINT32 bell_kmd_layout_neighbours(const struct bell_adapter *adapter, UINT32 slot, UINT32 *first);

/* Global layout: let the doorbell's queue listen to its process's page, which is found for it, or to
 * none. Both push earlier writes of this processor to the device.
 * STATUS_DEVICE_REMOVED: the device is gone. */
NTSTATUS bell_kmd_layout_listen(struct bell_adapter *adapter, const struct bell_doorbell *doorbell);
VOID bell_kmd_layout_deafen(struct bell_adapter *adapter, const struct bell_doorbell *doorbell);

/* DestroyProcess: its page is free for others. Its doorbells are gone. Takes slot_lock itself. */
VOID bell_kmd_layout_forget(struct bell_adapter *adapter, const struct bell_process *process);

/* Kernel address of the first register of a doorbell that has a slot, or listens; the second, if
 * there are such, is at the same place in the upper half of BAR2. */
VOID *bell_kmd_layout_address(const struct bell_doorbell *doorbell);
VOID *bell_kmd_layout_second_address(const struct bell_doorbell *doorbell);

#endif /* BELL_KMD_LAYOUT_H */
