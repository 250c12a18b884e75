/* SPDX-License-Identifier: MIT */
/*
 * User-mode API of the OS: the D3DKMT entry points that a user-mode driver calls.
 * Names and layouts are Microsoft's, ABI generation B; the text is ours.
 *
 * All functions: thread context of the owning process, return an NTSTATUS, and change nothing
 * on failure unless a comment says so. A bad or foreign handle, a reserved flag bit or a NULL
 * argument is STATUS_INVALID_PARAMETER everywhere.
 */
#ifndef D3DKMTHK_H
#define D3DKMTHK_H

#include "d3dukmdt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Adapter and device ------------------------------------------------------------------- */

typedef struct _D3DKMT_OPENADAPTERFROMLUID {
    LUID AdapterLuid;       /* In. */
    D3DKMT_HANDLE hAdapter; /* Out. */
} D3DKMT_OPENADAPTERFROMLUID;

typedef struct _D3DKMT_CLOSEADAPTER {
    D3DKMT_HANDLE hAdapter;
} D3DKMT_CLOSEADAPTER;

typedef enum _KMTQUERYADAPTERINFOTYPE {
    KMTQAITYPE_UMDRIVERPRIVATE = 0, /* BELL_UMD_CAPS, answered by the KMD. */
    KMTQAITYPE_NODEMETADATA = 25    /* D3DKMT_NODEMETADATA. */
} KMTQUERYADAPTERINFOTYPE;

typedef struct _D3DKMT_QUERYADAPTERINFO {
    D3DKMT_HANDLE hAdapter;
    KMTQUERYADAPTERINFOTYPE Type;
    VOID *pPrivateDriverData; /* In/out, by Type. */
    UINT PrivateDriverDataSize;
} D3DKMT_QUERYADAPTERINFO;

#pragma pack(push, 1)
typedef struct _D3DKMT_NODEMETADATA {
    UINT NodeOrdinalAndAdapterIndex; /* In: node in the low 16 bits, adapter above. */
    DXGK_NODEMETADATA NodeData;      /* Out. */
} D3DKMT_NODEMETADATA;
#pragma pack(pop)

typedef struct _D3DKMT_CREATEDEVICEFLAGS {
    union {
        struct {
            UINT LegacyMode : 1;
            UINT RequestVSync : 1;
            UINT DisableGpuTimeout : 1;
            UINT TestDevice : 1;
            UINT Reserved : 28;
        };
        UINT Value;
    };
} D3DKMT_CREATEDEVICEFLAGS;

typedef struct _D3DKMT_CREATEDEVICE {
    union {
        D3DKMT_HANDLE hAdapter; /* In. */
        VOID *pAdapter;
    };
    D3DKMT_CREATEDEVICEFLAGS Flags;
    D3DKMT_HANDLE hDevice; /* Out. */
} D3DKMT_CREATEDEVICE;

typedef struct _D3DKMT_DESTROYDEVICE {
    D3DKMT_HANDLE hDevice;
} D3DKMT_DESTROYDEVICE;

/* ---- Memory ------------------------------------------------------------------------------- */

typedef struct _D3DKMT_CREATEPAGINGQUEUE {
    D3DKMT_HANDLE hDevice;
    D3DDDI_PAGINGQUEUE_PRIORITY Priority;
    D3DKMT_HANDLE hPagingQueue;        /* Out. */
    D3DKMT_HANDLE hSyncObject;         /* Out. */
    VOID *FenceValueCPUVirtualAddress; /* Out, read-only to user mode. */
    UINT PhysicalAdapterIndex;
} D3DKMT_CREATEPAGINGQUEUE;

typedef struct _D3DKMT_CREATEALLOCATIONFLAGS {
    union {
        struct {
            UINT CreateResource : 1;
            UINT CreateShared : 1;
            UINT NonSecure : 1;
            UINT CreateProtected : 1;
            UINT Reserved : 28;
        };
        UINT Value;
    };
} D3DKMT_CREATEALLOCATIONFLAGS;

