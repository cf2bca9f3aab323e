#include "check/check.h"

#include <string.h>

static const Known unbuilt_layers[] = {
    { "adaptive_avg_pool1d", NULL }, { "adaptive_avg_pool2d", NULL }, { "adaptive_avg_pool3d", NULL },
    { "adaptive_max_pool1d", NULL }, { "adaptive_max_pool2d", NULL }, { "adaptive_max_pool3d", NULL },
    { "alpha_dropout", NULL }, { "avg_pool1d", NULL }, { "avg_pool2d", NULL }, { "avg_pool3d", NULL },
    { "batch_norm1d", NULL }, { "batch_norm2d", NULL }, { "batch_norm3d", NULL }, { "bilinear", NULL },
    { "celu", NULL }, { "constant_pad2d", "conv2d pads by itself: `padding=1`" },
    { "conv1d", "a row of N values is the image `input 1x1xN`, its convolution `conv2d(…, kernel_size=(1, K))`" },
    { "conv3d", NULL }, { "conv_transpose1d", NULL }, { "conv_transpose2d", NULL }, { "conv_transpose3d", NULL },
    { "dropout", NULL }, { "dropout1d", NULL }, { "dropout2d", NULL }, { "dropout3d", NULL }, { "elu", NULL },
    { "embedding", NULL }, { "feature_alpha_dropout", NULL }, { "fold", NULL }, { "fractional_max_pool2d", NULL },
    { "gelu", NULL }, { "glu", NULL }, { "group_norm", NULL }, { "gru", NULL }, { "hardshrink", NULL },
    { "hardsigmoid", NULL }, { "hardswish", NULL }, { "hardtanh", NULL }, { "instance_norm1d", NULL },
    { "instance_norm2d", NULL }, { "instance_norm3d", NULL }, { "interpolate", NULL }, { "layer_norm", NULL },
    { "leaky_relu", NULL }, { "local_response_norm", NULL },
    { "log_softmax", "the loss `cross_entropy` includes it: leave it out" },
    { "logsigmoid", NULL }, { "lp_pool2d", NULL }, { "lstm", NULL }, { "matmul", NULL },
    { "max_pool1d", "a row of N values is the image `input 1x1xN`, its pooling `max_pool2d((1, K))`" },
    { "max_pool3d", NULL }, { "max_unpool1d", NULL }, { "max_unpool3d", NULL }, { "mean", NULL }, { "mish", NULL },
    { "mul", NULL }, { "multi_head_attention", NULL }, { "pad", "conv2d pads by itself: `padding=1`" },
    { "permute", NULL }, { "pixel_shuffle", NULL }, { "pixel_unshuffle", NULL }, { "prelu", NULL },
    { "reflection_pad2d", "conv2d pads by itself: `padding=1, padding_mode=reflect`" }, { "relu6", NULL },
    { "replication_pad2d", "conv2d pads by itself: `padding=1, padding_mode=replicate`" },
    { "reshape", "`flatten` makes one row of an image" }, { "rms_norm", NULL }, { "rnn", NULL }, { "rrelu", NULL },
    { "selu", NULL }, { "sigmoid", NULL }, { "silu", NULL },
    { "softmax", "the loss `cross_entropy` includes it: leave it out" },
    { "softmin", NULL }, { "softplus", NULL }, { "softshrink", NULL }, { "softsign", NULL }, { "sub", NULL },
    { "tanh", NULL }, { "tanhshrink", NULL }, { "threshold", NULL }, { "transformer", NULL }, { "transpose", NULL },
    { "unflatten", NULL }, { "unfold", NULL }, { "upsample", NULL },
    { "view", "`flatten` makes one row of an image" },
    { "zero_pad2d", "conv2d pads by itself: `padding=1`" },
    { NULL, NULL }
};

static const Known layer_aliases[] = {
    { "AvgPool", "avg_pool2d" }, { "BatchNorm", "batch_norm2d" }, { "avgpool", "avg_pool2d" },
    { "batch_norm", "batch_norm2d" }, { "batchnorm", "batch_norm2d" }, { "bn", "batch_norm2d" }, { "cat", "concat" },
    { "concatenate", "concat" }, { "conv", "conv2d" }, { "convolution", "conv2d" }, { "dense", "linear" },
    { "Dense", "linear" }, { "fc", "linear" }, { "fully_connected", "linear" }, { "max_pool", "max_pool2d" },
    { "maxpool", "max_pool2d" }, { "MaxPool", "max_pool2d" }, { "plus", "add" }, { "pool", "max_pool2d" },
    { "rectified_linear", "relu" }, { "skip", "identity" }, { "sum", "add" }, { "unpool", "max_unpool2d" },
    { NULL, NULL }
};

