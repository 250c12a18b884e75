/* SPDX-License-Identifier: MIT */
/* The driver's doorbell entry points and its callback, replaced by functions of a test. */
#ifndef BELL_HOOKS_H
#define BELL_HOOKS_H

#include "watch.h"

#include "d3dkmddi.h"

struct hooks {
    /* The driver's own, and the OS's callback; valid once the machine is open. */
    DXGKDDI_CONNECTDOORBELL *real_connect;
    DXGKDDI_DISCONNECTDOORBELL *real_disconnect;
    DXGKCB_DISCONNECTDOORBELL real_callback;
    /* Called instead, when not NULL. May be changed at any time. */
    DXGKDDI_CONNECTDOORBELL *connect;
    DXGKDDI_DISCONNECTDOORBELL *disconnect;
    DXGKCB_DISCONNECTDOORBELL callback;
};
extern struct hooks hooks;

/* For cmocka_unit_test_setup_teardown(); before belfry_open(). */
int hooks_setup(void **state);
int hooks_teardown(void **state);

#endif
