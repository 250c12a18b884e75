/* SPDX-License-Identifier: MIT */
/*
 * Types shared by the user-mode API (d3dkmthk.h) and the kernel DDI (d3dkmddi.h).
 * Names, values and layouts are Microsoft's, ABI generation B (WDDM 3.2 / SDK 26100; A-02);
 * the text is ours. bell_abi_check.h proves the layouts.
 */
#ifndef D3DUKMDT_H
#define D3DUKMDT_H

#include "bell_wdk.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef UINT D3DKMT_HANDLE;              /* OS handle of a process; 0 = none. */
typedef UINT64 D3DGPU_VIRTUAL_ADDRESS;   /* Bytes, in the address space of one process. */
typedef UINT64 D3DGPU_SIZE_T;            /* Bytes. */
typedef UINT D3DDDI_VIDEO_PRESENT_SOURCE_ID;

/* ---- Escape: private words between the user-mode and the kernel-mode driver ------------------ */

typedef struct _D3DDDI_ESCAPEFLAGS {
    union {
        struct {
            UINT HardwareAccess : 1;
            UINT DeviceStatusQuery : 1;
            UINT ChangeFrameLatency : 1;
            UINT NoAdapterSynchronization : 1;
            UINT Reserved : 28;
        };
        UINT Value;
    };
} D3DDDI_ESCAPEFLAGS;

/* ---- Doorbells ---------------------------------------------------------------------------- */

/* Low 32 bits of the 64-bit status word; only the OS writes it (DB-STA-01, -03). */
typedef enum _D3DDDI_DOORBELLSTATUS {
    D3DDDI_DOORBELLSTATUS_CONNECTED = 0,
    D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD = 1,
    D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY = 2,
    D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT = 3
} D3DDDI_DOORBELLSTATUS;

/* Bytes of private data that travel through create doorbell (DB-CRE-08). */
#define D3DDDI_DOORBELL_PRIVATEDATA_MAX_BYTES_WDDM3_1 16

/* ---- Contexts and queues ------------------------------------------------------------------ */

typedef struct _D3DDDI_CREATEHWCONTEXTFLAGS {
    union {
        UINT Value;
        struct {
            UINT Reserved : 32;
        };
    };
} D3DDDI_CREATEHWCONTEXTFLAGS;

typedef struct _D3DDDI_CREATEHWQUEUEFLAGS {
    union {
        struct {
            UINT DisableGpuTimeout : 1;
            UINT NoBroadcastSignal : 1;
            UINT NoBroadcastWait : 1;
            UINT NoKmdAccess : 1;
            UINT UserModeSubmission : 1; /* Doorbell-only queue (DB-QUE-01). */
            UINT NativeProgressFence : 1;
            UINT TestQueue : 1;
            UINT Reserved : 25;
        };
        UINT Value;
    };
} D3DDDI_CREATEHWQUEUEFLAGS;

/* ---- Nodes -------------------------------------------------------------------------------- */

typedef enum _DXGK_ENGINE_TYPE {
    DXGK_ENGINE_TYPE_OTHER = 0,
    DXGK_ENGINE_TYPE_3D = 1,
    DXGK_ENGINE_TYPE_VIDEO_DECODE = 2,
    DXGK_ENGINE_TYPE_VIDEO_ENCODE = 3,
    DXGK_ENGINE_TYPE_VIDEO_PROCESSING = 4,
    DXGK_ENGINE_TYPE_SCENE_ASSEMBLY = 5,
    DXGK_ENGINE_TYPE_COPY = 6,
    DXGK_ENGINE_TYPE_OVERLAY = 7,
    DXGK_ENGINE_TYPE_CRYPTO = 8,
    DXGK_ENGINE_TYPE_VIDEO_CODEC = 9,
    DXGK_ENGINE_TYPE_MAX = 10
} DXGK_ENGINE_TYPE;

#define DXGK_MAX_METADATA_NAME_LENGTH 32

typedef struct _DXGK_NODEMETADATA_FLAGS {
    union {
        struct {
            UINT ContextSchedulingSupported : 1;
            UINT RingBufferFenceRelease : 1;
            UINT SupportTrackedWorkload : 1;
            UINT UserModeSubmission : 1; /* DB-CAP-01; A-40 on the name. */
            UINT SupportBuildTestCommandBuffer : 1;
            UINT Reserved : 11;
            UINT MaxInFlightHwQueueBuffers : 16; /* 0 = no limit. */
        };
        UINT Value;
    };
} DXGK_NODEMETADATA_FLAGS;

#pragma pack(push, 1)
typedef struct _DXGK_NODEMETADATA {
    DXGK_ENGINE_TYPE EngineType;
    WCHAR FriendlyName[DXGK_MAX_METADATA_NAME_LENGTH]; /* UTF-16, zero-terminated. */
    DXGK_NODEMETADATA_FLAGS Flags;
    BOOLEAN GpuMmuSupported;
    BOOLEAN IoMmuSupported;
} DXGK_NODEMETADATA;
#pragma pack(pop)

/* ---- Allocations and residency ------------------------------------------------------------ */

