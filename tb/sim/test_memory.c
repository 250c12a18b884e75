/* SPDX-License-Identifier: MIT */
/*
 * Physical pages, windows and the IOMMU:
 *   - allocation is first-fit, zeroed, poisoned on free; a wrong free is named and changes nothing
 *   - a window rotates in place; what it leads to is what user code sees
 *   - the IOMMU refuses what a PASID does not own, whole accesses only
 */
#include "sim_test.h"

#include "bell_memory.h"
#include "bell_thread.h"

#define ARENA_PAGES 16u
#define VA UINT64_C(0x7F0000000000)

static uint64_t step(void *ctx, uint64_t cycles)
{
    (void)ctx;
    return cycles;
}

static uint64_t now(void *ctx)
{
    (void)ctx;
    return 0;
}

static int setup(void **state)
{
    struct bell_sim_config config = {.step = step, .now = now};

    (void)state;
    bell_sim_init(&config);
    bell_memory_init(ARENA_PAGES * BELL_PAGE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bell_memory_cleanup();
    bell_sim_cleanup();
    return 0;
}

static bool all_bytes(uint64_t phys, size_t bytes, unsigned value)
{
    const unsigned char *alias = bell_phys_ptr(phys);

    for (size_t i = 0; i < bytes; i++) {
        if (alias[i] != value)
            return false;
    }
    return true;
}

static void first_fit(void **state)
{
    uint64_t a = bell_phys_alloc(2);
    uint64_t b = bell_phys_alloc(1);
    uint64_t c = bell_phys_alloc(3);

    (void)state;
    assert_int_equal(a, 1 * BELL_PAGE);
    assert_int_equal(b, 3 * BELL_PAGE);
    assert_int_equal(c, 4 * BELL_PAGE);
    assert_int_equal(bell_phys_pages_used(), 6);
    bell_phys_free(a, 2);
    assert_int_equal(bell_phys_alloc(3), 7 * BELL_PAGE);
    assert_int_equal(bell_phys_alloc(1), 1 * BELL_PAGE);
    assert_int_equal(bell_phys_alloc(1), 2 * BELL_PAGE);
    assert_int_equal(bell_phys_alloc(7), 0);
    assert_int_equal(bell_phys_alloc(6), 10 * BELL_PAGE);
    assert_int_equal(bell_phys_alloc(1), 0);
    assert_int_equal(bell_phys_pages_used(), ARENA_PAGES - 1);
    assert_null(bell_phys_ptr(ARENA_PAGES * BELL_PAGE));
    assert_string_equal(bell_sim_failure(), "");
}

static void pages_are_zeroed_and_poisoned(void **state)
{
    uint64_t a = bell_phys_alloc(2);

    (void)state;
    assert_true(all_bytes(a, 2 * BELL_PAGE, 0));
    memset(bell_phys_ptr(a), 0x55, 2 * BELL_PAGE);
    bell_phys_free(a, 1);
    assert_true(all_bytes(a, BELL_PAGE, BELL_POISON));
    assert_true(all_bytes(a + BELL_PAGE, BELL_PAGE, 0x55));
    assert_int_equal(bell_phys_alloc(1), a);
    assert_true(all_bytes(a, BELL_PAGE, 0));
}

static void refused_free(uint64_t phys, size_t pages, const char *expected)
{
    size_t used = bell_phys_pages_used();

    bell_phys_free(phys, pages);
    assert_contains(bell_sim_failure(), expected);
    assert_int_equal(bell_phys_pages_used(), used);
}

static void free_twice(void **state)
{
    uint64_t a = bell_phys_alloc(2);

    (void)state;
    bell_phys_free(a + BELL_PAGE, 1);
    refused_free(a, 2, "double free: page 0x2000");
    assert_true(all_bytes(a, BELL_PAGE, 0));
}

static void free_unaligned(void **state)
{
    (void)state;
    refused_free(bell_phys_alloc(1) + 8, 1, "expected a page-aligned address");
}

static void free_beyond_memory(void **state)
{
    (void)state;
    refused_free((ARENA_PAGES - 1) * BELL_PAGE, 2, "inside memory");
}

static void free_null(void **state)
{
    (void)state;
    refused_free(0, 1, "free of 1 pages at 0x0");
}

static void free_under_a_window(void **state)
{
    struct bell_window *window = bell_window_reserve(1, "ring", 77);
    uint64_t a = bell_phys_alloc(2);

    (void)state;
    bell_window_point(window, BELL_WINDOW_TRAPPED, a + BELL_PAGE, true);
    refused_free(a, 2, "window 'ring' of object 77");
}

static void free_under_the_device(void **state)
{
    uint64_t a = bell_phys_alloc(1);

    (void)state;
    bell_iommu_map(9, VA, a, 1, BELL_READ);
    bell_iommu_map(9, VA, a, 1, BELL_READ | BELL_WRITE); /* Replaces: still one mapping. */
    refused_free(a, 1, "IOMMU still maps 1 times");
}

static void free_after_unmap(void **state)
{
    uint64_t a = bell_phys_alloc(1);

    (void)state;
    bell_iommu_map(9, VA, a, 1, BELL_READ);
    bell_iommu_map(8, VA, a, 1, BELL_READ);
    bell_iommu_map(9, VA, a, 1, 0);
    bell_iommu_drop(8);
    bell_phys_free(a, 1);
    assert_string_equal(bell_sim_failure(), "");
    assert_int_equal(bell_phys_pages_used(), 0);
}

static void a_window_rotates(void **state)
{
    struct bell_window *window = bell_window_reserve(2, "ring", 1);
    volatile char *user = window->base;
    uint64_t a = bell_phys_alloc(2);
    uint64_t b = bell_phys_alloc(2);

    (void)state;
    assert_int_equal(window->kind, BELL_WINDOW_DEAD);
    bell_window_point(window, BELL_WINDOW_MEMORY, a, true);
    user[5] = 1;
    bell_window_point(window, BELL_WINDOW_MEMORY, b, true);
    assert_int_equal(user[5], 0);
    user[5000] = 2;
    bell_window_point(window, BELL_WINDOW_DEAD, 0, false);
    bell_window_point(window, BELL_WINDOW_MEMORY, a, false);
    assert_int_equal(user[5], 1);
    assert_int_equal(((char *)bell_phys_ptr(a))[5], 1);
    assert_int_equal(((char *)bell_phys_ptr(b))[5000], 2);
    assert_ptr_equal(user, window->base);
}

static void windows_are_found(void **state)
{
    struct bell_window *window[40];

    (void)state;
    for (size_t i = 0; i < 40; i++)
        window[i] = bell_window_reserve(1 + i % 3, "w", i);
    for (size_t i = 0; i < 40; i++) {
        assert_ptr_equal(bell_window_find(window[i]->base), window[i]);
        assert_ptr_equal(bell_window_find(window[i]->base + window[i]->pages * BELL_PAGE - 1),
                         window[i]);
    }
    assert_null(bell_window_find(NULL));
    assert_null(bell_window_find(&window));
    assert_null(bell_window_find((void *)UINTPTR_MAX));
}

static void a_window_needs_allocated_pages(void **state)
{
    struct bell_window *window = bell_window_reserve(2, "status", 4);

    (void)state;
    bell_window_point(window, BELL_WINDOW_MEMORY, bell_phys_alloc(1), true);
    assert_contains(bell_sim_failure(), "window 'status' of object 4: cannot lead to 0x1000");
    assert_int_equal(window->kind, BELL_WINDOW_DEAD);
}

static void dma_crosses_pages(void **state)
{
    uint64_t a = bell_phys_alloc(1);
    uint64_t hole = bell_phys_alloc(1);
    uint64_t b = bell_phys_alloc(1);
    char out[64];
    char in[64];

    (void)state;
    for (unsigned i = 0; i < sizeof(out); i++)
        out[i] = (char)(i + 1);
    bell_iommu_map(3, VA, b, 1, BELL_READ | BELL_WRITE); /* In the other order than in memory. */
    bell_iommu_map(3, VA + BELL_PAGE, a, 1, BELL_READ | BELL_WRITE);
    assert_int_equal(bell_iommu_write(3, VA + BELL_PAGE - 16, out, 64), BELL_RESP_OKAY);
    assert_int_equal(bell_iommu_read(3, VA + BELL_PAGE - 16, in, 64), BELL_RESP_OKAY);
    assert_memory_equal(in, out, 64);
    assert_memory_equal(bell_phys_ptr(b + BELL_PAGE - 16), out, 16);
    assert_memory_equal(bell_phys_ptr(a), out + 16, 48);
    assert_true(all_bytes(hole, BELL_PAGE, 0));
    assert_int_equal(bell_iommu_lookup(3, VA + 100), b + 100);
    assert_int_equal(bell_iommu_lookup(3, VA + 2 * BELL_PAGE), 0);
}

static void a_refused_access_moves_nothing(void **state)
{
    uint64_t a = bell_phys_alloc(2);
    uint64_t word = UINT64_MAX;
    uint64_t two[2] = {1, 2};

    (void)state;
    bell_iommu_map(3, VA, a, 1, BELL_READ | BELL_WRITE);
    bell_iommu_map(3, VA + BELL_PAGE, a + BELL_PAGE, 1, BELL_READ);
    assert_int_equal(bell_iommu_write(3, VA + BELL_PAGE - 8, two, 16), BELL_RESP_DECERR);
    assert_true(all_bytes(a, 2 * BELL_PAGE, 0));
    assert_int_equal(bell_iommu_read(3, VA + BELL_PAGE - 8, two, 16), BELL_RESP_OKAY);
    bell_iommu_map(3, VA, a, 1, BELL_WRITE);
    assert_int_equal(bell_iommu_read(3, VA, &word, 8), BELL_RESP_DECERR);
    assert_true(word == UINT64_MAX);
    assert_int_equal(bell_iommu_write(3, VA, &word, 8), BELL_RESP_OKAY);
    assert_int_equal(bell_iommu_write(4, VA, &word, 8), BELL_RESP_DECERR); /* A neighbour. */
    bell_iommu_unmap(3, VA, 1);
    assert_int_equal(bell_iommu_write(3, VA, &word, 8), BELL_RESP_DECERR);
    assert_int_equal(bell_iommu_read(3, UINT64_MAX - 3, &word, 8), BELL_RESP_DECERR);
    assert_int_equal(bell_iommu_read(3, VA | UINT64_C(1) << 48, &word, 8), BELL_RESP_DECERR);
}

static void pasid_0_is_the_arena(void **state)
{
    uint64_t a = bell_phys_alloc(1);
    uint64_t word = 42;

    (void)state;
    bell_iommu_map(0, a, a, 1, BELL_READ | BELL_WRITE);
    assert_int_equal(bell_iommu_write(0, a + 8, &word, 8), BELL_RESP_OKAY);
    assert_int_equal(((uint64_t *)bell_phys_ptr(a))[1], 42);
    assert_int_equal(bell_iommu_lookup(0, a + 8), a + 8);
    bell_phys_free(a, 1);
    assert_int_equal(bell_iommu_read(0, a + 8, &word, 8), BELL_RESP_DECERR);
    assert_int_equal(bell_iommu_read(0, 0, &word, 8), BELL_RESP_DECERR);
    assert_int_equal(bell_iommu_read(0, ARENA_PAGES * BELL_PAGE, &word, 8), BELL_RESP_DECERR);
    assert_string_equal(bell_sim_failure(), "");
}

static void drop_touches_one_pasid(void **state)
{
    uint64_t a = bell_phys_alloc(4);
    uint64_t word;

    (void)state;
    for (uint32_t pasid = 1; pasid <= 5; pasid++)
        bell_iommu_map(pasid, VA + pasid * UINT64_C(0x40000000), a, 4, BELL_READ);
    bell_iommu_drop(2);
    bell_iommu_drop(2);
    for (uint32_t pasid = 1; pasid <= 5; pasid++) {
        uint64_t va = VA + pasid * UINT64_C(0x40000000) + 3 * BELL_PAGE;

        assert_int_equal(bell_iommu_read(pasid, va, &word, 8),
                         pasid == 2 ? BELL_RESP_DECERR : BELL_RESP_OKAY);
    }
}

static void map_of_free_pages_is_refused(void **state)
{
    (void)state;
    bell_iommu_map(1, VA, bell_phys_alloc(1), 2, BELL_READ);
    assert_contains(bell_sim_failure(), "expected 2 allocated pages");
    assert_int_equal(bell_iommu_lookup(1, VA), 0);
}

static void map_beyond_the_address_width_is_refused(void **state)
{
    (void)state;
    bell_iommu_map(1, (UINT64_C(1) << 48) - BELL_PAGE, bell_phys_alloc(2), 2, BELL_READ);
    assert_contains(bell_sim_failure(), "48 address bits");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(first_fit), TEST(pages_are_zeroed_and_poisoned), TEST(free_twice),
        TEST(free_unaligned), TEST(free_beyond_memory), TEST(free_null),
        TEST(free_under_a_window), TEST(free_under_the_device), TEST(free_after_unmap),
        TEST(a_window_rotates), TEST(windows_are_found), TEST(a_window_needs_allocated_pages),
        TEST(dma_crosses_pages), TEST(a_refused_access_moves_nothing), TEST(pasid_0_is_the_arena),
        TEST(drop_touches_one_pasid), TEST(map_of_free_pages_is_refused),
        TEST(map_beyond_the_address_width_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