static const Known unbuilt_losses[] = {
    { "binary_cross_entropy", NULL }, { "binary_cross_entropy_with_logits", NULL }, { "cosine_embedding_loss", NULL },
    { "ctc_loss", NULL }, { "gaussian_nll_loss", NULL }, { "hinge_embedding_loss", NULL }, { "huber_loss", NULL },
    { "kl_div", NULL }, { "l1_loss", NULL }, { "margin_ranking_loss", NULL }, { "mse_loss", NULL },
    { "multi_margin_loss", NULL },
    { "nll_loss", "`cross_entropy` is log_softmax and nll_loss in one: `loss = cross_entropy`" },
    { "poisson_nll_loss", NULL }, { "smooth_l1_loss", NULL }, { "soft_margin_loss", NULL },
    { "triplet_margin_loss", NULL }, { NULL, NULL }
};

static const Known loss_aliases[] = {
    { "CrossEntropyLoss", "cross_entropy" }, { "cross_entropy_loss", "cross_entropy" }, { "ce", "cross_entropy" },
    { "MSELoss", "mse_loss" }, { "mse", "mse_loss" }, { "nll", "nll_loss" }, { "l1", "l1_loss" },
    { "softmax_cross_entropy", "cross_entropy" }, { NULL, NULL }
};

static const Known unbuilt_optimizers[] = {
    { "adadelta", NULL }, { "adagrad", NULL }, { "adam", NULL }, { "adamax", NULL }, { "adamw", NULL },
    { "asgd", NULL }, { "lbfgs", NULL }, { "nadam", NULL }, { "radam", NULL }, { "rmsprop", NULL }, { "rprop", NULL },
    { "sparse_adam", NULL }, { NULL, NULL }
};

static const Known optimizer_aliases[] = { { "momentum", "sgd" }, { "nesterov", "sgd" }, { NULL, NULL } };

static const Known unbuilt_schedules[] = {
    { "constant", "leave lr_scheduler out: then the learning rate stays as it is" },
    { "cosine_warm_restarts", NULL },
    { "cyclic", "`one_cycle` rises and falls once, in all of the training, and cycles momentum too" },
    { "exponential", "`step(1, gamma=0.95)` drops in each epoch" },
    { "lambda", NULL }, { "multiplicative", NULL }, { "polynomial", NULL }, { "reduce_on_plateau", NULL },
    { NULL, NULL }
};

static const Known schedule_aliases[] = {
    { "CosineAnnealingLR", "cosine" }, { "CosineAnnealingWarmRestarts", "cosine_warm_restarts" },
    { "CyclicLR", "cyclic" }, { "ExponentialLR", "exponential" }, { "LinearLR", "linear" },
    { "MultiStepLR", "multi_step" }, { "OneCycleLR", "one_cycle" }, { "PolynomialLR", "polynomial" },
    { "ReduceLROnPlateau", "reduce_on_plateau" }, { "StepLR", "step" }, { "cosine_annealing", "cosine" },
    { "onecycle", "one_cycle" }, { "step_lr", "step" }, { "warm_up", "warmup" }, { NULL, NULL }
};

static const Known unbuilt_datasets[] = {
    { "cifar100", NULL },
    { "imagenet", "`data folder` reads PNG and PGM files, a folder for each class, from the folder `root`" },
    { "qmnist", NULL }, { "stl10", NULL }, { "svhn", NULL }, { NULL, NULL }
};

static const Known dataset_aliases[] = {
    { "CIFAR10", "cifar10" }, { "EMNIST", "emnist" }, { "FashionMNIST", "fashion_mnist" }, { "ImageFolder", "folder" },
    { "KMNIST", "kmnist" }, { "MNIST", "mnist" }, { "cifar", "cifar10" }, { "cifar_10", "cifar10" },
    { "fashion", "fashion_mnist" }, { "image_folder", "folder" }, { NULL, NULL }
};

static const Known unbuilt_samplers[] = {
    { "random", "`shuffle = true` gives each epoch an order of its own" },
    { "sequential", "leave sampler out: samples then come in the order of the file, or shuffled with `shuffle = true`" },
    { "subset", NULL }, { NULL, NULL }
};

static const Known sampler_aliases[] = {
    { "RandomSampler", "random" }, { "SequentialSampler", "sequential" }, { "SubsetRandomSampler", "subset" },
    { "WeightedRandomSampler", "balanced" }, { "weighted", "balanced" }, { "class_balanced", "balanced" },
    { NULL, NULL }
};

static const Known unbuilt_transforms[] = {
    { "auto_augment", NULL }, { "color_jitter", NULL }, { "elastic_transform", NULL }, { "five_crop", NULL },
    { "gaussian_blur", NULL }, { "rand_augment", NULL }, { "random_adjust_sharpness", NULL },
    { "random_autocontrast", NULL }, { "random_choice", NULL }, { "random_equalize", NULL },
    { "random_grayscale", NULL }, { "random_invert", "`invert` does it to every image" },
    { "random_perspective", NULL }, { "random_posterize", NULL },
    { "random_resized_crop", "`resize(36), random_crop(32)` is near it" }, { "random_solarize", NULL },
    { "ten_crop", NULL }, { "trivial_augment_wide", NULL }, { NULL, NULL }
};

