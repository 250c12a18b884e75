/* SPDX-License-Identifier: MIT */
/**
 * @file bell_rtl.h
 * @brief The pins behind a device of kind "rtl", for benchmarks and white-box tests.
 */
#ifndef BELL_RTL_H
#define BELL_RTL_H

#include "bell_device.h"

class Vbell_top;

/**
 * The Verilated core of `device`, which must be of kind "rtl". After bell_device_step() its inputs
 * are those of the clock just done, its outputs those after the clock's edge. Read only.
 */
const Vbell_top &bell_rtl_top(const struct bell_device *device);

#endif
