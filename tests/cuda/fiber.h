/* Fibers: stacks between which execution changes when they say so. In assembly where it is known, as swapcontext asks the
 * kernel for its signal mask every time; the address sanitizer is told of each change. */
#ifndef NETC_FIBER_H
#define NETC_FIBER_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

/* What a call keeps is pushed, the stacks are exchanged, and it is popped again. */
extern "C" void fiber_change(void **from, void *to);
#if defined __x86_64__
enum { FIBER_SAVED = 6, FIBER_RETURN = 6 };
asm(".text\n.type fiber_change, @function\nfiber_change:\n"
    "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
    "mov %rsp, (%rdi)\nmov %rsi, %rsp\n"
    "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\nret\n"
    ".size fiber_change, . - fiber_change\n");
#elif defined __aarch64__
enum { FIBER_SAVED = 20, FIBER_RETURN = 11 };
asm(".text\n.type fiber_change, %function\nfiber_change:\n"
    "sub sp, sp, #160\n"
    "stp x19, x20, [sp]\nstp x21, x22, [sp, #16]\nstp x23, x24, [sp, #32]\nstp x25, x26, [sp, #48]\n"
    "stp x27, x28, [sp, #64]\nstp x29, x30, [sp, #80]\nstp d8, d9, [sp, #96]\nstp d10, d11, [sp, #112]\n"
    "stp d12, d13, [sp, #128]\nstp d14, d15, [sp, #144]\n"
    "mov x9, sp\nstr x9, [x0]\nmov sp, x1\n"
    "ldp x19, x20, [sp]\nldp x21, x22, [sp, #16]\nldp x23, x24, [sp, #32]\nldp x25, x26, [sp, #48]\n"
    "ldp x27, x28, [sp, #64]\nldp x29, x30, [sp, #80]\nldp d8, d9, [sp, #96]\nldp d10, d11, [sp, #112]\n"
    "ldp d12, d13, [sp, #128]\nldp d14, d15, [sp, #144]\n"
    "add sp, sp, #160\nret\n"
    ".size fiber_change, . - fiber_change\n");
#else
#error "tests/cuda/fiber.h: fiber_change is written for x86-64 and 64-bit Arm only"
#endif

static const size_t FIBER_GUARD = 4096, FIBER_STACK = 256 << 10;

struct fiber {
    void  *top;                                 /* of its stack, while another one runs */
    char  *memory;                              /* a page that nobody may touch, and the stack; NULL: the program's own */
    const void *bottom;                         /* of the stack */
    size_t size;
    void  *fake;                                /* the address sanitizer's */
};

/* Goes on with `to`, until somebody goes on with `from`. */
static inline void fiber_switch(struct fiber *from, struct fiber *to);

static struct fiber *fiber_left;                /* who ran before */

/* To be called first by what runs on a new fiber. */
static inline void fiber_arrived(void *fake)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake, &fiber_left->bottom, &fiber_left->size);
#else
    (void)fake;
#endif
}

static inline void fiber_switch(struct fiber *from, struct fiber *to)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&from->fake, to->bottom, to->size);
#endif
    fiber_left = from;
    fiber_change(&from->top, to->top);
    fiber_arrived(from->fake);
}

/* A fiber that runs `live`, which never returns. */
static inline struct fiber *fiber_make(void (*live)(void))
{
    struct fiber *fiber = new struct fiber();
    void *memory = mmap(NULL, FIBER_GUARD + FIBER_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                        -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, FIBER_GUARD, PROT_NONE) != 0)
        abort();
    fiber->memory = (char *)memory;
    fiber->bottom = fiber->memory + FIBER_GUARD;
    fiber->size = FIBER_STACK;
    /* As if `live` had been called, with the stack as it is just after a call. */
    void **top = (void **)(fiber->memory + FIBER_GUARD + FIBER_STACK) - 2 * FIBER_SAVED - 2;
    top[FIBER_RETURN] = (void *)live;
    fiber->top = top;
    return fiber;
}

static inline void fiber_free(struct fiber *fiber)
{
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(fiber->bottom, fiber->size);
#endif
    munmap(fiber->memory, FIBER_GUARD + FIBER_STACK);
    delete fiber;
}

#endif
