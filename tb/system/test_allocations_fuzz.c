// SPDX-License-Identifier: MIT
/*
 * A fixed number of hostile private blobs, each request judged by a second reading of
 * bell_private.h: the driver neither crashes nor trusts (AL-CRE-06).
 */
#include "alloc_rig.h"

static struct alloc_request request;

enum { FUZZ_INPUTS = 6000, FUZZ_ROOM = 160 };
static unsigned char blobs[ALLOC_ITEMS + 1][FUZZ_ROOM];

/* What bell_private.h promises, said a second time. */
static NTSTATUS judge_item(const unsigned char *blob, UINT bytes, UINT64 *size)
{
    const UINT32 history = BELL_ALLOCATION_HISTORY, seen = BELL_ALLOCATION_CPU_VISIBLE;
    BELL_ALLOCATION_PRIVATE w;
    UINT32 surface_words;

    if (bytes < sizeof(w))
        return STATUS_INVALID_PARAMETER;
    memcpy(&w, blob, sizeof(w));
    if (w.magic != BELL_ALLOCATION_MAGIC || w.version != 1)
        return STATUS_GRAPHICS_DRIVER_MISMATCH;
    surface_words = w.width | w.height | w.pitch | w.format | w.samples | w.sample_quality |
                    w.refresh_num | w.refresh_den | w.format_attribute | w.rotation;
    *size = w.flags & BELL_ALLOCATION_SURFACE ? (UINT64)w.pitch * w.height : w.size;
    if (w.flags > 0x3F || w.reserved || w.segment_set > 1 || w.alignment > 65536 ||
        (w.alignment & (w.alignment - 1)) || *size == 0 || *size > UINT64_C(1) << 47 ||
        (w.flags & history && w.flags & ~(history | seen | BELL_ALLOCATION_CACHED)) ||
        (!(w.flags & history) && w.flags & BELL_ALLOCATION_CACHED && !(w.flags & seen)) ||
        (w.flags & BELL_ALLOCATION_EXPLICIT_RESIDENCY &&
         !(w.flags & BELL_ALLOCATION_ACCESSED_PHYSICALLY)))
        return STATUS_INVALID_PARAMETER;
    if (w.flags & BELL_ALLOCATION_SURFACE)
        return w.width && (!w.size || w.size == *size) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    return surface_words ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static NTSTATUS judge_request(const unsigned char *blob, UINT bytes)
{
    BELL_REQUEST_PRIVATE r;

    if (bytes == 0)
        return STATUS_SUCCESS;
    if (bytes < sizeof(r))
        return STATUS_INVALID_PARAMETER;
    memcpy(&r, blob, sizeof(r));
    return r.magic == BELL_REQUEST_MAGIC && r.version == 1 ? STATUS_SUCCESS
                                                           : STATUS_GRAPHICS_DRIVER_MISMATCH;
}

/* A few words of the blob become interesting, a few bytes random; now and then its length too. */
static UINT mutate(unsigned char *blob, UINT bytes)
{
    static const UINT64 spice[] = { 0, 1, 2, 3, 4095, 4096, 65536, 65537, 0x7FFFFFFF, 0x80000000,
                                    UINT32_MAX, UINT64_C(1) << 32, UINT64_C(1) << 47,
                                    (UINT64_C(1) << 47) + 1, UINT64_MAX - 4095, UINT64_MAX };
    UINT words = belfry_random(4) == 0 ? 1 + (UINT)belfry_random(3) : 0;

    while (words-- > 0) {
        UINT64 word = spice[belfry_random(sizeof(spice) / sizeof(spice[0]))];
        UINT at = (UINT)belfry_random(bytes / 4) * 4;

        memcpy(blob + at, &word, at + 8 <= bytes && belfry_random(2) ? 8 : 4);
    }
    if (belfry_random(16) == 0)
        blob[belfry_random(bytes)] ^= (unsigned char)(1u << belfry_random(8));
    return belfry_random(24) == 0 ? (UINT)belfry_random(FUZZ_ROOM) : bytes;
}

static void draw(struct alloc_request *input, D3DKMT_HANDLE device)
{
    alloc_prepare(input, device, 1 + (UINT)belfry_random(ALLOC_ITEMS));
    memset(blobs, 0x5A, sizeof(blobs));
    for (UINT i = 0; i < input->args.NumAllocations; i++) {
        BELL_ALLOCATION_PRIVATE *wanted = &input->wanted[i];

        wanted->flags = (UINT32)belfry_random(4) ? 1 : (UINT32)belfry_random(128);
        if (wanted->flags & BELL_ALLOCATION_SURFACE) {
            wanted->size = belfry_random(2) ? 0 : 64 * 64;
            wanted->width = wanted->height = wanted->pitch = 64;
        }
        memcpy(blobs[i], wanted, sizeof(*wanted));
        input->items[i].pPrivateDriverData = blobs[i];
        input->items[i].PrivateDriverDataSize = mutate(blobs[i], sizeof(*wanted));
    }
    memcpy(blobs[ALLOC_ITEMS], &input->blob, sizeof(input->blob));
    input->args.pPrivateDriverData = blobs[ALLOC_ITEMS];
    input->args.PrivateDriverDataSize = mutate(blobs[ALLOC_ITEMS], sizeof(input->blob));
}

/* The driver gets the blobs at odd addresses, and they turn to rubbish when it has returned. */
static NTSTATUS odd_create(HANDLE adapter, DXGKARG_CREATEALLOCATION *args)
{
    static unsigned char odd[ALLOC_ITEMS][FUZZ_ROOM + 1];
    VOID *real[ALLOC_ITEMS];
    NTSTATUS status;

    for (UINT i = 0; i < args->NumAllocations; i++) {
        real[i] = args->pAllocationInfo[i].pPrivateDriverData;
        if (real[i])
            memcpy(odd[i] + 1, real[i], args->pAllocationInfo[i].PrivateDriverDataSize);
        args->pAllocationInfo[i].pPrivateDriverData = odd[i] + 1;
    }
    status = alloc_driver.real.DxgkDdiCreateAllocation(adapter, args);
    memset(odd, 0xFF, sizeof(odd));
    for (UINT i = 0; i < args->NumAllocations; i++)
        args->pAllocationInfo[i].pPrivateDriverData = real[i];
    return status;
}

static NTSTATUS judge(const struct alloc_request *input, UINT64 sizes[ALLOC_ITEMS], UINT64 *total)
{
    NTSTATUS verdict = judge_request(blobs[ALLOC_ITEMS], input->args.PrivateDriverDataSize);

    *total = 0;
    for (UINT i = 0; i < input->args.NumAllocations && NT_SUCCESS(verdict); i++) {
        verdict = judge_item(blobs[i], input->items[i].PrivateDriverDataSize, &sizes[i]);
        *total += NT_SUCCESS(verdict) ? sizes[i] + PAGE_SIZE : 0;
    }
    return verdict;
}

static unsigned verdicts[3];

static void try_input(const struct bell_umd_device *device)
{
    struct belfry_alloc_info info;
    UINT64 sizes[ALLOC_ITEMS] = { 0 }, total;
    struct alloc_live before = alloc_count();
    NTSTATUS verdict, status;

    draw(&request, device->device);
    verdict = judge(&request, sizes, &total);
    status = alloc_create(&request);
    if (total > UINT64_C(1) << 27 && status == STATUS_NO_MEMORY)
        verdict = status; /* Right, but too much for this machine. */
    REQUIRE_STATUS(status, verdict);
    verdicts[status == STATUS_SUCCESS ? 0 : status == STATUS_INVALID_PARAMETER ? 1 : 2]++;
    if (NT_SUCCESS(status)) {
        for (UINT i = 0; i < request.args.NumAllocations; i++) {
            REQUIRE(belfry_alloc(request.items[i].hAllocation, &info));
            REQUIRE_EQ(info.size, (sizes[i] + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE);
        }
        alloc_destroy(&request);
    }
    REQUIRE_NOTHING_LEFT(before);
}

static int fuzz(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_driver.create = odd_create;
    memset(verdicts, 0, sizeof(verdicts));
    for (unsigned i = 0; i < FUZZ_INPUTS; i++)
        try_input(device);
    for (unsigned i = 0; i < 3; i++) /* The draw reaches all of it. */
        REQUIRE(verdicts[i] > FUZZ_INPUTS / 20);
    bell_umd_close(device);
    return 0;
}

static void AL_CRE_06_fuzzed_private_data(void **state)
{
    (void)state;
    alloc_run(fuzz);
}

int main(void)
{
    const struct CMUnitTest tests[] = { ALLOC_TEST(AL_CRE_06_fuzzed_private_data) };

    return cmocka_run_group_tests_name("allocations_fuzz", tests, NULL, NULL);
}
