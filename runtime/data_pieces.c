#include "data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CIFAR10_TRAIN_FILES = 5 };

static bool cifar10_piece(enum part part, int piece, char name[DATA_NAME])
{
    if (piece >= (part == PART_TRAIN ? CIFAR10_TRAIN_FILES : 1))
        return false;
    if (part == PART_TRAIN)
        snprintf(name, DATA_NAME, "data_batch_%d.bin", piece + 1);
    else
        snprintf(name, DATA_NAME, "test_batch.bin");
    return true;
}

bool data_piece(const struct model *model, enum part part, int piece, char name[DATA_NAME])
{
    static const char *const kinds[] = {"images-idx3-ubyte", "labels-idx1-ubyte"};
    if (strcmp(model->dataset, "cifar10") == 0)
        return cifar10_piece(part, piece, name);
    if (piece >= 2)
        return false;
    if (model->split)
        snprintf(name, DATA_NAME, "emnist-%s-%s-%s", model->split, part == PART_TRAIN ? "train" : "test",
                 kinds[piece]);
    else
        snprintf(name, DATA_NAME, "%s-%s", part == PART_TRAIN ? "train" : "t10k", kinds[piece]);
    return true;
}

char *data_piece_path(const struct model *model, const char *root, const char *name, int way, bool *gzip)
{
    static const struct way { const char *folder, *suffix; } idx[] = {{"", ""}, {"", ".gz"}, {NULL, NULL}},
        emnist[] = {{"", ""}, {"", ".gz"}, {"gzip/", ""}, {"gzip/", ".gz"}, {NULL, NULL}},  /* as unzip leaves them */
        cifar10[] = {{"", ""}, {"cifar-10-batches-bin/", ""}, {NULL, NULL}};                /* as tar does */
    const struct way *ways = model->split ? emnist : strcmp(model->dataset, "cifar10") == 0 ? cifar10 : idx;
    if (!ways[way].folder)
        return NULL;
    size_t size = strlen(root) + strlen(ways[way].folder) + strlen(name) + sizeof "/.gz";
    char  *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s%s%s", root, ways[way].folder, name, ways[way].suffix);
    *gzip = *ways[way].suffix != '\0';
    return path;
}

char *data_piece_find(const struct model *model, const char *root, const char *name, bool *gzip)
{
    char *path;
    for (int way = 0; (path = data_piece_path(model, root, name, way, gzip)) != NULL; way++) {
        if (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))     /* there, though it may not be opened */
            return path;
        free(path);
    }
    return NULL;
}
