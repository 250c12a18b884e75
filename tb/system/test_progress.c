/* SPDX-License-Identifier: MIT */
/*
 * The order in which the user-mode library tells about new work, and what the progress fence says
 * of it. With trace_stores and trap_loads every access of the library to shared memory is a record;
 * a submission then reads as a short word of letters:
 *
 *     c  command packet     L  last queued value     e  ring entry     w  WPTR
 *     d  doorbell page      s  status load           K  D3DKMTConnectDoorbell
 */
#include "rig.h"

enum { ENTRIES = 32, NODE = 0, WAIT = 400000, ROUNDS = 20, LETTERS = 64, SETTLE = 4000 };

static struct rig_library library;

static struct belfry_config traced(void)
{
    struct belfry_config config = rig_config();

    config.trace_stores = true;
    config.trap_loads = true;
    return config;
}

/* --- Accesses as letters ---------------------------------------------------------------------- */

static char store_letter(const struct belfry_record *record)
{
    const struct bell_umd_queue *queue = library.queue;

    if (record->object == bell_umd_queue_doorbell(queue))
        return strcmp(record->name, "lqv") == 0 ? 'L' : 'd'; /* "doorbell" or "dummy". */
    if (record->object == queue->ring_memory.allocation)
        return 'e';
    if (record->object == queue->control_memory.allocation)
        return 'w';
    return record->object == library.commands.allocation ? 'c' : '?';
}

static char letter_of(const struct belfry_record *record)
{
    switch (record->kind) {
    case BELFRY_STORE:
        return store_letter(record);
    case BELFRY_LOAD:
        return strcmp(record->name, "status") == 0 ? 's' : 0;
    case BELFRY_KMT_ENTER:
        return strcmp(record->name, "D3DKMTConnectDoorbell") == 0 ? 'K' : 'k';
    default:
        return 0;
    }
}

/* All letters from record `from` on; repetitions of 'c' are one. */
static void spell(size_t from, char *word)
{
    size_t used = 0, at;

    for (at = from; at < belfry_record_count() && used < LETTERS - 1; at++) {
        char letter = letter_of(belfry_record_at(at));

        if (letter != 0 && !(letter == 'c' && used > 0 && word[used - 1] == 'c'))
            word[used++] = letter;
    }
    word[used] = '\0';
}

static void require_word(size_t from, const char *wanted)
{
    char word[LETTERS];

    spell(from, word);
    if (strcmp(word, wanted) != 0)
        belfry_fail("the submission reads \"%s\", expected \"%s\"", word, wanted);
}

/* The one store with this letter from `from` on: value `value`, all 8 bytes, at `offset`. */
static void require_store(size_t from, char letter, uint64_t offset, uint64_t value)
{
    size_t at;

    for (at = from; at < belfry_record_count(); at++) {
        const struct belfry_record *record = belfry_record_at(at);

        if (record->kind != BELFRY_STORE || letter_of(record) != letter)
            continue;
        REQUIRE_EQ(record->value, offset);
        REQUIRE_EQ(record->value2, value);
        REQUIRE_EQ(record->value3, 8);
        return;
    }
    belfry_fail("no store '%c' was recorded", letter);
}

/* --- DB-PF-01 --------------------------------------------------------------------------------- */

/* The last packet stored is the fence of this submission. */
static void require_fence_packet(uint32_t buffer, uint64_t value)
{
    const volatile uint64_t *packet =
        library.commands.cpu + (buffer * RIG_LIBRARY_BUFFER_BYTES + BELL_PACKET_BYTES) / 8;

    REQUIRE_EQ(packet[BELL_PACKET_HEAD_OFFSET / 8], BELL_OP_FENCE);
    REQUIRE_EQ(packet[BELL_PACKET_ARG1_OFFSET / 8], library.queue->progress_gpu);
    REQUIRE_EQ(packet[BELL_PACKET_ARG2_OFFSET / 8], value);
}

