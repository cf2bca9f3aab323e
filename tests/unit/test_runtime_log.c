/* The log of a training: its lines, also of a resumed run and where there is no room for them, and its pictures. */
#include "image.h"
#include "image_encode.h"
#include "log_parts.h"
#include "svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CLASSES = 3, SIDE = 4, SAMPLES = 30, MOST_DEPTH = 16 };

/* Classes with names that XML and JSON have to escape. */
static const char *const folders[CLASSES] = {"a<&\">'", "b\\c", "\xc3\xa4 name that is much longer than any picture has room for"};

static char root[] = "/tmp/netc-log-XXXXXX";

static const char *in_root(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static int make_root(void **state)
{
    char path[4096];
    (void)state;
    if (!mkdtemp(root) || mkdir(in_root("train"), 0700) != 0)
        return -1;
    for (int i = 0; i < CLASSES; i++) {
        snprintf(path, sizeof path, "%s/train/%s", root, folders[i]);
        if (mkdir(path, 0700) != 0)
            return -1;
    }
    return 0;
}

static int remove_root(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r '%s'", root);
    return system(command);
}

static char *read_text(const char *path)
{
    FILE  *file = fopen(path, "rb");
    char  *text = NULL;
    size_t size = 0;
    if (!file || getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = strdup("");
    }
    if (file)
        fclose(file);
    return text;
}

/* ---- axes and text */

static void test_ticks(void **state)
{
    static const struct { double low, high; int most; bool whole; double first, step; int count, decimals; } cases[] = {
        {0, 0.33, 7, false, 0, 0.05, 8, 2}, {0, 2.3, 7, false, 0, 0.5, 6, 1}, {88.2, 99.1, 7, false, 88, 2, 7, 0},
        {97.3, 98.9, 7, false, 97.2, 0.5, 0, 1}, {1, 2, 8, true, 1, 1, 2, 0}, {1, 100, 8, true, 0, 20, 6, 0},
        {5, 5, 8, true, 5, 1, 1, 0}, {0, 1e6, 5, false, 0, 200000, 6, 0}, {0, 3e-5, 6, false, 0, 5e-6, 7, 6}, {0, 1.7e308, 6, false, 0, 5e307, 5, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ticks ticks = ticks_around(cases[i].low, cases[i].high, cases[i].most, cases[i].whole);
        double       last = ticks.first + (ticks.count - 1) * ticks.step;
        if (fabs(ticks.step - cases[i].step) > 1e-9 * cases[i].step || ticks.decimals != cases[i].decimals
            || ticks.first > cases[i].low + 1e-9 || last < cases[i].high - 1e-9
            || (cases[i].count && (ticks.count != cases[i].count || fabs(ticks.first - cases[i].first) > 1e-9)))
            fail_msg("case %zu: %d from %g by %g, %d decimals", i, ticks.count, ticks.first, ticks.step, ticks.decimals);
    }
    assert_int_equal(ticks_around(0, INFINITY, 5, false).count, 1);
}

static void test_escape(void **state)
{
    char  *text = NULL;
    size_t size;
    FILE  *out = open_memstream(&text, &size);
    (void)state;
    svg_escape(out, "a<b>&\"c'\xc3\xa4");
    fclose(out);
    assert_string_equal(text, "a&lt;b&gt;&amp;&quot;c&#39;\xc3\xa4");
    free(text);
}

/* ---- images in base64, read again by libpng */

static void decode(const char *text, FILE *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    assert_int_equal(strlen(text) % 4, 0);
    for (; *text; text += 4) {
        uint32_t group = 0;
        int      bytes = text[2] == '=' ? 1 : text[3] == '=' ? 2 : 3;
        for (int i = 0; i < 4; i++)
            group = group << 6 | (text[i] == '=' ? 0 : (uint32_t)(strchr(letters, text[i]) - letters));
        for (int i = 0; i < bytes; i++)
            fputc((int)(group >> (16 - 8 * i) & 255), out);
    }
}

static void test_images(void **state)
{
    static const struct { int channels, height, width; } cases[] = {
        {1, 1, 1}, {1, 28, 28}, {3, 32, 32}, {3, 5, 7}, {1, 300, 219}, {3, 160, 150},   /* the last ones take several blocks */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int      size = cases[i].channels * cases[i].height * cases[i].width;
        uint8_t *planes = malloc((size_t)size), *back = malloc((size_t)size);
        char    *text = NULL;
        size_t   length;
        FILE    *out = open_memstream(&text, &length), *file = fopen(in_root("i.png"), "wb");
        struct image image;
        struct error error;
        for (int p = 0; p < size; p++)
            planes[p] = (uint8_t)(p * 37 ^ p >> 3);
        image_encode_base64(out, planes, cases[i].channels, cases[i].height, cases[i].width);
        fclose(out);
        decode(text, file);
        fclose(file);
        if (!image_read(in_root("i.png"), cases[i].height, cases[i].width, &image, &error))
            fail_msg("case %zu: %s", i, error.text);
        assert_int_equal(image.channels, cases[i].channels);
        image_planes(&image, cases[i].channels, back);
        assert_memory_equal(back, planes, size);
        image_free(&image);
        free(planes);
        free(back);
        free(text);
    }
}

/* ---- mistakes */

static void test_mistakes(void **state)
{
    struct mistakes mistakes = {.count = 0};
    (void)state;
    for (int i = 0; i < 40; i++) {      /* the losses are those of 40 logits in mixed order */
        real logits[2] = {0, (real)((i * 17) % 40)};
        mistakes_add(&mistakes, logits, 2, i, 0, 1);
    }
    assert_int_equal(mistakes.count, MOST_MISTAKES);
    for (int i = 0; i < MOST_MISTAKES; i++)
        assert_int_equal(mistakes.at[i].sample * 17 % 40, 39 - i);
    assert_true(fabs(mistakes.at[0].loss - (39 + log1p(exp(-39)))) < 1e-12);
    assert_true(fabs(mistakes.at[0].probability - 1 / (1 + exp(-39))) < 1e-12);
    const real strange[2] = {0, NAN};
    mistakes_add(&mistakes, strange, 2, 77, 0, 1);
    assert_int_equal(mistakes.at[0].sample, 77);
    assert_int_equal(mistakes.count, MOST_MISTAKES);
}

/* ---- logs */

static uint8_t images[SAMPLES * 3 * SIDE * SIDE], labels[SAMPLES];

static const struct model model = {
    .name = "net", .spec = "a\"b.net", .compiler = "netc", .target = "avx2", .dataset = "folder", .classes = CLASSES,
    .channels = 3, .height = SIDE, .width = SIDE, .batch_size = 10,
};

struct run {
    struct settings settings;
    struct dataset  test;
    struct log     *log;
};

static struct error open_run(struct run *run, const struct model *of, const char *folder, int64_t resumed_after)
{
    static char  path[4096];
    struct error error = {.status = STATUS_OK};
    snprintf(path, sizeof path, "%s/%s", root, folder);
    run->settings = (struct settings){.log = path, .data = root, .lr = 0.01};
    run->test = (struct dataset){.count = SAMPLES, .images = images, .labels = labels};
    run->log = log_open(&(struct log_config){
        .model = of, .settings = &run->settings, .device = "cpu", .epochs = 9, .train_count = 100, .valid_count = 7,
        .test = &run->test, .resumed = resumed_after >= 0, .epochs_done = resumed_after,
    }, &error);
    return error;
}

static void add_epoch(struct run *run, double epoch, double loss)
{
    struct evaluation evaluation = {.loss = 0};
    log_evaluation(run->log, &evaluation);
    for (int i = 0; i < SAMPLES; i++) {
        real logits[CLASSES] = {i == 1 ? (real)NAN : 1, (real)(i % 5), 2};
        int  predicted = i % 5 > 2 ? 1 : 2;
        labels[i] = (uint8_t)(i % CLASSES);
        evaluation.confusion[labels[i] * CLASSES + predicted]++;
        if (predicted != labels[i])
            mistakes_add(evaluation.mistakes, logits, CLASSES, i, labels[i], predicted);
    }
    log_epoch(run->log, &(struct log_record){
        .epoch = epoch, .step = 10 * epoch, .train_loss = loss, .train_accuracy = 0.5, .valid_loss = loss, .valid_accuracy = 0.25,
        .test_loss = INFINITY, .test_accuracy = 0.75, .lr = 1e-3, .seconds = 1.5, .eval_seconds = 0.25,
    });
}

/* A log of the epochs 1 .. count. */
static void write_log(const char *folder, int count)
{
    struct run   run;
    struct error error = open_run(&run, &model, folder, -1);
    if (!run.log)
        fail_msg("%s", error.text);
    for (int e = 1; e <= count; e++)
        add_epoch(&run, e, 1.0 / e);
    assert_true(log_close(run.log, &error));
}

static const char *metrics(const char *folder)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s/metrics.jsonl", root, folder);
    return path;
}

/* The epochs that the lines of a log name, behind its first line: "1 2 3 ". */
static void expect_epochs(const char *folder, const char *epochs)
{
    char  found[256] = "", *text = read_text(metrics(folder));
    char *line = strchr(text, '\n');
    assert_memory_equal(text, "{\"net\": \"net\", ", 15);
    for (; line && line[1]; line = strchr(line + 1, '\n')) {
        assert_memory_equal(line + 1, "{\"epoch\": ", 10);
        snprintf(found + strlen(found), sizeof found - strlen(found), "%ld ", strtol(line + 11, NULL, 10));
    }
    assert_int_equal(text[strlen(text) - 1], '\n');
    assert_string_equal(found, epochs);
    free(text);
}

static void test_lines(void **state)
{
    (void)state;
    write_log("lines", 2);
    expect_epochs("lines", "1 2 ");
    char *text = read_text(metrics("lines"));
    assert_non_null(strstr(text, "\"spec\": \"a\\\"b.net\", "));
    assert_non_null(strstr(text, "\"classes\": [\"a<&\\\">'\", \"b\\\\c\", \"\xc3\xa4 name"));
    assert_non_null(strstr(text, "{\"epoch\": 2, \"step\": 20, \"train_loss\": 0.5, \"train_accuracy\": 0.5, \"valid_loss\": 0.5, "
                           "\"valid_accuracy\": 0.25, \"test_loss\": null, \"test_accuracy\": 0.75, \"lr\": 0.001, "
                           "\"seconds\": 1.5, \"eval_seconds\": 0.25, \"time\": \"20"));
    free(text);
}

static void test_resumed(void **state)
{
    struct run   run;
    struct error error;
    (void)state;
    write_log("resumed", 4);
    char *before = read_text(metrics("resumed"));
    FILE *file = fopen(metrics("resumed"), "ab");
    fputs("{\"epoch\": 5, \"ste", file);         /* as a killed run leaves it */
    fclose(file);
    open_run(&run, &model, "resumed", 2);
    assert_non_null(run.log);
    assert_int_equal(run.log->records.count, 2);
    assert_true(run.log->records.at[1].train_loss == 0.5 && isnan(run.log->records.at[1].test_loss));
    expect_epochs("resumed", "1 2 ");
    char *kept = read_text(metrics("resumed"));
    assert_memory_equal(kept, before, strlen(kept));
    unlink(in_root("resumed/loss.svg"));
    add_epoch(&run, 3, 0.3);
    assert_int_equal(access(in_root("resumed/loss.svg"), F_OK), 0);     /* not only at the end */
    assert_true(log_close(run.log, &error));
    expect_epochs("resumed", "1 2 3 ");
    write_log("resumed", 1);            /* not resumed: a run of its own */
    expect_epochs("resumed", "1 ");
    open_run(&run, &model, "elsewhere", 2);
    assert_non_null(run.log);
    assert_true(log_close(run.log, &error));
    expect_epochs("elsewhere", "");
    free(before);
    free(kept);
}

static void test_strange_logs(void **state)
{
    static const struct { const char *text, *says; } cases[] = {
        {"{\"net\": \"other\"}\n", "line 1: it is the log of \"other\", expected one of \"net\""},
        {"hello\n", "line 1: offset 0: expected '{', found 'h'"},
        {"{\"net\": \"net\"}\n{\"epoch\": }\n", "line 2: "},
        {"{\"net\": \"net\"}\n{\"epoch\": 1, \"lr\": 0x3}\n", "line 2: "},
        {"{\"net\": \"net\"}\n{\"step\": 1}\n", "line 2: no \"epoch\""},
        {"{\"net\": \"net\"}\n\n", "line 2: "},
    };
    struct model other = model;
    struct run   run;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_log("strange", 1);
        FILE *file = fopen(metrics("strange"), "wb");
        fputs(cases[i].text, file);
        fclose(file);
        struct error error = open_run(&run, &other, "strange", 2);
        assert_null(run.log);
        if (!strstr(error.text, cases[i].says))
            fail_msg("case %zu: %s", i, error.text);
        char *after = read_text(metrics("strange"));
        assert_string_equal(after, cases[i].text);
        free(after);
    }
}

