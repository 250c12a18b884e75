/* SPDX-License-Identifier: MIT */
/*
 * Hostile user code: an input is a program of D3DKMT calls with forged handles, structures and private
 * data, and of stores to rings, control areas and doorbells. A neighbour process submits beside it.
 * Whatever the input does, the neighbour's work completes, nothing leaks, the ledger balances, and
 * the run does not fail.
 *
 * LLVMFuzzerTestOneInput: `make fuzz` links it with libFuzzer; `make test` with standalone.c.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "belfry/belfry.h"
#include "belfry/observe.h"
#include "bell_formats.h"
#include "bell_umd_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    HANDLES = 32,
    POINTERS = 8,
    CALLS_MAX = 200,
    NEIGHBOUR_BUFFERS = 6,
    BLOB_MAX = 96,
    RECORD = 16, /* Bytes of input a call: which one, then its arguments, read round and round. */
};

enum kind { ADAPTER, DEVICE, PAGING, ALLOCATION, CONTEXT, QUEUE, DOORBELL, KINDS };

static struct {
    const uint8_t *record; /* RECORD bytes. */
    size_t at;
    D3DKMT_HANDLE handle[HANDLES];
    D3DKMT_HANDLE latest[KINDS];
    unsigned handles;
    volatile uint64_t *pointer[POINTERS];
    unsigned pointers;
    uint64_t gpu;
} in;

static uint8_t take8(void)
{
    return in.record[in.at++ % RECORD];
}

static uint32_t take32(void)
{
    uint32_t value = take8();

    value = value << 8 | take8();
    value = value << 8 | take8();
    return value << 8 | take8();
}

static uint64_t take64(void)
{
    uint64_t high = take32();

    return high << 32 | take32();
}

/* Mostly the latest handle of the kind, sometimes one of any kind, now and then anything. */
static D3DKMT_HANDLE take_handle(enum kind kind)
{
    uint8_t pick = take8();

    if (pick < 192)
        return in.latest[kind];
    if (pick > 250 || in.handles == 0)
        return take32();
    return in.handle[pick % (in.handles < HANDLES ? in.handles : HANDLES)];
}

static void keep(NTSTATUS status, enum kind kind, const D3DKMT_HANDLE *handle)
{
    if (!NT_SUCCESS(status) || *handle == 0)
        return;
    in.latest[kind] = *handle;
    in.handle[in.handles++ % HANDLES] = *handle;
    if (in.handles == 2 * HANDLES)
        in.handles = HANDLES;
}

static void keep_pointer(NTSTATUS status, volatile void *pointer)
{
    if (NT_SUCCESS(status) && pointer != NULL && in.pointers < POINTERS)
        in.pointer[in.pointers++] = pointer;
}

static void *take_blob(void *buffer, UINT *size)
{
    uint8_t wanted = take8();
    unsigned i;

    *size = wanted % (BLOB_MAX + 1);
    for (i = 0; i < *size; i++)
        ((uint8_t *)buffer)[i] = take8();
    return wanted == 254 ? (void *)(uintptr_t)take32() : buffer;
}

static void call_open(void)
{
    D3DKMT_OPENADAPTERFROMLUID open = {.AdapterLuid = {take8() > 250, 0}};

    keep(D3DKMTOpenAdapterFromLuid(&open), ADAPTER, &open.hAdapter);
}

static void call_device(void)
{
    D3DKMT_CREATEDEVICE create = {.hAdapter = take_handle(ADAPTER)};

    keep(D3DKMTCreateDevice(&create), DEVICE, &create.hDevice);
}

static void call_paging_queue(void)
{
    D3DKMT_CREATEPAGINGQUEUE create = {.hDevice = take_handle(DEVICE)};

    keep(D3DKMTCreatePagingQueue(&create), PAGING, &create.hPagingQueue);
}

