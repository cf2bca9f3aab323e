/* What becomes of the images on their way from the dataset to the network: their shape behind each transform, and which
 * transforms work on bytes. A dimension that only the dataset's files know is 0. */
#include "check/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More elements than that in an image are refused. */
static const int64_t MOST_ELEMENTS = 1 << 28;

/* What an image holds at a place in the list. */
typedef enum Values { BYTES, REALS, NORMALIZED } Values;

/* "1x28x28"; "3x?x?" where the files decide. */
static const char *image_text(Checker *c, Shape image)
{
    const char *text = "";
    for (int i = 0; i < image.rank; i++)
        text = arena_printf(c->arena, "%s%s%s", text, i ? "x" : "",
                            image.dim[i] ? arena_printf(c->arena, "%" PRId64, image.dim[i]) : "?");
    return text;
}

/* The channels of the input; 0 where it is not known. Rows of features are images of one channel. */
static int64_t channels_of(const Checker *c)
{
    return c->input->out.rank == 3 ? c->input->out.dim[0] : c->input->out.rank;
}

/* Shapes. --------------------------------------------------------------------------------------------------------- */

/* A reflected border is smaller than the image, a symmetric one at most as large. */
static bool check_border(Checker *c, const Step *step, Shape image, const int64_t padding[4])
{
    const Transform *transform = &step->transform;
    for (int side = 0; side < 4; side++) {
        int64_t size = image.dim[side % 2 ? 1 : 2], most = transform->mode == PADDING_REFLECT ? size - 1 : size;
        if (!size || padding[side] <= most || (transform->mode != PADDING_REFLECT && transform->mode != PADDING_SYMMETRIC))
            continue;
        diag_error(c->diag, transform->span, "%s mirrors %" PRId64 " pixels of an image of %s, but there are at most %" PRId64
                   " to mirror on a side", step->name, padding[side], image_text(c, image), most);
        diag_help(c->diag, "take less padding, or `padding_mode=edge`");
        return false;
    }
    return true;
}

static void add_padding(Shape *image, const int64_t padding[4])
{
    for (int d = 1; d < 3; d++)
        if (image->dim[d])
            image->dim[d] += d == 1 ? padding[1] + padding[3] : padding[0] + padding[2];
}

static bool pad_image(Checker *c, const Step *step, Shape *image)
{
    if (!check_border(c, step, *image, step->transform.padding))
        return false;
    add_padding(image, step->transform.padding);
    return true;
}

static void set_sides(Shape *image, const int64_t size[2])
{
    image->dim[1] = size[0];
    image->dim[2] = size[1];
}

static bool crop_image(Checker *c, const Step *step, Shape *image)
{
    const Transform *transform = &step->transform;
    int64_t          padding[4];
    Shape            padded = *image;
    memcpy(padding, transform->padding, sizeof padding);
    add_padding(&padded, padding);
    for (int d = 1; d < 3; d++) {
        int64_t lacks = transform->size[d - 1] - padded.dim[d];
        if (!padded.dim[d] || lacks <= 0)
            continue;
        if (!transform->pad_if_needed) {
            bool pads = !shape_equal(padded, *image);
            diag_error(c->diag, transform->span, "%s takes %" PRId64 "x%" PRId64 ", but the image is %s%s%s", step->name,
                       transform->size[0], transform->size[1], image_text(c, *image), pads ? ", padded " : "",
                       pads ? image_text(c, padded) : "");
            diag_help(c->diag, "crop less, or pad more: `pad_if_needed=true` pads as far as is needed");
            return false;
        }
        padding[d == 1] += lacks;
        padding[d == 1 ? 3 : 2] += lacks;
    }
    if (!check_border(c, step, *image, padding))
        return false;
    set_sides(image, transform->size);
    return true;
}

/* The shorter side becomes size, the other one is cut off to whole pixels. */
static void resize_image(const Transform *transform, Shape *image)
{
    int64_t height = image->dim[1], width = image->dim[2], size = transform->size[0];
    if (transform->size[1])
        set_sides(image, transform->size);
    else if (!height || !width)
        set_sides(image, (int64_t[]){ 0, 0 });
    else if (width <= height)
        set_sides(image, (int64_t[]){ (int64_t)((double)(size * height) / (double)width), size });
    else
        set_sides(image, (int64_t[]){ size, (int64_t)((double)(size * width) / (double)height) });
}

