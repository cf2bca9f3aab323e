/* lenet, compiled by netc 0.1.0 for avx2 from lenet.net with: netc lenet.net --cpu=avx2
 * sha256 of lenet.net: 1f84c3979097720d08ad5b072b3acc6fa4b17785d347f9d751d029128b06b2a6
 * The trainer's main program. */
#include "lenet.h"

int main(int argc, char **argv)
{
    return trainer_main(&lenet_model, argc, argv);
}
