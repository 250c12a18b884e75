/* SPDX-License-Identifier: MIT */
/*
 * The WDK names that the driver uses, one to one, so that it builds without the WDK.
 *
 * Types and constants have the widths of 64-bit Windows on LP64 Linux as well. Functions are
 * declared only: on the simulated machine the OS model exports them, unit tests bring fakes.
 * A build against the real WDK drops this file and includes <ntddk.h> in its place.
 */
#ifndef BELL_WDK_H
#define BELL_WDK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------- */
/* Basic types. */

typedef void VOID;
typedef void *PVOID;
typedef void *HANDLE;
typedef char CHAR;
typedef uint8_t UCHAR;
typedef UCHAR *PUCHAR;
typedef UCHAR BOOLEAN;
typedef BOOLEAN *PBOOLEAN;
typedef int32_t BOOL;
typedef int16_t SHORT;
typedef uint16_t USHORT;
typedef uint16_t WCHAR; /* UTF-16 code unit; not the host's wchar_t. */
typedef int32_t INT;
typedef uint32_t UINT;
typedef int32_t LONG;
typedef uint32_t ULONG;
typedef ULONG *PULONG;
typedef uint8_t UINT8;
typedef uint16_t UINT16;
typedef uint32_t UINT32;
typedef int32_t INT32;
typedef uint64_t UINT64;
typedef int64_t INT64;
typedef int64_t LONGLONG;
typedef uint64_t ULONGLONG;
typedef uint64_t ULONG64;
typedef uintptr_t UINT_PTR;
typedef uintptr_t ULONG_PTR;
typedef size_t SIZE_T;
typedef int32_t NTSTATUS;
typedef UCHAR KIRQL;
typedef KIRQL *PKIRQL;

typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER, PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct _UNICODE_STRING {
    USHORT Length;        /* Bytes in use. */
    USHORT MaximumLength; /* Bytes there are. */
    WCHAR *Buffer;
} UNICODE_STRING, *PUNICODE_STRING;

typedef struct _DRIVER_OBJECT DRIVER_OBJECT, *PDRIVER_OBJECT; /* Opaque. */
typedef struct _DEVICE_OBJECT DEVICE_OBJECT, *PDEVICE_OBJECT; /* Opaque. */

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

#define PAGE_SIZE 0x1000u
#define PAGE_SHIFT 12u

#define NTAPI
#define APIENTRY

#define _In_
#define _In_opt_
#define _Out_
#define _Out_opt_
#define _Inout_
#define _Inout_opt_
#define _Use_decl_annotations_
#define _IRQL_requires_(irql)
#define _IRQL_requires_max_(irql)
#define _IRQL_requires_same_
#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif

#define UNREFERENCED_PARAMETER(p) ((void)(p))

/* ------------------------------------------------------------------------------------------- */
typedef enum _DEVICE_POWER_STATE {
    PowerDeviceUnspecified = 0,
    PowerDeviceD0 = 1,
    PowerDeviceD1 = 2,
    PowerDeviceD2 = 3,
    PowerDeviceD3 = 4
} DEVICE_POWER_STATE;

typedef enum _POWER_ACTION { PowerActionNone = 0, PowerActionReserved = 1,
                             PowerActionSleep = 2 } POWER_ACTION;

/* Status codes. Negative = failure; STATUS_PENDING and STATUS_TIMEOUT count as success. */

#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)

