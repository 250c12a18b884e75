/* SPDX-License-Identifier: MIT */
/* What the driver makes of the OS's scheduling calls, on a fake device. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bell.h"

enum { NODE = 0, GRACE = 7, QUANTUM = 1200 };

static struct fake_process process, other;
static int os_contexts; /* Addresses in it are OS handles. */

static UINT64 normal_grace;

static NTSTATUS bands(UINT64 quantum, UINT64 focus_grace, UINT percent)
{
    DXGKARG_SETUPPRIORITYBANDS args = {.targetNormalBandPercentage = percent};

    for (int band = 0; band < DXGK_SCHEDULING_PRIORITY_BAND_COUNT; band++) {
        args.processQuantumForBand[band] = quantum;
        args.processGracePeriodForBand[band] = GRACE;
    }
    args.gracePeriodForBand[DXGK_SCHEDULING_PRIORITY_BAND_NORMAL] = normal_grace;
    args.gracePeriodForBand[DXGK_SCHEDULING_PRIORITY_BAND_FOCUS] = focus_grace;
    return fake_ddi.DxgkDdiSetupPriorityBands(fake_adapter, &args);
}

static NTSTATUS properties(HANDLE context, DXGK_SCHEDULING_PRIORITY_BAND band, INT level,
                           INT priority, UINT64 quantum)
{
    DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES args = {
        .hContext = context, .priorityBand = band, .realtimeBandPriorityLevel = level,
        .inProcessPriority = priority, .quantum = quantum,
        .gracePeriodSamePriority = 5, .gracePeriodLowerPriority = 3};

    return fake_ddi.DxgkDdiSetContextSchedulingProperties(fake_adapter, &args);
}

static NTSTATUS normal(const struct fake_queue *queue, INT priority, UINT64 quantum)
{
    return properties(queue->context, DXGK_SCHEDULING_PRIORITY_BAND_NORMAL, 0, priority, quantum);
}

/* Times of a context of normal priority. */
static NTSTATUS allow(const struct fake_queue *queue, UINT64 same, UINT64 lower)
{
    DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES args = {
        .hContext = queue->context, .priorityBand = DXGK_SCHEDULING_PRIORITY_BAND_NORMAL,
        .gracePeriodSamePriority = same, .gracePeriodLowerPriority = lower};

    return fake_ddi.DxgkDdiSetContextSchedulingProperties(fake_adapter, &args);
}

static NTSTATUS real_time(const struct fake_queue *queue, INT level)
{
    return properties(queue->context, DXGK_SCHEDULING_PRIORITY_BAND_REALTIME, level, 0, 0);
}

static NTSTATUS run_list(HANDLE first, HANDLE second, UINT node)
{
    DXGKARG_SWITCHTOHWCONTEXTLIST args = {first, second, node, 0};

    return fake_ddi.DxgkDdiSwitchToHwContextList(fake_adapter, &args);
}

static NTSTATUS update(HANDLE context, UINT64 fence, UINT priority, bool suspended, bool interrupt)
{
    DXGKARG_UPDATEHWCONTEXTSTATE args = {context, fence, priority, {{{0}}}};

    args.Flags.Suspended = suspended;
    args.Flags.InterruptOnSwitchCompletion = interrupt;
    return fake_ddi.DxgkDdiUpdateHwContextState(fake_adapter, &args);
}

static UINT64 level_of(const struct fake_queue *queue)
{
    return BELL_FIELD_GET(fake.schedule[queue->hw_id].sched, BELL_QUEUE_SCHED_LEVEL);
}

static UINT64 group_of(const struct fake_queue *queue)
{
    return BELL_FIELD_GET(fake.schedule[queue->hw_id].sched, BELL_QUEUE_SCHED_GROUP);
}

static UINT64 context_of(const struct fake_queue *queue)
{
    return BELL_FIELD_GET(fake.schedule[queue->hw_id].sched, BELL_QUEUE_SCHED_CONTEXT);
}

static UINT64 priority_of(const struct fake_queue *queue)
{
    return BELL_FIELD_GET(fake.schedule[queue->hw_id].sched, BELL_QUEUE_SCHED_PRIORITY);
}

static UINT64 quantum_of(const struct fake_queue *queue)
{
    return fake.schedule[queue->hw_id].quantum;
}

static UINT64 grace_same(const struct fake_queue *queue)
{
    return BELL_FIELD_GET(fake.schedule[queue->hw_id].grace, BELL_QUEUE_GRACE_SAME);
}

static UINT64 grace_higher(const struct fake_queue *queue)
{
    return BELL_FIELD_GET(fake.schedule[queue->hw_id].grace, BELL_QUEUE_GRACE_HIGHER);
}

static struct fake_queue make(struct fake_process *of)
{
    struct fake_queue queue = fake_queue_make(of, NODE, true);

    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    return queue;
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake_reset();
    normal_grace = 0;
    fake.slots = 8;
    fake.queues = 160;
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    process = fake_process_make(7);
    other = fake_process_make(8);
    assert_int_equal(bands(QUANTUM, 2, 10), STATUS_SUCCESS);
    fake_clear_ops();
    return 0;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake_process_free(&other);
    fake_process_free(&process);
    fake_stop();
    return 0;
}

