/* SPDX-License-Identifier: MIT */
/**
 * @file sim_test.h
 * @brief What the tests of sim/ share. A test records inside coroutines and asserts after the run:
 * a failing assertion jumps, and must not jump off a coroutine's stack.
 */
#ifndef SIM_TEST_H
#define SIM_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_TEXT_BYTES 8192u

/** Run `body` in a child process; returns its wait status and what it wrote to stderr. */
static inline int in_child(void (*body)(void), char *text)
{
    int pipe_ends[2];
    size_t length = 0;
    ssize_t got;
    int status = 0;
    pid_t child;

    assert_int_equal(pipe(pipe_ends), 0);
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipe_ends[1], STDERR_FILENO);
        body();
        _exit(0);
    }
    close(pipe_ends[1]);
    while ((got = read(pipe_ends[0], text + length, CHILD_TEXT_BYTES - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    close(pipe_ends[0]);
    waitpid(child, &status, 0);
    return status;
}

#define assert_contains(text, part)                                                               \
    do {                                                                                          \
        if (strstr((text), (part)) == NULL)                                                       \
            fail_msg("expected \"%s\" in \"%s\"", (part), (text));                                \
    } while (0)

#endif
