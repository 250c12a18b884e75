/* SPDX-License-Identifier: MIT */
/*
 * Kernel DDI: what the OS calls in the driver (DxgkDdi...) and the driver in the OS (DxgkCb...).
 * Names and layouts are Microsoft's, ABI generation B; the text is ours. Layouts that
 * spec/abi.md lists are proved by bell_abi_check.h; for the others only the names are public.
 *
 * Handles. "OS handle": made by the OS, goes back to it in callbacks. "KMD handle": the driver's
 * pointer, returned in the same field, used by the OS in all later calls.
 * hAdapter of a DDI is the MiniportDeviceContext of AddDevice; hAdapter / DeviceHandle of a
 * callback is DXGKRNL_INTERFACE.DeviceHandle.
 */
#ifndef D3DKMDDI_H
#define D3DKMDDI_H

#include "d3dukmdt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Discovery ---------------------------------------------------------------------------- */

typedef enum _DXGK_QUERYADAPTERINFOTYPE {
    DXGKQAITYPE_UMDRIVERPRIVATE = 0,
    DXGKQAITYPE_DRIVERCAPS = 1,
    DXGKQAITYPE_NATIVE_FENCE_CAPS = 37,
    DXGKQAITYPE_USERMODESUBMISSION_CAPS = 38
} DXGK_QUERYADAPTERINFOTYPE;

typedef struct _DXGK_QUERYADAPTERINFOFLAGS {
    union {
        struct {
            UINT VirtualMachineData : 1;
            UINT SecureVirtualMachine : 1;
            UINT Reserved : 30;
        };
        UINT Value;
    };
} DXGK_QUERYADAPTERINFOFLAGS;

typedef struct _DXGKARG_QUERYADAPTERINFO {
    DXGK_QUERYADAPTERINFOTYPE Type;
    VOID *pInputData;
    UINT InputDataSize;
    VOID *pOutputData;
    UINT OutputDataSize;
    DXGK_QUERYADAPTERINFOFLAGS Flags;
    HANDLE hKmdProcessHandle;
} DXGKARG_QUERYADAPTERINFO;

