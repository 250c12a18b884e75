/* SPDX-License-Identifier: MIT */
/* What the monitor knows. IDs are the contract's; WDK-.. are general rules of kernel mode. */
#include "os_monitor.h"

const struct os_rule os_rules[] = {
    {"DB-CAP-01", "GetNodeMetadata succeeds for every node, and flags UserModeSubmission on just "
                  "the nodes that support it", 1},
    {"DB-CAP-02", "GetNodeMetadata refuses a node that does not exist and leaves the output", 1},
    {"DB-CAP-04", "the user-mode submission caps have zero in reserved bits and bytes", 1},
    {"DB-CAP-06", "doorbell sizes in the caps are powers of two from 4 to 4096", 1},
    {"DB-CAP-07", "QueryAdapterInfo writes nothing past OutputDataSize", 1},
    {"DB-CAP-08", "user-mode submission is advertised only where the OS said it is enabled", 1},
    {"DB-QUE-06", "CreateHwQueue gives the driver's handle; DestroyHwQueue succeeds and frees it",
     1},
    {"DB-CRE-01", "a failed CreateDoorbell leaves nothing behind", 1},
    {"DB-CRE-02", "CreateDoorbell builds data structures only: no slot is assigned or programmed",
     1},
    {"DB-CRE-08", "CreateDoorbell writes no private data past PrivateDriverDataSize", 1},
    {"DB-CRE-09", "CreateDoorbell replaces hDoorbell by the driver's own, new handle", 1},
    {"DB-CRE-12", "the hardware fetches only from the ring that the doorbell was made for", 1},
    {"DB-CON-02", "on return from ConnectDoorbell the slot routes to the doorbell's queue", 1},
    {"DB-CON-03", "ConnectDoorbell answers CONNECTED or CONNECTED_NOTIFY_KMD and an address inside "
                  "the doorbell BAR", 1},
    {"DB-CON-05", "a slot stays reserved for its doorbell until that is disconnected", 1},
    {"DB-CON-06", "ConnectDoorbell fails only when the device is gone or does not answer", 1},
    {"DB-CON-10", "connect counts as a ring: after programming the slot the write pointer is "
                  "sampled", 1},
    {"DB-CON-11", "connect does not put the queue of a suspended context on the run list", 1},
    {"DB-CON-12", "a failed ConnectDoorbell leaves no slot routed to the queue", 1},
    {"DB-DIS-01", "DisconnectDoorbell returns STATUS_SUCCESS, always", 1},
    {"DB-DIS-02", "after DisconnectDoorbell no slot routes to the queue", 1},
    {"DB-DIS-03", "DisconnectDoorbell keeps the doorbell object", 1},
    {"DB-DIS-05", "DisconnectDoorbell drains the slot and takes a last sample of the write "
                  "pointer", 1},
    {"DB-DIS-07", "DisconnectDoorbell leaves the queue on the run list", 1},
    {"DB-VIC-02", "DxgkCbDisconnectDoorbell gets OS handles of a live doorbell and its queue, and "
                  "a DISCONNECTED_* reason", 1},
    {"DB-VIC-03", "a slot keeps routing to the victim until the callback has returned", 1},
    {"DB-VIC-04", "after the callback the slot is drained and the victim sampled before the slot "
                  "is routed anew", 1},
    {"DB-VIC-06", "a doorbell whose connect is under way is no victim", 1},
    {"DB-DES-03", "after DestroyDoorbell the hardware does not fetch from the ring any more", 1},
    {"DB-DES-04", "DestroyDoorbell succeeds, frees the slot and the object", 1},
    {"DB-NTF-02", "NotifyWorkSubmission returns STATUS_SUCCESS, always", 1},
    {"DB-SEC-02", "with RequireSecondaryAddress both addresses are returned", 1},
    {"DB-STA-03", "only the OS writes the status word", 1},
    {"DB-VA-04", "the in-page offset of a doorbell never changes", 1},
    {"DB-SUS-01", "SuspendContext returns SUCCESS when suspended already, else PENDING and one "
                  "interrupt with the context and fence given", 1},
    {"DB-SUS-03", "a suspend request is acknowledged within the TDR time", 1},
    {"DB-SUS-05", "a suspended context has no queue on the run list", 1},
    {"DB-SUS-06", "ResumeContext puts every queue back on the run list, then samples it", 1},
    {"DB-INT-01", "reports come at DIRQL and lead to a DPC, which calls DxgkCbNotifyDpc", 1},
    {"DB-INT-02", "every hardware event is reported once", 1},
    {"DB-TRM-01", "DestroyProcess returns STATUS_SUCCESS and frees the driver's object", 1},
    {"DB-THR-01", "a DDI or callback at PASSIVE_LEVEL is called and left at PASSIVE_LEVEL", 1},
    {"DB-THR-03", "locks are taken in one order and released before a DDI returns", 1},
    {"A-04", "BuildPagingBuffer takes note of every mapping that the OS makes or removes", 1},
    {"AL-CRE-01", "CreateAllocation runs at PASSIVE_LEVEL", 1},
    {"AL-CRE-02", "CreateAllocation returns SUCCESS, INVALID_PARAMETER, NO_MEMORY or "
                  "GRAPHICS_DRIVER_MISMATCH", 1},
    {"AL-CRE-04", "a failed CreateAllocation leaves nothing allocated and no output changed", 1},
    {"AL-CRE-07", "CreateAllocation gives each item a handle of its own", 1},
    {"AL-CRE-08", "sizes, priority and segment sets of an allocation make sense", 1},
    {"AL-CRE-09", "CreateAllocation gives hResource only when the items belong to a resource", 1},
    {"AL-CRE-10", "objects of the adapter hold no pointer to data of a device", 1},
    {"AL-CRE-13", "HistoryBuffer goes with CpuVisible and Cached, and with no other flag", 1},
    {"AL-CRE-14", "allocation flags fit one another and the caps", 1},
    {"AL-HND-01", "DxgkCbGetHandleData below DISPATCH_LEVEL; after NULL the DDI fails with "
                  "STATUS_INVALID_HANDLE", 1},
    {"AL-HND-02", "DeviceSpecific data exist for allocations only", 1},
    {"AL-HND-03", "DxgkCbEnumHandleChildren is called at PASSIVE_LEVEL", 1},
    {"AL-OPN-01", "OpenAllocation gives each item a device-specific handle", 1},
    {"AL-CLS-01", "CloseAllocation frees the device's handles only, and succeeds", 1},
    {"AL-DST-01", "DestroyAllocation frees each listed object, the resource only if told to, and "
                  "succeeds", 1},
    {"AL-DSC-01", "DescribeAllocation runs at PASSIVE_LEVEL", 1},
    {"HS-CTX-01", "contexts and devices get handles of the driver, and are destroyed without "
                  "failing", 2},
    {"HS-PRI-01", "SetupPriorityBands succeeds", 2},
    {"HS-PRI-02", "SetContextSchedulingProperties succeeds, and the hardware has the band and level "
                  "when it returns", 2},
    {"HS-UPD-01", "UpdateHwContextState succeeds, moves the context's queues on or off the run list "
                  "and reports the switch fence just when asked", 2},
    {"HS-SWI-01", "after SwitchToHwContextList the run list holds the queues of First and Second and "
                  "no others", 2},
    {"HS-LOG-01", "SetSchedulingLogBuffer succeeds, and nobody writes to the log before it any "
                  "more", 2},
    {"HS-LOG-02", "the scheduling log has well-formed entries in the order of time, one context at "
                  "a time runs, and its interrupt names its node", 2},
    {"HS-RST-01", "after ResetHwEngine nothing runs until ResumeHwEngine", 2},
    {"HS-RST-02", "after ResumeHwEngine the engine runs, its queues are sampled, and none of an "
                  "invalidated context is on the run list", 2},
    {"HS-RST-03", "LastAbortedFenceId of ResetEngine lies between what was done and what was "
                  "submitted", 2},
    {"HS-RST-04", "QueryEngineStatus succeeds, always", 2},
    {"HS-TMO-01", "GPU_ENGINE_TIMEOUT and GPU_ENGINE_STATE_CHANGE name a node and an engine that "
                  "exist", 2},
    {"NF-CAP-01", "native fences are advertised only where the OS said they are enabled, and with sane "
                  "caps", 2},
    {"NF-OBJ-01", "UpdateCurrentValuesFromCpu succeeds, stores the values and makes waits of the GPU "
                  "look again", 2},
    {"NF-INT-01", "every signal that the hardware reports is reported to the OS: no waiter sleeps "
                  "beyond its value", 2},
    {"NF-INT-02", "NATIVE_FENCE_SIGNALED names live fences by their OS handles, or none", 2},
    {"NF-SYN-01", "UpdateMonitoredValues succeeds, stores the values, then reports fences that are "
                  "beyond them", 2},
    {"NF-LIF-01", "native fences get handles of the driver, and are closed and destroyed without "
                  "failing", 2},
    {"NF-QUE-01", "CreateHwQueue takes a native progress fence where native fences are advertised", 2},
    {"NF-LOG-01", "native fence logs are accepted at DISPATCH_LEVEL, have well-formed entries in the "
                  "order of time, and that of a signal before its interrupt", 2},
    {"WDK-POOL-01", "a pool block is freed once, with its own tag, and not written past its end",
     0},
    {"WDK-POOL-02", "an unloaded driver leaves no memory behind", 0},
    {"WDK-MAP-01", "an unloaded driver leaves no DxgkCbMapMemory mapping behind", 0},
    {"WDK-IRQL-01", "kernel memory services are called below their IRQL limit", 0},
    {"WDK-CB-01", "callbacks get the DeviceHandle of DXGKRNL_INTERFACE", 0},
    {"WDK-LOCK-01", "kernel locks are initialised objects, released by their owner", 0},
    {"WDK-REG-01", "register accesses go to mapped device registers", 0},
};
const size_t os_rule_count = sizeof(os_rules) / sizeof(os_rules[0]);