#define STATUS_SUCCESS ((NTSTATUS)0x00000000)
#define STATUS_TIMEOUT ((NTSTATUS)0x00000102)
#define STATUS_PENDING ((NTSTATUS)0x00000103)
#define STATUS_DEVICE_BUSY ((NTSTATUS)0x80000011)
#define STATUS_UNSUCCESSFUL ((NTSTATUS)0xC0000001)
#define STATUS_INVALID_HANDLE ((NTSTATUS)0xC0000008)
#define STATUS_INVALID_PARAMETER ((NTSTATUS)0xC000000D)
#define STATUS_NO_MEMORY ((NTSTATUS)0xC0000017)
#define STATUS_ACCESS_DENIED ((NTSTATUS)0xC0000022)
#define STATUS_BUFFER_TOO_SMALL ((NTSTATUS)0xC0000023)
#define STATUS_OBJECT_NAME_NOT_FOUND ((NTSTATUS)0xC0000034)
#define STATUS_PRIVILEGE_NOT_HELD ((NTSTATUS)0xC0000061)
#define STATUS_INSUFFICIENT_RESOURCES ((NTSTATUS)0xC000009A)
#define STATUS_DEVICE_NOT_READY ((NTSTATUS)0xC00000A3)
#define STATUS_IO_TIMEOUT ((NTSTATUS)0xC00000B5)
#define STATUS_NOT_SUPPORTED ((NTSTATUS)0xC00000BB)
#define STATUS_INVALID_DEVICE_STATE ((NTSTATUS)0xC0000184)
#define STATUS_CANCELLED ((NTSTATUS)0xC0000120)
#define STATUS_DEVICE_REMOVED ((NTSTATUS)0xC00002B6)
#define STATUS_GRAPHICS_DRIVER_MISMATCH ((NTSTATUS)0xC01E0009) /* an error code. */
#define STATUS_GRAPHICS_NO_VIDEO_MEMORY ((NTSTATUS)0xC01E0100)
#define STATUS_GRAPHICS_ALLOCATION_BUSY ((NTSTATUS)0xC01E0102)

/* ------------------------------------------------------------------------------------------- */
/* Interrupt request levels. A device interrupt runs at DIRQL, which is any level above
 * DISPATCH_LEVEL; the machine's is BELL_DIRQL. */

#define PASSIVE_LEVEL ((KIRQL)0)
#define APC_LEVEL ((KIRQL)1)
#define DISPATCH_LEVEL ((KIRQL)2)
#define BELL_DIRQL ((KIRQL)5)
#define HIGH_LEVEL ((KIRQL)15)

KIRQL KeGetCurrentIrql(VOID);

/* ------------------------------------------------------------------------------------------- */
/* Pool. Both functions: IRQL <= DISPATCH_LEVEL (paged pool: PASSIVE_LEVEL or APC_LEVEL). */

typedef ULONG64 POOL_FLAGS;
#define POOL_FLAG_UNINITIALIZED 0x0000000000000002ULL
#define POOL_FLAG_NON_PAGED 0x0000000000000040ULL
#define POOL_FLAG_PAGED 0x0000000000000100ULL

/* Zeroed memory unless POOL_FLAG_UNINITIALIZED; NULL when there is none. Owner: the caller. */
PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag);

/* `P` must come from ExAllocatePool2 with the same tag. NULL is an error. */
VOID ExFreePoolWithTag(PVOID P, ULONG Tag);

/* Physically contiguous, page-aligned, non-paged, zeroed on this machine. Bytes.
 * PASSIVE_LEVEL in practice (free: PASSIVE_LEVEL). NULL when there is none. */
PVOID MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS HighestAcceptableAddress);
VOID MmFreeContiguousMemory(PVOID BaseAddress);

/* Kernel address of physical memory, page by page; here of memory that somebody else owns.
 * PASSIVE_LEVEL. NULL when there is none. Protect: PAGE_READWRITE. */
#define PAGE_READWRITE 0x04u
PVOID MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect);
VOID MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes);

/* Address that the device uses for kernel memory, under PASID 0. Any IRQL. */
PHYSICAL_ADDRESS MmGetPhysicalAddress(PVOID BaseAddress);

typedef enum _MEMORY_CACHING_TYPE {
    MmNonCached = 0,
    MmCached = 1,
    MmWriteCombined = 2
} MEMORY_CACHING_TYPE;

/* ------------------------------------------------------------------------------------------- */
/* Registry. PASSIVE_LEVEL. */

