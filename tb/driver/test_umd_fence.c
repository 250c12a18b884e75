/* SPDX-License-Identifier: MIT */
/* Native fences of the user-mode library on a fake D3DKMT: mappings, undo, packets. No simulator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bell_regs.h"
#include "bell_umd_internal.h"
#include "fake_kmt.h"

enum { CURRENT_GPU = 0x7000, MONITORED_GPU = 0x8000 }; /* As the fake maps them. */

static const struct bell_umd_fence none;
static struct bell_umd_device *device;
static struct bell_umd_fence fence;

static int set_up(void **state)
{
    (void)state;
    fake_kmt_reset();
    fence = none;
    assert_int_equal(bell_umd_open((LUID){0}, &device), STATUS_SUCCESS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bell_umd_fence_close(&fence);
    bell_umd_close(device);
    assert_int_equal(fake_kmt.live, 0);
    return 0;
}

static void make(UINT64 initial, bool shared)
{
    assert_int_equal(bell_umd_fence_create(device, initial, shared, &fence), STATUS_SUCCESS);
}

static void require_none(const struct bell_umd_fence *left)
{
    assert_memory_equal(left, &none, sizeof(none));
}

/* --- Made and opened -------------------------------------------------------------------------- */

static void NF_OBJ_01_made_with_its_value_and_mappings(void **state)
{
    int calls;

    (void)state;
    make(7, false);
    assert_int_not_equal(fence.handle, 0);
    assert_int_equal(fence.current_gpu, CURRENT_GPU);
    assert_int_equal(fence.monitored_gpu, MONITORED_GPU);
    assert_null(fence.name);
    assert_int_equal(fake_kmt.native_create.Info.InitialFenceValue, 7);
    assert_int_equal(fake_kmt.native_create.Info.Flags.Shared, 0);
    assert_int_equal(fake_kmt.native_create.Info.Flags.NtSecuritySharing, 0);
    calls = fake_kmt.calls;
    assert_int_equal(bell_umd_fence_value(&fence), 7);
    assert_int_equal(fake_kmt.calls, calls);
}

static void NF_LIF_01_shared_by_name(void **state)
{
    struct bell_umd_fence opened;

    (void)state;
    make(3, true);
    assert_int_equal(fake_kmt.native_create.Info.Flags.Shared, 1);
    assert_int_equal(fake_kmt.native_create.Info.Flags.NtSecuritySharing, 1);
    assert_non_null(fence.name);
    assert_int_equal(bell_umd_fence_open(device, fence.name, &opened), STATUS_SUCCESS);
    assert_int_not_equal(opened.handle, fence.handle);
    assert_ptr_equal(opened.name, fence.name);
    assert_int_equal(opened.current_gpu, CURRENT_GPU);
    assert_int_equal(opened.monitored_gpu, MONITORED_GPU);
    assert_int_equal(bell_umd_fence_value(&opened), 3);
    bell_umd_fence_close(&opened);
    assert_int_equal(bell_umd_fence_value(&fence), 3); /* The other one lives. */
}

/* Each call of a shared creation fails once: nothing is left, and the caller's fence is zeroed. */
static void NF_LIF_01_failed_creation_leaves_nothing(void **state)
{
    const NTSTATUS codes[] = {STATUS_NOT_SUPPORTED, STATUS_NO_MEMORY};

    (void)state;
    for (int at = 0; at < 2; at++)
        for (unsigned i = 0; i < 2; i++) {
            int live = fake_kmt.live;

            memset(&fence, 0xEE, sizeof(fence));
            fake_kmt.fail_at = fake_kmt.calls + at;
            fake_kmt.fail_with = codes[i];
            assert_int_equal(bell_umd_fence_create(device, 1, true, &fence), codes[i]);
            assert_int_equal(fake_kmt.live, live);
            require_none(&fence);
        }
}

static void NF_LIF_01_failed_opening_leaves_nothing(void **state)
{
    struct bell_umd_fence opened;
    int live;

    (void)state;
    make(0, true);
    live = fake_kmt.live;
    memset(&opened, 0xEE, sizeof(opened));
    fake_kmt.fail_at = fake_kmt.calls;
    fake_kmt.fail_with = STATUS_INVALID_PARAMETER;
    assert_int_equal(bell_umd_fence_open(device, fence.name, &opened), STATUS_INVALID_PARAMETER);
    assert_int_equal(fake_kmt.live, live);
    require_none(&opened);
}

static void NF_LIF_01_closed_once(void **state)
{
    int live = fake_kmt.live;

    (void)state;
    make(0, false);
    assert_int_equal(fake_kmt.live, live + 1);
    for (unsigned i = 0; i < 3; i++) { /* Closed, and zeroed, it is nothing any more. */
        bell_umd_fence_close(&fence);
        assert_int_equal(fake_kmt.live, live);
        require_none(&fence);
    }
}

/* --- Waits and signals of the CPU ------------------------------------------------------------- */

static void NF_SYN_01_a_wait_that_is_over_makes_no_call(void **state)
{
    int calls;

    (void)state;
    make(5, false);
    calls = fake_kmt.calls;
    for (UINT64 value = 0; value <= 5; value++)
        assert_int_equal(bell_umd_fence_wait(device, &fence, value), STATUS_SUCCESS);
    assert_int_equal(fake_kmt.calls, calls);
    assert_int_equal(bell_umd_fence_wait(device, &fence, 6), STATUS_IO_TIMEOUT); /* The fake's. */
    assert_int_equal(fake_kmt.calls, calls + 1);
    assert_int_equal(fake_kmt.native_waited, 6);
    assert_int_equal(fake_kmt.native_object, fence.handle);
    fake_kmt.fail_at = fake_kmt.calls;
    fake_kmt.fail_with = STATUS_DEVICE_REMOVED;
    assert_int_equal(bell_umd_fence_wait(device, &fence, 6), STATUS_DEVICE_REMOVED);
}

/* A signal is the OS's to make: the mapping of the value is not written here. */
static void NF_OBJ_01_signal_goes_through_the_os(void **state)
{
    (void)state;
    make(5, false);
    assert_int_equal(bell_umd_fence_signal(device, &fence, 9), STATUS_SUCCESS);
    assert_int_equal(fake_kmt.native_signaled, 9);
    assert_int_equal(fake_kmt.native_object, fence.handle);
    assert_int_equal(bell_umd_fence_value(&fence), 9);
    fake_kmt.fail_at = fake_kmt.calls;
    fake_kmt.fail_with = STATUS_INVALID_PARAMETER;
    assert_int_equal(bell_umd_fence_signal(device, &fence, 8), STATUS_INVALID_PARAMETER);
    assert_int_equal(bell_umd_fence_value(&fence), 9);
}

/* --- Packets ---------------------------------------------------------------------------------- */

static void require_packet(const volatile UINT64 *packet, UINT64 op, UINT64 value, UINT64 third)
{
    assert_int_equal(packet[0] & ~BELL_PACKET_HEAD_FENCE_MASK, op);
    assert_int_equal(BELL_FIELD_GET(packet[0], BELL_PACKET_HEAD_FENCE), fence.handle);
    assert_int_equal(packet[1], CURRENT_GPU);
    assert_int_equal(packet[2], value);
    assert_int_equal(packet[3], third);
}

static void NF_SYN_01_packets(void **state)
{
    struct bell_umd_commands list;
    struct bell_umd_memory memory;

    (void)state;
    make(0, false);
    assert_int_equal(bell_umd_alloc(device, 4096, &memory), STATUS_SUCCESS);
    assert_int_equal(bell_umd_commands_begin(&list, &memory, 0, 4 * BELL_PACKET_BYTES),
                     STATUS_SUCCESS);
    bell_umd_cmd_fence_wait(&list, &fence, UINT64_MAX);
    bell_umd_cmd_fence_signal(&list, &fence, 4);
    require_packet(list.cpu, BELL_OP_WAIT, UINT64_MAX, 0);
    require_packet(list.cpu + 4, BELL_OP_SIGNAL, 4, MONITORED_GPU);
    assert_false(list.overflow);
    bell_umd_cmd_fence_signal(&list, &fence, 5); /* No room but for the progress fence. */
    assert_true(list.overflow);
    assert_int_equal(list.used, 2);
    bell_umd_cmd_fence_wait(&list, &fence, 5);
    for (unsigned i = 8; i < 16; i++)
        assert_int_equal(list.cpu[i], FAKE_KMT_STALE(i)); /* Nor was one of them named. */
    bell_umd_free(device, &memory);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(NF_OBJ_01_made_with_its_value_and_mappings),
        T(NF_LIF_01_shared_by_name),
        T(NF_LIF_01_failed_creation_leaves_nothing),
        T(NF_LIF_01_failed_opening_leaves_nothing),
        T(NF_LIF_01_closed_once),
        T(NF_SYN_01_a_wait_that_is_over_makes_no_call),
        T(NF_OBJ_01_signal_goes_through_the_os),
        T(NF_SYN_01_packets),
    };

    return cmocka_run_group_tests_name("umd_fence", tests, NULL, NULL);
}