static void fill_good_blob(BELL_ALLOCATION_PRIVATE *blob)
{
    *blob = (BELL_ALLOCATION_PRIVATE){
        .magic = BELL_ALLOCATION_MAGIC,
        .version = BELL_INTERFACE_VERSION,
        .size = 4096u * (1 + take8() % 4),
        .flags = BELL_ALLOCATION_CPU_VISIBLE | BELL_ALLOCATION_CACHED,
    };
}

static void call_allocate(void)
{
    uint8_t blob[BLOB_MAX], request[BLOB_MAX];
    D3DDDI_ALLOCATIONINFO2 info = {0};
    D3DKMT_CREATEALLOCATION create = {.hDevice = take_handle(DEVICE), .pAllocationInfo2 = &info};
    uint8_t style = take8();

    create.NumAllocations = style > 240 ? take32() : 1;
    create.Flags.Value = style == 240 ? take32() : 0;
    if (style % 8 == 0) {
        info.pPrivateDriverData = take_blob(blob, &info.PrivateDriverDataSize);
        create.pPrivateDriverData = take_blob(request, &create.PrivateDriverDataSize);
    } else {
        fill_good_blob((BELL_ALLOCATION_PRIVATE *)blob);
        info.pPrivateDriverData = blob;
        info.PrivateDriverDataSize = sizeof(BELL_ALLOCATION_PRIVATE);
        if (style % 8 == 1) /* One byte of a good blob is wrong. */
            blob[take8() % sizeof(BELL_ALLOCATION_PRIVATE)] ^= take8();
    }
    if (create.NumAllocations > 1 && create.NumAllocations < 100000)
        create.NumAllocations = 100000; /* The array has one element: the rest is not ours. */
    keep(D3DKMTCreateAllocation2(&create), ALLOCATION, &info.hAllocation);
}

static void call_map(void)
{
    D3DDDI_MAPGPUVIRTUALADDRESS map = {
        .hPagingQueue = take_handle(PAGING),
        .hAllocation = take_handle(ALLOCATION),
        .SizeInPages = take8() / 64,
        .Protection.Write = 1,
    };
    uint8_t style = take8();

    if (style == 100)
        map.BaseAddress = take64();
    if (style > 250)
        map.SizeInPages = take64();
    if (NT_SUCCESS(D3DKMTMapGpuVirtualAddress(&map)))
        in.gpu = map.VirtualAddress;
}

static void call_resident(void)
{
    D3DKMT_HANDLE list[2] = {take_handle(ALLOCATION), take_handle(ALLOCATION)};
    D3DDDI_MAKERESIDENT resident = {
        .hPagingQueue = take_handle(PAGING),
        .NumAllocations = 1 + take8() % 2,
        .AllocationList = list,
    };
    D3DKMT_EVICT evict = {.hDevice = take_handle(DEVICE), .NumAllocations = 1, .AllocationList = list};

    if (take8() > 200)
        (void)D3DKMTEvict(&evict);
    else
        (void)D3DKMTMakeResident(&resident);
}

static void call_lock(void)
{
    D3DKMT_LOCK2 lock = {.hDevice = take_handle(DEVICE), .hAllocation = take_handle(ALLOCATION)};
    NTSTATUS status = D3DKMTLock2(&lock);

    keep_pointer(status, lock.pData);
}

static void call_context(void)
{
    D3DKMT_CREATEHWCONTEXT create = {
        .hDevice = take_handle(DEVICE),
        .NodeOrdinal = take8() % 3,
        .EngineAffinity = take8() > 240 ? take8() : 1,
    };

    keep(D3DKMTCreateHwContext(&create), CONTEXT, &create.hHwContext);
}

static void call_queue(void)
{
    D3DKMT_CREATEHWQUEUE create = {.hHwContext = take_handle(CONTEXT)};
    NTSTATUS status;

    create.Flags.UserModeSubmission = take8() % 4 != 0;
    status = D3DKMTCreateHwQueue(&create);
    keep(status, QUEUE, &create.hHwQueue);
}

