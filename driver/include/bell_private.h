/* SPDX-License-Identifier: MIT */
/*
 * Private data between the user-mode driver and the kernel-mode driver. The OS passes it through
 * unread. The KMD copies and validates everything here; nothing in it is trusted (AL-CRE-06).
 */
#ifndef BELL_PRIVATE_H
#define BELL_PRIVATE_H

#include "bell_wdk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The one version of these layouts that this tree speaks. Another value in a blob makes the KMD
 * answer STATUS_GRAPHICS_DRIVER_MISMATCH (AL-CRE-05). */
#define BELL_INTERFACE_VERSION 1u

#define BELL_ALLOCATION_MAGIC 0x4C4C4542u /* "BELL" */
#define BELL_REQUEST_MAGIC 0x51455242u    /* "BREQ" */

/* BELL_ALLOCATION_PRIVATE.flags. Other bits must be 0. */
#define BELL_ALLOCATION_CPU_VISIBLE 0x01u /* Lock2 may map it. */
#define BELL_ALLOCATION_CACHED 0x02u      /* CPU mapping is write-back. Needs CPU_VISIBLE. */
#define BELL_ALLOCATION_HISTORY 0x04u     /* History buffer managed by the UMD (AL-CRE-13). */
#define BELL_ALLOCATION_SURFACE 0x08u     /* width .. rotation say how (AL-CRE-12, AL-DSC-01). */
#define BELL_ALLOCATION_EXPLICIT_RESIDENCY 0x10u  /* ExplicitResidencyNotification. */
#define BELL_ALLOCATION_ACCESSED_PHYSICALLY 0x20u /* Required by EXPLICIT_RESIDENCY. */
#define BELL_ALLOCATION_APERTURE_CPU_VISIBLE 0x40u /* Refused: no such aperture (AL-CRE-14). */

/* Per allocation: DXGK_ALLOCATIONINFO.pPrivateDriverData. 72 bytes. */
typedef struct _BELL_ALLOCATION_PRIVATE {
    UINT32 magic;      /* BELL_ALLOCATION_MAGIC. */
    UINT32 version;    /* BELL_INTERFACE_VERSION. */
    UINT64 size;       /* Bytes, more than 0; SURFACE: 0 or pitch * height. The OS rounds up. */
    UINT32 flags;      /* BELL_ALLOCATION_... */
    UINT32 alignment;  /* Bytes, power of two up to 64 KiB; 0 = one page. */
    UINT32 width;      /* Pixels; SURFACE only, otherwise 0. */
    UINT32 height;     /* Lines; SURFACE only, otherwise 0. */
    UINT32 pitch;      /* Bytes from line to line, at least 1; SURFACE only, otherwise 0. */
    UINT32 format;     /* D3DDDIFORMAT; SURFACE only, otherwise 0. */
    UINT32 segment_set; /* 0 = any; otherwise bit n-1 = segment n, and only segment 1 exists. */
    UINT32 reserved;    /* 0. */
    UINT32 samples;         /* Of a pixel, 0 = 1; SURFACE only, otherwise 0; so all below. */
    UINT32 sample_quality;  /* Levels. */
    UINT32 refresh_num;     /* Hz = refresh_num / refresh_den. */
    UINT32 refresh_den;
    UINT32 format_attribute; /* UMD's own; echoed to whoever asks for a description. */
    UINT32 rotation;
} BELL_ALLOCATION_PRIVATE;

/* Per request: DXGKARG_CREATEALLOCATION.pPrivateDriverData. Optional (size 0). 16 bytes. */
typedef struct _BELL_REQUEST_PRIVATE {
    UINT32 magic;   /* BELL_REQUEST_MAGIC. */
    UINT32 version; /* BELL_INTERFACE_VERSION. */
    UINT64 cookie;  /* UMD's own; echoed to traces, never interpreted. */
} BELL_REQUEST_PRIVATE;

/*
 * Where a ring lies in its allocation. The KMD decides from the allocation alone: the ring
 * starts at byte 0 and has the largest power of two of entries that fits, at most
 * BELL_UMD_CAPS.max_ring_entries, at least 2. The control area (WPTR, RPTR) is at byte 0 of the
 * control allocation; without one it follows the last entry inside the ring allocation, and room
 * for it is kept. Both counts of a new doorbell start at 0.
 */

/* Create doorbell, in/out, 16 bytes. The UMD may pass any content; the KMD overwrites it all.
 * A smaller buffer gets none of it. */
typedef struct _BELL_DOORBELL_PRIVATE {
    UINT64 queue_token;    /* Names the queue to a global doorbell; page mode: hardware queue. */
    UINT32 in_page_offset; /* Bytes. Constant for the life of the doorbell. */
    UINT32 version;        /* BELL_INTERFACE_VERSION. */
} BELL_DOORBELL_PRIVATE;

/* KMTQAITYPE_UMDRIVERPRIVATE / DXGKQAITYPE_UMDRIVERPRIVATE. Output only. 32 bytes. */
typedef struct _BELL_UMD_CAPS {
    UINT32 version;          /* BELL_INTERFACE_VERSION. */
    UINT32 node_count;       /* Nodes 0 .. node_count-1. */
    UINT32 um_node_mask;     /* Bit n: node n takes user-mode submission. */
    UINT32 ring_entry_bytes; /* Bytes of one ring entry. */
    UINT32 packet_bytes;     /* Bytes of one command packet. */
    UINT32 max_ring_entries; /* Largest ring that a queue takes. */
    UINT32 doorbell_slots;   /* Physical doorbells fitted. For information only. */
    UINT32 queue_count;      /* Hardware queues. For information only. */
} BELL_UMD_CAPS;

#ifdef __cplusplus
}
#endif

#endif /* BELL_PRIVATE_H */
