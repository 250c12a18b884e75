/* SPDX-License-Identifier: MIT */
/*
 * Plain loads and stores on trapped pages:
 *   - each instruction form does to registers, flags and memory what the processor does itself
 *   - stores and loads of a register page reach the bus; threads switch inside the handler
 *   - what cannot be performed is named and blamed on its thread; the others go on
 */
#include "sim_test.h"

#include "bell_bus.h"
#include "bell_thread.h"
#include "bell_trap.h"
#include "fake_device.h"

#include <emmintrin.h>
#include <stdlib.h>
#include <sys/mman.h>

static struct bell_window *plain;
static struct bell_window *trapped;
static struct bell_window *mmio;
static struct bell_window *readonly;

static struct bell_trap_access last;
static unsigned accesses;
static char blamed[512];
static unsigned faults;

/* The compiler does not see that a store may run the handler. */
static void handler_ran(void)
{
    __asm__ volatile("" ::: "memory");
}

static void on_access(const struct bell_trap_access *access)
{
    last = *access;
    accesses++;
}

static void on_fault(const void *address, const void *pc, bool store, const char *reason)
{
    (void)address;
    (void)pc;
    faults++;
    snprintf(blamed, sizeof(blamed), "%s: %s", store ? "store" : "load", reason);
    bell_thread_kill(bell_thread_self());
}

/* The page behind a trapped one is nobody's and without access, wherever mmap puts things. */
#define SPACERS 64u
static void *spacers[SPACERS];

