/* SPDX-License-Identifier: MIT */
/*
 * Same build, same seed: same run to the bit, in this host process and in another one, with idle
 * skip and without. Another seed is another run with the same results. User code may spin on plain
 * memory.
 */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ENTRIES = 16, QUEUES = 3, ROUNDS = 10, PAUSE = 3000, WAIT = 2000000, RESULTS = 2 };

/* What user code saw; one process writes one sum. */
static uint64_t results[RESULTS];
static unsigned processes_done;

static void submit(struct rig *rig, uint64_t n, uint64_t value)
{
    rig_append_work(rig, (uint32_t)n, value, 1 + n * 37);
    rig_ring(rig);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (*rig->status != D3DDDI_DOORBELLSTATUS_CONNECTED) {
        REQUIRE_OK(rig_connect(rig));
        rig_ring(rig);
    }
}

static void submit_all(void *arg)
{
    uint64_t n;

    for (n = 1; n <= ROUNDS; n++) {
        submit(arg, n, n * n + 7);
        belfry_sleep(1 + belfry_random(PAUSE)); /* Room for the idle skip. */
    }
}

/* Three threads, three queues, fewer slots; seeded pauses. */
static int busy_body(int argc, char **argv)
{
    struct belfry_thread *threads[QUEUES];
    struct rig rigs[QUEUES];
    uint64_t sum = 0, n;
    unsigned q;

    (void)argc, (void)argv;
    rig_make(&rigs[0], ENTRIES, 0);
    for (q = 1; q < QUEUES; q++) {
        rig_open_beside(&rigs[q], &rigs[0], ENTRIES);
        rig_make_queue(&rigs[q], q % 2);
        rig_make_doorbell(&rigs[q]);
    }
    for (q = 0; q < QUEUES; q++)
        threads[q] = belfry_thread_start("submits", submit_all, &rigs[q]);
    for (q = 0; q < QUEUES; q++) {
        belfry_thread_join(threads[q]);
        rig_wait(&rigs[q], ROUNDS, WAIT);
        for (n = 1; n <= ROUNDS; n++)
            sum = sum * 31 + rigs[q].data.cpu[n];
    }
    results[processes_done++] = sum;
    for (q = 1; q < QUEUES; q++)
        rig_close_beside(&rigs[q]);
    rig_close(&rigs[0]);
    return 0;
}

/* The event hash of a whole run. */
static uint64_t hash_of(const struct belfry_config *config)
{
    uint64_t hash;

    memset(results, 0, sizeof(results));
    processes_done = 0;
    rig_open_machine(config);
    assert_non_null(belfry_spawn("one", busy_body, 0, NULL));
    assert_non_null(belfry_spawn("two", busy_body, 0, NULL));
    if (belfry_run() != BELFRY_DONE)
        fail_msg("%s", belfry_failure());
    hash = belfry_event_hash();
    assert_int_equal(belfry_close(), 0);
    assert_int_equal(processes_done, RESULTS);
    assert_true(results[0] != 0 && results[0] == results[1]);
    return hash;
}

/* A failed check leaves the machine open: the next test must not stumble over it. */
static int close_machine(void **state)
{
    (void)state;
    (void)belfry_close();
    return 0;
}

static struct belfry_config two_slots(uint64_t seed)
{
    struct belfry_config config = rig_config();

    config.slots = 2;
    config.seed = seed;
    return config;
}

/* --- Seeds ------------------------------------------------------------------------------------ */

static void same_seed_same_run(void **state)
{
    struct belfry_config config = two_slots(5);
    uint64_t first = hash_of(&config);

    (void)state;
    assert_true(first == hash_of(&config));
    config.seed = 6;
    assert_true(first != hash_of(&config));
    config.seed = 5;
    assert_true(first == hash_of(&config)); /* Nothing of the run between is left. */
}

/* Recording more or less, or a progress display, is another matter; but looking is free. */
static unsigned looks;

static void look(void)
{
    looks++;
}

static void watching_changes_nothing(void **state)
{
    struct belfry_config config = two_slots(9);
    uint64_t first = hash_of(&config);

    (void)state;
    looks = 0;
    belfry_set_progress(look, 100);
    assert_true(first == hash_of(&config));
    assert_true(looks > 0);
}

/* Addresses of the host differ from one host process to the next; the run does not. */
static void another_host_process_same_run(void **state)
{
    struct belfry_config config = two_slots(5);
    uint64_t hash = hash_of(&config);
    char path[512], command[600];
    unsigned long long other = 0;
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    FILE *child;

    (void)state;
    assert_true(length > 0);
    path[length] = '\0';
    snprintf(command, sizeof(command), "'%s' hash", path);
    child = popen(command, "r");
    assert_non_null(child);
    assert_int_equal(fscanf(child, "%llx", &other), 1);
    assert_int_equal(pclose(child), 0);
    assert_true(other == hash);
}

static void idle_skip_is_exact(void **state)
{
    struct belfry_config config = two_slots(7);
    uint64_t skipping = hash_of(&config);

    (void)state;
    config.no_idle_skip = true;
    assert_true(skipping == hash_of(&config));
}