typedef struct _D3DKMT_CREATEALLOCATION {
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hResource;    /* In/out with Flags.CreateResource. */
    D3DKMT_HANDLE hGlobalShare; /* Out with Flags.CreateShared: names it in every process. */
    const VOID *pPrivateRuntimeData;
    UINT PrivateRuntimeDataSize;
    union {
        const VOID *pPrivateDriverData; /* Per request: BELL_REQUEST_PRIVATE or NULL. */
        VOID *pStandardAllocation;
    };
    UINT PrivateDriverDataSize;
    UINT NumAllocations;
    union {
        VOID *pAllocationInfo;
        D3DDDI_ALLOCATIONINFO2 *pAllocationInfo2;
    };
    D3DKMT_CREATEALLOCATIONFLAGS Flags;
    HANDLE hPrivateRuntimeResourceHandle;
} D3DKMT_CREATEALLOCATION;

typedef struct _D3DDDICB_DESTROYALLOCATION2FLAGS {
    union {
        struct {
            UINT AssumeNotInUse : 1;
            UINT SynchronousDestroy : 1;
            UINT Reserved : 30;
        };
        UINT Value;
    };
} D3DDDICB_DESTROYALLOCATION2FLAGS;

typedef struct _D3DKMT_DESTROYALLOCATION2 {
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hResource; /* 0: the list below is used. */
    const D3DKMT_HANDLE *phAllocationList;
    UINT AllocationCount;
    D3DDDICB_DESTROYALLOCATION2FLAGS Flags;
} D3DKMT_DESTROYALLOCATION2;

typedef struct _D3DKMT_QUERYRESOURCEINFO {
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hGlobalShare;
    VOID *pPrivateRuntimeData; /* Out, or NULL: only the size. */
    UINT PrivateRuntimeDataSize; /* In: room; out: bytes. */
    UINT TotalPrivateDriverDataSize;    /* Out: all allocations together. */
    UINT ResourcePrivateDriverDataSize; /* Out. */
    UINT NumAllocations;                /* Out. */
} D3DKMT_QUERYRESOURCEINFO;

typedef struct _D3DKMT_OPENRESOURCE {
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hGlobalShare;
    UINT NumAllocations; /* In: as D3DKMTQueryResourceInfo said, or the call fails. */
    union {
        VOID *pOpenAllocationInfo;
        D3DDDI_OPENALLOCATIONINFO2 *pOpenAllocationInfo2; /* Out. */
    };
    VOID *pPrivateRuntimeData; /* Out. */
    UINT PrivateRuntimeDataSize;
    VOID *pResourcePrivateDriverData; /* Out. */
    UINT ResourcePrivateDriverDataSize;
    VOID *pTotalPrivateDriverDataBuffer; /* Out: one blob after the other. */
    UINT TotalPrivateDriverDataBufferSize; /* In: room; out: bytes. */
    D3DKMT_HANDLE hResource;               /* Out. */
} D3DKMT_OPENRESOURCE;

typedef struct _D3DKMT_FREEGPUVIRTUALADDRESS {
    D3DKMT_HANDLE hAdapter;
    D3DGPU_VIRTUAL_ADDRESS BaseAddress;
    D3DGPU_SIZE_T Size; /* Bytes. */
} D3DKMT_FREEGPUVIRTUALADDRESS;

typedef struct _D3DKMT_EVICT {
    D3DKMT_HANDLE hDevice;
    UINT NumAllocations;
    const D3DKMT_HANDLE *AllocationList;
    D3DDDI_EVICT_FLAGS Flags;
    UINT64 NumBytesToTrim; /* Out. */
} D3DKMT_EVICT;

typedef struct _D3DKMT_LOCK2 {
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hAllocation;
    D3DDDICB_LOCK2FLAGS Flags;
    VOID *pData; /* Out: CPU address, valid until Unlock2. */
} D3DKMT_LOCK2;

typedef struct _D3DKMT_UNLOCK2 {
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hAllocation;
} D3DKMT_UNLOCK2;

/* ---- Contexts and hardware queues --------------------------------------------------------- */

