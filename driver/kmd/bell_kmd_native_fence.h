/* SPDX-License-Identifier: MIT */
/*
 * Native fences: two 64-bit values in memory of the OS. The GPU raises the current value and reports
 * FENCE_SIGNALED when it takes it beyond the monitored value; the CPU chooses the monitored value.
 *
 * Object               made in              a KMD handle of      freed in
 * bell_native_fence    CreateNativeFence    hGlobalNativeFence   DestroyNativeFence
 * bell_native_open     OpenNativeFence      hLocalNativeFence    CloseNativeFence
 *
 * No wake-up is missed (NF-INT-01, NF-SYN-01). The engine writes the current value, awaits the
 * answer, then reads the monitored value. This driver stores the monitored value, then reads the
 * current value. Whoever comes second sees what the other wrote, and reports.
 *
 * An event says where the process saw the fence, a waiting queue is known by bits of that address;
 * they are the same in every process, because the OS maps whole pages.
 *
 * PASSIVE_LEVEL unless stated.
 */
#ifndef BELL_KMD_NATIVE_FENCE_H
#define BELL_KMD_NATIVE_FENCE_H

#include "bell_kmd.h"

struct bell_queue;

struct bell_native_fence {
    enum bell_kind kind;
    struct bell_adapter *adapter;
    HANDLE os_fence;          /* Global, of the OS. */
    volatile UINT64 *current; /* Kernel address. */
    UINT32 opens;             /* Under map_lock. */
};

struct bell_native_open {
    enum bell_kind kind;
    struct bell_native_fence *fence;
    HANDLE os_open;
    UINT32 pasid;
    D3DGPU_VIRTUAL_ADDRESS current; /* Of the current value in that address space. */
    struct bell_native_open *next;  /* Of the same bucket; changes at DIRQL. */
};

/* QueryAdapterInfo(NATIVE_FENCE_CAPS). */
VOID bell_kmd_native_caps(DXGK_NATIVE_FENCE_CAPS *caps);

/*
 * CreateNativeFence (NF-LIF-01).
 *
 * @retval STATUS_NOT_SUPPORTED      The OS feature is off.
 * @retval STATUS_INVALID_PARAMETER  Flags, type, or no 8-byte aligned value addresses.
 * @retval STATUS_NO_MEMORY          Nothing is left behind.
 */
NTSTATUS bell_kmd_native_create(struct bell_adapter *adapter, DXGKARG_CREATENATIVEFENCE *args);

/* DestroyNativeFence. STATUS_INVALID_PARAMETER: somebody has it open; nothing changed. */
NTSTATUS bell_kmd_native_destroy(struct bell_native_fence *fence);

/* OpenNativeFence. STATUS_INVALID_PARAMETER: flags, addresses, or a fence or device of another
 * adapter. STATUS_NO_MEMORY. */
NTSTATUS bell_kmd_native_open(struct bell_adapter *adapter, DXGKARG_OPENNATIVEFENCE *args);

/* CloseNativeFence: no report names the fence for this process any more. Later signals of it there
 * are reported without a name. */
VOID bell_kmd_native_close(struct bell_native_open *open);

/* UpdateMonitoredValues, DIRQL. STATUS_INVALID_PARAMETER: a handle that is not ours or a NULL
 * address; nothing changed. */
NTSTATUS bell_kmd_native_update_monitored(struct bell_adapter *adapter,
                                          const DXGKARG_UPDATEMONITOREDVALUES *args);

/*
 * UpdateCurrentValuesFromCpu. A value that is lower than the present one is not stored.
 *
 * @retval STATUS_INVALID_PARAMETER  As above.
 * @retval STATUS_NOT_SUPPORTED      AlwaysSignaled: the hardware has only the value of a fence, which a
 *                                   signal to come would lower again. Nothing changed. UINT64_MAX in
 *                                   an ordinary update, once nobody can signal any more, does it.
 */
NTSTATUS bell_kmd_native_update_current(struct bell_adapter *adapter,
                                        const DXGKARG_UPDATECURRENTVALUESFROMCPU *args);

/* FENCE_SIGNALED of the queue, or of one that is gone (NULL): report the fence at that address, or
 * that any may be signaled (NF-INT-02). DIRQL. */
VOID bell_kmd_native_signaled(struct bell_adapter *adapter, UINT node,
                              const struct bell_queue *queue, D3DGPU_VIRTUAL_ADDRESS address);

/*
 * SetNativeFenceLogBuffer (NF-LOG-01). DISPATCH_LEVEL, not while the queue is opened or closed.
 *
 * In place of another buffer also while the queue is open: its turn is stopped inside its buffer, and
 * goes on when the log is in its new place. Nothing is written to the other any more when this
 * returns, and each entry is in one of them.
 *
 * @retval STATUS_SUCCESS            The log goes on where the header says.
 * @retval STATUS_INVALID_PARAMETER  Not exactly what fits a page, a buffer that is not page-aligned,
 *                                   no such type, or a kernel-mode queue.
 * @retval STATUS_IO_TIMEOUT         A node did not let go of the queue within 20 ms: it hangs. The log
 *                                   is where it was, as after any failure.
 * @retval STATUS_DEVICE_REMOVED     The device is gone.
 */
NTSTATUS bell_kmd_native_set_log(struct bell_queue *queue,
                                 const DXGKARG_SETNATIVEFENCELOGBUFFER *args);

/* UpdateNativeFenceLogs. The hardware writes the buffers by itself and waits for the answers: what is
 * left to do is to order this processor's reads behind them. DISPATCH_LEVEL.
 * STATUS_INVALID_PARAMETER: a handle that is not ours. */
NTSTATUS bell_kmd_native_update_logs(struct bell_adapter *adapter,
                                     const DXGKARG_UPDATENATIVEFENCELOGS *args);

/* Log words of a hardware context, before it is opened and after it stopped. */
VOID bell_kmd_native_write_logs(const struct bell_queue *queue);
VOID bell_kmd_native_save_logs(struct bell_queue *queue);

/* As bell_kmd_sched_log_recover, for the logs of all queues. */
VOID bell_kmd_native_recover_logs(struct bell_adapter *adapter);

#endif /* BELL_KMD_NATIVE_FENCE_H */
