/* SPDX-License-Identifier: MIT */
/*
 * Accesses that no program should make: the hardware answers with a cause and counts them, or the
 * program ends with a reason; nobody else notices.
 */
#include "rig.h"

#include <stdio.h>

static struct rig rig;

static uint64_t last_reject_cause(void)
{
    return (belfry_register(BELL_LAST_REJECT_OFFSET) & BELL_LAST_REJECT_CAUSE_MASK) >>
           BELL_LAST_REJECT_CAUSE_SHIFT;
}

static void expect_rejected(uint64_t count, uint64_t cause)
{
    struct belfry_ledger ledger;

    rig_settle(500);
    belfry_ledger(&ledger);
    REQUIRE_EQ(ledger.rejected, count);
    REQUIRE_EQ(last_reject_cause(), cause);
    REQUIRE(belfry_ledger_balanced(&ledger));
}

static void expect_queue_works(uint64_t value)
{
    rig_append(&rig, 0, value);
    rig_ring(&rig);
    rig_wait(&rig, rig.wptr, 20000);
    REQUIRE_EQ(rig.data.cpu[0], value);
}

static int stores_body(int argc, char **argv)
{
    char *page;

    (void)argc;
    (void)argv;
    rig_make(&rig, 16, 0);
    REQUIRE_OK(rig_connect(&rig));
    page = (char *)(uintptr_t)rig.page;
    *(volatile uint32_t *)page = 1;
    expect_rejected(1, BELL_REJECT_NARROW);
    *(volatile uint16_t *)(page + 6) = 1;
    expect_rejected(2, BELL_REJECT_NARROW);
    *(volatile uint8_t *)page = 1;
    expect_rejected(3, BELL_REJECT_NARROW);
    *(volatile uint64_t *)(page + 8) = 1;
    expect_rejected(4, BELL_REJECT_OFFSET);
    *(volatile uint64_t *)(page + 4088) = 1;
    expect_rejected(5, BELL_REJECT_OFFSET);
    REQUIRE_EQ(*(volatile uint64_t *)page, 0); /* A load leaks nothing and is no ring. */
    expect_queue_works(7);
    rig_close(&rig);
    return 0;
}

static void narrow_and_misplaced_stores_are_counted(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, stores_body);
}

static int bus_body(int argc, char **argv)
{
    unsigned slots = 4;

    (void)argc;
    (void)argv;
    rig_make(&rig, 16, 0);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_EQ(belfry_bar2_store((uint64_t)slots * 4096, 1, 8), 2);
    expect_rejected(1, BELL_REJECT_NO_SLOT);
    REQUIRE_EQ(belfry_bar2_store(3, 1, 8), 2); /* Misaligned. */
    expect_rejected(2, last_reject_cause());
    REQUIRE(last_reject_cause() == BELL_REJECT_NARROW || last_reject_cause() == BELL_REJECT_OFFSET);
    REQUIRE_EQ(belfry_bar2_store(4096, 1, 8), 0); /* A fitted slot without owner: no error. */
    REQUIRE_EQ(belfry_register(0x0f000), UINT64_MAX); /* A hole in BAR0. */
    REQUIRE_EQ(belfry_register(BELL_SLOT_OWNER_OFFSET(slots)), UINT64_MAX);
    REQUIRE_EQ(belfry_register(BELL_EVENT_POP_OFFSET), UINT64_MAX); /* Write-only. */
    REQUIRE(belfry_register(BELL_ID_OFFSET) != UINT64_MAX);
    expect_queue_works(9);
    rig_close(&rig);
    return 0;
}

static void holes_and_missing_slots_are_refused(void **state)
{
    (void)state;
    rig_run_on(4, bus_body);
}

/* --- Programs that end ------------------------------------------------------------------------------ */

static void (*offence)(void);

static int offender(int argc, char **argv)
{
    static struct rig own;

    (void)argc;
    (void)argv;
    rig_make(&own, 16, 0);
    REQUIRE_OK(rig_connect(&own));
    rig = own;
    rig_append(&own, 0, 5);
    offence();
    belfry_fail("the offence went unnoticed");
    return 0;
}