typedef struct _D3DKMT_CREATEHWCONTEXT {
    D3DKMT_HANDLE hDevice;
    UINT NodeOrdinal;
    UINT EngineAffinity; /* Bit mask of engines; one engine a node here: 1. */
    D3DDDI_CREATEHWCONTEXTFLAGS Flags;
    UINT PrivateDriverDataSize;
    VOID *pPrivateDriverData;
    D3DKMT_HANDLE hHwContext; /* Out. */
} D3DKMT_CREATEHWCONTEXT;

typedef struct _D3DKMT_DESTROYHWCONTEXT {
    D3DKMT_HANDLE hHwContext;
} D3DKMT_DESTROYHWCONTEXT;

typedef struct _D3DKMT_CREATEHWQUEUE {
    D3DKMT_HANDLE hHwContext;
    D3DDDI_CREATEHWQUEUEFLAGS Flags;
    UINT PrivateDriverDataSize;
    VOID *pPrivateDriverData;
    D3DKMT_HANDLE hHwQueue;                                       /* Out. */
    D3DKMT_HANDLE hHwQueueProgressFence;                          /* Out. */
    VOID *HwQueueProgressFenceCPUVirtualAddress;                  /* Out, read-only mapping. */
    D3DGPU_VIRTUAL_ADDRESS HwQueueProgressFenceGPUVirtualAddress; /* Out. */
} D3DKMT_CREATEHWQUEUE;

typedef struct _D3DKMT_DESTROYHWQUEUE {
    D3DKMT_HANDLE hHwQueue;
} D3DKMT_DESTROYHWQUEUE;

typedef struct _D3DKMT_SUBMITCOMMANDTOHWQUEUE {
    D3DKMT_HANDLE hHwQueue;
    UINT64 HwQueueProgressFenceId; /* Value that the fence has when the buffer is done. */
    D3DGPU_VIRTUAL_ADDRESS CommandBuffer;
    UINT CommandLength; /* Bytes. */
    UINT PrivateDriverDataSize;
    VOID *pPrivateDriverData;
    UINT NumPrimaries;
    const D3DKMT_HANDLE *WrittenPrimaries;
} D3DKMT_SUBMITCOMMANDTOHWQUEUE;

typedef struct _D3DKMT_SUBMITWAITFORSYNCOBJECTSTOHWQUEUE {
    D3DKMT_HANDLE hHwQueue;
    UINT ObjectCount;
    const D3DKMT_HANDLE *ObjectHandleArray;
    const UINT64 *FenceValueArray;
} D3DKMT_SUBMITWAITFORSYNCOBJECTSTOHWQUEUE;

typedef struct _D3DKMT_SUBMITSIGNALSYNCOBJECTSTOHWQUEUE {
    D3DDDICB_SIGNALFLAGS Flags;
    ULONG BroadcastHwQueueCount;
    const D3DKMT_HANDLE *BroadcastHwQueueArray;
    UINT ObjectCount;
    const D3DKMT_HANDLE *ObjectHandleArray;
    const UINT64 *FenceValueArray;
} D3DKMT_SUBMITSIGNALSYNCOBJECTSTOHWQUEUE;

/* The part of a present that matters here: who presents. */
typedef struct _D3DKMT_PRESENT {
    D3DKMT_HANDLE hDevice;
    ULONG BroadcastContextCount;
} D3DKMT_PRESENT;

typedef struct _D3DKMT_SUBMITPRESENTTOHWQUEUE {
    const D3DKMT_HANDLE *hHwQueues; /* BroadcastContextCount + 1 queues. */
    D3DKMT_PRESENT PrivatePresentData;
} D3DKMT_SUBMITPRESENTTOHWQUEUE;

typedef struct _D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU {
    D3DKMT_HANDLE hDevice;
    UINT ObjectCount;
    const D3DKMT_HANDLE *ObjectHandleArray;
    const UINT64 *FenceValueArray;
    HANDLE hAsyncEvent; /* NULL: block until the wait is satisfied. */
    D3DDDI_WAITFORSYNCHRONIZATIONOBJECTFROMCPU_FLAGS Flags;
} D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU;

/* ---- Native GPU fences -------------------------------------------------------------------- */

