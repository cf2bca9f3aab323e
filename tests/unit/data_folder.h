/* For tests of datasets: a temporary folder, files in it, and what loading must give. */
#ifndef NETC_TEST_DATA_FOLDER_H
#define NETC_TEST_DATA_FOLDER_H


#include "data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place { char folder[64]; };

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    strcpy(place->folder, "/tmp/test_data_XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    *state = place;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

static int tear_down(void **state)
{
    struct place *place = *state;
    int           status = nftw(place->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(place);
    return status;
}

static inline const char *path_in(const struct place *place, const char *name, char path[256])
{
    snprintf(path, 256, "%s/%s", place->folder, name);
    return path;
}

static inline void put_folder(const struct place *place, const char *name)
{
    char path[256];
    assert_int_equal(mkdir(path_in(place, name, path), 0777), 0);
}

static inline void put_file(const struct place *place, const char *name, const void *bytes, size_t size)
{
    char  path[256];
    FILE *file = fopen(path_in(place, name, path), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void take_file_away(const struct place *place, const char *name)
{
    char path[256];
    assert_int_equal(remove(path_in(place, name, path)), 0);
}

static inline struct dataset load_good(const struct place *place, const struct model *model, enum part part)
{
    struct dataset data;
    struct error   error;
    struct dataset counted;
    if (!data_load(model, place->folder, part, PROGRESS_OFF, &data, &error))
        fail_msg("refused: %s", error.text);
    assert_true(data_count(model, place->folder, part, &counted, &error));
    assert_int_equal(counted.count, data.count + data.held_out);
    assert_int_equal(counted.shape.channels, data.shape.channels);
    assert_int_equal(counted.shape.height, data.shape.height);
    assert_int_equal(counted.shape.width, data.shape.width);
    assert_true(counted.shape.real == data.shape.real);
    return data;
}

/* Loading must fail with exit status 1 and a message that has each of the words. */
static inline void load_bad(const struct place *place, const struct model *model, enum part part,
                            const char *const *words)
{
    struct dataset data;
    struct error   error;
    if (data_load(model, place->folder, part, PROGRESS_OFF, &data, &error))
        fail_msg("loaded, but expected '%s'", *words);
    assert_int_equal(error.status, STATUS_INPUT);
    assert_null(data.images);
    assert_null(data.labels);
    for (; *words; words++)
        if (!strstr(error.text, *words))
            fail_msg("'%s' does not say '%s'", error.text, *words);
}

static inline bool there(const struct place *place, const char *name)
{
    char path[256];
    return access(path_in(place, name, path), F_OK) == 0;
}

/* The same with download = true, and a server that is not there. */
static inline struct model fetching(const struct model *model)
{
    struct model copy = *model;
    copy.download = true;
    setenv("NETC_MIRROR", "http://127.0.0.1:1/", 1);
    return copy;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