static struct bell_window *reserve_before_nothing(const char *name, uint64_t object)
{
    for (unsigned i = 0; i < SPACERS; i++) {
        struct bell_window *window;

        spacers[i] = mmap(NULL, BELL_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_ptr_not_equal(spacers[i], MAP_FAILED);
        window = bell_window_reserve(1, name, object);
        if (window->base + BELL_PAGE == (char *)spacers[i])
            return window;
    }
    fail_msg("window '%s': no two pages side by side in %u tries", name, SPACERS);
    return NULL;
}

static void release_spacers(void)
{
    for (unsigned i = 0; i < SPACERS; i++) {
        if (spacers[i] != NULL)
            munmap(spacers[i], BELL_PAGE);
        spacers[i] = NULL;
    }
}

static int setup(void **state)
{
    struct bell_sim_config sim = {.seed = 1, .stuck_cycles = 1000000, .spin_seconds = 20,
                                  .step = bell_bus_step, .now = bell_bus_now,
                                  .idle = bell_bus_idle};
    struct bell_bus_config bus = {0};
    struct bell_device *device = fake_reset(3);

    (void)state;
    bell_sim_init(&sim);
    bell_memory_init(64 * BELL_PAGE);
    bell_bus_init(&bus, device);
    plain = bell_window_reserve(1, "plain", 1);
    trapped = reserve_before_nothing("fence", 2);
    mmio = bell_window_reserve(1, "doorbell", 3);
    readonly = bell_window_reserve(1, "status", 4);
    bell_window_point(plain, BELL_WINDOW_MEMORY, bell_phys_alloc(1), true);
    bell_window_point(trapped, BELL_WINDOW_TRAPPED, bell_phys_alloc(1), true);
    bell_window_point(mmio, BELL_WINDOW_MMIO, 0x1000, true);
    bell_window_point(readonly, BELL_WINDOW_MEMORY, bell_phys_alloc(1), false);
    accesses = faults = 0;
    blamed[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bell_bus_cleanup();
    bell_memory_cleanup();
    bell_sim_cleanup();
    release_spacers();
    return 0;
}

/* Not in setup: cmocka puts its own SIGSEGV handler in place before each test body. */
static enum bell_sim_result run_all(void (*access)(const struct bell_trap_access *access))
{
    struct bell_trap_hooks hooks = {.access = access, .fault = on_fault};
    enum bell_sim_result result;

    bell_trap_init(&hooks);
    result = bell_sim_run();
    bell_trap_cleanup();
    return result;
}

static enum bell_sim_result run(void (*body)(void *arg), void *arg)
{
    bell_thread_create("user", 1, false, NULL, body, arg);
    return run_all(on_access);
}

/* --- the processor as the oracle --- */

struct effect {
    uint64_t rax, rbx, rcx, r9, flags;
};

#define FLAGS_KEPT UINT64_C(0x8D5) /* OF SF ZF AF PF CF */
#define FLAGS_TEST UINT64_C(0x8C5) /* AF is undefined after test. */

/* The address is in rdi; rsi is 16. The stack pointer steps over the red zone before the pushes. */
#define FORM(name, text)                                                                          \
    static void name(char *memory, struct effect *e)                                             \
    {                                                                                             \
        register uint64_t r9 __asm__("r9") = e->r9;                                              \
        __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpush %[flags]\n\tpopfq\n\t" text              \
                         "\n\tpushfq\n\tpop %[flags]\n\tlea 128(%%rsp), %%rsp"                  \
                         : "+a"(e->rax), "+b"(e->rbx), "+c"(e->rcx), "+r"(r9),                    \
                           [flags] "+d"(e->flags)                                                 \
                         : "D"(memory), "S"(UINT64_C(16))                                         \
                         : "memory", "cc");                                                       \
        e->r9 = r9;                                                                               \
    }

FORM(store64, "movq %%rax, 8(%%rdi)")
FORM(store32, "movl %%r9d, 8(%%rdi)")
FORM(store16, "movw %%bx, 10(%%rdi)")
FORM(store8, "movb %%cl, 11(%%rdi)")
FORM(store8_high, "movb %%ch, 11(%%rdi)")
FORM(store_index, "movq %%rbx, -8(%%rdi,%%rsi,2)")
FORM(store_unaligned, "movq %%rbx, 3(%%rdi)")
FORM(store_imm64, "movq $-2, (%%rdi)")
FORM(store_imm32, "movl $0x80000001, 4(%%rdi)")
FORM(store_imm16, "movw $0x8001, 4(%%rdi)")
FORM(store_imm8, "movb $0xF1, 4(%%rdi)")
FORM(store_nt64, "movnti %%rax, 16(%%rdi)")
FORM(store_nt32, "movnti %%ebx, 16(%%rdi)")
FORM(store_narrow_address, "movq %%rax, 8(%%rdi,%%rsi,1)")
FORM(load64, "movq 8(%%rdi), %%rax")
FORM(load32, "movl 8(%%rdi), %%r9d")
FORM(load16, "movw 8(%%rdi), %%bx")
FORM(load8, "movb 15(%%rdi), %%cl")
FORM(load8_high, "movb 15(%%rdi), %%bh")
FORM(load_index, "movq (%%rdi,%%rsi,4), %%rbx")
FORM(load_zx8_64, "movzbl 15(%%rdi), %%ecx")
FORM(load_zx8_16, "movzbw 15(%%rdi), %%cx")
FORM(load_zx16, "movzwl 14(%%rdi), %%ecx")
FORM(load_sx8_64, "movsbq 15(%%rdi), %%rcx")
FORM(load_sx8_16, "movsbw 15(%%rdi), %%cx")
FORM(load_sx16_32, "movswl 14(%%rdi), %%r9d")
FORM(load_sx32_64, "movslq 12(%%rdi), %%rax")
FORM(cmp_reg_mem64, "cmpq 8(%%rdi), %%rax")
FORM(cmp_mem_reg64, "cmpq %%rax, 8(%%rdi)")
FORM(cmp_mem_reg32, "cmpl %%ebx, 8(%%rdi)")
FORM(cmp_mem_reg16, "cmpw %%cx, 8(%%rdi)")
FORM(cmp_mem_reg8, "cmpb %%ah, 9(%%rdi)")
FORM(cmp_mem_imm8, "cmpb $0x7F, 15(%%rdi)")
FORM(cmp_mem_imm64, "cmpq $-1, 8(%%rdi)")
FORM(cmp_mem_imm32, "cmpl $0x12345678, 8(%%rdi)")
FORM(test_mem_reg64, "testq %%rax, 8(%%rdi)")
FORM(test_mem_imm32, "testl $0x80000000, 8(%%rdi)")
FORM(test_mem_reg8, "testb %%bh, 8(%%rdi)")
FORM(xchg64, "xchgq %%rax, 8(%%rdi)")
FORM(xchg32, "xchgl %%ebx, 8(%%rdi)")
FORM(xchg8, "xchgb %%ch, 8(%%rdi)")
/* Without decoded operands: stepped with the page open. */
FORM(step_lock_xadd, "lock xaddq %%rax, 8(%%rdi)")
FORM(step_lock_cmpxchg, "lock cmpxchgq %%rbx, 8(%%rdi)")
FORM(step_add_mem, "addq %%rbx, 8(%%rdi)")
FORM(step_add_reg, "addq 8(%%rdi), %%rbx")
FORM(step_inc, "incl 8(%%rdi)")
FORM(step_vector, "movdqu (%%rdi), %%xmm7\n\tpaddq %%xmm7, %%xmm7\n\tmovdqu %%xmm7, 24(%%rdi)")
FORM(step_push_pop, "pushq 8(%%rdi)\n\tpopq 32(%%rdi)")
FORM(step_string, "movq %%rdi, %%r9\n\tpushq %%rdi\n\tpushq %%rcx\n\tleaq 8(%%rdi), %%rsi\n\t"
                  "leaq 64(%%rdi), %%rdi\n\tmovq $5, %%rcx\n\trep movsb\n\tpopq %%rcx\n\t"
                  "popq %%rdi\n\tmovq $16, %%rsi\n\tsubq %%rdi, %%r9")

static const struct form {
    const char *name;
    void (*run)(char *memory, struct effect *effect);
    bool decoded; /* Reported with its operands. */
    uint64_t flags;
} forms[] = {
#define DECODED(name) {#name, name, true, FLAGS_KEPT}
#define STEPPED(name) {#name, name, false, FLAGS_KEPT}
    DECODED(store64), DECODED(store32), DECODED(store16), DECODED(store8), DECODED(store8_high),
    DECODED(store_index), DECODED(store_unaligned), DECODED(store_imm64), DECODED(store_imm32),
    DECODED(store_imm16), DECODED(store_imm8), DECODED(store_nt64), DECODED(store_nt32),
    DECODED(store_narrow_address), DECODED(load64), DECODED(load32), DECODED(load16),
    DECODED(load8), DECODED(load8_high), DECODED(load_index), DECODED(load_zx8_64),
    DECODED(load_zx8_16), DECODED(load_zx16), DECODED(load_sx8_64), DECODED(load_sx8_16),
    DECODED(load_sx16_32), DECODED(load_sx32_64), DECODED(cmp_reg_mem64),
    DECODED(cmp_mem_reg64), DECODED(cmp_mem_reg32), DECODED(cmp_mem_reg16),
    DECODED(cmp_mem_reg8), DECODED(cmp_mem_imm8), DECODED(cmp_mem_imm64),
    DECODED(cmp_mem_imm32), DECODED(xchg64), DECODED(xchg32), DECODED(xchg8),
    {"test_mem_reg64", test_mem_reg64, true, FLAGS_TEST},
    {"test_mem_imm32", test_mem_imm32, true, FLAGS_TEST},
    {"test_mem_reg8", test_mem_reg8, true, FLAGS_TEST},
    STEPPED(step_lock_xadd), STEPPED(step_lock_cmpxchg), STEPPED(step_add_mem),
    STEPPED(step_add_reg), STEPPED(step_inc), STEPPED(step_vector), STEPPED(step_push_pop),
    STEPPED(step_string),
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))
#define ROUNDS 24u

static char difference[256];

/* Edge values often, random bits otherwise. */
static uint64_t some_value(void)
{
    static const uint64_t edges[] = {0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0x7FFFFFFF,
                                     0x80000000, UINT64_C(0x7FFFFFFFFFFFFFFF),
                                     UINT64_C(0x8000000000000000), UINT64_MAX};
    uint64_t pick = bell_sim_random(2 * sizeof(edges) / sizeof(edges[0]));

    if (pick < sizeof(edges) / sizeof(edges[0]))
        return edges[pick];
    return bell_sim_random(UINT64_MAX);
}

static void compare_once(const struct form *form)
{
    uint64_t words[16];
    struct effect native = {some_value(), some_value(), some_value(), some_value(),
                            some_value() & 0x8D5};
    struct effect ours = native;
    char *there = bell_phys_ptr(trapped->target);
    unsigned before = accesses;

    for (unsigned i = 0; i < 16; i++)
        words[i] = some_value();
    memcpy(plain->base, words, sizeof(words));
    memcpy(there, words, sizeof(words));
    form->run(plain->base, &native);
    form->run(trapped->base, &ours);
    handler_ran();
    if (native.rax != ours.rax || native.rbx != ours.rbx || native.rcx != ours.rcx ||
        native.r9 != ours.r9)
        snprintf(difference, sizeof(difference), "%s: registers", form->name);
    if (((native.flags ^ ours.flags) & form->flags) != 0)
        snprintf(difference, sizeof(difference), "%s: flags %llx, expected %llx", form->name,
                 (unsigned long long)(ours.flags & form->flags),
                 (unsigned long long)(native.flags & form->flags));
    if (memcmp(plain->base, there, sizeof(words)) != 0)
        snprintf(difference, sizeof(difference), "%s: memory", form->name);
    if (accesses == before || (last.size != 0) != form->decoded)
        snprintf(difference, sizeof(difference), "%s: %u accesses, the last of size %u",
                 form->name, accesses - before, last.size);
}

static void compare_all(void *arg)
{
    (void)arg;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < FORMS; i++)
            compare_once(&forms[i]);
    }
}