typedef struct _D3DKMT_CREATENATIVEFENCE_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} D3DKMT_CREATENATIVEFENCE_FLAGS;

typedef struct _D3DKMT_CREATENATIVEFENCE {
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hSyncObject;                             /* Out. */
    UCHAR PrivateDriverData[D3DDDI_NATIVE_FENCE_PDD_SIZE]; /* In/out. */
    D3DDDI_NATIVEFENCEINFO Info;                           /* In/out. */
    D3DKMT_CREATENATIVEFENCE_FLAGS Flags;
    UCHAR Reserved[28];
} D3DKMT_CREATENATIVEFENCE;

typedef struct _D3DKMT_OPENNATIVEFENCEFROMNTHANDLE {
    HANDLE hNtHandle;
    D3DKMT_HANDLE hDevice;
    UINT EngineAffinity; /* As in D3DDDI_NATIVEFENCEINFO. */
    D3DDDI_SYNCHRONIZATIONOBJECT_FLAGS Flags;
    D3DKMT_HANDLE hSyncObject;                    /* Out. */
    D3DDDI_NATIVEFENCEMAPPING NativeFenceMapping; /* Out. */
    UCHAR PrivateDriverData[D3DDDI_NATIVE_FENCE_PDD_SIZE];
    UCHAR Reserved[32];
} D3DKMT_OPENNATIVEFENCEFROMNTHANDLE;

typedef struct _D3DKMT_DESTROYSYNCHRONIZATIONOBJECT {
    D3DKMT_HANDLE hSyncObject;
} D3DKMT_DESTROYSYNCHRONIZATIONOBJECT;

typedef struct _D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMCPU {
    D3DKMT_HANDLE hDevice;
    UINT ObjectCount;
    const D3DKMT_HANDLE *ObjectHandleArray;
    const UINT64 *FenceValueArray;
    D3DDDICB_SIGNALFLAGS Flags;
} D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMCPU;

/* ---- Doorbells ---------------------------------------------------------------------------- */

typedef struct _D3DKMT_CREATE_DOORBELL_FLAGS {
    union {
        struct {
            UINT RequireSecondaryCpuVA : 1;
            UINT ResizeRingBufferOperation : 1;
            UINT Reserved : 30;
        };
        UINT Value;
    };
} D3DKMT_CREATE_DOORBELL_FLAGS;

typedef struct _D3DKMT_CREATE_DOORBELL {
    D3DKMT_HANDLE hHwQueue;           /* In: a user-mode submission queue of the caller. */
    D3DKMT_HANDLE hRingBuffer;        /* In: resident allocation (DB-CRE-05). */
    D3DKMT_HANDLE hRingBufferControl; /* In: resident allocation or 0 (DB-CRE-06). */
    D3DKMT_CREATE_DOORBELL_FLAGS Flags;
    UINT PrivateDriverDataSize; /* In: bytes, at most 16 (DB-CRE-08). */
    VOID *PrivateDriverData;    /* In/out: BELL_DOORBELL_PRIVATE. */
    VOID *DoorbellCPUVirtualAddress;          /* Out: constant for the doorbell's life. */
    VOID *DoorbellSecondaryCPUVirtualAddress; /* Out: NULL unless required. */
    VOID *DoorbellStatusCPUVirtualAddress;    /* Out: 64-bit word, read-only. */
    VOID *HwQueueProgressFenceLastQueuedValueCPUVirtualAddress; /* Out: 64-bit word. */
    D3DKMT_HANDLE hDoorbell;                                    /* Out. */
} D3DKMT_CREATE_DOORBELL;

typedef struct _D3DKMT_CONNECT_DOORBELL_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} D3DKMT_CONNECT_DOORBELL_FLAGS;

typedef struct _D3DKMT_CONNECT_DOORBELL {
    D3DKMT_HANDLE hDoorbell;
    D3DKMT_CONNECT_DOORBELL_FLAGS Flags;
} D3DKMT_CONNECT_DOORBELL;

typedef struct _D3DKMT_DESTROY_DOORBELL {
    D3DKMT_HANDLE hDoorbell;
} D3DKMT_DESTROY_DOORBELL;

