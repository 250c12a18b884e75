/* SPDX-License-Identifier: MIT */
/**
 * @file bell_decode.h
 * @brief Inside sim/trap only: one x86-64 instruction with a memory operand, and its effect on the
 * registers of an interrupted thread.
 */
#ifndef BELL_DECODE_H
#define BELL_DECODE_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#define BELL_INSN_BYTES 15u
#define BELL_NO_REG (-1)
#define BELL_REASON_BYTES 96u

enum bell_insn_kind {
    BELL_INSN_REFUSED, /* `reason` says why. */
    BELL_INSN_STORE,
    BELL_INSN_LOAD,
    BELL_INSN_CMP,  /* Load that ends in the flags. */
    BELL_INSN_TEST,
    BELL_INSN_XCHG,
};

struct bell_reg {
    int8_t number; /* 0..15 as in machine code: rax rcx rdx rbx rsp rbp rsi rdi r8 ..; or NO_REG. */
    bool high;     /* ah, ch, dh, bh. */
    uint8_t size;  /* Bytes. */
};

struct bell_insn {
    const void *pc;
    uint8_t bytes[BELL_INSN_BYTES];
    uint8_t length;
    enum bell_insn_kind kind;
    uint8_t size;          /* Bytes of the memory operand. */
    bool sign;             /* Load extends by sign. */
    bool memory_first;     /* CMP: memory minus the other operand. */
    struct bell_reg reg;   /* The other operand; NO_REG: `immediate`. */
    uint64_t immediate;
    int8_t base;           /* Registers of the address, or NO_REG. */
    int8_t index;
    uint8_t scale;
    bool pc_relative;
    bool narrow;           /* 32-bit address. */
    int64_t displacement;
    char reason[BELL_REASON_BYTES];
};

/** Forget everything decoded so far. */
void bell_decode_reset(void);
/** Decode at readable `pc`; remembered by address and bytes. Valid until the next call. */
const struct bell_insn *bell_decode(const void *pc);

/** Address of the memory operand. */
uint64_t bell_insn_address(const struct bell_insn *insn, const mcontext_t *machine);
/** Value of the register or immediate operand, cut to the operand's size. */
uint64_t bell_insn_operand(const struct bell_insn *insn, const mcontext_t *machine);
/** A LOAD, CMP, TEST or XCHG has read `value`: change registers or flags. */
void bell_insn_loaded(const struct bell_insn *insn, mcontext_t *machine, uint64_t value);

#endif