/* No room: lines that do not fit leave nothing, pictures stay as they were, and the error waits for the end. */
static void test_full_disk(void **state)
{
    struct run    run;
    struct error  error;
    struct rlimit before, small;
    struct stat   info;
    (void)state;
    write_log("full", 2);
    char *picture = strdup(in_root("full/loss.svg")), *old = read_text(picture);
    signal(SIGXFSZ, SIG_IGN);
    open_run(&run, &model, "full", 2);
    assert_non_null(run.log);
    assert_int_equal(stat(metrics("full"), &info), 0);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = (rlim_t)info.st_size + 40;
    setrlimit(RLIMIT_FSIZE, &small);
    add_epoch(&run, 3, 1);
    bool closed = log_close(run.log, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(closed);
    assert_int_equal(error.status, STATUS_MACHINE);
    assert_non_null(strstr(error.text, "metrics.jsonl: cannot write"));
    expect_epochs("full", "1 2 ");
    char *now = read_text(picture);
    assert_string_equal(now, old);
    free(picture);
    free(old);
    free(now);
}

static void test_possible(void **state)
{
    struct error error;
    (void)state;
    assert_true(log_possible(in_root("new"), &error));
    assert_int_equal(access(in_root("new"), F_OK), -1);
    assert_false(log_possible(in_root("none/new"), &error));
    assert_non_null(strstr(error.text, "cannot make this folder"));
    FILE *file = fopen(in_root("file"), "wb");
    fclose(file);
    assert_false(log_possible(in_root("file"), &error));
    assert_non_null(strstr(error.text, "it is not a folder"));
    assert_int_equal(mkdir(in_root("taken"), 0700), 0);
    assert_true(log_possible(in_root("taken"), &error));
    assert_int_equal(mkdir(in_root("taken/mistakes.svg"), 0700), 0);
    assert_false(log_possible(in_root("taken"), &error));
    assert_non_null(strstr(error.text, "mistakes.svg: cannot write: it is a folder"));
}

/* ---- pictures */

/* Whether it is XML as these pictures use it: tags that close each other, attributes in double quotes, entities. */
static bool well_formed(const char *text)
{
    const char *open[MOST_DEPTH];
    int         depth = 0, roots = 0;
    while (*text) {
        if (*text == '&') {
            text += strcspn(text, ";<");
            if (*text != ';')
                return false;
        } else if (*text == '<' && text[1] == '/') {
            if (depth-- == 0)
                return false;
            size_t length = strcspn(open[depth], " />");
            if (strncmp(open[depth], text + 2, length) != 0 || text[2 + length] != '>')
                return false;
        } else if (*text == '<') {
            roots += depth == 0;
            open[depth++] = ++text;
            while (*text && *text != '>' && *text != '<') {
                if (*text == '"')
                    text = strchr(text + 1, '"');
                if (!text)
                    return false;
                text++;
            }
            if (*text != '>' || depth == MOST_DEPTH)
                return false;
            depth -= text[-1] == '/';
        }
        text += *text != '\0';
    }
    return depth == 0 && roots == 1;
}

static char *expect_picture(const char *name)
{
    char *text = read_text(in_root(name));
    if (strncmp(text, "<svg xmlns=", 11) != 0 || !well_formed(text) || strstr(text, "=\"nan") || strstr(text, "inf\""))
        fail_msg("%s is no picture: %.200s", name, text);
    return text;
}

static int occurrences(const char *text, const char *of)
{
    int count = 0;
    for (; (text = strstr(text, of)) != NULL; text++)
        count++;
    return count;
}

static void test_pictures(void **state)
{
    (void)state;
    assert_true(well_formed("<a b=\"<\"><c/>&lt;</a>"));
    assert_false(well_formed("<a><b></a></b>"));
    assert_false(well_formed("<a>&</a>"));
    assert_false(well_formed("<a>a<b</a>"));
    write_log("pictures", 3);
    char *loss = expect_picture("pictures/loss.svg"), *accuracy = expect_picture("pictures/accuracy.svg");
    char *confusion = expect_picture("pictures/confusion.svg"), *mistakes = expect_picture("pictures/mistakes.svg");
    assert_int_equal(occurrences(loss, "<polyline"), 2);        /* the test's losses are infinite */
    assert_non_null(strstr(loss, "train  0.3333<"));
    assert_int_equal(occurrences(accuracy, "<polyline"), 3);
    assert_non_null(strstr(accuracy, "test  75.00 %<"));
    assert_non_null(strstr(confusion, "a&lt;&amp;&quot;&gt;&#39;"));
    assert_null(strstr(confusion, "a<&"));
    assert_int_equal(occurrences(confusion, "class=\"hit\"") + occurrences(confusion, "class=\"miss\""), 6);
    assert_non_null(strstr(accuracy, "highest validation accuracy 25.00 % in epoch 3<"));  /* the same in all, but not the loss */
    assert_int_equal(occurrences(mistakes, ">not a number<"), 1);
    assert_null(strstr(mistakes, "nan %"));
    assert_int_equal(occurrences(mistakes, "<image"), 20);      /* 24 at most, and 10 are right */
    free(loss);
    free(accuracy);
    free(confusion);
    free(mistakes);
    for (int epochs = 1; epochs <= 101; epochs += 50) {
        write_log("pictures", epochs);
        free(expect_picture("pictures/loss.svg"));
        free(expect_picture("pictures/accuracy.svg"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ticks), cmocka_unit_test(test_escape), cmocka_unit_test(test_images),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_lines), cmocka_unit_test(test_resumed),
        cmocka_unit_test(test_strange_logs), cmocka_unit_test(test_full_disk), cmocka_unit_test(test_possible),
        cmocka_unit_test(test_pictures),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
