/* SPDX-License-Identifier: MIT */
/*
 * A call of the driver, one instruction at a time: between any two, the test looks at memory as the
 * device might. So the order of stores is that of the compiled code. x86-64 only, as sim/trap.
 */
#ifndef BELL_STEP_TEST_H
#define BELL_STEP_TEST_H

/* Run `call`; `look` runs after each of its instructions, inside a signal handler: no cmocka there.
 * Returns how often it did. */
unsigned step_through(void (*call)(void), void (*look)(void));

#endif