static void increment_doorbell(void)
{
    __asm__ volatile("incq (%0)" : : "r"(rig.page) : "memory");
}

static void vector_store(void)
{
    __asm__ volatile("pxor %%xmm0, %%xmm0\n\tmovdqu %%xmm0, (%0)" : : "r"(rig.page)
                     : "memory", "xmm0");
}

static void store_status(void)
{
    *rig.status = 0;
}

static void store_progress(void)
{
    *rig.progress = 99;
}

static void store_nowhere(void)
{
    volatile uintptr_t nowhere = 16;

    *(volatile uint64_t *)nowhere = 1;
}

static void store_freed_doorbell(void)
{
    REQUIRE_OK(D3DKMTDestroyDoorbell(&(D3DKMT_DESTROY_DOORBELL){.hDoorbell = rig.doorbell}));
    *rig.page = 1;
}

static int bystander(int argc, char **argv)
{
    static struct rig own;
    int i;

    (void)argc;
    (void)argv;
    rig_make(&own, 16, 1);
    REQUIRE_OK(rig_connect(&own));
    for (i = 1; i <= 40; i++) {
        rig_submit(&own, 0, i, 0); /* The offender may take the one slot at any time. */
        rig_wait(&own, i, 50000);
    }
    rig_close(&own);
    return 0;
}

static void expect_end(void (*what)(void), const char *reason)
{
    struct belfry_config config = rig_config();
    struct belfry_process *bad, *good;
    char fault[512];
    enum belfry_exit how;

    offence = what;
    config.slots = 2; /* Neither takes the other's. */
    rig_open_machine(&config);
    good = belfry_spawn("bystander", bystander, 0, NULL);
    bad = belfry_spawn("offender", offender, 0, NULL);
    if (belfry_run() != BELFRY_DONE)
        fail_msg("%s", belfry_failure());
    how = belfry_process_exit(bad);
    snprintf(fault, sizeof(fault), "%s", belfry_process_fault(bad));
    assert_int_equal(belfry_process_exit(good), BELFRY_EXIT_NORMAL);
    assert_int_equal(belfry_process_code(good), 0);
    assert_int_equal(belfry_live_objects("doorbell") + belfry_live_objects("allocation"), 0);
    assert_int_equal(belfry_close(), 0);
    assert_int_equal(how, BELFRY_EXIT_FAULT);
    if (strstr(fault, reason) == NULL)
        fail_msg("the fault text \"%s\" does not contain \"%s\"", fault, reason);
}

static void read_modify_write_on_a_doorbell_ends_the_process(void **state)
{
    (void)state;
    expect_end(increment_doorbell, "inc");
}

static void vector_store_on_a_doorbell_ends_the_process(void **state)
{
    (void)state;
    expect_end(vector_store, "movdqu");
}

static void DB_STA_03_user_store_to_status_faults(void **state)
{
    (void)state;
    expect_end(store_status, "status");
}

static void DB_QUE_06_user_store_to_progress_fence_faults(void **state)
{
    (void)state;
    expect_end(store_progress, "progress-fence");
}

static void wild_store_ends_the_process(void **state)
{
    (void)state;
    expect_end(store_nowhere, "0x10");
}

static void DB_DES_02_store_to_a_freed_doorbell_faults(void **state)
{
    (void)state;
    expect_end(store_freed_doorbell, "doorbell");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(narrow_and_misplaced_stores_are_counted),
        RIG_ON_SLOTS(holes_and_missing_slots_are_refused),
        cmocka_unit_test(read_modify_write_on_a_doorbell_ends_the_process),
        cmocka_unit_test(vector_store_on_a_doorbell_ends_the_process),
        cmocka_unit_test(DB_STA_03_user_store_to_status_faults),
        cmocka_unit_test(DB_QUE_06_user_store_to_progress_fence_faults),
        cmocka_unit_test(wild_store_ends_the_process),
        cmocka_unit_test(DB_DES_02_store_to_a_freed_doorbell_faults),
    };

    return cmocka_run_group_tests_name("bad_access", tests, NULL, NULL);
}
