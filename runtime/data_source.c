#include "data_source.h"

#include "md5.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { IMAGES_TRAIN = 16 + 60000 * 784, IMAGES_TEST = 16 + 10000 * 784, LABELS_TRAIN = 8 + 60000, LABELS_TEST = 8 + 10000 };

#define TRAIN_IMAGES "train-images-idx3-ubyte.gz"
#define TRAIN_LABELS "train-labels-idx1-ubyte.gz"
#define TEST_IMAGES  "t10k-images-idx3-ubyte.gz"
#define TEST_LABELS  "t10k-labels-idx1-ubyte.gz"

static const struct data_source sources[] = {
    {"mnist",
     (const char *const[]){"https://ossci-datasets.s3.amazonaws.com/mnist/",
                           "https://storage.googleapis.com/cvdf-datasets/mnist/", NULL},
     (const struct data_file[]){
         {TRAIN_IMAGES, PART_TRAIN, "f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb", 9912422,
          IMAGES_TRAIN},
         {TRAIN_LABELS, PART_TRAIN, "d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624", 28881,
          LABELS_TRAIN},
         {TEST_IMAGES, PART_TEST, "9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea", 1648877,
          IMAGES_TEST},
         {TEST_LABELS, PART_TEST, "ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637", 4542,
          LABELS_TEST},
         {0}}},
    {"fashion_mnist",
     (const char *const[]){"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", NULL},
     (const struct data_file[]){
         {TRAIN_IMAGES, PART_TRAIN, "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a", 26421880,
          IMAGES_TRAIN},
         {TRAIN_LABELS, PART_TRAIN, "25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9", 29515,
          LABELS_TRAIN},
         {TEST_IMAGES, PART_TEST, "bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a", 4422102,
          IMAGES_TEST},
         {TEST_LABELS, PART_TEST, "bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965", 5148,
          LABELS_TEST},
         {0}}},
    {"kmnist",
     (const char *const[]){"http://codh.rois.ac.jp/kmnist/dataset/kmnist/", NULL},
     (const struct data_file[]){
         {TRAIN_IMAGES, PART_TRAIN, "bdb82020997e1d708af4cf47b453dcf7", NULL, 18165135, IMAGES_TRAIN},
         {TRAIN_LABELS, PART_TRAIN, "e144d726b3acfaa3e44228e80efcd344", NULL, 29497, LABELS_TRAIN},
         {TEST_IMAGES, PART_TEST, "5c965bf0a639b31b8f53240b1b52f4d7", NULL, 3041136, IMAGES_TEST},
         {TEST_LABELS, PART_TEST, "7320c461ea6c1c855c0b718fb2a4b134", NULL, 5120, LABELS_TEST},
         {0}}},
    {"emnist",
     (const char *const[]){"https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/", NULL},
     (const struct data_file[]){
         {"gzip.zip", PART_BOTH, "58c8d27c78d21e728a6bc7b3cc06412e", NULL, 561753746, 0}, {0}}},
    {"cifar10",
     (const char *const[]){"https://www.cs.toronto.edu/~kriz/", NULL},
     (const struct data_file[]){
         {"cifar-10-binary.tar.gz", PART_BOTH, "c32a1d4ab5d03f1284b67883e8d87530", NULL, 170052171, 0}, {0}}},
};

enum { SOURCES = sizeof sources / sizeof *sources };

const struct data_source *data_source_find(const char *dataset)
{
    for (int i = 0; i < SOURCES; i++)
        if (strcmp(sources[i].dataset, dataset) == 0)
            return &sources[i];
    return NULL;
}

bool data_file_of(const struct data_file *file, enum part part)
{
    return file->part == PART_BOTH || file->part == (int)part;
}

/* One command that fetches all files into the folder. */
static void say_command(const struct data_source *source, const char *root, struct error *error)
{
    error_add(error, "write `download = true` in the spec's data section and build the trainer anew, or type:");
    error_add(error, "    curl -fL --create-dirs --output-dir '%s' \\", root);
    for (const struct data_file *file = source->files; file->name; file++)
        error_add(error, "        -O %s%s%s", source->bases[0], file->name, file[1].name ? " \\" : "");
}

bool data_missing(const struct model *model, const char *root, enum part part, const char *found, struct error *error)
{
    char folder[1024];
    const struct data_source *source = data_source_find(model->dataset);
    error_input(error, "no %s data: %s", part == PART_TRAIN ? "training" : "test", found);
    if (root[0] != '/' && getcwd(folder, sizeof folder))
        error_add(error, "%s is taken from the folder where the trainer runs, %s", root, folder);
    error_add(error, "--data DIR names another folder");
    if (source && !model->download)
        say_command(source, root, error);
    return false;
}

bool data_file_verify(const struct data_file *file, const char *path, struct error *error)
{
    char sum[MD5_TEXT];
    *error = (struct error){.status = STATUS_OK};
    if (!md5_file(path, false, sum, error))
        return false;
    if (strcmp(sum, file->md5) == 0)
        return true;
    bool unpacked = file->content_md5 && md5_file(path, true, sum, error);
    if (unpacked && strcmp(sum, file->content_md5) == 0)
        return true;
    if (error->status == STATUS_INPUT)  /* no gzip file */
        *error = (struct error){.status = STATUS_OK};
    return false;
}

bool data_check_content(const struct model *model, const char *name, const char *path, int64_t size, struct error *error)
{
    const struct data_source *source = data_source_find(model->dataset);
    char                      sum[MD5_TEXT];
    struct error              why;
    for (const struct data_file *file = source ? source->files : NULL; file && file->name; file++) {
        size_t length = strlen(name);
        if (strncmp(file->name, name, length) != 0 || strcmp(file->name + length, ".gz") != 0)
            continue;
        if (!file->content_md5 || size != file->content_size || !md5_file(path, false, sum, &why)
            || strcmp(sum, file->content_md5) == 0)
            return true;
        error_input(error, "%s: found MD5 %s, expected %s: the file is damaged, or is not %s's", path, sum,
                    file->content_md5, model->dataset);
        return error_add(error, "files of your own are read with `data idx`");
    }
    return true;
}