typedef struct _D3DKMT_NOTIFY_WORK_SUBMISSION_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} D3DKMT_NOTIFY_WORK_SUBMISSION_FLAGS;

typedef struct _D3DKMT_NOTIFY_WORK_SUBMISSION {
    D3DKMT_HANDLE hDoorbell;
    D3DKMT_NOTIFY_WORK_SUBMISSION_FLAGS Flags;
} D3DKMT_NOTIFY_WORK_SUBMISSION;

/* ---- Scheduling --------------------------------------------------------------------------- */

/* Above all bands but real time: Priority is a real-time level 0 .. 31. */
#define D3DKMT_SETCONTEXTSCHEDULINGPRIORITY_ABSOLUTE 0x40000000

typedef struct _D3DKMT_SETCONTEXTSCHEDULINGPRIORITY {
    D3DKMT_HANDLE hContext;
    INT Priority;
} D3DKMT_SETCONTEXTSCHEDULINGPRIORITY;

typedef struct _D3DKMT_GETCONTEXTSCHEDULINGPRIORITY {
    D3DKMT_HANDLE hContext;
    INT Priority; /* Out. */
} D3DKMT_GETCONTEXTSCHEDULINGPRIORITY;

typedef struct _D3DKMT_SETCONTEXTINPROCESSSCHEDULINGPRIORITY {
    D3DKMT_HANDLE hContext;
    INT Priority; /* -7 .. +7. */
} D3DKMT_SETCONTEXTINPROCESSSCHEDULINGPRIORITY;

typedef struct _D3DKMT_GETCONTEXTINPROCESSSCHEDULINGPRIORITY {
    D3DKMT_HANDLE hContext;
    INT Priority; /* Out. */
} D3DKMT_GETCONTEXTINPROCESSSCHEDULINGPRIORITY;

typedef enum _D3DKMT_SCHEDULINGPRIORITYCLASS {
    D3DKMT_SCHEDULINGPRIORITYCLASS_IDLE = 0,
    D3DKMT_SCHEDULINGPRIORITYCLASS_BELOW_NORMAL = 1,
    D3DKMT_SCHEDULINGPRIORITYCLASS_NORMAL = 2,
    D3DKMT_SCHEDULINGPRIORITYCLASS_ABOVE_NORMAL = 3,
    D3DKMT_SCHEDULINGPRIORITYCLASS_HIGH = 4,
    D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME = 5
} D3DKMT_SCHEDULINGPRIORITYCLASS;

/* ---- Escape ------------------------------------------------------------------------------- */

typedef enum _D3DKMT_ESCAPETYPE { D3DKMT_ESCAPE_DRIVERPRIVATE = 0 } D3DKMT_ESCAPETYPE;

typedef struct _D3DKMT_ESCAPE {
    D3DKMT_HANDLE hAdapter;
    D3DKMT_HANDLE hDevice; /* May be 0. */
    D3DKMT_ESCAPETYPE Type;
    D3DDDI_ESCAPEFLAGS Flags;
    VOID *pPrivateDriverData; /* In/out. */
    UINT PrivateDriverDataSize;
    D3DKMT_HANDLE hContext; /* May be 0. */
} D3DKMT_ESCAPE;

/* ---- Entry points ------------------------------------------------------------------------- */

NTSTATUS APIENTRY D3DKMTOpenAdapterFromLuid(D3DKMT_OPENADAPTERFROMLUID *args);
NTSTATUS APIENTRY D3DKMTCloseAdapter(const D3DKMT_CLOSEADAPTER *args);
NTSTATUS APIENTRY D3DKMTQueryAdapterInfo(const D3DKMT_QUERYADAPTERINFO *args);
/* Private words of the user-mode driver to the kernel-mode driver; its answer is the result. The OS
 * itself answers STATUS_INVALID_PARAMETER for a bad handle, STATUS_NOT_SUPPORTED for another type
 * or a driver that takes none. */
