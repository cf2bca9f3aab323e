/* Philox against published vectors, the order of an epoch, initial weights. */
#include "random.h"
#include "weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The known answers for philox4x32 with 10 rounds that come with Random123 (D. E. Shaw Research), kat_vectors:
 * counter, key, result. The purpose is taken out of the key, to which philox() adds it. */
static void test_known_answers(void **state)
{
    static const struct { uint32_t counter[4], key[2], result[4]; } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint32_t *c = cases[i].counter, *k = cases[i].key;
        uint64_t seed = (uint64_t)k[1] << 32 | (k[0] ^ PURPOSE_ORDER * 0x9E3779B9u);
        struct philox block = philox(seed, PURPOSE_ORDER, (uint64_t)c[3] << 32 | c[2], (uint64_t)c[1] << 32 | c[0]);
        assert_memory_equal(block.word, cases[i].result, sizeof block.word);
    }
}

static void test_streams_differ(void **state)
{
    (void)state;
    struct philox here = philox(1, PURPOSE_INIT, 0, 0);
    struct philox others[] = {
        philox(2, PURPOSE_INIT, 0, 0), philox(1, PURPOSE_ORDER, 0, 0), philox(1, PURPOSE_INIT, 1, 0),
        philox(1, PURPOSE_INIT, 0, 1), philox(1 + (1ull << 32), PURPOSE_INIT, 0, 0), philox(1, PURPOSE_DROPOUT, 0, 0),
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_memory_not_equal(here.word, others[i].word, sizeof here.word);
}

static void test_uniform(void **state)
{
    (void)state;
    assert_true(philox_uniform(0) == 0);
    assert_true(philox_uniform(0xFFFFFFFF) < 1);
    double sum = 0, squares = 0;
    enum { COUNT = 100000 };
    for (int i = 0; i < COUNT; i++) {
        double u = (double)philox_uniform(philox(5, PURPOSE_INIT, 0, (uint64_t)i).word[0]);
        sum += u;
        squares += u * u;
    }
    assert_true(fabs(sum / COUNT - 0.5) < 0.005);           /* about five standard errors */
    assert_true(fabs(squares / COUNT - 1.0 / 3) < 0.005);
}

static void expect_bijection(uint64_t seed, uint64_t epoch, uint64_t count)
{
    unsigned char *seen = calloc(count, 1);
    struct order   order = order_make(seed, epoch, count);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = order_at(&order, i);
        assert_true(at < count);
        assert_int_equal(seen[at], 0);
        seen[at] = 1;
    }
    free(seen);
}

static void test_order_is_a_bijection(void **state)
{
    static const uint64_t large[] = {1023, 1024, 1025, 4096, 4097, 10000, 60000, 65536, 65537, 262144, 1000003};
    (void)state;
    for (uint64_t count = 1; count <= 300; count++)
        for (uint64_t epoch = 0; epoch < 3; epoch++)
            expect_bijection(count, epoch, count);
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        expect_bijection(UINT64_MAX - i, i, large[i]);
}

static int same_places(struct order a, struct order b)
{
    int same = 0;
    for (uint64_t i = 0; i < a.count; i++)
        same += order_at(&a, i) == order_at(&b, i);
    return same;
}

static void test_orders_differ(void **state)
{
    enum { COUNT = 1000 };
    (void)state;
    struct order here = order_make(1, 0, COUNT);
    assert_int_equal(same_places(here, order_make(1, 0, COUNT)), COUNT);
    for (uint64_t i = 1; i < 20; i++) {
        assert_in_range(same_places(here, order_make(1, i, COUNT)), 0, 10);    /* 1 is to be expected */
        assert_in_range(same_places(here, order_make(1 + i, 0, COUNT)), 0, 10);
        assert_in_range(same_places(here, order_make(1 + (i << 32), 0, COUNT)), 0, 10);
    }
}

/* Samples move a third of the way on average, and neighbours do not stay together. */
static void test_order_mixes(void **state)
{
    enum { COUNT = 60000 };
    (void)state;
    struct order order = order_make(1, 0, COUNT);
    double       way = 0;
    int          neighbours = 0;
    for (int64_t i = 0; i < COUNT; i++) {
        int64_t here = (int64_t)order_at(&order, (uint64_t)i);
        way += (double)llabs(here - i);
        neighbours += i > 0 && llabs(here - (int64_t)order_at(&order, (uint64_t)i - 1)) == 1;
    }
    assert_true(fabs(way / COUNT / COUNT - 1.0 / 3) < 0.01);
    assert_in_range(neighbours, 0, 20);                     /* 2 are to be expected */
}

/* Over many epochs, each of a few samples comes first about equally often. */
static void test_order_is_fair(void **state)
{
    enum { COUNT = 10, EPOCHS = 10000 };
    int first[COUNT] = {0};
    (void)state;
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        struct order order = order_make(3, epoch, COUNT);
        first[order_at(&order, 0)]++;
    }
    for (int i = 0; i < COUNT; i++)
        assert_in_range(first[i], EPOCHS / COUNT * 8 / 10, EPOCHS / COUNT * 12 / 10);
}

/* Element i of parameter p is (2 u - 1) / sqrt(fan_in), wherever the layout puts it; padding is zero. */
static void test_initial_weights(void **state)
{
    enum { ROWS = 3, COLUMNS = 5, PITCH = 4, SIZE = COLUMNS * PITCH + 2 };
    static const struct parameter parameters[] = {
        {.name = "bias", .rank = 1, .shape = {2}, .stride = {1}, .offset = COLUMNS * PITCH, .fan_in = 9},
        {.name = "weight", .rank = 2, .shape = {ROWS, COLUMNS}, .stride = {1, PITCH}, .fan_in = COLUMNS},
    };
    struct model model = {.parameters = parameters, .parameter_count = 2, .weights_size = SIZE};
    real flat[SIZE];
    (void)state;
    memset(flat, 0xFF, sizeof flat);
    weights_init(&model, 7, flat);
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) {
            float u = philox_uniform(philox(7, PURPOSE_INIT, 1, (uint64_t)(r * COLUMNS + c)).word[0]);
            assert_true(flat[c * PITCH + r] == (2 * u - 1) * (float)(1 / sqrt(COLUMNS)));
        }
    for (int c = 0; c < COLUMNS; c++)
        assert_true(flat[c * PITCH + ROWS] == 0);
    for (int i = 0; i < 2; i++)
        assert_true(flat[COLUMNS * PITCH + i] != 0 && fabs(flat[COLUMNS * PITCH + i]) <= (float)(1 / 3.0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers), cmocka_unit_test(test_streams_differ), cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_order_is_a_bijection), cmocka_unit_test(test_orders_differ),
        cmocka_unit_test(test_order_mixes),
        cmocka_unit_test(test_order_is_fair), cmocka_unit_test(test_initial_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
