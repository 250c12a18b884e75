// SPDX-License-Identifier: MIT
/*
 * Where a ring lies is the driver's own knowledge (DB-CRE-12, A-04): private data that says
 * otherwise does not make the hardware fetch from elsewhere, or ring for another queue.
 */
#include "rig.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 200000 };

static struct rig a, b;

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

/* The rig's doorbell does its work. */
static void require_works(struct rig *rig, uint64_t value)
{
    rig_submit(rig, 0, value, 0);
    rig_wait(rig, rig->wptr, WAIT);
    REQUIRE_EQ(rig->data.cpu[0], value);
}

enum { DECOY_WORD = 9, DECOY_VALUE = 0xDEC0 };

/* Ring b is ready to run, with a count that covers its entry; but no doorbell leads to it. */
static void set_decoy(void)
{
    rig_open_beside(&b, &a, ENTRIES);
    b.progress_gpu = b.data.gpu + 8;
    rig_append(&b, DECOY_WORD, DECOY_VALUE);
}

static void require_decoy_untouched(void)
{
    REQUIRE_EQ(b.data.cpu[DECOY_WORD], 0);
    REQUIRE_EQ(b.data.cpu[1], 0);
    REQUIRE_EQ(rig_rptr(&b), 0);
}

/* The hardware fetches from ring a, whatever the queue was told. */
static void require_own_ring(void)
{
    uint64_t hw_queue = a.blob.queue_token, config;
    size_t from = belfry_record_count(), at = from;

    REQUIRE_OK(rig_connect(&a));
    REQUIRE_EQ(belfry_register(BELL_QUEUE_BASE_OFFSET(hw_queue)), a.ring.gpu);
    REQUIRE_EQ(belfry_register(BELL_QUEUE_CONTROL_OFFSET(hw_queue)), a.control.gpu);
    config = belfry_register(BELL_QUEUE_CONFIG_OFFSET(hw_queue));
    REQUIRE_EQ(1u << BELL_FIELD_GET(config, BELL_QUEUE_CONFIG_LOG2_ENTRIES), ENTRIES);
    for (unsigned i = 1; i <= 3; i++)
        require_works(&a, i);
    rig_settle(WAIT / 100);
    while ((at = belfry_record_find(at, BELFRY_RING, NULL)) != (size_t)-1)
        REQUIRE_EQ(belfry_record_at(at++)->value2, hw_queue);
    REQUIRE_EQ(rig_count(from, BELFRY_START, NULL), 3);
    require_decoy_untouched();
}

/* Queue and doorbell of a, each with these 16 bytes as private data. */
static void make_forged(const uint64_t forged[2])
{
    D3DKMT_CREATEHWQUEUE queue = { .hHwContext = a.context };
    uint64_t data[2] = { forged[0], forged[1] };

    queue.Flags.UserModeSubmission = 1;
    queue.pPrivateDriverData = data;
    queue.PrivateDriverDataSize = sizeof(data);
    REQUIRE_OK(D3DKMTCreateHwQueue(&queue));
    a.queue = a.create.hHwQueue = queue.hHwQueue;
    a.progress = queue.HwQueueProgressFenceCPUVirtualAddress;
    a.progress_gpu = queue.HwQueueProgressFenceGPUVirtualAddress;
    a.wptr = a.control.cpu[0] = a.control.cpu[1] = 0;
    memcpy(&a.blob, forged, sizeof(a.blob));
    rig_make_doorbell(&a);
}

static int forge(int argc, char **argv)
{
    D3DKMT_CREATEHWQUEUE victim;

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    set_decoy();
    rig_make_queue(&a, NODE);
    rig_destroy_queue(a.queue);
    REQUIRE_OK(rig_try_queue(a.context, true, &victim));
    const uint64_t forgeries[][2] = {
        { b.ring.gpu, b.control.gpu },        /* Addresses of ring and control, */
        { b.ring.gpu, ENTRIES },              /* of the ring and its size, */
        { ENTRIES, b.ring.gpu },
        { 0, 0 },                             /* tokens of other queues, */
        { 1, (uint64_t)victim.hHwQueue },
        { b.ring.allocation, b.control.allocation }, /* handles, */
        { UINT64_MAX, UINT64_MAX },           /* nonsense. */
    };

    for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
        make_forged(forgeries[i]);
        REQUIRE_EQ(a.blob.version, BELL_INTERFACE_VERSION); /* The driver's own answer. */
        REQUIRE_EQ(a.blob.in_page_offset, BELL_DOORBELL_RING_OFFSET);
        require_own_ring();
        REQUIRE_OK(rig_destroy_doorbell(&a));
        rig_destroy_queue(a.queue);
    }
    a.queue = 0;
    rig_destroy_queue(victim.hHwQueue);
    rig_close_beside(&b);
    rig_close(&a);
    return 0;
}

static void DB_CRE_12_forged_private_data_redirects_nothing(void **state)
{
    (void)state;
    run(forge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_ON_PAGES(DB_CRE_12_forged_private_data_redirects_nothing),
    };

    return cmocka_run_group_tests_name("create_forged", tests, NULL, NULL);
}