NTSTATUS APIENTRY D3DKMTEscape(const D3DKMT_ESCAPE *args);
NTSTATUS APIENTRY D3DKMTCreateDevice(D3DKMT_CREATEDEVICE *args);
NTSTATUS APIENTRY D3DKMTDestroyDevice(const D3DKMT_DESTROYDEVICE *args);

NTSTATUS APIENTRY D3DKMTCreatePagingQueue(D3DKMT_CREATEPAGINGQUEUE *args);
NTSTATUS APIENTRY D3DKMTDestroyPagingQueue(D3DDDI_DESTROYPAGINGQUEUE *args);
NTSTATUS APIENTRY D3DKMTCreateAllocation2(D3DKMT_CREATEALLOCATION *args);
NTSTATUS APIENTRY D3DKMTDestroyAllocation2(const D3DKMT_DESTROYALLOCATION2 *args);

/* A shared resource: what there is to open, and open it in this process, all or nothing. A buffer
 * with too little room: STATUS_INVALID_PARAMETER. Only the process that created an allocation may
 * lock it: STATUS_ACCESS_DENIED for others (AL-CRE-15). */
NTSTATUS APIENTRY D3DKMTQueryResourceInfo(D3DKMT_QUERYRESOURCEINFO *args);
NTSTATUS APIENTRY D3DKMTOpenResource2(D3DKMT_OPENRESOURCE *args);

/* The three below may return STATUS_PENDING: done when the paging queue's fence reaches
 * PagingFenceValue. */
NTSTATUS APIENTRY D3DKMTMapGpuVirtualAddress(D3DDDI_MAPGPUVIRTUALADDRESS *args);
NTSTATUS APIENTRY D3DKMTFreeGpuVirtualAddress(const D3DKMT_FREEGPUVIRTUALADDRESS *args);
NTSTATUS APIENTRY D3DKMTMakeResident(D3DDDI_MAKERESIDENT *args);

NTSTATUS APIENTRY D3DKMTEvict(D3DKMT_EVICT *args);
NTSTATUS APIENTRY D3DKMTLock2(D3DKMT_LOCK2 *args);
NTSTATUS APIENTRY D3DKMTUnlock2(const D3DKMT_UNLOCK2 *args);

NTSTATUS APIENTRY D3DKMTCreateHwContext(D3DKMT_CREATEHWCONTEXT *args);
NTSTATUS APIENTRY D3DKMTDestroyHwContext(const D3DKMT_DESTROYHWCONTEXT *args);
NTSTATUS APIENTRY D3DKMTCreateHwQueue(D3DKMT_CREATEHWQUEUE *args);
NTSTATUS APIENTRY D3DKMTDestroyHwQueue(const D3DKMT_DESTROYHWQUEUE *args);

/* STATUS_INVALID_PARAMETER on a user-mode submission queue (DB-QUE-02, -05, A-57). */
NTSTATUS APIENTRY D3DKMTSubmitCommandToHwQueue(const D3DKMT_SUBMITCOMMANDTOHWQUEUE *args);
NTSTATUS APIENTRY
D3DKMTSubmitWaitForSyncObjectsToHwQueue(const D3DKMT_SUBMITWAITFORSYNCOBJECTSTOHWQUEUE *args);
NTSTATUS APIENTRY
D3DKMTSubmitSignalSyncObjectsToHwQueue(const D3DKMT_SUBMITSIGNALSYNCOBJECTSTOHWQUEUE *args);
NTSTATUS APIENTRY D3DKMTSubmitPresentToHwQueue(D3DKMT_SUBMITPRESENTTOHWQUEUE *args);

NTSTATUS APIENTRY
D3DKMTWaitForSynchronizationObjectFromCpu(const D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU *args);

/*
 * Native fences (NF-LIF-01). A fence is opened for the process that creates it; with Flags.Shared and
 * Flags.NtSecuritySharing D3DKMTShareObjects gives it a name, the same in every process of this
 * machine, by which others open it while at least one has it open. It goes with the last.
 * STATUS_NOT_SUPPORTED: the driver or the OS has no native fences, or Flags.CrossAdapter.
 */
