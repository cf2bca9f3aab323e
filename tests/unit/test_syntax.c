/* The parser: the trees of representative sources, spans, and how many faults one run finds. */
#include "base/text.h"
#include "syntax/ast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static Arena *arena;

/* What the parser made of a text. */
typedef struct Parsed {
    Source      source;
    Ast        *file;
    int         errors;
    const char *messages;
} Parsed;

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

static Parsed parsed(const char *text)
{
    Parsed result = {.source = {"x.net", text, strlen(text)}};
    char  *out;
    size_t size;
    FILE  *stream = open_memstream(&out, &size);
    Diag  *diag = diag_new(arena, &result.source, stream, false);
    result.file = parse(arena, &result.source, diag);
    fclose(stream);
    result.errors = diag_errors(diag);
    result.messages = arena_copy(arena, out, size);
    free(out);
    assert_true((result.errors == 0) == (result.file != NULL));
    return result;
}

/* The tree without positions, without the line of the file: one node a line. */
static void expect_tree(const char *text, const char *tree)
{
    Parsed result = parsed(text);
    assert_string_equal(result.messages, "");
    Text *out = text_new(arena), *bare = text_new(arena);
    ast_print(out, &result.source, result.file);
    for (char *at = strchr(out->at, '\n') + 1, *end; *at; at = end + 1) {
        end = strchr(at, '\n');
        text_add(bare, "%.*s\n", (int)(end - at - 13), at + 13);
    }
    assert_string_equal(bare->at, tree);
}

static void expect_errors(const char *text, int errors)
{
    Parsed result = parsed(text);
    if (result.errors != errors)
        print_message("%s", result.messages);
    assert_int_equal(result.errors, errors);
}

static void expect_message(const char *text, const char *message)
{
    Parsed result = parsed(text);
    if (!strstr(result.messages, message))
        print_message("%s", result.messages);
    assert_non_null(strstr(result.messages, message));
    assert_int_equal(result.errors, 1);
}

static Ast *statement(const Parsed *result, int i)
{
    assert_non_null(result->file);
    return result->file->body.at[i];
}

static void expect_span(const Parsed *result, Span span, const char *text)
{
    const char *got = arena_copy(arena, result->source.text + span.begin, span.end - span.begin);
    assert_string_equal(got, text);
}

/* ---- trees */

