/* The base: arena, text, positions, what a diagnostic looks like, the nearest name. */
#include "base/diag.h"
#include "base/text.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static Arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* ---- arena */

static void arena_gives_zeroed_aligned_memory(void **state)
{
    (void)state;
    for (size_t size = 1; size < 200000; size = size * 3 + 1) {
        unsigned char *at = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)at % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(at[i], 0);
        memset(at, 0xFF, size);
    }
}

static void arena_keeps_what_it_gave(void **state)
{
    (void)state;
    const char *copy = arena_copy(arena, "copied", 4), *printed = arena_printf(arena, "%d-%s", 7, "x");
    for (int i = 0; i < 10000; i++)
        arena_alloc(arena, 100);
    assert_string_equal(copy, "copi");
    assert_string_equal(printed, "7-x");
}

static void list_grows(void **state)
{
    (void)state;
    List(int) list = {0};
    for (int i = 0; i < 1000; i++)
        list_add(arena, &list, i * i);
    assert_int_equal(list.count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(list.at[i], i * i);
}

/* ---- text */

static void text_appends_what_printf_prints(void **state)
{
    (void)state;
    Text *text = text_new(arena);
    assert_string_equal(text->at, "");
    text_add(text, "%d, %s", 3, "four");
    for (int i = 0; i < 1000; i++)
        text_add(text, "%s", "0123456789");
    assert_int_equal(text->size, 7 + 10000);
    assert_int_equal(strlen(text->at), text->size);
    assert_memory_equal(text->at, "3, four0123", 11);
    assert_string_equal(text->at + text->size - 3, "789");
}

static void text_takes_a_length_that_just_fits(void **state)
{
    (void)state;
    for (int length = 250; length < 260; length++) {            /* about the first capacity */
        Text *text = text_new(arena);
        text_add(text, "%*s", length, "x");
        text_add(text, "y");
        assert_int_equal(text->size, length + 1);
        assert_string_equal(text->at + length - 1, "xy");
    }
}

static void line_indents_by_braces(void **state)
{
    (void)state;
    Text *text = text_new(arena);
    line(text, "int main(void)");
    line(text, "{");
    line(text, "for (int i = 0; i < %d; i++) {", 3);
    line(text, "f(i);");
    line(text, "%s", "");
    line(text, "} while (0); {");
    line(text, "g();");
    line(text, "}");
    line(text, "}");
    line(text, "}");
    line(text, "end");
    assert_string_equal(text->at,
                        "int main(void)\n"
                        "{\n"
                        "    for (int i = 0; i < 3; i++) {\n"
                        "        f(i);\n"
                        "\n"
                        "    } while (0); {\n"
                        "        g();\n"
                        "    }\n"
                        "}\n"
                        "}\n"
                        "end\n");
}

static void line_takes_several_lines(void **state)
{
    (void)state;
    Text *text = text_new(arena);
    line(text, "if (x) {\ny();\n\n}\nz();");
    assert_string_equal(text->at, "if (x) {\n    y();\n\n}\nz();\n");
}

/* ---- UTF-8 */

static void utf8_takes_only_what_is_right(void **state)
{
    (void)state;
    static const struct { const char *bytes; int length; uint32_t code; } cases[] = {
        {"a", 1, 'a'}, {"\x7F", 1, 0x7F}, {"\xC2\x80", 2, 0x80}, {"\xC3\xA9", 2, 0xE9}, {"\xDF\xBF", 2, 0x7FF},
        {"\xE0\xA0\x80", 3, 0x800}, {"\xE2\x86\x92", 3, 0x2192}, {"\xEF\xBF\xBF", 3, 0xFFFF},
        {"\xF0\x90\x80\x80", 4, 0x10000}, {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
        {"\x80", 0, 0}, {"\xC1\xBF", 0, 0}, {"\xE0\x9F\xBF", 0, 0}, {"\xF0\x8F\xBF\xBF", 0, 0},     /* overlong */
        {"\xED\xA0\x80", 0, 0}, {"\xED\xBF\xBF", 0, 0},                                             /* surrogates */
        {"\xF4\x90\x80\x80", 0, 0}, {"\xF8\x80\x80\x80", 0, 0}, {"\xFF", 0, 0},                     /* too large */
        {"\xC3", 0, 0}, {"\xE2\x86", 0, 0}, {"\xC3x", 0, 0}, {"\xE2\x86x", 0, 0}, {"", 0, 0},       /* cut */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t code = 0;
        assert_int_equal(utf8_decode(cases[i].bytes, strlen(cases[i].bytes), &code), cases[i].length);
        assert_int_equal(code, cases[i].code);
    }
}

/* ---- source */

static Source source_of(const char *text)
{
    return (Source){"x.net", text, strlen(text)};
}

static void expect_position(const char *text, uint32_t at, int line, int column)
{
    Source   source = source_of(text);
    Position position = source_position(&source, at);
    assert_int_equal(position.line, line);
    assert_int_equal(position.column, column);
}

static void positions_count_code_points(void **state)
{
    (void)state;
    expect_position("", 0, 1, 1);
    expect_position("abc", 2, 1, 3);
    expect_position("abc", 3, 1, 4);
    expect_position("abc", 99, 1, 4);
    expect_position("a\nb", 1, 1, 2);
    expect_position("a\nb", 2, 2, 1);
    expect_position("a\n\n\nb", 4, 4, 1);
    expect_position("a\r\nbc\r\nd", 4, 2, 2);
    expect_position("\ta", 1, 1, 2);
    expect_position("é→a", 5, 1, 3);
    expect_position("\xEF\xBB\xBF" "ab", 4, 1, 2);
    expect_position("\xEF\xBB\xBF" "ab", 0, 1, 1);
}

static void spans_join(void **state)
{
    (void)state;
    Span joined = span_join((Span){5, 7}, (Span){2, 6});
    assert_int_equal(joined.begin, 2);
    assert_int_equal(joined.end, 7);
}

static char *temporary_file(const char *bytes, size_t count, size_t times)
{
    char *path = arena_printf(arena, "/tmp/netc_test_XXXXXX");
    int   file = mkstemp(path);
    assert_true(file >= 0);
    while (times--)
        assert_int_equal(write(file, bytes, count), count);
    close(file);
    return path;
}

static void source_is_read_whole(void **state)
{
    (void)state;
    const char *why = NULL, *path = temporary_file("0123456789\0bcdef", 16, 1000);
    const Source *source = source_read(arena, path, &why);
    unlink(path);
    assert_non_null(source);
    assert_string_equal(source->path, path);
    assert_int_equal(source->size, 16000);
    assert_int_equal(source->text[16000], 0);
    assert_memory_equal(source->text + 15984, "0123456789\0bcdef", 16);
}

static void source_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    const char *why = NULL;
    assert_null(source_read(arena, "/nonexistent/x.net", &why));
    assert_string_equal(why, "No such file or directory");
    assert_null(source_read(arena, "/", &why));
    assert_string_equal(why, "is a directory");

    char block[4096] = {0};
    const char *largest = temporary_file(block, sizeof block, 1024);
    assert_non_null(source_read(arena, largest, &why));
    unlink(largest);
    const char *larger = temporary_file(block, sizeof block, 1025);
    assert_null(source_read(arena, larger, &why));
    assert_string_equal(why, "is larger than 4 MiB");
    unlink(larger);
}

/* ---- diagnostics */

/* What diag_error shows of the bytes [begin, end) of `text`. */
static const char *shown(const char *text, uint32_t begin, uint32_t end)
{
    Source source = source_of(text);
    char  *out;
    size_t size;
    FILE  *stream = open_memstream(&out, &size);
    Diag  *diag = diag_new(arena, &source, stream, false);
    diag_error(diag, (Span){begin, end}, "wrong");
    fclose(stream);
    const char *copy = arena_copy(arena, out, size);
    free(out);
    return copy;
}

static void error_shows_line_and_caret(void **state)
{
    (void)state;
    assert_string_equal(shown("one\ntwo three\n", 8, 13), "x.net:2:5: error: wrong\n"
                                                          "    2 | two three\n"
                                                          "      |     ^~~~~\n");
    assert_string_equal(shown("one\n", 3, 3), "x.net:1:4: error: wrong\n"
                                              "    1 | one\n"
                                              "      |    ^\n");
    assert_string_equal(shown("", 0, 0), "x.net:1:1: error: wrong\n"
                                         "    1 | \n"
                                         "      | ^\n");
    assert_string_equal(shown("one", 50, 60), "x.net:1:4: error: wrong\n"
                                              "    1 | one\n"
                                              "      |    ^\n");
}

static void caret_stays_on_its_line(void **state)
{
    (void)state;
    assert_string_equal(shown("(one\n  two)\n", 0, 11), "x.net:1:1: error: wrong\n"
                                                        "    1 | (one\n"
                                                        "      | ^~~~\n");
    assert_string_equal(shown("(one\r\n  two)\r\n", 0, 13), "x.net:1:1: error: wrong\n"
                                                            "    1 | (one\n"
                                                            "      | ^~~~\n");
}

static void caret_is_aligned(void **state)
{
    (void)state;
    assert_string_equal(shown("\ta\tb", 3, 4), "x.net:1:4: error: wrong\n"
                                               "    1 | \ta\tb\n"
                                               "      | \t \t^\n");
    assert_string_equal(shown("é → b", 7, 8), "x.net:1:5: error: wrong\n"
                                              "    1 | é → b\n"
                                              "      |     ^\n");
    assert_string_equal(shown("漢字b", 6, 7), "x.net:1:3: error: wrong\n"
                                              "    1 | 漢字b\n"
                                              "      |     ^\n");
    assert_string_equal(shown("e\xCC\x81" "b", 3, 4), "x.net:1:3: error: wrong\n"
                                                     "    1 | e\xCC\x81" "b\n"
                                                     "      |  ^\n");
}

static void nothing_that_acts_on_a_terminal_is_shown(void **state)
{
    (void)state;
    assert_string_equal(shown("a\033[31m\xE2\x80\xAE\xFF" "b", 0, 1), "x.net:1:1: error: wrong\n"
                                                                       "    1 | a\uFFFD[31m\uFFFD\uFFFDb\n"
                                                                       "      | ^\n");
}

static void long_lines_are_cut(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    text[2500] = 'X';
    const char *out = shown(text, 2500, 4000);
    const char *line_shown = strchr(out, '\n') + 1, *caret = strchr(line_shown, '\n') + 1;
    assert_true(caret - line_shown < 130);
    assert_non_null(strstr(line_shown, "…a"));
    assert_non_null(strstr(line_shown, "a…\n"));
    assert_int_equal(strchr(caret, '^') - caret, strchr(line_shown, 'X') - line_shown - 2);     /* … has three bytes */
    assert_true(strlen(caret) < 130);
}

static void many_errors_are_counted_but_not_shown(void **state)
{
    (void)state;
    Source source = source_of("text");
    char  *out;
    size_t size;
    FILE  *stream = open_memstream(&out, &size);
    Diag  *diag = diag_new(arena, &source, stream, false);
    for (int i = 1; i <= 60; i++) {
        diag_error(diag, (Span){0, 1}, "error %d", i);
        diag_note(diag, (Span){1, 2}, "note %d", i);
        diag_help(diag, "help %d", i);
    }
    fclose(stream);
    assert_int_equal(diag_errors(diag), 60);
    assert_non_null(strstr(out, "help 50\n"));
    assert_null(strstr(out, "51"));
    assert_non_null(strstr(out, "help 50\nthere are more errors; only the first 50 are shown\n"));
    free(out);
}

static void colour_is_used_where_asked_for(void **state)
{
    (void)state;
    Source source = source_of("text");
    char  *out;
    size_t size;
    FILE  *stream = open_memstream(&out, &size);
    assert_null(strchr(shown("text", 0, 1), '\033'));
    Diag *diag = diag_new(arena, &source, stream, true);
    diag_error(diag, (Span){0, 4}, "wrong");
    fclose(stream);
    assert_non_null(strstr(out, "\033[1mx.net:1:1:\033[0m \033[1;31merror:\033[0m wrong\n"));
    assert_non_null(strstr(out, "\033[1;31m^~~~\033[0m\n"));
    free(out);
    FILE *file = tmpfile();
    assert_false(diag_wants_colour(file));
    fclose(file);
}

/* ---- names */

static void nearest_name_is_found(void **state)
{
    (void)state;
    static const char *const names[] = {"conv2d", "max_pool2d", "max_unpool2d", "relu", "kernel_size", "add", "lr",
                                        "padding_mode", "padding", NULL};
    static const struct { const char *word, *near; } cases[] = {
        {"Conv2d", "conv2d"}, {"conv2D", "conv2d"}, {"conv", "conv2d"}, {"conv_2d", "conv2d"}, {"cnov2d", "conv2d"},
        {"MaxPool2d", "max_pool2d"}, {"maxpool", "max_pool2d"}, {"max_unpool", "max_unpool2d"},
        {"kernal_size", "kernel_size"}, {"kernelsize", "kernel_size"}, {"KernelSize", "kernel_size"},
        {"_k_e_r_n_e_l_", NULL}, {"_k_e_r_n_e_l_size", "kernel_size"},
        {"Relu", "relu"}, {"rleu", "relu"}, {"rel", "relu"}, {"reelu", "relu"}, {"LR", "lr"}, {"paddng", "padding"},
        {"lx", NULL}, {"tanh", NULL}, {"and", "add"}, {"or", NULL}, {"softmax", NULL}, {"", NULL}, {"___", NULL},
        {"a_word_that_is_very_long_and_cannot_be_compared_with_any_other", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *near = nearest_name(cases[i].word, names);
        if (cases[i].near)
            assert_string_equal(near ? near : "(none)", cases[i].near);
        else
            assert_null(near);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arena_gives_zeroed_aligned_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(arena_keeps_what_it_gave, set_up, tear_down),
        cmocka_unit_test_setup_teardown(list_grows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_appends_what_printf_prints, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_takes_a_length_that_just_fits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(line_indents_by_braces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(line_takes_several_lines, set_up, tear_down),
        cmocka_unit_test(utf8_takes_only_what_is_right),
        cmocka_unit_test(positions_count_code_points),
        cmocka_unit_test(spans_join),
        cmocka_unit_test_setup_teardown(source_is_read_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(source_that_cannot_be_read_says_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(error_shows_line_and_caret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(caret_stays_on_its_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(caret_is_aligned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_that_acts_on_a_terminal_is_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_lines_are_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_errors_are_counted_but_not_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(colour_is_used_where_asked_for, set_up, tear_down),
        cmocka_unit_test(nearest_name_is_found),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