static void as_the_processor_does(void **state)
{
    (void)state;
    difference[0] = '\0';
    assert_int_equal(run(compare_all, NULL), BELL_SIM_DONE);
    assert_string_equal(difference, "");
    assert_int_equal(faults, 0);
    assert_int_equal(trapped->kind, BELL_WINDOW_TRAPPED);
}

/* --- reports --- */

static struct bell_trap_access reports[4];

static void report_body(void *arg)
{
    volatile uint32_t *user = (volatile uint32_t *)(void *)(trapped->base + 24);

    (void)arg;
    *user = 0xAABBCCDD;
    handler_ran();
    reports[0] = last;
    reports[2].value = *user;
    handler_ran();
    reports[1] = last;
}

static void accesses_are_reported(void **state)
{
    (void)state;
    assert_int_equal(run(report_body, NULL), BELL_SIM_DONE);
    assert_ptr_equal(reports[0].window, trapped);
    assert_int_equal(reports[0].offset, 24);
    assert_int_equal(reports[0].value, 0xAABBCCDD);
    assert_int_equal(reports[0].size, 4);
    assert_true(reports[0].store);
    assert_false(reports[1].store);
    assert_int_equal(reports[1].value, 0xAABBCCDD);
    assert_int_equal(reports[2].value, 0xAABBCCDD);
    assert_int_equal(accesses, 2);
}

