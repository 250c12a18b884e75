/* SPDX-License-Identifier: MIT */
/* Registers and flags of an interrupted thread. */
#define _GNU_SOURCE
#include "bell_decode.h"

#define CARRY 0x001
#define PARITY 0x004
#define ADJUST 0x010
#define ZERO 0x040
#define SIGN 0x080
#define OVERFLOW 0x800
#define ARITHMETIC_FLAGS (CARRY | PARITY | ADJUST | ZERO | SIGN | OVERFLOW)

static const uint8_t place[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static uint64_t mask_of(unsigned size)
{
    return size >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1;
}

static uint64_t reg_whole(const mcontext_t *machine, int8_t number)
{
    return number == BELL_NO_REG ? 0 : (uint64_t)machine->gregs[place[number]];
}

static uint64_t reg_get(const mcontext_t *machine, struct bell_reg reg)
{
    uint64_t whole = reg_whole(machine, reg.number);

    return (reg.high ? whole >> 8 : whole) & mask_of(reg.size);
}

/* Narrow writes keep the rest of the register, except that 32 bits clear the upper half. */
static void reg_set(mcontext_t *machine, struct bell_reg reg, uint64_t value)
{
    unsigned shift = reg.high ? 8 : 0;
    uint64_t mask = mask_of(reg.size) << shift;
    uint64_t kept = reg.size == 4 ? 0 : reg_whole(machine, reg.number) & ~mask;

    machine->gregs[place[reg.number]] = (greg_t)(kept | ((value << shift) & mask));
}

uint64_t bell_insn_address(const struct bell_insn *insn, const mcontext_t *machine)
{
    uint64_t address = (uint64_t)insn->displacement;

    if (insn->pc_relative)
        address += (uint64_t)machine->gregs[REG_RIP] + insn->length;
    address += reg_whole(machine, insn->base);
    address += reg_whole(machine, insn->index) * insn->scale;
    return insn->narrow ? address & UINT32_MAX : address;
}

uint64_t bell_insn_operand(const struct bell_insn *insn, const mcontext_t *machine)
{
    if (insn->reg.number == BELL_NO_REG)
        return insn->immediate & mask_of(insn->size);
    return reg_get(machine, insn->reg);
}

static uint64_t extended(const struct bell_insn *insn, uint64_t value)
{
    uint64_t top = UINT64_C(1) << (8 * insn->size - 1);

    return insn->sign ? (value ^ top) - top : value;
}

static uint64_t common_flags(uint64_t result, unsigned size)
{
    uint64_t flags = __builtin_parityll(result & 0xFF) ? 0 : PARITY;

    if ((result & mask_of(size)) == 0)
        flags |= ZERO;
    if ((result >> (8 * size - 1) & 1) != 0)
        flags |= SIGN;
    return flags;
}

static void flags_set(mcontext_t *machine, uint64_t flags)
{
    uint64_t kept = (uint64_t)machine->gregs[REG_EFL] & ~(uint64_t)ARITHMETIC_FLAGS;

    machine->gregs[REG_EFL] = (greg_t)(kept | flags);
}

static uint64_t compare_flags(uint64_t left, uint64_t right, unsigned size)
{
    uint64_t result = (left - right) & mask_of(size);
    uint64_t flags = common_flags(result, size);

    if (left < right)
        flags |= CARRY;
    if (((left ^ right ^ result) & 0x10) != 0)
        flags |= ADJUST;
    if ((((left ^ right) & (left ^ result)) >> (8 * size - 1) & 1) != 0)
        flags |= OVERFLOW;
    return flags;
}

void bell_insn_loaded(const struct bell_insn *insn, mcontext_t *machine, uint64_t value)
{
    uint64_t other = bell_insn_operand(insn, machine);

    switch (insn->kind) {
    case BELL_INSN_LOAD:
    case BELL_INSN_XCHG:
        reg_set(machine, insn->reg, extended(insn, value));
        break;
    case BELL_INSN_CMP:
        flags_set(machine, insn->memory_first ? compare_flags(value, other, insn->size)
                                              : compare_flags(other, value, insn->size));
        break;
    case BELL_INSN_TEST:
        flags_set(machine, common_flags(value & other, insn->size));
        break;
    default:
        break;
    }
}