static bool gray_image(Checker *c, const Step *step, Shape *image)
{
    if (image->dim[0] && image->dim[0] != 1 && image->dim[0] != 3) {
        diag_error(c->diag, step->transform.span, "grayscale takes images of 1 channel or 3, but these are %s",
                   image_text(c, *image));
        return false;
    }
    image->dim[0] = step->transform.channels;
    return true;
}

/* Values of mean or std: one, or one for each channel. */
static bool check_channels(Checker *c, const Arg *arg, const char *what, Shape image)
{
    int64_t channels = image.dim[0];
    if (!channels || arg->count == 1 || arg->count == channels)
        return true;
    diag_error(c->diag, arg->span, "%s has %d values, but the image %s has %" PRId64 " channel%s", what, arg->count,
               image_text(c, image), channels, channels == 1 ? "" : "s");
    if (!c->model->data.set || !c->model->data.set->image.rank)
        diag_note(c->diag, c->input_span, "the input is given here");
    return false;
}

/* What normalises nothing, for so many channels and those of the input; one at least. */
static Normalize *identities(Checker *c, int64_t channels)
{
    int64_t    most = channels > channels_of(c) ? channels : channels_of(c);
    Normalize *normalize = arena_alloc(c->arena, (size_t)(most + 1) * sizeof *normalize);
    for (int64_t i = 0; i <= most; i++)
        normalize[i] = (Normalize){ 0, 1 };
    return normalize;
}

/* Keeps mean and std of each channel, as many as the images have here. */
static bool normalize_image(Checker *c, Step *step, Shape image)
{
    const Arg *mean = &step->args[0], *std = &step->args[1];
    int        channels = (int)image.dim[0];
    bool       good = check_channels(c, mean, "mean", image);
    if (!check_channels(c, std, "std", image) || !good)
        return false;
    if (!channels)
        channels = mean->count > std->count ? mean->count : std->count;
    Normalize *normalize = identities(c, channels);
    for (int i = 0; i < channels; i++)
        normalize[i] = (Normalize){ mean->numbers[i % mean->count], std->numbers[i % std->count] };
    c->model->data.normalize = normalize;
    step->transform.channels = channels;
    return true;
}

/* Makes *image what `step` makes of it; false after a report. */
static bool follow(Checker *c, Step *step, Shape *image)
{
    switch (step->transform.kind) {
    case TRANSFORM_PAD:         return pad_image(c, step, image);
    case TRANSFORM_CENTER_CROP: set_sides(image, step->transform.size); return true;
    case TRANSFORM_RANDOM_CROP: return crop_image(c, step, image);
    case TRANSFORM_RESIZE:      resize_image(&step->transform, image); return true;
    case TRANSFORM_GRAYSCALE:   return gray_image(c, step, image);
    case TRANSFORM_NORMALIZE:   return normalize_image(c, step, *image);
    default:                    return true;
    }
}

static bool check_size(Checker *c, const Step *step, Shape image)
{
    int64_t elements = 1;
    bool    large = false;
    for (int d = 0; d < image.rank; d++)
        large |= image.dim[d] && __builtin_mul_overflow(elements, image.dim[d], &elements);
    if (!large && elements <= MOST_ELEMENTS)
        return true;
    diag_error(c->diag, step->transform.span, "%s gives %s: images have at most %" PRId64 " elements", step->name,
               image_text(c, image), MOST_ELEMENTS);
    return false;
}

/* Bytes. ---------------------------------------------------------------------------------------------------------- */

/* What an image's byte is at a place. */
static double value_of(const Checker *c, Values values, int byte, int channel)
{
    const Normalize *normalize = c->model->data.normalize;
    double real = byte / 255.0;
    return values == BYTES ? byte : values == REALS ? real : (real - normalize[channel].mean) / normalize[channel].std;
}

/* The byte that is `fill` at this place in all channels, or -1. */
static int byte_of(const Checker *c, Values values, double fill, int channels)
{
    for (int byte = 0; byte < 256; byte++) {
        int same = 0;
        while (same < channels && fabs(value_of(c, values, byte, same) - fill) <= 1e-6 * fmax(1, fabs(fill)))
            same++;
        if (same == channels)
            return byte;
    }
    return -1;
}