/* --- register pages --- */

#define RINGS 300u
#define RINGERS 4u

static unsigned wrong;

/* Floating-point state is live across the trapped store. */
static void ring_body(void *arg)
{
    uintptr_t me = (uintptr_t)arg;
    volatile uint64_t *door = (volatile uint64_t *)(void *)(mmio->base + 64 * me);
    double sum = (double)me;

    for (unsigned i = 1; i <= RINGS; i++) {
        *door = me << 32 | i;
        sum += 0.5;
        if (i % 16 == 0 && *door != (me << 32 | i))
            wrong++;
    }
    if (sum < (double)me + RINGS / 2.0 || sum > (double)me + RINGS / 2.0)
        wrong++;
}

static void every_store_reaches_the_bus(void **state)
{
    unsigned stores = 0;
    uint64_t next[RINGERS] = {0};

    (void)state;
    wrong = 0;
    for (uintptr_t i = 0; i < RINGERS; i++)
        bell_thread_create("ringer", (unsigned)i, false, NULL, ring_body, (void *)i);
    assert_int_equal(run_all(on_access), BELL_SIM_DONE);
    while (bell_bus_posted() != 0)
        bell_bus_step(NULL, 100);
    assert_int_equal(wrong, 0);
    for (unsigned i = 0; i < fake.offered; i++) {
        const struct fake_entry *entry = &fake.log[i];

        if (entry->size == 0)
            continue;
        stores++;
        assert_int_equal(entry->size, 8);
        assert_int_equal(entry->addr, 0x1000 + 64 * (entry->data >> 32));
        assert_int_equal(entry->data & UINT32_MAX, ++next[entry->data >> 32]);
    }
    assert_int_equal(stores, RINGS * RINGERS);
}

