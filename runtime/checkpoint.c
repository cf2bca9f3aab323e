#include "checkpoint.h"

#include "format.h"
#include "identity.h"
#include "safetensors.h"
#include "weights.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char version[] = "2";

enum { VALUE = 256 };                   /* characters of a value */

/* ---- the numbers */

enum number { WHOLE, SEED, REAL };      /* int64_t of 0 or more, uint64_t, double */

static const struct field {
    const char *key;
    enum number number;
    size_t      offset;                 /* in struct checkpoint */
} fields[] = {
    {"netc.epoch", WHOLE, offsetof(struct checkpoint, epoch)},
    {"netc.step", WHOLE, offsetof(struct checkpoint, step)},
    {"netc.seed", SEED, offsetof(struct checkpoint, seed)},
    {"netc.lr", REAL, offsetof(struct checkpoint, lr)},
    {"netc.next_lr", REAL, offsetof(struct checkpoint, next_lr)},
    {"netc.loss_sum", REAL, offsetof(struct checkpoint, sum.loss)},
    {"netc.weight_sum", REAL, offsetof(struct checkpoint, sum.weight)},
    {"netc.correct", WHOLE, offsetof(struct checkpoint, sum.correct)},
    {"netc.best_epoch", WHOLE, offsetof(struct checkpoint, best_epoch)},
    {"netc.best_accuracy", REAL, offsetof(struct checkpoint, best_accuracy)},
    {"netc.best_loss", REAL, offsetof(struct checkpoint, best_loss)},
};

enum { FIELDS = sizeof fields / sizeof *fields };

/* Reals are written in hexadecimal: all of their bits come back. */
static void show_field(const struct field *field, const struct checkpoint *checkpoint, char text[VALUE])
{
    const void *value = (const char *)checkpoint + field->offset;
    switch (field->number) {
    case WHOLE: snprintf(text, VALUE, "%" PRId64, *(const int64_t *)value); break;
    case SEED: snprintf(text, VALUE, "%" PRIu64, *(const uint64_t *)value); break;
    case REAL: snprintf(text, VALUE, "%a", *(const double *)value); break;
    }
}

static bool read_field(const struct field *field, const char *text, struct checkpoint *checkpoint)
{
    void *value = (char *)checkpoint + field->offset;
    char *end;
    errno = 0;
    if (field->number == REAL) {
        *(double *)value = strtod(text, &end);
        return end != text && !*end && isfinite(*(double *)value);
    }
    uint64_t number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || (field->number == WHOLE && number > INT64_MAX))
        return false;
    memcpy(value, &number, sizeof number);
    return true;
}

static bool read_fields(const struct safetensors *file, struct checkpoint *checkpoint, struct error *error)
{
    static const char *const expected[] = {
        [WHOLE] = "a whole number", [SEED] = "a whole number", [REAL] = "a finite number",
    };
    const char *found = safetensors_metadata(file, CHECKPOINT_KEY);
    if (!found) {
        error_input(error, "%s: this is no checkpoint: its metadata has no %s", file->path, CHECKPOINT_KEY);
        return error_add(error, "a file of weights is what --init FILE starts from");
    }
    if (strcmp(found, version) != 0)
        return error_input(error, "%s: found a checkpoint of version %s, expected %s: it is another netc's", file->path,
                           found, version);
    for (int i = 0; i < FIELDS; i++) {
        const char *text = safetensors_metadata(file, fields[i].key);
        if (!text || !read_field(&fields[i], text, checkpoint))
            return error_input(error, "%s: damaged checkpoint: %s is %s%s%s, expected %s", file->path, fields[i].key,
                               text ? "'" : "", text ? text : "missing", text ? "'" : "", expected[fields[i].number]);
    }
    return true;
}

/* ---- files */

enum { MOST_SETS = 3 };

static const char best_set[] = "best.";

static int sets_of(const struct checkpoint *checkpoint, struct weights_set sets[MOST_SETS])
{
    int count = 0;
    sets[count++] = (struct weights_set){"", checkpoint->weights};
    if (checkpoint->state)
        sets[count++] = (struct weights_set){"optimizer.momentum_buffer.", checkpoint->state};
    if (checkpoint->best && checkpoint->best_epoch > 0)
        sets[count++] = (struct weights_set){best_set, checkpoint->best};
    return count;
}

bool checkpoint_make(struct checkpoint *checkpoint, const struct model *model, struct error *error)
{
    size_t bytes = (size_t)model->weights_size * sizeof(real);
    *checkpoint = (struct checkpoint){
        .weights = calloc(1, bytes + 1), .state = model->state_slots ? calloc(1, bytes + 1) : NULL,
        .best = model->keep_best ? calloc(1, bytes + 1) : NULL,
    };
    return (checkpoint->weights && (checkpoint->state || !model->state_slots) && (checkpoint->best || !model->keep_best))
        || error_memory(error, "the weights", bytes * MOST_SETS);
}

void checkpoint_free(struct checkpoint *checkpoint)
{
    free(checkpoint->weights);
    free(checkpoint->state);
    free(checkpoint->best);
    *checkpoint = (struct checkpoint){0};
}

/* "path.3", which the caller frees. */
static char *numbered(const char *path, int64_t number)
{
    size_t size = strlen(path) + 32;
    char  *name = malloc(size);
    if (name)
        snprintf(name, size, "%s.%" PRId64, path, number);
    return name;
}

/* Gives the file at `path`, which is about to be replaced, the second name path.0. The older ones are left alone until the
 * new one is there: a full disk must not cost any of them. */
