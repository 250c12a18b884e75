// SPDX-License-Identifier: MIT
/*
 * Threads of two processes submit on fewer slots than queues, while another thread disconnects
 * doorbells
 * and a third connects, notifies and destroys ones under their users' hands. Nothing is lost,
 * nothing
 * deadlocks (DB-VIC-05, DB-THR-02, DB-DES-06, DB-CON-14, A-76).
 */
#include "rig.h"

#include <stdio.h>

enum { ENTRIES = 64, QUEUES = 3, ROUNDS = 40, VICTIMS = 12, WAIT = 2000000, PAUSE = 300,
       POKERS = 4, SHORT_PAUSE = 6, LATE = 4000 };

struct worker {
    struct rig rig;
    struct belfry_thread *thread;
};

static void submit_all(void *arg)
{
    struct rig *rig = &((struct worker *)arg)->rig;

    for (uint64_t n = 1; n <= ROUNDS; n++) {
        rig_append(rig, (uint32_t)n, n * 7);
        rig_ring(rig);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (*rig->status != D3DDDI_DOORBELLSTATUS_CONNECTED) {
            REQUIRE_OK(rig_connect(rig));
            rig_ring(rig);
        }
        if (belfry_random(3) == 0)
            belfry_sleep(1 + belfry_random(PAUSE));
    }
}

static void disconnect_all(void *arg)
{
    struct worker *workers = arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        belfry_sleep(1 + belfry_random(PAUSE));
        REQUIRE_OK((NTSTATUS)belfry_os_disconnect(workers[belfry_random(QUEUES)].rig.doorbell));
    }
}

static int submit_and_check(int argc, char **argv)
{
    struct worker workers[QUEUES];
    struct belfry_thread *disconnects;

    (void)argc, (void)argv;
    rig_make(&workers[0].rig, ENTRIES, 0);
    for (unsigned i = 1; i < QUEUES; i++) {
        rig_open_beside(&workers[i].rig, &workers[0].rig, ENTRIES);
        rig_make_queue(&workers[i].rig, i % 2);
        rig_make_doorbell(&workers[i].rig);
    }
    for (unsigned i = 0; i < QUEUES; i++)
        workers[i].thread = belfry_thread_start("submits", submit_all, &workers[i]);
    disconnects = belfry_thread_start("disconnects", disconnect_all, workers);
    for (unsigned i = 0; i < QUEUES; i++)
        belfry_thread_join(workers[i].thread);
    belfry_thread_join(disconnects);
    for (unsigned i = 0; i < QUEUES; i++) {
        rig_wait(&workers[i].rig, ROUNDS, WAIT);
        for (uint64_t n = 1; n <= ROUNDS; n++)
            REQUIRE_EQ(workers[i].rig.data.cpu[n], n * 7);
    }
    for (unsigned i = 1; i < QUEUES; i++)
        rig_close_beside(&workers[i].rig);
    rig_close(&workers[0].rig);
    return 0;
}

static void run_two(uint32_t slots, bool direct)
{
    struct belfry_config config = rig_config();

    config.slots = slots;
    config.destroy_direct = direct;
    rig_open_machine(&config);
    belfry_spawn("first", submit_and_check, 0, NULL);
    belfry_spawn("second", submit_and_check, 0, NULL);
    rig_finish_machine();
}

static void two_processes_on_one_slot(void **state)
{
    (void)state;
    run_two(1, false);
    run_two(1, true);
}

static void two_processes_on_two_slots(void **state)
{
    (void)state;
    run_two(2, false);
}

/* --- Destroyed under the hands of others ------------------------------------------------------ */

struct poker {
    D3DKMT_HANDLE doorbell;
    uint64_t pause;
};

static void poke(void *arg)
{
    const struct poker *poker = arg;
    D3DKMT_HANDLE doorbell = poker->doorbell;
    NTSTATUS status = STATUS_SUCCESS;

    while (NT_SUCCESS(status)) {
        if (belfry_random(2) == 0)
            status = D3DKMTConnectDoorbell(&(D3DKMT_CONNECT_DOORBELL){ .hDoorbell = doorbell });
        else
            status = D3DKMTNotifyWorkSubmission(
                &(D3DKMT_NOTIFY_WORK_SUBMISSION){ .hDoorbell = doorbell });
        belfry_sleep(1 + belfry_random(poker->pause));
    }
    REQUIRE_STATUS(status, STATUS_INVALID_PARAMETER);
}