#define RTL_REGISTRY_ABSOLUTE 0u
#define RTL_QUERY_REGISTRY_DIRECT 0x00000020u    /* Store the value at EntryContext. */
#define RTL_QUERY_REGISTRY_TYPECHECK 0x00000100u /* Only if its type is DefaultType >> 24. */
#define RTL_QUERY_REGISTRY_TYPECHECK_SHIFT 24
#define REG_NONE 0u
#define REG_DWORD 4u

typedef NTSTATUS (*PRTL_QUERY_REGISTRY_ROUTINE)(WCHAR *ValueName, ULONG ValueType, PVOID ValueData,
                                                ULONG ValueLength, PVOID Context,
                                                PVOID EntryContext);

/* A table ends with an entry of zeros. */
typedef struct _RTL_QUERY_REGISTRY_TABLE {
    PRTL_QUERY_REGISTRY_ROUTINE QueryRoutine; /* NULL with DIRECT. */
    ULONG Flags;
    WCHAR *Name;
    PVOID EntryContext;
    ULONG DefaultType;
    PVOID DefaultData;
    ULONG DefaultLength;
} RTL_QUERY_REGISTRY_TABLE, *PRTL_QUERY_REGISTRY_TABLE;

/* A value that is missing leaves its EntryContext as it was. `Path` ends with 0. */
NTSTATUS RtlQueryRegistryValues(ULONG RelativeTo, const WCHAR *Path,
                                PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context,
                                PVOID Environment);

/* ------------------------------------------------------------------------------------------- */
/* Locks. The objects are opaque; the OS model interprets the bytes. Embed, initialise, use. */

typedef struct _KMUTEX {
    UINT64 Opaque[8];
} KMUTEX, *PKMUTEX, *PRKMUTEX;

typedef struct _KSPIN_LOCK_OBJECT {
    UINT64 Opaque[8];
} KSPIN_LOCK, *PKSPIN_LOCK;

typedef enum _KWAIT_REASON { Executive = 0 } KWAIT_REASON;
typedef CHAR KPROCESSOR_MODE;
enum { KernelMode = 0, UserMode = 1 };

/* PASSIVE_LEVEL, and stays there while the mutex is held. Recursive for its owner. */
VOID KeInitializeMutex(PRKMUTEX Mutex, ULONG Level);

/* `Object` is a KMUTEX. Timeout NULL = wait without limit. STATUS_SUCCESS or STATUS_TIMEOUT. */
NTSTATUS KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                               BOOLEAN Alertable, PLARGE_INTEGER Timeout);

/* Only by the thread that holds it. Wait must be FALSE. */
LONG KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait);

/* Spin locks: acquire at IRQL <= DISPATCH_LEVEL, held at DISPATCH_LEVEL; not recursive. */
VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock);
VOID KeAcquireSpinLock(PKSPIN_LOCK SpinLock, PKIRQL OldIrql);
VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql);
VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock);
VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock);

/* ------------------------------------------------------------------------------------------- */
/* Registers and memory order. Any IRQL. */

/* A read completes after all earlier writes of this processor have reached the device. */
ULONG64 READ_REGISTER_ULONG64(volatile ULONG64 *Register);

/* Posted: returns before the device has seen the value. Order among writes is kept. */
VOID WRITE_REGISTER_ULONG64(volatile ULONG64 *Register, ULONG64 Value);

/* Full barrier between the memory accesses before and after it. */
VOID KeMemoryBarrier(VOID);

/* Busy wait. Microseconds. */
VOID KeStallExecutionProcessor(ULONG MicroSeconds);

/* ------------------------------------------------------------------------------------------- */
/* YieldProcessor: one turn of a polling loop. On the simulated machine it is a scheduling point
 * at which time passes.
 * BELL_POINT: named delay point (design page, "Exploration"); nothing on Windows. */

#ifdef _WIN32
#define YieldProcessor() __builtin_ia32_pause()
#define BELL_POINT(name) ((void)(name))
#else
VOID bell_os_yield(VOID);
VOID bell_os_point(const char *name);
#define YieldProcessor() bell_os_yield()
#define BELL_POINT(name) bell_os_point(name)
#endif

#ifdef __cplusplus
}
#endif

#endif /* BELL_WDK_H */