static void HS_PRI_02_band_and_level(void **state)
{
    const struct {
        DXGK_SCHEDULING_PRIORITY_BAND band;
        INT level;
        UINT64 wanted;
    } cases[] = {
        {DXGK_SCHEDULING_PRIORITY_BAND_IDLE, 9, 0},
        {DXGK_SCHEDULING_PRIORITY_BAND_NORMAL, 9, 1},
        {DXGK_SCHEDULING_PRIORITY_BAND_FOCUS, 99, 2},
        {DXGK_SCHEDULING_PRIORITY_BAND_REALTIME, 0, 3},
        {DXGK_SCHEDULING_PRIORITY_BAND_REALTIME, 31, 34},
    };
    struct fake_queue queue = make(&process);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(level_of(&queue), 1); /* Before anybody said anything. */
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(properties(queue.context, cases[i].band, cases[i].level, -7, 0),
                         STATUS_SUCCESS);
        assert_int_equal(level_of(&queue), cases[i].wanted);
        assert_int_equal(priority_of(&queue), 0);
    }
    assert_int_equal(properties(queue.context, DXGK_SCHEDULING_PRIORITY_BAND_COUNT, 0, 0, 0),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(properties(queue.context, DXGK_SCHEDULING_PRIORITY_BAND_REALTIME, 32, 0, 0),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(properties(queue.context, DXGK_SCHEDULING_PRIORITY_BAND_REALTIME, -1, 0, 0),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(normal(&queue, 8, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(normal(&queue, -8, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(level_of(&queue), 34);
    assert_int_equal(properties(&os_contexts, DXGK_SCHEDULING_PRIORITY_BAND_IDLE, 0, 0, 0),
                     STATUS_INVALID_PARAMETER);
    fake_queue_free(&queue);
}

/* Set before the first connect opens the queue: there from the start, before OPEN and ADD. */
static void HS_PRI_02_before_the_first_submission(void **state)
{
    struct fake_queue queue = fake_queue_make(&process, NODE, true);
    int sched, open;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(properties(queue.context, DXGK_SCHEDULING_PRIORITY_BAND_FOCUS, 0, 0, 0),
                     STATUS_SUCCESS);
    fake_clear_ops();
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    sched = fake_find_write(0, BELL_QUEUE_SCHED_OFFSET(queue.hw_id), BELL_QUEUE_SCHED_LEVEL_MASK, 2);
    open = fake_find_write(0, BELL_QUEUE_CMD_OFFSET(queue.hw_id), UINT64_MAX, BELL_QUEUE_CMD_OPEN);
    assert_true(sched >= 0 && sched < open);
    assert_ptr_equal((VOID *)(ULONG_PTR)fake.schedule[queue.hw_id].handle, queue.context);
    fake_queue_free(&queue);
}

static void HS_PRI_01_quantum_shared_out(void **state)
{
    struct fake_queue one = make(&process), two = make(&process), third = make(&other);
    DXGKARG_SUSPENDCONTEXT suspend = {two.context, 1};
    DXGKARG_RESUMECONTEXT resume = {two.context};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(quantum_of(&one), QUANTUM * 10 / 2); /* 100 ns are 10 clocks. */
    assert_int_equal(quantum_of(&two), QUANTUM * 10 / 2);
    assert_int_equal(quantum_of(&third), QUANTUM * 10);
    assert_int_equal(normal(&one, 0, 30), STATUS_SUCCESS); /* Weights 30 : 10. */
    assert_int_equal(normal(&two, 0, 10), STATUS_SUCCESS);
    assert_int_equal(quantum_of(&one), QUANTUM * 10 * 3 / 4);
    assert_int_equal(quantum_of(&two), QUANTUM * 10 / 4);
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_int_equal(quantum_of(&one), QUANTUM * 10); /* What is not listed has no share. */
    assert_int_equal(fake_ddi.DxgkDdiResumeContext(fake_adapter, &resume), STATUS_SUCCESS);
    assert_int_equal(quantum_of(&one), QUANTUM * 10 * 3 / 4);

    assert_int_equal(bands(1, 0, 0), STATUS_SUCCESS); /* While all of it runs. */
    assert_int_equal(quantum_of(&third), 10);
    assert_int_equal(quantum_of(&two), 2);
    assert_int_equal(bands(UINT64_MAX, 0, 50), STATUS_SUCCESS);
    assert_int_equal(quantum_of(&third), UINT32_MAX);
    assert_int_equal(bands(0, 0, 50), STATUS_SUCCESS);
    assert_int_equal(quantum_of(&third), 0); /* No limit. */
    assert_int_equal(bands(4, 4, 51), STATUS_INVALID_PARAMETER);
    assert_int_equal(quantum_of(&third), 0);
    fake_queue_free(&third);
    fake_queue_free(&two);
    fake_queue_free(&one);
}

/* A context's part is shared by its queues. */
static void HS_PRI_01_queues_of_one_context(void **state)
{
    struct fake_queue queue = fake_queue_make(&process, 2, false);
    DXGKARG_CREATEHWQUEUE second = {.hHwQueue = &os_contexts};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(quantum_of(&queue), QUANTUM * 10);
    assert_int_equal(fake_ddi.DxgkDdiCreateHwQueue(queue.context, &second), STATUS_SUCCESS);
    assert_int_equal(quantum_of(&queue), QUANTUM * 10 / 2);
    assert_int_equal(fake.schedule[queue.hw_id + 1].quantum, QUANTUM * 10 / 2);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwQueue(second.hHwQueue), STATUS_SUCCESS);
    assert_int_equal(quantum_of(&queue), QUANTUM * 10);
    fake_queue_free(&queue);
}

static void HS_PRI_01_shortest_grace(void **state)
{
    struct fake_queue queue = make(&process), peer, stranger, focus, realtime;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(normal(&queue, 0, 0), STATUS_SUCCESS);
    assert_int_equal(grace_same(&queue), 0); /* No context preempts itself. */
    assert_int_equal(grace_higher(&queue), 0);
    focus = make(&other);
    assert_int_equal(properties(focus.context, DXGK_SCHEDULING_PRIORITY_BAND_FOCUS, 0, 0, 0),
                     STATUS_SUCCESS);
    assert_int_equal(grace_higher(&queue), 20); /* What the focus band allows. */
    realtime = make(&other);
    assert_int_equal(properties(realtime.context, DXGK_SCHEDULING_PRIORITY_BAND_REALTIME, 0, 0, 0),
                     STATUS_SUCCESS);
    assert_int_equal(grace_higher(&queue), 0); /* What real time allows. */
    assert_int_equal(grace_higher(&focus), 0);
    fake_queue_free(&realtime);
    assert_int_equal(grace_higher(&queue), 20);
    peer = make(&process);
    assert_int_equal(normal(&peer, 1, 0), STATUS_SUCCESS);
    assert_int_equal(grace_same(&queue), 30); /* One of more priority came, */
    assert_int_equal(grace_same(&peer), 0);   /* which one of less does not preempt. */
    assert_int_equal(normal(&peer, 0, 0), STATUS_SUCCESS);
    assert_int_equal(allow(&peer, 4, 1), STATUS_SUCCESS);
    assert_int_equal(grace_same(&queue), 40); /* Each gets what the other allows. */
    assert_int_equal(grace_same(&peer), 50);
    fake_queue_free(&peer);
    stranger = make(&other);
    assert_int_equal(grace_same(&queue), GRACE * 10); /* Another process came. */
    assert_int_equal(grace_same(&stranger), GRACE * 10);
    fake_queue_free(&stranger);
    fake_queue_free(&focus);
    fake_queue_free(&queue);
}

/* Levels of real time are one band: between them counts what the process or the context allows. */
static void HS_PRI_01_grace_between_real_time_levels(void **state)
{
    struct fake_queue low = make(&process), high = make(&process), stranger = make(&other);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(real_time(&low, 2), STATUS_SUCCESS);
    assert_int_equal(real_time(&high, 9), STATUS_SUCCESS);
    assert_int_equal(grace_higher(&low), 30); /* One of lower priority in the same process. */
    assert_int_equal(grace_higher(&high), 0);
    assert_int_equal(real_time(&stranger, 5), STATUS_SUCCESS);
    assert_int_equal(grace_higher(&stranger), GRACE * 10);
    assert_int_equal(grace_higher(&low), 30);
    assert_int_equal(real_time(&high, 0), STATUS_SUCCESS);
    assert_int_equal(grace_higher(&low), GRACE * 10);
    assert_int_equal(grace_higher(&high), 30); /* Of both that may come, the one that allows less. */
    assert_int_equal(real_time(&low, 0), STATUS_SUCCESS);
    assert_int_equal(grace_higher(&low), GRACE * 10);
    assert_int_equal(grace_same(&low), 50);
    assert_int_equal(normal(&stranger, 0, 0), STATUS_SUCCESS);
    assert_int_equal(grace_higher(&stranger), 0); /* Another band. */
    fake_queue_free(&stranger);
    fake_queue_free(&high);
    fake_queue_free(&low);
}

/* The share takes normal before focus: what the normal band allows is then due. */
static void HS_PRI_01_grace_of_the_normal_share(void **state)
{
    struct fake_queue focus = make(&process), queue = make(&other);

    UNREFERENCED_PARAMETER(state);
    normal_grace = 6;
    assert_int_equal(properties(focus.context, DXGK_SCHEDULING_PRIORITY_BAND_FOCUS, 0, 0, 0),
                     STATUS_SUCCESS);
    assert_int_equal(bands(QUANTUM, 2, 10), STATUS_SUCCESS);
    assert_int_equal(grace_higher(&focus), 60);
    assert_int_equal(grace_higher(&queue), 20);
    assert_int_equal(bands(QUANTUM, 2, 0), STATUS_SUCCESS);
    assert_int_equal(grace_higher(&focus), 0); /* No share: normal never goes first. */
    assert_int_equal(bands(QUANTUM, 2, 50), STATUS_SUCCESS);
    assert_int_equal(grace_higher(&focus), 60);
    fake_queue_free(&queue);
    assert_int_equal(grace_higher(&focus), 0);
    fake_queue_free(&focus);
}

static void HS_PRI_02_groups(void **state)
{
    struct fake_queue one = make(&process), two = make(&process), third = make(&other);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(group_of(&one), 0); /* Equal: no group is needed. */
    assert_int_equal(normal(&two, 3, 0), STATUS_SUCCESS);
    assert_int_not_equal(group_of(&one), 0);
    assert_int_equal(group_of(&one), group_of(&two));
    assert_int_equal(group_of(&third), 0);
    assert_int_equal(priority_of(&one), 7);
    assert_int_equal(priority_of(&two), 10);
    assert_int_equal(quantum_of(&one), QUANTUM * 10); /* They do not share turns. */
    assert_int_equal(properties(two.context, DXGK_SCHEDULING_PRIORITY_BAND_IDLE, 0, 3, 0),
                     STATUS_SUCCESS);
    assert_int_equal(group_of(&one), 0); /* Alone at its level again. */
    assert_int_equal(group_of(&two), 0);
    fake_queue_free(&third);
    fake_queue_free(&two);
    fake_queue_free(&one);
}

/* Two contexts of different priority on each of 32 levels, in two processes: one group too many. */
static void HS_PRI_02_groups_run_out(void **state)
{
    enum { LEVELS = 32, PAIRS = 2 * LEVELS };
    static struct fake_queue pairs[PAIRS][2];
    unsigned with_group = 0, taken[64] = {0};

    UNREFERENCED_PARAMETER(state);
    for (int i = 0; i < PAIRS; i++) {
        for (int j = 0; j < 2; j++) {
            pairs[i][j] = fake_queue_make(i < LEVELS ? &process : &other, 2, false);
            assert_int_equal(properties(pairs[i][j].context,
                                        DXGK_SCHEDULING_PRIORITY_BAND_REALTIME, i % LEVELS, j, 0),
                             STATUS_SUCCESS);
        }
        fake_clear_ops();
    }
    for (int i = 0; i < PAIRS; i++) {
        assert_int_equal(group_of(&pairs[i][0]), group_of(&pairs[i][1]));
        with_group += group_of(&pairs[i][0]) != 0;
        assert_int_equal(taken[group_of(&pairs[i][0])]++, 0);
    }
    assert_int_equal(with_group, 63);
    assert_int_equal(group_of(&pairs[PAIRS - 1][0]), 0);
    fake_queue_free(&pairs[0][0]); /* Its number comes free and is used. */
    assert_int_equal(group_of(&pairs[0][1]), 0);
    assert_int_not_equal(group_of(&pairs[PAIRS - 1][0]), 0);
    for (int i = 0; i < PAIRS; i++) {
        for (int j = i == 0; j < 2; j++)
            fake_queue_free(&pairs[i][j]);
        fake_clear_ops();
    }
}

static void HS_SWI_01_first_second_idle(void **state)
{
    struct fake_queue first = make(&process), second = make(&other), third = make(&process);

    UNREFERENCED_PARAMETER(state);
    fake.kicks[first.hw_id] = 0;
    assert_int_equal(run_list(first.context, second.context, NODE), STATUS_SUCCESS);
    assert_true(fake.listed[first.hw_id] && fake.listed[second.hw_id]);
    assert_false(fake.listed[third.hw_id]);
    assert_true(fake.now[third.hw_id]); /* Preempted, not waited for. */
    assert_true(level_of(&first) > level_of(&second));
    assert_int_equal(grace_higher(&second), 0);
    assert_int_equal(run_list(third.context, NULL, NODE), STATUS_SUCCESS);
    assert_true(fake.listed[third.hw_id]);
    assert_int_not_equal(fake.kicks[third.hw_id], 0);
    assert_false(fake.listed[first.hw_id] || fake.listed[second.hw_id]);
    assert_int_equal(run_list(NULL, NULL, NODE), STATUS_SUCCESS); /* Idle. */
    assert_false(fake.listed[third.hw_id]);

    assert_int_equal(run_list(NULL, first.context, NODE), STATUS_INVALID_PARAMETER);
    assert_int_equal(run_list(first.context, first.context, NODE), STATUS_INVALID_PARAMETER);
    assert_int_equal(run_list(first.context, NULL, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(run_list(NULL, NULL, 3), STATUS_INVALID_PARAMETER);
    assert_false(fake.listed[first.hw_id]);
    assert_int_equal(bands(QUANTUM, 2, 10), STATUS_SUCCESS);
    assert_true(fake.listed[first.hw_id] && fake.listed[second.hw_id] && fake.listed[third.hw_id]);
    assert_int_equal(level_of(&first), 1);
    fake_queue_free(&third);
    fake_queue_free(&second);
    fake_queue_free(&first);
}

/* A list bars what comes later, and does not wake what is suspended. */
static void HS_SWI_01_with_suspend_and_connect(void **state)
{
    struct fake_queue first = make(&process), late = fake_queue_make(&process, NODE, true);
    DXGKARG_SUSPENDCONTEXT suspend = {first.context, 1};
    DXGKARG_RESUMECONTEXT resume = {first.context};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_int_equal(run_list(first.context, NULL, NODE), STATUS_SUCCESS);
    assert_false(fake.listed[first.hw_id]);
    assert_int_equal(fake_connect(&late, NULL), STATUS_SUCCESS);
    assert_false(fake.listed[late.hw_id]);
    assert_int_equal(fake_ddi.DxgkDdiResumeContext(fake_adapter, &resume), STATUS_SUCCESS);
    assert_true(fake.listed[first.hw_id]);
    assert_int_equal(run_list(late.context, NULL, NODE), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiResumeContext(fake_adapter, &resume), STATUS_SUCCESS);
    assert_false(fake.listed[first.hw_id]); /* Resumed, but not in the list. */
    assert_true(fake.listed[late.hw_id]);
    fake_queue_free(&late);
    fake_queue_free(&first);
}

/* DB-SUS-02: a resume that finds the context barred puts nothing on the run list, so the event of
 * the request that it cancels is still to come. */
static void HS_SWI_01_stale_event_of_a_barred_context(void **state)
{
    struct fake_queue first = make(&process), second = make(&process);
    DXGKARG_SUSPENDCONTEXT suspend = {first.context, 1};
    DXGKARG_RESUMECONTEXT resume = {first.context};

    UNREFERENCED_PARAMETER(state);
    fake.running_reads = -2;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_int_equal(run_list(second.context, NULL, NODE), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiResumeContext(fake_adapter, &resume), STATUS_SUCCESS);
    assert_false(fake.listed[first.hw_id]);
    fake_post_event(BELL_CAUSE_STOPPED, NODE, first.hw_id, 0);
    assert_int_equal(run_list(first.context, NULL, NODE), STATUS_SUCCESS);
    assert_true(fake.listed[first.hw_id]);
    fake.running_reads = -2; /* Its next turn. */
    suspend.contextSuspendFence = 2;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 0);
    fake_post_event(BELL_CAUSE_STOPPED, NODE, first.hw_id, 0);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 1);
    assert_int_equal(fake.notifies[0].SuspendContextCompleted.ContextSuspendFence, 2);
    fake_run_dpc();
    fake_queue_free(&second);
    fake_queue_free(&first);
}

static void HS_UPD_01_switch_completed(void **state)
{
    struct fake_queue queue = make(&process);
    const DXGKARGCB_NOTIFY_INTERRUPT_DATA *notify = fake.notifies;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(update(queue.context, 5, 3, false, true), STATUS_SUCCESS);
    assert_int_equal(level_of(&queue), 3 + 2);
    assert_int_equal(fake.notify_count, 1);
    assert_int_equal(notify[0].InterruptType, DXGK_INTERRUPT_HWCONTEXTLIST_SWITCH_COMPLETED);
    assert_int_equal(notify[0].HwContextListSwitchCompleted.NodeOrdinal, NODE);
    assert_int_equal(notify[0].HwContextListSwitchCompleted.ContextSwitchFence, 5);
    assert_true(fake.dpc_queued);
    fake.running_reads = 1; /* A turn is under way. */
    assert_int_equal(update(queue.context, 6, 0, true, true), STATUS_SUCCESS);
    assert_int_equal(level_of(&queue), 1);
    assert_false(fake.listed[queue.hw_id]);
    assert_true(fake.now[queue.hw_id]);
    assert_int_equal(fake.notify_count, 1);
    fake_post_event(BELL_CAUSE_STOPPED, NODE, queue.hw_id, 0);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 2);
    assert_int_equal(notify[1].HwContextListSwitchCompleted.ContextSwitchFence, 6);
    assert_int_equal(update(queue.context, 7, 0, false, false), STATUS_SUCCESS);
    assert_true(fake.listed[queue.hw_id]);
    assert_int_equal(fake.notify_count, 2); /* Nobody asked. */
    assert_int_equal(update(queue.context, 8, 33, true, true), STATUS_INVALID_PARAMETER);
    assert_true(fake.listed[queue.hw_id]);
    assert_int_equal(fake.notify_count, 2);
    fake_run_dpc();
    fake_queue_free(&queue);
}

static UINT64 switch_fence(unsigned number)
{
    assert_true(number < fake.notify_count);
    assert_int_equal(fake.notifies[number].InterruptType,
                     DXGK_INTERRUPT_HWCONTEXTLIST_SWITCH_COMPLETED);
    return fake.notifies[number].HwContextListSwitchCompleted.ContextSwitchFence;
}

/* A report that was asked for stays due when the next request asks for none. */
static void HS_UPD_01_pending_report_is_made(void **state)
{
    struct fake_queue queue = make(&process);

    UNREFERENCED_PARAMETER(state);
    fake.running_reads = -2;
    assert_int_equal(update(queue.context, 1, 0, true, true), STATUS_SUCCESS);
    assert_int_equal(update(queue.context, 2, 4, true, false), STATUS_SUCCESS);
    assert_int_equal(fake.notify_count, 0);
    fake_post_event(BELL_CAUSE_STOPPED, NODE, queue.hw_id, 0);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 1);
    assert_int_equal(switch_fence(0), 1);

    assert_int_equal(update(queue.context, 3, 0, false, false), STATUS_SUCCESS);
    fake.running_reads = -2;
    assert_int_equal(update(queue.context, 4, 0, true, true), STATUS_SUCCESS);
    assert_int_equal(update(queue.context, 5, 0, false, false), STATUS_SUCCESS);
    assert_int_equal(fake.notify_count, 2); /* The state beyond it is there. */
    assert_int_equal(switch_fence(1), 4);
    assert_int_equal(update(queue.context, 6, 0, true, true), STATUS_SUCCESS);
    assert_int_equal(update(queue.context, 7, 0, true, true), STATUS_SUCCESS);
    fake_post_event(BELL_CAUSE_STOPPED, NODE, queue.hw_id, 0);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 3); /* The newer one says both. */
    assert_int_equal(switch_fence(2), 7);
    fake_run_dpc();
    fake_queue_free(&queue);
}

/* Of UpdateHwContextState and SetContextSchedulingProperties, the last one called says the level. */
static void HS_PRI_02_the_last_word_counts(void **state)
{
    struct fake_queue queue = make(&process);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(update(queue.context, 1, 3, false, false), STATUS_SUCCESS);
    assert_int_equal(level_of(&queue), 3 + 2);
    assert_int_equal(properties(queue.context, DXGK_SCHEDULING_PRIORITY_BAND_FOCUS, 0, 0, 0),
                     STATUS_SUCCESS);
    assert_int_equal(level_of(&queue), 2);
    assert_int_equal(update(queue.context, 2, 1, false, false), STATUS_SUCCESS);
    assert_int_equal(level_of(&queue), 3);
    assert_int_equal(update(queue.context, 3, 0, false, false), STATUS_SUCCESS);
    assert_int_equal(level_of(&queue), 2);
    fake_queue_free(&queue);
}

/* One stop may answer two requests, each by its own interrupt. */
static void HS_UPD_01_and_suspend_together(void **state)
{
    struct fake_queue queue = make(&process);
    DXGKARG_SUSPENDCONTEXT suspend = {queue.context, 9};

    UNREFERENCED_PARAMETER(state);
    fake.running_reads = 2;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_int_equal(update(queue.context, 4, 0, true, true), STATUS_SUCCESS);
    assert_int_equal(fake.notify_count, 0);
    fake_post_event(BELL_CAUSE_STOPPED, NODE, queue.hw_id, 0);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 2);
    assert_int_equal(fake.notifies[0].InterruptType, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED);
    assert_int_equal(fake.notifies[0].SuspendContextCompleted.ContextSuspendFence, 9);
    assert_int_equal(fake.notifies[1].HwContextListSwitchCompleted.ContextSwitchFence, 4);
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_SUCCESS);
    fake_run_dpc();
    fake_queue_free(&queue);
}

