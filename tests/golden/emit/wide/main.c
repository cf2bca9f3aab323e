/* wide, compiled by netc 0.1.0 for avx512 from wide.net with: netc wide.net --cpu=avx512
 * sha256 of wide.net: 7017b781c3cef29410376d527b5113545f3d44f2d9b1fa987e81294cb318cc1a
 * The trainer's main program. */
#include "wide.h"

int main(int argc, char **argv)
{
    return trainer_main(&wide_model, argc, argv);
}