static void call_doorbell(void)
{
    uint8_t blob[BLOB_MAX];
    D3DKMT_CREATE_DOORBELL create = {
        .hHwQueue = take_handle(QUEUE),
        .hRingBuffer = take_handle(ALLOCATION),
        .hRingBufferControl = take_handle(ALLOCATION),
    };
    NTSTATUS status;

    create.Flags.Value = take8() > 200 ? take32() : 0;
    create.PrivateDriverData = take_blob(blob, &create.PrivateDriverDataSize);
    status = D3DKMTCreateDoorbell(&create);
    keep(status, DOORBELL, &create.hDoorbell);
    keep_pointer(status, create.DoorbellCPUVirtualAddress);
    keep_pointer(status, create.HwQueueProgressFenceLastQueuedValueCPUVirtualAddress);
}

static void call_connect(void)
{
    D3DKMT_CONNECT_DOORBELL connect = {.hDoorbell = take_handle(DOORBELL)};

    connect.Flags.Value = take8() > 200 ? take32() : 0;
    (void)D3DKMTConnectDoorbell(&connect);
}

static void call_notify(void)
{
    D3DKMT_NOTIFY_WORK_SUBMISSION notify = {.hDoorbell = take_handle(DOORBELL)};

    (void)D3DKMTNotifyWorkSubmission(&notify);
}

static void call_submit(void)
{
    uint8_t blob[BLOB_MAX];
    D3DKMT_SUBMITCOMMANDTOHWQUEUE submit = {
        .hHwQueue = take_handle(QUEUE),
        .HwQueueProgressFenceId = take8(),
        .CommandBuffer = take8() % 2 ? in.gpu : take64(),
        .CommandLength = take8() % 2 ? 32 : take32(),
    };

    submit.pPrivateDriverData = take_blob(blob, &submit.PrivateDriverDataSize);
    (void)D3DKMTSubmitCommandToHwQueue(&submit);
}

static void call_destroy(void)
{
    static const enum kind order[] = {DOORBELL, QUEUE, CONTEXT, DEVICE, PAGING, ADAPTER};
    uint8_t which = take8() % 8;
    D3DKMT_HANDLE handle = take_handle(which < 6 ? order[which] : ALLOCATION);
    D3DKMT_DESTROYALLOCATION2 allocation = {
        .hDevice = take_handle(DEVICE),
        .phAllocationList = &handle,
        .AllocationCount = 1,
    };

    switch (which) {
    case 0: (void)D3DKMTDestroyDoorbell(&(D3DKMT_DESTROY_DOORBELL){handle}); break;
    case 1: (void)D3DKMTDestroyHwQueue(&(D3DKMT_DESTROYHWQUEUE){handle}); break;
    case 2: (void)D3DKMTDestroyHwContext(&(D3DKMT_DESTROYHWCONTEXT){handle}); break;
    case 3: (void)D3DKMTDestroyDevice(&(D3DKMT_DESTROYDEVICE){handle}); break;
    case 4: (void)D3DKMTDestroyPagingQueue(&(D3DDDI_DESTROYPAGINGQUEUE){handle}); break;
    case 5: (void)D3DKMTCloseAdapter(&(D3DKMT_CLOSEADAPTER){handle}); break;
    default: (void)D3DKMTDestroyAllocation2(&allocation); break;
    }
}

/* Stores to whatever memory or doorbell the program has: may fault, which ends it. */
static void store(void)
{
    volatile uint64_t *pointer = in.pointers > 0 ? in.pointer[take8() % in.pointers] : NULL;
    uint8_t style = take8();

    if (pointer == NULL)
        return;
    if (style % 4 == 0)
        pointer[take8() % 16] = take64();
    else if (style % 4 == 1) /* An entry or a control word that looks right. */
        pointer[(take8() % 4) * 2] = in.gpu | (uint64_t)(take8() % 4) << BELL_ENTRY_WORD0_TAG_SHIFT;
    else if (style % 4 == 2)
        pointer[1] = 32u * (take8() % 4);
    else
        pointer[0] = take8() % 4;
}