static NTSTATUS power(DEVICE_POWER_STATE wanted)
{
    return fake_ddi.DxgkDdiSetPowerState(fake_adapter, DISPLAY_ADAPTER_HW_ID, wanted,
                                         PowerActionNone);
}

/* where a preempted buffer goes on survives D3, and only there. */
static void A_54_resume_point_kept(void **state)
{
    struct fake_queue queue = make(&process);
    DXGKARG_SUSPENDCONTEXT suspend = {queue.context, 1};
    DXGKARG_DESTROYDOORBELL destroy = {queue.doorbell};
    struct fake_schedule *schedule = &fake.schedule[queue.hw_id];
    UINT64 sched = schedule->sched, quantum = schedule->quantum;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_true(fake.now[queue.hw_id]);
    schedule->resume[0] = 64; /* As the hardware left them. */
    schedule->resume[1] = 12345;
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    assert_int_equal(power(PowerDeviceD3), STATUS_SUCCESS);
    memset(fake.open, 0, sizeof(fake.open));
    memset(fake.schedule, 0xEE, sizeof(fake.schedule));
    assert_int_equal(power(PowerDeviceD0), STATUS_SUCCESS);
    assert_int_equal(schedule->resume[0], 64);
    assert_int_equal(schedule->resume[1], 12345);
    assert_int_equal(schedule->sched, sched);
    assert_int_equal(schedule->quantum, quantum);
    assert_ptr_equal((VOID *)(ULONG_PTR)schedule->handle, queue.context);

    assert_int_equal(fake_ddi.DxgkDdiDestroyDoorbell(&destroy), STATUS_SUCCESS);
    queue.doorbell = NULL;
    assert_false(fake.open[queue.hw_id]);
    fake_queue_free(&queue);
    queue = make(&process); /* A new ring begins at the beginning. */
    assert_int_equal(fake.schedule[queue.hw_id].resume[0], 0);
    assert_int_equal(fake.schedule[queue.hw_id].resume[1], 0);
    fake_queue_free(&queue);
}

