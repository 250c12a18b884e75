/* SPDX-License-Identifier: MIT */
/* Rules of discovery: nodes, caps, the feature switch. */
#include "os_objects.h"

#include <string.h>

#define CANARY 0xC7
#define MAX_DOORBELL_BYTES BELL_PAGE

static bool ums_enabled;    /**< The OS told the driver that user-mode submission is on. */
static bool native_enabled; /**< The same of native fences. */

void os_monitor_caps_init(void)
{
    ums_enabled = false;
    native_enabled = false;
}

void os_monitor_feature(DXGK_FEATURE_ID feature, bool enabled)
{
    if (feature == DXGK_FEATURE_USER_MODE_SUBMISSION)
        ums_enabled = enabled;
    if (feature == DXGK_FEATURE_NATIVE_FENCE)
        native_enabled = enabled;
}

static bool bad_stride(UINT bytes)
{
    return bytes < sizeof(UINT64) || bytes > BELL_PAGE || (bytes & (bytes - 1)) != 0;
}

bool os_monitor_native_caps(const DXGK_NATIVE_FENCE_CAPS *caps)
{
    static const UCHAR zero[sizeof(caps->Reserved)];

    if (!native_enabled)
        os_violation("NF-CAP-01", 0, "NativeGpuFence is set, and DxgkCbIsFeatureEnabled never told "
                     "the driver that feature %d is enabled", (int)DXGK_FEATURE_NATIVE_FENCE);
    else if (caps == NULL)
        os_violation("NF-CAP-01", 0, "NativeGpuFence is set, and the driver has no answer to query "
                     "type %d, or lacks an entry point", (int)DXGKQAITYPE_NATIVE_FENCE_CAPS);
    else if (bad_stride(caps->MonitoredValueStride) ||
             memcmp(caps->Reserved, zero, sizeof(zero)) != 0)
        os_violation("NF-CAP-01", 0, "MonitoredValueStride is %u, or a reserved byte is set",
                     caps->MonitoredValueStride);
    else
        return true;
    return false;
}

static bool bad_size(UINT bytes)
{
    return bytes < 4 || bytes > MAX_DOORBELL_BYTES || (bytes & (bytes - 1)) != 0;
}

static bool reserved_are_zero(const DXGK_USERMODESUBMISSION_CAPS *caps)
{
    static const UCHAR zero[sizeof(caps->Reserved)];

    return caps->Flags.Reserved == 0 && memcmp(caps->Reserved, zero, sizeof(zero)) == 0;
}

bool os_monitor_caps(const DXGK_USERMODESUBMISSION_CAPS *caps)
{
    if (!ums_enabled)
        os_violation("DB-CAP-08", 0, "the driver answers the caps query, and "
                     "DxgkCbIsFeatureEnabled never told it that feature %d is enabled",
                     (int)DXGK_FEATURE_USER_MODE_SUBMISSION);
    else if (!reserved_are_zero(caps))
        os_violation("DB-CAP-04", 0, "reserved bits or bytes are set (Flags 0x%x)",
                     caps->Flags.Value);
    else if (bad_size(caps->DoorbellSizeInBytes))
        os_violation("DB-CAP-06", 0, "DoorbellSizeInBytes is %u", caps->DoorbellSizeInBytes);
    else if (caps->Flags.SecondaryDoorbellSupported &&
             bad_size(caps->SecondaryDoorbellSizeInBytes))
        os_violation("DB-CAP-06", 0, "SecondaryDoorbellSizeInBytes is %u",
                     caps->SecondaryDoorbellSizeInBytes);
    else
        return true;
    return false;
}

void os_monitor_discovered(void)
{
    unsigned flagged = 0;

    for (UINT node = 0; node < os_adapter.node_count; node++)
        flagged += os_adapter.nodes[node].Flags.UserModeSubmission;
    if (flagged > 0 && !ums_enabled)
        os_violation("DB-CAP-08", 0, "%u node%s the UserModeSubmission flag, and "
                     "DxgkCbIsFeatureEnabled never told the driver that the feature is enabled",
                     flagged, flagged == 1 ? " has" : "s have");
    if (flagged == 0 && os_adapter.ums)
        os_violation("DB-CAP-01", 0, "the driver has user-mode submission caps, and no node has "
                     "the flag");
}

void os_monitor_canary_set(void *end)
{
    memset(end, CANARY, OS_CANARY_BYTES);
}

void os_monitor_canary_check(const void *end, const char *id, const char *ddi, unsigned size)
{
    const unsigned char *bytes = end;

    for (unsigned i = 0; i < OS_CANARY_BYTES; i++)
        if (bytes[i] != CANARY) {
            os_violation(id, 0, "%s wrote byte %u of an output buffer of %u bytes", ddi,
                         size + i, size);
            return;
        }
}