static int order_body(int argc, char **argv)
{
    UINT64 fence, n;
    size_t from;

    (void)argc, (void)argv;
    rig_library_open(&library, ENTRIES, NODE);
    for (n = 1; n <= ROUNDS; n++) {
        from = belfry_record_count();
        REQUIRE_OK(rig_library_submit(&library, (uint32_t)n, (uint32_t)n, n * 5, 0, &fence));
        require_word(from, n == 1 ? "cLeewdsKds" : "cLeewds");
        require_store(from, 'L', 0, n);
        require_store(from, 'w', BELL_CONTROL_WPTR_OFFSET, n);
        require_store(from, 'd', 0, n);
        require_fence_packet((uint32_t)n, n);
        REQUIRE_EQ(fence, n);
    }
    REQUIRE_OK(bell_umd_wait(library.queue, ROUNDS));
    for (n = 1; n <= ROUNDS; n++)
        REQUIRE_EQ(library.data.cpu[n], n * 5);
    rig_library_close(&library);
    return 0;
}

static void DB_PF_01_order_of_a_submission(void **state)
{
    struct belfry_config config = traced();

    (void)state;
    rig_run(&config, order_body);
}

/* --- DB-PF-02 --------------------------------------------------------------------------------- */

static bool stop_ringing;

/* Rings of another thread make the hardware look at WPTR at every moment. */
static void ring_at_random(void *arg)
{
    (void)arg;
    while (!stop_ringing) {
        *library.queue->doorbell = 0;
        belfry_sleep(1 + belfry_random(12));
    }
}

/* LQV as it was when the hardware started the entry. */
static void require_queued_before_start(size_t from)
{
    uint64_t queued = 0, started = 0;
    size_t at;

    for (at = from; at < belfry_record_count(); at++) {
        const struct belfry_record *record = belfry_record_at(at);

        if (record->kind == BELFRY_STORE && letter_of(record) == 'L')
            queued = record->value2;
        if (record->kind != BELFRY_START || record->value2 != library.queue->token)
            continue;
        started++;
        if (queued < record->value + 1)
            belfry_fail("entry %llu started at cycle %llu while LQV was %llu",
                        (unsigned long long)record->value, (unsigned long long)record->cycle,
                        (unsigned long long)queued);
    }
    REQUIRE_EQ(started, ROUNDS);
}

/* While the library stands right behind LQV, nothing of the work is visible. */
static void submit_held(void *arg)
{
    UINT64 fence;

    (void)arg;
    REQUIRE_OK(rig_library_submit(&library, 0, 1, ROUNDS, 0, &fence));
}

static void require_held_work_is_invisible(void)
{
    struct belfry_thread *thread;

    belfry_point_hold("umd.lqv-to-wptr");
    thread = belfry_thread_start("submits", submit_held, NULL);
    rig_wait_point("umd.lqv-to-wptr", WAIT);
    belfry_sleep(SETTLE);
    REQUIRE_EQ(*library.queue->last_queued, ROUNDS);
    REQUIRE_EQ(library.queue->control[BELL_CONTROL_WPTR_OFFSET / 8], ROUNDS - 1);
    REQUIRE_EQ(bell_umd_progress(library.queue), ROUNDS - 1);
    belfry_point_release("umd.lqv-to-wptr");
    belfry_thread_join(thread);
}

static int queued_first_body(int argc, char **argv)
{
    struct belfry_thread *ringer;
    UINT64 fence, n;
    size_t from;

    (void)argc, (void)argv;
    rig_library_open(&library, ENTRIES, NODE);
    from = belfry_record_count();
    stop_ringing = false;
    ringer = belfry_thread_start("rings", ring_at_random, NULL);
    for (n = 1; n < ROUNDS; n++) {
        REQUIRE_OK(rig_library_submit(&library, (uint32_t)n, 0, n, 0, &fence));
        REQUIRE_OK(bell_umd_wait(library.queue, fence));
        belfry_sleep(1 + belfry_random(60));
    }
    require_held_work_is_invisible();
    REQUIRE_OK(bell_umd_wait(library.queue, ROUNDS));
    stop_ringing = true;
    belfry_thread_join(ringer);
    require_queued_before_start(from);
    rig_library_close(&library);
    return 0;
}

