/* SPDX-License-Identifier: MIT */
/* ResumeHwEngine samples the queues and closes the gate again. */
#include "plant.h"

static NTSTATUS resume(HANDLE of, const DXGKARG_RESUMEHWENGINE *args)
{
    NTSTATUS status = real.DxgkDdiResumeHwEngine(of, args);

    plant_write(BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK |
                                      BELL_FIELD_PUT(BELL_CTRL_GATED, 1u << args->NodeOrdinal));
    return status;
}

PLANT_DDI(ResumeHwEngine, resume);