static uint64_t got[5];

static void narrow_body(void *arg)
{
    (void)arg;
    got[0] = *(volatile uint32_t *)(void *)(mmio->base + 20);
    got[1] = *(volatile uint8_t *)(mmio->base + 17);
    got[2] = *(volatile uint64_t *)(void *)(mmio->base + 16) == UINT64_C(0x8877665544332211);
    *(volatile uint16_t *)(void *)(mmio->base + 34) = 0xABCD;
    bell_bus_drain_all();
}

static void narrow_accesses_keep_their_size(void **state)
{
    (void)state;
    fake.reg[(0x1000 + 16) / 8 % FAKE_REGS] = UINT64_C(0x8877665544332211);
    assert_int_equal(run(narrow_body, NULL), BELL_SIM_DONE);
    assert_int_equal(got[0], 0x88776655);
    assert_int_equal(got[1], 0x22);
    assert_int_equal(got[2], 1);
    assert_int_equal(fake.log[fake.offered - 1].addr, 0x1000 + 34);
    assert_int_equal(fake.log[fake.offered - 1].size, 2);
    assert_int_equal(fake.log[fake.offered - 1].data, 0xABCD);
}

static void poll_body(void *arg)
{
    volatile uint64_t *fence = (volatile uint64_t *)(void *)trapped->base;

    (void)arg;
    while (*fence < 3) {
    }
    got[0] = bell_sim_now();
}

static void signal_body(void *arg)
{
    (void)arg;
    bell_thread_sleep(1000);
    *(uint64_t *)bell_phys_ptr(trapped->target) = 3;
}

/* Law 6: polling a trapped page lets time pass. */
static void a_poll_loop_lets_time_pass(void **state)
{
    (void)state;
    bell_thread_create("signal", 0, false, NULL, signal_body, NULL);
    assert_int_equal(run(poll_body, NULL), BELL_SIM_DONE);
    assert_in_range(got[0], 1000, 1012);
}

static void rotated_body(void *arg)
{
    (void)arg;
    *(volatile uint64_t *)(void *)mmio->base = 1;
    bell_window_point(mmio, BELL_WINDOW_MEMORY, plain->target, true);
    *(volatile uint64_t *)(void *)mmio->base = 2;
    bell_window_point(mmio, BELL_WINDOW_MMIO, 0x2000, true);
    *(volatile uint64_t *)(void *)mmio->base = 3;
    bell_bus_drain_all();
}

static void a_rotated_page_stops_trapping(void **state)
{
    (void)state;
    assert_int_equal(run(rotated_body, NULL), BELL_SIM_DONE);
    assert_int_equal(fake.offered, 2);
    assert_int_equal(fake.log[0].addr, 0x1000);
    assert_int_equal(fake.log[1].addr, 0x2000);
    assert_int_equal(*(uint64_t *)bell_phys_ptr(plain->target), 2);
}

/* --- faults --- */

enum bad { BAD_DEAD, BAD_READONLY, BAD_WILD, BAD_NULL, BAD_RMW, BAD_XCHG, BAD_VECTOR, BAD_CROSS,
           BAD_MISALIGNED, BAD_TRAPPED_READONLY, BAD_TRAPPED_VECTOR, BAD_NONCANONICAL };

static uintptr_t hidden(const void *address)
{
    volatile uintptr_t value = (uintptr_t)address;

    return value;
}

