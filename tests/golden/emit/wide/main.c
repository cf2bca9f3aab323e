/* wide, compiled by netc 0.1.0 for avx512 from wide.net with: netc wide.net --cpu=avx512
 * sha256 of wide.net: 51baad3f4bbe4dbc79f8b8ea4e58bc34633940d3aae857973a2622dff8518688
 * The trainer's main program. */
#include "wide.h"

int main(int argc, char **argv)
{
    return trainer_main(&wide_model, argc, argv);
}
