/* SPDX-License-Identifier: MIT */
/*
 * Adapter: add, start, stop; what the device can do; processes and devices.
 * All functions: PASSIVE_LEVEL.
 */
#ifndef BELL_KMD_ADAPTER_H
#define BELL_KMD_ADAPTER_H

#include "bell_kmd.h"

/* AddDevice. STATUS_NO_MEMORY: nothing is left; *adapter is then untouched. */
NTSTATUS bell_kmd_adapter_add(struct bell_adapter **adapter);

/* RemoveDevice. The adapter must be stopped. */
VOID bell_kmd_adapter_remove(struct bell_adapter *adapter);

/*
 * StartDevice: map both BARs, check identity, learn what is fitted, clear the slot table,
 * enable scheduler and interrupt. `dxgk` is copied.
 *
 * @retval STATUS_SUCCESS              Started.
 * @retval STATUS_INVALID_PARAMETER    A NULL argument or missing callback, already started, or no
 *                                     two memory resources that are large enough.
 * @retval STATUS_NO_MEMORY            No memory for the tables.
 * @retval STATUS_DEVICE_NOT_READY     BAR0 does not answer with this device's identity.
 * @retval STATUS_NOT_SUPPORTED        Another major version, more than the driver can address, or
 *                                     a doorbell layout (bell_kmd_settings.h) that is not fitted.
 * Other failures are those of the OS callbacks. On failure nothing stays mapped or allocated.
 */
NTSTATUS bell_kmd_adapter_start(struct bell_adapter *adapter, const DXGKRNL_INTERFACE *dxgk);

/* StopDevice: nothing new starts, no interrupt comes, both BARs are unmapped. Stopping a stopped
 * adapter does nothing. Queues must be gone. */
VOID bell_kmd_adapter_stop(struct bell_adapter *adapter);

/* Make a device that was reset ready: slots route nowhere, nodes run, interrupts come. */
VOID bell_kmd_adapter_enable(struct bell_adapter *adapter);

/* ResetDevice: as the first half of stop, without waits. Any IRQL. */
VOID bell_kmd_adapter_quiesce(struct bell_adapter *adapter);

/* GPU time has come that far: after a loss of power it goes on from there, at least. */
static inline VOID bell_kmd_adapter_note_time(struct bell_adapter *adapter, UINT64 time)
{
    if (adapter->time < time)
        adapter->time = time;
}

/*
 * QueryAdapterInfo (DB-CAP-04, -07). Types: USERMODESUBMISSION_CAPS, DRIVERCAPS, UMDRIVERPRIVATE,
 * NATIVE_FENCE_CAPS.
 *
 * @retval STATUS_SUCCESS            Exactly the structure was written, whatever the buffer's size.
 * @retval STATUS_INVALID_PARAMETER  NULL or short output buffer; nothing was written.
 * @retval STATUS_NOT_SUPPORTED      Other types, and USERMODESUBMISSION_CAPS or NATIVE_FENCE_CAPS with
 *                                   the OS feature off (DB-CAP-08, NF-CAP-01).
 */
NTSTATUS bell_kmd_adapter_query(struct bell_adapter *adapter,
                                const DXGKARG_QUERYADAPTERINFO *args);

/* GetNodeMetadata (DB-CAP-01, -02). STATUS_INVALID_PARAMETER: no such node; output untouched. */
NTSTATUS bell_kmd_adapter_node_metadata(struct bell_adapter *adapter, UINT node_and_adapter,
                                        DXGKARG_GETNODEMETADATA *metadata);

/* True if the node takes user-mode submission now: hardware and OS feature. */
bool bell_kmd_adapter_is_um_node(const struct bell_adapter *adapter, UINT node);

/* CreateProcess. STATUS_INVALID_PARAMETER: not exactly one PASID, or one out of range (PASID 0 is
 * the kernel's). STATUS_NO_MEMORY. hKmdProcess is written on success only. */
NTSTATUS bell_kmd_process_create(struct bell_adapter *adapter, DXGKARG_CREATEPROCESS *args);
VOID bell_kmd_process_destroy(struct bell_process *process);

/* CreateDevice. STATUS_INVALID_PARAMETER: no process of this adapter. STATUS_NO_MEMORY. */
NTSTATUS bell_kmd_device_create(struct bell_adapter *adapter, DXGKARG_CREATEDEVICE *args);
VOID bell_kmd_device_destroy(struct bell_device *device);

#endif /* BELL_KMD_ADAPTER_H */
