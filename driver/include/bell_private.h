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

/* The device's clock, 100 MHz. The OS gives times in units of 100 ns. */
#define BELL_CLOCKS_PER_100NS 10u

#define BELL_ALLOCATION_MAGIC 0x4C4C4542u /* "BELL" */
#define BELL_REQUEST_MAGIC 0x51455242u    /* "BREQ" */
#define BELL_QUEUE_MAGIC 0x45555142u      /* "BQUE" */
#define BELL_ESCAPE_MAGIC 0x43534542u     /* "BESC" */

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

/* BELL_QUEUE_PRIVATE.flags. Other bits must be 0. */
#define BELL_QUEUE_REALTIME 0x01u /* Notify mode: connects answer CONNECTED_NOTIFY_KMD. */

/* Create hardware queue, in. Optional: bytes of another size or magic say nothing. 16 bytes. */
typedef struct _BELL_QUEUE_PRIVATE {
    UINT32 magic;    /* BELL_QUEUE_MAGIC. */
    UINT32 version;  /* BELL_INTERFACE_VERSION. */
    UINT32 flags;    /* BELL_QUEUE_...; 0 for a kernel-mode queue. */
    UINT32 reserved; /* 0. */
} BELL_QUEUE_PRIVATE;

/* BELL_ESCAPE.code */
#define BELL_ESCAPE_SET_NOTIFY 1u /* value 1: user-mode queues of the context enter notify mode; 0:
                                   * they leave it. Connected ones get RETRY and must reconnect. */

/* D3DKMTEscape with hContext, in. 16 bytes. */
typedef struct _BELL_ESCAPE {
    UINT32 magic;   /* BELL_ESCAPE_MAGIC. */
    UINT32 version; /* BELL_INTERFACE_VERSION. */
    UINT32 code;    /* BELL_ESCAPE_... */
    UINT32 value;
} BELL_ESCAPE;

/*
 * Where a ring lies in its allocation. The KMD decides from the allocation alone: the ring
 * starts at byte 0 and has the largest power of two of entries that fits, at most
 * BELL_UMD_CAPS.max_ring_entries, at least 2. The control area (WPTR, RPTR) is at byte 0 of the
 * control allocation; without one it follows the last entry inside the ring allocation, and room
 * for it is kept. Both counts of a new doorbell start at 0, also after a resize: the UMD zeroes them
 * first. No place of the ring may hold the tag of the first entry that will go there: the UMD
 * sees to it, whatever the memory held (bell_ring.h).
 */

/* Values of BELL_UMD_CAPS.doorbell_layout; as the hardware's own. */
#define BELL_DOORBELLS_PAGE 0u
#define BELL_DOORBELLS_PACKED 1u
#define BELL_DOORBELLS_GLOBAL 2u

/*
 * Create doorbell, in/out, 16 bytes. The UMD may pass any content; the KMD overwrites it all. A
 * smaller buffer gets none of it: the doorbell then has in-page offset 0, and in the global layout
 * it is refused, as nobody could ring it.
 *
 * The OS reads in_page_offset of an answer with this version: the doorbell addresses that it
 * hands out include it.
 */
typedef struct _BELL_DOORBELL_PRIVATE {
    UINT64 queue_token;    /* Hardware queue: what is stored to a global doorbell. It rings through
                            * the pages of this process only, and while connected. */
    UINT32 in_page_offset; /* Bytes. Constant for the life of the doorbell. */
    UINT32 version;        /* BELL_INTERFACE_VERSION. */
} BELL_DOORBELL_PRIVATE;

/* KMTQAITYPE_UMDRIVERPRIVATE / DXGKQAITYPE_UMDRIVERPRIVATE. Output only. 40 bytes. */
typedef struct _BELL_UMD_CAPS {
    UINT32 version;          /* BELL_INTERFACE_VERSION. */
    UINT32 node_count;       /* Nodes 0 .. node_count-1. */
    UINT32 um_node_mask;     /* Bit n: node n takes user-mode submission. */
    UINT32 ring_entry_bytes; /* Bytes of one ring entry. */
    UINT32 packet_bytes;     /* Bytes of one command packet. */
    UINT32 max_ring_entries; /* Largest ring that a queue takes. */
    UINT32 doorbell_slots;   /* Physical doorbells fitted. For information only. */
    UINT32 queue_count;      /* Hardware queues. For information only. */
    UINT32 doorbell_layout;  /* BELL_DOORBELLS_...; GLOBAL: store the queue token, not the count. */
    UINT32 second_doorbell;  /* 1: RequireSecondaryCpuVA is possible. */
} BELL_UMD_CAPS;

#ifdef __cplusplus
}
#endif

#endif /* BELL_PRIVATE_H */