__attribute__((no_sanitize("undefined", "address"))) static void bad_body(void *arg)
{
    volatile uint64_t *door = (volatile uint64_t *)hidden(mmio->base);
    __m128i two = _mm_set1_epi64x(2);

    switch ((enum bad)(uintptr_t)arg) {
    case BAD_DEAD:
        bell_window_point(plain, BELL_WINDOW_DEAD, 0, false);
        got[1] = *(volatile uint64_t *)hidden(plain->base);
        break;
    case BAD_READONLY:
        *(volatile uint64_t *)hidden(readonly->base) = 1;
        break;
    case BAD_WILD:
        *(volatile char *)hidden((void *)UINT64_C(0x123456789000)) = 1;
        break;
    case BAD_NULL:
        got[1] = *(volatile char *)hidden(NULL);
        break;
    case BAD_NONCANONICAL:
        got[1] = *(volatile char *)hidden((void *)UINT64_C(0xDEDEDEDEDEDEDEDE));
        break;
    case BAD_RMW:
        __atomic_fetch_add((uint64_t *)(uintptr_t)door, 1, __ATOMIC_SEQ_CST);
        break;
    case BAD_XCHG:
        __atomic_exchange_n((uint64_t *)(uintptr_t)door, 1, __ATOMIC_SEQ_CST);
        break;
    case BAD_VECTOR:
        __asm__ volatile("movdqu %1, %0" : "=m"(*(__m128i *)(uintptr_t)door) : "x"(two));
        break;
    case BAD_CROSS:
        *(volatile uint64_t *)hidden(trapped->base + BELL_PAGE - 4) = 1;
        break;
    case BAD_MISALIGNED:
        got[1] = *(volatile uint64_t *)hidden(mmio->base + 4);
        break;
    case BAD_TRAPPED_READONLY:
        bell_window_point(trapped, BELL_WINDOW_TRAPPED, trapped->target, false);
        got[1] = *(volatile uint64_t *)hidden(trapped->base); /* Allowed. */
        *(volatile uint64_t *)hidden(trapped->base) = 1;
        break;
    case BAD_TRAPPED_VECTOR:
        __asm__ volatile("movdqu %1, %0"
                         : "=m"(*(__m128i *)hidden(trapped->base + BELL_PAGE - 8)) : "x"(two));
        break;
    }
    got[0] = 1;
}

static void bystander(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 100; i++)
        *(volatile uint64_t *)(void *)(trapped->base + 128) = i + 1;
    got[3] = 1;
}

static void check_bad(enum bad what, const char *expected)
{
    got[0] = got[3] = 0;
    bell_thread_create("bystander", 2, false, NULL, bystander, NULL);
    assert_int_equal(run(bad_body, (void *)(uintptr_t)what), BELL_SIM_DONE);
    assert_contains(blamed, expected);
    assert_int_equal(faults, 1);
    assert_int_equal(got[0], 0);
    assert_int_equal(fake.offered, 0); /* Nothing reached the bus. */
    if (what != BAD_TRAPPED_READONLY)
        assert_int_equal(got[3], 1);
}

#define BAD_TEST(name, what, expected)                                                            \
    static void name(void **state)                                                                \
    {                                                                                             \
        (void)state;                                                                              \
        check_bad(what, expected);                                                                \
    }

BAD_TEST(dead_page, BAD_DEAD, "load: window 'plain', object 1: it leads nowhere any more")
BAD_TEST(read_only_page, BAD_READONLY,
         "store: window 'status', object 4: store to a read-only page")
BAD_TEST(wild_pointer, BAD_WILD, "store: no memory there")
BAD_TEST(null_pointer, BAD_NULL, "load: no memory there")
BAD_TEST(poisoned_pointer, BAD_NONCANONICAL, "no memory there")
BAD_TEST(locked_add, BAD_RMW, "read-modify-write instruction 'lock ")
BAD_TEST(exchange, BAD_XCHG, "read-modify-write instruction 'xchg'")
BAD_TEST(vector_store, BAD_VECTOR, "vector instruction 'movdqu'")
BAD_TEST(border, BAD_CROSS, "crosses the border of the window")
BAD_TEST(misaligned_load, BAD_MISALIGNED, "misaligned load")
BAD_TEST(vector_over_the_border, BAD_TRAPPED_VECTOR, "store: no memory there")

static void read_only_trapped_page(void **state)
{
    (void)state;
    got[0] = 0;
    assert_int_equal(run(bad_body, (void *)(uintptr_t)BAD_TRAPPED_READONLY), BELL_SIM_DONE);
    assert_contains(blamed, "window 'fence', object 2: store to a read-only page");
    assert_int_equal(got[0], 0);
    assert_int_equal(accesses, 1);
}

/* --- user pointers --- */

static bool copies[10];

