/* SPDX-License-Identifier: MIT */
/* Layouts of Microsoft's structures: sizes, offsets at compile time, bit positions at run time. */
#include "bell_abi_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Sets one bit field of a flags union and gives its Value. */
#define VALUE_WITH(type, field, bits) value_with_##type##_##field(bits)
#define DEFINE_VALUE_WITH(type, field)                       \
    static UINT value_with_##type##_##field(UINT bits)       \
    {                                                        \
        type flags;                                          \
        memset(&flags, 0, sizeof(flags));                    \
        flags.field = bits;                                  \
        return flags.Value;                                  \
    }

DEFINE_VALUE_WITH(DXGK_NODEMETADATA_FLAGS, UserModeSubmission)
DEFINE_VALUE_WITH(DXGK_NODEMETADATA_FLAGS, MaxInFlightHwQueueBuffers)
DEFINE_VALUE_WITH(D3DDDI_CREATEHWQUEUEFLAGS, UserModeSubmission)
DEFINE_VALUE_WITH(D3DDDI_CREATEHWQUEUEFLAGS, NativeProgressFence)
DEFINE_VALUE_WITH(D3DKMT_CREATE_DOORBELL_FLAGS, RequireSecondaryCpuVA)
DEFINE_VALUE_WITH(D3DKMT_CREATE_DOORBELL_FLAGS, ResizeRingBufferOperation)
DEFINE_VALUE_WITH(DXGKARG_CREATEDOORBELL_FLAGS, ResizeRingBufferOperation)
DEFINE_VALUE_WITH(DXGK_ALLOCATIONINFOFLAGS_WDDM2_0, HistoryBuffer)
DEFINE_VALUE_WITH(DXGK_ALLOCATIONINFOFLAGS_WDDM2_0, CpuVisibleOnDemand)
DEFINE_VALUE_WITH(DXGK_ALLOCATIONINFOFLAGS_WDDM2_0, MapApertureCpuVisible)
DEFINE_VALUE_WITH(DXGK_VIDSCHCAPS, NativeGpuFence)
DEFINE_VALUE_WITH(DXGK_SUBMITCOMMANDFLAGS, VirtualMachineData)

static void flag_bits(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(VALUE_WITH(DXGK_NODEMETADATA_FLAGS, UserModeSubmission, 1), 1u << 3);
    assert_int_equal(VALUE_WITH(DXGK_NODEMETADATA_FLAGS, MaxInFlightHwQueueBuffers, 1), 1u << 16);
    assert_int_equal(VALUE_WITH(D3DDDI_CREATEHWQUEUEFLAGS, UserModeSubmission, 1), 1u << 4);
    assert_int_equal(VALUE_WITH(D3DDDI_CREATEHWQUEUEFLAGS, NativeProgressFence, 1), 1u << 5);
    assert_int_equal(VALUE_WITH(D3DKMT_CREATE_DOORBELL_FLAGS, RequireSecondaryCpuVA, 1), 1u << 0);
    assert_int_equal(VALUE_WITH(D3DKMT_CREATE_DOORBELL_FLAGS, ResizeRingBufferOperation, 1),
                     1u << 1);
    assert_int_equal(VALUE_WITH(DXGKARG_CREATEDOORBELL_FLAGS, ResizeRingBufferOperation, 1),
                     1u << 0);
    assert_int_equal(VALUE_WITH(DXGK_ALLOCATIONINFOFLAGS_WDDM2_0, HistoryBuffer, 1), 1u << 14);
    assert_int_equal(VALUE_WITH(DXGK_ALLOCATIONINFOFLAGS_WDDM2_0, CpuVisibleOnDemand, 1),
                     1u << 18);
    assert_int_equal(VALUE_WITH(DXGK_ALLOCATIONINFOFLAGS_WDDM2_0, MapApertureCpuVisible, 1),
                     1u << 13);
    assert_int_equal(VALUE_WITH(DXGK_VIDSCHCAPS, NativeGpuFence, 1), 1u << 11);
    assert_int_equal(VALUE_WITH(DXGK_SUBMITCOMMANDFLAGS, VirtualMachineData, 1), 1u << 8);
}

static void DB_STA_01_values(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(D3DDDI_DOORBELLSTATUS_CONNECTED, 0);
    assert_int_equal(D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD, 1);
    assert_int_equal(D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY, 2);
    assert_int_equal(D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT, 3);
}

static void constants(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(DXGKQAITYPE_USERMODESUBMISSION_CAPS, 38);
    assert_int_equal(DXGK_FEATURE_USER_MODE_SUBMISSION, 4);
    assert_int_equal(DXGK_INTERRUPT_MONITORED_FENCE_SIGNALED, 11);
    assert_int_equal(DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED, 12);
    assert_int_equal(DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED, 17);
    assert_int_equal(DXGK_ENGINE_STATE_TRANSITION_TO_F1, 1); /* */
    assert_int_equal((UINT)STATUS_GRAPHICS_DRIVER_MISMATCH, 0xC01E0009u);
    assert_false(NT_SUCCESS(STATUS_GRAPHICS_DRIVER_MISMATCH)); /* */
    assert_true(NT_SUCCESS(STATUS_PENDING));
    assert_int_equal(D3DDDI_ALLOCATIONPRIORITY_NORMAL, 0x78000000u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flag_bits),
        cmocka_unit_test(DB_STA_01_values),
        cmocka_unit_test(constants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