static void nothing_is_an_empty_file(void **state)
{
    (void)state;
    const char *texts[] = {"", "\n", "# comment", "# comment\n\n", " \t ;;\r\n;", "\xEF\xBB\xBF"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_tree(texts[i], "");
}

static void expressions_bind_as_in_arithmetic(void **state)
{
    (void)state;
    expect_tree("let a = 1 + 2 * 3 - -x / (4 + 5)",
                "let a\n"
                "    binary -\n"
                "        binary +\n"
                "            int 1\n"
                "            binary *\n"
                "                int 2\n"
                "                int 3\n"
                "        binary /\n"
                "            negate\n"
                "                name x\n"
                "            binary +\n"
                "                int 4\n"
                "                int 5\n");
    expect_tree("let a = 8 / 4 / 2",
                "let a\n"
                "    binary /\n"
                "        binary /\n"
                "            int 8\n"
                "            int 4\n"
                "        int 2\n");
}

static void values_of_every_kind(void **state)
{
    (void)state;
    expect_tree("let a = [1, .5e-3, \"t\\\"\\\\\", 0x10, (3), (5, 3), f(), g(1, b=[],), in -> out, -> 2,]",
                "let a\n"
                "    list\n"
                "        int 1\n"
                "        float .5e-3\n"
                "        string \"t\\\"\\\\\"\n"
                "        shape 0x10\n"
                "            int 0\n"
                "            int 10\n"
                "        int 3\n"
                "        tuple\n"
                "            int 5\n"
                "            int 3\n"
                "        call f\n"
                "        call g\n"
                "            argument\n"
                "                int 1\n"
                "            argument b\n"
                "                list\n"
                "        arrow\n"
                "            name in\n"
                "            name out\n"
                "        arrow\n"
                "            int 2\n");
}

static void literals_have_their_values(void **state)
{
    (void)state;
    Parsed result = parsed("let a = 9223372036854775807; let b = 1.5e2; let c = \"a\\\"b\\\\\"\n"
                           "let d = 1x28x7\nlet e = 5.");
    assert_int_equal(statement(&result, 0)->children.at[0]->integer, INT64_MAX);
    assert_true(statement(&result, 0)->children.at[0]->real > 9.2e18);
    assert_true(statement(&result, 1)->children.at[0]->real == 150);
    assert_string_equal(statement(&result, 2)->children.at[0]->text, "a\"b\\");
    const Ast *shape = statement(&result, 3)->children.at[0];
    assert_int_equal(shape->kind, AST_SHAPE);
    assert_int_equal(shape->children.count, 3);
    assert_int_equal(shape->children.at[1]->integer, 28);
    assert_int_equal(shape->children.at[2]->integer, 7);
    assert_true(statement(&result, 4)->children.at[0]->real == 5);
}

static void statements_of_a_net(void **state)
{
    (void)state;
    expect_tree("block b(c, d,) { let e = c\n relu }\n"
                "net n {\n"
                "    input 1x8x8; let k = 3\n"
                "    conv1: conv2d(1 -> 10, kernel_size=k) from input\n"
                "    repeat 2 { b(1, 2)\n b() }\n"
                "    add from conv1, previous }\n",
                "block b\n"
                "    name c\n"
                "    name d\n"
                "    let e\n"
                "        name c\n"
                "    layer relu\n"
                "net n\n"
                "    input\n"
                "        shape 1x8x8\n"
                "            int 1\n"
                "            int 8\n"
                "            int 8\n"
                "    let k\n"
                "        int 3\n"
                "    layer conv2d, label conv1\n"
                "        argument\n"
                "            arrow\n"
                "                int 1\n"
                "                int 10\n"
                "        argument kernel_size\n"
                "            name k\n"
                "        from\n"
                "            name input\n"
                "    repeat\n"
                "        int 2\n"
                "        layer b\n"
                "            argument\n"
                "                int 1\n"
                "            argument\n"
                "                int 2\n"
                "        layer b\n"
                "    layer add\n"
                "        from\n"
                "            name conv1\n"
                "            name previous\n");
}

static void data_and_train(void **state)
{
    (void)state;
    expect_tree("data mnist { root = \"x\"; test { shuffle = false } }\ntrain { optimizer = sgd(lr=0.01) }",
                "data mnist\n"
                "    setting root\n"
                "        string \"x\"\n"
                "    section test\n"
                "        setting shuffle\n"
                "            name false\n"
                "train\n"
                "    setting optimizer\n"
                "        call sgd\n"
                "            argument lr\n"
                "                float 0.01\n");
}

static void line_breaks_inside_brackets_are_space(void **state)
{
    (void)state;
    const char *tree = "net n\n"
                       "    layer f\n"
                       "        argument\n"
                       "            int 1\n"
                       "        argument a\n"
                       "            list\n"
                       "                int 2\n"
                       "                int 3\n"
                       "    layer g\n";
    expect_tree("net n {\nf(1, a=[2, 3])\ng\n}", tree);
    expect_tree("net n {\nf(\n1, # one\n\n a\n=\n[2,\n3,\n],\n)\ng\n}\n", tree);
    expect_tree("net n {\r\nf(1,\r\na=[2, 3])\r\ng\r\n}\r\n", tree);
    expect_tree("net n {;;f(1, a=[2, 3]);g}", tree);
    expect_tree("net\tn\t{\tf(1,\ta=[2,3])\n\tg\t}", tree);
}

/* ---- spans */

static void spans_are_those_of_the_source(void **state)
{
    (void)state;
    Parsed result = parsed("# first\nlet a = (1 + 22) * 3\n"
                           "net  n {\n  c: conv2d(1 -> 10, k=5)  from a, input\n  repeat 1 + 1 { x }\n}\n"
                           "block b(c) { y }\ntrain { epochs = 3 }");
    Ast *let = statement(&result, 0), *net = statement(&result, 1), *block = statement(&result, 2);
    expect_span(&result, let->span, "let a = (1 + 22) * 3");
    expect_span(&result, let->name_span, "a");
    expect_span(&result, let->children.at[0]->span, "(1 + 22) * 3");
    expect_span(&result, let->children.at[0]->name_span, "*");
    expect_span(&result, let->children.at[0]->children.at[0]->span, "(1 + 22)");
    expect_span(&result, net->span, "net  n");
    expect_span(&result, net->name_span, "n");
    Ast *layer = net->body.at[0];
    expect_span(&result, layer->span, "c: conv2d(1 -> 10, k=5)  from a, input");
    expect_span(&result, layer->label_span, "c");
    expect_span(&result, layer->name_span, "conv2d");
    expect_span(&result, layer->from_span, "from a, input");
    expect_span(&result, layer->from.at[1]->span, "input");
    expect_span(&result, layer->children.at[0]->span, "1 -> 10");
    expect_span(&result, layer->children.at[1]->span, "k=5");
    expect_span(&result, layer->children.at[1]->name_span, "k");
    expect_span(&result, net->body.at[1]->span, "repeat 1 + 1");
    expect_span(&result, block->span, "block b(c)");
    expect_span(&result, block->children.at[0]->span, "c");
    expect_span(&result, statement(&result, 3)->span, "train");
    expect_span(&result, statement(&result, 3)->body.at[0]->span, "epochs = 3");
    expect_span(&result, result.file->span, result.source.text);
}

static void byte_order_mark_is_skipped(void **state)
{
    (void)state;
    Parsed result = parsed("\xEF\xBB\xBFlet a = 1");
    expect_span(&result, statement(&result, 0)->span, "let a = 1");
}

static void flags_of_a_layer(void **state)
{
    (void)state;
    Parsed result = parsed("net n { relu; relu(); relu from x }");
    const AstList *body = &statement(&result, 0)->body;
    assert_false(body->at[0]->parentheses);
    assert_true(body->at[1]->parentheses);
    assert_false(body->at[1]->has_from);
    assert_true(body->at[2]->has_from);
    assert_null(body->at[2]->label);
}

/* ---- faults */

static void each_fault_is_found_once(void **state)
{
    (void)state;
    expect_errors("let a 1\nlet b 2\nlet c 3", 3);
    expect_errors("1\n2; 3\n\n4", 4);
    expect_errors("net n {\n input\n conv2d(1 -> 2 k=3)\n relu @ $ %\n add from\n}\nlet x", 5);
    expect_errors("let a = 5abc + 28x + 0xff", 3);
    expect_errors("let a = (1, 2]\nlet b = [1, 2)\nlet c = 1)", 3);
    expect_errors("nett n {\n relu relu\n}\nnet m { input }", 3);
    expect_errors("net n {\n conv2d(1,\n  k 5,\n  s=2)\n relu\n}", 1);
    expect_errors("net n {\n conv2d(1,\n  k=5\n relu\n relu relu\n}", 2);
    expect_errors("net n {\n conv2d(1,\n  k=5\n relu relu\n}", 2);
    expect_errors("let a = \"abc\nlet b = f(\"abc, 3\nlet c = 3 3", 3);
    expect_errors("net n { x = 1; test { a = 1 }\n repeat 2 { input 3 } }\nrelu", 4);
}

static void braces_that_lack_or_are_too_many(void **state)
{
    (void)state;
    expect_errors("net n {\n relu\n", 1);
    expect_errors("net n {\n repeat 2 {\n relu\n}\n\ndata mnist {\n a 3\n}\ntrain { b 3 }", 3);
    expect_errors("net n {\n block b { relu }\n relu\n}\nlet a 3", 2);
    expect_errors("net n {\n repeat 2 {\n block b { relu }\n relu\n}\n}\nlet a 3", 2);
    expect_errors("net n { relu } }\nlet a 3", 2);
    expect_errors("net n\n{\n relu relu\n}", 2);
    expect_errors("net n { input 4 } data mnist { root 3 }\n", 2);
    expect_errors("{\n}\n", 1);
}

static void what_is_no_text_is_refused_at_once(void **state)
{
    (void)state;
    expect_message("let a = 3\nlet \xFF = @ 3", "x.net:2:5: error: this is not UTF-8 text: byte 14 is 0xFF");
    Source source = {"x.net", "let a \0 = 3", 11};
    char  *out;
    size_t size;
    FILE  *stream = open_memstream(&out, &size);
    Diag  *diag = diag_new(arena, &source, stream, false);
    assert_null(parse(arena, &source, diag));
    fclose(stream);
    assert_non_null(strstr(out, "x.net:1:7: error: this is not a text file: byte 6 is zero"));
    free(out);
}

static void messages_speak_of_the_language(void **state)
{
    (void)state;
    static const struct { const char *text, *message; } cases[] = {
        {"let a",                           "1:6: error: expected `=` after `a`, found the end of the file"},
        {"let a = \nlet b = 1",             "1:8: error: expected a value after `=`, found the end of the line"},
        {"let a = (1, 2]",                  "1:14: error: expected `)`, found `]`"},
        {"let a = f(1, 2",                  "1:10: note: this `(` is not closed"},
        {"let a = f(1 b=2)",                "1:13: error: expected `,` between arguments, found `b`"},
        {"let a = [1 2]",                   "expected `,` between the values of the list, found `2`"},
        {"let a = 99999999999999999999",    "the number 99999999999999999999 is too large"},
        {"let a = 1e400",                   "the number 1e400 is too large"},
        {"let a = 28x",                     "the shape `28x` lacks a size after `x`"},
        {"let a = 'b'",                     "write \"b\""},
        {"let a = \"b\\n\"",                "1:11: error: unknown escape in a string"},
        {"let a = \"b",                     "1:9: error: this string is not closed"},
        {"let a = 1 × 2",                   "stray character `×` (U+00D7)"},
        {"let from = 1",                    "`from` is a word of the language and cannot be a name"},
        {"net n { relu",                    "expected `}`, found the end of the file"},
        {"imput 3",                         "is `input` meant?"},
        {"train {\n epochs 3\n}",           "expected `=` after `epochs`, found `3`"},
        {"net n {\n conv2d 3\n}",           "expected `(` after `conv2d`, found `3`"},
        {"net n {\n c:\n}",                 "expected a layer after `:`, found the end of the line"},
        {"net n { input 1 x 28 x 28 }",     "a shape is written without spaces: 1x28x28"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_message(cases[i].text, cases[i].message);
}

static char *repeated(const char *head, const char *text, int times)
{
    Text *out = text_new(arena);
    text_add(out, "%s", head);
    while (times--)
        text_add(out, "%s", text);
    return out->at;
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    expect_message(repeated("let a = ", "(", 20000), "nested too deeply: more than 200 `(` are open");
    expect_message(repeated("let a = ", "[", 20000), "nested too deeply");
    expect_message(repeated("let a = ", "f(", 20000), "nested too deeply");
    expect_message(repeated("net n {", "repeat 2 {", 20000), "nested too deeply: more than 200 `{` are open");
    expect_message(repeated("let a = 1", "+1", 20000), "a statement has more than 1000 operators");
    expect_message(repeated("let a = ", "-", 20000), "a statement has more than 1000 operators");
    const char *fits = arena_printf(arena, "%s1%s", repeated("let a = ", "(", 200), repeated("", ")", 200));
    assert_int_equal(parsed(fits).errors, 0);
    assert_int_equal(parsed(repeated("let a = 1", "+1", 1000)).errors, 0);
    assert_int_equal(parsed(repeated("", "let a = 1 + 1\n", 1500)).errors, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_an_empty_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expressions_bind_as_in_arithmetic, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_of_every_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(literals_have_their_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(statements_of_a_net, set_up, tear_down),
        cmocka_unit_test_setup_teardown(data_and_train, set_up, tear_down),
        cmocka_unit_test_setup_teardown(line_breaks_inside_brackets_are_space, set_up, tear_down),
        cmocka_unit_test_setup_teardown(spans_are_those_of_the_source, set_up, tear_down),
        cmocka_unit_test_setup_teardown(byte_order_mark_is_skipped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flags_of_a_layer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_fault_is_found_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(braces_that_lack_or_are_too_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_text_is_refused_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(messages_speak_of_the_language, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deep_nesting_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("syntax", tests, NULL, NULL);
}
