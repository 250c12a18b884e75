/* SPDX-License-Identifier: MIT */
#include "bell_decode.h"

#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_SLOTS 1024u
#define HOST_PAGE 4096u

static struct bell_insn cache[CACHE_SLOTS];
static ZydisDecoder decoder;
static bool decoder_ready;

void bell_decode_reset(void)
{
    memset(cache, 0, sizeof(cache));
}

static int8_t reg_number(ZydisRegister reg)
{
    ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);

    if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15)
        return BELL_NO_REG;
    return (int8_t)(whole - ZYDIS_REGISTER_RAX);
}

static bool take_address(struct bell_insn *insn, const ZydisDecodedInstruction *decoded,
                         const ZydisDecodedOperand *memory)
{
    if (memory->mem.type != ZYDIS_MEMOP_TYPE_MEM ||
        memory->mem.segment == ZYDIS_REGISTER_FS || memory->mem.segment == ZYDIS_REGISTER_GS)
        return false;
    insn->pc_relative = memory->mem.base == ZYDIS_REGISTER_RIP;
    insn->base = reg_number(memory->mem.base);
    insn->index = reg_number(memory->mem.index);
    insn->scale = memory->mem.scale;
    insn->narrow = decoded->address_width == 32;
    insn->displacement = memory->mem.disp.has_displacement ? memory->mem.disp.value : 0;
    return true;
}

/* The operand beside the memory operand. */
static bool take_other(struct bell_insn *insn, const ZydisDecodedOperand *other)
{
    insn->reg.number = BELL_NO_REG;
    if (other->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        insn->immediate = other->imm.value.u;
        return true;
    }
    if (other->type != ZYDIS_OPERAND_TYPE_REGISTER)
        return false;
    insn->reg.number = reg_number(other->reg.value);
    insn->reg.high = other->reg.value >= ZYDIS_REGISTER_AH &&
                     other->reg.value <= ZYDIS_REGISTER_BH;
    insn->reg.size = (uint8_t)(other->size / 8);
    return insn->reg.number != BELL_NO_REG;
}

static enum bell_insn_kind kind_of(ZydisMnemonic mnemonic, bool memory_first)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_MOVNTI:
        return memory_first ? BELL_INSN_STORE : BELL_INSN_LOAD;
    case ZYDIS_MNEMONIC_MOVZX:
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD:
        return BELL_INSN_LOAD;
    case ZYDIS_MNEMONIC_CMP:
        return BELL_INSN_CMP;
    case ZYDIS_MNEMONIC_TEST:
        return BELL_INSN_TEST;
    case ZYDIS_MNEMONIC_XCHG:
        return BELL_INSN_XCHG;
    default:
        return BELL_INSN_REFUSED;
    }
}

static bool is_vector(const ZydisDecodedOperand *operand)
{
    ZydisRegisterClass class;

    if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER)
        return false;
    class = ZydisRegisterGetClass(operand->reg.value);
    return class == ZYDIS_REGCLASS_MMX || class == ZYDIS_REGCLASS_XMM ||
           class == ZYDIS_REGCLASS_YMM || class == ZYDIS_REGCLASS_ZMM;
}

static void refuse(struct bell_insn *insn, const ZydisDecodedInstruction *decoded,
                   const ZydisDecodedOperand *operands)
{
    const char *class = "unsupported";
    const char *lock = (decoded->attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0 ? "lock " : "";

    for (unsigned i = 0; i < decoded->operand_count; i++) {
        const ZydisDecodedOperand *operand = &operands[i];

        if (is_vector(operand))
            class = "vector";
        else if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
                 (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0 &&
                 (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0)
            class = "read-modify-write";
    }
    insn->kind = BELL_INSN_REFUSED;
    snprintf(insn->reason, sizeof(insn->reason),
             "%s instruction '%s%s'; expected a plain load or store", class, lock,
             ZydisMnemonicGetString(decoded->mnemonic));
}

static void classify(struct bell_insn *insn, const ZydisDecodedInstruction *decoded,
                     const ZydisDecodedOperand *operands)
{
    bool first = operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY;
    const ZydisDecodedOperand *memory = first ? &operands[0] : &operands[1];
    const ZydisDecodedOperand *other = first ? &operands[1] : &operands[0];

    insn->length = decoded->length;
    insn->memory_first = first;
    insn->kind = decoded->operand_count_visible == 2 ? kind_of(decoded->mnemonic, first)
                                                     : BELL_INSN_REFUSED;
    insn->sign = decoded->mnemonic == ZYDIS_MNEMONIC_MOVSX ||
                 decoded->mnemonic == ZYDIS_MNEMONIC_MOVSXD;
    insn->size = (uint8_t)(memory->size / 8);
    if (insn->kind == BELL_INSN_REFUSED || memory->type != ZYDIS_OPERAND_TYPE_MEMORY ||
        !take_address(insn, decoded, memory) || !take_other(insn, other))
        refuse(insn, decoded, operands);
    if (insn->kind == BELL_INSN_XCHG)
        snprintf(insn->reason, sizeof(insn->reason),
                 "read-modify-write instruction 'xchg'; expected a plain load or store");
}

static void decode_now(struct bell_insn *insn, const void *pc)
{
    ZydisDecodedInstruction decoded;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    size_t readable = HOST_PAGE - (uintptr_t)pc % HOST_PAGE;
    ZyanStatus status;

    if (!decoder_ready)
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    decoder_ready = true;
    memset(insn, 0, sizeof(*insn));
    insn->pc = pc;
    if (readable > BELL_INSN_BYTES)
        readable = BELL_INSN_BYTES;
    memset(operands, 0, sizeof(operands));
    status = ZydisDecoderDecodeFull(&decoder, pc, readable, &decoded, operands);
    if (status == ZYDIS_STATUS_NO_MORE_DATA) /* It goes on in the next page, so that is there. */
        status = ZydisDecoderDecodeFull(&decoder, pc, BELL_INSN_BYTES, &decoded, operands);
    if (ZYAN_SUCCESS(status))
        classify(insn, &decoded, operands);
    else
        snprintf(insn->reason, sizeof(insn->reason), "an instruction that cannot be decoded");
    memcpy(insn->bytes, pc, insn->length);
}

const struct bell_insn *bell_decode(const void *pc)
{
    struct bell_insn *insn = &cache[((uintptr_t)pc ^ (uintptr_t)pc >> 10) % CACHE_SLOTS];

    if (insn->pc != pc || insn->length == 0 || memcmp(insn->bytes, pc, insn->length) != 0)
        decode_now(insn, pc);
    return insn;
}
