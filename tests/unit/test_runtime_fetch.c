/* Downloads, from a server that cuts, stalls, redirects, sends garbage and answers with errors. */
#include "fetch.h"
#include "interrupt.h"
#include "md5.h"

#include "http_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { SIZE = 3 * CUT - 1000, PATIENCE = 1 };

struct fixture {
    char             folder[64], path[128], part[128], sum[MD5_TEXT];
    uint8_t          bytes[SIZE];
    struct server    server;
    struct data_file file;
    struct progress  progress;
};

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error    error;
    char            served[128];
    strcpy(f->folder, "/tmp/test_fetch_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    for (uint32_t i = 0, x = 1; i < SIZE; i++, x = x * 1664525 + 1013904223)
        f->bytes[i] = (uint8_t)(x >> 24);
    snprintf(served, sizeof served, "%s/served", f->folder);
    snprintf(f->path, sizeof f->path, "%s/file", f->folder);
    snprintf(f->part, sizeof f->part, "%s/file.part", f->folder);
    write_file(served, f->bytes, SIZE);
    if (!md5_file(served, false, f->sum, &error))
        fail_msg("%s", error.text);
    f->file = (struct data_file){.name = "served", .md5 = f->sum, .size = SIZE};
    f->server.folder = f->folder;
    f->progress = progress_start(PROGRESS_OFF, "net");
    assert_true(server_start(&f->server));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char            served[128];
    shutdown(f->server.listener, SHUT_RDWR);
    close(f->server.listener);
    pthread_join(f->server.thread, NULL);
    snprintf(served, sizeof served, "%s/served", f->folder);
    unlink(served);
    unlink(f->path);
    unlink(f->part);
    assert_int_equal(rmdir(f->folder), 0);
    usleep(20000);                      /* the threads of the last connections end */
    free(f);
    return 0;
}

enum { MOST_MANNERS = 8 };

/* Fetches from one address after the other, which differ in the server's manner; "" is a port where nobody listens. */
static bool fetch(struct fixture *f, struct error *error, const char *const *manners)
{
    char        text[MOST_MANNERS][128];
    const char *addresses[MOST_MANNERS + 1] = {NULL};
    for (int i = 0; manners[i]; i++) {
        if (*manners[i])
            snprintf(text[i], sizeof text[i], "http://127.0.0.1:%d/%s/served", f->server.port, manners[i]);
        else
            snprintf(text[i], sizeof text[i], "http://127.0.0.1:1/served");
        addresses[i] = text[i];
    }
    struct fetch one = {.file = &f->file, .path = f->path, .addresses = addresses, .patience = PATIENCE,
                        .progress = &f->progress};
    return fetch_file(&one, error);
}

static size_t file_size(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (size_t)info.st_size : 0;
}

static void expect_file(const struct fixture *f)
{
    uint8_t bytes[SIZE];
    FILE   *file = fopen(f->path, "rb");
    assert_non_null(file);
    assert_int_equal(file_size(f->path), SIZE);
    assert_int_equal(fread(bytes, 1, SIZE, file), SIZE);
    fclose(file);
    assert_memory_equal(bytes, f->bytes, SIZE);
    assert_int_not_equal(access(f->part, F_OK), 0);
}

#define MANNERS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void expect_good(struct fixture *f, const char *const *manners, int requests)
{
    struct error error = {.status = STATUS_OK};
    f->server.requests = 0;
    f->server.sent = 0;
    unlink(f->path);
    if (!fetch(f, &error, manners))
        fail_msg("%s", error.text);
    expect_file(f);
    assert_int_equal(f->server.requests, requests);
}

/* Nothing appears under the file's name, and the message has these words. */
static void expect_bad(struct fixture *f, const char *const *manners, const char *const *words)
{
    struct error error = {.status = STATUS_OK};
    assert_false(fetch(f, &error, manners));
    assert_int_equal(error.status, STATUS_INPUT);
    assert_int_not_equal(access(f->path, F_OK), 0);
    for (; *words; words++)
        if (!strstr(error.text, *words))
            fail_msg("'%s' does not say '%s'", error.text, *words);
}

static void test_md5(void **state)
{
    char         text[MD5_TEXT];
    struct error error;
    (void)state;
    struct md5 *md5 = md5_start(&error);
    assert_non_null(md5);
    md5_add(md5, "message", 7);
    md5_add(md5, " digest", 7);
    md5_end(md5, text);
    assert_string_equal(text, "f96b697d7cb7938d525a2f31aaf161d0");     /* RFC 1321 */
}

static void test_good(void **state)
{
    struct fixture *f = *state;
    expect_good(f, MANNERS("good"), 1);
    assert_int_equal(f->server.sent, SIZE);
    expect_good(f, MANNERS("redirect"), 2);
}

static void test_cut_off(void **state)
{
    struct fixture *f = *state;
    expect_good(f, MANNERS("cut"), 3);
    assert_int_equal(f->server.sent, SIZE);             /* no byte came twice */
}

static void test_stalls(void **state)
{
    struct fixture *f = *state;
    expect_good(f, MANNERS("silent", "stall"), 4);
    assert_int_equal(f->server.sent, SIZE);
}

