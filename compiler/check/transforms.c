/* transform = […]: names and arguments, which are torchvision's; images.c follows the images through the list. */
#include "check/check.h"

#include <string.h>

/* A 32-bit float divided by less may be infinite. */
static const double LEAST_STD = 1e-30;

enum { MOST_SIDE = 16384, MOST_DEGREES = 3600 };

enum { ONE = 1 << 1, TWO = 1 << 2, FOUR = 1 << 4 };

static const char *const padding_modes[] = { "constant", "edge", "reflect", "symmetric", NULL };
static const char *const interpolations[] = { "nearest", "bilinear", NULL };

#define SIZE      { .name = "size", .type = PARAM_NUMBERS, .least = 1, .most = MOST_SIDE, .counts = ONE | TWO, .whole = true, \
                    .help = "height and width that come out" }
#define PADDING(otherwise) { .name = "padding", .type = PARAM_NUMBERS, .fallback = otherwise, .most = MOST_SIDE, \
                    .counts = ONE | TWO | FOUR, .whole = true, .help = "all sides; left and right, top and bottom; or each" }
#define FILL      { .name = "fill", .type = PARAM_REAL, .fallback = "0", .least = -1e6, .most = 1e6, .help = "the new pixels" }
#define MODE      { .name = "padding_mode", .type = PARAM_WORD, .fallback = "constant", .words = padding_modes, \
                    .help = "what the new pixels are" }
#define PROBABILITY { .name = "p", .type = PARAM_REAL, .fallback = "0.5", .most = 1, .help = "how often it is done" }
#define DEGREES   { .name = "degrees", .type = PARAM_NUMBERS, .least = -MOST_DEGREES, .most = MOST_DEGREES, \
                    .counts = ONE | TWO, .help = "from -degrees to degrees, or a range" }
#define INTERPOLATION { .name = "interpolation", .type = PARAM_WORD, .fallback = "nearest", .words = interpolations, \
                    .help = "how pixels between pixels are found" }
#define END       { .name = NULL }

static const ParamDef to_tensor_params[] = { END };
static const ParamDef normalize_params[] = {
    { .name = "mean", .type = PARAM_NUMBERS, .least = -1e38, .help = "what is subtracted, of each channel" },
    { .name = "std", .type = PARAM_NUMBERS, .least = -1e38, .help = "what is divided by, of each channel" }, END
};
static const ParamDef random_crop_params[] = {
    SIZE, PADDING("none"),
    { .name = "pad_if_needed", .type = PARAM_BOOL, .fallback = "false", .help = "pads an image smaller than size" },
    FILL, MODE, END
};
static const ParamDef center_crop_params[] = { SIZE, END };
static const ParamDef pad_params[] = { PADDING(NULL), FILL, MODE, END };
static const ParamDef resize_params[] = { SIZE, END };
static const ParamDef flip_params[] = { PROBABILITY, END };
static const ParamDef random_rotation_params[] = { DEGREES, INTERPOLATION, FILL, END };
static const ParamDef random_affine_params[] = {
    DEGREES,
    { .name = "translate", .type = PARAM_NUMBERS, .fallback = "none", .most = 1, .counts = TWO,
      .help = "the most, of width and height" },
    { .name = "scale", .type = PARAM_NUMBERS, .fallback = "none", .most = 1000, .counts = TWO, .help = "a range" },
    { .name = "shear", .type = PARAM_NUMBERS, .fallback = "none", .least = -MOST_DEGREES, .most = MOST_DEGREES,
      .counts = ONE | TWO | FOUR, .help = "degrees: from -shear to shear; a range; or ranges along x and y" },
    INTERPOLATION, FILL, END
};
static const ParamDef random_erasing_params[] = {
    PROBABILITY,
    { .name = "scale", .type = PARAM_NUMBERS, .fallback = "(0.02, 0.33)", .most = 1, .counts = TWO,
      .help = "range of what is erased of the image's area" },
    { .name = "ratio", .type = PARAM_NUMBERS, .fallback = "(0.3, 3.3)", .most = 1000, .counts = TWO,
      .help = "range of height by width" },
    { .name = "value", .type = PARAM_REAL, .fallback = "0", .least = -1e6, .most = 1e6, .help = "the erased pixels" }, END
};
static const ParamDef grayscale_params[] = {
    { .name = "num_output_channels", .type = PARAM_INT, .fallback = "1", .least = 1, .most = 3, .help = "1, or 3 alike" }, END
};
static const ParamDef invert_params[] = { END };

/* Arguments into transforms. -------------------------------------------------------------------------------------- */

static void take_size(Transform *transform, const Arg *size)
{
    transform->size[0] = (int64_t)size->numbers[0];
    transform->size[1] = (int64_t)size->numbers[size->count - 1];
}

/* One number is for all sides, two are (left and right, top and bottom), four (left, top, right, bottom). */
static void take_padding(Transform *transform, const Arg *padding)
{
    for (int side = 0; side < 4 && padding->count; side++)
        transform->padding[side] = (int64_t)padding->numbers[side % padding->count];
}