static void bad_pointer(void)
{
    (void)D3DKMTCreateDoorbell((D3DKMT_CREATE_DOORBELL *)(uintptr_t)take64());
    (void)D3DKMTConnectDoorbell(NULL);
}

static const uint8_t *input_data;
static size_t input_size;

static int hostile_main(int argc, char **argv)
{
    static void (*const calls[])(void) = {
        call_open, call_device, call_paging_queue, call_allocate, call_map, call_resident,
        call_lock, call_context, call_queue, call_doorbell, call_connect, call_connect,
        call_notify, call_submit, call_destroy, store, store, bad_pointer, belfry_yield,
    };
    size_t count;

    (void)argc;
    (void)argv;
    for (count = 0; count < CALLS_MAX && (count + 1) * RECORD <= input_size; count++) {
        in.record = input_data + count * RECORD;
        in.at = 0;
        calls[take8() % (sizeof(calls) / sizeof(calls[0]))]();
    }
    return 0;
}

static unsigned neighbour_done;

static int neighbour_main(int argc, char **argv)
{
    struct bell_umd_queue_desc desc = {.ring_entries = 4};
    struct bell_umd_device *device = NULL;
    struct bell_umd_queue *queue = NULL;
    struct bell_umd_memory memory = {0};
    struct bell_umd_commands list;
    UINT64 fence = 0;

    (void)argc;
    (void)argv;
    if (!NT_SUCCESS(bell_umd_open((LUID){0}, &device)) ||
        !NT_SUCCESS(bell_umd_alloc(device, 4096, &memory)) ||
        !NT_SUCCESS(bell_umd_queue_create(device, &desc, &queue)))
        return 1;
    for (neighbour_done = 0; neighbour_done < NEIGHBOUR_BUFFERS; neighbour_done++) {
        (void)bell_umd_commands_begin(&list, &memory, 0, 128);
        bell_umd_cmd_write64(&list, memory.gpu + 2048, neighbour_done);
        if (!NT_SUCCESS(bell_umd_submit(queue, &list, &fence)) ||
            !NT_SUCCESS(bell_umd_wait(queue, fence)) || memory.cpu[256] != neighbour_done)
            return 2;
        belfry_sleep(400);
    }
    bell_umd_queue_destroy(queue);
    bell_umd_free(device, &memory);
    bell_umd_close(device);
    return 0;
}

static void die(const char *what, const char *why)
{
    fprintf(stderr, "fuzz: %s: %s\n", what, why);
    abort();
}

static void check_end(enum belfry_result result, const struct belfry_process *neighbour)
{
    struct belfry_ledger ledger;
    char failure[1024];
    int code = belfry_process_code(neighbour);

    snprintf(failure, sizeof(failure), "%s", belfry_failure());
    if (result != BELFRY_DONE)
        die("the run failed", failure);
    if (code != 0)
        die("the neighbour suffered", code == 1 ? "set-up" : "submission");
    belfry_ledger(&ledger);
    if (!belfry_ledger_balanced(&ledger))
        die("the ledger", "does not balance");
    if (belfry_close() != 0)
        die("something", "leaked");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct belfry_config config = BELFRY_CONFIG_DEFAULT;
    const char *device = getenv("BELL_DEVICE");
    struct belfry_process *neighbour;
    char error[256];

    memset(&in, 0, sizeof(in));
    input_data = data;
    input_size = size;
    config.device = device != NULL ? device : "model";
    config.slots = 1;
    config.memory_mib = 16;
    config.seed = size > 0 ? data[0] : 0;
    if (belfry_open(&config, error, sizeof(error)) != 0)
        die("open", error);
    neighbour = belfry_spawn("neighbour", neighbour_main, 0, NULL);
    belfry_spawn("hostile", hostile_main, 0, NULL);
    check_end(belfry_run(), neighbour);
    return 0;
}