static void test_goes_on_in_a_later_run(void **state)
{
    struct fixture *f = *state;
    write_file(f->part, f->bytes, SIZE / 2);
    expect_good(f, MANNERS("good"), 1);
    assert_int_equal(f->server.sent, SIZE - SIZE / 2);
    write_file(f->part, f->bytes, SIZE);
    expect_good(f, MANNERS("good"), 0);                 /* it only had to be renamed */
}

static void test_wrong_beginnings(void **state)
{
    struct fixture *f = *state;
    uint8_t         zeros[SIZE + 10] = {0};
    write_file(f->part, zeros, SIZE / 2);
    expect_good(f, MANNERS("good"), 2);
    write_file(f->part, zeros, SIZE + 10);
    expect_good(f, MANNERS("no_range"), 2);
    write_file(f->part, zeros, SIZE / 2);
    expect_good(f, MANNERS("whole"), 2);
    FILE *file = fopen(f->part, "wb");                  /* longer than any compression of it could be */
    assert_int_equal(ftruncate(fileno(file), 100 * SIZE), 0);
    fclose(file);
    expect_good(f, MANNERS("good"), 1);
}

static void test_next_address(void **state)
{
    struct fixture *f = *state;
    expect_good(f, MANNERS("", "404", "500", "good"), 3);
    expect_good(f, MANNERS("garbage", "good"), 2);
    expect_good(f, MANNERS("endless", "good"), 2);
    expect_good(f, MANNERS("loop", "good"), 12);        /* 1 + 10 redirects + 1 */
}

static void test_no_address_has_it(void **state)
{
    struct fixture *f = *state;
    expect_bad(f, MANNERS("", "404", "500", "garbage", "endless", "silent"),
               MANNERS("served could not be fetched", "127.0.0.1:1/served: ", "/404/served: ", "error: 404",
                       "/500/served: ", "error: 500", "/garbage/served: what it sends is not the file",
                       "/endless/served: it sends more bytes", "/silent/served: nothing came for 1 seconds",
                       "NETC_MIRROR"));
    assert_int_not_equal(access(f->part, F_OK), 0);
    unlink(f->path);
    f->server.away = "ftp://127.0.0.1/served";
    expect_bad(f, MANNERS("away"), MANNERS("/away/served: "));
    f->server.away = "file:///etc/hostname";
    expect_bad(f, MANNERS("away"), MANNERS("/away/served: "));
}

/* What has come is kept, and is said to be. */
static void test_part_is_kept(void **state)
{
    struct fixture *f = *state;
    write_file(f->part, f->bytes, SIZE / 2);
    expect_bad(f, MANNERS("404"), MANNERS("file.part is kept"));
    assert_int_equal(file_size(f->part), SIZE / 2);
    expect_good(f, MANNERS("good"), 1);
    assert_int_equal(f->server.sent, SIZE - SIZE / 2);
}

static void test_two_processes(void **state)
{
    struct fixture *f = *state;
    int             other = open(f->part, O_RDWR | O_CREAT, 0666);
    assert_int_equal(flock(other, LOCK_EX), 0);
    expect_bad(f, MANNERS("good"), MANNERS("file.part: another process is fetching it"));
    assert_int_equal(access(f->part, F_OK), 0);         /* it is the other one's */
    close(other);
    expect_good(f, MANNERS("good"), 1);
}

/* In a process of its own: what a signal does stays done. */
static void test_interrupted(void **state)
{
    struct fixture *f = *state;
    write_file(f->part, f->bytes, SIZE / 2);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct error error;
        interrupt_catch();
        raise(SIGINT);
        bool fetched = fetch(f, &error, MANNERS("stall"));
        _exit(!fetched && error.status == 130 ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_not_equal(access(f->path, F_OK), 0);
    assert_true(file_size(f->part) >= SIZE / 2);
}

static void test_full_disk(void **state)
{
    struct fixture *f = *state;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct error error;
        interrupt_catch();
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){CUT, CUT});
        bool fetched = fetch(f, &error, MANNERS("good"));
        _exit(!fetched && error.status == STATUS_MACHINE && strstr(error.text, "cannot write") ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_not_equal(access(f->path, F_OK), 0);
    expect_good(f, MANNERS("good"), 1);
    assert_int_equal(f->server.sent, SIZE - CUT);
}

static void test_no_folder(void **state)
{
    struct fixture *f = *state;
    struct error    error;
    char            before[128];
    strcpy(before, f->path);
    snprintf(f->path, sizeof f->path, "%s/none/file", f->folder);
    assert_false(fetch(f, &error, MANNERS("good")));
    assert_int_equal(error.status, STATUS_MACHINE);
    assert_non_null(strstr(error.text, "none/file.part: cannot write"));
    strcpy(f->path, before);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_md5), TEST(test_good), TEST(test_cut_off), TEST(test_stalls),
        TEST(test_goes_on_in_a_later_run), TEST(test_wrong_beginnings), TEST(test_next_address),
        TEST(test_no_address_has_it), TEST(test_part_is_kept), TEST(test_two_processes), TEST(test_interrupted),
        TEST(test_full_disk), TEST(test_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