#define D3DDDI_ALLOCATIONPRIORITY_MINIMUM 0x28000000u
#define D3DDDI_ALLOCATIONPRIORITY_LOW 0x50000000u
#define D3DDDI_ALLOCATIONPRIORITY_NORMAL 0x78000000u
#define D3DDDI_ALLOCATIONPRIORITY_HIGH 0xA0000000u
#define D3DDDI_ALLOCATIONPRIORITY_MAXIMUM 0xC8000000u

typedef struct _D3DDDI_ALLOCATIONINFO2 {
    D3DKMT_HANDLE hAllocation; /* Out. */
    union {
        HANDLE hSection;
        const VOID *pSystemMem;
    };
    VOID *pPrivateDriverData; /* In/out. BELL_ALLOCATION_PRIVATE. */
    UINT PrivateDriverDataSize;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    union {
        struct {
            UINT Primary : 1;
            UINT Stereo : 1;
            UINT OverridePriority : 1;
            UINT Reserved : 29;
        };
        UINT Value;
    } Flags;
    D3DGPU_VIRTUAL_ADDRESS GpuVirtualAddress; /* Out. */
    union {
        UINT Priority;
        ULONG_PTR Unused;
    };
    ULONG_PTR Reserved[5];
} D3DDDI_ALLOCATIONINFO2;

typedef struct _D3DDDI_OPENALLOCATIONINFO2 {
    D3DKMT_HANDLE hAllocation;      /* Out. */
    const VOID *pPrivateDriverData; /* Out: inside pTotalPrivateDriverDataBuffer. */
    UINT PrivateDriverDataSize;     /* Out. */
    D3DGPU_VIRTUAL_ADDRESS GpuVirtualAddress; /* Out. */
    ULONG_PTR Reserved[6];
} D3DDDI_OPENALLOCATIONINFO2;

typedef struct _D3DDDIGPUVIRTUALADDRESS_PROTECTION_TYPE {
    union {
        struct {
            UINT64 Write : 1;
            UINT64 Execute : 1;
            UINT64 Zero : 1;
            UINT64 NoAccess : 1;
            UINT64 SystemUseOnly : 1;
            UINT64 Reserved : 59;
        };
        UINT64 Value;
    };
} D3DDDIGPUVIRTUALADDRESS_PROTECTION_TYPE;

typedef struct _D3DDDI_MAPGPUVIRTUALADDRESS {
    D3DKMT_HANDLE hPagingQueue;
    D3DGPU_VIRTUAL_ADDRESS BaseAddress; /* In, optional: 0 = the OS picks. */
    D3DGPU_VIRTUAL_ADDRESS MinimumAddress;
    D3DGPU_VIRTUAL_ADDRESS MaximumAddress; /* 0 = no limit. */
    D3DKMT_HANDLE hAllocation;
    D3DGPU_SIZE_T OffsetInPages;
    D3DGPU_SIZE_T SizeInPages; /* 0 = whole allocation. */
    D3DDDIGPUVIRTUALADDRESS_PROTECTION_TYPE Protection;
    UINT64 DriverProtection;
    UINT Reserved0;
    UINT64 Reserved1;
    D3DGPU_VIRTUAL_ADDRESS VirtualAddress; /* Out. */
    UINT64 PagingFenceValue;               /* Out. */
} D3DDDI_MAPGPUVIRTUALADDRESS;

typedef struct _D3DDDI_MAKERESIDENT_FLAGS {
    union {
        struct {
            UINT CantTrimFurther : 1;
            UINT MustSucceed : 1;
            UINT Reserved : 30;
        };
        UINT Value;
    };
} D3DDDI_MAKERESIDENT_FLAGS;

typedef struct _D3DDDI_MAKERESIDENT {
    D3DKMT_HANDLE hPagingQueue;
    UINT NumAllocations;
    const D3DKMT_HANDLE *AllocationList;
    const UINT *PriorityList;
    D3DDDI_MAKERESIDENT_FLAGS Flags;
    UINT64 PagingFenceValue; /* Out. */
    UINT64 NumBytesToTrim;   /* Out. */
} D3DDDI_MAKERESIDENT;

typedef struct _D3DDDI_EVICT_FLAGS {
    union {
        struct {
            UINT EvictOnlyIfNecessary : 1;
            UINT NotWrittenTo : 1;
            UINT Reserved : 30;
        };
        UINT Value;
    };
} D3DDDI_EVICT_FLAGS;

typedef struct _D3DDDI_DESTROYPAGINGQUEUE {
    D3DKMT_HANDLE hPagingQueue;
} D3DDDI_DESTROYPAGINGQUEUE;

typedef enum _D3DDDI_PAGINGQUEUE_PRIORITY {
    D3DDDI_PAGINGQUEUE_PRIORITY_BELOW_NORMAL = -1,
    D3DDDI_PAGINGQUEUE_PRIORITY_NORMAL = 0,
    D3DDDI_PAGINGQUEUE_PRIORITY_ABOVE_NORMAL = 1
} D3DDDI_PAGINGQUEUE_PRIORITY;