static const Known transform_aliases[] = {
    { "AutoAugment", "auto_augment" }, { "CenterCrop", "center_crop" }, { "ColorJitter", "color_jitter" },
    { "GaussianBlur", "gaussian_blur" }, { "Grayscale", "grayscale" }, { "Normalize", "normalize" }, { "Pad", "pad" },
    { "PILToTensor", "to_tensor" }, { "RandAugment", "rand_augment" }, { "RandomAffine", "random_affine" },
    { "RandomCrop", "random_crop" }, { "RandomErasing", "random_erasing" }, { "RandomGrayscale", "random_grayscale" },
    { "RandomHorizontalFlip", "random_horizontal_flip" }, { "RandomInvert", "random_invert" },
    { "RandomPerspective", "random_perspective" }, { "RandomResizedCrop", "random_resized_crop" },
    { "RandomRotation", "random_rotation" }, { "RandomVerticalFlip", "random_vertical_flip" }, { "Resize", "resize" },
    { "ToDtype", "to_tensor" }, { "ToImage", "to_tensor" }, { "ToTensor", "to_tensor" },
    { "affine", "random_affine" }, { "crop", "random_crop" },
    { "cutout", "random_erasing" }, { "erase", "random_erasing" }, { "flip", "random_horizontal_flip" },
    { "gray", "grayscale" }, { "greyscale", "grayscale" }, { "hflip", "random_horizontal_flip" },
    { "rotate", "random_rotation" }, { "rotation", "random_rotation" }, { "to_dtype", "to_tensor" },
    { "to_image", "to_tensor" }, { "vflip", "random_vertical_flip" },
    { NULL, NULL }
};

static const Known unbuilt_target_transforms[] = {
    { "lambda", "`map(4 -> 0, 9 -> 1)` states what labels become, `modulo(2)` takes remainders" }, { NULL, NULL }
};

static const Known target_transform_aliases[] = {
    { "Lambda", "lambda" }, { "mod", "modulo" }, { "remainder", "modulo" }, { "replace", "map" }, { NULL, NULL }
};

const Family family_layers     = { "layer", unbuilt_layers, layer_aliases };
const Family family_losses     = { "loss", unbuilt_losses, loss_aliases };
const Family family_optimizers = { "optimizer", unbuilt_optimizers, optimizer_aliases };
const Family family_schedules  = { "schedule", unbuilt_schedules, schedule_aliases };
const Family family_datasets   = { "dataset", unbuilt_datasets, dataset_aliases };
const Family family_samplers   = { "sampler", unbuilt_samplers, sampler_aliases };
const Family family_target_transforms = { "target transform", unbuilt_target_transforms, target_transform_aliases };
const Family family_transforms = { "transform", unbuilt_transforms, transform_aliases };

static const Known *known_find(const Known *table, const char *word)
{
    for (; table->name; table++)
        if (strcmp(table->name, word) == 0)
            return table;
    return NULL;
}

const char *known_hint(const Known *table, const char *word)
{
    const Known *known = known_find(table, word);
    return known ? known->hint : NULL;
}

bool is_unbuilt(const Family *family, const char *word)
{
    return known_find(family->unbuilt, word) != NULL;
}

const char *join_names(Arena *arena, const char *const *names, const char *last)
{
    const char *text = "";
    for (int i = 0; names[i]; i++)
        text = arena_printf(arena, "%s%s%s", text, i == 0 ? "" : names[i + 1] ? ", " : last, names[i]);
    return text;
}

static void help_with_all(Checker *c, const char *const *names)
{
    if (!names[0])
        diag_help(c->diag, "there are none");
    else
        diag_help(c->diag, names[1] ? "there are %s" : "there is only %s", join_names(c->arena, names, " and "));
}

static void report_unbuilt(Checker *c, Span span, const Family *family, const Known *known)
{
    diag_error(c->diag, span, "the %s `%s` is not built yet", family->what, known->name);
    if (known->hint)
        diag_help(c->diag, "%s", known->hint);
}

void report_unknown(Checker *c, Span span, const Family *family, const char *word, const char *const *names)
{
    const Known *unbuilt = known_find(family->unbuilt, word);
    if (unbuilt) {
        report_unbuilt(c, span, family, unbuilt);
        return;
    }
    NameList all = { 0 };
    for (int i = 0; names[i]; i++)
        list_add(c->arena, &all, names[i]);
    for (const Known *known = family->unbuilt; known->name; known++)
        list_add(c->arena, &all, known->name);
    const char *near = known_hint(family->aliases, word);
    if (!near)
        near = nearest_name(word, names_list(c->arena, &all));
    diag_error(c->diag, span, "there is no %s `%s`", family->what, word);
    if (!near)
        help_with_all(c, names);
    else if (is_unbuilt(family, near))
        diag_help(c->diag, "is `%s` meant? It is not built yet", near);
    else
        diag_help(c->diag, "is `%s` meant?", near);
}

void report_no_such(Checker *c, Span span, const char *owner, const char *what, const char *word,
                    const char *const *names)
{
    const char *near = nearest_name(word, names);
    diag_error(c->diag, span, "%s has no %s `%s`", owner, what, word);
    if (near)
        diag_help(c->diag, "is `%s` meant?", near);
    else
        help_with_all(c, names);
}
