// SPDX-License-Identifier: MIT
/*
 * The shortest way through the whole machine: a buffer appended by hand, one plain store on the
 * doorbell
 * page, and the progress fence moves. Then the same with fewer slots than queues, and a process
 * that
 * leaves everything to the OS.
 */
#include "rig.h"

#include <stdio.h>

enum { ENTRIES = 16, NODE = 0, WAIT = 200000, QUEUES = 3, ROUNDS = 12 };

static const char *const kinds[] = { "doorbell", "allocation", "kmd-allocation", "hwqueue",
                                     "hwcontext", "device", "process", "mapping" };

static void require_nothing_live(void)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (belfry_live_objects(kinds[i]) != 0)
            fail_msg("%u objects of kind \"%s\" are left", belfry_live_objects(kinds[i]), kinds[i]);
}

static void run_and_require_nothing_live(const struct belfry_config *config,
                                         int (*body)(int argc, char **argv))
{
    struct belfry_process *process;
    enum belfry_result result;
    char failure[1024];

    rig_open_machine(config);
    process = belfry_spawn("first", body, 0, NULL);
    result = belfry_run();
    snprintf(failure, sizeof(failure), "%s", belfry_failure());
    if (result == BELFRY_DONE)
        require_nothing_live();
    if (result == BELFRY_DONE && belfry_process_exit(process) != BELFRY_EXIT_NORMAL)
        fail_msg("the process ended abnormally: %s", belfry_process_fault(process));
    assert_int_equal(belfry_close(), 0);
    if (result != BELFRY_DONE)
        fail_msg("%s", failure);
}

static int one_submission(int argc, char **argv)
{
    struct rig rig;
    struct belfry_doorbell_info info;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    REQUIRE(belfry_doorbell(rig.doorbell, &info) && info.mapping == BELFRY_MAPPED_SLOT);
    rig_append(&rig, 0, 0x1122334455667788);
    rig_ring(&rig);
    rig_wait(&rig, 1, WAIT);
    REQUIRE_EQ(rig.data.cpu[0], 0x1122334455667788);
    rig_settle(WAIT / 100); /* RPTR is written behind the fence. */
    REQUIRE_EQ(rig_rptr(&rig), 1);
    rig_close(&rig);
    return 0;
}

static void plain_store_reaches_the_fence(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    run_and_require_nothing_live(&config, one_submission);
}

/* Every queue connects when it reads RETRY. One slot: each connect evicts. */
static void submit(struct rig *rig, uint64_t value)
{
    rig_append(rig, (uint32_t)value, value * 3);
    rig_ring(rig);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (*rig->status != D3DDDI_DOORBELLSTATUS_CONNECTED) {
        REQUIRE_EQ(*rig->status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
        REQUIRE_OK(rig_connect(rig));
        rig_ring(rig);
    }
}

static int three_queues(int argc, char **argv)
{
    struct rig rig[QUEUES];
    unsigned connected = 0;

    (void)argc, (void)argv;
    rig_make(&rig[0], ENTRIES, NODE);
    for (unsigned q = 1; q < QUEUES; q++) {
        rig_open_beside(&rig[q], &rig[0], ENTRIES);
        rig_make_queue(&rig[q], q % 2);
        rig_make_doorbell(&rig[q]);
    }
    for (uint64_t round = 1; round <= ROUNDS; round++)
        for (unsigned q = 0; q < QUEUES; q++)
            submit(&rig[q], round);
    for (unsigned q = 0; q < QUEUES; q++) {
        rig_wait(&rig[q], ROUNDS, WAIT);
        for (uint64_t round = 1; round <= ROUNDS; round++)
            REQUIRE_EQ(rig[q].data.cpu[round], round * 3);
        connected += *rig[q].status == D3DDDI_DOORBELLSTATUS_CONNECTED;
    }
    REQUIRE_EQ(connected, 1);
    REQUIRE(rig_count(0, BELFRY_CB_ENTER, "DxgkCbDisconnectDoorbell") >= QUEUES);
    return 0; /* Everything is left to the OS. */
}

static void three_queues_share_one_slot(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.slots = 1;
    run_and_require_nothing_live(&config, three_queues);
}

static void destroy_direct_also_finishes(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.slots = 1;
    config.destroy_direct = true;
    run_and_require_nothing_live(&config, three_queues);
}

/* Work of the last moment: appended, its ring swallowed by the dummy page (DB-TRM-05). */
static int leave_work_behind(int argc, char **argv)
{
    struct rig rig;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    rig_append_work(&rig, 5, 55, 2000);
    rig_ring(&rig);
    return 0;
}

static void exit_waits_for_swallowed_work(void **state)
{
    struct belfry_config config = rig_config();
    size_t done, destroy;

    (void)state;
    rig_open_machine(&config);
    belfry_spawn("leaver", leave_work_behind, 0, NULL);
    if (belfry_run() != BELFRY_DONE)
        fail_msg("%s", belfry_failure());
    done = belfry_record_find(0, BELFRY_FINISH, NULL);
    destroy = belfry_record_find(0, BELFRY_DDI_ENTER, "DxgkDdiDestroyDoorbell");
    assert_true(done != (size_t)-1 && destroy != (size_t)-1 && done < destroy);
    assert_true(belfry_record_find(0, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell") < done);
    require_nothing_live();
    assert_int_equal(belfry_close(), 0);
}

/* A store to the read-only status page ends the process; nobody else notices (DB-STA-03). */
static int write_status(int argc, char **argv)
{
    struct rig rig;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&rig));
    rig_append_work(&rig, 1, 1, WAIT / 4);
    rig_ring(&rig);
    rig_settle(2000);
    *rig.status = 0;
    return 0;
}

static void abnormal_exit_leaves_nothing(void **state)
{
    struct belfry_config config = rig_config();
    struct belfry_process *bad, *good;

    (void)state;
    rig_open_machine(&config);
    bad = belfry_spawn("bad", write_status, 0, NULL);
    good = belfry_spawn("good", one_submission, 0, NULL);
    if (belfry_run() != BELFRY_DONE)
        fail_msg("%s", belfry_failure());
    assert_int_equal(belfry_process_exit(bad), BELFRY_EXIT_FAULT);
    assert_int_equal(belfry_process_exit(good), BELFRY_EXIT_NORMAL);
    require_nothing_live();
    assert_int_equal(belfry_close(), 0);
}

/* A failed check leaves the machine open: the next test must not stumble over it. */
static int close_machine(void **state)
{
    (void)rig_anywhere(state);
    belfry_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(plain_store_reaches_the_fence, close_machine),
        cmocka_unit_test_setup_teardown(three_queues_share_one_slot, rig_on_slots,
                                        close_machine),
        cmocka_unit_test_setup_teardown(destroy_direct_also_finishes, rig_on_slots,
                                        close_machine),
        cmocka_unit_test_teardown(exit_waits_for_swallowed_work, close_machine),
        cmocka_unit_test_teardown(abnormal_exit_leaves_nothing, close_machine),
    };

    return cmocka_run_group_tests_name("first_light", tests, NULL, NULL);
}
