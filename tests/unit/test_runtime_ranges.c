/* The ranges of a loop that several units share (step.h): together they are the whole loop, each point once. */
#include "step.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_parts(void **state)
{
    (void)state;
    for (int64_t extent = 1; extent <= 40; extent++)
        for (int64_t tile = 1; tile <= extent; tile++)
            for (int64_t parts = 1; parts <= extent / tile; parts++) {
                int64_t end = 0, least = extent, most = 0;
                for (int64_t part = 0; part < parts; part++) {
                    struct range range = range_part(part, parts, extent, tile);
                    assert_int_equal(range.first, end);
                    assert_int_equal(range.first % tile, 0);
                    int64_t tiles = (range.end - range.first) / tile;
                    least = tiles < least ? tiles : least;
                    most = tiles > most ? tiles : most;
                    end = range.end;
                }
                assert_int_equal(end, extent);
                assert_true(least >= 1 && most <= least + 1);
            }
}

/* The tiles of a range are those of the whole loop that lie in it, whichever range they are in. */
static void test_tiles(void **state)
{
    (void)state;
    for (int64_t extent = 1; extent <= 40; extent++)
        for (int64_t tile = 1; tile <= extent; tile++)
            for (int64_t parts = 1; parts <= extent / tile; parts++) {
                int64_t expected = 0;
                for (int64_t part = 0; part < parts; part++) {
                    struct range range = range_part(part, parts, extent, tile);
                    for (int64_t at = range.first; at < range.end; at = next_tile(at, tile, range.end)) {
                        assert_int_equal(at, expected);
                        assert_true(at + tile <= range.end);
                        expected = next_tile(at, tile, extent);
                    }
                }
                assert_int_equal(expected, extent);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_parts), cmocka_unit_test(test_tiles) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
