/* SPDX-License-Identifier: MIT */
/* Kernel services of the fake: pool, locks, IRQL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bell.h"

struct block {
    UINT64 tag;
    UINT64 bytes;
};

KIRQL KeGetCurrentIrql(VOID)
{
    return fake.irql;
}

PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag)
{
    struct block *block;

    assert_true(fake.irql <= DISPATCH_LEVEL);
    assert_true((flags & POOL_FLAG_NON_PAGED) != 0 && bytes != 0);
    if (fake.fail_alloc == 0) {
        fake.fail_alloc = -1;
        return NULL;
    }
    if (fake.fail_alloc > 0)
        fake.fail_alloc--;
    block = calloc(1, sizeof(*block) + bytes);
    assert_non_null(block);
    block->tag = tag;
    block->bytes = bytes;
    fake.live_pool++;
    return block + 1;
}

VOID ExFreePoolWithTag(PVOID p, ULONG tag)
{
    struct block *block = (struct block *)p - 1;

    assert_true(fake.irql <= DISPATCH_LEVEL);
    assert_non_null(p);
    assert_int_equal(block->tag, tag);
    memset(block, 0xDD, sizeof(*block) + block->bytes);
    free(block);
    fake.live_pool--;
}

PVOID MmAllocateContiguousMemory(SIZE_T bytes, PHYSICAL_ADDRESS highest)
{
    assert_int_equal(fake.irql, PASSIVE_LEVEL);
    assert_true(highest.QuadPart > 0);
    if (fake.fail_contiguous)
        return NULL;
    fake.live_contiguous++;
    return aligned_alloc(PAGE_SIZE, bytes);
}

VOID MmFreeContiguousMemory(PVOID base)
{
    assert_int_equal(fake.irql, PASSIVE_LEVEL);
    fake.live_contiguous--;
    free(base);
}

PHYSICAL_ADDRESS MmGetPhysicalAddress(PVOID base)
{
    PHYSICAL_ADDRESS address;

    address.QuadPart = (LONGLONG)((UINT64)(UINT_PTR)base & 0xFFFFFFFFFFFFull);
    return address;
}

/* Physical addresses of the fake are kernel addresses without their upper half. */
PVOID MmMapIoSpaceEx(PHYSICAL_ADDRESS physical, SIZE_T bytes, ULONG protect)
{
    assert_int_equal(fake.irql, PASSIVE_LEVEL);
    assert_int_equal(protect, PAGE_READWRITE);
    assert_true(bytes == PAGE_SIZE && physical.QuadPart % PAGE_SIZE == 0);
    if (fake.fail_contiguous)
        return NULL;
    fake.live_contiguous++;
    return (PVOID)(UINT_PTR)physical.QuadPart;
}

VOID MmUnmapIoSpace(PVOID base, SIZE_T bytes)
{
    assert_int_equal(fake.irql, PASSIVE_LEVEL);
    assert_non_null(base);
    assert_int_equal(bytes, PAGE_SIZE);
    fake.live_contiguous--;
}

VOID KeInitializeMutex(PRKMUTEX mutex, ULONG level)
{
    UNREFERENCED_PARAMETER(level);
    memset(mutex, 0, sizeof(*mutex));
}

NTSTATUS KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                               BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    KMUTEX *mutex = object;

    UNREFERENCED_PARAMETER(reason);
    UNREFERENCED_PARAMETER(mode);
    assert_int_equal(fake.irql, PASSIVE_LEVEL);
    assert_false(alertable);
    assert_null(timeout);
    assert_int_equal(mutex->Opaque[0], 0); /* One thread: taking it twice is a deadlock. */
    mutex->Opaque[0] = 1;
    fake.live_locks++;
    return STATUS_SUCCESS;
}

LONG KeReleaseMutex(PRKMUTEX mutex, BOOLEAN wait)
{
    assert_false(wait);
    assert_int_equal(fake.irql, PASSIVE_LEVEL);
    assert_int_equal(mutex->Opaque[0], 1);
    mutex->Opaque[0] = 0;
    fake.live_locks--;
    if (fake.on_unlock != NULL && fake.live_locks == 0)
        fake.on_unlock();
    return 0;
}

VOID KeInitializeSpinLock(PKSPIN_LOCK lock)
{
    memset(lock, 0, sizeof(*lock));
}

VOID KeAcquireSpinLock(PKSPIN_LOCK lock, PKIRQL old)
{
    assert_true(fake.irql <= DISPATCH_LEVEL);
    assert_int_equal(lock->Opaque[0], 0);
    lock->Opaque[0] = 1;
    *old = fake.irql;
    fake.irql = DISPATCH_LEVEL;
    fake.live_locks++;
}

VOID KeReleaseSpinLock(PKSPIN_LOCK lock, KIRQL irql)
{
    assert_int_equal(fake.irql, DISPATCH_LEVEL);
    assert_int_equal(lock->Opaque[0], 1);
    lock->Opaque[0] = 0;
    fake.irql = irql;
    fake.live_locks--;
}

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    KIRQL old;

    assert_int_equal(fake.irql, DISPATCH_LEVEL);
    KeAcquireSpinLock(lock, &old);
}

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK lock)
{
    KeReleaseSpinLock(lock, DISPATCH_LEVEL);
}

VOID KeMemoryBarrier(VOID)
{
    if (fake.on_barrier != NULL)
        fake.on_barrier();
}

VOID KeStallExecutionProcessor(ULONG us)
{
    assert_true(us <= 50);
}

VOID bell_os_yield(VOID)
{
    fake.yields++;
    if (fake.on_yield != NULL)
        fake.on_yield();
}

VOID bell_os_point(const char *name)
{
    assert_non_null(name);
}

/* One key, "key", with one value. */
NTSTATUS RtlQueryRegistryValues(ULONG relative_to, const WCHAR *path,
                                PRTL_QUERY_REGISTRY_TABLE table, PVOID context, PVOID environment)
{
    static const WCHAR key[] = {'k', 'e', 'y', 0};

    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(environment);
    assert_int_equal(fake.irql, PASSIVE_LEVEL);
    assert_int_equal(relative_to, RTL_REGISTRY_ABSOLUTE);
    assert_memory_equal(path, key, sizeof(key));
    for (; table->Name != NULL; table++) {
        assert_int_equal(table->Flags, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK);
        assert_int_equal(table->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT, REG_DWORD);
        if (table->Name[0] == 'D')
            *(UINT32 *)table->EntryContext = fake.layout_setting;
        else if (table->Name[0] == 'R')
            *(UINT32 *)table->EntryContext = fake.report_setting;
        else
            fail_msg("a registry value that the driver has no business with");
    }
    return STATUS_SUCCESS;
}