NTSTATUS APIENTRY D3DKMTCreateNativeFence(D3DKMT_CREATENATIVEFENCE *args);
NTSTATUS APIENTRY D3DKMTOpenNativeFenceFromNtHandle(D3DKMT_OPENNATIVEFENCEFROMNTHANDLE *args);
/* Waiters of this process get STATUS_DEVICE_REMOVED. Progress fences go with their queue:
 * STATUS_INVALID_PARAMETER. */
NTSTATUS APIENTRY
D3DKMTDestroySynchronizationObject(const D3DKMT_DESTROYSYNCHRONIZATIONOBJECT *args);
/* One shared native fence; attributes NULL and access 0 here. */
NTSTATUS APIENTRY D3DKMTShareObjects(UINT count, const D3DKMT_HANDLE *objects, VOID *attributes,
                                     UINT access, HANDLE *name);
/* Native fences only, not progress fences. Values rise: a lower one than the present is
 * STATUS_INVALID_PARAMETER, and no fence of the call is raised. Flags: 0. */
NTSTATUS APIENTRY D3DKMTSignalSynchronizationObjectFromCpu(
    const D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMCPU *args);

/* Create: no doorbell is left behind by a failure (DB-CRE-01). Connect: STATUS_DEVICE_REMOVED
 * on an aborted doorbell (DB-CON-08). Destroy: always succeeds on a valid handle (DB-DES-01). */
NTSTATUS APIENTRY D3DKMTCreateDoorbell(D3DKMT_CREATE_DOORBELL *args);
NTSTATUS APIENTRY D3DKMTConnectDoorbell(D3DKMT_CONNECT_DOORBELL *args);
NTSTATUS APIENTRY D3DKMTDestroyDoorbell(D3DKMT_DESTROY_DOORBELL *args);
NTSTATUS APIENTRY D3DKMTNotifyWorkSubmission(D3DKMT_NOTIFY_WORK_SUBMISSION *args);

/*
 * Scheduling priority of a context among all contexts of its node (HS-PRI-02, -03):
 *   -7 .. -1                idle band
 *   0                       the band of its process: by priority class, or focus
 *   1 .. 7                  focus band, privileged
 *   ..._ABSOLUTE | 0 .. 31  real-time band at that level, privileged
 * In-process priority: -7 .. +7, among contexts of the same process, node and band.
 * Out of range: STATUS_INVALID_PARAMETER. A caller without SE_INC_BASE_PRIORITY_NAME:
 * STATUS_PRIVILEGE_NOT_HELD. Counts from the next decision of the scheduler.
 */
NTSTATUS APIENTRY
D3DKMTSetContextSchedulingPriority(const D3DKMT_SETCONTEXTSCHEDULINGPRIORITY *args);
NTSTATUS APIENTRY D3DKMTGetContextSchedulingPriority(D3DKMT_GETCONTEXTSCHEDULINGPRIORITY *args);
NTSTATUS APIENTRY D3DKMTSetContextInProcessSchedulingPriority(
    const D3DKMT_SETCONTEXTINPROCESSSCHEDULINGPRIORITY *args);
NTSTATUS APIENTRY D3DKMTGetContextInProcessSchedulingPriority(
    D3DKMT_GETCONTEXTINPROCESSSCHEDULINGPRIORITY *args);

/*
 * Priority class of a process, its own only: `process` is BELL_CURRENT_PROCESS. IDLE gives the idle
 * band, BELOW_NORMAL to ABOVE_NORMAL the normal band, HIGH the focus band and REALTIME the
 * real-time band at level 0, these two privileged as above.
 */
#define BELL_CURRENT_PROCESS ((HANDLE)(ULONG_PTR)-1)
NTSTATUS APIENTRY D3DKMTSetProcessSchedulingPriorityClass(HANDLE process,
                                                          D3DKMT_SCHEDULINGPRIORITYCLASS level);
NTSTATUS APIENTRY D3DKMTGetProcessSchedulingPriorityClass(HANDLE process,
                                                          D3DKMT_SCHEDULINGPRIORITYCLASS *level);

#ifdef __cplusplus
}
#endif

#endif /* D3DKMTHK_H */