static bool hold(const char *path, struct error *error)
{
    char *name = numbered(path, 0);
    if (!name)
        return error_memory(error, path, strlen(path));
    unlink(name);                       /* of a run that was killed */
    bool held = link(path, name) == 0 || errno == ENOENT
             || error_set(error, STATUS_MACHINE, "%s: cannot keep it as %s: %s", path, name, strerror(errno));
    free(name);
    return held;
}

/* Calls path.0 path.1, what was there path.2, and so on up to `keep` files in all; or lets go of path.0. */
static bool rotate(const char *path, int64_t keep, bool written, struct error *error)
{
    bool good = written;
    for (int64_t i = written ? keep - 1 : 1; i > 0; i--) {
        char *from = numbered(path, i - 1), *to = numbered(path, i);
        if (!from || !to)
            good = error_memory(error, path, strlen(path));
        else if (!written)
            unlink(from);
        else if (rename(from, to) != 0 && errno != ENOENT)
            good = error_set(error, STATUS_MACHINE, "%s: cannot rename to %s: %s", from, to, strerror(errno));
        free(from);
        free(to);
    }
    return good;
}

bool checkpoint_write(const struct checkpoint *checkpoint, const struct model *model, const struct dataset *train,
                      const char *path, int64_t keep, struct error *error)
{
    struct weights_set sets[MOST_SETS];
    struct identity    identity;
    struct metadata    metadata[1 + FIELDS + IDENTITIES] = {{CHECKPOINT_KEY, version}};
    char               text[FIELDS][VALUE];
    for (int i = 0; i < FIELDS; i++) {
        show_field(&fields[i], checkpoint, text[i]);
        metadata[1 + i] = (struct metadata){fields[i].key, text[i]};
    }
    bool good = identity_make(&identity, model, train, error);
    for (int i = 0; i < IDENTITIES; i++)
        metadata[1 + FIELDS + i] = (struct metadata){identity_keys[i], identity.text[i]};
    /* A symbolic link stays one: the older ones stand beside the file that it leads to. */
    char       *file = keep > 1 ? realpath(path, NULL) : NULL;
    const char *beside = file ? file : path;
    if (good && keep > 1)
        good = hold(beside, error);
    if (good) {
        bool written = weights_write(model, path, sets, sets_of(checkpoint, sets), metadata, 1 + FIELDS + IDENTITIES, error);
        good = keep > 1 ? rotate(beside, keep, written, error) : written;
    }
    free(file);
    identity_free(&identity);
    return good;
}

/* Whether the numbers can be those of one training. */
static bool check_numbers(const struct checkpoint *checkpoint, const struct model *model, const struct dataset *train,
                          const char *path, struct error *error)
{
    int64_t steps = data_steps(model, train->count), before;
    bool    good = !__builtin_mul_overflow(checkpoint->epoch, steps, &before) && checkpoint->step >= before
             && checkpoint->step - before <= steps && checkpoint->best_epoch <= checkpoint->epoch + 1
             && checkpoint->sum.correct <= train->count;
    return good || error_input(error, "%s: damaged checkpoint: step %" PRId64 " is none of epoch %" PRId64 " of %" PRId64
                               " steps each, or its sums are none of %" PRId64 " images", path, checkpoint->step,
                               checkpoint->epoch + 1, steps, train->count);
}

/* The best epoch is known in any case, its weights only where they are the result. */
static bool check_best(const struct checkpoint *checkpoint, const struct safetensors *file, struct error *error)
{
    bool there = false;
    for (int i = 0; i < file->count; i++)
        there = there || strncmp(file->tensors[i].name, best_set, strlen(best_set)) == 0;
    if (there || !checkpoint->best || checkpoint->best_epoch == 0)
        return true;
    error_input(error, "%s: this checkpoint has not the weights of its best epoch, %" PRId64, file->path,
                checkpoint->best_epoch);
    return error_add(error, "the spec that it was made with had no keep = best; without that the training goes on from there");
}

static bool read_file(struct checkpoint *checkpoint, const struct safetensors *file, const struct model *model,
                      const struct dataset *train, struct error *error)
{
    struct weights_set sets[MOST_SETS];
    int64_t            strange;
    char               count[FORMAT_SIZE];
    if (!read_fields(file, checkpoint, error) || !identity_check(file, model, train, error)
        || !check_numbers(checkpoint, model, train, file->path, error) || !check_best(checkpoint, file, error)
        || !weights_read(model, file, sets, sets_of(checkpoint, sets), &strange, error))
        return false;
    return strange == 0
        || error_input(error, "%s: NaN or infinity in %s: nothing could be learned from here", file->path,
                       format_counted(count, strange, "value"));
}

bool checkpoint_read(struct checkpoint *checkpoint, const struct model *model, const struct dataset *train,
                     const char *path, struct error *error)
{
    struct safetensors file;
    if (!safetensors_open(&file, path, error))
        return false;
    bool good = read_file(checkpoint, &file, model, train, error);
    safetensors_close(&file);
    return good;
}

bool checkpoint_peek(const char *path, uint64_t *seed, double *lr, struct error *error)
{
    struct checkpoint  checkpoint = {0};
    struct safetensors file;
    if (!safetensors_open(&file, path, error))
        return false;
    bool good = read_fields(&file, &checkpoint, error);
    safetensors_close(&file);
    if (good) {
        *seed = checkpoint.seed;
        *lr = checkpoint.lr;
    }
    return good;
}