static void DB_PF_02_queued_value_before_the_work(void **state)
{
    struct belfry_config config = traced();

    (void)state;
    rig_run(&config, queued_first_body);
}

/* --- DB-PF-04 --------------------------------------------------------------------------------- */

enum { FILL_BYTES = 1024, FILL_WORDS = FILL_BYTES / 8 };
#define STEP UINT64_C(0x100000001)       /* A half-written fence shows. */
#define NOT_MAPPED UINT64_C(0x7ffffffff000) /* A device address of nobody. */

static struct rig rig;

/* A buffer that fills a block, copies half of it and then writes the fence. */
static void append_block(uint64_t n)
{
    volatile uint64_t *entry = rig.ring.cpu + rig.wptr % rig.entries * (BELL_ENTRY_BYTES / 8);
    uint64_t block = rig.data.gpu + (n - 1) * FILL_BYTES;
    struct bell_umd_commands list;
    uint32_t bytes;

    REQUIRE_OK(bell_umd_commands_begin(&list, &rig.commands, (n - 1) * 256, 256));
    bell_umd_cmd_fill(&list, block, FILL_BYTES, n);
    bell_umd_cmd_write64(&list, block, ~n);
    bell_umd_cmd_copy(&list, block + FILL_BYTES / 2, block, FILL_BYTES / 2);
    bytes = bell_umd_commands_end(&list, rig.progress_gpu, n * STEP, false);
    *rig.last_queued = n * STEP;
    entry[1] = bytes;
    entry[0] = list.gpu | rig.wptr << BELL_ENTRY_WORD0_TAG_SHIFT;
    rig.control.cpu[0] = ++rig.wptr;
    rig_ring(&rig);
}

static void require_block(uint64_t n)
{
    const volatile uint64_t *block = rig.data.cpu + (n - 1) * FILL_WORDS;
    unsigned i;

    for (i = 0; i < FILL_WORDS; i++)
        REQUIRE_EQ(block[i], i % (FILL_WORDS / 2) == 0 ? ~n : n);
}

/* Looks at the fence all the time. Whatever it has reached is there, all of it. */
static void watch(void *arg)
{
    uint64_t seen = 0, end = belfry_now() + WAIT;

    (void)arg;
    while (seen < ROUNDS * STEP) {
        uint64_t value = *rig.progress;

        if (belfry_now() > end)
            belfry_fail("the progress fence stands at 0x%llx", (unsigned long long)value);
        REQUIRE(value >= seen);
        REQUIRE_EQ(value % STEP, 0);
        if (value > seen) {
            uint64_t n;

            for (n = seen / STEP + 1; n <= value / STEP; n++)
                require_block(n);
        }
        seen = value;
        belfry_sleep(1);
    }
}

static int visible_body(int argc, char **argv)
{
    struct belfry_thread *watcher;
    uint64_t n;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, 1);
    REQUIRE_OK(rig_connect(&rig));
    watcher = belfry_thread_start("watches", watch, NULL);
    for (n = 1; n <= ROUNDS; n++) {
        append_block(n);
        belfry_sleep(1 + belfry_random(400));
    }
    belfry_thread_join(watcher);
    rig_settle(SETTLE);
    REQUIRE_EQ(rig_rptr(&rig), ROUNDS);
    rig_close(&rig);
    return 0;
}

static void DB_PF_04_effects_before_the_fence(void **state)
{
    static const uint32_t latencies[] = {1, 32, 300};
    struct belfry_config config = rig_config();
    unsigned i;

    (void)state;
    for (i = 0; i < 3; i++) {
        config.dma_latency = latencies[i];
        config.seed = i + 1;
        rig_run(&config, visible_body);
    }
}