static int destroy_under_use(int argc, char **argv)
{
    struct rig rig, other;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, 0);
    rig_open_beside(&other, &rig, ENTRIES);
    rig_make_queue(&other, 0);
    rig_make_doorbell(&other);
    for (unsigned i = 0; i < VICTIMS; i++) {
        D3DKMT_HANDLE doorbell = rig.doorbell;
        struct poker poker = { doorbell, i % 2 ? PAUSE : SHORT_PAUSE };
        struct belfry_thread *threads[POKERS];

        for (unsigned t = 0; t < POKERS; t++)
            threads[t] = belfry_thread_start("pokes", poke, &poker);

        REQUIRE_OK(rig_connect(&other)); /* Evicts, now and then. */
        belfry_sleep(1 + belfry_random(3 * PAUSE));
        REQUIRE_OK(rig_destroy_doorbell(&rig));
        for (unsigned t = 0; t < POKERS; t++)
            belfry_thread_join(threads[t]);
        REQUIRE_STATUS(D3DKMTDestroyDoorbell(&(D3DKMT_DESTROY_DOORBELL){ .hDoorbell = doorbell }),
                       STATUS_INVALID_PARAMETER);
        rig_make_doorbell(&rig);
        REQUIRE(rig.doorbell != doorbell);
    }
    rig_close_beside(&other);
    rig_close(&rig);
    return 0;
}

static void DB_DES_06_destroy_under_use(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.slots = 1;
    rig_run(&config, destroy_under_use);
    config.destroy_direct = true;
    rig_run(&config, destroy_under_use);
}

/* --- two threads connect one doorbell: one DDI, both succeed ---------------------------- */

static void connect_it(void *arg)
{
    REQUIRE_OK(rig_connect(arg));
}

static int connect_twice(int argc, char **argv)
{
    struct belfry_thread *one, *two;
    struct rig rig;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, 0);
    belfry_point_hold("connect.ddi-to-map");
    one = belfry_thread_start("connects", connect_it, &rig);
    belfry_sleep(WAIT / 100);
    two = belfry_thread_start("connects too", connect_it, &rig);
    belfry_sleep(WAIT / 100);
    REQUIRE_EQ(belfry_point_waiting("connect.ddi-to-map"), 1);
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiConnectDoorbell"), 1);
    belfry_point_release("connect.ddi-to-map");
    belfry_thread_join(one);
    belfry_thread_join(two);
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiConnectDoorbell"), 1);
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    rig_close(&rig);
    return 0;
}

static void DB_CON_07_two_threads_one_ddi(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, connect_twice);
}

/* --- a ring posted by another CPU before the rotation is the victim's ------------------- */

struct ringer {
    struct rig *rig;
    bool rung;
};

static void ring_once(void *arg)
{
    struct ringer *ringer = arg;

    rig_ring(ringer->rig);
    ringer->rung = true;
}

static int evict_behind_a_ring(int argc, char **argv)
{
    struct rig victim, evictor;

    (void)argc, (void)argv;
    rig_make(&victim, ENTRIES, 0);
    rig_open_beside(&evictor, &victim, ENTRIES);
    rig_make_queue(&evictor, 0);
    rig_make_doorbell(&evictor);
    for (unsigned i = 0; i < VICTIMS; i++) {
        struct ringer ringer = { &victim, false };
        struct belfry_thread *thread;
        size_t from, ring, evicted;

        REQUIRE_OK(rig_connect(&victim));
        from = belfry_record_count();
        thread = belfry_thread_start("rings", ring_once, &ringer);
        while (!ringer.rung)
            belfry_sleep(1);
        REQUIRE_OK(rig_connect(&evictor));
        belfry_thread_join(thread);
        belfry_sleep(2 * LATE);
        ring = rig_expect(from, BELFRY_RING, NULL);
        REQUIRE_EQ(belfry_record_at(ring)->value2, victim.blob.queue_token);
        evicted = rig_expect(from, BELFRY_CB_EXIT, "DxgkCbDisconnectDoorbell");
        REQUIRE(belfry_record_at(ring)->seq < belfry_record_at(evicted)->seq);
    }
    rig_close_beside(&evictor);
    rig_close(&victim);
    return 0;
}

static void DB_VIC_04_ring_before_rotation_is_the_victims(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.slots = 1;
    config.post_delay_max = LATE;
    rig_run(&config, evict_behind_a_ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_processes_on_one_slot),
        cmocka_unit_test(two_processes_on_two_slots),
        cmocka_unit_test(DB_DES_06_destroy_under_use),
        RIG_ON_SLOTS(DB_VIC_04_ring_before_rotation_is_the_victims),
        cmocka_unit_test(DB_CON_07_two_threads_one_ddi),
    };

    return cmocka_run_group_tests_name("object_races", tests, NULL, NULL);
}