/* Whether the transform makes pixels of `fill`. */
static bool fills(const Transform *transform, Shape image)
{
    bool pads = transform->pad_if_needed;
    for (int side = 0; side < 4; side++)
        pads |= transform->padding[side] != 0;
    switch (transform->kind) {
    case TRANSFORM_PAD:
    case TRANSFORM_RANDOM_CROP: return pads && transform->mode == PADDING_CONSTANT;
    case TRANSFORM_CENTER_CROP: return transform->size[0] > image.dim[1] || transform->size[1] > image.dim[2];
    case TRANSFORM_RANDOM_AFFINE:
    case TRANSFORM_RANDOM_ERASING: return true;
    default:                       return false;
    }
}

/* Whether the transform, which stands behind to_tensor, could as well stand in front of it: all that it does is to move
 * bytes. Its fill is then made a byte. `image` is what it gets; `channels` are those of normalize, where it has been. */
static bool moves_bytes(const Checker *c, Transform *transform, Values values, int channels, Shape image)
{
    int byte = byte_of(c, values, transform->fill, channels);
    if (transform->kind == TRANSFORM_RESIZE || transform->kind == TRANSFORM_GRAYSCALE
        || (transform->kind == TRANSFORM_INVERT && values == NORMALIZED)
        || (transform->kind == TRANSFORM_RANDOM_AFFINE && transform->bilinear)
        || (fills(transform, image) && byte < 0))
        return false;
    transform->fill = fills(transform, image) ? byte : 0;
    return true;
}

/* Where images are bytes, so is what they are filled with. */
static bool check_fill(Checker *c, const Step *step, Shape image)
{
    const Transform *transform = &step->transform;
    const char      *what = transform->kind == TRANSFORM_RANDOM_ERASING ? "value" : "fill";
    if (!fills(transform, image) || byte_of(c, BYTES, transform->fill, 1) >= 0)
        return true;
    diag_error(c->diag, transform->span, "%s of %s is a byte, a whole number from 0 to 255, in front of `to_tensor`, but it "
               "is %g", what, step->name, transform->fill);
    diag_help(c->diag, "behind `to_tensor` images are numbers from 0 to 1");
    return false;
}

/* The list. ------------------------------------------------------------------------------------------------------- */

/* What is known of the dataset's images. Pictures are read in colour where grayscale is listed, else they have as many
 * channels as the input; so have images of idx. */
static Shape dataset_image(const Checker *c)
{
    const Dataset *set = c->model->data.set;
    Shape          image = { 3, { channels_of(c), 0, 0 } };
    bool           gray = false;
    if (set && set->image.rank)
        return set->image;
    for (int i = 0; i < c->steps.count; i++)
        gray |= c->steps.at[i].transform.kind == TRANSFORM_GRAYSCALE;
    if (gray)
        image.dim[0] = set && set->pictures ? 3 : 0;
    return image;
}

/* to_tensor may be left out: it then stands in front of normalize, or last. */
static void add_to_tensor(Checker *c, StepList *steps)
{
    const Step to_tensor = { .transform = { .kind = TRANSFORM_TO_TENSOR }, .name = "to_tensor" };
    int        place = steps->count;
    for (int i = 0; i < steps->count; i++) {
        if (steps->at[i].transform.kind == TRANSFORM_TO_TENSOR)
            return;
        if (steps->at[i].transform.kind == TRANSFORM_NORMALIZE)
            place = i;
    }
    list_add(c->arena, steps, to_tensor);
    memmove(&steps->at[place + 1], &steps->at[place], (size_t)(steps->count - 1 - place) * sizeof *steps->at);
    steps->at[place] = to_tensor;
}

/* Whether all that comes from place `first` on, but for normalize, only moves bytes; the fills are made bytes if so. For a row of
 * features generated code knows one mean and one std. */
static bool all_move_bytes(Checker *c, StepList *steps, const Shape *images, int first)
{
    const DataSpec *data = &c->model->data;
    Values          values = REALS;
    int             channels = 1;
    Transform      *moved = arena_alloc(c->arena, (size_t)(steps->count + 1) * sizeof *moved);
    for (int i = first; i < steps->count; i++) {
        moved[i] = steps->at[i].transform;
        if (moved[i].kind == TRANSFORM_NORMALIZE) {
            values = NORMALIZED;
            channels = moved[i].channels;
            for (int j = 1; c->input->out.rank == 1 && j < channels; j++)
                if (data->normalize[j].mean != data->normalize[0].mean || data->normalize[j].std != data->normalize[0].std)
                    return false;
        } else if (!moves_bytes(c, &moved[i], values, channels, images[i])) {
            return false;
        }
    }
    for (int i = first; i < steps->count; i++)
        steps->at[i].transform = moved[i];
    return true;
}