static void copy_body(void *arg)
{
    uint64_t words[4] = {1, 2, 3, 4};
    uint64_t heap[4] = {0};
    char *hole = mmap(NULL, 2 * BELL_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);

    (void)arg;
    mprotect(hole + BELL_PAGE, BELL_PAGE, PROT_NONE);
    copies[0] = bell_copy_to_user(heap, words, sizeof(words)) && heap[3] == 4;
    copies[1] = bell_copy_to_user(trapped->base + 8, words, sizeof(words));
    copies[2] = bell_copy_from_user(heap, trapped->base + 16, 8) && heap[0] == 2;
    copies[3] = bell_copy_from_user(words, readonly->base, 8) && words[0] == 0;
    copies[4] = !bell_copy_to_user(readonly->base, words, 8);
    copies[5] = !bell_copy_to_user(mmio->base, words, 8) &&
                !bell_copy_from_user(words, mmio->base, 8);
    copies[6] = !bell_copy_from_user(words, (void *)hidden(NULL), 8) &&
                !bell_copy_from_user(words, (void *)UINTPTR_MAX, 8);
    copies[7] = !bell_copy_from_user(words, hole + BELL_PAGE - 8, 16) &&
                bell_copy_from_user(words, hole + BELL_PAGE - 8, 8);
    copies[8] = !bell_copy_to_user((void *)(uintptr_t)"text", words, 4);
    bell_window_point(plain, BELL_WINDOW_DEAD, 0, false);
    copies[9] = !bell_copy_from_user(words, plain->base, 8);
    munmap(hole, 2 * BELL_PAGE);
}

static void user_pointers(void **state)
{
    (void)state;
    assert_int_equal(run(copy_body, NULL), BELL_SIM_DONE);
    for (unsigned i = 0; i < 10; i++) {
        if (!copies[i])
            fail_msg("copy %u", i);
    }
    assert_int_equal(faults, 0);
    assert_int_equal(accesses, 0);
    assert_int_equal(fake.offered, 0);
}

/* --- other people's faults --- */

static void older_handler(int signal_number)
{
    (void)signal_number;
    _exit(77);
}

static void foreign_body(void)
{
    signal(SIGSEGV, older_handler);
    bell_trap_init(&(struct bell_trap_hooks){.fault = on_fault});
    *(volatile char *)hidden((void *)UINT64_C(0x123456789000)) = 1;
}

static void foreign_default_body(void)
{
    signal(SIGSEGV, SIG_DFL);
    bell_trap_init(&(struct bell_trap_hooks){.fault = on_fault});
    *(volatile char *)hidden((void *)UINT64_C(0x123456789000)) = 1;
}

static void foreign_faults_go_on(void **state)
{
    char text[CHILD_TEXT_BYTES];
    int status = in_child(foreign_body, text);

    (void)state;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 77);
    status = in_child(foreign_default_body, text);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

/* --- a hook that takes its time --- */

static unsigned hook_calls;

static void rotating_hook(const struct bell_trap_access *access)
{
    hook_calls++;
    last = *access;
    if (hook_calls == 1)
        bell_window_point(mmio, BELL_WINDOW_MEMORY, plain->target, true);
}

static void one_ring(void *arg)
{
    (void)arg;
    *(volatile uint64_t *)(void *)(mmio->base + 8) = 5;
}

static void a_page_rotated_under_the_store(void **state)
{
    (void)state;
    hook_calls = 0;
    bell_thread_create("user", 1, false, NULL, one_ring, NULL);
    assert_int_equal(run_all(rotating_hook), BELL_SIM_DONE);
    assert_int_equal(hook_calls, 1);
    assert_int_equal(fake.offered, 0);
    assert_int_equal(((uint64_t *)bell_phys_ptr(plain->target))[1], 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(as_the_processor_does), TEST(accesses_are_reported),
        TEST(every_store_reaches_the_bus), TEST(narrow_accesses_keep_their_size),
        TEST(a_poll_loop_lets_time_pass), TEST(a_rotated_page_stops_trapping), TEST(dead_page),
        TEST(read_only_page), TEST(wild_pointer), TEST(null_pointer), TEST(poisoned_pointer),
        TEST(locked_add), TEST(exchange), TEST(vector_store), TEST(border),
        TEST(misaligned_load), TEST(vector_over_the_border), TEST(read_only_trapped_page),
        TEST(user_pointers), TEST(foreign_faults_go_on), TEST(a_page_rotated_under_the_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