/* A range of the argument's numbers at `first`; false after a report. */
static bool take_range(Checker *c, const Arg *arg, const char *name, int first, double range[2])
{
    range[0] = arg->numbers[first];
    range[1] = arg->numbers[first + 1];
    if (range[0] <= range[1])
        return true;
    diag_error(c->diag, span_join(arg->spans[first], arg->spans[first + 1]), "%s is a range, from %g to %g, but it begins "
               "above its end", name, range[0], range[1]);
    diag_help(c->diag, "write `%s=(%g, %g)`", name, range[1], range[0]);
    return false;
}

/* Degrees: one number is as much to either side. */
static bool take_degrees(Checker *c, const Arg *arg, const char *name, double range[2])
{
    if (arg->count != 1)
        return take_range(c, arg, name, 0, range);
    if (arg->numbers[0] < 0) {
        diag_error(c->diag, arg->span, "%s as one number is the most to either side, at least 0, but it is %g", name,
                   arg->numbers[0]);
        diag_help(c->diag, "a range is written `%s=(%g, %g)`", name, arg->numbers[0], 0 - arg->numbers[0]);
        return false;
    }
    range[0] = 0 - arg->numbers[0];
    range[1] = arg->numbers[0];
    return true;
}

/* A range above 0. */
static bool take_positive(Checker *c, const Arg *arg, const char *name, double range[2])
{
    if (arg->numbers[0] <= 0) {
        diag_error(c->diag, arg->spans[0], "%s must be greater than 0, but it begins with %g", name, arg->numbers[0]);
        return false;
    }
    return take_range(c, arg, name, 0, range);
}

static bool set_normalize(Checker *c, Transform *transform, const Arg *args)
{
    const Arg *std = &args[1];
    (void)transform;
    for (int i = 0; i < std->count; i++) {
        if (std->numbers[i] >= LEAST_STD)
            continue;
        diag_error(c->diag, std->spans[i], "std must be greater than 0, as the images are divided by it, but it is %g",
                   std->numbers[i]);
        return false;
    }
    return true;
}

static bool set_random_crop(Checker *c, Transform *transform, const Arg *args)
{
    (void)c;
    take_size(transform, &args[0]);
    take_padding(transform, &args[1]);
    transform->pad_if_needed = args[2].i[0];
    transform->fill = args[3].real;
    transform->mode = (PaddingMode)args[4].i[0];
    return true;
}

static bool set_size(Checker *c, Transform *transform, const Arg *args)
{
    (void)c;
    take_size(transform, &args[0]);
    return true;
}

static bool set_pad(Checker *c, Transform *transform, const Arg *args)
{
    (void)c;
    take_padding(transform, &args[0]);
    transform->fill = args[1].real;
    transform->mode = (PaddingMode)args[2].i[0];
    return true;
}

static bool set_resize(Checker *c, Transform *transform, const Arg *args)
{
    set_size(c, transform, args);
    if (args[0].count == 1)
        transform->size[1] = 0;
    return true;
}

static bool set_flip(Checker *c, Transform *transform, const Arg *args)
{
    (void)c;
    transform->p = args[0].real;
    return true;
}

/* torchvision's rotate turns by -degrees what its affine turns by degrees. */
static bool set_random_rotation(Checker *c, Transform *transform, const Arg *args)
{
    double range[2];
    if (!take_degrees(c, &args[0], "degrees", range))
        return false;
    transform->degrees[0] = 0 - range[1];
    transform->degrees[1] = 0 - range[0];
    transform->scale[0] = transform->scale[1] = 1;
    transform->bilinear = args[1].i[0];
    transform->fill = args[2].real;
    return true;
}

static bool set_random_affine(Checker *c, Transform *transform, const Arg *args)
{
    const Arg *translate = &args[1], *scale = &args[2], *shear = &args[3];
    transform->scale[0] = transform->scale[1] = 1;
    transform->bilinear = args[4].i[0];
    transform->fill = args[5].real;
    for (int i = 0; i < translate->count; i++)
        transform->translate[i] = translate->numbers[i];
    return take_degrees(c, &args[0], "degrees", transform->degrees)
        && (!scale->count || take_positive(c, scale, "scale", transform->scale))
        && (!shear->count || take_degrees(c, shear, "shear", transform->shear))
        && (shear->count != 4 || take_range(c, shear, "shear", 2, transform->shear + 2));
}

static bool set_random_erasing(Checker *c, Transform *transform, const Arg *args)
{
    memcpy(transform->scale, args[1].numbers, sizeof transform->scale);
    memcpy(transform->ratio, args[2].numbers, sizeof transform->ratio);
    transform->p = args[0].real;
    transform->fill = args[3].real;
    return (!args[1].given || take_range(c, &args[1], "scale", 0, transform->scale))
        && (!args[2].given || take_positive(c, &args[2], "ratio", transform->ratio));
}

static bool set_grayscale(Checker *c, Transform *transform, const Arg *args)
{
    transform->channels = (int)args[0].i[0];
    if (transform->channels != 2)
        return true;
    diag_error(c->diag, args[0].span, "num_output_channels is 1, or 3 that are alike, but not 2");
    return false;
}

