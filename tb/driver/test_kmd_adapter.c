/* SPDX-License-Identifier: MIT */
/* Start, capabilities and nodes of the KMD on a fake register bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bell.h"

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake_reset();
    return 0;
}

static void start_and_stop(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    assert_true(fake.enabled && fake.irq_enabled);
    assert_int_equal(fake_ddi.DxgkDdiStopDevice(fake_adapter), STATUS_SUCCESS);
    assert_false(fake.enabled || fake.irq_enabled);
    fake_stop(); /* A second stop does nothing. */
}

static void start_failures_leave_nothing(void **state)
{
    UNREFERENCED_PARAMETER(state);
    for (int step = 0; step < 2; step++) {
        fake.fail_map = step;
        assert_int_equal(fake_start(), STATUS_INSUFFICIENT_RESOURCES);
        fake_stop();
    }
    for (int step = 1; step < 3; step++) { /* Allocation 0 is the adapter itself. */
        fake.fail_alloc = step;
        assert_int_equal(fake_start(), STATUS_NO_MEMORY);
        fake_stop();
    }
    fake.gone = true;
    assert_int_equal(fake_start(), STATUS_DEVICE_NOT_READY);
    fake_stop();
    fake.gone = false;
    fake.id += BELL_FIELD_PUT(BELL_ID_MAJOR, 1);
    assert_int_equal(fake_start(), STATUS_NOT_SUPPORTED);
    fake_stop();
}

static void DB_CAP_01_flag_per_node(void **state)
{
    DXGKARG_GETNODEMETADATA node;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    for (UINT i = 0; i < 3; i++) {
        assert_int_equal(fake_ddi.DxgkDdiGetNodeMetadata(fake_adapter, i, &node), STATUS_SUCCESS);
        assert_int_equal(node.Flags.UserModeSubmission, i < 2);
        assert_int_equal(node.Flags.Reserved, 0);
        assert_int_equal(node.Flags.RingBufferFenceRelease, 0);
    }
    fake_stop();
}

static void DB_CAP_02_bad_arguments(void **state)
{
    DXGKARG_GETNODEMETADATA node;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    memset(&node, 0xA5, sizeof(node));
    assert_int_equal(fake_ddi.DxgkDdiGetNodeMetadata(fake_adapter, 3, &node),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(fake_ddi.DxgkDdiGetNodeMetadata(fake_adapter, 0x10000, &node),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(fake_ddi.DxgkDdiGetNodeMetadata(NULL, 0, &node), STATUS_INVALID_PARAMETER);
    assert_int_equal(fake_ddi.DxgkDdiGetNodeMetadata(fake_adapter, 0, NULL),
                     STATUS_INVALID_PARAMETER);
    for (unsigned i = 0; i < sizeof(node); i++)
        assert_int_equal(((UCHAR *)&node)[i], 0xA5);
    fake_stop();
}

static NTSTATUS query(UINT type, VOID *output, UINT bytes)
{
    DXGKARG_QUERYADAPTERINFO args;

    memset(&args, 0, sizeof(args));
    args.Type = (DXGK_QUERYADAPTERINFOTYPE)type;
    args.pOutputData = output;
    args.OutputDataSize = bytes;
    return fake_ddi.DxgkDdiQueryAdapterInfo(fake_adapter, &args);
}

static void DB_CAP_04_submission_caps(void **state)
{
    DXGK_USERMODESUBMISSION_CAPS caps;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    memset(&caps, 0xFF, sizeof(caps));
    assert_int_equal(query(38, &caps, sizeof(caps)), STATUS_SUCCESS);
    assert_int_equal(caps.Flags.Value, 0);
    assert_int_equal(caps.DoorbellSizeInBytes, 8);
    assert_int_equal(caps.SecondaryDoorbellSizeInBytes, 0);
    for (unsigned i = 0; i < sizeof(caps.Reserved); i++)
        assert_int_equal(caps.Reserved[i], 0);
    fake_stop();
}

static void DB_CAP_07_output_buffer(void **state)
{
    UCHAR buffer[40];

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    memset(buffer, 0x77, sizeof(buffer));
    assert_int_equal(query(38, buffer, 27), STATUS_INVALID_PARAMETER);
    assert_int_equal(query(38, NULL, 28), STATUS_INVALID_PARAMETER);
    assert_int_equal(query(37, buffer, sizeof(buffer)), STATUS_INVALID_PARAMETER);
    assert_int_equal(query(999, buffer, sizeof(buffer)), STATUS_NOT_SUPPORTED);
    assert_int_equal(buffer[0], 0x77);
    assert_int_equal(query(38, buffer, sizeof(buffer)), STATUS_SUCCESS);
    assert_int_equal(buffer[28], 0x77);
    fake_stop();
}

static void DB_CAP_08_feature_off(void **state)
{
    DXGKARG_GETNODEMETADATA node;
    UCHAR buffer[40];

    UNREFERENCED_PARAMETER(state);
    fake.feature_off = true;
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    assert_int_equal(query(38, buffer, sizeof(buffer)), STATUS_NOT_SUPPORTED);
    assert_int_equal(fake_ddi.DxgkDdiGetNodeMetadata(fake_adapter, 0, &node), STATUS_SUCCESS);
    assert_int_equal(node.Flags.UserModeSubmission, 0);
    fake_stop();
}

static void private_caps(void **state)
{
    BELL_UMD_CAPS caps;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    assert_int_equal(query(0, &caps, sizeof(caps)), STATUS_SUCCESS);
    assert_int_equal(caps.version, BELL_INTERFACE_VERSION);
    assert_int_equal(caps.um_node_mask, 3);
    assert_int_equal(caps.ring_entry_bytes, BELL_ENTRY_BYTES);
    assert_int_equal(caps.doorbell_slots, 2);
    fake_stop();
}

static void processes_and_devices(void **state)
{
    ULONG pasids[2] = {5, 6};
    DXGKARG_CREATEPROCESS args = {.NumPasid = 2, .pPasid = pasids};
    DXGKARG_CREATEDEVICE device = {.hKmdProcess = &device};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiCreateProcess(fake_adapter, &args),
                     STATUS_INVALID_PARAMETER);
    args.NumPasid = 1;
    pasids[0] = 0; /* The kernel's. */
    assert_int_equal(fake_ddi.DxgkDdiCreateProcess(fake_adapter, &args),
                     STATUS_INVALID_PARAMETER);
    pasids[0] = 1u << 20;
    assert_int_equal(fake_ddi.DxgkDdiCreateProcess(fake_adapter, &args),
                     STATUS_INVALID_PARAMETER);
    pasids[0] = 5;
    fake.fail_alloc = 0;
    assert_int_equal(fake_ddi.DxgkDdiCreateProcess(fake_adapter, &args), STATUS_NO_MEMORY);
    assert_null(args.hKmdProcess);
    device.hKmdProcess = NULL;
    assert_int_equal(fake_ddi.DxgkDdiCreateDevice(fake_adapter, &device),
                     STATUS_INVALID_PARAMETER);
    fake_stop();
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(start_and_stop),          T(start_failures_leave_nothing),
        T(DB_CAP_01_flag_per_node), T(DB_CAP_02_bad_arguments),
        T(DB_CAP_04_submission_caps), T(DB_CAP_07_output_buffer),
        T(DB_CAP_08_feature_off),   T(private_caps),
        T(processes_and_devices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