/* --- Whatever the timing and the reset values are, the work is the same ----------------------- */

static void latency_changes_no_result(void **state)
{
    static const uint32_t latencies[] = {1, 32, 300};
    uint64_t wanted = 0, hashes[3];
    unsigned i;

    (void)state;
    for (i = 0; i < 3; i++) {
        struct belfry_config config = two_slots(3);

        config.dma_latency = latencies[i];
        hashes[i] = hash_of(&config);
        if (i == 0)
            wanted = results[0];
        assert_true(results[0] == wanted);
    }
    assert_true(hashes[0] != hashes[1] && hashes[1] != hashes[2]); /* The option does something. */
}

/* Before anybody connects: no slot has an owner, no queue a state, no ring was seen. */
static void require_reset_state(const struct belfry_config *config)
{
    uint64_t caps, i;

    rig_open_machine(config);
    caps = belfry_register(BELL_CAPS_OFFSET);
    for (i = 0; i < BELL_FIELD_GET(caps, BELL_CAPS_SLOTS); i++)
        assert_int_equal(rig_slot_owner((uint32_t)i), 0);
    for (i = 0; i < BELL_FIELD_GET(caps, BELL_CAPS_QUEUES); i++)
        assert_int_equal(rig_queue_state(i),
                         BELL_FIELD_PUT(BELL_QUEUE_STATE_BLOCK, BELL_BLOCK_CLOSED));
    assert_int_equal(belfry_register(BELL_LEDGER_ACCEPTED_OFFSET), 0);
    assert_int_equal(belfry_register(BELL_LEDGER_OWED_OFFSET), 0);
    assert_int_equal(belfry_register(BELL_IRQ_LEVEL_OFFSET), 0);
    assert_int_equal(belfry_close(), 0);
}

/* The seed also fills what reset leaves open in the RTL. */
static void reset_values_change_no_result(void **state)
{
    uint64_t wanted = 0, seed;

    (void)state;
    for (seed = 11; seed < 17; seed++) {
        struct belfry_config config = two_slots(seed);

        require_reset_state(&config);
        (void)hash_of(&config);
        if (seed == 11)
            wanted = results[0];
        assert_true(results[0] == wanted);
    }
}

/* --- Plain spins ------------------------------------------------------------------------------ */

static int spin_body(int argc, char **argv)
{
    struct rig rig;
    uint64_t n;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, 0);
    REQUIRE_OK(rig_connect(&rig));
    for (n = 1; n <= ROUNDS; n++) {
        uint64_t begin = belfry_now();

        rig_append_work(&rig, (uint32_t)n, n, 500);
        rig_ring(&rig);
        while (*rig.progress < n)
            ;
        REQUIRE_EQ(rig.data.cpu[n], n);
        REQUIRE(belfry_now() - begin >= 500 && belfry_now() - begin < 10000);
    }
    rig_close(&rig);
    return 0;
}

static struct rig spun;

static void disconnect_later(void *arg)
{
    (void)arg;
    belfry_sleep(PAUSE);
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(spun.doorbell));
}

static int spin_on_status_body(int argc, char **argv)
{
    struct belfry_thread *thread;

    (void)argc, (void)argv;
    rig_make(&spun, ENTRIES, 0);
    REQUIRE_OK(rig_connect(&spun));
    thread = belfry_thread_start("disconnects", disconnect_later, NULL);
    while (*spun.status == D3DDDI_DOORBELLSTATUS_CONNECTED)
        ;
    belfry_thread_join(thread);
    rig_close(&spun);
    return 0;
}

static void plain_spins_end_with_trap_loads(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.trap_loads = true;
    rig_run(&config, spin_body);
    rig_run(&config, spin_on_status_body);
}

static void trapped_loads_are_deterministic(void **state)
{
    struct belfry_config config = two_slots(4);
    uint64_t first;

    (void)state;
    config.trap_loads = true;
    config.trace_stores = true;
    first = hash_of(&config);
    assert_true(first == hash_of(&config));
}

/* The hash alone, for another_host_process_same_run. */
static int print_hash(void)
{
    struct belfry_config config = two_slots(5);

    printf("%llx\n", (unsigned long long)hash_of(&config));
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(same_seed_same_run, close_machine),
        cmocka_unit_test_teardown(watching_changes_nothing, close_machine),
        cmocka_unit_test_teardown(another_host_process_same_run, close_machine),
        cmocka_unit_test_teardown(idle_skip_is_exact, close_machine),
        cmocka_unit_test_teardown(latency_changes_no_result, close_machine),
        cmocka_unit_test_teardown(reset_values_change_no_result, close_machine),
        cmocka_unit_test_teardown(plain_spins_end_with_trap_loads, close_machine),
        cmocka_unit_test_teardown(trapped_loads_are_deterministic, close_machine),
    };

    if (argc == 2 && strcmp(argv[1], "hash") == 0)
        return print_hash();
    return cmocka_run_group_tests_name("determinism", tests, NULL, NULL);
}