/* A write that fails has no effect, so the fence behind it must not be written. */
static int failed_write_body(int argc, char **argv)
{
    struct bell_umd_commands list;
    volatile uint64_t *entry;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, 1);
    REQUIRE_OK(rig_connect(&rig));
    rig_append(&rig, 0, 1);
    rig_ring(&rig);
    rig_wait(&rig, 1, WAIT);
    entry = rig.ring.cpu + BELL_ENTRY_BYTES / 8;
    REQUIRE_OK(bell_umd_commands_begin(&list, &rig.commands, 256, 256));
    bell_umd_cmd_write64(&list, NOT_MAPPED, 1);
    *rig.last_queued = 2;
    entry[1] = bell_umd_commands_end(&list, rig.progress_gpu, 2, false);
    entry[0] = list.gpu | rig.wptr << BELL_ENTRY_WORD0_TAG_SHIFT;
    rig.control.cpu[0] = ++rig.wptr;
    rig_ring(&rig);
    rig_settle(SETTLE);
    REQUIRE_EQ(*rig.progress, 1);
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    rig_close(&rig);
    return 0;
}

static void DB_PF_04_no_fence_behind_a_failed_write(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.dma_latency = 300;
    rig_run(&config, failed_write_body);
}

/* --- DB-STA-05 -------------------------------------------------------------------------------- */

static void submit_one(void *arg)
{
    UINT64 fence;

    REQUIRE_OK(rig_library_submit(&library, *(uint32_t *)arg, 1, 77, 0, &fence));
    REQUIRE_EQ(fence, *(uint32_t *)arg);
}

/* A status written between the ring and the load is seen: the load comes after the ring. */
static void require_status_read_after_ring(uint32_t number)
{
    D3DKMT_HANDLE doorbell = bell_umd_queue_doorbell(library.queue);
    size_t from = belfry_record_count();
    struct belfry_thread *thread;

    belfry_point_hold("umd.ring-to-status");
    thread = belfry_thread_start("submits", submit_one, &number);
    rig_wait_point("umd.ring-to-status", WAIT);
    require_word(from, "cLeewd");
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(doorbell));
    belfry_point_release("umd.ring-to-status");
    belfry_thread_join(thread);
    require_word(from, "cLeewdsKds");
}

static int status_body(int argc, char **argv)
{
    const volatile UINT64 *status, *doorbell;
    uint32_t n;

    (void)argc, (void)argv;
    rig_library_open(&library, ENTRIES, NODE);
    status = library.queue->status;
    doorbell = library.queue->doorbell;
    for (n = 1; n <= ROUNDS; n++) {
        size_t from = belfry_record_count();
        UINT64 fence;

        if (n % 4 == 0) {
            require_status_read_after_ring(n);
            continue;
        }
        REQUIRE_OK(rig_library_submit(&library, n, 1, n, 0, &fence));
        require_word(from, n == 1 ? "cLeewdsKds" : "cLeewds");
    }
    REQUIRE(status == library.queue->status && doorbell == library.queue->doorbell);
    REQUIRE_OK(bell_umd_wait(library.queue, ROUNDS));
    rig_library_close(&library);
    return 0;
}

static void DB_STA_05_status_after_every_ring(void **state)
{
    struct belfry_config config = traced();

    (void)state;
    rig_run(&config, status_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_ON_SLOTS(DB_PF_01_order_of_a_submission),
        cmocka_unit_test(DB_PF_02_queued_value_before_the_work),
        cmocka_unit_test(DB_PF_04_effects_before_the_fence),
        cmocka_unit_test(DB_PF_04_no_fence_behind_a_failed_write),
        cmocka_unit_test(DB_STA_05_status_after_every_ring),
    };

    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
