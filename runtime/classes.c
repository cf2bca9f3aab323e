#include "classes.h"

#include "data.h"
#include "utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_JOINED = 40 };

#define DIGITS "0 1 2 3 4 5 6 7 8 9"
#define LETTERS "a b c d e f g h i j k l m n o p q r s t u v w x y z"
#define CAPITALS "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z"
#define UNMERGED "a b d e f g h n q r t"    /* small letters that do not look like their capitals */

/* In the order of their labels, separated by the first character. */
static const struct published { const char *dataset, *split, *names; } published[] = {
    {"mnist", NULL, " " DIGITS},
    {"fashion_mnist", NULL, ",T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"},
    {"kmnist", NULL, " o ki su tsu na ha ma ya re wo"},
    {"emnist", "balanced", " " DIGITS " " CAPITALS " " UNMERGED},
    {"emnist", "bymerge", " " DIGITS " " CAPITALS " " UNMERGED},
    {"emnist", "byclass", " " DIGITS " " CAPITALS " " LETTERS},
    {"emnist", "digits", " " DIGITS},
    {"emnist", "mnist", " " DIGITS},
    {"emnist", "letters", " N/A " LETTERS},
    {"cifar10", NULL, " airplane automobile bird cat deer dog frog horse ship truck"},
};

/* Names of labels, before target_transform. */
struct labels {
    char *name[LABELS];
    int   count;
};

static bool add_label(void *labels, const char *name)
{
    struct labels *all = labels;
    if (all->count == LABELS)
        return true;
    all->name[all->count] = utf8_clean(name);
    return all->name[all->count++] != NULL;
}

static bool add_published(const struct published *entry, struct labels *labels)
{
    const char separator[] = {*entry->names, '\0'};
    char       name[32];
    for (const char *at = entry->names; *at; ) {
        size_t length = strcspn(++at, separator);
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        if (!add_label(labels, name))
            return false;
        at += length;
    }
    return true;
}

static bool find_labels(const struct model *model, const char *root, struct labels *labels)
{
    if (strcmp(model->dataset, "folder") == 0)
        return folder_classes(root, add_label, labels);
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        if (strcmp(published[i].dataset, model->dataset) == 0
            && (!published[i].split || (model->split && strcmp(published[i].split, model->split) == 0)))
            return add_published(&published[i], labels);
    return true;
}

/* The names of the labels that become the class, or NULL where there are none or too many to read. */
static char *join(const struct model *model, const struct labels *labels, int64_t class)
{
    char   text[LONGEST_JOINED + 1] = "";
    size_t at = 0;
    int    count = 0, only = 0;
    for (int i = 0; i < labels->count; i++) {
        if ((model->targets ? model->targets[i] : i) != class)
            continue;
        if (at < sizeof text)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", count ? "/" : "", labels->name[i]);
        count++;
        only = i;
    }
    return count == 1 ? strdup(labels->name[only]) : count == 0 || at >= sizeof text ? NULL : strdup(text);
}

bool classes_find(const struct model *model, const char *root, struct classes *classes, struct error *error)
{
    struct labels labels = {.count = 0};
    *classes = (struct classes){.name = calloc((size_t)model->classes, sizeof *classes->name)};
    bool good = classes->name && find_labels(model, root, &labels);
    while (good && classes->count < model->classes) {
        char number[32], *name = join(model, &labels, classes->count);
        snprintf(number, sizeof number, "%" PRId64, classes->count);
        if (!name)
            name = strdup(number);
        if (name && strcmp(name, number) != 0)
            classes->named = true;
        good = name != NULL;
        classes->name[classes->count] = name;
        classes->count += good;
    }
    while (labels.count > 0)
        free(labels.name[--labels.count]);
    return good || error_memory(error, "the names of the classes", (size_t)model->classes * LONGEST_JOINED);
}

void classes_free(struct classes *classes)
{
    for (int64_t i = 0; i < classes->count; i++)
        free(classes->name[i]);
    free(classes->name);
    *classes = (struct classes){0};
}

int classes_width(const struct classes *classes)
{
    int widest = 0;
    for (int64_t i = 0; i < classes->count; i++) {
        int width = utf8_width(classes->name[i]);
        widest = width > widest ? width : widest;
    }
    return widest;
}