/* Brings transforms that only move bytes in front of to_tensor: all that there are, so that generated code can do to_tensor and
 * normalize while it loads; or those up to the first other one. images[i] is what step i gets. */
static void arrange(Checker *c, StepList *steps, Shape *images)
{
    DataSpec *data = &c->model->data;
    int       place = 0;
    while (steps->at[place].transform.kind != TRANSFORM_TO_TENSOR)
        place++;
    data->real_images = !all_move_bytes(c, steps, images, place + 1);
    for (; data->real_images && place + 1 < steps->count; place++) {
        Step to_tensor = steps->at[place], next = steps->at[place + 1];
        if (next.transform.kind == TRANSFORM_NORMALIZE || !moves_bytes(c, &next.transform, REALS, 1, images[place + 1]))
            break;
        steps->at[place] = next;
        steps->at[place + 1] = to_tensor;
        images[place + 1] = images[place + 2];
    }
}

/* Puts the steps into the model. */
static void set_transforms(Checker *c, const StepList *steps, const Shape *images)
{
    DataSpec *data = &c->model->data;
    bool      first = true;
    data->source = images[0];
    for (int i = 0; i < steps->count; i++) {
        TransformKind kind = steps->at[i].transform.kind;
        bool          loaded = kind == TRANSFORM_TO_TENSOR || kind == TRANSFORM_NORMALIZE;
        first &= !steps->at[i].random && !(loaded && data->real_images);
        if (loaded && !data->real_images)
            continue;
        list_add(c->arena, &data->transforms, steps->at[i].transform);
        if (first) {
            data->prepared++;
            data->source = images[i + 1];
        }
    }
}

/* Compares what comes out with the network's input. `shaper` is the last step that gave another shape, or NULL. */
static void check_result(Checker *c, const Step *shaper, Shape image)
{
    Shape in = c->input->out;
    bool  same = in.rank == 3, known = true;
    for (int d = 0; d < 3; d++) {
        known &= image.dim[d] != 0;
        same &= !image.dim[d] || image.dim[d] == in.dim[d];
    }
    if (!in.rank || same || !shaper || (in.rank == 1 && (!known || shape_elements(image) == in.dim[0])))
        return;
    diag_error(c->diag, shaper->transform.span, "%s gives %s, but the input is %s", shaper->name, image_text(c, image),
               shape_text(c->arena, in));
    diag_note(c->diag, c->input_span, "the input is given here");
    if (known)
        diag_help(c->diag, "write `input %s`%s", in.rank == 3 ? shape_text(c->arena, image)
                  : arena_printf(c->arena, "%" PRId64, shape_elements(image)),
                  in.rank == 3 && in.dim[0] == image.dim[0]
                  ? arena_printf(c->arena, ", or let images become %" PRId64 "x%" PRId64 " in the end: `resize((%" PRId64 ", %"
                                 PRId64 "))` or `center_crop((%" PRId64 ", %" PRId64 "))`", in.dim[1], in.dim[2], in.dim[1],
                                 in.dim[2], in.dim[1], in.dim[2]) : "");
}

bool check_transforms(Checker *c)
{
    StepList *steps = &c->steps;
    c->model->data.normalize = identities(c, 0);
    if (c->steps_failed)
        return false;
    add_to_tensor(c, steps);
    Shape      *images = arena_alloc(c->arena, (size_t)(steps->count + 1) * sizeof *images);
    const Step *shaper = NULL;
    bool        bytes = true;
    images[0] = dataset_image(c);
    for (int i = 0; i < steps->count; i++) {
        Step *step = &steps->at[i];
        bytes &= step->transform.kind != TRANSFORM_TO_TENSOR;
        images[i + 1] = images[i];
        if (!follow(c, step, &images[i + 1]) || !check_size(c, step, images[i + 1])
            || (bytes && !check_fill(c, step, images[i])))
            return false;
        if (!shape_equal(images[i], images[i + 1]))
            shaper = step;
    }
    check_result(c, shaper, images[steps->count]);
    arrange(c, steps, images);
    set_transforms(c, steps, images);
    return shaper == NULL;
}
