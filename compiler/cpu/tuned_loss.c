/* Softmax with cross-entropy: whether each sample is a hit, its loss, and the gradient of its logits. */
#include "cpu/tuned.h"

#include <inttypes.h>

void print_loss(Emitter *e)
{
    const LossShape *s = e->kernel->shape;
    Text *text = e->text;
    const char *logits = name_of(e, s->logits), *label = name_of(e, s->label), *scale = name_of(e, s->scale);
    const char *gradient = name_of(e, s->gradient);
    int64_t classes = s->logits->dim[0];

    line(text, "vf largest = lanes_of(-INFINITY), sum = {0}, of_label = {0};");
    line(text, "vi place = {0};");
    open_count(e, "k", classes);
    line(text, "lanes_take(%s[k], k, &largest, &place);", logits);
    close_loops(e, 1);
    line(text, "for (int k = 0; k < %" PRId64 "; k++) {", classes);
    line(text, "vf power = lanes_exp(%s[k] - largest);", logits);
    line(text, "sum += power;");
    line(text, "of_label += lanes_where(k == %s, %s[k]);", label, logits);
    line(text, "%s[k] = power;", gradient);
    line(text, "}");
    line(text, "vf factor = %s / sum;", scale);
    open_count(e, "k", classes);
    line_wrapped(text, "%s[k] = factor * %s[k] - lanes_where(k == %s, %s);", gradient, gradient, label, scale);
    close_loops(e, 1);
    line(text, "*%s = lanes_where(place == %s, lanes_of(1));", name_of(e, s->correct), label);
    line(text, "*%s = lanes_log(sum) + (largest - of_label);", name_of(e, s->loss));
}