typedef struct _DXGK_USERMODESUBMISSION_CAPS_FLAGS {
    union {
        struct {
            UINT SecondaryDoorbellSupported : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    };
} DXGK_USERMODESUBMISSION_CAPS_FLAGS;

typedef struct _DXGK_USERMODESUBMISSION_CAPS {
    DXGK_USERMODESUBMISSION_CAPS_FLAGS Flags;
    UINT DoorbellSizeInBytes; /* Power of two, 4 .. 4096. */
    UINT SecondaryDoorbellSizeInBytes;
    UCHAR Reserved[16]; /* 0. */
} DXGK_USERMODESUBMISSION_CAPS;

typedef struct _DXGK_VIDSCHCAPS {
    union {
        struct {
            UINT MultiEngineAware : 1;
            UINT VSyncPowerSaveAware : 1;
            UINT PreemptionAware : 1;
            UINT NoDmaPatching : 1;
            UINT CancelCommandAware : 1;
            UINT No64BitAtomics : 1;
            UINT LowIrqlPreemptCommand : 1;
            UINT HwQueuePacketCap : 4;
            UINT NativeGpuFence : 1;
            UINT OptimizedNativeFenceSignaledInterrupt : 1;
            UINT Reserved : 19;
        };
        UINT Value;
    };
} DXGK_VIDSCHCAPS;

typedef struct _DXGK_NATIVE_FENCE_CAPS {
    UINT MonitoredValueStride;    /* Bytes that one monitored value takes; power of two, 8 .. 4096. */
    BOOLEAN MapToGpuSystemProcess; /* The ...SystemProcessGpuVa members are wanted. */
    D3DGPU_VIRTUAL_ADDRESS MinimumAddress; /* Of that mapping; both 0: anywhere. */
    D3DGPU_VIRTUAL_ADDRESS MaximumAddress;
    UCHAR Reserved[28]; /* 0. */
} DXGK_NATIVE_FENCE_CAPS;

/* DXGKQAITYPE_DRIVERCAPS: the members that matter on this machine, not Microsoft's layout. */
typedef struct _DXGK_GPUENGINETOPOLOGY {
    UINT NbAsymetricProcessingNodes; /* Nodes 0 .. this-1. */
} DXGK_GPUENGINETOPOLOGY;

typedef struct _DXGK_DRIVERCAPS {
    PHYSICAL_ADDRESS HighestAcceptableAddress;
    DXGK_VIDSCHCAPS SchedulingCaps;
    DXGK_GPUENGINETOPOLOGY GpuEngineTopology;
    UINT WDDMVersion;
} DXGK_DRIVERCAPS;

#define DXGKDDI_WDDMv3_2 0x3200u

typedef DXGK_NODEMETADATA DXGKARG_GETNODEMETADATA;

typedef enum _DXGK_FEATURE_ID {
    DXGK_FEATURE_HWSCH = 0,
    DXGK_FEATURE_USER_MODE_SUBMISSION = 4,
    DXGK_FEATURE_NATIVE_FENCE = 37
} DXGK_FEATURE_ID;

typedef struct _DXGK_ISFEATUREENABLED_RESULT {
    USHORT Version;
    union {
        struct {
            USHORT Enabled : 1;
            USHORT KnownFeature : 1;
            USHORT SupportedByDriver : 1;
            USHORT SupportedOnCurrentConfig : 1;
            USHORT Reserved : 12;
        };
        USHORT Value;
    };
} DXGK_ISFEATUREENABLED_RESULT;

typedef struct _DXGKARGCB_ISFEATUREENABLED {
    DXGK_FEATURE_ID FeatureId;           /* In. */
    DXGK_ISFEATUREENABLED_RESULT Result; /* Out. */
} DXGKARGCB_ISFEATUREENABLED;

/* ---- Start -------------------------------------------------------------------------------- */

#define CmResourceTypeInterrupt 2
#define CmResourceTypeMemory 3

typedef struct _CM_PARTIAL_RESOURCE_DESCRIPTOR {
    UCHAR Type; /* CmResourceType... */
    UCHAR ShareDisposition;
    USHORT Flags;
    union {
        struct {
            PHYSICAL_ADDRESS Start;
            ULONG Length; /* Bytes. */
        } Memory;
        struct {
            ULONG Level;
            ULONG Vector;
            ULONG_PTR Affinity;
        } Interrupt;
    } u;
} CM_PARTIAL_RESOURCE_DESCRIPTOR, *PCM_PARTIAL_RESOURCE_DESCRIPTOR;

/* Memory descriptors come in BAR order: the first is BAR0 (registers), the second BAR2
 * (doorbell pages). */
typedef struct _CM_PARTIAL_RESOURCE_LIST {
    USHORT Version;
    USHORT Revision;
    ULONG Count; /* Descriptors in use. */
    CM_PARTIAL_RESOURCE_DESCRIPTOR PartialDescriptors[3];
} CM_PARTIAL_RESOURCE_LIST;

typedef struct _CM_FULL_RESOURCE_DESCRIPTOR {
    INT InterfaceType;
    ULONG BusNumber;
    CM_PARTIAL_RESOURCE_LIST PartialResourceList;
} CM_FULL_RESOURCE_DESCRIPTOR;

typedef struct _CM_RESOURCE_LIST {
    ULONG Count; /* 1. */
    CM_FULL_RESOURCE_DESCRIPTOR List[1];
} CM_RESOURCE_LIST, *PCM_RESOURCE_LIST;

typedef struct _DXGK_DEVICE_INFO {
    PVOID MiniportDeviceContext;
    PDEVICE_OBJECT PhysicalDeviceObject;
    PCM_RESOURCE_LIST TranslatedResourceList; /* Owned by the OS; valid until StopDevice. */
    LARGE_INTEGER SystemMemorySize;           /* Bytes. */
    PHYSICAL_ADDRESS HighestPhysicalAddress;
} DXGK_DEVICE_INFO, *PDXGK_DEVICE_INFO;

typedef struct _DXGK_START_INFO {
    ULONG RequiredDmaQueueEntry;
    LUID AdapterLuid;
} DXGK_START_INFO, *PDXGK_START_INFO;

/* ---- Processes and devices ---------------------------------------------------------------- */

typedef struct _DXGK_CREATEPROCESSFLAGS {
    union {
        struct {
            UINT SystemProcess : 1;
            UINT GdiProcess : 1;
            UINT VirtualMachineProcess : 1;
            UINT Reserved : 29;
        };
        UINT Value;
    };
} DXGK_CREATEPROCESSFLAGS;

typedef struct _DXGKARG_CREATEPROCESS {
    HANDLE hDxgkProcess; /* In: OS handle. */
    HANDLE hKmdProcess;  /* Out: KMD handle. */
    DXGK_CREATEPROCESSFLAGS Flags;
    UINT NumPasid;      /* In: entries of pPasid; 1 on this machine. */
    const ULONG *pPasid; /* In: PASIDs of the address space; never 0. */
} DXGKARG_CREATEPROCESS;

typedef struct _DXGK_CREATEDEVICEFLAGS {
    union {
        struct {
            UINT SystemDevice : 1;
            UINT GdiDevice : 1;
            UINT Reserved : 30;
        };
        UINT Value;
    };
} DXGK_CREATEDEVICEFLAGS;

typedef struct _DXGKARG_CREATEDEVICE {
    HANDLE hDevice; /* In: OS handle. Out: KMD handle. */
    DXGK_CREATEDEVICEFLAGS Flags;
    HANDLE hKmdProcess; /* In: from DxgkDdiCreateProcess. */
} DXGKARG_CREATEDEVICE;

/* ---- Allocations -------------------------------------------------------------------------- */

typedef struct _DXGK_CREATEALLOCATIONFLAGS {
    union {
        struct {
            UINT Resource : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    };
} DXGK_CREATEALLOCATIONFLAGS;

typedef struct _DXGK_SEGMENTBANKPREFERENCE {
    union {
        struct {
            UINT Bank0 : 7;
            UINT Direction0 : 1;
            UINT Bank1 : 7;
            UINT Direction1 : 1;
            UINT Bank2 : 7;
            UINT Direction2 : 1;
            UINT Bank3 : 7;
            UINT Direction3 : 1;
        };
        UINT Value;
    };
} DXGK_SEGMENTBANKPREFERENCE;

typedef struct _DXGK_SEGMENTPREFERENCE {
    union {
        struct {
            UINT SegmentId0 : 5;
            UINT Direction0 : 1;
            UINT SegmentId1 : 5;
            UINT Direction1 : 1;
            UINT SegmentId2 : 5;
            UINT Direction2 : 1;
            UINT SegmentId3 : 5;
            UINT Direction3 : 1;
            UINT SegmentId4 : 5;
            UINT Direction4 : 1;
            UINT Reserved : 2;
        };
        UINT Value;
    };
} DXGK_SEGMENTPREFERENCE;

/* Before WDDM 2.0. */
typedef struct _DXGK_ALLOCATIONINFOFLAGS {
    union {
        struct {
            UINT CpuVisible : 1;
            UINT PermanentSysMem : 1;
            UINT Cached : 1;
            UINT Protected : 1;
            UINT ExistingSysMem : 1;
            UINT ExistingKernelSysMem : 1;
            UINT FromEndOfSegment : 1;
            UINT Swizzled : 1;
            UINT Overlay : 1;
            UINT Capture : 1;
            UINT UseAlternateVA : 1;
            UINT SynchronousPaging : 1;
            UINT LinkMirrored : 1;
            UINT LinkInstanced : 1;
            UINT HistoryBuffer : 1;
            UINT AccessedPhysically : 1;
            UINT ExplicitResidencyNotification : 1;
            UINT HardwareProtected : 1;
            UINT CpuVisibleOnDemand : 1;
            UINT Reserved : 13;
        };
        UINT Value;
    };
} DXGK_ALLOCATIONINFOFLAGS;

typedef struct _DXGK_ALLOCATIONINFOFLAGS_WDDM2_0 {
    union {
        struct {
            UINT CpuVisible : 1;
            UINT PermanentSysMem : 1;
            UINT Cached : 1;
            UINT Protected : 1;
            UINT ExistingSysMem : 1;
            UINT ExistingKernelSysMem : 1;
            UINT FromEndOfSegment : 1;
            UINT DisableLargePageMapping : 1;
            UINT Overlay : 1;
            UINT Capture : 1;
            UINT CreateInVpr : 1;
            UINT Reserved00 : 2;
            UINT MapApertureCpuVisible : 1;
            UINT HistoryBuffer : 1;
            UINT AccessedPhysically : 1;
            UINT ExplicitResidencyNotification : 1;
            UINT HardwareProtected : 1;
            UINT CpuVisibleOnDemand : 1;
            UINT Reserved : 13;
        };
        UINT Value;
    };
} DXGK_ALLOCATIONINFOFLAGS_WDDM2_0;

typedef struct _DXGK_ALLOCATIONINFOFLAGS2 {
    union {
        struct {
            UINT ShareBackingStoreWithKmd : 1;
            UINT NoImplicitSynchronization : 1;
            UINT DisablePartialResidency : 1;
            UINT RestrictedToSingleSegment : 1;
            UINT NotifyEviction : 1;
            UINT NotifyIoMmuUnmap : 1;
            UINT Reserved : 26;
        };
        UINT Value;
    };
} DXGK_ALLOCATIONINFOFLAGS2;

typedef struct _DXGK_ALLOCATIONUSAGEHINT DXGK_ALLOCATIONUSAGEHINT; /* Opaque. */

typedef struct _DXGK_ALLOCATIONINFO {
    VOID *pPrivateDriverData; /* In: UMD's bytes for this item. */
    UINT PrivateDriverDataSize;
    union {
        UINT Alignment; /* Out: bytes. */
        struct {
            UINT16 MinimumPageSize;
            UINT16 RecommendedPageSize;
        };
    };
    SIZE_T Size;             /* Out: bytes. */
    SIZE_T PitchAlignedSize; /* Out: 0 or >= Size. */
    DXGK_SEGMENTBANKPREFERENCE HintedBank;
    DXGK_SEGMENTPREFERENCE PreferredSegment;
    union {
        UINT SupportedReadSegmentSet;
        UINT MmuSet;
    };
    UINT SupportedWriteSegmentSet; /* Out: bit n-1 = segment n. */
    UINT EvictionSegmentSet;
    union {
        UINT MaximumRenamingListLength;
        UINT PhysicalAdapterIndex;
    };
    HANDLE hAllocation; /* Out: KMD handle. */
    union {
        DXGK_ALLOCATIONINFOFLAGS Flags;
        DXGK_ALLOCATIONINFOFLAGS_WDDM2_0 FlagsWddm2;
    };
    DXGK_ALLOCATIONUSAGEHINT *pAllocationUsageHint;
    UINT AllocationPriority; /* Out: never 0. */
    DXGK_ALLOCATIONINFOFLAGS2 Flags2;
} DXGK_ALLOCATIONINFO;

typedef struct _DXGKARG_CREATEALLOCATION {
    const VOID *pPrivateDriverData; /* In: UMD's bytes for the request. */
    UINT PrivateDriverDataSize;
    UINT NumAllocations;
    DXGK_ALLOCATIONINFO *pAllocationInfo; /* In/out. */
    HANDLE hResource;                     /* In/out: KMD handle. */
    DXGK_CREATEALLOCATIONFLAGS Flags;
} DXGKARG_CREATEALLOCATION;

typedef struct _DXGK_DESTROYALLOCATIONFLAGS {
    union {
        struct {
            UINT DestroyResource : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    };
} DXGK_DESTROYALLOCATIONFLAGS;

typedef struct _DXGKARG_DESTROYALLOCATION {
    UINT NumAllocations;
    const HANDLE *pAllocationList; /* KMD handles of CreateAllocation. */
    HANDLE hResource;
    DXGK_DESTROYALLOCATIONFLAGS Flags;
} DXGKARG_DESTROYALLOCATION;

typedef struct _DXGK_OPENALLOCATIONINFO {
    D3DKMT_HANDLE hAllocation; /* In: OS handle, for DxgkCbGetHandleData. */
    VOID *pPrivateDriverData;
    UINT PrivateDriverDataSize;
    HANDLE hDeviceSpecificAllocation; /* Out: KMD handle. */
} DXGK_OPENALLOCATIONINFO;

typedef struct _DXGK_OPENALLOCATIONFLAGS {
    union {
        struct {
            UINT Create : 1;
            UINT ReadOnly : 1;
            UINT Reserved : 30;
        };
        UINT Value;
    };
} DXGK_OPENALLOCATIONFLAGS;

typedef struct _DXGKARG_OPENALLOCATION {
    UINT NumAllocations;
    DXGK_OPENALLOCATIONINFO *pOpenAllocation;
    const VOID *pPrivateDriverData;
    UINT PrivateDriverSize;
    DXGK_OPENALLOCATIONFLAGS Flags;
    UINT SubresourceIndex;
    SIZE_T SubresourceOffset;
    UINT Pitch;
} DXGKARG_OPENALLOCATION;

typedef struct _DXGKARG_CLOSEALLOCATION {
    UINT NumAllocations;
    const HANDLE *pOpenHandleList; /* KMD handles of OpenAllocation. */
} DXGKARG_CLOSEALLOCATION;

typedef UINT D3DDDIFORMAT;

typedef struct _D3DDDI_MULTISAMPLINGMETHOD {
    UINT NumSamples;
    UINT NumQualityLevels;
} D3DDDI_MULTISAMPLINGMETHOD;

typedef struct _D3DDDI_RATIONAL {
    UINT Numerator;
    UINT Denominator;
} D3DDDI_RATIONAL;

typedef struct _DXGK_DESCRIBEALLOCATIONFLAGS {
    union {
        struct {
            UINT CheckDisplayMode : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    };
} DXGK_DESCRIBEALLOCATIONFLAGS;

typedef struct _DXGKARG_DESCRIBEALLOCATION {
    HANDLE hAllocation; /* In: KMD handle. The rest: out. */
    UINT Width;
    UINT Height;
    D3DDDIFORMAT Format;
    D3DDDI_MULTISAMPLINGMETHOD MultisampleMethod;
    D3DDDI_RATIONAL RefreshRate;
    UINT PrivateDriverFormatAttribute;
    DXGK_DESCRIBEALLOCATIONFLAGS Flags;
    UINT Rotation;
} DXGKARG_DESCRIBEALLOCATION;

typedef enum _DXGK_HANDLE_TYPE {
    DXGK_HANDLE_ALLOCATION = 1,
    DXGK_HANDLE_RESOURCE = 2
} DXGK_HANDLE_TYPE;

typedef struct _DXGKCB_GETHANDLEDATAFLAGS {
    union {
        struct {
            UINT DeviceSpecific : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    };
} DXGKCB_GETHANDLEDATAFLAGS;

typedef struct _DXGKARGCB_GETHANDLEDATA {
    D3DKMT_HANDLE hObject;
    DXGK_HANDLE_TYPE Type;
    DXGKCB_GETHANDLEDATAFLAGS Flags;
} DXGKARGCB_GETHANDLEDATA;

typedef struct _DXGKARGCB_ENUMHANDLECHILDREN {
    D3DKMT_HANDLE hObject;
    UINT Index; /* From 0. */
} DXGKARGCB_ENUMHANDLECHILDREN;

/* ---- Paging: how the KMD learns where an allocation lies (A-04) --------------------------- */

typedef enum _DXGK_BUILDPAGINGBUFFER_OPERATION {
    DXGK_OPERATION_UPDATE_PAGE_TABLE = 11,
    DXGK_OPERATION_FLUSH_TLB = 12
} DXGK_BUILDPAGINGBUFFER_OPERATION;

typedef struct _DXGK_PTE {
    union {
        struct {
            UINT64 Valid : 1;
            UINT64 Zero : 1;
            UINT64 CacheCoherent : 1;
            UINT64 ReadOnly : 1;
            UINT64 NoExecute : 1;
            UINT64 Reserved : 59;
        };
        UINT64 Flags;
    };
    UINT64 PageAddress; /* Physical page number. */
} DXGK_PTE;

typedef struct _DXGK_UPDATEPAGETABLEFLAGS {
    union {
        struct {
            UINT Repeat : 1; /* pPageTableEntries[0] stands for every entry. */
            UINT ForceUpdate : 1;
            UINT Reserved : 30;
        };
        UINT Value;
    };
} DXGK_UPDATEPAGETABLEFLAGS;

/* One range of one process becomes valid (first entry's Valid = 1) or invalid (Valid = 0, or
 * pPageTableEntries NULL). The host IOMMU walks the tables: the KMD only takes note. */
typedef struct _DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE {
    HANDLE hAllocation; /* KMD handle of CreateAllocation. */
    D3DGPU_VIRTUAL_ADDRESS FirstPteVirtualAddress;
    UINT64 AllocationOffsetInBytes; /* Of the first page inside the allocation. */
    UINT NumPageTableEntries;       /* 4-KiB pages. */
    DXGK_UPDATEPAGETABLEFLAGS Flags;
    const DXGK_PTE *pPageTableEntries;
    HANDLE hProcess; /* hKmdProcess of the address space. */
} DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE;

typedef struct _DXGKARG_BUILDPAGINGBUFFER {
    VOID *pDmaBuffer; /* NULL here: no GPU work is needed. */
    UINT DmaSize;
    DXGK_BUILDPAGINGBUFFER_OPERATION Operation;
    union {
        DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE UpdatePageTable;
    };
} DXGKARG_BUILDPAGINGBUFFER;

/* ---- Contexts and hardware queues --------------------------------------------------------- */

typedef struct _DXGK_HWCONTEXT_CAPS {
    union {
        struct {
            UINT UseIoMmu : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    };
} DXGK_HWCONTEXT_CAPS;

typedef struct _DXGKARG_CREATEHWCONTEXT {
    HANDLE hHwContext; /* In: OS handle. Out: KMD handle. */
    UINT NodeOrdinal;
    UINT EngineAffinity;
    D3DDDI_CREATEHWCONTEXTFLAGS Flags;
    UINT PrivateDriverDataSize;
    VOID *pPrivateDriverData;
    DXGK_HWCONTEXT_CAPS ContextCaps;
} DXGKARG_CREATEHWCONTEXT;

typedef struct _DXGKARG_CREATEHWQUEUE {
    HANDLE hHwQueue; /* In: OS handle. Out: KMD handle. */
    D3DDDI_CREATEHWQUEUEFLAGS Flags;
    UINT PrivateDriverDataSize;
    VOID *pPrivateDriverData;
    HANDLE hHwQueueProgressFence;
    VOID *HwQueueProgressFenceCPUVirtualAddress; /* Kernel address. */
    D3DGPU_VIRTUAL_ADDRESS HwQueueProgressFenceGPUVirtualAddress;
} DXGKARG_CREATEHWQUEUE;

typedef struct _DXGK_SUBMITCOMMANDFLAGS {
    union {
        struct {
            UINT Paging : 1;
            UINT Present : 1;
            UINT RedirectedPresent : 1;
            UINT NullRendering : 1;
            UINT Flip : 1;
            UINT FlipWithNoWait : 1;
            UINT ContextSwitch : 1;
            UINT Resubmission : 1;
            UINT VirtualMachineData : 1;
            UINT Reserved : 23;
        };
        UINT Value;
    };
} DXGK_SUBMITCOMMANDFLAGS;

typedef struct _DXGKARG_SUBMITCOMMANDTOHWQUEUE {
    HANDLE hHwQueue; /* KMD handle. */
    UINT64 HwQueueProgressFenceId;
    D3DGPU_VIRTUAL_ADDRESS DmaBufferVirtualAddress;
    UINT DmaBufferSize; /* Bytes. */
    UINT DmaBufferPrivateDataSize;
    VOID *pDmaBufferPrivateData;
    DXGK_SUBMITCOMMANDFLAGS Flags;
    D3DGPU_VIRTUAL_ADDRESS HwQueueProgressFenceGpuVa;
    VOID *HwQueueProgressFenceCpuVa;
} DXGKARG_SUBMITCOMMANDTOHWQUEUE;

typedef struct _DXGKARG_SUSPENDCONTEXT {
    HANDLE hContext; /* KMD handle of the hardware context. */
    UINT64 contextSuspendFence;
} DXGKARG_SUSPENDCONTEXT;

typedef struct _DXGKARG_RESUMECONTEXT {
    HANDLE hContext;
} DXGKARG_RESUMECONTEXT;

typedef struct _DXGK_UPDATEHWCONTEXTSTATE_FLAGS {
    union {
        struct {
            UINT Suspended : 1;
            UINT InterruptOnSwitchCompletion : 1;
            UINT Reserved : 30;
        };
        UINT Value;
    };
} DXGK_UPDATEHWCONTEXTSTATE_FLAGS;

typedef struct _DXGKARG_UPDATEHWCONTEXTSTATE {
    HANDLE hHwContext;
    UINT64 ContextSwitchFence;
    UINT Priority; /* Relative to other contexts of the node; 0: as its band says. */
    DXGK_UPDATEHWCONTEXTSTATE_FLAGS Flags;
} DXGKARG_UPDATEHWCONTEXTSTATE;

typedef struct _DXGKARG_SWITCHTOHWCONTEXTLIST {
    HANDLE hHwContextFirst;  /* NULL: become idle. */
    HANDLE hHwContextSecond; /* Or NULL. */
    UINT NodeOrdinal;
    UINT EngineOrdinal;
} DXGKARG_SWITCHTOHWCONTEXTLIST;

typedef struct _DXGKARG_RESETHWENGINE {
    UINT NodeOrdinal;
    UINT EngineOrdinal;
} DXGKARG_RESETHWENGINE;

typedef struct _DXGKARG_RESUMEHWENGINE {
    UINT NodeOrdinal;
    UINT EngineOrdinal;
} DXGKARG_RESUMEHWENGINE;

typedef struct _DXGKARG_RESETENGINE {
    UINT NodeOrdinal;
    UINT EngineOrdinal;
    UINT LastAbortedFenceId; /* Out. */
} DXGKARG_RESETENGINE;

typedef struct _DXGK_ENGINESTATUS {
    union {
        struct {
            UINT Responsive : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    };
} DXGK_ENGINESTATUS;

typedef struct _DXGKARG_QUERYENGINESTATUS {
    UINT NodeOrdinal;
    UINT EngineOrdinal;
    DXGK_ENGINESTATUS EngineStatus; /* Out. */
} DXGKARG_QUERYENGINESTATUS;

typedef struct _DXGK_INVALIDATEHWCONTEXTFLAGS {
    union {
        struct {
            UINT CollateralDamage : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    };
} DXGK_INVALIDATEHWCONTEXTFLAGS;

typedef struct _DXGKARGCB_INVALIDATEHWCONTEXT {
    HANDLE hAdapter;
    HANDLE hHwContext; /* OS handle. */
    DXGK_INVALIDATEHWCONTEXTFLAGS Flags;
} DXGKARGCB_INVALIDATEHWCONTEXT;

typedef enum _DXGK_SCHEDULING_PRIORITY_BAND {
    DXGK_SCHEDULING_PRIORITY_BAND_IDLE = 0,
    DXGK_SCHEDULING_PRIORITY_BAND_NORMAL = 1,
    DXGK_SCHEDULING_PRIORITY_BAND_FOCUS = 2,
    DXGK_SCHEDULING_PRIORITY_BAND_REALTIME = 3,
    DXGK_SCHEDULING_PRIORITY_BAND_COUNT = 4
} DXGK_SCHEDULING_PRIORITY_BAND;

typedef struct _DXGKARG_SETUPPRIORITYBANDS { /* Times: 100 ns. */
    UINT64 gracePeriodForBand[DXGK_SCHEDULING_PRIORITY_BAND_COUNT];
    UINT64 processQuantumForBand[DXGK_SCHEDULING_PRIORITY_BAND_COUNT];
    UINT64 processGracePeriodForBand[DXGK_SCHEDULING_PRIORITY_BAND_COUNT];
    UINT targetNormalBandPercentage; /* 0 .. 50. */
} DXGKARG_SETUPPRIORITYBANDS;

typedef struct _DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES { /* Times: 100 ns. */
    HANDLE hContext;
    DXGK_SCHEDULING_PRIORITY_BAND priorityBand;
    INT realtimeBandPriorityLevel; /* 0 .. 31; other bands: ignored. */
    INT inProcessPriority;         /* -7 .. +7. */
    UINT64 quantum;                /* Weight among contexts of its process and priority. */
    UINT64 gracePeriodSamePriority;  /* When it preempts one of its process. */
    UINT64 gracePeriodLowerPriority;
} DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES;

/* Scheduling log of one engine: this header, then the entries. The GPU writes both; the OS sets up
 * the header and leaves the entries as they are (HS-LOG-01). */
typedef struct _DXGK_SCHEDULING_LOG_HEADER {
    union {
        struct {
            UINT FirstFreeEntryIndex;
            UINT WraparoundCount;
        };
        UINT64 AtomicWraparoundAndEntryIndex; /* Both, written as one. */
    };
    UINT64 NumberOfEntries;
    UINT64 Reserved[2];
} DXGK_SCHEDULING_LOG_HEADER;

typedef enum _DXGK_SCHEDULING_LOG_OPERATION {
    DXGK_SCHEDULING_LOG_OPERATION_CONTEXT_STATE_CHANGE = 0
} DXGK_SCHEDULING_LOG_OPERATION;

typedef enum _DXGK_SCHEDULING_LOG_CONTEXT_STATE {
    DXGK_SCHEDULING_LOG_CONTEXT_STATE_IDLE = 0,
    DXGK_SCHEDULING_LOG_CONTEXT_STATE_RUNNING = 1,
    DXGK_SCHEDULING_LOG_CONTEXT_STATE_READY = 2,
    DXGK_SCHEDULING_LOG_CONTEXT_STATE_READY_STANDBY = 3
} DXGK_SCHEDULING_LOG_CONTEXT_STATE;

typedef struct _DXGK_SCHEDULING_LOG_ENTRY {
    UINT64 GpuTimeStamp;
    DXGK_SCHEDULING_LOG_OPERATION OperationType;
    UINT Reserved;
    union {
        struct {
            HANDLE hKmdContext; /* KMD handle. */
            DXGK_SCHEDULING_LOG_CONTEXT_STATE newContextState;
        } ContextStateChange;
        UINT64 Payload[2];
    };
} DXGK_SCHEDULING_LOG_ENTRY;

typedef struct _DXGKARG_SETSCHEDULINGLOGBUFFER {
    UINT NodeOrdinal;
    UINT EngineOrdinal;
    UINT NumberOfEntries;  /* 0: no log from now on. */
    VOID *LogBufferCpuVa;  /* Kernel address. */
    D3DGPU_VIRTUAL_ADDRESS LogBufferGpuVa; /* The same memory for the device, PASID 0. */
    UINT InterruptEntry;   /* Interrupt when this entry was written; none there: no interrupt. */
} DXGKARG_SETSCHEDULINGLOGBUFFER;

/* ---- Native GPU fences -------------------------------------------------------------------- */

typedef struct _DXGKARG_CREATENATIVEFENCE_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} DXGKARG_CREATENATIVEFENCE_FLAGS;

typedef struct _DXGKARG_CREATENATIVEFENCE {
    HANDLE hGlobalNativeFence; /* In: OS handle. Out: KMD handle. */
    D3DDDI_NATIVEFENCE_TYPE Type;
    D3DGPU_VIRTUAL_ADDRESS CurrentValueSystemProcessGpuVa; /* PASID 0. */
    D3DGPU_VIRTUAL_ADDRESS MonitoredValueSystemProcessGpuVa;
    UCHAR pPrivateDriverData[D3DDDI_NATIVE_FENCE_PDD_SIZE]; /* In/out. */
    DXGKARG_CREATENATIVEFENCE_FLAGS Flags;
    UCHAR Reserved[32];
} DXGKARG_CREATENATIVEFENCE;

typedef struct _DXGKARG_DESTROYNATIVEFENCE_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} DXGKARG_DESTROYNATIVEFENCE_FLAGS;

typedef struct _DXGKARG_DESTROYNATIVEFENCE {
    HANDLE hGlobalNativeFence; /* KMD handle. */
    DXGKARG_DESTROYNATIVEFENCE_FLAGS Flags;
    UCHAR Reserved[32];
} DXGKARG_DESTROYNATIVEFENCE;

typedef struct _DXGKARG_OPENNATIVEFENCE_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} DXGKARG_OPENNATIVEFENCE_FLAGS;

typedef struct _DXGKARG_OPENNATIVEFENCE {
    HANDLE hGlobalNativeFence; /* KMD handle. */
    HANDLE hLocalNativeFence;  /* In: OS handle. Out: KMD handle. */
    HANDLE hDevice;            /* KMD handle. */
    D3DGPU_VIRTUAL_ADDRESS CurrentValueGpuVa; /* In the process of the device. */
    D3DGPU_VIRTUAL_ADDRESS MonitoredValueGpuVa;
    DXGKARG_OPENNATIVEFENCE_FLAGS Flags;
    UCHAR Reserved[32];
} DXGKARG_OPENNATIVEFENCE;

typedef struct _DXGKARG_CLOSENATIVEFENCE_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} DXGKARG_CLOSENATIVEFENCE_FLAGS;

typedef struct _DXGKARG_CLOSENATIVEFENCE {
    HANDLE hLocalNativeFence; /* KMD handle. */
    DXGKARG_CLOSENATIVEFENCE_FLAGS Flags;
    UCHAR Reserved[32];
} DXGKARG_CLOSENATIVEFENCE;

typedef struct _DXGKARG_UPDATEMONITOREDVALUES_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} DXGKARG_UPDATEMONITOREDVALUES_FLAGS;

typedef struct _DXGKARG_UPDATEMONITOREDVALUES {
    HANDLE *NativeFenceArray; /* KMD handles, global. */
    UINT64 *UpdatedValueArray;
    VOID **MonitoredValueKernelCpuVa; /* Valid during the call only. */
    UINT NumFences;
    DXGKARG_UPDATEMONITOREDVALUES_FLAGS Flags;
    UCHAR Reserved[28];
} DXGKARG_UPDATEMONITOREDVALUES;

typedef struct _DXGK_UPDATECURRENTVALUESFROMCPU_FLAGS {
    union {
        struct {
            UINT AlwaysSignaled : 1;
            UINT NotificationOnly : 1; /* The value is there: waits of the GPU are to look again. */
            UINT Reserved : 30;
        };
        UINT Value;
    };
} DXGK_UPDATECURRENTVALUESFROMCPU_FLAGS;

typedef struct _DXGKARG_UPDATECURRENTVALUESFROMCPU {
    HANDLE *NativeFenceArray; /* KMD handles, global. */
    UINT64 *UpdatedValueArray;
    VOID **CurrentValueKernelCpuVa; /* Valid during the call only. */
    UINT NumFences;
    DXGK_UPDATECURRENTVALUESFROMCPU_FLAGS Flags;
    UCHAR Reserved[28];
} DXGKARG_UPDATECURRENTVALUESFROMCPU;

typedef struct _DXGKARG_SETNATIVEFENCELOGBUFFER_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} DXGKARG_SETNATIVEFENCELOGBUFFER_FLAGS;

typedef struct _DXGKARG_SETNATIVEFENCELOGBUFFER {
    HANDLE hHwQueue; /* KMD handle. */
    UINT64 NumberOfEntries;
    VOID *LogBufferCpuVa; /* Kernel address of a DXGK_NATIVE_FENCE_LOG_HEADER: its Type says which. */
    D3DGPU_VIRTUAL_ADDRESS LogBufferGpuVa; /* In the queue's process; 0: not mapped there. */
    D3DGPU_VIRTUAL_ADDRESS LogBufferSystemProcessGpuVa; /* PASID 0. */
    DXGKARG_SETNATIVEFENCELOGBUFFER_FLAGS Flags;
    UCHAR Reserved[32];
} DXGKARG_SETNATIVEFENCELOGBUFFER;

typedef struct _DXGKARG_UPDATENATIVEFENCELOGS_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} DXGKARG_UPDATENATIVEFENCELOGS_FLAGS;

typedef struct _DXGKARG_UPDATENATIVEFENCELOGS {
    UINT NumberOfQueues;
    HANDLE *pHwQueueArray; /* KMD handles. */
    DXGKARG_UPDATENATIVEFENCELOGS_FLAGS Flags;
    UCHAR Reserved[32];
} DXGKARG_UPDATENATIVEFENCELOGS;

/* ---- Doorbells ---------------------------------------------------------------------------- */

typedef struct _DXGKARG_CREATEDOORBELL_FLAGS {
    union {
        struct {
            UINT ResizeRingBufferOperation : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    };
} DXGKARG_CREATEDOORBELL_FLAGS;

typedef struct _DXGKARG_CREATEDOORBELL {
    HANDLE hHwQueue;  /* In: KMD handle. */
    HANDLE hDoorbell; /* In: OS handle. Out: KMD handle (DB-CRE-09). */
    UINT PrivateDriverDataSize;
    VOID *PrivateDriverData;   /* In/out. */
    HANDLE hRingBuffer;        /* In: KMD handle of the allocation. */
    HANDLE hRingBufferControl; /* In: the same, or NULL. */
    DXGKARG_CREATEDOORBELL_FLAGS Flags;
} DXGKARG_CREATEDOORBELL;

typedef struct _DXGKARG_CONNECTDOORBELL_FLAGS {
    union {
        struct {
            UINT RequireSecondaryAddress : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    };
} DXGKARG_CONNECTDOORBELL_FLAGS;

typedef struct _DXGKARG_CONNECTDOORBELL {
    HANDLE hDoorbell;
    DXGKARG_CONNECTDOORBELL_FLAGS Flags;
    VOID *KernelCpuVirtualAddress;          /* Out: inside the mapping of BAR2. */
    VOID *SecondaryKernelCpuVirtualAddress; /* Out, when required. */
    D3DDDI_DOORBELLSTATUS Status;           /* Out: CONNECTED or CONNECTED_NOTIFY_KMD. */
} DXGKARG_CONNECTDOORBELL;

typedef struct _DXGKARG_DISCONNECTDOORBELL_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} DXGKARG_DISCONNECTDOORBELL_FLAGS;

typedef struct _DXGKARG_DISCONNECTDOORBELL {
    HANDLE hDoorbell;
    DXGKARG_DISCONNECTDOORBELL_FLAGS Flags;
} DXGKARG_DISCONNECTDOORBELL;

typedef struct _DXGKARG_DESTROYDOORBELL {
    HANDLE hDoorbell;
} DXGKARG_DESTROYDOORBELL;

typedef struct _DXGKARG_NOTIFYWORKSUBMISSION_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} DXGKARG_NOTIFYWORKSUBMISSION_FLAGS;

typedef struct _DXGKARG_NOTIFYWORKSUBMISSION {
    HANDLE hHwQueue; /* KMD handle of the queue (DB-NTF-01). */
    DXGKARG_NOTIFYWORKSUBMISSION_FLAGS Flags;
} DXGKARG_NOTIFYWORKSUBMISSION;

typedef struct _DXGKARGCB_DISCONNECTDOORBELL_FLAGS {
    union {
        struct {
            UINT Reserved : 32;
        };
        UINT Value;
    };
} DXGKARGCB_DISCONNECTDOORBELL_FLAGS;

typedef struct _DXGKARGCB_DISCONNECTDOORBELL {
    HANDLE hHwQueue;  /* OS handle. */
    HANDLE hDoorbell; /* OS handle. */
    DXGKARGCB_DISCONNECTDOORBELL_FLAGS Flags;
    D3DDDI_DOORBELLSTATUS DisconnectReason; /* A DISCONNECTED_... value. */
} DXGKARGCB_DISCONNECTDOORBELL;

/* ---- Interrupts --------------------------------------------------------------------------- */

typedef enum _DXGK_INTERRUPT_TYPE {
    DXGK_INTERRUPT_DMA_COMPLETED = 1,
    DXGK_INTERRUPT_DMA_PREEMPTED = 2,
    DXGK_INTERRUPT_CRTC_VSYNC = 3,
    DXGK_INTERRUPT_DMA_FAULTED = 4,
    DXGK_INTERRUPT_DMA_PAGE_FAULTED = 9,
    DXGK_INTERRUPT_MONITORED_FENCE_SIGNALED = 11,
    DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED = 12,
    DXGK_INTERRUPT_HWCONTEXTLIST_SWITCH_COMPLETED = 13,
    DXGK_INTERRUPT_PERIODIC_MONITORED_FENCE_SIGNALED = 14,
    DXGK_INTERRUPT_SCHEDULING_LOG_INTERRUPT = 15,
    DXGK_INTERRUPT_GPU_ENGINE_TIMEOUT = 16,
    DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED = 17,
    DXGK_INTERRUPT_CRTC_VSYNC_WITH_MULTIPLANE_OVERLAY3 = 18,
    DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED = 19,
    DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE = 20
} DXGK_INTERRUPT_TYPE;

typedef enum _DXGK_ENGINE_STATE {
    DXGK_ENGINE_STATE_ACTIVE = 0,
    DXGK_ENGINE_STATE_TRANSITION_TO_F1 = 1, /* */
    DXGK_ENGINE_STATE_HUNG = 2
} DXGK_ENGINE_STATE;

typedef enum _DXGK_RENDER_PIPELINE_STAGE {
    DXGK_RENDER_PIPELINE_STAGE_UNKNOWN = 0
} DXGK_RENDER_PIPELINE_STAGE;

typedef enum _DXGK_PAGE_FAULT_FLAGS {
    DXGK_PAGE_FAULT_WRITE = 0x1,
    DXGK_PAGE_FAULT_FENCE_INVALID = 0x2,
    DXGK_PAGE_FAULT_ADAPTER_RESET_REQUIRED = 0x4,
    DXGK_PAGE_FAULT_ENGINE_RESET_REQUIRED = 0x8,
    DXGK_PAGE_FAULT_FATAL_HARDWARE_ERROR = 0x10,
    DXGK_PAGE_FAULT_IOMMU = 0x20,
    DXGK_PAGE_FAULT_HW_CONTEXT_VALID = 0x40,
    DXGK_PAGE_FAULT_PROCESS_HANDLE_VALID = 0x80
} DXGK_PAGE_FAULT_FLAGS;

typedef struct _DXGK_FAULT_ERROR_CODE {
    union {
        struct {
            UINT IsDeviceSpecificCode : 1;
            UINT DeviceSpecificCode : 31; /* Event cause of bell_regs.h. */
        };
        UINT Value;
    };
} DXGK_FAULT_ERROR_CODE;

typedef struct _DXGKARGCB_NOTIFY_INTERRUPT_DATA_FLAGS {
    union {
        struct {
            UINT ValidPhysicalAdapterMask : 1;
            UINT HsyncFlipCompletion : 1;
            UINT EvaluateLegacyMonitoredFences : 1;
            UINT Reserved : 29;
        };
        UINT Value;
    };
} DXGKARGCB_NOTIFY_INTERRUPT_DATA_FLAGS;

typedef struct _DXGKARGCB_NOTIFY_INTERRUPT_DATA {
    DXGK_INTERRUPT_TYPE InterruptType;
    union {
        struct {
            UINT SubmissionFenceId;
            UINT NodeOrdinal;
            UINT EngineOrdinal;
        } DmaCompleted;
        struct {
            UINT PreemptionFenceId;
            UINT LastCompletedFenceId;
            UINT NodeOrdinal;
            UINT EngineOrdinal;
        } DmaPreempted;
        struct {
            UINT NodeOrdinal;
            UINT EngineOrdinal;
        } MonitoredFenceSignaled;
        struct {
            UINT NodeOrdinal;
            UINT EngineOrdinal;
        } SchedulingLogInterrupt;
        struct {
            UINT NodeOrdinal;
            UINT EngineOrdinal;
        } GpuEngineTimeout;
        struct {
            UINT NodeOrdinal;
            UINT EngineOrdinal;
            UINT64 ContextSwitchFence;
        } HwContextListSwitchCompleted;
        struct {
            HANDLE hContext; /* OS handle. */
            UINT64 ContextSuspendFence;
        } SuspendContextCompleted;
        struct {
            UINT64 FaultedFenceId;
            D3DGPU_VIRTUAL_ADDRESS FaultedVirtualAddress;
            UINT64 FaultedPrimitiveAPISequenceNumber;
            union {
                HANDLE FaultedHwQueue; /* OS handle. */
                HANDLE FaultedHwContext;
                HANDLE FaultedProcessHandle;
            };
            UINT NodeOrdinal;
            UINT EngineOrdinal;
            DXGK_RENDER_PIPELINE_STAGE FaultedPipelineStage;
            UINT FaultedBindTableEntry;
            DXGK_PAGE_FAULT_FLAGS PageFaultFlags;
            UINT PageTableLevel;
            DXGK_FAULT_ERROR_CODE FaultErrorCode;
        } HwQueuePageFaulted;
        struct {
            UINT NodeOrdinal;
            UINT EngineOrdinal;
            UINT SignaledNativeFenceCount;
            HANDLE *pSignaledNativeFenceArray; /* Global, OS handles; NULL: any may be. */
            HANDLE hHWQueue;
        } NativeFenceSignaled;
        struct {
            UINT NodeOrdinal;
            UINT EngineOrdinal;
            DXGK_ENGINE_STATE NewState;
        } EngineStateChange;
        struct {
            UINT64 Reserved[8];
        } Reserved;
    };
    DXGKARGCB_NOTIFY_INTERRUPT_DATA_FLAGS Flags;
} DXGKARGCB_NOTIFY_INTERRUPT_DATA;

/* ---- Escape ------------------------------------------------------------------------------- */

typedef struct _DXGKARG_ESCAPE {
    HANDLE hDevice; /* KMD handle, or NULL. */
    D3DDDI_ESCAPEFLAGS Flags;
    VOID *pPrivateDriverData; /* In/out. */
    UINT PrivateDriverDataSize;
    HANDLE hContext; /* KMD handle, or NULL. */
    HANDLE hKmdProcessHandle;
} DXGKARG_ESCAPE;

/* ---- Callbacks: the OS's side ------------------------------------------------------------- */

typedef BOOLEAN (*PKSYNCHRONIZE_ROUTINE)(PVOID SynchronizeContext);

/* PASSIVE_LEVEL. */
typedef NTSTATUS (*DXGKCB_GET_DEVICE_INFORMATION)(HANDLE DeviceHandle,
                                                  DXGK_DEVICE_INFO *DeviceInfo);
typedef NTSTATUS (*DXGKCB_MAP_MEMORY)(HANDLE DeviceHandle, PHYSICAL_ADDRESS TranslatedAddress,
                                      ULONG Length, BOOLEAN InIoSpace, BOOLEAN MapToUserMode,
                                      MEMORY_CACHING_TYPE CacheType, PVOID *VirtualAddress);
typedef NTSTATUS (*DXGKCB_UNMAP_MEMORY)(HANDLE DeviceHandle, PVOID VirtualAddress);
/* Any IRQL; TRUE if the DPC was not queued yet. */
typedef BOOLEAN (*DXGKCB_QUEUE_DPC)(HANDLE DeviceHandle);
/* DIRQL; never re-entered (DB-INT-02). The structure is read before the call returns. */
typedef VOID (*DXGKCB_NOTIFY_INTERRUPT)(HANDLE hAdapter,
                                        const DXGKARGCB_NOTIFY_INTERRUPT_DATA *pArgs);
/* DISPATCH_LEVEL, from the DPC. */
typedef VOID (*DXGKCB_NOTIFY_DPC)(HANDLE hAdapter);
/* IRQL <= DIRQL: runs the routine at DIRQL, not together with the interrupt routine. */
typedef NTSTATUS (*DXGKCB_SYNCHRONIZE_EXECUTION)(HANDLE DeviceHandle,
                                                 PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                                 PVOID Context, ULONG MessageNumber,
                                                 BOOLEAN *ReturnValue);
/* IRQL < DISPATCH_LEVEL; NULL for a bad handle (AL-HND-01). */
typedef VOID *(*DXGKCB_GETHANDLEDATA)(const DXGKARGCB_GETHANDLEDATA *pArgs);
/* PASSIVE_LEVEL; 0 when Index >= number of children. */
typedef D3DKMT_HANDLE (*DXGKCB_ENUMHANDLECHILDREN)(const DXGKARGCB_ENUMHANDLECHILDREN *pArgs);
/* PASSIVE_LEVEL. On return no store of the user reaches the slot any more, except those still
 * on their way (DB-VIC-01, -02, A-06, A-14). */
typedef NTSTATUS (*DXGKCB_DISCONNECTDOORBELL)(const DXGKARGCB_DISCONNECTDOORBELL *pArgs);
/* PASSIVE_LEVEL, inside DxgkDdiResetHwEngine: the reset hit this context (HS-RST-01). */
typedef NTSTATUS (*DXGKCB_INVALIDATEHWCONTEXT)(const DXGKARGCB_INVALIDATEHWCONTEXT *pArgs);
/* PASSIVE_LEVEL. STATUS_INVALID_PARAMETER for an unknown feature. */
typedef NTSTATUS (*DXGKCB_ISFEATUREENABLED)(HANDLE hAdapter, DXGKARGCB_ISFEATUREENABLED *pArgs);

/* The callbacks that this driver uses. The driver copies the structure in StartDevice. */
typedef struct _DXGKRNL_INTERFACE {
    ULONG Size; /* Bytes of this structure. */
    ULONG Version;
    HANDLE DeviceHandle;
    DXGKCB_GET_DEVICE_INFORMATION DxgkCbGetDeviceInformation;
    DXGKCB_MAP_MEMORY DxgkCbMapMemory;
    DXGKCB_UNMAP_MEMORY DxgkCbUnmapMemory;
    DXGKCB_QUEUE_DPC DxgkCbQueueDpc;
    DXGKCB_NOTIFY_INTERRUPT DxgkCbNotifyInterrupt;
    DXGKCB_NOTIFY_DPC DxgkCbNotifyDpc;
    DXGKCB_SYNCHRONIZE_EXECUTION DxgkCbSynchronizeExecution;
    DXGKCB_GETHANDLEDATA DxgkCbGetHandleData;
    DXGKCB_ENUMHANDLECHILDREN DxgkCbEnumHandleChildren;
    DXGKCB_DISCONNECTDOORBELL DxgkCbDisconnectDoorbell;
    DXGKCB_ISFEATUREENABLED DxgkCbIsFeatureEnabled;
    DXGKCB_INVALIDATEHWCONTEXT DxgkCbInvalidateHwContext;
} DXGKRNL_INTERFACE, *PDXGKRNL_INTERFACE;

/* ---- Entry points: the driver's side ------------------------------------------------------ */

/* PASSIVE_LEVEL unless stated. */
typedef NTSTATUS DXGKDDI_ADD_DEVICE(PDEVICE_OBJECT PhysicalDeviceObject,
                                    PVOID *MiniportDeviceContext);
typedef NTSTATUS DXGKDDI_START_DEVICE(PVOID MiniportDeviceContext,
                                      DXGK_START_INFO *DxgkStartInfo,
                                      DXGKRNL_INTERFACE *DxgkInterface,
                                      ULONG *NumberOfVideoPresentSources,
                                      ULONG *NumberOfChildren);
typedef NTSTATUS DXGKDDI_STOP_DEVICE(PVOID MiniportDeviceContext);
typedef NTSTATUS DXGKDDI_REMOVE_DEVICE(PVOID MiniportDeviceContext);
typedef VOID DXGKDDI_RESET_DEVICE(PVOID MiniportDeviceContext); /* Any IRQL. */
typedef VOID DXGKDDI_UNLOAD(VOID);
typedef BOOLEAN DXGKDDI_INTERRUPT_ROUTINE(PVOID MiniportDeviceContext,
                                          ULONG MessageNumber);  /* DIRQL. */
typedef VOID DXGKDDI_DPC_ROUTINE(PVOID MiniportDeviceContext); /* DISPATCH_LEVEL. */
typedef NTSTATUS DXGKDDI_QUERYADAPTERINFO(HANDLE hAdapter, const DXGKARG_QUERYADAPTERINFO *pArgs);
typedef NTSTATUS DXGKDDI_GETNODEMETADATA(HANDLE hAdapter, UINT NodeOrdinalAndAdapterIndex,
                                         DXGKARG_GETNODEMETADATA *pArgs);
typedef NTSTATUS DXGKDDI_CREATEPROCESS(HANDLE hAdapter, DXGKARG_CREATEPROCESS *pArgs);
typedef NTSTATUS DXGKDDI_DESTROYPROCESS(HANDLE hAdapter, HANDLE hKmdProcess);
typedef NTSTATUS DXGKDDI_CREATEDEVICE(HANDLE hAdapter, DXGKARG_CREATEDEVICE *pArgs);
typedef NTSTATUS DXGKDDI_DESTROYDEVICE(HANDLE hDevice);
typedef NTSTATUS DXGKDDI_CREATEALLOCATION(HANDLE hAdapter, DXGKARG_CREATEALLOCATION *pArgs);
typedef NTSTATUS DXGKDDI_DESTROYALLOCATION(HANDLE hAdapter,
                                           const DXGKARG_DESTROYALLOCATION *pArgs);
typedef NTSTATUS DXGKDDI_DESCRIBEALLOCATION(HANDLE hAdapter, DXGKARG_DESCRIBEALLOCATION *pArgs);
typedef NTSTATUS DXGKDDI_OPENALLOCATIONINFO(HANDLE hDevice, const DXGKARG_OPENALLOCATION *pArgs);
typedef NTSTATUS DXGKDDI_CLOSEALLOCATION(HANDLE hDevice, const DXGKARG_CLOSEALLOCATION *pArgs);
typedef NTSTATUS DXGKDDI_BUILDPAGINGBUFFER(HANDLE hAdapter, DXGKARG_BUILDPAGINGBUFFER *pArgs);
typedef NTSTATUS DXGKDDI_CREATEHWCONTEXT(HANDLE hDevice, DXGKARG_CREATEHWCONTEXT *pArgs);
typedef NTSTATUS DXGKDDI_DESTROYHWCONTEXT(HANDLE hHwContext);
typedef NTSTATUS DXGKDDI_CREATEHWQUEUE(HANDLE hHwContext, DXGKARG_CREATEHWQUEUE *pArgs);
typedef NTSTATUS DXGKDDI_DESTROYHWQUEUE(HANDLE hHwQueue);
/* PASSIVE_LEVEL or DISPATCH_LEVEL. */
typedef NTSTATUS DXGKDDI_SUBMITCOMMANDTOHWQUEUE(HANDLE hAdapter,
                                                const DXGKARG_SUBMITCOMMANDTOHWQUEUE *pArgs);
typedef NTSTATUS DXGKDDI_SUSPENDCONTEXT(HANDLE hAdapter, const DXGKARG_SUSPENDCONTEXT *pArgs);
typedef NTSTATUS DXGKDDI_RESUMECONTEXT(HANDLE hAdapter, const DXGKARG_RESUMECONTEXT *pArgs);
typedef NTSTATUS DXGKDDI_CREATEDOORBELL(DXGKARG_CREATEDOORBELL *pArgs);
typedef NTSTATUS DXGKDDI_CONNECTDOORBELL(DXGKARG_CONNECTDOORBELL *pArgs);
typedef NTSTATUS DXGKDDI_DISCONNECTDOORBELL(const DXGKARG_DISCONNECTDOORBELL *pArgs);
typedef NTSTATUS DXGKDDI_DESTROYDOORBELL(const DXGKARG_DESTROYDOORBELL *pArgs);
typedef NTSTATUS DXGKDDI_NOTIFYWORKSUBMISSION(const DXGKARG_NOTIFYWORKSUBMISSION *pArgs);
typedef NTSTATUS DXGKDDI_ESCAPE(HANDLE hAdapter, const DXGKARG_ESCAPE *pArgs);
typedef NTSTATUS DXGKDDI_RESETENGINE(HANDLE hAdapter, DXGKARG_RESETENGINE *pArgs);
typedef NTSTATUS DXGKDDI_QUERYENGINESTATUS(HANDLE hAdapter, DXGKARG_QUERYENGINESTATUS *pArgs);
/* Nothing runs on the engine until ResumeHwEngine. No other thread is in the driver. */
typedef NTSTATUS DXGKDDI_RESETHWENGINE(HANDLE hAdapter, const DXGKARG_RESETHWENGINE *pArgs);
typedef NTSTATUS DXGKDDI_RESUMEHWENGINE(HANDLE hAdapter, const DXGKARG_RESUMEHWENGINE *pArgs);
/* Full reset, when an engine reset or a D0 transition has failed. No other thread is in the driver.
 * ResetFromTimeout: all work and all hardware contexts are lost; the OS resets the function (as by
 * PCI FLR) when it has returned; no register may be touched until RestartFromTimeout. */
typedef NTSTATUS DXGKDDI_RESETFROMTIMEOUT(HANDLE hAdapter);
typedef NTSTATUS DXGKDDI_RESTARTFROMTIMEOUT(HANDLE hAdapter);
/* State of one context: HWCONTEXTLIST_SWITCH_COMPLETED with the fence when it has taken effect, if
 * asked for (HS-UPD-01). */
typedef NTSTATUS DXGKDDI_UPDATEHWCONTEXTSTATE(HANDLE hAdapter,
                                              const DXGKARG_UPDATEHWCONTEXTSTATE *pArgs);
/* From now on only these run on the engine (HS-SWI-01), until the bands are set up again. */
typedef NTSTATUS DXGKDDI_SWITCHTOHWCONTEXTLIST(HANDLE hAdapter,
                                               const DXGKARG_SWITCHTOHWCONTEXTLIST *pArgs);
/* After start, before the first work; again at any time, for the next decision (HS-PRI-01). */
typedef NTSTATUS DXGKDDI_SETUPPRIORITYBANDS(HANDLE hAdapter,
                                            const DXGKARG_SETUPPRIORITYBANDS *pArgs);
/* Before a context's first submission, and at any time (HS-PRI-02). */
typedef NTSTATUS
DXGKDDI_SETCONTEXTSCHEDULINGPROPERTIES(HANDLE hAdapter,
                                       const DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES *pArgs);
/* Synchronous: after it returns the device writes nothing to the log before (HS-LOG-01). */
typedef NTSTATUS DXGKDDI_SETSCHEDULINGLOGBUFFER(HANDLE hAdapter,
                                                const DXGKARG_SETSCHEDULINGLOGBUFFER *pArgs);
/* Native fences (NF-LIF-01): create, open in each process, close, destroy after the last close. */
typedef NTSTATUS DXGKDDI_CREATENATIVEFENCE(HANDLE hAdapter, DXGKARG_CREATENATIVEFENCE *pArgs);
typedef NTSTATUS DXGKDDI_DESTROYNATIVEFENCE(HANDLE hAdapter,
                                            const DXGKARG_DESTROYNATIVEFENCE *pArgs);
typedef NTSTATUS DXGKDDI_OPENNATIVEFENCE(HANDLE hAdapter, DXGKARG_OPENNATIVEFENCE *pArgs);
typedef NTSTATUS DXGKDDI_CLOSENATIVEFENCE(HANDLE hAdapter, const DXGKARG_CLOSENATIVEFENCE *pArgs);
/* DIRQL, not together with the interrupt routine: store, barrier, read the current value, report if
 * it is greater (NF-SYN-01). */
typedef NTSTATUS DXGKDDI_UPDATEMONITOREDVALUES(HANDLE hAdapter,
                                               const DXGKARG_UPDATEMONITOREDVALUES *pArgs);
/* Raise, and let waits of the GPU look again. CPU waiters are the OS's. */
typedef NTSTATUS
DXGKDDI_UPDATECURRENTVALUESFROMCPU(HANDLE hAdapter,
                                   const DXGKARG_UPDATECURRENTVALUESFROMCPU *pArgs);
/* DISPATCH_LEVEL. Set: twice for a user-mode queue, before its first work; the buffers stay until it is
 * destroyed. Update: what was executed so far is in the buffers on return (NF-LOG-01). */
typedef NTSTATUS DXGKDDI_SETNATIVEFENCELOGBUFFER(HANDLE hAdapter,
                                                 const DXGKARG_SETNATIVEFENCELOGBUFFER *pArgs);
typedef NTSTATUS DXGKDDI_UPDATENATIVEFENCELOGS(HANDLE hAdapter,
                                               const DXGKARG_UPDATENATIVEFENCELOGS *pArgs);
/* D3: every context is suspended and acknowledged, every doorbell disconnected; the device loses
 * all state after the call returns. No other thread is in the driver. */
typedef NTSTATUS DXGKDDI_SETPOWERSTATE(PVOID MiniportDeviceContext, ULONG DeviceUid,
                                       DEVICE_POWER_STATE DevicePowerState,
                                       POWER_ACTION ActionType);
/* Component: engine 0 of node ComponentIndex; F0 runs, F1 is gated. Level <= DISPATCH_LEVEL at
 * Microsoft's, PASSIVE_LEVEL here. */
typedef NTSTATUS DXGKDDI_SETPOWERCOMPONENTFSTATE(HANDLE DriverContext, UINT ComponentIndex,
                                                 UINT FState);

#define DISPLAY_ADAPTER_HW_ID 0xFFFFFFFFu /* DeviceUid of the adapter itself. */

#define DXGKDDI_INTERFACE_VERSION_WDDM3_2 0x11007u
#define DXGKDDI_INTERFACE_VERSION DXGKDDI_INTERFACE_VERSION_WDDM3_2

/* A NULL member means: the driver does not have this entry point. */
typedef struct _DRIVER_INITIALIZATION_DATA {
    ULONG Version; /* DXGKDDI_INTERFACE_VERSION. */
    DXGKDDI_ADD_DEVICE *DxgkDdiAddDevice;
    DXGKDDI_START_DEVICE *DxgkDdiStartDevice;
    DXGKDDI_STOP_DEVICE *DxgkDdiStopDevice;
    DXGKDDI_REMOVE_DEVICE *DxgkDdiRemoveDevice;
    DXGKDDI_RESET_DEVICE *DxgkDdiResetDevice;
    DXGKDDI_UNLOAD *DxgkDdiUnload;
    DXGKDDI_INTERRUPT_ROUTINE *DxgkDdiInterruptRoutine;
    DXGKDDI_DPC_ROUTINE *DxgkDdiDpcRoutine;
    DXGKDDI_QUERYADAPTERINFO *DxgkDdiQueryAdapterInfo;
    DXGKDDI_GETNODEMETADATA *DxgkDdiGetNodeMetadata;
    DXGKDDI_CREATEPROCESS *DxgkDdiCreateProcess;
    DXGKDDI_DESTROYPROCESS *DxgkDdiDestroyProcess;
    DXGKDDI_CREATEDEVICE *DxgkDdiCreateDevice;
    DXGKDDI_DESTROYDEVICE *DxgkDdiDestroyDevice;
    DXGKDDI_CREATEALLOCATION *DxgkDdiCreateAllocation;
    DXGKDDI_DESTROYALLOCATION *DxgkDdiDestroyAllocation;
    DXGKDDI_DESCRIBEALLOCATION *DxgkDdiDescribeAllocation;
    DXGKDDI_OPENALLOCATIONINFO *DxgkDdiOpenAllocation;
    DXGKDDI_CLOSEALLOCATION *DxgkDdiCloseAllocation;
    DXGKDDI_BUILDPAGINGBUFFER *DxgkDdiBuildPagingBuffer;
    DXGKDDI_CREATEHWCONTEXT *DxgkDdiCreateHwContext;
    DXGKDDI_DESTROYHWCONTEXT *DxgkDdiDestroyHwContext;
    DXGKDDI_CREATEHWQUEUE *DxgkDdiCreateHwQueue;
    DXGKDDI_DESTROYHWQUEUE *DxgkDdiDestroyHwQueue;
    DXGKDDI_SUBMITCOMMANDTOHWQUEUE *DxgkDdiSubmitCommandToHwQueue;
    DXGKDDI_SUSPENDCONTEXT *DxgkDdiSuspendContext;
    DXGKDDI_RESUMECONTEXT *DxgkDdiResumeContext;
    DXGKDDI_CREATEDOORBELL *DxgkDdiCreateDoorbell;
    DXGKDDI_CONNECTDOORBELL *DxgkDdiConnectDoorbell;
    DXGKDDI_DISCONNECTDOORBELL *DxgkDdiDisconnectDoorbell;
    DXGKDDI_DESTROYDOORBELL *DxgkDdiDestroyDoorbell;
    DXGKDDI_NOTIFYWORKSUBMISSION *DxgkDdiNotifyWorkSubmission;
    DXGKDDI_RESETENGINE *DxgkDdiResetEngine;
    DXGKDDI_QUERYENGINESTATUS *DxgkDdiQueryEngineStatus;
    DXGKDDI_RESETHWENGINE *DxgkDdiResetHwEngine;
    DXGKDDI_RESUMEHWENGINE *DxgkDdiResumeHwEngine;
    DXGKDDI_SETPOWERSTATE *DxgkDdiSetPowerState;
    DXGKDDI_SETPOWERCOMPONENTFSTATE *DxgkDdiSetPowerComponentFState;
    DXGKDDI_ESCAPE *DxgkDdiEscape;
    DXGKDDI_RESETFROMTIMEOUT *DxgkDdiResetFromTimeout;
    DXGKDDI_RESTARTFROMTIMEOUT *DxgkDdiRestartFromTimeout;
    DXGKDDI_UPDATEHWCONTEXTSTATE *DxgkDdiUpdateHwContextState;
    DXGKDDI_SWITCHTOHWCONTEXTLIST *DxgkDdiSwitchToHwContextList;
    DXGKDDI_SETUPPRIORITYBANDS *DxgkDdiSetupPriorityBands;
    DXGKDDI_SETCONTEXTSCHEDULINGPROPERTIES *DxgkDdiSetContextSchedulingProperties;
    DXGKDDI_SETSCHEDULINGLOGBUFFER *DxgkDdiSetSchedulingLogBuffer;
    DXGKDDI_CREATENATIVEFENCE *DxgkDdiCreateNativeFence;
    DXGKDDI_DESTROYNATIVEFENCE *DxgkDdiDestroyNativeFence;
    DXGKDDI_OPENNATIVEFENCE *DxgkDdiOpenNativeFence;
    DXGKDDI_CLOSENATIVEFENCE *DxgkDdiCloseNativeFence;
    DXGKDDI_UPDATEMONITOREDVALUES *DxgkDdiUpdateMonitoredValues;
    DXGKDDI_UPDATECURRENTVALUESFROMCPU *DxgkDdiUpdateCurrentValuesFromCpu;
    DXGKDDI_SETNATIVEFENCELOGBUFFER *DxgkDdiSetNativeFenceLogBuffer;
    DXGKDDI_UPDATENATIVEFENCELOGS *DxgkDdiUpdateNativeFenceLogs;
} DRIVER_INITIALIZATION_DATA, *PDRIVER_INITIALIZATION_DATA;

/* PASSIVE_LEVEL, once, from DriverEntry. The OS copies the table. */
NTSTATUS DxgkInitialize(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath,
                        DRIVER_INITIALIZATION_DATA *DriverInitializationData);

/* The one symbol that a driver exports. */
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);

#ifdef __cplusplus
}
#endif

#endif /* D3DKMDDI_H */