/* ---- Log ---------------------------------------------------------------------------------- */

static struct {
    DXGK_SCHEDULING_LOG_HEADER header;
    DXGK_SCHEDULING_LOG_ENTRY entries[8];
} log_memory;

static NTSTATUS log_to(UINT node, UINT64 address, UINT entries, UINT interrupt_entry)
{
    DXGKARG_SETSCHEDULINGLOGBUFFER args = {
        .NodeOrdinal = node, .NumberOfEntries = entries, .LogBufferCpuVa = &log_memory,
        .LogBufferGpuVa = address, .InterruptEntry = interrupt_entry};

    return fake_ddi.DxgkDdiSetSchedulingLogBuffer(fake_adapter, &args);
}

static void HS_LOG_01_off_wait_on(void **state)
{
    int off, on, status;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(log_to(1, 0x1000, 8, 3), STATUS_SUCCESS);
    assert_int_equal(fake.logs[0][1], BELL_LOG_BASE0_ENABLE_MASK | 0x1000);
    assert_int_equal(fake.logs[1][1], 8 | 3 << 16);
    fake.logs[2][1] = UINT64_C(7) << 32 | 5; /* Where the hardware is by now. */
    fake_clear_ops();
    fake.log_busy_reads = 2;
    assert_int_equal(log_to(1, 0x3000, 16, 16), STATUS_SUCCESS);
    assert_int_equal(fake.log_busy_reads, 0); /* Waited for. */
    off = fake_find_write(0, BELL_LOG_BASE1_OFFSET, UINT64_MAX, 0);
    on = fake_find_write(0, BELL_LOG_BASE1_OFFSET, UINT64_MAX,
                         BELL_LOG_BASE0_ENABLE_MASK | 0x3000);
    for (status = off; status >= 0 && fake.ops[status].offset != BELL_STATUS_OFFSET; status++)
        assert_true(status < (int)fake.op_count);
    assert_true(off >= 0 && off < status && status < on);
    assert_int_equal(fake.logs[2][1], 0);
    assert_int_equal(fake.logs[1][1], 16 | UINT64_C(0xFFFF) << 16); /* No entry 16: no interrupt. */

    assert_int_equal(log_to(3, 0x1000, 8, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(log_to(1, 0x1010, 8, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(log_to(1, 0, 8, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(log_to(1, UINT64_C(1) << 48, 8, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(log_to(1, 0x1000, 65536, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(fake.logs[0][1], BELL_LOG_BASE0_ENABLE_MASK | 0x3000);
    assert_int_equal(log_to(1, 0, 0, 0), STATUS_SUCCESS); /* Off. */
    assert_int_equal(fake.logs[0][1], 0);
    assert_int_equal(log_to(1, 0x1000, 8, 0), STATUS_SUCCESS);
    fake.log_busy_reads = -1;
    assert_int_equal(log_to(1, 0x2000, 8, 0), STATUS_IO_TIMEOUT);
    assert_int_equal(fake.logs[0][1], 0);
    fake.log_busy_reads = 0;
}

static void HS_LOG_01_goes_on_after_d3(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(log_to(0, 0x1000, 8, 3), STATUS_SUCCESS);
    fake.logs[2][0] = UINT64_C(2) << 32 | 6;
    fake.bands = 0;
    assert_int_equal(power(PowerDeviceD3), STATUS_SUCCESS);
    assert_int_equal(fake.logs[0][0], 0); /* Stopped before the device forgets. */
    memset(fake.logs, 0, sizeof(fake.logs));
    assert_int_equal(power(PowerDeviceD0), STATUS_SUCCESS);
    assert_int_equal(fake.logs[0][0], BELL_LOG_BASE0_ENABLE_MASK | 0x1000);
    assert_int_equal(fake.logs[1][0], 8 | 3 << 16);
    assert_int_equal(fake.logs[2][0], UINT64_C(2) << 32 | 6);
    assert_int_equal(fake.logs[0][1], 0);
    assert_int_equal(BELL_FIELD_GET(fake.bands, BELL_BANDS_NORMAL_PERCENT), 10);
}

/* The device cannot be asked, or has written more since: the log's memory says where it goes on. */
static void HS_LOG_01_goes_on_after_a_full_reset(void **state)
{
    static const struct {
        UINT64 word, index, time;
        bool answers;
    } cases[] = {
        {0, 0, 0, false},
        {5, 5, 400, false},
        {UINT64_C(3) << 32, UINT64_C(3) << 32, 900, true},
        {UINT64_C(3) << 32 | 8, UINT64_C(2) << 32 | 6, 900, false}, /* No such entry: as saved. */
    };

    UNREFERENCED_PARAMETER(state);
    log_memory.entries[4].GpuTimeStamp = 400;
    log_memory.entries[7].GpuTimeStamp = 900;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(log_to(0, 0x1000, 8, 3), STATUS_SUCCESS);
        fake.logs[2][0] = UINT64_C(2) << 32 | 6;
        assert_int_equal(power(PowerDeviceD3), STATUS_SUCCESS);
        assert_int_equal(power(PowerDeviceD0), STATUS_SUCCESS);
        log_memory.header.AtomicWraparoundAndEntryIndex = cases[i].word;
        fake.gone = !cases[i].answers;
        assert_int_equal(fake_ddi.DxgkDdiResetFromTimeout(fake_adapter), STATUS_SUCCESS);
        fake.gone = false;
        memset(fake.logs, 0, sizeof(fake.logs));
        fake.time = 0;
        assert_int_equal(fake_ddi.DxgkDdiRestartFromTimeout(fake_adapter), STATUS_SUCCESS);
        assert_int_equal(fake.logs[0][0], BELL_LOG_BASE0_ENABLE_MASK | 0x1000);
        assert_int_equal(fake.logs[2][0], cases[i].index);
        assert_int_equal(fake.time, cases[i].time);
    }
}

static void HS_LOG_01_needs_both_addresses(void **state)
{
    DXGKARG_SETSCHEDULINGLOGBUFFER args = {.NumberOfEntries = 8, .LogBufferGpuVa = 0x1000};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_ddi.DxgkDdiSetSchedulingLogBuffer(fake_adapter, &args),
                     STATUS_INVALID_PARAMETER);
}

/* Another queue of its context, with a doorbell; it goes before the first one does. */
static struct fake_queue make_beside(const struct fake_queue *first)
{
    DXGKARG_CREATEHWQUEUE args = {.Flags.UserModeSubmission = 1};
    struct fake_queue made = {.context = first->context};

    assert_int_equal(fake_ddi.DxgkDdiCreateHwQueue(first->context, &args), STATUS_SUCCESS);
    made.queue = args.hHwQueue;
    fake_doorbell_make(&process, &made);
    assert_int_equal(fake_connect(&made, NULL), STATUS_SUCCESS);
    return made;
}

static void free_beside(struct fake_queue *queue)
{
    DXGKARG_DESTROYDOORBELL args = {queue->doorbell};

    assert_int_equal(fake_ddi.DxgkDdiDestroyDoorbell(&args), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwQueue(queue->queue), STATUS_SUCCESS);
    fake_allocation_free(queue->ring);
    fake_allocation_free(queue->control);
}

/* The hardware logs what contexts do: it is told which queues are of one, before they are open. */
static void HS_LOG_02_queues_of_a_context_have_its_number(void **state)
{
    struct fake_queue first = make(&process), second = make(&process), beside;
    UINT64 number = context_of(&first);

    UNREFERENCED_PARAMETER(state);
    assert_int_not_equal(number, 0);
    assert_int_not_equal(context_of(&second), 0);
    assert_int_not_equal(context_of(&second), number);
    fake_clear_ops();
    beside = make_beside(&first);
    assert_int_equal(context_of(&beside), number);
    assert_true(fake_find_write(0, BELL_QUEUE_SCHED_OFFSET(beside.hw_id), 0, 0) <
                fake_find_write(0, BELL_QUEUE_CMD_OFFSET(beside.hw_id), UINT64_MAX,
                                BELL_QUEUE_CMD_OPEN));
    fake_queue_free(&second);
    second = make(&process);
    assert_int_not_equal(context_of(&second), number);
    free_beside(&beside);
    fake_queue_free(&first);
    first = make(&process);
    assert_int_equal(context_of(&first), number); /* Its last queue has gone. */
    fake_queue_free(&first);
    fake_queue_free(&second);
}

static void HS_LOG_02_number_of_a_queue_that_stays_is_not_given_again(void **state)
{
    struct fake_queue first = make(&process), next;
    DXGKARG_DESTROYDOORBELL destroy = {first.doorbell};
    UINT64 number = context_of(&first);

    UNREFERENCED_PARAMETER(state);
    fake.running_reads = -2;
    (void)fake_ddi.DxgkDdiDestroyDoorbell(&destroy);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwQueue(first.queue), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwContext(first.context), STATUS_SUCCESS);
    fake.running_reads = 0;
    next = make(&process);
    assert_int_not_equal(context_of(&next), number);
    fake_queue_free(&next);
    fake_allocation_free(first.ring);
    fake_allocation_free(first.control);
}

/* After D3 the device knows who has work before it logs: that is no change. */
static void HS_LOG_02_work_over_d3_is_no_change(void **state)
{
    struct fake_queue queue = make(&process);
    DXGKARG_SUSPENDCONTEXT suspend = {queue.context, 1};

    UNREFERENCED_PARAMETER(state);
    for (unsigned busy = 0; busy < 2; busy++) {
        assert_int_equal(log_to(NODE, 0x1000, 8, 3), STATUS_SUCCESS);
        (void)fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend);
        fake.busy[queue.hw_id] = busy ? BELL_QUEUE_STATE_WORK_MASK : 0;
        assert_int_equal(power(PowerDeviceD3), STATUS_SUCCESS);
        memset(fake.open, 0, sizeof(fake.open));
        fake.kicks[queue.hw_id] = 0;
        fake_clear_ops();
        assert_int_equal(power(PowerDeviceD0), STATUS_SUCCESS);
        assert_int_equal(fake.kicks[queue.hw_id], busy);
        if (busy)
            assert_true(fake_find_write(0, BELL_QUEUE_CMD_OFFSET(queue.hw_id), UINT64_MAX,
                                        BELL_QUEUE_CMD_KICK) <
                        fake_find_write(0, BELL_LOG_BASE0_OFFSET + 8 * NODE, UINT64_MAX,
                                        BELL_LOG_BASE0_ENABLE_MASK | 0x1000));
    }
    fake.busy[queue.hw_id] = 0;
    fake_queue_free(&queue);
}

static void HS_LOG_02_interrupt_names_its_node(void **state)
{
    struct fake_queue queue = make(&process);

    UNREFERENCED_PARAMETER(state);
    fake_post_event(BELL_CAUSE_SCHED_LOG, 1, 0, 5);
    fake_post_event(BELL_CAUSE_SCHED_LOG_LOST, 1, queue.hw_id, 0x1000);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 1); /* The other is no fault of the queue. */
    assert_int_equal(fake.notifies[0].InterruptType, DXGK_INTERRUPT_SCHEDULING_LOG_INTERRUPT);
    assert_int_equal(fake.notifies[0].SchedulingLogInterrupt.NodeOrdinal, 1);
    fake_run_dpc();
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS); /* It did not fault. */
    fake_queue_free(&queue);
}

static void HS_PRI_01_normal_share(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(bands(300, 0, 25), STATUS_SUCCESS);
    assert_int_equal(BELL_FIELD_GET(fake.bands, BELL_BANDS_NORMAL_PERCENT), 25);
    assert_int_equal(BELL_FIELD_GET(fake.bands, BELL_BANDS_NORMAL_SLICE), 3000);
    assert_int_equal(bands(4, 4, 51), STATUS_INVALID_PARAMETER);
    assert_int_equal(BELL_FIELD_GET(fake.bands, BELL_BANDS_NORMAL_PERCENT), 25);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(HS_PRI_02_band_and_level),
        T(HS_PRI_02_before_the_first_submission),
        T(HS_PRI_01_quantum_shared_out),
        T(HS_PRI_01_queues_of_one_context),
        T(HS_PRI_01_shortest_grace),
        T(HS_PRI_01_grace_between_real_time_levels),
        T(HS_PRI_01_grace_of_the_normal_share),
        T(HS_PRI_02_groups),
        T(HS_PRI_02_groups_run_out),
        T(HS_SWI_01_first_second_idle),
        T(HS_SWI_01_with_suspend_and_connect),
        T(HS_SWI_01_stale_event_of_a_barred_context),
        T(HS_UPD_01_switch_completed),
        T(HS_UPD_01_pending_report_is_made),
        T(HS_PRI_02_the_last_word_counts),
        T(HS_UPD_01_and_suspend_together),
        T(A_54_resume_point_kept),
        T(HS_LOG_01_off_wait_on),
        T(HS_LOG_01_goes_on_after_d3),
        T(HS_LOG_01_goes_on_after_a_full_reset),
        T(HS_LOG_01_needs_both_addresses),
        T(HS_LOG_02_queues_of_a_context_have_its_number),
        T(HS_LOG_02_number_of_a_queue_that_stays_is_not_given_again),
        T(HS_LOG_02_work_over_d3_is_no_change),
        T(HS_LOG_02_interrupt_names_its_node),
        T(HS_PRI_01_normal_share),
    };

    return cmocka_run_group_tests_name("kmd_sched", tests, NULL, NULL);
}