typedef struct _D3DDDICB_LOCK2FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} D3DDDICB_LOCK2FLAGS;

typedef struct _D3DDDICB_SIGNALFLAGS {
    union {
        struct {
            UINT SignalAtSubmission : 1;
            UINT EnqueueCpuEvent : 1;
            UINT AllowFenceRewind : 1;
            UINT Reserved : 28;
            UINT DXGK_SIGNAL_FLAG_INTERNAL0 : 1;
        };
        UINT Value;
    };
} D3DDDICB_SIGNALFLAGS;

typedef struct _D3DDDI_WAITFORSYNCHRONIZATIONOBJECTFROMCPU_FLAGS {
    union {
        struct {
            UINT WaitAny : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    };
} D3DDDI_WAITFORSYNCHRONIZATIONOBJECTFROMCPU_FLAGS;

/* ---- Native GPU fences -------------------------------------------------------------------- */

/* Bytes of private data that travel through create and open. */
#define D3DDDI_NATIVE_FENCE_PDD_SIZE 64

typedef enum _D3DDDI_NATIVEFENCE_TYPE {
    D3DDDI_NATIVEFENCE_TYPE_DEFAULT = 0,
    D3DDDI_NATIVEFENCE_TYPE_INTRA_GPU = 1
} D3DDDI_NATIVEFENCE_TYPE;

typedef struct _D3DDDI_SYNCHRONIZATIONOBJECT_FLAGS {
    union {
        struct {
            UINT Shared : 1;
            UINT NtSecuritySharing : 1;
            UINT CrossAdapter : 1;
            UINT TopOfPipeline : 1;
            UINT NoSignal : 1;
            UINT NoWait : 1;
            UINT NoSignalMaxValueOnTdr : 1;
            UINT NoGPUAccess : 1;
            UINT Reserved : 24;
        };
        UINT Value;
    };
} D3DDDI_SYNCHRONIZATIONOBJECT_FLAGS;

/* Where one process sees a fence. The monitored value has no CPU address: it is the kernel's. */
typedef struct _D3DDDI_NATIVEFENCEMAPPING {
    VOID *CurrentValueCpuVa; /* Read-only. */
    D3DGPU_VIRTUAL_ADDRESS CurrentValueGpuVa;
    D3DGPU_VIRTUAL_ADDRESS MonitoredValueGpuVa; /* Read-only to the GPU. */
    UCHAR Reserved[32];
} D3DDDI_NATIVEFENCEMAPPING;

typedef struct _D3DDDI_NATIVEFENCEINFO {
    UINT64 InitialFenceValue;
    UINT EngineAffinity; /* Physical adapters; one here: 0 or 1. */
    D3DDDI_NATIVEFENCE_TYPE Type;
    D3DDDI_SYNCHRONIZATIONOBJECT_FLAGS Flags;
    D3DDDI_NATIVEFENCEMAPPING NativeFenceMapping; /* Out. */
    UCHAR Reserved[28];
} D3DDDI_NATIVEFENCEINFO;

/* Native fence logs: this header, then the entries; one 4-KiB page. The GPU writes both; the OS sets
 * up the header and leaves the entries as they are (NF-LOG-01). */
typedef enum _DXGK_NATIVE_FENCE_LOG_TYPE {
    DXGK_NATIVE_FENCE_LOG_TYPE_WAITS = 1,
    DXGK_NATIVE_FENCE_LOG_TYPE_SIGNALS = 2
} DXGK_NATIVE_FENCE_LOG_TYPE;

typedef enum _DXGK_NATIVE_FENCE_LOG_OPERATION {
    DXGK_NATIVE_FENCE_LOG_OPERATION_SIGNAL_EXECUTED = 0,
    DXGK_NATIVE_FENCE_LOG_OPERATION_WAIT_UNBLOCKED = 1
} DXGK_NATIVE_FENCE_LOG_OPERATION;

typedef struct _DXGK_NATIVE_FENCE_LOG_HEADER {
    union {
        struct {
            UINT FirstFreeEntryIndex;
            UINT WraparoundCount;
        };
        UINT64 AtomicWraparoundAndEntryIndex; /* Both, written as one. */
    };
    DXGK_NATIVE_FENCE_LOG_TYPE Type;
    UINT64 NumberOfEntries;
    UINT64 Reserved[2];
} DXGK_NATIVE_FENCE_LOG_HEADER;

typedef struct _DXGK_NATIVE_FENCE_LOG_ENTRY {
    UINT64 FenceValue;
    D3DKMT_HANDLE hNativeFence;
    UINT OperationType; /* DXGK_NATIVE_FENCE_LOG_OPERATION. */
    UINT64 Reserved0;
    UINT64 FenceObservedGpuTimestamp; /* The engine came to the packet. */
    UINT64 Reserved1;
    UINT64 FenceEndGpuTimestamp; /* Signalled, or unblocked. */
} DXGK_NATIVE_FENCE_LOG_ENTRY;

#ifdef __cplusplus
}
#endif

#endif /* D3DUKMDT_H */
