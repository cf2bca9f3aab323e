/* large, compiled by netc 0.1.0 for neon from large.net with: netc large.net --cpu=neon
 * sha256 of large.net: 229c91062556ebd7246ffa8ad1090913b574f515a771c09725ed50cb66f7a953
 * The trainer's main program. */
#include "large.h"

int main(int argc, char **argv)
{
    return trainer_main(&large_model, argc, argv);
}
