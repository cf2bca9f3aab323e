#include "picture.h"

#include <math.h>
#include <string.h>

bool picture_shape(const struct model *model, struct image_shape *shape)
{
    static const struct image_shape forms[] = {{1, 28, 28}, {3, 32, 32}};       /* MNIST and its like, CIFAR-10 */
    int64_t size = model->channels * model->height * model->width;
    *shape = (struct image_shape){model->channels, model->height, model->width};
    if (!model->flat)
        return true;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].channels * forms[i].height * forms[i].width == size) {
            *shape = forms[i];
            return true;
        }
    for (int64_t channels = 1; channels <= 3; channels += 2) {
        int64_t side = llround(sqrt((double)(size / channels)));
        if (channels * side * side == size) {
            *shape = (struct image_shape){channels, side, side};
            return true;
        }
    }
    *shape = (struct image_shape){1, 1, size};
    return false;
}