static bool set_nothing(Checker *c, Transform *transform, const Arg *args)
{
    (void)c, (void)transform, (void)args;
    return true;
}

/* The list. ------------------------------------------------------------------------------------------------------- */

/* `set` takes the arguments in the order of `params`; it returns false after a report. */
static const struct TransformDef {
    const char     *name;
    TransformKind   kind;
    bool            random;
    const ParamDef *params;
    bool          (*set)(Checker *c, Transform *transform, const Arg *args);
} transforms[] = {
    { "to_tensor", TRANSFORM_TO_TENSOR, false, to_tensor_params, set_nothing },
    { "normalize", TRANSFORM_NORMALIZE, false, normalize_params, set_normalize },
    { "random_crop", TRANSFORM_RANDOM_CROP, true, random_crop_params, set_random_crop },
    { "center_crop", TRANSFORM_CENTER_CROP, false, center_crop_params, set_size },
    { "pad", TRANSFORM_PAD, false, pad_params, set_pad },
    { "resize", TRANSFORM_RESIZE, false, resize_params, set_resize },
    { "random_horizontal_flip", TRANSFORM_RANDOM_HORIZONTAL_FLIP, true, flip_params, set_flip },
    { "random_vertical_flip", TRANSFORM_RANDOM_VERTICAL_FLIP, true, flip_params, set_flip },
    { "random_rotation", TRANSFORM_RANDOM_AFFINE, true, random_rotation_params, set_random_rotation },
    { "random_affine", TRANSFORM_RANDOM_AFFINE, true, random_affine_params, set_random_affine },
    { "random_erasing", TRANSFORM_RANDOM_ERASING, true, random_erasing_params, set_random_erasing },
    { "grayscale", TRANSFORM_GRAYSCALE, false, grayscale_params, set_grayscale },
    { "invert", TRANSFORM_INVERT, false, invert_params, set_nothing },
};

enum { TRANSFORMS = sizeof transforms / sizeof *transforms };

static const struct TransformDef *find_transform(Checker *c, const Ast *item)
{
    NameList list = { 0 };
    for (int i = 0; i < TRANSFORMS; i++) {
        if (strcmp(transforms[i].name, item->text) == 0)
            return &transforms[i];
        list_add(c->arena, &list, transforms[i].name);
    }
    report_unknown(c, item->name_span, &family_transforms, item->text, names_list(c->arena, &list));
    return NULL;
}

static bool read_step(Checker *c, const Scope *scope, const Ast *item, Step *step)
{
    const Ast *call = want_call(c, item, "a transform", "normalize(mean=0.1307, std=0.3081)");
    const struct TransformDef *def = call ? find_transform(c, call) : NULL;
    if (!def)
        return false;
    Signature signature = { def->name, def->params, params_count(def->params), false };
    *step = (Step){ .transform = { .kind = def->kind, .span = call->span }, .name = def->name, .random = def->random };
    step->args = read_arguments(c, scope, &signature, call->span, &call->children, NULL);
    return step->args && def->set(c, &step->transform, step->args);
}

/* The step of that kind so far, or NULL. */
static const Step *step_of(const StepList *steps, TransformKind kind)
{
    for (int i = 0; i < steps->count; i++)
        if (steps->at[i].transform.kind == kind)
            return &steps->at[i];
    return NULL;
}

/* to_tensor and normalize come once, in this order. */
static bool check_place(Checker *c, const Step *step)
{
    TransformKind kind = step->transform.kind;
    const Step   *same = step_of(&c->steps, kind), *normalize = step_of(&c->steps, TRANSFORM_NORMALIZE);
    if (kind != TRANSFORM_TO_TENSOR && kind != TRANSFORM_NORMALIZE)
        return true;
    if (same) {
        diag_error(c->diag, step->transform.span, "%s is given twice", step->name);
        diag_note(c->diag, same->transform.span, "here is the first one");
        return false;
    }
    if (kind == TRANSFORM_TO_TENSOR && normalize) {
        diag_error(c->diag, normalize->transform.span, "normalize comes after `to_tensor`");
        diag_note(c->diag, step->transform.span, "to_tensor stands here");
        diag_help(c->diag, "for example `transform = [to_tensor, normalize(mean=0.1307, std=0.3081)]`");
        return false;
    }
    return true;
}

void read_transform(Checker *c, const Scope *scope, const Ast *ast)
{
    static const char usual[] = "`transform = [to_tensor, normalize(mean=0.1307, std=0.3081)]`";
    if (ast->kind != AST_LIST || !ast->children.count) {
        diag_error(c->diag, ast->span, ast->kind == AST_LIST ? "transform is empty: leave it out, or list what is done to "
                   "an image" : "transform takes a list");
        diag_help(c->diag, "for example %s", usual);
        return;
    }
    for (int i = 0; i < ast->children.count; i++) {
        Step step;
        bool good = read_step(c, scope, ast->children.at[i], &step) && check_place(c, &step);
        if (good)
            list_add(c->arena, &c->steps, step);
        c->steps_failed |= !good;
    }
}
